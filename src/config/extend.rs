//! `extends:`: one configuration on top of another. What the upper one says wins; lists that collect things, such as
//! `paths` and `external`, hold the entries of both, the lower ones first.

use std::sync::Arc;

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Place, Placed};
use crate::source::SourceFile;
use crate::yaml::{Cache, Node};

use super::Text;
use super::decode::Decoder;
use super::load;

/// Files below files; a file that extends itself ends here as well.
const DEEPEST: usize = 8;

/// Lists that hold the entries of both files.
const COLLECTED: [&str; 8] =
    ["paths", "exclude", "external", "generators", "placeholders", "aliases", "private", "public"];

/// Mappings whose entries come from both files.
const MERGED: [&str; 5] = ["rules", "repos", "repository", "charts", "images"];

/// Reads a file that another one names: the name of the file that says so, and what it says.
pub type Reader<'a> = &'a dyn Fn(&str, &str) -> Result<Arc<SourceFile>, String>;

/// The root of a file on top of what it extends.
pub(super) fn extended(
    file: &Arc<SourceFile>,
    cache: &Cache,
    read: Reader<'_>,
    depth: usize,
    problems: &mut Vec<Problem>,
) -> Option<Node> {
    let mut root = load::root(file, cache, problems)?;
    let extends = root.as_map_mut().and_then(|map| map.remove("extends"));
    let Some(extends) = extends else { return Some(root) };
    let mut decoder = Decoder::default();
    let names: Vec<Text> = decoder.texts(&extends.value, "`extends`");
    problems.append(&mut decoder.problems);
    let mut below: Option<Node> = None;
    for Placed { value: name, place } in names {
        let mut wrong = |words: String| problems.push(Problem::at(ProblemKind::Syntax, place, words));
        if depth >= DEEPEST {
            wrong(format!("`{name}` is not read: {DEEPEST} files extend each other already"));
            continue;
        }
        match read(file.name(), &name) {
            Ok(other) => {
                if let Some(node) = extended(&other, cache, read, depth + 1, problems) {
                    below = Some(match below {
                        Some(lower) => merged(lower, node),
                        None => node,
                    });
                }
            }
            Err(why) => wrong(format!("cannot read `{name}`: {why}")),
        }
    }
    Some(match below {
        Some(below) => merged(below, root),
        None => root,
    })
}

/// `upper` on top of `lower`.
fn merged(mut lower: Node, upper: Node) -> Node {
    let Some(map) = lower.as_map_mut() else { return upper };
    if upper.as_map().is_none() {
        return lower;
    }
    for entry in upper.entries() {
        let name = entry.key.text.as_str();
        let value = match map.get_mut(name) {
            Some(known) if MERGED.contains(&name) && known.as_map().is_some() => {
                // Rules are set as a whole; the other mappings hold lists.
                if name == "rules" {
                    overlaid(known.clone(), &entry.value)
                } else {
                    merged(known.clone(), entry.value.clone())
                }
            }
            Some(known) if COLLECTED.contains(&name) => joined(known.clone(), entry.value.clone()),
            // `charts.paths` collects as well, and is called like the list of levels by path.
            _ => entry.value.clone(),
        };
        map.insert(entry.key.clone(), value);
    }
    lower
}

fn overlaid(mut lower: Node, upper: &Node) -> Node {
    if let Some(map) = lower.as_map_mut() {
        for entry in upper.entries() {
            map.insert(entry.key.clone(), entry.value.clone());
        }
    }
    lower
}

fn joined(mut lower: Node, upper: Node) -> Node {
    match (lower.as_seq_mut(), upper.as_seq()) {
        (Some(items), Some(more)) => {
            items.extend(more.iter().cloned());
            lower
        }
        _ => upper,
    }
}

/// What a user-level file may say: how reports look, and where things lie on this machine. What is right in a repository
/// is said there, for everybody.
pub(super) const USER_KEYS: [&str; 4] = ["format", "fail-on", "repos", "charts"];

/// Puts a configuration on top of the user's own.
pub(super) fn over_user(user: Node, own: Option<Node>, problems: &mut Vec<Problem>) -> Node {
    for entry in user.entries() {
        let name = entry.key.text.as_str();
        if !USER_KEYS.contains(&name) {
            let place: Place = entry.key.place();
            let words = format!("`{name}` belongs into the repository's own configuration");
            let help = format!("a user's file may say {}", USER_KEYS.join(", "));
            problems.push(Problem::at(ProblemKind::Syntax, place, words).help(help));
        }
    }
    match own {
        Some(own) => merged(user, own),
        None => user,
    }
}
