//! The blind test of origins: does `why` name the line before somebody edits it?
//!
//! Scalars of values files and patches of real repositories are changed at random (with a fixed seed, or that of `BLIND_SEED`), the apps that
//! read them are rendered again, and every field that then differs is asked for its origin as it was before. The
//! corpus is no part of the repository; without it there is nothing to test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gitops_lint::facade::explain::{FieldPath, Part, Teller};
use gitops_lint::facade::origin::{Place, Step};
use gitops_lint::facade::repo::{self, App, Object, Rendered, Status, Workspace};
use gitops_lint::facade::source::{SourceFile, Sources, Span, Tree, TreePath, WorkTree};
use gitops_lint::facade::yaml::edit::Edit;
use gitops_lint::facade::yaml::{Cache, Data, Node, Style};

/// Edits that have an effect.
const EDITS: usize = 500;

/// Apps rendered again for one edit: the same values serve forty of them.
const APPS: usize = 3;

/// The share of changed fields whose chain has to name the edited line.
const FLOOR: f64 = 0.98;

/// A small generator of numbers: the same ones in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % count.max(1) as u64) as usize
    }
}

/// A repository whose apps were found.
struct Checkout {
    name: String,
    workspace: Workspace,
    /// Rendered apps that have values files or patches.
    apps: Vec<App>,
    /// Values files and patches with the apps that read them.
    files: Vec<(TreePath, Vec<usize>)>,
}

fn checkout(dir: &Path) -> Option<Checkout> {
    let sources = Sources::new();
    let tree: Arc<dyn Tree> = Arc::new(WorkTree::open(dir, "", Arc::clone(&sources)).ok()?);
    let (workspace, _) = Workspace::of_tree(tree, Arc::new(Cache::new(sources)), &[]);
    let editable = |app: &App, rendered: &Rendered| {
        if rendered.status() != Status::Rendered || rendered.objects.len() > 400 || app.provisional {
            return Vec::new();
        }
        let steps = [Step::ValuesFile, Step::ChartValues, Step::Patched, Step::JsonPatched];
        let mut files: Vec<_> = rendered
            .origins
            .iter()
            .filter(|origin| steps.contains(&origin.by))
            .filter_map(|origin| origin.at)
            .map(|at| at.file)
            .collect();
        files.sort_unstable();
        files.dedup();
        files
    };
    let (inventory, files_of) = repo::analyze(&workspace, &editable);
    let mut files: BTreeMap<TreePath, Vec<usize>> = BTreeMap::new();
    let mut apps = Vec::new();
    for (entry, ids) in inventory.apps.into_iter().zip(files_of) {
        for id in &ids {
            let file = workspace.sources.get(*id)?;
            let Ok(path) = TreePath::new(file.name()) else { continue };
            // A kustomization with a patch in it is more than a patch; what is a resource elsewhere is more, too.
            if repo::KUSTOMIZATION_NAMES.contains(&path.file_name()) || inventory.scan.is_resource(&path) {
                continue;
            }
            if workspace.tree.read(&path).is_ok_and(|it| it.id() == *id) {
                files.entry(path).or_default().push(apps.len());
            }
        }
        if !ids.is_empty() {
            apps.push(entry.app);
        }
    }
    let name = dir.file_name()?.to_str()?.to_owned();
    Some(Checkout { name, workspace, apps, files: files.into_iter().collect() })
}

/// The scalars of a file that an edit can change without breaking the file.
fn scalars(workspace: &Workspace, file: &Arc<SourceFile>) -> Vec<(Span, Node)> {
    let stream = workspace.cache.stream(file);
    let roots = || stream.documents.iter().filter_map(|document| document.root.as_ref());
    let mut todo: Vec<&Node> = roots().collect();
    // What makes an object another object is not a change of a field.
    let identity: [&[&str]; 4] =
        [&["kind"], &["apiVersion"], &["metadata", "name"], &["metadata", "namespace"]];
    let identities = roots().filter(|root| root.get("kind").is_some());
    let identities: Vec<Span> = identities
        .flat_map(|root| identity.iter().filter_map(|path| root.at_path(path)).map(|node| node.at))
        .collect();
    let mut found = Vec::new();
    while let Some(node) = todo.pop() {
        match &node.data {
            Data::Scalar(text) => {
                let simple = matches!(node.style, Style::Plain | Style::SingleQuoted | Style::DoubleQuoted);
                let whole = file.slice(node.at).trim_matches(['"', '\'']) == text.as_str();
                if simple && whole && !text.is_empty() && !text.contains('\n') && node.origin.is_written() {
                    found.push((node.at, node.clone()));
                }
            }
            Data::Seq(items) => todo.extend(items),
            Data::Map(map) => todo.extend(map.iter().map(|entry| &entry.value)),
        }
    }
    found.retain(|(at, _)| !identities.contains(at));
    found.sort_by_key(|(at, _)| *at);
    found
}

