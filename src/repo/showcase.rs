//! Which directories show or test something rather than deploy it.

use crate::source::TreePath;

/// Directories whose files stand by themselves: each shows how something is done.
const SHOWCASES: [&str; 13] = [
    "docs",
    "doc",
    "documentation",
    "examples",
    "example",
    "samples",
    "sample",
    "test",
    "tests",
    "testdata",
    "test-data",
    "fixtures",
    "e2e",
];

/// Directories whose files are input of somebody's tests, or part of a text: wrong ones may be wrong on purpose.
const TEST_DATA: [&str; 8] =
    ["docs", "doc", "documentation", "tests", "testdata", "test-data", "fixtures", "e2e"];

/// Directories of what is no longer in use.
const SET_ASIDE: [&str; 10] = [
    "archive",
    "archives",
    "archived",
    "attic",
    "graveyard",
    "decommissioned",
    "deprecated",
    "disabled",
    "retired",
    "unused",
];

/// What is set aside may be said beside that it is: `disabled_apps`.
const WHAT: [&str; 8] =
    ["app", "apps", "service", "services", "manifests", "charts", "clusters", "resources"];

/// Directories of files that some program fills in before anybody applies them.
const SCAFFOLDS: [&str; 9] = [
    "template",
    "templates",
    "boilerplate",
    "boilerplates",
    "skeleton",
    "skeletons",
    "scaffold",
    "scaffolds",
    "scaffolding",
];

/// The directory on the way to a file that is called like a place for templates, the lowest one.
pub(super) fn scaffold(path: &TreePath) -> Option<TreePath> {
    above(path, &SCAFFOLDS)
}

/// The directory on the way to a file that is called like a showcase, the lowest one.
pub fn showcase(path: &TreePath) -> Option<TreePath> {
    above(path, &SHOWCASES)
}

/// Whether a file lies in a directory that is called like a place for what is no longer in use.
pub fn is_set_aside(path: &TreePath) -> bool {
    let says_so = |name: &str| {
        let mut words = name.split(['_', '-', '.']).filter(|word| !word.is_empty());
        let known = |word: &str| SET_ASIDE.contains(&word) || WHAT.contains(&word);
        words.clone().any(|word| SET_ASIDE.contains(&word)) && words.all(known)
    };
    first_above(path, says_so).is_some()
}

/// Whether a file is part of documentation or of tests.
pub fn is_test_data(path: &TreePath) -> bool {
    above(path, &TEST_DATA).is_some() || path.as_str().starts_with("test/")
}

/// Whether a file says by its name that some program makes the real one of it: `app.tmpl.yaml`, `app.template.yaml`.
pub(super) fn is_template_file(path: &TreePath) -> bool {
    let name = path.file_name();
    [".tmpl.", ".template.", ".tpl."].iter().any(|part| name.contains(part))
}

/// Whether a text has tokens like `<CLUSTER_NAME>` or `__CLUSTER_NAME__`, which some program replaces before anybody applies it.
pub fn has_tokens(text: &str) -> bool {
    let closes = |rest: &str, close: &str| rest.split_once(close).is_some_and(|(name, _)| is_token(name));
    text.split('<').skip(1).any(|rest| closes(rest, ">"))
        || text
            .match_indices("__")
            .any(|(at, it)| closes(text.get(at + it.len()..).unwrap_or_default(), "__"))
}

/// Whether a file has placeholders where YAML wants something else: `{{ name }}` unquoted, `{% if x %}`, `<NAME>`.
pub fn is_template(text: &str) -> bool {
    // An ApplicationSet is no template of Go, though it holds some.
    let opens = if text.contains("kind: ApplicationSet") { &OTHERS[..] } else { &OPENS };
    text.lines().any(|line| is_placeholder(line.trim(), opens))
}

/// What opens a placeholder of some template language: those of Go and Jinja first.
const OPENS: [&str; 11] = ["{{", "{#", "#{", "[[", "#@", "{%", "<%", "<#", "</#", "%{", "@{"];

/// Those of them that no ApplicationSet has.
const OTHERS: [&str; 6] = ["{%", "<%", "<#", "</#", "%{", "@{"];

/// Whether a text is a template of ytt, whose code stands in comments: it is YAML, and lacks what the code says.
pub(super) fn is_ytt(text: &str) -> bool {
    text.contains("#@")
        && text.lines().any(|line| {
            line.trim_start().starts_with("#@") || line.contains(": #@ ") || line.contains("- #@ ")
        })
}

/// Whether a text that is to be one word is a sentence, such as "enter your domain": who deploys it writes the value instead.
pub fn is_prose(text: &str) -> bool {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count() > 2
}

