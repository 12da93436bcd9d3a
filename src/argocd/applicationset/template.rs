//! From template and parameters to an Application.
//!
//! Mirrors `RenderTemplateParams` of `applicationset/utils/utils.go`, `mergeGeneratorTemplate` of
//! `applicationset/generators/generator_spec_processor.go` and `applicationset/controllers/template`.

use crate::origin::{Name, Origin, Origins, Place, Step};
use crate::yaml::{Data, Entry, Key, Map, Node};

use super::engine::{Engine, Wrong};
use super::interpolate::interpolate;
use super::{ApplicationSet, Params, patch};

/// What Argo CD puts on generated Applications that have no finalizer of their own.
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// The fields of `template.metadata` that exist; the namespace is the set's.
const METADATA: [&str; 4] = ["name", "labels", "annotations", "finalizers"];

/// The generator's own template over the set's: its non-empty fields win, mappings merge, lists do not
/// (`mergo.Merge` without override).
pub(super) fn merge(own: &Node, base: &Node) -> Node {
    merge_at(own, base, 0)
}

fn merge_at(own: &Node, base: &Node, depth: u32) -> Node {
    let (Some(own_map), Some(base_map)) = (own.as_map(), base.as_map()) else {
        return if is_zero(own) { base.clone() } else { own.clone() };
    };
    let mut map = own_map.clone();
    for entry in base_map {
        match map.get(&entry.key.text) {
            // Bytes for Argo CD, so the whole of it wins.
            Some(known) if entry.key.text == "valuesObject" && !known.is_null() => {}
            Some(known) if depth < 100 => {
                let merged = merge_at(known, &entry.value, depth + 1);
                map.insert(entry.key.clone(), merged);
            }
            Some(_) => {}
            None => map.push(entry.clone()),
        }
    }
    Node { data: Data::Map(map), ..own.clone() }
}

/// Go's zero values and empty collections.
fn is_zero(node: &Node) -> bool {
    match &node.data {
        Data::Seq(items) => items.is_empty(),
        Data::Map(map) => map.is_empty(),
        Data::Scalar(text) => {
            text.is_empty() || node.is_null() || node.as_bool() == Some(false) || node.as_f64() == Some(0.0)
        }
    }
}

/// Renders the template with one parameter set and makes it an Application of the set's namespace.
pub(super) fn render(template: &Node, params: &Params, engine: &mut Engine<'_>) -> Result<Node, Wrong> {
    let set = engine.set();
    // An element without parameters leaves the template as it is.
    let rendered = if params.is_empty() {
        assembled(set, template, engine.origins, false)
    } else {
        let filled = interpolate(template, engine)?;
        assembled(set, &filled, engine.origins, true)
    };
    let Some(written) = set.node.at_path(&["spec", "templatePatch"]).filter(|patch| patch.as_str().is_some())
    else {
        return Ok(rendered);
    };
    patch::apply(rendered, written, engine)
}

/// The Application that a filled in template describes (`GetTempApplication`).
fn assembled(set: &ApplicationSet, template: &Node, origins: &mut Origins, finalizer: bool) -> Node {
    let place = template.place();
    let key = |text: &str| Key::new(text, place);
    let mut metadata = Map::new();
    for entry in template.get("metadata").map(Node::entries).unwrap_or_default() {
        if METADATA.contains(&entry.key.text.as_str()) {
            metadata.push(entry.clone());
        }
    }
    if !set.namespace.value.is_empty() {
        metadata.insert(key("namespace"), Node::string(set.namespace.value.clone(), set.namespace.place));
    }
    let preserve = set.node.at_path(&["spec", "syncPolicy", "preserveResourcesOnDeletion"]);
    let wanted = finalizer && preserve.and_then(Node::as_bool) != Some(true);
    if wanted && metadata.get("finalizers").is_none_or(is_zero) {
        let made = origins.add(Origin::nowhere(Step::SetByApp(Name::new(&"ApplicationSet"))));
        let place = Place { origin: made, ..place };
        let list = Node::seq(vec![Node::string(FINALIZER, place)], place);
        metadata.insert(Key::new("finalizers", place), list);
    }
    let metadata_place = template.get("metadata").map_or(place, Node::place);
    let mut object = Map::new();
    object.push(Entry { key: key("apiVersion"), value: Node::string("argoproj.io/v1alpha1", place) });
    object.push(Entry { key: key("kind"), value: Node::string("Application", place) });
    object.push(Entry { key: key("metadata"), value: Node::map(metadata, metadata_place) });
    if let Some(spec) = template.as_map().and_then(|map| map.entry("spec")) {
        object.push(spec.clone());
    }
    Node::map(object, place)
}
