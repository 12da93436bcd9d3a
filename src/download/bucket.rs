//! The objects of a bucket, over the protocol of S3, packed into an archive as Flux's source-controller packs them.

#![expect(clippy::disallowed_methods, reason = "a signature says when it was made")]

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use roxmltree::Document;

use crate::cache::{Known, Store, Want};
use crate::golang::time::Time;
use crate::source::TreePath;

use super::aws::{self, Keys, escape};
use super::charts::{check_archive, check_fixed};
use super::http::{Answer, Ask, Client};
use super::url::Url;
use super::{Failure, limits};

/// A bucket, and who asks for it.
struct Bucket<'a> {
    /// Where it begins: `https://s3.example.com/bucket`.
    base: Url,
    keys: Option<Keys>,
    client: &'a Client,
}

/// A page of a list of objects.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    keys: Vec<String>,
    /// What leads to the next page.
    next: Option<String>,
}

/// Downloads what a bucket holds, or what is called alike in it.
pub(super) fn download(
    want: &Want,
    fixed: Option<&Known>,
    client: &Client,
    store: &Store,
) -> Result<(Known, u64), Failure> {
    let (name, prefix) = want.name.split_once('/').unwrap_or((&want.name, ""));
    let base = Url::parse(&format!("{}/{}", want.url, escape(name)));
    let base = base.ok_or_else(|| format!("`{}` is no address of a server", want.url))?;
    let bucket = Bucket { keys: client.keys(&base), base, client };
    let shown = bucket.base.shown();
    let keys = bucket.list(prefix)?;
    if keys.is_empty() {
        return Err(format!(
            "{shown} has no objects{}",
            if prefix.is_empty() { "" } else { " of that prefix" }
        ));
    }
    let failed = |error: std::io::Error| format!("cannot write to the cache: {error}");
    let mut stage = store.stage().map_err(failed)?;
    // Not compressed: the same objects have the same digest, whatever compresses.
    let mut archive = tar::Builder::new(GzEncoder::new(&mut stage, Compression::none()));
    let mut total = 0u64;
    for key in &keys {
        let left = limits::ARCHIVE.saturating_sub(total);
        let bytes = bucket.object(key)?.bytes(left)?;
        total += bytes.len() as u64;
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, key, bytes.as_slice()).map_err(failed)?;
    }
    archive.into_inner().and_then(GzEncoder::finish).and_then(Write::flush).map_err(failed)?;
    check_archive(&stage, &shown)?;
    check_fixed(&stage, fixed, &shown)?;
    let content = store.keep(stage).map_err(failed)?;
    Ok((Known { version: String::new(), content }, total))
}

impl Bucket<'_> {
    /// The names of all objects that begin alike, sorted; those of directories are left out, which hold nothing.
    fn list(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let mut keys = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..limits::PAGES {
            let mut query =
                next.map_or_else(String::new, |next| format!("continuation-token={}&", escape(&next)));
            query.push_str("list-type=2");
            if !prefix.is_empty() {
                query = format!("{query}&prefix={}", escape(prefix));
            }
            let bytes = self.get(&format!("/?{query}"))?.bytes(limits::JSON)?;
            let page = page(&bytes)
                .ok_or_else(|| format!("{} answers with no list of objects", self.base.shown()))?;
            keys.extend(page.keys.into_iter().filter(|key| !key.ends_with('/')));
            next = page.next;
            if next.is_none() {
                keys.sort_unstable();
                return Ok(keys);
            }
        }
        Err(format!("{} has more than {} pages of objects", self.base.shown(), limits::PAGES))
    }

    fn object(&self, key: &str) -> Result<Answer, Failure> {
        if !TreePath::new(key).is_ok_and(|path| path.as_str() == key) {
            return Err(format!("{} has an object whose name is no path of a file", self.base.shown()));
        }
        let escaped: Vec<String> = key.split('/').map(escape).collect();
        self.get(&format!("/{}", escaped.join("/")))
    }

    fn get(&self, below: &str) -> Result<Answer, Failure> {
        let url = Url { rest: format!("{}{below}", self.base.rest), ..self.base.clone() };
        let mut ask = Ask::get(&url);
        if let Some(keys) = &self.keys {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let signed = aws::sign(keys, &url, &Time::unix(now.as_secs().cast_signed(), 0));
            (ask.headers, ask.authorization) = (signed.headers, Some(signed.authorization));
        }
        let answer = self.client.send(&ask)?;
        match answer.status {
            401 | 403 => Err(format!(
                "{} answers {}: it wants keys, which are read from AWS's variables and files for AWS and for the server that \
                 AWS_ENDPOINT_URL names, and from `.netrc` for others",
                url.shown(),
                answer.status_words()
            )),
            301 | 307 => Err(format!("{} lies in another region: write its `region`", self.base.shown())),
            _ => answer.expect_ok(),
        }
    }
}

/// Reads the answer to `ListObjectsV2`.
fn page(bytes: &[u8]) -> Option<Page> {
    let document = Document::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    let root = document.root_element();
    if root.tag_name().name() != "ListBucketResult" {
        return None;
    }
    let mut page = Page::default();
    for node in root.children() {
        match node.tag_name().name() {
            "Contents" => {
                let key = node.children().find(|it| it.tag_name().name() == "Key");
                page.keys.extend(key.and_then(|key| key.text()).map(str::to_owned));
            }
            "NextContinuationToken" => page.next = node.text().map(str::to_owned),
            _ => {}
        }
    }
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pages() {
        let text = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>\
                    <IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;=</NextContinuationToken>\
                    <Contents><Key>x/y.yaml</Key><Size>1</Size></Contents><Contents><Key>z</Key></Contents></ListBucketResult>";
        let want = Page { keys: vec!["x/y.yaml".into(), "z".into()], next: Some("a&=".into()) };
        assert_eq!(page(text.as_bytes()), Some(want));
        for text in ["", "<html></html>", "<ListBucketResult>"] {
            assert_eq!(page(text.as_bytes()), None, "{text}");
        }
    }
}
