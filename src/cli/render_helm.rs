//! `render helm`: what `helm template` prints.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::helm::{self, Chart, Flavor, KubeVersion, ReleaseOptions, SetKind, UserValues, ValuesLayer};
use crate::origin::{Origins, Place, Placed, Step};
use crate::source::{Sources, Span};
use crate::yaml::Cache;

use super::flavors::HelmFlavorArg;
use super::objects::{self, Written};
use super::render_args::{ObjectsFormat, RenderHelmArgs};
use super::{Failure, disk, print, problems};

/// A chart of usual size takes so many steps.
const USUAL_STEPS: usize = 2500;

/// Renders a chart.
pub(super) fn run(args: &RenderHelmArgs) -> Result<ExitCode, Failure> {
    // One more thread is all that a chart can keep busy, and starting it is not waited for. Without it, this one does all.
    let threads = if std::env::var_os("RAYON_NUM_THREADS").is_some() { 0 } else { 2 };
    let _pool = rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build();
    let sources = Sources::new();
    let cache = Cache::new(Arc::clone(&sources));
    let mut origins = Origins::with_capacity(USUAL_STEPS);
    let (chart, mut met) = Chart::load(&disk::open(&args.chart, &sources)?, &cache);
    let Some(chart) = chart else { return Ok(problems::tell(&met, &sources)) };
    // What the command line says is a file as well, so that values can point at it.
    let line = sources.add("command line", Vec::new());
    let place = Place::written(Span::start_of(line.id()));
    let mut options =
        ReleaseOptions::new(Placed::new(args.release.as_str().into(), place), args.namespace.as_str());
    options = options.for_flavor(match args.flavor {
        HelmFlavorArg::Helm3 => Flavor::Helm3,
        HelmFlavorArg::Helm4 => Flavor::Helm4,
    });
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
            Err(problem) => met.push(*problem),
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
    let text_only = !args.output.show_origins && args.output.format == ObjectsFormat::Yaml;
    let render = if text_only { helm::render_text } else { helm::render };
    let release = render(&chart, user, &options, &mut origins, &cache);
    met.extend(release.problems);
    let code = problems::tell(&met, &sources);
    if met.iter().any(|problem| !problem.kind.is_tolerated()) {
        return Ok(code);
    }
    if text_only {
        print(&release.manifests.print(args.include_crds, args.skip_tests));
        // The process ends here: nobody needs the trees taken apart value by value.
        std::mem::forget((release.manifests, release.root, release.values, origins, chart, cache, sources));
        return Ok(ExitCode::SUCCESS);
    }
    // Comments of our own need objects: what stands between the documents of a template is not shown.
    let (nodes, _) = release.manifests.into_objects(args.include_crds, args.skip_tests, &cache);
    print(&objects::text(&nodes.iter().collect::<Vec<_>>(), &args.output, &Written::new(&sources, &origins)));
    Ok(ExitCode::SUCCESS)
}
