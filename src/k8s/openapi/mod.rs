//! What strategic merge needs of OpenAPI documents: which lists are merged, by which keys, and which kinds are
//! cluster-scoped.
//!
//! The built-in table is the document that kustomize embeds, reduced to what it reads of it (see `README.md` in this
//! directory). A repository may bring its own document, a `definitions` file that a kustomization names in
//! `openapi.path`.
//!
//! Mirrors `kyaml/openapi`. Not a validator: types of scalars are not known here.

mod document;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// An OpenAPI document, reduced to what merging reads.
#[derive(Debug, Default)]
pub struct OpenApi {
    types: Vec<Type>,
    /// By kind, then by `apiVersion`, of which a kind has few.
    kinds: FxHashMap<SmolStr, Vec<Kind>>,
}

#[derive(Debug)]
struct Kind {
    api_version: SmolStr,
    shape: Option<Shape>,
    namespaced: Option<bool>,
}

#[derive(Debug, Default)]
struct Type {
    fields: FxHashMap<SmolStr, Shape>,
    /// Of a map: the shape of all values.
    additional: Option<Shape>,
}

/// What a field holds.
#[derive(Debug, Clone)]
enum Shape {
    /// Known, with nothing in it that is merged.
    Leaf,
    Object(usize),
    List {
        /// `None`: replaced as a whole. Empty: a set of scalars.
        merge: Option<Vec<SmolStr>>,
        elements: Option<Box<Shape>>,
    },
}

/// The part of a document that describes one value.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'a> {
    document: &'a OpenApi,
    shape: &'a Shape,
}

impl<'a> Schema<'a> {
    /// The schema of a field of an object or of the values of a map.
    pub fn field(self, name: &str) -> Option<Self> {
        let Shape::Object(index) = self.shape else { return None };
        let this = self.document.types.get(*index)?;
        let shape = this.fields.get(name).or(this.additional.as_ref())?;
        Some(Self { shape, ..self })
    }

    /// The schema of a list's elements.
    pub fn elements(self) -> Option<Self> {
        match self.shape {
            Shape::List { elements: Some(elements), .. } => Some(Self { shape: elements, ..self }),
            _ => None,
        }
    }

    /// The keys by which a list is merged, empty when its elements are scalars; `None` when it is replaced.
    pub fn merge_keys(self) -> Option<&'a [SmolStr]> {
        match self.shape {
            Shape::List { merge, .. } => merge.as_deref(),
            _ => None,
        }
    }
}

