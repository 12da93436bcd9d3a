//! What files or lines reach, at a glance: apps, clusters, objects.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::finding::ObjectRef;
use crate::repo::{self, App, Rendered, Workspace};
use crate::source::TreePath;

use super::naming::AppNames;
use super::patches::Patches;
use super::reach::{file_of, in_app, lines_of};

/// An app that something reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The app, by a name that means it alone.
    pub name: String,
    /// Its cluster, as it names it; empty when nothing says.
    pub cluster: SmolStr,
    /// The objects, in order; none where the app reads the file, and nothing of it is in an object.
    pub objects: Vec<ObjectRef>,
}

/// What files and lines reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// What was asked for: files, and lines from 1.
    pub targets: Vec<(String, Option<u32>)>,
    /// Apps, by name.
    pub apps: Vec<Touched>,
    /// Apps that are not rendered in full: they may be reached, too.
    pub unknown: Vec<String>,
}

impl Impact {
    /// The clusters of the apps.
    pub fn clusters(&self) -> BTreeSet<&str> {
        self.apps.iter().map(|app| app.cluster.as_str()).filter(|cluster| !cluster.is_empty()).collect()
    }

    /// Number of objects.
    pub fn objects(&self) -> usize {
        self.apps.iter().map(|app| app.objects.len()).sum()
    }
}

/// Finds what files and lines reach. A key stands for all that is below it. `Err` says that there is no such file or line.
pub fn impact(workspace: &Workspace, targets: &[(String, Option<u32>)]) -> Result<Impact, String> {
    let mut wanted = Vec::new();
    let mut whole: BTreeSet<TreePath> = BTreeSet::new();
    for (name, line) in targets {
        let file = file_of(workspace, name)?;
        let count = file.line_starts().len() as u32;
        let lines = match line {
            Some(line) if *line == 0 || *line > count => {
                return Err(format!("`{name}` has {count} lines: there is no line {line}"));
            }
            Some(line) => lines_of(workspace, &file, *line),
            None => {
                whole.extend(file.path().cloned());
                1..=count
            }
        };
        let patches = match line {
            Some(_) => Patches::around(workspace, &file, &lines),
            None => Patches::default(),
        };
        wanted.push((file, lines, patches));
    }
    let on_app = |app: &App, rendered: &Rendered| {
        let mut objects: BTreeSet<ObjectRef> = BTreeSet::new();
        let mut any = false;
        for (file, lines, patches) in &wanted {
            match in_app(file, lines, app, rendered) {
                Some((_, app)) => {
                    any = true;
                    objects.extend(app.objects.into_iter().map(|reached| reached.object));
                }
                None => {
                    let patched = patches.objects(app, rendered);
                    any |= !patched.is_empty();
                    objects.extend(patched);
                }
            }
        }
        any.then_some(objects)
    };
    let (inventory, reached) = repo::analyze(workspace, &on_app);
    let names = AppNames::new(&inventory);
    let mut apps = Vec::new();
    let mut unknown = BTreeSet::new();
    // While apps are found, their ids are not final; results come in the order of the apps.
    for (entry, found) in inventory.apps.iter().zip(reached) {
        let reads = whole.iter().any(|path| entry.files.contains(path));
        if found.is_some() || reads {
            apps.push(Touched {
                name: names.alone(&entry.app),
                cluster: entry.app.cluster.clone(),
                objects: found.unwrap_or_default().into_iter().collect(),
            });
        } else if entry.status != repo::Status::Rendered {
            unknown.insert(names.alone(&entry.app));
        }
    }
    apps.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Impact { targets: targets.to_vec(), apps, unknown: unknown.into_iter().collect() })
}
