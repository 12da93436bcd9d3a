//! Which apps are the same in two states of a repository: for most of them what they are made from tells, and nothing is rendered.
//!
//! An Application of charts reads everything before its first template is executed. What it is, what was read and listed for it,
//! and what the repository says to all apps decide what it renders to. Only what may bring forth apps has to be rendered to
//! go on; whatever else is not sure to be such an Application is rendered as well.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use rustc_hash::FxHashMap;

use crate::helm::Chart;
use crate::source::{FileId, SourceFile};
use crate::yaml::{Data, Node};

use super::analysis::{Analysis, OnApp, Round, Worker};
use super::app::{App, Spec};
use super::batch::{Batch, glance, outline};
use super::record::Recorded;
use super::render::render_inputs;
use super::{Inventory, Rendered, Workspace, discover};

/// What tells whether an app is the same in two states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// Of what it is made from. Where that differs, its objects may still be the same.
    Inputs(u64),
    /// Of its objects, as the caller sees them.
    Objects(u64),
}

/// Finds the apps of a state, and what tells each from the same app of another state. `analysis` is that of both states;
/// `on_app` is the hash of what an app renders to.
pub fn prints(
    workspace: &Workspace,
    analysis: &Analysis<Print>,
    on_app: &OnApp<'_, u64>,
) -> (Inventory, Vec<Print>) {
    analysis.begin(workspace);
    discover::discover(workspace, &Comparing { analysis, on_app, known: Mutex::default() })
}

/// Texts that a definition of an app cannot do without, wherever it is put together.
const OF_APPS: [&str; 2] = ["argoproj", "fluxcd"];

/// Renders what cannot be told otherwise.
struct Comparing<'a> {
    analysis: &'a Analysis<Print>,
    on_app: &'a OnApp<'a, u64>,
    /// Files, and whether they speak of apps.
    known: Mutex<FxHashMap<FileId, bool>>,
}

impl Worker<Print> for Comparing<'_> {
    fn round<'a>(&self, workspace: &'a Workspace, keeps_named: bool) -> Round<'a> {
        self.analysis.round(workspace, keeps_named)
    }

    fn work(&self, round: &Round<'_>, app: App, depth: u32) -> Batch<Print> {
        let make = |workspace: &Workspace, app: App| {
            // What others may name has to be seen.
            let inputs = (!round.keeps_named).then(|| self.inputs(workspace, &app)).flatten();
            match inputs {
                Some(rendered) => outline(app, depth, rendered, Print::Inputs(0)),
                None => {
                    let on_app = |app: &App, rendered: &Rendered| {
                        Print::Objects((self.on_app)(workspace, app, rendered))
                    };
                    glance(workspace, &on_app, app, depth, round.keeps_named)
                }
            }
        };
        let sign = |print: &mut Print, key: u64, recorded: &Recorded| {
            if let Print::Inputs(inputs) = print {
                let mut hasher = DefaultHasher::new();
                (key, recorded.digest()).hash(&mut hasher);
                *inputs = hasher.finish();
            }
        };
        self.analysis.work(round, &make, &sign, app, depth)
    }
}

impl Comparing<'_> {
    /// What was read for an app that certainly brings forth no apps; `None` where only a render tells.
    fn inputs(&self, workspace: &Workspace, app: &App) -> Option<Rendered> {
        let Spec::Argo(application) = &app.spec else { return None };
        if application.sources.iter().any(|source| source.node.get("helm").is_some_and(mentions_apps)) {
            return None;
        }
        let rendered = render_inputs(app, workspace);
        if rendered.unexecuted.is_empty() || !rendered.objects.is_empty() {
            return None;
        }
        let own = app.path.as_ref();
        let files = rendered.files.iter().filter(|path| Some(*path) != own);
        let mut files = files.filter_map(|path| workspace.tree.read(path).ok());
        let speaks = files.any(|file| self.speaks(&file))
            || rendered.unexecuted.iter().any(|chart| self.chart_speaks(chart, workspace));
        (!speaks).then_some(rendered)
    }

    fn speaks(&self, file: &SourceFile) -> bool {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&file.id()) {
            return *known;
        }
        let speaks = is_of_apps(file.bytes());
        known().insert(file.id(), speaks);
        speaks
    }

    fn chart_speaks(&self, chart: &Chart, workspace: &Workspace) -> bool {
        let values = chart.values.as_ref().and_then(|values| workspace.sources.get(values.at.file));
        let mut files = chart.templates.iter().chain(&chart.files).map(|file| &file.file);
        // Charts beside this one are taken in when templates are executed.
        let is_beside = |wanted: &crate::helm::Dependency| wanted.repository.value.starts_with("file:");
        files.any(|file| self.speaks(file))
            || values.is_some_and(|file: Arc<SourceFile>| self.speaks(&file))
            || chart.metadata.dependencies().iter().any(is_beside)
            || chart.dependencies.iter().any(|chart| self.chart_speaks(chart, workspace))
    }
}

fn is_of_apps(text: &[u8]) -> bool {
    OF_APPS.iter().any(|word| memmem::find(text, word.as_bytes()).is_some())
}

/// Whether any text in a node speaks of apps.
fn mentions_apps(node: &Node) -> bool {
    match &node.data {
        Data::Scalar(text) => is_of_apps(text.as_bytes()),
        Data::Seq(items) => items.iter().any(mentions_apps),
        Data::Map(map) => {
            map.iter().any(|entry| is_of_apps(entry.key.text.as_bytes()) || mentions_apps(&entry.value))
        }
    }
}
