//! `replacements`.
//!
//! Mirrors `ReplacementTransformer` (`api/internal/builtins`) and `api/filters/replacement`.

use crate::finding::{Cause, ProblemKind};
use crate::origin::{Place, Step};
use crate::source::relaxed_len;
use crate::yaml::{Data, Dialect, Node};

use super::super::context::{Context, NoOpKind};
use super::super::failure::{Failure, Result, Wrap};
use super::super::flavor::Flavor;
use super::super::go_json;
use super::super::kustomization::{
    FieldOptions, Replacement, Selector, SourceSelector, TargetSelector, schema,
};
use super::super::loader::Loader;
use super::super::resid::ResId;
use super::super::resmap::ResMap;
use super::super::resource::Resource;
use super::super::rnode::{self, Kind};
use super::super::selector::{SelectorRegex, matches_annotations, matches_labels};
use super::super::setter::{self, Setter};
use super::path_matcher::{self, Create};

/// Bytes of a value that parts are put into: it can double with each replacement.
const MAX_JOINED: usize = 4 << 20;

/// The field that counts where none is given.
const DEFAULT_PATH: &str = "metadata.name";

/// The replacements of a kustomization, those in files among them.
pub(in crate::kustomize) fn load(
    entries: &[Replacement],
    loader: &Loader,
    cx: &mut Context<'_>,
) -> Result<Vec<Replacement>> {
    let mut loaded = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(path) = &entry.path else {
            loaded.push(entry.clone());
            continue;
        };
        if entry.source.is_some() || entry.targets.as_ref().is_some_and(|targets| !targets.is_empty()) {
            return Err(Failure::at(entry.place, "cannot specify both path and inline replacement"));
        }
        let file = loader.load(&path.value, cx).or_at(path.place)?;
        let whole = Place::written(file.span());
        let stream = cx.cache.stream(&file);
        let document = stream.documents.first();
        let refuse = |problem: &crate::yaml::YamlProblem| {
            Failure::at(Place::written(problem.at), problem.go_message(Dialect::Sigs))
        };
        if let Some(problem) = document.and_then(|document| document.error.as_deref()) {
            return Err(refuse(problem));
        }
        let root = document.and_then(|document| document.root.clone());
        let mut root = root.unwrap_or_else(|| Node::null(whole));
        root.canonicalize(Dialect::Sigs).map_err(|problem| refuse(&problem))?;
        let items = match &root.data {
            Data::Seq(items) => items.as_slice(),
            Data::Map(_) => std::slice::from_ref(&root),
            Data::Scalar(_) => {
                let kind = go_kind(&root);
                let message =
                    format!("unsupported replacement type encountered within replacement path: {kind}");
                return Err(Failure::at(root.place(), message));
            }
        };
        for item in items {
            go_json::check_lenient(item, &schema::REPLACEMENT).map_err(|misfit| {
                Failure::at(
                    misfit.place,
                    format!("error unmarshaling JSON: while decoding JSON: {}", misfit.message),
                )
            })?;
            loaded.push(Replacement { path: None, ..Replacement::read(item) });
        }
    }
    Ok(loaded)
}

/// A kind of Go's `reflect`.
fn go_kind(node: &Node) -> &'static str {
    if node.is_null() {
        "invalid"
    } else if node.as_str().is_some() {
        "string"
    } else if node.as_bool().is_some() {
        "bool"
    } else {
        "float64"
    }
}

/// Copies values from field to field.
pub(in crate::kustomize) fn apply(resmap: &mut ResMap, replacements: &[Replacement], cx: &mut Context<'_>) {
    for replacement in replacements {
        let result = replace(resmap, replacement, cx);
        cx.check(result.or_at(replacement.place));
    }
}

