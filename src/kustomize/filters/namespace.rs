//! `namespace`.
//!
//! Mirrors `NamespaceTransformer` (`api/internal/builtins`) and `api/filters/namespace`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::k8s::Gvk;
use crate::origin::Step;
use crate::yaml::{Data, Entry, JsonStyle, Node};

use super::super::config::{Create, FieldSpec};
use super::super::context::Context;
use super::super::failure::{Failure, Result, Wrap};
use super::super::kustomization::Text;
use super::super::resmap::{ResMap, place_of};
use super::super::resource::Resource;
use super::super::rnode::{self, Kind};
use super::super::setter::{Setter, Tag};

/// Which subjects of role bindings get the namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::kustomize) enum Subjects {
    /// Those named `default`.
    #[default]
    DefaultOnly,
    /// All of kind ServiceAccount.
    AllServiceAccounts,
    /// None.
    None,
}

impl Subjects {
    /// The mode of a name, with kustomize's message for one that does not exist.
    pub(in crate::kustomize) fn parse(text: &str) -> Result<Self> {
        match text {
            "" | "defaultOnly" => Ok(Self::DefaultOnly),
            "allServiceAccounts" => Ok(Self::AllServiceAccounts),
            "none" => Ok(Self::None),
            _ => Err(Failure::new(format!(
                "invalid value {text:?} for setRoleBindingSubjects: must be one of \"defaultOnly\", \"none\" or \
                 \"allServiceAccounts\""
            ))),
        }
    }
}

/// What a transformer configuration can ask for beside the namespace; the field of a kustomization asks for neither.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::kustomize) struct Settings {
    /// Whether only empty fields are set.
    pub(in crate::kustomize) unset_only: bool,
    /// Which subjects of role bindings are set.
    pub(in crate::kustomize) subjects: Subjects,
}

const NAMESPACE: &str = "metadata/namespace";
const NAME: &str = "metadata/name";
const SUBJECTS: &str = "subjects/namespace";

/// Puts resources into a namespace.
pub(in crate::kustomize) fn apply(
    resmap: &mut ResMap,
    namespace: &Text,
    settings: Settings,
    specs: &[FieldSpec],
    cx: &mut Context<'_>,
) {
    if namespace.value.is_empty() {
        return;
    }
    let filter = Filter { namespace: &namespace.value, settings };
    let list = resmap.all_mut();
    let mut ids = Ids::of(list);
    for index in 0..list.len() {
        let Some(resource) = list.get_mut(index).filter(|resource| !resource.gone) else { continue };
        // Its namespace is Helm's affair.
        if resource.memory.from_helm {
            continue;
        }
        resource.store_previous_id();
        let old_name = resource.id.name.clone();
        let result =
            super::change_one(resource, cx, namespace.place, Step::NamespaceSet, |resource, setter| {
                filter.run(resource, specs, setter)
            });
        cx.check(result.or_at(namespace.place));
        ids.rename(index, &old_name, &resource.id.name);
        // Resources that are not there yet when this one moves, and those already moved, must not be where it goes.
        cx.check(ids.check(index, list).or_at(namespace.place));
    }
}

/// Puts one resource into a namespace.
pub(in crate::kustomize) fn apply_to(
    resource: &mut Resource,
    namespace: &Text,
    settings: Settings,
    specs: &[FieldSpec],
    cx: &mut Context<'_>,
) -> Result<()> {
    let filter = Filter { namespace: &namespace.value, settings };
    super::change_one(resource, cx, namespace.place, Step::NamespaceSet, |resource, setter| {
        filter.run(resource, specs, setter)
    })
}

struct Filter<'a> {
    namespace: &'a SmolStr,
    settings: Settings,
}

