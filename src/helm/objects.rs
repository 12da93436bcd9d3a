//! The objects that templates find beside their values: `.Files`, `.Capabilities`.
//!
//! Mirrors `pkg/engine/files.go` and the structs of `pkg/chart/common/capabilities.go`.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::golang::Glob;
use crate::gotemplate::{
    Call, Data, Elem, Failure, Items, List, Map, MapKind, Object, Param, SliceMethod, SliceType, Slot, Value,
};
use crate::origin::{Origin, OriginId, Step, Text};
use crate::source::SourceFile;
use crate::yaml::EmitStyle;

use super::structs::{Field, Struct};
use super::{Capabilities, ChartFile, Flavor};

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
        let mut entries = BTreeMap::new();
        for (name, file) in &self.0 {
            let base = name.rsplit_once('/').map_or(name.as_str(), |(_, base)| base);
            let mut value = text_of(file, call);
            if encode {
                let origin = call.computed(&value.origins());
                value = Value::str(super::convert::encode(file.bytes())).at(origin);
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
            // Unlike the map itself, the method answers no nil.
            "GetBytes" if !self.0.contains_key(text(0)) => bytes(Items::default()),
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

    fn params(&self, name: &str) -> Option<&'static [Param]> {
        Some(match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => &[Param::String],
            _ => &[],
        })
    }

    fn print(&self) -> String {
        let mut out = String::from("map[");
        for (index, (name, file)) in self.0.iter().enumerate() {
            let _ = write!(out, "{}{name}:[", if index > 0 { " " } else { "" });
            for (index, byte) in file.bytes().iter().enumerate() {
                let _ = write!(out, "{}{byte}", if index > 0 { " " } else { "" });
            }
            out.push(']');
        }
        out.push(']');
        out
    }

    fn missing(&self) -> Value {
        bytes_value(None)
    }

    fn to_data(&self) -> Option<Value> {
        let entries = self.0.iter().map(|(name, file)| (name.clone(), bytes_value(Some(file))));
        Some(Value::map(Map::from_entries(entries)))
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
    bytes(file.map_or_else(Items::nil, |file| Items::bytes_of(Arc::clone(file))))
}

fn bytes(items: Items) -> Value {
    Value::of(Data::List(List { items: Rc::new(items), elem: Elem::Byte }))
}

/// `.Capabilities.APIVersions`, as each Helm calls the type.
const fn version_set(name: &'static str) -> SliceType {
    SliceType {
        name,
        methods: &[SliceMethod {
            name: "Has",
            params: &[Param::String],
            run: |items, args| {
                let wanted = args.first().and_then(Value::as_str);
                Value::of(items.iter().any(|known| known.as_str() == wanted))
            },
        }],
    }
}

static VERSION_SET: SliceType = version_set("common.VersionSet");
static VERSION_SET_3: SliceType = version_set("chartutil.VersionSet");

/// `.Capabilities`
pub(super) fn capabilities(from: &Capabilities, flavor: Flavor, origin: OriginId) -> Value {
    let is_3 = flavor == Flavor::Helm3;
    let text = |text: &str| Value::str(text).at(origin);
    let kube = &from.kube_version;
    let mut fields = vec![Field::always("Version", "Version", text(&kube.version))];
    fields.extend((!is_3).then(|| Field::hidden("normalizedVersion", text(&kube.normalized))));
    fields.push(Field::always("Major", "Major", text(&kube.major)));
    fields.push(Field::always("Minor", "Minor", text(&kube.minor)));
    let of_kube = Struct {
        name: if is_3 { "chartutil.KubeVersion" } else { "common.KubeVersion" },
        fields,
        methods: vec![
            ("String", text(if is_3 { &kube.version } else { &kube.normalized })),
            ("GitVersion", text(&kube.version)),
        ],
        prints_itself: true,
    };
    let helm = &from.helm_version;
    let mut fields = vec![
        Field::some("Version", "version", text(helm.version)),
        Field::some("GitCommit", "git_commit", text(helm.git_commit)),
        Field::some("GitTreeState", "git_tree_state", text(helm.git_tree_state)),
        Field::some("GoVersion", "go_version", text(helm.go_version)),
    ];
    let client = || Field::some("KubeClientVersion", "kube_client_version", text(helm.kube_client_version));
    fields.extend((!is_3).then(client));
    let of_helm = Struct { name: "version.BuildInfo", fields, methods: Vec::new(), prints_itself: false };
    let versions = List {
        items: Rc::new(from.api_versions.iter().map(|name| Value::str(name.clone())).collect()),
        elem: Elem::Named(if is_3 { &VERSION_SET_3 } else { &VERSION_SET }),
    };
    Struct {
        name: if is_3 { "*chartutil.Capabilities" } else { "*common.Capabilities" },
        fields: vec![
            Field::always("KubeVersion", "KubeVersion", of_kube.value().at(origin)),
            Field::always("APIVersions", "APIVersions", Value::of(Data::List(versions)).at(origin)),
            Field::always("HelmVersion", "HelmVersion", of_helm.value().at(origin)),
        ],
        methods: Vec::new(),
        prints_itself: false,
    }
    .value()
    .at(origin)
}
