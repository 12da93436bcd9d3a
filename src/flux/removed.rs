//! API versions that Flux served once: its release notes say which minor version took them out of the definitions.

/// An API version that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedApi {
    /// The minor version of Flux 2 that does not have it any more.
    pub since: u64,
    /// The version to use.
    pub instead: &'static str,
}

/// Groups (before `.toolkit.fluxcd.io`), version, the minor version of Flux 2 without it, the version to use.
#[rustfmt::skip]
const REMOVED: [(&[&str], &str, u64, &str); 8] = [
    (&["source", "kustomize", "image"], "v1beta1", 7, "v1"),
    (&["notification"], "v1beta1", 7, "v1beta3"),
    (&["helm"], "v2beta1", 7, "v2"),
    (&["source", "kustomize"], "v1beta2", 8, "v1"),
    (&["helm"], "v2beta2", 8, "v2"),
    (&["image"], "v1beta2", 9, "v1"),
    (&["notification"], "v1beta2", 9, "v1beta3"),
    (&["source", "kustomize", "notification", "image"], "v1alpha1", 7, "v1"),
];

/// What is known of an API version that Flux does not serve any more.
pub fn removed_api(group: &str, version: &str, kind: &str) -> Option<RemovedApi> {
    let group = group.strip_suffix(".toolkit.fluxcd.io")?;
    let is_it = |(groups, its, ..): &&(&[&str], &str, u64, &str)| *its == version && groups.contains(&group);
    let (_, _, since, instead) = REMOVED.iter().find(is_it)?;
    // Of the notifications, receivers alone are stable.
    let instead = if kind == "Receiver" { "v1" } else { instead };
    Some(RemovedApi { since: *since, instead })
}
