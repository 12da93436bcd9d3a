//! Keeping the cache small.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Content, Store};

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files and repositories removed.
    pub removed: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that stay.
    pub left: u64,
}

/// What is left in `tmp` by a process that died is removed when it is older than any fetch.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// One thing in the cache.
struct Item {
    path: PathBuf,
    bytes: u64,
    written: SystemTime,
}

impl Store {
    /// Removes what was written longest ago until at most `limit` bytes are left, and with `older` what was written
    /// before that long. What `keep` names stays. `now` is the time of the caller's clock.
    pub fn prune(
        &self,
        limit: Option<u64>,
        older: Option<Duration>,
        keep: &BTreeSet<Content>,
        now: SystemTime,
    ) -> io::Result<Pruned> {
        let kept: BTreeSet<PathBuf> = keep.iter().map(|content| self.path(content)).collect();
        let mut items = Vec::new();
        for shard in children(&self.root().join("sha256"))? {
            items.extend(children(&shard)?);
        }
        items.extend(children(&self.root().join("git"))?);
        let mut items: Vec<Item> = items.into_iter().filter_map(item).collect();
        items.sort_by(|a, b| (a.written, &a.path).cmp(&(b.written, &b.path)));
        let mut pruned = Pruned { left: items.iter().map(|item| item.bytes).sum(), ..Pruned::default() };
        let age = |written: SystemTime| now.duration_since(written).unwrap_or_default();
        for item in items.iter().filter(|item| !kept.contains(&item.path)) {
            let too_old = older.is_some_and(|older| age(item.written) >= older);
            if too_old || limit.is_some_and(|limit| pruned.left > limit) {
                remove(&item.path)?;
                pruned.removed += 1;
                pruned.bytes += item.bytes;
                pruned.left -= item.bytes;
            }
        }
        for dir in ["tmp", "complete"] {
            for old in children(&self.root().join(dir))?.into_iter().filter_map(item) {
                if age(old.written) >= STALE {
                    remove(&old.path)?;
                }
            }
        }
        self.forget_the_removed()?;
        Ok(pruned)
    }

    /// Names whose content is gone.
    fn forget_the_removed(&self) -> io::Result<()> {
        for dir in children(&self.root().join("names"))? {
            for name in children(&dir)? {
                let record: Option<serde_json::Value> =
                    std::fs::read(&name).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
                let content =
                    record.and_then(|record| record.get("content")?.as_str()?.parse::<Content>().ok());
                if !content.is_some_and(|content| self.has(&content)) {
                    remove(&name)?;
                }
            }
            // Only an empty directory goes.
            let _ = std::fs::remove_dir(&dir);
        }
        Ok(())
    }
}

fn children(dir: &Path) -> io::Result<Vec<PathBuf>> {
    match std::fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn item(path: PathBuf) -> Option<Item> {
    let metadata = std::fs::symlink_metadata(&path).ok()?;
    let bytes = if metadata.is_dir() {
        let files = walkdir::WalkDir::new(&path).into_iter().filter_map(Result::ok);
        files
            .filter_map(|file| file.metadata().ok())
            .filter(std::fs::Metadata::is_file)
            .map(|it| it.len())
            .sum()
    } else {
        metadata.len()
    };
    Some(Item { path, bytes, written: metadata.modified().ok()? })
}

/// Removes a file or directory; one that another process removed is as good.
fn remove(path: &Path) -> io::Result<()> {
    let result = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::cache::{Known, Want};

    #[test]
    fn removes_the_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let now = SystemTime::now();
        let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
        let mut contents = Vec::new();
        for age in 0..4u64 {
            let mut stage = store.stage().unwrap();
            stage.write_all(&[b'0' + age as u8; 100]).unwrap();
            let content = store.keep(stage).unwrap();
            let file = std::fs::File::options().append(true).open(store.path(&content)).unwrap();
            file.set_modified(now - days(age)).unwrap();
            let want = Want::file(&format!("https://h.example/{age}"));
            store.remember(&want, &Known { version: String::new(), content: content.clone() }).unwrap();
            contents.push(content);
        }
        let here = || contents.iter().map(|content| store.has(content)).collect::<Vec<_>>();
        let keep = BTreeSet::from([contents[3].clone()]);
        let pruned = store.prune(None, Some(days(3)), &keep, now).unwrap();
        assert_eq!((pruned.removed, pruned.left), (0, 400), "what is in use stays");
        let pruned = store.prune(Some(250), None, &keep, now).unwrap();
        assert_eq!((pruned.removed, pruned.bytes, pruned.left), (2, 200, 200));
        assert_eq!(here(), [true, false, false, true]);
        assert_eq!(std::fs::read_dir(store.root().join("names")).unwrap().count(), 2);
        store.prune(Some(0), None, &BTreeSet::new(), now).unwrap();
        assert_eq!(here(), [false; 4]);
        assert_eq!(std::fs::read_dir(store.root().join("names")).unwrap().count(), 0);
    }
}
