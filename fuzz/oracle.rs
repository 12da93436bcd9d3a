//! The reader of YAML against libyaml itself: what both take, both take alike, to the text of the last scalar.
//!
//! What only one of them takes is not compared: go-yaml, which we follow, has its own limits on depth, aliases and keys, and
//! tolerates and refuses at the edges what libyaml's current version does not.

use std::collections::BTreeSet;
use std::fmt;

use gitops_lint::facade::source::Sources;
use gitops_lint::facade::yaml::{self, Data, Dialect, Node};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Deserializer as Libyaml;

/// The shape that we read, asked of libyaml.
#[derive(Clone, Copy)]
struct Like<'n>(&'n Node);

/// A scalar with this text.
#[derive(Clone, Copy)]
struct Text<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Like<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match &self.0.data {
            Data::Scalar(text) => Text(text).deserialize(deserializer),
            Data::Seq(_) => deserializer.deserialize_seq(self),
            Data::Map(_) => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Like<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "what we read: {:?}", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let items = self.0.seq_or_empty();
        for item in items {
            access.next_element_seed(Like(item))?.ok_or_else(|| de::Error::custom("fewer items"))?;
        }
        match access.next_element::<de::IgnoredAny>()? {
            Some(_) => Err(de::Error::custom("more items")),
            None => Ok(()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        for entry in self.0.entries() {
            access.next_key_seed(Text(&entry.key.text))?.ok_or_else(|| de::Error::custom("fewer keys"))?;
            access.next_value_seed(Like(&entry.value))?;
        }
        match access.next_key::<de::IgnoredAny>()? {
            Some(_) => Err(de::Error::custom("more keys")),
            None => Ok(()),
        }
    }

    // Nothing at all, where we have an empty collection.
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Err(E::custom("nothing"))
    }
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the text {:?}", self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text == self.0 { Ok(()) } else { Err(E::custom(format!("{text:?} where we read {:?}", self.0))) }
    }
}

/// Whether libyaml reads the whole text without an error.
fn takes(text: &str) -> Option<usize> {
    let mut documents = 0;
    for document in Libyaml::from_str(text) {
        <de::IgnoredAny as de::Deserialize>::deserialize(document).ok()?;
        documents += 1;
    }
    Some(documents)
}

/// Whether an anchor may be defined again. The crate between libyaml and serde numbers anchors by how many names there are, so that one
/// defined behind such a one takes the place of another.
fn redefines(text: &str) -> bool {
    let mut seen = BTreeSet::new();
    let name =
        |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect();
    text.split('&').skip(1).map(name).any(|name: String| !seen.insert(name))
}

/// Reads the text with both. Answers what they make of it: both, one, none.
pub(super) fn compare(text: &str) -> u64 {
    let stream = yaml::parse_as(&Sources::new().add("a.yaml", text.into()), Dialect::V3);
    // Merge keys and `!!binary` are read further; tags end at other characters since libyaml 0.2.5; go-yaml has a mistake of its own
    // about byte order marks.
    let ours = stream.problems.is_empty()
        && !["<<", "!", "\u{feff}"].iter().any(|it| text.contains(it))
        && !redefines(text);
    let theirs = takes(text);
    let (true, Some(_)) = (ours, theirs) else {
        return 1 + u64::from(ours) * 2 + u64::from(theirs.is_some());
    };
    let mut roots = stream.documents.iter().map(|document| document.root.as_ref());
    for document in Libyaml::from_str(text) {
        match roots.next() {
            Some(Some(root)) => {
                if let Err(error) = Like(root).deserialize(document) {
                    panic!("libyaml reads {text:?} otherwise: {error}");
                }
            }
            Some(None) => {}
            // For serde there is no stream without a document.
            None if stream.documents.is_empty() => {}
            None => panic!("libyaml has more documents in {text:?}"),
        }
    }
    4
}
