//! The one door to the template languages: text and parameters in, text with origins out.
//!
//! Mirrors `Replace` of `applicationset/utils/utils.go`.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::gotemplate::{Exec, Failure, Limits, Map, MissingKey, Templates, Value, parse};
use crate::helm;
use crate::origin::{Origin, Origins, Place, Step, Text};
use crate::source::{Sources, relaxed};

use super::fast::{self, Piece};
use super::functions::FUNCTIONS;
use super::{ApplicationSet, Params};

/// What Argo CD calls every template.
const NAME: &str = "base";

/// A template that Argo CD refuses.
pub(super) type Wrong = Box<Problem>;

/// What one text of a template may take: there may be twenty thousand parameter sets, and texts of manifests are short.
fn limits() -> Limits {
    Limits { steps: relaxed(200_000), bytes: relaxed(1 << 20), work: relaxed(1 << 20), ..Limits::default() }
}

/// A problem with a template, in Argo CD's words.
#[expect(clippy::unnecessary_box_returns, reason = "errors are boxed wherever they are returned")]
pub(super) fn wrong(place: Place, message: impl Into<String>) -> Wrong {
    Box::new(Problem::at(ProblemKind::Render, place, message))
}

/// Fills templates in with one set of parameters.
pub(super) struct Engine<'a> {
    /// Where steps go.
    pub(super) origins: &'a mut Origins,
    /// All files.
    pub(super) sources: &'a Arc<Sources>,
    set: &'a ApplicationSet,
    params: &'a Params,
    /// The parameters as Go templates see them: made once, and shared, since templates can change them.
    data: Option<Value>,
    missing_key: Option<MissingKey>,
}

impl<'a> Engine<'a> {
    /// An engine for templates of a set.
    pub(super) fn new(
        set: &'a ApplicationSet,
        params: &'a Params,
        origins: &'a mut Origins,
        sources: &'a Arc<Sources>,
    ) -> Self {
        Self { origins, sources, set, params, data: None, missing_key: None }
    }

    /// The same engine for which a parameter that is not there is an error, whatever the set says.
    pub(super) fn strict(self) -> Self {
        Self { missing_key: Some(MissingKey::Error), ..self }
    }

    /// The set.
    pub(super) fn set(&self) -> &'a ApplicationSet {
        self.set
    }

    /// Fills in a scalar. `None` when it comes out as it is written: nothing was a tag, or nothing was known.
    pub(super) fn scalar(&mut self, template: &str, place: Place) -> Result<Option<(SmolStr, Place)>, Wrong> {
        if !template.contains("{{") {
            return Ok(None);
        }
        let source = Text::of(template, self.origins.entry(place));
        let Some(filled) = self.text(&source, place)? else { return Ok(None) };
        let place = self.place_of(&filled, place);
        Ok(Some((SmolStr::from(filled.into_string()), place)))
    }

    /// Fills in a text whose pieces know where they come from; `place` is that of the whole.
    pub(super) fn text(&mut self, source: &Text, place: Place) -> Result<Option<Text>, Wrong> {
        if !source.as_str().contains("{{") {
            return Ok(None);
        }
        if self.set.go_template { self.go(source, place).map(Some) } else { self.fast(source, place) }
    }

    /// Go's `text/template`.
    fn go(&mut self, source: &Text, place: Place) -> Result<Text, Wrong> {
        let text: Arc<str> = source.as_str().into();
        let trees = parse(NAME, &text, None, &|name| FUNCTIONS.get(name).is_some()).map_err(|error| {
            wrong(place, format!("failed to parse template {}: {}", source.as_str(), error.message))
        })?;
        let missing_key = self.missing_key(place)?;
        let data = match &self.data {
            Some(data) => data.clone(),
            None => {
                let entries: Vec<_> = self
                    .params
                    .iter()
                    .map(|entry| (entry.key.text.clone(), helm::to_value(&entry.value, self.origins)))
                    .collect();
                self.data.insert(Value::map(Map::from_entries(entries))).clone()
            }
        };
        let mut templates = Templates::default();
        templates.add_from(trees, Some(&Arc::new(source.clone())));
        let host = helm::Host::new(Arc::clone(self.sources), place.at);
        let mut exec = Exec::new(self.origins, templates, &FUNCTIONS, Box::new(host), limits());
        exec.missing_key = missing_key;
        exec.execute(NAME, &data).map_err(|failure| failed(&failure, source, place))
    }

    /// `goTemplateOptions`, the last of which counts.
    fn missing_key(&self, place: Place) -> Result<MissingKey, Wrong> {
        let mut missing_key = MissingKey::Invalid;
        for option in &self.set.go_template_options {
            missing_key = match option.as_str() {
                "missingkey=default" | "missingkey=invalid" => MissingKey::Invalid,
                "missingkey=zero" => MissingKey::Zero,
                "missingkey=error" => MissingKey::Error,
                other => return Err(wrong(place, format!("unrecognized option: {other}"))),
            };
        }
        Ok(self.missing_key.unwrap_or(missing_key))
    }

    /// `{{ name }}`, nothing else.
    fn fast(&mut self, source: &Text, place: Place) -> Result<Option<Text>, Wrong> {
        let pieces = fast::pieces(source.as_str(), self.params).map_err(|message| wrong(place, message))?;
        if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
            return Ok(None);
        }
        let mut text = Text::new();
        let mut read = 0;
        for piece in pieces {
            match piece {
                Piece::Text(part) => {
                    text.push_range(source, read..read + part.len());
                    read += part.len();
                }
                Piece::Param { name, len } => {
                    let tag = source.slice(read..read + len).first_origin();
                    let at = self.origins.get(tag).and_then(|origin| origin.at).unwrap_or(place.at);
                    read += len;
                    let Some(value) = self.params.get(name) else { continue };
                    let element = self.origins.entry(value.place());
                    let filled = self.origins.add(Origin::new(at, Step::Parameterized).from(element));
                    text.push_str(value.as_str().unwrap_or_default(), filled);
                }
            }
        }
        Ok(Some(text))
    }

    /// The place of a scalar that was filled in: its template, with every parameter that had a say as an input.
    fn place_of(&mut self, text: &Text, place: Place) -> Place {
        let mut inputs = Vec::new();
        for id in text.origins() {
            match self.origins.get(id).copied() {
                // A step at the template itself: what it took in is what counts.
                Some(origin) if origin.at == Some(place.at) => {
                    if !origin.from.is_written() {
                        inputs.push(origin.from);
                    }
                }
                _ => inputs.push(id),
            }
        }
        let origin = self.origins.add_joined(Origin::new(place.at, Step::Parameterized), &inputs);
        Place { at: place.at, origin }
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "errors are boxed wherever they are returned")]
fn failed(failure: &Failure, source: &Text, place: Place) -> Wrong {
    if failure.is_limit {
        return Box::new(Problem::at(ProblemKind::Limit, place, failure.message.clone()));
    }
    let message = format!("failed to execute go template {}: {}", source.as_str(), failure.message);
    Box::new(Problem::at(ProblemKind::Render, place, message).because(failure.because.clone()))
}
