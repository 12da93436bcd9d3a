//! `.gitops-lint.yaml`: everything is optional, every value has a place, so that a mistake gets a caret.
//! This module knows the shape of the file. What a rule does with its options is the rule's business.

mod decode;
mod engines;
mod extend;
mod generators;
mod load;
mod options;
mod release;

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use smol_str::SmolStr;

use crate::finding::{Confidence, Severity};
use crate::origin::{Place, Placed};
use crate::yaml::Node;

use decode::{Decoder, FAIL_ON};
pub use generators::GeneratorFixture;
use generators::generator;
pub use load::{load, read};
use release::release;

pub use engines::Engines;
pub use options::{KnownRule, OptionKind, RuleOption};
pub use release::ReleaseConfig;

/// The name of the file at the root of a repository.
pub const FILE_NAME: &str = ".gitops-lint.yaml";

/// The names that are looked for, in this order.
pub const FILE_NAMES: [&str; 2] = [FILE_NAME, ".gitops-lint.yml"];

/// The JSON Schema of the file, without the names of rules, which are not known here.
pub const SCHEMA: &str = include_str!("schema.json");

/// Text with its place.
pub type Text = Placed<SmolStr>;

/// What a rule is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Does not run.
    Off,
    /// Runs with its own severity, whatever the preset says.
    On,
    /// Runs with this severity.
    At(Severity),
}

impl Level {
    /// The words of `rules:` and `--rule NAME=LEVEL`.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("off", Self::Off),
        ("on", Self::On),
        ("note", Self::At(Severity::Note)),
        ("warning", Self::At(Severity::Warning)),
        ("error", Self::At(Severity::Error)),
    ];
}

/// An entry of `rules:`.
#[derive(Debug, Clone)]
pub struct RuleConfig {
    /// `severity`, or the word alone.
    pub level: Option<Level>,
    /// `confidence`: how sure a finding must be to be shown.
    pub confidence: Option<Confidence>,
    /// `locked`: comments in files cannot suppress it.
    pub locked: bool,
    /// The remaining keys: the rule's own options.
    pub options: Vec<(Text, Node)>,
    /// The rule's name as written.
    pub place: Place,
}

/// An entry of `paths:`: other levels for some files.
#[derive(Debug)]
pub struct PathConfig {
    /// Which files.
    pub matches: GlobSet,
    /// Rule levels there.
    pub rules: BTreeMap<SmolStr, RuleConfig>,
    /// Why.
    pub reason: Option<SmolStr>,
}

/// An entry of `clusters:`.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// `name`, as in Argo CD's cluster secret.
    pub name: Text,
    /// `server`, the API URL.
    pub server: Option<Text>,
    /// `project` of a project-scoped cluster.
    pub project: Option<Text>,
    /// `labels` of the cluster secret.
    pub labels: BTreeMap<SmolStr, Text>,
    /// `annotations` of the cluster secret.
    pub annotations: BTreeMap<SmolStr, Text>,
    /// `provider`: `eks`, `aks`, `gke`, ...
    pub provider: Option<Text>,
    /// `kubernetes`, the version of the cluster.
    pub kubernetes: Option<Text>,
    /// `paths`: root files or directories that are applied to this cluster.
    pub paths: Vec<Text>,
    /// `nodePools`.
    pub node_pools: Vec<NodePool>,
}

/// An entry of `nodePools:`.
#[derive(Debug, Clone)]
pub struct NodePool {
    /// `name`.
    pub name: Text,
    /// `taints`, as kubectl writes them: `key=value:Effect`.
    pub taints: Vec<Text>,
    /// `labels`.
    pub labels: BTreeMap<SmolStr, Text>,
}

/// An entry of `external:`: something that exists although no file here makes it.
#[derive(Debug, Clone)]
pub struct External {
    /// `group`; absent means any.
    pub group: Option<Text>,
    /// `kind`, or `*`.
    pub kind: Text,
    /// `namespace` pattern; absent means any.
    pub namespace: Option<Text>,
    /// `name` pattern.
    pub name: Text,
    /// `keys` of a Secret or ConfigMap; absent means any.
    pub keys: Option<Vec<Text>>,
}

/// `images:`.
#[derive(Debug, Clone, Default)]
pub struct Images {
    /// `private`: registries or repositories that need a pull secret, added to the built-in list.
    pub private: Vec<Text>,
    /// `public`: exceptions from that list.
    pub public: Vec<Text>,
    /// `allowedRegistries`.
    pub allowed_registries: Vec<Text>,
    /// `tags`: which tags an environment may use.
    pub tags: Vec<TagPolicy>,
}

