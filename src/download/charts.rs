//! Charts of HTTP repositories, as `ChartDownloader` of Helm gets them.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::cache::{Content, Known, Stage, Store, Want};
use crate::source::{ArchiveLimits, Home, Sources, Tree, open_archive};

use super::http::Client;
use super::index::Index;
use super::url::Url;
use super::{Failure, limits, oci};

/// An index that is read once for all charts of its repository.
type Shared = Arc<OnceLock<Result<Index, Failure>>>;

/// The indexes of this run.
#[derive(Debug, Default)]
pub(super) struct Indexes(Mutex<BTreeMap<String, Shared>>);

impl Indexes {
    fn of(&self, repository: &Url, client: &Client) -> Shared {
        let slot = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(repository.text()).or_default())
        };
        slot.get_or_init(|| {
            let url = repository.child("index.yaml");
            let bytes = client.get(&url, true)?.bytes(limits::INDEX)?;
            Index::read(unpacked(bytes, &url)?).map_err(|words| format!("{} {words}", url.shown()))
        });
        slot
    }
}

/// The index itself where a server sends it packed without saying so.
fn unpacked(bytes: Vec<u8>, url: &Url) -> Result<Vec<u8>, Failure> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut out = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(bytes.as_slice()).take(limits::INDEX + 1);
    reader.read_to_end(&mut out).map_err(|error| format!("{} is damaged: {error}", url.shown()))?;
    if out.len() as u64 > limits::INDEX {
        return Err(format!("{} unpacks to more than {} MiB", url.shown(), limits::INDEX >> 20));
    }
    Ok(out)
}

/// Downloads a chart: the version that `wanted` means, or exactly the one that a lock names.
pub(super) fn download(
    want: &Want,
    fixed: Option<&Known>,
    client: &Client,
    indexes: &Indexes,
    registries: &oci::Registries,
    store: &Store,
) -> Result<(Known, u64), Failure> {
    let Some(repository) = Url::parse(&want.url) else {
        return Err(format!("`{}` is no URL of a chart repository", want.url));
    };
    let index = indexes.of(&repository, client);
    let index = match index.get() {
        Some(Ok(index)) => index,
        Some(Err(words)) => return Err(words.clone()),
        None => return Err("the index is not here".to_owned()),
    };
    let wanted = fixed.map_or(want.version.as_str(), |known| known.version.as_str());
    let listed = index.pick(&want.name, wanted)?;
    if listed.url.starts_with("oci://") {
        // Repositories that moved into a registry keep their index.
        let (reference, tag) = match listed.url.rsplit_once(':') {
            Some((reference, tag)) if !tag.contains('/') => (reference, tag),
            _ => (listed.url.as_str(), listed.version.as_str()),
        };
        let inner =
            Want { url: reference.to_owned(), version: tag.to_owned(), ..Want::artifact(reference, tag) };
        let (known, bytes) = oci::download_chart(&inner, fixed, client, registries, store)?;
        return Ok((Known { version: listed.version.clone(), ..known }, bytes));
    }
    let Some(url) = repository.resolve(&listed.url) else {
        return Err(format!("the index names `{}` for it, which is no URL", listed.url));
    };
    // Credentials of the repository go to its own server only.
    let mut stage = store.stage().map_err(|error| format!("cannot write to the cache: {error}"))?;
    let size = client.get(&url, false)?.copy(&mut stage, limits::ARCHIVE)?;
    if let Some(digest) = &listed.digest
        && stage.content() != Content::Sha256(digest.to_ascii_lowercase())
    {
        return Err(format!(
            "{} is not what the index says: it has the digest {}, not sha256:{digest}",
            url.shown(),
            stage.content()
        ));
    }
    check_fixed(&stage, fixed, &url.shown())?;
    check_chart(&stage, &url.shown(), want.short_name())?;
    let content = store.keep(stage).map_err(|error| format!("cannot write to the cache: {error}"))?;
    Ok((Known { version: listed.version.clone(), content }, size))
}

/// Whether something is what the lock says.
pub(super) fn check_fixed(stage: &Stage, fixed: Option<&Known>, shown: &str) -> Result<(), Failure> {
    match fixed {
        Some(known) if known.content != stage.content() => Err(format!(
            "{shown} changed since it was locked: it has the digest {}, not {}; `--update` takes it",
            stage.content(),
            known.content
        )),
        _ => Ok(()),
    }
}

/// Whether an archive holds a chart of that name and unpacks within bounds.
pub(super) fn check_chart(stage: &Stage, shown: &str, name: &str) -> Result<(), Failure> {
    let tree = check_archive(stage, shown)?;
    let dir = |path: &crate::source::TreePath| path.parent().filter(|dir| dir.components().count() == 1);
    let charts = tree.files().into_iter().filter(|path| path.file_name() == "Chart.yaml");
    match charts.into_iter().find_map(|path| dir(&path)) {
        Some(_) => Ok(()),
        None => Err(format!("{shown} is not the chart `{name}`: it holds no Chart.yaml")),
    }
}

/// Whether an archive unpacks within bounds, and to what.
pub(super) fn check_archive(stage: &Stage, shown: &str) -> Result<impl Tree + use<>, Failure> {
    let bytes = stage.bytes().map_err(|error| format!("cannot read the cache: {error}"))?;
    open_archive(&Sources::new(), &Home::Outside("archive".into()), &bytes, ArchiveLimits::default())
        .map_err(|error| format!("{shown} cannot be unpacked: {error}"))
}
