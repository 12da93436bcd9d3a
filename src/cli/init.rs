//! `init`: writes a commented configuration from what the repository shows. It asks nothing: what is certain is set,
//! what is a guess stands in a comment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::ExitCode;

use smol_str::SmolStr;

use crate::argocd::IN_CLUSTER;
use crate::config::FILE_NAME;
use crate::repo::{self, Identity, Inventory, Spec, Workspace, is_environment};
use crate::source::TreePath;

use super::args::InitArgs;
use super::check::below;
use super::{Failure, open, print, say, schema};

/// Examples of one kind in the file; the rest is counted.
const SHOWN: usize = 12;

/// Environments where rules are relaxed first.
const EARLY: [&str; 4] = ["dev", "development", "sandbox", "test"];

/// Writes the file.
pub(super) fn run(args: &InitArgs) -> Result<ExitCode, Failure> {
    let path = below(&args.path, FILE_NAME);
    let shown = path.display();
    // An existing configuration does not change what there is to be seen, and it may be broken.
    let workspace = open::unconfigured(&args.path)?;
    let (inventory, _) = repo::analyze(&workspace, &|_, _| ());
    let text = file(&workspace, &inventory);
    if args.stdout {
        print(&text);
        return Ok(ExitCode::SUCCESS);
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).truncate(true);
    let opened =
        if args.force { options.create(true).open(&path) } else { options.create_new(true).open(&path) };
    let written = opened.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    match written {
        Ok(()) => {
            say!("wrote {shown}: `gitops-lint` reads it from now on");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(format!("`{shown}` exists: --force replaces it, --stdout prints what would be written"))
        }
        Err(error) => Err(format!("cannot write `{shown}`: {error}")),
    }
}

/// The whole file.
fn file(workspace: &Workspace, inventory: &Inventory) -> String {
    // Editors that ask yaml-language-server complete keys and rules, and say what is wrong while it is typed.
    let mut out = format!("# yaml-language-server: $schema={}\n", schema::URL);
    out.push_str(
        "# Configuration of gitops-lint. Everything here is optional.\n\
         # `gitops-lint config schema` prints that schema, `gitops-lint rules` lists the rules.\n\n",
    );
    out.push_str(
        "# Version of Kubernetes that charts and schemas see:\n# kubernetes: \"1.34\"\n\n\
         # Levels are off, on, note, warning and error. A locked rule cannot be suppressed by a comment.\n\
         # rules:\n#   mutable-image-tag: off\n#   plaintext-secret: { severity: error, locked: true }\n\n",
    );
    environments(&mut out, inventory);
    aliases(&mut out, workspace, inventory);
    clusters(&mut out, inventory);
    charts(&mut out, workspace, inventory);
    out.push_str(
        "# What exists although no file here makes it:\n# external:\n\
         #   - { kind: Secret, namespace: \"*\", name: wildcard-tls }\n",
    );
    out
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Directories that look like environments, as an example for `paths`.
fn environments(out: &mut String, inventory: &Inventory) {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in &inventory.scan.files {
        let mut dir = file.parent();
        while let Some(at) = dir {
            // `team-dev` may be anything, `dev` is an environment.
            if is_environment(at.file_name())
                && !at.file_name().contains(['-', '.', '_'])
                && let Some(parent) = at.parent()
            {
                found.entry(parent.to_string()).or_default().insert(at.file_name().to_owned());
            }
            dir = at.parent();
        }
    }
    found.retain(|_, names| names.len() > 1);
    out.push_str("# Other levels for some files.");
    let example = match found.iter().next() {
        Some((dir, names)) => {
            out.push_str(" Environments seen here:\n");
            for (dir, names) in found.iter().take(SHOWN) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let dir = if dir.is_empty() { "." } else { dir };
                let _ = writeln!(out, "#   {dir}: {}", names.join(", "));
            }
            let early = names.iter().find(|name| EARLY.contains(&name.as_str()));
            let first = early.or_else(|| names.first()).map_or("dev", String::as_str);
            if dir.is_empty() { first.to_owned() } else { format!("{dir}/{first}") }
        }
        None => {
            out.push('\n');
            "sandbox".to_owned()
        }
    };
    let pattern = quoted(&format!("{example}/**"));
    let _ = writeln!(
        out,
        "# paths:\n#   - match: {pattern}\n#     rules: {{ mutable-image-tag: off }}\n#     reason: where \
         everything is new\n"
    );
}

