//! Names follow their owners: where a resource was renamed, fields that refer to it by an old name get the new one.
//!
//! Mirrors `api/filters/nameref` and `api/internal/accumulator/namereferencetransformer.go`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::k8s::Gvk;
use crate::origin::{Place, Step};
use crate::yaml::{Data, Entry, Node};

use super::config::{Create, FieldSpec, TransformerConfig};
use super::context::Context;
use super::failure::{Failure, Result, Wrap};
use super::resid::{NOT_A_NAMESPACE, ResId, is_selected};
use super::resmap::ResMap;
use super::resource::Resource;
use super::rnode;
use super::setter::{Setter, Tag};

/// What is known of a resource that others may refer to.
struct Candidate {
    id: ResId,
    /// Where its name is written.
    name: Place,
    namespace: Option<Place>,
    previous: Vec<ResId>,
    original_namespace: SmolStr,
    prefixes: Vec<SmolStr>,
    suffixes: Vec<SmolStr>,
}

impl Candidate {
    fn of(resource: &Resource) -> Self {
        let at = |key: &str| resource.node.at_path(&["metadata", key]).map(Node::place);
        Self {
            id: resource.id.clone(),
            name: at("name").unwrap_or_else(|| resource.node.place()),
            namespace: at("namespace"),
            previous: resource.previous_ids().collect(),
            original_namespace: resource.original_id().effective_namespace().into(),
            prefixes: resource.memory.prefixes.clone(),
            suffixes: resource.memory.suffixes.clone(),
        }
    }

    fn was(&self, gvk: &Gvk) -> bool {
        self.previous.iter().any(|id| is_selected(&id.gvk, gvk))
    }

    /// Whether two resources went through the same kustomizations, as far as their affixes tell.
    fn same_affixes(&self, other: &Self, allow_empty: bool) -> bool {
        let same = |a: &[SmolStr], b: &[SmolStr]| {
            (allow_empty && (a.is_empty() || b.is_empty())) || same_ending(a, b)
        };
        same(&self.prefixes, &other.prefixes) && same(&self.suffixes, &other.suffixes)
    }
}

/// Whether the shorter list is how the longer one ends.
fn same_ending(a: &[SmolStr], b: &[SmolStr]) -> bool {
    a.is_empty() == b.is_empty() && a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b)
}

/// All candidates, by the names that they had.
struct Candidates {
    list: Vec<Candidate>,
    by_previous_name: FxHashMap<SmolStr, Vec<usize>>,
}

/// Lets all names follow.
pub(super) fn apply(resources: &mut ResMap, config: &TransformerConfig, cx: &mut Context<'_>) {
    for resource in resources.iter() {
        cx.check(check_subjects(resource));
    }
    let list: Vec<Candidate> = resources.iter().map(Candidate::of).collect();
    let mut by_previous_name: FxHashMap<SmolStr, Vec<usize>> = FxHashMap::default();
    for (at, candidate) in list.iter().enumerate() {
        for id in &candidate.previous {
            let known = by_previous_name.entry(id.name.clone()).or_default();
            if known.last() != Some(&at) {
                known.push(at);
            }
        }
    }
    // Where nothing was renamed, fields that are not what they should be are found all the same.
    let candidates = Candidates { list, by_previous_name };
    for (at, resource) in resources.all_mut().iter_mut().enumerate() {
        if let Some(referrer) = candidates.list.get(at) {
            follow(resource, referrer, &candidates, config, cx);
        }
    }
}

fn follow(
    resource: &mut Resource,
    referrer: &Candidate,
    candidates: &Candidates,
    config: &TransformerConfig,
    cx: &mut Context<'_>,
) {
    let original = resource.original_id().gvk;
    let bound = bound_namespaces(resource);
    let role = role_of(&resource.node);
    let id = resource.id.clone();
    let mut failures = Vec::new();
    let place = resource.node.place();
    let mut setter = Setter::new(cx.origins, &mut resource.aliases, place, Step::NameReference);
    for references in &config.name_reference {
        let specs = references.referrers.iter().filter(|spec| is_selected(&original, &spec.gvk));
        for spec in specs {
            let filter = Filter {
                referrer,
                bound: &bound,
                role: role.as_ref().filter(|_| spec.path.ends_with("roleRef/name")),
                target: &references.gvk,
                candidates,
            };
            let field = FieldSpec { gvk: Gvk::default(), path: spec.path.clone(), create: false };
            let set = &mut |node: &mut Node, setter: &mut Setter<'_>| filter.set(node, setter);
            let result = field.apply(&mut resource.node, &id, Create::Nothing, &mut setter, set);
            let result =
                result.wrap(|| format!("updating name reference in '{}' field of '{id}'", spec.path));
            failures.extend(result.or_at(place).err());
        }
    }
    setter.settle_aliases(&mut resource.node);
    resource.refresh(&mut cx.schemas);
    for failure in failures {
        cx.fail(failure);
    }
}

