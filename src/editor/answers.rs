//! Requests and what is answered to them, in the words of the protocol.

use serde_json::{Value, json};

use crate::source::{Span, TreePath};

use super::complete::{Proposal, Proposals, Sort};
use super::cursor::Cursor;
use super::server::{INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, Server};
use super::session::{Checked, Session};
use super::text::Encoding;
use super::told::{locations, status};
use super::{actions, complete, definition, hints, hover, links, uri};

/// What is answered, or the number and the words of an error.
pub(super) type Answer = Result<Value, (i64, String)>;

/// The place that a request is about, and the state that it is asked of.
type Asked<'s> = (Cursor, &'s Checked, &'s Session);

impl Server {
    /// Answers a request, once the editor has introduced itself.
    pub(super) fn request(&mut self, method: &str, params: &Value) -> Answer {
        let root = self.root_uri.clone();
        match method {
            "initialize" => Ok(self.initialize(params)),
            "shutdown" => {
                self.stopping = true;
                Ok(Value::Null)
            }
            "textDocument/hover" => self.ask(params, |cursor, checked, encoding| {
                let Some((text, at)) = hover::hover(cursor, checked) else { return Value::Null };
                let Some(file) = checked.workspace.sources.get(at.file) else { return Value::Null };
                json!({ "contents": { "kind": "markdown", "value": text }, "range": encoding.range(&file, at) })
            }),
            "textDocument/definition" => self.ask(params, |cursor, checked, encoding| {
                locations(checked, encoding, &root, definition::definition(cursor, checked))
            }),
            "textDocument/references" => self.ask(params, |cursor, checked, encoding| {
                locations(checked, encoding, &root, definition::references(cursor, checked))
            }),
            "textDocument/completion" => {
                let encoding = self.encoding;
                let Some((cursor, checked, session)) = self.place(params)? else { return Ok(Value::Null) };
                let found = complete::complete(&cursor, checked, session);
                Ok(found.map_or_else(|| json!([]), |found| items(&cursor, encoding, &found)))
            }
            "textDocument/documentLink" => self.ask(params, |cursor, checked, encoding| {
                if cursor.is_template() {
                    return json!([]);
                }
                let link = |(at, target): (Span, TreePath)| {
                    let file = checked.workspace.sources.get(at.file)?;
                    Some(json!({ "range": encoding.range(&file, at), "target": uri::of(&root, target.as_str()) }))
                };
                let all = links::links(&checked.workspace, &checked.inventory, &cursor.path, &cursor.stream);
                Value::Array(all.into_iter().filter_map(link).collect())
            }),
            "textDocument/inlayHint" => {
                let (first, last) = lines(params)?;
                self.ask(params, |cursor, checked, encoding| {
                    let hint = |(at, words): (u32, String)| {
                        let position = encoding.position(&cursor.file, at);
                        json!({ "position": position, "label": words, "paddingLeft": true })
                    };
                    let lines = first.saturating_add(1)..=last.saturating_add(1);
                    Value::Array(hints::hints(cursor, checked, &lines).into_iter().map(hint).collect())
                })
            }
            "textDocument/codeAction" => {
                let (first, last) = lines(params)?;
                let (Some(path), Some(session)) = (self.path(params), &mut self.session) else {
                    return Ok(Value::Null);
                };
                let wire = actions::Wire { encoding: self.encoding, root: &root };
                actions::actions(session, &path, first..=last, wire).map_err(|why| (INVALID_REQUEST, why))
            }
            "gitopsLint/status" => {
                // Whoever asks has been told all that was found when the answer comes.
                self.publish();
                let Some(session) = &mut self.session else { return Ok(Value::Null) };
                session.check().map(status).map_err(|why| (INVALID_REQUEST, why))
            }
            _ => Err((METHOD_NOT_FOUND, format!("there is no method `{method}`"))),
        }
    }

    /// Puts a question about a place to the present state.
    fn ask(&mut self, params: &Value, question: impl Fn(&Cursor, &Checked, Encoding) -> Value) -> Answer {
        let encoding = self.encoding;
        let place = self.place(params)?;
        Ok(place.map_or(Value::Null, |(cursor, checked, _)| question(&cursor, checked, encoding)))
    }

    /// The place that a request is about, in the present state; `None` outside of the repository.
    fn place(&mut self, params: &Value) -> Result<Option<Asked<'_>>, (i64, String)> {
        let document = params.get("textDocument").and_then(|it| it.get("uri")?.as_str());
        let document = document.ok_or((INVALID_PARAMS, "which document?".to_owned()))?;
        let number =
            |key: &str| params.get("position").and_then(|it| it.get(key)?.as_u64()).unwrap_or(0) as usize;
        let (line, character) = (number("line"), number("character"));
        let (Some(path), Some(session)) = (uri::path(&self.root_uri, document), &mut self.session) else {
            return Ok(None);
        };
        session.check().map_err(|why| (INVALID_REQUEST, why))?;
        let session: &Session = session;
        let Some(checked) = session.checked() else { return Ok(None) };
        let Ok(file) = checked.workspace.tree.read(&path) else { return Ok(None) };
        let offset = self.encoding.offset(file.text_or_empty(), line, character) as u32;
        Ok(Cursor::new(checked, &path, offset).map(|cursor| (cursor, checked, session)))
    }
}

/// The first and the last line of the range that a request is about, from 0.
fn lines(params: &Value) -> Result<(u32, u32), (i64, String)> {
    let line = |end: &str| params.get("range").and_then(|it| it.get(end)?.get("line")?.as_u64());
    let (first, last) = line("start").zip(line("end")).ok_or((INVALID_PARAMS, "which lines?".to_owned()))?;
    let number = |line: u64| u32::try_from(line).unwrap_or(u32::MAX);
    Ok((number(first), number(last)))
}

fn items(cursor: &Cursor, encoding: Encoding, found: &Proposals) -> Value {
    let start = encoding.position(&cursor.file, found.at.start);
    let range = json!({ "start": start, "end": encoding.position(&cursor.file, found.at.end) });
    let item = |it: &Proposal| {
        let behind = if it.sort == Sort::Key { found.behind_key } else { "" };
        json!({
            "label": it.label,
            "detail": it.detail,
            "kind": it.sort as u8,
            "textEdit": { "range": range, "newText": format!("{}{behind}", it.label) },
        })
    };
    Value::Array(found.all.iter().map(item).collect())
}
