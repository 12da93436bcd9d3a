//! `gitops-lint check --watch`: looks again whenever a file changes. Files are asked for their times twice a second, which
//! needs nothing of the system and finds every change that a walk finds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::editor::Session;
use crate::git::Repository;
use crate::report::{self, Format};
use crate::source::{Sources, TreePath};

use super::args::CheckArgs;
use super::place::Place;
use super::terminal::look;
use super::{Failure, check, open, print, say};

/// How often files are looked at.
const TICK: Duration = Duration::from_millis(500);

/// Files that decide how the others are read.
const STEERING: [&str; 3] = [".gitops-lint.yaml", ".gitops-lint.yml", ".gitops-lint.lock"];

/// When a file was written, and how long it is.
type Stamps = BTreeMap<TreePath, (Option<SystemTime>, u64)>;

/// Checks, and checks again, until somebody ends it.
pub(super) fn run(args: &CheckArgs, place: Place, format: Format) -> Result<(), Failure> {
    let root = place.root.clone();
    let mut before = stamps(&root)?;
    let session = {
        let args = args.clone();
        let place = place.clone();
        Session::new(Box::new(move || {
            let workspace = open::workspace(&place.root, &args.common)?;
            let options = check::options(&args, &place, &workspace)?;
            Ok((workspace, options))
        }))
    };
    let mut session = session?.named(place.names);
    loop {
        let begun = Instant::now();
        let checked = session.check()?;
        print(&report::render(
            &checked.report,
            format,
            report::Look { verbose: args.verbose, quiet: args.quiet, ..look() },
        ));
        let (redone, kept) = session.counts();
        if !args.quiet {
            let seconds = begun.elapsed().as_secs_f64();
            say!("{redone} of {} apps rendered in {seconds:.2} s; waiting for changes", redone + kept);
        }
        before = wait(&root, &mut session, before)?;
    }
}

/// Waits until something changed that matters.
fn wait(root: &Path, session: &mut Session, mut before: Stamps) -> Result<Stamps, Failure> {
    loop {
        std::thread::sleep(TICK);
        let now = stamps(root)?;
        if now == before {
            continue;
        }
        let came_or_went = now.len() != before.len() || now.keys().ne(before.keys());
        let changed: Vec<&TreePath> = now
            .iter()
            .filter(|(path, stamp)| before.get(*path) != Some(*stamp))
            .map(|(path, _)| path)
            .collect();
        let steers =
            changed.iter().any(|path| STEERING.contains(&path.as_str()) || path.file_name() == ".gitignore");
        let mut anew = came_or_went || steers;
        for path in changed {
            anew |= session.changed_on_disk(path);
        }
        if anew && let Err(why) = session.reopen() {
            say!("error: {why}");
            before = now;
            continue;
        }
        if session.is_stale() {
            return Ok(now);
        }
        before = now;
    }
}

fn stamps(root: &Path) -> Result<Stamps, Failure> {
    let sources = Sources::new();
    let repository = Repository::discover(root, Arc::clone(&sources)).found();
    let tree = open::work_tree(root, repository.as_ref(), &sources)?;
    let stamp = |path: TreePath| {
        let metadata = std::fs::metadata(root.join(path.as_str()));
        let stamp = metadata.map_or((None, 0), |it| (it.modified().ok(), it.len()));
        (path, stamp)
    };
    Ok(tree.files().into_iter().map(stamp).collect())
}
