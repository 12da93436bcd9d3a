//! The GitHub Action: its steps run for real, with a runner that is only files.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::cli::{copy, demo, demo_totals, git, text};

pub(crate) struct Runner {
    pub(crate) dir: tempfile::TempDir,
}

impl Runner {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["repo", "temp"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        copy(&demo(), &dir.path().join("repo"));
        let repo = dir.path().join("repo");
        git(&repo, &["init", "-q"]);
        git(&repo, &["add", "."]);
        git(&repo, &["commit", "-qm", "one"]);
        Self { dir }
    }

    fn run(&self, inputs: &[(&str, &str)]) -> Output {
        self.run_in(inputs, &[])
    }

    /// With more that a runner sets.
    pub(crate) fn run_in(&self, inputs: &[(&str, &str)], env: &[(&str, &str)]) -> Output {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let bin = Path::new(env!("CARGO_BIN_EXE_gitops-lint")).parent().unwrap();
        let own = self.dir.path().join("bin").display().to_string();
        let mut command = Command::new("bash");
        command.arg(root.join(".ci/action.sh")).current_dir(self.dir.path().join("repo")).env_clear();
        command
            .env("PATH", format!("{own}:{}:{}", bin.display(), std::env::var("PATH").unwrap()))
            .env("HOME", self.dir.path())
            .env("GITHUB_ACTION_PATH", root)
            .env("GITHUB_OUTPUT", self.dir.path().join("output"))
            .env("GITHUB_STEP_SUMMARY", self.dir.path().join("summary.md"))
            .env("RUNNER_TEMP", self.dir.path().join("temp"))
            .envs(env.iter().copied());
        // What action.yml would set when the workflow says nothing.
        for (name, input) in action()["inputs"].as_object().unwrap() {
            let given = inputs.iter().find(|(given, _)| given == name).map(|(_, value)| *value);
            let value = given.or(input["default"].as_str()).unwrap_or_default();
            command.env(format!("INPUT_{}", name.to_uppercase().replace('-', "_")), value);
        }
        command.output().unwrap()
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(path)).unwrap_or_default()
    }
}

fn action() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn annotations_summary_and_outputs() {
    let runner = Runner::new();
    let output = runner.run(&[("sarif", "out/lint.sarif")]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stderr));
    let (errors, warnings, words) = demo_totals();
    assert_eq!(said.lines().filter(|line| line.starts_with("::error ")).count(), errors, "{said}");
    assert!(runner.read("summary.md").contains(&format!("### gitops-lint: {words}")));
    let outputs = format!("exit-code=1\nerrors={errors}\nwarnings={warnings}\nsarif=out/lint.sarif\n");
    assert_eq!(runner.read("output"), outputs);
    assert!(runner.read("repo/out/lint.sarif").contains("\"results\""));
}

#[test]
fn inputs_reach_the_tool() {
    let runner = Runner::new();
    let code = |inputs: &[(&str, &str)]| {
        let output = runner.run(inputs);
        (output.status.code().unwrap(), text(&output.stdout))
    };
    assert_eq!(code(&[("fail-on", "never")]).0, 0);
    assert_eq!(code(&[("base", "HEAD"), ("fail-on", "note")]).0, 0, "nothing is new");
    assert_eq!(code(&[("args", "--rule duplicate-key=off   --preset strict")]).0, 1);
    let (code, said) = code(&[("config", "nowhere.yaml")]);
    assert_eq!(code, 2);
    assert!(said.contains("::error title=gitops-lint::"), "{said}");
    assert!(runner.read("output").ends_with("exit-code=2\n"));
}

