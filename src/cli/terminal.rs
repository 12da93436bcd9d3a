//! What the terminal can do, from the environment: colours, width, links; and signs of life during long runs.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::report::Look;

/// Narrower terminals get the text as it is and wrap it themselves.
const NARROWEST: usize = 60;

/// Wider lines are hard to read.
const WIDEST: usize = 160;

fn set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Whether standard output shows colours: a terminal that has not opted out, or a pipe that opted in.
pub(super) fn colors() -> bool {
    if set("NO_COLOR") {
        return false;
    }
    if std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0" && !value.is_empty()) {
        return true;
    }
    std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// How text looks on standard output.
pub(super) fn look() -> Look {
    let width = terminal_size::terminal_size_of(std::io::stdout())
        .map_or(0, |(width, _)| usize::from(width.0).clamp(NARROWEST, WIDEST));
    let links = colors()
        && std::io::stdout().is_terminal()
        && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
    Look { color: colors(), width, links, ..Look::default() }
}

/// Says on standard error, when that is a terminal, that a run of more than a second is still going on. Stops when
/// dropped.
pub(super) struct Progress {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Progress {
    /// Starts watching, unless nobody would see it.
    pub(super) fn start(quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self { stop: None, thread: None };
        }
        let (stop, stopped) = mpsc::channel();
        let started = Instant::now();
        let thread = std::thread::spawn(move || {
            let mut shown = false;
            while stopped.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                shown = true;
                let _ =
                    write!(std::io::stderr(), "\rrendering and checking, {} s", started.elapsed().as_secs());
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
