//! What may stand at a place of an object: names of fields, words of enumerations. For those who are about to write it.

use serde_json::Value;
use smol_str::SmolStr;

use super::builtin::Kubernetes;
use super::def::{Def, Others, Schema, Types};

/// Schemas looked at for one place: a document of JSON Schema may branch as it likes.
const MAX_SCHEMAS: usize = 64;

/// How deep `allOf` and its like are followed at one place.
const MAX_DEPTH: u32 = 8;

/// A field that may stand somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// Its name.
    pub name: SmolStr,
    /// What it holds, in a few words: `a string`, `a list of mappings`.
    pub words: String,
    /// Whether it has to be there.
    pub required: bool,
}

/// What may stand at a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The fields of a mapping, by name.
    pub fields: Vec<Field>,
    /// The words that a value has to be one of.
    pub values: Vec<SmolStr>,
}

impl Outline {
    /// Adds what another schema allows at the same place.
    pub fn merge(&mut self, other: Self) {
        self.fields.extend(other.fields);
        self.values.extend(other.values);
        self.fields.sort();
        self.fields.dedup_by(|a, b| a.name == b.name);
        self.values.sort();
        self.values.dedup();
    }
}

/// What may stand below a path of keys. Lists are passed through: the path has no indexes.
pub fn outline(root: &Def, kubernetes: &Kubernetes, path: &[&str]) -> Outline {
    let look = Look { kubernetes };
    let mut here = vec![root];
    for key in path {
        let mut below = Vec::new();
        for def in look.all(&here) {
            if def.embedded && *key == "metadata" {
                below.extend(kubernetes.metadata());
            } else {
                below.extend(def.below(key).and_then(|schema| look.resolve(schema)));
            }
        }
        here = below;
    }
    let mut out = Outline::default();
    for def in look.all(&here) {
        let mut own = Outline::default();
        if def.embedded {
            let names = [("apiVersion", "a string"), ("kind", "a string"), ("metadata", "a mapping")];
            own.fields.extend(names.map(|(name, words)| Field {
                name: name.into(),
                words: words.to_owned(),
                required: true,
            }));
        }
        own.fields.extend(def.fields.iter().map(|field| Field {
            name: field.name.clone(),
            words: look.words(&field.schema),
            required: def.required.contains(&field.name),
        }));
        let listed = def.limits.iter().flat_map(|limits| &limits.one_of_values);
        own.values.extend(listed.filter_map(Value::as_str).filter(|text| !text.is_empty()).map(SmolStr::new));
        if def.types == Types::BOOLEAN {
            own.values.extend(["false", "true"].map(SmolStr::new));
        }
        out.merge(own);
    }
    out
}

struct Look<'a> {
    kubernetes: &'a Kubernetes,
}

impl<'a> Look<'a> {
    fn resolve(&self, schema: &'a Schema) -> Option<&'a Def> {
        match schema {
            Schema::Here(def) => Some(def),
            Schema::Named(index) => self.kubernetes.def(*index),
        }
    }

    /// The schemas with what is in their lists and in `allOf` and its like.
    fn all(&self, defs: &[&'a Def]) -> Vec<&'a Def> {
        let mut found = Vec::new();
        for def in defs {
            self.spread(def, 0, &mut found);
        }
        found
    }

    fn spread(&self, def: &'a Def, depth: u32, found: &mut Vec<&'a Def>) {
        if depth > MAX_DEPTH || found.len() >= MAX_SCHEMAS {
            return;
        }
        found.push(def);
        let limits = def.limits.iter().flat_map(|it| it.all_of.iter().chain(&it.any_of).chain(&it.one_of));
        for inner in def.items.iter().chain(limits).filter_map(|schema| self.resolve(schema)) {
            self.spread(inner, depth + 1, found);
        }
    }

    fn words(&self, schema: &'a Schema) -> String {
        let Some(def) = self.resolve(schema) else { return String::new() };
        if let Some(items) = def.items.as_ref().and_then(|items| self.resolve(items)) {
            let of = match items.types {
                Types::OBJECT => "mappings",
                Types::STRING => "strings",
                Types::INTEGER => "integers",
                _ => "values",
            };
            return format!("a list of {of}");
        }
        if matches!(def.others, Others::Values(_)) && def.fields.is_empty() {
            return "a mapping of any keys".to_owned();
        }
        if def.types.is_any() { "anything".to_owned() } else { def.types.words() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::LAST_MINOR;

    fn names(outline: &Outline) -> Vec<&str> {
        outline.fields.iter().map(|field| field.name.as_str()).collect()
    }

    #[test]
    fn kubernetes_kinds_have_fields_and_words() {
        let kubernetes = Kubernetes::minor(LAST_MINOR);
        let root = kubernetes.root("apps/v1", "Deployment").unwrap();
        assert!(names(&outline(root, kubernetes, &[])).contains(&"spec"));
        let container = outline(root, kubernetes, &["spec", "template", "spec", "containers"]);
        assert!(names(&container).contains(&"imagePullPolicy"));
        assert!(container.fields.iter().any(|field| field.name == "name" && field.required));
        assert!(
            container.fields.iter().any(|field| field.name == "env" && field.words == "a list of mappings")
        );
        let root = kubernetes.published("argoproj.io/v1alpha1", "Application").unwrap();
        assert!(names(&outline(root, kubernetes, &["spec", "source", "helm"])).contains(&"valueFiles"));
        assert!(outline(root, kubernetes, &["spec", "nonsense", "deeper"]).fields.is_empty());
    }

    #[test]
    fn enumerations_and_booleans_are_words() {
        let text = "{properties: {a: {type: string, enum: [one, two]}, b: {type: boolean}, c: {allOf: [{properties: {d: {}}}]}}}";
        let sources = crate::source::Sources::new();
        let stream = crate::yaml::parse(&sources.add("a.yaml", text.into()));
        let mut root = stream.documents[0].root.clone().unwrap();
        root.canonicalize(crate::yaml::Dialect::Sigs).unwrap();
        let def = crate::schema::compile(&root);
        let kubernetes = Kubernetes::minor(LAST_MINOR);
        assert_eq!(outline(&def, kubernetes, &["a"]).values, ["one", "two"]);
        assert_eq!(outline(&def, kubernetes, &["b"]).values, ["false", "true"]);
        assert_eq!(names(&outline(&def, kubernetes, &["c"])), ["d"]);
    }
}
