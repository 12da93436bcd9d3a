//! Executes the pages under `rules/`: what is documented as wrong is found, what is documented as right is silent.
//!
//! `UPDATE=1` rewrites the generated parts: the `text finding` blocks and headers of the pages, the index
//! `rules/README.md` and the list in `src/rules/mod.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gitops_lint::facade::diff::DANGERS;
use gitops_lint::facade::finding::RuleId;
use gitops_lint::facade::report::Look;
use gitops_lint::facade::rules::{self, RuleMeta};
use gitops_lint::facade::source::{MemoryTree, Sources};
use gitops_lint::facade::{fix, lint, repo, report, yaml};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Compares a generated file with what is there, or rewrites it.
pub(crate) fn expect(path: &Path, want: &str, wrong: &mut Vec<String>) {
    let have = std::fs::read_to_string(path).unwrap_or_default();
    if have == want {
        return;
    }
    if update() {
        std::fs::write(path, want).unwrap();
    } else {
        let diff = similar::TextDiff::from_lines(have.as_str(), want);
        let shown = diff.unified_diff().header("committed", "generated").to_string();
        wrong.push(format!("{} is out of date (run `cargo bless rules`):\n{shown}", path.display()));
    }
}

/// A page, split so that it can be put together again.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A repository shown on a page.
#[derive(Default, Debug)]
pub(crate) struct Example {
    pub(crate) section: String,
    /// Files of both sides of a change, and of all other examples.
    pub(crate) files: Vec<(String, String)>,
    /// Files that only one side of a change has: before, after.
    pub(crate) sides: [Vec<(String, String)>; 2],
    /// Lines of the page (from 0, exclusive end) between the fences of the `text finding` block.
    pub(crate) finding: Option<std::ops::Range<usize>>,
    /// The same of the block behind it that shows what its fix does, with its fences.
    fix: Option<std::ops::Range<usize>>,
    pub(crate) line: usize,
}

pub(crate) fn pages() -> BTreeMap<String, Page> {
    let mut pages = BTreeMap::new();
    for entry in walkdir::WalkDir::new(root().join("rules")).min_depth(2).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            pages.insert(name, Page { path, text });
        }
    }
    pages
}

pub(crate) fn examples(page: &Page) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut section = String::new();
    let mut current = Example::default();
    let mut lines = page.text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.starts_with("## ") || line.starts_with("### ") {
            if !current.is_empty() {
                examples.push(std::mem::take(&mut current));
            }
            if let Some(title) = line.strip_prefix("## ") {
                title.clone_into(&mut section);
            }
            continue;
        }
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let mut body = String::new();
        let start = number + 1;
        let mut end = start;
        for (number, line) in lines.by_ref() {
            if line == "```" {
                end = number;
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        if let Some(file) = info.split_whitespace().find_map(|word| word.strip_prefix("file=")) {
            if current.finding.is_some() {
                examples.push(std::mem::take(&mut current));
            }
            if current.is_empty() {
                current.line = number + 1;
            }
            current.section.clone_from(&section);
            let files = match info.split_whitespace().last() {
                Some("before") => &mut current.sides[0],
                Some("after") => &mut current.sides[1],
                _ => &mut current.files,
            };
            files.push((file.to_owned(), body));
        } else if matches!(info, "text finding" | "text danger") {
            current.finding = Some(start..end);
        } else if info == "diff fix" || info == "diff unsafe fix" {
            // With the empty line in front of it.
            current.fix = Some(start - 2..end + 1);
        }
    }
    if !current.is_empty() {
        examples.push(current);
    }
    examples
}

impl Example {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.sides.iter().all(Vec::is_empty)
    }
}

fn workspace(example: &Example) -> repo::Workspace {
    let sources = Sources::new();
    let files = example.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let tree = Arc::new(MemoryTree::of(&sources, files));
    let cache = Arc::new(yaml::Cache::new(sources));
    let (workspace, problems) = repo::Workspace::of_tree(tree, cache, &rules::Registry::built_in().known());
    assert!(problems.is_empty(), "the example's configuration is wrong: {problems:?}");
    workspace
}

/// What fixing the findings of a rule does to an example, as a block of the page: safe fixes, or where there are none, all. Proofs
/// look at all rules.
fn fixed(example: &Example, name: &'static str) -> Option<Vec<String>> {
    let workspace = workspace(example);
    let reopen = |tree| {
        Ok(repo::Workspace::of_tree(tree, Arc::clone(&workspace.cache), &rules::Registry::built_in().known())
            .0)
    };
    [(false, "```diff fix"), (true, "```diff unsafe fix")].into_iter().find_map(|(not_safe, fence)| {
        let options = fix::Options {
            lint: lint::Options {
                levels: vec![(name.into(), gitops_lint::facade::config::Level::On)],
                today: Some("2026-11-01".to_owned()),
                ..lint::Options::default()
            },
            not_safe,
            rules: Some(vec![RuleId::new(name)]),
            ..fix::Options::default()
        };
        let outcome = fix::run(&workspace, &reopen, &options).unwrap();
        if std::env::var_os("SHOW_LEFT").is_some() {
            for it in &outcome.left {
                eprintln!("{name}: not done: {}: {}", it.title, it.reason.as_deref().unwrap_or_default());
            }
        }
        if outcome.files.is_empty() {
            return None;
        }
        let diff = report::fix_diff(&outcome, Look::default());
        let lines = ["", fence].into_iter().chain(diff.lines()).chain(["```"]);
        Some(lines.map(str::to_owned).collect())
    })
}

