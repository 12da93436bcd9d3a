//! The directory: where content lies, and how it gets there.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::content::hex;
use super::{Content, Kind, Want};

/// The layout; another one gets another directory.
const VERSION: &str = "v1";

/// A cache directory. Nothing is created before something is written.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A name that was resolved once: what a version of it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// The version that was found, or the id of the commit.
    pub version: String,
    /// What it is.
    pub content: Content,
}

/// How a name is written down.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    kind: Kind,
    url: String,
    #[serde(default)]
    name: String,
    /// What was asked for, where that is not the version: a branch, a tag.
    #[serde(default)]
    wanted: String,
    version: String,
    content: String,
}

impl Store {
    /// The cache in a directory, whether that exists or not.
    pub fn new(dir: &Path) -> Self {
        Self { root: dir.join(VERSION) }
    }

    /// Where everything lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where content lies or would lie: a file, for a commit the directory of a bare repository.
    pub fn path(&self, content: &Content) -> PathBuf {
        match content {
            Content::Sha256(hex) => self.root.join("sha256").join(hex.get(..2).unwrap_or_default()).join(hex),
            Content::Commit(hex) => self.root.join("git").join(hex),
        }
    }

    /// Whether content is here.
    pub fn has(&self, content: &Content) -> bool {
        self.path(content).exists()
    }

    /// The bytes of a file.
    pub fn read(&self, content: &Content) -> io::Result<Vec<u8>> {
        std::fs::read(self.path(content))
    }

    /// Whether the bytes are still those that the name says.
    pub fn is_intact(&self, content: &Content) -> bool {
        match content {
            Content::Sha256(_) => self.read(content).is_ok_and(|bytes| Content::of(&bytes) == *content),
            // Git names every object by its content and checks it when reading.
            Content::Commit(_) => self.has(content),
        }
    }

    /// What exactly this name was resolved to, if its content is here.
    pub fn lookup(&self, want: &Want) -> Option<Known> {
        let record = Self::record(&self.names(want).join(escaped(&want.version)))?;
        (record.wanted == want.version || record.version == want.version).then_some(())?;
        self.known(record)
    }

    /// All that is here under this name, whatever the version; sorted.
    pub fn versions(&self, want: &Want) -> Vec<Known> {
        let Ok(entries) = std::fs::read_dir(self.names(want)) else { return Vec::new() };
        let records = entries.filter_map(|entry| Self::record(&entry.ok()?.path()));
        let mut known: Vec<Known> = records.filter_map(|record| self.known(record)).collect();
        known.sort();
        known.dedup();
        known
    }

    fn record(path: &Path) -> Option<Record> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    fn known(&self, record: Record) -> Option<Known> {
        let content: Content = record.content.parse().ok()?;
        self.has(&content).then_some(Known { version: record.version, content })
    }

    /// The directory of the versions of a name.
    fn names(&self, want: &Want) -> PathBuf {
        let mut hash = Sha256::new();
        for part in [want.kind.as_str(), &want.url, &want.name] {
            hash.update(part);
            hash.update([0]);
        }
        let hash = hex(&hash.finalize());
        self.root.join("names").join(hash.get(..32).unwrap_or(&hash))
    }

    /// Writes down what a name was resolved to: under the version and under what was asked for.
    pub fn remember(&self, want: &Want, known: &Known) -> io::Result<()> {
        let dir = self.names(want);
        std::fs::create_dir_all(&dir)?;
        let record = Record {
            kind: want.kind,
            url: want.url.clone(),
            name: want.name.clone(),
            wanted: want.version.clone(),
            version: known.version.clone(),
            content: known.content.to_string(),
        };
        let bytes = serde_json::to_vec_pretty(&record)?;
        for name in [&want.version, &known.version] {
            let mut file = tempfile::NamedTempFile::new_in(self.staging()?)?;
            file.write_all(&bytes)?;
            file.persist(dir.join(escaped(name)))?;
        }
        Ok(())
    }

    /// Begins to write a file.
    pub fn stage(&self) -> io::Result<Stage> {
        Ok(Stage { file: tempfile::NamedTempFile::new_in(self.staging()?)?, hash: Sha256::new(), size: 0 })
    }

    /// An empty directory beside everything else, for what is put together file by file. Gone when dropped.
    pub fn stage_dir(&self) -> io::Result<tempfile::TempDir> {
        tempfile::TempDir::new_in(self.staging()?)
    }

