//! `kustomize edit`: the commands that Argo CD runs in the directory of a source before it builds.
//!
//! Mirrors `kustomize/commands/edit/{add,set}`. Messages are kustomize's own; each stands at the argument that it is
//! about. `set nameprefix`, `set namesuffix` and `set namespace` are [`Draft::set_text`].

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::golang::path_match::PathPattern;
use crate::origin::{Origins, Place};
use crate::source::{Dir, TreePath};
use crate::yaml::{Data, Key, Map, Node};

use super::draft::{self, Draft};
use super::filters::images::split;
use super::kustomization::{Image, Label, Replica, Text};
use super::loader::Loader;
use super::options::LoadRestrictor;
use super::repospec::RepoSpec;

/// What edits return: what kustomize would say, where it is said about.
pub type Edited = Result<(), Box<Problem>>;

/// Flags of `kustomize edit add label` and `add annotation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddFlags {
    /// `--force`: keys that are there are overwritten instead of refused.
    pub force: bool,
    /// `--without-selector`: into `labels` instead of `commonLabels`.
    pub without_selector: bool,
    /// `--include-templates`
    pub include_templates: bool,
}

/// Stands for what the kustomization says in arguments of `set image`.
const KEPT: &str = "*";

const INVALID_IMAGE: &str = "invalid format of image, use one of the following options:
- <image>=<newimage>:<newtag>
- <image>=<newimage>@<digest>
- <image>=<newimage>:<newtag>@<digest>
- <image>=<newimage>
- <image>:<newtag>
- <image>:<newtag>@<digest>
- <image>@<digest>";

impl Draft {
    /// `kustomize edit set image ARGS...`
    pub fn set_images(&mut self, args: &[Text], origins: &mut Origins) -> Edited {
        let mut images: Vec<(Image, Option<Place>)> = Vec::new();
        for arg in args {
            let image = parse_image(arg).ok_or_else(|| refuse(arg.place, INVALID_IMAGE))?;
            images.retain(|(known, _)| known.name != image.name);
            images.push((image, None));
        }
        let mut kept: Vec<Node> = Vec::new();
        let tags = self.take("imageTags");
        let list = self.take("images");
        let place = list.as_ref().or(tags.as_ref()).map(Node::place);
        for item in [list, tags].into_iter().flatten().flat_map(|list| list.seq_or_empty().to_vec()) {
            let old = Image::read(&item);
            match images.iter_mut().find(|(image, _)| image.name == old.name) {
                Some((image, displaced)) => {
                    *displaced = Some(item.place());
                    keep(&mut image.new_name, old.new_name);
                    keep(&mut image.new_tag, old.new_tag);
                    keep(&mut image.digest, old.digest);
                }
                // Of entries with the same name the first stays.
                None if kept.iter().any(|known| Image::read(known).name == old.name) => {}
                None => kept.push(item),
            }
        }
        let Some(place) = place.or(args.first().map(|arg| arg.place)) else { return Ok(()) };
        for (mut image, displaced) in images {
            for part in [&mut image.new_name, &mut image.new_tag, &mut image.digest] {
                keep(part, None);
            }
            kept.push(draft::image_node(&image, displaced, origins));
        }
        kept.sort_by_cached_key(|item| Image::read(item).name);
        self.insert("images", Node::seq(kept, place));
        Ok(())
    }

    /// `kustomize edit set replicas NAME=COUNT...`
    pub fn set_replicas(&mut self, replicas: &[Replica], origins: &mut Origins) {
        let old = self.take("replicas");
        let Some(place) = old.as_ref().map(Node::place).or(replicas.first().map(|it| it.place)) else {
            return;
        };
        let mut kept: Vec<Node> = Vec::new();
        let mut add = |item: Node| {
            let name = Replica::read(&item).name;
            kept.retain(|known| Replica::read(known).name != name);
            kept.push(item);
        };
        let old = old.map(|old| old.seq_or_empty().to_vec()).unwrap_or_default();
        let displaced =
            |name: &SmolStr| old.iter().find(|item| Replica::read(item).name == *name).map(Node::place);
        let new: Vec<Node> = replicas
            .iter()
            .map(|replica| {
                let place = draft::put(replica.place, displaced(&replica.name), origins);
                let mut node = Node::map(Map::new(), place);
                draft::set_key(
                    &mut node,
                    "name",
                    Some(&Text::new(replica.name.clone(), replica.place)),
                    origins,
                );
                let place = draft::put(replica.count.place, None, origins);
                if let Data::Map(map) = &mut node.data {
                    map.insert(Key::new("count", place), Node::plain(replica.count.value.to_string(), place));
                }
                node
            })
            .collect();
        old.iter().cloned().for_each(&mut add);
        new.into_iter().for_each(&mut add);
        kept.sort_by_cached_key(|item| Replica::read(item).name);
        self.insert("replicas", Node::seq(kept, place));
    }

