//! `private-image-without-pull-secret`: see the page.

use smol_str::SmolStr;

use crate::k8s::Image;
use crate::origin::Place;
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, images, meta, missing};
use crate::world::World;

meta!(
    "private-image-without-pull-secret",
    "workload",
    Warning,
    Recommended,
    "0.1.0",
    "An image of a private registry is pulled without a pull secret."
);

pub(crate) struct PrivateImageWithoutPullSecret;

impl Rule for PrivateImageWithoutPullSecret {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let world = World::new(inventory, &cx.workspace.config);
        let config = &cx.workspace.config.images;
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            let Some(pod) = object.pod.as_ref().filter(|pod| !pod.pull_secrets) else { continue };
            let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
            let private = |(text, ..): &&(SmolStr, Place, Box<str>)| {
                let Ok(image) = Image::parse(text) else { return false };
                images::matches_image(&config.public, &image).is_none()
                    && (images::matches_image(&config.private, &image).is_some()
                        || is_private(image.registry) && !pulls_by_itself(cx, cluster))
            };
            let Some((text, place, field)) = pod.images.iter().find(private) else { continue };
            // The account of the pod may carry the secret; unless it is rendered, nobody knows.
            let accounts: Vec<&ObjectFacts> = world
                .named(object.app, "", "ServiceAccount", &pod.service_account)
                .filter(|account| account.namespace == object.namespace)
                .collect();
            let carries = |account: &&ObjectFacts| {
                account.references.iter().any(|it| it.field.starts_with("imagePullSecrets"))
            };
            if accounts.iter().any(carries)
                || (accounts.is_empty() && world.open(object.app, &object.namespace, false).is_some())
            {
                continue;
            }
            let mut object_ref = object.to_ref(cluster);
            object_ref.field = Some(field.to_string());
            let message = format!(
                "{} `{}` pulls `{text}` from a private registry without a pull secret",
                object.kind, object.name
            );
            let mut report = cx.report(*place, message)
                .apps([object.app])
                .object_ref(object_ref)
                .help("name a Secret in `imagePullSecrets` of the pod or of its ServiceAccount, or list the registry under `images.public`");
            for account in accounts.iter().take(1) {
                report = report.related(account.place, "its ServiceAccount has none either");
            }
        }
    }
}

/// Registries that serve nobody without a login.
fn is_private(registry: &str) -> bool {
    registry.ends_with(".azurecr.io")
        || registry.ends_with(".azurecr.cn")
        || registry.ends_with(".azurecr.us")
}

/// Nodes of the provider that owns the registry log in by themselves.
fn pulls_by_itself(cx: &Context<'_>, cluster: &str) -> bool {
    let clusters = &cx.workspace.config.clusters;
    let of_app = |it: &&crate::config::Cluster| {
        it.name.value == cluster || it.server.as_ref().is_some_and(|server| server.value == cluster)
    };
    clusters
        .iter()
        .find(of_app)
        .and_then(|it| it.provider.as_ref())
        .is_some_and(|provider| provider.value == "aks")
}
