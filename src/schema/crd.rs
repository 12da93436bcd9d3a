//! CustomResourceDefinitions: the structural schemas of their versions.
//!
//! Mirrors what `k8s.io/apiextensions-apiserver` makes of `openAPIV3Schema`: fields that are not named are unknown unless
//! `x-kubernetes-preserve-unknown-fields` says otherwise. Storage and conversion are not looked at.

use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;

use crate::source::FileId;
use crate::yaml::Node;

use super::builtin::Scope;
use super::def::{Bounds, Def, Field, Format, Limits, ListType, Others, Pattern, Schema, Types};
use super::validations::Validation;

/// Schemas nest no deeper than that.
const MAX_DEPTH: u32 = 64;

/// A definition of a kind.
#[derive(Debug)]
pub struct Definition {
    /// API group.
    pub group: SmolStr,
    /// Kind.
    pub kind: SmolStr,
    /// Where its objects live.
    pub scope: Scope,
    /// The file that it is written in.
    pub file: FileId,
    /// The versions in written order.
    pub versions: Vec<Version>,
}

/// One version of a kind.
#[derive(Debug)]
pub struct Version {
    /// `v1beta1`.
    pub name: SmolStr,
    /// Whether the API server answers to it.
    pub served: bool,
    /// The definition, and where in it the version's schema is.
    whole: Arc<Node>,
    at: Option<usize>,
    open: bool,
    compiled: OnceLock<Option<Def>>,
}

impl Version {
    /// The compiled schema; `None` where the version has none.
    pub fn root(&self) -> Option<&Def> {
        let compile = || {
            let own = self.at.and_then(|at| self.whole.items(&["spec", "versions"]).get(at));
            let own = own.and_then(|version| version.at_path(&["schema", "openAPIV3Schema"]));
            let of_all = self.whole.at_path(&["spec", "validation", "openAPIV3Schema"]);
            let mut root = def(own.or(of_all)?, self.open, Strict::Pruned, 0);
            root.embedded = true;
            Some(root)
        };
        self.compiled.get_or_init(compile).as_ref()
    }
}

impl Definition {
    /// Reads a canonical CustomResourceDefinition; `None` when it is none, or says too little.
    pub fn read(node: &Arc<Node>) -> Option<Self> {
        let text = |path: &[&str]| node.at_path(path).and_then(Node::as_str).map(SmolStr::new);
        if text(&["kind"])? != "CustomResourceDefinition" {
            return None;
        }
        let api_version = text(&["apiVersion"])?;
        if !api_version.starts_with("apiextensions.k8s.io/") {
            return None;
        }
        let scope = match text(&["spec", "scope"]).as_deref() {
            Some("Cluster") => Scope::Cluster,
            _ => Scope::Namespaced,
        };
        let old = api_version.ends_with("/v1beta1");
        let preserve = node.at_path(&["spec", "preserveUnknownFields"]).and_then(Node::as_bool);
        let open = preserve.unwrap_or(old);
        let version = |(at, item): (usize, &Node)| {
            Some(Version {
                name: item.get("name")?.as_str()?.into(),
                served: item.get("served").and_then(Node::as_bool).unwrap_or(false),
                whole: Arc::clone(node),
                at: Some(at),
                open,
                compiled: OnceLock::new(),
            })
        };
        let listed = node.items(&["spec", "versions"]).iter().enumerate();
        let mut versions: Vec<Version> = listed.filter_map(version).collect();
        if versions.is_empty()
            && let Some(name) = text(&["spec", "version"])
        {
            let whole = Arc::clone(node);
            versions.push(Version { name, served: true, whole, at: None, open, compiled: OnceLock::new() });
        }
        Some(Self {
            group: text(&["spec", "group"])?,
            kind: text(&["spec", "names", "kind"])?,
            scope,
            file: node.place().at.file,
            versions,
        })
    }

    /// A version by name.
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }
}

/// Compiles a document of JSON Schema for an object, as `openapi2jsonschema` makes them of definitions. Fields that it does
/// not name are unknown, as with `kubeconform -strict`. References to other documents allow everything.
pub fn compile(document: &Node) -> Def {
    let mut root = def(document, false, Strict::Named, 0);
    root.embedded = true;
    root
}

/// What is said about fields that are not named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strict {
    /// They go, even where none is named: structural schemas.
    Pruned,
    /// They are wrong where some are named.
    Named,
    /// Nothing: below `allOf` and its like.
    No,
}