fn replace(resmap: &mut ResMap, replacement: &Replacement, cx: &mut Context<'_>) -> Result<()> {
    let nothing = replacement.source.is_none() && replacement.source_value.is_none();
    let (false, Some(targets)) = (nothing, &replacement.targets) else {
        return Err(Failure::new("replacements must specify a source and at least one target"));
    };
    let value = match (&replacement.source_value, &replacement.source) {
        (Some(_), Some(_)) => {
            return Err(Failure::new("value and resource selectors are mutually exclusive"));
        }
        (Some(value), None) => Node::plain(value.value.clone(), value.place),
        (None, Some(source)) => read(resmap, source).or_at(source.place)?,
        (None, None) => return Ok(()),
    };
    targets.iter().try_for_each(|target| write(resmap, target, &value, cx).or_at(target.place))
}

/// Whether one of all ids of a resource, today's first, is wanted. None of them knows whether its kind is cluster-scoped.
fn has_id(resource: &Resource, mut wanted: impl FnMut(&ResId) -> bool) -> bool {
    let is_today = if resource.id.cluster_scoped {
        wanted(&ResId { cluster_scoped: false, ..resource.id.clone() })
    } else {
        wanted(&resource.id)
    };
    is_today || resource.previous_ids().any(|id| wanted(&id))
}

/// The value that a source leads to.
fn read(resmap: &ResMap, source: &SourceSelector) -> Result<Node> {
    let mut selected = resmap
        .iter()
        .filter(|resource| !resource.gone && has_id(resource, |id| id.is_selected_by(&source.id)));
    let Some(resource) = selected.next() else {
        return Err(Failure::new(format!("nothing selected by {}", shown(source))).follows());
    };
    if let Some(other) = selected.next() {
        let failure = Failure::new(format!("multiple matches for selector {}", shown(source)));
        let [first, second] = [resource, other].map(super::super::resmap::place_of);
        return Err(failure.related(first, "one is here").related(second, "another one is here"));
    }
    let path = source.field_path.as_ref().map_or(DEFAULT_PATH, |path| &path.value);
    let place = source.field_path.as_ref().map_or(source.place, |path| path.place);
    let found = rnode::lookup(&resource.node, &rnode::split_field_path(path))
        .wrap(|| "error looking up replacement source".to_owned())
        .map_err(|mut failure| {
            failure.place = Some(place);
            failure
        })?;
    let Some(node) = found.filter(|node| !rnode::is_nil_or_empty(node)) else {
        let message = format!("fieldPath `{path}` is missing for replacement source {}", source.id);
        let resource = super::super::resmap::place_of(resource);
        return Err(Failure::at(place, message).related(resource, "this is the source"));
    };
    let Some(options) = source.options.as_ref().filter(|options| !options.delimiter.is_empty()) else {
        return Ok(node.clone());
    };
    if Kind::of(node) != Kind::Scalar {
        return Err(Failure::new("delimiter option can only be used with scalar nodes"));
    }
    let text = rnode::value(node);
    let part = usize::try_from(options.index)
        .ok()
        .and_then(|index| text.split(options.delimiter.as_str()).nth(index));
    let Some(part) = part else {
        let message = format!("options.index {} is out of bounds for value {text}", options.index);
        return Err(Failure::new(message));
    };
    // The part is of the kind that the whole was.
    let kind = rnode::tag(node);
    let mut node = Node { data: Data::Scalar(part.into()), ..node.clone() };
    if kind == rnode::Tag::Str && node.style == crate::yaml::Style::Plain {
        node.style = crate::yaml::Style::DoubleQuoted;
    }
    Ok(node)
}

/// A source as kustomize prints it.
fn shown(source: &SourceSelector) -> String {
    let mut shown = source.id.to_string();
    if let Some(path) = &source.field_path {
        shown.extend([":", &path.value]);
    }
    if let Some(options) = &source.options
        && (!options.delimiter.is_empty() || options.create)
    {
        let FieldOptions { delimiter, index, create } = options;
        shown = format!("{shown}:{delimiter}({index}), create={create}");
    }
    shown
}

