//! One kustomization: everything it names, in kustomize's order.
//!
//! Mirrors `api/internal/target/kusttarget.go`. Where kustomize stops at the first failure, this records it and goes
//! on with what is left.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::ProblemKind;
use crate::origin::{Place, Placed};
use crate::yaml::Dialect;

use super::accumulator::{self, Accumulator};
use super::build_metadata::BuildOrigin;
use super::config::{self, TransformerConfig};
use super::context::Context;
use super::factory;
use super::failure::{Failure, Result, Wrap};
use super::generators;
use super::kustomization::{COMPONENT, FILE_NAMES, Kustomization, Text};
use super::loader::{Loader, Reached};
use super::resmap::ResMap;
use super::words::go_list;
use super::{repospec, transformers};

/// How deep bases may be nested, and how many directories one build may visit.
const MAX_DEPTH: usize = 100;
const MAX_DIRECTORIES: usize = 4_000;

/// A kustomization that is being built.
pub(super) struct Target {
    pub(super) kustomization: Kustomization,
    /// The file's name.
    pub(super) file_name: SmolStr,
    pub(super) loader: Arc<Loader>,
    /// Where resources come from, when `buildMetadata` of the root asks for anything.
    pub(super) origin: Option<BuildOrigin>,
    /// The namespace of the kustomization that refers to this one, for `helmCharts`.
    helm_namespace: SmolStr,
    depth: usize,
}

impl Target {
    /// The kustomization in the loader's directory.
    pub(super) fn load(loader: &Arc<Loader>, cx: &mut Context<'_>, is_root: bool) -> Result<Self> {
        let given = cx.options.kustomization.filter(|_| is_root);
        let mut found = Vec::new();
        for name in FILE_NAMES {
            if let Ok(loaded) = loader.load(name, cx) {
                found.push((name, loaded));
            }
        }
        let refuse = |refused: Placed<String>| Failure::at(refused.place, refused.value);
        let (kustomization, name) = match (given, found.as_slice()) {
            (Some(node), found) if found.len() < 2 => {
                let file = match found.first() {
                    Some((_, loaded)) => Some(Arc::clone(loaded)),
                    None => cx.file_of(node.place()),
                };
                let name = found.first().map_or(FILE_NAMES[0], |(name, _)| *name);
                let file = file.ok_or_else(|| Failure::at(node.place(), missing(loader)))?;
                (Kustomization::from_node(node.clone(), file).map_err(refuse)?, name)
            }
            (_, [(name, loaded)]) => {
                let stream = cx.cache.stream_as(loaded, Dialect::Sigs);
                (Kustomization::decode(&stream).map_err(refuse)?, *name)
            }
            (_, []) => return Err(Failure::new(missing(loader))),
            (_, [(_, first), (_, second), ..]) => {
                let message = format!("Found multiple kustomization files under: {}\n", loader.shown_root());
                let place = |file: &crate::source::SourceFile| Place::written(file.span());
                return Err(
                    Failure::at(place(second), message).related(place(first), "another kustomization file")
                );
            }
        };
        for (field, place) in &kustomization.deprecated {
            cx.warn(*place, deprecation(field));
        }
        kustomization.enforce_fields(&loader.shown_root())?;
        Ok(Self {
            kustomization,
            file_name: name.into(),
            loader: Arc::clone(loader),
            origin: None,
            helm_namespace: SmolStr::default(),
            depth: 0,
        })
    }

    /// Puts the `openapi` field to use.
    pub(super) fn set_schema(&self, cx: &mut Context<'_>, reset: bool) -> Result<()> {
        let Some(field) = &self.kustomization.openapi else { return Ok(()) };
        let mut document = None;
        let mut place = self.kustomization.node.place();
        if let Some(path) = self.kustomization.openapi_value("path") {
            place = path.place;
            let loaded = self.loader.load(&path.value, cx).or_at(path.place)?;
            document = Some(config::load_openapi(&loaded, cx).or_at(path.place)?);
        }
        cx.schemas.set(Some(field), document, reset).map_err(|message| Failure::at(place, message))
    }

    /// Runs the whole kustomization on top of what is there: nothing, or for a component all that its parent has.
    pub(super) fn accumulate(&self, ra: &mut Accumulator, cx: &mut Context<'_>) {
        let kustomization = &self.kustomization;
        let mark = cx.mark();
        self.accumulate_resources(ra, &kustomization.resources, cx);
        cx.wrap_since(mark, |message| format!("accumulating resources: {message}"));

        let specs = self.transformer_config(cx).and_then(|specs| ra.merge_config(&specs));
        cx.check(specs.or_at(kustomization.node.place()));
        let crds = config::load_crds(&self.loader, &kustomization.crds, cx);
        let merged = crds.and_then(|specs| ra.merge_config(&specs));
        cx.check(merged.wrap(|| format!("loading CRDs {}", go_list(&kustomization.crds))));

        generators::run(self, ra, cx);

        let mark = cx.mark();
        for entry in &kustomization.components {
            let before = cx.mark();
            match self.loader.reach(entry, cx) {
                Err(failure) => {
                    let message = format!("loader.New {}", crate::yaml::go_quote(&failure.message));
                    cx.fail(Failure { message, ..*failure }.boxed().or_at(entry.place));
                }
                Ok(Reached::Unavailable(problem)) => cx.unavailable(problem),
                Ok(Reached::Dir(loader)) => {
                    self.accumulate_directory(ra, &loader, entry, true, cx);
                    cx.wrap_since(before, |message| {
                        format!("accumulateDirectory: {}", crate::yaml::go_quote(message))
                    });
                }
            }
        }
        cx.wrap_since(mark, |message| format!("accumulating components: {message}"));

        transformers::run(self, ra, cx);

        let vars = ra.merge_vars(&kustomization.vars);
        cx.check(vars.wrap(|| accumulator::merging(&kustomization.vars)));
    }

