//! Git over SSH: the user's own `ssh`, as Git runs it. It knows the user's keys and agent, which hosts are known and how they
//! are reached, so no library has to be trusted with them. It asks nobody anything: a host whose key is not known is
//! refused, and so is a key that wants a passphrase which no agent has.
//!
//! A manifest decides about the host, the user and the path, so these are plain words before anything is run.

#![expect(clippy::disallowed_methods, reason = "the only program that is run while downloading")]

use std::io::{Read, Write};
use std::net::ToSocketAddrs;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Failure;
use super::git::Line;
use super::http::Client;
use super::packet::{Hello, hello, printable};

/// A repository on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    user: Option<String>,
    pub(super) host: String,
    port: Option<u16>,
    /// As the server sees it; from the user's home where it does not begin with a slash.
    pub(super) path: String,
}

impl Place {
    /// Reads `ssh://user@host:port/path` and `user@host:path`; `None` for what is not SSH, or not plain.
    pub(super) fn read(written: &str) -> Option<Self> {
        let schemes = ["ssh://", "git+ssh://", "ssh+git://"];
        let (authority, path) = match schemes.iter().find_map(|scheme| written.strip_prefix(scheme)) {
            Some(rest) => rest.split_at(rest.find('/')?),
            None if written.contains("://") => return None,
            None => {
                let (authority, path) = written.split_once(':')?;
                (authority, path)
            }
        };
        let (user, place) = match authority.rsplit_once('@') {
            // A password in a manifest is not used.
            Some((user, place)) => (Some(user.split(':').next().unwrap_or(user)), place),
            None => (None, authority),
        };
        let (host, port) = match place.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (place, None),
        };
        // `/~user/path` of a URL is from that user's home.
        let path = path.strip_prefix('/').filter(|rest| rest.starts_with('~')).unwrap_or(path);
        let plain = |text: &str, more: &str| {
            !text.is_empty()
                && !text.starts_with('-')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        let fits =
            plain(host, "-._") && user.is_none_or(|user| plain(user, "-._+")) && plain(path, "/-._~+@,= %");
        fits.then(|| Self {
            user: user.map(str::to_owned),
            host: host.to_ascii_lowercase(),
            port,
            path: path.to_owned(),
        })
    }

    fn shown(&self) -> String {
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("ssh://{user}{}{port}/{}", self.host, self.path.trim_start_matches('/'))
    }

    /// What `ssh` is told: nothing is asked, nothing but the connection is opened.
    fn arguments(&self, timeout: Duration) -> Vec<String> {
        let wait = format!("ConnectTimeout={}", timeout.as_secs().max(1));
        let mut words = vec!["-T".to_owned()];
        for option in [
            "BatchMode=yes",
            &wait,
            "SendEnv=GIT_PROTOCOL",
            "ClearAllForwardings=yes",
            "ForwardAgent=no",
            "ForwardX11=no",
            "PermitLocalCommand=no",
        ] {
            words.extend(["-o".to_owned(), option.to_owned()]);
        }
        if let Some(port) = self.port {
            words.extend(["-p".to_owned(), port.to_string()]);
        }
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        // The path is a plain word: in quotes the server's shell sees nothing else in it.
        words.extend([
            "--".to_owned(),
            format!("{user}{}", self.host),
            format!("git-upload-pack '{}'", self.path),
        ]);
        words
    }
}

/// A connection.
pub(super) struct Ssh {
    input: ChildStdin,
    output: ChildStdout,
    running: Running,
    shown: String,
    hello: Hello,
}

impl Ssh {
    /// Connects.
    pub(super) fn open(place: &Place, client: &Client) -> Result<Self, Failure> {
        let shown = place.shown();
        let port = place.port.unwrap_or(22);
        client.guard.permit(&place.host, port)?;
        // A name that is not found may be one of the user's own configuration, which says where it is. A name that leads
        // elsewhere when it is asked again meets a server whose key is not known under it.
        if let Ok(found) = (place.host.as_str(), port).to_socket_addrs() {
            client.guard.addresses(&place.host, port, found)?;
        }
        let words = place.arguments(client.timeout());
        let mut command = match client.ssh() {
            // As Git runs it.
            Some(own) => {
                let mut command = Command::new("sh");
                command.arg("-c").arg(format!("{own} \"$@\"")).arg("ssh");
                command
            }
            None => Command::new("ssh"),
        };
        command.args(words).env("GIT_PROTOCOL", "version=2");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{shown}: cannot run ssh: {error}"))?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let said = errors.map(|errors| {
            std::thread::spawn(move || {
                let mut said = Vec::new();
                let mut errors = errors;
                let _ = errors.by_ref().take(8 << 10).read_to_end(&mut said);
                // What is left is read too, or the program would wait for it.
                let _ = std::io::copy(&mut errors, &mut std::io::sink());
                said
            })
        });
        // As long as other large answers may take.
        let mut running = Running::new(child, client.timeout().saturating_mul(10), said);
        let (Some(input), Some(mut output)) = (input, output) else {
            return Err(format!("{shown}: cannot run ssh"));
        };
        match hello(&mut output) {
            Ok(hello) => Ok(Self { input, output, running, shown, hello }),
            Err(words) => {
                drop((input, output));
                let said = running.words();
                Err(format!("{shown}: {}", if said.is_empty() { words } else { said }))
            }
        }
    }
}

