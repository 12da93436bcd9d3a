//! Reading whole texts: documents, comments, and going on behind an error.
//!
//! After an error the rest of the document is given up and reading goes on at the next line that begins with
//! `---`. go-yaml would stop; but Helm, kustomize and Argo CD split files at such lines before they parse, so one
//! broken document does not hide the others from them either.

use std::ops::Range;
use std::sync::Arc;

use crate::origin::{Locate, Verbatim};
use crate::source::{Facts, SourceFile, Span};

use super::compose::Composer;
use super::lines::LineCounter;
use super::mistake::{self, Mistake};
use super::parser::Parser;
use super::scanner::{self, RawComment, Stage, Tolerated, Trouble};
use super::{Comment, Dialect, Document, GoLines, Node, Stream, YamlProblem, YamlProblemKind};

/// Reads a file for Helm, kubectl and Argo CD. Never fails; see [`Stream::problems`].
pub fn parse(file: &Arc<SourceFile>) -> Stream {
    parse_as(file, Dialect::Sigs)
}

/// Reads a file as `dialect` does. Scalars stay text in either; the dialect decides what merge keys override.
pub fn parse_as(file: &Arc<SourceFile>, dialect: Dialect) -> Stream {
    let parsed = match file.text() {
        Some(text) => read(text, dialect, &mut Verbatim(file.id()), true),
        None => Parsed { problems: vec![not_text(file)], ..Parsed::default() },
    };
    Stream {
        file: Arc::clone(file),
        documents: parsed.documents,
        comments: parsed.comments,
        problems: parsed.problems,
        merge_order_matters: parsed.merge_order_matters,
        facts: Facts::default(),
    }
}

fn not_text(file: &SourceFile) -> YamlProblem {
    // An archive is no mistake to explain in detail; a text file in another encoding shows one byte.
    let bytes = file.bytes();
    let message = match std::str::from_utf8(bytes) {
        Ok(_) => "control characters are not allowed".to_owned(),
        Err(error) => match bytes.get(error.valid_up_to()) {
            Some(byte) if error.error_len().is_some() && byte & 0xc0 == 0x80 => {
                "invalid leading UTF-8 octet".to_owned()
            }
            Some(0xf8..) => "invalid leading UTF-8 octet".to_owned(),
            _ if error.error_len().is_none() => "incomplete UTF-8 octet sequence".to_owned(),
            _ => "invalid trailing UTF-8 octet".to_owned(),
        },
    };
    YamlProblem {
        kind: YamlProblemKind::Encoding,
        message,
        at: Span::start_of(file.id()),
        context: None,
        go_lines: GoLines::default(),
        v3_message: None,
    }
}

/// What reading a text gives.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The documents, empty ones included, in order.
    pub documents: Vec<Document>,
    /// All comments, in order.
    pub comments: Vec<Comment>,
    /// What is wrong, in order of place.
    pub problems: Vec<YamlProblem>,
    /// See [`Stream::merge_order_matters`].
    pub merge_order_matters: bool,
}

/// Reads text that `locate` knows the places of: how rendered templates are read back.
///
/// Quoted and block scalars are located by their content, without quotes and indicators, so that a printed value
/// inside of quotes leads to that value alone. A collection's place reaches from its first to its last child, when
/// both lie in one file; its origin is its first child's.
pub fn parse_text<L: Locate + ?Sized>(text: &str, dialect: Dialect, locate: &mut L) -> Parsed {
    read(text, dialect, locate, false)
}

/// The same, where places are those of [`parse`]: of a part of a file as it stands.
pub(crate) fn parse_verbatim<L: Locate + ?Sized>(text: &str, dialect: Dialect, locate: &mut L) -> Parsed {
    read(text, dialect, locate, true)
}

