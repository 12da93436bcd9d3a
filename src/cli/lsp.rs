//! `gitops-lint lsp`: carries messages between an editor and the language server.

use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};

use serde_json::Value;

use crate::editor::{OpenAt, Server};

use super::args::LspArgs;
use super::{Failure, check, open};

/// The longest message that is taken in.
const MAX_MESSAGE: usize = 64 << 20;

/// The longest line of a header.
const MAX_HEADER: u64 = 16 << 10;

/// A message, or why it is none.
type Message = Result<Value, String>;

pub(super) fn run(args: &LspArgs) -> Result<ExitCode, Failure> {
    let (common, strict) = (args.common.clone(), args.preset);
    let open: Arc<OpenAt> = Arc::new(move |root: &Path| {
        let workspace = open::workspace(root, &common)?;
        let options = check::plain_options(&workspace, strict)?;
        Ok((workspace, options))
    });
    let absolute = |path: &PathBuf| {
        std::fs::canonicalize(path).map_err(|error| format!("cannot open `{}`: {error}", path.display()))
    };
    let root = args.path.as_ref().map(absolute).transpose()?;
    let mut server = Server::new(open, root);
    let (sender, receiver) = mpsc::channel();
    // Reading must not wait for the work: what comes meanwhile may cancel it.
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while let Some(message) = read(&mut input) {
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    while let Ok(first) = receiver.recv() {
        let messages: Vec<Message> = std::iter::once(first).chain(receiver.try_iter()).collect();
        for message in server.handle(&messages) {
            if write(&message).is_err() {
                return Ok(ExitCode::FAILURE);
            }
        }
        if let Some(in_order) = server.exited() {
            return Ok(if in_order { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::FAILURE)
}

/// The next message; `None` at the end of the input. After what is no message, the next header is looked for.
fn read(input: &mut impl BufRead) -> Option<Message> {
    let mut length: Option<usize> = None;
    let mut any = false;
    loop {
        let mut line = Vec::new();
        let read = input.by_ref().take(MAX_HEADER).read_until(b'\n', &mut line).ok()?;
        if read == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            if any {
                break;
            }
            continue;
        }
        any = true;
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let Some(length) = length else { return Some(Err("a header has a Content-Length".to_owned())) };
    if length > MAX_MESSAGE {
        let skipped = std::io::copy(&mut input.by_ref().take(length as u64), &mut std::io::sink()).ok()?;
        return (skipped == length as u64).then(|| Err(format!("a message of {length} bytes is too long")));
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).map_err(|error| error.to_string()))
}

fn write(message: &Value) -> std::io::Result<()> {
    let text = message.to_string();
    let mut out = std::io::stdout().lock();
    write!(out, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_comes() {
        let text = "Content-Length: 2\r\n\r\n{}Content-Type: x\r\n\r\ncontent-length: 3\n\nnotContent-Length: 4\r\n\r\n[1]";
        let mut input = text.as_bytes();
        let mut got = Vec::new();
        while let Some(message) = read(&mut input) {
            got.push(message.is_ok());
        }
        assert_eq!(got, [true, false, false]);
    }
}