/// The service accounts that a role binding names.
fn service_accounts(resource: &Resource) -> impl Iterator<Item = &Node> {
    let subjects: &[Node] = match resource.id.gvk.kind.as_str() {
        "RoleBinding" => resource.node.items(&["subjects"]),
        _ => &[],
    };
    subjects
        .iter()
        .filter(|subject| subject.get("kind").is_some_and(|kind| rnode::raw(kind) == "ServiceAccount"))
}

/// Refuses service accounts whose namespace is no text.
fn check_subjects(resource: &Resource) -> Result<()> {
    for namespace in service_accounts(resource).filter_map(|account| account.get("namespace")) {
        if rnode::tag(namespace) != rnode::Tag::Str {
            let id = crate::yaml::go_quote(&resource.id.to_string());
            let message = format!("Invalid Input: namespace is blank for resource {id}");
            return Err(Failure::at(namespace.place(), message));
        }
    }
    Ok(())
}

/// The namespaces of the service accounts that a role binding names.
fn bound_namespaces(resource: &Resource) -> Vec<SmolStr> {
    service_accounts(resource).filter_map(|account| account.get("namespace").map(rnode::raw)).collect()
}

/// What a role reference refers to.
fn role_of(node: &Node) -> Option<Gvk> {
    let role = node.get("roleRef").filter(|role| !rnode::is_nil_or_empty(role))?;
    let field = |key: &str| role.get(key).filter(|field| !rnode::is_nil_or_empty(field)).map(rnode::raw);
    Some(Gvk::new(field("apiGroup")?, "", field("kind")?))
}

struct Filter<'a> {
    referrer: &'a Candidate,
    bound: &'a [SmolStr],
    role: Option<&'a Gvk>,
    target: &'a Gvk,
    candidates: &'a Candidates,
}

impl<'a> Filter<'a> {
    fn set(&self, node: &mut Node, setter: &mut Setter<'_>) -> Result<()> {
        if node.scalar().is_some() {
            return if node.is_null() { Ok(()) } else { self.set_scalar(node, setter) };
        }
        match &mut node.data {
            Data::Seq(items) => items.iter_mut().try_for_each(|item| match item.data {
                Data::Map(_) => self.set_map(item, setter),
                Data::Scalar(_) if item.is_null() => Ok(()),
                Data::Scalar(_) => self.set_scalar(item, setter),
                Data::Seq(_) => Err(Failure::at(
                    item.place(),
                    "node is expected to be either a string or a map of string",
                )),
            }),
            Data::Map(_) => self.set_map(node, setter),
            Data::Scalar(_) => Ok(()),
        }
    }

    fn set_scalar(&self, node: &mut Node, setter: &mut Setter<'_>) -> Result<()> {
        let old = rnode::raw(node);
        let same = |a: &Candidate, b: &Candidate| a.id.name == b.id.name;
        let Some(referral) = self.select(&old, |_| true, same)? else { return Ok(()) };
        if referral.id.name != old {
            // The line that refers is what one would edit to refer to something else.
            setter.cause(node.place());
            setter.mix(node, referral.id.name.clone(), Tag::Open, referral.name);
        }
        Ok(())
    }

