//! All rules of a run: those that are built in, and the team's own.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::config::KnownRule;
use crate::finding::RuleId;
use crate::near::did_you_mean;
use crate::repo::{OwnRules, Workspace};
use crate::source::Sources;

use super::own::Own;
use super::{Rule, all};

/// A rule, wherever it comes from.
#[derive(Clone)]
pub enum AnyRule {
    /// It is built in.
    BuiltIn(&'static dyn Rule),
    /// A team wrote it, below `rules.d`.
    Own(Arc<Own>),
}

impl Deref for AnyRule {
    type Target = dyn Rule;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::BuiltIn(rule) => *rule,
            Self::Own(rule) => rule.as_ref(),
        }
    }
}

impl std::fmt::Debug for AnyRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.meta().name)
    }
}

/// What a word means that names rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The rules.
    pub names: Vec<RuleId>,
    /// Whether it is the name of the rule; else it is a subject, and means all rules of it.
    pub by_name: bool,
}

/// The rules that there are, in order: those that are built in by subject and name, then the team's own as their files come.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    rules: Vec<AnyRule>,
    by_name: BTreeMap<RuleId, usize>,
}

impl Registry {
    /// Those that are built in.
    pub fn built_in() -> Self {
        let mut registry = Self::default();
        all().for_each(|rule| registry.add(AnyRule::BuiltIn(rule)));
        registry
    }

    /// With those that a team wrote. A name that is built in stays what it is.
    pub fn with(own: &OwnRules, sources: &Sources) -> Self {
        let mut registry = Self::built_in();
        let among = own.rules.len();
        for rule in &own.rules {
            registry.add(AnyRule::Own(Arc::new(Own::new(Arc::clone(rule), among, sources))));
        }
        registry
    }

    /// The rules of a repository.
    pub fn of(workspace: &Workspace) -> Self {
        Self::with(workspace.own_rules(), &workspace.sources)
    }

    fn add(&mut self, rule: AnyRule) {
        let name = rule.meta().name.clone();
        if let std::collections::btree_map::Entry::Vacant(free) = self.by_name.entry(name) {
            free.insert(self.rules.len());
            self.rules.push(rule);
        }
    }

    /// Every rule.
    pub fn iter(&self) -> impl Iterator<Item = &AnyRule> {
        self.rules.iter()
    }

    /// The rule of that name.
    pub fn find(&self, name: &str) -> Option<&AnyRule> {
        self.rules.get(*self.by_name.get(name)?)
    }

    /// The names of all rules.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.meta().name.as_str())
    }

    /// What the configuration may say about rules.
    pub fn known(&self) -> Vec<KnownRule> {
        let known = |rule: &AnyRule| {
            let meta = rule.meta();
            KnownRule { name: meta.name.clone(), options: meta.options }
        };
        self.rules.iter().map(known).collect()
    }

    /// The rules that a word means: the name of one, or a subject.
    ///
    /// # Errors
    ///
    /// What to say where it means none.
    pub fn named(&self, word: &str) -> Result<Named, String> {
        if let Some(rule) = self.find(word) {
            return Ok(Named { names: vec![rule.meta().name.clone()], by_name: true });
        }
        let metas = self.rules.iter().map(|rule| rule.meta()).filter(|meta| meta.subject == word);
        let names: Vec<RuleId> = metas.map(|meta| meta.name.clone()).collect();
        if names.is_empty() { Err(self.unknown(word)) } else { Ok(Named { names, by_name: false }) }
    }

    /// What to say about a name that no rule has.
    pub fn unknown(&self, name: &str) -> String {
        unknown(name, self.names())
    }
}

/// What to say about a name that none of `known` is.
pub fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match did_you_mean(name, known) {
        Some(close) => format!("there is no rule `{name}`: did you mean `{close}`?"),
        None => format!("there is no rule `{name}`: `gitops-lint rules` lists them"),
    }
}
