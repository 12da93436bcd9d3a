//! URIs of files below the root that an editor opened.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::source::TreePath;

/// The URI of a file below a root.
pub(super) fn of(root: &str, path: &str) -> String {
    format!("{root}/{}", encoded(path))
}

/// The URI of a path.
pub(super) fn of_path(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let slash = if text.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}", encoded(&text))
}

/// The path that a URI names.
pub(super) fn to_path(uri: &str) -> PathBuf {
    let path = decoded(uri.strip_prefix("file://").unwrap_or(uri));
    // `/C:/x` is `C:/x`.
    let drive = path.as_bytes().get(2) == Some(&b':');
    PathBuf::from(if drive { path.trim_start_matches('/') } else { &path })
}

/// The file below `root` that a URI names. Editors do not agree on what they encode.
pub(super) fn path(root: &str, uri: &str) -> Option<TreePath> {
    let (root, uri) = (decoded(root), decoded(uri));
    let below = uri.strip_prefix(root.trim_end_matches('/'))?.strip_prefix('/')?;
    TreePath::new(below).ok().filter(|path| !path.is_root())
}

fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| *first == b'%').and_then(|it| std::str::from_utf8(it).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            out.push(byte);
            rest = behind.get(2..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_files() {
        let root = "file:///home/a%20b";
        assert_eq!(of(root, "x/ä.yaml"), "file:///home/a%20b/x/%C3%A4.yaml");
        for (uri, want) in [
            ("file:///home/a%20b/x/%C3%A4.yaml", Some("x/ä.yaml")),
            ("file:///home/a b/x.yaml", Some("x.yaml")),
            ("file:///home/a%20bc/x.yaml", None),
            ("file:///home/a%20b", None),
            ("file:///home/a%20b/../x", None),
            ("untitled:1", None),
            ("file:///home/a%20b/%", Some("%")),
        ] {
            assert_eq!(path(root, uri).map(|path| path.to_string()).as_deref(), want, "{uri}");
        }
        assert_eq!(to_path("file:///c%3A/x"), PathBuf::from("c:/x"));
        assert_eq!(to_path("file:///x/y"), PathBuf::from("/x/y"));
    }
}
