//! What is done with an input, per target. Each answers a number for how the input was taken: what is taken in a way that is new is
//! worth another mutation.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use gitops_lint::facade::config;
use gitops_lint::facade::diff;
use gitops_lint::facade::editor::Server;
use gitops_lint::facade::finding::Problem;
use gitops_lint::facade::fix;
use gitops_lint::facade::flux::envsubst::{Template, Variable};
use gitops_lint::facade::git::Repository;
use gitops_lint::facade::lint::{self, Baseline, Options};
use gitops_lint::facade::lock::Lock;
use gitops_lint::facade::origin::{Origins, Place, Placed};
use gitops_lint::facade::report::{self, Format, Look};
use gitops_lint::facade::source::{
    ArchiveLimits, Dir, Home, MemoryTree, OverlayTree, Sources, Tree, TreePath, open_archive,
};
use gitops_lint::facade::yaml::{Cache, Dialect, JsonStyle, Node};
use gitops_lint::facade::{argocd, cel, golang, helm, k8s, kustomize, repo, rules};

/// How an input was taken, as a number: the beginnings of what was said about it, without what it contributed itself.
#[derive(Default)]
pub(super) struct Taken(u64);

impl Taken {
    fn add(&mut self, word: &str) {
        for byte in word.bytes().take(28).filter(|byte| !byte.is_ascii_digit()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> u64 {
        let mut taken = Self(0xcbf2_9ce4_8422_2325);
        words.into_iter().for_each(|word| taken.add(word));
        taken.0
    }

    fn problems(problems: &[Problem]) -> u64 {
        Self::of(problems.iter().map(|problem| problem.message.as_str()))
    }
}

/// The text in two parts.
fn halves(text: &str) -> (&str, &str) {
    text.split_at((0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0))
}

pub(super) fn yaml(text: &str) -> u64 {
    let sources = Sources::new();
    let file = sources.add("a.yaml", text.as_bytes().to_vec());
    let stream = Cache::new(sources).stream(&file);
    for document in &stream.documents {
        if let Some(root) = &document.root {
            std::hint::black_box((root.to_value(), root.to_json(JsonStyle::default())));
        }
    }
    Taken::of(stream.problems.iter().map(|problem| problem.message.as_str()))
}

fn tree(sources: &Arc<Sources>, files: &[(&str, &str)]) -> Arc<dyn Tree> {
    Arc::new(MemoryTree::of(sources, files.iter().copied()))
}

/// Renders a chart of these files.
pub(super) fn chart(files: &[(&str, &str)]) -> u64 {
    let sources = Sources::new();
    let all = [&[("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n")], files].concat();
    let dir = Dir::new(tree(&sources, &all), TreePath::root());
    let cache = Cache::new(Arc::clone(&sources));
    let place = Place::written(sources.add("application", b"rel".to_vec()).span());
    let options = helm::ReleaseOptions::new(Placed::new("rel".into(), place), "ns");
    let Some(chart) = helm::Chart::load(&dir, &cache).0 else { return 0 };
    let release = helm::render(&chart, helm::UserValues::new(place), &options, &mut Origins::new(), &cache);
    std::hint::black_box(release.manifests.print(true, false));
    Taken::problems(&release.problems)
}

/// Values and their schema.
pub(super) fn values_schema(text: &str) -> u64 {
    let (values, schema) = halves(text);
    let template = "a: {{ toYaml .Values }}";
    chart(&[("templates/a.yaml", template), ("values.yaml", values), ("values.schema.json", schema)])
}

pub(super) fn set(text: &str) -> u64 {
    let sources = Sources::new();
    let place = Place::written(sources.add("application", b"rel".to_vec()).span());
    let mut user = helm::UserValues::new(place);
    let mut origins = Origins::new();
    for kind in [helm::SetKind::Typed, helm::SetKind::String, helm::SetKind::Json] {
        user.set(kind, text, place, &mut origins, &mut |path| Ok(path.into()));
    }
    0
}

pub(super) fn kustomization(text: &str) -> u64 {
    let sources = Sources::new();
    let (first, second) = halves(text);
    let dir =
        Dir::new(tree(&sources, &[("kustomization.yaml", first), ("x.yaml", second)]), TreePath::root());
    let built =
        kustomize::build(&dir, &kustomize::Options::default(), &mut Origins::new(), &Cache::new(sources));
    std::hint::black_box(built.to_yaml());
    Taken::problems(&built.problems)
}

/// The text as patches of both kinds on one object.
pub(super) fn patches(text: &str) -> u64 {
    let mut taken = 0u64;
    let object = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, finalizers: [a, b], labels: {a/b: c}}\nspec: {strategy: {type: Recreate}, template: {spec: {containers: [{name: a, image: b}, {name: z, image: y}]}}}\n";
    let kustomization =
        "resources: [x.yaml]\npatches: [{path: p.yaml}, {path: p.yaml, target: {kind: Deployment}}]\n";
    for kustomization in [kustomization, "resources: [x.yaml]\npatchesStrategicMerge: [p.yaml]\n"] {
        let sources = Sources::new();
        let files = [("kustomization.yaml", kustomization), ("x.yaml", object), ("p.yaml", text)];
        let dir = Dir::new(tree(&sources, &files), TreePath::root());
        let options = kustomize::Options::default();
        let built = kustomize::build(&dir, &options, &mut Origins::new(), &Cache::new(sources));
        std::hint::black_box(built.to_yaml());
        taken = taken.rotate_left(1) ^ Taken::problems(&built.problems);
    }
    taken
}

/// Files by path.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// A small repository of Git: its directory, and the files in it.
fn clone() -> &'static (tempfile::TempDir, Files) {
    static CLONE: OnceLock<(tempfile::TempDir, Files)> = OnceLock::new();
    CLONE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| crate::cli::git(dir.path(), args);
        git(&["init", "-q", "-b", "main"]);
        for (at, text) in ["a: 1\n", "a: 2\n", "a: 3\n"].iter().enumerate() {
            std::fs::write(dir.path().join("a.yaml"), text).unwrap();
            git(&["add", "."]);
            git(&["commit", "-qm", "one"]);
            git(&["tag", &format!("v1.{at}.0")]);
        }
        git(&["repack", "-adq"]);
        git(&["pack-refs", "--all"]);
        std::fs::write(dir.path().join("a.yaml"), "a: 4\n").unwrap();
        git(&["add", "."]);
        git(&["commit", "-qm", "four"]);
        let files = walkdir::WalkDir::new(dir.path().join(".git")).sort_by_file_name().into_iter();
        let files = files.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
        let files = files.map(walkdir::DirEntry::into_path);
        let kept = ["/hooks/", "/logs/", "/info/", "description", "COMMIT_EDITMSG"];
        let files = files.filter(|path| !kept.iter().any(|name| path.to_string_lossy().contains(name)));
        let files = files.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        (dir, files)
    })
}

