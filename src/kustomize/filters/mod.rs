//! The transformers that the fields of a kustomization stand for, one file each.
//!
//! Mirrors `api/filters` and the builtin plugins around them (`api/internal/builtins`). A transformer changes every
//! resource that it can; what it cannot change is a failure of the build, which it records in the [`Context`] before
//! it goes on with the next resource. The first failure recorded is the one that kustomize would stop at. Whatever is
//! set goes through a [`Setter`].
//!
//! Strategic merge patches are not here: see `merge2`. Neither are name references and generators.

pub(in crate::kustomize) mod annotations;
pub(in crate::kustomize) mod images;
pub(in crate::kustomize) mod json6902;
pub(in crate::kustomize) mod labels;
pub(in crate::kustomize) mod namespace;
mod path_matcher;
pub(in crate::kustomize) mod prefix_suffix;
pub(in crate::kustomize) mod replacements;
pub(in crate::kustomize) mod replicas;
#[cfg(test)]
pub(in crate::kustomize) mod testing;
pub(in crate::kustomize) mod value_add;
pub(in crate::kustomize) mod vars;

use crate::finding::ProblemKind;
use crate::origin::{Place, Step};
use crate::yaml::{Data, MAX_DEPTH, Node};

use super::context::Context;
use super::failure::{Failure, Result, Wrap};
use super::resmap::ResMap;
use super::resource::Resource;
use super::rnode::{self, Kind};
use super::setter::{Setter, Tag};

