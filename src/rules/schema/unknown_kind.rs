//! `unknown-kind`: see the page.

use crate::finding::{Confidence, GivenBy};
use crate::near::{did_you_mean, is_slip};
use crate::repo::Object;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::schema::{Found, KindInfo, all_kinds, published_kinds, removed, versions};
use crate::yaml::Node;

meta!(
    "unknown-kind",
    "schema",
    Error,
    Recommended,
    "0.2.0",
    "An object is of a kind or API version that nobody serves."
);

pub(crate) struct UnknownKind;

impl Rule for UnknownKind {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn check_object(&self, object: &Object, cx: &mut Context<'_>) {
        let (kind, group) = (&object.kind, &object.group);
        let Some(node) = object.at(&["apiVersion"]) else { return };
        let Some(api_version) = node.as_str().filter(|text| !text.is_empty() && !text.contains(['$', '{']))
        else {
            return;
        };
        if kind.ends_with("List") || is_no_resource(group, kind) {
            return;
        }
        let minor = cx.minor();
        let (mut instead, mut by_version, mut likely): (Option<String>, bool, bool) = (None, false, false);
        let at_kind = object.at(&["kind"]).map_or_else(|| object.place(), Node::place);
        let (place, message, help) = match cx.workspace.schema_of(object, minor) {
            Found::Native(..) | Found::Custom(_) | Found::Published(..) | Found::File(_) => return,
            // A group without a dot cannot belong to a custom resource; it may belong to input of some program.
            Found::Unknown
                if group.contains('.') || !all_kinds().iter().any(|it| it.kind == kind.as_str()) =>
            {
                let Some(slip) = misspelt(object) else { return };
                likely = true;
                instead = Some(slip.meant.clone());
                let place = if slip.is_kind { at_kind } else { node.place() };
                let message = format!("no project has a kind `{kind}` in `{api_version}`");
                (place, message, format!("did you mean `{}`?", slip.meant))
            }
            Found::OtherMinor(first, _) if first > minor.number => {
                by_version = true;
                (
                    node.place(),
                    format!(
                        "`{api_version}` has no {kind} in Kubernetes 1.{}: it comes with 1.{first}",
                        minor.number
                    ),
                    "use a version that the cluster serves".to_owned(),
                )
            }
            // What is gone is told by another rule.
            Found::OtherMinor(..) => return,
            Found::NotServed(_) if was_served_by_flux(&object.group, &object.version) => return,
            Found::NotServed(served) => {
                let known: Vec<String> =
                    served.iter().map(|version| format!("`{group}/{version}`")).collect();
                if let [version] = served.as_slice() {
                    instead = Some(format!("{group}/{version}"));
                }
                (
                    node.place(),
                    format!("the definition of {kind} does not serve `{api_version}`"),
                    format!("use {}", known.join(" or ")),
                )
            }
            Found::NotInGroup(known) if !known.is_empty() => {
                if removed(group, &object.version, kind).is_some() {
                    return;
                }
                let newest = known.iter().max_by_key(|it| it.minors).map_or("", |it| it.api_version);
                instead = Some(newest.to_owned());
                (
                    node.place(),
                    format!("Kubernetes has no `{api_version}` of {kind}"),
                    format!("use `{newest}`"),
                )
            }
            Found::NotInGroup(_) | Found::Unknown => {
                if removed(group, &object.version, kind).is_some() {
                    return;
                }
                let message = format!("Kubernetes has no kind `{kind}` in `{api_version}`");
                let mut elsewhere = all_kinds().iter().filter(|it| it.kind == kind.as_str());
                if let Some(known) = elsewhere.next() {
                    let group = known.api_version.rsplit_once('/').map_or("", |(group, _)| group);
                    let newest = versions(group, kind).max_by_key(|it| it.minors).unwrap_or(known);
                    instead = Some(newest.api_version.to_owned());
                    (node.place(), message, format!("{kind} is in `{}`", newest.api_version))
                } else {
                    let known =
                        all_kinds().iter().filter(|it| it.api_version == api_version).map(|it| it.kind);
                    let known = did_you_mean(kind, known);
                    instead = known.map(ToOwned::to_owned);
                    let help = known.map_or_else(
                        || "check `apiVersion` and `kind`".to_owned(),
                        |known| format!("did you mean `{known}`?"),
                    );
                    (at_kind, message, help)
                }
            }
        };
        let field = if place == node.place() { "apiVersion" } else { "kind" };
        let old = if field == "kind" { kind.as_str() } else { api_version };
        // A copy that nothing applies may be older than what the cluster has.
        let definition = cx.workspace.given_by(object);
        let definition = definition.map(|it| GivenBy { otherwise: Confidence::Possible, ..it });
        let report = cx.report(place, message).given_by(definition).object(object, Some(field)).help(help);
        let report = if likely { report.confidence(Confidence::Likely) } else { report };
        let report = if by_version { report.by_version(minor) } else { report };
        report.mend(|at, mender| Some(mender.set(at, old, &instead?)?.changing_apps()));
    }
}

/// What a kind or an API version of a well-known project was meant to be.
struct Misspelt {
    meant: String,
    is_kind: bool,
}

/// The kind or group of a well-known project that an object misses by a letter: nobody else has one that near.
fn misspelt(object: &Object) -> Option<Misspelt> {
    let (group, kind) = (object.group.as_str(), object.kind.as_str());
    if !group.contains('.') {
        return None;
    }
    let known = || published_kinds().iter().chain(all_kinds());
    let group_of = |it: &KindInfo| it.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let mut own = known().filter(|it| group_of(it) == group).peekable();
    if own.peek().is_some() {
        let own: Vec<&KindInfo> = own.collect();
        if own.iter().any(|it| it.kind == kind) {
            return None;
        }
        let near = own.iter().find(|it| kind.len() > 4 && is_slip(kind, it.kind))?;
        return Some(Misspelt { meant: near.kind.to_owned(), is_kind: true });
    }
    let near = known().find(|it| it.kind == kind && is_slip(group, group_of(it)))?;
    let version = object.version.as_str();
    Some(Misspelt { meant: format!("{}/{version}", group_of(near)), is_kind: false })
}

/// Whether Flux served a version once: that it is gone is told by another rule.
fn was_served_by_flux(group: &str, version: &str) -> bool {
    group.ends_with(".toolkit.fluxcd.io") && version.contains("beta")
}

/// Documents that look like objects of Kubernetes and are input of programs, or are answers of the API server.
fn is_no_resource(group: &str, kind: &str) -> bool {
    group.is_empty()
        && (matches!(kind, "Config" | "List" | "Template" | "Status" | "Values" | "DeleteOptions")
            || kind.starts_with("API"))
        || matches!(kind, "Eviction" | "Scale" | "TokenRequest" | "WatchEvent")
}
