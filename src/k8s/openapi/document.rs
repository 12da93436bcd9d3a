//! Reads an OpenAPI document of a repository: the `definitions` that kustomize accepts in `openapi.path`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::yaml::Node;

use super::{OpenApi, Shape, Type};

/// References to references stop here; a document may lead in a circle.
const MAX_REFERENCES: usize = 32;

impl OpenApi {
    /// Reads a document (JSON or YAML, canonical). Whatever is not understood describes nothing.
    pub fn from_document(root: &Node) -> Self {
        let Some(definitions) = root.get("definitions") else { return Self::default() };
        let mut reader = Reader { definitions, names: FxHashMap::default(), document: Self::default() };
        for entry in definitions.entries() {
            let shape = reader.shape(&entry.value, Some(&entry.key.text), 0);
            for gvk in entry.value.items(&["x-kubernetes-group-version-kind"]) {
                let text = |key| gvk.get(key).and_then(Node::as_str).unwrap_or_default();
                let api_version = api_version(text("group"), text("version"));
                reader.document.kind_mut(&api_version, text("kind")).shape = Some(shape.clone());
            }
        }
        for path in root.get("paths").map(Node::entries).unwrap_or_default() {
            let Some(gvk) = path.value.at_path(&["get", "x-kubernetes-group-version-kind"]) else { continue };
            let text = |key| gvk.get(key).and_then(Node::as_str).unwrap_or_default();
            let api_version = api_version(text("group"), text("version"));
            let namespaced = path.key.text.contains("namespaces/{namespace}");
            let known = reader.document.kind_mut(&api_version, text("kind"));
            known.namespaced = Some(known.namespaced == Some(true) || namespaced);
        }
        reader.document
    }
}

fn api_version(group: &str, version: &str) -> SmolStr {
    if group.is_empty() { version.into() } else { smol_str::format_smolstr!("{group}/{version}") }
}

struct Reader<'a> {
    definitions: &'a Node,
    /// Definitions that have a type already.
    names: FxHashMap<&'a str, usize>,
    document: OpenApi,
}

impl<'a> Reader<'a> {
    /// The shape of a schema, following references. A named definition gets its type once, before its fields are
    /// read, so that definitions may refer to themselves.
    fn shape(&mut self, schema: &'a Node, name: Option<&'a str>, depth: usize) -> Shape {
        if depth > MAX_REFERENCES {
            return Shape::Leaf;
        }
        if let Some(reference) = schema.get("$ref").and_then(Node::as_str).filter(|text| !text.is_empty()) {
            let Some(name) = reference.strip_prefix("#/definitions/") else { return Shape::Leaf };
            if let Some(index) = self.names.get(name) {
                return Shape::Object(*index);
            }
            let Some(target) = self.definitions.as_map().and_then(|map| map.entry(name)) else {
                return Shape::Leaf;
            };
            return self.shape(&target.value, Some(&target.key.text), depth + 1);
        }
        let type_name =
            schema.get("type").and_then(|node| node.as_str().or_else(|| node.items(&[]).first()?.as_str()));
        if type_name == Some("array") {
            let strategy =
                schema.get("x-kubernetes-patch-strategy").and_then(Node::as_str).unwrap_or_default();
            let merge = strategy.split(',').any(|word| word == "merge").then(|| merge_keys(schema));
            let elements = schema.get("items").map(|items| Box::new(self.shape(items, None, depth + 1)));
            return Shape::List { merge, elements };
        }
        let properties = schema.get("properties").map(Node::entries).unwrap_or_default();
        let additional = schema.get("additionalProperties").filter(|node| node.as_map().is_some());
        if properties.is_empty() && additional.is_none() {
            return Shape::Leaf;
        }
        if let Some(index) = name.and_then(|name| self.names.get(name)) {
            return Shape::Object(*index);
        }
        let index = self.document.types.len();
        self.document.types.push(Type::default());
        if let Some(name) = name {
            self.names.insert(name, index);
        }
        for entry in properties {
            let shape = self.shape(&entry.value, None, depth + 1);
            if let Some(this) = self.document.types.get_mut(index) {
                this.fields.insert(entry.key.text.clone(), shape);
            }
        }
        let additional = additional.map(|schema| self.shape(schema, None, depth + 1));
        if let Some(this) = self.document.types.get_mut(index) {
            this.additional = additional;
        }
        Shape::Object(index)
    }
}

fn merge_keys(schema: &Node) -> Vec<SmolStr> {
    if let Some(keys) = schema.get("x-kubernetes-list-map-keys").and_then(Node::as_seq) {
        return keys.iter().filter_map(Node::as_str).map(SmolStr::new).collect();
    }
    schema.get("x-kubernetes-patch-merge-key").and_then(Node::as_str).map(SmolStr::new).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::{Dialect, parse};

    #[test]
    fn reads_definitions_of_a_repository() {
        let text = r##"
definitions:
  v1.App:
    type: object
    x-kubernetes-group-version-kind: [{group: example.com, version: v1, kind: App}]
    properties:
      spec: {$ref: "#/definitions/v1.Spec"}
      self: {$ref: "#/definitions/v1.App"}
  v1.Spec:
    properties:
      parts:
        type: array
        x-kubernetes-patch-strategy: merge,retainKeys
        x-kubernetes-patch-merge-key: name
        items: {$ref: "#/definitions/v1.Spec"}
      byName: {additionalProperties: {$ref: "#/definitions/v1.Spec"}}
      plain: {type: array, items: {type: string}}
paths:
  /apis/example.com/v1/apps: {get: {x-kubernetes-group-version-kind: {group: example.com, version: v1, kind: App}}}
"##;
        let file = Sources::new().add("schema.yaml", text.into());
        let mut root = parse(&file).documents.remove(0).root.unwrap();
        root.canonicalize(Dialect::Sigs).unwrap();
        let document = OpenApi::from_document(&root);
        let app = document.schema_for("example.com/v1", "App").unwrap();
        let spec = app.field("self").unwrap().field("spec").unwrap();
        let keys = |name| spec.field(name).unwrap().merge_keys().map(<[SmolStr]>::len);
        assert_eq!((keys("parts"), keys("plain")), (Some(1), None));
        assert!(spec.field("parts").unwrap().elements().unwrap().field("plain").is_some());
        assert!(spec.field("byName").unwrap().field("whatever").unwrap().field("parts").is_some());
        assert!(spec.field("nothing").is_none());
        assert!(document.is_certainly_cluster_scoped("example.com/v1", "App"));
    }
}
