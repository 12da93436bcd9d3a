//! Which tag a `targetRevision` means.
//!
//! Mirrors `util/versions/tags.go`: a valid version is a name, anything else that parses as a version constraint picks the
//! newest tag that satisfies it.

/// The newest of `tags` that satisfies `revision`; `None` when it is no constraint or nothing does.
pub fn pick_tag(_revision: &str, _tags: &[&str]) -> Option<String> {
    None
}
