//! Kustomizations that nobody means well with: cycles, escapes, more of everything than anybody has.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gitops_lint::facade::finding::ProblemKind;
use gitops_lint::facade::kustomize::{Built, LoadRestrictor, Options, build};
use gitops_lint::facade::origin::Origins;
use gitops_lint::facade::source::{Dir, MemoryTree, Sources, TreePath};
use gitops_lint::facade::yaml::Cache;

/// Longer than this nothing takes, debug build on a busy machine included.
const PATIENCE: Duration = Duration::from_secs(120);

fn run(at: &str, files: &[(&str, &str)], load_restrictor: LoadRestrictor) -> Built {
    let sources = Sources::new();
    let tree = MemoryTree::of(&sources, files.iter().copied());
    let dir = Dir::new(Arc::new(tree), TreePath::new(at).unwrap());
    let options = Options { load_restrictor, enable_helm: true, ..Options::default() };
    let start = Instant::now();
    let built = build(&dir, &options, &mut Origins::new(), &Cache::new(sources));
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    built
}

const COMPONENT: &str = "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n";

/// What leads back to where it came from is refused at the entry, in kustomize's words.
#[test]
fn cycles_and_escapes_are_refused() {
    let pod = "kind: Pod\nmetadata: {name: a}\n";
    let itself = format!("{COMPONENT}components: [../c]\n");
    let two = format!("{COMPONENT}components: [../d]\n");
    let back = format!("{COMPONENT}components: [../c]\nlabels: []\n");
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[("a/kustomization.yaml", "resources: [.]")],
            "cycle detected: candidate root '/a' contains visited root '/a'",
        ),
        (
            &[("a/kustomization.yaml", "resources: [..]"), ("kustomization.yaml", "resources: [a]")],
            "cycle detected: candidate root '/' contains",
        ),
        (
            &[("a/kustomization.yaml", "resources: [../b]"), ("b/kustomization.yaml", "resources: [../a]")],
            "cycle detected: candidate root '/a' contains visited root '/a'",
        ),
        (
            &[("a/kustomization.yaml", "components: [../c]"), ("c/kustomization.yaml", &itself)],
            "cycle detected: candidate root '/c'",
        ),
        (
            &[
                ("a/kustomization.yaml", "components: [../c]"),
                ("c/kustomization.yaml", &two),
                ("d/kustomization.yaml", &back),
            ],
            "cycle detected: candidate root '/c'",
        ),
        (&[("a/kustomization.yaml", "resources: [../../x]")], "no such file or directory"),
        (&[("a/kustomization.yaml", "resources: [/etc]")], "new root '/etc' cannot be absolute"),
        (
            &[("a/kustomization.yaml", "resources: [../x.yaml]"), ("x.yaml", pod)],
            "security; file '/x.yaml' is not in or below '/a'",
        ),
        (
            &[
                ("a/kustomization.yaml", "resources: [x.yaml]\npatches: [{path: ../../p.yaml}]"),
                ("a/x.yaml", pod),
            ],
            "no such file or directory",
        ),
        (
            &[("a/kustomization.yaml", "configMapGenerator: [{name: a, files: [../../../../etc/passwd]}]")],
            "no such file or directory",
        ),
        (
            &[("a/kustomization.yaml", "helmGlobals: {chartHome: ../../charts}\nhelmCharts: [{name: c}]")],
            "no chart found",
        ),
    ];
    for (files, want) in cases {
        let built = run("a", files, LoadRestrictor::RootOnly);
        let message = built.failure.clone().unwrap_or_default();
        assert!(message.contains(want), "{files:?}: {message}");
        assert!(
            built.problems.iter().all(|problem| problem.place.is_some()),
            "{files:?}: {:?}",
            built.problems
        );
    }
    let files: &[(&str, &str)] = &[("a/kustomization.yaml", "resources: [../x.yaml]"), ("x.yaml", pod)];
    assert_eq!(run("a", files, LoadRestrictor::None).resources.len(), 1);
}