/// Another value of the same kind.
fn changed(node: &Node) -> String {
    let text = node.scalar().unwrap().as_str();
    match (node.style, text) {
        (Style::Plain, "true") => "false".to_owned(),
        (Style::Plain, "false") => "true".to_owned(),
        (Style::Plain, _) => match text.parse::<i64>() {
            Ok(number) => (number + 1).to_string(),
            Err(_) => format!("{text}x"),
        },
        (Style::SingleQuoted, _) => format!("'{text}x'"),
        _ => format!("\"{text}x\""),
    }
}

/// Every value of a tree that holds no others, and where it is.
fn leaves(node: &Node, path: &mut FieldPath, found: &mut Vec<(FieldPath, Place)>) {
    match &node.data {
        Data::Seq(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                path.0.push(Part::Index(index));
                leaves(item, path, found);
                path.0.pop();
            }
        }
        Data::Map(map) if !map.is_empty() => {
            for entry in map {
                path.0.push(Part::Key(entry.key.text.clone()));
                leaves(&entry.value, path, found);
                path.0.pop();
            }
        }
        _ => found.push((path.clone(), node.place())),
    }
}

/// The items of two lists that are the same thing: those of one name, the others in order.
fn partners<'n>(old: &[Node], new: &'n [Node]) -> Vec<Option<&'n Node>> {
    let name = |node: &Node| node.get("name").and_then(Node::as_str).map(str::to_owned);
    let mut free: Vec<&Node> = new.iter().collect();
    let mut take = |wanted: &dyn Fn(&Node) -> bool| {
        let at = free.iter().position(|node| wanted(node))?;
        Some(free.remove(at))
    };
    let mut found: Vec<Option<&Node>> = old
        .iter()
        .map(|item| match name(item) {
            Some(name_of) => take(&|node| name(node).as_deref() == Some(name_of.as_str())),
            None => take(&|node| node == item),
        })
        .collect();
    let rest = old.len() == new.len();
    for partner in found.iter_mut().filter(|partner| partner.is_none() && rest) {
        *partner = take(&|_| true);
    }
    found
}

/// The values of the first tree that the second does not have, or has otherwise.
fn compare(old: &Node, new: &Node, path: &mut FieldPath, found: &mut Vec<(FieldPath, Place)>) {
    match (&old.data, &new.data) {
        (Data::Map(a), Data::Map(b)) if !a.is_empty() => {
            for entry in a {
                path.0.push(Part::Key(entry.key.text.clone()));
                match b.get(&entry.key.text) {
                    Some(other) => compare(&entry.value, other, path, found),
                    None => leaves(&entry.value, path, found),
                }
                path.0.pop();
            }
        }
        (Data::Seq(a), Data::Seq(b)) if !a.is_empty() => {
            for (index, (item, partner)) in a.iter().zip(partners(a, b)).enumerate() {
                path.0.push(Part::Index(index));
                match partner {
                    Some(other) => compare(item, other, path, found),
                    None => leaves(item, path, found),
                }
                path.0.pop();
            }
        }
        _ if old.data == new.data => {}
        _ => leaves(old, path, found),
    }
}

/// The fields of the first render that the second does not have, or has with another value.
fn differences(before: &Rendered, after: &Rendered) -> Vec<(String, FieldPath, Place)> {
    let same_shape = before.objects.len() == after.objects.len()
        && before.objects.iter().zip(&after.objects).all(|(a, b)| a.kind == b.kind && a.group == b.group);
    let same = |a: &Object, b: &Object| {
        a.kind == b.kind && a.group == b.group && a.name == b.name && a.namespace == b.namespace
    };
    let mut all = Vec::new();
    for (index, object) in before.objects.iter().enumerate() {
        let partner = after.objects.iter().find(|other| same(object, other));
        // An object that got another name is still the same one.
        let partner = partner.or_else(|| after.objects.get(index).filter(|_| same_shape));
        let name = format!("{}/{}", object.kind, object.name);
        let mut found = Vec::new();
        match partner {
            Some(partner) => compare(&object.node, &partner.node, &mut FieldPath::default(), &mut found),
            None => leaves(&object.node, &mut FieldPath::default(), &mut found),
        }
        all.extend(found.into_iter().map(|(path, place)| (name.clone(), path, place)));
    }
    all
}

