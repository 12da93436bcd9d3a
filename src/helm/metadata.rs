//! `Chart.yaml`: decoded as leniently as Helm does, checked as strictly.
//!
//! Mirrors `pkg/chart/v2/{metadata,dependency}.go` and what `sigs.k8s.io/yaml` makes of such structs: keys match in
//! any case, numbers and booleans become strings where strings are wanted, unknown keys do not matter.

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::golang::semver;
use crate::origin::{Place, Placed};
use crate::yaml::{Data, Entry, Key, Map, Node, go_quote};

use super::decode::{Decoder, field, nothing, string};

/// Text with its place.
type Text = Placed<SmolStr>;

/// `Chart.yaml`.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// Everything that has no field below: Go's field name and the decoded value, as `.Chart` has them.
    other: Vec<(&'static str, Node)>,
    /// `name`; empty when absent, then at the start of the file.
    pub name: Text,
    /// `version`; likewise.
    pub version: Text,
    /// `apiVersion`; `v1` when absent.
    pub api_version: Text,
    /// `type`.
    pub chart_type: Text,
    /// `kubeVersion`.
    pub kube_version: Text,
    /// `deprecated`.
    pub deprecated: bool,
    /// `dependencies`; `None` where there is no such key (which is not the same as an empty list: see
    /// `processDependencyEnabled`).
    pub dependencies: Option<Vec<Dependency>>,
}

/// One entry of `dependencies`.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// `name`.
    pub name: Text,
    /// `version`: a range.
    pub version: Text,
    /// `repository`.
    pub repository: Text,
    /// `condition`: paths in values, separated by commas.
    pub condition: Text,
    /// `tags`.
    pub tags: Vec<Text>,
    /// `enabled`. What is written decides nothing; Helm sets it while it looks which dependencies take part.
    pub enabled: bool,
    /// `import-values`, canonical.
    pub import_values: Vec<Node>,
    /// `alias`.
    pub alias: Text,
    /// The whole entry.
    pub place: Place,
    /// Written as `-` with nothing behind it, which Helm refuses.
    pub(super) is_null: bool,
}

/// Strings of `Metadata` by their key in the file and their name in Go.
const STRINGS: &[(&str, &str)] = &[
    ("home", "Home"),
    ("description", "Description"),
    ("icon", "Icon"),
    ("condition", "Condition"),
    ("tags", "Tags"),
    ("appVersion", "AppVersion"),
];

/// Lists of strings, likewise.
const LISTS: &[(&str, &str)] = &[("sources", "Sources"), ("keywords", "Keywords")];

impl Metadata {
    /// An empty `Chart.yaml` at a place.
    pub(super) fn empty(place: Place) -> Self {
        let text = || Placed::new(SmolStr::default(), place);
        Self {
            other: Vec::new(),
            name: text(),
            version: text(),
            api_version: text(),
            chart_type: text(),
            kube_version: text(),
            deprecated: false,
            dependencies: None,
        }
    }

    /// Puts the fields of a canonical document over those that are there: `Chart.yaml` itself, then
    /// `requirements.yaml`. `file` is the name for messages.
    pub(super) fn read(&mut self, node: &Node, file: &str, problems: &mut Vec<Problem>) {
        let prefix = format!("cannot load {file}: ");
        let mut decoder = Decoder { problems, prefix: &prefix, owner: "Metadata" };
        if node.is_null() {
            return;
        }
        if node.as_map().is_none() {
            decoder.mismatch(node, "Go value of type loader.chartBase");
            return;
        }
        for (key, field) in [
            ("name", &mut self.name),
            ("version", &mut self.version),
            ("apiVersion", &mut self.api_version),
            ("type", &mut self.chart_type),
            ("kubeVersion", &mut self.kube_version),
        ] {
            if let Some(text) = decoder.text(node, key) {
                *field = text;
            }
        }
        for (key, name) in STRINGS {
            if let Some(text) = decoder.text(node, key) {
                self.set(name, string(&text));
            }
        }
        for (key, name) in LISTS {
            if let Some((list, at)) = decoder.list(node, key, "string") {
                let items: Vec<Node> = list
                    .iter()
                    .map(|item| string(&decoder.string(item, key).unwrap_or_else(|| nothing(item.place()))))
                    .collect();
                self.set(name, Node::seq(items, at));
            }
        }
        if let Some((list, at)) = decoder.list(node, "maintainers", "*v2.Maintainer") {
            decoder.owner = "Maintainer.maintainers";
            let people: Vec<Node> = list.iter().map(|item| maintainer(&mut decoder, item)).collect();
            decoder.owner = "Metadata";
            self.set("Maintainers", Node::seq(people, at));
        }
        if let Some(annotations) = field(node, "annotations") {
            if annotations.as_map().is_some() {
                let entries = annotations.entries().iter().map(|entry| Entry {
                    key: entry.key.clone(),
                    value: string(
                        &decoder
                            .string(&entry.value, "annotations")
                            .unwrap_or_else(|| nothing(entry.value.place())),
                    ),
                });
                let map = Map::from_entries(entries.collect());
                self.set("Annotations", Node::map(map, annotations.place()));
            } else {
                decoder
                    .mismatch(annotations, "Go struct field Metadata.annotations of type map[string]string");
            }
        }
        if let Some(deprecated) = decoder.flag(node, "deprecated") {
            self.deprecated = deprecated;
        }
        if let Some((list, _)) = decoder.list(node, "dependencies", "*v2.Dependency") {
            decoder.owner = "Dependency.dependencies";
            self.dependencies = Some(list.iter().map(|item| Dependency::new(item, &mut decoder)).collect());
        }
    }

