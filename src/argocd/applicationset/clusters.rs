//! The clusters generator: cluster Secrets of the repository and `clusters:` of the configuration.
//!
//! Mirrors `applicationset/generators/cluster.go`.

use smol_str::SmolStr;

use crate::argocd::{IN_CLUSTER, SECRET_TYPE, scoped};
use crate::origin::Place;
use crate::yaml::{Entry, Key, Map, Node};

use super::generator::Generators;
use super::params::sanitize_name;
use super::{Params, selector};

/// A cluster that Argo CD knows.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: SmolStr,
    pub(super) server: SmolStr,
    pub(super) project: SmolStr,
    pub(super) labels: Vec<(SmolStr, SmolStr, Place)>,
    pub(super) annotations: Vec<(SmolStr, SmolStr, Place)>,
    pub(super) place: Place,
    /// A Secret or the configuration declares it.
    pub(super) declared: bool,
}

impl Generators<'_, '_> {
    pub(super) fn clusters(&mut self, generator: &Node) -> Vec<Params> {
        if let Some(cluster) = self.assumed.clone() {
            return vec![self.cluster_params(generator, &cluster)];
        }
        let chosen = generator.get("selector").filter(|selector| !selector.is_null());
        if let Some((place, message)) =
            chosen.and_then(|it| selector::problem(it, selector::Reader::Kubernetes))
        {
            self.problem(place, message);
            return Vec::new();
        }
        let known = self.known_clusters();
        let listed = !known.is_empty();
        if !listed {
            self.unlisted(generator, chosen);
        }
        let mut sets = Vec::new();
        for cluster in &known {
            let label = |key: &str| {
                if key == SECRET_TYPE {
                    return Some("cluster".to_owned());
                }
                cluster.labels.iter().find(|(name, ..)| name == key).map(|(_, value, _)| value.to_string())
            };
            if selector::matches(chosen, label) {
                sets.push(self.cluster_params(generator, cluster));
            }
        }
        if selector::is_empty(chosen) && !known.iter().any(|cluster| cluster.server == IN_CLUSTER) {
            // The cluster that Argo CD runs in has no Secret unless somebody made one.
            let local = Known {
                name: "in-cluster".into(),
                server: IN_CLUSTER.into(),
                project: SmolStr::default(),
                labels: Vec::new(),
                annotations: Vec::new(),
                place: generator.place(),
                declared: false,
            };
            sets.push(self.cluster_params(generator, &local));
        }
        // Secrets of the repository are seldom all clusters there are.
        if listed && sets.is_empty() && self.environment.config.clusters.is_empty() {
            self.unlisted(generator, chosen);
        }
        if generator.get("flatList").and_then(Node::as_bool) == Some(true) {
            let place = generator.place();
            let items = sets.into_iter().map(|params| Node::map(params.map().clone(), place)).collect();
            let mut flat = Params::default();
            flat.put("clusters", Node::seq(items, place), place);
            return vec![flat];
        }
        sets
    }

    /// Says that no cluster is known.
    fn unlisted(&mut self, generator: &Node, chosen: Option<&Node>) {
        let reason = format!("the clusters that `{}` generates for are not known", self.set.name);
        let labels: Vec<String> =
            selector::keys(chosen).filter(|key| *key != SECRET_TYPE).map(|key| format!("`{key}`")).collect();
        let with = match labels.as_slice() {
            [] => String::new(),
            [label] => format!(", with the label {label} that it selects by"),
            labels => format!(", with the labels {} that it selects by", labels.join(", ")),
        };
        let help = format!("list them under `clusters:` in .gitops-lint.yaml{with}");
        self.unlisted.insert(reason.clone());
        self.unavailable(generator.place(), reason, help);
    }

    fn known_clusters(&self) -> Vec<Known> {
        let mut known = Vec::new();
        for cluster in &self.environment.config.clusters {
            let pairs = |labels: &std::collections::BTreeMap<SmolStr, crate::config::Text>| {
                labels.iter().map(|(key, text)| (key.clone(), text.value.clone(), text.place)).collect()
            };
            known.push(Known {
                name: cluster.name.value.clone(),
                server: cluster
                    .server
                    .as_ref()
                    .map_or_else(|| IN_CLUSTER.into(), |server| server.value.clone()),
                project: cluster.project.as_ref().map(|project| project.value.clone()).unwrap_or_default(),
                labels: pairs(&cluster.labels),
                annotations: pairs(&cluster.annotations),
                place: cluster.name.place,
                declared: true,
            });
        }
        for secret in self.environment.cluster_secrets {
            let cluster = cluster_of_secret(secret);
            if !known.iter().any(|other: &Known| other.name == cluster.name) {
                known.push(cluster);
            }
        }
        known.sort_by(|a, b| a.name.cmp(&b.name));
        known
    }

