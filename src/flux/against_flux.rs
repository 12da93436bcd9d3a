//! The Kustomizations of `fixtures/flux/build.jsonl`: files, the `spec` of a Kustomization and the ConfigMaps it may read,
//! with the objects that Flux builds of them, or `error`; and the values of releases of `values.jsonl`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::helm::ChartCache;
use crate::origin::Origins;
use crate::output::Output;
use crate::source::{MemoryTree, NoRemotes, Sources, Tree};
use crate::yaml::{Cache, Dialect, JsonStyle, Node, parse};

use super::{Artifacts, Bootstrap, HelmRelease, Input, Inputs, Kustomization, Renderer};

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    files: BTreeMap<String, String>,
    spec: String,
    #[serde(default)]
    objects: Vec<String>,
    want: Value,
}

fn node(sources: &Sources, text: &str) -> Node {
    let mut root = parse(&sources.add("app.yaml", text.into())).documents.remove(0).root.unwrap();
    root.canonicalize(Dialect::Sigs).unwrap();
    root
}

/// What we need to render something of `tree`.
fn with_renderer<T>(sources: Arc<Sources>, tree: &Arc<dyn Tree>, run: impl FnOnce(&Renderer<'_>) -> T) -> T {
    let bootstrap = Bootstrap { sources: ["flux-system".into()].into(), ..Bootstrap::default() };
    run(&Renderer {
        tree,
        bootstrap: &bootstrap,
        remotes: &NoRemotes,
        cache: &Cache::new(sources),
        charts: &ChartCache::default(),
        artifacts: &Artifacts::default(),
        kube_version: None,
        flavors: crate::kustomize::Flavors {
            kustomize: crate::kustomize::Flavor::V5_7,
            ..crate::kustomize::Flavors::default()
        },
    })
}

/// What we build: the objects without the labels that say who owns them, or why there are none.
fn build(case: &Case) -> Result<Value, String> {
    let sources = Sources::new();
    let files = case.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, files));
    let spec = serde_json::to_string(&case.spec).unwrap();
    let head = "kind: Kustomization\nmetadata: {name: app, namespace: flux-system}\n";
    let mut app = node(&sources, &format!("{head}text: {spec}\n"));
    let mut spec = node(&sources, &case.spec);
    let source = node(&sources, "{kind: GitRepository, name: flux-system}");
    let key = |name: &str| crate::yaml::Key::new(name, source.place());
    spec.as_map_mut().unwrap().insert(key("sourceRef"), source.clone());
    app.as_map_mut().unwrap().insert(key("spec"), spec);
    let app = Kustomization::new(Arc::new(app));
    let mut inputs = Inputs::default();
    for object in &case.objects {
        let object = node(&sources, object);
        let name = object.at_path(&["metadata", "name"]).and_then(Node::as_str);
        let needs = app.needs();
        let name = needs.iter().find(|it| Some(it.name.as_str()) == name).unwrap().clone();
        inputs.add(Input { name, node: Arc::new(object), origins: Arc::default(), applied: true });
    }
    let output =
        with_renderer(sources, &tree, |renderer| renderer.kustomization(&app, &inputs, &mut Origins::new()));
    if let Some(failure) = output.failed {
        return Err(failure);
    }
    let json = |object: &Node| {
        let mut value: Value = serde_json::from_str(&object.to_json(JsonStyle::default())).unwrap();
        let labels = value.pointer_mut("/metadata/labels").and_then(Value::as_object_mut).unwrap();
        labels.retain(|key, _| {
            !key.starts_with("kustomize.toolkit.fluxcd.io/") || key.ends_with("/substitute")
        });
        if labels.is_empty() {
            value["metadata"].as_object_mut().unwrap().remove("labels");
        }
        value
    };
    Ok(output.objects.iter().map(json).collect())
}

#[test]
fn builds_what_flux_builds() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in include_str!("../../fixtures/flux/build.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        cases += 1;
        let got = build(&case);
        let right = match &got {
            Ok(objects) => *objects == case.want,
            Err(_) => case.want == "error",
        };
        if !right {
            wrong.push(format!("{}: {got:?} instead of {}", case.name, case.want));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases > 130, "{cases}");
}

#[derive(serde::Deserialize)]
struct ValuesCase {
    name: String,
    #[serde(default)]
    values: String,
    from: String,
    #[serde(default)]
    objects: BTreeMap<String, BTreeMap<String, String>>,
    want: Value,
}

/// What a release gives its chart.
fn values(case: &ValuesCase) -> Result<Value, String> {
    let sources = Sources::new();
    let text = |text: &str| serde_json::to_string(text).unwrap();
    let mut release = node(
        &sources,
        &format!("{{kind: HelmRelease, metadata: {{name: app, namespace: web}}, at: {}}}", text(&case.name)),
    );
    let place = release.place();
    let key = |name: &str| crate::yaml::Key::new(name, place);
    let mut spec = node(&sources, "{interval: 1h}");
    let map = spec.as_map_mut().unwrap();
    if !case.values.is_empty() {
        map.insert(key("values"), node(&sources, &case.values));
    }
    map.insert(key("valuesFrom"), node(&sources, &case.from));
    release.as_map_mut().unwrap().insert(key("spec"), spec);
    let release = HelmRelease::new(Arc::new(release));
    let mut inputs = Inputs::default();
    for (name, data) in &case.objects {
        let data = serde_json::to_string(data).unwrap();
        let object =
            node(&sources, &format!("{{kind: ConfigMap, metadata: {{name: {name}}}, data: {data}}}"));
        let wanted = release.values_from.iter().find(|it| it.object.name == *name).unwrap();
        inputs.add(Input {
            name: wanted.object.clone(),
            node: Arc::new(object),
            origins: Arc::default(),
            applied: true,
        });
    }
    let tree: Arc<dyn Tree> = Arc::new(MemoryTree::new());
    let mut output = Output::default();
    let values = with_renderer(sources, &tree, |renderer| {
        renderer.values(&release, &inputs, &mut Origins::new(), &mut output)
    });
    match output.problems.first().or(values.problems().first()) {
        Some(problem) => Err(problem.message.clone()),
        None => Ok(serde_json::from_str(&values.values().to_json(JsonStyle::default())).unwrap()),
    }
}

#[test]
fn composes_values_like_flux() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in include_str!("../../fixtures/flux/values.jsonl").lines() {
        let case: ValuesCase = serde_json::from_str(line).unwrap();
        cases += 1;
        let got = values(&case);
        let right = match &got {
            Ok(values) => *values == case.want,
            Err(_) => case.want == "error",
        };
        if !right {
            wrong.push(format!("{}: {got:?} instead of {}", case.name, case.want));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases > 50, "{cases}");
}
