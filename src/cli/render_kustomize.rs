//! `render kustomize`: what `kustomize build` prints.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::finding::ProblemKind;
use crate::kustomize::{self, LoadRestrictor, Options};
use crate::origin::Origins;
use crate::source::{Dir, Sources, TreePath, WorkTree};
use crate::yaml::Cache;

use super::args::{LoadRestrictorArg, RenderKustomizeArgs};
use super::{Failure, print};

/// Builds a directory. Bases may be anywhere on the disk, so the tree is all of it.
pub(super) fn run(args: &RenderKustomizeArgs) -> Result<ExitCode, Failure> {
    let shown = args.dir.display();
    let real = std::fs::canonicalize(&args.dir).map_err(|error| format!("cannot open `{shown}`: {error}"))?;
    let root = real.ancestors().last().unwrap_or(Path::new("/"));
    let sources = Sources::new();
    let tree = WorkTree::unwalked(root, "/", Arc::clone(&sources))
        .map_err(|error| format!("cannot open `{}`: {error}", root.display()))?;
    let inside = real.strip_prefix(root).unwrap_or(&real).to_str();
    let path = inside.and_then(|path| TreePath::new(&path.replace(std::path::MAIN_SEPARATOR, "/")).ok());
    let path = path.ok_or_else(|| format!("`{shown}` is not a path in UTF-8"))?;
    let options = Options {
        load_restrictor: match args.load_restrictor {
            LoadRestrictorArg::RootOnly => LoadRestrictor::RootOnly,
            LoadRestrictorArg::None => LoadRestrictor::None,
        },
        enable_helm: args.enable_helm,
        enable_plugins: args.enable_alpha_plugins,
        ..Options::default()
    };
    let cache = Cache::new(sources);
    let mut origins = Origins::new();
    let built = kustomize::build(&Dir::new(Arc::new(tree), path), &options, &mut origins, &cache);
    let missing = built.problems.iter().find(|problem| problem.kind == ProblemKind::Unavailable);
    let message = built.failure.as_ref().or(missing.map(|problem| &problem.message));
    for problem in built.problems.iter().filter(|problem| problem.kind == ProblemKind::Warning) {
        eprintln!("warning: {}", problem.message);
    }
    if let Some(message) = message {
        eprintln!("error: {message}");
        return Ok(ExitCode::FAILURE);
    }
    print(&built.to_yaml());
    Ok(ExitCode::SUCCESS)
}
