//! Git repositories at one commit, over HTTP, SSH and from `git daemon`: as much of the protocol as a shallow fetch of one
//! commit needs. Packs are checked and indexed by gix.
//!
//! Own code for three messages: the HTTP clients of gix are curl and reqwest, which would ask neither the guard nor the
//! proxy settings of all other downloads. Repositories named by SSH are asked for over HTTPS of the same host first: what is
//! public, or has credentials in `.netrc`, is found there without a key.

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
use super::packet::{Hello, Message, Packet, REFERENCES, Reference, hello, packet, printable};
use super::ssh::{self, Ssh};
use super::url::Url;
use super::{Failure, limits};

/// Where requests go and answers come from.
pub(super) trait Line {
    /// What the server said first.
    fn hello(&self) -> &Hello;

    /// Sends a request; its answer, to be read up to the flush.
    fn request(&mut self, body: &[u8]) -> Result<Box<dyn Read + '_>, Failure>;

    /// The repository, for people.
    fn shown(&self) -> String;
}

/// Smart HTTP.
struct Http<'a> {
    client: &'a Client,
    base: Url,
    authorization: Option<String>,
    hello: Hello,
}

impl<'a> Http<'a> {
    /// Asks what the server has to say.
    fn open(url: &Url, client: &'a Client) -> Result<Self, Failure> {
        let authorization = client.logins.for_url(url).map(Login::header);
        let first = url.child("info/refs");
        let separator = if first.rest.contains('?') { '&' } else { '?' };
        let first = Url { rest: format!("{}{separator}service=git-upload-pack", first.rest), ..first };
        let headers = vec![("git-protocol", "version=2".to_owned())];
        let answer =
            client.send(&Ask { headers, authorization: authorization.clone(), ..Ask::get(&first) })?;
        let answer = answer.expect_ok()?;
        // What comes next goes where this came from.
        let mut base = answer.url.clone();
        let path = base.rest.split('?').next().unwrap_or_default();
        let path = path.strip_suffix("/info/refs").unwrap_or(path).to_owned();
        base.rest = path;
        let authorization = authorization.filter(|_| base.is_same_server(url));
        let bytes = answer.bytes(limits::REFERENCES)?;
        let hello = hello(&mut bytes.as_slice()).map_err(|words| format!("{}: {words}", url.shown()))?;
        Ok(Self { client, base, authorization, hello })
    }
}

impl Line for Http<'_> {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn request(&mut self, body: &[u8]) -> Result<Box<dyn Read + '_>, Failure> {
        let url = self.base.child("git-upload-pack");
        let mut headers = vec![
            ("content-type", "application/x-git-upload-pack-request".to_owned()),
            ("accept", "application/x-git-upload-pack-result".to_owned()),
        ];
        if self.hello == Hello::Version2 {
            headers.push(("git-protocol", "version=2".to_owned()));
        }
        let authorization = self.authorization.clone();
        let ask = Ask { headers, authorization, body: Some(body), long: true, ..Ask::get(&url) };
        Ok(Box::new(self.client.send(&ask)?.expect_ok()?.reader(limits::PACK)))
    }

    fn shown(&self) -> String {
        self.base.shown()
    }
}

/// Lists the references that begin with one of the prefixes.
fn references(line: &mut dyn Line, prefixes: &[String]) -> Result<Vec<Reference>, Failure> {
    if let Hello::Version0 { references, .. } = line.hello() {
        let fits = |it: &&Reference| prefixes.iter().any(|prefix| it.name.starts_with(prefix));
        return Ok(references.iter().filter(fits).cloned().collect());
    }
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
        if found.len() > REFERENCES {
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

/// Asks for one commit with its files.
fn wanting(commit: &str) -> Vec<u8> {
    let mut message = Message::command("fetch");
    for text in ["ofs-delta\n", "no-progress\n", "deepen 1\n"] {
        message.line(text);
    }
    message.line(&format!("want {commit}\n"));
    message.line("done\n");
    message.end()
}

/// The same in the words of the first version, to a server that can do so much.
fn wanting_of_version_0(commit: &str, can: &[String]) -> Result<Vec<u8>, Failure> {
    let has = |ability: &str| can.iter().any(|it| it == ability);
    if !has("side-band-64k") {
        return Err("the server is older than any that is spoken to".to_owned());
    }
    let wanted = ["side-band-64k", "ofs-delta", "no-progress", "shallow"].into_iter().filter(|it| has(it));
    let wanted = wanted.collect::<Vec<_>>().join(" ");
    let mut message = Message::default();
    let agent = concat!("agent=gitops-lint/", env!("CARGO_PKG_VERSION"));
    message.line(&format!("want {commit} {wanted} {agent}\n"));
    if has("shallow") {
        message.line("deepen 1\n");
    }
    let mut bytes = message.end();
    let mut done = Message::default();
    done.line("done\n");
    bytes.extend(done.bytes());
    Ok(bytes)
}

/// Fetches one commit with its files into a bare repository.
fn fetch(line: &mut dyn Line, commit: &str, store: &Store) -> Result<u64, Failure> {
    let cannot_write = |error: &dyn std::fmt::Display| format!("cannot write to the cache: {error}");
    let shown = line.shown();
    let request = match line.hello() {
        Hello::Version2 => wanting(commit),
        Hello::Version0 { can, .. } => {
            wanting_of_version_0(commit, can).map_err(|words| format!("{shown}: {words}"))?
        }
    };
    // The first version has no name for the section of the pack: it begins behind this word.
    let begin: &[u8] = if *line.hello() == Hello::Version2 { b"packfile" } else { b"NAK" };
    let mut pack = store.stage().map_err(|error| cannot_write(&error))?;
    {
        let mut reader = line.request(&request)?;
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
                Packet::Data(data) => inside = data.starts_with(begin),
                Packet::Delimiter => {}
                // Behind the commits that the first version tells to be shallow.
                Packet::Flush if !inside && begin == b"NAK" => {}
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
    if let Some(place) = ssh::Place::read(written) {
        let over_https =
            Url::parse(&format!("https://{}/{}", place.host, place.path.trim_start_matches('/')));
        let refused = match over_https.map(|url| Http::open(&url, client)) {
            Some(Ok(line)) => return Ok(Box::new(line)),
            Some(Err(words)) => format!("; over HTTPS: {words}"),
            None => String::new(),
        };
        return match Ssh::open(&place, client) {
            Ok(line) => Ok(Box::new(line)),
            Err(words) => Err(format!("{words}{refused}")),
        };
    }
    let Some(url) = Url::parse(written).filter(|url| url.rest.len() > 1) else {
        return Err(format!("`{written}` is no URL of a Git repository"));
    };
    match url.scheme.as_str() {
        "http" | "https" => Ok(Box::new(Http::open(&url, client)?)),
        "git" => Ok(Box::new(Daemon::open(&url, client)?)),
        scheme => Err(format!("Git repositories are not fetched by `{scheme}`")),
    }
}
