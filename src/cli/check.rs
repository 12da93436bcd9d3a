//! `gitops-lint check`: lint and report.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

use crate::lint::{self, Options};
use crate::report::{self, Format, Look};

use super::args::{CheckArgs, PresetArg};
use super::{Failure, colors, open, print};

pub(super) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let workspace = open::workspace(&args.path, &args.common)?;
    let options = Options {
        strict: args.preset.map(|preset| matches!(preset, PresetArg::Strict)),
        levels: args.rule.iter().map(|(name, level)| ((*name).into(), *level)).collect(),
        only: None,
    };
    let report = lint::lint(&workspace, &options);
    let look = Look { color: colors(), width: 0, verbose: args.common.verbose };
    let default = [(Format::Pretty, None)];
    let formats = if args.format.is_empty() { &default[..] } else { &args.format };
    for (format, file) in formats {
        match file {
            Some(file) => {
                let text = report::render(&report, *format, Look { color: false, ..look });
                std::fs::write(file, text)
                    .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
            }
            None => print(&report::render(&report, *format, look)),
        }
    }
    if !args.common.quiet
        && (std::io::stderr().is_terminal() || formats.iter().any(|(format, _)| *format == Format::Pretty))
    {
        eprintln!("finished in {:.2} s", started.elapsed().as_secs_f64());
    }
    let failed = report.findings.iter().any(|reported| reported.finding.severity >= args.fail_on.severity());
    Ok(ExitCode::from(u8::from(failed)))
}