fn run(example: &Example, only: Option<&str>) -> lint::Report {
    let workspace = workspace(example);
    // Rules about comments speak of other rules, which must run as well; only their own findings are shown.
    let about_comments = only.is_some_and(|name| name.ends_with("-suppression"));
    let options = lint::Options {
        only: only.filter(|_| !about_comments).map(|name| vec![RuleId::new(name)]),
        today: Some("2026-11-01".to_owned()),
        ..lint::Options::default()
    };
    let mut report = lint::lint(&workspace, &options);
    if about_comments {
        report.findings.retain(|reported| Some(reported.finding.rule.as_str()) == only);
    }
    report
}

fn shown(report: &lint::Report) -> String {
    let mut text = String::new();
    for reported in &report.findings {
        text.push_str(&report::render_finding(&reported.finding, &report.sources, Look::default()));
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

const SECTIONS: [&str; 6] =
    ["Why is this bad?", "Incorrect", "Correct", "Options", "Exceptions", "References"];

fn check_page(meta: &'static RuleMeta, page: &Page, wrong: &mut Vec<String>) {
    let at = |line: usize| format!("{}:{line}", page.path.display());
    let sections: Vec<&str> = page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let order: Vec<Option<usize>> =
        sections.iter().map(|title| SECTIONS.iter().position(|known| known == title)).collect();
    if order.iter().any(Option::is_none) || !order.is_sorted() || !sections.starts_with(&SECTIONS[..3]) {
        wrong.push(format!(
            "{}: sections are {sections:?}, expected (in order, Options optional) {SECTIONS:?}",
            at(1)
        ));
    }
    let summary =
        page.text.lines().filter(|line| !line.starts_with(['#', '<'])).find(|line| !line.is_empty());
    if summary != Some(&*meta.summary) {
        wrong.push(format!("{}: the first paragraph must be the summary `{}`", at(1), meta.summary));
    }
    let mut lines: Vec<String> = page.text.lines().map(str::to_owned).collect();
    let examples = examples(page);
    for wanted in ["Incorrect", "Correct"] {
        if !examples.iter().any(|example| example.section == wanted) {
            wrong.push(format!("{}: no example under `{wanted}`", at(1)));
        }
    }
    for example in examples.iter().rev() {
        match (&example.finding, example.section.as_str()) {
            (Some(range), _) => {
                let report = run(example, Some(&meta.name));
                let has_fix = report.findings.iter().any(|reported| reported.finding.fix.is_some());
                let fixed = if has_fix { fixed(example, &meta.name) } else { None };
                if example.fix.is_some() && fixed.is_none() {
                    wrong.push(format!("{}: the fix is not applied any more", at(example.line)));
                } else {
                    // Below the fence of the finding.
                    let place = example.fix.clone().unwrap_or(range.end + 1..range.end + 1);
                    lines.splice(place, fixed.unwrap_or_default());
                }
                let text = shown(&report);
                if text.is_empty() {
                    wrong.push(format!(
                        "{}: the example under `{}` is silent",
                        at(example.line),
                        example.section
                    ));
                }
                lines.splice(range.clone(), text.lines().map(str::to_owned));
            }
            (None, "Incorrect") => {
                wrong.push(format!("{}: the example has no `text finding` block", at(example.line)));
            }
            (None, _) => {
                let text = shown(&run(example, None));
                if !text.is_empty() {
                    wrong.push(format!(
                        "{}: the example under `{}` must be silent:\n{text}",
                        at(example.line),
                        example.section
                    ));
                }
            }
        }
    }
    let header = format!(
        "<!-- generated: {} · {} · since {} · src/rules/{}/{}.rs -->",
        meta.severity.as_str(),
        meta.preset.as_str(),
        meta.since.unwrap_or_default(),
        meta.subject,
        meta.name.replace('-', "_"),
    );
    match lines.get_mut(1) {
        Some(line) if line.starts_with("<!-- generated:") => *line = header,
        _ => lines.insert(1, header),
    }
    expect(&page.path, &(lines.join("\n") + "\n"), wrong);
}

#[test]
fn pages_hold() {
    let pages = pages();
    let mut wrong = Vec::new();
    for rule in rules::all() {
        let meta = rule.meta();
        match pages.get(&*meta.name) {
            Some(page) => {
                let folder = page.path.parent().unwrap().file_name().unwrap().to_str().unwrap();
                assert_eq!(
                    folder, meta.subject,
                    "page and file of `{}` lie under different subjects",
                    meta.name
                );
                assert!(
                    page.text.starts_with(&format!("# {}\n", meta.name)),
                    "{} has another title",
                    page.path.display()
                );
                check_page(meta, page, &mut wrong);
            }
            None => wrong.push(format!("`{}` has no page", meta.name)),
        }
    }
    let registry = rules::Registry::built_in();
    let known: BTreeSet<&str> = registry.names().collect();
    let dangers = DANGERS.map(|danger| danger.name);
    let is_known = |name: &str| known.contains(name) != dangers.contains(&name);
    for name in pages.keys().filter(|name| !is_known(name.as_str())) {
        wrong.push(format!("the page `{name}` has no rule in the list (run `cargo bless rules`)"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn index_is_current() {
    let mut by_subject: BTreeMap<&str, Vec<&RuleMeta>> = BTreeMap::new();
    for rule in rules::all() {
        by_subject.entry(rule.meta().subject).or_default().push(rule.meta());
    }
    let mut text = String::from(
        "# Rules\n\nWhat gitops-lint checks, by subject. Each page is executed by `cargo test`: its incorrect examples \
         are\nfound as shown, its correct ones are silent under all rules. `gitops-lint explain RULE` prints a page.\n",
    );
    for (subject, metas) in by_subject {
        let _ = write!(
            text,
            "\n## {subject}\n\n| rule | severity | preset | fix | what it finds |\n|---|---|---|---|---|\n"
        );
        for meta in metas {
            let _ = writeln!(
                text,
                "| [{name}]({subject}/{name}.md) | {} | {} | {} | {} |",
                meta.severity.as_str(),
                meta.preset.as_str(),
                meta.fix().map_or("", gitops_lint::facade::finding::Applicability::as_str),
                meta.summary,
                name = meta.name,
            );
        }
    }
    text += "\n## changes\n\nWhat [`gitops-lint diff`](../docs/diff.md) says is dangerous about a change.\n\n| danger | severity | what it is |\n|---|---|---|\n";
    for danger in DANGERS {
        let (name, severity) = (danger.name, danger.severity.as_str());
        let _ = writeln!(text, "| [{name}](changes/{name}.md) | {severity} | {} |", danger.summary);
    }
    let mut wrong = Vec::new();
    expect(&root().join("rules/README.md"), &text, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `src/rules/<subject>/mod.rs` names every file beside it, and `src/rules/mod.rs` every subject.
#[test]
fn lists_are_current() {
    let dir = root().join("src/rules");
    let mut subjects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(&dir).min_depth(2).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        let subject = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let modules = subjects.entry(subject).or_default();
        modules.extend(
            path.file_stem().and_then(|stem| stem.to_str()).filter(|it| *it != "mod").map(str::to_owned),
        );
    }
    let mut wrong = Vec::new();
    for (subject, modules) in &subjects {
        let mut text = format!(
            "//! The rules about `{subject}`: a file each. This one is written by `cargo bless rules`.\n\n\
             use super::Rule;\n\n"
        );
        let name = |module: &String| -> String {
            module.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
        };
        for module in modules {
            let _ = writeln!(text, "mod {module};");
        }
        text.push_str("\n/// All of them, by name.\npub(super) const RULES: &[&dyn Rule] = &[");
        let rules: Vec<String> =
            modules.iter().map(|module| format!("&{module}::{}", name(module))).collect();
        let line = rules.join(", ");
        // As rustfmt would write it.
        let width = "pub(super) const RULES: &[&dyn Rule] = &[];".len() + line.len();
        let list = if width <= 110 { line } else { format!("\n    {},\n", rules.join(",\n    ")) };
        let _ = writeln!(text, "{list}];");
        expect(&dir.join(subject).join("mod.rs"), &text, &mut wrong);
    }
    let mut list = format!("const SUBJECTS: [&[&dyn Rule]; {}] = [\n", subjects.len());
    for subject in subjects.keys() {
        let _ = writeln!(list, "    {subject}::RULES,");
    }
    list.push_str("];\n");
    let path = dir.join("mod.rs");
    let text = std::fs::read_to_string(&path).unwrap();
    let start = text.find("const SUBJECTS:").unwrap();
    let end = text.find("// End of what is written.").unwrap();
    expect(&path, &format!("{}{list}{}", &text[..start], &text[end..]), &mut wrong);
    for subject in subjects.keys().filter(|it| !text.lines().any(|line| line == format!("mod {it};"))) {
        wrong.push(format!("src/rules/mod.rs lacks `mod {subject};`"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The page about other linters links to rules that exist.
#[test]
fn peers_are_matched() {
    let text = std::fs::read_to_string(root().join("rules/peers.md")).unwrap();
    let checks = text.lines().filter(|line| line.starts_with("| `"));
    let mut count = 0;
    for line in checks {
        count += 1;
        let mut links = 0;
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split(')').next().unwrap();
            assert!(root().join("rules").join(target).is_file(), "{line}");
            links += 1;
        }
        assert!(links > 0 || line.contains("not checked: "), "{line}");
    }
    assert_eq!(count, 31 + 33 + 44, "kube-linter, kube-score and Polaris have that many default checks");
}
