//! Objects of Kubernetes' own kinds, judged by the whole tool and by the API server's own code.

use std::fmt::Write as _;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use gitops_lint::facade::lint::Reported;
use gitops_lint::facade::repo::{self, Workspace};
use gitops_lint::facade::source::{Sources, WorkTree};
use gitops_lint::facade::{rules, yaml};

use crate::blame::{app, flux, report};

/// Rules that tell what the API server refuses.
const REFUSALS: [&str; 20] = [
    "deprecated-api-version",
    "duplicate-key",
    "duplicate-mount-path",
    "invalid-cron-schedule",
    "implicit-type",
    "invalid-host-name",
    "invalid-image-reference",
    "invalid-name-or-label",
    "invalid-object",
    "invalid-port-name",
    "invalid-quantity",
    "invalid-restart-policy",
    "kustomize-build-failure",
    "missing-volume",
    "removed-api-version",
    // What kustomize-controller cannot read.
    "render-failure",
    "schema-violation",
    "selector-mismatch",
    "unknown-field",
    "unknown-kind",
];

/// What the tool says about an object that an app applies alone.
fn refused(object: &Value) -> Vec<String> {
    // What Argo CD does not look at by default.
    let excluded = ["Endpoints", "EndpointSlice", "Lease", "CertificateSigningRequest"];
    let app = match object["kind"].as_str() {
        Some(kind) if excluded.contains(&kind) => flux("web", "./web", ""),
        _ => app("web", "web", ""),
    };
    let text = format!("=== app.yaml\n{app}=== web/o.yaml\n{object}\n");
    let report = report(&text, &[]);
    // That Flux needs a namespace is about what applies it; an odd quantity is taken all the same.
    let is_theirs = |it: &&Reported| {
        let message = &it.finding.message;
        let is_image = it.finding.rule == "invalid-image-reference";
        REFUSALS.contains(&&*it.finding.rule)
            && !message.contains("Flux cannot apply")
            && !(it.finding.rule == "invalid-quantity" && message.contains(" is set to "))
            && (!is_image || message.contains("it is empty"))
    };
    let findings = report.findings.iter().filter(is_theirs);
    findings.map(|it| format!("{}: {}", it.finding.rule, it.finding.message)).collect()
}

/// Rows on which both do not agree, with what each says.
fn differences(lines: &str) -> (usize, Vec<String>) {
    let rows: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        // What looks like the head of a file would end this one.
        .filter(|row: &Value| row.get("unknown").is_none() && !row.to_string().contains("=== "))
        .collect();
    let differ = |row: &Value| {
        let found = refused(&row["object"]);
        let error = row.get("error").and_then(Value::as_str);
        let head = if error.is_some() { "MISSED" } else { "INVENTED" };
        (found.is_empty() == error.is_some()).then(|| {
            let mut text = format!("{head} {} {}\n", row["id"], row["how"]);
            let _ = writeln!(text, "  theirs: {}", error.unwrap_or("nothing"));
            let _ = writeln!(text, "  ours: {found:?}");
            let _ = writeln!(text, "  {}", row["object"]);
            text
        })
    };
    (rows.len(), rows.par_iter().filter_map(differ).collect())
}

