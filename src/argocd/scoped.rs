//! Repositories and clusters that belong to a project: their Secrets name it, and it permits them by that.
//!
//! Mirrors `GetAppProjectByName` of `util/argo/argo.go`, which adds them to `sourceRepos` and `destinations`.

use base64::Engine;
use smol_str::SmolStr;

use crate::origin::{Place, Placed};
use crate::yaml::Node;

use super::application::Text;
use super::project::{Project, ProjectDestination};

/// What the Secret of a repository or a cluster says about the project that it belongs to.
#[derive(Debug, Clone, Hash, PartialEq, Eq)]
pub struct Scoped {
    /// `project`.
    project: SmolStr,
    /// What it adds to the project.
    what: What,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq)]
enum What {
    /// The `url` of a repository.
    Source(SmolStr),
    /// `server`, `name` and `namespaces` of a cluster; no namespaces are all.
    Cluster { server: SmolStr, name: SmolStr, namespaces: Vec<SmolStr> },
}

impl Scoped {
    /// Reads a Secret, or the template of one: what belongs to no project is `None`.
    pub fn new(secret: &Node) -> Option<Self> {
        let label = secret.at_path(&["metadata", "labels", super::SECRET_TYPE]).and_then(Node::as_str)?;
        let project = text(secret, "project").filter(|project| !project.is_empty())?;
        let what = match label {
            "repository" => What::Source(text(secret, "url")?),
            "cluster" => What::Cluster {
                server: text(secret, "server").unwrap_or_default(),
                name: text(secret, "name").unwrap_or_default(),
                namespaces: text(secret, "namespaces")
                    .iter()
                    .flat_map(|list| list.split(','))
                    .map(|name| SmolStr::new(name.trim()))
                    .filter(|name| !name.is_empty())
                    .collect(),
            },
            _ => return None,
        };
        Some(Self { project, what })
    }

    /// Adds what it permits to the project it names.
    pub fn add_to(&self, project: &mut Project) {
        if self.project != project.name {
            return;
        }
        let at = project.place;
        let put = |text: &SmolStr| -> Option<Text> {
            Some(Placed::new(text.clone(), at)).filter(|text| !text.value.is_empty())
        };
        match &self.what {
            // What a vault or a generator fills in later may be any.
            What::Source(url) if url.contains("{{") => project.source_repos.extend(put(&"*".into())),
            What::Source(url) => project.source_repos.extend(put(url)),
            What::Cluster { server, name, namespaces } => {
                let any = [SmolStr::new("*")];
                let namespaces = if namespaces.is_empty() { &any[..] } else { namespaces };
                let entry = |namespace: &SmolStr, place: Place| ProjectDestination {
                    server: put(server),
                    name: put(name),
                    namespace: put(namespace),
                    place,
                };
                project.destinations.extend(namespaces.iter().map(|namespace| entry(namespace, at)));
            }
        }
    }
}

/// A value of a Secret, as it stands or decoded. A template of an ExternalSecret has its values under `data` as they stand.
pub fn text(secret: &Node, key: &str) -> Option<SmolStr> {
    if let Some(plain) = secret.at_path(&["stringData", key]).and_then(Node::as_str) {
        return Some(SmolStr::new(plain));
    }
    let written = secret.at_path(&["data", key]).and_then(Node::as_str)?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(written.trim()).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    // Only a Secret has a kind; its template has none.
    if secret.get("kind").is_none() {
        return Some(SmolStr::new(written));
    }
    decoded.map(SmolStr::from)
}
