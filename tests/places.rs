//! Where the tool looks, and what the configuration says: parts of a repository, standard input, files that extend
//! others, a user's own file.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::cli::{
    CRON, KUSTOMIZATION, code, command, cron_repo, findings, git, json, run_in, scratch, text, text_of, write,
};

/// A repository with the same mistake in two directories, known to Git.
fn two() -> tempfile::TempDir {
    let repo = scratch(&[
        ("a/cron.yaml", CRON),
        ("a/kustomization.yaml", KUSTOMIZATION),
        ("b/cron.yaml", CRON),
        ("b/kustomization.yaml", KUSTOMIZATION),
    ]);
    git(repo.path(), &["init", "-q"]);
    git(repo.path(), &["add", "."]);
    repo
}

const A: &str = "invalid-cron-schedule a/cron.yaml";
const B: &str = "invalid-cron-schedule b/cron.yaml";

#[test]
fn a_part_is_seen_with_the_whole() {
    let repo = two();
    let dir = repo.path();
    for (from, args, want) in [
        ("", vec![], vec![A, B]),
        ("a", vec![], vec![A]),
        ("", vec!["a"], vec![A]),
        ("", vec!["a", "b/cron.yaml"], vec![A, B]),
        ("", vec!["b/cron.yaml"], vec![B]),
        ("b", vec!["../a"], vec![A]),
        ("b", vec![".."], vec![A, B]),
        ("", vec![".", "a"], vec![A, B]),
    ] {
        assert_eq!(findings(&json(&dir.join(from), &args)), want, "{args:?} in `{from}`");
    }
    let report = json(&dir.join("a"), &[]);
    assert_eq!((&report["summary"]["apps"], &report["summary"]["elsewhere"]), (&2.into(), &1.into()));
    // The configuration of the root counts in its parts; a configuration below makes a root of its own.
    write(dir, ".gitops-lint.yaml", "rules: { invalid-cron-schedule: off }\n");
    assert!(findings(&json(&dir.join("a"), &[])).is_empty());
    write(dir, "a/.gitops-lint.yml", "preset: recommended\n");
    let report = json(&dir.join("a"), &[]);
    assert_eq!((findings(&report), &report["summary"]["apps"]), (vec![A.to_owned()], &1.into()));
    assert!(findings(&json(dir, &["--root", ".", "a"])).is_empty());
    // A baseline holds all of it, wherever it is written from.
    std::fs::remove_file(dir.join("a/.gitops-lint.yml")).unwrap();
    std::fs::remove_file(dir.join(".gitops-lint.yaml")).unwrap();
    let output = run_in(&dir.join("a"), &["--write-baseline"]);
    assert!(text(&output.stderr).contains("wrote 2 findings"), "{}", text(&output.stderr));
}

#[test]
fn test_data_and_ignored_files_are_repositories_of_their_own() {
    let repo = two();
    let dir = repo.path();
    for place in ["tests/data", "target/copy"] {
        write(dir, &format!("{place}/cron.yaml"), CRON);
        write(dir, &format!("{place}/kustomization.yaml"), KUSTOMIZATION);
    }
    write(dir, ".gitignore", "target\n");
    git(dir, &["add", "."]);
    assert_eq!(json(&dir.join("tests/data"), &[])["summary"]["apps"], 1);
    let report = json(&dir.join("target/copy"), &[]);
    assert_eq!(findings(&report), ["invalid-cron-schedule cron.yaml"]);
    // What Git does not know yet, but would take, belongs to the repository.
    write(dir, "new/cron.yaml", CRON);
    write(dir, "new/kustomization.yaml", KUSTOMIZATION);
    let report = json(&dir.join("new"), &[]);
    assert_eq!(findings(&report), ["invalid-cron-schedule new/cron.yaml"]);
    assert_eq!(report["summary"]["apps"], 4, "a and b, the test data, and the new one");
}

#[test]
fn paths_that_are_wrong_are_explained() {
    let repo = two();
    let other = cron_repo();
    let empty = tempfile::tempdir().unwrap();
    let other_path = other.path().display().to_string();
    for (dir, args, words) in [
        (repo.path(), vec!["aps"], "did you mean the command `apps`?"),
        (repo.path(), vec!["exlpain"], "did you mean the command `explain`?"),
        (repo.path(), vec!["none/none"], "cannot open `none/none`: there is no such file or directory"),
        (repo.path(), vec!["a", &other_path], "two repositories"),
        (repo.path(), vec!["--root", "a", "b"], "does not lie in `a`"),
        (repo.path(), vec!["--root", "a/cron.yaml"], "is no directory"),
        (repo.path(), vec!["-"], "--stdin-filename"),
        (repo.path(), vec!["--stdin-filename", "a/cron.yaml"], "add `-`"),
        (empty.path(), vec![], "there is no YAML or JSON in `.`"),
    ] {
        let output = run_in(dir, &args);
        assert_eq!(code(&output), 2, "{args:?}: {}", text_of(&output));
        assert!(text(&output.stderr).contains(words), "{args:?}: {}", text_of(&output));
    }
}