/// Compiles a schema.
fn def(node: &Node, open: bool, strict: Strict, depth: u32) -> Def {
    if depth > MAX_DEPTH {
        return Def { others: Others::Open, ..Def::default() };
    }
    let flag = |name: &str| node.get(name).and_then(Node::as_bool).unwrap_or(false);
    let text = |name: &str| node.get(name).and_then(Node::as_str);
    let mut types = match node.get("type") {
        Some(one) if one.as_str().is_some() => Types::named(one.as_str().unwrap_or_default()),
        Some(many) => {
            let named = many.seq_or_empty().iter().filter_map(Node::as_str).map(Types::named);
            named.fold(Types::default(), Types::with)
        }
        None => Types::default(),
    };
    let int_or_string = flag("x-kubernetes-int-or-string");
    if int_or_string {
        types = Types::INTEGER.with(Types::STRING);
    }
    let below = |node: &Node| Schema::Here(Box::new(def(node, open, strict, depth + 1)));
    let mut fields: Vec<Field> = node
        .get("properties")
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .map(|entry| Field {
            name: entry.key.text.clone(),
            schema: below(&entry.value),
            default: entry.value.get("default").filter(|it| !it.is_null()).map(|it| Box::new(it.clone())),
        })
        .collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    let preserve = flag("x-kubernetes-preserve-unknown-fields");
    let others = match node.get("additionalProperties") {
        Some(values) if values.as_map().is_some() => Others::Values(below(values)),
        Some(values) if values.as_bool() == Some(true) => Others::Open,
        Some(_) => Others::Closed,
        None if open || preserve || strict == Strict::No || types.is_any() => Others::Open,
        None if strict == Strict::Pruned => Others::Nothing,
        None => Others::Closed,
    };
    let list = match text("x-kubernetes-list-type") {
        Some("set") => ListType::Set,
        Some("map") => {
            let keys = node.items(&["x-kubernetes-list-map-keys"]).iter();
            ListType::Map(keys.filter_map(Node::as_str).map(SmolStr::new).collect())
        }
        _ => ListType::Atomic,
    };
    let items = node.get("items").filter(|items| items.as_map().is_some()).map(below);
    let items = if preserve { items.map(opened) } else { items };
    let validations: Vec<Validation> =
        node.items(&["x-kubernetes-validations"]).iter().filter_map(Validation::read).collect();
    let is_validated = |schema: &Schema| matches!(schema, Schema::Here(def) if def.validated);
    let validated = !validations.is_empty()
        || fields.iter().any(|field| is_validated(&field.schema))
        || items.as_ref().is_some_and(is_validated)
        || matches!(&others, Others::Values(values) if is_validated(values));
    Def {
        types,
        nullable: flag("nullable"),
        format: if int_or_string { Format::Any } else { text("format").map_or(Format::Any, Format::named) },
        fields,
        required: node
            .items(&["required"])
            .iter()
            .filter_map(Node::as_str)
            // What has a default is there before anything is looked at.
            .filter(|name| node.at_path(&["properties", name, "default"]).is_none_or(Node::is_null))
            .map(SmolStr::new)
            .collect(),
        others,
        items,
        list,
        embedded: flag("x-kubernetes-embedded-resource"),
        built_in: None,
        limits: limits(node, open, int_or_string, depth),
        validations,
        validated,
    }
}

/// What the items of a list keep that keeps unknown fields: theirs as well, but not those of what they name (`skipPrune` of
/// `apiextensions-apiserver/pkg/apiserver/schema/pruning`).
fn opened(items: Schema) -> Schema {
    match items {
        Schema::Here(mut def) => {
            if matches!(def.others, Others::Nothing | Others::Closed) {
                def.others = Others::Open;
            }
            def.items = def.items.take().map(opened);
            Schema::Here(def)
        }
        named @ Schema::Named(_) => named,
    }
}

fn limits(node: &Node, open: bool, int_or_string: bool, depth: u32) -> Option<Box<Limits>> {
    let known = [
        "enum",
        "pattern",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "minimum",
        "maximum",
        "multipleOf",
        "uniqueItems",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
    ];
    if !node.entries().iter().any(|entry| known.contains(&entry.key.text.as_str())) {
        return None;
    }
    let number = |name: &str| node.get(name).and_then(Node::as_f64);
    let count =
        |name: &str| node.get(name).and_then(Node::as_i64).and_then(|count| u64::try_from(count).ok());
    let bounds = |least: &str, most: &str| Bounds { least: count(least), most: count(most) };
    let flag = |name: &str| node.get(name).and_then(Node::as_bool).unwrap_or(false);
    let loose = |node: &Node| Schema::Here(Box::new(def(node, open, Strict::No, depth + 1)));
    let all = |name: &str| -> Vec<Schema> { node.items(&[name]).iter().map(loose).collect() };
    // `anyOf: [{type: integer}, {type: string}]` is how an integer or string is spelled out.
    let any_of = if int_or_string { Vec::new() } else { all("anyOf") };
    Some(Box::new(Limits {
        one_of_values: node.items(&["enum"]).iter().map(Node::to_value).collect(),
        pattern: node.get("pattern").and_then(Node::as_str).map(|text| Pattern::new(text.to_owned())),
        length: bounds("minLength", "maxLength"),
        items: bounds("minItems", "maxItems"),
        properties: bounds("minProperties", "maxProperties"),
        minimum: number("minimum").map(|bound| (bound, flag("exclusiveMinimum"))),
        maximum: number("maximum").map(|bound| (bound, flag("exclusiveMaximum"))),
        multiple_of: number("multipleOf"),
        unique: flag("uniqueItems"),
        all_of: all("allOf"),
        any_of,
        one_of: all("oneOf"),
        not: node.get("not").filter(|not| not.as_map().is_some()).map(loose),
    }))
}
