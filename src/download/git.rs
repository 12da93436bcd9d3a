//! Git repositories at one commit: version 2 of the protocol over HTTP and of `git daemon`, as much as a shallow fetch of
//! one commit needs. Packs are checked and indexed by gix.
//!
//! Own code for three messages: the HTTP clients of gix are curl and reqwest, which would ask neither the guard nor the
//! proxy settings of all other downloads. Repositories named by SSH are asked for over HTTPS of the same host, since no
//! library speaks SSH here: what is public, or has credentials in `.netrc`, is found there.

use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::argocd::{is_constraint, pick_tag};
use crate::cache::{Content, Known, Store, Want};
use crate::golang::semver::Version;
use crate::source::Sources;

use super::auth::Login;
use super::daemon::Daemon;
use super::http::{Ask, Client};
use super::url::Url;
use super::{Failure, limits};

/// Where requests go and answers come from.
pub(super) trait Line {
    /// Sends a request; its answer, to be read up to the flush.
    fn request(&mut self, body: &[u8]) -> Result<Box<dyn Read + '_>, Failure>;

    /// The repository, for people.
    fn shown(&self) -> String;
}

/// A message in the format of packet lines.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    fn command(name: &str) -> Self {
        let mut message = Self::default();
        message.line(&format!("command={name}\n"));
        message.line(concat!("agent=gitops-lint/", env!("CARGO_PKG_VERSION"), "\n"));
        message.line("object-format=sha1\n");
        message.0.extend(b"0001");
        message
    }

    pub(super) fn line(&mut self, text: &str) {
        self.0.extend(format!("{:04x}", text.len() + 4).bytes());
        self.0.extend(text.bytes());
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.extend(b"0000");
        self.0
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A packet line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet {
    Data(Vec<u8>),
    Flush,
    Delimiter,
    /// The other side has nothing more to say.
    End,
}

/// Reads one.
pub(super) fn packet(reader: &mut dyn Read) -> Result<Packet, Failure> {
    let broken = |error: std::io::Error| format!("the answer breaks off: {error}");
    let mut head = [0u8; 4];
    let first = reader.read(&mut head).map_err(broken)?;
    if first == 0 {
        return Ok(Packet::End);
    }
    reader.read_exact(head.get_mut(first..).unwrap_or_default()).map_err(broken)?;
    let length = std::str::from_utf8(&head).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
    match length {
        Some(0) => Ok(Packet::Flush),
        Some(1) => Ok(Packet::Delimiter),
        Some(2) => Ok(Packet::End),
        Some(length @ 4..=65520) => {
            let mut data = vec![0; length - 4];
            reader.read_exact(&mut data).map_err(broken)?;
            match data.strip_prefix(b"ERR ") {
                Some(words) => Err(format!("the server says: {}", printable(words))),
                None => Ok(Packet::Data(data)),
            }
        }
        _ => Err("the answer is not that of a Git server".to_owned()),
    }
}

/// Words of a server on one line, a few of them.
fn printable(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    text.trim().chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Smart HTTP.
struct Http<'a> {
    client: &'a Client,
    base: Url,
    authorization: Option<String>,
}

impl<'a> Http<'a> {
    /// Says hello; the server must speak version 2.
    fn open(url: &Url, client: &'a Client) -> Result<Self, Failure> {
        let authorization = client.logins.for_url(url).map(Login::header);
        let hello = url.child("info/refs");
        let separator = if hello.rest.contains('?') { '&' } else { '?' };
        let hello = Url { rest: format!("{}{separator}service=git-upload-pack", hello.rest), ..hello };
        let headers = vec![("git-protocol", "version=2".to_owned())];
        let answer =
            client.send(&Ask { headers, authorization: authorization.clone(), ..Ask::get(&hello) })?;
        let answer = answer.expect_ok()?;
        // What comes next goes where this came from.
        let mut base = answer.url.clone();
        let path = base.rest.split('?').next().unwrap_or_default();
        let path = path.strip_suffix("/info/refs").unwrap_or(path).to_owned();
        base.rest = path;
        let authorization = authorization.filter(|_| base.is_same_server(url));
        let bytes = answer.bytes(limits::JSON)?;
        speaks_version_2(&mut bytes.as_slice()).map_err(|words| format!("{}: {words}", url.shown()))?;
        Ok(Self { client, base, authorization })
    }
}

/// Whether an advertisement is one of version 2.
pub(super) fn speaks_version_2(reader: &mut dyn Read) -> Result<(), Failure> {
    let mut version_2 = false;
    loop {
        match packet(reader)? {
            Packet::Data(line) if line.starts_with(b"# service=") => {
                // A flush follows it, which is not the end.
                packet(reader)?;
            }
            Packet::Data(line) => version_2 |= line.starts_with(b"version 2"),
            _ if version_2 => return Ok(()),
            _ => return Err("the server does not speak version 2 of Git's protocol".to_owned()),
        }
    }
}

impl Line for Http<'_> {
    fn request(&mut self, body: &[u8]) -> Result<Box<dyn Read + '_>, Failure> {
        let url = self.base.child("git-upload-pack");
        let headers = vec![
            ("git-protocol", "version=2".to_owned()),
            ("content-type", "application/x-git-upload-pack-request".to_owned()),
            ("accept", "application/x-git-upload-pack-result".to_owned()),
        ];
        let authorization = self.authorization.clone();
        let ask = Ask { headers, authorization, body: Some(body), long: true, ..Ask::get(&url) };
        Ok(Box::new(self.client.send(&ask)?.expect_ok()?.reader(limits::PACK)))
    }

    fn shown(&self) -> String {
        self.base.shown()
    }
}

