//! "This app without that line": an app rendered again with one file changed, and where the objects then differ.
//!
//! Rules prove their claims here: a candidate is found by looking, the proof is that the objects change. Charts and
//! files that the change does not touch are those of the first render.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::origin::{Origins, Place, Step};
use crate::source::{FileId, OverlayTree, SourceFile, Tree};
use crate::yaml::edit::Edit;
use crate::yaml::{Data, Node};

use super::render::render_in;
use super::trace::Trace;
use super::{App, Object, Rendered, Workspace};

/// A render of what might have been.
#[derive(Debug)]
pub struct Counterfactual {
    /// What the app would render to.
    pub rendered: Rendered,
    /// The changed file, as this render read it. Its places mean nothing to people: nobody has that file.
    pub changed: FileId,
}

/// Renders `app` as if `file` read as the edit leaves it. `None` when the file is not one of the linted tree.
pub fn render_without(
    app: &App,
    workspace: &Workspace,
    file: &SourceFile,
    edit: &Edit,
) -> Option<Counterfactual> {
    let path = file.path()?.clone();
    if !workspace.tree.is_file(&path) || workspace.tree.read(&path).ok()?.id() != file.id() {
        return None;
    }
    let text = edit.apply(file.text()?);
    let file = workspace.sources.add_as(file.home().clone(), text.into_bytes());
    let changed = file.id();
    let below = Arc::clone(&workspace.tree);
    let tree: Arc<dyn Tree> = Arc::new(OverlayTree::new(below, BTreeMap::from([(path, file)])));
    let rendered = render_in(app, workspace, &Trace::over(workspace, tree));
    Some(Counterfactual { rendered, changed })
}

/// Where two renders of an app differ.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The object, as an index into the objects of the first render; `None` when only the second has it.
    pub before: Option<usize>,
    /// The object, as an index into the objects of the second render; `None` when only the first has it.
    pub after: Option<usize>,
    /// The field, `spec.template.spec.tolerations`; empty for the object as a whole.
    pub field: String,
    /// The value in the second render.
    pub is: Option<Place>,
}

/// The first place where two renders differ in what a cluster would notice: checksums and other computed values do
/// not count, since they follow from text that may mean the same.
pub fn first_difference(before: &Rendered, after: &Rendered) -> Option<Difference> {
    let identity = |object: &Object| {
        (object.group.clone(), object.kind.clone(), object.namespace.clone(), object.name.clone())
    };
    let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, object) in after.objects.iter().enumerate().rev() {
        places.entry(identity(object)).or_default().push(index);
    }
    let mut compare = Compare { before: &before.origins, after: &after.origins, field: Vec::new(), is: None };
    for (index, object) in before.objects.iter().enumerate() {
        let partner = places.get_mut(&identity(object)).and_then(Vec::pop);
        let Some((partner, other)) = partner.and_then(|at| Some((at, after.objects.get(at)?))) else {
            return Some(Difference { before: Some(index), after: None, field: String::new(), is: None });
        };
        if compare.differ(&object.node, &other.node) {
            let (field, is) = (compare.field.concat(), compare.is);
            return Some(Difference { before: Some(index), after: Some(partner), field, is });
        }
    }
    let index = places.into_values().flatten().min()?;
    let is = Some(after.objects.get(index)?.place());
    Some(Difference { before: None, after: Some(index), field: String::new(), is })
}

struct Compare<'a> {
    before: &'a Origins,
    after: &'a Origins,
    /// The field of the first difference.
    field: Vec<String>,
    /// The value there in the second render, where it has one.
    is: Option<Place>,
}

fn is_computed(node: &Node, origins: &Origins) -> bool {
    match &node.data {
        Data::Scalar(_) => {
            origins.get(node.origin).is_some_and(|origin| matches!(origin.by, Step::Computed(_)))
        }
        Data::Seq(items) => !items.is_empty() && items.iter().all(|item| is_computed(item, origins)),
        Data::Map(map) => !map.is_empty() && map.iter().all(|entry| is_computed(&entry.value, origins)),
    }
}

impl Compare<'_> {
    /// Whether two values differ; the field of the first difference and what it is then stay behind.
    fn differ(&mut self, before: &Node, after: &Node) -> bool {
        let differs = match (&before.data, &after.data) {
            (Data::Scalar(a), Data::Scalar(b)) => {
                let same = a == b && before.tag == after.tag;
                !same && !is_computed(before, self.before) && !is_computed(after, self.after)
            }
            (Data::Seq(a), Data::Seq(b)) => {
                for (index, (a, b)) in a.iter().zip(b).enumerate() {
                    self.field.push(format!("[{index}]"));
                    if self.differ(a, b) {
                        return true;
                    }
                    self.field.pop();
                }
                a.len() != b.len()
            }
            (Data::Map(a), Data::Map(b)) => {
                for entry in a {
                    self.enter(&entry.key.text);
                    let differs = match b.get(&entry.key.text) {
                        Some(other) => self.differ(&entry.value, other),
                        None => !is_computed(&entry.value, self.before),
                    };
                    if differs {
                        return true;
                    }
                    self.field.pop();
                }
                for entry in b.iter().filter(|entry| a.get(&entry.key.text).is_none()) {
                    if !is_computed(&entry.value, self.after) {
                        self.enter(&entry.key.text);
                        self.is = Some(entry.value.place());
                        return true;
                    }
                }
                return false;
            }
            _ => true,
        };
        if differs {
            self.is = Some(after.place());
        }
        differs
    }

    fn enter(&mut self, key: &str) {
        let dot = if self.field.is_empty() { "" } else { "." };
        self.field.push(format!("{dot}{key}"));
    }
}