impl Line for Ssh {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn request(&mut self, body: &[u8]) -> Result<Box<dyn Read + '_>, Failure> {
        let sent = self.input.write_all(body).and_then(|()| self.input.flush());
        if let Err(error) = sent {
            let said = self.running.words();
            return Err(format!(
                "{}: {}",
                self.shown,
                if said.is_empty() { error.to_string() } else { said }
            ));
        }
        Ok(Box::new(&mut self.output))
    }

    fn shown(&self) -> String {
        self.shown.clone()
    }
}

/// The program while it runs: it ends with the connection, or when its time is over.
struct Running {
    child: Arc<Mutex<Child>>,
    over: Arc<(Mutex<bool>, Condvar)>,
    watch: Option<JoinHandle<()>>,
    said: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    fn new(child: Child, limit: Duration, said: Option<JoinHandle<Vec<u8>>>) -> Self {
        let child = Arc::new(Mutex::new(child));
        let over = Arc::new((Mutex::new(false), Condvar::new()));
        let (watched, signal) = (Arc::clone(&child), Arc::clone(&over));
        let watch = std::thread::spawn(move || {
            let (lock, condition) = &*signal;
            let over = lock.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = condition.wait_timeout_while(over, limit, |over| !*over);
            drop(waited);
            // Whether its time is over or the connection: nobody reads it any more.
            let mut child = watched.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = child.kill();
            let _ = child.wait();
        });
        Self { child, over, watch: Some(watch), said }
    }

    /// What it said when it failed, on one line. Ends it.
    fn words(&mut self) -> String {
        // One that has failed is about to end by itself, with its last words.
        for _ in 0..20 {
            let ended = self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait();
            if !matches!(ended, Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.end();
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&said);
        let mut lines = text.lines().map(|line| printable(line.as_bytes())).filter(|line| !line.is_empty());
        // Warnings come first, the reason last.
        lines.next_back().unwrap_or_default()
    }

    fn end(&mut self) {
        let (lock, condition) = &*self.over;
        *lock.lock().unwrap_or_else(PoisonError::into_inner) = true;
        condition.notify_all();
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_places() {
        for (written, shown, remote) in [
            ("git@h.example:o/r.git", "ssh://git@h.example/o/r.git", "git-upload-pack 'o/r.git'"),
            ("ssh://git:pw@H.example:2222/o/r", "ssh://git@h.example:2222/o/r", "git-upload-pack '/o/r'"),
            ("ssh://h.example/~me/r", "ssh://h.example/~me/r", "git-upload-pack '~me/r'"),
            ("git+ssh://git@h.example/o/r", "ssh://git@h.example/o/r", "git-upload-pack '/o/r'"),
        ] {
            let place = Place::read(written).unwrap();
            assert_eq!(place.shown(), shown);
            let words = place.arguments(Duration::from_secs(3));
            assert_eq!(words.last().map(String::as_str), Some(remote));
            assert_eq!(words.iter().position(|word| word == "--"), Some(words.len() - 3));
            assert_eq!(words.contains(&"-p".to_owned()), written.contains("2222"));
        }
        for written in [
            "https://h.example/o/r",
            "/srv/repo",
            "-oProxyCommand=x:o/r",
            "git@-oProxyCommand=x:o/r",
            "-x@h.example:o/r",
            "git@h;id:o/r",
            "git@h$(id):o/r",
            "git@h.example:o'r",
            "git@h.example:-r",
            "git@h.example:o\nr",
            "ssh://git@h.example",
            "ssh://git@h.example:x/o/r",
            "git@:o/r",
            "git@h.example:",
        ] {
            assert_eq!(Place::read(written), None, "{written}");
        }
    }
}
