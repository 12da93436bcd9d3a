//! Room on the stack for templates that nest deeply. Not a bound of nesting: the parser and the executor have theirs.

/// So many levels fit into what is left of any stack.
const LEVELS: usize = 8;

/// The first level on which the stack is looked at: few templates nest deeper, and no thread begins with so little.
const FIRST: usize = 23;

/// Runs a level of nesting; `depth` counts these calls, so that none of the levels asked on is skipped. Asking how much of the
/// stack is left is not free (the first time, the system is asked), so it is asked on every eighth level only.
pub(super) fn deeper<T>(depth: usize, run: impl FnOnce() -> T) -> T {
    if depth >= FIRST && depth % LEVELS == LEVELS - 1 {
        stacker::maybe_grow(512 << 10, 4 << 20, run)
    } else {
        run()
    }
}
