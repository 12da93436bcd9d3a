//! Scratch repositories for tests, written object by object: no git is needed to test reading git.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha1::{Digest, Sha1};

use crate::source::{Sources, TreePath};

use super::{CommitId, Discovery, Repository, RevisionTree};

/// An entry of a directory under construction: mode, content or id.
#[derive(Clone)]
pub(crate) enum File<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Link(&'a str),
    Executable(&'a str),
    /// The id of a commit of another repository.
    Submodule(&'a str),
    /// The id of a tree or blob that need not exist.
    Id(&'a str, &'a str),
}

/// A work tree with a `.git` in a temporary directory, on branch `main`.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let scratch = Self { dir: tempfile::tempdir().unwrap() };
        scratch.write(".git/HEAD", "ref: refs/heads/main\n");
        scratch.write(".git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
        std::fs::create_dir_all(scratch.path(".git/objects/pack")).unwrap();
        std::fs::create_dir_all(scratch.path(".git/refs/heads")).unwrap();
        scratch
    }

    /// Unpacks a repository made by git: `fixtures/git/<name>.tgz`.
    pub(crate) fn unpack(name: &str) -> Self {
        let scratch = Self { dir: tempfile::tempdir().unwrap() };
        let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/git/{name}.tgz"));
        let bytes = std::fs::read(archive).unwrap();
        tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice())).unpack(scratch.root()).unwrap();
        scratch
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn discover(&self) -> Discovery {
        Repository::discover(self.root(), Sources::new())
    }

    pub(crate) fn open(&self) -> Repository {
        match self.discover() {
            Discovery::Found(repository) => *repository,
            other => panic!("{other:?}"),
        }
    }

    /// Stores an object and answers its id.
    pub(crate) fn object(&self, kind: &str, data: &[u8]) -> String {
        let whole = [format!("{kind} {}\0", data.len()).as_bytes(), data].concat();
        let id = hex(&Sha1::digest(&whole));
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&whole).unwrap();
        self.write(&format!(".git/objects/{}/{}", &id[..2], &id[2..]), packed.finish().unwrap());
        id
    }

    /// Stores files by path, with the directories they need; the id of the top directory.
    pub(crate) fn tree(&self, files: &[(&[u8], File<'_>)]) -> String {
        let mut dirs: BTreeMap<&[u8], Vec<(&[u8], File<'_>)>> = BTreeMap::new();
        let mut entries: Vec<(Vec<u8>, &str, String)> = Vec::new();
        for (path, file) in files {
            if let Some(slash) = path.iter().position(|byte| *byte == b'/') {
                dirs.entry(&path[..slash]).or_default().push((&path[slash + 1..], file.clone()));
                continue;
            }
            let (mode, id) = match file {
                File::Text(text) => ("100644", self.object("blob", text.as_bytes())),
                File::Bytes(bytes) => ("100644", self.object("blob", bytes)),
                File::Executable(text) => ("100755", self.object("blob", text.as_bytes())),
                File::Link(target) => ("120000", self.object("blob", target.as_bytes())),
                File::Submodule(id) => ("160000", (*id).to_owned()),
                File::Id(mode, id) => (*mode, (*id).to_owned()),
            };
            entries.push((path.to_vec(), mode, id));
        }
        for (name, files) in dirs {
            entries.push((name.to_vec(), "40000", self.tree(&files)));
        }
        let sort_key = |(name, mode, _): &(Vec<u8>, &str, String)| {
            [name.as_slice(), if *mode == "40000" { b"/" } else { b"" }].concat()
        };
        entries.sort_by_key(sort_key);
        let mut data = Vec::new();
        for (name, mode, id) in entries {
            data.extend([mode.as_bytes(), b" ", &name, b"\0"].concat());
            data.extend((0..20).map(|at| u8::from_str_radix(&id[at * 2..at * 2 + 2], 16).unwrap()));
        }
        self.object("tree", &data)
    }

    /// Stores a commit of a tree.
    pub(crate) fn commit_of(&self, tree: &str, parents: &[CommitId], time: i64) -> CommitId {
        let parents = parents.iter().map(|parent| format!("parent {parent}\n")).collect::<Vec<_>>().concat();
        let who = format!("Ann <ann@example.com> {time} +0100");
        let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nmessage {time}\n");
        commit_id(&self.object("commit", text.as_bytes()))
    }

    /// Stores a commit of files.
    pub(crate) fn commit(&self, files: &[(&str, File<'_>)], parents: &[CommitId], time: i64) -> CommitId {
        let files: Vec<_> = files.iter().map(|(path, file)| (path.as_bytes(), file.clone())).collect();
        self.commit_of(&self.tree(&files), parents, time)
    }

    /// Stores an annotated tag of any object and answers the id of the tag.
    pub(crate) fn tag(&self, name: &str, kind: &str, target: impl std::fmt::Display) -> String {
        let who = "Ann <ann@example.com> 99 +0000";
        let text = format!("object {target}\ntype {kind}\ntag {name}\ntagger {who}\n\nrelease\n");
        self.object("tag", text.as_bytes())
    }

    /// Writes a reference by its full name.
    pub(crate) fn reference(&self, name: &str, value: impl std::fmt::Display) {
        self.write(&format!(".git/{name}"), format!("{value}\n"));
    }

    /// Makes this look like a clone of a remote `origin` that was fetched in full.
    pub(crate) fn add_origin(&self) {
        let config = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote \"origin\"]\n\
                      \turl = https://example.com/org/repo.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n";
        self.write(".git/config", config);
        self.reference("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main");
    }
}

impl RevisionTree {
    pub(crate) fn paths(&self) -> Vec<String> {
        use crate::source::Tree;
        self.files().iter().map(ToString::to_string).collect()
    }
}

pub(crate) fn commit_id(hex: &str) -> CommitId {
    CommitId(gix::ObjectId::from_hex(hex.as_bytes()).unwrap())
}

pub(crate) fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
