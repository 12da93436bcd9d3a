//! What a release is made of: the scripts under `packaging/`, run on what is built here, and the files that users take.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

use super::cli::text;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(script: &str, args: &[&str]) -> Output {
    let script = root().join("packaging").join(script);
    let mut command = Command::new(&script);
    command.args(args).env("BIN", stand_in().join("gitops-lint"));
    command.output().unwrap_or_else(|error| panic!("{}: {error}", script.display()))
}

/// Small programs in place of the real ones, which are a hundred megabytes in a test: the first starts the real one, and
/// holds what a program that is linked to shared libraries does.
fn stand_in() -> &'static Path {
    static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
    let make = || {
        let dir = tempfile::tempdir().unwrap();
        for (name, real) in [
            ("gitops-lint", env!("CARGO_BIN_EXE_gitops-lint")),
            ("gitops-lint-fetch", env!("CARGO_BIN_EXE_gitops-lint-fetch")),
        ] {
            let text = format!("#!/bin/sh\n# /lib64/ld-linux-x86-64.so.2\nexec '{real}' \"$@\"\n");
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        dir
    };
    DIR.get_or_init(make).path()
}

fn ok(script: &str, args: &[&str]) -> String {
    let output = run(script, args);
    assert!(output.status.success(), "{script} {args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn archives_formula_and_image() {
    let dir = tempfile::tempdir().unwrap();
    let dist = dir.path().join("dist").display().to_string();
    for target in [
        "x86_64-unknown-linux-musl",
        "aarch64-unknown-linux-musl",
        "x86_64-apple-darwin",
        "aarch64-apple-darwin",
    ] {
        ok("archive", &[target, &dist]);
    }
    let archive = format!("{dist}/gitops-lint-x86_64-unknown-linux-musl.tar.gz");
    let listed = Command::new("tar").args(["-tzf", &archive]).output().unwrap();
    let listed = text(&listed.stdout);
    for name in [
        "./gitops-lint",
        "./gitops-lint-fetch",
        "./schema.json",
        "./LICENSE",
        "./man/gitops-lint.1",
        "./completions/gitops-lint.bash",
    ] {
        assert!(listed.lines().any(|line| line == name), "{name}\n{listed}");
    }
    let bytes = std::fs::read(&archive).unwrap();
    ok("archive", &["x86_64-unknown-linux-musl", &dist]);
    assert!(bytes == std::fs::read(&archive).unwrap(), "the same files give the same bytes");

    let formula = ok("homebrew/generate", &["--version", "v9.8.7", "--dist", &dist]);
    let sum = std::fs::read_to_string(format!("{archive}.sha256")).unwrap();
    let sum = sum.split_whitespace().next().unwrap();
    assert!(
        formula.contains(&format!("sha256 \"{sum}\"")) && formula.contains("version \"9.8.7\""),
        "{formula}"
    );
    let count =
        |word: &str| formula.lines().filter(|line| line.trim_start().split(' ').next() == Some(word)).count();
    let opened = formula.lines().filter(|line| {
        line.ends_with(" do") || line.starts_with("class ") || line.trim_start().starts_with("def ")
    });
    assert_eq!(opened.count(), count("end"), "{formula}");

    // The image takes the static binary only: what is built for tests is linked to shared libraries.
    let out = dir.path().join("image");
    let shown = out.display().to_string();
    let refused = run("image/layout", &["--dist", &dist, "--version", "v9.8.7", "--out", &shown]);
    assert!(
        !refused.status.success() && text(&refused.stderr).contains("a program is not static"),
        "{}",
        text(&refused.stderr)
    );
    let fake = dir.path().join("fake");
    std::fs::create_dir(&fake).unwrap();
    for name in ["gitops-lint", "gitops-lint-fetch"] {
        std::fs::write(fake.join(name), "static").unwrap();
    }
    let packed = Command::new("tar")
        .args(["-C", &fake.display().to_string(), "-czf", &archive, "gitops-lint", "gitops-lint-fetch"])
        .status();
    assert!(packed.unwrap().success());
    std::fs::remove_file(format!("{dist}/gitops-lint-aarch64-unknown-linux-musl.tar.gz")).unwrap();
    ok("image/layout", &["--dist", &dist, "--version", "v9.8.7", "--out", &shown]);
    let read = |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let blob = |digest: &Value| out.join("blobs").join(digest.as_str().unwrap().replace(':', "/"));
    let top = read(&out.join("index.json"));
    let index = read(&blob(&top["manifests"][0]["digest"]));
    assert_eq!(index["manifests"][0]["platform"]["architecture"], "amd64");
    let manifest = read(&blob(&index["manifests"][0]["digest"]));
    let config = read(&blob(&manifest["config"]["digest"]));
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"][0], "/usr/bin/gitops-lint");
    let size = std::fs::metadata(blob(&manifest["layers"][0]["digest"])).unwrap().len();
    assert_eq!(manifest["layers"][0]["size"], size);
}

#[test]
fn versions_and_notes_agree() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(!run("check-version", &["v0.0.0"]).status.success());
    let output = run("check-version", &[&format!("v{version}")]);
    let said = text(&output.stderr);
    assert!(output.status.success() || said.contains("CHANGELOG.md has no section"), "{said}");
    assert!(ok("notes", &["Unreleased"]).starts_with("### Added"));
    assert!(!run("notes", &["v0.0.0"]).status.success());
}

#[test]
fn the_mirror_has_the_hooks_as_wheels() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().display().to_string();
    ok("pre-commit/generate", &["--version", "v9.8.7", "--out", &out]);
    let read = |path: &Path| -> Vec<Value> {
        serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let own = read(&root().join(".pre-commit-hooks.yaml"));
    let mirror = read(&dir.path().join(".pre-commit-hooks.yaml"));
    assert_eq!(mirror.len(), 3);
    for hook in &mirror {
        assert_eq!(hook["language"], "python");
        let known = own.iter().find(|it| it["id"] == hook["id"]).unwrap();
        assert_eq!(known["entry"], hook["entry"]);
    }
    let languages: Vec<&str> = own.iter().map(|hook| hook["language"].as_str().unwrap()).collect();
    assert!(["rust", "system", "docker_image"].iter().all(|language| languages.contains(language)));
    assert!(
        std::fs::read_to_string(dir.path().join("pyproject.toml")).unwrap().contains("gitops-lint==9.8.7")
    );
}

#[test]
fn the_bill_of_materials_names_what_is_linked() {
    let bill: Value = serde_json::from_str(&ok("sbom", &[])).unwrap();
    let packages = bill["packages"].as_array().unwrap();
    let has = |name: &str| packages.iter().any(|package| package["name"] == name);
    assert!(has("gitops-lint") && has("clap") && has("gix") && !has("divan"));
    assert!(
        packages
            .iter()
            .all(|package| package["licenseDeclared"].as_str().is_some_and(|text| !text.is_empty()))
    );
}
