//! `missing-priority-class`: see the page.

use crate::near::did_you_mean;
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};

meta!(
    "missing-priority-class",
    "references",
    Warning,
    Recommended,
    "0.1.0",
    "A pod names a PriorityClass that nothing provides."
);

pub(crate) struct MissingPriorityClass;

impl Rule for MissingPriorityClass {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let known = |name: &str| name.starts_with("system-") || name.starts_with("openshift-");
        reserved(inventory, cx);
        missing::report_class(
            inventory,
            cx,
            ("scheduling.k8s.io", "PriorityClass"),
            &known,
            "name a class that is there, or add it",
        );
    }
}

/// Nobody may make a class whose name begins with `system-`: Kubernetes brings two, and the admission of pods refuses all others.
fn reserved(inventory: &Inventory, cx: &mut Context<'_>) {
    const SYSTEM: [&str; 2] = ["system-cluster-critical", "system-node-critical"];
    for object in inventory.objects.iter().filter(|it| it.pod.is_some()) {
        for reference in object.references.iter().filter(|it| it.kind == "PriorityClass") {
            let name = reference.name.as_str();
            if !name.starts_with("system-") || SYSTEM.contains(&name) {
                continue;
            }
            let help = match did_you_mean(name, SYSTEM) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!(
                    "names that begin with `system-` are reserved: there are {}",
                    SYSTEM.join(" and ")
                ),
            };
            let message = format!(
                "{} `{}` needs PriorityClass `{name}`, which Kubernetes does not bring",
                object.kind, object.name
            );
            cx.report(reference.place, message)
                .apps([object.app])
                .object_ref(workloads::field_ref(inventory, object, &reference.field))
                .help(help);
        }
    }
}
