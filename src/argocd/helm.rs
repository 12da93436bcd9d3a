//! Helm sources: the chart in the source's directory with the values that the Application gives.
//!
//! Mirrors `helmTemplate` of `reposerver/repository/repository.go` and `util/helm/cmd.go`.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use crate::finding::{Incomplete, Missing, Problem, ProblemKind};
use crate::golang::doublestar::DoublestarPattern;
use crate::helm::{self, ReleaseOptions, SetKind, UserValues, ValuesLayer};
use crate::origin::{Origins, Placed, Step};
use crate::output::Output;
use crate::source::{Dir, TreePath};
use crate::yaml::{Embedded, Node, Style};

use super::Renderer;
use super::{Application, BuildEnv, Source, Target, ValueFile, value_files};

impl Renderer<'_> {
    /// Renders the chart in `dir`.
    pub(super) fn helm(
        &self,
        app: &Application,
        source: &Source,
        dir: &Dir,
        env: &BuildEnv,
        origins: &mut Origins,
        output: &mut Output,
    ) {
        let helm = source.node.get("helm");
        if let Some(version) = helm.and_then(|helm| helm.get("version"))
            && let Some(text) = version.as_str().filter(|text| !["", "v3", "v4"].contains(text))
        {
            let message = format!("helm version '{text}' is not supported");
            output.fail(
                Problem::at(ProblemKind::Render, version.place(), message)
                    .help("leave `version` out, or set it to `v3`"),
            );
            return;
        }
        let loaded = self.charts.load(dir, self.cache);
        let mut problems = loaded.problems.clone();
        let Some(chart) = &loaded.chart else {
            output.take_problems(problems);
            return;
        };
        let chart = &helm::with_vendored(chart, self.remotes, self.charts, self.cache);
        let options = self.release_options(app, source, helm, &mut problems);
        let mut user = UserValues::new(helm.map_or(source.place, Node::place));
        self.values_files(app, source, env, &mut user, origins, output);
        if let Some(helm) = helm {
            match inline_values(helm, self) {
                Ok(Some(node)) => user.add(ValuesLayer { node, by: Step::InlineValues }, origins),
                Ok(None) => {}
                Err(problem) => problems.push(*problem),
            }
            self.parameters(app, source, env, &mut user, origins);
        }
        let unread = |problem: &Problem| problem.kind == ProblemKind::Syntax;
        if problems.iter().chain(&output.problems).any(unread) {
            // Without what could not be read, the chart would render to something that nobody asked for.
            output.take_problems(problems);
            return;
        }
        if self.only_inputs {
            // Templates read nothing that was not loaded with their chart.
            output.take_problems(problems);
            output.unexecuted.push(Arc::clone(chart));
            return;
        }
        let release = helm::render(chart, user, &options, origins, self.cache);
        problems.extend(release.problems.iter().cloned());
        output.take_problems(problems);
        output.take_release(release, &options, self.cache);
    }

    fn release_options(
        &self,
        app: &Application,
        source: &Source,
        helm: Option<&Node>,
        problems: &mut Vec<Problem>,
    ) -> ReleaseOptions {
        let text = |key: &str| {
            let node = helm?.get(key)?;
            node.as_str()
                .filter(|text| !text.is_empty())
                .map(|text| Placed::new(SmolStr::new(text), node.place()))
        };
        let name = text("releaseName").unwrap_or_else(|| Placed::new(app.name.clone(), app.place));
        let kustomize = source.node.at_path(&["kustomize", "namespace"]).and_then(Node::as_str);
        let namespace = text("namespace").map(|text| text.value).or(kustomize.map(SmolStr::new));
        let namespace = namespace.unwrap_or_else(|| SmolStr::new(app.destination.namespace()));
        let namespace = if namespace.is_empty() { SmolStr::new_static("default") } else { namespace };
        let mut options = ReleaseOptions::new(name, namespace).for_flavor(self.flavors.helm);
        let flag = |key: &str| helm.and_then(|helm| helm.get(key)).and_then(Node::as_bool).unwrap_or(false);
        options.include_crds = !flag("skipCrds");
        options.skip_tests = flag("skipTests");
        options.skip_schema_validation = flag("skipSchemaValidation");
        let version = text("kubeVersion").map(|text| (text.value, Some(text.place)));
        let own = |(text, place)| (helm::ClusterVersion { text, is_assumed: false }, place);
        let version = version.map(own).or_else(|| Some((self.kube_version.clone()?, None)));
        if let Some((version, place)) = version {
            let version = helm::ClusterVersion { text: numeric(&version.text).into(), ..version };
            if let Err(words) = options.for_cluster(&version) {
                problems.push(Problem { place, ..Problem::nowhere(ProblemKind::Render, words) });
            }
        }
        let more = helm.map(|helm| helm.items(&["apiVersions"])).unwrap_or_default();
        options.capabilities.api_versions.extend(more.iter().filter_map(Node::as_str).map(SmolStr::new));
        options
    }

    fn values_files(
        &self,
        app: &Application,
        source: &Source,
        env: &BuildEnv,
        user: &mut UserValues,
        origins: &mut Origins,
        output: &mut Output,
    ) {
        let ignore = source.node.at_path(&["helm", "ignoreMissingValueFiles"]).and_then(Node::as_bool);
        let entries = value_files(app, source, env, self.remotes);
        let explicit: Vec<TreePath> = entries
            .iter()
            .filter(|entry| !entry.is_glob())
            .filter_map(|entry| Some(entry.target.dir()?.path.clone()))
            .collect();
        let mut seen: Vec<TreePath> = Vec::new();
        for entry in &entries {
            let Some(dir) = entry.target.dir() else {
                self.unresolved(entry, output);
                continue;
            };
            let paths = if entry.is_glob() { matching(dir, &explicit) } else { vec![dir.path.clone()] };
            if paths.is_empty() && ignore != Some(true) {
                let message = format!("values file glob {:?} matched no files", entry.written);
                output.fail(Problem::at(ProblemKind::MissingValuesFile, entry.place, message));
            }
            for path in paths {
                if seen.contains(&path) {
                    continue;
                }
                seen.push(path.clone());
                match dir.tree.read(&path) {
                    Ok(file) => match helm::load_values(self.cache, &file, "") {
                        Ok(node) => user.add(ValuesLayer { node, by: Step::ValuesFile }, origins),
                        Err(problem) => output.fail(*problem),
                    },
                    Err(_) if ignore == Some(true) => {}
                    Err(_) if matches!(entry.target, Target::StandIn(_)) => {
                        let words = format!("the values file `{}` is not in the stand-in", entry.written);
                        output.incomplete.push(Incomplete::new(Missing::StandIn, words));
                    }
                    Err(_) => {
                        let message = format!("open {path}: no such file or directory");
                        output.fail(Problem::at(ProblemKind::MissingValuesFile, entry.place, message));
                    }
                }
            }
        }
    }

    /// An entry of `valueFiles` that leads to no file of this machine.
    fn unresolved(&self, entry: &ValueFile, output: &mut Output) {
        let written = &entry.written;
        match &entry.target {
            // Where nobody shows the settings, whoever writes the URL of a plugin has allowed it.
            Target::Remote(scheme)
                if !self.settings.allows_values_scheme(scheme)
                    && (self.settings.is_known() || !is_of_plugin(scheme)) =>
            {
                output.fail(
                    Problem::at(
                        ProblemKind::MissingValuesFile,
                        entry.place,
                        format!("the URL scheme '{scheme}' is not allowed"),
                    )
                    .help("allow it with `helm.valuesFileSchemes` in argocd-cm, or use https"),
                );
            }
            Target::Remote(scheme) => {
                let what = scheme_words(scheme);
                let words = format!("the values file `{}` {what}", without_credentials(written));
                let help = "what it sets is not known here; keep a copy without secrets in the repository to have it checked";
                let problem = Problem::at(ProblemKind::Unavailable, entry.place, words).help(help);
                output.incomplete.push(Incomplete::of(Missing::Content, &problem));
                output.problems.push(problem);
            }
            Target::Elsewhere => {
                let words = format!("the values file `{written}` is not on this machine");
                let help = "map its repository to a checkout with `repos:` in .gitops-lint.yaml";
                let problem = Problem::at(ProblemKind::Unavailable, entry.place, words).help(help);
                output.incomplete.push(Incomplete::of(Missing::Content, &problem));
                output.problems.push(problem);
            }
            Target::Outside => output.fail(Problem::at(
                ProblemKind::MissingValuesFile,
                entry.place,
                format!("file '{written}' resolved to outside repository root"),
            )),
            Target::UnknownRef(_) | Target::ChartRef => output.fail(Problem::at(
                ProblemKind::MissingValuesFile,
                entry.place,
                format!("source referenced by `{written}` was not found"),
            )),
            Target::At(_) | Target::StandIn(_) => {}
        }
    }

    fn parameters(
        &self,
        app: &Application,
        source: &Source,
        env: &BuildEnv,
        user: &mut UserValues,
        origins: &mut Origins,
    ) {
        let Some(helm) = source.node.get("helm") else { return };
        let read = |path: &str| match value_files::resolve(app, source, path, env, self.remotes) {
            Target::At(dir) | Target::StandIn(dir) => {
                let file = dir.tree.read(&dir.path).map_err(|error| format!("open {}: {error}", dir.path))?;
                Ok(SmolStr::new(file.text_or_empty()))
            }
            Target::Remote(_) | Target::Elsewhere => Err(format!("`{path}` is not on this machine")),
            Target::Outside => Err(format!("file '{path}' resolved to outside repository root")),
            Target::UnknownRef(_) | Target::ChartRef => {
                Err(format!("source referenced by `{path}` was not found"))
            }
        };
        let parameters = helm.items(&["parameters"]);
        let is_forced = |item: &&Node| item.get("forceString").and_then(Node::as_bool).unwrap_or(false);
        for (kind, list, key, forced) in [
            (SetKind::Typed, parameters, "value", Some(false)),
            (SetKind::String, parameters, "value", Some(true)),
            (SetKind::File, helm.items(&["fileParameters"]), "path", None),
        ] {
            let chosen: Vec<&Node> =
                list.iter().filter(|item| forced.is_none_or(|forced| is_forced(item) == forced)).collect();
            for (index, item) in chosen.iter().enumerate() {
                let name = |item: &Node| item.get("name").and_then(Node::as_str).map(SmolStr::new);
                let Some(this) = name(item) else { continue };
                // A later entry of the same name takes the place of an earlier one.
                if chosen.iter().skip(index + 1).any(|later| name(later).as_ref() == Some(&this)) {
                    continue;
                }
                let value = item.get(key);
                let text = value.and_then(Node::scalar_text).unwrap_or_default();
                let setting = format_smolstr!("{this}={}", escape_commas(&env.expand(text)));
                let place = value.map_or(item.place(), Node::place);
                // The path is resolved as it is written: `$ref` is no variable.
                user.set(kind, &setting, place, origins, &mut |_| read(text));
            }
        }
    }
}

