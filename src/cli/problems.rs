//! What engines met, on standard error: one line each.

use std::process::ExitCode;

use crate::finding::Problem;
use crate::report::plain;
use crate::source::Sources;

use super::say;

/// Tells problems and answers the exit code that they ask for: warnings are none.
pub(super) fn tell(problems: &[Problem], sources: &Sources) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    // Warnings first: the last line is what a user reads.
    for warning in [true, false] {
        for problem in problems.iter().filter(|problem| (problem.kind.is_tolerated()) == warning) {
            let location = problem.place.and_then(|place| sources.locate(place.at));
            let location = location.map(|(name, at, _)| format!("{name}:{}:{}: ", at.line, at.column));
            let message = problem.message.strip_prefix("warning: ").unwrap_or(&problem.message);
            let word = if warning { "warning" } else { "error" };
            say!("{word}: {}", plain(&format!("{}{message}", location.unwrap_or_default())));
            if let Some(help) = &problem.help {
                say!("  help: {}", plain(help));
            }
            if !warning {
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
