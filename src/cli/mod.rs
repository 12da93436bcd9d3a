//! The command line: arguments, subcommands, exit codes. The only place that prints, reads the environment and the
//! clock, and writes files.

#![expect(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "the command line is where the outside world begins"
)]

mod args;
mod check;
mod deferred;
mod describe;
mod disk;
mod fetch;
mod fetch_args;
mod flavors;
mod init;
mod objects;
mod open;
mod problems;
mod render_app;
mod render_helm;
mod render_kustomize;
mod schema;
mod terminal;
mod values;
mod why;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::finding::did_you_mean;
use crate::repo::MissingChart;
use crate::rules;

use args::{
    AppsArgs, Cli, Command, ConfigCommand, MissingChartsFormat, OnlyRender, RenderCli, RenderCommand,
    TableFormat,
};

/// The tool could not do its job.
const EXIT_UNUSABLE: u8 = 2;

/// Why a command could not do its job; printed after `error:`.
type Failure = String;

/// Runs the command line and answers the exit code: 0 clean, 1 findings, 2 the tool could not do its job.
pub fn run() -> ExitCode {
    let is_render = std::env::args_os().nth(1).is_some_and(|first| first == "render");
    let result = if is_render {
        let OnlyRender::Render(command) = RenderCli::parse().command;
        render(command)
    } else {
        any(Cli::parse())
    };
    match result {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(EXIT_UNUSABLE)
        }
    }
}

fn render(command: RenderCommand) -> Result<ExitCode, Failure> {
    match command {
        RenderCommand::App(args) => render_app::run(&args.0),
        RenderCommand::Kustomize(args) => render_kustomize::run(&args.0),
        RenderCommand::Helm(args) => render_helm::run(&args.0),
    }
}

fn any(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        None => check::run(&cli.check),
        Some(Command::Check(args)) => check::run(&args.0),
        Some(Command::Fetch(args)) => fetch::run(&args.0),
        Some(Command::Cache(command)) => fetch::cache(&command),
        Some(Command::Apps(args)) => apps(&args.0),
        Some(Command::Render(command)) => render(command),
        Some(Command::Why(args)) => why::run(&args.0),
        Some(Command::Values(args)) => values::run(&args.0),
        Some(Command::Explain { rule }) => explain(&rule),
        Some(Command::Rules) => Ok(list_rules()),
        Some(Command::Init(args)) => init::run(&args.0),
        Some(Command::Config(ConfigCommand::Schema)) => {
            print(&schema::schema());
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Completions { shell }) => Ok(describe::completions(shell)),
        Some(Command::Man(args)) => describe::man(&args.0),
    }
}

/// Prints to standard output. A reader that went away (`| head`) is no error.
fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn unknown_rule(name: &str) -> String {
    match did_you_mean(name, rules::names()) {
        Some(close) => format!("there is no rule `{name}`: did you mean `{close}`?"),
        None => format!("there is no rule `{name}`: `gitops-lint rules` lists them"),
    }
}

fn explain(name: &str) -> Result<ExitCode, Failure> {
    let rule = rules::find(name).ok_or_else(|| unknown_rule(name))?;
    print(rule.meta().page);
    Ok(ExitCode::SUCCESS)
}

fn list_rules() -> ExitCode {
    let mut subject = "";
    for rule in rules::all() {
        let meta = rule.meta();
        if meta.subject() != subject {
            subject = meta.subject();
            print(&format!("{subject}\n"));
        }
        let (severity, preset) = (meta.severity.as_str(), meta.preset.as_str());
        print(&format!("  {:36} {severity:8} {preset:12} {}\n", meta.name, meta.summary));
    }
    ExitCode::SUCCESS
}

fn apps(args: &AppsArgs) -> Result<ExitCode, Failure> {
    let workspace = open::workspace(&args.path, &args.common)?;
    let options = crate::lint::Options { only: Some(Vec::new()), ..crate::lint::Options::default() };
    let report = crate::lint::lint(&workspace, &options);
    if let Some(format) = args.missing_charts {
        for chart in workspace.checkouts.fetched().missing().iter().filter_map(MissingChart::of) {
            print(&match format {
                MissingChartsFormat::Commands => format!("{}\n", chart.pull_command()),
                MissingChartsFormat::Tsv => {
                    let url = chart.url.trim_start_matches("oci://").trim_end_matches('/');
                    format!("{url}\t{}\t{}\n", chart.name, chart.version)
                }
            });
        }
        return Ok(ExitCode::SUCCESS);
    }
    print(&match args.format {
        TableFormat::Json => crate::report::apps_json(&report.apps),
        TableFormat::Table => crate::report::apps_table(&report.apps),
    });
    Ok(ExitCode::SUCCESS)
}
