//! Policies that apps render and no file has as they are: those of charts, and those that an overlay changes. They are known once all
//! apps are rendered.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::admission::{Decision, Policies, Share, Subject, Surroundings, is_policy, may_judge};
use crate::cel::Budget;
use crate::origin::Place;
use crate::schema::Scope;
use crate::yaml::{Map, Node, digest};

use super::policies::holds_variable;
use super::{AppId, Inventory, Object, ObjectFacts, Workspace};

/// What the clusters of a repository have of policies beside those of its files.
#[derive(Debug, Default)]
pub struct RenderedPolicies {
    groups: Vec<Group>,
    /// Apps that such policies may be about, and their group.
    of_app: BTreeMap<AppId, usize>,
    /// What of them is executed.
    share: Share,
}

/// All policies of a cluster, those of files among them.
#[derive(Debug)]
struct Group {
    policies: Policies,
    namespaces: FxHashMap<SmolStr, Option<Node>>,
    /// The policies that are rendered, by where their names are: the app that does, and whether variables are left in them.
    rendered: FxHashMap<Place, (AppId, bool)>,
}

/// Where a decision comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The app that renders the policy; none where a file of the tree has it.
    pub app: Option<AppId>,
    /// Whether it has variables that nothing here fills in.
    pub is_open: bool,
}

/// The content of a policy, which does not depend on what deploys it.
fn content(node: &Node) -> u64 {
    let entries = node.entries().iter().filter(|entry| entry.key.text != "metadata");
    digest(&Node::map(Map::from_entries(entries.cloned().collect()), node.place()))
}

/// Group, kind and name. Policies of two namespaces that are called alike are two, which are rare enough.
fn identity(node: &Node) -> Option<[SmolStr; 3]> {
    let text = |path: &[&str]| node.at_path(path).and_then(Node::as_str);
    let (group, _) = text(&["apiVersion"])?.split_once('/')?;
    Some([group, text(&["kind"])?, text(&["metadata", "name"])?].map(SmolStr::new))
}

fn place_of_name(node: &Node) -> Place {
    node.at_path(&["metadata", "name"]).map_or_else(|| node.place(), Node::place)
}

impl RenderedPolicies {
    /// Those of a repository; the same for all who ask.
    pub fn of(inventory: &Inventory, workspace: &Workspace) -> Self {
        let written = workspace.tree_policies().nodes(workspace);
        let mut known: BTreeMap<[SmolStr; 3], Vec<u64>> = BTreeMap::new();
        for node in &written {
            if let Some(id) = identity(node) {
                known.entry(id).or_default().push(content(node));
            }
        }
        let is_new = |facts: &&ObjectFacts| {
            let Some(node) = facts.node.as_deref().filter(|_| is_policy(&facts.group, &facts.kind)) else {
                return false;
            };
            // What judges nothing is of interest only where it takes the place of what does.
            match identity(node).and_then(|id| known.get(&id)) {
                Some(contents) => !contents.contains(&content(node)),
                None => may_judge(&facts.group, node),
            }
        };
        let new: Vec<&ObjectFacts> = inventory.objects.iter().filter(is_new).collect();
        if new.is_empty() {
            return Self::default();
        }
        let mut made = Self::default();
        let mut numbers: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for entry in &inventory.apps {
            let app = &entry.app;
            let is_loose = |id: AppId| inventory.app(id).is_none_or(|entry| entry.app.kind.is_loose());
            let meets = |facts: &&ObjectFacts| {
                facts.app == app.id
                    || !app.kind.is_loose() && !is_loose(facts.app) && inventory.may_meet(facts.app, app.id)
            };
            let here = (0..).zip(&new).filter(|(_, facts)| meets(facts)).map(|(number, _)| number);
            let here: Vec<usize> = here.collect();
            if here.is_empty() {
                continue;
            }
            let group = *numbers.entry(here.clone()).or_insert_with(|| {
                let chosen = here.iter().filter_map(|number| new.get(*number).copied()).collect();
                made.groups.push(Group::of(chosen, &written, inventory, app.id));
                made.groups.len() - 1
            });
            made.of_app.insert(app.id, group);
        }
        let nodes = new.iter().filter_map(|facts| facts.node.as_deref().cloned());
        made.share = Policies::of(nodes).share();
        made
    }

