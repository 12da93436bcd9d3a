//! `private-image-without-pull-secret`: see the page.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::k8s::Image;
use crate::origin::Place;
use crate::repo::{Inventory, Labels, ObjectFacts};
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
        let guarded = guarded(inventory, &world);
        let on_azure = OnceCell::new();
        // What a published chart pulls by default, everybody pulls.
        let (workspace, sources) = (cx.workspace, cx.sources());
        let is_published = |place: Place| {
            let at = Labels::of(place, &inventory.origins, workspace).primary.at;
            sources.get(at.file).is_some_and(|file| file.home().is_copy())
        };
        for object in inventory.objects.iter().filter(|object| missing::is_deployed(inventory, object)) {
            let Some(pod) = object.pod.as_ref().filter(|pod| !pod.pull_secrets) else { continue };
            let cluster = inventory.app(object.app).map_or("", |entry| entry.app.cluster.as_str());
            let on_azure = || *on_azure.get_or_init(|| shows_azure(cx));
            let private = |(text, place, _): &&(SmolStr, Place, Box<str>)| {
                let Ok(image) = Image::parse(text) else { return false };
                images::matches_image(&config.public, &image).is_none()
                    && (images::matches_image(&config.private, &image).is_some()
                        || is_azure(image.registry)
                            && !pulls_by_itself(cx, cluster)
                            && (guarded.contains(image.registry) || !on_azure() && !is_published(*place)))
            };
            let Some((text, place, field)) = pod.images.iter().find(private) else { continue };
            // The account of the pod may carry the secret; unless it is rendered, nobody knows.
            let accounts = accounts(&world, object, &pod.service_account);
            if accounts.iter().any(|account| carries(account))
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

/// The ServiceAccount of an object's pods.
fn accounts<'a>(world: &World<'a>, object: &ObjectFacts, name: &str) -> Vec<&'a ObjectFacts> {
    let named = world.named(object.app, "", "ServiceAccount", name);
    named.filter(|account| account.namespace == object.namespace).collect()
}

/// Whether a ServiceAccount brings a pull secret.
fn carries(account: &ObjectFacts) -> bool {
    account.references.iter().any(|it| it.field.starts_with("imagePullSecrets"))
}

/// Registries of Azure that some pods of the repository need a pull secret for.
fn guarded<'a>(inventory: &'a Inventory, world: &World<'a>) -> BTreeSet<&'a str> {
    let mut guarded = BTreeSet::new();
    for object in &inventory.objects {
        let Some(pod) = object.pod.as_deref() else { continue };
        let registries = pod.images.iter().filter_map(|(text, ..)| Image::parse(text).ok());
        let registries: Vec<&str> =
            registries.map(|image| image.registry).filter(|registry| is_azure(registry)).collect();
        let has_secret = || {
            let accounts = accounts(world, object, &pod.service_account);
            pod.pull_secrets || accounts.iter().any(|account| carries(account))
        };
        if !registries.is_empty() && has_secret() {
            guarded.extend(registries);
        }
    }
    guarded
}

/// The registries of Azure serve nobody without a login unless their owner allows it, which few do.
fn is_azure(registry: &str) -> bool {
    [".azurecr.io", ".azurecr.cn", ".azurecr.us"].iter().any(|end| registry.ends_with(end))
}

/// Whether the repository speaks of things that only clusters on Azure have, whose nodes log in by themselves.
fn shows_azure(cx: &Context<'_>) -> bool {
    const SIGNS: [&str; 6] = [
        "kubernetes.azure.com/",
        "beta.kubernetes.io/azure-",
        "azure.workload.identity/",
        "disk.csi.azure.com",
        "file.csi.azure.com",
        "az aks ",
    ];
    cx.texts().any(|(_, file)| SIGNS.iter().any(|sign| file.text_or_empty().contains(sign)))
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
