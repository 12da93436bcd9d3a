//! The command line about itself: completions and the manual page.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Cli;
use super::{Failure, print};

/// The binary's name.
const NAME: &str = "gitops-lint";

/// Prints the completions of a shell.
pub(super) fn completions(shell: Shell) -> ExitCode {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut out);
    print(&String::from_utf8_lossy(&out));
    ExitCode::SUCCESS
}

/// Prints the manual page.
pub(super) fn man() -> Result<ExitCode, Failure> {
    let mut out = Vec::new();
    let failed = |error: std::io::Error| format!("cannot make the manual page: {error}");
    clap_mangen::Man::new(Cli::command()).render(&mut out).map_err(failed)?;
    print(&String::from_utf8_lossy(&out));
    Ok(ExitCode::SUCCESS)
}