/// A reference as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reference {
    name: String,
    /// The commit, behind any tag object.
    commit: String,
}

/// Lists the references that begin with one of the prefixes.
fn references(line: &mut dyn Line, prefixes: &[String]) -> Result<Vec<Reference>, Failure> {
    let mut message = Message::command("ls-refs");
    message.line("peel\n");
    for prefix in prefixes {
        message.line(&format!("ref-prefix {prefix}\n"));
    }
    let mut reader = line.request(&message.end())?;
    let mut found = Vec::new();
    while let Packet::Data(data) = packet(&mut reader)? {
        let text = String::from_utf8_lossy(&data);
        let mut words = text.split_whitespace();
        let (Some(id), Some(name)) = (words.next(), words.next()) else { continue };
        let commit = words.find_map(|word| word.strip_prefix("peeled:")).unwrap_or(id);
        if Content::is_commit(commit) {
            found.push(Reference { name: name.to_owned(), commit: commit.to_owned() });
        }
        if found.len() > 200_000 {
            return Err("the server lists more references than anybody has".to_owned());
        }
    }
    Ok(found)
}

/// The commit that a revision means, as Argo CD and Flux look it up: a tag or branch of that name, else for a range the
/// newest tag in it.
fn resolve(line: &mut dyn Line, revision: &str) -> Result<String, Failure> {
    if Content::is_commit(revision) {
        return Ok(revision.to_owned());
    }
    if revision.contains(|c: char| c.is_control() || c == ' ') && !is_constraint(revision) {
        return Err(format!("`{revision}` is no revision"));
    }
    if is_constraint(revision) {
        let tags = references(line, &["refs/tags/".to_owned()])?;
        let names: Vec<&str> = tags.iter().filter_map(|tag| tag.name.strip_prefix("refs/tags/")).collect();
        let picked = pick_tag(revision, &names).map(|tag| format!("refs/tags/{tag}"));
        let tag = picked.and_then(|name| tags.iter().find(|tag| tag.name == name));
        return tag
            .map(|tag| tag.commit.clone())
            .ok_or_else(|| format!("{} has no tag that is a version {revision}", line.shown()));
    }
    let mut names = vec![format!("refs/heads/{revision}"), format!("refs/tags/{revision}")];
    if Version::parse(revision).is_ok() {
        names.reverse();
    }
    if revision == "HEAD" || revision.starts_with("refs/") {
        names.insert(0, revision.to_owned());
    }
    let listed = references(line, &names)?;
    let found = names.iter().find_map(|name| listed.iter().find(|reference| reference.name == *name));
    let found = found.map(|reference| reference.commit.clone());
    found.ok_or_else(|| {
        let abbreviated = revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        let help = if abbreviated { ": a commit is fetched by its whole id only" } else { "" };
        format!("{} has no branch or tag `{revision}`{help}", line.shown())
    })
}

