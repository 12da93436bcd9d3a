//! `duplicate-env-var`: see the page.

use crate::k8s::PodTemplate;
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::Node;

meta!(
    "duplicate-env-var",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "A container sets an environment variable twice."
);

pub(crate) struct DuplicateEnvVar;

impl Rule for DuplicateEnvVar {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let Some(pod) = PodTemplate::of(&object.group, &object.kind, &object.node) else { return };
        for container in pod.containers() {
            let env = container.node.items(&["env"]);
            let name = |node: &Node| node.get("name").and_then(Node::as_str).map(ToOwned::to_owned);
            let mut twice = Vec::new();
            for (index, item) in env.iter().enumerate() {
                let (Some(text), Some(node)) = (name(item), item.get("name")) else { continue };
                let Some(first) = env.iter().take(index).find(|other| name(other).as_deref() == Some(&text))
                else {
                    continue;
                };
                // A later entry that builds on the earlier one is an idiom.
                let builds = item
                    .get("value")
                    .and_then(Node::as_str)
                    .is_some_and(|value| value.contains(&format!("$({text})")));
                if !builds {
                    let same = without_places(first) == without_places(item);
                    twice.push((index, text, node, first, same));
                }
            }
            let whose = format!("{} `{}` sets", container.kind.noun(), container.name());
            // A template that prints a whole list twice is one mistake.
            let all = if twice.len() > 2 && twice.iter().all(|(.., same)| *same) { 1 } else { twice.len() };
            for (index, text, node, first, same) in twice.iter().take(all) {
                let message = match (all < twice.len(), same) {
                    (true, _) => format!("{whose} {} variables twice, such as `{text}`", twice.len()),
                    (false, true) => format!("{whose} `{text}` twice, the second time to the same value"),
                    (false, false) => format!("{whose} `{text}` twice, the second time to another value"),
                };
                let field = container.path(&pod, &format!("env[{index}].name"));
                cx.report(node.place(), message)
                    .object(object, Some(&field))
                    .related(first.get("name").unwrap_or(first).place(), "set here first")
                    .help("keep one of them: the last one wins, and server-side apply refuses the object")
                    .mend(|_, mender| {
                        let alone = *same && all == twice.len();
                        let again = env.get(*index).filter(|_| alone)?;
                        let list = container.path(&pod, "env");
                        Some(mender.delete(again.place().at)?.changing([list.as_str()]))
                    });
            }
        }
    }
}

/// What an entry sets, apart from its name.
fn without_places(item: &Node) -> (Option<&Node>, Option<&Node>) {
    (item.get("value"), item.get("valueFrom"))
}
