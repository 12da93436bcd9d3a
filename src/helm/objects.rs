//! The objects that templates find beside their values: `.Files`, `.Capabilities`.
//!
//! Mirrors `pkg/engine/files.go` and the structs of `pkg/chart/common/capabilities.go`.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::golang::Glob;
use crate::gotemplate::{Call, Data, Elem, Failure, Items, List, Map, MapKind, Object, Slot, Value};
use crate::origin::{Origin, OriginId, Step, Text};
use crate::source::SourceFile;
use crate::yaml::EmitStyle;

use super::{Capabilities, ChartFile};

/// `.Files`, or some of them.
#[derive(Debug, Clone)]
pub(super) struct Files(BTreeMap<SmolStr, Arc<SourceFile>>);

impl Files {
    pub(super) fn new(files: &[ChartFile]) -> Self {
        Self(files.iter().map(|file| (file.name.clone(), Arc::clone(&file.file))).collect())
    }

    pub(super) fn value(self) -> Value {
        let object: Rc<dyn Object> = Rc::new(self);
        Value::of(object)
    }

    fn content(&self, name: &str, call: &mut Call<'_, '_>) -> Value {
        match self.0.get(name) {
            None => Value::str(""),
            Some(file) => text_of(file, call),
        }
    }

    fn glob(&self, pattern: &str) -> Self {
        // What cannot be parsed becomes the pattern `**`.
        let glob = Glob::new(pattern, &['/']).or_else(|| Glob::new("**", &[]));
        let matches = |name: &&SmolStr| glob.as_ref().is_some_and(|glob| glob.matches(name));
        Self(
            self.0
                .iter()
                .filter(|(name, _)| matches(name))
                .map(|(name, file)| (name.clone(), Arc::clone(file)))
                .collect(),
        )
    }

    /// Base names and contents as YAML.
    fn as_yaml(&self, call: &mut Call<'_, '_>, encode: bool) -> Result<Value, Failure> {
        if self.0.is_empty() {
            return Ok(Value::str(""));
        }
        let mut entries = BTreeMap::new();
        for (name, file) in &self.0 {
            let base = name.rsplit_once('/').map_or(name.as_str(), |(_, base)| base);
            let mut value = text_of(file, call);
            if encode {
                let origin = call.computed(&value.origins());
                value = Value::str(super::functions::encode(file.bytes())).at(origin);
            }
            entries.insert(SmolStr::new(base), Slot::new(value));
        }
        let map = Value::map(Map::new(entries, MapKind::Any));
        super::functions::yaml_text(&map, EmitStyle::Sigs, call)
    }
}

fn text_of(file: &SourceFile, call: &mut Call<'_, '_>) -> Value {
    let origin = call.exec.origins.add(Origin::new(file.span(), Step::Written));
    let text = match file.text() {
        Some(text) => text.to_string(),
        None => crate::golang::bytes::to_text(file.bytes()),
    };
    Value::text(Text::of(text, origin))
}

impl Object for Files {
    fn type_name(&self) -> String {
        "engine.files".into()
    }

