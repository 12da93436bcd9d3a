//! Rules that a team writes itself are rules: by their own names, everywhere.

use serde_json::Value;

use super::cli::{code, findings, json, run_in, scratch, text};

const APP: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n  project: default\n  source: {repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: main, path: deploy}\n  destination: {server: 'https://kubernetes.default.svc', namespace: shop}\n";
const OBJECT: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\n  labels:\n    tier: web\ndata: {a: b}\n";
const LABEL: &str = "name: team-label\ndescription: Whose it is, everybody can see.\nseverity: warning\nmatch: {kinds: [ConfigMap]}\nexpression: \"'team' in object.metadata.labels\"\nmessage: no label `team`\npath: \"'metadata.labels'\"\nhelp: add the label\n";
const STRICT: &str = "name: no-config\npreset: strict\nmatch: {kinds: [ConfigMap]}\nexpression: 'false'\nmessage: no ConfigMaps\n";

fn repository(config: &str, object: &str) -> tempfile::TempDir {
    scratch(&[
        ("apps/shop.yaml", APP),
        ("deploy/config.yaml", object),
        ("rules.d/label.yaml", LABEL),
        ("rules.d/strict.yaml", STRICT),
        (".gitops-lint.yaml", config),
    ])
}

const FOUND: &str = "team-label deploy/config.yaml";
const FOUND_STRICT: &str = "no-config deploy/config.yaml";

#[test]
fn own_rules_are_selected_and_ignored_as_all_are() {
    let plain = repository("{}\n", OBJECT);
    let run = |args: &[&str]| findings(&json(plain.path(), args));
    assert_eq!(run(&[]), [FOUND]);
    assert_eq!(run(&["--preset", "strict", "--select", "custom"]), [FOUND_STRICT, FOUND]);
    assert_eq!(run(&["--select", "no-config"]), [FOUND_STRICT]);
    assert_eq!(run(&["--ignore", "team-label"]), [""; 0]);
    assert_eq!(run(&["--ignore", "custom"]), [""; 0]);
    assert_eq!(run(&["--rule", "no-config=note"]), [FOUND, FOUND_STRICT]);
    for args in [&["--select", "team-lable"][..], &["--ignore", "team-lable"], &["--rule", "team-lable=off"]]
    {
        let output = run_in(plain.path(), args);
        assert_eq!(code(&output), 2);
        let said = text(&output.stderr);
        assert!(said.contains("there is no rule `team-lable`: did you mean `team-label`?"), "{said}");
    }
}

#[test]
fn own_rules_are_configured_and_suppressed_as_all_are() {
    for (config, object, found) in [
        ("rules: {team-label: off}\n", OBJECT, &[][..]),
        ("rules: {no-config: on}\n", OBJECT, &[FOUND_STRICT, FOUND]),
        ("rules: {team-label: error}\n", OBJECT, &[FOUND]),
        ("select: [no-config]\n", OBJECT, &[FOUND_STRICT]),
        ("paths: [{match: deploy, rules: {team-label: off}, reason: not ours}]\n", OBJECT, &[]),
        (
            "{}\n",
            "# gitops-lint: ignore-file[team-label] not ours\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, labels: {tier: web}}\n",
            &[],
        ),
        (
            "{}\n",
            "# gitops-lint: ignore-file[team-label] not ours\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, labels: {team: a}}\n",
            &["unused-suppression deploy/config.yaml"],
        ),
    ] {
        let repository = repository(config, object);
        assert_eq!(findings(&json(repository.path(), &[])), found, "{config}{object}");
    }
    let wrong = repository("rules: {team-lable: off}\n", OBJECT);
    let output = run_in(wrong.path(), &[]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("did you mean `team-label`?"), "{}", text(&output.stderr));
    let option = repository("rules: {team-label: {nonsense: 1}}\n", OBJECT);
    let said = text(&run_in(option.path(), &[]).stderr);
    assert!(said.contains("unknown option `nonsense` of `team-label`"), "{said}");
}

#[test]
fn own_rules_are_explained_and_reported_as_all_are() {
    let repository = repository("{}\n", OBJECT);
    let page = text(&run_in(repository.path(), &["explain", "team-label"]).stdout);
    for part in [
        "# team-label",
        "warning · recommended · rules.d/label.yaml:1",
        "Whose it is",
        "'team' in",
        "add the label",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let list = text(&run_in(repository.path(), &["rules"]).stdout);
    assert!(list.contains("custom\n  team-label"), "{list}");
    let shown = text(&run_in(repository.path(), &[]).stdout);
    assert!(shown.contains("warning[team-label]: no label `team`"), "{shown}");
    let sarif = run_in(repository.path(), &["--format", "sarif"]).stdout;
    let sarif: Value = serde_json::from_slice(&sarif).unwrap();
    let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!((&rule["id"], &rule["helpUri"]), (&Value::from("team-label"), &Value::Null));
    assert_eq!(rule["shortDescription"]["text"], "Whose it is, everybody can see.");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "team-label");
    let fixed =
        run_in(repository.path(), &["fix", "--suppress", "--rule", "team-label", "--reason", "later"]);
    assert_eq!(code(&fixed), 0, "{}", text(&fixed.stderr));
    assert!(findings(&json(repository.path(), &[])).is_empty());
    let file = std::fs::read_to_string(repository.path().join("deploy/config.yaml")).unwrap();
    assert!(file.contains("ignore[team-label] later"), "{file}");
}

/// A rule of the repository cannot take the place of one that is built in.
#[test]
fn names_that_are_built_in_cannot_be_taken() {
    let mine = LABEL.replace("team-label", "syntax-error");
    let odd = LABEL.replace("team-label", "team label");
    let repository =
        scratch(&[("deploy/config.yaml", OBJECT), ("rules.d/a.yaml", &mine), ("rules.d/b.yaml", &odd)]);
    let output = text(&run_in(repository.path(), &[]).stdout);
    assert!(output.contains("`syntax-error` is built in"), "{output}");
    assert!(output.contains("names are made of letters"), "{output}");
}