    fn set(&mut self, name: &'static str, value: Node) {
        match self.other.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.other.push((name, value)),
        }
    }

    /// What Helm refuses (`Metadata.Validate`), in its words and order: it stops at the first.
    pub(super) fn validate(&self) -> Option<Problem> {
        let refuse = |place: Place, words: String| {
            Some(Problem::at(ProblemKind::Render, place, format!("validation: {words}")))
        };
        let name = self.name.value.as_str();
        if name.is_empty() {
            return refuse(self.name.place, "chart.metadata.name is required".into());
        }
        if matches!(name, "." | "..") {
            return refuse(self.name.place, format!("chart.metadata.name {} is not allowed", go_quote(name)));
        }
        if name.contains('/') {
            return refuse(self.name.place, format!("chart.metadata.name {} is invalid", go_quote(name)));
        }
        let version = self.version.value.as_str();
        if version.is_empty() {
            return refuse(self.version.place, "chart.metadata.version is required".into());
        }
        if semver::Version::parse(version).is_err() {
            return refuse(
                self.version.place,
                format!("chart.metadata.version {} is invalid", go_quote(version)),
            );
        }
        if !matches!(self.chart_type.value.as_str(), "" | "application" | "library") {
            let words = "chart.metadata.type must be application or library";
            return refuse(self.chart_type.place, words.into());
        }
        let maintainers = self.other.iter().find(|(name, _)| *name == "Maintainers");
        let people = maintainers.map(|(_, node)| node.seq_or_empty()).unwrap_or_default();
        if let Some(nobody) = people.iter().find(|person| person.is_null()) {
            return refuse(nobody.place(), "maintainers must not contain empty or null nodes".into());
        }
        let mut seen: Vec<&str> = Vec::new();
        for dependency in self.dependencies() {
            if dependency.is_null {
                let words = "dependencies must not contain empty or null nodes";
                return refuse(dependency.place, words.into());
            }
            let alias = dependency.alias.value.as_str();
            if !alias.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
                let name = go_quote(&dependency.name.value);
                return refuse(
                    dependency.alias.place,
                    format!("dependency {name} has disallowed characters in the alias"),
                );
            }
            let key = dependency.key().as_str();
            if seen.contains(&key) {
                let words = format!("more than one dependency with name or alias {}", go_quote(key));
                return refuse(dependency.place, words);
            }
            seen.push(key);
        }
        None
    }

    /// The dependencies, or none.
    pub fn dependencies(&self) -> &[Dependency] {
        self.dependencies.as_deref().unwrap_or_default()
    }

    /// `type: library`: nothing but helpers.
    pub fn is_library(&self) -> bool {
        self.chart_type.value.eq_ignore_ascii_case("library")
    }

    /// What templates see as `.Chart`: Go's field names, in Go's order, for a chart that goes by `name` (its alias)
    /// and of whose dependencies `dependencies` are left. Where Go has a nil map this has an empty one.
    pub fn as_map(&self, name: &str, dependencies: &[Dependency], is_root: bool) -> Node {
        let place = self.name.place;
        let entry = |key: &'static str, value: Node| Entry {
            key: Key::new(SmolStr::new_static(key), value.place()),
            value,
        };
        let text = |text: &Text| string(text);
        let other = |name: &str, absent: Data| {
            let known = self.other.iter().find(|(known, _)| *known == name).map(|(_, node)| node.clone());
            known.unwrap_or_else(|| match absent {
                Data::Scalar(_) => Node::string("", place),
                data => Node::new(data, place),
            })
        };
        let no_text = || Data::Scalar(SmolStr::default());
        let list = |name| other(name, Data::Seq(Vec::new()));
        let deps = dependencies.iter().map(Dependency::as_map).collect();
        Node::map(
            Map::from_entries(vec![
                entry("Name", Node::string(name, self.name.place)),
                entry("Home", other("Home", no_text())),
                entry("Sources", list("Sources")),
                entry("Version", text(&self.version)),
                entry("Description", other("Description", no_text())),
                entry("Keywords", list("Keywords")),
                entry("Maintainers", list("Maintainers")),
                entry("Icon", other("Icon", no_text())),
                entry("APIVersion", text(&self.api_version)),
                entry("Condition", other("Condition", no_text())),
                entry("Tags", other("Tags", no_text())),
                entry("AppVersion", other("AppVersion", no_text())),
                entry("Deprecated", Node::bool(self.deprecated, place)),
                entry("Annotations", other("Annotations", Data::Map(Map::new()))),
                entry("KubeVersion", text(&self.kube_version)),
                entry("Dependencies", Node::seq(deps, place)),
                entry("Type", text(&self.chart_type)),
                entry("IsRoot", Node::bool(is_root, place)),
            ]),
            place,
        )
    }
}

