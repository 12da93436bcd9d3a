//! What the rules about keys of Secrets and ConfigMaps share: ask who provides one, report a key that it does not have.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::near::did_you_mean;
use crate::origin::Place;
use crate::relations::{Keys, Via};
use crate::repo::{Inventory, ObjectFacts};
use crate::world::{Answer, World};
use crate::yaml::Node;

use super::Context;

/// Reports every key of a Secret or ConfigMap that its providers do not have.
pub(super) fn report(inventory: &Inventory, cx: &mut Context<'_>, kind: &str) {
    let world = World::new(inventory, &cx.workspace.config);
    for object in &inventory.objects {
        for reference in object.references.iter().filter(|it| it.kind == kind && !it.optional) {
            let (Some(key), Some(place)) = (&reference.key, reference.key_place) else { continue };
            let namespace = reference.namespace.as_deref().unwrap_or(&object.namespace);
            let declared = world.external("", kind, namespace, &reference.name);
            // What is declared without keys may have any.
            let theirs = match declared.map(|it| it.keys.as_deref()) {
                Some(None) => continue,
                Some(Some(keys)) => keys,
                None => &[],
            };
            let (providers, mut keys) = match world.look_up(object.app, &object.namespace, reference) {
                Answer::Provided(providers, Keys::Known(keys)) => (providers, keys),
                Answer::Provided(_, Keys::Unknown) => continue,
                _ if declared.is_some() => (Vec::new(), BTreeSet::new()),
                _ => continue,
            };
            keys.extend(theirs.iter().map(|key| key.value.clone()));
            if keys.contains(key) {
                continue;
            }
            let message = format!(
                "{} `{}` needs key `{key}` of {kind} `{}`, which has no such key",
                object.kind, object.name, reference.name
            );
            let close = did_you_mean(key, keys.iter().map(SmolStr::as_str));
            let help = match close {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("its keys: {}", keys.iter().take(8).cloned().collect::<Vec<_>>().join(", ")),
            };
            let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
            let mut object_ref = object.to_ref(cluster);
            object_ref.field = Some(reference.field.to_string());
            let field = reference.field.to_string();
            let field = field.rsplit_once('.').map_or("", |(parent, _)| parent).to_owned();
            let mut report = cx.report(place, message).object_ref(object_ref).apps([object.app]).help(help);
            report = report.mend(|at, mender| {
                Some(mender.spell(at, key, close?)?.changing([field.as_str()]).not_safe())
            });
            for provider in providers.iter().take(3) {
                report = report.related(provider.place, format!("provided by this {}", provider.kind));
                if let Some(place) = close.and_then(|close| place_of(provider, close)) {
                    report = report.related(place, "the nearest of its keys");
                }
            }
            if let Some(declared) = declared {
                report = report.related(declared.name.place, "declared here");
            }
            if matches!(reference.via, Via::Values | Via::Custom) {
                report.likely();
            }
        }
    }
}

/// Where an ExternalSecret says a key of the Secret that it makes.
fn place_of(provider: &ObjectFacts, key: &str) -> Option<Place> {
    let node = provider.node.as_deref()?;
    let fetched = node.items(&["spec", "data"]).iter().filter_map(|it| it.get("secretKey"));
    let mut fetched = fetched.filter(|it| it.as_str() == Some(key));
    fetched.next().map(Node::place)
}
