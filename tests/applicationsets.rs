//! ApplicationSets: what Argo CD 3.1.9 generates, and where every value comes from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use gitops_lint::facade::argocd::{ApplicationSet, Environment, expand};
use gitops_lint::facade::config::Config;
use gitops_lint::facade::origin::{Origins, Place};
use gitops_lint::facade::output::Output;
use gitops_lint::facade::source::{Dir, Found, MemoryTree, Remotes, Sources, Tree, TreePath};
use gitops_lint::facade::yaml::{Cache, Dialect, Node, parse};
use serde_json::Value;

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

struct World {
    sources: Arc<Sources>,
    cache: Cache,
    remotes: Here,
    secrets: Vec<Arc<Node>>,
}

fn node(sources: &Sources, name: &str, text: &str) -> Arc<Node> {
    let mut node = parse(&sources.add(name, text.into())).documents.remove(0).root.unwrap();
    node.canonicalize(Dialect::Sigs).unwrap();
    Arc::new(node)
}

impl World {
    fn new(files: &BTreeMap<String, String>, secrets: &[Value]) -> Self {
        let sources = Sources::new();
        let tree = MemoryTree::of(&sources, files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let tree: Arc<dyn Tree> = Arc::new(tree);
        let secrets = secrets.iter().map(|secret| node(&sources, "secret", &secret.to_string())).collect();
        let cache = Cache::new(Arc::clone(&sources));
        Self { sources, cache, remotes: Here(Dir::new(tree, TreePath::root())), secrets }
    }

    fn expand(&self, set: &str, origins: &mut Origins) -> Output {
        let set = ApplicationSet::new(node(&self.sources, "set.yaml", set));
        let environment = Environment {
            remotes: &self.remotes,
            config: &Config::default(),
            cluster_secrets: &self.secrets,
            cache: &self.cache,
            sources: &self.sources,
        };
        expand(&set, &environment, origins)
    }
}

/// Without what Go's structs leave out when they are written, and the order that nobody cares about.
fn tidy(value: &Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    };
    match value {
        Value::Array(items) => Value::Array(items.iter().map(tidy).collect()),
        Value::Object(map) => {
            let entries = map.iter().filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "finalizers"));
            let sorted: BTreeMap<String, Value> =
                entries.map(|(key, value)| (key.clone(), tidy(value))).collect();
            Value::Object(sorted.into_iter().filter(|(_, value)| !is_empty(value)).collect())
        }
        scalar => scalar.clone(),
    }
}

fn application(value: &Value) -> String {
    let mut value = tidy(value);
    value.as_object_mut().unwrap().shift_remove("kind");
    serde_json::to_string(&value).unwrap()
}

#[test]
fn generate_what_argo_generates() {
    let table = include_str!("../fixtures/argocd/applicationsets.jsonl");
    let mut lines = table.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let head = lines.next().unwrap();
    let files: BTreeMap<String, String> = serde_json::from_value(head["files"].clone()).unwrap();
    let world = World::new(&files, head["secrets"].as_array().unwrap());
    let mut wrong = String::new();
    for case in lines {
        compare(&world, &case, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Expands a case and writes down what differs from what Argo CD made of it.
fn compare(world: &World, case: &Value, wrong: &mut String) {
    let set = case["set"].as_str().unwrap();
    let output = world.expand(set, &mut Origins::new());
    // That no Secret fits a selector is an answer of Argo CD, where all clusters are known.
    let missing = output.incomplete.iter().find(|missing| !missing.reason().contains("are not known"));
    if let Some(missing) = missing {
        writeln!(wrong, "{set}\nis incomplete: {}", missing.reason()).unwrap();
        return;
    }
    let mut got: Vec<String> = output.objects.iter().map(|node| application(&node.to_value())).collect();
    got.sort();
    match case["applications"].as_array() {
        None if output.failed.is_none() => writeln!(wrong, "{set}\nis an error").unwrap(),
        None => {}
        Some(want) => {
            let mut want: Vec<String> = want.iter().map(application).collect();
            want.sort();
            if let Some(failed) = output.failed {
                writeln!(wrong, "{set}\nis no error: {failed}").unwrap();
            } else if got != want {
                writeln!(wrong, "{set}\nwant {}\n got {}", want.join("\n"), got.join("\n")).unwrap();
            }
        }
    }
}

/// The generators and templates of Argo CD's own tests.
#[test]
fn generate_what_argos_tests_expect() {
    let mut wrong = String::new();
    for line in include_str!("../fixtures/argocd/literal_sets.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let files: BTreeMap<String, String> = serde_json::from_value(case["files"].clone()).unwrap();
        let world = World::new(&files, case["secrets"].as_array().unwrap());
        compare(&world, &case, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

const SET: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: shops, namespace: argocd}
spec:
  goTemplate: GO
  generators:
  - list:
      elements:
      - name: north
        revision: v1
  template:
    metadata:
      name: 'shop-NAME'
    spec:
      project: default
      source:
        targetRevision: \"REVISION\"
  templatePatch: |
    metadata:
      labels:
        shop: NAME
";

/// The text at a place and at its inputs, nearest first.
fn story(world: &World, origins: &Origins, place: Place) -> Vec<String> {
    let text =
        |at: gitops_lint::facade::source::Span| world.sources.get(at.file).unwrap().slice(at).to_owned();
    let mut story = vec![text(place.at)];
    for link in gitops_lint::facade::repo::chain(place, origins) {
        story.push(text(link.at));
    }
    story.dedup();
    story
}

#[test]
fn values_lead_to_template_and_element() {
    for (go, name, revision) in
        [("false", "{{name}}", "{{ revision }}"), ("true", "{{.name}}", "{{ .revision }}")]
    {
        let world = World::new(&BTreeMap::new(), &[]);
        let mut origins = Origins::new();
        let text = SET.replace("GO", go).replace("NAME", name).replace("REVISION", revision);
        let output = world.expand(&text, &mut origins);
        assert_eq!(output.failed, None);
        let application = &output.objects[0];
        for (path, want, places) in [
            (&["metadata", "name"][..], "shop-north", vec![format!("'shop-{name}'"), "north".to_owned()]),
            (&["spec", "source", "targetRevision"], "v1", vec![format!("\"{revision}\""), "v1".to_owned()]),
            (&["spec", "project"], "default", vec!["default".to_owned()]),
            (&["metadata", "namespace"], "argocd", vec!["argocd".to_owned()]),
        ] {
            let value = application.at_path(path).unwrap();
            assert_eq!(value.as_str(), Some(want));
            assert_eq!(story(&world, &origins, value.place()), places, "{path:?}");
        }
        let label = application.at_path(&["metadata", "labels", "shop"]).unwrap();
        assert_eq!(label.as_str(), Some("north"));
        let story = story(&world, &origins, label.place());
        let mut story: Vec<&str> = story.iter().map(|it| it.trim()).collect();
        story.sort_unstable();
        assert_eq!(story, ["north", &*format!("shop: {name}")]);
    }
}
