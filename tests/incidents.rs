//! The five incidents that gitops-lint was made for: each row of their tables at its line, in `fixtures/repos`.
//!
//! A comment `# expect: RULE` in a file stands where the rule must speak, `# expect+2: RULE` two lines above that place.
//! For the rules of a fixture's rows, findings and comments are the same set: where no comment is, silence is right.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use gitops_lint::facade::finding::RuleId;
use gitops_lint::facade::source::{MemoryTree, Sources};
use gitops_lint::facade::{lint, repo, rules, yaml};

/// Rule, file, line.
type Finding = (String, String, u32);

/// The rules of each incident's rows, in the order of the table. A row may ask for silence: then its rule has no comment.
const ROWS: [(&str, &[&str]); 5] = [
    (
        "a-degraded",
        &[
            "private-image-without-pull-secret",
            "missing-secret",
            "missing-service-account",
            "missing-secret-key",
            "unknown-application-field",
            "duplicate-resource-ownership",
            "kustomize-build-failure",
            // The alias: the old owner's URL is this repository, so every path is known.
            "missing-source-path",
        ],
    ),
    (
        "b-out-of-sync",
        &[
            "stale-target-revision",
            "off-default-target-revision",
            "missing-ignore-differences",
            "invalid-ignore-pointer",
            "broad-ignore-differences",
            "unmatched-ignore-differences",
            "volatile-selector-label",
            "replace-ignores-differences",
            "kustomize-build-failure",
            "unmatched-patch",
            "kustomization-as-manifest",
            "duplicate-application-name",
            "tracking-annotation-override",
            "plaintext-secret",
        ],
    ),
    (
        "c-monitoring",
        &[
            "duplicate-resource-ownership",
            // The chart renders both: silence.
            "missing-service",
            "missing-service-account",
            "unused-value",
            "managed-control-plane-monitor",
            "missing-seccomp-profile",
            "pod-security-violation",
            "mutable-image-tag",
            "single-arch-image-build",
            "sync-wave-inversion",
            "unknown-application-field",
            "ineffective-role-policy",
            "unreferenced-values-file",
        ],
    ),
    (
        "d-values",
        &[
            "empty-override",
            "unschedulable-workload",
            "missing-secret-store-namespace",
            "secret-store-namespace-forbidden",
            "missing-secret-store",
            // With every kind of producer: silence.
            "missing-secret",
            "duplicate-resource-ownership",
            "unreferenced-values-file",
            "disallowed-image-tag",
            "missing-storage-class",
            "undeletable-hook-job",
            "type-conflict-override",
        ],
    ),
    (
        "e-reference",
        &[
            "unresolved-parameter",
            "colliding-generated-applications",
            "namespace-mismatch",
            "project-violation",
            "unmatched-image",
            "unsubstituted-placeholder",
            "missing-config-map",
            "missing-secret-key",
            "missing-service",
            "missing-service-port",
            "unmatched-selector",
            "unmatched-named-port",
            "unfetched-secret-object",
            "missing-scale-target",
            "hpa-replicas-conflict",
            "deprecated-ingress-class",
            "missing-issuer",
            "invalid-rbac-policy",
            "invalid-sync-window",
        ],
    ),
];

/// Rules that are not written yet. Whoever writes one takes it out here, and the rows hold from then on.
const PENDING: &[&str] = &[];

fn files(dir: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(dir).unwrap().to_str().unwrap().replace('\\', "/");
            files.insert(name, std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    files
}

/// What the comments ask for.
fn expected(files: &BTreeMap<String, String>) -> BTreeSet<Finding> {
    let mut found = BTreeSet::new();
    for (name, text) in files.iter().filter(|(name, _)| !name.ends_with(".md")) {
        for (index, line) in text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("# expect") else { continue };
            let (offset, names) = comment.split_once(": ").unwrap();
            let offset: u32 = offset.trim_start_matches('+').parse().unwrap_or(0);
            for rule in names.split(',') {
                found.insert((rule.trim().to_owned(), name.clone(), index as u32 + 1 + offset));
            }
        }
    }
    found
}

/// What the linter says.
fn actual(files: &BTreeMap<String, String>, only: Vec<RuleId>) -> BTreeSet<Finding> {
    let sources = Sources::new();
    let tree = MemoryTree::of(&sources, files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let cache = Arc::new(yaml::Cache::new(sources));
    let (workspace, problems) =
        repo::Workspace::of_tree(Arc::new(tree), cache, &rules::Registry::built_in().known());
    assert!(problems.is_empty(), "{problems:?}");
    let options = lint::Options { only: Some(only), ..lint::Options::default() };
    let report = lint::lint(&workspace, &options);
    let place = |it: &lint::Reported| {
        let (file, start, _) = report.sources.locate(it.finding.primary.at).unwrap();
        (it.finding.rule.to_string(), file.to_string(), start.line)
    };
    report.findings.iter().map(place).collect()
}

#[test]
fn incidents_are_caught_at_their_lines() {
    let repos = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos");
    let mut wrong = Vec::new();
    let registry = rules::Registry::built_in();
    for (fixture, rows) in ROWS {
        let files = files(&repos.join(fixture));
        let written = rows.iter().filter(|name| !PENDING.contains(name));
        let known: Vec<RuleId> =
            written.map(|name| registry.find(name).expect(name).meta().name.clone()).collect();
        let all = expected(&files);
        for (rule, file, line) in all.iter().filter(|(rule, ..)| !rows.contains(&rule.as_str())) {
            wrong.push(format!("{fixture}/{file}:{line}: `{rule}` is in no row of the incident"));
        }
        let expected: BTreeSet<Finding> =
            all.into_iter().filter(|(rule, ..)| known.iter().any(|known| *known == *rule.as_str())).collect();
        let actual = actual(&files, known);
        for (rule, file, line) in expected.difference(&actual) {
            wrong.push(format!("{fixture}/{file}:{line}: `{rule}` is silent"));
        }
        for (rule, file, line) in actual.difference(&expected) {
            wrong.push(format!("{fixture}/{file}:{line}: `{rule}` speaks"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
