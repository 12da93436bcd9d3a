//! Files parsed once for all who read them.

use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use crate::source::{FileId, SourceFile, Sources};

use super::{Dialect, Stream, parse_as};

/// Parsed files by id, shared by all threads. Ids are only comparable within one registry, so a cache belongs to
/// one [`Sources`].
pub struct Cache {
    sources: Arc<Sources>,
    streams: RwLock<FxHashMap<(FileId, Dialect), Arc<Stream>>>,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Cache({} streams)", streams.len())
    }
}

impl Cache {
    /// An empty cache over the files of `sources`.
    pub fn new(sources: Arc<Sources>) -> Self {
        Self { sources, streams: RwLock::default() }
    }

    /// The registry whose files are cached.
    pub fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// The file as Helm, kubectl and Argo CD read it.
    pub fn stream(&self, file: &Arc<SourceFile>) -> Arc<Stream> {
        self.stream_as(file, Dialect::Sigs)
    }

    /// Forgets how a file reads that nothing refers to any more.
    pub fn forget(&self, file: FileId) {
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        for dialect in [Dialect::Sigs, Dialect::V3] {
            streams.remove(&(file, dialect));
        }
    }

    /// The file as `dialect` reads it. The dialects share a stream unless a merge key tells them apart.
    pub fn stream_as(&self, file: &Arc<SourceFile>, dialect: Dialect) -> Arc<Stream> {
        let key = (file.id(), dialect);
        if let Some(stream) = self.streams.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(stream);
        }
        // Parsing happens outside of the lock. Two threads may parse the same file at the same time; the first
        // to finish is kept, so that everybody holds the same tree.
        let stream = Arc::new(parse_as(file, dialect));
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        if !stream.merge_order_matters {
            for other in [Dialect::Sigs, Dialect::V3] {
                streams.entry((file.id(), other)).or_insert_with(|| Arc::clone(&stream));
            }
        }
        Arc::clone(streams.entry(key).or_insert(stream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_once() {
        let sources = Sources::new();
        let cache = Cache::new(Arc::clone(&sources));
        let plain = sources.add("a.yaml", b"a: 1\n".to_vec());
        assert!(Arc::ptr_eq(&cache.stream(&plain), &cache.stream(&plain)));
        assert!(Arc::ptr_eq(&cache.stream(&plain), &cache.stream_as(&plain, Dialect::V3)));
        let merged = sources.add("b.yaml", b"a: 1\n<<: {a: 2}\n".to_vec());
        let value = |dialect| {
            let stream = cache.stream_as(&merged, dialect);
            stream.documents[0].root.as_ref().unwrap().get("a").unwrap().scalar().unwrap().clone()
        };
        assert_eq!((value(Dialect::Sigs).as_str(), value(Dialect::V3).as_str()), ("2", "1"));
    }
}
