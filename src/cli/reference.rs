//! Tests over all that can be typed: `docs/commands.md` lists it, something under `tests/` uses each flag, and the schema
//! that is published is the program's. `cargo bless reference` writes both files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;

/// Every command with its whole name, the tool itself first.
fn commands() -> Vec<(String, Command)> {
    fn collect(command: &Command, out: &mut Vec<(String, Command)>) {
        let name = command.get_bin_name().unwrap_or("gitops-lint").to_owned();
        out.push((name, command.clone()));
        for sub in command.get_subcommands().filter(|it| it.get_name() != "help" && !it.is_hide_set()) {
            collect(sub, out);
        }
    }
    let mut command = Cli::command();
    command.build();
    let mut out = Vec::new();
    collect(&command, &mut out);
    out
}

fn shown(command: &Command) -> Vec<&Arg> {
    let arguments = command.get_arguments();
    arguments.filter(|it| !it.is_hide_set() && !matches!(it.get_id().as_str(), "help" | "version")).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('<', "&lt;")
}

/// How an argument is typed.
fn typed(argument: &Arg) -> String {
    let values: Vec<&str> =
        argument.get_value_names().unwrap_or_default().iter().map(clap::builder::Str::as_str).collect();
    let takes = argument.get_action().takes_values();
    let Some(long) = argument.get_long() else { return values.join(" ") };
    let short = argument.get_short().map_or_else(String::new, |short| format!("-{short}, "));
    let value = if takes { format!(" {}", values.join(" ")) } else { String::new() };
    format!("{short}--{long}{value}")
}

fn page() -> String {
    let mut out = String::from(
        "# Commands\n\nEverything that can be typed, written from the program itself. `gitops-lint COMMAND --help` says the same with \
         examples, `gitops-lint man COMMAND` as a manual page.\n",
    );
    let all = commands();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    let row = |argument: &Arg| {
        let help = argument.get_help().map_or_else(String::new, |help| one_line(&help.to_string()));
        let values: Vec<String> = argument
            .get_possible_values()
            .iter()
            .filter(|_| argument.get_action().takes_values())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
        format!("| `{}` | {help}{values} |\n", typed(argument))
    };
    for (_, command) in &all {
        for argument in shown(command) {
            *uses.entry(row(argument)).or_default() += 1;
        }
    }
    for (name, command) in &all {
        let about = command.get_about().map_or_else(String::new, |about| one_line(&about.to_string()));
        // The tool itself is `check`.
        let heading = if name == "gitops-lint" { "gitops-lint, gitops-lint check" } else { name.as_str() };
        let rows: String = shown(command).into_iter().map(row).collect();
        if name == "gitops-lint check" || (rows.is_empty() && command.has_subcommands()) {
            continue;
        }
        let _ = write!(out, "\n## {heading}\n\n{about}.\n");
        if !rows.is_empty() {
            let _ = write!(out, "\n| typed | meaning |\n|---|---|\n{rows}");
        }
    }
    out
}

#[test]
fn the_page_of_commands_is_the_program() {
    is_kept("docs/commands.md", &page());
}

#[test]
fn the_schema_is_the_program() {
    is_kept("schema/gitops-lint.json", &super::schema::schema());
}

fn is_kept(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{name} is old: `cargo bless reference`");
}

/// The text of everything under `tests/`, and of the shell blocks that the tests execute.
fn tests() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["tests", "docs"].into_iter().flat_map(|dir| walkdir::WalkDir::new(root.join(dir)));
    let files = files.map(|entry| entry.unwrap().into_path()).filter(|path| path.is_file());
    let mut out = Vec::new();
    for path in files.chain([root.join("README.md")]) {
        let text = std::fs::read_to_string(&path).unwrap();
        if path.extension().is_some_and(|it| it == "rs") {
            out.push(text);
        } else {
            out.extend(text.split("```sh\n").skip(1).map(|it| it.split("```").next().unwrap().to_owned()));
        }
    }
    out
}

/// Whether a test types a flag of a command: the flag, and the command's own words not far before it.
fn is_used(tests: &[String], words: &[&str], flag: &str) -> bool {
    let near = |text: &str, at: usize| {
        let from = (0..=at.saturating_sub(900)).rev().find(|from| text.is_char_boundary(*from)).unwrap();
        words.iter().all(|word| text[from..at].contains(word))
    };
    tests.iter().any(|text| {
        text.match_indices(flag).any(|(at, _)| {
            let after = text[at + flag.len()..].chars().next();
            !after.is_some_and(|c| c == '-' || c.is_ascii_alphanumeric()) && near(text, at)
        })
    })
}

#[test]
fn every_flag_is_typed_by_a_test() {
    let tests = tests();
    // What several commands have in common is tried with one of them.
    let mut owners: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (name, command) in commands() {
        for argument in shown(&command) {
            let Some(long) = argument.get_long() else { continue };
            let help = argument.get_help().map_or_else(String::new, ToString::to_string);
            owners.entry((format!("--{long}"), help)).or_default().push(name.clone());
        }
    }
    let mut missing = BTreeSet::new();
    for ((flag, _), names) in &owners {
        let used = names.iter().any(|name| {
            let words: Vec<&str> = name.split(' ').skip(1).filter(|word| *word != "check").collect();
            is_used(&tests, &words, flag)
        });
        if !used {
            missing.insert(format!("{} {flag}", names.join(", ")));
        }
    }
    assert!(owners.len() > 60, "{}", owners.len());
    assert!(
        missing.is_empty(),
        "no test types these:\n{}",
        missing.into_iter().collect::<Vec<_>>().join("\n")
    );
}