/// The text in one file of Git's own, in place of a part of it; then everything that is asked of a repository.
pub(super) fn git(text: &str) -> u64 {
    let (dir, files) = clone();
    let sum = text.bytes().fold(7usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    let (path, bytes) = &files[sum % files.len()];
    let mut broken = bytes.clone();
    let from = (sum / 7) % (broken.len() + 1);
    let to = (from + sum % 9).min(broken.len());
    broken.splice(from..to, text.bytes());
    // Objects are there to be read only.
    let _ = std::fs::remove_file(path);
    std::fs::write(path, &broken).unwrap();
    if let Some(repository) = Repository::discover(dir.path(), Sources::new()).found() {
        let _ = (repository.remotes().len(), repository.branches(None).is_ok());
        let _ = repository.tracked().map(|tracked| tracked.paths().len());
        for revision in ["HEAD", "main", "v1.1.0", "HEAD~2"] {
            let Ok(commit) = repository.parse(revision) else { continue };
            let _ =
                repository.head().map(|head| head.commit().map(|head| repository.merge_base(head, commit)));
            let Ok(tree) = repository.tree_below(commit, "", repository.prefix()) else { continue };
            for file in &tree.files() {
                let _ = tree.read(file).map(|file| file.text_or_empty().len());
            }
        }
    }
    let _ = std::fs::remove_file(path);
    std::fs::write(path, bytes).unwrap();
    0
}

/// A repository of these files.
fn workspace(files: &[(&str, &str)]) -> repo::Workspace {
    let sources = Sources::new();
    let files = tree(&sources, files);
    repo::Workspace::of_tree(files, Arc::new(Cache::new(sources)), &rules::Registry::built_in().known()).0
}

/// Lints it with every rule, and prints it in one of the formats: all of them take longer than the rest.
fn lint(files: &[(&str, &str)]) -> u64 {
    let workspace = workspace(files);
    let report = lint::lint(&workspace, &Options { strict: Some(true), ..Options::default() });
    let length: usize = files.iter().map(|(_, text)| text.len()).sum();
    let (_, format) = Format::ALL[length % Format::ALL.len()];
    std::hint::black_box(report::render(&report, format, Look::default()));
    let found = report.findings.iter().map(|reported| reported.finding.rule.as_str());
    Taken::of(found.chain(report.unreadable.iter().map(|(_, why)| why.as_str())))
}

pub(super) fn repository(text: &str) -> u64 {
    let (first, second) = halves(text);
    lint(&[("a.yaml", first), ("k/kustomization.yaml", "resources: [x.yaml]\n"), ("k/x.yaml", second)])
}

pub(super) fn application_set(text: &str) -> u64 {
    repository(&format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: s, namespace: argocd}}\nspec:\n  goTemplate: {}\n  generators: [{text}]\n  template: {{metadata: {{name: '{{{{a}}}}'}}, spec: {{project: default, source: {{repoURL: '', path: '{{{{path}}}}k'}}, destination: {{name: '{{{{name}}}}'}}}}}}\n",
        text.len().is_multiple_of(2)
    ))
}

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: a, labels: {a: b}}\nspec: {replicas: 2, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: 'b:1', ports: [{containerPort: 80}]}]}}}\n---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x}\nspec: {size: 1, list: [{a: b}, 1], map: {a: 1, b: x}, text: é}\n";