fn read<L: Locate + ?Sized>(text: &str, dialect: Dialect, locate: &mut L, verbatim: bool) -> Parsed {
    let mut parsed = Parsed::default();
    let mut starts: Vec<usize> = Vec::new();
    let mut tolerated: Vec<Tolerated> = Vec::new();
    let mut comments: Vec<RawComment> = Vec::new();
    let mut lines = LineCounter::new(text);
    let mut start = 0;
    let mut forbidden = scanner::find_forbidden(text, 0);
    loop {
        let mut parser = Parser::new(text, start, forbidden, start == 0, Dialect::Sigs);
        let trouble = loop {
            match parser.document() {
                Ok(false) => break None,
                Err(trouble) => break Some(trouble),
                Ok(true) => {
                    starts.push(parser.document_start as usize);
                    lines.line(parser.document_start);
                    let mut composer =
                        Composer::new(&parser, dialect, &mut *locate, verbatim, lines, &mut parsed.problems);
                    let (root, error) = match composer.root() {
                        Ok(root) => (root, None),
                        Err(problem) => (None, Some(problem)),
                    };
                    parsed.merge_order_matters |= composer.merge_order_matters;
                    parsed.problems.extend(error.as_deref().cloned());
                    parsed.documents.push(document(root, error, locate));
                }
            }
        };
        comments.append(&mut parser.scanner.comments);
        tolerated.append(&mut parser.scanner.tolerated);
        let Some(trouble) = trouble else { break };
        starts.push(parser.document_start as usize);
        lines.line(parser.document_start);
        // The document's own marker is behind us, so every round gets further.
        let from = (parser.content_start as usize).max(start + 1);
        let next = scanner::next_document_marker(text.as_bytes(), from);
        let broken = text.get(..next.unwrap_or(text.len())).unwrap_or(text);
        let second = second_opinion(broken, parser.document_start as usize, starts.len() == 1);
        let mistake = mistake::find(text, &trouble, &parser.scanner.long);
        let problem = syntax_problem(text, (&trouble, second.as_ref()), mistake, lines, locate);
        parsed.documents.push(document(None, Some(Box::new(problem.clone())), locate));
        parsed.problems.push(problem);
        match next {
            Some(next) => start = next,
            None => break,
        }
        if forbidden.is_some_and(|found| found.at < start) {
            forbidden = scanner::find_forbidden(text, start);
        }
        // What the scanner read ahead is read again.
        while comments.pop_if(|comment| comment.start as usize >= start).is_some() {}
        while tolerated.pop_if(|found| found.at as usize >= start).is_some() {}
    }
    set_bounds(text, &starts, &mut parsed.documents, locate, verbatim);
    for comment in comments {
        let at = locate.locate(comment.start as usize..comment.end as usize).at;
        parsed.comments.push(Comment { at, trailing: comment.trailing });
    }
    for found in tolerated {
        let at = locate.locate(char_at(text, found.at as usize)).at;
        parsed.problems.push(YamlProblem {
            kind: YamlProblemKind::Tolerated,
            message: found.what.to_owned(),
            at,
            context: None,
            go_lines: GoLines::default(),
            v3_message: None,
        });
    }
    parsed.problems.sort_by_key(|problem| (problem.at, problem.kind));
    parsed
}

/// A document whose bounds [`set_bounds`] will fill in.
fn document<L: Locate + ?Sized>(
    root: Option<Node>,
    error: Option<Box<YamlProblem>>,
    locate: &mut L,
) -> Document {
    Document { root, at: locate.locate(0..0).at, range: 0..0, broken: error.is_some(), error }
}

/// Documents share the text among them: one ends where the next begins.
fn set_bounds<L: Locate + ?Sized>(
    text: &str,
    starts: &[usize],
    documents: &mut [Document],
    locate: &mut L,
    verbatim: bool,
) {
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    for (index, ((document, start), end)) in documents.iter_mut().zip(starts).zip(ends).enumerate() {
        let start = if index == 0 { 0 } else { *start };
        document.range = start as u32..end as u32;
        document.at = match &document.root {
            _ if verbatim => locate.locate(start..end).at,
            Some(root) => root.at,
            None => locate.locate(start..start).at,
        };
    }
}

