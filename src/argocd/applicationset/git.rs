//! The git generator: one parameter set per directory or file.
//!
//! Mirrors `applicationset/generators/git.go`.

use crate::finding::{Incomplete, Missing, Problem, ProblemKind};
use crate::golang::Glob;
use crate::golang::path_match::PathPattern;
use crate::origin::Place;
use crate::source::{Dir, Found, Span, TreePath};
use crate::yaml::{Data, Dialect, Entry, Key, Map, Node};

use super::Params;
use super::generator::Generators;
use super::params::sanitize_name;

impl Generators<'_, '_> {
    pub(super) fn git(&mut self, generator: &Node) -> Vec<Params> {
        let text = |key: &str| generator.get(key).and_then(Node::as_str).unwrap_or_default();
        let (url, revision) = (text("repoURL"), text("revision"));
        let place = generator.get("repoURL").map_or_else(|| generator.place(), Node::place);
        let root = match self.environment.remotes.git(url, revision) {
            Found::Here(dir) => dir,
            Found::Instead(dir, note) => {
                self.output.incomplete.push(Incomplete::new(Missing::StandIn, note));
                dir
            }
            Found::Missing { reason, help } => {
                self.unavailable(place, reason, help);
                return Vec::new();
            }
        };
        let prefix = text("pathParamPrefix").to_owned();
        let directories = generator.items(&["directories"]);
        let files = generator.items(&["files"]);
        if !directories.is_empty() {
            self.directories(generator, directories, &root, &prefix)
        } else if !files.is_empty() {
            self.files(generator, files, &root, &prefix)
        } else {
            self.problem(generator.place(), "the git generator has neither `directories` nor `files`");
            Vec::new()
        }
    }

    fn directories(&mut self, generator: &Node, items: &[Node], root: &Dir, prefix: &str) -> Vec<Params> {
        let mut sets = Vec::new();
        // A pattern that is malformed matches nothing: Argo CD logs an error and goes on.
        let patterns: Vec<(&Node, PathPattern)> =
            items.iter().filter_map(|item| Some((item, PathPattern::new(pattern(item)).ok()?))).collect();
        let dirs = visible_dirs(root);
        for dir in &dirs {
            let hit = |exclude: bool| {
                let mut patterns = patterns.iter().filter(|(item, _)| is_excluding(item) == exclude);
                patterns.find(|(_, pattern)| pattern.matches(dir.as_str())).map(|(item, _)| *item)
            };
            let (Some(item), None) = (hit(false), hit(true)) else { continue };
            let place = item.get("path").map_or_else(|| item.place(), Node::place);
            let mut params = Params::default();
            self.path_params(&mut params, dir.as_str(), None, prefix, place);
            self.add_values(generator, &mut params);
            sets.push(params);
        }
        let found = |pattern: &str| {
            PathPattern::new(pattern).is_ok_and(|it| dirs.iter().any(|dir| it.matches(dir.as_str())))
        };
        self.tell_empty(items, sets.is_empty(), "directory", found);
        sets
    }

    /// Tells of patterns, as they are written, that find nothing: those without a wildcard one by one, the others where
    /// the whole generator finds nothing.
    fn tell_empty(&mut self, items: &[Node], empty: bool, what: &str, found: impl Fn(&str) -> bool) {
        for item in items.iter().filter(|item| !is_excluding(item)) {
            let Some(path) = item.get("path").filter(|path| path.origin.is_written()) else { continue };
            let pattern = pattern(item);
            let told = empty || !pattern.contains(['*', '?', '[']);
            if !told || pattern.contains("{{") || found(pattern) {
                continue;
            }
            let message = format!("`{pattern}` matches no {what}: nothing is generated from it");
            let mut problem = Problem::at(ProblemKind::EmptyGenerator, path.place(), message);
            problem.help = (what == "directory").then(|| mended(pattern, &found)).flatten();
            // A matrix runs its second generator once for each set of the first.
            if self.is_new(&problem) {
                self.output.problems.push(problem);
            }
        }
    }

