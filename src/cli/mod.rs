//! The command line: arguments, subcommands, exit codes. The only place that prints, reads the environment and the
//! clock, and writes files.

#![expect(clippy::disallowed_methods, reason = "the command line is where the outside world begins")]

mod about_rules;
mod args;
mod candidates;
mod check;
mod deferred;
mod describe;
mod diff;
mod diff_args;
mod disk;
mod fetch;
mod fetch_args;
mod fix;
mod fix_args;
mod flavors;
mod init;
mod lsp;
mod objects;
mod open;
mod picture;
mod place;
mod problems;
mod question_args;
#[cfg(test)]
mod reference;
mod render_app;
mod render_args;
mod render_helm;
mod render_kustomize;
mod schema;
mod sides;
mod stopwatch;
mod targets;
mod terminal;
mod trust;
mod unchanged;
mod values;
mod watch;
mod why;

use std::io::Write;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::Parser;

use crate::repo::MissingChart;
use crate::source::TreePath;

use args::{
    AppsArgs, Cli, Command, ConfigCommand, MissingChartsFormat, OnlyRender, RenderCli, ScreenArgs,
    TableFormat,
};
use place::Place;
use render_args::RenderCommand;

/// The tool could not do its job.
const EXIT_UNUSABLE: u8 = 2;

/// Why a command could not do its job; printed after `error:`.
type Failure = String;

/// Runs the command line and answers the exit code: 0 clean, 1 findings, 2 the tool could not do its job.
pub fn run() -> ExitCode {
    // The shell asks what could be typed next.
    if std::env::var_os("COMPLETE").is_some() {
        clap_complete::CompleteEnv::with_factory(<Cli as clap::CommandFactory>::command).complete();
    }
    let is_render = std::env::args_os().nth(1).is_some_and(|first| first == "render");
    let result = if is_render {
        let cli = RenderCli::parse();
        everywhere(&cli.screen);
        let OnlyRender::Render(command) = cli.command;
        render(command)
    } else {
        let cli = Cli::parse();
        everywhere(&cli.screen);
        any(cli)
    };
    let result = result.and_then(|code| match UNWRITTEN.get() {
        None => Ok(code),
        Some(why) => Err(format!("cannot write to standard output: {why}")),
    });
    match result {
        Ok(code) => code,
        Err(message) => {
            say!("error: {message}");
            ExitCode::from(EXIT_UNUSABLE)
        }
    }
}

/// What every command takes.
fn everywhere(args: &ScreenArgs) {
    terminal::set_color(args.color);
    crate::source::relax(args.limits);
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
        Some(Command::Diff(args)) => diff::run(&args.0),
        Some(Command::Fix(args)) => fix::run(&args.0),
        Some(Command::Impact(args)) => diff::impact(&args.0),
        Some(Command::Values(args)) => values::run(&args.0),
        Some(Command::Lsp(args)) => lsp::run(&args.0),
        Some(Command::Explain(args)) => about_rules::explain(&args.0),
        Some(Command::Rules(args)) => about_rules::rules(&args.0),
        Some(Command::Graph(args)) => picture::graph(&args.0),
        Some(Command::Report(args)) => picture::report(&args.0),
        Some(Command::Init(args)) => init::run(&args.0),
        Some(Command::Config(ConfigCommand::Schema)) => {
            print(&schema::schema());
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Completions { shell }) => Ok(describe::completions(shell)),
        Some(Command::Man(args)) => describe::man(&args.0),
    }
}

/// What kept standard output from being written, the first time.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

/// Prints to standard output. A reader that went away (`| head`) is no error; anything else is told when the command
/// ends, and is its result: half a report must not look like a whole one.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        let _ = UNWRITTEN.set(error.to_string());
    }
}

/// Prints a line to standard error. Where that cannot be written, nobody reads it: no reason to end.
macro_rules! say {
    ($($words:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stderr().lock(), format_args!("{}\n", format_args!($($words)*)));
    }};
}
pub(crate) use say;

fn apps(args: &AppsArgs) -> Result<ExitCode, Failure> {
    let place = Place::of_dir(&args.path)?;
    let workspace = open::workspace(&place.root, &args.common)?;
    let options = crate::lint::Options { only: Some(Vec::new()), ..crate::lint::Options::default() };
    let mut report = crate::lint::lint(&workspace, &options);
    report.names = place.names.clone();
    // Of a part, the apps that are defined or written there.
    let is_here = |path: &str| {
        TreePath::new(path).is_ok_and(|path| place.parts.iter().any(|part| path.starts_with(part)))
    };
    report.apps.retain(|app| place.parts.is_empty() || is_here(&app.file) || is_here(&app.source));
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
    open::say_kubernetes(&workspace);
    print(&match args.format {
        TableFormat::Json => crate::report::apps_json(&report),
        TableFormat::Table => crate::report::apps_table(&report),
    });
    Ok(ExitCode::SUCCESS)
}