impl Filter<'_> {
    fn run(&self, resource: &mut Resource, specs: &[FieldSpec], setter: &mut Setter<'_>) -> Result<()> {
        let mut id = resource.id.clone();
        if !id.cluster_scoped {
            let spec = FieldSpec { gvk: Gvk::default(), path: SmolStr::new_static(NAMESPACE), create: true };
            spec.apply(&mut resource.node, &id, Create::Scalar, setter, &mut |node, setter| {
                self.set(node, setter)
            })?;
            id.namespace =
                resource.node.at_path(&["metadata", "namespace"]).map(rnode::raw).unwrap_or_default();
        }
        if is_role_binding(&id.gvk.kind) {
            self.set_subjects(&mut resource.node, setter)?;
        }
        let is_core = id.gvk.group.is_empty() && id.gvk.version == "v1";
        let applies = |spec: &&FieldSpec| match spec.path.as_str() {
            NAMESPACE => false,
            NAME => is_core,
            SUBJECTS => !(is_role_binding(&id.gvk.kind) && is_role_binding(&spec.gvk.kind)),
            _ => true,
        };
        for spec in specs.iter().filter(applies) {
            let mut is_collection = false;
            let result = spec.apply(&mut resource.node, &id, Create::Scalar, setter, &mut |node, setter| {
                is_collection |= Kind::of(node) != Kind::Scalar;
                self.set(node, setter)
            });
            let failed = if is_collection {
                "namespace field specs must target scalar nodes"
            } else {
                "namespace transformation failed"
            };
            result.wrap(|| failed.to_owned())?;
        }
        Ok(())
    }

    fn set(&self, node: &mut Node, setter: &mut Setter<'_>) -> Result<()> {
        let is_scalar = Kind::of(node) == Kind::Scalar;
        if self.settings.unset_only && is_scalar && !rnode::value(node).is_empty() {
            return Ok(());
        }
        super::set_scalar(node, setter, self.namespace, Tag::Str)
    }

    fn set_subjects(&self, object: &mut Node, setter: &mut Setter<'_>) -> Result<()> {
        let (field, wanted) = match self.settings.subjects {
            Subjects::None => return Ok(()),
            Subjects::DefaultOnly => ("name", "default"),
            Subjects::AllServiceAccounts => ("kind", "ServiceAccount"),
        };
        let subjects = object.as_map_mut().and_then(|map| map.get_mut("subjects"));
        let Some(subjects) = subjects.filter(|subjects| !is_null(subjects)) else { return Ok(()) };
        let setting = "setting namespace on (cluster)role binding subjects";
        rnode::expect(subjects, Kind::Seq).wrap(|| setting.to_owned())?;
        for subject in subjects.as_seq_mut().into_iter().flatten() {
            let looked_up = match subject.get(field) {
                Some(value) => rnode::expect(value, Kind::Scalar).map(|()| rnode::value(value) == wanted),
                None => rnode::expect(subject, Kind::Map).map(|()| false),
            };
            let is_wanted = looked_up
                .wrap(|| format!("looking up {field} on (cluster)role binding subject"))
                .wrap(|| setting.to_owned())?;
            if is_wanted {
                self.set_subject(subject, setter).wrap(|| setting.to_owned())?;
            }
        }
        Ok(())
    }

    fn set_subject(&self, subject: &mut Node, setter: &mut Setter<'_>) -> Result<()> {
        let Some(map) = subject.as_map_mut() else { return Ok(()) };
        if map.get("namespace").is_none() {
            let entry =
                Entry { key: setter.key("namespace"), value: setter.empty(Data::Scalar(SmolStr::default())) };
            map.push(entry);
        }
        map.get_mut("namespace").map_or(Ok(()), |node| self.set(node, setter))
    }
}

fn is_null(node: &Node) -> bool {
    Kind::of(node) == Kind::Scalar && node.is_null()
}

fn is_role_binding(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}

/// Indexes of resources by their current names, while these change.
struct Ids(FxHashMap<SmolStr, Vec<usize>>);

impl Ids {
    fn of(list: &[Resource]) -> Self {
        let mut ids: FxHashMap<SmolStr, Vec<usize>> = FxHashMap::default();
        for (index, resource) in list.iter().enumerate() {
            ids.entry(resource.id.name.clone()).or_default().push(index);
        }
        Self(ids)
    }

    fn rename(&mut self, index: usize, old: &SmolStr, new: &SmolStr) {
        if old == new {
            return;
        }
        if let Some(known) = self.0.get_mut(old) {
            known.retain(|at| *at != index);
        }
        self.0.entry(new.clone()).or_default().push(index);
    }

    /// Refuses a resource that has the same id as another one.
    fn check(&self, index: usize, list: &[Resource]) -> Result<()> {
        let Some(resource) = list.get(index) else { return Ok(()) };
        let known = self.0.get(&resource.id.name).map(Vec::as_slice).unwrap_or_default();
        if known.len() < 2 {
            return Ok(());
        }
        let mut same: Vec<usize> = known.to_vec();
        same.sort_unstable();
        let same: Vec<&Resource> = same
            .into_iter()
            .filter_map(|at| list.get(at))
            .filter(|other| !other.gone && resource.id.same_as(&other.id))
            .collect();
        if same.len() < 2 {
            return Ok(());
        }
        let shown: Vec<String> = same.iter().map(|resource| shown(resource)).collect();
        let message = format!("namespace transformation produces ID conflict: [{}]", shown.join(" "));
        let failure = Failure::at(place_of(resource), message);
        let others = same.into_iter().filter(|other| !std::ptr::eq(*other, resource));
        Err(others.fold(failure, |failure, other| failure.related(place_of(other), "the same id is here")))
    }
}

/// A resource as kustomize prints it. Only who it is: the message would show everything, Secrets included.
fn shown(resource: &Resource) -> String {
    let mut node = resource.node.clone();
    if let Some(map) = node.as_map_mut() {
        map.retain(|entry| matches!(entry.key.text.as_str(), "apiVersion" | "kind" | "metadata"));
        if let Some(metadata) = map.get_mut("metadata").and_then(Node::as_map_mut) {
            metadata.retain(|entry| matches!(entry.key.text.as_str(), "name" | "namespace"));
        }
    }
    // What cannot be made canonical is shown as far as it could.
    let _ = node.canonicalize(crate::yaml::Dialect::V3);
    node.to_json(JsonStyle { escape_html: true, ..JsonStyle::default() })
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/namespace.yaml"));
    }
}
