//! `helmCharts`.
//!
//! Mirrors `api/internal/builtins/HelmChartInflationGenerator.go`. The chart is rendered by who the caller says; see
//! [`Inflate`](super::super::options::Inflate).

use crate::origin::Place;
use crate::source::{Dir, TreePath};
use crate::yaml::{Data, Dialect, Map, Node};

use super::super::context::Context;
use super::super::failure::{Failure, Result, Wrap};
use super::super::kustomization::{HelmChart, Text};
use super::super::loader::Loader;
use super::super::options::Inflation;
use super::super::resource::Resource;
use super::super::rnode;
use super::unavailable;

const MERGE_OPTIONS: [&str; 3] = ["merge", "override", "replace"];

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

/// The directory of a chart: below `chartHome`, in a directory of its own when repository and version are known.
fn chart_path(chart: &HelmChart, home: Option<&Text>, loader: &Loader) -> Option<TreePath> {
    let home = home.map_or("charts", |home| home.value.as_str());
    let home = loader.dir().path.join(home).ok()?;
    let home = if chart.version.is_empty() || chart.repo.is_empty() {
        home
    } else {
        home.join(&format!("{}-{}", chart.name, chart.version)).ok()?
    };
    home.join(&chart.name).ok()
}

/// Renders a chart.
pub(super) fn generate(
    chart: &HelmChart,
    home: Option<&Text>,
    loader: &Loader,
    cx: &mut Context<'_>,
) -> Result<Vec<Resource>> {
    let place = chart.node.place();
    let path = chart_path(chart, home, loader).filter(|path| loader.dir().tree.is_dir(path));
    let dir = match path {
        Some(path) => loader.dir().at(path),
        None if chart.repo.is_empty() => {
            return Err(Failure::new("no repo specified for pull, no chart found at ''"));
        }
        None => match cx.options.remotes.chart(&chart.repo, &chart.name, &chart.version).dir() {
            Some(dir) => dir.clone(),
            None => {
                let message = format!("chart `{}` of `{}` is not on this machine", chart.name, chart.repo);
                return Err(unavailable(place, message));
            }
        },
    };
    let Some(helm) = cx.options.helm else {
        return Err(unavailable(place, format!("chart `{}` is not rendered here", chart.name)));
    };
    let mut values = vec![values(chart, &dir, loader, cx)?];
    for file in &chart.additional_values_files {
        let loaded = loader.load(&file.value, cx).or_at(file.place)?;
        let stream = cx.cache.stream_as(&loaded.file, Dialect::Sigs);
        values.extend(stream.documents.first().and_then(|document| document.root.clone()));
    }
    let inflation = Inflation { chart: dir, args: chart, values, namespace: chart.namespace.clone() };
    let nodes =
        helm.inflate(&inflation, cx.origins, cx.cache).map_err(|message| Failure::at(place, message))?;
    Ok(nodes
        .into_iter()
        .filter(|node| !rnode::is_nil_or_empty(node))
        .map(|node| Resource::new(node, &mut cx.schemas))
        .collect())
}

/// The values instead of the chart's own: `valuesFile` and `valuesInline`, one over the other.
fn values(chart: &HelmChart, dir: &Dir, loader: &Loader, cx: &mut Context<'_>) -> Result<Node> {
    let empty = |place: Place| Node::map(Map::new(), place);
    let place = chart.node.place();
    let inline = chart.values_inline.clone().filter(|inline| !inline.entries().is_empty());
    let merge = chart.values_merge.as_str();
    if let (Some(inline), "replace") = (&inline, merge) {
        return Ok(inline.clone());
    }
    let file = match &chart.values_file {
        Some(file) => Some(loader.load(&file.value, cx).or_at(file.place)?.file),
        None => dir.path.join("values.yaml").ok().and_then(|path| dir.tree.read(&path).ok()),
    };
    let mut base = empty(place);
    if let Some(file) = file {
        let stream = cx.cache.stream_as(&file, Dialect::Sigs);
        if let Some(document) = stream.documents.first() {
            if let Some(error) = document.error.as_deref() {
                let message = error.go_message(Dialect::Sigs);
                return Err(Failure::at(Place::written(error.at), message)
                    .wrap("could not parse values file into rnode"));
            }
            base = document.root.clone().filter(|root| root.as_map().is_some()).unwrap_or(base);
        }
    }
    Ok(match inline {
        None => base,
        Some(inline) if merge == "merge" => overlay(inline, base),
        Some(inline) => overlay(base, inline),
    })
}

/// `over` on top of `under`: mappings are merged, everything else is replaced, null deletes.
fn overlay(mut under: Node, over: Node) -> Node {
    let (Data::Map(map), Data::Map(_)) = (&mut under.data, &over.data) else { return over };
    let Data::Map(entries) = over.data else { return under };
    for entry in entries.into_entries() {
        if entry.value.scalar().is_some() && entry.value.is_null() {
            map.remove(&entry.key.text);
            continue;
        }
        match map.get_mut(&entry.key.text) {
            Some(value) => {
                let old = std::mem::replace(value, Node::null(entry.value.place()));
                *value = overlay(old, entry.value);
            }
            None => map.push(entry),
        }
    }
    under
}