/// Writes a value into the fields of a target, in all resources that it selects.
fn write(resmap: &mut ResMap, target: &TargetSelector, value: &Node, cx: &mut Context<'_>) -> Result<()> {
    let Some(select) = &target.select else {
        return Err(Failure::new("target must specify resources to select"));
    };
    let by_name = cx.options.flavor == Flavor::V5_7;
    let selects = Selects { select: Wanted::new(select, by_name)?, target, by_name, rejects: Vec::new() }
        .with_rejects()?;
    let default = [crate::origin::Placed::new(DEFAULT_PATH.into(), target.place)];
    let paths = if target.field_paths.is_empty() { default.as_slice() } else { &target.field_paths };
    let mut selected = false;
    let mut failed = Ok(());
    for resource in resmap.all_mut().iter_mut().filter(|resource| !resource.gone) {
        if !selects.accepts(resource) {
            continue;
        }
        selected = true;
        for path in paths {
            let result = super::change_one(resource, cx, path.place, Step::Replaced, |resource, setter| {
                write_field(&mut resource.node, &path.value, target.options.as_ref(), value, setter)
            });
            let result = result.map_err(|mut failure| {
                // What is wrong is the path, wherever it leads.
                let there = failure.place.replace(path.place);
                let resource = there.unwrap_or_else(|| super::super::resmap::place_of(resource));
                failure.related(resource, "this is the target")
            });
            failed = failed.and(result);
        }
    }
    cx.note_use(NoOpKind::ReplacementTarget, target.place, selected, || select.id.to_string());
    failed
}

/// A selector made ready.
struct Wanted {
    id: IdPattern,
    labels: crate::k8s::Selector,
    annotations: crate::k8s::Selector,
}

/// Which ids a selector selects.
enum IdPattern {
    /// Those whose parts are these, empty ones left out.
    Exact(ResId),
    /// Those whose parts match.
    Regex(Box<SelectorRegex>),
}

impl Wanted {
    fn new(selector: &Selector, by_name: bool) -> Result<Self> {
        let parse = |text: &str| crate::k8s::Selector::parse(text).map_err(Failure::new);
        Ok(Self {
            id: if by_name {
                IdPattern::Exact(selector.id.clone())
            } else {
                let pattern = SelectorRegex::new(selector);
                IdPattern::Regex(Box::new(pattern.wrap(|| "error creating target selector".to_owned())?))
            },
            annotations: parse(&selector.annotation_selector)?,
            labels: parse(&selector.label_selector)?,
        })
    }

    fn has_labels(&self, resource: &Resource) -> bool {
        matches_annotations(&self.annotations, resource) && matches_labels(&self.labels, resource)
    }

    fn selects(&self, id: &ResId) -> bool {
        match &self.id {
            IdPattern::Exact(wanted) => id.is_selected_by(wanted),
            IdPattern::Regex(pattern) => pattern.selects_id(id),
        }
    }
}

struct Selects<'t> {
    select: Wanted,
    target: &'t TargetSelector,
    by_name: bool,
    /// What is rejected, and whether it says so by labels or annotations, by an id.
    rejects: Vec<(Wanted, bool, bool)>,
}

impl Selects<'_> {
    fn with_rejects(mut self) -> Result<Self> {
        for reject in &self.target.reject {
            let by_labels = !reject.annotation_selector.is_empty() || !reject.label_selector.is_empty();
            self.rejects.push((Wanted::new(reject, self.by_name)?, by_labels, !reject.id.is_empty()));
        }
        Ok(self)
    }

    fn accepts(&self, resource: &Resource) -> bool {
        let by_labels =
            |(reject, by_labels, _): &(Wanted, bool, bool)| *by_labels && reject.has_labels(resource);
        if !self.select.has_labels(resource) || self.rejects.iter().any(by_labels) {
            return false;
        }
        let by_id =
            |(reject, _, by_id): &(Wanted, bool, bool)| *by_id && has_id(resource, |id| reject.selects(id));
        has_id(resource, |id| self.select.selects(id)) && !self.rejects.iter().any(by_id)
    }
}

