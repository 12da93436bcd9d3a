//! Configuration in files: `configurations`, `crds` and `openapi`.
//!
//! Mirrors `api/internal/plugins/builtinconfig/loaddefaultconfig.go`, `api/internal/accumulator/loadconfigfromcrds.go`.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::k8s::{Gvk, OpenApi};
use crate::origin::Place;
use crate::source::SourceFile;
use crate::yaml::{Dialect, Node};

use super::super::context::Context;
use super::super::failure::{Failure, Result, Wrap};
use super::super::go_json::{self, get};
use super::super::kustomization::{Text, field_spec, schema};
use super::super::loader::Loader;
use super::{FieldSpec, NameBackReferences, TransformerConfig, merge_specs};

/// The first document of a file, canonical.
fn read(loaded: &Arc<SourceFile>, cx: &Context<'_>) -> Result<Node> {
    let stream = cx.cache.stream_as(loaded, Dialect::Sigs);
    let whole = Place::written(loaded.span());
    let refuse = |problem: &crate::yaml::YamlProblem| {
        let message = format!("error converting YAML to JSON: {}", problem.go_message(Dialect::Sigs));
        Failure::at(Place::written(problem.at), message)
    };
    let Some(document) = stream.documents.first() else { return Ok(Node::null(whole)) };
    if let Some(problem) = document.error.as_deref() {
        return Err(refuse(problem));
    }
    let mut node = document.root.clone().unwrap_or_else(|| Node::null(whole));
    node.canonicalize(Dialect::Sigs).map_err(|problem| refuse(&problem))?;
    Ok(node)
}

/// Field specs in a list.
pub(in super::super) fn load_field_specs(node: &Node, key: &str) -> Vec<FieldSpec> {
    get(node, key).map(Node::seq_or_empty).unwrap_or_default().iter().map(field_spec).collect()
}

/// What `configurations` says.
pub(in super::super) fn load_files(
    loader: &Loader,
    files: &[Text],
    cx: &mut Context<'_>,
) -> Result<Arc<TransformerConfig>> {
    let mut config = Arc::new(TransformerConfig::default());
    for file in files {
        let loaded = loader.load(&file.value, cx).or_at(file.place)?;
        let node = read(&loaded, cx)?;
        go_json::check(&node, &schema::TRANSFORMER_CONFIG).map_err(|misfit| {
            let message = misfit.message.trim_start_matches("json: ");
            Failure::at(
                misfit.place,
                format!("error unmarshaling JSON: while decoding JSON: json: {message}"),
            )
        })?;
        let mut own = TransformerConfig {
            name_prefix: load_field_specs(&node, "namePrefix"),
            name_suffix: load_field_specs(&node, "nameSuffix"),
            namespace: load_field_specs(&node, "namespace"),
            common_labels: load_field_specs(&node, "commonLabels"),
            labels: load_field_specs(&node, "labels"),
            template_labels: load_field_specs(&node, "templateLabels"),
            common_annotations: load_field_specs(&node, "commonAnnotations"),
            name_reference: Vec::new(),
            var_reference: load_field_specs(&node, "varReference"),
            images: load_field_specs(&node, "images"),
            replicas: load_field_specs(&node, "replicas"),
        };
        for reference in get(&node, "nameReference").map(Node::seq_or_empty).unwrap_or_default() {
            let gvk = field_spec(reference).gvk;
            let referrers = load_field_specs(reference, "fieldSpecs");
            own.name_reference.push(NameBackReferences { gvk, referrers });
        }
        own.sort();
        config = TransformerConfig::merge(&config, &Arc::new(own)).or_at(file.place)?;
    }
    Ok(config)
}

/// What `openapi.path` holds.
pub(in super::super) fn load_openapi(loaded: &Arc<SourceFile>, cx: &Context<'_>) -> Result<OpenApi> {
    Ok(OpenApi::from_document(&read(loaded, cx)?))
}

/// How deep references between definitions are followed.
const MAX_REFERENCES: usize = 32;

/// What the extensions in the OpenAPI definitions of `crds` say.
pub(in super::super) fn load_crds(
    loader: &Loader,
    files: &[Text],
    cx: &mut Context<'_>,
) -> Result<Arc<TransformerConfig>> {
    let mut config = TransformerConfig::default();
    for file in files {
        let loaded = loader.load(&file.value, cx).or_at(file.place)?;
        let unreadable = || format!("unable to parse open API definition from '{}'", file.value);
        let definitions = read(&loaded, cx).wrap(unreadable)?;
        if definitions.as_map().is_none() && !definitions.is_null() {
            let message = "json: cannot unmarshal into Go value of type accumulator.nameToApiMap";
            return Err(Failure::at(definitions.place(), message).wrap(unreadable()));
        }
        for entry in definitions.entries() {
            let is_type = |properties: &Node| {
                ["kind", "apiVersion", "metadata"].iter().all(|name| properties.get(name).is_some())
            };
            if properties(&entry.value).is_some_and(is_type) {
                let kind = entry.key.text.rsplit('.').next().unwrap_or_default();
                let gvk = Gvk::new("", "", kind);
                let mut crds = Crds { definitions: &definitions, gvk: &gvk, config: &mut config };
                crds.read(&entry.key.text, &mut Vec::new()).or_at(file.place)?;
            }
        }
    }
    config.sort();
    Ok(Arc::new(config))
}

fn properties(definition: &Node) -> Option<&Node> {
    get(get(definition, "Schema")?, "properties")
}

/// Reads the definitions of one kind.
struct Crds<'a> {
    definitions: &'a Node,
    gvk: &'a Gvk,
    config: &'a mut TransformerConfig,
}

impl<'a> Crds<'a> {
    fn read(&mut self, name: &str, path: &mut Vec<&'a str>) -> Result<()> {
        let definition: Option<&'a Node> = self.definitions.get(name);
        if path.len() > MAX_REFERENCES {
            return Ok(());
        }
        for entry in definition.and_then(properties).map(Node::entries).unwrap_or_default() {
            path.push(&entry.key.text);
            let result = self.property(&entry.value, path);
            path.pop();
            result?;
        }
        Ok(())
    }

    fn property(&mut self, property: &'a Node, path: &mut Vec<&'a str>) -> Result<()> {
        let text = |key: &str| property.get(key).and_then(Node::as_str);
        let spec = |path: &str| FieldSpec { gvk: self.gvk.clone(), path: path.into(), create: false };
        let here = path.join("/");
        if text("x-kubernetes-annotation").is_some() {
            merge_specs(&mut self.config.common_annotations, &[spec(&here)])?;
        }
        if text("x-kubernetes-label-selector").is_some() {
            merge_specs(&mut self.config.common_labels, &[spec(&here)])?;
        }
        if text("x-kubernetes-identity").is_some() {
            merge_specs(&mut self.config.name_prefix, &[spec(&here)])?;
        }
        let version = text("x-kubernetes-object-ref-api-version");
        if let (Some(version), Some(kind)) = (version, text("x-kubernetes-object-ref-kind")) {
            let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let gvk = Gvk { group: SmolStr::default(), version: version.into(), kind: kind.into() };
            let referrers = vec![spec(&format!("{here}/{key}"))];
            self.config.add_name_reference(&NameBackReferences { gvk, referrers })?;
        }
        match text("$ref").filter(|name| !name.is_empty()) {
            Some(name) => self.read(name, path),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        let table = include_str!("../../../fixtures/kustomize/configurations.yaml");
        crate::kustomize::filters::testing::check(table);
    }
}
