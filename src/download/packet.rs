//! The language of Git's servers: packet lines, and what a server says first.

use std::io::Read;

use super::Failure;
use crate::cache::Content;

/// A message in the format of packet lines.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    pub(super) fn command(name: &str) -> Self {
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
pub(super) fn printable(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    text.trim().chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A reference as a server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) name: String,
    /// The commit, behind any tag object.
    pub(super) commit: String,
}

/// What a server says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hello {
    /// It speaks version 2 of the protocol, and is asked for everything else.
    Version2,
    /// It speaks the first one, as Azure DevOps, CodeCommit and SSH servers without `AcceptEnv GIT_PROTOCOL` do: these are
    /// all its references and what it can do.
    Version0 { references: Vec<Reference>, can: Vec<String> },
}

/// More references than anybody has.
pub(super) const REFERENCES: usize = 200_000;

/// Reads what a server says first.
pub(super) fn hello(reader: &mut dyn Read) -> Result<Hello, Failure> {
    let mut references: Vec<Reference> = Vec::new();
    let mut can = Vec::new();
    let (mut version_2, mut first) = (false, true);
    loop {
        let line = match packet(reader)? {
            Packet::Data(line) if line.starts_with(b"# service=") => {
                // A flush follows it, which is not the end.
                packet(reader)?;
                continue;
            }
            Packet::Data(line) => line,
            _ if version_2 => return Ok(Hello::Version2),
            Packet::Flush if !first => return Ok(Hello::Version0 { references, can }),
            _ => return Err("the answer is not that of a Git server".to_owned()),
        };
        version_2 |= line.starts_with(b"version 2");
        if version_2 || line.starts_with(b"version 1") || line.starts_with(b"shallow ") {
            continue;
        }
        let text = String::from_utf8_lossy(&line);
        let (text, abilities) = text.split_once('\0').unwrap_or((&text, ""));
        can.extend(abilities.split_whitespace().map(str::to_owned));
        let Some((commit, name)) = text.trim_end().split_once(' ').filter(|(id, _)| Content::is_commit(id))
        else {
            return Err("the answer is not that of a Git server".to_owned());
        };
        first = false;
        match (name.strip_suffix("^{}"), references.last_mut()) {
            // What a tag object points to.
            (Some(tag), Some(last)) if last.name == tag => commit.clone_into(&mut last.commit),
            // A repository without references still has abilities.
            (Some(_), _) => {}
            (None, _) => references.push(Reference { name: name.to_owned(), commit: commit.to_owned() }),
        }
        if references.len() > REFERENCES {
            return Err("the server lists more references than anybody has".to_owned());
        }
    }
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
    fn knows_versions() {
        let read = |bytes: &[u8]| hello(&mut { bytes });
        let line = |text: &str| format!("{:04x}{text}", text.len() + 4);
        assert_eq!(
            read(b"001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n0000"),
            Ok(Hello::Version2)
        );
        assert_eq!(read(b"000eversion 2\n0000"), Ok(Hello::Version2));
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let text = [
            line("version 1\n"),
            line(&format!("{one} HEAD\0side-band-64k shallow\n")),
            line(&format!("{one} refs/tags/v1\n")),
            line(&format!("{two} refs/tags/v1^{{}}\n")),
            "0000".to_owned(),
        ];
        let reference = |name: &str, commit: &str| Reference { name: name.into(), commit: commit.into() };
        let want = Hello::Version0 {
            references: vec![reference("HEAD", &one), reference("refs/tags/v1", &two)],
            can: vec!["side-band-64k".into(), "shallow".into()],
        };
        assert_eq!(read(text.concat().as_bytes()), Ok(want));
        let empty = line(&format!("{} capabilities^{{}}\0shallow\n", "0".repeat(40))) + "0000";
        let want = Hello::Version0 { references: vec![], can: vec!["shallow".into()] };
        assert_eq!(read(empty.as_bytes()), Ok(want));
        for text in ["001e# service=git-upload-pack\n00000008abcd0000", "", "0000", "<html>"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