/// URLs that mean this repository although no remote says so.
fn aliases(out: &mut String, workspace: &Workspace, inventory: &Inventory) {
    let mut urls: BTreeMap<Identity, BTreeMap<&str, usize>> = BTreeMap::new();
    for entry in &inventory.apps {
        let Spec::Argo(application) = &entry.app.spec else { continue };
        for source in application.sources.iter().filter(|source| source.chart.is_none()) {
            let url = source.repo_url();
            if !url.is_empty() && !url.contains("{{") && !url.contains("${") {
                let identity = workspace.checkouts.identity(url);
                *urls.entry(identity).or_default().entry(url).or_default() += 1;
            }
        }
    }
    out.push_str("# URLs by which Applications mean this repository, beside its git remotes.\n");
    match urls.get(&Identity::Inferred) {
        Some(inferred) => {
            out.push_str(
                "# These were recognised by their paths, which exist here.\nrepository:\n  aliases:\n",
            );
            for url in inferred.keys() {
                let _ = writeln!(out, "    - {}", quoted(url));
            }
            out.push('\n');
        }
        None => out.push_str("# repository:\n#   aliases: [\"https://git.example.com/org/repo.git\"]\n\n"),
    }
    if let Some(others) = urls.get(&Identity::Other) {
        out.push_str(
            "# Other repositories that Applications name. What comes from them is rendered once they are mapped to\n\
             # a checkout on this machine, relative to this file:\n# repos:\n",
        );
        for (url, _) in others.iter().take(SHOWN) {
            let name = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let _ = writeln!(out, "#   {}: ../{}", quoted(url), name.trim_end_matches(".git"));
        }
        if others.len() > SHOWN {
            let _ = writeln!(out, "#   # and {} more", others.len() - SHOWN);
        }
        out.push('\n');
    }
}

/// Clusters that apps deploy to. Whether they are all there are is not known, so they stand in a comment.
fn clusters(out: &mut String, inventory: &Inventory) {
    let clusters: BTreeSet<&SmolStr> = inventory
        .apps
        .iter()
        .map(|entry| &entry.app.cluster)
        .filter(|cluster| !cluster.is_empty() && *cluster != IN_CLUSTER && !cluster.contains("{{"))
        .collect();
    out.push_str(
        "# The clusters: they feed the cluster generator of ApplicationSets. Declare all of them, with the labels\n\
         # of their secrets, or none.",
    );
    out.push_str(if clusters.is_empty() { "\n" } else { " Apps deploy to these:\n" });
    out.push_str("# clusters:\n");
    let labels = cluster_labels(inventory);
    for cluster in clusters.iter().take(SHOWN) {
        let named = !cluster.contains("://");
        let (name, server) = if named { (cluster.as_str(), None) } else { ("NAME", Some(quoted(cluster))) };
        let server = server.map_or_else(String::new, |server| format!(", server: {server}"));
        let _ = writeln!(out, "#   - {{ name: {name}{server}, labels: {labels} }}");
    }
    if clusters.is_empty() {
        let labels = if labels == "{}" { "{ env: prod }" } else { &labels };
        let _ = writeln!(out, "#   - {{ name: prod, server: https://prod.example.com, labels: {labels} }}");
    }
    out.push('\n');
}

/// The labels that ApplicationSets whose clusters are not known select by, to be filled in.
fn cluster_labels(inventory: &Inventory) -> String {
    let open = inventory.apps.iter().filter(|entry| !entry.incomplete.is_empty());
    let sets = open.filter_map(|entry| match &entry.app.spec {
        Spec::ArgoSet(set) => Some(set.cluster_labels()),
        _ => None,
    });
    let keys: BTreeSet<SmolStr> = sets.flatten().filter(|key| !key.contains("{{")).collect();
    let labels: Vec<String> = keys.iter().take(SHOWN).map(|key| format!("{key}: \"\"")).collect();
    if labels.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", labels.join(", ")) }
}

/// Directories of chart archives that no chart owns.
fn charts(out: &mut String, workspace: &Workspace, inventory: &Inventory) {
    let scan = &inventory.scan;
    let owned = |dir: &TreePath| {
        dir.file_name() == "charts"
            && dir
                .parent()
                .is_some_and(|chart| scan.charts.contains(&chart) || scan.subcharts.contains(&chart))
    };
    let files = workspace.tree.files();
    let archives = files.iter().filter(|path| path.file_name().ends_with(".tgz"));
    let dirs: BTreeSet<TreePath> = archives.filter_map(TreePath::parent).filter(|dir| !owned(dir)).collect();
    out.push_str("# Where charts of other repositories are vendored, as directories or .tgz.\n");
    if dirs.is_empty() {
        out.push_str("# charts:\n#   paths: [vendor/charts]\n\n");
    } else {
        out.push_str("charts:\n  paths:\n");
        for dir in &dirs {
            let dir = if dir.is_root() { ".".to_owned() } else { dir.to_string() };
            let _ = writeln!(out, "    - {}", quoted(&dir));
        }
        out.push('\n');
    }
}
