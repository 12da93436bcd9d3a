//! Values that nothing reads: keys of values files that no template of an app's chart looks at or even mentions.
//!
//! A template behind a switch that is off reads nothing, so not being read is not enough: a key is idle only if no
//! text of the chart and the charts inside of it has the word where it could mean the key. Whether it is idle for the repository, only all apps
//! that use the file can tell; see the rule `unused-value`.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::finding::ProblemKind;
use crate::helm::{Chart, ChartTree, Release};
use crate::near::did_you_mean;
use crate::origin::{Origins, Step};
use crate::source::Span;
use crate::yaml::{Entry, Node};

use super::{Rendered, Workspace};

/// A key that does nothing in one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleValue {
    /// The key.
    pub at: Span,
    /// The path of the key from the root of the values, `a.b.c`.
    pub path: String,
    /// A key of the chart that was probably meant.
    pub close: Option<String>,
    /// Whether it is written in the app's own object, which no other app reads values from.
    pub inline: bool,
    /// Whether it is said to the outermost chart, which is here, and not to those inside of it that are not.
    pub outer: bool,
}

impl IdleValue {
    /// The key itself, the last part of the path.
    pub fn last(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }
}

/// The idle keys of the values files of an app. None where the chart was not rendered whole: what is missing may
/// read them. Charts that are missing read what is below their name, and nothing beside it.
pub(super) fn idle_values(rendered: &Rendered, workspace: &Workspace) -> Vec<IdleValue> {
    let doubtful = |kind| matches!(kind, ProblemKind::Render | ProblemKind::Unavailable | ProblemKind::Limit);
    if rendered.failed.is_some() || rendered.problems.iter().any(|problem| doubtful(problem.kind)) {
        return Vec::new();
    }
    let mut idle = Vec::new();
    // A chart without templates is a stub, or one whose templates did not come along.
    let lacks_charts = rendered.problems.iter().any(|problem| problem.kind == ProblemKind::MissingDependency);
    let has_templates = |release: &&Release| {
        release.root.walk().iter().any(|tree| !tree.chart.templates.is_empty())
            || lacks_charts && release.root.chart.metadata.dependencies.iter().flatten().next().is_some()
    };
    let known = |release: &&Release| !lacks_charts || defines_its_own(&release.root.chart);
    for release in rendered.releases.iter().filter(has_templates).filter(known) {
        let mut search = Search {
            release,
            origins: &rendered.origins,
            workspace,
            reads: release.reads.iter().map(|path| global_tail(path)).collect(),
            words: None,
            lacks_charts,
            idle: &mut idle,
        };
        search.table(&release.values, &mut Vec::new(), Some(&release.root));
    }
    idle
}

/// Globals reach every chart, so a path is known by what follows its last `global`.
fn global_tail(path: &[SmolStr]) -> &[SmolStr] {
    let start = path.iter().rposition(|key| key == "global").unwrap_or(0);
    path.get(start..).unwrap_or_default()
}

struct Search<'a> {
    release: &'a Release,
    origins: &'a Origins,
    workspace: &'a Workspace,
    reads: FxHashSet<&'a [SmolStr]>,
    /// All words of the charts' texts, and of texts among the values, once they are asked for.
    words: Option<Vec<Arc<Words>>>,
    /// Whether a chart inside is not here: only what is said to the outermost one is known then.
    lacks_charts: bool,
    idle: &'a mut Vec<IdleValue>,
}

/// Whether the templates of a chart name none that another chart defines: those of a library read the values of whoever names them.
fn defines_its_own(chart: &Chart) -> bool {
    let mut defined = FxHashSet::default();
    let mut named = FxHashSet::default();
    for template in &chart.templates {
        let text = template.file.text_or_empty();
        let names = |before: &'static str| {
            text.split(before).skip(1).filter_map(|rest| rest.split_once('"').map(|(name, _)| name))
        };
        defined.extend(names("define \"").chain(names("block \"")));
        named.extend(names("include \"").chain(names("template \"")));
    }
    named.is_subset(&defined)
}