impl Target {
    fn dir(&self) -> Option<&Dir> {
        match self {
            Self::At(dir) | Self::StandIn(dir) => Some(dir),
            _ => None,
        }
    }
}

/// What becomes of a values file with a URL of this scheme: Helm itself fetches `http` and `https`, its plugins the rest.
fn scheme_words(scheme: &str) -> String {
    match scheme {
        "http" | "https" => "is fetched from a web server when the app is rendered".to_owned(),
        _ if scheme == "secrets" || scheme.starts_with("secrets+") => {
            "is decrypted by the plugin helm-secrets, with keys that are not here".to_owned()
        }
        "s3" | "gs" => format!("is fetched from a bucket (`{scheme}`) by a plugin of Helm"),
        _ if scheme == "git" || scheme.starts_with("git+") => {
            "is fetched from another repository by the plugin helm-git".to_owned()
        }
        _ => format!("is fetched by a plugin of Helm for `{scheme}`, which is not run here"),
    }
}

/// Whether a scheme is one of the plugins of Helm that people use with Argo CD.
fn is_of_plugin(scheme: &str) -> bool {
    matches!(scheme, "secrets" | "s3" | "gs" | "git" | "vals")
        || ["secrets+", "git+"].iter().any(|known| scheme.starts_with(known))
}

