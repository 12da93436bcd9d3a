//! The rules about `security`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod default_service_account_token;
mod denied_by_policy;
mod exec_grant;
mod ineffective_rbac_rule;
mod ingress_without_tls;
mod missing_network_policy;
mod missing_seccomp_profile;
mod plaintext_secret;
mod pod_security_violation;
mod privileged_role_binding;
mod unchecked_policy;
mod unrestricted_pod;
mod wildcard_rbac;
mod writable_root_filesystem;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &default_service_account_token::DefaultServiceAccountToken,
    &denied_by_policy::DeniedByPolicy,
    &exec_grant::ExecGrant,
    &ineffective_rbac_rule::IneffectiveRbacRule,
    &ingress_without_tls::IngressWithoutTls,
    &missing_network_policy::MissingNetworkPolicy,
    &missing_seccomp_profile::MissingSeccompProfile,
    &plaintext_secret::PlaintextSecret,
    &pod_security_violation::PodSecurityViolation,
    &privileged_role_binding::PrivilegedRoleBinding,
    &unchecked_policy::UncheckedPolicy,
    &unrestricted_pod::UnrestrictedPod,
    &wildcard_rbac::WildcardRbac,
    &writable_root_filesystem::WritableRootFilesystem,
];
