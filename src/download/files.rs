//! Single files by their URLs.

use crate::cache::{Known, Store, Want};

use super::charts::check_fixed;
use super::http::Client;
use super::url::Url;
use super::{Failure, limits};

/// Downloads a file.
pub(super) fn download(
    want: &Want,
    fixed: Option<&Known>,
    client: &Client,
    store: &Store,
) -> Result<(Known, u64), Failure> {
    let Some(url) = Url::parse(&want.url) else { return Err(format!("`{}` is no URL", want.url)) };
    let mut stage = store.stage().map_err(|error| format!("cannot write to the cache: {error}"))?;
    let answer = client.get(&url, true)?;
    let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let shown = url.shown();
    let size = answer.copy(&mut stage, limits::FILE)?;
    // A page of a forge, or of a login, is no manifest.
    if kind.starts_with("text/html") {
        return Err(format!("{shown} is a page for people, not a file: name its raw content"));
    }
    check_fixed(&stage, fixed, &shown)?;
    let content = store.keep(stage).map_err(|error| format!("cannot write to the cache: {error}"))?;
    Ok((Known { version: String::new(), content }, size))
}
