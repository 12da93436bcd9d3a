//! The command line about itself: completions and manual pages.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::{Cli, ManArgs};
use super::{Failure, print};

/// The binary's name.
const NAME: &str = "gitops-lint";

/// What manual pages say at the foot.
const VERSION: &str = concat!("gitops-lint ", env!("CARGO_PKG_VERSION"));

/// Prints the completions of a shell.
pub(super) fn completions(shell: Shell) -> ExitCode {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut out);
    print(&String::from_utf8_lossy(&out));
    ExitCode::SUCCESS
}

/// Prints a manual page, or writes all of them.
pub(super) fn man(args: &ManArgs) -> Result<ExitCode, Failure> {
    let mut command = Cli::command();
    // Gives every command the flags and the full name that it has when it is run.
    command.build();
    if let Some(dir) = &args.out {
        let failed = |error: std::io::Error| format!("cannot write `{}`: {error}", dir.display());
        std::fs::create_dir_all(dir).map_err(failed)?;
        return write_pages(&command, dir).map_err(failed).map(|()| ExitCode::SUCCESS);
    }
    let mut wanted = &command;
    for name in &args.command {
        wanted = wanted.find_subcommand(name).ok_or_else(|| {
            let known: Vec<&str> = wanted.get_subcommands().map(clap::Command::get_name).collect();
            format!("there is no command `{}`: there are {}", args.command.join(" "), known.join(", "))
        })?;
    }
    let failed = |error: std::io::Error| format!("cannot make the manual page: {error}");
    print(&String::from_utf8_lossy(&page(wanted).map_err(failed)?));
    Ok(ExitCode::SUCCESS)
}

/// `gitops-lint render helm` is described by `gitops-lint-render-helm.1`.
fn write_pages(command: &clap::Command, dir: &Path) -> std::io::Result<()> {
    std::fs::write(dir.join(format!("{}.1", title(command))), page(command)?)?;
    let mut commands = command.get_subcommands().filter(|command| command.get_name() != "help");
    commands.try_for_each(|command| write_pages(command, dir))
}

fn page(command: &clap::Command) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    clap_mangen::Man::new(command.clone()).title(title(command)).source(VERSION).render(&mut out)?;
    Ok(out)
}

fn title(command: &clap::Command) -> String {
    command.get_bin_name().unwrap_or(NAME).replace(' ', "-")
}
