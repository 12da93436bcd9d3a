//! Renders a HelmRelease: the chart of its source with its values, then what its post-renderers do.
//!
//! Mirrors `internal/action/install.go`, `internal/postrender` of helm-controller and `internal/helm/chart` of
//! source-controller.

use std::sync::Arc;

use crate::finding::{Cause, Incomplete, Missing, Problem, ProblemKind};
use crate::helm::{self, Chart, Manifest, Release, ReleaseOptions, UserValues, ValuesLayer, load_values};
use crate::kustomize::{self, Draft, Image, LoadRestrictor, Options, Reorder};
use crate::origin::{Name, Origins, Place, Step};
use crate::output::Output;
use crate::source::{Dir, MemoryTree, TreePath};
use crate::yaml::{Dialect, Node};

use super::metadata::set_metadata;
use super::reference::{Inputs, flag};
use super::source::{Located, lacking, place_of};
use super::{ChartTemplate, HelmRelease, Renderer};

const ORIGIN: Name = Name::new(&"origin labels");

impl Renderer<'_> {
    /// Renders a HelmRelease. Steps go into `origins`.
    pub fn helm_release(&self, app: &HelmRelease, inputs: &Inputs, origins: &mut Origins) -> Output {
        let mut output = Output::default();
        let Some((dir, template, root)) = self.chart_of(app, inputs, &mut output) else { return output };
        let loaded = self.charts.load(&dir, self.cache);
        output.take_problems(loaded.problems.clone());
        let Some(chart) = &loaded.chart else { return output };
        let chart = &helm::with_vendored(chart, self.remotes, self.charts, self.cache);
        let chart = match template.as_ref().filter(|template| !template.values_files.is_empty()) {
            Some(template) => {
                self.with_values_files(chart, template, &dir, root.as_ref(), origins, &mut output)
            }
            None => Arc::clone(chart),
        };
        let user = self.values(app, inputs, origins, &mut output);
        let options = self.options(app, &mut output);
        if output.problems.iter().any(|problem| problem.kind == ProblemKind::Syntax) {
            // Without what could not be read, the chart would render to something that nobody asked for.
            return output;
        }
        let release = helm::render(&chart, user, &options, origins, self.cache);
        // With values that stand in, a chart may refuse what it would not refuse in real life.
        let guessed = output.incomplete.iter().any(|it| it.missing != Missing::Chart);
        if let Some(problem) = release.failure().filter(|_| guessed && output.failed.is_none()) {
            let words = format!("the chart does not render without all its values: {}", problem.message);
            output.incomplete.push(Incomplete::new(Missing::Content, words));
        } else {
            output.take_problems(release.problems.clone());
        }
        self.take_release(release, &options, &mut output);
        self.post_render(app, origins, &mut output);
        label(app, origins, &mut output);
        output
    }

    /// The chart's directory, the template that names it and the root of its source, as far as there are any.
    fn chart_of(
        &self,
        app: &HelmRelease,
        inputs: &Inputs,
        output: &mut Output,
    ) -> Option<(Dir, Option<ChartTemplate>, Option<Dir>)> {
        let (template, located, root, source) = match (&app.chart, &app.chart_ref) {
            (Some(template), None) => {
                let (located, root) = self.templated_chart(template, inputs);
                (Some(template.clone()), located, root, template.source.clone())
            }
            (None, Some(source)) if source.kind == "HelmChart" => {
                let read = |node: &Node| ChartTemplate::read(node.get("spec")?, &source.namespace);
                match inputs.get(source).and_then(|input| read(&input.node)) {
                    Some(template) => {
                        let (located, root) = self.templated_chart(&template, inputs);
                        (Some(template), located, root, Some(source.clone()))
                    }
                    None => {
                        let words = format!("the HelmChart `{}` is not in this repository", source.name);
                        output.lack(Missing::Chart, lacking(source.place, &words, None));
                        return None;
                    }
                }
            }
            (None, Some(source)) => (None, self.oci_chart(source, inputs), None, Some(source.clone())),
            (chart, _) => {
                // A template without a name is as good as none.
                let mut written =
                    ["chart", "chartRef"].iter().filter_map(|key| app.node.at_path(&["spec", key]));
                let both = chart.is_some();
                let words = if both {
                    "either chart or chartRef must be set, not both"
                } else {
                    "either chart or chartRef must be set"
                };
                let place = written.next_back().map_or(app.place, Node::place);
                output.fail(Problem::at(ProblemKind::Render, place, words));
                return None;
            }
        };
        let place = place_of(source.as_ref(), app.place);
        match located {
            Located::Root(dir, note) => {
                output.incomplete.extend(note.map(|note| Incomplete::new(Missing::StandIn, note)));
                if dir.tree.kind(&dir.path).is_none() {
                    let path = template.as_ref().map_or("", |template| template.chart.value.as_str());
                    let place = template.as_ref().map_or(place, |template| template.chart.place);
                    let message = format!("no chart found at `{path}`: no such file or directory");
                    let problem = Problem::at(ProblemKind::MissingPath, place, message);
                    output.fail(if path.contains("${") {
                        problem.because(Cause::Unresolved)
                    } else {
                        problem
                    });
                    return None;
                }
                Some((dir, template, root))
            }
            Located::Absent { missing, reason, help } => {
                output.lack(missing, lacking(place, &reason, help));
                None
            }
        }
    }

    /// The chart with `valuesFiles` in place of its own values.
    fn with_values_files(
        &self,
        chart: &Arc<Chart>,
        template: &ChartTemplate,
        dir: &Dir,
        root: Option<&Dir>,
        origins: &mut Origins,
        output: &mut Output,
    ) -> Arc<Chart> {
        let base = root.map_or(&dir.path, |root| &root.path);
        let mut merged = UserValues::new(template.chart.place);
        for entry in &template.values_files {
            let file = base.join_rooted(&entry.value).ok().and_then(|path| dir.tree.read(&path).ok());
            let Some(file) = file else {
                if !template.ignore_missing {
                    let message = format!(
                        "no values file found at path '{}' (reference '{}')",
                        entry.value.trim_start_matches("./"),
                        entry.value
                    );
                    output.fail(Problem::at(ProblemKind::MissingValuesFile, entry.place, message));
                }
                continue;
            };
            match load_values(self.cache, &file, &format!("unable to read values from '{}': ", entry.value)) {
                Ok(node) => merged.add(ValuesLayer { node, by: Step::ValuesFile }, origins),
                Err(problem) => output.fail(*problem),
            }
        }
        Arc::new(chart.with_values(merged.values().clone()))
    }

    fn options(&self, app: &HelmRelease, output: &mut Output) -> ReleaseOptions {
        let at = |path: &[&str]| app.node.get("spec").and_then(|spec| spec.at_path(path));
        let mut options = ReleaseOptions::new(app.release_name(), app.release_namespace().clone())
            .for_flavor(self.flavors.helm);
        options.include_crds = at(&["install", "crds"]).and_then(Node::as_str) != Some("Skip")
            && !flag(at(&["install"]), "skipCRDs");
        options.skip_tests = !flag(at(&["test"]), "enable");
        options.skip_schema_validation = flag(at(&["install"]), "disableSchemaValidation")
            || flag(at(&["upgrade"]), "disableSchemaValidation");
        if let Some(version) = &self.kube_version
            && let Err(words) = options.for_cluster(version)
        {
            output.problems.push(Problem::nowhere(ProblemKind::Warning, words));
        }
        options
    }

    fn take_release(&self, mut release: Release, options: &ReleaseOptions, output: &mut Output) {
        let manifests = std::mem::take(&mut release.manifests);
        for crd in manifests.crds.iter().filter(|_| options.include_crds) {
            for document in &self.cache.stream(&crd.file).documents {
                let Some(mut node) = document.root.clone() else { continue };
                match node.canonicalize(Dialect::Sigs) {
                    Ok(()) if node.is_null() => {}
                    Ok(()) => output.objects.push(node),
                    Err(problem) => {
                        let message = problem.go_message(Dialect::Sigs);
                        output.fail(Problem::at(ProblemKind::Syntax, Place::written(problem.at), message));
                    }
                }
            }
        }
        let is_test = |hook: &Manifest| hook.hooks.contains(&"test");
        let hooks = manifests.hooks.into_iter().filter(|hook| !(options.skip_tests && is_test(hook)));
        output.objects.extend(manifests.manifests.into_iter().chain(hooks).filter_map(|it| it.node));
        output.releases.push(release);
    }

    /// `spec.postRenderers`, one after the other.
    fn post_render(&self, app: &HelmRelease, origins: &mut Origins, output: &mut Output) {
        let renderers = app.node.get("spec").map(|spec| spec.items(&["postRenderers"])).unwrap_or_default();
        for renderer in renderers.iter().filter_map(|renderer| renderer.get("kustomize")) {
            let objects = std::mem::take(&mut output.objects);
            let mut draft = Draft::empty(renderer.place());
            let strategic = renderer.items(&["patchesStrategicMerge"]).iter().map(super::build::strategic);
            strategic.for_each(|patch| draft.push("patchesStrategicMerge", patch));
            let json = renderer.items(&["patchesJson6902"]).iter().map(super::build::json6902);
            json.for_each(|patch| draft.push("patchesJson6902", patch));
            renderer.items(&["patches"]).iter().for_each(|patch| draft.push_patch(patch.clone()));
            for image in renderer.items(&["images"]) {
                draft.merge_image(&Image::read(image), origins);
            }
            if draft.node().entries().is_empty() {
                output.objects = objects;
                continue;
            }
            let options = Options {
                load_restrictor: LoadRestrictor::None,
                reorder: Reorder::None,
                flavor: self.flavors.kustomize,
                kustomization: Some(draft.node()),
                resources: &objects,
                ..Options::default()
            };
            let nowhere = Dir::new(Arc::new(MemoryTree::new()), TreePath::root());
            output.take_built(kustomize::build(&nowhere, &options, origins, self.cache));
        }
    }
}

/// `spec.commonMetadata` and the labels that say which release an object is of.
fn label(app: &HelmRelease, origins: &mut Origins, output: &mut Output) {
    for object in &mut output.objects {
        set_metadata(object, &app.node, "helm.toolkit.fluxcd.io", ORIGIN, origins);
    }
}