/// Rows that were taken when both agreed.
#[test]
fn objects_are_refused_as_by_the_api_server() {
    let (count, differences) = differences(include_str!("../fixtures/schemas/mutated.jsonl"));
    assert!(count > 200, "{count}");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Any file of such rows: `OBJECTS=FILE cargo test --test integration objects_of_a_file -- --ignored --nocapture`.
#[test]
#[ignore = "wants a file that `.ci/oracle` made"]
fn objects_of_a_file() {
    let Ok(path) = std::env::var("OBJECTS") else { return crate::skipped("OBJECTS names no file") };
    let (count, differences) = differences(&std::fs::read_to_string(path).unwrap());
    println!("{}", differences.join("\n"));
    println!("objects: {count}, different: {}", differences.len());
}

/// Every object of the built-in kinds that the apps of the corpus render to, once, as such rows without a verdict:
/// `OBJECTS=FILE cargo test --test integration rendered_objects -- --ignored`. `.ci/oracle/kubeconform.py` adds kubeconform's.
#[test]
#[ignore = "writes a file for `.ci/oracle`"]
fn rendered_objects() {
    let Ok(path) = std::env::var("OBJECTS") else { return crate::skipped("OBJECTS names no file") };
    let Some(corpus) = crate::corpus() else { return };
    let mut rows = std::collections::BTreeMap::new();
    let mut dirs: Vec<_> =
        std::fs::read_dir(corpus.join("repos")).unwrap().map(|entry| entry.unwrap().path()).collect();
    dirs.sort();
    for dir in dirs {
        let sources = Sources::new();
        let tree = Arc::new(WorkTree::exported(&dir, "", Arc::clone(&sources)).unwrap());
        let (workspace, _) = Workspace::of_tree(
            tree,
            Arc::new(yaml::Cache::new(sources)),
            &rules::Registry::built_in().known(),
        );
        let texts = |_: &_, rendered: &repo::Rendered| -> Vec<String> {
            rendered.objects.iter().map(|object| object.node.to_json(yaml::JsonStyle::default())).collect()
        };
        let (inventory, found) = repo::analyze(&workspace, &texts);
        let repository = dir.file_name().unwrap().to_string_lossy().into_owned();
        for (entry, texts) in inventory.apps.iter().zip(found) {
            for text in texts {
                rows.entry(text).or_insert_with(|| format!("{repository}/{}", entry.app.name));
            }
        }
    }
    let lines =
        rows.iter().map(|(text, id)| format!("{{\"id\":{},\"object\":{text}}}\n", Value::from(id.as_str())));
    std::fs::write(path, lines.collect::<String>()).unwrap();
}

/// What the API server reads of a number, as Go's `sigs.k8s.io/yaml` and `sigs.k8s.io/json` 1.37 do it: the text, and whether fields of the types `int32`,
/// `IntOrString` and `int64` take it. On the way to JSON a whole float loses its point.
const NUMBERS: [(&str, [bool; 3]); 22] = [
    ("3.0", [true, true, true]),
    ("3.", [true, true, true]),
    ("-0.0", [true, true, true]),
    ("1e3", [true, true, true]),
    ("1E3", [true, true, true]),
    ("1e+06", [true, true, true]),
    ("30e-1", [true, true, true]),
    (".5e1", [true, true, true]),
    ("+3", [true, true, true]),
    ("1_000", [true, true, true]),
    ("0x10", [true, true, true]),
    ("0b11", [true, true, true]),
    ("0o17", [true, true, true]),
    ("010", [true, true, true]),
    ("3.5", [false, false, false]),
    ("3e-1", [false, false, false]),
    ("2147483648", [false, false, true]),
    ("2147483648.0", [false, false, true]),
    ("9e18", [false, false, true]),
    ("9223372036854775808", [false, false, false]),
    ("1e20", [false, false, false]),
    ("1e21", [false, false, false]),
];

/// Three fields of a Deployment that take numbers, none of which has a bound of its own but zero.
fn with_numbers(int32: &str, int_or_string: &str, int64: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  revisionHistoryLimit: {int32}\n  strategy: {{rollingUpdate: \
         {{maxSurge: {int_or_string}}}}}\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    \
         spec:\n      terminationGracePeriodSeconds: {int64}\n      containers: [{{name: web, image: 'web:1.0.0'}}]\n"
    )
}

#[test]
fn whole_floats_are_integers() {
    let told = |object: &str| {
        crate::blame::told(
            &format!("=== app.yaml\n{}=== web/o.yaml\n{object}", app("web", "web", "")),
            "schema-violation",
        )
    };
    for (text, taken) in NUMBERS {
        let objects =
            [with_numbers(text, "1", "1"), with_numbers("1", text, "1"), with_numbers("1", "1", text)];
        for (object, taken) in objects.iter().zip(taken) {
            assert_eq!(told(object).is_empty(), taken, "{text}: {:?}", told(object));
        }
    }
}

/// Values reach a template as floats, and `{{ }}` prints large ones as such.
#[test]
fn numbers_of_values_are_integers_where_they_are_whole() {
    for (value, want) in [("3.0", &[][..]), ("1000000", &[]), ("1e3", &[]), ("2.5", &["values.yaml:1"])] {
        let object = with_numbers("{{ .Values.limit }}", "1", "1");
        let text = format!(
            "=== app.yaml\n{}=== web/Chart.yaml\napiVersion: v2\nname: web\nversion: 1.0.0\n=== web/values.yaml\nlimit: {value}\n=== \
             web/templates/web.yaml\n{object}",
            app("web", "web", "")
        );
        crate::blame::assert_told(&text, "schema-violation", want);
    }
}
