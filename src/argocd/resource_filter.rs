//! Objects that Argo CD leaves alone: `resource.exclusions` and `resource.inclusions` of `argocd-cm`.
//!
//! Mirrors `util/settings/{filtered_resource,resources_filter}.go`.

use std::ops::Range;

use smol_str::SmolStr;

use crate::golang::Glob;
use crate::origin::{Locate, Place};
use crate::yaml::{Dialect, Node, parse_text};

/// An entry of `resource.exclusions` or `resource.inclusions`.
#[derive(Debug, Clone)]
pub struct ResourceFilter {
    /// `apiGroups`, globs; empty matches all.
    pub api_groups: Vec<SmolStr>,
    /// `kinds`, exact or `*`; empty matches all.
    pub kinds: Vec<SmolStr>,
    /// `clusters`, globs over the URL of the cluster; empty matches all.
    pub clusters: Vec<SmolStr>,
}

/// What Argo CD never manages, whatever is configured.
const CORE: [(&str, &str); 4] =
    [("events.k8s.io", "*"), ("metrics.k8s.io", "*"), ("", "Event"), ("coordination.k8s.io", "Lease")];

/// Everything in a setting is where the setting is.
struct At(Place);

impl Locate for At {
    fn locate(&mut self, _: Range<usize>) -> Place {
        self.0
    }
}

impl ResourceFilter {
    /// The entries of a setting. One that cannot be read has none: Argo CD logs it and filters nothing.
    pub fn read(setting: &Node) -> Vec<Self> {
        let text = setting.as_str().unwrap_or_default();
        let mut parsed = parse_text(text, Dialect::Sigs, &mut At(setting.place()));
        let Some(mut root) = parsed.documents.first_mut().and_then(|document| document.root.take()) else {
            return Vec::new();
        };
        if root.canonicalize(Dialect::Sigs).is_err() {
            return Vec::new();
        }
        let texts = |item: &Node, key: &str| -> Vec<SmolStr> {
            item.items(&[key]).iter().filter_map(Node::as_str).map(SmolStr::new).collect()
        };
        let entries = root.seq_or_empty().iter().map(|item| Self {
            api_groups: texts(item, "apiGroups"),
            kinds: texts(item, "kinds"),
            clusters: texts(item, "clusters"),
        });
        entries.collect()
    }

    fn matches(&self, group: &str, kind: &str, cluster: &str) -> bool {
        matches_any(&self.api_groups, group)
            && (self.kinds.is_empty() || self.kinds.iter().any(|known| known == "*" || known == kind))
            && self.matches_cluster(cluster)
    }

    fn matches_cluster(&self, cluster: &str) -> bool {
        matches_any(&self.clusters, cluster)
    }
}

/// Whether a glob of the list matches; a list without any matches all.
fn matches_any(globs: &[SmolStr], text: &str) -> bool {
    let hit = |pattern: &SmolStr| Glob::new(pattern, &[]).is_some_and(|glob| glob.matches(text));
    globs.is_empty() || globs.iter().any(hit)
}

/// Whether Argo CD leaves objects of a kind alone on a cluster. Inclusions leave out the rest only on the clusters
/// that they speak of.
pub(super) fn is_excluded(
    exclusions: &[ResourceFilter],
    inclusions: &[ResourceFilter],
    group: &str,
    kind: &str,
    cluster: &str,
) -> bool {
    let is_core = CORE.iter().any(|(core, kinds)| *core == group && (*kinds == "*" || *kinds == kind));
    let hit = |filters: &[ResourceFilter]| filters.iter().any(|filter| filter.matches(group, kind, cluster));
    let limited = || inclusions.iter().any(|filter| filter.matches_cluster(cluster));
    is_core || hit(exclusions) || (!hit(inclusions) && limited())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::parse;

    #[test]
    fn excludes_like_argo() {
        let sources = Sources::new();
        let read = |text: &str| {
            let file = sources.add("cm", format!("data: |\n  {}\n", text.replace('\n', "\n  ")).into());
            let root = parse(&file).documents.remove(0).root.unwrap();
            ResourceFilter::read(root.get("data").unwrap())
        };
        let by_group = "- apiGroups: [\"*.cilium.io\"]\n  kinds: [CiliumIdentity]";
        let by_cluster = "- kinds: [Secret]\n  clusters: [https://prod*]";
        for (exclusions, inclusions, group, kind, cluster, want) in [
            ("", "", "", "Event", "c", true),
            ("", "", "events.k8s.io", "Event", "c", true),
            ("", "", "coordination.k8s.io", "Lease", "c", true),
            ("", "", "coordination.k8s.io", "Other", "c", false),
            ("", "", "apps", "Deployment", "c", false),
            (by_group, "", "v2.cilium.io", "CiliumIdentity", "c", true),
            (by_group, "", "v2.cilium.io", "CiliumEndpoint", "c", false),
            (by_group, "", "cilium.io", "CiliumIdentity", "c", false),
            (by_cluster, "", "", "Secret", "https://prod-1", true),
            (by_cluster, "", "", "Secret", "https://dev", false),
            ("- {}", "", "any", "Thing", "c", true),
            ("- kinds: [\"*\"]\n  apiGroups: [\"\"]", "", "", "Pod", "c", true),
            ("- kinds: [\"*\"]\n  apiGroups: [\"\"]", "", "apps", "Deployment", "c", false),
            ("", "- kinds: [Deployment]", "apps", "Deployment", "c", false),
            ("", "- kinds: [Deployment]", "", "Service", "c", true),
            ("- kinds: [Deployment]", "- kinds: [Deployment]", "apps", "Deployment", "c", true),
            ("not a list", "", "apps", "Deployment", "c", false),
            ("- [", "", "apps", "Deployment", "c", false),
        ] {
            let got = is_excluded(&read(exclusions), &read(inclusions), group, kind, cluster);
            assert_eq!(got, want, "{exclusions} {inclusions} {group} {kind} {cluster}");
        }
    }
}