impl Search<'_> {
    /// Looks at the entries of one table. `chart` is the chart whose values these are, if they are a chart's.
    fn table(&mut self, node: &Node, path: &mut Vec<SmolStr>, chart: Option<&ChartTree>) {
        for entry in node.entries() {
            let key = &entry.key.text;
            path.push(key.clone());
            let inner = chart.and_then(|tree| tree.dependencies.iter().find(|inner| inner.name == *key));
            let structural = key == "global" || inner.is_some();
            if self.lacks_charts && path.len() > 1 {
                // A chart that is not here may read it.
            } else if structural {
                self.table(&entry.value, path, inner);
            } else if chart.is_some_and(|tree| names_dependency(&tree.chart, key) || is_switch(tree, path)) {
                // A chart that takes no part, or what decides that.
            } else if self.is_read(path) {
                self.table(&entry.value, path, None);
            } else if let Some(inline) = self.is_ours(entry, path)
                && !self.mentions(path, chart.is_some())
            {
                let close = node.entries().iter().map(|entry| entry.key.text.as_str());
                let known: Vec<&str> = close.filter(|name| self.is_read_beside(path, name)).collect();
                let close = did_you_mean(key, known).map(str::to_owned);
                let path = path.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(".");
                let outer = chart.is_some_and(|tree| tree.values_path.is_empty());
                self.idle.push(IdleValue { at: entry.key.at, path, close, inline, outer });
            }
            path.pop();
        }
    }

    fn is_read(&self, path: &[SmolStr]) -> bool {
        self.reads.contains(global_tail(path))
    }

    fn is_read_beside(&self, path: &[SmolStr], name: &str) -> bool {
        let mut beside = path.to_vec();
        beside.pop();
        beside.push(name.into());
        self.is_read(&beside)
    }

    /// Whether somebody edits the entry where it stands and it says something; and if so, whether it stands in the app's own
    /// object.
    fn is_ours(&self, entry: &Entry, path: &[SmolStr]) -> Option<bool> {
        let inline = match self.origins.get(entry.value.origin)?.by {
            Step::ValuesFile => false,
            Step::InlineValues | Step::Parameter => true,
            // What an umbrella chart says to the charts inside of it.
            Step::ChartValues if self.is_said_to_inner(entry, path) => false,
            _ => return None,
        };
        let empty = entry.value.is_null()
            || entry.value.as_seq().is_some_and(<[Node]>::is_empty)
            || entry.value.as_map().is_some() && entry.value.entries().is_empty();
        let at = entry.key.at;
        // What others repeat by its anchor is read where they do.
        let anchored = || {
            let file = self.workspace.sources.get(at.file);
            let value = entry.value.at;
            file.is_some_and(|file| {
                at.file == value.file && file.slice(Span::new(at.file, at.end, value.end)).contains('&')
            })
        };
        if self.lacks_charts && anchored() {
            return None;
        }
        (!empty && !at.is_empty() && self.workspace.is_editable(at.file)).then_some(inline)
    }

    /// Whether an entry of the values of a chart inside is written in the outermost chart.
    fn is_said_to_inner(&self, entry: &Entry, path: &[SmolStr]) -> bool {
        let root = &self.release.root;
        let own = root.chart.values.as_ref().map(|values| values.at.file);
        let inner = path.first().is_some_and(|first| root.dependencies.iter().any(|it| it.name == *first));
        // A chart with no templates of its own has nothing else to say.
        let declared = root.chart.metadata.dependencies.iter().flatten().next().is_some();
        let outer = root.chart.templates.is_empty() && declared && path.len() == 1;
        (inner && path.len() > 1 || outer) && own == Some(entry.key.at.file)
    }

    /// Whether some text of the chart may mean this key: `rules.etcd` for `etcd` below `rules`, and `etcd` by itself or below
    /// a variable, but not `Values.etcd`.
    fn mentions(&mut self, path: &[SmolStr], of_chart: bool) -> bool {
        let Some((key, parents)) = path.split_last() else { return true };
        let parent = parents.last().map_or("Values", SmolStr::as_str);
        let (release, known) = (self.release, &self.workspace.chart_words);
        let words = self.words.get_or_insert_with(|| {
            let trees = release.root.walk();
            let mut all: Vec<Arc<Words>> = trees.iter().map(|tree| words_of(&tree.chart, known)).collect();
            // Values may hold templates, for charts that print them with `tpl`.
            let mut words = Words::default();
            templates_in(&release.values, &mut words);
            all.push(Arc::new(words));
            all
        });
        // What is below a table that something is handed whole is not called by its name.
        let handed = |words: &Words, at: usize, key: &SmolStr| {
            let before = at.checked_sub(1).and_then(|at| path.get(at));
            words.whole.get(key).is_some_and(|known| {
                before.is_some_and(|before| known.contains(before)) || at < 2 && known.contains("Values")
            })
        };
        let mut above = parents.iter().enumerate();
        if above.any(|(at, key)| words.iter().any(|words| handed(words, at, key))) {
            return true;
        }
        let mut befores = words.iter().filter_map(|words| words.named.get(key));
        // A chart says `Values.x` for what those around it call `.Values.chart.x`.
        let own = |before: &FxHashSet<SmolStr>| of_chart && before.contains("Values");
        befores.any(|before| before.contains("") || before.contains(parent) || own(before))
    }
}