    /// `kustomize edit add label KEY:VALUE...`. `place` is that of all of them.
    pub fn add_labels(
        &mut self,
        pairs: &[(Text, Text)],
        flags: AddFlags,
        place: Place,
        origins: &mut Origins,
    ) -> Edited {
        if flags.include_templates && !flags.without_selector {
            let message = "--without-selector flag must be specified for --include-templates to work";
            return Err(refuse(place, message));
        }
        if !flags.without_selector {
            return self.add_pairs("commonLabels", "label", pairs, flags.force, place, origins);
        }
        let mut list = self
            .take("labels")
            .filter(|list| list.as_seq().is_some())
            .unwrap_or_else(|| Node::seq(Vec::new(), place));
        let Some(items) = list.as_seq_mut() else { return Ok(()) };
        let fits = |item: &Node| {
            let label = Label::read(item);
            !label.include_selectors && label.include_templates == flags.include_templates
        };
        let index = items.iter().position(fits).unwrap_or(items.len());
        if index == items.len() {
            let step = draft::put(place, None, origins);
            let mut item = Node::map(Map::new(), step);
            if let (true, Data::Map(map)) = (flags.include_templates, &mut item.data) {
                map.insert(Key::new("includeTemplates", step), Node::plain("true", step));
            }
            items.push(item);
        }
        let Some(Data::Map(map)) = items.get_mut(index).map(|item| &mut item.data) else { return Ok(()) };
        let result = add_to(map, "pairs", "label", pairs, flags.force, place, origins);
        self.insert("labels", list);
        result
    }

    /// `kustomize edit add annotation KEY:VALUE...`. `place` is that of all of them.
    pub fn add_annotations(
        &mut self,
        pairs: &[(Text, Text)],
        force: bool,
        place: Place,
        origins: &mut Origins,
    ) -> Edited {
        self.add_pairs("commonAnnotations", "annotation", pairs, force, place, origins)
    }

    fn add_pairs(
        &mut self,
        field: &'static str,
        kind: &str,
        pairs: &[(Text, Text)],
        force: bool,
        place: Place,
        origins: &mut Origins,
    ) -> Edited {
        let Data::Map(map) = &mut self.node.data else { return Ok(()) };
        add_to(map, field, kind, pairs, force, place, origins)
    }

    /// `kustomize edit add component PATHS...` in `dir`, whose kustomization this is.
    pub fn add_components(&mut self, paths: &[Text], dir: &Dir, origins: &mut Origins) -> Edited {
        let mut known: Vec<SmolStr> =
            self.items("components").iter().filter_map(|item| item.as_str().map(SmolStr::new)).collect();
        let mut found: Vec<Text> = Vec::new();
        for path in paths {
            let matching = glob(&path.value, dir);
            if matching.is_empty() {
                reachable(path, dir)?;
                found.push(path.clone());
            }
            found.extend(matching.into_iter().map(|name| Text::new(name, path.place)));
        }
        for component in found {
            if !known.contains(&component.value) {
                known.push(component.value.clone());
                self.push_text("components", &component, origins);
            }
        }
        Ok(())
    }
}

fn refuse(place: Place, message: impl Into<String>) -> Box<Problem> {
    Box::new(Problem::at(ProblemKind::Kustomize, place, message))
}

