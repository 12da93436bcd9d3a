//! `helmCharts`.
//!
//! Mirrors `api/internal/builtins/HelmChartInflationGenerator.go`. Where kustomize runs Helm, our own Helm engine
//! renders. A chart that would be pulled is looked for among those that are vendored.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::helm::{self, ClusterVersion, Manifest, Release, ReleaseOptions, UserValues, ValuesLayer};
use crate::origin::{Place, Placed, SourceMap, Step};
use crate::source::{Dir, Found, SourceFile};
use crate::yaml::{Dialect, Map, Node, parse_text};

use super::super::context::{Context, Schemas};
use super::super::factory;
use super::super::failure::{Failure, Result, Wrap};
use super::super::flavor::Flavor;
use super::super::kustomization::{HelmChart, Text};
use super::super::loader::{Loader, shown};
use super::super::merge2;
use super::super::resource::Resource;
use super::super::setter::{Aliases, Setter};

const MERGE_OPTIONS: [&str; 3] = ["merge", "override", "replace"];

/// The name of a release without a name, as `helm template` has it.
const RELEASE_NAME: &str = "release-name";

/// Whether an entry can be rendered at all.
pub(in super::super) fn check(chart: &HelmChart, loader: &Loader, cx: &mut Context<'_>) -> Result<()> {
    if !cx.options.enable_helm {
        return Err(Failure::new("must specify --enable-helm"));
    }
    if chart.name.is_empty() {
        return Err(Failure::new("chart name cannot be empty"));
    }
    for file in &chart.additional_values_files {
        let loaded = loader.load(&file.value, cx);
        loaded.wrap(|| "could not load additionalValuesFile".to_owned()).or_at(file.place)?;
    }
    let merge = chart.values_merge.as_str();
    if !merge.is_empty() && !MERGE_OPTIONS.contains(&merge) {
        return Err(Failure::new("valuesMerge must be one of [merge override replace]"));
    }
    Ok(())
}

/// Where a chart is.
struct Located {
    dir: Dir,
    /// The entry that leads to its values, when it stands below `chartHome`.
    values_entry: Option<String>,
}

/// Finds a chart: below `chartHome`, there in a directory of its own when repository and version are known, else
/// where the repository would be pulled from.
fn locate(chart: &HelmChart, home: Option<&Text>, loader: &Loader, cx: &mut Context<'_>) -> Result<Located> {
    let HelmChart { name, version, repo, .. } = chart;
    let home = home.map_or("charts", |home| home.value.as_str());
    let path = if version.is_empty() || repo.is_empty() {
        format!("{home}/{name}")
    } else {
        format!("{home}/{name}-{version}/{name}")
    };
    if let Ok(at) = loader.dir().path.join(&path)
        && let Ok(real) = loader.dir().tree.resolve(&at)
        && loader.dir().tree.is_dir(&real)
    {
        return Ok(Located { dir: loader.dir().at(real), values_entry: Some(format!("{path}/values.yaml")) });
    }
    if repo.is_empty() {
        return Err(Failure::new("no repo specified for pull, no chart found at ''"));
    }
    let place = chart.node.place();
    match cx.options.remotes.chart(repo, name, version) {
        Found::Here(dir) => Ok(Located { dir, values_entry: None }),
        Found::Instead(dir, note) => {
            cx.unavailable(Problem::at(ProblemKind::Unavailable, place, note));
            Ok(Located { dir, values_entry: None })
        }
        Found::Missing { reason, help } => {
            let failure = Failure::at(place, reason).kind(ProblemKind::Unavailable);
            Err(if help.is_empty() { failure } else { failure.help(help) })
        }
    }
}

