//! `gitops-lint check`: lint and report.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Read};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::finding::Confidence;
use crate::lint::{self, Baseline, Changed, Options, Report};
use crate::report::{self, Format, Look};
use crate::source::TreePath;

use super::args::{CheckArgs, PresetArg};
use super::terminal::{Progress, look};
use super::{Failure, open, print};

/// Where `--write-baseline` writes when no file is named.
const BASELINE_NAME: &str = ".gitops-lint-baseline.json";

pub(super) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let progress = Progress::start(args.quiet);
    let report = lint(args)?;
    drop(progress);
    if args.write_baseline {
        return write_baseline(args, &report);
    }
    let look = Look { verbose: args.verbose, quiet: args.quiet, ..look() };
    let default = [(Format::Pretty, None)];
    let formats = if args.format.is_empty() { &default[..] } else { &args.format };
    for (format, file) in formats {
        match file {
            Some(file) => {
                let plain = Look { color: false, links: false, width: 0, ..look };
                write(file, &report::render(&report, *format, plain))?;
            }
            None => print(&report::render(&report, *format, look)),
        }
    }
    let on_screen = formats.iter().any(|(format, file)| *format == Format::Pretty && file.is_none());
    if !args.quiet && (on_screen || std::io::stderr().is_terminal()) {
        eprintln!("finished in {:.2} s", started.elapsed().as_secs_f64());
    }
    let failed = report.findings.iter().any(|reported| args.fail_on.is_met_by(reported.finding.severity));
    let mut failed = failed;
    if let Some(least) = args.min_coverage
        && report.summary.coverage() < least
    {
        let summary = &report.summary;
        eprintln!(
            "error: {} of {} deployed apps were rendered in full ({:.1} %), and --min-coverage asks for {least} %: `gitops-lint apps` says why",
            summary.covered,
            summary.deployed,
            (summary.coverage() * 10.0).floor() / 10.0,
        );
        failed = true;
    }
    Ok(ExitCode::from(u8::from(failed)))
}

fn lint(args: &CheckArgs) -> Result<Report, Failure> {
    let mut options = Options {
        strict: args.preset.map(|preset| matches!(preset, PresetArg::Strict)),
        levels: args.rule.iter().map(|(name, level)| ((*name).into(), *level)).collect(),
        confidence: args.confidence,
        today: Some(today(args)?),
        baseline: baseline(args)?,
        changed: args.changed.as_ref().map(|files| changed(files, &args.path)).transpose()?,
        ..Options::default()
    };
    let Some(revision) = &args.base else {
        return Ok(lint::lint(&open::workspace(&args.path, &args.common)?, &options));
    };
    // What the base shows to those who ask is known, whatever the head makes of it.
    let confidence = Some(Confidence::Possible);
    let plain = Options { confidence, baseline: None, changed: None, ..options.clone() };
    let (head, base) = rayon::join(
        || open::workspace(&args.path, &args.common),
        || {
            let workspace = open::base_workspace(&args.path, &args.common, revision)?;
            Ok::<_, Failure>(workspace.map(|workspace| lint::lint(&workspace, &plain).findings))
        },
    );
    let known = base?.into_iter().flatten().map(|reported| reported.fingerprint);
    options.base = Some(known.collect());
    Ok(lint::lint(&head?, &options))
}

/// `--today`, the environment, or the clock.
fn today(args: &CheckArgs) -> Result<String, Failure> {
    if let Some(day) = &args.today {
        return Ok(day.clone());
    }
    if let Some(day) = std::env::var_os("GITOPS_LINT_TODAY").filter(|day| !day.is_empty()) {
        return match day.to_str() {
            Some(day) if lint::is_date(day) => Ok(day.to_owned()),
            _ => Err(format!("GITOPS_LINT_TODAY is `{}`: write YYYY-MM-DD", day.display())),
        };
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

/// The calendar day that is so many days after 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin in March put the leap day last; 400 of them have the same number of days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// A file at the root, as people would write it.
pub(super) fn below(root: &Path, name: &str) -> PathBuf {
    if root == Path::new(".") { PathBuf::from(name) } else { root.join(name) }
}

fn baseline_path(args: &CheckArgs) -> PathBuf {
    args.baseline.clone().unwrap_or_else(|| below(&args.path, BASELINE_NAME))
}

fn baseline(args: &CheckArgs) -> Result<Option<Baseline>, Failure> {
    let Some(path) = args.baseline.as_ref().filter(|_| !args.write_baseline) else { return Ok(None) };
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the baseline `{shown}`: {error}"))?;
    let baseline =
        Baseline::parse(&text).map_err(|why| format!("cannot use the baseline `{shown}`: {why}"))?;
    Ok(Some(baseline))
}

fn write_baseline(args: &CheckArgs, report: &Report) -> Result<ExitCode, Failure> {
    let path = baseline_path(args);
    let baseline = Baseline::of(&report.findings, &report.sources);
    write(&path, &baseline.to_json())?;
    if !args.quiet {
        let shown = path.display();
        let findings = if baseline.len() == 1 { "finding" } else { "findings" };
        eprintln!("wrote {} {findings} to {shown}: use it with --baseline {shown}", baseline.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

/// The files behind `--changed`, relative to the linted root. Files outside of it are left out.
fn changed(files: &[PathBuf], root: &Path) -> Result<Changed, Failure> {
    if files.is_empty() {
        return open::changed_since_commit(root).map(Changed);
    }
    let mut paths: Vec<PathBuf> = Vec::new();
    for file in files {
        if file.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| format!("cannot read the changed files from standard input: {error}"))?;
            paths.extend(text.lines().filter(|line| !line.trim().is_empty()).map(PathBuf::from));
        } else {
            paths.push(file.clone());
        }
    }
    let failed = |error: std::io::Error| format!("cannot open `{}`: {error}", root.display());
    let root = std::fs::canonicalize(root).map_err(failed)?;
    let here = std::env::current_dir().map_err(failed)?;
    let relative = |path: &PathBuf| {
        // The file may be gone, so its path is only words; a link above it is followed through its directory.
        let path = here.join(path);
        let path = match (path.parent().map(std::fs::canonicalize), path.file_name()) {
            (Some(Ok(dir)), Some(name)) => dir.join(name),
            _ => lexical(&path),
        };
        TreePath::new(&path.strip_prefix(&root).ok()?.to_str()?.replace(std::path::MAIN_SEPARATOR, "/")).ok()
    };
    Ok(Changed(paths.iter().filter_map(relative).collect::<BTreeSet<TreePath>>()))
}

/// A path without `.` and `..`.
fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days_of_the_calendar() {
        for (days, want) in
            [(0, (1970, 1, 1)), (58, (1970, 2, 28)), (19_782, (2024, 2, 29)), (20_777, (2026, 11, 20))]
        {
            assert_eq!(civil(days), want);
        }
    }
}
