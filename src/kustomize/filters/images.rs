//! `images`.
//!
//! Mirrors `ImageTagTransformer` (`api/internal/builtins`), `api/filters/imagetag` and `api/internal/image`.

use std::collections::BTreeSet;

use crate::golang::regexp::Regexp;
use crate::origin::{Place, Step};
use crate::yaml::{Data, Node};

use super::super::config::{Create, FieldSpec};
use super::super::context::{Context, NoOpKind};
use super::super::failure::{Result, Wrap};
use super::super::kustomization::Image;
use super::super::resmap::ResMap;
use super::super::rnode::{self, Kind};
use super::super::selector::compile;
use super::super::setter::{Setter, Tag};

/// Changes images: in every `containers` and `initContainers` list of any object, then in the given fields.
pub(in crate::kustomize) fn apply(
    resmap: &mut ResMap,
    images: &[Image],
    specs: &[FieldSpec],
    cx: &mut Context<'_>,
) {
    // Every entry stumbles over the same fields.
    let mut known: BTreeSet<String> = BTreeSet::new();
    for image in images {
        let Some(pattern) = cx.check(Pattern::new(&image.name).or_at(image.place)) else { continue };
        let mut updater = Updater { image, pattern, matched: false };
        for resource in resmap.all_mut().iter_mut().filter(|resource| !resource.gone) {
            if resource.id.gvk.kind == "CustomResourceDefinition" {
                continue;
            }
            let place = updater.cause();
            let result = super::change_one(resource, cx, place, Step::ImageReplaced, |resource, setter| {
                updater.walk(&mut resource.node, setter)?;
                let id = resource.id.clone();
                specs.iter().try_for_each(|spec| {
                    spec.apply(&mut resource.node, &id, Create::Nothing, setter, &mut |node, setter| {
                        updater.set(node, setter)
                    })
                })
            });
            if let Err(failure) = result
                && known.insert(failure.message.clone())
            {
                cx.fail(failure.or_at(image.place));
            }
        }
        cx.note_use(NoOpKind::Image, image.place, updater.matched, || image.name.to_string());
    }
}

/// What an entry of `images` does.
struct Updater<'i> {
    image: &'i Image,
    pattern: Pattern,
    /// Whether any image had the name.
    matched: bool,
}

impl Updater<'_> {
    /// The line that says what images become.
    fn cause(&self) -> Place {
        let Image { new_name, new_tag, tag_suffix, digest, place, .. } = self.image;
        let parts = [digest, new_tag, tag_suffix, new_name];
        parts.into_iter().flatten().next().map_or(*place, |part| part.place)
    }

    /// Finds lists of containers wherever they are. The depth is bounded by that of the object.
    fn walk(&mut self, node: &mut Node, setter: &mut Setter<'_>) -> Result<()> {
        match &mut node.data {
            Data::Scalar(_) => Ok(()),
            Data::Seq(items) => items.iter_mut().try_for_each(|item| self.walk(item, setter)),
            Data::Map(map) => map.iter_mut().try_for_each(|entry| {
                self.walk(&mut entry.value, setter)?;
                if !matches!(entry.key.text.as_str(), "containers" | "initContainers") {
                    return Ok(());
                }
                entry.value.as_seq_mut().into_iter().flatten().try_for_each(|container| {
                    rnode::expect(container, Kind::Map)?;
                    let image = container.as_map_mut().and_then(|map| map.get_mut("image"));
                    image.map_or(Ok(()), |image| self.set(image, setter))
                })
            }),
        }
    }

    fn set(&mut self, node: &mut Node, setter: &mut Setter<'_>) -> Result<()> {
        rnode::expect(node, Kind::Scalar)?;
        let old = rnode::raw(node);
        if !self.pattern.matches(&old) {
            return Ok(());
        }
        self.matched = true;
        setter.set(node, self.renamed(&old), Tag::Open);
        Ok(())
    }

    /// What becomes of an image. A new tag or digest displaces both the old tag and the old digest.
    fn renamed(&self, old: &str) -> String {
        let Image { new_name, new_tag, tag_suffix, digest, .. } = self.image;
        let (name, old_tag, old_digest) = split(old);
        let mut new = new_name.as_ref().map_or(name, |name| &name.value).to_owned();
        let (tag, suffix, digest) = match (new_tag, digest, tag_suffix) {
            (Some(tag), Some(digest), _) => (tag.value.as_str(), "", digest.value.as_str()),
            (Some(tag), None, _) => (tag.value.as_str(), "", ""),
            (None, Some(digest), _) => ("", "", digest.value.as_str()),
            (None, None, Some(suffix)) => (old_tag, suffix.value.as_str(), ""),
            (None, None, None) => (old_tag, "", old_digest),
        };
        if !tag.is_empty() || !suffix.is_empty() {
            new.extend([":", tag, suffix]);
        }
        if !digest.is_empty() {
            new.extend(["@", digest]);
        }
        new
    }
}

/// What images have a name, with any tag and digest. The name is a regular expression.
enum Pattern {
    /// No character but `.`, which is any character, has a meaning.
    Plain(String),
    Regex(Regexp),
}

impl Pattern {
    fn new(name: &str) -> Result<Self> {
        let plain = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'.' | b':' | b'@')
        };
        if name.bytes().all(plain) {
            return Ok(Self::Plain(name.to_owned()));
        }
        compile(&format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$")).map(Self::Regex)
    }

    fn matches(&self, image: &str) -> bool {
        match self {
            Self::Regex(regex) => regex.is_match(image),
            Self::Plain(name) => {
                let mut rest = image.chars();
                for wanted in name.chars() {
                    match rest.next() {
                        Some(char) if char == wanted || (wanted == '.' && char != '\n') => {}
                        _ => return false,
                    }
                }
                is_tag_and_digest(rest.as_str())
            }
        }
    }
}

fn is_tag_and_digest(text: &str) -> bool {
    let in_tag = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | '{' | '}' | '-');
    let rest = match text.strip_prefix(':') {
        Some(rest) => rest.trim_start_matches(in_tag),
        None => text,
    };
    match rest.strip_prefix("@sha256:") {
        Some(digest) => digest.chars().all(in_tag),
        None => rest.is_empty(),
    }
}

/// Name, tag and digest of an image. A colon before the first slash belongs to the registry.
pub(in crate::kustomize) fn split(image: &str) -> (&str, &str, &str) {
    let start = image.find('/').unwrap_or(0);
    let tail = image.get(start..).unwrap_or_default();
    let at = tail.find('@').map(|at| at + start);
    let colon = tail.find(':').map(|colon| colon + start);
    let cut = |at: usize| (image.get(..at).unwrap_or_default(), image.get(at + 1..).unwrap_or_default());
    match (colon, at) {
        (None, None) => (image, "", ""),
        (Some(colon), Some(at)) if colon < at => {
            (cut(colon).0, image.get(colon + 1..at).unwrap_or_default(), cut(at).1)
        }
        (_, Some(at)) => (cut(at).0, "", cut(at).1),
        (Some(colon), None) => (cut(colon).0, cut(colon).1, ""),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/images.yaml"));
    }
}