/// Renders a chart. What Helm refuses is a failure; what it renders all the same is here.
pub(super) fn generate(
    chart: &HelmChart,
    home: Option<&Text>,
    loader: &Loader,
    cx: &mut Context<'_>,
) -> Result<Vec<Resource>> {
    let place = chart.node.place();
    let located = locate(chart, home, loader, cx)?;
    let options = release_options(chart, cx)?;
    let layers = values(chart, &located, loader, cx)?;
    let loaded = cx.charts().load(&located.dir, cx.cache);
    settle(loaded.problems.clone(), place, cx);
    let Some(root) = &loaded.chart else { return Ok(Vec::new()) };
    let mut user = UserValues::new(place);
    for layer in layers {
        user.add(layer, cx.origins);
    }
    let mut release = helm::render(root, user, &options, cx.origins, cx.cache);
    settle(release.problems.clone(), place, cx);
    let nodes = objects(chart, &mut release, cx)?;
    cx.releases.push(release);
    let mut resources = factory::from_nodes(nodes, cx)
        .wrap(|| "could not parse rnode slice into resource map".to_owned())
        .or_at(place)?;
    for resource in &mut resources {
        resource.memory.from_helm = cx.options.flavor != Flavor::V5_7;
    }
    Ok(resources)
}

/// The flags that Helm is run with.
fn release_options(chart: &HelmChart, cx: &Context<'_>) -> Result<ReleaseOptions> {
    let place = chart.node.place();
    let HelmChart { release_name, name_template, namespace, .. } = chart;
    let name = match (release_name.as_str(), name_template.as_str()) {
        ("", "") => SmolStr::new_static(RELEASE_NAME),
        ("", template) if template.contains("{{") => {
            let message = format!("the name template `{template}` is not executed");
            return Err(Failure::at(place, message).kind(ProblemKind::Unavailable));
        }
        ("", _) => name_template.clone(),
        (_, "") => release_name.clone(),
        _ => return Err(Failure::at(place, "cannot set --name-template and also specify a name")),
    };
    let namespace = if namespace.is_empty() { SmolStr::new_static("default") } else { namespace.clone() };
    let mut options =
        ReleaseOptions::new(Placed::new(name, place), namespace).for_flavor(cx.options.helm_flavor);
    options.include_crds = chart.include_crds;
    options.skip_tests = chart.skip_tests;
    let own = (!chart.kube_version.is_empty())
        .then(|| ClusterVersion { text: chart.kube_version.clone(), is_assumed: false });
    if let Some(version) = own.as_ref().or(cx.options.helm_kube_version) {
        options.for_cluster(version).map_err(|words| Failure::at(place, words))?;
    }
    let versions = if chart.api_versions.is_empty() {
        cx.options.helm_api_versions
    } else {
        chart.api_versions.as_slice()
    };
    options.capabilities.api_versions.extend(versions.iter().cloned());
    Ok(options)
}

/// The values files that Helm is given: one instead of the chart's own, then the additional ones.
fn values(
    chart: &HelmChart,
    located: &Located,
    loader: &Loader,
    cx: &mut Context<'_>,
) -> Result<Vec<ValuesLayer>> {
    let place = chart.node.place();
    let file = || match (&chart.values_file, &located.values_entry) {
        (Some(file), _) => Ok((file.value.to_string(), file.place)),
        (None, Some(entry)) => Ok((entry.clone(), place)),
        // What was pulled stands below `chartHome` by then.
        (None, None) => Err(located.dir.path.child("values.yaml")),
    };
    let load = |cx: &mut Context<'_>| match file() {
        Ok((entry, place)) => loader.load(&entry, cx).or_at(place),
        Err(path) => located.dir.tree.read(&path).map_err(|_| {
            let path = shown(&path);
            Failure::at(
                place,
                format!("evalsymlink failure on '{path}' : lstat {path}: no such file or directory"),
            )
        }),
    };
    let inline = chart.values_inline.clone().filter(|inline| !inline.entries().is_empty());
    let first = match (inline, chart.values_merge.as_str()) {
        (None, _) => plain(&load(cx)?, Step::ValuesFile, cx)?,
        (Some(inline), "replace") => ValuesLayer { node: inline, by: Step::InlineValues },
        (Some(inline), merge) => {
            let base = mergeable(&load(cx)?, cx)?;
            let (patch, target) = if merge == "merge" { (base, inline) } else { (inline, base) };
            let mut aliases = Aliases::default();
            let mut setter = Setter::new(cx.origins, &mut aliases, place, Step::InlineValues);
            let merged = merge2::merge(patch, target, &Schemas::default(), &mut setter);
            let merged = merged.map_err(|failure| failure.wrap("could not merge values")).or_at(place)?;
            let mut node = merged.unwrap_or_else(|| Node::map(Map::new(), place));
            canonical(&mut node)?;
            ValuesLayer { node, by: Step::InlineValues }
        }
    };
    let mut layers = vec![first];
    for file in &chart.additional_values_files {
        let loaded = loader.load(&file.value, cx).or_at(file.place)?;
        layers.push(plain(&loaded, Step::ValuesFile, cx)?);
    }
    Ok(layers)
}