    fn cluster_params(&mut self, generator: &Node, cluster: &Known) -> Params {
        let mut params = Params::default();
        let place = cluster.place;
        params.set("name", cluster.name.clone(), place);
        params.set("nameNormalized", sanitize_name(&cluster.name), place);
        params.set("server", cluster.server.clone(), place);
        params.set("project", cluster.project.clone(), place);
        if self.is_go() {
            let mut metadata = Map::new();
            for (kind, pairs) in [("annotations", &cluster.annotations), ("labels", &cluster.labels)] {
                if pairs.is_empty() {
                    continue;
                }
                let entry = |(key, value, place): &(SmolStr, SmolStr, Place)| Entry {
                    key: Key::new(key.clone(), *place),
                    value: Node::string(value.clone(), *place),
                };
                let map = Map::from_entries(pairs.iter().map(entry).collect());
                metadata.insert(Key::new(kind, place), Node::map(map, place));
            }
            // The cluster that Argo CD runs in has none of it without a Secret.
            if cluster.declared {
                params.put("metadata", Node::map(metadata, place), place);
            }
        } else {
            for (kind, pairs) in [("annotations", &cluster.annotations), ("labels", &cluster.labels)] {
                for (key, value, place) in pairs {
                    params.set(&format!("metadata.{kind}.{key}"), value.clone(), *place);
                }
            }
        }
        self.add_values(generator, &mut params);
        params
    }
}

/// Whether a Secret declares a cluster.
pub fn is_cluster_secret(secret: &Node) -> bool {
    secret.at_path(&["metadata", "labels", SECRET_TYPE]).and_then(Node::as_str) == Some("cluster")
}

/// The Secret of a cluster that a template of a Secret makes, in short; `None` where it makes another one. Where the
/// template does not say the name of the cluster, it is that of the object.
pub fn cluster_secret_of(template: &Node, object: &str) -> Option<Node> {
    let metadata = template.get("metadata").filter(|_| is_cluster_secret(template))?;
    // Labels and annotations that something else writes are not known here, so neither is what the cluster is.
    let writes =
        |from: &Node| matches!(from.get("target").and_then(Node::as_str), Some("Labels" | "Annotations"));
    if template.items(&["templateFrom"]).iter().any(writes) {
        return None;
    }
    let place = metadata.place();
    let plain = |key: &str| {
        let text = template.at_path(&["data", key]).filter(|node| node.as_str().is_some());
        text.filter(|node| !node.as_str().unwrap_or_default().contains("{{")).cloned()
    };
    let name = plain("name").unwrap_or_else(|| Node::string(object, place));
    // Where it is reached matters less than that it is another one.
    let server = plain("server").unwrap_or_else(|| name.clone());
    let mut data = Map::new();
    data.insert(Key::new("name", place), name.clone());
    data.insert(Key::new("server", place), server);
    let mut metadata = metadata.as_map()?.clone();
    metadata.insert(Key::new("name", place), Node::string(object, place));
    let mut secret = Map::new();
    secret.insert(Key::new("metadata", place), Node::map(metadata, place));
    secret.insert(Key::new("stringData", place), Node::map(data, place));
    Some(Node::map(secret, place))
}

fn cluster_of_secret(secret: &Node) -> Known {
    let text = |key: &str| scoped::text(secret, key).unwrap_or_default();
    let pairs = |key: &str| {
        let entries = secret.at_path(&["metadata", key]).map(Node::entries).unwrap_or_default();
        let pair = |entry: &Entry| {
            Some((entry.key.text.clone(), SmolStr::new(entry.value.as_str()?), entry.value.place()))
        };
        entries.iter().filter_map(pair).collect::<Vec<_>>()
    };
    let name = text("name");
    let server = text("server");
    Known {
        name: if name.is_empty() { server.clone() } else { name },
        server,
        project: text("project"),
        labels: pairs("labels"),
        annotations: pairs("annotations"),
        place: secret.at_path(&["metadata", "name"]).map_or_else(|| secret.place(), Node::place),
        declared: true,
    }
}
