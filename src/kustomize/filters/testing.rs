//! Builds small kustomizations for the tests of the filters.
//!
//! The cases are `fixtures/kustomize/*.yaml`: a document per case, with what kustomize 5.7.1 made of it.

use std::sync::Arc;

use crate::kustomize::{Built, Flavor, Options, build};
use crate::origin::Origins;
use crate::source::{Dir, MemoryTree, Sources, TreePath};
use crate::yaml::{Cache, Dialect, Node, parse};

/// A build with all that is needed to look at its result.
pub(in crate::kustomize) struct Done {
    pub(in crate::kustomize) built: Built,
    pub(in crate::kustomize) origins: Origins,
    pub(in crate::kustomize) sources: Arc<Sources>,
}

/// Builds a kustomization and the files beside it.
pub(in crate::kustomize) fn run<'a>(
    kustomization: &'a str,
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Done {
    run_with(kustomization, files, &Options::default())
}

/// The same with other options.
pub(in crate::kustomize) fn run_with<'a>(
    kustomization: &'a str,
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
    options: &Options<'_>,
) -> Done {
    let sources = Sources::new();
    let files = files.into_iter().chain([("kustomization.yaml", kustomization)]);
    let tree = MemoryTree::of(&sources, files);
    let dir = Dir::new(Arc::new(tree), TreePath::root());
    let mut origins = Origins::new();
    let cache = Cache::new(Arc::clone(&sources));
    let built = build(&dir, options, &mut origins, &cache);
    Done { built, origins, sources }
}

/// Builds all cases of a table and compares them with what the real tool made of them.
#[track_caller]
pub(in crate::kustomize) fn check(table: &str) {
    check_with(table, &Options { flavor: Flavor::V5_7, ..Options::default() });
}

/// The same with other options.
#[track_caller]
pub(in crate::kustomize) fn check_with(table: &str, options: &Options<'_>) {
    let file = Sources::new().add("cases.yaml", table.as_bytes().to_vec());
    let mut wrong = Vec::new();
    let mut count = 0;
    for document in parse(&file).documents {
        let mut case = document.root.expect("a case");
        case.canonicalize(Dialect::Sigs).unwrap();
        count += 1;
        let text = |key: &str| case.get(key).and_then(Node::as_str);
        let files = case.get("files").unwrap().entries();
        let files = files.iter().map(|entry| (entry.key.text.as_str(), entry.value.as_str().unwrap()));
        let built = run_with(text("kustomization").unwrap(), files, options).built;
        let name = text("case").unwrap();
        let shown = match &built.failure {
            Some(message) => format!("error: {}\n", message.trim_end()),
            None => built.to_yaml(),
        };
        match (text("want"), text("error")) {
            (Some(want), None) if shown == want => {}
            (None, Some(error)) if shown.starts_with(&format!("error: {}", error.trim_end())) => {}
            (want, error) => {
                let want = want.or(error).unwrap();
                wrong.push(format!("=== {name}\n--- want\n{want}--- got\n{shown}"));
            }
        }
    }
    assert!(count > 0, "the table is empty");
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}
