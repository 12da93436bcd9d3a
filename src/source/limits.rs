//! `--limits`: by how much the bounds on what input may cost are relaxed in this process. Each bound is a constant where it
//! is kept, and asks here what it has become.

use std::sync::atomic::{AtomicU32, Ordering};

/// The most that bounds are multiplied by: a file of that size still has offsets of four bytes.
pub const MAX_FACTOR: u32 = 64;

static FACTOR: AtomicU32 = AtomicU32::new(1);

/// Multiplies all bounds that may be relaxed. Said once, before anything is read.
pub fn relax(factor: u32) {
    FACTOR.store(factor.clamp(1, MAX_FACTOR), Ordering::Relaxed);
}

/// What a bound has become: bytes, entries, comparisons.
pub fn relaxed(bound: u64) -> u64 {
    bound.saturating_mul(u64::from(FACTOR.load(Ordering::Relaxed)))
}

/// The same for what is counted in memory.
pub fn relaxed_len(bound: usize) -> usize {
    bound.saturating_mul(FACTOR.load(Ordering::Relaxed) as usize)
}