    fn kind(&self) -> &'static str {
        "map"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str, args: &[Value], call: &mut Call<'_, '_>) -> Option<Result<Value, Failure>> {
        let text = |index: usize| args.get(index).and_then(Value::as_str).unwrap_or_default();
        Some(Ok(match name {
            "Get" => self.content(text(0), call),
            "GetBytes" => bytes_value(self.0.get(text(0))),
            "Glob" => self.glob(text(0)).value(),
            "AsConfig" => return Some(self.as_yaml(call, false)),
            "AsSecrets" => return Some(self.as_yaml(call, true)),
            "Lines" => {
                let content = self.content(text(0), call).to_text();
                let mut lines = Vec::new();
                let mut start = 0;
                let ends: Vec<usize> = content.as_str().match_indices('\n').map(|(at, _)| at).collect();
                for end in ends {
                    lines.push(Value::text(content.slice(start..end)));
                    start = end + 1;
                }
                if start < content.len() {
                    lines.push(Value::text(content.slice(start..content.len())));
                }
                Value::strings(lines)
            }
            // A file whose name is that of a key: `.Files.foo`.
            _ => bytes_value(self.0.get(name)),
        }))
    }

    fn print(&self) -> String {
        let names: Vec<String> = self.0.keys().map(|name| format!("{name}:[...]")).collect();
        format!("map[{}]", names.join(" "))
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn items(&self) -> Option<Vec<(Value, Value)>> {
        Some(self.0.iter().map(|(name, file)| (Value::str(name.clone()), bytes_value(Some(file)))).collect())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn bytes_value(file: Option<&Arc<SourceFile>>) -> Value {
    let items = file.map(|file| Items::bytes_of(Arc::clone(file))).unwrap_or_default();
    Value::of(Data::List(List { items: Rc::new(items), elem: Elem::Byte }))
}

/// A struct: its name, its fields, and what it prints as.
#[derive(Debug)]
struct Record {
    name: &'static str,
    fields: Vec<(&'static str, Value)>,
    print: String,
}

impl Record {
    fn value(self) -> Value {
        let object: Rc<dyn Object> = Rc::new(self);
        Value::of(object)
    }
}

impl Object for Record {
    fn type_name(&self) -> String {
        self.name.into()
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    fn method(&self, name: &str, _: &[Value], _: &mut Call<'_, '_>) -> Option<Result<Value, Failure>> {
        (name == "String").then(|| Ok(Value::str(self.print.clone())))
    }

    fn print(&self) -> String {
        self.print.clone()
    }

    fn to_data(&self) -> Option<Value> {
        Some(Value::map(Map::from_entries(
            self.fields.iter().map(|(name, value)| (SmolStr::new_static(name), value.clone())),
        )))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.APIVersions`
#[derive(Debug)]
struct VersionSet(Vec<SmolStr>);

impl Object for VersionSet {
    fn type_name(&self) -> String {
        "common.VersionSet".into()
    }

    fn kind(&self) -> &'static str {
        "slice"
    }

    fn method(&self, name: &str, args: &[Value], _: &mut Call<'_, '_>) -> Option<Result<Value, Failure>> {
        let wanted = args.first().and_then(Value::as_str).unwrap_or_default();
        (name == "Has").then(|| Ok(Value::of(self.0.iter().any(|known| known == wanted))))
    }

    fn print(&self) -> String {
        format!("[{}]", self.0.join(" "))
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn items(&self) -> Option<Vec<(Value, Value)>> {
        let items = self.0.iter().enumerate();
        Some(items.map(|(index, name)| (Value::int(index as i64), Value::str(name.clone()))).collect())
    }

    fn to_data(&self) -> Option<Value> {
        Some(Value::list(self.0.iter().map(|name| Value::str(name.clone())).collect()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities`
pub(super) fn capabilities(from: &Capabilities, origin: OriginId) -> Value {
    let text = |text: &str| Value::str(text).at(origin);
    let kube = &from.kube_version;
    let kube = Record {
        name: "common.KubeVersion",
        fields: vec![
            ("Version", text(&kube.version)),
            ("GitVersion", text(&kube.version)),
            ("Major", text(&kube.major)),
            ("Minor", text(&kube.minor)),
        ],
        print: kube.normalized.to_string(),
    };
    let helm = &from.helm_version;
    let helm = Record {
        name: "common.BuildInfo",
        fields: vec![
            ("Version", text(helm.version)),
            ("GitCommit", text(helm.git_commit)),
            ("GitTreeState", text(helm.git_tree_state)),
            ("GoVersion", text(helm.go_version)),
            ("KubeClientVersion", text(helm.kube_client_version)),
        ],
        print: format!(
            "{{{} {} {} {} {}}}",
            helm.version, helm.git_commit, helm.git_tree_state, helm.go_version, helm.kube_client_version
        ),
    };
    let versions: Rc<dyn Object> = Rc::new(VersionSet(from.api_versions.clone()));
    let print = format!("&{{{} {} {}}}", kube.print, versions.print(), helm.print);
    Record {
        name: "*common.Capabilities",
        fields: vec![
            ("KubeVersion", kube.value().at(origin)),
            ("APIVersions", Value::of(versions).at(origin)),
            ("HelmVersion", helm.value().at(origin)),
        ],
        print,
    }
    .value()
    .at(origin)
}
