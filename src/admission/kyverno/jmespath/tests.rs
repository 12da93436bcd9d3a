//! Expressions, as Kyverno evaluates them.
