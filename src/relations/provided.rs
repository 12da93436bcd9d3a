//! What exists because of an object: its kind, its name and, of Secrets and ConfigMaps, its keys.

use std::collections::BTreeSet;

use smol_str::SmolStr;

/// The keys of a Secret or ConfigMap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// Exactly these.
    Known(BTreeSet<SmolStr>),
    /// Whatever some controller puts there.
    Unknown,
}

/// A name, or all names that begin with something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePattern {
    /// This name.
    Exact(SmolStr),
    /// Names that begin so.
    Prefix(SmolStr),
}

impl NamePattern {
    /// Reads a name that may end in `*`.
    pub fn new(text: &str) -> Self {
        text.strip_suffix('*').map_or_else(|| Self::Exact(text.into()), |prefix| Self::Prefix(prefix.into()))
    }

    /// The name, if it is one.
    pub fn exact(&self) -> Option<&SmolStr> {
        match self {
            Self::Exact(name) => Some(name),
            Self::Prefix(_) => None,
        }
    }

    /// Whether a name fits.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(text) => text == name,
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
        }
    }
}

/// The kind of a [`Provided`] that stands for objects of all kinds.
pub const ANYTHING: &str = "*";

/// Something that exists because of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provided {
    /// Its group.
    pub group: SmolStr,
    /// Its kind.
    pub kind: SmolStr,
    /// Its name.
    pub name: NamePattern,
    /// Its namespace: `None` is the object's own, `*` is any.
    pub namespace: Option<SmolStr>,
    /// Its keys.
    pub keys: Keys,
    /// Only as long as a chart is that old.
    pub before: Option<Before>,
}

/// A chart older than a major version, by the object that fetches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Kind of the source.
    pub kind: SmolStr,
    /// Its name.
    pub name: SmolStr,
    /// Its namespace; `None` is the object's own.
    pub namespace: Option<SmolStr>,
    /// The first major version that does otherwise.
    pub major: u32,
}

impl Provided {
    pub(super) fn new(kind: &str, name: &str, keys: Keys) -> Self {
        Self {
            group: SmolStr::default(),
            kind: kind.into(),
            name: NamePattern::new(name),
            namespace: None,
            keys,
            before: None,
        }
    }

    pub(super) fn anywhere(self) -> Self {
        Self { namespace: Some("*".into()), ..self }
    }
}
