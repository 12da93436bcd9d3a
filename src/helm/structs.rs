//! Go's structs as templates see them: `.Capabilities` and, in Helm 3, `.Chart`.
//!
//! Templates name the fields as Go does; encoders name them as the tags for JSON do, in the order of the fields, and
//! leave out what is empty where a tag says so.

use std::any::Any;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::gotemplate::{Call, Data, Elem, Failure, Items, List, Map, MapKind, Object, Param, Value, sprint};
use crate::origin::Origins;
use crate::yaml::Node;

use super::convert::to_value;

/// A struct.
#[derive(Debug)]
pub(super) struct Struct {
    /// Go's name of the type; `*` in front where templates hold a pointer.
    pub(super) name: &'static str,
    /// Its fields in order.
    pub(super) fields: Vec<Field>,
    /// Methods without parameters, and what they answer.
    pub(super) methods: Vec<(&'static str, Value)>,
    /// Whether its pointer has a method `String`.
    pub(super) prints_itself: bool,
}

/// A field of a struct.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    /// Its name for encoders; `None` for what they do not see.
    tag: Option<&'static str>,
    /// Encoders leave it out when it is empty.
    omit_empty: bool,
    value: Value,
}

impl Field {
    /// A field that encoders always write.
    pub(super) fn always(name: &'static str, tag: &'static str, value: Value) -> Self {
        Self { name, tag: Some(tag), omit_empty: false, value }
    }

    /// A field with `omitempty`.
    pub(super) fn some(name: &'static str, tag: &'static str, value: Value) -> Self {
        Self { name, tag: Some(tag), omit_empty: true, value }
    }

    /// A field that only `%v` shows.
    pub(super) fn hidden(name: &'static str, value: Value) -> Self {
        Self { name, tag: None, omit_empty: false, value }
    }
}

impl Struct {
    pub(super) fn value(self) -> Value {
        let object: Rc<dyn Object> = Rc::new(self);
        Value::of(object)
    }

    fn is_pointer(&self) -> bool {
        self.name.starts_with('*')
    }
}

impl Object for Struct {
    fn type_name(&self) -> String {
        self.name.into()
    }

