//! Differences that only follow others: names with a generator's hash, checksums of what changed elsewhere.

use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use super::Drafted;
use super::cause::Found;
use super::matching::{How, folded};

/// Whether a value only follows another change.
pub(super) fn follows(before: Option<&Json>, after: Option<&Json>) -> bool {
    let (Some(Json::String(before)), Some(Json::String(after))) = (before, after) else { return false };
    let is_digest = |text: &str| text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hashes = folded(before).zip(folded(after)).is_some_and(|(before, after)| before == after);
    hashes || is_digest(before) && is_digest(after)
}

/// Leads names with a generator's hash back to what changed in the object that bears the name.
pub(super) fn follow(drafted: &mut [Drafted]) {
    let mut behind: FxHashMap<String, Found> = FxHashMap::default();
    for it in drafted.iter_mut() {
        let name = it.change.object.name.clone();
        let renamed =
            it.change.was.as_ref().is_some_and(|was| was.name != name) && it.change.how == How::Same;
        let Some(stem) = folded(&name).filter(|_| renamed) else { continue };
        let fields = it.change.fields.iter().zip(&it.causes);
        let cause =
            fields.filter(|(field, _)| field.path != "metadata.name").find_map(|(_, cause)| cause.clone());
        if let Some(cause) = cause {
            behind.insert(stem.to_owned(), cause);
        }
    }
    for it in drafted.iter_mut() {
        for (field, cause) in it.change.fields.iter().zip(&mut it.causes) {
            if let Some(Json::String(after)) = field.after.as_ref().filter(|_| field.follows)
                && let Some(found) = folded(after).and_then(|stem| behind.get(stem))
            {
                *cause = Some(found.clone());
            }
        }
    }
}
