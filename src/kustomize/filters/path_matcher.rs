//! Finds the fields that a path leads to, which can be many, and makes them where they are missing.
//!
//! Mirrors `PathMatcher` of `kyaml/yaml/match.go`, which follows other rules than the `PathGetter` behind
//! [`rnode::lookup`]: `[name=value]` is a regular expression that matches anywhere in the value, and `*` is every
//! item of a list.

use smol_str::SmolStr;

use crate::yaml::{Data, Entry, Map, Node};

use super::super::failure::{Failure, Result, Wrap};
use super::super::rnode::{self, Kind};
use super::super::selector::compile;
use super::super::setter::Setter;

/// What a field is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Create {
    Map,
    Seq,
    Scalar,
}

/// A field that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// The indexes of entries and items that lead to it.
    At(Vec<usize>),
    /// It was made in something that is null, and is lost with it.
    Lost,
}

impl Match {
    /// The way to the field.
    pub(super) fn indexes(&self) -> Option<&[usize]> {
        match self {
            Self::At(indexes) => Some(indexes),
            Self::Lost => None,
        }
    }
}

/// The fields that `path` leads to.
pub(super) fn find(
    object: &mut Node,
    path: &[String],
    create: Option<Create>,
    setter: &mut Setter<'_>,
) -> Result<Vec<Match>> {
    let mut matcher = Matcher { create, setter, way: Vec::new(), found: Vec::new() };
    matcher.visit(object, path)?;
    Ok(matcher.found)
}

struct Matcher<'s, 'o> {
    create: Option<Create>,
    setter: &'s mut Setter<'o>,
    way: Vec<usize>,
    found: Vec<Match>,
}

impl Matcher<'_, '_> {
    /// Follows a path. The depth is bounded by that of the object and, where fields are made, by the path.
    fn visit(&mut self, node: &mut Node, path: &[String]) -> Result<()> {
        let Some((part, rest)) = path.split_first() else {
            self.found.push(Match::At(self.way.clone()));
            return Ok(());
        };
        if let Some(index) = rnode::list_number(part).and_then(|number| usize::try_from(number).ok()) {
            return self.visit_index(node, index, part, rest);
        }
        if rnode::is_list_index(part) {
            return self.visit_matching(node, part, rest);
        }
        if part == "*" {
            rnode::expect(node, Kind::Seq)?;
            return self.visit_items(node, rest, |_| true);
        }
        self.visit_field(node, part, rest)
    }

    fn descend(&mut self, node: &mut Node, index: usize, rest: &[String]) -> Result<()> {
        let Some(child) = rnode::child_mut(node, index) else { return Ok(()) };
        self.way.push(index);
        let result = self.visit(child, rest);
        self.way.pop();
        result
    }

    fn visit_items(
        &mut self,
        node: &mut Node,
        rest: &[String],
        wanted: impl Fn(&Node) -> bool,
    ) -> Result<()> {
        for index in 0..node.seq_or_empty().len() {
            if node.seq_or_empty().get(index).is_some_and(&wanted) {
                self.descend(node, index, rest)?;
            }
        }
        Ok(())
    }

    fn visit_field(&mut self, node: &mut Node, name: &str, rest: &[String]) -> Result<()> {
        rnode::expect(node, Kind::Map)?;
        if let Some(index) = node.as_map().and_then(|map| map.index_of(name)) {
            return self.descend(node, index, rest);
        }
        let Some(create) = self.create else { return Ok(()) };
        let value = self.made(rest.first(), create);
        let key = self.setter.key(name);
        let Some(map) = node.as_map_mut() else {
            self.found.push(Match::Lost);
            return Ok(());
        };
        map.push(Entry { key, value });
        let index = map.len() - 1;
        self.descend(node, index, rest)
    }

    /// An empty node for what stands before `next` in the path.
    fn made(&mut self, next: Option<&String>, create: Create) -> Node {
        let kind = match next.map(String::as_str) {
            None | Some("") => create,
            Some(next) if rnode::is_list_index(next) => Create::Seq,
            Some(next) if rnode::list_number(next).is_some_and(|number| number >= 0) => Create::Seq,
            Some(_) => Create::Map,
        };
        self.setter.empty(match kind {
            Create::Map => Data::Map(Map::new()),
            Create::Seq => Data::Seq(Vec::new()),
            Create::Scalar => Data::Scalar(SmolStr::default()),
        })
    }

    fn visit_index(&mut self, node: &mut Node, index: usize, part: &str, rest: &[String]) -> Result<()> {
        rnode::expect(node, Kind::Seq)?;
        let len = node.seq_or_empty().len();
        if let Some(create) = self.create.filter(|_| len == index) {
            let item = self.made(rest.first(), create);
            let Some(items) = node.as_seq_mut() else {
                self.found.push(Match::Lost);
                return Ok(());
            };
            items.push(item);
        } else if index >= len {
            return Err(Failure::at(
                node.place(),
                format!("index {part} specified but only {len} elements found"),
            ));
        }
        self.descend(node, index, rest)
    }

    /// The items whose field, or who themselves, match an expression.
    fn visit_matching(&mut self, node: &mut Node, part: &str, rest: &[String]) -> Result<()> {
        let (field, pattern) = rnode::split_index(part)?;
        rnode::expect(node, Kind::Seq)?;
        let before = self.found.len();
        self.visit_matches(node, field, pattern, rest)?;
        if self.found.len() > before || self.create.is_none() {
            return Ok(());
        }
        let value = self.setter.scalar(pattern, super::super::setter::Tag::Open);
        let item = if field.is_empty() {
            value
        } else {
            let mut item = self.setter.empty(Data::Map(Map::new()));
            let key = self.setter.key(field);
            if let Some(map) = item.as_map_mut() {
                map.push(Entry { key, value });
            }
            item
        };
        let Some(items) = node.as_seq_mut() else {
            self.found.push(Match::Lost);
            return Ok(());
        };
        items.push(item);
        // kustomize would search, not find and append for ever when the expression does not match its own text.
        self.visit_matches(node, field, pattern, rest)
            .wrap(|| format!("failed to create element for {part:?}"))
    }

    fn visit_matches(&mut self, node: &mut Node, field: &str, pattern: &str, rest: &[String]) -> Result<()> {
        if node.seq_or_empty().is_empty() {
            return Ok(());
        }
        let regex = compile(pattern)?;
        let matches = |node: &Node| regex.is_match(&rnode::scalar_yaml(node));
        if field.is_empty() {
            // Whatever follows in the path does not count.
            return self.visit_items(node, &[], matches);
        }
        self.visit_items(node, rest, |item| item.get(field).is_some_and(matches))
    }
}