    fn files(&mut self, generator: &Node, items: &[Node], root: &Dir, prefix: &str) -> Vec<Params> {
        let mut sets = Vec::new();
        let mut specs = Vec::new();
        for item in items {
            match Pathspec::new(pattern(item)) {
                Some(spec) => specs.push((is_excluding(item), spec)),
                None => {
                    let message = format!("`{}` is outside of the repository", pattern(item));
                    self.problem(item.place(), message);
                    return sets;
                }
            }
        }
        let mut files = root.tree.files();
        files.sort();
        for path in &files {
            let hit = |exclude: bool| {
                let mut specs = specs.iter().filter(|(excluding, _)| *excluding == exclude);
                specs.any(|(_, spec)| spec.matches(path.as_str()))
            };
            if !hit(false) || hit(true) {
                continue;
            }
            for (content, place) in self.file_params(root, path) {
                let mut params = content;
                let dir = path.parent().unwrap_or_default();
                let dir = if dir.is_root() { "." } else { dir.as_str() };
                self.path_params(&mut params, dir, Some(path.file_name()), prefix, place);
                self.add_values(generator, &mut params);
                sets.push(params);
            }
        }
        let found = |pattern: &str| {
            Pathspec::new(pattern).is_some_and(|it| files.iter().any(|file| it.matches(file.as_str())))
        };
        self.tell_empty(items, sets.is_empty(), "file", found);
        sets
    }

    /// The content of a parameter file: a mapping, or a list of mappings.
    fn file_params(&mut self, root: &Dir, path: &TreePath) -> Vec<(Params, Place)> {
        let file = match root.tree.read(path) {
            Ok(file) => file,
            Err(error) => {
                self.problem(self.set.place, format!("unable to read file `{path}`: {error}"));
                return Vec::new();
            }
        };
        let start = Place::written(Span::start_of(file.id()));
        let stream = self.environment.cache.stream(&file);
        // Only the first document counts.
        let Some(document) = stream.documents.first() else { return vec![(Params::default(), start)] };
        let Some(mut node) = document.root.clone() else {
            if let Some(error) = &document.error {
                let message = format!("unable to parse file `{path}`: {}", error.message);
                self.problem(Place::written(error.at), message);
                return Vec::new();
            }
            return vec![(Params::default(), start)];
        };
        if let Err(error) = node.canonicalize(Dialect::Sigs) {
            let message = format!("unable to parse file `{path}`: {}", error.message);
            self.problem(Place::written(error.at), message);
            return Vec::new();
        }
        let place = node.place();
        let maps: Option<Vec<Map>> = match node.data {
            Data::Map(map) => Some(vec![map]),
            Data::Seq(items) => items
                .into_iter()
                .map(|item| match item.data {
                    Data::Map(map) => Some(map),
                    _ => None,
                })
                .collect(),
            Data::Scalar(_) => None,
        };
        let Some(maps) = maps else {
            self.problem(
                place,
                format!("unable to parse file `{path}`: it must hold a mapping or a list of mappings"),
            );
            return Vec::new();
        };
        let params = maps.into_iter().map(Params::of);
        let flat = !self.is_go();
        params.map(|params| (if flat { params.flattened() } else { params }, place)).collect()
    }

    /// `path`, `path.basename`, `path[0]`, ... with an optional prefix.
    fn path_params(&self, params: &mut Params, dir: &str, file: Option<&str>, prefix: &str, place: Place) {
        let base = dir.rsplit('/').next().unwrap_or(dir);
        let mut named = vec![("path", dir.to_owned()), ("basename", base.to_owned())];
        if let Some(file) = file {
            named.push(("filename", file.to_owned()));
        }
        named.push(("basenameNormalized", sanitize_name(base)));
        if let Some(file) = file {
            named.push(("filenameNormalized", sanitize_name(file)));
        }
        if self.is_go() {
            let string = |text: &str| Node::string(text, place);
            let mut map = Map::new();
            for (key, value) in &named {
                map.push(Entry { key: Key::new(*key, place), value: string(value) });
            }
            let segments = dir.split('/').map(string).collect();
            map.push(Entry { key: Key::new("segments", place), value: Node::seq(segments, place) });
            let path = Node::map(map, place);
            if prefix.is_empty() {
                params.put("path", path, place);
            } else {
                let mut outer = Map::new();
                outer.push(Entry { key: Key::new("path", place), value: path });
                params.put(prefix, Node::map(outer, place), place);
            }
            return;
        }
        let full = if prefix.is_empty() { "path".to_owned() } else { format!("{prefix}.path") };
        for (key, value) in named {
            let key = if key == "path" { full.clone() } else { format!("{full}.{key}") };
            params.set(&key, value, place);
        }
        for (index, segment) in dir.split('/').enumerate() {
            params.set(&format!("{full}[{index}]"), segment, place);
        }
    }
}

