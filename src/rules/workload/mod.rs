//! The rules about `workload`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod deadlocked_disruption_budget;
mod deprecated_api_version;
mod deprecated_ingress_class;
mod deprecated_service_account_field;
mod disallowed_image_tag;
mod disallowed_registry;
mod duplicate_env_var;
mod duplicate_mount_path;
mod empty_disruption_budget;
mod fixed_autoscaler;
mod identical_probes;
mod immutable_job;
mod invalid_cron_schedule;
mod invalid_host_name;
mod invalid_image_reference;
mod invalid_name_or_label;
mod invalid_port_name;
mod invalid_quantity;
mod invalid_restart_policy;
mod lingering_job;
mod managed_control_plane_monitor;
mod missing_anti_affinity;
mod missing_cron_deadline;
mod missing_disruption_budget;
mod missing_probe;
mod missing_resources;
mod missing_topology_spread;
mod missing_volume;
mod misspelt_mounted_file;
mod mutable_image_tag;
mod node_port_service;
mod port_mismatch;
mod private_image_without_pull_secret;
mod recreate_strategy;
mod removed_api_version;
mod selector_mismatch;
mod single_arch_image_build;
mod single_replica;
mod ssh_port;
mod undeclared_probe_port;
mod unschedulable_workload;
mod unset_eviction_policy;
mod volume_access_mode_conflict;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &deadlocked_disruption_budget::DeadlockedDisruptionBudget,
    &deprecated_api_version::DeprecatedApiVersion,
    &deprecated_ingress_class::DeprecatedIngressClass,
    &deprecated_service_account_field::DeprecatedServiceAccountField,
    &disallowed_image_tag::DisallowedImageTag,
    &disallowed_registry::DisallowedRegistry,
    &duplicate_env_var::DuplicateEnvVar,
    &duplicate_mount_path::DuplicateMountPath,
    &empty_disruption_budget::EmptyDisruptionBudget,
    &fixed_autoscaler::FixedAutoscaler,
    &identical_probes::IdenticalProbes,
    &immutable_job::ImmutableJob,
    &invalid_cron_schedule::InvalidCronSchedule,
    &invalid_host_name::InvalidHostName,
    &invalid_image_reference::InvalidImageReference,
    &invalid_name_or_label::InvalidNameOrLabel,
    &invalid_port_name::InvalidPortName,
    &invalid_quantity::InvalidQuantity,
    &invalid_restart_policy::InvalidRestartPolicy,
    &lingering_job::LingeringJob,
    &managed_control_plane_monitor::ManagedControlPlaneMonitor,
    &missing_anti_affinity::MissingAntiAffinity,
    &missing_cron_deadline::MissingCronDeadline,
    &missing_disruption_budget::MissingDisruptionBudget,
    &missing_probe::MissingProbe,
    &missing_resources::MissingResources,
    &missing_topology_spread::MissingTopologySpread,
    &missing_volume::MissingVolume,
    &misspelt_mounted_file::MisspeltMountedFile,
    &mutable_image_tag::MutableImageTag,
    &node_port_service::NodePortService,
    &port_mismatch::PortMismatch,
    &private_image_without_pull_secret::PrivateImageWithoutPullSecret,
    &recreate_strategy::RecreateStrategy,
    &removed_api_version::RemovedApiVersion,
    &selector_mismatch::SelectorMismatch,
    &single_arch_image_build::SingleArchImageBuild,
    &single_replica::SingleReplica,
    &ssh_port::SshPort,
    &undeclared_probe_port::UndeclaredProbePort,
    &unschedulable_workload::UnschedulableWorkload,
    &unset_eviction_policy::UnsetEvictionPolicy,
    &volume_access_mode_conflict::VolumeAccessModeConflict,
];
