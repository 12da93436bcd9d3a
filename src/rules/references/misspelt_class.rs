//! `misspelt-class`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::near::did_you_mean;
use crate::origin::Place;
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::yaml::Node;

meta!(
    "misspelt-class",
    "references",
    Warning,
    Recommended,
    "0.2.0",
    "The name of a class or store is spelt unlike everywhere else."
);

pub(crate) struct MisspeltClass;

/// Kinds that live outside of namespaces and are named from everywhere.
const SHARED: [(&str, &str); 5] = [
    ("storage.k8s.io", "StorageClass"),
    ("networking.k8s.io", "IngressClass"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("cert-manager.io", "ClusterIssuer"),
    ("external-secrets.io", "ClusterSecretStore"),
];

/// Keys of values that charts agree on, and what they name.
const KEYS: [(&str, &str); 4] = [
    ("storageClass", "StorageClass"),
    ("storageClassName", "StorageClass"),
    ("ingressClassName", "IngressClass"),
    ("priorityClassName", "PriorityClass"),
];

/// So many files must agree on a spelling.
const HABIT: usize = 3;

/// Values are not deeper than this.
const MAX_DEPTH: u32 = 32;

/// One place that names a class.
struct Use<'a> {
    object: &'a ObjectFacts,
    place: Place,
    field: String,
}

/// Uses by kind and name.
type Uses<'a> = BTreeMap<(&'static str, SmolStr), Vec<Use<'a>>>;

impl Rule for MisspeltClass {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut uses = Uses::new();
        for object in inventory.objects.iter().filter(|it| missing::is_deployed(inventory, it)) {
            collect(object, &mut uses);
        }
        let files = |uses: &[Use<'_>]| uses.iter().map(|it| it.place.at.file).collect::<BTreeSet<_>>().len();
        for (group, kind) in SHARED {
            let defined: BTreeSet<&str> =
                inventory.of_kind(kind).filter(|it| it.group == group).map(|it| it.name.as_str()).collect();
            let names = uses.iter().filter(|((of, _), _)| *of == kind);
            let names: Vec<(&SmolStr, &Vec<Use<'_>>, usize)> =
                names.map(|((_, name), uses)| (name, uses, files(uses))).collect();
            let usual: Vec<&str> =
                names.iter().filter(|(.., files)| *files >= HABIT).map(|(name, ..)| name.as_str()).collect();
            for (name, odd, count) in &names {
                let declared = cx
                    .workspace
                    .config
                    .external
                    .iter()
                    .any(|it| it.kind.value == kind && it.name.value == **name);
                if *count > 1 || defined.contains(name.as_str()) || declared {
                    continue;
                }
                let meant = did_you_mean(name, usual.iter().copied().filter(|usual| is_slip(name, usual)));
                let (Some(meant), Some(first)) = (meant, odd.first()) else { continue };
                let others = uses.get(&(kind, SmolStr::new(meant)));
                let other = others.and_then(|uses| uses.first());
                let message = format!(
                    "{} `{}` names {kind} `{name}`, which everything else spells `{meant}`",
                    first.object.kind, first.object.name
                );
                let mut report = cx
                    .report(first.place, message)
                    .apps(odd.iter().map(|it| it.object.app))
                    .object_ref(workloads::field_ref(inventory, first.object, &first.field))
                    .help(format!("did you mean `{meant}`?"))
                    .mend(|at, mender| {
                        Some(mender.spell(at, name, meant)?.changing([first.field.as_str()]).not_safe())
                    });
                if let Some(other) = other {
                    report = report.related(other.place, "spelt like this in several files");
                }
                report.likely();
            }
        }
    }
}

/// Whether two names differ by a slip of one letter, and not by a number: `gp2` and `gp3` are two classes.
fn is_slip(name: &str, usual: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let long = name.len().min(usual.len()) >= 4 && name.len().max(usual.len()) >= 5;
    long && letters(name) != letters(usual) && strsim::damerau_levenshtein(name, usual) == 1
}

fn collect<'a>(object: &'a ObjectFacts, uses: &mut Uses<'a>) {
    for reference in &object.references {
        let shared = SHARED.iter().find(|(group, kind)| *group == reference.group && *kind == reference.kind);
        if let Some((_, kind)) = shared {
            let it = Use { object, place: reference.place, field: reference.field.to_string() };
            uses.entry((kind, reference.name.clone())).or_default().push(it);
        }
    }
    let Some(node) = object.node.as_deref() else { return };
    match (object.group.as_str(), object.kind.as_str()) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            if let Some(values) = node.at_path(&["spec", "values"]) {
                walk(object, values, "spec.values", uses, 0);
            }
        }
        ("argoproj.io", "Application") => {
            if let Some(values) = node.at_path(&["spec", "source", "helm", "valuesObject"]) {
                walk(object, values, "spec.source.helm.valuesObject", uses, 0);
            }
            for (index, source) in node.items(&["spec", "sources"]).iter().enumerate() {
                if let Some(values) = source.at_path(&["helm", "valuesObject"]) {
                    walk(object, values, &format!("spec.sources[{index}].helm.valuesObject"), uses, 0);
                }
            }
        }
        _ => {}
    }
}

fn walk<'a>(object: &'a ObjectFacts, node: &'a Node, path: &str, uses: &mut Uses<'a>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    for (index, item) in node.seq_or_empty().iter().enumerate() {
        walk(object, item, &format!("{path}[{index}]"), uses, depth + 1);
    }
    for entry in node.entries() {
        let field = format!("{path}.{}", entry.key.text);
        let kind = KEYS.iter().find(|(key, _)| *key == entry.key.text);
        let name =
            entry.value.as_str().filter(|text| !text.is_empty() && !text.contains(['$', '{', '<', ' ']));
        match (kind, name) {
            (Some((_, kind)), Some(name)) => {
                let it = Use { object, place: entry.value.place(), field };
                uses.entry((kind, SmolStr::new(name))).or_default().push(it);
            }
            _ => walk(object, &entry.value, &field, uses, depth + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn tells_slips_from_other_names() {
        for (name, usual, want) in [
            ("openbs-hostpath", "openebs-hostpath", true),
            ("letsencrypt-prdo", "letsencrypt-prod", true),
            ("nfs-csi-1", "nfs-csi-2", false),
            ("gp2", "gp3", false),
            ("ceph-block", "ceph-filesystem", false),
            ("internal", "external", false),
            ("ninx", "nginx", true),
            ("gp", "gp3", false),
        ] {
            assert_eq!(is_slip(name, usual), want, "{name} {usual}");
        }
    }
}
