//! The rounds.

use std::collections::{BTreeMap, BTreeSet};

use crate::cache::{Content, Kind, Known, Store, Want};
use crate::download::{Fixed, Outcome, Reply, Request};
use crate::lock::Lock;
use crate::repo::{Workspace, analyze, is_fixed};

/// What to fetch.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only these kinds; empty for all.
    pub only: Vec<Kind>,
    /// Look again at ranges, branches and moving tags that the lock knows.
    pub update: bool,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// What became of something that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Downloaded; bytes.
    Fetched(u64),
    /// The cache had it.
    Here,
    /// It would be downloaded.
    Missing,
    /// It could not be downloaded; why.
    Failed(String),
    /// It is not downloaded; why.
    Skipped(String),
}

/// Something that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What.
    pub want: Want,
    /// Which version of it, where that is known.
    pub version: Option<String>,
    /// What became of it.
    pub state: State,
}

/// What a fetch did.
#[derive(Debug, Default)]
pub struct Report {
    /// Everything that is wanted, in order.
    pub rows: Vec<Row>,
    /// The lock as it should be now.
    pub lock: Lock,
}

impl Report {
    /// Whether everything that can be had is here.
    pub fn is_complete(&self) -> bool {
        !self.rows.iter().any(|row| matches!(row.state, State::Failed(_) | State::Missing))
    }
}

/// Downloads into the cache.
pub trait Downloader {
    /// A reply for each request, in any order. `Err` when nothing can be downloaded at all.
    fn download(&mut self, requests: &[Request]) -> Result<Vec<Reply>, String>;
}

/// Brings what the repository wants until it wants nothing new. `open` opens it under a lock.
pub fn fetch(
    open: &dyn Fn(&Lock) -> Result<Workspace, String>,
    lock: Lock,
    store: &Store,
    downloader: &mut dyn Downloader,
    options: &Options,
) -> Result<Report, String> {
    let mut lock = lock;
    let mut rows: BTreeMap<Want, (Option<String>, State)> = BTreeMap::new();
    let asked = loop {
        let workspace = open(&lock)?;
        analyze(&workspace, &|_, _| ());
        let fetched = workspace.checkouts.fetched();
        let asked: BTreeSet<Want> = fetched.used().into_iter().chain(fetched.missing()).collect();
        let mut requests = Vec::new();
        let new: Vec<&Want> = asked.iter().filter(|want| !rows.contains_key(*want)).collect();
        for want in new {
            let (version, state) = match plan(want, &mut lock, store, options) {
                Plan::Done(known) => (Some(known.version), State::Here),
                Plan::Skip(why) => (None, State::Skipped(why)),
                Plan::Ask(_) if options.dry_run => (None, State::Missing),
                Plan::Ask(request) => {
                    requests.push(Request { id: requests.len(), ..request });
                    (None, State::Missing)
                }
            };
            rows.insert(want.clone(), (version, state));
        }
        if requests.is_empty() {
            break asked;
        }
        for reply in downloader.download(&requests)? {
            let Some(request) = requests.get(reply.id) else { continue };
            let result = match reply.outcome {
                Outcome::Here { version, content, bytes } => match content.parse::<Content>() {
                    Ok(content) => {
                        lock.set(request.want.clone(), Known { version: version.clone(), content });
                        let state = if bytes == 0 { State::Here } else { State::Fetched(bytes) };
                        (Some(version), state)
                    }
                    Err(words) => (None, State::Failed(words)),
                },
                Outcome::Failed(why) => (None, State::Failed(why)),
                Outcome::Skipped(why) => (None, State::Skipped(why)),
            };
            rows.insert(request.want.clone(), result);
        }
    };
    // What nothing names any more leaves the lock, unless only a part was looked at.
    if options.only.is_empty() && !options.dry_run {
        lock.retain(|want| asked.contains(want));
    }
    let rows = rows.into_iter().filter(|(want, _)| asked.contains(want));
    let rows = rows.map(|(want, (version, state))| Row { want, version, state }).collect();
    Ok(Report { rows, lock })
}

/// What to do about something that is wanted.
enum Plan {
    Done(Known),
    Skip(String),
    Ask(Request),
}

fn plan(want: &Want, lock: &mut Lock, store: &Store, options: &Options) -> Plan {
    let ask = |fixed: Option<&Known>, refresh| {
        let fixed = fixed.map(|it| Fixed { version: it.version.clone(), content: it.content.to_string() });
        Plan::Ask(Request { id: 0, want: want.clone(), fixed, refresh })
    };
    if !options.only.is_empty() && !options.only.contains(&want.kind) {
        return match lock.get(want) {
            Some(known) if store.has(&known.content) => Plan::Done(known.clone()),
            _ => Plan::Skip("not among the kinds of --only".to_owned()),
        };
    }
    match lock.get(want) {
        Some(_) if options.update && !is_fixed(want) => ask(None, true),
        Some(known) if store.has(&known.content) => Plan::Done(known.clone()),
        Some(known) => ask(Some(known), false),
        None => match store.lookup(want).filter(|_| is_fixed(want)) {
            Some(known) => {
                if !options.dry_run {
                    lock.set(want.clone(), known.clone());
                }
                Plan::Done(known)
            }
            None => ask(None, !is_fixed(want)),
        },
    }
}
