//! Encodings, checksums and URLs.
//!
//! Mirrors sprig's `strings.go`, `crypto.go` and `url.go`. Bytes that are no UTF-8 cannot be kept in our strings: where
//! decoding gives such, each becomes the replacement character.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::golang::bytes;
use crate::golang::url::Url;
use crate::gotemplate::{Failure, Function, Map, Param, Value};

use super::args::{Result, arg, fixed, text};

const STRING: &[Param] = &[Param::String];

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("b64enc", STRING, |_, args| Ok(Value::str(STANDARD.encode(bytes::of_text(text(args, 0)))))),
    fixed("b64dec", STRING, |_, args| Ok(decoded(base64_decode(text(args, 0))))),
    fixed("b32enc", STRING, |_, args| Ok(Value::str(base32_encode(&bytes::of_text(text(args, 0)))))),
    fixed("b32dec", STRING, |_, args| Ok(decoded(base32_decode(text(args, 0))))),
    fixed("sha1sum", STRING, |_, args| Ok(hash::<Sha1>(text(args, 0)))),
    fixed("sha256sum", STRING, |_, args| Ok(hash::<Sha256>(text(args, 0)))),
    fixed("sha512sum", STRING, |_, args| Ok(hash::<Sha512>(text(args, 0)))),
    fixed("adler32sum", STRING, |_, args| {
        let step = |(a, b): (u32, u32), byte: u8| {
            let a = (a + u32::from(byte)) % 65521;
            (a, (b + a) % 65521)
        };
        let (a, b) = bytes::of_text(text(args, 0)).iter().copied().fold((1, 0), step);
        Ok(Value::str((b << 16 | a).to_string()))
    }),
    fixed("urlParse", STRING, |_, args| url_parse(text(args, 0))),
    fixed("urlJoin", &[Param::Map], |_, args| url_join(arg(args, 0))),
];

fn hash<D: Digest>(input: &str) -> Value {
    let digest = D::digest(bytes::of_text(input));
    Value::str(hex(&digest))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// sprig answers with the error's words where it cannot decode.
fn decoded(result: std::result::Result<Vec<u8>, String>) -> Value {
    Value::str(match result {
        Ok(decoded) => bytes::to_text(&decoded),
        Err(words) => words,
    })
}

/// What Go's decoders do: read groups of characters, skip line ends, and name the offset of the first bad byte.
struct Decoder {
    name: &'static str,
    group: usize,
    bits: u32,
    value: fn(u8) -> Option<u32>,
}

impl Decoder {
    fn error(&self, at: usize) -> String {
        format!("illegal {} data at input byte {at}", self.name)
    }

    fn digit(&self, byte: u8) -> Option<u32> {
        (self.value)(byte)
    }

    fn emit(&self, digits: &[u32], out: &mut Vec<u8>) {
        let (mut word, mut bits) = (0u64, 0);
        for digit in digits {
            word = word << self.bits | u64::from(*digit);
            bits += self.bits;
            if bits >= 8 {
                bits -= 8;
                out.push((word >> bits) as u8);
            }
        }
    }
}

/// `base64.StdEncoding.DecodeString`
pub(super) fn base64_decode(text: &str) -> std::result::Result<Vec<u8>, String> {
    let decoder = Decoder {
        name: "base64",
        group: 4,
        bits: 6,
        value: |byte| {
            Some(u32::from(match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            }))
        },
    };
    let bytes = text.as_bytes();
    let is_newline = |at: usize| matches!(bytes.get(at), Some(b'\n' | b'\r'));
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let mut digits = Vec::with_capacity(decoder.group);
    let mut at = 0;
    loop {
        let Some(&byte) = bytes.get(at) else {
            return match digits.len() {
                0 => Ok(out),
                // Padding is missing.
                count => Err(decoder.error(at - count)),
            };
        };
        at += 1;
        if is_newline(at - 1) {
            continue;
        }
        if let Some(digit) = decoder.digit(byte) {
            digits.push(digit);
            if digits.len() == decoder.group {
                decoder.emit(&digits, &mut out);
                digits.clear();
            }
            continue;
        }
        if byte != b'=' || digits.len() < 2 {
            return Err(decoder.error(at - 1));
        }
        if digits.len() == 2 {
            while is_newline(at) {
                at += 1;
            }
            match bytes.get(at) {
                None => return Err(decoder.error(bytes.len())),
                Some(b'=') => at += 1,
                Some(_) => return Err(decoder.error(at - 1)),
            }
        }
        while is_newline(at) {
            at += 1;
        }
        if at < bytes.len() {
            return Err(decoder.error(at));
        }
        decoder.emit(&digits, &mut out);
        return Ok(out);
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32_encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let word = (0..5).fold(0u64, |word, at| word << 8 | u64::from(chunk.get(at).copied().unwrap_or(0)));
        let digits = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let index = (word >> (35 - 5 * at) & 31) as usize;
            let digit = BASE32.get(index).copied().unwrap_or_default();
            out.push(if at < digits { char::from(digit) } else { '=' });
        }
    }
    out
}

