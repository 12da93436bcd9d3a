//! `unmatched-ignore-differences`: see the page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::golang::Glob;
use crate::origin::Place;
use crate::repo::{AppId, Inventory, Labels, ObjectFacts, Spec, Status};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::source::Span;
use crate::yaml::Node;

meta!(
    "unmatched-ignore-differences",
    "argocd",
    Warning,
    Recommended,
    "0.1.0",
    "An entry of `ignoreDifferences` matches no object of the app."
);

pub(crate) struct UnmatchedIgnoreDifferences;

/// One entry as written, over all apps that come from it.
struct Uses<'a> {
    entry: &'a Node,
    apps: Vec<AppId>,
    matched: bool,
    known: bool,
}

impl Rule for UnmatchedIgnoreDifferences {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let mut objects: BTreeMap<AppId, Vec<&ObjectFacts>> = BTreeMap::new();
        for object in &inventory.objects {
            objects.entry(object.app).or_default().push(object);
        }
        // What an ApplicationSet writes once is for all its apps: it is enough that one has such an object.
        let mut uses: BTreeMap<Span, Uses<'_>> = BTreeMap::new();
        for entry in &inventory.apps {
            let Spec::Argo(application) = &entry.app.spec else { continue };
            let known = entry.status == Status::Rendered && entry.objects > 0 && !entry.app.provisional;
            let own = objects.get(&entry.app.id).map(Vec::as_slice).unwrap_or_default();
            for written in application.node.items(&["spec", "ignoreDifferences"]) {
                let place = place_of(written).at;
                let all = uses.entry(place).or_insert(Uses {
                    entry: written,
                    apps: Vec::new(),
                    matched: false,
                    known,
                });
                all.apps.push(entry.app.id);
                all.known &= known;
                let matches = |it: Selector<'_>| own.iter().any(|object| it.matches(object));
                all.matched = all.matched || Selector::of(written).is_none_or(matches);
            }
        }
        for all in uses.values().filter(|all| all.known && !all.matched) {
            let Some(first) = all.apps.first().and_then(|app| inventory.app(*app)) else { continue };
            let Some(selector) = Selector::of(all.entry) else { continue };
            let own = all.apps.iter().filter_map(|app| objects.get(app)).flatten();
            let message = format!("the app has no {}: nothing is ignored", selector.words());
            let help = selector.near(own).unwrap_or_else(|| "correct the entry, or remove it".to_owned());
            let labels = Labels::of(place_of(all.entry), &first.app.origins, cx.workspace);
            cx.report_labels(labels, message).apps(all.apps.iter().copied()).help(help);
        }
    }
}

/// The line that names the kind.
fn place_of(entry: &Node) -> Place {
    entry.get("kind").unwrap_or(entry).place()
}

/// What an entry selects, as `util/argo/normalizers/diff_normalizer.go` reads it: group and kind are globs.
struct Selector<'a> {
    group: &'a str,
    kind: &'a str,
    name: &'a str,
    namespace: &'a str,
    group_glob: Glob,
    kind_glob: Glob,
}

impl<'a> Selector<'a> {
    /// `None` for an entry with parameters, or without a kind: that is another mistake.
    fn of(entry: &'a Node) -> Option<Self> {
        let text = |key: &str| entry.get(key).and_then(Node::as_str).unwrap_or_default();
        let (group, kind) = (text("group"), text("kind"));
        if kind.is_empty()
            || [group, kind, text("name"), text("namespace")].iter().any(|it| it.contains("{{"))
        {
            return None;
        }
        Some(Self {
            group,
            kind,
            name: text("name"),
            namespace: text("namespace"),
            group_glob: Glob::new(group, &[])?,
            kind_glob: Glob::new(kind, &[])?,
        })
    }

    fn matches(&self, object: &ObjectFacts) -> bool {
        self.is_of_kind(object)
            && (self.name.is_empty() || self.name == object.name || object.name.is_empty())
            && (self.namespace.is_empty()
                || self.namespace == object.namespace
                || object.namespace.is_empty())
    }

    fn is_of_kind(&self, object: &ObjectFacts) -> bool {
        self.group_glob.matches(&object.group) && self.kind_glob.matches(&object.kind)
    }

    fn words(&self) -> String {
        let mut words = if self.group.is_empty() {
            format!("`{}` of the core group", self.kind)
        } else {
            format!("`{}` of the group `{}`", self.kind, self.group)
        };
        if !self.name.is_empty() {
            let _ = write!(words, " called `{}`", self.name);
        }
        if !self.namespace.is_empty() {
            let _ = write!(words, " in the namespace `{}`", self.namespace);
        }
        words
    }

    /// What was probably meant.
    fn near<'o>(&self, objects: impl Iterator<Item = &'o &'o ObjectFacts>) -> Option<String> {
        let mut named = None;
        for object in objects {
            if object.kind == self.kind && object.group != self.group {
                return Some(match object.group.as_str() {
                    "" => format!("{} is in the core group: remove `group`", self.kind),
                    group => format!("write `group: {group}`"),
                });
            }
            if self.is_of_kind(object) && named.is_none() {
                named = Some(if object.name == self.name {
                    format!("it is in the namespace `{}`", object.namespace)
                } else {
                    format!("the app has `{}`", object.name)
                });
            }
        }
        named
    }
}
