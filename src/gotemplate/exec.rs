//! An execution: the templates, what they share, and what functions see of their caller.
//!
//! Mirrors `text/template/exec.go`; `walk` has its statements, `eval` its expressions.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::finding::Cause;
use crate::near::is_slip;
use crate::origin::{Name, Origin, OriginId, Origins, Step, Text};
use crate::source::{Span, relaxed};

use super::ast::Tree;
use super::bounds::{max_text, size_of_result};
use super::eval::Rv;
use super::failure::Failure;
use super::function::FuncMap;
use super::parse::parse;
use super::value::Value;
use super::walk::State;

pub(super) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Templates by name.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    trees: FxHashMap<SmolStr, (Arc<Tree>, Option<Arc<Text>>)>,
}

impl Templates {
    /// Adds templates of one text. One that is empty does not replace one that is not.
    ///
    /// Mirrors `Template.AddParseTree`.
    pub fn add(&mut self, trees: Vec<Arc<Tree>>) {
        self.add_from(trees, None);
    }

    /// Adds templates of a text that is no file, whose pieces know where they come from.
    pub fn add_from(&mut self, trees: Vec<Arc<Tree>>, source: Option<&Arc<Text>>) {
        for tree in trees {
            let keeps = tree.is_empty() && self.trees.contains_key(&tree.name);
            if !keeps {
                self.trees.insert(tree.name.clone(), (tree, source.cloned()));
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<(Arc<Tree>, Option<Arc<Text>>)> {
        self.trees.get(name).cloned()
    }

    /// What lies behind it that there is no template of this name.
    pub(super) fn because_missing(&self, name: &str) -> Cause {
        let slip = self.trees.keys().any(|known| is_slip(name, known));
        if slip {
            Cause::Slip
        } else if own_family(name, self.trees.keys().map(SmolStr::as_str)) {
            Cause::UndefinedOwn
        } else {
            Cause::UndefinedTemplate
        }
    }

    /// Whether there is a template of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.trees.contains_key(name)
    }
}

/// Whether a name begins with a word and a dot, as at least two of the others do: who defines those defines this one.
pub fn own_family<'a>(name: &str, mut others: impl Iterator<Item = &'a str>) -> bool {
    let Some((family, _)) = name.split_once('.') else { return false };
    let is_kin = |other: &&str| {
        other.strip_prefix(family).is_some_and(|rest| rest.starts_with('.')) && !other.contains('/')
    };
    others.by_ref().filter(is_kin).nth(1).is_some()
}

/// What a key that a map does not have stands for: the option `missingkey` of Go's templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingKey {
    /// `zero`: the zero value of the map's elements, as Helm has it.
    #[default]
    Zero,
    /// `default` and `invalid`: no value at all, of which every field is no value either.
    Invalid,
    /// `error`.
    Error,
}

/// Bounds of an execution.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nodes executed.
    pub steps: u64,
    /// Bytes printed, those of captured text included.
    pub bytes: u64,
    /// Nested template calls.
    pub depth: usize,
    /// Bytes that functions read and made.
    pub work: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: relaxed(8_000_000), bytes: relaxed(128 << 20), depth: 5_000, work: relaxed(256 << 20) }
    }
}

/// An execution: what all templates of one render share.
pub struct Exec<'a> {
    /// Where origins go.
    pub origins: &'a mut Origins,
    /// The templates.
    pub templates: Templates,
    /// What the functions of the host need.
    pub host: Box<dyn Any>,
    /// What missing keys stand for.
    pub missing_key: MissingKey,
    pub(super) functions: &'a FuncMap,
    pub(super) limits: Limits,
    pub(super) steps: u64,
    pub(super) bytes: u64,
    pub(super) work: u64,
    pub(super) depth: usize,
    /// Levels of nesting that are open: calls, blocks, parentheses.
    pub(super) nesting: usize,
}

/// What a function sees of its caller.
pub struct Call<'c, 'a> {
    /// The execution.
    pub exec: &'c mut Exec<'a>,
    /// The function's name.
    pub name: Name,
    /// The action that calls.
    pub at: Option<Span>,
    /// The frame it runs in.
    pub frame: OriginId,
}

impl Call<'_, '_> {
    /// A computed origin: the result of this call made from values.
    pub fn computed(&mut self, inputs: &[OriginId]) -> OriginId {
        self.exec
            .origins
            .add_joined(Origin { at: self.at, ..Origin::nowhere(Step::Computed(self.name)) }, inputs)
    }