#[test]
fn an_editor_may_send_what_it_has_not_saved() {
    let repo = two();
    let send = |file: &str, text: &str| {
        let mut child = command(repo.path(), &["--format", "json", "-q", "-", "--stdin-filename", file])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        findings(&serde_json::from_slice(&output.stdout).unwrap())
    };
    assert_eq!(send("a/cron.yaml", CRON), [A]);
    assert!(send("a/cron.yaml", &CRON.replace("0 25", "0 5")).is_empty());
    // A file that is to be, also in a directory that is to be.
    let told = |file: &str| vec![A.replace("a/cron.yaml", file)];
    assert_eq!(send("a/new.yaml", CRON), told("a/new.yaml"));
    assert_eq!(send("c/d/new.yaml", CRON), told("c/d/new.yaml"));
}

#[test]
fn words_of_the_configuration_mean_what_they_say() {
    let strict = "exec-grant";
    let repo = cron_repo();
    let dir = repo.path();
    let config = |text: &str| write(dir, ".gitops-lint.yaml", text);
    // `on` and `off` are words, whatever YAML makes of them; `1.30` is no 1.3.
    config(&format!("rules:\n  {strict}: on\n  invalid-cron-schedule: off\nkubernetes: 1.30\n"));
    let output = run_in(dir, &["--format", "json"]);
    assert!(code(&output) < 2, "{}", text_of(&output));
    assert!(findings(&serde_json::from_slice(&output.stdout).unwrap()).is_empty());
    config("fail-on: never\n");
    assert_eq!(code(&run_in(dir, &[])), 0);
    assert_eq!(code(&run_in(dir, &["--fail-on", "error"])), 1, "the command line wins");
    config("format: concise\n");
    assert!(text(&run_in(dir, &[]).stdout).starts_with("cron.yaml:6:"));
    config("select: [missing-secret]\n");
    assert!(findings(&json(dir, &[])).is_empty());
    assert_eq!(findings(&json(dir, &["--select", "invalid-cron-schedule"])).len(), 1);
    config("baseline: known.json\n");
    let output = run_in(dir, &[]);
    assert!(code(&output) == 2 && text(&output.stderr).contains("known.json"), "{}", text_of(&output));
    let output = run_in(dir, &["--write-baseline"]);
    assert!(text(&output.stderr).contains("the configuration uses it"), "{}", text_of(&output));
    assert_eq!(json(dir, &[])["summary"]["baseline"], 1);
    for (text, words) in [
        ("format: prety\n", "did you mean `pretty`?"),
        ("select: [mising-secret]\n", "did you mean `missing-secret`?"),
        ("fail-on: sometimes\n", "one of error, warning, note, never"),
        ("extends: none.yaml\n", "cannot read `none.yaml`"),
        ("extends: ../none.yaml\n", "leads outside of the repository"),
        ("extends: .gitops-lint.yaml\n", "extend each other already"),
    ] {
        config(text);
        let output = run_in(dir, &[]);
        assert!(code(&output) == 2 && text_of(&output).contains(words), "{text}: {}", text_of(&output));
    }
    // Either name is read; both are one too many.
    config("fail-on: never\n");
    std::fs::rename(dir.join(".gitops-lint.yaml"), dir.join(".gitops-lint.yml")).unwrap();
    assert_eq!(code(&run_in(dir, &[])), 0);
    config("{}\n");
    let output = run_in(dir, &[]);
    assert!(code(&output) == 2 && text(&output.stderr).contains("keep one of them"), "{}", text_of(&output));
}

#[test]
fn a_configuration_extends_others() {
    let repo = two();
    let dir = repo.path();
    write(
        dir,
        "shared/base.yaml",
        "preset: strict\nfail-on: never\nrules: { invalid-cron-schedule: warning, missing-secret: off }\npaths: [{ match: a, rules: { invalid-cron-schedule: off } }]\n",
    );
    write(dir, "shared/team.yaml", "extends: base.yaml\nfail-on: note\n");
    write(
        dir,
        ".gitops-lint.yaml",
        "extends: [shared/team.yaml]\npreset: recommended\nrules: { missing-secret: error }\n",
    );
    let report = json(dir, &[]);
    assert_eq!(findings(&report), [B], "rules and paths of the lowest file count");
    assert_eq!(report["findings"][0]["severity"], "warning");
    assert_eq!(code(&run_in(dir, &[])), 1, "the file between says `note`");
    // A mistake in a file below is shown there.
    write(dir, "shared/base.yaml", "presett: strict\n");
    let said = text(&run_in(dir, &[]).stderr);
    assert!(said.contains("shared/base.yaml:1:1") && said.contains("did you mean `preset`?"), "{said}");
}

#[test]
fn a_user_has_habits_but_no_rules_of_their_own() {
    let repo = cron_repo();
    let home = scratch(&[("gitops-lint/config.yaml", "format: concise\nfail-on: never\n")]);
    let run = |dir: &Path| command(dir, &[]).env("XDG_CONFIG_HOME", home.path()).output().unwrap();
    let output = run(repo.path());
    assert_eq!(code(&output), 0);
    assert!(text(&output.stdout).starts_with("cron.yaml:6:"), "{}", text_of(&output));
    write(repo.path(), ".gitops-lint.yaml", "fail-on: error\n");
    assert_eq!(code(&run(repo.path())), 1, "the repository knows better");
    write(home.path(), "gitops-lint/config.yaml", "rules: { invalid-cron-schedule: off }\n");
    let output = run(repo.path());
    assert!(
        code(&output) == 2 && text_of(&output).contains("belongs into the repository's own"),
        "{}",
        text_of(&output)
    );
}
