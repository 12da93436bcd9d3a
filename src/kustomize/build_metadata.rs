//! Where resources come from, as `buildMetadata` writes it into annotations.
//!
//! Mirrors `api/resource/origin.go`.

use super::repospec::RepoSpec;
use super::resource::Resource;

/// The origin of a resource or of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BuildOrigin {
    path: String,
    repo: String,
    revision: String,
    configured_in: String,
    /// API version, kind, name and namespace of the configuration.
    configured_by: Option<[String; 4]>,
}

impl BuildOrigin {
    /// This origin with a path behind it.
    pub(super) fn append(&self, path: &str) -> Self {
        let mut this = self.clone();
        match RepoSpec::parse(path) {
            Some(spec) => {
                this.repo = spec.url;
                this.revision = spec.revision;
                this.path = clean(&spec.path);
            }
            None => this.path = clean(&format!("{}/{path}", this.path)),
        }
        this
    }

    /// The origin of what a field of the kustomization file does.
    pub(super) fn built_in(&self, file_name: &str, kind: &str) -> Self {
        Self {
            path: String::new(),
            configured_in: clean(&format!("{}/{file_name}", self.path)),
            configured_by: Some(["builtin".to_owned(), kind.to_owned(), String::new(), String::new()]),
            ..self.clone()
        }
    }

    /// The origin of what a configuration does that is a resource itself.
    pub(super) fn of_config(config: &Resource) -> Option<Self> {
        let text = config.memory.origin.as_deref()?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().to_owned()
        };
        let id = &config.id;
        Some(Self {
            path: String::new(),
            repo: field("repo"),
            revision: field("ref"),
            configured_in: field("path"),
            configured_by: Some([
                id.gvk.api_version().to_string(),
                id.gvk.kind.to_string(),
                id.name.to_string(),
                id.namespace.to_string(),
            ]),
        })
    }

    /// The annotation's text.
    pub(super) fn to_yaml(&self) -> String {
        let top = [
            ("path", &self.path),
            ("repo", &self.repo),
            ("ref", &self.revision),
            ("configuredIn", &self.configured_in),
        ];
        let mut text = lines("", &top);
        if let Some([api_version, kind, name, namespace]) = &self.configured_by {
            let by = [("apiVersion", api_version), ("kind", kind), ("name", name), ("namespace", namespace)];
            text.push_str("configuredBy:\n");
            text.push_str(&lines("  ", &by));
        }
        text
    }

    /// The text as an element of the transformations annotation.
    pub(super) fn to_list_item(&self) -> String {
        let mut item = String::new();
        for (index, line) in self.to_yaml().lines().enumerate() {
            item.push_str(if index == 0 { "- " } else { "  " });
            item.push_str(line);
            item.push('\n');
        }
        item
    }
}

/// Lines of keys and values, without those that have none.
fn lines(indent: &str, entries: &[(&str, &String)]) -> String {
    let present = entries.iter().filter(|(_, value)| !value.is_empty());
    present.flat_map(|(name, value)| [indent, name, ": ", value, "\n"]).collect()
}

/// A path without `.` and `..` where that is possible.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