/// Writes a value into all fields of an object that a path leads to.
fn write_field(
    object: &mut Node,
    path: &str,
    options: Option<&FieldOptions>,
    value: &Node,
    setter: &mut Setter<'_>,
) -> Result<()> {
    let create = match options {
        Some(options) if options.create => Some(match value.data {
            Data::Map(_) => Create::Map,
            Data::Seq(_) => Create::Seq,
            Data::Scalar(_) => Create::Scalar,
        }),
        _ => None,
    };
    let unable = || {
        let or_create = if create.is_some() { " or create" } else { "" };
        format!("unable to find{or_create} field {path:?} in replacement target")
    };
    let fields = path_matcher::find(object, &rnode::split_field_path(path), create, setter)
        .map_err(|failure| failure.because(Cause::Unmatched))
        .wrap(unable)?;
    if fields.is_empty() {
        return Err(Failure::new(unable()).because(Cause::Unmatched));
    }
    for indexes in fields.iter().filter_map(path_matcher::Match::indexes) {
        super::check_growth(object, indexes.len(), value)?;
        let Some(field) = rnode::at_indexes_mut(object, indexes) else { continue };
        set(field, options, value, setter)?;
    }
    Ok(())
}

/// Writes a value into a field. A scalar stays of the kind that it was.
fn set(
    field: &mut Node,
    options: Option<&FieldOptions>,
    value: &Node,
    setter: &mut Setter<'_>,
) -> Result<()> {
    let delimited = options.filter(|options| !options.delimiter.is_empty());
    let text = match delimited {
        None => rnode::raw(value),
        Some(_) if Kind::of(field) != Kind::Scalar => {
            return Err(Failure::at(field.place(), "delimiter option can only be used with scalar nodes"));
        }
        Some(options) => {
            let value = rnode::value(value);
            let old = rnode::raw(field);
            let mut parts: Vec<&str> = old.split(options.delimiter.as_str()).collect();
            match usize::try_from(options.index) {
                Err(_) => parts.insert(0, &value),
                Ok(index) => match parts.get_mut(index) {
                    Some(part) => *part = &value,
                    None => parts.push(&value),
                },
            }
            let joined = parts.join(&options.delimiter);
            if joined.len() > relaxed_len(MAX_JOINED) {
                let message = format!("the value grows beyond {} bytes", relaxed_len(MAX_JOINED));
                return Err(Failure::at(field.place(), message).kind(ProblemKind::Limit));
            }
            joined.into()
        }
    };
    if Kind::of(field) == Kind::Scalar {
        let tag = field.tag.clone();
        let kind = match rnode::tag(field) {
            _ if setter.is_open(field) => setter::Tag::Open,
            rnode::Tag::Str => setter::Tag::Str,
            rnode::Tag::Int => setter::Tag::Int,
            rnode::Tag::Float => setter::Tag::Float,
            rnode::Tag::Bool => setter::Tag::Bool,
            rnode::Tag::Null => setter::Tag::Null,
            rnode::Tag::Timestamp => setter::Tag::Timestamp,
            rnode::Tag::Other => setter::Tag::Open,
        };
        if delimited.is_some() && text != rnode::value(value) {
            setter.mix(field, text, kind, value.place());
        } else {
            setter.copy(field, text, kind, value.place());
        }
        if kind == setter::Tag::Open {
            field.tag = tag;
        }
        return Ok(());
    }
    let place = setter.step_from(field.place(), value.place());
    let mut new = Node { at: place.at, origin: place.origin, ..value.clone() };
    if delimited.is_some() {
        new.data = Data::Scalar(text);
    }
    setter.replace(field, new);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        super::super::testing::check(include_str!("../../../fixtures/kustomize/replacements.yaml"));
    }
}
