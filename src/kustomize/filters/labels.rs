//! `labels` and `commonLabels`.
//!
//! Mirrors the configuration of `LabelTransformer` in `api/internal/target/kusttarget_configplugin.go` and
//! `api/filters/labels`.

use smol_str::SmolStr;

use crate::k8s::Gvk;
use crate::origin::Step;
use crate::yaml::{Entry, Node};

use super::super::config::{Create, FieldSpec, TransformerConfig, merge_specs};
use super::super::context::Context;
use super::super::failure::{Failure, Result, Wrap};
use super::super::kustomization::{Label, Pairs, Text};
use super::super::resmap::ResMap;
use super::super::rnode::{self, Kind};
use super::super::setter::{Setter, Tag};

/// Adds the labels of an entry of `labels`, where its switches and the configuration say.
pub(in crate::kustomize) fn apply(
    resmap: &mut ResMap,
    label: &Label,
    config: &TransformerConfig,
    cx: &mut Context<'_>,
) {
    if let Some(specs) = cx.check(fields_of(label, config).or_at(label.place)) {
        add(resmap, &label.pairs, &specs, cx);
    }
}

/// Adds labels to the given fields: `commonLabels`, or a transformer of one's own.
pub(in crate::kustomize) fn add(
    resmap: &mut ResMap,
    labels: &Pairs,
    specs: &[FieldSpec],
    cx: &mut Context<'_>,
) {
    set_pairs(resmap, labels, specs, Step::Labelled, cx);
}

/// The fields that an entry of `labels` goes to.
fn fields_of(label: &Label, config: &TransformerConfig) -> Result<Vec<FieldSpec>> {
    let failed = |failure: Box<Failure>| failure.wrap("failed to merge labels");
    let mut specs = label.fields.clone();
    merge_specs(&mut specs, &config.labels).map_err(failed)?;
    if label.include_selectors {
        merge_specs(&mut specs, &config.common_labels).map_err(failed)?;
        return Ok(specs);
    }
    if label.include_templates {
        merge_specs(&mut specs, &config.template_labels)
            .wrap(|| "failed to merge template fieldSpec".to_owned())?;
    }
    let metadata =
        FieldSpec { gvk: Gvk::default(), path: SmolStr::new_static("metadata/labels"), create: true };
    merge_specs(&mut specs, &[metadata]).map_err(failed)?;
    Ok(specs)
}

/// Sets entries of mappings: labels or annotations, all of them strings.
pub(super) fn set_pairs(
    resmap: &mut ResMap,
    pairs: &Pairs,
    specs: &[FieldSpec],
    by: Step,
    cx: &mut Context<'_>,
) {
    let Some((first, _)) = pairs.0.first() else { return };
    super::change_all(resmap, cx, first.place, by, |resource, setter| {
        for (key, value) in &pairs.0 {
            // kustomize puts the same node wherever the entry is new.
            let mut shared: Option<Node> = None;
            let id = resource.id.clone();
            for spec in specs {
                setter.cause(key.place);
                spec.apply(&mut resource.node, &id, Create::Map, setter, &mut |node, setter| {
                    set_entry(node, key, value, &mut shared, setter)
                })
                .or_at(key.place)?;
            }
        }
        Ok(())
    });
}

fn set_entry(
    node: &mut Node,
    key: &Text,
    value: &Text,
    shared: &mut Option<Node>,
    setter: &mut Setter<'_>,
) -> Result<()> {
    rnode::expect(node, Kind::Map)?;
    // Nothing is put into a null that no path turned into a mapping.
    let Some(map) = node.as_map_mut() else { return Ok(()) };
    setter.cause(value.place);
    match (map.get_mut(&key.value), &shared) {
        (Some(field), _) => setter.set(field, value.value.clone(), Tag::Str),
        (None, Some(node)) => {
            setter.share(node.origin);
            let value = node.clone();
            setter.cause(key.place);
            let key = setter.key(key.value.clone());
            map.push(Entry { key, value });
        }
        (None, None) => {
            let value = setter.scalar(value.value.clone(), Tag::Str);
            *shared = Some(value.clone());
            setter.cause(key.place);
            let key = setter.key(key.value.clone());
            map.push(Entry { key, value });
        }
    }
    setter.cause(key.place);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/labels.yaml"));
    }
}
