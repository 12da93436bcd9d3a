//! `unserved-api-version`: see the page.

use crate::origin::Place;
use crate::repo::{AppEntry, Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, missing, workloads};
use crate::yaml::Node;

meta!(
    "unserved-api-version",
    "schema",
    Error,
    Recommended,
    "0.3.0",
    "An object uses an API version that the operator of the repository does not serve any more."
);

pub(crate) struct UnservedApiVersion;

/// A version of a group that an operator has stopped to serve.
struct Gone {
    chart: &'static str,
    group: &'static str,
    versions: &'static [&'static str],
    /// The first version of the chart that does not serve them.
    since: (u64, u64),
    instead: &'static str,
    /// A value of the chart that serves them nevertheless.
    unless: &'static str,
}

/// From the release notes of the operators, each of which says that it does not serve the version any more.
const GONE: [Gone; 3] = [
    Gone {
        chart: "external-secrets",
        group: "external-secrets.io",
        versions: &["v1beta1"],
        since: (0, 17),
        instead: "v1",
        unless: "unsafeServeV1Beta1",
    },
    Gone {
        chart: "cert-manager",
        group: "cert-manager.io",
        versions: &["v1alpha2", "v1alpha3", "v1beta1"],
        since: (1, 6),
        instead: "v1",
        unless: "",
    },
    Gone {
        chart: "karpenter",
        group: "karpenter.sh",
        versions: &["v1beta1"],
        since: (1, 1),
        instead: "v1",
        unless: "",
    },
];

impl Rule for UnservedApiVersion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for gone in &GONE {
            let of_group =
                |it: &&ObjectFacts| it.group == gone.group && gone.versions.contains(&it.version.as_str());
            let mut objects = inventory.objects.iter().filter(of_group).peekable();
            if objects.peek().is_none() {
                continue;
            }
            // Where clusters have several versions of it, nobody knows which one an object meets.
            let Some(operators) = operators(inventory, gone) else { continue };
            let is_past =
                |(_, version): &(Operator<'_>, String)| minor(version).is_some_and(|it| it >= gone.since);
            let Some((operator, version)) = operators.first().filter(|_| operators.iter().all(is_past))
            else {
                continue;
            };
            for object in objects.filter(|it| missing::is_deployed(inventory, it)) {
                let node = object.node.as_deref().and_then(|node| node.get("apiVersion"));
                let message = format!(
                    "{} `{}` uses `{}/{}`, which {} {version} does not serve",
                    object.kind, object.name, object.group, object.version, gone.chart
                );
                let report = cx
                    .report(node.map_or(object.place, Node::place), message)
                    .apps([object.app])
                    .object_ref(workloads::field_ref(inventory, object, "apiVersion"))
                    .help(format!("use `{}/{}`", gone.group, gone.instead));
                match operator {
                    Operator::Release(place) => report.related(*place, INSTALLED),
                    Operator::App(entry, place) => report.related(entry.app.spot(*place), INSTALLED),
                };
            }
        }
    }
}

const INSTALLED: &str = "installed here";

/// What installs an operator: a HelmRelease, or an Application with the place of its version.
enum Operator<'a> {
    Release(Place),
    App(&'a AppEntry, Place),
}

/// The first two numbers of a version or of a range.
fn minor(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.trim_start_matches(|c: char| !c.is_ascii_digit()).split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Where the operator is installed, and in which version; none where it serves the old version on purpose.
fn operators<'a>(inventory: &'a Inventory, gone: &Gone) -> Option<Vec<(Operator<'a>, String)>> {
    let mut found = Vec::new();
    let serves =
        |node: &Node| !gone.unless.is_empty() && node.find_text(&|text| text.contains(gone.unless)).is_some();
    for release in inventory.of_kind("HelmRelease").filter(|it| it.group == "helm.toolkit.fluxcd.io") {
        let Some(node) = release.node.as_deref() else { continue };
        let chart = node.at_path(&["spec", "chart", "spec"]);
        let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let version = match chart {
            Some(chart) if text(chart, "chart").as_deref() == Some(gone.chart) => text(chart, "version"),
            Some(_) => continue,
            None => {
                let Some(name) = node.at_path(&["spec", "chartRef"]).and_then(|it| text(it, "name")) else {
                    continue;
                };
                let mut sources = inventory.of_kind("OCIRepository").filter(|it| it.name == name);
                let Some(source) = sources.find_map(|it| it.node.as_deref()) else { continue };
                let url = source.at_path(&["spec", "url"]).and_then(Node::as_str).unwrap_or_default();
                if url.rsplit('/').next() != Some(gone.chart) {
                    continue;
                }
                let reference = source.at_path(&["spec", "ref"]);
                reference.and_then(|it| text(it, "tag").or_else(|| text(it, "semver")))
            }
        };
        if serves(node) {
            return None;
        }
        found.push((Operator::Release(release.place), version.unwrap_or_default()));
    }
    for entry in &inventory.apps {
        for source in entry.app.application().iter().flat_map(|it| &it.sources) {
            if source.chart.as_ref().is_some_and(|chart| chart.value == gone.chart) {
                // What stands in its values files is not known here.
                let reads_values = source.node.at_path(&["helm", "valueFiles"]).is_some();
                if serves(&source.node) || reads_values && !gone.unless.is_empty() {
                    return None;
                }
                let place = source.target_revision.as_ref().map_or(entry.app.place, |it| it.place);
                found.push((Operator::App(entry, place), source.target_revision().to_owned()));
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn reads_versions_and_ranges() {
        for (version, want) in [
            ("0.17.0", Some((0, 17))),
            ("v1.18.2", Some((1, 18))),
            (">=0.9.x", Some((0, 9))),
            ("0.10", Some((0, 10))),
            ("*", None),
            ("", None),
            ("1", None),
        ] {
            assert_eq!(minor(version), want, "{version}");
        }
    }
}
