//! Tests on repositories that git itself made (`fixtures/git/make.sh`): what git says of them, we say; and damaged in
//! any way, they give answers or errors, never a panic.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::source::{EntryKind, Sources, Tree, TreePath};

use super::changes::Change;
use super::testing::{Scratch, commit_id, path};
use super::{Answer, CommitId, Coverage, DefaultBranch, Discovery, Repository, Resolution};

fn facts() -> Vec<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/git/packed.facts");
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// The commits of `refs/remotes/origin/main` and its like, as the facts name them.
fn commits(facts: &[Vec<String>]) -> BTreeMap<&str, CommitId> {
    let commits = facts.iter().filter(|fact| fact[0] == "commit");
    commits.map(|fact| (fact[1].as_str(), commit_id(&fact[2]))).collect()
}

#[test]
fn packed_repository() {
    let scratch = Scratch::unpack("packed");
    let repository = scratch.open();
    let facts = facts();
    let commits = commits(&facts);
    let mut counted = BTreeMap::new();
    let mut listed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for fact in &facts {
        let fact: Vec<&str> = fact.iter().map(String::as_str).collect();
        *counted.entry(fact[0]).or_insert(0) += 1;
        match fact[..] {
            ["commit", name, _, time] => {
                let asked = name.strip_prefix("refs/remotes/origin/").unwrap_or(name);
                let resolution = repository.resolve(None, asked, &|_, _| None);
                let found = resolution.found().unwrap_or_else(|| panic!("{asked}: {resolution:?}"));
                // The local `main` is ahead of the one that was fetched, which is the one Argo CD sees.
                if name != "refs/heads/main" {
                    assert_eq!(
                        (found.commit, found.time.to_string().as_str()),
                        (commits[name], time),
                        "{name}"
                    );
                }
            }
            ["compare", one, other, ahead, behind, bases] => {
                let Answer::Known(got) = repository.compare(commits[one], commits[other]) else { panic!() };
                let counts = (got.ahead.to_string(), got.behind.to_string());
                assert_eq!(counts, (ahead.to_owned(), behind.to_owned()), "{one} {other}");
                assert_eq!(got.is_merged(), ahead == "0");
                match got.merge_base {
                    Some(base) => assert!(bases.split(',').any(|id| id == base.to_string()), "{one} {other}"),
                    None => assert_eq!(bases, "", "{one} {other}"),
                }
            }
            ["file", revision, mode, id, name] => {
                let tree = repository.tree(commits[revision], revision).unwrap();
                let link = mode == "120000";
                // One commit moved the file that a link leads to.
                if link && tree.resolve(&path(name)).is_err() {
                    assert_eq!(
                        (revision, tree.kind(&path(name))),
                        ("refs/remotes/origin/feature/one", Some(EntryKind::Other))
                    );
                    continue;
                }
                let file = tree.read(&path(name)).unwrap();
                let same = super::changes::blob_id(file.bytes()) == commit_id(id).0;
                assert_eq!(same, !link, "{revision} {name}");
                assert_eq!(tree.resolve(&path(name)).unwrap() == path(name), !link);
                listed.entry(revision).or_default().push(name);
            }
            ["change", ..] => {}
            _ => panic!("{fact:?}"),
        }
    }
    for (revision, files) in listed {
        assert_eq!(repository.tree(commits[revision], revision).unwrap().paths(), files, "{revision}");
    }
    let expected = BTreeMap::from([("change", 19), ("commit", 12), ("compare", 144), ("file", 51)]);
    assert_eq!(counted, expected, "the facts file was read whole");
}

#[test]
fn changes_between_commits() {
    let scratch = Scratch::unpack("packed");
    let repository = scratch.open();
    let facts = facts();
    let commits = commits(&facts);
    for other in ["early", "feature/one", "unrelated"] {
        let mut want = BTreeMap::new();
        for fact in facts.iter().filter(|fact| fact[0] == "change" && fact[1] == other) {
            let change = match fact[2].as_str() {
                "A" => Change::Added,
                "D" => Change::Removed,
                _ => Change::Modified,
            };
            want.insert(path(&fact[3]), change);
        }
        let (main, other) =
            (commits["refs/remotes/origin/main"], commits[&*format!("refs/remotes/origin/{other}")]);
        assert_eq!(repository.changes(main, other).unwrap(), want);
        assert!(repository.changes(other, other).unwrap().is_empty());
    }
}

