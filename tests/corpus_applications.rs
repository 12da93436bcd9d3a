//! Applications of real repositories against what was recorded of them: `target/corpus/apps/applications.tsv`.
//!
//! The recorder built every path it found in the linted tree with the tool that the files there suggest, whatever
//! repository the Application names and whatever tool it asks for. Where Argo CD does otherwise, the number is compared
//! with what Argo CD itself made of the row (`fixtures/argocd/corpus.tsv`), else with what the recorder's tool makes of
//! that path.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use gitops_lint::facade::argocd::{Application, Renderer};
use gitops_lint::facade::origin::Origins;
use gitops_lint::facade::repo::{AppEntry, AppKind, Checkouts, Inventory, Spec, Status, Workspace, analyze};
use gitops_lint::facade::source::{Dir, Found, Remotes, Sources, Tree, TreePath, WorkTree};
use gitops_lint::facade::yaml::{Cache, Dialect, parse};

use crate::corpus;

/// One recorded source of an Application.
#[derive(Debug, Clone)]
struct Row {
    file: String,
    app: String,
    recorded: String,
    path: String,
    objects: usize,
}

impl Row {
    /// The word the recorded outcome begins with.
    fn outcome(&self) -> &str {
        self.recorded.split(' ').next().unwrap_or_default()
    }

    fn was_rendered(&self) -> bool {
        matches!(self.outcome(), "kustomize" | "helm" | "directory")
    }
}

/// Every repository is the linted tree.
#[derive(Debug)]
struct Here(Dir);

impl Remotes for Here {
    fn git(&self, _: &str, _: &str) -> Found {
        Found::Here(self.0.clone())
    }

    fn chart(&self, _: &str, _: &str, _: &str) -> Found {
        Found::Missing { reason: String::new(), help: String::new() }
    }
}

fn rows(table: &str) -> BTreeMap<String, Vec<Row>> {
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let row = Row {
            file: cells[1].to_owned(),
            app: cells[2].to_owned(),
            recorded: cells[3].to_owned(),
            path: cells[4].to_owned(),
            objects: cells[6].parse().unwrap(),
        };
        rows.entry(cells[0].to_owned()).or_default().push(row);
    }
    rows
}

fn workspace(path: &std::path::Path) -> Workspace {
    let sources = Sources::new();
    let tree: Arc<dyn Tree> = Arc::new(WorkTree::exported(path, "", Arc::clone(&sources)).unwrap());
    let cache = Arc::new(Cache::new(sources));
    let checkouts = Checkouts::new(Arc::clone(&tree));
    Workspace::new(tree, cache, gitops_lint::facade::config::Config::default(), checkouts)
}

/// The Application that a row speaks of. Kustomizations rename Applications, so the path decides as well.
fn entry_of<'a>(inventory: &'a Inventory, row: &Row) -> Option<&'a AppEntry> {
    let in_file = |entry: &&AppEntry| {
        entry.app.kind == AppKind::Application
            && entry.app.path.as_ref().is_some_and(|path| path.as_str() == row.file)
    };
    let has_path = |entry: &AppEntry| match &entry.app.spec {
        Spec::Argo(application) => application.sources.iter().any(|source| source.path() == row.path),
        _ => false,
    };
    let named: Vec<&AppEntry> =
        inventory.apps.iter().filter(in_file).filter(|entry| *entry.app.name == row.app).collect();
    let exact = named.iter().find(|entry| has_path(entry)).or_else(|| named.first());
    exact.copied().or_else(|| {
        let mut renamed = inventory.apps.iter().filter(in_file);
        renamed.find(|entry| entry.app.name.contains(&row.app) && has_path(entry))
    })
}

/// How many objects the recorder's tool makes of the recorded path.
fn as_recorded(workspace: &Workspace, row: &Row) -> usize {
    let text = format!(
        "metadata: {{name: {:?}}}\nspec: {{source: {{repoURL: here, path: {:?}, {}: {{}}}}}}\n",
        row.app,
        row.path,
        row.outcome()
    );
    let file = workspace.sources.add("recorded", text.into());
    let mut node = parse(&file).documents.remove(0).root.unwrap();
    node.canonicalize(Dialect::Sigs).unwrap();
    let renderer = Renderer {
        only_inputs: false,
        remotes: &Here(Dir::new(Arc::clone(&workspace.tree), TreePath::root())),
        settings: &workspace.control_plane().settings,
        cache: &workspace.cache,
        charts: &workspace.charts,
        kube_version: None,
        flavors: gitops_lint::facade::kustomize::Flavors {
            kustomize: gitops_lint::facade::kustomize::Flavor::V5_7,
            ..gitops_lint::facade::kustomize::Flavors::default()
        },
    };
    renderer.render(&Application::new(Arc::new(node)), &mut Origins::new()).objects.len()
}

/// What Argo CD itself makes of a row: the number of objects, or `error`.
fn as_argo(repo: &str, row: &Row) -> Option<&'static str> {
    let mut lines = include_str!("../fixtures/argocd/corpus.tsv").lines().map(|line| line.split('\t'));
    lines.find_map(|mut cells| {
        let is_it =
            cells.next() == Some(repo) && cells.next() == Some(&row.file) && cells.next() == Some(&row.app);
        if is_it { cells.next() } else { None }
    })
}

