//! Executes the screens under `fixtures/screens/`: typical questions, asked of the demo repository, and what the
//! terminal shows. The first line of a screen is the command. Blocks of the README that show a terminal are screens.
//!
//! `UPDATE=1` rewrites the screens.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const PROMPT: &str = "$ gitops-lint ";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a terminal shows for a command line: the output, the messages, the exit code unless it is 0.
fn run(line: &str) -> String {
    let arguments = line.split_whitespace().map(|argument| argument.trim_matches('\''));
    let output = Command::new(env!("CARGO_BIN_EXE_gitops-lint"))
        .args(arguments)
        .current_dir(root().join("fixtures/repos/demo"))
        .env_remove("CLICOLOR_FORCE")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let mut text = format!("{PROMPT}{line}\n");
    text.push_str(std::str::from_utf8(&output.stdout).unwrap());
    text.push_str(std::str::from_utf8(&output.stderr).unwrap());
    match output.status.code() {
        Some(0) => text,
        code => text + &format!("[exit code {}]\n", code.unwrap()),
    }
}

fn screens() -> BTreeMap<String, String> {
    let mut screens = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("fixtures/screens")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        screens.insert(name, std::fs::read_to_string(&path).unwrap());
    }
    screens
}

#[test]
fn screens_show_what_is_printed() {
    let mut wrong = Vec::new();
    let screens = screens();
    assert!(screens.len() >= 5, "the screens are there");
    for (name, shown) in &screens {
        let line = shown.lines().next().and_then(|line| line.strip_prefix(PROMPT)).unwrap();
        let printed = run(line);
        if *shown == printed {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(root().join(format!("fixtures/screens/{name}.txt")), printed).unwrap();
        } else {
            let diff = similar::TextDiff::from_lines(shown.as_str(), &printed);
            wrong.push(diff.unified_diff().header(name, "printed").to_string());
        }
    }
    assert!(wrong.is_empty(), "run with UPDATE=1 if this is better:\n{}", wrong.join("\n"));
}

#[test]
fn the_readme_shows_screens() {
    let screens = screens();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        assert!(screens.values().any(|screen| screen == block), "no screen shows this any more:\n{block}");
    }
}