/// Whether a line is what a span tells: its first, or one within a value of several lines.
fn tells(sources: &Sources, span: Span, edited: Span) -> bool {
    if span.file != edited.file {
        return false;
    }
    let file = sources.get(span.file).unwrap();
    let block = matches!(file.slice(span).as_bytes().first(), Some(b'|' | b'>' | b'"' | b'\''));
    let first = file.line_index(span.start);
    let last = if block { file.line_index(span.end) } else { first };
    (first..=last).contains(&file.line_index(edited.start))
}

#[derive(Default)]
struct Count {
    fields: usize,
    named: usize,
    edits: usize,
    edits_named: usize,
    /// Misses by what the chain says instead, with an example.
    causes: BTreeMap<String, (usize, String)>,
}

fn judge(
    checkout: &Checkout,
    app: &App,
    before: &Rendered,
    edited: Span,
    after: &Rendered,
    count: &mut Count,
) -> bool {
    let differences = differences(before, after);
    let teller = Teller::new(before, &checkout.workspace.cache);
    let sources = &checkout.workspace.sources;
    let mut all = true;
    for (object, path, place) in &differences {
        let causes = teller.causes(*place);
        count.fields += 1;
        if causes.iter().any(|cause| cause.at.is_some_and(|at| tells(sources, at, edited))) {
            count.named += 1;
            continue;
        }
        all = false;
        let by = before
            .origins
            .get(place.origin)
            .map_or("Written".to_owned(), |origin| format!("{:?}", origin.by));
        let by = by.split_once("Name(").map_or(by.clone(), |(step, name)| format!("{step}{name}"));
        let last = path.last_key();
        let (file, at, _) = sources.locate(edited).unwrap();
        let (own, own_at, _) = sources.locate(place.at).unwrap();
        let example = format!(
            "{} {}:{} -> {} {object} {path} (said {own}:{})",
            checkout.name, file, at.line, app.name, own_at.line
        );
        let kind = if last.starts_with("checksum") { "checksum".to_owned() } else { by };
        let entry = count.causes.entry(kind).or_insert((0, example));
        entry.0 += 1;
    }
    if !differences.is_empty() {
        count.edits += 1;
        count.edits_named += usize::from(all);
    }
    !differences.is_empty()
}

#[test]
#[ignore = "renders the corpus a thousand times; run with `cargo test --test integration blind -- --ignored --nocapture`"]
fn why_names_the_line_before_it_is_edited() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus/repos");
    let Ok(entries) = std::fs::read_dir(&corpus) else {
        println!("no corpus, no test");
        return;
    };
    let mut dirs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    dirs.sort();
    let checkouts: Vec<Checkout> =
        dirs.iter().filter_map(|dir| checkout(dir)).filter(|checkout| !checkout.files.is_empty()).collect();
    let seed = std::env::var("BLIND_SEED").map_or(0x9E37_79B9_7F4A_7C15, |text| text.parse().unwrap());
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let mut count = Count::default();
    let (mut effective, mut tried) = (0, 0);
    while effective < EDITS && tried < 40 * EDITS {
        tried += 1;
        let checkout = &checkouts[dice.below(checkouts.len())];
        let (path, readers) = &checkout.files[dice.below(checkout.files.len())];
        let file = checkout.workspace.tree.read(path).unwrap();
        let scalars = scalars(&checkout.workspace, &file);
        if scalars.is_empty() {
            continue;
        }
        let (edited, node) = &scalars[dice.below(scalars.len())];
        let edit = Edit { range: edited.start..edited.end, text: changed(node) };
        let mut had_effect = false;
        for reader in readers.iter().take(APPS) {
            let app = &checkout.apps[*reader];
            let Some(after) = repo::render_without(app, &checkout.workspace, &file, &edit) else { continue };
            if after.rendered.status() != Status::Rendered {
                continue;
            }
            let before = repo::render(app, &checkout.workspace);
            had_effect |= judge(checkout, app, &before, *edited, &after.rendered, &mut count);
        }
        effective += usize::from(had_effect);
    }
    let share = count.named as f64 / count.fields.max(1) as f64;
    let mut report = format!(
        "{effective} edits with an effect ({tried} tried) in {} repositories: {} of {} changed fields named the line ({:.2} %), {} of {} app renders in full\n",
        checkouts.len(),
        count.named,
        count.fields,
        100.0 * share,
        count.edits_named,
        count.edits,
    );
    let mut causes: Vec<_> = count.causes.into_iter().collect();
    causes.sort_by_key(|(_, (number, _))| std::cmp::Reverse(*number));
    for (cause, (number, example)) in causes.iter().take(12) {
        let _ = writeln!(report, "{number:6} {cause}: {example}");
    }
    println!("{report}");
    assert!(share >= FLOOR, "{report}");
}