/// Whether the recorded failure is what the app says of itself.
fn agrees(row: &Row, entry: &AppEntry) -> bool {
    let reason = entry.reason.as_deref().unwrap_or_default();
    let elsewhere = reason.contains("is not on this machine") || reason.contains("names no repository");
    match row.outcome() {
        "PATH-MISSING" => elsewhere || reason.contains("app path does not exist"),
        "remote-chart" => elsewhere || reason.contains("is not vendored"),
        "no-path" => elsewhere || reason.contains("are required"),
        "YAML-ERR" => entry.status == Status::Failed,
        // The recorder had neither network nor Helm.
        "KUSTOMIZE-ERR" if entry.status != Status::Failed => {
            ["is not on this machine", "is not vendored", "is not downloaded"]
                .iter()
                .any(|why| reason.contains(why))
        }
        "KUSTOMIZE-ERR" => {
            let phrases = row.recorded.split([':', '\'', '`']).map(str::trim);
            phrases.filter(|phrase| phrase.len() > 12).any(|phrase| reason.contains(phrase))
        }
        _ => false,
    }
}

/// Whether a `$ref` values file exists, which the recorder did not look up.
fn ref_values_exist(workspace: &Workspace, entry: &AppEntry) -> bool {
    let Spec::Argo(application) = &entry.app.spec else { return false };
    let sources = application.sources.iter();
    let files = sources.filter_map(|source| source.node.at_path(&["helm", "valueFiles"])?.as_seq());
    files
        .flatten()
        .filter_map(|file| file.as_str()?.strip_prefix('$')?.split_once('/'))
        .all(|(_, path)| TreePath::new(path).is_ok_and(|path| workspace.tree.is_file(&path)))
}

#[derive(Debug, Default)]
struct Tally {
    rendered: usize,
    same: usize,
    same_as_argo: usize,
    same_as_recorded: usize,
    failed: usize,
    agreed: usize,
    ref_values: usize,
    taken_out: usize,
    notes: String,
}

/// Whether the nearest kustomization at or above a file lists its neighbours but not the file: nobody applies it.
fn is_taken_out(inventory: &Inventory, file: &str) -> bool {
    let Ok(path) = TreePath::new(file) else { return false };
    let mut dir = path.parent();
    while let Some(at) = dir {
        if let Some(kustomization) = inventory.scan.kustomizations.get(&at) {
            return !kustomization.resources.is_empty() && !inventory.scan.is_resource(&path);
        }
        dir = at.parent();
    }
    false
}

fn compare(repo: &str, rows: &[Row], workspace: &Workspace, inventory: &Inventory, tally: &mut Tally) {
    for row in rows {
        let entry = entry_of(inventory, row);
        if entry.is_none() && is_taken_out(inventory, &row.file) {
            tally.taken_out += 1;
            continue;
        }
        let shown = entry.map_or("not found".to_owned(), |entry| {
            format!("{:?} {} {}", entry.status, entry.objects, entry.reason.as_deref().unwrap_or_default())
        });
        let mut note = |what: &str| {
            let shown: String = shown.lines().next().unwrap_or_default().chars().take(200).collect();
            let recorded: String = row.recorded.chars().take(120).collect();
            writeln!(
                tally.notes,
                "{repo} {} {}: {what}: recorded {recorded} {}, got {shown}",
                row.file, row.app, row.objects
            )
            .unwrap();
        };
        if row.was_rendered() {
            // The sources of one Application are rows of their own.
            let of_app = |other: &&Row| other.file == row.file && other.app == row.app;
            let total: usize = rows.iter().filter(of_app).map(|row| row.objects).sum();
            let count = entry.map(|entry| entry.objects);
            tally.rendered += 1;
            if count == Some(row.objects) || count == Some(total) {
                tally.same += 1;
            } else if let Some(argo) = as_argo(repo, row) {
                let rendered = entry.filter(|entry| entry.status == Status::Rendered);
                let ours = rendered.map_or("error".to_owned(), |entry| entry.objects.to_string());
                if ours == argo {
                    tally.same_as_argo += 1;
                } else {
                    note("other than Argo CD");
                }
            } else if as_recorded(workspace, row) == row.objects {
                tally.same_as_recorded += 1;
                note("rendered otherwise than Argo CD would");
            } else {
                note("different");
            }
            continue;
        }
        tally.failed += 1;
        match entry {
            Some(entry) if agrees(row, entry) => tally.agreed += 1,
            Some(entry) if row.outcome() == "VALUEFILE-MISSING" && ref_values_exist(workspace, entry) => {
                tally.ref_values += 1;
            }
            _ => note("another reason"),
        }
    }
}

#[test]
#[ignore = "takes a minute and needs target/corpus; run with --ignored"]
fn applications_render_as_recorded() {
    let Some(root) = corpus() else { return };
    let table = std::fs::read_to_string(root.join("apps/applications.tsv")).unwrap();
    let mut tally = Tally::default();
    for (repo, rows) in rows(&table) {
        let workspace = workspace(&root.join("repos").join(&repo));
        let (inventory, _) = analyze(&workspace, &|_, _| ());
        compare(&repo, &rows, &workspace, &inventory, &mut tally);
    }
    let Tally {
        rendered,
        same,
        same_as_argo,
        same_as_recorded,
        failed,
        agreed,
        ref_values,
        taken_out,
        notes,
    } = tally;
    println!("{notes}");
    println!(
        "rendered: {same} of {rendered} the same, {same_as_argo} more as Argo CD does it, {same_as_recorded} more with \
         the recorder's tool and tree"
    );
    println!("failed: {agreed} of {failed} for the recorded reason, {ref_values} with values that exist");
    println!("{taken_out} in files that the kustomization beside them leaves out");
    assert!(100 * (same + same_as_argo) >= 98 * rendered, "{notes}");
    assert!(100 * (agreed + ref_values) >= 99 * failed, "{notes}");
}
