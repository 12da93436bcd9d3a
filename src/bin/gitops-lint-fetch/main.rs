//! The program that downloads. `gitops-lint fetch` starts it and talks to it; it is of no use by itself.

use std::process::ExitCode;

use gitops_lint::facade::download::{Environment, serve};

#[expect(
    clippy::print_stderr,
    reason = "what is wrong with the line between the programs has nowhere else to go"
)]
fn main() -> ExitCode {
    if std::env::args_os().len() > 1 {
        eprintln!("gitops-lint-fetch {}: started by `gitops-lint fetch`", env!("CARGO_PKG_VERSION"));
        return ExitCode::from(2);
    }
    let served = Environment::read()
        .and_then(|environment| serve(std::io::stdin().lock(), std::io::stdout(), environment));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
