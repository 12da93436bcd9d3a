//! Chart archives (`.tgz`) as trees, bounded in every direction.

use std::io::Read;

use flate2::read::GzDecoder;

use super::{MemoryTree, ReadError, Sources, TreePath};

/// What an archive may unpack to. The defaults are Helm's (`pkg/chart/loader/archive`: 100 MiB in all, 5 MiB a
/// file) plus a bound on the number of entries.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveLimits {
    /// Bytes of all files together.
    pub total: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Number of entries.
    pub entries: usize,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { total: 100 << 20, file: 5 << 20, entries: 20_000 }
    }
}

/// Unpacks a gzipped tar into memory. Files are named `name!/path`. Links are skipped, paths that leave the
/// archive are refused, as Helm does.
pub fn open_archive(
    sources: &Sources,
    name: &str,
    bytes: &[u8],
    limits: ArchiveLimits,
) -> Result<MemoryTree, ReadError> {
    let failed =
        |what: &dyn std::fmt::Display| ReadError::Failed(format!("not a chart archive: {what}").into());
    // Headers and padding come on top of the content: at most three blocks an entry and some at the end.
    let overhead = (limits.entries as u64 + 20).saturating_mul(3 * 512);
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(limits.total.saturating_add(overhead)));
    let mut tree = MemoryTree::new();
    let mut total = 0u64;
    let entries = archive.entries().map_err(|error| failed(&error))?;
    for (count, entry) in entries.enumerate() {
        if count >= limits.entries {
            return Err(failed(&format_args!("more than {} entries", limits.entries)));
        }
        let mut entry = entry.map_err(|error| failed(&error))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).replace('\\', "/");
        let path = TreePath::new(&path).map_err(|error| failed(&format_args!("`{path}`: {error}")))?;
        let size = entry.header().size().map_err(|error| failed(&error))?;
        total = total.saturating_add(size);
        if size > limits.file {
            return Err(ReadError::TooLarge { size, limit: limits.file });
        }
        if total > limits.total {
            return Err(ReadError::TooLarge { size: total, limit: limits.total });
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| failed(&error))?;
        let file = sources.add(&format!("{name}!/{path}"), content);
        tree.insert(path, file);
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::source::Tree;

    fn tgz(files: &[(&str, usize)]) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, size) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(*size as u64);
            header.set_mode(0o644);
            // `set_path` refuses `..`; an attacker's tar would not.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, vec![b'x'; *size].as_slice()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn opens_within_limits() {
        let sources = Sources::new();
        let limits = ArchiveLimits { total: 1000, file: 600, entries: 3 };
        let open = |files: &[(&str, usize)]| open_archive(&sources, "c.tgz", &tgz(files), limits);
        let tree = open(&[("c/Chart.yaml", 10), ("c/templates/a.yaml", 20)]).unwrap();
        let file = tree.read(&TreePath::new("c/templates/a.yaml").unwrap()).unwrap();
        assert_eq!(file.name().as_ref(), "c.tgz!/c/templates/a.yaml");
        for (files, want) in [
            (&[("c/a", 601)][..], "more than the limit"),
            (&[("c/a", 600), ("c/b", 600)], "more than the limit"),
            (&[("a", 1), ("b", 1), ("c", 1), ("d", 1)], "more than 3 entries"),
            (&[("c/../../evil", 1)], "outside of the repository"),
        ] {
            let error = open(files).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
        assert!(open_archive(&sources, "c.tgz", b"not gzip", limits).is_err());
    }
}