#[test]
fn clones_know_what_they_are() {
    let scratch = Scratch::unpack("packed");
    let repository = scratch.open();
    assert_eq!(repository.branch_coverage(None), Coverage::Full);
    assert_eq!(repository.tag_coverage(None), Coverage::Full);
    assert_eq!(repository.tags().unwrap(), ["light", "v1.0.0", "v1.1.0"]);
    assert_eq!(repository.remotes()[0].fetch_urls, ["https://example.com/org/repo.git"]);
    let main = Answer::Known(DefaultBranch::Recorded("main".to_owned()));
    assert_eq!(repository.default_branch(None), main);
    let tracked: Vec<String> =
        repository.tracked().unwrap().paths().iter().map(ToString::to_string).collect();
    let head = repository.head().unwrap().commit().unwrap();
    assert_eq!(tracked, repository.tree(head, "HEAD").unwrap().paths());
    let tracked = repository.tracked().unwrap();
    assert!(
        tracked.has(&path("local.yaml"))
            && !tracked.has(&path("apps"))
            && tracked.any_below(&path("apps/shop"))
    );
    assert!(!tracked.any_below(&path("app")) && !tracked.any_below(&path("tail.yaml/x")));

    let scratch = Scratch::unpack("shallow");
    let repository = scratch.open();
    assert!(repository.is_shallow() && !repository.is_partial());
    let main = repository.resolve(None, "main", &|_, _| None).found().unwrap().commit;
    assert!(matches!(repository.resolve(None, "merged", &|_, _| None), Resolution::Unknown(_)));
    let parent = repository.commit(main).unwrap().parents[0];
    let cut_off = repository.commit(parent).unwrap().parents[0];
    assert!(repository.commit(cut_off).unwrap().cut_off);
    // Where history is there, it is counted; where it is cut off, it is not.
    let Answer::Known(comparison) = repository.compare(parent, main) else { panic!() };
    assert_eq!((comparison.ahead, comparison.behind, comparison.merge_base), (0, 1, Some(parent)));
    let elsewhere = commit_id(&commits(&facts())["refs/remotes/origin/merged"].to_string());
    assert!(matches!(repository.compare(elsewhere, main), Answer::Unknown(_)));

    let scratch = Scratch::unpack("partial");
    let repository = scratch.open();
    assert!(repository.is_partial() && !repository.is_shallow());
    let main = repository.resolve(None, "HEAD", &|_, _| None).found().unwrap().commit;
    let tree = repository.tree(main, "HEAD").unwrap();
    assert!(tree.paths().contains(&"big.yaml".to_owned()));
    assert!(tree.read(&path("big.yaml")).unwrap_err().to_string().ends_with("(`git clone --filter`)"));
    assert!(repository.changes(main, repository.commit(main).unwrap().parents[0]).is_ok());
    // `--no-checkout` leaves no index.
    assert!(repository.tracked().unwrap().has(&path("big.yaml")));
}

/// Objects borrowed from another repository, as `git clone --shared` and `--reference` do.
#[test]
fn alternates() {
    let lender = Scratch::unpack("packed");
    let scratch = Scratch::unpack("packed");
    let packs = scratch.path(".git/objects/pack");
    std::fs::remove_dir_all(&packs).unwrap();
    std::fs::create_dir(&packs).unwrap();
    let head = lender.open().head().unwrap().commit().unwrap();
    assert!(scratch.open().tree(head, "HEAD").is_err());
    let objects = lender.path(".git/objects");
    scratch.write(".git/objects/info/alternates", format!("{}\n", objects.display()));
    assert_eq!(
        scratch.open().tree(head, "HEAD").unwrap().paths(),
        lender.open().tree(head, "HEAD").unwrap().paths()
    );
}

/// Asks everything there is to ask.
fn use_all(root: &Path) -> usize {
    let mut answers = 0;
    let repository = match Repository::discover(root, Sources::new()) {
        Discovery::Found(repository) => repository,
        Discovery::Broken(error) => return usize::from(error.to_string().is_empty()),
        Discovery::Nothing | Discovery::Untracked { .. } => return 0,
    };
    let mut known = Vec::new();
    for revision in
        ["main", "HEAD", "feature/one", "v1.0.0", "light", "crossed", "unrelated", "1234567", "nothing"]
    {
        let resolution = repository.resolve(None, revision, &|_, _| None);
        known.extend(resolution.found().map(|found| found.commit));
    }
    known.extend(repository.head().ok().and_then(super::Head::commit));
    for one in &known {
        if let Ok(tree) = repository.tree(*one, "x") {
            answers += tree.files().iter().filter(|file| tree.read(file).is_ok()).count();
            answers += tree.list(&TreePath::root()).map_or(0, |entries| entries.len());
        }
        answers += known.iter().filter_map(|other| repository.compare(*one, *other).known()).count();
        answers += known.iter().filter_map(|other| repository.changes(*one, *other).ok()).count();
    }
    if let Ok(work) = crate::source::WorkTree::open(root, "", Sources::new()) {
        answers += known.iter().filter_map(|one| repository.changes_in_work_tree(*one, &work).ok()).count();
    }
    answers + repository.tracked().map_or(0, |tracked| tracked.paths().len())
}

fn files_below(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

/// Flips, overwrites, cuts and empties every file of `.git`, one damage at a time. That nothing panics is the point;
/// that the undamaged repository answers is checked first.
#[test]
fn damaged_repositories_do_not_panic() {
    let scratch = Scratch::unpack("packed");
    let whole = use_all(scratch.root());
    assert!(whole > 200, "{whole}");
    let mut files = Vec::new();
    files_below(&scratch.path(".git"), &mut files);
    // A generator of our own, so that every run damages the same bytes.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % below.max(1)
    };
    let rounds = 12;
    let mut damaged = 0;
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        // git writes packs read-only.
        let mut permissions = std::fs::metadata(file).unwrap().permissions();
        #[expect(clippy::permissions_set_readonly_false, reason = "a scratch file")]
        permissions.set_readonly(false);
        std::fs::set_permissions(file, permissions).unwrap();
        for round in 0..rounds {
            let mut broken = bytes.clone();
            match round % 4 {
                0 => broken.truncate(random(bytes.len())),
                1 => broken.iter_mut().skip(random(bytes.len())).take(1).for_each(|byte| *byte ^= 1 << 5),
                2 => broken.iter_mut().skip(random(bytes.len())).take(1).for_each(|byte| *byte = 0xff),
                _ => {
                    let at = random(bytes.len());
                    broken.iter_mut().skip(at).take(16).for_each(|byte| *byte = 0xff);
                }
            }
            std::fs::write(file, &broken).unwrap();
            damaged += usize::from(use_all(scratch.root()) != whole);
        }
        std::fs::remove_file(file).unwrap();
        use_all(scratch.root());
        std::fs::write(file, bytes).unwrap();
    }
    assert_eq!(use_all(scratch.root()), whole);
    assert!(damaged > 20, "the damage was noticed {damaged} times only");
}
