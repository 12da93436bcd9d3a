//! Chart archives (`.tgz`) as trees, bounded in every direction.

use std::io::Read;
use std::sync::Arc;

use flate2::read::GzDecoder;
use tar::EntryType;

use super::{Home, MemoryTree, ReadError, Sources, TreePath, relaxed, relaxed_len};

/// What an archive may unpack to. The defaults are Helm's (`pkg/chart/loader/archive`: 100 MiB in all, 5 MiB a
/// file) plus a bound on the number of entries, as far as `--limits` leaves them.
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
        Self { total: relaxed(100 << 20), file: relaxed(5 << 20), entries: relaxed_len(20_000) }
    }
}

/// Bytes of a path, as long as an operating system takes them.
const MAX_PATH: usize = 4096;

/// Directories above a file.
const MAX_DEPTH: usize = 64;

/// Bytes of a header that only carries a longer name, as much as Go's `archive/tar` takes.
const MAX_EXTENSION: u64 = 1 << 20;

/// Bytes of all paths with those of the directories above them.
const MAX_PATHS: usize = 64 << 20;

/// Unpacks a gzipped tar into memory. Links are skipped, paths that leave the
/// archive are refused, as Helm does.
pub fn open_archive(
    sources: &Sources,
    archive: &Home,
    bytes: &[u8],
    limits: ArchiveLimits,
) -> Result<MemoryTree, ReadError> {
    let failed =
        |what: &dyn std::fmt::Display| ReadError::Failed(format!("not a chart archive: {what}").into());
    // Headers and padding come on top of the content: at most three blocks an entry and some at the end.
    let overhead = (limits.entries as u64 + 20).saturating_mul(3 * 512);
    let home = Arc::new(archive.clone());
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(limits.total.saturating_add(overhead)));
    let mut tree = MemoryTree::new();
    let mut total = 0u64;
    let mut paths = 0usize;
    // Raw: headers that carry names are read here, where they are bounded.
    let entries = archive.entries().map_err(|error| failed(&error))?.raw(true);
    let mut long_name: Option<Vec<u8>> = None;
    for (count, entry) in entries.enumerate() {
        if count >= limits.entries {
            return Err(failed(&format_args!("more than {} entries", limits.entries)));
        }
        let mut entry = entry.map_err(|error| failed(&error))?;
        let size = entry.header().size().map_err(|error| failed(&error))?;
        let kind = entry.header().entry_type();
        if matches!(
            kind,
            EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader
        ) {
            if size > MAX_EXTENSION {
                return Err(failed(&format_args!("a header of {size} bytes (the limit is {MAX_EXTENSION})")));
            }
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|error| failed(&error))?;
            match kind {
                EntryType::GNULongName => {
                    content.truncate(content.iter().position(|byte| *byte == 0).unwrap_or(content.len()));
                    long_name = Some(content);
                }
                EntryType::XHeader => {
                    let fields = extended(&content).ok_or_else(|| failed(&"a broken pax header"))?;
                    for (key, value) in fields {
                        match key {
                            b"path" => long_name = Some(value.to_vec()),
                            b"size" => return Err(failed(&"a size in a pax header")),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
            continue;
        }
        let own = long_name.take();
        if !kind.is_file() {
            continue;
        }
        let path = own.as_deref().map_or_else(|| entry.path_bytes(), std::borrow::Cow::Borrowed);
        if path.len() > MAX_PATH {
            return Err(failed(&format_args!("a path of {} bytes (the limit is {MAX_PATH})", path.len())));
        }
        let path = String::from_utf8_lossy(&path).replace('\\', "/");
        let path = TreePath::new(&path).map_err(|error| failed(&format_args!("`{path}`: {error}")))?;
        let depth = path.as_str().matches('/').count();
        if depth > MAX_DEPTH {
            return Err(failed(&format_args!("a path {depth} directories deep (the limit is {MAX_DEPTH})")));
        }
        paths += path.as_str().len() * (depth + 1);
        if paths > MAX_PATHS {
            return Err(failed(&format_args!("paths of more than {MAX_PATHS} bytes together")));
        }
        total = total.saturating_add(size);
        if size > limits.file {
            return Err(ReadError::TooLarge { size, limit: limits.file });
        }
        if total > limits.total {
            return Err(ReadError::TooLarge { size: total, limit: limits.total });
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| failed(&error))?;
        let file = sources.add_as(Home::Archive { archive: Arc::clone(&home), path: path.clone() }, content);
        tree.insert(path, file);
    }
    Ok(tree)
}

/// The fields of a pax header: `27 path=c/templates/a.yaml` and a newline each, the number counting all of it.
fn extended(mut content: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut fields = Vec::new();
    while !content.is_empty() && content.first() != Some(&0) {
        let blank = content.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(content.get(..blank)?).ok()?.parse().ok()?;
        let field = content.get(blank + 1..length)?.strip_suffix(b"\n")?;
        let equals = field.iter().position(|byte| *byte == b'=')?;
        fields.push((field.get(..equals)?, field.get(equals + 1..)?));
        content = content.get(length..)?;
    }
    Some(fields)
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
        let open =
            |files: &[(&str, usize)]| open_archive(&sources, &Home::named("c.tgz"), &tgz(files), limits);
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
        assert!(open_archive(&sources, &Home::named("c.tgz"), b"not gzip", limits).is_err());
    }

    /// An archive with one file, whose name comes in a header of its own.
    fn named(kind: EntryType, name: &[u8]) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (kind, path, content) in [(kind, "long", name), (EntryType::Regular, "short", b"x")] {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_path(path).unwrap();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append(&header, content).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn pax(key: &str, value: &str) -> Vec<u8> {
        let rest = format!(" {key}={value}\n");
        let length =
            (1..1_000_000).find(|length: &usize| length.to_string().len() + rest.len() == *length).unwrap();
        format!("{length}{rest}").into_bytes()
    }

    #[test]
    fn names_in_headers_of_their_own_are_read_and_bounded() {
        let sources = Sources::new();
        let open = |bytes: Vec<u8>| {
            open_archive(&sources, &Home::named("c.tgz"), &bytes, ArchiveLimits::default())
                .map_err(|error| error.to_string())
        };
        let long = format!("c/{}/a.yaml", "d".repeat(150));
        for bytes in [
            named(EntryType::GNULongName, format!("{long}\0").as_bytes()),
            named(EntryType::XHeader, &pax("path", &long)),
        ] {
            assert!(open(bytes).unwrap().read(&TreePath::new(&long).unwrap()).is_ok());
        }
        let deep = "a/".repeat(100_000) + "b";
        for (bytes, want) in [
            (named(EntryType::GNULongName, deep.as_bytes()), "a path of 200001 bytes"),
            (named(EntryType::XHeader, &pax("path", &deep)), "a path of 200001 bytes"),
            (
                named(EntryType::XHeader, &pax("path", &deep[200_001 - 2001..])),
                "a path 1000 directories deep",
            ),
            (named(EntryType::GNULongName, &vec![b'a'; 2 << 20]), "a header of 2097152 bytes"),
            (named(EntryType::GNULongLink, &vec![b'a'; 2 << 20]), "a header of 2097152 bytes"),
            (named(EntryType::XGlobalHeader, &vec![b'a'; 2 << 20]), "a header of 2097152 bytes"),
            (named(EntryType::XHeader, b"99999 path=a\n"), "a broken pax header"),
            (named(EntryType::XHeader, b"18446744073709551615 path=a\n"), "a broken pax header"),
            (named(EntryType::XHeader, b"3 path=a\n"), "a broken pax header"),
            (named(EntryType::XHeader, b"0 path=a\n"), "a broken pax header"),
            (named(EntryType::XHeader, &pax("size", "99999999999")), "a size in a pax header"),
        ] {
            let error = open(bytes).unwrap_err();
            assert!(error.contains(want), "{error}");
        }
    }
}