/// Policies, definitions of resources and rules of the repository's own, judging a Deployment and a custom resource.
pub(super) fn policies(text: &str) -> u64 {
    lint(&[("policies.yaml", text), ("rules.d/own.yaml", text), ("objects.yaml", DEPLOYMENT)])
}

/// The schema of a custom resource, as its definition has it.
pub(super) fn definition(text: &str) -> u64 {
    let definition = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: widgets.example.com}}\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {{kind: Widget, plural: widgets}}\n  versions:\n  - {{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {text}}}}}}}}}\n"
    );
    lint(&[("crd.yaml", &definition), ("objects.yaml", DEPLOYMENT)])
}

/// What there is to mend is mended, and proved.
pub(super) fn mend(text: &str) -> u64 {
    let (first, second) = halves(text);
    let workspace = workspace(&[
        ("a.yaml", first),
        ("k/kustomization.yaml", "resources: [x.yaml]\n"),
        ("k/x.yaml", second),
    ]);
    let cache = Arc::clone(&workspace.cache);
    let reopen = |tree: Arc<dyn Tree>| {
        Ok(repo::Workspace::of_tree(tree, Arc::clone(&cache), &rules::Registry::built_in().known()).0)
    };
    let options = fix::Options { not_safe: true, attempts: 20, ..fix::Options::default() };
    let outcome = fix::run(&workspace, &reopen, &options).unwrap();
    let names = lint::Names::default();
    std::hint::black_box((report::fix_json(&outcome, &names), report::fix_diff(&outcome, Look::default())));
    Taken::of(outcome.applied.iter().chain(&outcome.left).map(|decided| decided.finding.rule.as_str()))
}

