//! Which tool renders a source.
//!
//! Mirrors `GetAppSourceType` of `reposerver/repository/repository.go` and `util/app/discovery/discovery.go`. Config
//! management plugins discover by running commands, which cannot be known offline.

use crate::source::{Dir, EntryKind};
use crate::yaml::Node;

use super::Settings;

/// The tool that renders a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `helm template`.
    Helm,
    /// `kustomize build`.
    Kustomize,
    /// Plain manifests.
    Directory,
    /// A config management plugin.
    Plugin,
}

impl Tool {
    /// The word of `<tool>.enable` in `argocd-cm`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Helm => "helm",
            Self::Kustomize => "kustomize",
            Self::Directory => "directory",
            Self::Plugin => "plugin",
        }
    }
}

/// The blocks of a source that name a tool: the field, Argo CD's word for it, the tool.
const BLOCKS: [(&str, &str, Tool); 4] = [
    ("kustomize", "Kustomize", Tool::Kustomize),
    ("helm", "Helm", Tool::Helm),
    ("directory", "Directory", Tool::Directory),
    ("plugin", "Plugin", Tool::Plugin),
];

fn named(source: &Node) -> impl Iterator<Item = &'static (&'static str, &'static str, Tool)> + '_ {
    BLOCKS.iter().filter(|(key, ..)| source.get(key).is_some_and(|block| !block.is_null()))
}

/// Whether a source names the tool that it is for.
pub fn names_tool(source: &Node) -> bool {
    named(source).next().is_some()
}

/// The tool for a source block over a directory; `Err` holds Argo CD's words when the block names several.
pub fn detect(source: &Node, dir: &Dir, settings: &Settings) -> Result<Tool, String> {
    let named: Vec<_> = named(source).collect();
    Ok(match named.as_slice() {
        [] => discover(dir, settings),
        // A block of a tool that is disabled makes it plain manifests, whatever the directory holds.
        [(.., tool)] if !settings.enables(tool.as_str()) => Tool::Directory,
        [(.., tool)] => *tool,
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name, _)| *name).collect();
            return Err(format!("multiple application sources defined: {}", names.join(",")));
        }
    })
}

/// By the files of the directory: of several matches, the last in byte order wins. Disabled tools find nothing.
pub(super) fn discover(dir: &Dir, settings: &Settings) -> Tool {
    let entries = dir.tree.list(&dir.path).unwrap_or_default();
    let files = entries.iter().filter(|entry| entry.kind == EntryKind::File && !entry.ignored);
    files
        .filter_map(|entry| match entry.name.as_str() {
            "kustomization.yaml" | "kustomization.yml" | "Kustomization" => Some(Tool::Kustomize),
            // Argo CD compares the end of the name only.
            name if name.ends_with("Chart.yaml") => Some(Tool::Helm),
            _ => None,
        })
        .rfind(|tool| settings.enables(tool.as_str()))
        .unwrap_or(Tool::Directory)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::origin::Place;
    use crate::source::{MemoryTree, Sources, TreePath};
    use crate::yaml::parse;

    #[test]
    fn disabled_tools_find_nothing() {
        let settings = Settings { disabled_tools: vec!["kustomize".into()], ..Settings::default() };
        for (block, want) in
            [("{}", Tool::Helm), ("{kustomize: {}}", Tool::Directory), ("{helm: {}}", Tool::Helm)]
        {
            let sources = Sources::new();
            let tree = MemoryTree::of(&sources, [("Chart.yaml", ""), ("kustomization.yaml", "")]);
            let dir = Dir::new(Arc::new(tree), TreePath::root());
            let node = parse(&sources.add("source", block.into())).documents.remove(0).root.unwrap();
            assert_eq!(detect(&node, &dir, &settings), Ok(want), "{block}");
        }
    }

    #[test]
    fn detects_like_argo() {
        for (block, files, want) in [
            ("{}", "Chart.yaml", Ok(Tool::Helm)),
            ("{}", "Chart.yaml kustomization.yaml", Ok(Tool::Kustomize)),
            ("{}", "Chart.yaml Kustomization", Ok(Tool::Kustomize)),
            ("{}", "a.yaml", Ok(Tool::Directory)),
            ("{}", "myChart.yaml", Ok(Tool::Helm)),
            ("{helm: {}}", "kustomization.yaml", Ok(Tool::Helm)),
            ("{directory: {recurse: true}}", "Chart.yaml", Ok(Tool::Directory)),
            ("{helm: {}, kustomize: {}}", "", Err("multiple application sources defined: Kustomize,Helm")),
        ] {
            let sources = Sources::new();
            let tree = MemoryTree::of(&sources, files.split(' ').map(|name| (name, "")));
            let dir = Dir::new(Arc::new(tree), TreePath::root());
            let file = sources.add("source", block.into());
            let node = parse(&file)
                .documents
                .remove(0)
                .root
                .unwrap_or_else(|| Node::plain("null", Place::written(file.span())));
            let tool = detect(&node, &dir, &Settings::default());
            assert_eq!(
                tool.as_ref().map_err(String::as_str),
                want.as_ref().map_err(|words| *words),
                "{block} {files}"
            );
        }
    }
}
