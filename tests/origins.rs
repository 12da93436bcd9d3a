//! Counts how well rendered scalars are traced: every one has a place in a file, and where nothing was computed the
//! bytes at that place decode to the same scalar. Knows no engine; each corpus test brings its rendered nodes.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;

use gitops_lint::facade::golang::strconv::unquote;
use gitops_lint::facade::origin::{Origin, OriginId, Origins, Step};
use gitops_lint::facade::source::{Sources, Span};
use gitops_lint::facade::yaml::{Data, Dialect, Node, parse};

/// How a scalar came to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Making {
    /// Moved from one place.
    Verbatim,
    /// Put together of several pieces.
    Joined,
    /// Changed by a transformer: something was put around it, or a part of it was replaced.
    Amended,
    /// Made by a function that does more than move text, or by the tool itself.
    Computed,
}

/// What was counted.
#[derive(Default)]
pub(crate) struct Tally {
    scalars: usize,
    placed: usize,
    /// Scalars by making, and those among them whose bytes agree.
    makings: BTreeMap<Making, (usize, usize)>,
    /// Why bytes do not agree or a place is missing, how often, and an example.
    causes: BTreeMap<String, (usize, String)>,
}

/// Where the nodes of one render come from.
pub(crate) struct Traced<'a> {
    /// The name of the case, for examples.
    pub(crate) case: &'a str,
    pub(crate) origins: &'a Origins,
    pub(crate) sources: &'a Sources,
    /// Whether a scalar has a place that somebody can edit.
    pub(crate) is_known: &'a dyn Fn(&Node) -> bool,
}

impl Tally {
    /// Counts every scalar of a tree, keys left out.
    pub(crate) fn count(&mut self, node: &Node, traced: &Traced<'_>) {
        match &node.data {
            Data::Seq(items) => items.iter().for_each(|item| self.count(item, traced)),
            Data::Map(map) => map.iter().for_each(|entry| self.count(&entry.value, traced)),
            Data::Scalar(_) => self.scalar(node, traced),
        }
    }

    fn scalar(&mut self, node: &Node, traced: &Traced<'_>) {
        self.scalars += 1;
        if !(traced.is_known)(node) {
            self.blame("no place", node, traced);
            return;
        }
        self.placed += 1;
        let making = making(node.origin, traced.origins);
        let agrees = match making {
            Making::Verbatim => decodes(node, node.at, traced.sources),
            Making::Joined => is_part(node, traced),
            Making::Amended => is_around(node, traced.sources),
            Making::Computed => true,
        };
        let (count, good) = self.makings.entry(making).or_default();
        *count += 1;
        *good += usize::from(agrees);
        if !agrees {
            self.blame(&format!("{making:?}"), node, traced);
        }
    }

    fn blame(&mut self, what: &str, node: &Node, traced: &Traced<'_>) {
        let steps = steps(node.origin, traced.origins);
        let (count, example) = self.causes.entry(format!("{what}: {steps}")).or_default();
        *count += 1;
        if example.is_empty() {
            let place = traced.sources.locate(node.at);
            let place = place.map(|(name, at, _)| format!("{name}:{}:{}", at.line, at.column));
            let file = traced.sources.get(node.at.file);
            let bytes = file.as_ref().map(|file| file.slice(node.at)).unwrap_or_default();
            let bytes: String = bytes.chars().take(60).collect();
            let text: String = node.scalar_text().unwrap_or_default().chars().take(60).collect();
            *example = format!("{}: {text:?} at {} {bytes:?}", traced.case, place.unwrap_or_default());
        }
    }

    /// Adds what another thread counted.
    #[must_use]
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.scalars += other.scalars;
        self.placed += other.placed;
        for (making, (count, good)) in other.makings {
            let own = self.makings.entry(making).or_default();
            *own = (own.0 + count, own.1 + good);
        }
        for (cause, (count, example)) in other.causes {
            let own = self.causes.entry(cause).or_insert((0, example));
            own.0 += count;
        }
        self
    }

    /// Percentage of the scalars with a place, and of those that nothing computed whose bytes agree.
    pub(crate) fn shares(&self) -> (f64, f64) {
        let moved = [Making::Verbatim, Making::Joined];
        let sums = moved.iter().filter_map(|making| self.makings.get(making));
        let (count, good) = sums.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        (percent(self.placed, self.scalars), percent(good, count))
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (placed, decoded) = self.shares();
        writeln!(f, "{} scalars, {placed:.3} % with a place in a file", self.scalars)?;
        writeln!(f, "{decoded:.3} % of those that nothing computed decode to the same at their place")?;
        for (making, (count, good)) in &self.makings {
            writeln!(f, "  {making:?}: {count}, of which {good} agree ({:.3} %)", percent(*good, *count))?;
        }
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        for (cause, (count, example)) in causes.into_iter().take(10) {
            writeln!(f, "{count:7} {cause}\n          {example}")?;
        }
        Ok(())
    }
}

