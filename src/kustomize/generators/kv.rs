//! Keys and values of generators: literals, files, and files of `key=value` lines.
//!
//! Mirrors `api/kv/kv.go`.

use smol_str::SmolStr;

use crate::origin::Place;
use crate::source::Span;
use crate::yaml::go_quote;

use super::super::context::Context;
use super::super::failure::{Failure, Result, Wrap};
use super::super::kustomization::{GeneratorArgs, Text};
use super::super::loader::Loader;
use super::super::words::go_list;

/// A key and its value, and where both are written.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) key: SmolStr,
    pub(super) value: Vec<u8>,
    pub(super) key_place: Place,
    /// The place of the value.
    pub(super) place: Place,
}

/// Longest line of a file of pairs, in bytes.
const MAX_LINE: usize = 65_536;

/// Reads all pairs of a generator. What is `secret` stands in no message.
pub(super) fn load(
    args: &GeneratorArgs,
    secret: bool,
    loader: &Loader,
    cx: &mut Context<'_>,
) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    let literals = || if secret { "[...]".to_owned() } else { go_list(&args.literals) };
    for entry in &args.envs {
        let more =
            env_file(entry, secret, loader, cx).wrap(|| format!("env source files: {}", go_list(&args.envs)));
        pairs.extend(more.or_at(entry.place)?);
    }
    for entry in &args.literals {
        if let (true, Some(file)) = (secret, cx.file_of(entry.place)) {
            file.mark_secret(entry.place.at);
        }
        let pair = literal(entry, secret, cx).wrap(|| format!("literal sources {}", literals()));
        pairs.push(pair.or_at(entry.place)?);
    }
    for entry in &args.files {
        let pair = file(entry, loader, cx).wrap(|| format!("file sources: {}", go_list(&args.files)));
        pairs.push(pair.or_at(entry.place)?);
    }
    Ok(pairs)
}

fn literal(entry: &Text, secret: bool, cx: &Context<'_>) -> Result<Pair> {
    let source = &entry.value;
    let Some((key, value)) = source.split_once('=').filter(|(key, _)| !key.is_empty()) else {
        let shown = if secret { "..." } else { source.as_str() };
        return Err(Failure::new(format!("invalid literal source {shown}, expected key=value")));
    };
    let unquoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let start = key.len() + 1 + usize::from(unquoted.is_some());
    let value = unquoted.unwrap_or(value);
    let part = |start: usize, text: &str| part_of(entry, start, text.len(), cx);
    Ok(Pair {
        key: key.into(),
        value: value.as_bytes().to_vec(),
        key_place: part(0, key),
        place: part(start, value),
    })
}

/// The place of a part of a string, where the file has the string as it is.
fn part_of(entry: &Text, start: usize, len: usize, cx: &Context<'_>) -> Place {
    let Some(file) = cx.file_of(entry.place) else { return entry.place };
    let Some(offset) = file.slice(entry.place.at).find(entry.value.as_str()) else { return entry.place };
    let at = entry.place.at.part((offset + start) as u32, len as u32);
    Place { at, ..entry.place }
}

/// The key and path of `path` or `key=path`.
fn file_source(source: &str) -> Result<(&str, &str)> {
    let refuse = |message: String| Err(Failure::new(message));
    let quoted = go_quote(source);
    match source.split_once('=') {
        None => Ok((source.trim_end_matches('/').rsplit('/').next().unwrap_or(source), source)),
        Some((_, path)) if path.contains('=') => {
            refuse(format!("source {quoted} key name or file path contains '='"))
        }
        Some(("", path)) => {
            refuse(format!("missing key name for file path {} in source {quoted}", go_quote(path)))
        }
        Some((key, "")) => {
            refuse(format!("missing file path for key name {} in source {quoted}", go_quote(key)))
        }
        Some((key, path)) => Ok((key, path)),
    }
}

fn file(entry: &Text, loader: &Loader, cx: &mut Context<'_>) -> Result<Pair> {
    let (key, path) = file_source(&entry.value)?;
    let loaded = loader.load(path, cx)?;
    Ok(Pair {
        key: key.into(),
        value: loaded.bytes().to_vec(),
        key_place: entry.place,
        place: Place::written(loaded.span()),
    })
}

fn env_file(entry: &Text, secret: bool, loader: &Loader, cx: &mut Context<'_>) -> Result<Vec<Pair>> {
    let loaded = loader.load(&entry.value, cx)?;
    let mut pairs = Vec::new();
    let mut start = 0_usize;
    for (index, raw) in loaded.bytes().split_inclusive(|byte| *byte == b'\n').enumerate() {
        let at = start;
        start += raw.len();
        if raw.len() > MAX_LINE {
            // Go's scanner gives up here, and nobody asks it why.
            break;
        }
        let line = raw.strip_suffix(b"\n").unwrap_or(raw);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let span = Span::new(loaded.id(), at as u32, (at + line.len()) as u32);
        let place = Place::written(span);
        let Ok(mut text) = std::str::from_utf8(line) else {
            if secret {
                return Err(Failure::at(place, "a line has invalid utf8 bytes"));
            }
            let bytes: Vec<String> = line.iter().map(u8::to_string).collect();
            let message = format!(
                "line [{}] has invalid utf8 bytes : {}",
                bytes.join(" "),
                String::from_utf8_lossy(line)
            );
            return Err(Failure::at(place, message));
        };
        if index == 0 {
            text = text.trim_start_matches('\u{feff}');
        }
        let text = text.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if key.is_empty() {
            continue;
        }
        let from = at + line.len() - text.len();
        let part = |offset: usize, text: &str| {
            let start = from + offset;
            Place::written(Span::new(loaded.id(), start as u32, (start + text.len()) as u32))
        };
        let value_start = if value.is_empty() { text.len() } else { key.len() + 1 };
        pairs.push(Pair {
            key: key.into(),
            value: value.as_bytes().to_vec(),
            key_place: part(0, key),
            place: part(value_start, value),
        });
    }
    Ok(pairs)
}