/// Fetches one commit with its files into a bare repository.
fn fetch(line: &mut dyn Line, commit: &str, store: &Store) -> Result<u64, Failure> {
    let cannot_write = |error: &dyn std::fmt::Display| format!("cannot write to the cache: {error}");
    let mut message = Message::command("fetch");
    for text in ["ofs-delta\n", "no-progress\n", "deepen 1\n"] {
        message.line(text);
    }
    message.line(&format!("want {commit}\n"));
    message.line("done\n");
    let shown = line.shown();
    let mut pack = store.stage().map_err(|error| cannot_write(&error))?;
    {
        let mut reader = line.request(&message.end())?;
        let mut inside = false;
        loop {
            match packet(&mut reader).map_err(|words| format!("{shown}: {words}"))? {
                Packet::Data(data) if inside => match data.split_first() {
                    Some((1, data)) => {
                        pack.write_all(data).map_err(|error| cannot_write(&error))?;
                        if pack.size() > limits::PACK {
                            return Err(format!("{shown} sends more than {} MiB", limits::PACK >> 20));
                        }
                    }
                    Some((3, words)) => return Err(format!("{shown} says: {}", printable(words))),
                    _ => {}
                },
                Packet::Data(data) => inside = data.starts_with(b"packfile"),
                Packet::Delimiter => {}
                Packet::Flush | Packet::End => break,
            }
        }
    }
    let size = pack.size();
    if size == 0 {
        return Err(format!("{shown} sends no objects"));
    }
    let dir = store.stage_dir().map_err(|error| cannot_write(&error))?;
    make_bare(dir.path(), commit).map_err(|error| cannot_write(&error))?;
    let bytes = pack.reader().map_err(|error| cannot_write(&error))?;
    gix_pack::Bundle::write_to_directory(
        &mut BufReader::new(bytes),
        Some(&dir.path().join("objects/pack")),
        &mut gix::progress::Discard,
        &AtomicBool::new(false),
        None::<gix::objs::find::Never>,
        gix::hash::Kind::Sha1,
        gix_pack::bundle::write::Options { alloc_limit_bytes: Some(256 << 20), ..Default::default() },
    )
    .map_err(|error| format!("{shown} sends no sound pack: {error}"))?;
    // Its own reader is the judge of whether the commit and its files are there.
    crate::git::open_bare(dir.path(), commit, "fetched", &Sources::new())
        .map_err(|error| format!("{shown} does not send what was asked for: {error}"))?;
    store.keep_dir(dir, &Content::Commit(commit.to_owned())).map_err(|error| cannot_write(&error))?;
    Ok(size)
}

fn make_bare(dir: &Path, commit: &str) -> std::io::Result<()> {
    use super::environment::write_file;
    std::fs::create_dir_all(dir.join("objects/pack"))?;
    std::fs::create_dir_all(dir.join("refs/heads"))?;
    write_file(&dir.join("HEAD"), "ref: refs/heads/main\n")?;
    write_file(&dir.join("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n")?;
    write_file(&dir.join("shallow"), &format!("{commit}\n"))
}

/// Downloads a repository at a revision, or at the commit that a lock names.
pub(super) fn download(
    want: &Want,
    fixed: Option<&Known>,
    client: &Client,
    store: &Store,
) -> Result<(Known, u64), Failure> {
    let mut line = open(&want.url, client)?;
    let commit = match fixed {
        Some(Known { content: Content::Commit(commit), .. }) => commit.clone(),
        _ => resolve(line.as_mut(), &want.version)?,
    };
    let content = Content::Commit(commit.clone());
    let size = if store.has(&content) { 0 } else { fetch(line.as_mut(), &commit, store)? };
    Ok((Known { version: commit, content }, size))
}

fn open<'a>(written: &str, client: &'a Client) -> Result<Box<dyn Line + 'a>, Failure> {
    let scp = !written.contains("://");
    let text = if scp {
        let (host, path) = written.split_once(':').unwrap_or((written, ""));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        format!("https://{host}/{}", path.trim_start_matches('/'))
    } else {
        written.to_owned()
    };
    let Some(url) = Url::parse(&text).filter(|url| url.rest.len() > 1) else {
        return Err(format!("`{written}` is no URL of a Git repository"));
    };
    match url.scheme.as_str() {
        "http" | "https" => {
            let opened = Http::open(&url, client);
            let opened = opened.map_err(|words| if scp { over_https(&words) } else { words });
            Ok(Box::new(opened?))
        }
        "ssh" | "git+ssh" => {
            let url = Url { scheme: "https".to_owned(), port: None, ..url };
            Ok(Box::new(Http::open(&url, client).map_err(|words| over_https(&words))?))
        }
        "git" => Ok(Box::new(Daemon::open(&url, client)?)),
        scheme => Err(format!("Git repositories are not fetched by `{scheme}`")),
    }
}

fn over_https(words: &str) -> Failure {
    format!("{words} (SSH is not spoken: it was asked for over HTTPS, where `.netrc` may hold credentials)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_packet_lines() {
        let mut bytes: &[u8] = b"0006a\n00010000";
        for want in [Packet::Data(b"a\n".to_vec()), Packet::Delimiter, Packet::Flush, Packet::End] {
            assert_eq!(packet(&mut bytes), Ok(want));
        }
        for (bytes, want) in [
            (&b"<htm"[..], "not that of a Git server"),
            (b"0003", "not that of a Git server"),
            (b"ffff", "not that of a Git server"),
            (b"000fERR no\x1b[1m!", "the server says: no [1m!"),
            (b"00ffx", "breaks off"),
            (b"00", "breaks off"),
        ] {
            let mut bytes = bytes;
            assert!(packet(&mut bytes).unwrap_err().contains(want));
        }
    }

    #[test]
    fn knows_version_2() {
        let read = |mut bytes: &[u8]| speaks_version_2(&mut bytes);
        assert_eq!(read(b"001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n0000"), Ok(()));
        assert_eq!(read(b"000eversion 2\n0000"), Ok(()));
        assert!(read(b"001e# service=git-upload-pack\n00000008abcd0000").is_err());
        assert!(read(b"").is_err());
    }
}
