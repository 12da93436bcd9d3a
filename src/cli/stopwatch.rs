//! The clock beside a run: progress on a terminal, timings for `--verbose` and `--profile`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::repo::Watch;

/// A run that is shorter says nothing of itself.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a longer one does.
const TICK: Duration = Duration::from_millis(200);

/// Slowest apps that `--verbose` names.
const SLOWEST: usize = 5;

/// Takes the time of a run.
#[derive(Debug)]
pub(super) struct Stopwatch {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    phases: Vec<(&'static str, Duration)>,
    running: Option<(&'static str, Instant)>,
    found: usize,
    done: usize,
    begun: BTreeMap<String, Instant>,
    last: String,
    apps: Vec<(String, Duration)>,
}

impl Stopwatch {
    /// Starts now.
    pub(super) fn start() -> Arc<Self> {
        Arc::new(Self { started: Instant::now(), state: Mutex::default() })
    }

    /// Seconds since the start.
    pub(super) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is going on, in one line.
    fn line(&self, width: usize) -> String {
        let line = self.with(|state| match state.found {
            0 => state.running.map_or("starting", |(name, _)| name).to_owned(),
            found => format!("{}/{found} rendered: {}", state.done, state.last),
        });
        line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(width.saturating_sub(1)).collect()
    }

    /// The phases and the slowest apps, for people.
    pub(super) fn timings(&self) -> String {
        let mut out = String::from("timings:\n");
        self.with(|state| {
            state.close();
            for (name, took) in &state.phases {
                let _ = writeln!(out, "  {:8.1} ms  {name}", took.as_secs_f64() * 1e3);
            }
            state.apps.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
            for (app, took) in state.apps.iter().take(SLOWEST) {
                let _ = writeln!(out, "  {:8.1} ms  rendering and checking {app}", took.as_secs_f64() * 1e3);
            }
        });
        out
    }

    /// Everything, for machines: milliseconds, version 1.
    pub(super) fn profile(&self) -> String {
        #[derive(Serialize)]
        struct Root {
            version: u32,
            total: f64,
            phases: Vec<Entry>,
            apps: Vec<Entry>,
        }
        #[derive(Serialize)]
        struct Entry {
            name: String,
            milliseconds: f64,
        }
        let total = self.seconds() * 1e3;
        let entry = |(name, took): (String, Duration)| Entry { name, milliseconds: took.as_secs_f64() * 1e3 };
        let root = self.with(|state| {
            state.close();
            let phases = state.phases.iter().map(|(name, took)| entry(((*name).to_owned(), *took)));
            let mut apps = state.apps.clone();
            apps.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
            Root { version: 1, total, phases: phases.collect(), apps: apps.into_iter().map(entry).collect() }
        });
        let mut text = serde_json::to_string_pretty(&root).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl State {
    /// Ends the phase that is running.
    fn close(&mut self) {
        if let Some((name, since)) = self.running.take() {
            let took = since.elapsed();
            // A phase may come in parts: a base revision is linted as well.
            match self.phases.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += took,
                None => self.phases.push((name, took)),
            }
        }
    }
}

impl Watch for Stopwatch {
    fn phase(&self, name: &'static str) {
        self.with(|state| {
            state.close();
            state.running = Some((name, Instant::now()));
        });
    }

    fn found(&self, apps: usize) {
        self.with(|state| state.found += apps);
    }

    fn begins(&self, app: &str) {
        self.with(|state| {
            state.begun.insert(app.to_owned(), Instant::now());
            app.clone_into(&mut state.last);
        });
    }

    fn ends(&self, app: &str) {
        self.with(|state| {
            state.done += 1;
            if let Some(since) = state.begun.remove(app) {
                state.apps.push((app.to_owned(), since.elapsed()));
            }
        });
    }
}

/// Says on standard error, when that is a terminal, how far a run of more than half a second has come. Stops when dropped.
pub(super) struct Progress {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Progress {
    /// Starts watching, unless nobody would see it.
    pub(super) fn start(quiet: bool, watch: &Arc<Stopwatch>) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self { stop: None, thread: None };
        }
        let (stop, stopped) = mpsc::channel();
        let watch = Arc::clone(watch);
        let thread = std::thread::spawn(move || {
            let mut shown = false;
            let mut wait = PATIENCE;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = TICK;
                shown = true;
                let width =
                    terminal_size::terminal_size_of(std::io::stderr()).map_or(80, |(width, _)| width.0);
                let _ = write!(std::io::stderr(), "\r{}\u{1b}[K", watch.line(usize::from(width)));
            }
            if shown {
                let _ = write!(std::io::stderr(), "\r\u{1b}[K");
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
