//! Compares with what Helm 4.1.4 made of the same charts: `fixtures/helm`.

use std::sync::Arc;

use base64::Engine as _;
use serde_json::Value;

use super::manifest::{Printed, Rendered};
use super::*;
use crate::finding::Problem;
use crate::origin::{Origin, Origins, Place, Step, Text};
use crate::source::{Dir, MemoryTree, Sources, Tree, TreePath};
use crate::yaml::Cache;

struct Run {
    sources: Arc<Sources>,
    cache: Cache,
    origins: Origins,
    chart: Option<Arc<Chart>>,
    problems: Vec<Problem>,
    user: UserValues,
    place: Place,
}

impl Run {
    fn new(files: &Value) -> Self {
        let sources = Sources::new();
        let files = files.as_object().unwrap();
        let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str().unwrap()));
        let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, files));
        let cache = Cache::new(Arc::clone(&sources));
        let (chart, problems) = Chart::load(&Dir::new(tree, TreePath::root()), &cache);
        let place = Place::written(sources.add("app.yaml", b"app".to_vec()).span());
        let user = UserValues::new(place);
        Self { sources, cache, origins: Origins::new(), chart, problems, user, place }
    }

    fn layer(&mut self, text: &str) {
        let file = self.sources.add("values.yaml", text.as_bytes().to_vec());
        match load_values(&self.cache, &file, "") {
            Ok(node) => self.user.add(ValuesLayer { node, by: Step::ValuesFile }, &mut self.origins),
            Err(problem) => self.problems.push(*problem),
        }
    }

    fn set(&mut self, flag: &str, text: &str) {
        let kinds = [SetKind::Json, SetKind::Typed, SetKind::String, SetKind::File, SetKind::Literal];
        let kind = kinds.into_iter().find(|kind| kind.flag() == flag).unwrap();
        let read = &mut |path: &str| Err(format!("open {path}: no such file or directory"));
        self.user.set(kind, text, self.place, &mut self.origins, read);
    }

    fn finish(mut self) -> (Option<Prepared>, Vec<String>, Origins, Arc<Sources>) {
        let prepared = self.chart.map(|chart| prepare(&chart, self.user, &self.cache, &mut self.origins));
        self.problems.extend(prepared.iter().flat_map(|prepared| prepared.problems.iter().cloned()));
        (prepared, refusals(&self.problems), self.origins, self.sources)
    }
}

fn refusals(problems: &[Problem]) -> Vec<String> {
    let errors = problems.iter().filter(|problem| !problem.kind.is_tolerated());
    errors.map(|problem| problem.message.clone()).collect()
}

fn lines(table: &str) -> impl Iterator<Item = Value> + '_ {
    table.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// Whether Helm's message is among ours; it says in which step it was.
fn tells(case: &Value, refused: &[String]) -> bool {
    let Some(error) = case["error"].as_str() else { return refused.is_empty() };
    refused.iter().any(|message| error.ends_with(message.as_str()))
}