/// Puts pairs into a mapping below `field`, which is made when there is none.
fn add_to(
    map: &mut Map,
    field: &'static str,
    kind: &str,
    pairs: &[(Text, Text)],
    force: bool,
    place: Place,
    origins: &mut Origins,
) -> Edited {
    let index =
        map.iter().position(|entry| entry.key.text.eq_ignore_ascii_case(field) && !entry.value.is_null());
    if index.is_none() {
        map.retain(|entry| !entry.key.text.eq_ignore_ascii_case(field));
        let step = draft::put(place, None, origins);
        map.insert(Key::new(field, step), Node::map(Map::new(), step));
    }
    let index = index.unwrap_or_else(|| map.len().saturating_sub(1));
    let target = map.entries_mut().get_mut(index).and_then(|entry| entry.value.as_map_mut());
    let Some(target) = target else { return Ok(()) };
    for (key, value) in pairs {
        let old = target.get(&key.value).map(Node::place);
        if old.is_some() && !force {
            let message =
                format!("{kind} {} already in kustomization file. Use --force to override.", key.value);
            return Err(refuse(key.place, message));
        }
        let at = draft::put(value.place, old, origins);
        let key_at = draft::put(key.place, None, origins);
        let text = unquoted(&value.value);
        target.insert(Key::new(key.value.clone(), key_at), Node::string(text, at));
    }
    Ok(())
}

/// A value of `key:value` without the quotes around it.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

/// An argument of `set image`.
fn parse_image(arg: &Text) -> Option<Image> {
    let text = arg.value.as_str();
    let (key, value) = text.split_once('=').unwrap_or(("", text));
    let (name, tag, digest) = split(value);
    if name == text {
        return None;
    }
    let part = |part: &str| (!part.is_empty()).then(|| Text::new(part.into(), arg.place));
    let (name, new_name) = if key.is_empty() { (name, None) } else { (key, part(name)) };
    Some(Image {
        place: arg.place,
        name: name.into(),
        new_name,
        new_tag: part(tag),
        tag_suffix: None,
        digest: part(digest),
    })
}

/// Puts what the file says where the argument says that it stays.
fn keep(part: &mut Option<Text>, old: Option<Text>) {
    if part.as_ref().is_some_and(|part| part.value == KEPT) {
        *part = old;
    }
}

/// Whether something that is no path of this tree can be a component.
fn reachable(path: &Text, dir: &Dir) -> Edited {
    if RepoSpec::parse(&path.value).is_some() {
        return Ok(());
    }
    let found = Loader::root(dir, LoadRestrictor::None).and_then(|loader| loader.reach_local(&path.value));
    found
        .map(|_| ())
        .map_err(|failure| refuse(path.place, format!("{} has no match: {}", path.value, failure.message)))
}