    fn set_map(&self, node: &mut Node, setter: &mut Setter<'_>) -> Result<()> {
        let Some(name) = node.get("name") else {
            return Err(Failure::at(node.place(), "path config error; no 'name' field in node"));
        };
        let old = rnode::raw(name);
        let namespace = node.get("namespace").map(rnode::raw);
        let originally = |candidate: &Candidate, namespace: &SmolStr| {
            candidate.original_namespace == *namespace && namespace != NOT_A_NAMESPACE
        };
        let any = namespace
            .as_ref()
            .is_some_and(|namespace| self.reachable().any(|candidate| originally(candidate, namespace)));
        let in_namespace = |candidate: &Candidate| match &namespace {
            None => true,
            Some(namespace) if any => originally(candidate, namespace),
            Some(namespace) => {
                !candidate.id.cluster_scoped && candidate.id.effective_namespace() == namespace.as_str()
            }
        };
        let same = |a: &Candidate, b: &Candidate| a.id.name == b.id.name && a.id.namespace == b.id.namespace;
        let Some(referral) = self.select(&old, in_namespace, same)? else { return Ok(()) };
        let new = &referral.id;
        if new.name == old && new.namespace.is_empty() {
            return Ok(());
        }
        let Some(map) = node.as_map_mut() else { return Ok(()) };
        if let Some(name) = map.get_mut("name").filter(|_| new.name != old) {
            setter.cause(name.place());
            setter.mix(name, new.name.clone(), Tag::Open, referral.name);
        }
        if new.namespace.is_empty() {
            return Ok(());
        }
        let from = referral.namespace.unwrap_or(referral.name);
        match map.get_mut("namespace") {
            Some(field) if rnode::raw(field) == new.namespace => {}
            Some(field) => {
                setter.cause(field.place());
                setter.copy(field, new.namespace.clone(), Tag::Open, from);
            }
            None => {
                setter.cause(from);
                let key = setter.key("namespace");
                let value = setter.scalar(new.namespace.clone(), Tag::Str);
                map.push(Entry { key, value });
            }
        }
        Ok(())
    }

    /// Whether the referrer could refer to something, going by namespaces alone.
    fn reaches(&self, candidate: &Candidate) -> bool {
        let (referrer, id) = (&self.referrer.id, &candidate.id);
        referrer.cluster_scoped
            || id.cluster_scoped
            || id.same_namespace(referrer)
            || self.bound.contains(&id.namespace)
    }

    fn reachable(&self) -> impl Iterator<Item = &'a Candidate> + '_ {
        self.candidates.list.iter().filter(|candidate| self.reaches(candidate))
    }

    /// The one that a name refers to; `None` when no renamed resource is meant.
    fn select(
        &self,
        name: &SmolStr,
        accept: impl Fn(&Candidate) -> bool,
        same: impl Fn(&Candidate, &Candidate) -> bool,
    ) -> Result<Option<&'a Candidate>> {
        let Some(named) = self.candidates.by_previous_name.get(name) else { return Ok(None) };
        let named = named.iter().filter_map(|at| self.candidates.list.get(*at));
        let mut found: Vec<&'a Candidate> = named
            .filter(|candidate| self.reaches(candidate) && accept(candidate))
            .filter(|candidate| candidate.was(self.target))
            .filter(|candidate| self.role.is_none_or(|role| candidate.was(role)))
            .filter(|candidate| self.is_near(candidate))
            .collect();
        if let [only] = found.as_slice() {
            return Ok(Some(only));
        }
        found.retain(|candidate| candidate.same_affixes(self.referrer, true));
        if found.len() > 1 {
            found.retain(|candidate| candidate.same_affixes(self.referrer, false));
        }
        match found.as_slice() {
            [] => Ok(None),
            [first, rest @ ..] if rest.iter().all(|other| same(first, other)) => Ok(Some(first)),
            [first, ..] => {
                let ids: Vec<String> = found.iter().map(|candidate| candidate.id.to_string()).collect();
                let message = format!("found multiple possible referrals: {}", ids.join(", "));
                let failure = Failure::at(self.referrer.name, message);
                Err(failure.related(first.name, "one of them is this"))
            }
        }
    }

    /// Whether a candidate is in the referrer's namespace, or need not be.
    fn is_near(&self, candidate: &Candidate) -> bool {
        let (referrer, id) = (&self.referrer.id, &candidate.id);
        referrer.cluster_scoped
            || id.cluster_scoped
            || id.gvk.kind == "ServiceAccount"
            || referrer.same_namespace(id)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        let table = include_str!("../../fixtures/kustomize/names.yaml");
        crate::kustomize::filters::testing::check(table);
    }
}
