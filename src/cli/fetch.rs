//! `gitops-lint fetch` and `gitops-lint cache`: the only commands that start a program, the one that downloads.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, SystemTime};

use crate::cache::Store;
use crate::download::{Reply, Request, Start};
use crate::fetch::{self, Downloader, Options, Report};
use crate::lock;

use super::fetch_args::{CacheCommand, FetchArgs, PruneArgs};
use super::{Failure, open, print, unchanged};

/// The program that downloads; it lies beside this one.
const PROGRAM: &str = "gitops-lint-fetch";

pub(super) fn run(args: &FetchArgs) -> Result<ExitCode, Failure> {
    let store = store(args.common.cache_dir.as_deref())?;
    let before = open::lock_of(&args.path)?;
    // What was complete and did not change needs no second look.
    let may_skip = !args.update && !args.verbose && !args.offline && !args.dry_run;
    let now = if may_skip { unchanged::fingerprint(&args.path, &args.common)? } else { None };
    if now.as_ref().is_some_and(|now| unchanged::is_complete(&store, now, &before)) {
        print(&format!("{} already there\n", before.iter().count()));
        return Ok(ExitCode::SUCCESS);
    }
    let options =
        Options { only: args.only.clone(), update: args.update, dry_run: args.dry_run || args.offline };
    let mut downloads = Downloads { args, store: &store, line: None };
    let open = |lock: &lock::Lock| open::workspace_under(&args.path, &args.common, lock.clone());
    let mut report = fetch::fetch(&open, before.clone(), &store, &mut downloads, &options)?;
    downloads.end();
    if args.offline {
        verify(&mut report, &store);
    }
    print(&fetch::table(&report, args.verbose));
    if !options.dry_run && report.lock != before {
        let path = args.path.join(lock::FILE_NAME);
        std::fs::write(&path, report.lock.to_text())
            .map_err(|error| format!("cannot write `{}`: {error}", path.display()))?;
        print(&format!("wrote {}: commit it\n", lock::FILE_NAME));
    }
    if !report.rows.iter().any(|row| matches!(row.state, fetch::State::Skipped(_)))
        && report.is_complete()
        && args.only.is_empty()
        && !report.lock.is_empty()
        && let Some(now) = unchanged::fingerprint(&args.path, &args.common)?.filter(|_| !options.dry_run)
    {
        // A cache that cannot remember is looked at again.
        let _ = store.mark(&now);
    }
    Ok(ExitCode::from(u8::from(!report.is_complete() && !args.dry_run)))
}

/// `--offline` also looks whether what is there is what it was.
fn verify(report: &mut Report, store: &Store) {
    for row in report.rows.iter_mut().filter(|row| row.state == fetch::State::Here) {
        if let Some(known) = report.lock.get(&row.want)
            && !store.is_intact(&known.content)
        {
            let why = format!(
                "what the cache holds of it is damaged: delete `{}`",
                store.path(&known.content).display()
            );
            row.state = fetch::State::Failed(why);
        }
    }
}

