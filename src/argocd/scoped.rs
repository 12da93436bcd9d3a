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
    /// Reads a Secret; one that belongs to no project is `None`.
    pub fn new(secret: &Node) -> Option<Self> {
        Self::read(secret, &|key| text(secret, key))
    }

    /// Reads the template that another object makes a Secret of, where the values under `data` stand as they are.
    pub fn of_template(template: &Node) -> Option<Self> {
        let plain = |key: &str| template.at_path(&["data", key]).and_then(Node::as_str).map(SmolStr::new);
        Self::read(template, &plain)
    }

    fn read(secret: &Node, text: &dyn Fn(&str) -> Option<SmolStr>) -> Option<Self> {
        let label = secret.at_path(&["metadata", "labels", super::SECRET_TYPE]).and_then(Node::as_str)?;
        let project = text("project").filter(|project| !project.is_empty())?;
        let what = match label {
            "repository" => What::Source(text("url")?),
            "cluster" => What::Cluster {
                server: text("server").unwrap_or_default(),
                name: text("name").unwrap_or_default(),
                namespaces: text("namespaces")
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

/// A value of a Secret, as it stands or decoded.
pub fn text(secret: &Node, key: &str) -> Option<SmolStr> {
    if let Some(plain) = secret.at_path(&["stringData", key]).and_then(Node::as_str) {
        return Some(SmolStr::new(plain));
    }
    let encoded = secret.at_path(&["data", key]).and_then(Node::as_str)?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    Some(SmolStr::new(String::from_utf8_lossy(&decoded)))
}