    fn kind(&self) -> &'static str {
        if self.is_pointer() { "ptr" } else { "struct" }
    }

    fn field(&self, name: &str) -> Option<Value> {
        let is_exported = |field: &&Field| field.name == name && field.tag.is_some();
        self.fields.iter().find(is_exported).map(|field| field.value.clone())
    }

    fn params(&self, _: &str) -> Option<&'static [Param]> {
        Some(&[])
    }

    fn method(&self, name: &str, _: &[Value], _: &mut Call<'_, '_>) -> Option<Result<Value, Failure>> {
        let method = self.methods.iter().find(|(known, _)| *known == name);
        method.map(|(_, answer)| Ok(answer.clone()))
    }

    fn print(&self) -> String {
        let fields: Vec<String> = self.fields.iter().map(|field| inner(&field.value)).collect();
        format!("{}{{{}}}", if self.is_pointer() { "&" } else { "" }, fields.join(" "))
    }

    fn print_addressed(&self) -> String {
        match self.methods.iter().find(|(name, _)| self.prints_itself && *name == "String") {
            Some((_, text)) => text.to_string(),
            None => self.print().trim_start_matches('&').to_owned(),
        }
    }

    fn to_data(&self) -> Option<Value> {
        Some(Value::map(Map::from_entries(self.encoded()?)))
    }

    fn encoded(&self) -> Option<Vec<(SmolStr, Value)>> {
        let written = |field: &&Field| !(field.omit_empty && is_empty(&field.value));
        let fields = self.fields.iter().filter(written);
        Some(
            fields.filter_map(|field| Some((SmolStr::new_static(field.tag?), field.value.clone()))).collect(),
        )
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What `omitempty` leaves out. Structs are never empty.
fn is_empty(value: &Value) -> bool {
    !matches!(value.data, Data::Object(_)) && !value.truth()
}

/// A value inside of a struct: pointers print as addresses, which differ from run to run.
fn inner(value: &Value) -> String {
    match &value.data {
        Data::Object(object) if object.kind() == "ptr" => "0xc000000000".to_owned(),
        Data::List(list) if !list.items.is_empty() && list.elem == Elem::Any => {
            format!("[{}]", list.items.iter().map(inner).collect::<Vec<_>>().join(" "))
        }
        _ => sprint(value),
    }
}

/// Fields of `Metadata`: Go's name, the tag.
const METADATA: &[(&str, &str)] = &[
    ("Name", "name"),
    ("Home", "home"),
    ("Sources", "sources"),
    ("Version", "version"),
    ("Description", "description"),
    ("Keywords", "keywords"),
    ("Maintainers", "maintainers"),
    ("Icon", "icon"),
    ("APIVersion", "apiVersion"),
    ("Condition", "condition"),
    ("Tags", "tags"),
    ("AppVersion", "appVersion"),
    ("Deprecated", "deprecated"),
    ("Annotations", "annotations"),
    ("KubeVersion", "kubeVersion"),
    ("Dependencies", "dependencies"),
    ("Type", "type"),
];

/// Fields of `Dependency`; the two without `omitempty` are written always.
const DEPENDENCY: &[(&str, &str)] = &[
    ("Name", "name"),
    ("Version", "version"),
    ("Repository", "repository"),
    ("Condition", "condition"),
    ("Tags", "tags"),
    ("Enabled", "enabled"),
    ("ImportValues", "import-values"),
    ("Alias", "alias"),
];

/// Fields of `Maintainer`.
const MAINTAINER: &[(&str, &str)] = &[("Name", "name"), ("Email", "email"), ("URL", "url")];

/// `.Chart` in Helm 3: a struct. A field that it does not have is an error, and encoders write the names of `Chart.yaml`.
pub(super) fn chart_3(metadata: &Node, is_root: bool, origins: &mut Origins) -> Value {
    let origin = to_value(metadata, origins).origin;
    let mut fields = fields(METADATA, metadata, &[], origins);
    let inside = Struct {
        name: "chart.Metadata",
        fields: fields.iter().map(Field::copy).collect(),
        methods: Vec::new(),
        prints_itself: false,
    };
    let print = inside.print();
    fields.push(Field::always("IsRoot", "IsRoot", Value::of(is_root)));
    let object: Rc<dyn Object> = Rc::new(Chart {
        outer: Struct {
            name: "struct { chart.Metadata; IsRoot bool }",
            fields,
            methods: Vec::new(),
            prints_itself: false,
        },
        print: format!("{{{print} {is_root}}}"),
        metadata: inside.value().at(origin),
    });
    Value::of(object).at(origin)
}

impl Field {
    fn copy(&self) -> Self {
        Self { value: self.value.clone(), ..*self }
    }
}

fn fields(
    table: &[(&'static str, &'static str)],
    node: &Node,
    always: &[&str],
    origins: &mut Origins,
) -> Vec<Field> {
    let mut field = |&(name, tag): &(&'static str, &'static str)| {
        let written = node.get(name)?;
        let value = match name {
            "Maintainers" => pointers("*chart.Maintainer", MAINTAINER, written, &[], origins),
            "Dependencies" => {
                pointers("*chart.Dependency", DEPENDENCY, written, &["Name", "Repository"], origins)
            }
            "Annotations" => annotations(written, origins),
            _ => typed(
                to_value(written, origins),
                if name == "ImportValues" { Elem::Any } else { Elem::String },
            ),
        };
        Some(Field { name, tag: Some(tag), omit_empty: !always.contains(&name), value })
    };
    table.iter().filter_map(&mut field).collect()
}

/// A list as Go has it: of its type, and nil where it is empty.
fn typed(value: Value, elem: Elem) -> Value {
    match &value.data {
        Data::List(list) => {
            let items = if list.items.is_empty() { Rc::new(Items::nil()) } else { Rc::clone(&list.items) };
            Value::of(Data::List(List { items, elem })).at(value.origin)
        }
        _ => value,
    }
}

fn pointers(
    name: &'static str,
    table: &[(&'static str, &'static str)],
    node: &Node,
    always: &[&str],
    origins: &mut Origins,
) -> Value {
    let items = node.seq_or_empty().iter().map(|item| {
        let fields = fields(table, item, always, origins);
        Struct { name, fields, methods: Vec::new(), prints_itself: false }.value()
    });
    typed(Value::list(items.collect()), Elem::Any)
}

/// `map[string]string`, nil where nothing is written.
pub(super) fn annotations(node: &Node, origins: &mut Origins) -> Value {
    let value = to_value(node, origins);
    match value.as_map() {
        Some(map) if !map.is_empty() => Value::map(map.with_kind(MapKind::String)).at(value.origin),
        _ => Value::map(Map::nil(MapKind::String)).at(value.origin),
    }
}

/// `.Chart`, into which the fields of `Metadata` are embedded.
#[derive(Debug)]
struct Chart {
    outer: Struct,
    print: String,
    metadata: Value,
}

impl Object for Chart {
    fn type_name(&self) -> String {
        self.outer.type_name()
    }

    fn field(&self, name: &str) -> Option<Value> {
        if name == "Metadata" { Some(self.metadata.clone()) } else { self.outer.field(name) }
    }

    fn params(&self, name: &str) -> Option<&'static [Param]> {
        self.outer.params(name)
    }

    fn print(&self) -> String {
        self.print.clone()
    }

    fn to_data(&self) -> Option<Value> {
        self.outer.to_data()
    }

    fn encoded(&self) -> Option<Vec<(SmolStr, Value)>> {
        self.outer.encoded()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