/// An entry of `images.tags:`.
#[derive(Debug, Clone)]
pub struct TagPolicy {
    /// `apps`: patterns of app names; absent means all.
    pub apps: Vec<Text>,
    /// `images`: patterns of image repositories; absent means all.
    pub images: Vec<Text>,
    /// `allow`: patterns of tags; at least one must match.
    pub allow: Vec<Text>,
    /// `deny`: patterns of tags that must not match.
    pub deny: Vec<Text>,
    /// The whole entry.
    pub place: Place,
}

/// The configuration. The default is what an absent file means.
#[derive(Debug, Default)]
pub struct Config {
    /// `kubernetes`: the version that schemas and Capabilities take.
    pub kubernetes: Option<Text>,
    /// `engines`: what is followed where the repository does not show what it installs.
    pub engines: Engines,
    /// `preset`.
    pub strict: Option<bool>,
    /// `confidence`: how sure a finding must be to be shown.
    pub confidence: Option<Confidence>,
    /// `rules`.
    pub rules: BTreeMap<SmolStr, RuleConfig>,
    /// `paths`.
    pub paths: Vec<PathConfig>,
    /// `exclude`: paths that are not looked at when apps are discovered.
    pub exclude: GlobSet,
    /// `clusters`.
    pub clusters: Vec<Cluster>,
    /// `repository`: URLs that mean this repository.
    pub aliases: Vec<Text>,
    /// `repos`: URL and path of other checkouts, relative to the configuration file.
    pub repos: Vec<(Text, Text)>,
    /// `charts.paths`: where vendored remote charts live.
    pub chart_paths: Vec<Text>,
    /// `releases`.
    pub releases: Vec<ReleaseConfig>,
    /// `external`.
    pub external: Vec<External>,
    /// `images`.
    pub images: Images,
    /// `generators`.
    pub generators: Vec<GeneratorFixture>,
    /// `schemas`: directories and file name patterns of schemas of custom resources, relative to the root.
    pub schemas: Vec<Text>,
    /// `placeholders`: patterns of `${...}` placeholders that another tool fills in.
    pub placeholders: Vec<Text>,
    /// `baseline`: the file with the findings that are known, relative to the root.
    pub baseline: Option<Text>,
    /// `fail-on`: the least severity that fails a run; the inner `None` is `never`.
    pub fail_on: Option<Option<Severity>>,
    /// `format`: how findings are shown where the command line does not say.
    pub format: Option<Text>,
    /// `select`: the only rules that run; a subject stands for its rules.
    pub select: Vec<Text>,
}

const KEYS: &[&str] = &[
    "kubernetes",
    "engines",
    "preset",
    "confidence",
    "rules",
    "paths",
    "exclude",
    "clusters",
    "repository",
    "repos",
    "charts",
    "releases",
    "external",
    "images",
    "generators",
    "schemas",
    "placeholders",
    "baseline",
    "fail-on",
    "format",
    "select",
    "extends",
];

impl Config {
    /// Decodes the (canonical) root of a configuration file. `known` are the rules that exist.
    fn decode(decoder: &mut Decoder, root: &Node, known: &[KnownRule]) -> Self {
        let mut config = Self::default();
        decoder.mapping(root, "the configuration", KEYS, |cx, key, value| match key {
            "engines" => config.engines = engines::read(cx, value),
            "kubernetes" => config.kubernetes = cx.version(value, "`kubernetes`"),
            "preset" => {
                config.strict = cx.choice(value, "`preset`", &[("recommended", false), ("strict", true)]);
            }
            "confidence" => config.confidence = cx.choice(value, "`confidence`", &Confidence::WORDS),
            "rules" => config.rules = rules(cx, value, known),
            "paths" => {
                let items = cx.items(value, "`paths`");
                config.paths = items.iter().map(|item| path_config(cx, item, known)).collect();
            }
            "exclude" => {
                let patterns = cx.texts(value, "`exclude`");
                config.exclude = globs(cx, value, &patterns);
            }
            "clusters" => {
                let items = cx.items(value, "`clusters`");
                config.clusters = items.iter().filter_map(|item| cluster(cx, item)).collect();
            }
            "repository" => cx.mapping(value, "`repository`", &["aliases"], |cx, _, value| {
                config.aliases = cx.texts(value, "`repository.aliases`");
            }),
            "repos" => {
                if let Some(map) = value.as_map() {
                    for entry in map {
                        let url = Placed::new(entry.key.text.clone(), entry.key.place());
                        config
                            .repos
                            .extend(cx.text(&entry.value, "a path in `repos`").map(|path| (url, path)));
                    }
                } else if !value.is_null() {
                    cx.wrong(value, "`repos` must map URLs to paths");
                }
            }
            "charts" => cx.mapping(value, "`charts`", &["paths"], |cx, _, value| {
                config.chart_paths = cx.texts(value, "`charts.paths`");
            }),
            "external" => {
                let items = cx.items(value, "`external`");
                config.external = items.iter().filter_map(|item| external(cx, item)).collect();
            }
            "releases" => {
                let items = cx.items(value, "`releases`");
                config.releases = items.iter().filter_map(|item| release(cx, item)).collect();
            }
            "images" => config.images = images(cx, value),
            "generators" => {
                let items = cx.items(value, "`generators`");
                config.generators = items.iter().filter_map(|item| generator(cx, item)).collect();
            }
            "baseline" => config.baseline = cx.text(value, "`baseline`"),
            "fail-on" => config.fail_on = cx.choice(value, "`fail-on`", &FAIL_ON),
            "format" => config.format = cx.text(value, "`format`"),
            "select" => config.select = cx.texts(value, "`select`"),
            "extends" => {}
            "schemas" => config.schemas = cx.texts(value, "`schemas`"),
            _ => config.placeholders = cx.texts(value, "`placeholders`"),
        });
        config
    }
}

