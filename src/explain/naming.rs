//! How a question names an app, and how an answer does: by words that mean this app and no other.

use std::collections::BTreeMap;

use crate::repo::{App, AppId, AppKind, Inventory};

/// Apps contain each other at most this deep.
const DEEPEST: usize = 16;

/// The shortest name of every app that means it alone, in the order of the apps.
pub fn app_names(inventory: &Inventory) -> Vec<String> {
    let names = AppNames::new(inventory);
    inventory.apps.iter().map(|entry| names.alone(&entry.app)).collect()
}

/// All names of all apps.
pub(super) struct AppNames<'i> {
    inventory: &'i Inventory,
    /// How many apps a name fits.
    uses: BTreeMap<String, usize>,
}

impl<'i> AppNames<'i> {
    pub(super) fn new(inventory: &'i Inventory) -> Self {
        let mut uses = BTreeMap::new();
        for entry in &inventory.apps {
            for name in names(inventory, &entry.app) {
                *uses.entry(name).or_default() += 1;
            }
        }
        Self { inventory, uses }
    }

    /// The apps that a name fits.
    pub(super) fn find(&self, wanted: &str) -> Vec<&'i App> {
        let apps = || self.inventory.apps.iter().map(|entry| &entry.app);
        let fits = |app: &&App, wanted: &str| names(self.inventory, app).iter().any(|known| known == wanted);
        let found: Vec<&App> = apps().filter(|app| fits(app, wanted)).collect();
        // Kinds are printed as they are written in manifests.
        match wanted.split_once('/') {
            Some((kind, name)) if found.is_empty() => {
                let lower = format!("{}/{name}", kind.to_lowercase());
                apps()
                    .filter(|app| app.kind.as_str().eq_ignore_ascii_case(kind) && fits(app, &lower))
                    .collect()
            }
            _ => found,
        }
    }

    /// The shortest name that means this app alone.
    pub(super) fn alone(&self, app: &App) -> String {
        let mut names = names(self.inventory, app);
        let short = names.iter().position(|name| self.uses.get(name) == Some(&1));
        short.or(names.len().checked_sub(1)).map(|index| names.swap_remove(index)).unwrap_or_default()
    }

    /// The same, by id.
    pub(super) fn alone_of(&self, id: AppId) -> String {
        self.inventory.app(id).map(|entry| self.alone(&entry.app)).unwrap_or_default()
    }
}

/// The names that an app goes by, the short ones first. Names repeat where environments lie in directories of their
/// own, so the file that defines the app is part of some; where environments share that file, one that defines an app
/// further up tells them apart, or their clusters do.
fn names(inventory: &Inventory, app: &App) -> Vec<String> {
    let mut names = Vec::new();
    // An ApplicationSet often bears the name of what it generates, which is what people mean.
    if app.kind != AppKind::ApplicationSet || !generates_its_own_name(inventory, app) {
        names.push(app.name.to_string());
    }
    if !app.namespace.is_empty() {
        names.push(format!("{}/{}", app.namespace, app.name));
    }
    names.push(format!("{}/{}", app.kind.as_str().to_lowercase(), app.name));
    if !app.namespace.is_empty() {
        names.push(format!("{}/{}/{}", app.kind.as_str().to_lowercase(), app.namespace, app.name));
    }
    let mut next = Some(app);
    for _ in 0..DEEPEST {
        let Some(at) = next else { break };
        if let Some(path) = &at.path {
            let name = format!("{}@{path}", app.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        next = at.parent.and_then(|parent| inventory.app(parent)).map(|entry| &entry.app);
    }
    // One file may serve several clusters.
    names.push(format!("{}@{}", app.name, app.cluster));
    names.push(format!("{}/{}@{}", app.kind.as_str().to_lowercase(), app.name, app.cluster));
    names
}

fn generates_its_own_name(inventory: &Inventory, set: &App) -> bool {
    let mut apps = inventory.apps.iter().map(|entry| &entry.app);
    apps.any(|app| app.kind != AppKind::ApplicationSet && app.name == set.name)
}