/// Bases that are named twice by every base: a million of them, if nobody counts.
#[test]
fn bases_do_not_multiply() {
    let mut files: Vec<(String, String)> = Vec::new();
    for level in 0..20 {
        for side in ["l", "r"] {
            let next = level + 1;
            files.push((
                format!("{side}{level}/kustomization.yaml"),
                format!("namePrefix: {side}\nresources: [../l{next}, ../r{next}]\n"),
            ));
        }
    }
    for side in ["l", "r"] {
        files.push((format!("{side}20/kustomization.yaml"), "resources: [x.yaml]\n".to_owned()));
        files.push((format!("{side}20/x.yaml"), format!("kind: Pod\nmetadata: {{name: {side}}}\n")));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let built = run("l0", &files, LoadRestrictor::RootOnly);
    let problem = built.problems.iter().find(|problem| problem.kind == ProblemKind::Limit).unwrap();
    assert_eq!(
        problem.message.rsplit(": ").next(),
        Some("kustomizations are nested too deep or visit too many directories")
    );
    assert!(problem.place.is_some());
}

/// A chain of bases that is longer than anybody's.
#[test]
fn bases_do_not_nest_without_end() {
    let files: Vec<(String, String)> = (0..2000)
        .map(|level| (format!("d{level}/kustomization.yaml"), format!("resources: [../d{}]\n", level + 1)))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let built = run("d0", &files, LoadRestrictor::RootOnly);
    assert!(built.problems.iter().any(|problem| problem.kind == ProblemKind::Limit), "{:?}", built.failure);
}

#[test]
fn ten_thousand_resources_in_one_build() {
    let mut text = String::new();
    for index in 0..5000 {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{index}}}\ndata: {{a: b}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{index}}}\nspec:\n  containers: [{{name: a, image: nginx, envFrom: [{{configMapRef: {{name: c{index}}}}}]}}]\n"
        );
    }
    let kustomization = "resources: [base]\nnamePrefix: x-\nnamespace: shop\ncommonLabels: {a: b}\nimages: [{name: nginx, newTag: '2'}]\npatches:\n- target: {kind: Pod}\n  patch: '- {op: add, path: /spec/restartPolicy, value: Never}'\n";
    let files = [
        ("kustomization.yaml", kustomization),
        ("base/kustomization.yaml", "resources: [all.yaml]\nnameSuffix: -y\n"),
        ("base/all.yaml", &text),
    ];
    let built = run("", &files, LoadRestrictor::RootOnly);
    assert_eq!((built.failure, built.resources.len()), (None, 10_000));
    let last = built.resources.last().unwrap();
    let name = last.at_path(&["metadata", "name"]).unwrap().as_str().unwrap().to_owned();
    let number = name.strip_prefix("x-p").unwrap();
    let container = last.items(&["spec", "containers"]).first().unwrap();
    let reference =
        container.items(&["envFrom"]).first().unwrap().at_path(&["configMapRef", "name"]).unwrap();
    assert_eq!(reference.as_str(), Some(format!("x-c{number}").as_str()));
    assert_eq!(container.get("image").unwrap().as_str(), Some("nginx:2"));
}

/// Builds with patches of so many lines: of comments, of one object, of operations.
fn patch_of(lines: usize) {
    let config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k0: old}\n";
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let comments = format!("{head}{}data: {{k: v}}\n", "# nothing\n".repeat(lines));
    let mut data = format!("{head}data:\n");
    let mut operations = String::new();
    for index in 0..lines {
        let _ = writeln!(data, "  k{index}: v");
        if index % 3 == 0 {
            let _ = write!(operations, "- op: add\n  path: /data/k{}\n  value: v\n", index % 100);
        }
    }
    for (name, patch, target, keys) in [
        ("comments", &comments, "", 2),
        ("data", &data, "", lines),
        ("operations", &operations, ", target: {name: a}", 100),
    ] {
        let kustomization = format!("resources: [a.yaml]\npatches: [{{path: p.yaml{target}}}]\n");
        let files =
            [("kustomization.yaml", kustomization.as_str()), ("a.yaml", config_map), ("p.yaml", patch)];
        let built = run("", &files, LoadRestrictor::RootOnly);
        let refused = built.problems.iter().any(|problem| problem.kind == ProblemKind::Limit);
        let data = built.resources.first().and_then(|node| node.get("data"));
        let data = data.map_or(0, |data| data.entries().len());
        assert!(refused || (built.failure.is_none() && data == keys), "{name}: {data} {:?}", built.failure);
    }
}

#[test]
fn a_long_patch() {
    patch_of(30_000);
}

#[test]
#[ignore = "takes a minute in a debug build: cargo test --release --test integration kustomize_limits -- --ignored"]
fn a_patch_of_a_million_lines() {
    patch_of(1_000_000);
}

/// What is wrong in components in components is quoted by each level, which doubles its backslashes: not for ever.
#[test]
fn messages_do_not_double_for_ever() {
    let files: Vec<(String, String)> = (0..60)
        .map(|at| {
            let inside = if at == 59 {
                "resources: [missing.yaml]\n".to_owned()
            } else {
                format!("components: [../c{}]\n", at + 1)
            };
            (format!("c{at}/kustomization.yaml"), format!("{COMPONENT}{inside}"))
        })
        .chain([("a/kustomization.yaml".to_owned(), "components: [../c0]\n".to_owned())])
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let built = run("a", &files, LoadRestrictor::default());
    let message = &built.problems.first().expect("the missing file is told").message;
    assert!(message.contains("missing.yaml") && message.len() < 200_000, "{} bytes", message.len());
}