fn pattern(item: &Node) -> &str {
    item.get("path").and_then(Node::as_str).unwrap_or_default()
}

fn is_excluding(item: &Node) -> bool {
    item.get("exclude").and_then(Node::as_bool).unwrap_or(false)
}

/// Directories that hold a file, hidden ones left out, in lexical order.
fn visible_dirs(root: &Dir) -> Vec<TreePath> {
    let mut dirs = std::collections::BTreeSet::new();
    for file in root.tree.files() {
        let mut dir = file.parent();
        while let Some(at) = dir {
            if at.is_root() || dirs.contains(&at) {
                break;
            }
            dir = at.parent();
            if !at.components().any(|part| part.starts_with('.')) {
                dirs.insert(at);
            }
        }
    }
    let mut dirs: Vec<TreePath> = dirs.into_iter().collect();
    // As a walk meets them: a directory, what is below it, then its neighbour.
    dirs.sort_by(|a, b| a.components().cmp(b.components()));
    dirs
}

/// A git pathspec, as `git ls-files` takes it.
#[derive(Debug)]
enum Pathspec {
    /// Everything.
    All,
    /// A file, or everything below a directory.
    Plain(String),
    /// With wildcards, which cross `/`; a malformed one matches nothing.
    Pattern(Option<Glob>),
}

impl Pathspec {
    /// `None` when it leads out of the repository, which git refuses.
    fn new(spec: &str) -> Option<Self> {
        let normal = TreePath::new(spec).ok()?;
        if normal.is_root() {
            return Some(Self::All);
        }
        if !spec.contains(['*', '?', '[']) {
            return Some(Self::Plain(normal.as_str().to_owned()));
        }
        // Without `:(glob)` magic git lets wildcards cross `/`, as a glob without separators does; braces are
        // literal.
        let literal = normal.as_str().replace('{', "\\{").replace('}', "\\}").replace("[^", "[!");
        Some(Self::Pattern(Glob::new(&literal, &[])))
    }

    fn matches(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Plain(spec) => {
                path.strip_prefix(spec.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Pattern(glob) => glob.as_ref().is_some_and(|glob| glob.matches(path)),
        }
    }
}

/// What is wrong with a pattern for directories that finds nothing, where its form shows it.
fn mended(pattern: &str, found: impl Fn(&str) -> bool) -> Option<String> {
    let bare = pattern.trim_start_matches("./").trim_matches('/');
    if bare != pattern && found(bare) {
        return Some(format!(
            "patterns are held against whole paths from the root, which have no `./` and no slash at either end: write `{bare}`"
        ));
    }
    if bare.split('/').any(|part| part.starts_with('.') && part != "..") {
        return Some(
            "directories whose names begin with a dot are left out, with all below: rename it".to_owned(),
        );
    }
    let flat = bare.split('/').any(|part| part == "**");
    flat.then(|| "`**` stands for one directory here, as `*` does: write one `*` for each level".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pathspecs() {
        for (spec, path, want) in [
            ("apps/*/config.json", "apps/a/config.json", true),
            ("apps/*/config.json", "apps/a/b/config.json", true),
            ("apps/**/config.json", "apps/a/b/config.json", true),
            ("apps/**/config.json", "apps/config.json", false),
            ("apps", "apps/a/x.yaml", true),
            ("apps/", "apps/a/x.yaml", true),
            ("apps", "apps2/x.yaml", false),
            ("./apps//a/../b", "apps/b/x.yaml", true),
            (".", "x.yaml", true),
            ("*.yaml", "a/b.yaml", true),
            ("a/[bc]/?.yaml", "a/b/x.yaml", true),
        ] {
            let spec = Pathspec::new(spec).unwrap();
            assert_eq!(spec.matches(path), want, "{spec:?} {path}");
        }
        assert!(Pathspec::new("../x").is_none());
    }
}