/// Go's `filepath.Glob`, relative to a directory.
fn glob(pattern: &str, dir: &Dir) -> Vec<SmolStr> {
    let is_there = |path: &str| dir.path.join(path).is_ok_and(|path| dir.tree.kind(&path).is_some());
    if !pattern.contains(['*', '?', '[', '\\']) {
        let found = !pattern.is_empty() && !pattern.starts_with('/') && is_there(pattern);
        return found.then(|| SmolStr::new(pattern)).into_iter().collect();
    }
    let (parent, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let Ok(wanted) = PathPattern::new(last) else { return Vec::new() };
    let parents = match parent {
        "" if pattern.starts_with('/') => return Vec::new(),
        "" => vec![SmolStr::default()],
        parent => glob(parent, dir),
    };
    let mut found = Vec::new();
    for parent in parents {
        let Ok(at) = dir.path.join(&parent) else { continue };
        let mut names: Vec<SmolStr> = list(dir, &at);
        names.retain(|name| wanted.matches(name));
        names.sort();
        for name in names {
            found.push(if parent.is_empty() { name } else { SmolStr::from(format!("{parent}/{name}")) });
        }
    }
    found
}

fn list(dir: &Dir, path: &TreePath) -> Vec<SmolStr> {
    dir.tree.list(path).unwrap_or_default().into_iter().map(|entry| entry.name).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::kustomize::Reader;
    use crate::origin::{Placed, Step};
    use crate::source::{MemoryTree, Sources};
    use crate::yaml::{Cache, Dialect, JsonStyle, parse};

    use super::*;

    const KEYS: [&str; 3] = ["namePrefix", "nameSuffix", "namespace"];

    fn run(draft: &mut Draft, dir: &Dir, args: &[Text], origins: &mut Origins) -> Edited {
        let mut flags = AddFlags::default();
        let words: Vec<&str> = args.iter().map(|arg| arg.value.as_str()).collect();
        let rest: Vec<Text> = args
            .iter()
            .skip(2)
            .filter(|arg| match arg.value.as_str() {
                "--force" => std::mem::replace(&mut flags.force, true),
                "--without-selector" => std::mem::replace(&mut flags.without_selector, true),
                "--include-templates" => std::mem::replace(&mut flags.include_templates, true),
                _ => true,
            })
            .cloned()
            .collect();
        let place = rest[0].place;
        let part = |text: &str| Text::new(text.into(), place);
        let pairs = || -> Vec<(Text, Text)> {
            let halves = rest.iter().map(|arg| arg.value.split_once(':').unwrap());
            halves.map(|(key, value)| (part(key), part(value))).collect()
        };
        match words[1] {
            "image" => draft.set_images(&rest, origins),
            "replicas" => {
                let halves = rest.iter().map(|arg| (arg.place, arg.value.split_once('=').unwrap()));
                let replica = |(place, (name, count)): (Place, (&str, &str))| Replica {
                    place,
                    name: name.into(),
                    count: Placed::new(count.parse().unwrap(), place),
                };
                draft.set_replicas(&halves.map(replica).collect::<Vec<_>>(), origins);
                Ok(())
            }
            "label" => draft.add_labels(&pairs(), flags, place, origins),
            "annotation" => draft.add_annotations(&pairs(), flags.force, place, origins),
            "component" => draft.add_components(&rest, dir, origins),
            field => {
                let field = KEYS.into_iter().find(|key| key.eq_ignore_ascii_case(field)).unwrap();
                draft.set_text(field, &rest[0], origins);
                Ok(())
            }
        }
    }

    #[test]
    fn edits_like_kustomize() {
        let sources = Sources::new();
        let table = include_str!("../../fixtures/kustomize/edit.yaml");
        let table = sources.add("edit.yaml", table.as_bytes().to_vec());
        let mut cases = parse(&table).documents.remove(0).root.unwrap();
        cases.canonicalize(Dialect::Sigs).unwrap();
        for case in cases.seq_or_empty() {
            let text = |key: &str| case.get(key).and_then(Node::as_str);
            let component = "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n";
            let tree = MemoryTree::of(
                &sources,
                [
                    ("kustomization.yaml", text("file").unwrap()),
                    ("comps/a/kustomization.yaml", component),
                    ("comps/b/kustomization.yaml", component),
                    ("comps/f", ""),
                ],
            );
            let dir = Dir::new(Arc::new(tree), TreePath::root());
            let cache = Cache::new(Arc::clone(&sources));
            let mut origins = Origins::new();
            let args: Vec<Text> = case
                .items(&["args"])
                .iter()
                .map(|arg| Text::new(arg.as_str().unwrap().into(), arg.place()))
                .collect();
            let made = Draft::open(&dir, Reader::KustomizeEdit, &cache).and_then(|draft| {
                let mut draft = draft.unwrap();
                run(&mut draft, &dir, &args, &mut origins)?;
                Ok(draft)
            });
            let shown = match made {
                Ok(mut draft) => {
                    draft.node.canonicalize(Dialect::Sigs).unwrap();
                    draft.node.to_json(JsonStyle::default())
                }
                Err(problem) => problem.message,
            };
            // kustomize writes keys as its types have them.
            let shown = shown.replace("Images", "images").replace("Name\":\"z", "name\":\"z");
            let want = text("want").or(text("error")).unwrap();
            assert_eq!(shown, want, "{}", text("name").unwrap());
        }
    }

    #[test]
    fn remembers_what_was_displaced() {
        let sources = Sources::new();
        let tree = MemoryTree::of(
            &sources,
            [("Kustomization", "namespace: old\nfoo: {}\npatches: [{path: a, x: y}]\n")],
        );
        let dir = Dir::new(Arc::new(tree), TreePath::root());
        let cache = Cache::new(Arc::clone(&sources));
        let app = Place::written(sources.add("app.yaml", b"new".to_vec()).span());
        let mut origins = Origins::new();
        assert!(Draft::open(&dir, Reader::KustomizeEdit, &cache).is_err());
        let mut draft = Draft::open(&dir, Reader::Flux, &cache).unwrap().unwrap();
        let old = draft.get("namespace").unwrap().place();
        draft.set_text("namespace", &Text::new("new".into(), app), &mut origins);
        let new = draft.get("namespace").unwrap();
        let step = origins.get(new.origin).unwrap();
        assert_eq!((new.at, origins.get(step.under).unwrap().at), (app.at, Some(old.at)));
        assert!(matches!(step.by, Step::SetByApp(_)));
        assert_eq!(
            draft.node.to_json(JsonStyle::default()),
            r#"{"namespace":"new","patches":[{"path":"a"}]}"#
        );
    }
}
