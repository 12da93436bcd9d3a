//! The rules: what is checked. Each is a page under `rules/` and a file here; `list` holds all of them.
//!
//! A new rule is two new files and nothing else: write `rules/<subject>/<name>.md` and
//! `src/rules/<subject>/<name>.rs`, then run `cargo bless rules`, which rewrites the list below.

mod context;
mod counterpart;
mod flux_apps;
mod images;
mod missing;
mod no_ops;
mod pod_security;
mod problems;
mod projects;
mod rule;
mod scripts;
mod selectors;
mod siblings;
mod workloads;

pub use context::{Context, Report};
pub(crate) use rule::meta;
pub use rule::{Preset, Rule, RuleMeta};

/// Declares the modules of all rules and the function that lists them.
macro_rules! rules {
    ($($subject:ident { $($module:ident :: $rule:ident,)* })*) => {
        $(
            mod $subject {
                $(pub(super) mod $module;)*
            }
        )*

        /// Every rule, by subject and name.
        pub fn all() -> Vec<&'static dyn Rule> {
            vec![$($(&$subject::$module::$rule as &'static dyn Rule,)*)*]
        }
    };
}

// Written by `cargo bless rules` from the files in the folders.
rules! {
    argocd {
        broad_ignore_differences::BroadIgnoreDifferences,
        broken_values_ref::BrokenValuesRef,
        colliding_generated_applications::CollidingGeneratedApplications,
        conflicting_source_fields::ConflictingSourceFields,
        duplicate_application_name::DuplicateApplicationName,
        duplicate_resource_ownership::DuplicateResourceOwnership,
        empty_auto_prune::EmptyAutoPrune,
        empty_generator::EmptyGenerator,
        floating_chart_version::FloatingChartVersion,
        hpa_replicas_conflict::HpaReplicasConflict,
        ineffective_project_entry::IneffectiveProjectEntry,
        ineffective_role_policy::IneffectiveRolePolicy,
        ineffective_template_patch::IneffectiveTemplatePatch,
        invalid_ignore_jq::InvalidIgnoreJq,
        invalid_ignore_pointer::InvalidIgnorePointer,
        invalid_rbac_policy::InvalidRbacPolicy,
        invalid_sync_wave::InvalidSyncWave,
        invalid_sync_window::InvalidSyncWindow,
        kustomization_as_manifest::KustomizationAsManifest,
        mismatched_plugin_parameter::MismatchedPluginParameter,
        misplaced_chart_object::MisplacedChartObject,
        missing_destination::MissingDestination,
        missing_ignore_differences::MissingIgnoreDifferences,
        missing_source_path::MissingSourcePath,
        missing_target_revision::MissingTargetRevision,
        missing_values_file::MissingValuesFile,
        namespace_mismatch::NamespaceMismatch,
        off_default_target_revision::OffDefaultTargetRevision,
        project_violation::ProjectViolation,
        repeated_resource::RepeatedResource,
        replace_ignores_differences::ReplaceIgnoresDifferences,
        self_managing_application::SelfManagingApplication,
        stale_target_revision::StaleTargetRevision,
        sync_wave_inversion::SyncWaveInversion,
        tracking_annotation_override::TrackingAnnotationOverride,
        undeletable_hook_job::UndeletableHookJob,
        unknown_application_field::UnknownApplicationField,
        unknown_argocd_setting::UnknownArgocdSetting,
        unknown_hook::UnknownHook,
        unknown_project::UnknownProject,
        unknown_sync_option::UnknownSyncOption,
        unmatched_ignore_differences::UnmatchedIgnoreDifferences,
        unresolved_parameter::UnresolvedParameter,
    }
    flux {
        depends_on_cycle::DependsOnCycle,
        missing_depends_on::MissingDependsOn,
        missing_flux_path::MissingFluxPath,
        missing_flux_source::MissingFluxSource,
        missing_values_from::MissingValuesFrom,
        overlapping_flux_paths::OverlappingFluxPaths,
        undefined_substitution::UndefinedSubstitution,
        unknown_flux_field::UnknownFluxField,
        unknown_kustomization_field::UnknownKustomizationField,
        unmatched_health_check::UnmatchedHealthCheck,
        unused_substitution::UnusedSubstitution,
    }
    helm {
        empty_override::EmptyOverride,
        missing_chart_dependency::MissingChartDependency,
        no_op_override::NoOpOverride,
        null_override::NullOverride,
        render_failure::RenderFailure,
        type_conflict_override::TypeConflictOverride,
        unreferenced_values_file::UnreferencedValuesFile,
        unused_value::UnusedValue,
        values_schema_violation::ValuesSchemaViolation,
        varying_selector_label::VaryingSelectorLabel,
    }
    kustomize {
        deprecated_kustomize_field::DeprecatedKustomizeField,
        kustomize_build_failure::KustomizeBuildFailure,
        no_op_patch::NoOpPatch,
        outside_kustomization_root::OutsideKustomizationRoot,
        unmatched_image::UnmatchedImage,
        unmatched_patch::UnmatchedPatch,
        unmatched_replacement::UnmatchedReplacement,
        unpinned_remote_base::UnpinnedRemoteBase,
        unreferenced_manifest::UnreferencedManifest,
        volatile_selector_label::VolatileSelectorLabel,
    }
    references {
        colliding_ingress_host::CollidingIngressHost,
        duplicate_node_port::DuplicateNodePort,
        missing_config_map::MissingConfigMap,
        missing_config_map_key::MissingConfigMapKey,
        missing_custom_resource_definition::MissingCustomResourceDefinition,
        missing_gateway::MissingGateway,
        missing_headless_service::MissingHeadlessService,
        missing_ingress_class::MissingIngressClass,
        missing_issuer::MissingIssuer,
        missing_namespace::MissingNamespace,
        missing_persistent_volume_claim::MissingPersistentVolumeClaim,
        missing_priority_class::MissingPriorityClass,
        missing_role::MissingRole,
        missing_scale_target::MissingScaleTarget,
        missing_secret::MissingSecret,
        missing_secret_key::MissingSecretKey,
        missing_secret_provider_class::MissingSecretProviderClass,
        missing_secret_store::MissingSecretStore,
        missing_secret_store_namespace::MissingSecretStoreNamespace,
        missing_service::MissingService,
        missing_service_account::MissingServiceAccount,
        missing_service_port::MissingServicePort,
        missing_storage_class::MissingStorageClass,
        secret_store_namespace_forbidden::SecretStoreNamespaceForbidden,
        unfetched_secret_object::UnfetchedSecretObject,
        unmatched_named_port::UnmatchedNamedPort,
        unmatched_selector::UnmatchedSelector,
        unused_persistent_volume_claim::UnusedPersistentVolumeClaim,
    }
    repo {
        expired_suppression::ExpiredSuppression,
        invalid_suppression::InvalidSuppression,
        unused_suppression::UnusedSuppression,
    }
    security {
        default_service_account_token::DefaultServiceAccountToken,
        exec_grant::ExecGrant,
        ingress_without_tls::IngressWithoutTls,
        missing_network_policy::MissingNetworkPolicy,
        missing_seccomp_profile::MissingSeccompProfile,
        plaintext_secret::PlaintextSecret,
        pod_security_violation::PodSecurityViolation,
        privileged_role_binding::PrivilegedRoleBinding,
        unrestricted_pod::UnrestrictedPod,
        wildcard_rbac::WildcardRbac,
        writable_root_filesystem::WritableRootFilesystem,
    }
    workload {
        deadlocked_disruption_budget::DeadlockedDisruptionBudget,
        deprecated_ingress_class::DeprecatedIngressClass,
        deprecated_service_account_field::DeprecatedServiceAccountField,
        disallowed_image_tag::DisallowedImageTag,
        disallowed_registry::DisallowedRegistry,
        duplicate_env_var::DuplicateEnvVar,
        duplicate_mount_path::DuplicateMountPath,
        empty_disruption_budget::EmptyDisruptionBudget,
        fixed_autoscaler::FixedAutoscaler,
        identical_probes::IdenticalProbes,
        immutable_job::ImmutableJob,
        invalid_cron_schedule::InvalidCronSchedule,
        invalid_host_name::InvalidHostName,
        invalid_image_reference::InvalidImageReference,
        invalid_name_or_label::InvalidNameOrLabel,
        invalid_port_name::InvalidPortName,
        invalid_quantity::InvalidQuantity,
        invalid_restart_policy::InvalidRestartPolicy,
        lingering_job::LingeringJob,
        managed_control_plane_monitor::ManagedControlPlaneMonitor,
        missing_anti_affinity::MissingAntiAffinity,
        missing_cron_deadline::MissingCronDeadline,
        missing_disruption_budget::MissingDisruptionBudget,
        missing_probe::MissingProbe,
        missing_resources::MissingResources,
        missing_volume::MissingVolume,
        mutable_image_tag::MutableImageTag,
        node_port_service::NodePortService,
        port_mismatch::PortMismatch,
        private_image_without_pull_secret::PrivateImageWithoutPullSecret,
        recreate_strategy::RecreateStrategy,
        removed_api_version::RemovedApiVersion,
        selector_mismatch::SelectorMismatch,
        single_arch_image_build::SingleArchImageBuild,
        single_replica::SingleReplica,
        ssh_port::SshPort,
        undeclared_probe_port::UndeclaredProbePort,
        unschedulable_workload::UnschedulableWorkload,
        unset_eviction_policy::UnsetEvictionPolicy,
        volume_access_mode_conflict::VolumeAccessModeConflict,
    }
    yaml {
        alias_bomb::AliasBomb,
        duplicate_key::DuplicateKey,
        implicit_type::ImplicitType,
        syntax_error::SyntaxError,
        tolerated_yaml::ToleratedYaml,
        unsubstituted_placeholder::UnsubstitutedPlaceholder,
    }
}

/// The rule of that name.
pub fn find(name: &str) -> Option<&'static dyn Rule> {
    all().into_iter().find(|rule| rule.meta().name == name)
}

/// The names of all rules.
pub fn names() -> Vec<&'static str> {
    all().iter().map(|rule| rule.meta().name).collect()
}
