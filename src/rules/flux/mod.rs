//! The rules about `flux`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod depends_on_cycle;
mod missing_depends_on;
mod missing_flux_path;
mod missing_flux_source;
mod missing_values_from;
mod overlapping_flux_paths;
mod undecrypted_secret;
mod undefined_substitution;
mod unknown_flux_field;
mod unknown_kustomization_field;
mod unmatched_health_check;
mod unused_substitution;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &depends_on_cycle::DependsOnCycle,
    &missing_depends_on::MissingDependsOn,
    &missing_flux_path::MissingFluxPath,
    &missing_flux_source::MissingFluxSource,
    &missing_values_from::MissingValuesFrom,
    &overlapping_flux_paths::OverlappingFluxPaths,
    &undecrypted_secret::UndecryptedSecret,
    &undefined_substitution::UndefinedSubstitution,
    &unknown_flux_field::UnknownFluxField,
    &unknown_kustomization_field::UnknownKustomizationField,
    &unmatched_health_check::UnmatchedHealthCheck,
    &unused_substitution::UnusedSubstitution,
];
