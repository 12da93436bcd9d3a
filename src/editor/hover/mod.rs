//! What a line does, in Markdown: what an app's definition renders or generates, what an entry of a kustomization matches, which
//! values and fields any other line reaches.

mod apps;
mod entries;
mod reach;

use crate::source::Span;

use super::cursor::Cursor;
use super::session::Checked;

/// Lines of a list.
const SHOWN: usize = 10;

/// What the line does, and the bytes that it is about.
pub(super) fn hover(cursor: &Cursor, checked: &Checked) -> Option<(String, Span)> {
    let line = cursor.line_span()?;
    if cursor.file.slice(line).trim().is_empty() {
        return None;
    }
    let spot = cursor.spot();
    let about = spot.key.unwrap_or(line);
    let object = cursor.object();
    let defines = object.as_ref().filter(|object| apps::defines(object));
    // What names the object, or says as a whole what is generated, is about the object as a whole.
    let is_head = match spot.path.as_slice() {
        ["apiVersion" | "kind" | "metadata" | "spec"] | ["metadata", "name" | "namespace"] => true,
        ["spec", "generators", ..] => true,
        ["spec", "source" | "sources" | "path" | "sourceRef" | "chart" | "chartRef" | "destination"] => true,
        path => path.is_empty(),
    };
    if let Some(object) = defines.filter(|_| is_head)
        && let Some(text) = apps::hover(cursor, checked, object)
    {
        return Some((text, about));
    }
    if let Some(text) = entries::hover(cursor, checked, &spot) {
        return Some((text, about));
    }
    let reached = reach::hover(cursor, checked, &spot);
    let told = reached.or_else(|| apps::hover(cursor, checked, defines?));
    told.or_else(|| entries::whole_patch(cursor, checked)).map(|text| (text, about))
}