    /// Executes another template with data, as a frame of this call.
    ///
    /// # Errors
    ///
    /// If there is no such template, and whatever its execution fails of.
    pub fn execute(&mut self, name: &str, data: &Value) -> Result<Text, Failure> {
        let frame = self.frame_here();
        self.exec.execute_in(name, data, frame)
    }

    fn frame_here(&mut self) -> OriginId {
        let origin = Origin { at: self.at, ..Origin::nowhere(Step::Included) }.under(self.frame);
        self.exec.origins.add(origin)
    }

    /// Parses text as a template of some name and executes it. Templates that it defines are gone afterwards.
    ///
    /// # Errors
    ///
    /// If it does not parse, with the parser's words and the bytes that do not fit; and whatever its execution fails of,
    /// without.
    pub fn execute_text(
        &mut self,
        name: &str,
        text: &Text,
        data: &Value,
    ) -> Result<Text, (Option<Range<u32>>, Box<Failure>)> {
        let source: Arc<str> = text.as_str().into();
        let functions = self.exec.functions;
        let trees = parse(name, &source, None, &|name| functions.get(name).is_some())
            .map_err(|error| (Some(error.at.clone()), Box::new(Failure::new(error.message))))?;
        let saved = self.exec.templates.clone();
        let from = Arc::new(text.clone());
        self.exec.templates.add_from(trees, Some(&from));
        let frame = self.frame_here();
        let result = self.exec.execute_in(name, data, frame);
        self.exec.templates = saved;
        result.map_err(|failure| (None, Box::new(failure)))
    }
}

impl<'a> Exec<'a> {
    /// An execution of templates with functions.
    pub fn new(
        origins: &'a mut Origins,
        templates: Templates,
        functions: &'a FuncMap,
        host: Box<dyn Any>,
        limits: Limits,
    ) -> Self {
        Self {
            origins,
            templates,
            host,
            missing_key: MissingKey::Zero,
            functions,
            limits,
            steps: 0,
            bytes: 0,
            work: 0,
            depth: 0,
            nesting: 0,
        }
    }

    /// Executes a template with data.
    ///
    /// # Errors
    ///
    /// If there is no such template, and whatever its execution fails of.
    pub fn execute(&mut self, name: &str, data: &Value) -> Result<Text, Failure> {
        self.execute_in(name, data, OriginId::WRITTEN)
    }

    /// Counts what a function read and made.
    pub(super) fn charge(&mut self, args: &[Value], result: &Value) -> Result<()> {
        let mut work = size_of_result(result)?;
        for arg in args {
            work += size_of_result(arg).unwrap_or(max_text());
        }
        self.work += work as u64;
        if self.work > self.limits.work {
            return Err(Failure::limit(format!("gave up after {} bytes of work", self.limits.work)));
        }
        Ok(())
    }

    /// Executes a template with data, as a part of a call frame.
    ///
    /// # Errors
    ///
    /// As [`Exec::execute`].
    pub fn execute_in(&mut self, name: &str, data: &Value, frame: OriginId) -> Result<Text, Failure> {
        let Some((tree, source)) = self.templates.get(name) else {
            let quoted = crate::yaml::go_quote(name);
            let words = format!("template: no template {quoted} associated with template \"gotpl\"");
            let because = self.templates.because_missing(name);
            return Err(Failure::new(words).because(because));
        };
        let dot = Rv::unwrapped(data.clone());
        let mut out = Text::new();
        self.run(&tree, source.as_ref(), &dot, frame, &mut out)?;
        Ok(out)
    }

    pub(super) fn run(
        &mut self,
        tree: &Arc<Tree>,
        source: Option<&Arc<Text>>,
        dot: &Rv,
        frame: OriginId,
        out: &mut Text,
    ) -> Result<(), Failure> {
        if self.depth >= self.limits.depth {
            return Err(Failure::limit(format!("exceeded maximum template depth ({})", self.limits.depth)));
        }
        self.depth += 1;
        let vars = vec![(SmolStr::new_static("$"), dot.clone())];
        let mut state = State { exec: self, tree, source, vars, node: None, frame, action: None };
        // A chart may nest includes a thousand deep, which no fixed stack holds.
        let result = state.nest(|state| state.walk_list(dot, &tree.root, out));
        self.depth -= 1;
        result.map(|_| ())
    }
}