    /// How much of them is executed, and what is not.
    pub fn share(&self) -> &Share {
        &self.share
    }

    /// The apps that they may be about, in order.
    pub fn apps(&self) -> impl Iterator<Item = AppId> + use<'_> {
        self.of_app.keys().copied()
    }

    /// What all policies of the cluster of an app say about one of its objects, and where each comes from.
    pub fn decide(
        &self,
        app: AppId,
        object: &Object,
        workspace: &Workspace,
        pool: &Budget,
    ) -> Vec<(Decision, Source)> {
        let Some(group) = self.of_app.get(&app).and_then(|at| self.groups.get(*at)) else {
            return Vec::new();
        };
        let subject = Subject {
            node: &object.node,
            group: &object.group,
            version: &object.version,
            kind: &object.kind,
            namespace: &object.namespace,
            name: &object.name,
            namespaced: object.scope(workspace) != Some(Scope::Cluster),
            old: None,
            removed: false,
        };
        let world = World { group, tree: workspace.tree_policies().surroundings(workspace) };
        let from = |decision: &Decision| {
            let known = group.rendered.get(&decision.place);
            let is_open = || workspace.tree_policies().is_open(decision.place.at.file);
            Source {
                app: known.map(|(app, _)| *app),
                is_open: known.map_or_else(is_open, |(_, is_open)| *is_open),
            }
        };
        let decisions = group.policies.decide(&subject, &world, pool);
        decisions.into_iter().map(|it| (from(&it), it)).map(|(from, it)| (it, from)).collect()
    }
}

impl Group {
    /// The chosen ones with those of files that none of them replaces. `app` is one of those that they are about.
    fn of(chosen: Vec<&ObjectFacts>, written: &[Node], inventory: &Inventory, app: AppId) -> Self {
        let mut by_name: BTreeMap<[SmolStr; 3], Vec<(&Node, AppId)>> = BTreeMap::new();
        for facts in chosen {
            let Some(node) = facts.node.as_deref() else { continue };
            let Some(id) = identity(node) else { continue };
            let same = by_name.entry(id).or_default();
            // What two apps render alike is one.
            if !same.iter().any(|(known, _)| content(known) == content(node)) {
                same.push((node, facts.app));
            }
        }
        let kept = written.iter().filter(|node| !identity(node).is_some_and(|id| by_name.contains_key(&id)));
        let mut nodes: Vec<Node> = kept.cloned().collect();
        let mut rendered = FxHashMap::default();
        for same in by_name.values() {
            // Of two different ones, which one this cluster has is not known.
            let [(node, of)] = same.as_slice() else { continue };
            rendered.insert(place_of_name(node), (*of, holds_variable(node)));
            nodes.push((*node).clone());
        }
        let mut namespaces: FxHashMap<SmolStr, Option<Node>> = FxHashMap::default();
        let near =
            inventory.of_kind("Namespace").filter(|it| it.app == app || inventory.may_meet(it.app, app));
        for facts in near.filter(|it| it.group.is_empty()) {
            let Some(node) = facts.node.as_deref() else { continue };
            namespaces
                .entry(facts.name.clone())
                .and_modify(|known| {
                    if known.as_ref().is_some_and(|known| labels(known) != labels(node)) {
                        *known = None;
                    }
                })
                .or_insert_with(|| Some(node.clone()));
        }
        Self { policies: Policies::of(nodes), namespaces, rendered }
    }
}

fn labels(node: &Node) -> Option<u64> {
    node.at_path(&["metadata", "labels"]).map(digest)
}

/// What is around an object: the Namespaces of its cluster, then what files say.
struct World<'a> {
    group: &'a Group,
    tree: Option<&'a dyn Surroundings>,
}

impl Surroundings for World<'_> {
    fn namespace(&self, name: &str) -> Option<&Node> {
        match self.group.namespaces.get(name) {
            Some(known) => known.as_ref(),
            None => self.tree?.namespace(name),
        }
    }

    fn parameters(&self, kind: &str, namespace: &str, name: &str) -> Option<&Node> {
        self.tree?.parameters(kind, namespace, name)
    }

    fn selected(&self, kind: &str, namespace: &str, selector: &Node) -> Option<Vec<&Node>> {
        self.tree?.selected(kind, namespace, selector)
    }
}
