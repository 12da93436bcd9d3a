//! On how many of the references that nothing provides the tool takes a stand, over real repositories: `cargo test references --
//! --nocapture` prints it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use gitops_lint::facade::repo::{self, Workspace};
use gitops_lint::facade::source::{Sources, WorkTree};
use gitops_lint::facade::world::{Answer, World};
use gitops_lint::facade::{lint, rules, yaml};

/// How it stands with the references of one repository that nothing provides: how many, by what is said of them.
fn stands(dir: &Path) -> BTreeMap<String, usize> {
    let sources = Sources::new();
    let tree = Arc::new(WorkTree::open(dir, "", Arc::clone(&sources)).unwrap());
    let (workspace, _) =
        Workspace::of_tree(tree, Arc::new(yaml::Cache::new(sources)), &rules::Registry::built_in().known());
    let report = lint::lint(&workspace, &lint::Options::default());
    let told: BTreeSet<_> = report
        .findings
        .iter()
        .filter(|it| it.finding.rule.starts_with("missing-"))
        .flat_map(|it| {
            let related = it.finding.related.iter().map(|label| label.at);
            let object = it.finding.object.as_ref();
            let named = object.map(|object| (object.kind.clone(), object.name.clone(), object.field.clone()));
            std::iter::once(it.finding.primary.at).chain(related).map(move |at| (at, named.clone()))
        })
        .collect();
    let places: BTreeSet<_> = told.iter().map(|(at, _)| *at).collect();
    let fields: BTreeSet<_> = told.iter().filter_map(|(_, named)| named.clone()).collect();
    let (inventory, _) = repo::analyze(&workspace, &|_, _| ());
    let world = World::new(&inventory, &workspace.config);
    let mut stands: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for object in &inventory.objects {
        let deployed = inventory.app(object.app).is_some_and(|entry| !entry.app.kind.is_loose());
        for reference in object.references.iter().filter(|it| deployed && !it.optional) {
            let key = (object.namespace.clone(), reference.kind.clone(), reference.name.clone());
            if !seen.insert(key) {
                continue;
            }
            let field = (object.kind.clone(), object.name.clone(), Some(reference.field.to_string()));
            let said = places.contains(&reference.place.at) || fields.contains(&field);
            let stand = match world.look_up(object.app, &object.namespace, reference) {
                Answer::Provided(..) => continue,
                _ if said => "told".to_owned(),
                Answer::Unknown(why) => format!("open: {why}"),
                Answer::Unapplied(_) => "open: written, not applied".to_owned(),
                Answer::Missing(_) => format!("open: {:?} {}", reference.via, reference.kind),
            };
            *stands.entry(stand).or_default() += 1;
        }
    }
    stands
}

#[test]
#[ignore = "minutes: run it to see the numbers"]
fn references_that_nothing_provides() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus/repos");
    let Ok(entries) = std::fs::read_dir(&corpus) else {
        println!("no corpus, no test");
        return;
    };
    let mut dirs: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    dirs.sort();
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for dir in &dirs {
        for (stand, count) in stands(dir) {
            *all.entry(stand).or_default() += count;
        }
    }
    let total: usize = all.values().sum();
    for (stand, count) in &all {
        println!("{count:6} {stand}");
    }
    let told = all.get("told").copied().unwrap_or_default();
    println!("references that nothing provides: {total}; told: {told}");
    assert!(told * 10 > total, "fewer than one in ten is told");
}