fn rules(cx: &mut Decoder, node: &Node, known: &[KnownRule]) -> BTreeMap<SmolStr, RuleConfig> {
    let mut rules = BTreeMap::new();
    let names: Vec<&str> = known.iter().map(|rule| rule.name.as_str()).collect();
    cx.mapping(node, "`rules`", &names, |_, _, _| {});
    for entry in node.entries() {
        let Some(it) = known.iter().find(|rule| rule.name == *entry.key.text) else { continue };
        let mut rule = RuleConfig {
            level: None,
            confidence: None,
            locked: false,
            options: Vec::new(),
            place: entry.key.place(),
        };
        if let Some(map) = entry.value.as_map() {
            for option in map {
                match option.key.text.as_str() {
                    "severity" => rule.level = cx.choice(&option.value, "`severity`", &Level::WORDS),
                    "confidence" => {
                        rule.confidence = cx.choice(&option.value, "`confidence`", &Confidence::WORDS);
                    }
                    "locked" => rule.locked = cx.flag(&option.value, "`locked`").unwrap_or(false),
                    _ => {
                        let name: Text = Placed::new(option.key.text.clone(), option.key.place());
                        if options::check(cx, it, &name, &option.value) {
                            rule.options.push((name, option.value.clone()));
                        }
                    }
                }
            }
        } else {
            rule.level = cx.choice(&entry.value, &format!("`{}`", entry.key.text), &Level::WORDS);
        }
        rules.insert(entry.key.text.clone(), rule);
    }
    rules
}

fn path_config(cx: &mut Decoder, node: &Node, known: &[KnownRule]) -> PathConfig {
    let mut path = PathConfig { matches: GlobSet::empty(), rules: BTreeMap::new(), reason: None };
    cx.mapping(node, "an entry of `paths`", &["match", "rules", "reason"], |cx, key, value| match key {
        "match" => {
            let patterns = cx.texts(value, "`match`");
            path.matches = globs(cx, value, &patterns);
        }
        "rules" => path.rules = rules(cx, value, known),
        _ => path.reason = cx.text(value, "`reason`").map(|text| text.value),
    });
    path
}

/// Patterns as `.gitignore` users expect: `*` stays within a directory, a directory stands for what is below.
fn globs(cx: &mut Decoder, node: &Node, patterns: &[Text]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let text = pattern.value.trim_start_matches("./").trim_end_matches('/');
        for text in [text.to_owned(), format!("{text}/**")] {
            match GlobBuilder::new(&text).literal_separator(true).build() {
                Ok(glob) => {
                    set.add(glob);
                }
                Err(error) => {
                    cx.wrong(node, format!("`{}` is not a pattern: {}", pattern.value, error.kind()));
                    break;
                }
            }
        }
    }
    set.build().unwrap_or_default()
}

fn labels(cx: &mut Decoder, node: &Node, what: &str) -> BTreeMap<SmolStr, Text> {
    if node.as_map().is_none() {
        cx.wrong(node, format!("{what} must be a mapping"));
    }
    let entries = node.entries().iter();
    entries.filter_map(|entry| Some((entry.key.text.clone(), cx.text(&entry.value, what)?))).collect()
}

