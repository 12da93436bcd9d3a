//! `gitops-lint check`: lint and report.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Read};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::{Config, Level};
use crate::finding::{Confidence, RuleId};
use crate::fix::Outcome;
use crate::lint::{self, Baseline, Changed, Filter, Options, Report};
use crate::near::did_you_mean;
use crate::repo::{Analysis, Watch, Workspace};
use crate::report::{self, Format, Look};
use crate::review;
use crate::rules::{Named, Registry};
use crate::source::TreePath;

use super::args::{CheckArgs, FailOn, PresetArg};
use super::fix::Wanted;
use super::place::Place;
use super::stopwatch::{Progress, Stopwatch};
use super::targets::{self, Target, write};
use super::terminal::look;
use super::{Failure, fix, open, print, say, watch};

/// Where `--write-baseline` writes when no file is named.
const BASELINE_NAME: &str = ".gitops-lint-baseline.json";

pub(super) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let watch = Stopwatch::start();
    watch.phase("opening the repository");
    let place = place(args)?;
    if args.watch {
        let formats = targets(args, &Config::default())?;
        let format =
            formats.iter().find(|(_, file)| file.is_none()).map_or(Format::Pretty, |(format, _)| *format);
        watch::run(args, place, format)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut workspace = open::with_buffer(&place.root, &args.common, place.buffer.as_ref())?;
    // What cannot be written is said before the work, not after.
    let targets = targets(args, &workspace.config)?;
    workspace.watch = watch.clone();
    if (args.mend.diff || args.mend.not_safe || args.mend.require_clean) && !args.fix {
        return Err("--diff, --unsafe and --require-clean say how to fix: add --fix".to_owned());
    }
    let progress = Progress::start(args.quiet, &watch);
    let mut report = lint(args, &place, &workspace)?;
    if args.fix {
        watch.phase("fixing");
        let (outcome, wrote) = mend(args, &place, &workspace, &report)?;
        if wrote {
            workspace = open::workspace(&place.root, &args.common)?;
            workspace.watch = watch.clone();
            report = lint(args, &place, &workspace)?;
        }
        drop(progress);
        let text = report::fix_text(&outcome, &place.names, wrote, look());
        if !args.quiet {
            say!("{}", text.trim_end());
        }
        if args.mend.diff {
            print(&report::fix_diff(&outcome, look()));
            return Ok(ExitCode::from(u8::from(!outcome.files.is_empty())));
        }
    } else {
        drop(progress);
    }
    watch.phase("reporting");
    report.names = place.names.clone();
    if report.summary.files == 0 && report.unreadable.is_empty() {
        return Err(format!(
            "there is no YAML or JSON in `{}`: name the root of a repository that Argo CD or Flux reads",
            place.root.display()
        ));
    }
    let apps: Vec<&str> = report.apps.iter().map(|app| app.name.as_ref()).collect();
    let filter = Filter { apps: args.app.clone(), ..Filter::default() };
    if let Some(unknown) = filter.unknown_app(&apps) {
        let close = did_you_mean(unknown, apps).map(|close| format!(": did you mean `{close}`?"));
        return Err(format!("there is no app `{unknown}`{}", close.unwrap_or_default()));
    }
    if args.write_baseline {
        return write_baseline(args, &place, &workspace.config, &report);
    }
    let look = Look {
        verbose: args.verbose,
        quiet: args.quiet,
        limit: args.limit,
        statistics: args.statistics,
        ..look()
    };
    for (format, file) in &targets {
        match file {
            Some(file) => {
                let plain = Look { color: false, links: false, width: 0, ascii: false, limit: 0, ..look };
                write(file, &report::render(&report, *format, plain))?;
            }
            None => print(&report::render(&report, *format, look)),
        }
    }
    let on_screen = targets.iter().find(|(format, file)| format.is_for_people() && file.is_none());
    if !args.quiet && (on_screen.is_some() || std::io::stderr().is_terminal()) {
        let seconds = watch.seconds();
        if args.verbose {
            let share = workspace.tree_policies().share(&workspace);
            if share.rules > 0 {
                let not =
                    if share.gaps.is_empty() { "" } else { "; `--select unchecked-policy` lists the others" };
                let (validating, all) = (share.validating(), share.rules);
                let others = all - validating;
                let others =
                    if others > 0 { format!(" ({others} more do something else)") } else { String::new() };
                say!(
                    "{} of {validating} rules of policies that validate are executed{others}{not}",
                    share.executed()
                );
            }
            super::open::say_kubernetes(&workspace);
            say!("{}", watch.timings().trim_end());
        }
        // A line per finding has no room for a closing line.
        if on_screen.is_some_and(|(format, _)| *format == Format::Concise) {
            say!("{}; finished in {seconds:.2} s", report::totals(&report.summary));
        } else {
            say!("finished in {seconds:.2} s");
        }
    }
    if let Some(file) = &args.profile {
        write(file, &watch.profile())?;
    }
    let least = args.fail_on.or(workspace.config.fail_on.map(FailOn::from)).unwrap_or(FailOn::Error);
    let failed = report.findings.iter().any(|reported| least.is_met_by(reported.finding.severity));
    let mut failed = failed;
    if let Some(least) = args.min_coverage
        && report.summary.coverage() < least
    {
        let summary = &report.summary;
        say!(
            "error: {} of {} deployed apps were rendered in full ({:.1} %), and --min-coverage asks for {least} %: `gitops-lint apps` says why",
            summary.covered,
            summary.deployed,
            (summary.coverage() * 10.0).floor() / 10.0,
        );
        failed = true;
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// Where to look: the paths that were typed, or the file on standard input.
fn place(args: &CheckArgs) -> Result<Place, Failure> {
    let root = args.root.as_deref();
    let from_stdin = args.paths.iter().any(|path| path.as_os_str() == "-");
    match &args.stdin_filename {
        Some(_) if !from_stdin => {
            Err("--stdin-filename names what comes on standard input: add `-`".to_owned())
        }
        Some(_) if args.paths.len() > 1 => Err("`-` is one file: name no other paths beside it".to_owned()),
        Some(file) => Place::of_stdin(file, root),
        None if from_stdin => Err("`-` needs a name and a place: add --stdin-filename FILE".to_owned()),
        None => match (root, args.paths.as_slice()) {
            // The root alone is all of it.
            (Some(dir), [path]) if path.as_os_str() == "." => Place::of(&[dir.to_owned()], root),
            _ => Place::of(&args.paths, root),
        },
    }
}

/// Which formats go where. At most one goes to standard output, and no two into one file.
fn targets(args: &CheckArgs, config: &Config) -> Result<Vec<Target<Format>>, Failure> {
    let mut targets = args.format.clone();
    if let Some(dir) = &args.output {
        for (format, file) in targets.iter_mut().filter(|(_, file)| file.is_none()) {
            *file = format.file_name().map(|name| dir.join(name));
        }
        std::fs::create_dir_all(dir).map_err(|error| format!("cannot make `{}`: {error}", dir.display()))?;
    }
    let with_dir = args.output.is_some() && targets.iter().all(|(_, file)| file.is_some());
    if targets.is_empty() || with_dir {
        let configured = config.format.as_ref().and_then(|name| Format::from_name(&name.value));
        targets.push((configured.filter(|_| !with_dir).unwrap_or(Format::Pretty), None));
    }
    let named: Vec<_> = targets.iter().map(|(format, file)| (format.name(), file.as_deref())).collect();
    targets::apart(&named, ", or all reports a directory, `--output DIR`")?;
    Ok(targets)
}

/// Fixes what is shown. A proof looks at everything.
fn mend(
    args: &CheckArgs,
    place: &Place,
    workspace: &Workspace,
    shown: &Report,
) -> Result<(Outcome, bool), Failure> {
    let among = shown.findings.iter().map(|reported| reported.fingerprint.clone()).collect();
    let options = options(args, place, workspace)?;
    let plain = Options { baseline: None, changed: None, filter: Filter::default(), ..options };
    fix::mend(
        workspace,
        place,
        &args.common,
        &args.mend,
        plain,
        Wanted { among: Some(among), ..Wanted::default() },
    )
}

/// What a check of an editor runs: what the configuration says.
pub(super) fn plain_options(workspace: &Workspace, preset: Option<PresetArg>) -> Result<Options, Failure> {
    let (only, _) = selected(&[], &Registry::of(workspace), &workspace.config)?;
    let strict = preset.map(|preset| matches!(preset, PresetArg::Strict));
    Ok(Options { strict, today: Some(today(None)?), only, ..Options::default() })
}

fn lint(args: &CheckArgs, place: &Place, workspace: &Workspace) -> Result<Report, Failure> {
    let mut options = options(args, place, workspace)?;
    let Some(revision) = &args.base else { return Ok(lint::lint(workspace, &options)) };
    // What the base shows to those who ask is known, whatever the head makes of it.
    let confidence = Some(Confidence::Possible);
    let plain =
        Options { confidence, baseline: None, changed: None, filter: Filter::default(), ..options.clone() };
    let base = open::base_workspace(&place.root, &args.common, workspace, revision)?;
    let analysis = Analysis::default();
    let known = base.as_ref().map(|base| lint::lint_again(&base.workspace, &plain, &analysis).findings);
    let known = known.into_iter().flatten().map(|reported| reported.fingerprint);
    options.base = Some(known.collect());
    let (mut report, inventory) = lint::lint_for_questions(workspace, &options, &analysis);
    if let Some(base) = base.filter(|_| !report.findings.is_empty()) {
        let again = |tree| lint::lint_again(&workspace.beside(tree, None), &options, &analysis);
        let changes = base.changes(workspace);
        review::name_causes(&mut report, (&base.workspace, workspace), &inventory, &changes, &again);
    }
    Ok(report)
}

/// What the command line asks for, but for `--base`.
pub(super) fn options(args: &CheckArgs, place: &Place, workspace: &Workspace) -> Result<Options, Failure> {
    let config = &workspace.config;
    let registry = Registry::of(workspace);
    let (only, named) = selected(&args.select, &registry, config)?;
    let mut options = Options {
        strict: args.preset.map(|preset| matches!(preset, PresetArg::Strict)),
        confidence: args.confidence,
        today: Some(today(args.today.as_ref())?),
        baseline: baseline(args, place, config)?,
        changed: args.changed.as_ref().map(|files| changed(files, &place.root)).transpose()?,
        only,
        filter: Filter {
            min_severity: args.min_severity.map(Into::into),
            apps: args.app.clone(),
            parts: place.parts.clone(),
        },
        third_party: args.third_party,
        ..Options::default()
    };
    if args.write_baseline {
        // A baseline of a part would forget the rest.
        options.filter = Filter::default();
    }
    // Who names a rule wants it to run, even if the configuration has switched it off.
    let is_off =
        |name: &&RuleId| config.rules.get(name.as_str()).is_some_and(|rule| rule.level == Some(Level::Off));
    options.levels.extend(named.iter().filter(is_off).map(|name| (name.as_str().into(), Level::On)));
    if let Some((name, _)) = args.rule.iter().find(|(name, _)| registry.find(name).is_none()) {
        return Err(registry.unknown(name));
    }
    options.levels.extend(args.rule.iter().cloned());
    for word in &args.ignore {
        let named = registry.named(word)?;
        options.levels.extend(named.names.iter().map(|name| (name.as_str().into(), Level::Off)));
    }
    Ok(options)
}

/// What `--select` or the configuration asks for, and the rules that the command line names themselves.
fn selected(
    given: &[String],
    registry: &Registry,
    config: &Config,
) -> Result<(Option<Vec<RuleId>>, Vec<RuleId>), Failure> {
    let mut selected: Vec<Named> = given.iter().map(|word| registry.named(word)).collect::<Result<_, _>>()?;
    if selected.is_empty() {
        for name in &config.select {
            selected.push(Named { by_name: false, ..registry.named(&name.value)? });
        }
    }
    let names = |rules: &Named| rules.names.clone();
    let named = selected.iter().filter(|rules| rules.by_name).flat_map(names).collect();
    let all: Vec<RuleId> = selected.iter().flat_map(names).collect();
    Ok(((!all.is_empty()).then_some(all), named))
}

/// `--today`, the environment, or the clock.
pub(super) fn today(given: Option<&String>) -> Result<String, Failure> {
    if let Some(day) = given {
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

/// The baseline that the command line names, or the configuration.
fn baseline_path(args: &CheckArgs, place: &Place, config: &Config) -> Option<PathBuf> {
    let configured = || Some(below(&place.root, &config.baseline.as_ref()?.value));
    args.baseline.clone().or_else(configured)
}

fn baseline(args: &CheckArgs, place: &Place, config: &Config) -> Result<Option<Baseline>, Failure> {
    let path = baseline_path(args, place, config).filter(|_| !args.write_baseline);
    let Some(path) = &path else { return Ok(None) };
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the baseline `{shown}`: {error}"))?;
    let baseline =
        Baseline::parse(&text).map_err(|why| format!("cannot use the baseline `{shown}`: {why}"))?;
    Ok(Some(baseline))
}

fn write_baseline(
    args: &CheckArgs,
    place: &Place,
    config: &Config,
    report: &Report,
) -> Result<ExitCode, Failure> {
    let path = baseline_path(args, place, config).unwrap_or_else(|| below(&place.root, BASELINE_NAME));
    let baseline = Baseline::of(&report.findings, &report.sources);
    write(&path, &baseline.to_json())?;
    if !args.quiet {
        let shown = path.display();
        let findings = if baseline.len() == 1 { "finding" } else { "findings" };
        let use_it = if args.baseline.is_none() && config.baseline.is_some() {
            "the configuration uses it".to_owned()
        } else {
            format!("use it with --baseline {shown}")
        };
        say!("wrote {} {findings} to {shown}: {use_it}", baseline.len());
    }
    Ok(ExitCode::SUCCESS)
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
