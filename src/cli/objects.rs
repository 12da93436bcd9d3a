//! Rendered objects on standard output.

use std::path::{MAIN_SEPARATOR, PathBuf};

use crate::origin::{Origins, Place, Step};
use crate::repo::{Labels, Link, Workspace, chain};
use crate::report::{Origination, objects_json, objects_yaml};
use crate::source::{Sources, Span};
use crate::yaml::Node;

use super::render_args::{ObjectsArgs, ObjectsFormat};

/// The objects in the format that was asked for.
pub(super) fn text(nodes: &[&Node], args: &ObjectsArgs, origins: &dyn Origination) -> String {
    let origins = args.show_origins.then_some(origins);
    match args.format {
        ObjectsFormat::Yaml => objects_yaml(nodes, origins),
        ObjectsFormat::Json => objects_json(nodes, origins),
    }
}

/// Values of a chart or directory rendered by itself: where they are written, relative to the current directory.
pub(super) struct Written<'a> {
    sources: &'a Sources,
    origins: &'a Origins,
    here: Option<PathBuf>,
}

impl<'a> Written<'a> {
    pub(super) fn new(sources: &'a Sources, origins: &'a Origins) -> Self {
        let here = std::env::current_dir().and_then(std::fs::canonicalize).ok();
        Self { sources, origins, here }
    }
}

/// The places that the parts of a value are written at.
fn parts(place: Place, origins: &Origins) -> impl Iterator<Item = Span> {
    let is_data = |link: &Link| {
        let template = matches!(
            link.by,
            Step::Templated | Step::TemplateText | Step::Included | Step::Computed(_) | Step::Joined
        );
        !link.displaced && !template
    };
    // Only what templates or functions put together has parts; other chains tell one story.
    let by = origins.get(place.origin).map(|origin| origin.by);
    let joined = matches!(by, Some(Step::Joined | Step::Computed(_) | Step::Templated));
    let links = if joined { chain(place, origins) } else { Vec::new() };
    links.into_iter().filter(is_data).map(|link| link.at)
}

impl Origination for Written<'_> {
    fn spans(&self, place: Place) -> Vec<Span> {
        std::iter::once(place.at).chain(parts(place, self.origins)).collect()
    }

    fn name(&self, span: Span) -> Option<(String, u32)> {
        let (file, at, _) = self.sources.locate(span)?;
        let below =
            self.here.as_ref().and_then(|here| here.to_str()).map(|here| here.replace(MAIN_SEPARATOR, "/"));
        let short =
            below.as_deref().and_then(|here| file.strip_prefix(here)).and_then(|rest| rest.strip_prefix('/'));
        Some((short.unwrap_or(&file).to_owned(), at.line))
    }
}

/// Values of an app: the line that its owner can edit.
pub(super) struct Editable<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) origins: &'a Origins,
}

impl Origination for Editable<'_> {
    fn spans(&self, place: Place) -> Vec<Span> {
        let primary = Labels::of(place, self.origins, self.workspace).primary.at;
        std::iter::once(primary).chain(parts(place, self.origins)).collect()
    }

    fn name(&self, span: Span) -> Option<(String, u32)> {
        self.workspace.sources.locate(span).map(|(file, at, _)| (file.to_string(), at.line))
    }
}
