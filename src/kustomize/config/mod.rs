//! Transformer configuration: the default field specs and what `configurations` and `crds` add to them.
//!
//! Mirrors `api/internal/plugins/builtinconfig`.

mod defaults;
mod fieldspec;
mod load;

use std::sync::{Arc, OnceLock};

use crate::k8s::Gvk;

pub use fieldspec::FieldSpec;
pub(super) use fieldspec::{Create, merge_specs};
pub(super) use load::{load_crds, load_field_specs, load_files, load_openapi};

use super::failure::{Result, Wrap};
use super::resid::{gvk_sort_text, kind_rank};
use fieldspec::sort_specs;

/// A kind that is referred to by name, and the fields that do it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct NameBackReferences {
    /// What is referred to.
    pub(super) gvk: Gvk,
    /// The fields that hold its name.
    pub(super) referrers: Vec<FieldSpec>,
}

/// The field specs of all transformers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TransformerConfig {
    pub(super) name_prefix: Vec<FieldSpec>,
    pub(super) name_suffix: Vec<FieldSpec>,
    pub(super) namespace: Vec<FieldSpec>,
    pub(super) common_labels: Vec<FieldSpec>,
    pub(super) labels: Vec<FieldSpec>,
    pub(super) template_labels: Vec<FieldSpec>,
    pub(super) common_annotations: Vec<FieldSpec>,
    pub(super) name_reference: Vec<NameBackReferences>,
    pub(super) var_reference: Vec<FieldSpec>,
    pub(super) images: Vec<FieldSpec>,
    pub(super) replicas: Vec<FieldSpec>,
}

impl TransformerConfig {
    /// What kustomize knows without being told.
    pub(super) fn default_config() -> Arc<Self> {
        static DEFAULT: OnceLock<Arc<TransformerConfig>> = OnceLock::new();
        let config = DEFAULT.get_or_init(|| {
            let references = defaults::NAME_REFERENCE.iter();
            Arc::new(Self {
                name_prefix: defaults::NAME_PREFIX.to_vec(),
                name_suffix: defaults::NAME_SUFFIX.to_vec(),
                namespace: defaults::NAMESPACE.to_vec(),
                common_labels: defaults::COMMON_LABELS.to_vec(),
                labels: Vec::new(),
                template_labels: defaults::TEMPLATE_LABELS.to_vec(),
                common_annotations: defaults::COMMON_ANNOTATIONS.to_vec(),
                name_reference: references
                    .map(|(gvk, referrers)| NameBackReferences {
                        gvk: gvk.clone(),
                        referrers: referrers.to_vec(),
                    })
                    .collect(),
                var_reference: defaults::VAR_REFERENCE.to_vec(),
                images: defaults::IMAGES.to_vec(),
                replicas: defaults::REPLICAS.to_vec(),
            })
        });
        Arc::clone(config)
    }

    /// Both together. Fails where they contradict each other.
    pub(super) fn merge(this: &Arc<Self>, other: &Arc<Self>) -> Result<Arc<Self>> {
        // Nearly all kustomizations have the default configuration, which contains itself.
        if Arc::ptr_eq(this, other) || **other == Self::default() {
            return Ok(Arc::clone(this));
        }
        // Merged into nothing, field specs are still merged with each other: one for all kinds is lost behind one for
        // a kind. Only what is known to be its own merge is taken as it is.
        if **this == Self::default() && Arc::ptr_eq(other, &Self::default_config()) {
            return Ok(Arc::clone(other));
        }
        let mut merged = Self::clone(this);
        let failed = |what: &'static str| move || format!("failed to merge {what} fieldSpec");
        merge_specs(&mut merged.name_prefix, &other.name_prefix).wrap(failed("NamePrefix"))?;
        merge_specs(&mut merged.name_suffix, &other.name_suffix).wrap(failed("NameSuffix"))?;
        merge_specs(&mut merged.namespace, &other.namespace).wrap(failed("NameSpace"))?;
        merge_specs(&mut merged.common_annotations, &other.common_annotations)
            .wrap(failed("CommonAnnotations"))?;
        merge_specs(&mut merged.common_labels, &other.common_labels).wrap(failed("CommonLabels"))?;
        merge_specs(&mut merged.labels, &other.labels).wrap(failed("Labels"))?;
        merge_specs(&mut merged.template_labels, &other.template_labels).wrap(failed("TemplateLabels"))?;
        merge_specs(&mut merged.var_reference, &other.var_reference).wrap(failed("VarReference"))?;
        for reference in &other.name_reference {
            merged.add_name_reference(reference).wrap(failed("NameReference"))?;
        }
        merge_specs(&mut merged.images, &other.images).wrap(failed("Images"))?;
        merge_specs(&mut merged.replicas, &other.replicas).wrap(failed("Replicas"))?;
        merged.sort();
        Ok(Arc::new(merged))
    }

    fn add_name_reference(&mut self, other: &NameBackReferences) -> Result<()> {
        match self.name_reference.iter_mut().find(|known| known.gvk == other.gvk) {
            Some(known) => merge_specs(&mut known.referrers, &other.referrers),
            None => {
                self.name_reference.push(other.clone());
                Ok(())
            }
        }
    }

    fn sort(&mut self) {
        for specs in [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ] {
            sort_specs(specs);
        }
        self.name_reference
            .sort_by_cached_key(|reference| (kind_rank(&reference.gvk.kind), gvk_sort_text(&reference.gvk)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_sorted_and_contains_itself() {
        let default = TransformerConfig::default_config();
        let mut sorted = TransformerConfig::clone(&default);
        sorted.sort();
        assert_eq!(*default, sorted);
        let copy = Arc::new(TransformerConfig::clone(&default));
        assert_eq!(*TransformerConfig::merge(&default, &copy).unwrap(), *default);
        let specs: usize = default.name_reference.iter().map(|reference| reference.referrers.len()).sum();
        assert_eq!((default.name_reference.len(), specs), (16, 167));
    }
}