/// What go-yaml v3 says about a broken document, which it scans further before it parses: often another error.
fn second_opinion(text: &str, start: usize, implicit: bool) -> Option<Trouble> {
    let line_start = text.get(..start).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |at| at + 1);
    let forbidden = scanner::find_forbidden(text, line_start);
    Parser::new(text, line_start, forbidden, implicit, Dialect::V3).document().err()
}

/// The bytes of the character at `at`; none at the end of the text.
fn char_at(text: &str, at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let len = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    at..at + len
}

fn syntax_problem<L: Locate + ?Sized>(
    text: &str,
    (trouble, second): (&Trouble, Option<&Trouble>),
    mistake: Option<Mistake>,
    lines: LineCounter<'_>,
    locate: &mut L,
) -> YamlProblem {
    let context = trouble.context.filter(|(what, start)| !what.is_empty() && *start < trouble.at);
    let context =
        context.map(|(what, start)| (locate.locate(char_at(text, start as usize)).at, what.to_owned()));
    let stopped = locate.locate(char_at(text, trouble.at as usize)).at;
    let (at, context) = match mistake {
        Some(mistake) => (locate.locate(mistake.at).at, Some((stopped, mistake.stopped.to_owned()))),
        None => (stopped, context),
    };
    YamlProblem {
        kind: if trouble.stage == Stage::Reader {
            YamlProblemKind::Encoding
        } else {
            YamlProblemKind::Syntax
        },
        message: trouble.problem.to_string(),
        at,
        context,
        go_lines: go_lines(lines, trouble, second.unwrap_or(trouble)),
        v3_message: second
            .filter(|second| second.problem != trouble.problem)
            .map(|second| second.problem.to_string()),
    }
}

