//! Who watches a run: nobody by default, the command line when somebody waits. Only told, never asked: what is found does not
//! depend on it.

use std::fmt;

/// Told what a run is doing, from any thread.
pub trait Watch: Send + Sync + fmt::Debug {
    /// A phase begins, and the one before ends.
    fn phase(&self, name: &'static str);
    /// So many more apps are to be rendered.
    fn found(&self, apps: usize);
    /// An app is being rendered and checked.
    fn begins(&self, app: &str);
    /// It is done.
    fn ends(&self, app: &str);
}

/// Nobody watches.
#[derive(Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn phase(&self, _: &'static str) {}
    fn found(&self, _: usize) {}
    fn begins(&self, _: &str) {}
    fn ends(&self, _: &str) {}
}
