//! What a kustomization and those below it have gathered so far: resources, configuration, vars.
//!
//! Mirrors `api/internal/accumulator/resaccumulator.go`.

use std::sync::Arc;

use crate::k8s::Gvk;

use super::config::TransformerConfig;
use super::failure::{Failure, Result};
use super::kustomization::Var;
use super::resid::{ResId, ShownGvk};
use super::resmap::ResMap;

/// Resources with the configuration and vars that belong to them.
#[derive(Debug, Default)]
pub(super) struct Accumulator {
    pub(super) resources: ResMap,
    pub(super) config: Arc<TransformerConfig>,
    /// Sorted by name once they are used.
    pub(super) vars: Vec<Var>,
}

impl Accumulator {
    /// Adds field specs.
    pub(super) fn merge_config(&mut self, other: &Arc<TransformerConfig>) -> Result<()> {
        self.config = TransformerConfig::merge(&self.config, other)?;
        Ok(())
    }

    /// Adds vars, and marks the resources that they take their values from.
    pub(super) fn merge_vars(&mut self, incoming: &[Var]) -> Result<()> {
        for var in incoming {
            let wanted = &var.id;
            let matches = |known: &ResId| {
                if wanted.namespace.is_empty() { wanted.same_gvkn(known) } else { wanted.same_as(known) }
            };
            let found = self.resources.with_any_id(&wanted.name, matches);
            if found.len() > 1 {
                let message = format!(
                    "found {} resId matches for var {} (unable to disambiguate)",
                    found.len(),
                    shown(var)
                );
                return Err(Failure::at(var.place, message));
            }
            if let Some(resource) = found.first().and_then(|at| self.resources.get_mut(*at)) {
                resource.var_names.push(var.name.clone());
            }
        }
        incoming.iter().try_for_each(|var| self.merge_var(var))
    }

    fn merge_var(&mut self, var: &Var) -> Result<()> {
        if let Some(known) = self.vars.iter().find(|known| known.name == var.name) {
            let message = format!("var '{}' already encountered", var.name);
            return Err(Failure::at(var.place, message).related(known.place, "it is encountered here"));
        }
        self.vars.push(var.clone());
        Ok(())
    }

    /// Adds all that another one has. What cannot be added is left out; the first failure is the answer.
    pub(super) fn merge(&mut self, other: Self) -> Result<()> {
        let resources = self.resources.append_all(other.resources.into_list());
        let config = self.merge_config(&other.config);
        let mut vars = Ok(());
        let mut others = other.vars;
        others.sort_by(|a, b| a.name.cmp(&b.name));
        for var in &others {
            vars = vars.and(self.merge_var(var));
        }
        resources.and(config).and(vars)
    }
}

/// A var as Go's `%v` prints it: of the object that it refers to, nothing but the kind.
pub(super) fn shown(var: &Var) -> String {
    format!("{{{} {} {{{}}}}}", var.name, ShownGvk(&var.id.gvk), var.field_path)
}

/// A var as Go's `%v` prints it before it was looked at: `apiVersion` not read, no default set.
fn shown_raw(var: &Var) -> String {
    let gvk = Gvk::new("", "", var.id.gvk.kind.clone());
    let path = if var.field_path == "metadata.name" { "" } else { &var.field_path };
    format!("{{{} {} {{{path}}}}}", var.name, ShownGvk(&gvk))
}

/// What goes before a failure to merge vars.
pub(super) fn merging(vars: &[Var]) -> String {
    let shown: Vec<String> = vars.iter().map(shown_raw).collect();
    format!("merging vars [{}]", shown.join(" "))
}
