//! The promises about the code itself: layers, file sizes, names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files that may be longer than 500 lines because they are a table or a parser; the reason is part of the list.
const LONG_FILES: &[(&str, &str)] = &[
    ("src/gotemplate/parse.rs", "a parser"),
    ("src/kustomize/config/defaults.rs", "a table"),
    ("src/yaml/compose.rs", "the last stage of the parser"),
    ("src/yaml/emit.rs", "one printer, the mirror of the parser"),
    ("src/yaml/parser.rs", "one state machine"),
    ("src/yaml/scanner.rs", "one state machine"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(dir: &str) -> Vec<(PathBuf, String)> {
    let mut files: Vec<_> = walkdir::WalkDir::new(root().join(dir))
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| (path.strip_prefix(root()).unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// `src/yaml/node.rs` -> `yaml`, `src/lint.rs` -> `lint`.
fn module_of(path: &Path) -> String {
    let part = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
    part.trim_end_matches(".rs").to_owned()
}

/// The rows of the table in `src/README.md`.
fn layers() -> BTreeMap<String, u32> {
    let readme = std::fs::read_to_string(root().join("src/README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let row: u32 = cells.next()?.parse().ok()?;
        Some((cells.next()?.trim_matches('`').to_owned(), row))
    });
    rows.collect()
}

#[test]
fn modules_import_lower_rows_only() {
    let layers = layers();
    assert!(layers.len() >= 15, "the layer table was not found: {layers:?}");
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let module = module_of(&path);
        if matches!(module.as_str(), "lib" | "main" | "bin") {
            continue;
        }
        let Some(row) = layers.get(&module) else {
            wrong.push(format!("{}: module `{module}` is not in the table of src/README.md", path.display()));
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            for used in line.split("crate::").skip(1) {
                let names = used.trim_start_matches('{');
                let name: String = names.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let lower = match layers.get(&name) {
                    Some(other) => other < row || name == module,
                    None => true,
                };
                if !lower {
                    wrong.push(format!(
                        "{}:{}: `{module}` (row {row}) imports `{name}`",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// rustfmt follows plain `mod` lines only: a file that a macro declares would never be formatted.
#[test]
fn rustfmt_sees_every_file() {
    let files: BTreeMap<PathBuf, String> = rust_files("src").into_iter().collect();
    let mut wrong = Vec::new();
    for path in files.keys() {
        let dir = path.parent().unwrap();
        let (name, above) = match path.file_stem().and_then(|stem| stem.to_str()).unwrap() {
            "lib" | "main" => continue,
            "mod" => (dir.file_name().and_then(|name| name.to_str()).unwrap(), dir.parent().unwrap()),
            stem => (stem, dir),
        };
        let parent = ["mod.rs", "lib.rs"].iter().find_map(|file| files.get(&above.join(file)));
        let end = format!("mod {name};");
        // At the margin, after a visibility at most.
        let declares = |line: &str| line.ends_with(&end) && (line.starts_with("pub") || line == end);
        if !parent.is_some_and(|text| text.lines().any(declares)) {
            wrong.push(format!("{}: no `mod {name};` declares it", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The library shows its facade only, so the compiler asks for the documentation of nothing else. What modules show each other
/// has to have it all the same: items, fields, and variants of enums.
#[test]
fn what_modules_show_is_documented() {
    const ITEMS: [&str; 9] =
        ["fn ", "const fn ", "struct ", "enum ", "trait ", "const ", "static ", "type ", "union "];
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let (mut documented, mut inside) = (false, false);
        for (number, line) in text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate() {
            let bare = line.trim_start();
            if bare.starts_with("///") {
                documented = true;
                continue;
            }
            // Attributes stand between, over several lines if they are long.
            if bare.starts_with("#[") || bare == ")]" || documented && bare.starts_with("reason = ") {
                continue;
            }
            let shown = bare.strip_prefix("pub ");
            let is_item = shown.is_some_and(|rest| ITEMS.iter().any(|item| rest.starts_with(item)));
            let is_field = shown.is_some_and(|rest| {
                let name = rest.split(':').next().unwrap_or_default();
                rest.contains(": ") && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            });
            let is_variant = inside
                && line.starts_with("    ")
                && bare.starts_with(char::is_uppercase)
                && line.len() - bare.len() == 4;
            if (is_item || is_field || is_variant) && !documented {
                wrong.push(format!("{}:{}: {bare}", path.display(), number + 1));
            }
            inside = match bare {
                _ if line.starts_with("pub enum ") => true,
                "}" if line == "}" => false,
                _ => inside,
            };
            documented = false;
        }
    }
    assert!(wrong.is_empty(), "without a `///`:\n{}", wrong.join("\n"));
}

#[test]
fn files_are_rooms() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        let allowed = LONG_FILES.iter().any(|(name, reason)| path == Path::new(name) && !reason.is_empty());
        if lines > 500 && !allowed {
            wrong.push(format!("{}: {lines} lines before its tests", path.display()));
        }
        if allowed && lines <= 500 {
            wrong.push(format!("{}: no longer needs its place in LONG_FILES", path.display()));
        }
        if !text.starts_with("//!") && !text.starts_with("#![") {
            wrong.push(format!("{}: does not say what it is in a `//!` comment", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_of_the_workplace_leaks() {
    let files = rust_files("src").into_iter().chain(rust_files("tests")).chain(rust_files("benches"));
    let mut wrong = Vec::new();
    for (path, text) in files {
        for (number, line) in text.lines().enumerate() {
            let place = || format!("{}:{}: {line}", path.display(), number + 1);
            // Spelled in two halves so that this file does not find itself.
            if line.contains(concat!("/wo", "rk/"))
                || line.contains(concat!("TO", "DO"))
                || line.contains(concat!("FIX", "ME"))
            {
                wrong.push(place());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rules that make spans of their own, and why nothing else can: `Context` and `Mender` know all others.
const OWN_SPANS: &[(&str, &str)] = &[
    ("src/rules/argocd/misplaced_chart_object.rs", "a line of a template, which is no YAML"),
    ("src/rules/helm/empty_override.rs", "the bytes of an edit that it has tried"),
    ("src/rules/helm/unreferenced_values_file.rs", "a whole file"),
    ("src/rules/kustomize/deprecated_kustomize_field.rs", "several edits that belong together"),
    ("src/rules/kustomize/unreferenced_manifest.rs", "a whole file"),
    ("src/rules/workload/single_arch_image_build.rs", "a line of a script"),
];

/// Rules that go through the files of the tree, and why: what is YAML, `Inventory` knows.
const OWN_SCANS: &[(&str, &str)] = &[
    ("src/rules/argocd/misplaced_chart_object.rs", "templates are no manifests"),
    ("src/rules/workload/managed_control_plane_monitor.rs", "Terraform is no YAML"),
    ("src/rules/workload/single_arch_image_build.rs", "scripts and Dockerfiles are no YAML"),
];

/// A rule names fields; labels follow from their places, and facts come from the inventory.
#[test]
fn rules_compute_no_offsets_and_scan_no_files() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src/rules") {
        // Rules lie in the folders of their subjects; what they share lies above.
        if path.components().count() < 4 {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().replace("-> Span {", "");
        for (words, list, what) in [
            (&["Span::new(", "Span {"][..], OWN_SPANS, "makes spans of its own"),
            (&["tree.files()", "walkdir", "std::fs"], OWN_SCANS, "goes through files"),
        ] {
            let does = words.iter().any(|word| code.contains(word));
            let may = list.iter().any(|(name, reason)| path == Path::new(name) && !reason.is_empty());
            if does && !may {
                wrong.push(format!("{}: it {what}", path.display()));
            }
            if may && !does {
                wrong.push(format!("{}: it no longer {what}: off the list", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