impl OpenApi {
    /// The document of Kubernetes 1.21.2, which kustomize 5 is built with.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<OpenApi> = OnceLock::new();
        BUILTIN.get_or_init(|| Self::from_table(include_str!("v1_21_2.txt")))
    }

    /// The schema of a kind; `None` for kinds that the document does not describe.
    pub fn schema_for(&self, api_version: &str, kind: &str) -> Option<Schema<'_>> {
        Some(Schema { document: self, shape: self.kind(api_version, kind)?.shape.as_ref()? })
    }

    /// Whether the document says for sure that objects of this kind live outside of namespaces.
    pub fn is_certainly_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        self.kind(api_version, kind).is_some_and(|known| known.namespaced == Some(false))
    }

    fn kind(&self, api_version: &str, kind: &str) -> Option<&Kind> {
        self.kinds.get(kind)?.iter().find(|known| known.api_version == api_version)
    }

    fn kind_mut(&mut self, api_version: &str, kind: &str) -> &mut Kind {
        let known = self.kinds.entry(SmolStr::new(kind)).or_default();
        let index = known.iter().position(|known| known.api_version == api_version).unwrap_or(known.len());
        if index == known.len() {
            known.push(Kind { api_version: SmolStr::new(api_version), shape: None, namespaced: None });
        }
        #[expect(clippy::indexing_slicing, reason = "the index was just found or made")]
        &mut known[index]
    }

    /// Reads the table's own format, which is described in its head. Lines that make no sense are skipped; a test
    /// sees to it that there are none.
    fn from_table(table: &str) -> Self {
        let mut document = Self::default();
        let mut names: FxHashMap<&str, usize> = FxHashMap::default();
        let mut current = None;
        for line in table.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                None | Some("#") => {}
                Some("type") => {
                    let index = document.index_of(&mut names, words.next().unwrap_or_default());
                    current = Some(index);
                }
                Some("kind") => {
                    let index = document.index_of(&mut names, words.next().unwrap_or_default());
                    let api_version = words.next().unwrap_or_default();
                    for kind in words {
                        document.kind_mut(api_version, kind).shape = Some(Shape::Object(index));
                    }
                }
                Some("cluster") => {
                    let api_version = words.next().unwrap_or_default();
                    for kind in words {
                        document.kind_mut(api_version, kind).namespaced = Some(false);
                    }
                }
                Some(field) => {
                    let (Some(index), Some(what)) = (current, words.next()) else { continue };
                    let list = what.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                    let element = if list.is_some() { words.next() } else { Some(what) };
                    let object = element.map(|name| Shape::Object(document.index_of(&mut names, name)));
                    let shape = match list {
                        None => object.unwrap_or(Shape::Leaf),
                        Some(keys) => Shape::List {
                            merge: match keys {
                                "" => None,
                                "-" => Some(Vec::new()),
                                keys => Some(keys.split(',').map(SmolStr::new).collect()),
                            },
                            elements: Some(Box::new(object.unwrap_or(Shape::Leaf))),
                        },
                    };
                    if let Some(this) = document.types.get_mut(index) {
                        this.fields.insert(SmolStr::new(field), shape);
                    }
                }
            }
        }
        document
    }

    fn index_of<'t>(&mut self, names: &mut FxHashMap<&'t str, usize>, name: &'t str) -> usize {
        *names.entry(name).or_insert_with(|| {
            self.types.push(Type::default());
            self.types.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(schema: Option<Schema<'_>>) -> Option<Vec<&str>> {
        schema?.merge_keys().map(|keys| keys.iter().map(SmolStr::as_str).collect())
    }

    #[test]
    fn knows_the_lists_of_a_pod() {
        let deployment = OpenApi::builtin().schema_for("apps/v1", "Deployment").unwrap();
        let pod = ["spec", "template", "spec"].iter().try_fold(deployment, |at, name| at.field(name));
        for (field, want) in [
            ("containers", Some(vec!["name"])),
            ("initContainers", Some(vec!["name"])),
            ("hostAliases", Some(vec!["ip"])),
            ("topologySpreadConstraints", Some(vec!["topologyKey", "whenUnsatisfiable"])),
            ("tolerations", None),
        ] {
            assert_eq!(keys(pod.unwrap().field(field)), want, "{field}");
        }
        let container = pod.unwrap().field("containers").unwrap().elements();
        assert_eq!(keys(container.unwrap().field("ports")), Some(vec!["containerPort", "protocol"]));
        assert_eq!(keys(container.unwrap().field("args")), None);
        let metadata = deployment.field("metadata").unwrap();
        assert_eq!(keys(metadata.field("finalizers")), Some(vec![]));
    }

    #[test]
    fn knows_kinds_and_scopes() {
        let document = OpenApi::builtin();
        for (api_version, kind, known, cluster) in [
            ("v1", "Service", true, false),
            ("v1", "Namespace", true, true),
            ("rbac.authorization.k8s.io/v1", "ClusterRole", true, true),
            ("rbac.authorization.k8s.io/v1", "Role", true, false),
            ("apps/v1beta2", "Deployment", false, false),
            ("cert-manager.io/v1", "ClusterIssuer", false, false),
        ] {
            assert_eq!(document.schema_for(api_version, kind).is_some(), known, "{api_version} {kind}");
            assert_eq!(document.is_certainly_cluster_scoped(api_version, kind), cluster, "{kind}");
        }
    }

    #[test]
    fn the_table_has_no_loose_ends() {
        let document = OpenApi::builtin();
        assert!(
            document.types.iter().all(|this| !this.fields.is_empty()),
            "a type is named but not described"
        );
        assert_eq!(document.kinds.values().flatten().count(), 91, "kinds with their versions");
    }
}
