//! PolicyExceptions: which rules are not asked about which objects. Mirrors `pkg/engine/utils/exceptions.go`.

use crate::yaml::Node;

use super::super::policy::{Subject, Surroundings};
use super::jmespath::Stop;
use super::scalar::wildcard;
use super::select::{Kinds, Who, in_block};
use super::variables::Variables;
use super::{condition, text};

/// Whether one of the exceptions spares an object a rule; `Err` where that is not known.
pub(super) fn spares(
    exceptions: &[Node],
    policy: &str,
    rule: &str,
    subject: &Subject<'_>,
    world: &dyn Surroundings,
    variables: &dyn Variables,
) -> Result<bool, String> {
    let mut unknown = None;
    for exception in exceptions {
        let names = |it: &Node| {
            let rules = it.items(&["ruleNames"]).iter().filter_map(Node::as_str);
            text(it, &["policyName"]) == Some(policy) && { rules }.any(|name| wildcard(name, rule))
        };
        if !exception.items(&["spec", "exceptions"]).iter().any(names) {
            continue;
        }
        let Some(block) = exception.at_path(&["spec", "match"]) else { continue };
        match in_block(block, subject, world, (Kinds::Named, Who::Unknown)) {
            Ok(false) => continue,
            Ok(true) => {}
            Err(why) => {
                unknown = Some(why);
                continue;
            }
        }
        if exception.at_path(&["spec", "podSecurity"]).is_some_and(|it| !it.is_null()) {
            unknown = Some("an exception excludes controls of `podSecurity`".to_owned());
            continue;
        }
        match condition::hold(exception.at_path(&["spec", "conditions"]), variables) {
            Ok((true, _)) => return Ok(true),
            Ok((false, _)) | Err(Stop::NotFound(_) | Stop::Failed(_)) => {}
            Err(Stop::Unsupported(why)) => unknown = Some(why),
        }
    }
    unknown.map_or(Ok(false), Err)
}