/// The line numbers that go-yaml prints: it forgets, per stage and version, that lines count from one.
fn go_lines(lines: LineCounter<'_>, v2: &Trouble, v3: &Trouble) -> GoLines {
    let marks = |trouble: &Trouble| {
        let line = |at: u32| {
            let mut lines = lines;
            lines.line(at)
        };
        let scanner = u32::from(trouble.stage == Stage::Scanner);
        (line(trouble.at), trouble.context.map_or(0, |(_, at)| line(at)), scanner)
    };
    let silent = |trouble: &Trouble| matches!(trouble.stage, Stage::Reader | Stage::Composer);
    let (problem, context, scanner) = marks(v2);
    let first = match (problem, context) {
        _ if silent(v2) => 0,
        (0, context) => context,
        (problem, _) => problem + scanner,
    };
    let (problem, context, scanner) = marks(v3);
    let second = match (problem, context) {
        _ if silent(v3) => 0,
        (0, 0) => 0,
        (problem, 0) => problem + scanner,
        (_, context) => context + scanner,
    };
    GoLines { v2: first, v3: second }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::origin::{Origin, OriginId, Origins, Place, SourceMap, Step, Text};
    use crate::source::{Sources, Span};
    use crate::yaml::{Data, JsonStyle};

    fn stream(text: &str, dialect: Dialect) -> Stream {
        parse_as(&Sources::new().add("a.yaml", text.into()), dialect)
    }

    /// The text of every key and scalar with the bytes that its span covers.
    fn leaves<'a>(file: &'a SourceFile, node: &'a Node, to: &mut Vec<(&'a str, &'a str)>) {
        match &node.data {
            Data::Scalar(text) => to.push((text, file.slice(node.at))),
            Data::Seq(items) => {
                to.push(("[]", file.slice(node.at)));
                for item in items {
                    leaves(file, item, to);
                }
            }
            Data::Map(map) => {
                to.push(("{}", file.slice(node.at)));
                for entry in map {
                    to.push((&entry.key.text, file.slice(entry.key.at)));
                    leaves(file, &entry.value, to);
                }
            }
        }
    }

    /// What go-yaml v2 and v3 made of the same texts: `fixtures/yaml/read.jsonl`.
    #[test]
    fn reads_as_go_yaml() {
        let table = include_str!("../../fixtures/yaml/read.jsonl");
        let mut cases = 0;
        for line in table.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = row["text"].as_str().unwrap();
            for (column, dialect) in [("v2", Dialect::Sigs), ("v3", Dialect::V3)] {
                let Some(want) = row.get(column) else { continue };
                cases += 1;
                let stream = stream(text, dialect);
                check_documents(text, &stream, want.as_array().unwrap(), dialect);
            }
        }
        assert!(cases > 1000, "the table is there: {cases}");
    }

    fn check_documents(text: &str, stream: &Stream, want: &[Value], dialect: Dialect) {
        for (index, want) in want.iter().enumerate() {
            let place = format!("document {index} of {text:?} for {dialect:?}");
            let document = stream.documents.get(index).unwrap_or_else(|| panic!("{place} is missing"));
            let root = document.root.clone().map(|mut root| root.canonicalize(dialect).map(|()| root));
            let got = match (&document.error, root) {
                (Some(error), _) => Err(error.clone()),
                (None, None) => Ok("null".to_owned()),
                (None, Some(Err(error))) => Err(error),
                (None, Some(Ok(root))) => {
                    Ok(root.to_json(JsonStyle { escape_html: true, ..JsonStyle::default() }))
                }
            };
            if let Some(json) = want.get("ok") {
                assert_eq!(got.as_deref(), Ok(json.as_str().unwrap()), "{place}");
                continue;
            }
            let message = want["err"].as_str().unwrap();
            if message.contains("already defined") {
                let duplicate = |problem: &YamlProblem| problem.kind == YamlProblemKind::DuplicateKey;
                assert!(stream.problems.iter().any(duplicate), "{place}: {message}");
                continue;
            }
            let error = got.expect_err(&place);
            if message.contains("cannot unmarshal") || message.contains("invalid map key") {
                assert_eq!(error.kind, YamlProblemKind::ComplexKey, "{place}: {message}");
                continue;
            }
            // go-yaml prints the value of a bad key, which may be a secret.
            let message = message.split(", value:").next().unwrap();
            assert_eq!(error.go_message(dialect), message, "{place}");
            if error.kind == YamlProblemKind::Syntax && !message.contains("map merge") {
                // go-yaml stops where we go on.
                return;
            }
        }
    }

    #[test]
    fn spans_cover_what_was_written() {
        let text = "# head\na: 1 # one\n\"b\": 'x y'\nc:\n  - |\n    l1\n\n    l2\n\n  - &n {d: e, f}\n  - *n\ng: plain\n   folded\nh:\n";
        let stream = stream(text, Dialect::Sigs);
        let root = stream.documents[0].root.as_ref().unwrap();
        let mut got = Vec::new();
        leaves(&stream.file, root, &mut got);
        let flow = "{d: e, f}";
        let want = [
            ("{}", &text[7..]),
            ("a", "a"),
            ("1", "1"),
            ("b", "\"b\""),
            ("x y", "'x y'"),
            ("c", "c"),
            ("[]", &text[39..77]),
            ("l1\n\nl2\n", "|\n    l1\n\n    l2"),
            ("{}", flow),
            ("d", "d"),
            ("e", "e"),
            ("f", "f"),
            ("", ""),
            ("{}", flow),
            ("d", "d"),
            ("e", "e"),
            ("f", "f"),
            ("", ""),
            ("g", "g"),
            ("plain folded", "plain\n   folded"),
            ("h", "h"),
            ("", ""),
        ];
        for (got, want) in got.iter().zip(want) {
            if want.0 != "{}" && want.0 != "[]" {
                assert_eq!(*got, want);
            }
        }
        assert_eq!(got.len(), want.len());
        assert_eq!(got[8], ("{}", flow));
        let comments: Vec<_> =
            stream.comments.iter().map(|c| (stream.file.slice(c.at), c.trailing)).collect();
        assert_eq!(comments, [("# head", false), ("# one", true)]);
        assert_eq!(stream.problems, []);
    }

    #[test]
    fn collections_span_what_stands_there() {
        let text = "a: &x {p: 1}\nb:\n  <<: *x\n  q: 2\nc:\n- *x\n- y\nd:\n  e: 1\n  f: *x\ng:\n  <<: [*x]\n";
        let stream = stream(text, Dialect::Sigs);
        let root = stream.documents[0].root.as_ref().unwrap();
        let shown = |key: &str| stream.file.slice(root.get(key).unwrap().at);
        assert_eq!(shown("b"), "<<: *x\n  q: 2");
        assert_eq!(shown("c"), "*x\n- y");
        assert_eq!(shown("d"), "e: 1\n  f: *x");
        assert_eq!(shown("g"), "<<: [*x]");
        assert_eq!(stream.file.slice(root.get("b").unwrap().get("p").unwrap().at), "1");
    }

    #[test]
    fn goes_on_behind_errors() {
        let text = "a: [\n---\nb: 1\n---\nc: \u{1}\n---\nd: 2\n--- e\nf: 1\n---\n";
        let stream = stream(text, Dialect::Sigs);
        let shown: Vec<_> = stream
            .documents
            .iter()
            .map(|document| (document.broken, document.root.is_some(), stream.file.slice(document.at)))
            .collect();
        assert_eq!(
            shown,
            [
                (true, false, "a: [\n"),
                (false, true, "---\nb: 1\n"),
                (true, false, "---\nc: \u{1}\n"),
                (false, true, "---\nd: 2\n"),
                (true, false, "--- e\nf: 1\n"),
                (false, false, "---\n"),
            ]
        );
        let problems: Vec<_> =
            stream.problems.iter().map(|p| (p.kind, p.go_message(Dialect::Sigs))).collect();
        assert_eq!(
            problems,
            [
                (YamlProblemKind::Syntax, "yaml: line 1: did not find expected node content".to_owned()),
                (YamlProblemKind::Encoding, "yaml: control characters are not allowed".to_owned()),
                (
                    YamlProblemKind::Syntax,
                    "yaml: line 9: mapping values are not allowed in this context".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn tolerates_and_says_so() {
        for (text, want) in [
            ("a:\n  b: 'x\n  y'", &["quoted"][..]),
            ("a: 'x\n  y'", &[]),
            ("a: [\n  b\n]", &["brackets"]),
            ("a: [\n  b\n ]", &[]),
            ("[\n]", &[]),
            ("a: 'b'# c", &["comment"]),
            ("a: b # c", &[]),
        ] {
            let stream = stream(text, Dialect::Sigs);
            assert!(!stream.documents[0].broken, "{text}");
            assert_eq!(stream.problems.len(), want.len(), "{text}");
            for (problem, word) in stream.problems.iter().zip(want) {
                assert_eq!(problem.kind, YamlProblemKind::Tolerated);
                assert!(problem.message.contains(word), "{text}: {}", problem.message);
            }
        }
    }

    #[test]
    fn reports_duplicates_with_both_places() {
        let stream = stream("a: 1\nb: 2\na: 3\n<<: {b: 4}\nc: *x", Dialect::Sigs);
        // The unknown anchor gives the document up before anything else is looked at.
        assert_eq!(stream.problems.len(), 1);
        assert_eq!(stream.problems[0].message, "unknown anchor 'x' referenced");
        let stream = super::tests::stream("a: 1\nb: 2\na: 3\n<<: {b: 4}\n", Dialect::Sigs);
        let [problem] = stream.problems.as_slice() else { panic!("{:?}", stream.problems) };
        assert_eq!(problem.at.start, 10);
        assert_eq!(problem.context.as_ref().unwrap().0.start, 0);
        assert_eq!(problem.go_message(Dialect::V3), "yaml: line 3: mapping key \"a\" already defined");
        let root = stream.documents[0].root.as_ref().unwrap();
        assert_eq!(root.get("a").unwrap().scalar().unwrap(), "3");
        assert_eq!(root.get("b").unwrap().scalar().unwrap(), "4");
        assert!(stream.merge_order_matters);
    }

    #[test]
    fn limits_nesting_and_aliases() {
        let deep = "[".repeat(300) + &"]".repeat(300);
        let chain = (1..40).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
            let before = level - 1;
            text + &format!("a{level}: &a{level} [[[[[[[[[[*a{before}]]]]]]]]]]\n")
        });
        let laughs = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
            let alias = vec![format!("*a{}", level - 1); 10].join(",");
            text + &format!("a{level}: &a{level} [{alias}]\n")
        });
        for (text, want) in [
            (deep, "exceeded max depth of 256"),
            (chain, "exceeded max depth of 256"),
            (laughs, "document contains excessive aliasing"),
            ("[".repeat(20_000), "exceeded max depth of 10000"),
            ("- ".repeat(20_000), "exceeded max depth of 10000"),
        ] {
            let stream = stream(&text, Dialect::Sigs);
            let messages: Vec<_> = stream.problems.iter().map(|problem| problem.message.as_str()).collect();
            assert_eq!(messages, [want]);
            assert!(stream.documents[0].broken);
        }
        let fine = "[".repeat(250) + &"]".repeat(250);
        assert_eq!(stream(&fine, Dialect::Sigs).problems, []);
    }

    #[test]
    fn reads_rendered_text_back() {
        let sources = Sources::new();
        let template =
            sources.add("t.yaml", b"name: \"{{ .Values.name }}\"\nn: {{ .Values.n }}-x\n".to_vec());
        let values = sources.add("values.yaml", b"name: shop\nn: 5\n".to_vec());
        let mut origins = Origins::new();
        let span = |file: &Arc<SourceFile>, start, end| Span::new(file.id(), start, end);
        let mut step = |at, by| origins.add(Origin::new(at, by));
        let front = step(span(&template, 0, 7), Step::TemplateText);
        let name = step(span(&values, 6, 10), Step::ValuesFile);
        let middle = step(span(&template, 25, 30), Step::TemplateText);
        let n = step(span(&values, 14, 15), Step::ValuesFile);
        let back = step(span(&template, 45, 48), Step::TemplateText);
        let mut text = Text::of("name: \"", front);
        text.push_str("shop", name);
        text.push_str("\"\nn: ", middle);
        text.push_str("5", n);
        text.push_str("-x\n", back);
        let rendered = text.as_str().to_owned();
        let mut map = SourceMap::new(&text, &mut origins, &sources, template.span());
        let parsed = parse_text(&rendered, Dialect::Sigs, &mut map);
        let root = parsed.documents[0].root.as_ref().unwrap();
        assert_eq!(parsed.documents[0].range, 0..rendered.len() as u32);
        let key = &root.entries()[0].key;
        assert_eq!(key.place(), Place { at: span(&template, 0, 4), origin: front });
        assert_eq!(root.get("name").unwrap().place(), Place { at: span(&values, 6, 10), origin: name });
        let joined = root.get("n").unwrap();
        assert_eq!(joined.at, span(&values, 14, 15));
        assert_eq!(origins.get(joined.origin).unwrap().by, Step::Joined);
        // From the first key in the template to the last value, which is in another file.
        assert_eq!(root.place(), Place { at: span(&template, 0, 4), origin: front });
        assert_ne!(root.origin, OriginId::WRITTEN);
    }

    #[test]
    fn refuses_what_is_no_text() {
        for (bytes, want) in [
            (&b"a: \xe9b"[..], "invalid trailing UTF-8 octet"),
            (b"a: \x80", "invalid leading UTF-8 octet"),
            (b"a: \xe9", "incomplete UTF-8 octet sequence"),
            (b"a\0b", "control characters are not allowed"),
        ] {
            let stream = parse(&Sources::new().add("a.yaml", bytes.to_vec()));
            assert_eq!(stream.problems[0].kind, YamlProblemKind::Encoding);
            assert_eq!(stream.problems[0].message, want);
            assert!(stream.documents.is_empty());
        }
    }
}
