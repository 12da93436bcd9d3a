//! From template and parameters to an Application.
//!
//! Mirrors `applicationset/utils/utils.go` (`RenderTemplateParams`) and `applicationset/controllers/template`.

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Origin, Origins, Place, Step};
use crate::yaml::{Data, Entry, Key, Map, Node, Style};

use super::fast::{self, Piece};
use super::{ApplicationSet, Environment, Params};

/// The generator's own template over the set's: its non-empty fields win, mappings merge (`mergo.Merge` without
/// override).
pub(super) fn merge(own: &Node, base: &Node) -> Node {
    merge_at(own, base, 0)
}

fn merge_at(own: &Node, base: &Node, depth: u32) -> Node {
    let (Some(own_map), Some(base_map)) = (own.as_map(), base.as_map()) else {
        let empty = own.is_null() || own.scalar().is_some_and(SmolStr::is_empty) || own.as_seq().is_some_and(<[Node]>::is_empty);
        return if empty { base.clone() } else { own.clone() };
    };
    let mut map = own_map.clone();
    for entry in base_map {
        match map.get(&entry.key.text) {
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

/// Renders the template with one parameter set and makes it an Application of the set's namespace.
pub(super) fn render(
    set: &ApplicationSet,
    template: &Node,
    params: &Params,
    origins: &mut Origins,
    environment: &Environment<'_>,
) -> Result<Node, Box<Problem>> {
    // An element without parameters leaves the template as it is.
    let rendered =
        if params.is_empty() { template.clone() } else { interpolate(set, template, params, origins, environment)? };
    let place = rendered.place();
    let mut object = Map::new();
    let key = |text: &str| Key::new(text, place);
    object.push(Entry { key: key("apiVersion"), value: Node::string("argoproj.io/v1alpha1", place) });
    object.push(Entry { key: key("kind"), value: Node::string("Application", place) });
    let mut metadata = match rendered.get("metadata").map(|metadata| metadata.data.clone()) {
        Some(Data::Map(map)) => map,
        _ => Map::new(),
    };
    if !set.namespace.is_empty() {
        metadata.insert(key("namespace"), Node::string(set.namespace.clone(), set.place));
    }
    object.push(Entry { key: key("metadata"), value: Node::map(metadata, place) });
    if let Some(spec) = rendered.get("spec") {
        object.push(Entry { key: key("spec"), value: spec.clone() });
    }
    Ok(Node::map(object, place))
}

/// Every string of a tree, keys included, with parameters filled in.
pub(super) fn interpolate(
    set: &ApplicationSet,
    node: &Node,
    params: &Params,
    origins: &mut Origins,
    environment: &Environment<'_>,
) -> Result<Node, Box<Problem>> {
    let mut cx = Interpolation { set, params, origins, environment };
    cx.node(node)
}

struct Interpolation<'a, 'e> {
    set: &'a ApplicationSet,
    params: &'a Params,
    origins: &'a mut Origins,
    environment: &'a Environment<'e>,
}

impl Interpolation<'_, '_> {
    fn node(&mut self, node: &Node) -> Result<Node, Box<Problem>> {
        let data = match &node.data {
            Data::Scalar(text) if node.style != Style::Plain && text.contains("{{") => {
                return self.string(text, node.place()).map(|(text, place)| Node::string(text, place));
            }
            Data::Scalar(_) => return Ok(node.clone()),
            Data::Seq(items) => Data::Seq(items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?),
            Data::Map(map) => {
                let mut made = Map::new();
                for entry in map {
                    let key = if entry.key.text.contains("{{") {
                        let (text, place) = self.string(&entry.key.text, entry.key.place())?;
                        Key::new(text, place)
                    } else {
                        entry.key.clone()
                    };
                    made.insert(key, self.node(&entry.value)?);
                }
                Data::Map(made)
            }
        };
        Ok(Node { data, ..node.clone() })
    }

    fn string(&mut self, text: &str, place: Place) -> Result<(SmolStr, Place), Box<Problem>> {
        let wrong = |message: String| Box::new(Problem::at(ProblemKind::Render, place, message));
        if self.set.go_template {
            let _ = &self.environment;
            return Err(wrong("Go templates in ApplicationSets are not expanded yet".to_owned()));
        }
        let pieces = fast::pieces(text, self.params).map_err(wrong)?;
        let mut out = String::new();
        let mut inputs = Vec::new();
        let mut alone = None;
        for piece in &pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Param(name) => {
                    let Some(value) = self.params.get(name) else { continue };
                    out.push_str(value.as_str().unwrap_or_default());
                    inputs.push(self.origins.entry(value.place()));
                    alone = (pieces.len() == 1).then(|| value.place());
                }
            }
        }
        if inputs.is_empty() {
            return Ok((out.into(), place));
        }
        // A parameter that is the whole value is what somebody would edit; otherwise the template is.
        let at = alone.map_or(place.at, |value| value.at);
        let origin = self.origins.add_joined(Origin::new(place.at, Step::Parameterized), &inputs);
        Ok((out.into(), Place { at, origin }))
    }
}