/// Whether a name has a part in capitals, such as `DOMAIN` or `PROJECT_ID`: the habit of scripts for what they replace.
pub fn has_capitals(name: &str) -> bool {
    name.split(['.', '-', '/', ':']).any(|part| is_token(part.trim_matches('_')))
}

fn is_token(name: &str) -> bool {
    name.len() > 2
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a line is, or sets a key to, a placeholder that is not quoted.
fn is_placeholder(line: &str, opens: &[&str]) -> bool {
    let value = line.split_once(": ").map_or(line, |(_, value)| value.trim_start());
    let value = value.trim_start_matches("- ").trim_start();
    // Lists in lists are not opened like that.
    opens.iter().any(|open| value.starts_with(open)) && !value.starts_with("[[[")
}

fn above(path: &TreePath, names: &[&str]) -> Option<TreePath> {
    first_above(path, |name| names.contains(&name.trim_matches(['_', '.'])))
}

/// The lowest directory above a file whose name, in lower case, is as asked for.
fn first_above(path: &TreePath, is_meant: impl Fn(&str) -> bool) -> Option<TreePath> {
    let mut above = std::iter::successors(path.parent(), TreePath::parent);
    above.find(|dir| is_meant(&dir.file_name().to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_by_their_placeholders() {
        for (text, want) in [
            ("a: 1\n", false),
            ("a: {{ .name }}\n", true),
            ("a: '{{ .name }}'\n", false),
            ("a:\n  - {{ name }}\n", true),
            ("{{- range .x }}\na: 1\n{{- end }}\n", true),
            ("kind: ApplicationSet\nname: {{ name }}\n", false),
            ("kind: ApplicationSet\n%{ for app in apps ~}\n- name: ${app}\n", true),
            ("a: <Buffer>\n", false),
            ("<#if x??>\na: 1\n</#if>\n", true),
            ("{% for x in xs %}\na: 1\n", true),
            ("[[ if .x ]]\na: 1\n", true),
            ("a: [[[1]\n", false),
            ("#@ load(\"@ytt:data\", \"data\")\na: #@ data.values.a\n", true),
            ("# @default 1\na: 1 # @x\n", false),
        ] {
            assert_eq!(is_template(text), want, "{text}");
        }
    }

    #[test]
    fn templates_of_ytt_have_code_in_comments() {
        for (text, want) in [
            ("a: #@ data.values.a\n", true),
            ("#@ load(\"@ytt:data\", \"data\")\na: 1\n", true),
            ("hosts:\n- #@ x\n", true),
            ("a: 1 # @default\n", false),
            ("a: 'x#@y'\n", false),
        ] {
            assert_eq!(is_ytt(text), want, "{text}");
        }
    }

    #[test]
    fn parts_in_capitals() {
        for (name, want) in [
            ("shop.DOMAIN", true),
            ("APP_HOST", true),
            ("restore-TIMESTAMP", true),
            ("loki-__ENV__", true),
            ("RTX6000x", false),
            ("Shop", false),
            ("A.b", false),
        ] {
            assert_eq!(has_capitals(name), want, "{name}");
        }
    }

    #[test]
    fn tokens_are_names_in_angle_brackets() {
        for (text, want) in [
            ("name: <CLUSTER_NAME>-dns", true),
            ("  <ISSUER_1>", true),
            ("a < B > c", false),
            ("<html>", false),
            ("<<: *base", false),
            ("x <A> y", false),
            ("env: __ENV__", true),
            ("__init__", false),
            ("__ENV", false),
        ] {
            assert_eq!(has_tokens(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_set_aside_says_so() {
        for (path, want) in [
            ("apps/.deprecated/shop.yaml", true),
            ("apps/_disabled_apps/shop.yaml", true),
            ("archived-services/shop.yaml", true),
            ("apps/unused-volume-cleaner/shop.yaml", false),
            ("apps/shop.yaml", false),
        ] {
            assert_eq!(is_set_aside(&TreePath::new(path).unwrap()), want, "{path}");
        }
    }

    #[test]
    fn showcases_are_told_by_their_names() {
        for (path, shows, tests) in [
            ("apps/shop.yaml", false, false),
            ("examples/shop.yaml", true, false),
            ("a/examples/b/shop.yaml", true, false),
            ("docs/shop.yaml", true, true),
            ("test/shop.yaml", true, true),
            ("clusters/test/shop.yaml", true, false),
            ("a/tests/fixtures/shop.yaml", true, true),
            ("_examples/shop.yaml", true, false),
            ("docs.yaml", false, false),
        ] {
            let path = TreePath::new(path).unwrap();
            assert_eq!((showcase(&path).is_some(), is_test_data(&path)), (shows, tests), "{path}");
        }
    }
}
