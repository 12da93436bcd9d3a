//! `render helm`: what `helm template` prints.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::Problem;
use crate::helm::{self, Chart, KubeVersion, ReleaseOptions, SetKind, UserValues, ValuesLayer};
use crate::origin::{Origins, Place, Placed, Step};
use crate::source::{Sources, Span};
use crate::yaml::Cache;

use super::args::RenderHelmArgs;
use super::{Failure, disk, print};

/// Renders a chart.
pub(super) fn run(args: &RenderHelmArgs) -> Result<ExitCode, Failure> {
    let sources = Sources::new();
    let cache = Cache::new(Arc::clone(&sources));
    let mut origins = Origins::new();
    let (chart, mut problems) = Chart::load(&disk::open(&args.chart, &sources)?, &cache);
    let Some(chart) = chart else { return Ok(failed(&problems, &sources)) };
    // What the command line says is a file as well, so that values can point at it.
    let line = sources.add("command line", Vec::new());
    let place = Place::written(Span::start_of(line.id()));
    let mut options =
        ReleaseOptions::new(Placed::new(args.release.as_str().into(), place), args.namespace.as_str());
    options.include_crds = args.include_crds;
    options.skip_tests = args.skip_tests;
    options.skip_schema_validation = args.skip_schema_validation;
    if let Some(version) = &args.kube_version {
        options.capabilities.kube_version = KubeVersion::parse(version)?;
    }
    options.capabilities.api_versions.extend(args.api_versions.iter().map(SmolStr::new));
    let mut user = UserValues::new(place);
    for path in &args.values {
        let dir = disk::open(path, &sources)?;
        let file =
            dir.tree.read(&dir.path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
        match helm::load_values(&cache, &file, "") {
            Ok(node) => user.add(ValuesLayer { node, by: Step::ValuesFile }, &mut origins),
            Err(problem) => problems.push(*problem),
        }
    }
    let mut read = |path: &str| {
        let dir = disk::open(Path::new(path), &sources)?;
        let file = dir.tree.read(&dir.path).map_err(|error| error.to_string())?;
        Ok(SmolStr::new(file.text_or_empty()))
    };
    for (kind, texts) in [
        (SetKind::Json, &args.set_json),
        (SetKind::Typed, &args.set),
        (SetKind::String, &args.set_string),
        (SetKind::File, &args.set_file),
        (SetKind::Literal, &args.set_literal),
    ] {
        for text in texts {
            user.set(kind, text, place, &mut origins, &mut read);
        }
    }
    let release = helm::render(&chart, user, &options, &mut origins, &cache);
    problems.extend(release.problems);
    for problem in problems.iter().filter(|problem| problem.kind.is_tolerated()) {
        eprintln!("warning: {}", problem.message);
    }
    if problems.iter().any(|problem| !problem.kind.is_tolerated()) {
        return Ok(failed(&problems, &sources));
    }
    print(&release.manifests.print(args.include_crds, args.skip_tests));
    Ok(ExitCode::SUCCESS)
}

/// Says what Helm would stop with, and everything else that is wrong.
fn failed(problems: &[Problem], sources: &Sources) -> ExitCode {
    for problem in problems.iter().filter(|problem| !problem.kind.is_tolerated()) {
        let location = problem.place.and_then(|place| sources.locate(place.at));
        match location {
            Some((name, at, _)) => eprintln!("error: {name}:{}:{}: {}", at.line, at.column, problem.message),
            None => eprintln!("error: {}", problem.message),
        }
    }
    ExitCode::FAILURE
}