/// `base32.StdEncoding.DecodeString`
fn base32_decode(text: &str) -> std::result::Result<Vec<u8>, String> {
    let decoder = Decoder {
        name: "base32",
        group: 8,
        bits: 5,
        value: |byte| BASE32.iter().position(|known| *known == byte).map(|index| index as u32),
    };
    let bytes: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let mut out = Vec::with_capacity(bytes.len() / 8 * 5);
    let mut rest = bytes.as_slice();
    let mut ended = false;
    while !rest.is_empty() && !ended {
        let mut digits = Vec::with_capacity(decoder.group);
        for place in 0..decoder.group {
            let Some((&byte, after)) = rest.split_first() else {
                // Without padding the last group is one digit short of what Go can point at.
                return Err(decoder.error(bytes.len() - digits.len()));
            };
            rest = after;
            if byte == b'=' && place >= 2 && rest.len() < 8 {
                if rest.len() + place < 7 {
                    return Err(decoder.error(bytes.len()));
                }
                if let Some(bad) = (0..7 - place).find(|at| rest.get(*at).is_some_and(|byte| *byte != b'=')) {
                    return Err(decoder.error(bytes.len() - rest.len() + bad - 1));
                }
                if matches!(place, 1 | 3 | 6) {
                    return Err(decoder.error(bytes.len() - rest.len() - 1));
                }
                ended = true;
                break;
            }
            match decoder.digit(byte) {
                Some(digit) => digits.push(digit),
                None => return Err(decoder.error(bytes.len() - rest.len() - 1)),
            }
        }
        decoder.emit(&digits, &mut out);
    }
    Ok(out)
}

fn url_parse(text: &str) -> Result {
    let url = Url::parse(text).map_err(|words| Failure::new(format!("unable to parse url: {words}")))?;
    let entries = [
        ("scheme", url.scheme.clone()),
        ("host", url.host.clone()),
        ("hostname", url.hostname().to_owned()),
        ("path", url.path.clone()),
        ("query", url.raw_query.clone()),
        ("opaque", url.opaque.clone()),
        ("fragment", url.fragment.clone()),
        ("userinfo", url.userinfo()),
    ];
    Ok(Value::map(Map::from_entries(entries.map(|(key, value)| (key.into(), Value::str(value))))))
}

fn url_join(parts: &Value) -> Result {
    let part = |key: &str| {
        let Some(value) = parts.as_map().and_then(|map| map.get(key)) else { return Ok(String::new()) };
        match value.as_str() {
            Some(text) => Ok(text.to_owned()),
            None if value.is_nil() => {
                Err(Failure::new("runtime error: invalid memory address or nil pointer dereference"))
            }
            None => Err(Failure::new(format!(
                "unable to parse {key} key, must be of type string, but {} found",
                value.kind_name()
            ))),
        }
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        raw_query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        ..Url::default()
    };
    let userinfo = part("userinfo")?;
    if !userinfo.is_empty() {
        let parsed = Url::parse(&format!("proto://{userinfo}@host"))
            .map_err(|words| Failure::new(format!("unable to parse userinfo in dict: {words}")))?;
        url.user = parsed.user;
    }
    Ok(Value::str(url.to_string()))
}

#[cfg(test)]
mod tests {
    use crate::sprig::testing::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/encoding.jsonl"));
    }
}