#[test]
fn values_are_those_of_helm() {
    let mut wrong = Vec::new();
    for case in lines(include_str!("../../fixtures/helm/values.jsonl")) {
        let mut run = Run::new(&case["chart"]);
        for layer in case["layers"].as_array().unwrap() {
            run.layer(layer.as_str().unwrap());
        }
        let sets = case["set"].as_array().unwrap();
        for flag in ["--set-json", "--set", "--set-string", "--set-literal"] {
            for set in sets.iter().filter(|set| set[0] == flag) {
                run.set(flag, set[1].as_str().unwrap());
            }
        }
        let (prepared, refused, origins, _) = run.finish();
        let prepared = prepared.unwrap();
        if !tells(&case, &refused) {
            wrong.push(format!("{case}\n  refused: {refused:?}"));
        }
        if case["error"].is_null() {
            let mut charts: Vec<&str> =
                prepared.root.walk().iter().map(|tree| tree.full_path.as_str()).collect();
            charts.sort_unstable();
            if serde_json::json!(charts) != case["charts"]
                || !same(&prepared.values.to_value(), &case["values"])
            {
                wrong.push(format!("{case}\n  got {charts:?} {:?}", prepared.values));
            }
        }
        for told in &prepared.overrides {
            assert!(!told.losers.is_empty(), "{told:?}");
            assert!(told.losers.iter().all(|loser| loser.at != told.winner.at), "{told:?}");
        }
        assert!(every_leaf_is_known(&prepared.values, &origins));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Numbers are equal whatever their kind.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn every_leaf_is_known(node: &crate::yaml::Node, origins: &Origins) -> bool {
    let children = node.entries().iter().map(|entry| &entry.value).chain(node.seq_or_empty());
    let leaf = node.as_map().is_some() || origins.get(node.origin).is_some();
    leaf && children.into_iter().all(|child| every_leaf_is_known(child, origins))
}

#[test]
fn parameters_are_read_like_helm() {
    let mut cases = lines(include_str!("../../fixtures/helm/set.jsonl"));
    let base = cases.next().unwrap();
    let chart = serde_json::json!({"Chart.yaml": "apiVersion: v2\nname: p\nversion: 0.1.0\n"});
    let mut wrong = Vec::new();
    for case in cases {
        let mut run = Run::new(&chart);
        run.layer(base["base"].as_str().unwrap());
        run.set(case["flag"].as_str().unwrap(), case["text"].as_str().unwrap());
        let (prepared, refused, ..) = run.finish();
        let values = prepared.unwrap().values;
        if !tells(&case, &refused) || case["error"].is_null() && !same(&values.to_value(), &case["values"]) {
            wrong.push(format!("{case}\n  got {values:?} {refused:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn manifests_are_those_of_helm() {
    let mut wrong = Vec::new();
    for case in lines(include_str!("../../fixtures/helm/manifests.jsonl")) {
        let (prepared, mut refused, mut origins, sources) = Run::new(&case["chart"]).finish();
        let root = prepared.unwrap().root;
        let mut rendered = Vec::new();
        for tree in root.walk() {
            for template in &tree.chart.templates {
                let at = template.file.span();
                let origin = origins.add(Origin::new(at, Step::TemplateText));
                let text = Text::of(template.file.text_or_empty(), origin);
                rendered.push(Printed::new(Rendered { name: tree.template_name(template), text, at }));
            }
        }
        let manifests = Manifests::new(&root, rendered, Flavor::Helm4, &mut origins, &sources);
        refused.extend(refusals(&manifests.problems));
        let printed = [("print", true, false), ("without", false, true)].map(|(key, crds, skip)| {
            case[key].as_str().is_none_or(|want| manifests.print(crds, skip) == want)
        });
        if !tells(&case, &refused) || printed != [true; 2] {
            wrong.push(format!("{case}\n  got {refused:?} {}", manifests.print(true, false)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Values are refused exactly where Helm refuses them, and what is said is among what Helm says.
#[test]
fn schemas_are_those_of_helm() {
    let mut wrong = Vec::new();
    for case in lines(include_str!("../../fixtures/helm/schema.jsonl")) {
        let chart = serde_json::json!({
            "Chart.yaml": "apiVersion: v2\nname: p\nversion: 0.1.0\n",
            "values.yaml": case["values"].to_string(),
            "values.schema.json": case["schema"],
        });
        let (prepared, refused, ..) = Run::new(&chart).finish();
        assert_eq!(refused, Vec::<String>::new());
        let prepared = prepared.unwrap();
        let problems = refusals(&validate_values(&prepared.root, &prepared.values));
        let error = case["error"].as_str().unwrap_or_default();
        let broken_schema = ["metaschema", "not found", "EOF"].iter().any(|words| error.contains(words));
        // Keywords whose failures the two libraries tell in different words.
        let own_words = [
            "format",
            "propertyNames",
            "dependentRequired",
            "dependencies",
            "prefixItems",
            "minContains",
            "unevaluatedProperties",
        ];
        let schema = case["schema"].as_str().unwrap();
        let own_words = own_words.iter().any(|keyword| schema.contains(&format!("\"{keyword}\"")));
        // Values are left out of messages, and causes stand behind their heading.
        let told = |message: &String| {
            let words = message.split_once("p: ").map_or("", |(_, words)| words);
            let words = words.split(" (").next().unwrap_or_default();
            let (path, words) = words.split_once(": ").unwrap_or_default();
            error.lines().any(|line| line.contains(path) && line.ends_with(words))
        };
        if error.is_empty() != problems.is_empty()
            || !broken_schema && !own_words && !problems.iter().all(told)
        {
            wrong.push(format!("{case}\n  got {problems:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What templates find beside their values, and what functions make of it, in both Helms.
#[test]
fn objects_are_those_of_helm() {
    let mut wrong = Vec::new();
    let mut table = lines(include_str!("../../fixtures/helm/objects.jsonl"));
    let chart = table.next().unwrap();
    for case in table {
        let expression = case["expr"].as_str().unwrap();
        let mut files = chart["chart"].clone();
        files["templates/t.yaml"] = format!(
            "{{{{ define \"e\" }}}}{{{{ {expression} }}}}{{{{ end }}}}k: {{{{ include \"e\" . | b64enc }}}}"
        )
        .into();
        for (flavor, key) in [(Flavor::Helm3, "helm3"), (Flavor::Helm4, "helm4")] {
            let Run { cache, mut origins, chart, user, place, .. } = Run::new(&files);
            let options =
                ReleaseOptions::new(crate::origin::Placed::new("r".into(), place), "ns").for_flavor(flavor);
            let release = render(&chart.unwrap(), user, &options, &mut origins, &cache);
            let printed = release.manifests.print(false, false);
            let encoded = printed.split("k: ").nth(1).map(str::trim).unwrap_or_default();
            let got = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
            let got = release.failure().is_none().then(|| String::from_utf8_lossy(&got).into_owned());
            if got.as_deref() != case[key].as_str() {
                wrong.push(format!("{expression} in {key}\n  want {}\n  got  {got:?}", case[key]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
