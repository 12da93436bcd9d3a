//! Applications: what Argo CD 3.1.9 renders, with Helm 4.1.4 and kustomize 5.7.1.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use gitops_lint::facade::argocd::{Application, Renderer, Settings, track};
use gitops_lint::facade::helm::ChartCache;
use gitops_lint::facade::origin::Origins;
use gitops_lint::facade::output::Output;
use gitops_lint::facade::source::{Dir, Found, MemoryTree, Remotes, Sources, Tree, TreePath};
use gitops_lint::facade::yaml::{Cache, Dialect, Node, parse};
use serde_json::{Value, json};

/// Every repository is this one.
#[derive(Debug)]
struct Here(Dir);

impl Remotes for Here {
    fn git(&self, _: &str, _: &str) -> Found {
        Found::Here(self.0.clone())
    }

    fn chart(&self, _: &str, _: &str, _: &str) -> Found {
        Found::Missing { reason: String::new(), help: String::new() }
    }
}

fn node(sources: &Sources, name: &str, text: &str) -> Node {
    let mut node = parse(&sources.add(name, text.into())).documents.remove(0).root.unwrap();
    node.canonicalize(Dialect::Sigs).unwrap();
    node
}

struct World {
    sources: Arc<Sources>,
    cache: Cache,
    charts: ChartCache,
    remotes: Here,
}

impl World {
    fn new(files: &BTreeMap<String, String>) -> Self {
        let sources = Sources::new();
        let tree = MemoryTree::of(&sources, files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let tree: Arc<dyn Tree> = Arc::new(tree);
        let cache = Cache::new(Arc::clone(&sources));
        Self {
            sources,
            cache,
            charts: ChartCache::default(),
            remotes: Here(Dir::new(tree, TreePath::root())),
        }
    }

    fn render(&self, app: &str, build_options: &str) -> Output {
        let mut settings = Settings::default();
        let text = format!("data: {{kustomize.buildOptions: {build_options:?}}}");
        settings.merge(&node(&self.sources, "argocd-cm", &text));
        let app = Application::new(Arc::new(node(&self.sources, "app.yaml", app)));
        self.renderer(&settings).render(&app, &mut Origins::new())
    }

    fn renderer<'a>(&'a self, settings: &'a Settings) -> Renderer<'a> {
        Renderer {
            only_inputs: false,
            remotes: &self.remotes,
            settings,
            cache: &self.cache,
            charts: &self.charts,
            kube_version: None,
            flavors: gitops_lint::facade::kustomize::Flavors {
                kustomize: gitops_lint::facade::kustomize::Flavor::V5_7,
                ..gitops_lint::facade::kustomize::Flavors::default()
            },
        }
    }
}

/// Numbers as JSON prints them after a pass through floats, keys in order.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(map) => {
            let sorted: BTreeMap<&String, Value> =
                map.iter().map(|(key, value)| (key, plain(value))).collect();
            serde_json::to_value(sorted).unwrap()
        }
        Value::Number(number) => number.as_f64().into(),
        scalar => scalar.clone(),
    }
}

fn texts(objects: impl Iterator<Item = Value>) -> Vec<String> {
    objects.map(|object| plain(&object).to_string()).collect()
}

#[test]
fn render_what_argo_renders() {
    let table = include_str!("../fixtures/argocd/applications.jsonl");
    let mut lines = table.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let files: BTreeMap<String, String> =
        serde_json::from_value(lines.next().unwrap()["files"].clone()).unwrap();
    let world = World::new(&files);
    let (mut wrong, mut bad, mut count) = (String::new(), 0, 0);
    for case in lines {
        count += 1;
        let app = case["app"].as_str().unwrap();
        let output = world.render(app, case["buildOptions"].as_str().unwrap_or_default());
        let got = texts(output.objects.iter().map(Node::to_value));
        let spec = app.split_once("source").map_or(app, |(_, spec)| spec);
        match case["objects"].as_array() {
            None if output.failed.is_some() => {}
            None => {
                bad += 1;
                writeln!(wrong, "{spec}\nis an error; got {}\n", got.join("\n")).unwrap();
            }
            Some(want) => {
                let want = texts(want.iter().cloned());
                if let Some(failed) = &output.failed {
                    bad += 1;
                    writeln!(wrong, "{spec}\nis no error: {failed}\n").unwrap();
                } else if got != want {
                    bad += 1;
                    writeln!(wrong, "{spec}\nwant {}\n got {}\n", want.join("\n"), got.join("\n")).unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{bad} of {count}:\n{wrong}");
}

/// Labels, annotations and refusals, for every tracking method.
#[test]
fn mark_what_argo_marks() {
    let mut wrong = String::new();
    for line in include_str!("../fixtures/argocd/tracking.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let world = World::new(&BTreeMap::from([(
            "d/a.yaml".to_owned(),
            case["manifest"].as_str().unwrap().to_owned(),
        )]));
        let mut settings = Settings::default();
        let config_map = json!({"metadata": {"name": "argocd-cm"}, "data": case["settings"]});
        settings.merge(&node(&world.sources, "cm.yaml", &config_map.to_string()));
        let app = json!({
            "metadata": {"name": case["name"], "namespace": "argocd"},
            "spec": {
                "destination": {"namespace": "target"},
                "source": {"repoURL": "https://example.com/repo.git", "path": "d"},
            },
        });
        let app = Application::new(Arc::new(node(&world.sources, "app.yaml", &app.to_string())));
        let mut origins = Origins::new();
        let mut output = world.renderer(&settings).render(&app, &mut origins);
        for object in &mut output.objects {
            track(object, &app, &settings, &mut origins);
        }
        let got = texts(output.objects.iter().map(Node::to_value));
        let want = case["objects"].as_array().map(|want| texts(want.iter().cloned()));
        let same = match (&want, &output.failed) {
            (Some(want), None) => got == *want,
            (None, failed) => failed.is_some(),
            (Some(_), Some(_)) => false,
        };
        if !same {
            writeln!(wrong, "{line}\n got {:?} {}\n", output.failed, got.join("\n")).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