    /// Keeps a directory as the tree of a commit. One that is there already is as good.
    pub fn keep_dir(&self, dir: tempfile::TempDir, content: &Content) -> io::Result<()> {
        let target = self.path(content);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match std::fs::rename(dir.path(), &target) {
            Err(_) if target.exists() => Ok(()),
            Ok(()) => {
                // It is no longer where it was, so there is nothing to remove.
                let _ = dir.keep();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps a file. `Err` when that cannot be done.
    pub fn keep(&self, stage: Stage) -> io::Result<Content> {
        let content = Content::Sha256(hex(&stage.hash.finalize()));
        let target = self.path(&content);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        stage.file.as_file().sync_data()?;
        stage.file.persist(target)?;
        Ok(content)
    }

    /// Remembers that everything was there for a repository of this fingerprint.
    pub fn mark(&self, fingerprint: &Content) -> io::Result<()> {
        let path = self.mark_path(fingerprint);
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        File::create(path).map(drop)
    }

    /// Whether that was remembered.
    pub fn is_marked(&self, fingerprint: &Content) -> bool {
        self.mark_path(fingerprint).exists()
    }

    fn mark_path(&self, fingerprint: &Content) -> PathBuf {
        self.root.join("complete").join(fingerprint.to_string().replace(':', "-"))
    }

    /// The directory in which things are put together. Made with the tag that tells backup programs to leave it alone.
    fn staging(&self) -> io::Result<PathBuf> {
        let dir = self.root.join("tmp");
        if !dir.is_dir() {
            std::fs::create_dir_all(&dir)?;
            let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# Written by gitops-lint fetch.\n";
            File::create(self.root.join("CACHEDIR.TAG"))?.write_all(tag.as_bytes())?;
        }
        Ok(dir)
    }
}

/// A file that is being written: counted and hashed on the way, gone when dropped.
#[derive(Debug)]
pub struct Stage {
    file: tempfile::NamedTempFile,
    hash: Sha256,
    size: u64,
}

impl Stage {
    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What was written so far, from its beginning.
    pub fn reader(&mut self) -> io::Result<impl io::Read + use<>> {
        self.flush()?;
        File::open(self.file.path())
    }

    /// What was written so far.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        std::fs::read(self.file.path())
    }

    /// The name that the bytes so far have.
    pub fn content(&self) -> Content {
        Content::Sha256(hex(&self.hash.clone().finalize()))
    }
}

impl Write for Stage {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A version as a file name: whatever a repository writes, it is one plain name.
fn escaped(version: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
    if !version.is_empty() && version.len() <= 100 && version.bytes().all(|byte| plain(&byte)) {
        return format!("v-{version}");
    }
    let hash = hex(&Sha256::digest(version));
    format!("h-{}", hash.get(..32).unwrap_or(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &Store, bytes: &[u8]) -> Content {
        let mut stage = store.stage().unwrap();
        stage.write_all(bytes).unwrap();
        store.keep(stage).unwrap()
    }

    #[test]
    fn keeps_by_content() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let want = Want::chart("https://h.example", "a", "~1.2");
        assert_eq!(store.versions(&want), []);
        assert!(!store.root().exists(), "looking creates nothing");
        let content = put(&store, b"one");
        assert_eq!(put(&store, b"one"), content);
        assert_eq!(store.read(&content).unwrap(), b"one");
        assert!(store.is_intact(&content));
        let known = Known { version: "1.2.3".to_owned(), content: content.clone() };
        store.remember(&want, &known).unwrap();
        for version in ["~1.2", "1.2.3"] {
            let want = Want { version: version.to_owned(), ..want.clone() };
            assert_eq!(store.lookup(&want), Some(known.clone()), "{version}");
        }
        assert_eq!(store.lookup(&Want { version: "1.2.4".to_owned(), ..want.clone() }), None);
        assert_eq!(store.lookup(&Want { url: "https://i.example".to_owned(), ..want.clone() }), None);
        assert_eq!(store.versions(&want), [known]);

        std::fs::write(store.path(&content), "changed").unwrap();
        assert!(!store.is_intact(&content));
        std::fs::remove_file(store.path(&content)).unwrap();
        assert_eq!(store.versions(&want), [], "a name without content says nothing");
    }

    #[test]
    fn nothing_half_written_stays() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let mut stage = store.stage().unwrap();
        stage.write_all(b"half").unwrap();
        drop(stage);
        drop(store.stage_dir().unwrap());
        assert_eq!(std::fs::read_dir(store.root().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn names_stay_inside() {
        for version in ["../../x", "", "a/b", "refs/heads/main", &"1".repeat(300), "..", "C:\\x"] {
            let name = escaped(version);
            assert!(name.starts_with("h-") || name == "v-..", "{name}");
            assert_eq!(Path::new(&name).components().count(), 1);
        }
        assert_eq!(escaped("1.2.3-rc.1+b"), "v-1.2.3-rc.1+b");
    }
}