/// What a change of one file does.
pub(super) fn change(text: &str) -> u64 {
    let (first, second) = halves(text);
    let before = workspace(&[
        ("a.yaml", first),
        ("k/kustomization.yaml", "resources: [x.yaml]\n"),
        ("k/x.yaml", DEPLOYMENT),
    ]);
    let path = TreePath::root().child("a.yaml");
    let after = before.sources.add("a.yaml", second.as_bytes().to_vec());
    let changed: Arc<dyn Tree> = Arc::new(OverlayTree::new(Arc::clone(&before.tree), [(path, after)].into()));
    let after = before.beside(changed, None);
    let diff = diff::diff(&before, &after);
    Taken::of(diff.objects().map(|_| "o"))
}

pub(super) fn template(text: &str) -> u64 {
    chart(&[("templates/a.yaml", text), ("values.yaml", "a: [1, {b: c}]\n")])
}

pub(super) fn envsubst(text: &str) -> u64 {
    match Template::parse(text) {
        Ok(template) => {
            std::hint::black_box((template.references(), template.execute(&|_| Variable::Unset).is_ok()));
            std::hint::black_box(template.execute(&|_| Variable::Value("aé/b".into())).is_ok());
            0
        }
        Err(error) => error as u64 + 1,
    }
}

pub(super) fn jq(text: &str) -> u64 {
    argocd::jq_problem(text).map_or(0, |(why, _)| Taken::of([why.as_str()]))
}

pub(super) fn configuration(text: &str) -> u64 {
    static RULES: OnceLock<Vec<config::KnownRule>> = OnceLock::new();
    let (sources, names) = (Sources::new(), RULES.get_or_init(|| rules::Registry::built_in().known()));
    let file = sources.add(".gitops-lint.yaml", text.as_bytes().to_vec());
    let cache = Cache::new(sources);
    let (_, problems) = config::read(&file, &cache, names);
    std::hint::black_box(Lock::read(&file, &cache).map(|lock| lock.to_text()).is_ok());
    Taken::problems(&problems)
}

pub(super) fn baseline(text: &str) -> u64 {
    match Baseline::parse(text) {
        Ok(baseline) => std::hint::black_box(baseline.to_json()).len() as u64,
        Err(why) => Taken::of([why.as_str()]),
    }
}

/// Names for expressions.
struct World(Node);

impl<'a> cel::Scope<'a> for &'a World {
    fn variable(&self, name: &str) -> Option<Result<cel::Value<'a>, cel::Fault>> {
        ["self", "object", "params", "variables"].contains(&name).then(|| Ok(cel::Value::of(&self.0, None)))
    }
}

pub(super) fn expression(text: &str) -> u64 {
    static WORLD: OnceLock<World> = OnceLock::new();
    let world = WORLD.get_or_init(|| {
        let text = "{a: b, list: [b, a, 1, 2.5, null], map: {a: 1, b: [x], c: {}}, text: 'a-bé😀 10.0.0.0/8', number: 7}";
        let sources = Sources::new();
        let file = sources.add("a.yaml", text.into());
        let mut root = Cache::new(sources).stream(&file).documents[0].root.clone().unwrap();
        root.canonicalize(Dialect::Sigs).unwrap();
        World(root)
    });
    let program = match cel::Program::new(text) {
        Ok(program) => program,
        Err(error) => return Taken::of([error.to_string().as_str()]),
    };
    std::hint::black_box((program.mentions("oldSelf"), program.paths("self").len()));
    match program.run(&world, &cel::Budget::new(20_000)) {
        Ok(value) => Taken::of([value.type_name()]),
        Err(fault) => Taken::of(["fault", fault.to_string().as_str()]),
    }
}