/// A checkout of one branch gets the others, and keeps its own history.
#[test]
fn branches_are_fetched() {
    let runner = Runner::new();
    let repo = runner.dir.path().join("repo");
    git(&repo, &["commit", "-qm", "two", "--allow-empty"]);
    git(&repo, &["branch", "release-2025-09"]);
    let origin = runner.dir.path().join("origin");
    git(runner.dir.path(), &["clone", "-q", "--bare", "repo", "origin"]);
    std::fs::remove_dir_all(&repo).unwrap();
    let url = format!("file://{}", origin.display());
    for (depth, commits) in [(None, "2"), (Some("--depth=1"), "1")] {
        let clone = ["clone", "-q", "--single-branch", &url, "repo"];
        git(runner.dir.path(), &clone.into_iter().chain(depth).collect::<Vec<_>>());
        let output = runner.run(&[("fail-on", "never"), ("fetch-branches", "true"), ("base", "origin/main")]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(text(&output.stderr).contains("fetch-depth: 0"), depth.is_some());
        let ask = |args: &[&str]| {
            let output = Command::new("git").current_dir(&repo).args(args).output().unwrap();
            text(&output.stdout).trim().to_owned()
        };
        assert_eq!(ask(&["rev-list", "--count", "HEAD"]), commits);
        assert!(ask(&["branch", "-r"]).contains("origin/release-2025-09"));
        std::fs::remove_dir_all(&repo).unwrap();
    }
}

/// A release is downloaded, cached, and used if it is what its checksum says; nothing is built unless that is asked for.
#[test]
fn a_release_is_downloaded_and_verified() {
    use std::os::unix::fs::PermissionsExt;

    let runner = Runner::new();
    let root = runner.dir.path();
    let bin = root.join("bin");
    let releases = root.join("releases/v9.9.9");
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::create_dir_all(&releases).unwrap();
    let tool = |name: &str, script: &str| {
        std::fs::write(bin.join(name), script).unwrap();
        std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    // The archive holds a script that says that it was used.
    tool("gitops-lint-release", "#!/bin/sh\necho downloaded >> \"$HOME/used\"\nexec gitops-lint \"$@\"\n");
    std::fs::rename(bin.join("gitops-lint-release"), root.join("gitops-lint")).unwrap();
    let sh = |line: &str| {
        let output = Command::new("sh").args(["-ec", line]).current_dir(root).output().unwrap();
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    };
    let machine = sh("uname -m | sed 's/arm64/aarch64/; s/amd64/x86_64/'");
    let system = if cfg!(target_os = "macos") { "apple-darwin" } else { "unknown-linux-musl" };
    let archive = format!("gitops-lint-{machine}-{system}.tar.gz");
    sh(&format!("tar -czf releases/v9.9.9/{archive} gitops-lint"));
    let sums = "if command -v sha256sum >/dev/null; then sha256sum";
    sh(&format!("cd releases/v9.9.9; {sums} {archive}; else shasum -a 256 {archive}; fi > {archive}.sha256"));
    tool(
        "curl",
        "#!/bin/sh\nfor url; do :; done\necho \"$url\" >> \"$HOME/urls\"\n\
         cp \"$HOME/releases/${url##*/releases/download/}\" . || exit 22\n",
    );
    tool(
        "cargo",
        "#!/bin/sh\necho \"$@\" >> \"$HOME/built\"\n\
         while [ \"$1\" != --root ]; do shift; done\nmkdir -p \"$2/bin\"\n\
         ln -sf \"$(command -v gitops-lint)\" \"$2/bin/gitops-lint\"\n",
    );
    let run = |version: &str| {
        let output = runner.run(&[("version", version), ("fail-on", "never")]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let refused = |version: &str| {
        let output = runner.run(&[("version", version), ("fail-on", "never")]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("::error title=gitops-lint::the release"));
        text(&output.stderr)
    };
    run("v9.9.9");
    assert_eq!(runner.read("used"), "downloaded\n".repeat(2), "for its version, and to lint");
    assert!(runner.read("urls").contains(&format!("/releases/download/v9.9.9/{archive}.sha256\n")));
    assert_eq!(runner.read("built"), "");

    let archives = |urls: &str| urls.lines().filter(|url| url.ends_with(&archive)).count();
    run("v9.9.9");
    assert_eq!(archives(&runner.read("urls")), 1, "what a cache has is verified, not downloaded again");
    assert_eq!(runner.read("used"), "downloaded\n".repeat(4));

    let said = refused("v0.0.1");
    assert!(
        said.contains("could not be installed and verified") && said.contains("to source to build it"),
        "{said}"
    );
    assert_eq!(runner.read("built"), "", "nothing is built unless that is asked for");

    std::fs::write(runner.dir.path().join("temp/gitops-lint-release").join(&archive), "something else")
        .unwrap_or_default();
    std::fs::write(releases.join(&archive), "something else").unwrap();
    refused("v9.9.9");
    assert_eq!(runner.read("used"), "downloaded\n".repeat(4), "what the checksum refuses is not run");

    run("source");
    assert!(runner.read("built").contains(&format!("--path {}", env!("CARGO_MANIFEST_DIR"))));
}

/// What manifests say about charts never reaches a shell.
#[test]
fn missing_charts_are_pulled() {
    let runner = Runner::new();
    let repo = runner.dir.path().join("repo");
    let app = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: x, namespace: argocd }
spec:
  project: default
  source: { repoURL: 'https://charts.example.com/$(touch pwned)', chart: db, targetRevision: 1.2.3 }
  destination: { server: https://kubernetes.default.svc, namespace: x }
";
    std::fs::write(repo.join("apps/x.yaml"), app).unwrap();
    let bin = runner.dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let helm = "#!/bin/sh\n[ \"$1\" = env ] && echo \"$HOME/cache\" && exit\nprintf '<%s>' \"$@\" >> \"$HOME/pulled\"\n";
    std::fs::write(bin.join("helm"), helm).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(bin.join("helm"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = runner.run(&[("prefetch-charts", "true"), ("fail-on", "never")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let pulled = runner.read("pulled");
    let cache = format!("{}/cache", runner.dir.path().display());
    let want = format!(
        "<pull><--repo><https://charts.example.com/$(touch pwned)><--version><1.2.3><--destination><{cache}><--><db>"
    );
    assert!(pulled.contains(&want), "{pulled}");
    assert!(!repo.join("pwned").exists());
}

/// What is elsewhere is fetched from the hosts that may be spoken to, before linting; what fails does not stop it.
#[test]
fn what_is_elsewhere_is_fetched() {
    let runner = Runner::new();
    let app = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: x, namespace: argocd }\nspec:\n  \
               project: default\n  source: { repoURL: 'https://charts.example.com', chart: db, targetRevision: 1.2.3 }\n  \
               destination: { server: https://kubernetes.default.svc, namespace: x }\n";
    std::fs::write(runner.dir.path().join("repo/apps/x.yaml"), app).unwrap();
    let inputs = [("fetch", "true"), ("fetch-hosts", "h.invalid"), ("fail-on", "never")];
    let output = runner.run(&inputs);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("the host `charts.example.com` is not among those of --allow-hosts"), "{said}");
    let output = runner.run(&[("fail-on", "never")]);
    assert!(!text(&output.stderr).contains("charts.example.com"));
}

/// `action.yml` is what GitHub reads: valid by its schema, and every input reaches the script.
#[test]
fn the_definition_fits_the_script() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = std::fs::read_to_string(root.join("fixtures/schemas/github-action.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let action = action();
    let errors: Vec<String> = validator.iter_errors(&action).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let script = std::fs::read_to_string(root.join(".ci/action.sh")).unwrap();
    let steps = action["runs"]["steps"].as_array().unwrap();
    let env = steps.iter().find(|step| step["id"] == "lint").unwrap()["env"].as_object().unwrap();
    let others =
        serde_json::to_string(&steps.iter().filter(|step| step["id"] != "lint").collect::<Vec<_>>()).unwrap();
    for name in action["inputs"].as_object().unwrap().keys() {
        if others.contains(&format!("inputs.{name} "))
            && !env.values().any(|it| it == &format!("${{{{ inputs.{name} }}}}"))
        {
            // It decides about another step.
            continue;
        }
        let variable = format!("INPUT_{}", name.to_uppercase().replace('-', "_"));
        assert_eq!(env[&variable], format!("${{{{ inputs.{name} }}}}"));
        assert!(script.contains(&format!("${{{variable}:")), "the script does not read {variable}");
    }
    for (name, output) in action["outputs"].as_object().unwrap() {
        assert!(script.contains(&format!("output {name} ")), "the script does not set {name}");
        assert_eq!(output["value"], format!("${{{{ steps.lint.outputs.{name} }}}}"));
    }
}