fn cluster(cx: &mut Decoder, node: &Node) -> Option<Cluster> {
    const KEYS: &[&str] = &[
        "name",
        "server",
        "project",
        "labels",
        "annotations",
        "provider",
        "kubernetes",
        "paths",
        "nodePools",
    ];
    let mut name = None;
    let mut cluster = Cluster {
        name: Placed::new(SmolStr::default(), node.place()),
        server: None,
        project: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        provider: None,
        kubernetes: None,
        paths: Vec::new(),
        node_pools: Vec::new(),
    };
    cx.mapping(node, "an entry of `clusters`", KEYS, |cx, key, value| match key {
        "name" => name = cx.text(value, "`name`"),
        "server" => cluster.server = cx.text(value, "`server`"),
        "project" => cluster.project = cx.text(value, "`project`"),
        "labels" => cluster.labels = labels(cx, value, "`labels`"),
        "annotations" => cluster.annotations = labels(cx, value, "`annotations`"),
        "provider" => cluster.provider = cx.text(value, "`provider`"),
        "kubernetes" => cluster.kubernetes = cx.version(value, "`kubernetes`"),
        "paths" => cluster.paths = cx.texts(value, "`paths`"),
        _ => {
            let items = cx.items(value, "`nodePools`");
            cluster.node_pools = items.iter().filter_map(|item| node_pool(cx, item)).collect();
        }
    });
    required(cx, node, name, "a cluster", "name").map(|name| Cluster { name, ..cluster })
}

fn node_pool(cx: &mut Decoder, node: &Node) -> Option<NodePool> {
    let mut name = None;
    let mut taints = Vec::new();
    let mut pool_labels = BTreeMap::new();
    cx.mapping(node, "an entry of `nodePools`", &["name", "taints", "labels"], |cx, key, value| match key {
        "name" => name = cx.text(value, "`name`"),
        "taints" => taints = cx.texts(value, "`taints`"),
        _ => pool_labels = labels(cx, value, "`labels`"),
    });
    required(cx, node, name, "a node pool", "name").map(|name| NodePool { name, taints, labels: pool_labels })
}

fn external(cx: &mut Decoder, node: &Node) -> Option<External> {
    let (mut group, mut kind, mut namespace, mut name, mut keys) = (None, None, None, None, None);
    let known = &["group", "kind", "namespace", "name", "keys"];
    cx.mapping(node, "an entry of `external`", known, |cx, key, value| match key {
        "group" => group = cx.text(value, "`group`"),
        "kind" => kind = cx.text(value, "`kind`"),
        "namespace" => namespace = cx.text(value, "`namespace`"),
        "name" => name = cx.text(value, "`name`"),
        _ => keys = Some(cx.texts(value, "`keys`")),
    });
    let kind = required(cx, node, kind, "an entry of `external`", "kind");
    let name = required(cx, node, name, "an entry of `external`", "name");
    Some(External { group, kind: kind?, namespace, name: name?, keys })
}

fn images(cx: &mut Decoder, node: &Node) -> Images {
    let mut images = Images::default();
    let known = &["private", "public", "allowedRegistries", "tags"];
    cx.mapping(node, "`images`", known, |cx, key, value| match key {
        "private" => images.private = cx.texts(value, "`images.private`"),
        "public" => images.public = cx.texts(value, "`images.public`"),
        "allowedRegistries" => images.allowed_registries = cx.texts(value, "`images.allowedRegistries`"),
        _ => {
            let items = cx.items(value, "`images.tags`");
            images.tags = items.iter().map(|item| tag_policy(cx, item)).collect();
        }
    });
    images
}

fn tag_policy(cx: &mut Decoder, node: &Node) -> TagPolicy {
    let mut policy =
        TagPolicy { apps: vec![], images: vec![], allow: vec![], deny: vec![], place: node.place() };
    let known = &["apps", "images", "allow", "deny"];
    cx.mapping(node, "an entry of `images.tags`", known, |cx, key, value| match key {
        "apps" => policy.apps = cx.texts(value, "`apps`"),
        "images" => policy.images = cx.texts(value, "`images`"),
        "allow" => policy.allow = cx.texts(value, "`allow`"),
        _ => policy.deny = cx.texts(value, "`deny`"),
    });
    policy
}

fn required(cx: &mut Decoder, node: &Node, value: Option<Text>, what: &str, key: &str) -> Option<Text> {
    if value.is_none() {
        cx.wrong(node, format!("{what} needs `{key}`"));
    }
    value
}
