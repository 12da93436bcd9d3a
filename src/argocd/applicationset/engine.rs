//! The one door to the template languages: text and parameters in, text with origins out.
//!
//! Mirrors `Replace` of `applicationset/utils/utils.go`.

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Origin, Origins, Place, Step, Text};

use super::fast::{self, Piece};
use super::{ApplicationSet, Params};

/// Why a template gives no text.
#[derive(Debug)]
pub(super) enum Stop {
    /// Argo CD would refuse it.
    Wrong(Box<Problem>),
    /// The template language is not spoken here.
    Unsupported,
}

impl Stop {
    /// A template that Argo CD refuses, in its words.
    pub(super) fn wrong(place: Place, message: impl Into<String>) -> Self {
        Self::Wrong(Box::new(Problem::at(ProblemKind::Render, place, message)))
    }
}

/// Fills a template in. `None` when it comes out as it is written: nothing was a tag, or nothing was known.
///
/// `options` are `spec.goTemplateOptions`; they mean nothing without `goTemplate`.
pub(super) fn execute(
    set: &ApplicationSet,
    template: &str,
    place: Place,
    params: &Params,
    origins: &mut Origins,
) -> Result<Option<Text>, Stop> {
    if !template.contains("{{") {
        return Ok(None);
    }
    if set.go_template {
        go_template(template, place, params, &set.go_template_options, origins)
    } else {
        fast_template(template, place, params, origins)
    }
}

/// Go's `text/template` with the functions of sprig and `normalize`, `slugify`, `toYaml`, `fromYaml`,
/// `fromYamlArray`. Not spoken yet.
fn go_template(
    _template: &str,
    _place: Place,
    _params: &Params,
    _options: &[SmolStr],
    _origins: &mut Origins,
) -> Result<Option<Text>, Stop> {
    Err(Stop::Unsupported)
}

fn fast_template(
    template: &str,
    place: Place,
    params: &Params,
    origins: &mut Origins,
) -> Result<Option<Text>, Stop> {
    let pieces = fast::pieces(template, params).map_err(|message| Stop::wrong(place, message))?;
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        return Ok(None);
    }
    let literal = origins.entry(place);
    let mut text = Text::new();
    let mut read = 0;
    for piece in pieces {
        match piece {
            Piece::Text(part) => {
                text.push_part(part, literal, read);
                read += part.len() as u32;
            }
            Piece::Param { name, len } => {
                read += len as u32;
                let Some(value) = params.get(name) else { continue };
                let element = origins.entry(value.place());
                let filled = origins.add(Origin::new(place.at, Step::Parameterized).from(element));
                text.push_str(value.as_str().unwrap_or_default(), filled);
            }
        }
    }
    Ok(Some(text))
}

/// The place of a scalar that was filled in: its template, with every parameter that had a say as an input.
pub(super) fn place_of(text: &Text, place: Place, origins: &mut Origins) -> Place {
    let mut inputs = Vec::new();
    for id in text.origins() {
        match origins.get(id).copied() {
            Some(origin) if origin.by == Step::Parameterized && origin.at == Some(place.at) => {
                inputs.push(origin.from);
            }
            // The literal parts of the template itself: the place says that already.
            Some(origin) if origin.by == Step::Written && origin.at == Some(place.at) => {}
            _ => inputs.push(id),
        }
    }
    let origin = origins.add_joined(Origin::new(place.at, Step::Parameterized), &inputs);
    Place { at: place.at, origin }
}
