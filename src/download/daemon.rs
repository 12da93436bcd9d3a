//! `git daemon`: Git's protocol over a bare connection. Nobody encrypts it, and what it sends is named by its commit.

#![expect(clippy::disallowed_types, reason = "this module is one of two that open connections")]

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

use super::Failure;
use super::git::Line;
use super::http::Client;
use super::packet::{Hello, Message, hello};
use super::url::Url;

/// The port of the daemon.
const PORT: u16 = 9418;

/// A connection.
pub(super) struct Daemon {
    stream: TcpStream,
    shown: String,
    hello: Hello,
}

impl Daemon {
    /// Connects and says what is wanted.
    pub(super) fn open(url: &Url, client: &Client) -> Result<Self, Failure> {
        let shown = url.shown();
        let port = url.port.unwrap_or(PORT);
        client.guard.permit(&url.host, port)?;
        let failed = |error: &dyn std::fmt::Display| format!("{shown}: {error}");
        let found = (url.host.as_str(), port).to_socket_addrs();
        let found = found.map_err(|_| failed(&format!("the host `{}` was not found", url.host)))?;
        let mut last = format!("the host `{}` was not found", url.host);
        let mut connected = None;
        for address in client.guard.addresses(&url.host, port, found)? {
            match TcpStream::connect_timeout(&address, client.timeout()) {
                Ok(stream) => {
                    connected = Some(stream);
                    break;
                }
                Err(error) => last = error.to_string(),
            }
        }
        let Some(mut stream) = connected else { return Err(failed(&last)) };
        let timeout = Some(client.timeout());
        stream.set_read_timeout(timeout).map_err(|error| failed(&error))?;
        stream.set_write_timeout(timeout).map_err(|error| failed(&error))?;
        let mut first = Message::default();
        let path = url.rest.split('?').next().unwrap_or_default();
        first.line(&format!("git-upload-pack {path}\0host={}\0\0version=2\0", url.authority()));
        stream.write_all(&first.bytes()).map_err(|error| failed(&error))?;
        let hello = hello(&mut stream).map_err(|words| failed(&words))?;
        Ok(Self { stream, shown, hello })
    }
}

impl Line for Daemon {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn request(&mut self, body: &[u8]) -> Result<Box<dyn Read + '_>, Failure> {
        self.stream.write_all(body).map_err(|error| format!("{}: {error}", self.shown))?;
        Ok(Box::new(&mut self.stream))
    }

    fn shown(&self) -> String {
        self.shown.clone()
    }
}
