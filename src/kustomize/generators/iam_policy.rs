//! `IAMPolicyGenerator`: a ServiceAccount of a cluster that acts as one of Google Cloud.
//!
//! Mirrors `IAMPolicyGenerator` (`api/internal/builtins`) and `api/filters/iampolicygenerator`.

use crate::yaml::{Key, Map, Node};

use super::super::context::Context;
use super::super::factory;
use super::super::failure::{Failure, Result};
use super::super::go_json::get;
use super::super::kustomization::text;
use super::super::resource::Resource;
use super::Maker;

/// The annotation by which the cluster's account names the cloud's.
const ANNOTATION: &str = "iam.gke.io/gcp-service-account";

/// What a configuration makes.
pub(super) fn generate(config: &Node, cx: &mut Context<'_>) -> Result<Vec<Resource>> {
    let field = |outer: &str, inner: &str| get(config, outer).and_then(|node| text(node, inner));
    let cloud = text(config, "cloud");
    let provider = cloud.as_ref().map_or("", |cloud| &cloud.value);
    if provider != "gke" {
        let place = cloud.as_ref().map_or(config.place(), |cloud| cloud.place);
        return Err(Failure::at(place, format!("cloud provider {provider} not supported yet")));
    }
    let mut maker = Maker { cx, entry: config.place() };
    let fixed = maker.fixed();
    let mut made = |written: Option<&crate::kustomize::kustomization::Text>| {
        let place = written.map_or(fixed, |text| maker.place(text.place));
        Node::string(written.map(|text| text.value.clone()).unwrap_or_default(), place)
    };
    let account = field("serviceAccount", "name");
    let project = field("serviceAccount", "projectId");
    let part = |text: &Option<crate::kustomize::kustomization::Text>| {
        text.as_ref().map(|text| text.value.clone()).unwrap_or_default()
    };
    let mut address = made(account.as_ref());
    address.data = crate::yaml::Data::Scalar(
        format!("{}@{}.iam.gserviceaccount.com", part(&account), part(&project)).into(),
    );
    let mut metadata = Map::new();
    let mut annotations = Map::new();
    annotations.insert(Key::new(ANNOTATION, fixed), address);
    metadata.insert(Key::new("annotations", fixed), Node::map(annotations, fixed));
    metadata.insert(Key::new("name", fixed), made(field("kubernetesService", "name").as_ref()));
    if let Some(namespace) = field("kubernetesService", "namespace").filter(|it| !it.value.is_empty()) {
        metadata.insert(Key::new("namespace", fixed), made(Some(&namespace)));
    }
    let mut object = Map::new();
    object.insert(Key::new("apiVersion", fixed), Node::string("v1", fixed));
    object.insert(Key::new("kind", fixed), Node::string("ServiceAccount", fixed));
    object.insert(Key::new("metadata", fixed), Node::map(metadata, fixed));
    factory::from_nodes(vec![Node::map(object, fixed)], maker.cx)
}