/// The steps from the printed value back to where it was written.
fn chain(id: OriginId, origins: &Origins) -> impl Iterator<Item = &Origin> {
    let mut next = origins.get(id);
    std::iter::from_fn(move || {
        let current = next?;
        next = origins.get(current.from);
        Some(current)
    })
}

fn making(id: OriginId, origins: &Origins) -> Making {
    let (mut joined, mut amended) = (false, false);
    for origin in chain(id, origins) {
        match origin.by {
            Step::Computed(_) | Step::BuiltIn(_) => return Making::Computed,
            Step::Joined => joined = true,
            Step::NameAffixed
            | Step::HashSuffixed
            | Step::ImageReplaced
            | Step::NameReference
            | Step::VarResolved
            | Step::Replaced => amended = true,
            _ => {}
        }
        if origin.by == Step::Joined && origins.get(origin.from).is_some_and(|first| !is_only(first)) {
            break;
        }
    }
    match (amended, joined) {
        (true, _) => Making::Amended,
        (false, true) => Making::Joined,
        (false, false) => Making::Verbatim,
    }
}

/// Whether a step is the only input.
fn is_only(origin: &Origin) -> bool {
    origin.and == OriginId::WRITTEN
}

fn steps(id: OriginId, origins: &Origins) -> String {
    let mut out = String::new();
    for origin in chain(id, origins).take(6) {
        let _ = match origin.by {
            Step::Computed(name) => write!(out, " <- Computed({})", name.as_str()),
            Step::BuiltIn(name) => write!(out, " <- BuiltIn({})", name.as_str()),
            by => write!(out, " <- {by:?}"),
        };
    }
    out
}

/// Whether the bytes at a place are this scalar: as they stand, as YAML, or as a literal of a template.
fn decodes(node: &Node, at: Span, sources: &Sources) -> bool {
    let wanted = node.scalar_text().unwrap_or_default();
    decoded(at, sources).iter().any(|text| same(text, wanted))
}

/// Whether what is written at the scalar's place is a part of it, or it is a part of that.
fn is_around(node: &Node, sources: &Sources) -> bool {
    let wanted = node.scalar_text().unwrap_or_default();
    decoded(node.at, sources).iter().any(|text| wanted.contains(text.trim()) || text.contains(wanted))
}

/// What the bytes at a place may mean.
fn decoded(at: Span, sources: &Sources) -> Vec<String> {
    let Some(file) = sources.get(at.file) else { return Vec::new() };
    let bytes = file.slice(at);
    let mut out = vec![bytes.to_owned()];
    out.extend(unquote(bytes));
    let column = file.position(at.start).column as usize - 1;
    // Of a block scalar the place has the content alone.
    let mut lines = bytes.lines();
    let mut block = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        block.push('\n');
        block.push_str(&line[blanks.min(column)..]);
    }
    out.push(block);
    let folded = format!(">\n{}{bytes}\n", " ".repeat(column.max(1)));
    for text in [bytes, &folded] {
        out.extend(as_yaml(text));
    }
    out
}

fn as_yaml(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let parsed = parse(&Sources::new().add("scalar", text.as_bytes().to_vec()));
    if let Some(mut root) = parsed.documents.into_iter().next().and_then(|document| document.root) {
        out.extend(root.scalar_text().map(ToString::to_string));
        if root.canonicalize(Dialect::Sigs).is_ok() {
            out.extend(root.scalar_text().map(ToString::to_string));
        }
    }
    out
}

/// Equal texts, or two spellings of one number or null.
fn same(a: &str, b: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    let is_null = |text: &str| matches!(text, "" | "~" | "null");
    let (a, b) = (a.trim_end_matches('\n'), b.trim_end_matches('\n'));
    a == b || number(a).is_some() && number(a) == number(b) || is_null(a) && is_null(b)
}

/// Whether every piece of a joined scalar has a place, and the value that the scalar is said to come from is a part of
/// it. Of template text only a part is in the scalar, and computed pieces stand nowhere as they are.
fn is_part(node: &Node, traced: &Traced<'_>) -> bool {
    let wanted = node.scalar_text().unwrap_or_default();
    let inputs: Vec<OriginId> = traced.origins.inputs(node.origin).collect();
    let placed = |id: &OriginId| chain(*id, traced.origins).any(|origin| origin.at.is_some());
    let values: Vec<&OriginId> = inputs
        .iter()
        .filter(|id| traced.origins.get(**id).is_some_and(|origin| origin.by != Step::TemplateText))
        .collect();
    let is_moved = |id: &&OriginId| making(**id, traced.origins) == Making::Verbatim;
    let wanted_has = |text: &String| wanted.contains(text.trim()) || text.contains(wanted);
    inputs.iter().all(placed)
        && (!values.first().is_some_and(is_moved) || decoded(node.at, traced.sources).iter().any(wanted_has))
}
