//! The cases of Argo CD's own tests: projects, globs, URLs, versions, filters, paths.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use gitops_lint::facade::argocd::{
    Application, BuildEnv, Project, Renderer, ResourceFilter, Settings, is_constraint, pick_tag,
};
use gitops_lint::facade::golang::Glob;
use gitops_lint::facade::helm::ChartCache;
use gitops_lint::facade::origin::Origins;
use gitops_lint::facade::source::{
    Dir, Found, MemoryTree, Remotes, Sources, Tree, TreePath, normalize_git_url,
};
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

fn node(value: &Value) -> Arc<Node> {
    let file = Sources::new().add("case.yaml", value.to_string().into());
    let mut node = parse(&file).documents.remove(0).root.unwrap();
    node.canonicalize(Dialect::Sigs).unwrap();
    Arc::new(node)
}

fn project(spec: &Value) -> Project {
    Project::new(node(&json!({"metadata": {"name": "team"}, "spec": spec})))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn filters(value: &Value) -> Vec<ResourceFilter> {
    let list = |filter: &Value, key: &str| texts(&filter[key]).into_iter().map(Into::into).collect();
    let filter = |filter: &Value| ResourceFilter {
        api_groups: list(filter, "apiGroups"),
        kinds: list(filter, "kinds"),
        clusters: list(filter, "clusters"),
    };
    value.as_array().unwrap().iter().map(filter).collect()
}

/// Why Argo CD refuses an Application that names a path, over a repository with one file.
fn refusal(path: &str) -> Option<String> {
    let sources = Sources::new();
    let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, [("file.txt", "text")]));
    let spec = json!({"source": {"repoURL": "https://git.example.com/team/shop", "path": path}});
    let renderer = Renderer {
        only_inputs: false,
        remotes: &Here(Dir::new(tree, TreePath::root())),
        settings: &Settings::default(),
        cache: &Cache::new(Arc::clone(&sources)),
        charts: &ChartCache::default(),
        kube_version: None,
        flavors: gitops_lint::facade::kustomize::Flavors {
            kustomize: gitops_lint::facade::kustomize::Flavor::V5_7,
            ..gitops_lint::facade::kustomize::Flavors::default()
        },
    };
    let application = Application::new(node(&json!({"metadata": {"name": "shop"}, "spec": spec})));
    renderer.render(&application, &mut Origins::new()).failed
}

fn answer(of: &str, input: &Value) -> Value {
    let text = |index: usize| input[index].as_str().unwrap_or_default();
    match of {
        "source" => json!(project(&json!({"sourceRepos": input[0]})).permits_source(text(1))),
        "destination" => {
            json!(project(&json!({"destinations": input[0]})).permits_destination(text(1), text(2), text(3)))
        }
        "kind" => json!(project(&input[0]).permits_kind(text(1), text(2), "", input[3] == json!(true))),
        "namespace" => {
            let project = project(&json!({"sourceNamespaces": input[0]}));
            json!(project.permits_application_namespace(text(1), text(2)))
        }
        "glob" => {
            let separators: Vec<char> = text(2).chars().collect();
            json!(Glob::new(text(0), &separators).is_some_and(|glob| glob.matches(text(1))))
        }
        "same_url" => json!([normalize_git_url(text(0)), normalize_git_url(text(1))]),
        "excluded" => {
            let settings = Settings {
                exclusions: filters(&input[0]),
                inclusions: filters(&input[1]),
                ..Settings::default()
            };
            json!(settings.excludes(text(2), text(3), text(4)))
        }
        "filter" => {
            let settings = Settings { exclusions: filters(&json!([input[0]])), ..Settings::default() };
            json!(settings.excludes(text(1), text(2), text(3)))
        }
        "envsubst" => {
            let value = |name: &str| input[0][name].as_str().unwrap_or_default().into();
            let env = BuildEnv {
                app_name: value("ARGOCD_APP_NAME"),
                app_namespace: value("ARGOCD_APP_NAMESPACE"),
                ..BuildEnv::default()
            };
            json!(env.expand(text(1)))
        }
        "max_version" if !is_constraint(text(0)) => json!(text(0)),
        "max_version" => json!(pick_tag(text(0), &texts(&input[1]))),
        "constraint" => json!(is_constraint(text(0))),
        "path" => refusal(text(0)).map_or(Value::Null, |why| json!(why)),
        "scheme" => {
            let schemes = texts(&input[1]).into_iter().map(Into::into).collect();
            let settings = Settings { values_schemes: Some(schemes), ..Settings::default() };
            json!(settings.allows_values_scheme(text(0)))
        }
        other => panic!("unknown table {other}"),
    }
}

#[test]
fn cases_of_argos_own_tests() {
    let mut wrong = String::new();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for line in include_str!("../fixtures/argocd/literals.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let of = case["of"].as_str().unwrap();
        let (got, want) = (answer(of, &case["in"]), &case["out"]);
        // Paths are refused in Argo CD's words, with the path in front.
        let same = match (of, got.as_str(), want.as_str()) {
            ("path", Some(got), Some(want)) => got.ends_with(want),
            _ => got == *want,
        };
        if !same {
            writeln!(wrong, "{line}\n got {got}").unwrap();
        }
        *count.entry(of.to_owned()).or_default() += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count.values().sum::<usize>() > 300, "{count:?}");
}
