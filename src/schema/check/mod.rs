//! The engine: a node against a schema, strictly, as the API server reads it.

mod alternatives;

use serde_json::Value;
use smol_str::{SmolStr, ToSmolStr as _};

use crate::origin::Place;
use crate::yaml::{Data, Entry, Map, Node, Style};

use super::builtin::{Kubernetes, minors_of_field};
use super::def::{Def, Format, Limits, Others, Schema, Types};
use super::near::Near;
use super::violation::{Violation, What};

/// Objects nest no deeper than that.
const MAX_DEPTH: usize = 64;

/// Violations of one object.
const MAX_FOUND: usize = 64;

/// What a node is checked against.
#[derive(Clone, Copy)]
pub struct Against<'a> {
    /// The Kubernetes that types are looked up in.
    pub kubernetes: &'a Kubernetes,
    /// Whether that is the version of the cluster; else fields of other versions are let pass.
    pub exact: bool,
    /// Whether the kind is Kubernetes' own: read into a Go struct, for which null is nothing.
    pub native: bool,
    /// Whether values may be secret: they are not told.
    pub secret: bool,
    /// Whether it is a part that is merged into the object: what it lacks, and what follows from it as a whole, is not looked at.
    pub partial: bool,
}

/// What is wrong with `node`, in written order; empty when nothing is. The node is canonical. `status` is not looked
/// at, since it is not applied, and neither is text that another tool has yet to fill in.
pub fn check(def: &Def, node: &Node, against: Against<'_>) -> Vec<Violation> {
    let mut run = Run { against, way: Vec::new(), above: Vec::new(), found: Vec::new(), strict: true };
    run.value(def, node);
    let mut found = run.found;
    // As the API server: rules are asked about what has the right form.
    let has_form = |violation: &Violation| matches!(violation.what, What::UnknownField { .. });
    if def.validated && !against.partial && found.iter().all(has_form) {
        super::validations::check(def, node, &mut found);
    }
    found
}

/// What the definition of a kind says against the change from `old` to `new`. Both are canonical, and neither breaks the schema.
pub fn check_change(def: &Def, old: &Node, new: &Node) -> Vec<Violation> {
    let mut found = Vec::new();
    super::validations::check_change(def, old, new, &mut found);
    found
}