pub(super) fn cache(command: &CacheCommand) -> Result<ExitCode, Failure> {
    match command {
        CacheCommand::Dir(args) => {
            print(&format!("{}\n", store(args.cache_dir.as_deref())?.root().display()));
        }
        CacheCommand::Prune(args) => prune(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn prune(args: &PruneArgs) -> Result<(), Failure> {
    let store = store(args.cache.cache_dir.as_deref())?;
    let mut keep = BTreeSet::new();
    for repository in &args.keep {
        keep.extend(open::lock_of(repository)?.iter().map(|(_, known)| known.content.clone()));
    }
    let (limit, older) = match (args.max_size, args.older_than) {
        // Without a word about what to remove, what no lock names goes.
        (None, None) if !args.keep.is_empty() => (Some(0), None),
        (None, None) => {
            return Err("say what to remove: --max-size, --older-than, or all but --keep".to_owned());
        }
        (size, days) => {
            (size.map(|mib| mib << 20), days.map(|days| Duration::from_secs(u64::from(days) * 24 * 60 * 60)))
        }
    };
    let pruned = store
        .prune(limit, older, &keep, SystemTime::now())
        .map_err(|error| format!("cannot prune `{}`: {error}", store.root().display()))?;
    print(&format!(
        "removed {} ({} MiB), {} MiB are left\n",
        pruned.removed,
        pruned.bytes >> 20,
        pruned.left >> 20
    ));
    Ok(())
}

fn store(given: Option<&Path>) -> Result<Store, Failure> {
    let dir = open::cache_directory(given)
        .ok_or("there is no place for a cache: set GITOPS_LINT_CACHE, or name it with --cache-dir")?;
    // The other program has the same idea of it wherever it runs.
    Ok(Store::new(&std::path::absolute(&dir).unwrap_or(dir)))
}

/// The program that downloads, once it is needed.
struct Downloads<'a> {
    args: &'a FetchArgs,
    store: &'a Store,
    line: Option<Line>,
}

struct Line {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Downloads<'_> {
    fn start(&self) -> Result<Line, String> {
        let program = program()?;
        let failed = |error: &dyn std::fmt::Display| format!("cannot start `{}`: {error}", program.display());
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&error))?;
        let answers = child.stdout.take().ok_or_else(|| failed(&"it says nothing"))?;
        let mut line = Line { child, answers: BufReader::new(answers) };
        let cache = self.store.root().parent().unwrap_or(self.store.root()).to_owned();
        line.send(&Start {
            cache,
            jobs: self.args.jobs,
            timeout: self.args.timeout,
            allow_hosts: self.args.allow_hosts.clone(),
            allow_local: self.args.allow_local,
        })?;
        Ok(line)
    }

    /// Waits until the program has ended.
    fn end(&mut self) {
        if let Some(mut line) = self.line.take() {
            drop(line.child.stdin.take());
            let _ = line.child.wait();
        }
    }
}

impl Line {
    fn send(&mut self, message: &impl serde::Serialize) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| format!("cannot talk to {PROGRAM}: {error}");
        let mut text = serde_json::to_vec(message).map_err(|error| failed(&error))?;
        text.push(b'\n');
        let stdin = self.child.stdin.as_mut().ok_or_else(|| failed(&"it is gone"))?;
        stdin.write_all(&text).and_then(|()| stdin.flush()).map_err(|error| failed(&error))
    }
}

impl Downloader for Downloads<'_> {
    fn download(&mut self, requests: &[Request]) -> Result<Vec<Reply>, String> {
        let mut line = match self.line.take() {
            Some(line) => line,
            None => self.start()?,
        };
        // Answers are read meanwhile, or both would wait for each other; there are few enough to fit in a pipe, but
        // nobody promises that.
        let mut stdin = line.child.stdin.take().ok_or_else(|| format!("{PROGRAM} is gone"))?;
        let mut text = Vec::new();
        for request in requests {
            serde_json::to_writer(&mut text, request).map_err(|error| error.to_string())?;
            text.push(b'\n');
        }
        let shows = std::io::stderr().is_terminal() && !self.args.quiet;
        let replies = std::thread::scope(|scope| {
            let sent = scope.spawn(|| {
                let result = stdin.write_all(&text).and_then(|()| stdin.flush());
                (stdin, result)
            });
            let mut replies = Vec::new();
            while replies.len() < requests.len() {
                if shows {
                    let _ = write!(
                        std::io::stderr(),
                        "\r\u{1b}[Kfetching, {} of {}",
                        replies.len(),
                        requests.len()
                    );
                }
                let mut answer = String::new();
                match line.answers.read_line(&mut answer) {
                    Ok(0) => return Err(format!("{PROGRAM} ended before it was done")),
                    Ok(_) => {}
                    Err(error) => return Err(format!("cannot read what {PROGRAM} says: {error}")),
                }
                let reply: Reply = serde_json::from_str(&answer)
                    .map_err(|error| format!("cannot read what {PROGRAM} says: {error}"))?;
                replies.push(reply);
            }
            let (stdin, result) = sent.join().map_err(|_| format!("{PROGRAM} is gone"))?;
            result.map_err(|error| format!("cannot talk to {PROGRAM}: {error}"))?;
            Ok((stdin, replies))
        });
        if shows {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
        let (stdin, replies) = replies?;
        line.child.stdin = Some(stdin);
        self.line = Some(line);
        Ok(replies)
    }
}

fn program() -> Result<PathBuf, String> {
    let own = std::env::current_exe().and_then(std::fs::canonicalize);
    let own = own.map_err(|error| format!("cannot tell where this program is: {error}"))?;
    let program = own.with_file_name(format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    Err(format!(
        "`{}` is not there: it comes with gitops-lint and downloads for it, so install both in one directory",
        program.display()
    ))
}