/// A URL without the user and password that may be in it.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host = rest.split('/').next().unwrap_or_default();
    match host.rsplit_once('@') {
        Some((credentials, _)) => {
            let kept = rest.get(credentials.len() + 1..).unwrap_or_default();
            format!("{scheme}://{kept}")
        }
        None => url.to_owned(),
    }
}

/// The files that a glob names, in order, without those that are listed themselves.
fn matching(dir: &Dir, explicit: &[TreePath]) -> Vec<TreePath> {
    let Ok(pattern) = DoublestarPattern::new(dir.path.as_str()) else { return Vec::new() };
    let files = dir.tree.files().into_iter();
    files.filter(|path| pattern.matches(path.as_str()) && !explicit.contains(path)).collect()
}

/// `valuesObject` or `values`, canonical.
fn inline_values(helm: &Node, renderer: &Renderer<'_>) -> Result<Option<Node>, Box<Problem>> {
    if let Some(object) = helm.get("valuesObject").filter(|object| !object.is_null()) {
        return Ok(Some(object.clone()));
    }
    if let Some(values) = helm.get("values").filter(|values| values.scalar().is_none()) {
        let what = if values.as_map().is_some() { "a mapping" } else { "a list" };
        let message = format!("`helm.values` is a text that holds YAML, and {what} is written");
        let problem = Problem::at(ProblemKind::Syntax, values.place(), message);
        return Err(Box::new(problem.help("call it `valuesObject`, or make it a text: `values: |`")));
    }
    let Some(values) =
        helm.get("values").filter(|values| values.style != Style::Plain || values.as_str().is_some())
    else {
        return Ok(None);
    };
    let text = values.scalar_text().unwrap_or_default();
    let Some(file) = renderer.cache.sources().get(values.at.file) else { return Ok(None) };
    helm::read_values(text, &mut Embedded::new(values, &file))
}

/// `cleanSetParameters`: commas are part of the value, unless the value is a list in braces.
fn escape_commas(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut before = ' ';
    for c in value.chars() {
        if c == ',' && before != '\\' {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

/// The numeric components of a version, all that Argo CD passes on.
fn numeric(version: &str) -> String {
    let bare = version.trim().trim_start_matches('v');
    let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
    let kept = bare.get(..end).unwrap_or_default().trim_end_matches('.');
    if kept.is_empty() { version.to_owned() } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_commas() {
        for (version, want) in [("v1.29.3-eks-1", "1.29.3"), ("1.30", "1.30"), ("1.30+", "1.30"), ("x", "x")]
        {
            assert_eq!(numeric(version), want);
        }
        for (value, want) in [("a,b", "a\\,b"), ("a\\,b", "a\\,b"), ("{a,b}", "{a,b}"), ("", "")] {
            assert_eq!(escape_commas(value), want);
        }
    }
}
