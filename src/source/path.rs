//! Normalised paths inside a tree.

use std::fmt;

use smol_str::{SmolStr, SmolStrBuilder};

/// A path relative to the root of a [`Tree`](super::Tree): `/` separates, no `.`, no `..`, no leading or
/// trailing slash. The empty path is the root itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TreePath(SmolStr);

/// Why a written path names nothing inside the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathError {
    /// The path climbs above the root with `..`.
    Escapes,
    /// The path is absolute where a relative one is needed.
    Absolute,
    /// The path is longer than any system opens.
    TooLong,
}

/// Bytes of a path (`PATH_MAX` of Linux). Directories above a path are looked at one by one, so a longer one would cost the
/// square of its length.
const MAX_BYTES: usize = 4096;

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Escapes => "the path leads outside of the repository",
            Self::Absolute => "the path is absolute",
            Self::TooLong => "the path is longer than 4096 bytes",
        })
    }
}

impl TreePath {
    /// The root of the tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// Normalises a path written relative to the root: `./a//b/../c` is `a/c`.
    pub fn new(path: &str) -> Result<Self, PathError> {
        Self::root().join(path)
    }

    /// Normalises `path` as written relative to this directory. `..` may climb up to the root, not above.
    pub fn join(&self, path: &str) -> Result<Self, PathError> {
        if path.starts_with('/') {
            return Err(PathError::Absolute);
        }
        self.resolve(path)
    }

    /// Like [`join`](Self::join), but a leading `/` means the root of the tree, as in Argo CD's `valueFiles`.
    pub fn join_rooted(&self, path: &str) -> Result<Self, PathError> {
        match path.strip_prefix('/') {
            Some(rest) => Self::root().resolve(rest),
            None => self.resolve(path),
        }
    }

    fn resolve(&self, path: &str) -> Result<Self, PathError> {
        if self.0.len() + path.len() > 2 * MAX_BYTES {
            return Err(PathError::TooLong);
        }
        let simple = !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if simple {
            return Some(self.child(path)).filter(|path| path.0.len() <= MAX_BYTES).ok_or(PathError::TooLong);
        }
        let mut parts: Vec<&str> = self.components().collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or(PathError::Escapes)?;
                }
                part => parts.push(part),
            }
        }
        let path = parts.join("/");
        if path.len() > MAX_BYTES { Err(PathError::TooLong) } else { Ok(Self(SmolStr::from(path))) }
    }

    /// Appends a name (or an already normalised relative path).
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        if self.0.is_empty() {
            return Self(SmolStr::new(name));
        }
        let mut path = SmolStrBuilder::new();
        path.push_str(&self.0);
        path.push('/');
        path.push_str(name);
        Self(path.finish())
    }

    /// The directory that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(match self.0.rsplit_once('/') {
            Some((parent, _)) => Self(SmolStr::new(parent)),
            None => Self::root(),
        })
    }

    /// The last component; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The components from the root down.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Whether this path is `dir` or lies below it.
    pub fn starts_with(&self, dir: &Self) -> bool {
        self.strip_prefix(dir).is_some()
    }

    /// The part below `dir`; `None` when this path lies elsewhere, `""` when it is `dir`.
    pub fn strip_prefix(&self, dir: &Self) -> Option<&str> {
        if dir.0.is_empty() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(dir.0.as_str())?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// The written form that leads from directory `dir` to this path, with `..` where needed.
    pub fn relative_to(&self, dir: &Self) -> String {
        let mut from = dir.components().peekable();
        let mut to = self.components().peekable();
        while let (Some(a), Some(b)) = (from.peek(), to.peek()) {
            if a != b {
                break;
            }
            from.next();
            to.next();
        }
        let parts: Vec<&str> = from.map(|_| "..").chain(to).collect();
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The normalised text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_and_normalises() {
        for (dir, written, want) in [
            ("", "a/b", Ok("a/b")),
            ("", ".", Ok("")),
            ("", "./a//b/", Ok("a/b")),
            ("a/b", "../c", Ok("a/c")),
            ("a/b", "../../c", Ok("c")),
            ("a/b", "../../../c", Err(PathError::Escapes)),
            ("a", "/etc", Err(PathError::Absolute)),
        ] {
            let dir = TreePath::new(dir).unwrap();
            assert_eq!(
                dir.join(written).as_ref().map(TreePath::as_str),
                want.as_ref().map(|s| *s),
                "{dir} {written}"
            );
        }
        assert_eq!(TreePath::new("x").unwrap().join_rooted("/a/../b").unwrap().as_str(), "b");
    }

    #[test]
    fn relates_paths() {
        let path = |text| TreePath::new(text).unwrap();
        for (from, to, want) in
            [("a/b", "a/c/d", "../c/d"), ("", "a", "a"), ("a", "a", "."), ("a/b", "", "../..")]
        {
            assert_eq!(path(to).relative_to(&path(from)), want);
        }
        assert_eq!(path("a/b/c").strip_prefix(&path("a/b")), Some("c"));
        assert_eq!(path("a/bc").strip_prefix(&path("a/b")), None);
        assert_eq!(path("a").parent(), Some(TreePath::root()));
        assert_eq!(TreePath::root().parent(), None);
    }
}
