//! YAML under random and hostile input: nothing panics, hangs, or points outside of the text.

use std::sync::Arc;

use gitops_lint::facade::origin::{OriginId, Origins, Text};
use gitops_lint::facade::source::{SourceFile, Sources};
use gitops_lint::facade::yaml::edit::{self, Segment};
use gitops_lint::facade::yaml::{self, Data, Dialect, EmitStyle, JsonStyle, Node, Stream};

use crate::fuzz_targets::words::YAML;

/// A small generator of pseudo random numbers: the same inputs in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn file(text: &str) -> Arc<SourceFile> {
    Sources::new().add("a.yaml", text.into())
}

/// Uses a text in every way there is.
fn exercise(text: &str) {
    let file = file(text);
    for dialect in [Dialect::Sigs, Dialect::V3] {
        let stream = yaml::parse_as(&file, dialect);
        check_places(&stream);
        for document in &stream.documents {
            let Some(mut root) = document.root.clone() else { continue };
            if root.canonicalize(dialect).is_err() {
                continue;
            }
            let json = root.to_json(JsonStyle::default());
            let value: Option<serde_json::Value> = serde_json::from_str(&json).ok();
            assert_eq!(Some(root.to_value()), value, "{json} of {text:?}");
            for style in [EmitStyle::PRETTY, EmitStyle::KYAML] {
                let _ = yaml::emit(&root, style);
            }
            let plain = yaml::emit(&root, EmitStyle::Sigs);
            let traced = yaml::emit_text(&root, EmitStyle::Sigs, &mut Origins::new(), OriginId::WRITTEN);
            assert_eq!(plain.as_deref().ok(), traced.as_ref().ok().map(Text::as_str), "{text:?}");
        }
    }
}

fn check_places(stream: &Stream) {
    let file = &stream.file;
    let text = file.text_or_empty();
    let mut last = 0;
    for document in &stream.documents {
        assert!(last <= document.range.start && document.range.start <= document.range.end, "{text:?}");
        last = document.range.end;
        document.root.iter().for_each(|root| check_node(text, root));
    }
    assert!(last as usize <= text.len(), "{text:?}");
    for problem in &stream.problems {
        assert!(text.get(problem.at.start as usize..problem.at.end as usize).is_some(), "{text:?}");
        assert!(!problem.go_message(Dialect::V3).is_empty());
    }
    for comment in &stream.comments {
        assert!(file.slice(comment.at).starts_with('#'), "{text:?}");
    }
}

fn check_node(text: &str, node: &Node) {
    assert!(text.get(node.at.start as usize..node.at.end as usize).is_some(), "{:?} of {text:?}", node.at);
    for entry in node.entries() {
        assert!(text.get(entry.key.at.start as usize..entry.key.at.end as usize).is_some(), "{text:?}");
        check_node(text, &entry.value);
    }
    node.seq_or_empty().iter().for_each(|item| check_node(text, item));
}

#[test]
fn survives_random_input() {
    let mut random = Random(0x1234_5678_9abc_def1);
    for _ in 0..2000 {
        let text: String = (0..random.below(24)).map(|_| YAML[random.below(YAML.len())]).collect();
        exercise(&text);
    }
}

/// Whatever a file holds, taking time that grows faster than the file would be noticed: this is 150 KB of
/// each.
#[test]
fn takes_linear_time() {
    const LEN: usize = 150_000;
    let mut cases: Vec<String> = [
        "a: 1\n",
        "- ",
        "[",
        "{",
        "? ",
        "{a: ",
        "[a, ",
        "&a ",
        "*a ",
        "---\n",
        "---\n@\n",
        "#c\n",
        "a: b: ",
        "\t",
        "é",
        "<<: {a: 1}\n",
        "\r",
        "---\na: \u{1}\n",
        "- a\n",
        "a\n",
        "'a' ",
        "- |\n x\n",
        "!a ",
        "a:\n- ",
        "? a\n",
        "a: [",
        "\"a\": ",
    ]
    .iter()
    .map(|piece| piece.repeat(LEN / piece.len()))
    .collect();
    for (start, piece) in [
        ("'", "x"),
        ("\"", "\\n"),
        ("\"", "x\n"),
        ("a: |\n", " x\n"),
        ("a: >\n", " x\n\n"),
        ("key: ", "x "),
        ("key: ", "x\n "),
        ("[", "\"a\","),
        ("[", "a\n"),
        ("{", "a: 1, "),
        ("- &a x\n", "- *a\n"),
        ("a: &a {b: 1}\nc:\n", "  <<: *a\n"),
    ] {
        cases.push(format!("{start}{}", piece.repeat(LEN / piece.len())));
    }
    cases.push((0..LEN / 10).fold(String::new(), |text, key| text + "k" + &key.to_string() + ": v\n"));
    cases.push((0..LEN / 20).fold(String::new(), |text, name| text + &format!("- &k{name} v\n- *k{name}\n")));
    cases.push(format!("{}: 1\n", "é".repeat(1023)).repeat(LEN / 2000));
    cases.push((0..500).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n"));
    for text in cases {
        check_places(&yaml::parse(&file(&text)));
    }
}

/// Every edit that is offered does what it says; see the checks inside of it. Here: most are offered.
#[test]
fn edits_nearly_everything() {
    let text = "# head\na: &x {b: 1, c: [2, 3]}\nd:\n  - e: |\n      text\n    f: 'g'\n  - h\n  # why\n  - - i\n    - j\nk:\n\nl: \"m\n  n\"\no: *x\n---\n- p\n";
    let stream = yaml::parse(&file(text));
    let (mut offered, mut refused) = (0, Vec::new());
    for (index, document) in stream.documents.iter().enumerate() {
        let mut paths = Vec::new();
        collect(document.root.as_ref().unwrap(), &mut Vec::new(), &mut paths);
        for path in paths {
            match edit::delete(&stream, index, &path) {
                Some(_) => offered += 1,
                None => refused.push(path),
            }
        }
    }
    let first = |path: &Vec<Segment>| path.first().cloned();
    let only: Vec<_> = refused.iter().filter_map(first).collect();
    // What the anchor marks is used elsewhere.
    let anchored = [Segment::Key("a".to_owned()), Segment::Key("o".to_owned())];
    assert!(only.iter().all(|segment| anchored.contains(segment)), "{refused:?}");
    assert_eq!(offered, 12);
}

fn collect(node: &Node, path: &mut Vec<Segment>, to: &mut Vec<Vec<Segment>>) {
    let mut visit = |segment: Segment, child: &Node| {
        path.push(segment);
        to.push(path.clone());
        collect(child, path, to);
        path.pop();
    };
    match &node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(Segment::Index(index), item);
            }
        }
        Data::Map(map) => {
            for entry in map {
                visit(Segment::Key(entry.key.text.to_string()), &entry.value);
            }
        }
    }
}
