//! The rules about `yaml`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod alias_bomb;
mod broken_config_file;
mod duplicate_key;
mod implicit_type;
mod missing_space;
mod odd_sibling_key;
mod stray_quote;
mod syntax_error;
mod tolerated_yaml;
mod unsubstituted_placeholder;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &alias_bomb::AliasBomb,
    &broken_config_file::BrokenConfigFile,
    &duplicate_key::DuplicateKey,
    &implicit_type::ImplicitType,
    &missing_space::MissingSpace,
    &odd_sibling_key::OddSiblingKey,
    &stray_quote::StrayQuote,
    &syntax_error::SyntaxError,
    &tolerated_yaml::ToleratedYaml,
    &unsubstituted_placeholder::UnsubstitutedPlaceholder,
];
