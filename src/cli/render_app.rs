//! `render app`: what Argo CD or Flux would apply for an app of the repository.
//!
//! Exit codes: 0 when all of it was rendered, 1 when the real tool would fail or objects are missing, 2 when nothing
//! of it is on this machine.

use std::process::ExitCode;

use crate::argocd::track;
use crate::explain::Subject;
use crate::finding::Missing;
use crate::repo::Status;
use crate::report::plain;
use crate::yaml::Node;

use super::objects::{self, Editable};
use super::place::Place;
use super::render_args::RenderAppArgs;
use super::{EXIT_UNUSABLE, Failure, open, print, problems, say};

pub(super) fn run(args: &RenderAppArgs) -> Result<ExitCode, Failure> {
    let workspace = open::workspace(&Place::of_dir(&args.repo)?.root, &args.common)?;
    let Subject { app, mut rendered } = Subject::find(&workspace, &args.name)?;
    problems::tell(&rendered.problems, &workspace.sources);
    for incomplete in &rendered.incomplete {
        if !rendered.problems.iter().any(|problem| problem.message == incomplete.words) {
            say!("warning: {}", plain(&incomplete.words));
        }
    }
    let (name, kind) = (&app.name, app.kind);
    match rendered.status() {
        Status::Failed => {
            // Nothing would be applied, so nothing is printed.
            say!("error: {kind} `{}` cannot be rendered", plain(name));
            return Ok(ExitCode::FAILURE);
        }
        Status::Skipped => {
            say!("error: {kind} `{}` was not rendered: its content is not on this machine", plain(name));
            return Ok(ExitCode::from(EXIT_UNUSABLE));
        }
        Status::Rendered | Status::Partial => {}
    }
    if let Some(application) = app.application() {
        let settings = &workspace.control_plane().settings;
        for object in &mut rendered.objects {
            track(&mut object.node, application, settings, &mut rendered.origins);
        }
    }
    let nodes: Vec<&Node> = rendered.objects.iter().map(|object| &object.node).collect();
    let origins = Editable { workspace: &workspace, origins: &rendered.origins };
    print(&objects::text(&nodes, &args.output, &origins));
    if rendered.incomplete.iter().any(|it| it.missing != Missing::StandIn) {
        say!("error: objects of {kind} `{}` are missing: this is not all that would be applied", plain(name));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
