//! `render kustomize`: what `kustomize build` prints.

use std::process::ExitCode;
use std::sync::Arc;

use crate::finding::ProblemKind;
use crate::kustomize::{self, Flavor, LoadRestrictor, Options};
use crate::origin::Origins;
use crate::report::plain;
use crate::source::Sources;
use crate::yaml::{Cache, Node};

use super::flavors::{KustomizeFlavorArg, RenderKustomizeArgs};
use super::objects::{self, Written};
use super::render_args::LoadRestrictorArg;
use super::{Failure, disk, print, say};

/// Builds a directory. Bases may be anywhere on the disk, so the tree is all of it.
pub(super) fn run(args: &RenderKustomizeArgs) -> Result<ExitCode, Failure> {
    let sources = Sources::new();
    let dir = disk::open(&args.dir, &sources)?;
    let options = Options {
        load_restrictor: match args.load_restrictor {
            LoadRestrictorArg::RootOnly => LoadRestrictor::RootOnly,
            LoadRestrictorArg::None => LoadRestrictor::None,
        },
        flavor: match args.flavor {
            KustomizeFlavorArg::V5_7 => Flavor::V5_7,
            KustomizeFlavorArg::V5_8 => Flavor::V5_8,
        },
        enable_helm: args.enable_helm,
        enable_plugins: args.enable_alpha_plugins,
        ..Options::default()
    };
    let cache = Cache::new(Arc::clone(&sources));
    let mut origins = Origins::new();
    let built = kustomize::build(&dir, &options, &mut origins, &cache);
    let missing = built.problems.iter().find(|problem| problem.kind == ProblemKind::Unavailable);
    let message = built.failure.as_ref().or(missing.map(|problem| &problem.message));
    for problem in built.problems.iter().filter(|problem| problem.kind == ProblemKind::Warning) {
        say!("warning: {}", plain(&problem.message));
    }
    if let Some(message) = message {
        say!("error: {}", plain(message));
        return Ok(ExitCode::FAILURE);
    }
    let nodes: Vec<&Node> = built.resources.iter().collect();
    print(&objects::text(&nodes, &args.output, &Written::new(&sources, &origins)));
    // The process ends here: nobody needs the trees taken apart value by value.
    std::mem::forget((built, origins, cache, dir, sources));
    Ok(ExitCode::SUCCESS)
}
