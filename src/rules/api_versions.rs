//! What rules about API versions share: the fix that names another one.

use crate::finding::Fix;
use crate::repo::Object;
use crate::source::Span;

use super::mend::Mender;

/// Names another version. Within a group that is another name of one object, whose fields the schema of the new version judges;
/// another group, or a version that reads an empty selector otherwise, is for people to want.
pub(super) fn renamed(object: &Object, instead: &str, at: Span, mender: Mender<'_>) -> Option<Fix> {
    let (group, _) = instead.rsplit_once('/')?;
    let old = format!("{}/{}", object.group, object.version);
    let fix = mender.set(at, &old, instead)?;
    let same = group == object.group && object.kind != "PodDisruptionBudget";
    Some(if same { fix.changing(["apiVersion"]) } else { fix.changing_apps().not_safe() })
}
