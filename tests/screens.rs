//! Executes the screens of the documentation: what a terminal shows for a question asked of the demo repository. A
//! screen is a `console` block; its first line is the command.
//!
//! `UPDATE=1` rewrites the screens.

use std::path::Path;
use std::process::Command;

use super::cli::demo;

const FENCE: &str = "```console\n";
const PROMPT: &str = "$ gitops-lint ";

/// What a terminal shows for a command line: the output, the messages, the exit code unless it is 0.
fn run(line: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gitops-lint"))
        .args(line.split_whitespace())
        .current_dir(demo())
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

#[test]
fn screens_show_what_is_printed() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for name in ["README.md", "docs/origins.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let page = std::fs::read_to_string(&path).unwrap();
        let mut parts = page.split(FENCE);
        let mut printed = parts.next().unwrap().to_owned();
        for part in parts {
            let (screen, rest) = part.split_once("```").unwrap();
            let line = screen.lines().next().and_then(|line| line.strip_prefix(PROMPT)).unwrap();
            printed.push_str(&[FENCE, &run(line), "```", rest].concat());
            count += 1;
        }
        if printed == page {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, printed).unwrap();
        } else {
            let diff = similar::TextDiff::from_lines(&page, &printed);
            wrong.push(diff.unified_diff().header(name, "printed").to_string());
        }
    }
    assert!(count >= 5, "only {count} screens were found");
    assert!(wrong.is_empty(), "run with UPDATE=1 if this is better:\n{}", wrong.join("\n"));
}
