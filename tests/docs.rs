//! Every shell block of the documentation is executed, in a copy of the demo repository.

use std::path::Path;
use std::process::Command;

use super::cli::{copy, demo, git, text};

/// The shell blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let rest = page.split("```sh\n").skip(1);
    rest.map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn shell_blocks_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bin = Path::new(env!("CARGO_BIN_EXE_gitops-lint")).parent().unwrap();
    let mut ran = 0;
    let pages = walkdir::WalkDir::new(root.join("docs")).sort_by_file_name().into_iter();
    let pages = pages.map(|entry| entry.unwrap().into_path()).filter(|path| path.is_file());
    for path in pages.chain([root.join("README.md")]) {
        let page = std::fs::read_to_string(&path).unwrap();
        // The README also says how to build; that is what is being done.
        for block in blocks(&page).iter().filter(|block| !block.contains("cargo ") && !block.contains("pip "))
        {
            let repo = tempfile::tempdir().unwrap();
            copy(&demo(), repo.path());
            git(repo.path(), &["init", "-q"]);
            git(repo.path(), &["add", "."]);
            git(repo.path(), &["commit", "-qm", "one"]);
            git(repo.path(), &["commit", "-qm", "two", "--allow-empty"]);
            git(repo.path(), &["update-ref", "refs/remotes/origin/main", "HEAD"]);
            let output = Command::new("bash")
                .args(["-uc", block])
                .current_dir(repo.path())
                .env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()))
                .env("GITOPS_LINT_TODAY", "2026-11-01")
                .output()
                .unwrap();
            let said = text(&output.stdout) + &text(&output.stderr);
            // Findings are what the demo is for; a tool that cannot do its job is not.
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 1)), "{}: {code:?}\n{block}\n{said}", path.display());
            // The exit code is the last line's; what the others could not do is said in words.
            let failed =
                said.lines().any(|line| line.starts_with("error: ") || line.contains("command not found"));
            assert!(!failed, "{}\n{block}\n{said}", path.display());
            ran += 1;
        }
    }
    assert!(ran >= 5, "only {ran} blocks were found");
}

/// The README shows what the demo says.
#[test]
fn the_readme_shows_the_demo() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("README.md")).unwrap();
    let shown = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-lint"));
    command.args(["-q", "fixtures/repos/demo"]).current_dir(root).env_clear();
    let said = text(&command.output().unwrap().stdout);
    assert!(said.contains(shown), "the README shows\n{shown}\nthe demo says\n{said}");
}

/// Rules that the documentation names exist.
#[test]
fn named_rules_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let registry = gitops_lint::facade::rules::Registry::built_in();
    let known: Vec<&str> = registry.names().collect();
    for entry in walkdir::WalkDir::new(root.join("docs")) {
        let path = entry.unwrap().into_path();
        let Ok(page) = std::fs::read_to_string(&path) else { continue };
        for list in page.split("ignore[").skip(1).chain(page.split("ignore-file[").skip(1)) {
            for name in list.split(']').next().unwrap_or_default().split(',').map(str::trim) {
                assert!(name == "rule" || known.contains(&name), "{}: `{name}`", path.display());
            }
        }
    }
}
