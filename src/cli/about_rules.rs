//! `rules` and `explain`: what is checked, and why.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use crate::diff::DANGERS;
use crate::finding::Applicability;
use crate::repo::OwnRules;
use crate::report;
use crate::rules::{self, Registry, RuleMeta};

use super::args::TableFormat;
use super::open;
use super::place::Place;
use super::question_args::{ExplainArgs, RulesArgs, RulesCommand};
use super::terminal::{colors, look};
use super::{Failure, print};

/// Prints the page of a rule or a danger: on a terminal for reading, elsewhere as it is written.
pub(super) fn explain(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    if let Some(danger) = DANGERS.iter().find(|danger| danger.name == args.rule) {
        if args.open {
            return browse(&report::danger_url(danger));
        }
        show(danger.page.to_owned());
        return Ok(ExitCode::SUCCESS);
    }
    let registry = registry();
    let dangers = || DANGERS.iter().map(|danger| danger.name);
    let Some(rule) = registry.find(&args.rule) else {
        return Err(rules::unknown(&args.rule, registry.names().chain(dangers())));
    };
    let meta = rule.meta();
    if args.open {
        let own = || format!("`{}` is a rule of this repository: its page is only here", meta.name);
        return browse(&report::page_url(meta).ok_or_else(own)?);
    }
    let mut page = meta.page.to_string();
    if !meta.options.is_empty() {
        let _ = write!(page, "\nBelow `rules: {}:` in .gitops-lint.yaml:\n\n", meta.name);
        for option in meta.options {
            let _ = writeln!(page, "- `{}` ({}): {}", option.name, option.kind.as_str(), option.summary);
        }
    }
    if let Some(applicability) = meta.fix() {
        let flag = if applicability == Applicability::Safe { "" } else { " --unsafe" };
        let _ = write!(page, "\n`gitops-lint fix{flag} --rule {}` mends what can be mended.\n", meta.name);
    }
    show(page);
    Ok(ExitCode::SUCCESS)
}

/// All rules of the repository around; those that are built in where there is none.
fn registry() -> Registry {
    let around = Place::of_dir(Path::new(".")).and_then(|place| open::unconfigured(&place.root));
    around.map_or_else(|_| Registry::built_in(), |workspace| Registry::of(&workspace))
}

fn show(page: String) {
    let is_read = std::io::stdout().is_terminal() || colors();
    print(&if is_read { report::rule_page(&page, look()) } else { page });
}

/// Shows a page in the browser. The one command that starts a program, because that is what it is for.
#[expect(clippy::disallowed_methods, reason = "the user asked for the browser")]
fn browse(url: &str) -> Result<ExitCode, Failure> {
    let browser = std::env::var_os("BROWSER").filter(|value| !value.is_empty());
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let mut command = std::process::Command::new(browser.unwrap_or_else(|| opener.into()));
    match command.arg(url).status() {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(format!("cannot start a browser for {url}: {error}")),
    }
}

/// Lists the rules, or runs the examples of a repository's own.
pub(super) fn rules(args: &RulesArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        None => Ok(list(args)),
        Some(RulesCommand::Test { path }) => test(path),
    }
}

fn test(path: &Path) -> Result<ExitCode, Failure> {
    let workspace = open::unconfigured(path)?;
    let own = workspace.own_rules();
    for mistake in &own.mistakes {
        let (file, line) = workspace
            .sources
            .locate(mistake.place.at)
            .map_or_else(|| ("rules.d".into(), 1), |(file, start, _)| (file, start.line));
        print(&format!("failed {file}:{line}: {}\n", mistake.words));
    }
    let mut good = own.mistakes.is_empty();
    for rule in &own.rules {
        let wrong = rule.test();
        if wrong.is_empty() {
            print(&format!("ok     {} ({} good, {} bad)\n", rule.name, rule.good.len(), rule.bad.len()));
        }
        for words in wrong {
            good = false;
            print(&format!("failed {}: {words}\n", rule.name));
        }
    }
    if own.rules.is_empty() && good {
        return Err(format!("there are no rules below `{}`", path.join(OwnRules::DIR).display()));
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lists the rules.
fn list(args: &RulesArgs) -> ExitCode {
    let registry = registry();
    let metas: Vec<&RuleMeta> = registry.iter().map(|rule| rule.meta()).collect();
    if args.format == TableFormat::Json {
        print(&report::rules_json(&metas));
        return ExitCode::SUCCESS;
    }
    let mut subject = "";
    for meta in metas {
        if meta.subject != subject {
            subject = meta.subject;
            print(&format!("{subject}\n"));
        }
        let (severity, preset) = (meta.severity.as_str(), meta.preset.as_str());
        let fix = if meta.fix().is_some() { "fix" } else { "" };
        print(&format!("  {:36} {severity:8} {preset:12} {fix:4} {}\n", meta.name, meta.summary));
    }
    ExitCode::SUCCESS
}