fn names_dependency(chart: &Chart, key: &str) -> bool {
    let declared = chart.metadata.dependencies.iter().flatten();
    declared.into_iter().any(|it| it.name.value == key || it.alias.value == key) || key == "tags"
}

/// Whether a condition of a dependency lies at or below the path.
fn is_switch(tree: &ChartTree, path: &[SmolStr]) -> bool {
    let own: Vec<&str> = path.iter().skip(tree.values_path.len()).map(SmolStr::as_str).collect();
    let own = own.join(".");
    let conditions = tree.chart.metadata.dependencies.iter().flatten();
    conditions.into_iter().flat_map(|it| it.condition.value.split(',')).any(|condition| {
        let condition = condition.trim();
        condition == own || condition.strip_prefix(&own).is_some_and(|rest| rest.starts_with('.'))
    })
}

/// What texts say.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Words, with the words before them that a dot joins to them; the empty one where there is none, or where it is a variable, which
    /// may be anything.
    named: FxHashMap<SmolStr, FxHashSet<SmolStr>>,
    /// Those of them that something is handed with all that is below.
    whole: FxHashMap<SmolStr, FxHashSet<SmolStr>>,
}

/// Functions that may look at all of what they are given.
const TAKE_ALL: [&str; 12] = [
    "toYaml",
    "toJson",
    "toPrettyJson",
    "toToml",
    "omit",
    "pick",
    "dict",
    "include",
    "tpl",
    "merge",
    "mergeOverwrite",
    "range",
];

/// The words of charts that some app asked for, by where the chart lies in memory: apps share it, and it stays there.
pub(super) type ChartWords = Mutex<FxHashMap<usize, (Arc<Chart>, Arc<Words>)>>;

fn words_of(chart: &Arc<Chart>, known: &ChartWords) -> Arc<Words> {
    let key = Arc::as_ptr(chart).addr();
    if let Some((_, words)) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Arc::clone(words);
    }
    let mut words = Words::default();
    collect(chart, &mut words);
    let words = Arc::new(words);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.insert(key, (Arc::clone(chart), Arc::clone(&words)));
    words
}

fn split(text: &str, words: &mut Words) {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    // The word that ended just here with a dot behind it.
    let mut before = "";
    let mut start = None;
    // Whether a function that takes all came before on this line.
    let mut takes_all = false;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_word(c) {
            start.get_or_insert(at);
            continue;
        }
        let Some(from) = start.take() else {
            before = "";
            takes_all &= c != '\n';
            continue;
        };
        let word = text.get(from..at).unwrap_or_default();
        words.named.entry(word.into()).or_default().insert(before.into());
        let bare = word.trim_matches('-');
        if bare.len() < word.len() {
            words.named.entry(bare.into()).or_default().insert(before.into());
        }
        if c != '.' && !before.is_empty() && takes_all {
            words.whole.entry(bare.into()).or_default().insert(before.into());
        }
        takes_all = c != '\n' && (takes_all || TAKE_ALL.contains(&bare));
        let variable = text.get(..from).is_some_and(|text| text.ends_with('$'));
        before = if c == '.' && !variable { word } else { "" };
    }
}

fn collect(chart: &Chart, words: &mut Words) {
    // A page may tell of what there was once.
    let files = chart.files.iter().filter(|file| !file.name.ends_with(".md"));
    for file in chart.templates.iter().chain(files) {
        split(file.file.text_or_empty(), words);
    }
    if let Some(dir) = &chart.dir
        && let Ok(schema) = dir.tree.read(&dir.path.child("values.schema.json"))
    {
        split(schema.text_or_empty(), words);
    }
}

fn templates_in(node: &Node, words: &mut Words) {
    if let Some(text) = node.as_str().filter(|text| text.contains("{{")) {
        split(text, words);
    }
    node.seq_or_empty().iter().for_each(|item| templates_in(item, words));
    node.entries().iter().for_each(|entry| templates_in(&entry.value, words));
}