#[derive(Clone, Copy)]
pub(super) enum Step<'n> {
    Field(&'n str),
    Key(&'n str),
    Item(usize),
}

struct Run<'a, 'n> {
    against: Against<'a>,
    way: Vec<Step<'n>>,
    /// The mappings that the one being looked at is in, with the length of their path.
    above: Vec<(usize, &'a Def)>,
    found: Vec<Violation>,
    /// Whether unknown fields count: not below `anyOf` and its like.
    strict: bool,
}

/// `spec.template.spec.containers[0].image`
pub(super) fn path_text(way: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in way {
        match step {
            Step::Field(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Step::Key(name) => {
                text.push('[');
                text.push_str(name);
                text.push(']');
            }
            Step::Item(index) => {
                text.push('[');
                text.push_str(&index.to_smolstr());
                text.push(']');
            }
        }
    }
    text
}

/// Whether a key directs a strategic merge.
fn is_directive(key: &str) -> bool {
    let known = ["$patch", "$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/"];
    key.starts_with('$') && known.iter().any(|known| key.starts_with(known))
}

/// Whether a text is what reaches the cluster: placeholders of other tools and what SOPS encrypted do not.
fn is_final(text: &str) -> bool {
    let has_token = ["${", "{{", "$("].iter().any(|token| text.contains(token));
    // `<host>` of an example, `argocd.<path:secrets#domain>` of Argo CD's Vault plugin.
    let in_angles = text.split_once('<').is_some_and(|(_, rest)| rest.find('>').is_some_and(|at| at > 0));
    !has_token && !in_angles && !text.starts_with("ENC[")
}

/// The type of a canonical node.
fn type_of(node: &Node) -> Types {
    match &node.data {
        Data::Map(_) => Types::OBJECT,
        Data::Seq(_) => Types::ARRAY,
        Data::Scalar(_) if node.style != Style::Plain => Types::STRING,
        Data::Scalar(text) => match text.as_str() {
            "true" | "false" => Types::BOOLEAN,
            "null" | "" | "~" => Types::NULL,
            _ if node.as_i64().is_some() => Types::INTEGER,
            // Integers beyond 64 bits are none to the API server.
            _ => Types::NUMBER,
        },
    }
}

impl<'a, 'n> Run<'a, 'n> {
    fn resolve(&self, schema: &'a Schema) -> Option<&'a Def> {
        match schema {
            Schema::Here(def) => Some(def),
            Schema::Named(index) => self.against.kubernetes.def(*index),
        }
    }

    /// Whether nothing more is told of the object, so that nothing more need be looked for.
    fn is_full(&self) -> bool {
        self.found.len() >= MAX_FOUND
    }

    fn report(&mut self, place: Place, what: What) {
        if !self.is_full() {
            self.found.push(Violation { path: path_text(&self.way), place, what, of_minor: false });
        }
    }

    fn wrong(&mut self, node: &Node, words: String) {
        self.report(node.place(), What::Wrong { words, meant: None, listed: false, bound: false });
    }

    fn schema(&mut self, schema: &'a Schema, node: &'n Node, step: Step<'n>) {
        if self.way.len() >= MAX_DEPTH || self.is_full() {
            return;
        }
        let Some(def) = self.resolve(schema) else { return };
        self.way.push(step);
        self.value(def, node);
        self.way.pop();
    }

    fn value(&mut self, def: &'a Def, node: &'n Node) {
        let got = type_of(node);
        // For a Go struct null is nothing, and of custom resources the API server takes away what is null without being
        // nullable, before it looks at the schema.
        if got == Types::NULL {
            return;
        }
        let fits =
            def.types.is_any() || def.types.has(got) || got == Types::INTEGER && def.types.has(Types::NUMBER);
        if !fits {
            if node.as_str().is_none_or(is_final) {
                let words = format!("must be {}, not {}", wanted(def), self.told(node, got));
                self.wrong(node, words);
            }
            return;
        }
        match &node.data {
            Data::Map(map) => self.object(def, node, map),
            Data::Seq(items) => self.list(def, items),
            Data::Scalar(text) => self.format(def, node, text, got),
        }
        if let Some(limits) = &def.limits {
            self.limits(def, limits, node, got);
        }
    }

    /// `the string "three"`, without the text of anything that may be secret.
    fn told(&self, node: &Node, got: Types) -> String {
        const LONGEST: usize = 40;
        let names_secret = self.way.iter().any(|step| match step {
            Step::Field(name) | Step::Key(name) => crate::k8s::is_secret_key(name),
            Step::Item(_) => false,
        });
        let told = node.scalar_text().filter(|_| !self.against.secret && !names_secret);
        let told = told.filter(|text| text.len() <= LONGEST && !text.contains('\n'));
        match (told, got) {
            (Some(text), Types::STRING) => format!("the string `{text}`"),
            (Some(text), Types::INTEGER | Types::NUMBER) => format!("the number `{text}`"),
            (Some(text), Types::BOOLEAN) => format!("the boolean `{text}`"),
            _ => got.words(),
        }
    }

    fn object(&mut self, def: &'a Def, node: &'n Node, map: &'n Map) {
        let top = self.way.is_empty();
        let takes_null = |name: &SmolStr| {
            let field = def.field(name).and_then(|field| self.resolve(&field.schema));
            !self.against.native && field.is_some_and(|def| def.nullable)
        };
        let is_there =
            |name: &SmolStr| map.get(name).is_some_and(|value| !value.is_null() || takes_null(name));
        let mut missing: Vec<SmolStr> = def.required.iter().filter(|name| !is_there(name)).cloned().collect();
        if def.embedded && !top {
            let own = ["apiVersion", "kind"].map(SmolStr::new_static);
            missing.extend(
                own.into_iter().filter(|name| map.get(name).is_none() && !def.required.contains(name)),
            );
        }
        // The owners of what a template makes are not looked at.
        let owner = |step: &Step<'_>| matches!(step, Step::Field("ownerReferences"));
        let in_template = self.against.native && self.way.len() > 3 && self.way.iter().any(owner);
        if !missing.is_empty() && !in_template && !self.against.partial {
            self.report(node.place(), What::Missing(missing));
        }
        if def.fields.is_empty() && matches!(def.others, Others::Open) && !def.embedded {
            return;
        }
        self.above.push((self.way.len(), def));
        for entry in map {
            let key = entry.key.text.as_str();
            // `status` is not applied; `sops` says how the rest is decrypted, and goes; `$patch` directs a merge.
            if top && (key == "status" || key == "sops" && entry.value.get("mac").is_some())
                || is_directive(key)
            {
                continue;
            }
            if def.embedded && matches!(key, "apiVersion" | "kind" | "metadata") {
                self.identity(entry);
                // A definition may say how its objects are called.
                if let Some(field) = def.field(key).filter(|_| key == "metadata") {
                    let strict = std::mem::replace(&mut self.strict, false);
                    self.schema(&field.schema, &entry.value, Step::Field(key));
                    self.strict = strict;
                }
            } else if let Some(field) = def.field(key) {
                self.schema(&field.schema, &entry.value, Step::Field(key));
            } else if let Others::Values(values) = &def.others {
                self.schema(values, &entry.value, Step::Key(key));
            // What a part takes away need not be there.
            } else if self.strict && !def.is_free() && !(self.against.partial && entry.value.is_null()) {
                self.unknown(def, entry, map);
            }
        }
        self.above.pop();
    }

    /// `apiVersion`, `kind` and `metadata` of a custom resource, which its schema leaves to Kubernetes.
    fn identity(&mut self, entry: &'n Entry) {
        if entry.key.text != "metadata" {
            if entry.value.as_str().is_none_or(str::is_empty) && !self.way.is_empty() {
                self.way.push(Step::Field(&entry.key.text));
                self.wrong(&entry.value, "must be a string that is not empty".to_owned());
                self.way.pop();
            }
            return;
        }
        let Some(metadata) = self.against.kubernetes.metadata() else { return };
        let native = std::mem::replace(&mut self.against.native, true);
        self.way.push(Step::Field("metadata"));
        self.value(metadata, &entry.value);
        self.way.pop();
        self.against.native = native;
    }

    fn unknown(&mut self, def: &'a Def, entry: &'n Entry, map: &Map) {
        let name = &entry.key.text;
        // What SOPS wrote is taken away by whoever decrypts it; who that is may stand outside of the repository, as a plugin that Argo CD
        // finds by itself.
        if !is_final(name) || self.way.is_empty() && name == "sops" && entry.value.as_map().is_some() {
            return;
        }
        let minors = def.built_in.and_then(|index| minors_of_field(index, name));
        if minors.is_some() && !self.against.exact {
            return;
        }
        if self.is_full() {
            return;
        }
        let near = Near { kubernetes: self.against.kubernetes, way: &self.way, above: &self.above };
        let meant = if minors.is_some() { None } else { near.meant(name, def, map) };
        let parent = path_text(&self.way);
        self.way.push(Step::Field(&entry.key.text));
        self.report(entry.key.place(), What::UnknownField { name: name.clone(), parent, meant, minors });
        self.way.pop();
    }

    fn list(&mut self, def: &'a Def, items: &'n [Node]) {
        if let Some(schema) = &def.items {
            for (index, item) in items.iter().enumerate() {
                self.schema(schema, item, Step::Item(index));
            }
            // Of mappings what is null goes; of lists it stays, and is of no type.
            if let Some(def) = self.resolve(schema).filter(|def| !self.against.native && !def.nullable)
                && !def.types.is_any()
            {
                for (index, item) in items.iter().enumerate().filter(|(_, item)| item.is_null()) {
                    self.way.push(Step::Item(index));
                    self.wrong(item, format!("must be {}, not null", wanted(def)));
                    self.way.pop();
                }
            }
        }
        // Into a Go struct null is read as one without fields.
        if let Some(def) = def.items.as_ref().and_then(|schema| self.resolve(schema))
            && self.against.native
            && !def.required.is_empty()
        {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| item.is_null()) {
                self.way.push(Step::Item(index));
                if !self.against.partial {
                    self.report(item.place(), What::Missing(def.required.clone()));
                }
                self.way.pop();
            }
        }
        let element = def.items.as_ref().and_then(|schema| self.resolve(schema));
        let default = |key: &str| element?.field(key)?.default.as_ref()?.scalar_text();
        for (index, words) in super::list::duplicates(&def.list, items, &default) {
            let Some(item) = items.get(index) else { continue };
            self.way.push(Step::Item(index));
            self.wrong(item, words);
            self.way.pop();
        }
    }

    fn format(&mut self, def: &Def, node: &'n Node, text: &SmolStr, got: Types) {
        let range = match def.format {
            Format::Any => return,
            Format::Int32 => Some((f64::from(i32::MIN), f64::from(i32::MAX))),
            Format::Int64 => Some((-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_807.0)),
            _ => None,
        };
        match range {
            Some((least, most)) => {
                if got == Types::STRING || def.types.is_any() {
                    return;
                }
                let fits = node.as_f64().is_some_and(|value| least <= value && value <= most);
                if !fits {
                    self.wrong(
                        node,
                        format!("must be {}, and is {}", def.format.words(), self.told(node, got)),
                    );
                }
            }
            None if got == Types::STRING => {
                // Nothing at all is the zero value of a time or of bytes.
                let taken = match def.format {
                    Format::Byte if text.is_empty() => self.against.native,
                    format => format.accepts(text),
                };
                if !taken && is_final(text) {
                    let words = format!("must be {}, not {}", def.format.words(), self.told(node, got));
                    self.wrong(node, words);
                }
            }
            None => {}
        }
    }

    fn limits(&mut self, def: &'a Def, limits: &'a Limits, node: &'n Node, got: Types) {
        if got == Types::STRING && node.as_str().is_some_and(|text| !is_final(text)) {
            return;
        }
        if !limits.one_of_values.is_empty() && !limits.one_of_values.iter().any(|it| means(it, node)) {
            let empty = self.against.native && node.as_str() == Some("");
            // What the API server drops unless a feature gate is on.
            let dropped = self.against.native
                && match self.way.as_slice() {
                    [.., Step::Field("stopSignal")] => true,
                    [.., Step::Field("httpGet"), Step::Field(name)] => *name == "protocol",
                    _ => false,
                };
            if !empty && !dropped {
                self.not_listed(&limits.one_of_values, node, got);
            }
        }
        if self.against.partial && !matches!(node.data, Data::Scalar(_)) {
            return;
        }
        for words in super::limits::broken(limits, node, got, self.gone(def, node)) {
            self.report(node.place(), What::Wrong { words, meant: None, listed: false, bound: true });
        }
        if self.against.partial {
            return;
        }
        self.alternatives(def, limits, node);
    }

    fn not_listed(&mut self, listed: &[Value], node: &'n Node, got: Types) {
        const MOST: usize = 12;
        let show = |value: &Value| match value {
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        let known: Vec<String> = listed.iter().take(MOST).map(show).collect();
        let more = if listed.len() > MOST { " or another of the listed values" } else { "" };
        let choice = match known.as_slice() {
            [one] => one.clone(),
            [rest @ .., last] => format!("one of {} or {last}", rest.join(", ")),
            [] => String::new(),
        };
        let words = format!("must be {choice}{more}, not {}", self.told(node, got));
        let texts = listed.iter().filter_map(Value::as_str);
        let meant = node.as_str().and_then(|text| crate::near::did_you_mean(text, texts)).map(str::to_owned);
        self.report(node.place(), What::Wrong { words, meant, listed: true, bound: false });
    }

    /// How many fields of a custom resource the API server takes away before it asks how many there are: null where that is nothing,
    /// and what the schema does not know.
    fn gone(&self, def: &Def, node: &Node) -> usize {
        if self.against.native {
            return 0;
        }
        let is_gone = |entry: &&Entry| match (def.field(&entry.key.text), &def.others) {
            (Some(field), _) => {
                let nullable = self.resolve(&field.schema).is_none_or(|def| def.nullable);
                entry.value.is_null() && !nullable && field.default.is_none()
            }
            (None, Others::Values(values)) => {
                entry.value.is_null() && self.resolve(values).is_some_and(|def| !def.nullable)
            }
            (None, others) => matches!(others, Others::Nothing),
        };
        node.entries().iter().filter(is_gone).count()
    }
}

fn wanted(def: &Def) -> String {
    match def.format {
        Format::Quantity => "a quantity".to_owned(),
        _ => def.types.words(),
    }
}

/// Whether a value of a schema and a canonical node mean the same.
pub(super) fn means(value: &Value, node: &Node) -> bool {
    match value {
        Value::String(text) => node.as_str() == Some(text),
        Value::Bool(flag) => node.as_bool() == Some(*flag),
        Value::Number(number) => node.as_f64() == number.as_f64(),
        Value::Null => node.is_null(),
        other => node.to_value() == *other,
    }
}
