//! Rendered objects on standard output.

use std::path::{MAIN_SEPARATOR, PathBuf};
use std::sync::Arc;

use crate::origin::{Origins, Place};
use crate::repo::{Labels, Workspace};
use crate::report::{Origination, objects_json, objects_yaml};
use crate::source::{Sources, Span};
use crate::yaml::Node;

use super::args::{ObjectsArgs, ObjectsFormat};

/// The objects in the format that was asked for.
pub(super) fn text(nodes: &[&Node], args: &ObjectsArgs, origins: &dyn Origination) -> String {
    let origins = args.show_origins.then_some(origins);
    match args.format {
        ObjectsFormat::Yaml => objects_yaml(nodes, origins),
        ObjectsFormat::Json => objects_json(nodes, origins),
    }
}

/// Values of a chart or directory rendered by itself: where they are written, relative to the current directory.
pub(super) struct Written {
    sources: Arc<Sources>,
    here: Option<PathBuf>,
}

impl Written {
    pub(super) fn new(sources: &Arc<Sources>) -> Self {
        let here = std::env::current_dir().and_then(std::fs::canonicalize).ok();
        Self { sources: Arc::clone(sources), here }
    }
}

impl Origination for Written {
    fn span(&self, place: Place) -> Span {
        place.at
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
    fn span(&self, place: Place) -> Span {
        Labels::of(place, self.origins, self.workspace).primary.at
    }

    fn name(&self, span: Span) -> Option<(String, u32)> {
        self.workspace.sources.locate(span).map(|(file, at, _)| (file.to_string(), at.line))
    }
}