    /// The namespace of `helmCharts` that do not say: this kustomization's, else that of who refers to it.
    pub(super) fn helm_namespace(&self) -> SmolStr {
        let own = self.kustomization.namespace.as_ref().map(|own| own.value.clone());
        own.unwrap_or_else(|| self.helm_namespace.clone())
    }

    fn transformer_config(&self, cx: &mut Context<'_>) -> Result<Arc<TransformerConfig>> {
        let default = TransformerConfig::default_config();
        let files = &self.kustomization.configurations;
        if files.is_empty() {
            return Ok(default);
        }
        let own = config::load_files(&self.loader, files, cx)?;
        TransformerConfig::merge(&default, &own)
    }

    /// Adds what entries of `resources` name: files or directories.
    pub(super) fn accumulate_resources(&self, ra: &mut Accumulator, entries: &[Text], cx: &mut Context<'_>) {
        for entry in entries {
            let Err(as_file) = self.accumulate_file(ra, entry, cx) else { continue };
            // What could be fetched as a file cannot be a repository; neither is tried here, so the name decides.
            if as_file.kind == ProblemKind::Unavailable && !repospec::looks_like_directory(&entry.value) {
                cx.fail(as_file.or_at(entry.place));
                continue;
            }
            match self.loader.reach(entry, cx) {
                Ok(Reached::Unavailable(problem)) => cx.unavailable(problem),
                Ok(Reached::Dir(loader)) => {
                    let mark = cx.mark();
                    self.accumulate_directory(ra, &loader, entry, false, cx);
                    let prefix = &as_file.message;
                    cx.wrap_since(mark, |message| format!("accumulation err='{prefix}': {message}"));
                }
                Err(_) if factory::is_malformed(&as_file) => cx.fail(as_file.or_at(entry.place)),
                Err(as_directory) => {
                    let message = format!("accumulation err='{}': {}", as_file.message, as_directory.message);
                    cx.fail(Failure { message, ..*as_file }.boxed().or_at(entry.place));
                }
            }
        }
    }

    fn accumulate_file(&self, ra: &mut Accumulator, entry: &Text, cx: &mut Context<'_>) -> Result<()> {
        let path = &entry.value;
        let from_file = self.loader.load(path, cx).and_then(|loaded| {
            let resources = factory::from_file(&loaded, path, cx)?;
            let mut map = ResMap::default();
            map.append_all(resources)?;
            Ok(map)
        });
        let from_file = from_file.map_err(|failure| failure.of_entry(path));
        let mut resources = from_file.wrap(|| format!("accumulating resources from '{path}'"))?.into_list();
        if let Some(origin) = &self.origin {
            let text = origin.append(path).to_yaml();
            for resource in &mut resources {
                resource.memory.origin = Some(text.clone());
            }
        }
        let merged = ra.resources.append_all(resources);
        let merged = merged.map_err(|failure| failure.related(entry.place, "this entry brings it once more"));
        merged.wrap(|| format!("merging resources from '{path}'"))
    }

    fn accumulate_directory(
        &self,
        ra: &mut Accumulator,
        loader: &Arc<Loader>,
        entry: &Text,
        is_component: bool,
        cx: &mut Context<'_>,
    ) {
        cx.directories += 1;
        if self.depth >= MAX_DEPTH || cx.directories > MAX_DIRECTORIES {
            let message = "kustomizations are nested too deep or visit too many directories";
            cx.fail(Failure::at(entry.place, message).kind(ProblemKind::Limit));
            return;
        }
        let root = loader.shown_root();
        let sub = Self::load(loader, cx, false).wrap(|| format!("couldn't make target for path '{root}'"));
        let Some(mut sub) = cx.check(sub.or_at(entry.place)) else { return };
        sub.depth = self.depth + 1;
        sub.helm_namespace = self.helm_namespace();
        sub.origin = self.origin.as_ref().map(|origin| origin.append(&entry.value));
        sub.kustomization.build_metadata.clone_from(&self.kustomization.build_metadata);
        let schema = sub.set_schema(cx, false);
        cx.check(schema.or_at(entry.place));
        if is_component != sub.kustomization.is_component() {
            let message = if is_component {
                format!("expected kind '{COMPONENT}' for path '{root}' but got '{}'", sub.kustomization.kind)
            } else {
                format!("expected kind != '{COMPONENT}' for path '{root}'")
            };
            cx.fail(Failure::at(entry.place, message));
            return;
        }
        let mark = cx.mark();
        let mut gathered = if is_component { std::mem::take(ra) } else { Accumulator::default() };
        // A component works on what its parent has; anything else on its own.
        let outer = (!is_component).then(|| cx.enter());
        sub.accumulate(&mut gathered, cx);
        if let Some(outer) = outer {
            cx.leave(outer);
        }
        cx.brief_since(mark);
        cx.wrap_since(mark, |message| format!("recursed accumulation of path '{root}': {message}"));
        let merged = ra.merge(gathered);
        cx.check(merged.wrap(|| format!("recursed merging from path '{root}'")).or_at(entry.place));
    }
}

fn missing(loader: &Loader) -> String {
    let names = "'kustomization.yaml', 'kustomization.yml' or 'Kustomization'";
    format!("unable to find one of {names} in directory '{}'", loader.shown_root())
}

fn deprecation(field: &str) -> String {
    let instead = match field {
        "bases" => "resources",
        "imageTags" => "images",
        "patchesJson6902" | "patchesStrategicMerge" => "patches",
        "commonLabels" => "labels",
        _ => "replacements",
    };
    format!("`{field}` is deprecated: use `{instead}`")
}
