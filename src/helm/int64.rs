//! Numbers of a values tree that are an `int64` for templates, where all others are `float64`.

use crate::yaml::Node;

/// Marks a number that is an `int64` for templates; all other numbers of values are `float64`.
pub(super) const INT64: &str = "tag:yaml.org,2002:int";

/// Whether a number of a values tree is an `int64` for templates. Only `--set` brings such.
pub fn is_int64(node: &Node) -> bool {
    node.tag.as_deref() == Some(INT64)
}