/// A file as Helm reads it.
fn plain(file: &Arc<SourceFile>, by: Step, cx: &Context<'_>) -> Result<ValuesLayer> {
    let node = helm::load_values(cx.cache, file, "").map_err(|problem| Failure::of(*problem))?;
    Ok(ValuesLayer { node, by })
}

/// A file as kustomize reads it to merge it.
fn mergeable(file: &Arc<SourceFile>, cx: &Context<'_>) -> Result<Node> {
    let stream = cx.cache.stream_as(file, Dialect::V3);
    let whole = Place::written(file.span());
    let Some(document) = stream.documents.first() else { return Ok(Node::map(Map::new(), whole)) };
    if let Some(error) = document.error.as_deref() {
        let failure = Failure::at(Place::written(error.at), error.go_message(Dialect::V3));
        return Err(failure.wrap("could not parse values file into rnode"));
    }
    Ok(document.root.clone().unwrap_or_else(|| Node::map(Map::new(), whole)))
}

fn canonical(node: &mut Node) -> Result<()> {
    node.canonicalize(Dialect::V3)
        .map_err(|problem| Failure::at(Place::written(problem.at), problem.go_message(Dialect::V3)))
}

/// Records what Helm said: failures, what is not here, warnings.
fn settle(problems: Vec<Problem>, place: Place, cx: &mut Context<'_>) {
    for problem in problems {
        match problem.kind {
            ProblemKind::Warning => cx.problems.push(problem),
            ProblemKind::Unavailable | ProblemKind::MissingDependency | ProblemKind::Limit => {
                cx.unavailable(problem);
            }
            _ => cx.fail(Failure::of(problem).or_at(place).related(place, "rendered for this entry")),
        }
    }
}

/// What `helm template` prints, read as kustomize reads it.
fn objects(chart: &HelmChart, release: &mut Release, cx: &mut Context<'_>) -> Result<Vec<Node>> {
    let manifests = std::mem::take(&mut release.manifests);
    let mut nodes = Vec::new();
    for crd in manifests.crds.iter().filter(|_| chart.include_crds) {
        let stream = cx.cache.stream_as(&crd.file, Dialect::V3);
        for document in &stream.documents {
            if let Some(problem) = document.error.as_deref() {
                let message = format!("MalformedYAMLError: {}", problem.go_message(Dialect::V3));
                return Err(Failure::at(Place::written(problem.at), message));
            }
            nodes.extend(document.root.clone());
        }
    }
    let is_test = |hook: &Manifest| hook.hooks.contains(&"test");
    let hooks = manifests.hooks.iter().filter(|_| !chart.skip_hooks);
    let hooks = hooks.filter(|hook| !(chart.skip_tests && is_test(hook)));
    for manifest in manifests.manifests.iter().chain(hooks) {
        let sources = cx.cache.sources();
        let mut map = SourceMap::new(&manifest.text, cx.origins, sources, chart.node.at);
        let parsed = parse_text(manifest.text.as_str(), Dialect::V3, &mut map);
        for document in parsed.documents {
            if let Some(problem) = document.error {
                let message = format!("MalformedYAMLError: {}", problem.go_message(Dialect::V3));
                return Err(Failure::at(Place::written(problem.at), message));
            }
            nodes.extend(document.root);
        }
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use crate::kustomize::Options;

    #[test]
    fn does_what_kustomize_does() {
        let options = Options { enable_helm: true, ..Options::default() };
        let table = include_str!("../../../fixtures/kustomize/helm_charts.yaml");
        crate::kustomize::filters::testing::check_with(table, &options);
    }
}