/// Lines of messages from an editor to a server over a small repository.
pub(super) fn editor(text: &str) -> u64 {
    const FILES: [(&str, &str); 6] = [
        (
            "a.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec:\n  project: default\n  destination: {server: https://kubernetes.default.svc, namespace: a}\n  source: {repoURL: '', path: c}\n",
        ),
        ("k/kustomization.yaml", "resources: [x.yaml]\nnamePrefix: p-\n"),
        ("k/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: 1\n"),
        ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("c/values.yaml", "a: {b: [1, é]}\nimage: nginx\n"),
        (
            "c/templates/t.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata:\n  a: {{ .Values.image | quote }}\n",
        ),
    ];
    let open = |_: &std::path::Path| Ok((workspace(&FILES), Options::default()));
    let mut server = Server::new(Arc::new(open), Some("/r".into()));
    let mut taken = Taken::default();
    let messages: Vec<_> =
        text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect();
    // One by one, and some at once.
    for batch in messages.chunks(1 + text.len() % 3) {
        for answer in server.handle(batch) {
            taken.add(answer["method"].as_str().unwrap_or("answer"));
            taken.add(answer["error"]["message"].as_str().unwrap_or_default());
            std::hint::black_box(answer.to_string());
        }
        if server.exited().is_some() {
            break;
        }
    }
    taken.0
}

pub(super) fn go(text: &str) -> u64 {
    let (pattern, name) = halves(text);
    let _ = golang::doublestar::DoublestarPattern::new(pattern).map(|it| it.matches(name));
    let _ = golang::Glob::new(pattern, &['/']).map(|it| it.matches(name));
    let _ = golang::path_match::PathPattern::new(pattern).map(|it| it.matches(name));
    let _ = golang::time::Duration::parse(text).map(|it| (it.to_string(), it.sprig_round()));
    if let Ok(time) = golang::time::Time::parse(pattern, name) {
        std::hint::black_box((time.format(pattern), time.add_date(1, -99, i64::MAX), time.iso_week()));
    }
    let _ =
        (golang::strconv::unquote(text), golang::strconv::quote(text), golang::strconv::quote_to_ascii(text));
    let _ =
        (golang::url::query_unescape(text), golang::url::path_unescape(text), golang::url::path_escape(text));
    let _ = golang::url::Url::parse(text).map(|it| (it.to_string(), it.port().len(), it.redacted()));
    let _ = golang::strconv::parse_float(text, 64).map(golang::strconv::format_g);
    let _ = (golang::strconv::parse_int(text, 0, 64).is_ok(), golang::bytes::replaced(text).len());
    let _ = golang::cron::cron_error(text, golang::cron::Descriptors::Allowed);
    if let Ok(version) = golang::semver::Version::parse(name) {
        let _ = golang::semver::Constraint::parse(pattern).map(|it| it.check(&version));
        std::hint::black_box((version.inc_major(), version.inc_patch()));
    }
    let _ = (k8s::quantity(text), k8s::Image::parse(text).is_ok(), cel::Quantity::parse(text).is_some());
    0
}

/// Regular expressions of Go, and what is done with them.
pub(super) fn regexp(text: &str) -> u64 {
    let (pattern, subject) = halves(text);
    match golang::regexp::Regexp::new(pattern) {
        Ok(regexp) => {
            std::hint::black_box((regexp.replace_all(subject, pattern), regexp.split(subject, 3).len()));
            std::hint::black_box((regexp.captures(subject).is_some(), regexp.find_all(subject, -1).len()));
            0
        }
        Err(error) => Taken::of([error.to_string().as_str()]),
    }
}

/// A tar of one entry whose header is partly the input's, in gzip.
pub(super) fn tgz(text: &str) -> u64 {
    use std::io::Write;
    let mut block = [0u8; 512];
    let bytes = text.as_bytes();
    let head = bytes.len().min(512);
    block[..head].copy_from_slice(&bytes[..head]);
    block[124..136].copy_from_slice(format!("{:011o}\0", bytes.len() - head).as_bytes());
    block[156] = *b"0LKxg5S7".get(head % 8).unwrap_or(&b'0');
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(&block).unwrap();
    out.write_all(&bytes[head..]).unwrap();
    out.write_all(&vec![0; (512 - (bytes.len() - head) % 512) % 512 + 1024]).unwrap();
    match open_archive(
        &Sources::new(),
        &Home::named("c.tgz"),
        &out.finish().unwrap(),
        ArchiveLimits::default(),
    ) {
        Ok(tree) => tree.files().len() as u64,
        Err(error) => Taken::of([error.to_string().as_str()]),
    }
}
