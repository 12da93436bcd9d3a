//! What expressions may cost: steps, and what comparing and searching takes, counted before it is done.

use std::cell::Cell;

use super::fault::Fault;
use super::value::{List, Value};

/// The steps that are left to an evaluation or to several.
#[derive(Debug)]
pub struct Budget(Cell<u64>);

impl Budget {
    /// So many steps.
    pub fn new(steps: u64) -> Self {
        Self(Cell::new(steps))
    }

    /// At most so many steps of this one, for an evaluation of several; what it does not take comes back with
    /// [`Self::settle`].
    #[must_use]
    pub fn part(&self, most: u64) -> Self {
        let granted = most.min(self.0.get());
        self.0.set(self.0.get() - granted);
        Self::new(granted)
    }

    /// Takes back what is left of a part.
    pub fn settle(&self, part: &Self) {
        self.0.set(self.0.get().saturating_add(part.0.replace(0)));
    }

    /// Whether nothing is left.
    pub fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    /// What comparing two values takes: lists and maps are walked, and one value may be in them a million times.
    pub(super) fn spend_comparing(&self, left: &Value<'_>, right: &Value<'_>) -> Result<(), Fault> {
        let most = usize::try_from(self.0.get()).unwrap_or(usize::MAX).saturating_add(1);
        match (left, right) {
            (Value::List(a), Value::List(b)) if a.is_set() || b.is_set() => {
                self.spend(a.parts(most).saturating_mul(b.len().max(1)) / 10)
            }
            (
                Value::List(_) | Value::Map(_) | Value::Optional(_),
                Value::List(_) | Value::Map(_) | Value::Optional(_),
            ) => self.spend(left.parts(most).min(right.parts(most))),
            _ => Ok(()),
        }
    }

    /// What looking through a list for equal elements takes, so many times over.
    pub(super) fn spend_searching(&self, list: &List<'_>, times: usize) -> Result<(), Fault> {
        let most = usize::try_from(self.0.get()).unwrap_or(usize::MAX).saturating_add(1);
        let parts = list.parts(most);
        // One comparison alone may take them all.
        self.spend(if parts < most { parts.saturating_mul(times) / 10 } else { most })
    }

    /// Takes steps; `Err` where there are not so many.
    pub fn spend(&self, steps: usize) -> Result<(), Fault> {
        let left = self.0.get().checked_sub(steps as u64);
        self.0.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(Fault::TooCostly)
    }
}
