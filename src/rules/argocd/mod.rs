//! The rules about `argocd`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod broad_ignore_differences;
mod broken_values_ref;
mod colliding_generated_applications;
mod conflicting_source_fields;
mod duplicate_application_name;
mod duplicate_resource_ownership;
mod empty_auto_prune;
mod empty_generator;
mod floating_chart_version;
mod hpa_replicas_conflict;
mod ineffective_project_entry;
mod ineffective_role_policy;
mod ineffective_template_patch;
mod invalid_ignore_jq;
mod invalid_ignore_pointer;
mod invalid_lua_script;
mod invalid_rbac_policy;
mod invalid_sync_wave;
mod invalid_sync_window;
mod kustomization_as_manifest;
mod mismatched_plugin_parameter;
mod misplaced_chart_object;
mod missing_destination;
mod missing_ignore_differences;
mod missing_source_path;
mod missing_target_revision;
mod missing_values_file;
mod namespace_mismatch;
mod off_default_target_revision;
mod project_violation;
mod repeated_resource;
mod replace_ignores_differences;
mod self_managing_application;
mod stale_target_revision;
mod sync_wave_inversion;
mod tracking_annotation_override;
mod undeletable_hook_job;
mod unknown_application_field;
mod unknown_argocd_setting;
mod unknown_finalizer;
mod unknown_hook;
mod unknown_project;
mod unknown_sync_option;
mod unmatched_ignore_differences;
mod unmatched_rolling_sync;
mod unresolved_parameter;
mod unwatched_object;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &broad_ignore_differences::BroadIgnoreDifferences,
    &broken_values_ref::BrokenValuesRef,
    &colliding_generated_applications::CollidingGeneratedApplications,
    &conflicting_source_fields::ConflictingSourceFields,
    &duplicate_application_name::DuplicateApplicationName,
    &duplicate_resource_ownership::DuplicateResourceOwnership,
    &empty_auto_prune::EmptyAutoPrune,
    &empty_generator::EmptyGenerator,
    &floating_chart_version::FloatingChartVersion,
    &hpa_replicas_conflict::HpaReplicasConflict,
    &ineffective_project_entry::IneffectiveProjectEntry,
    &ineffective_role_policy::IneffectiveRolePolicy,
    &ineffective_template_patch::IneffectiveTemplatePatch,
    &invalid_ignore_jq::InvalidIgnoreJq,
    &invalid_ignore_pointer::InvalidIgnorePointer,
    &invalid_lua_script::InvalidLuaScript,
    &invalid_rbac_policy::InvalidRbacPolicy,
    &invalid_sync_wave::InvalidSyncWave,
    &invalid_sync_window::InvalidSyncWindow,
    &kustomization_as_manifest::KustomizationAsManifest,
    &mismatched_plugin_parameter::MismatchedPluginParameter,
    &misplaced_chart_object::MisplacedChartObject,
    &missing_destination::MissingDestination,
    &missing_ignore_differences::MissingIgnoreDifferences,
    &missing_source_path::MissingSourcePath,
    &missing_target_revision::MissingTargetRevision,
    &missing_values_file::MissingValuesFile,
    &namespace_mismatch::NamespaceMismatch,
    &off_default_target_revision::OffDefaultTargetRevision,
    &project_violation::ProjectViolation,
    &repeated_resource::RepeatedResource,
    &replace_ignores_differences::ReplaceIgnoresDifferences,
    &self_managing_application::SelfManagingApplication,
    &stale_target_revision::StaleTargetRevision,
    &sync_wave_inversion::SyncWaveInversion,
    &tracking_annotation_override::TrackingAnnotationOverride,
    &undeletable_hook_job::UndeletableHookJob,
    &unknown_application_field::UnknownApplicationField,
    &unknown_argocd_setting::UnknownArgocdSetting,
    &unknown_finalizer::UnknownFinalizer,
    &unknown_hook::UnknownHook,
    &unknown_project::UnknownProject,
    &unknown_sync_option::UnknownSyncOption,
    &unmatched_ignore_differences::UnmatchedIgnoreDifferences,
    &unmatched_rolling_sync::UnmatchedRollingSync,
    &unresolved_parameter::UnresolvedParameter,
    &unwatched_object::UnwatchedObject,
];
