//! Values that say what the layer below says: without the line, nothing would change in this app.
//!
//! Whether nothing would change anywhere, only all apps that use the file can tell; see the rule `no-op-override`.

use crate::helm::{Override, OverrideKind};
use crate::origin::{Origins, Step};
use crate::source::Span;
use crate::yaml::{Dialect, edit};

use super::{Rendered, Workspace};

/// A value of a values file that stands over an equal one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedundantValue {
    /// The value.
    pub at: Span,
    /// The equal value in another file that somebody here edits.
    pub below: Span,
}

/// The redundant values of an app. What a chart of somebody else has as its default may be pinned for a reason, so only
/// files of the linted tree count.
pub(super) fn redundant_values(rendered: &Rendered, workspace: &Workspace) -> Vec<RedundantValue> {
    if rendered.failed.is_some() {
        return Vec::new();
    }
    let overrides = rendered.releases.iter().flat_map(|release| &release.overrides);
    let mut values: Vec<RedundantValue> =
        overrides.filter_map(|known| redundant(known, &rendered.origins, workspace)).collect();
    values.sort_by_key(|value| value.at);
    values.dedup_by_key(|value| value.at);
    values
}

fn redundant(known: &Override, origins: &Origins, workspace: &Workspace) -> Option<RedundantValue> {
    let (at, below) = (known.winner.at, known.losers.first()?.at);
    let from_file = origins.get(known.winner.origin).is_some_and(|origin| origin.by == Step::ValuesFile);
    let editable = |span: Span| !span.is_empty() && workspace.is_editable(span.file);
    let possible = known.kind == OverrideKind::Replaced && from_file && at.file != below.file;
    if !possible || !editable(at) || !editable(below) {
        return None;
    }
    let (over, under) = (workspace.sources.get(at.file)?, workspace.sources.get(below.file)?);
    let (text, other) = (over.slice(at), under.slice(below));
    // Scalars of one line are compared as written, without a look into the trees: they are nearly all there is.
    let same = text == other
        || (text.contains(['\n', '[']) && other.contains(['\n', '[']) && {
            let (over, under) = (workspace.cache.stream(&over), workspace.cache.stream(&under));
            let (_, over) = edit::locate_value(&over, at)?;
            let (_, under) = edit::locate_value(&under, below)?;
            over.means_same(under, Dialect::Sigs)
        });
    same.then_some(RedundantValue { at, below })
}