/// Changes all resources with `change`, which gets a setter that writes for the line at `place`. Failures are
/// recorded, at `place` unless they know better; ids are read again.
fn change_all(
    resmap: &mut ResMap,
    cx: &mut Context<'_>,
    place: Place,
    by: Step,
    mut change: impl FnMut(&mut Resource, &mut Setter<'_>) -> Result<()>,
) {
    for resource in resmap.all_mut().iter_mut().filter(|resource| !resource.gone) {
        let result = change_one(resource, cx, place, by, &mut change);
        cx.check(result.or_at(place));
    }
}

/// Changes one resource with `change` and reads its id again.
fn change_one(
    resource: &mut Resource,
    cx: &mut Context<'_>,
    place: Place,
    by: Step,
    change: impl FnOnce(&mut Resource, &mut Setter<'_>) -> Result<()>,
) -> Result<()> {
    // The aliases are lent to the setter, which changes a resource that holds them.
    let mut aliases = std::mem::take(&mut resource.aliases);
    let mut setter = Setter::new(cx.origins, &mut aliases, place, by);
    let result = change(resource, &mut setter);
    setter.settle_aliases(&mut resource.node);
    resource.aliases = aliases;
    resource.refresh(&mut cx.schemas);
    result
}

/// Sets a scalar, as `FieldSetter` without a name does: lists and mappings are refused.
fn set_scalar(node: &mut Node, setter: &mut Setter<'_>, text: &str, tag: Tag) -> Result<()> {
    rnode::expect(node, Kind::Scalar)?;
    setter.set(node, text, tag);
    Ok(())
}

/// How many nodes an object may have behind a copy: it can double with each of them.
const MAX_NODES: usize = 300_000;

/// Refuses to copy `value` into `object`, `above` levels deep, when the object grows too large or deeper than what
/// the reader lets pass: everything behind relies on that bound.
fn check_growth(object: &Node, above: usize, value: &Node) -> Result<()> {
    if object.count().saturating_add(value.count()) > MAX_NODES {
        let message = format!("the object grows beyond {MAX_NODES} values");
        return Err(Failure::new(message).kind(ProblemKind::Limit));
    }
    check_depth(above, value)
}

/// Refuses to put `value` deeper than what the reader lets pass.
fn check_depth(above: usize, value: &Node) -> Result<()> {
    if above.saturating_add(depth(value)) > MAX_DEPTH {
        let message = format!("exceeded max depth of {MAX_DEPTH}");
        return Err(Failure::new(message).kind(ProblemKind::Limit));
    }
    Ok(())
}

/// How deep a tree is nested, which is bounded.
fn depth(node: &Node) -> usize {
    match &node.data {
        Data::Scalar(_) => 1,
        Data::Seq(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Data::Map(map) => 1 + map.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomize::NoOpKind;
    use crate::origin::OriginId;

    const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {old: label}}
spec:
  template:
    spec:
      containers: [{name: web, image: 'nginx:1', args: [$(WHO)]}]
";

    /// What is changed knows the line that changed it, and what was there before.
    #[test]
    fn values_lead_to_the_lines_that_made_them() {
        let image = ["spec", "template", "spec", "containers", "0", "image"];
        let args = ["spec", "template", "spec", "containers", "0", "args", "0"];
        let cases: &[(&str, &[&str], Step, &[&str])] = &[
            ("namespace: shop", &["metadata", "namespace"], Step::NamespaceSet, &["shop"]),
            ("namePrefix: a-", &["metadata", "name"], Step::NameAffixed, &["web", "a-"]),
            ("nameSuffix: -z", &["metadata", "name"], Step::NameAffixed, &["web", "-z"]),
            ("commonLabels: {app: x}", &["metadata", "labels", "app"], Step::Labelled, &["x"]),
            ("labels: [{pairs: {old: x}}]", &["metadata", "labels", "old"], Step::Labelled, &["x", "label"]),
            ("commonAnnotations: {a: x}", &["metadata", "annotations", "a"], Step::Annotated, &["x"]),
            ("images: [{name: nginx, newTag: v2}]", &image, Step::ImageReplaced, &["v2", "'nginx:1'"]),
            ("replicas: [{name: web, count: 3}]", &["spec", "replicas"], Step::ReplicasSet, &["3"]),
            (
                "patches: [{target: {name: web}, patch: '- {op: replace, path: /metadata/labels/old, value: v}'}]",
                &["metadata", "labels", "old"],
                Step::JsonPatched,
                &["v", "label"],
            ),
            (
                "replacements: [{source: {name: web}, targets: [{select: {name: web}, fieldPaths: \
                 [metadata.labels.old]}]}]",
                &["metadata", "labels", "old"],
                Step::Replaced,
                &["web", "metadata.labels.old", "label"],
            ),
            (
                "vars: [{name: WHO, objref: {kind: Deployment, apiVersion: apps/v1, name: web}}]",
                &args,
                Step::VarResolved,
                &["web", "{name: WHO, objref: {kind: Deployment, apiVersion: apps/v1, name: web}}", "$(WHO)"],
            ),
        ];
        for (kustomization, path, by, texts) in cases {
            let kustomization = format!("resources: [web.yaml]\n{kustomization}\n");
            let done = testing::run(&kustomization, [("web.yaml", DEPLOYMENT)]);
            assert_eq!(done.built.failure, None, "{kustomization}");
            let mut node = done.built.resources.first().unwrap();
            for part in *path {
                node = match part.parse::<usize>() {
                    Ok(index) => node.as_seq().unwrap().get(index).unwrap(),
                    Err(_) => node.get(part).unwrap(),
                };
            }
            assert_eq!(done.origins.get(node.origin).unwrap().by, *by, "{kustomization}");
            // The place itself, then what the chain leads to.
            let mut seen = vec![node.at];
            let mut ids = vec![node.origin];
            while let Some(id) = ids.pop() {
                let Some(origin) = done.origins.get(id) else { continue };
                seen.extend(origin.at);
                ids.extend([origin.under, origin.from].iter().filter(|id| **id != OriginId::WRITTEN));
            }
            let mut seen: Vec<String> =
                seen.iter().map(|at| done.sources.get(at.file).unwrap().slice(*at).to_owned()).collect();
            let mut known = std::collections::BTreeSet::new();
            seen.retain(|text| known.insert(text.clone()));
            assert_eq!(seen, *texts, "{kustomization}");
        }
    }

    #[test]
    fn notes_what_does_nothing() {
        let cases = [
            ("images: [{name: nope, newTag: v2}]", Some((NoOpKind::Image, "nope"))),
            ("images: [{name: nginx, newTag: '1'}]", None),
            (
                "replacements: [{sourceValue: x, targets: [{select: {kind: Job}}]}]",
                Some((NoOpKind::ReplacementTarget, "Job.[noVer].[noGrp]/[noName].[noNs]")),
            ),
            (
                "vars: [{name: UNUSED, objref: {kind: Deployment, apiVersion: apps/v1, name: web}}]",
                Some((NoOpKind::Var, "UNUSED")),
            ),
            ("vars: [{name: WHO, objref: {kind: Deployment, apiVersion: apps/v1, name: web}}]", None),
            (
                "replacements: [{sourceValue: x, targets: [{select: {kind: Deployment}, reject: [{name: web}], \
                 fieldPaths: [spec.x]}]}]",
                Some((NoOpKind::ReplacementTarget, "Deployment.[noVer].[noGrp]/[noName].[noNs]")),
            ),
            (
                "patches: [{target: {kind: Job, labelSelector: a=b}, patch: '- {op: remove, path: /a}'}]",
                Some((NoOpKind::PatchTarget, "kind `Job`, labelSelector `a=b`")),
            ),
            (
                "patchesJson6902: [{target: {kind: Job, name: web}, patch: '- {op: remove, path: /a}'}]",
                Some((NoOpKind::PatchTarget, "kind `Job`, name `web`")),
            ),
            ("patches: [{target: {name: web}, patch: '- {op: remove, path: /metadata/labels}'}]", None),
            (
                "patches: [{target: {name: w}, patch: '{kind: a, metadata: {name: b}}'}]",
                Some((NoOpKind::PatchTarget, "name `w`")),
            ),
            (
                "patches: [{target: {name: web}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/labels/old\", \"value\": \"label\"}]'}]",
                Some((NoOpKind::PatchEffect, "`/metadata/labels/old`")),
            ),
            (
                "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, labels: {\"old\": \"label\"}}}'}]",
                Some((NoOpKind::PatchEffect, "Deployment `web`")),
            ),
            (
                "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, labels: {new: label}}}'}]",
                None,
            ),
            // Adding to a list inserts, even what is there already.
            (
                "patches: [{target: {name: web}, patch: '- {op: add, path: /spec/template/spec/containers/0/args/0, value: $(WHO)}'}]",
                None,
            ),
            // A resource that is not here may be what the entry is for.
            ("components: [https://example.com/org/repo//x]\nimages: [{name: nope, newTag: v2}]", None),
            // Patches come before names are changed.
            (
                "nameSuffix: -x\npatches: [{target: {name: web-x}, patch: '- {op: remove, path: /metadata/labels}'}]",
                Some((NoOpKind::PatchTarget, "name `web-x`")),
            ),
        ];
        for (kustomization, want) in cases {
            let kustomization = format!("resources: [web.yaml]\n{kustomization}\n");
            let built = testing::run(&kustomization, [("web.yaml", DEPLOYMENT)]).built;
            let got = built.no_ops.first().map(|no_op| (no_op.kind, no_op.what.as_str()));
            assert_eq!(got, want, "{kustomization}");
        }
    }

    /// An entry that several bases share does nothing only when it does nothing in all of them.
    #[test]
    fn shared_entries_count_once() {
        let component = "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nimages: [{name: nginx, newTag: '2'}, {name: nope, newTag: '2'}]\n";
        let base = "components: [../c]\nresources: [r.yaml]\n";
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: redis}]}\n";
        let files = [
            ("a/kustomization.yaml", base),
            ("b/kustomization.yaml", base),
            ("c/kustomization.yaml", component),
            ("a/r.yaml", DEPLOYMENT),
            ("b/r.yaml", pod),
        ];
        let built = testing::run("resources: [a, b]\n", files).built;
        assert_eq!(built.failure, None);
        let found: Vec<&str> = built.no_ops.iter().map(|no_op| no_op.what.as_str()).collect();
        assert_eq!(found, ["nope"]);
    }

    /// Documents that double with every step stop growing.
    #[test]
    fn growth_is_bounded() {
        let double =
            "\n    - {op: copy, from: /spec, path: /spec/x}\n    - {op: copy, from: /spec/x, path: /spec/z}";
        let patch = double.repeat(20);
        let kustomization =
            format!("resources: [web.yaml]\npatches:\n- target: {{name: web}}\n  patch: |{patch}\n");
        let built = testing::run(&kustomization, [("web.yaml", DEPLOYMENT)]).built;
        assert_eq!(built.failure.as_deref(), Some("the object grows beyond 300000 values"));
        let entry = "{source: {name: web, fieldPath: spec}, targets: [{select: \
                     {name: web}, fieldPaths: [spec.x, spec.y], options: {create: true}}]}";
        let kustomization =
            format!("resources: [web.yaml]\nreplacements: [{}]\n", vec![entry; 18].join(", "));
        let built = testing::run(&kustomization, [("web.yaml", DEPLOYMENT)]).built;
        let failure = built.failure.unwrap();
        assert!(failure.contains("300000 values"), "{failure}");
    }
}
