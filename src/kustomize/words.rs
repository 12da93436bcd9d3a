//! Words that several parts of a build put into its messages.

use crate::yaml::{EmitStyle, Node, emit};

use super::failure::{Result, Wrap};
use super::kustomization::Text;

/// Entries as Go's `%v` prints a list.
pub(super) fn go_list(entries: &[Text]) -> String {
    let texts: Vec<&str> = entries.iter().map(|entry| entry.value.as_str()).collect();
    format!("[{}]", texts.join(" "))
}

/// Wraps a failure to read an entry, as kustomize does with the configuration that it makes of it.
pub(super) fn trouble<T>(result: Result<T>, kind: &str, config: &Node) -> Result<T> {
    let place = config.place();
    let text = || emit(config, EmitStyle::Sigs).unwrap_or_default();
    result.wrap(|| format!("trouble configuring builtin {kind} with config: `\n{}`", text())).or_at(place)
}