/// One of `maintainers`, by Go's field names; null stays null for [`Metadata::validate`].
fn maintainer(decoder: &mut Decoder<'_>, item: &Node) -> Node {
    if item.is_null() {
        return item.clone();
    }
    let entry = |(key, name): (&'static str, &'static str)| {
        let text = decoder.text(item, key).unwrap_or_else(|| nothing(item.place()));
        Entry { key: Key::new(SmolStr::new_static(name), text.place), value: string(&text) }
    };
    let entries = [("name", "Name"), ("email", "Email"), ("url", "URL")].map(entry);
    Node::map(Map::from_entries(entries.into()), item.place())
}

impl Dependency {
    fn new(node: &Node, decoder: &mut Decoder<'_>) -> Self {
        if node.as_map().is_none() && !node.is_null() {
            decoder.mismatch(node, "Go struct field Metadata.dependencies of type v2.Dependency");
        }
        let place = node.place();
        let mut text = |key| decoder.text(node, key).unwrap_or_else(|| nothing(place));
        let (name, version, repository) = (text("name"), text("version"), text("repository"));
        let (condition, alias) = (text("condition"), text("alias"));
        let tags = decoder.list(node, "tags", "string").map(|(list, _)| list.to_vec()).unwrap_or_default();
        let tags = tags.iter().filter_map(|tag| decoder.string(tag, "tags")).collect();
        Self {
            name,
            version,
            repository,
            condition,
            tags,
            enabled: decoder.flag(node, "enabled").unwrap_or(false),
            import_values: decoder
                .list(node, "import-values", "interface {}")
                .map(|(list, _)| list.to_vec())
                .unwrap_or_default(),
            alias,
            place,
            is_null: node.is_null(),
        }
    }

    /// The name under which the chart takes part: its alias or its own.
    pub fn key(&self) -> &SmolStr {
        if self.alias.value.is_empty() { &self.name.value } else { &self.alias.value }
    }

    fn as_map(&self) -> Node {
        let entry = |key: &'static str, value: Node| Entry {
            key: Key::new(SmolStr::new_static(key), value.place()),
            value,
        };
        Node::map(
            Map::from_entries(vec![
                entry("Name", string(&self.name)),
                entry("Version", string(&self.version)),
                entry("Repository", string(&self.repository)),
                entry("Condition", string(&self.condition)),
                entry("Tags", Node::seq(self.tags.iter().map(string).collect(), self.place)),
                entry("Enabled", Node::bool(self.enabled, self.place)),
                entry("ImportValues", Node::seq(self.import_values.clone(), self.place)),
                entry("Alias", string(&self.alias)),
            ]),
            self.place,
        )
    }
}
