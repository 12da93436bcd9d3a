//! `fix`, and `check --fix`: mends what can be mended, and writes it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::finding::RuleId;
use crate::fix::{self, Outcome};
use crate::lint::{self, Filter, Options};
use crate::repo::Workspace;
use crate::report::{fix_diff, fix_json, fix_text};
use crate::rules::{Named, Registry};
use crate::source::{SourceFile, Tree, TreePath};

use super::args::{CommonArgs, PresetArg};
use super::check::today;
use super::fix_args::{FixArgs, FixFormat, MendArgs};
use super::place::Place;
use super::{Failure, open, print, terminal};

/// What was not proved after so many analyses is left to the next run.
const ATTEMPTS: usize = 200;

pub(super) fn run(args: &FixArgs) -> Result<ExitCode, Failure> {
    let place = Place::of(&args.paths, args.root.as_deref())?;
    let workspace = open::workspace(&place.root, &args.common)?;
    let options = Options {
        strict: args.preset.map(|preset| matches!(preset, PresetArg::Strict)),
        today: Some(today(args.today.as_ref())?),
        ..Options::default()
    };
    let registry = Registry::of(&workspace);
    let named: Vec<Named> = args.rule.iter().map(|word| registry.named(word)).collect::<Result<_, _>>()?;
    let rules: Vec<RuleId> = named.iter().flat_map(|rules| rules.names.iter().cloned()).collect();
    let mut levels = options.levels.clone();
    // Who names a rule wants it to run, even if it is of the strict preset or switched off.
    let named = named.iter().filter(|rules| rules.by_name).flat_map(|rules| &rules.names);
    levels.extend(named.map(|name| (name.as_str().into(), crate::config::Level::On)));
    let options = Options { levels, ..options };
    let among = if place.parts.is_empty() {
        None
    } else {
        let filter = Filter { parts: place.parts.clone(), ..Filter::default() };
        let shown = lint::lint(&workspace, &Options { filter, ..options.clone() });
        Some(shown.findings.into_iter().map(|reported| reported.fingerprint).collect())
    };
    let rules = (!rules.is_empty()).then_some(rules);
    let suppress = args.suppress.then(|| args.reason.clone());
    let wanted = Wanted { rules, among, suppress };
    let (outcome, wrote) = mend(&workspace, &place, &args.common, &args.mend, options, wanted)?;
    if args.format == FixFormat::Json {
        print(&fix_json(&outcome, &place.names));
    } else {
        if args.mend.diff {
            print(&fix_diff(&outcome, terminal::look()));
        }
        let text = fix_text(&outcome, &place.names, wrote, terminal::look());
        if args.mend.diff { super::say!("{}", text.trim_end()) } else { print(&text) }
    }
    Ok(ExitCode::from(u8::from(args.mend.diff && !outcome.files.is_empty())))
}

/// Which findings, and what becomes of them.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Those of these rules.
    pub(super) rules: Option<Vec<RuleId>>,
    /// Those with these fingerprints.
    pub(super) among: Option<BTreeSet<String>>,
    /// Comments with this reason.
    pub(super) suppress: Option<String>,
}

/// Fixes a repository, and writes the files unless they are only to be shown. Also answers whether it wrote.
pub(super) fn mend(
    workspace: &Workspace,
    place: &Place,
    common: &CommonArgs,
    args: &MendArgs,
    lint: Options,
    wanted: Wanted,
) -> Result<(Outcome, bool), Failure> {
    let cache = Arc::clone(&workspace.cache);
    let reopen = |tree: Arc<dyn Tree>| open::over(&place.root, common, tree, &cache);
    let Wanted { rules, among, suppress } = wanted;
    let not_safe = args.not_safe;
    let options = fix::Options { lint, not_safe, rules, among, suppress, attempts: ATTEMPTS };
    let outcome = fix::run(workspace, &reopen, &options)?;
    if args.diff {
        return Ok((outcome, false));
    }
    if args.require_clean {
        let changed = open::changed_since_commit(&place.root)?;
        if let Some(path) = outcome.files.keys().find(|path| changed.contains(path)) {
            let shown = place.names.here(path.as_str());
            return Err(format!(
                "`{shown}` differs from the last commit: commit it, or leave out --require-clean"
            ));
        }
    }
    write_all(&place.root, &outcome)?;
    Ok((outcome, true))
}

/// Writes the files. All are looked at before the first is written.
fn write_all(root: &Path, outcome: &Outcome) -> Result<(), Failure> {
    let real_root =
        std::fs::canonicalize(root).map_err(|error| format!("cannot open `{}`: {error}", root.display()))?;
    let mut targets = Vec::new();
    for (path, (before, after)) in &outcome.files {
        targets.push((target(&real_root, path, before)?, after));
    }
    targets.iter().try_for_each(|(path, after)| replace(path, after.bytes()))
}

/// Where a file of the tree is on the disk, if it is in the repository and as it was read.
fn target(root: &Path, path: &TreePath, before: &SourceFile) -> Result<std::path::PathBuf, Failure> {
    let shown = path.as_str();
    let failed = |error: std::io::Error| format!("cannot write `{shown}`: {error}");
    let real = std::fs::canonicalize(root.join(shown)).map_err(failed)?;
    if !real.starts_with(root) {
        return Err(format!("cannot write `{shown}`: it lies outside of the repository"));
    }
    if std::fs::read(&real).map_err(failed)? != before.bytes() {
        return Err(format!("cannot write `{shown}`: it has changed meanwhile; run again"));
    }
    Ok(real)
}

/// Replaces a file as a whole: there is no moment at which half of it is there.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("cannot write `{}`: {error}", path.display());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.gitops-lint-{}", std::process::id()));
    let written = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(bytes)?;
        file.set_permissions(std::fs::metadata(path)?.permissions())?;
        file.sync_all()?;
        drop(file);
        std::fs::rename(&beside, path)
    };
    written().map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })
}
