//! The rules about `references`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod colliding_ingress_host;
mod duplicate_node_port;
mod malformed_url;
mod missing_admission_policy;
mod missing_config_map;
mod missing_config_map_key;
mod missing_custom_resource_definition;
mod missing_gateway;
mod missing_headless_service;
mod missing_ingress_class;
mod missing_issuer;
mod missing_namespace;
mod missing_persistent_volume_claim;
mod missing_priority_class;
mod missing_reference_grant;
mod missing_role;
mod missing_route;
mod missing_scale_target;
mod missing_secret;
mod missing_secret_key;
mod missing_secret_provider_class;
mod missing_secret_store;
mod missing_secret_store_namespace;
mod missing_service;
mod missing_service_account;
mod missing_service_port;
mod missing_storage_class;
mod misspelt_class;
mod misspelt_host;
mod misspelt_key;
mod odd_secret_key;
mod renamed_sealed_secret;
mod secret_store_namespace_forbidden;
mod stray_object;
mod tls_without_secret;
mod unattached_route;
mod unfetched_secret_object;
mod unfetched_template_key;
mod unmatched_affinity;
mod unmatched_named_port;
mod unmatched_selector;
mod unused_persistent_volume_claim;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &colliding_ingress_host::CollidingIngressHost,
    &duplicate_node_port::DuplicateNodePort,
    &malformed_url::MalformedUrl,
    &missing_admission_policy::MissingAdmissionPolicy,
    &missing_config_map::MissingConfigMap,
    &missing_config_map_key::MissingConfigMapKey,
    &missing_custom_resource_definition::MissingCustomResourceDefinition,
    &missing_gateway::MissingGateway,
    &missing_headless_service::MissingHeadlessService,
    &missing_ingress_class::MissingIngressClass,
    &missing_issuer::MissingIssuer,
    &missing_namespace::MissingNamespace,
    &missing_persistent_volume_claim::MissingPersistentVolumeClaim,
    &missing_priority_class::MissingPriorityClass,
    &missing_reference_grant::MissingReferenceGrant,
    &missing_role::MissingRole,
    &missing_route::MissingRoute,
    &missing_scale_target::MissingScaleTarget,
    &missing_secret::MissingSecret,
    &missing_secret_key::MissingSecretKey,
    &missing_secret_provider_class::MissingSecretProviderClass,
    &missing_secret_store::MissingSecretStore,
    &missing_secret_store_namespace::MissingSecretStoreNamespace,
    &missing_service::MissingService,
    &missing_service_account::MissingServiceAccount,
    &missing_service_port::MissingServicePort,
    &missing_storage_class::MissingStorageClass,
    &misspelt_class::MisspeltClass,
    &misspelt_host::MisspeltHost,
    &misspelt_key::MisspeltKey,
    &odd_secret_key::OddSecretKey,
    &renamed_sealed_secret::RenamedSealedSecret,
    &secret_store_namespace_forbidden::SecretStoreNamespaceForbidden,
    &stray_object::StrayObject,
    &tls_without_secret::TlsWithoutSecret,
    &unattached_route::UnattachedRoute,
    &unfetched_secret_object::UnfetchedSecretObject,
    &unfetched_template_key::UnfetchedTemplateKey,
    &unmatched_affinity::UnmatchedAffinity,
    &unmatched_named_port::UnmatchedNamedPort,
    &unmatched_selector::UnmatchedSelector,
    &unused_persistent_volume_claim::UnusedPersistentVolumeClaim,
];
