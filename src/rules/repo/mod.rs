//! The rules about `repo`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod expired_suppression;
mod failed_app;
mod invalid_custom_rule;
mod invalid_suppression;
mod tool_warning;
mod unused_suppression;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &expired_suppression::ExpiredSuppression,
    &failed_app::FailedApp,
    &invalid_custom_rule::InvalidCustomRule,
    &invalid_suppression::InvalidSuppression,
    &tool_warning::ToolWarning,
    &unused_suppression::UnusedSuppression,
];
