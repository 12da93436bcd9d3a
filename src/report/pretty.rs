//! For people: each finding with the lines it speaks of, then what was and what was not checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use crate::finding::{Confidence, Finding, Label, Severity};
use crate::lint::{AppRow, AppStatus, Gap, Names, Report, Reported};
use crate::source::{SourceFile, Sources};

use super::source_code::{AROUND, Shown};
use super::statistics::Statistics;
use super::unchecked::unchecked;
use super::wants::{only_wants, wants};
use super::{aligned, count, page_url, text, totals, wrap};

/// Colours, width and links of the terminal that will show the text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// ANSI colours.
    pub color: bool,
    /// Columns; 0 where nobody knows: words are not wrapped, and snippets take 100.
    pub width: usize,
    /// Names of rules are links to their pages.
    pub links: bool,
    /// Lines and arrows are drawn with ASCII characters.
    pub ascii: bool,
    /// So many findings in the formats for people; the rest is counted. 0 for all.
    pub limit: usize,
    /// Counts of findings: instead of the findings in the formats for people, beside them in JSON.
    pub statistics: bool,
    /// List every app that was not rendered instead of one line per reason.
    pub verbose: bool,
    /// Findings only: neither what was not rendered nor the closing line.
    pub quiet: bool,
}

/// A line that is longer is not shown: minified JSON in a ConfigMap would flood the terminal.
const LONGEST_LINE: u32 = 400;

/// What stands left of a line of source, and between its marks and the words of a label.
const LABEL_MARGIN: usize = 12;

/// Entries of the baseline that are listed as fixed; the rest is counted.
const FIXED_SHOWN: usize = 10;

/// Reasons in the coverage section; the rest is counted.
const REASONS_SHOWN: usize = 10;

/// Longer reasons are shown by their ends: kustomize tells its whole way down, and begins and ends with what matters.
const REASON_SHOWN: usize = 280;

/// More findings than this are summed up by rule at the end.
const SUMMED_UP: usize = 20;

/// More findings than this nobody reads one after the other.
const MANY: usize = 50;

pub(super) fn render(report: &Report, look: Look) -> String {
    let mut out = String::new();
    for reported in limited(report, look) {
        finding(&mut out, &reported.finding, &report.sources, &report.names, look);
        out.push('\n');
    }
    more(&mut out, report, look);
    if !look.quiet {
        closing(&mut out, report, look);
    }
    out
}

/// The findings that `--limit` leaves: the worst come first.
pub(super) fn limited(report: &Report, look: Look) -> &[Reported] {
    let shown = if look.limit == 0 { usize::MAX } else { look.limit };
    report.findings.get(..shown).unwrap_or(&report.findings)
}

/// How many findings `--limit` does not show.
pub(super) fn more(out: &mut String, report: &Report, look: Look) {
    let rest = report.findings.len() - limited(report, look).len();
    if rest > 0 {
        let _ = writeln!(out, "and {rest} more (--limit {} shows all)\n", report.findings.len());
    }
}

/// What stands behind the findings: what was not rendered, the findings by rule, the closing line.
pub(super) fn closing(out: &mut String, report: &Report, look: Look) {
    coverage(out, report, look);
    if report.findings.len() > SUMMED_UP {
        by_rule(out, report, look);
    }
    verdict(out, report, look);
}

/// A table of the findings by rule.
fn by_rule(out: &mut String, report: &Report, look: Look) {
    let paint = Paint { on: look.color };
    let _ = writeln!(out, "{}", paint.bold("findings by rule (`gitops-lint explain RULE` says why):"));
    let rules = Statistics::of(report).rules;
    let width = rules.iter().map(|rule| rule.findings.to_string().len()).max().unwrap_or_default();
    for rule in rules {
        let severity = paint.severity(rule.severity, &format!("{:7}", rule.severity.as_str()));
        let _ = writeln!(out, "  {:>width$}  {severity}  {}", rule.findings, rule.rule);
    }
    out.push('\n');
}

/// One finding, as [`Format::Pretty`](super::Format::Pretty) shows it.
pub fn render_finding(it: &Finding, sources: &Sources, look: Look) -> String {
    let mut out = String::new();
    finding(&mut out, it, sources, &Names::default(), look);
    out
}

/// The apps as aligned columns.
pub fn apps_table(report: &Report) -> String {
    let rows = &report.apps;
    // One file may define an app for several clusters.
    let mut clusters: BTreeMap<(&str, &str), BTreeSet<Option<&str>>> = BTreeMap::new();
    for row in rows {
        clusters.entry((&row.name, row.kind)).or_default().insert(row.cluster.as_deref());
    }
    let repeats = |row: &AppRow| clusters.get(&(&*row.name, row.kind)).is_some_and(|known| known.len() > 1);
    let name = |row: &AppRow| match &row.cluster {
        Some(cluster) if repeats(row) => format!("{}@{cluster}", row.name),
        _ => row.name.to_string(),
    };
    let header = ["NAME", "KIND", "NAMESPACE", "SOURCE", "REVISION", "OBJECTS", "STATUS", "DEFINED AT"];
    let cells: Vec<[String; 8]> = rows
        .iter()
        .map(|row| {
            [
                name(row),
                row.kind.to_owned(),
                row.namespace.to_string(),
                row.source.clone(),
                row.revision.as_deref().unwrap_or_default().to_owned(),
                row.objects.to_string(),
                row.status.as_str().to_owned(),
                format!("{}:{}", report.names.here(&row.file), row.line),
            ]
        })
        .collect();
    let mut lines = aligned(header, &cells).into_iter();
    let mut out = lines.next().unwrap_or_default();
    out.push('\n');
    for (line, row) in lines.zip(rows) {
        out.push_str(&line);
        out.push('\n');
        if let Some(reason) = row.reason.as_ref().filter(|_| !only_wants(row)) {
            let _ = writeln!(out, "    {}", text::plain(reason));
        }
    }
    if let Some(line) = wants(rows) {
        let _ = writeln!(out, "{}", text::plain(&line));
    }
    out
}

fn finding(out: &mut String, finding: &Finding, sources: &Sources, names: &Names, look: Look) {
    let paint = Paint { on: look.color };
    let severity = finding.severity;
    let head = format!("{}[{}]", severity.as_str(), finding.rule);
    let message = text::plain(&finding.message);
    let sure = match finding.confidence {
        Confidence::Certain => String::new(),
        less => format!(" ({})", less.as_str()),
    };
    let message = wrap::hanging(&message, look.width, head.chars().count() + sure.len() + 2, 2);
    let head = paint.severity(severity, &head);
    let page = crate::rules::all()
        .map(crate::rules::Rule::meta)
        .find(|meta| look.links && meta.name == finding.rule);
    let head = page
        .and_then(page_url)
        .map_or(head.clone(), |url| format!("\u{1b}]8;;{url}\u{1b}\\{head}\u{1b}]8;;\u{1b}\\"));
    let sure = if sure.is_empty() { sure } else { paint.dim(&sure) };
    let _ = writeln!(out, "{head}{sure}: {}", paint.bold(&message));
    let labels = std::iter::once((&finding.primary, true));
    let labels = labels.chain(finding.related.iter().map(|label| (label, false)));
    snippets(out, labels, sources, names, look);
    if !finding.apps.is_empty() {
        let affected = wrap::hanging(&text::plain(&affected(finding)), look.width, 11, 4);
        let _ = writeln!(out, "  {} {affected}", paint.dim("affects:"));
    }
    if let Some(help) = &finding.help {
        let help = wrap::hanging(&text::plain(help), look.width, 8, 8);
        let _ = writeln!(out, "  {} {help}", paint.cyan("help:"));
    }
}

/// The apps, a few by name, and the object.
fn affected(finding: &Finding) -> String {
    const NAMED: usize = 6;
    let mut text = finding.apps.iter().take(NAMED).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    if finding.apps.len() > NAMED {
        let _ = write!(text, " and {} more", finding.apps.len() - NAMED);
    }
    if let Some(object) = &finding.object {
        let _ = write!(text, " ({}/{}", object.kind, object.name);
        if let Some(field) = &object.field {
            let _ = write!(text, " {field}");
        }
        text.push(')');
    }
    text
}

/// A file and the labels in it, each with whether it is a primary one.
type FileLabels<'l> = (Arc<SourceFile>, Vec<(&'l Label, bool)>);

/// Source lines with labels, each with whether it is a primary one: a snippet per file, in order of appearance.
pub(super) fn snippets<'l>(
    out: &mut String,
    labels: impl Iterator<Item = (&'l Label, bool)>,
    sources: &Sources,
    names: &Names,
    look: Look,
) {
    let mut files: Vec<FileLabels<'_>> = Vec::new();
    for (label, primary) in labels {
        let Some(file) = sources.get(label.at.file) else { continue };
        match files.iter_mut().find(|(known, _)| known.id() == file.id()) {
            Some((_, labels)) => labels.push((label, primary)),
            None => files.push((file, vec![(label, primary)])),
        }
    }
    for (file, labels) in files {
        snippet(out, &file, &names.here(file.name()), &labels, look);
    }
}

/// The part of a file that a set of labels needs, drawn by miette.
struct Snippet<'a> {
    source: Shown<'a>,
    labels: Vec<LabeledSpan>,
}

impl fmt::Debug for Snippet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snippet")
    }
}

impl fmt::Display for Snippet<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet<'_> {}

impl Diagnostic for Snippet<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

fn snippet(out: &mut String, file: &SourceFile, name: &str, labels: &[(&Label, bool)], look: Look) {
    let mut drawn = Vec::new();
    for (label, primary) in labels {
        // A label over a whole mapping would print all of it; its first line says enough.
        let line = file.line_index(label.at.start);
        let Some(line_span) = file.line_span(line) else { continue };
        let start = label.at.start.min(line_span.end);
        let end = label.at.end.min(line_span.end).max(start);
        let around = line.saturating_sub(1)..=line + 1;
        let too_long = around.filter_map(|index| file.line_span(index)).any(|span| span.len() > LONGEST_LINE);
        if too_long || file.text().is_none() {
            let at = file.position(label.at.start);
            let words = text::plain(&label.message);
            let _ = writeln!(out, "   --> {}:{}:{} {words}", text::plain(name), at.line, at.column);
            continue;
        }
        // The words hang below the middle of what they speak of, behind the number of the line.
        let column = file.position(start).column as usize + ((end - start) / 2) as usize + LABEL_MARGIN;
        let room = look.width.saturating_sub(column);
        let words =
            (!label.message.is_empty()).then(|| wrap::hanging(&text::plain(&label.message), room, 0, 0));
        let span = (start as usize, (end - start) as usize);
        drawn.push(if *primary {
            LabeledSpan::new_primary_with_span(words, span)
        } else {
            LabeledSpan::new_with_span(words, span)
        });
    }
    if drawn.is_empty() {
        return;
    }
    let theme = match (look.ascii, look.color) {
        (false, true) => GraphicalTheme::unicode(),
        (false, false) => GraphicalTheme::unicode_nocolor(),
        (true, true) => GraphicalTheme::ascii(),
        (true, false) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(if look.width == 0 { 100 } else { look.width })
        .with_context_lines(AROUND)
        .with_break_words(false)
        .with_links(false);
    let mut drawing = String::new();
    let spans = drawn.iter().map(|label| (label.offset(), label.len()));
    let snippet = Snippet { source: Shown::new(file, name, spans), labels: drawn };
    if handler.render_report(&mut drawing, &snippet).is_ok() {
        // The first line is the (empty) message: the headline is ours.
        let body = drawing.split_once('\n').map_or("", |(_, body)| body);
        for line in body.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

fn coverage(out: &mut String, report: &Report, look: Look) {
    let paint = Paint { on: look.color };
    let missing: Vec<_> = report
        .apps
        .iter()
        .filter(|app| matches!(app.status, AppStatus::Partial | AppStatus::Skipped | AppStatus::Failed))
        .filter(|app| look.verbose || report.narrowed || !only_wants(app))
        .collect();
    if report.narrowed && !look.verbose && !missing.is_empty() {
        let _ =
            writeln!(out, "{} not fully rendered: `gitops-lint apps` says why", count(missing.len(), "app"));
    } else if !missing.is_empty() {
        let _ = writeln!(
            out,
            "{}",
            paint.bold("not fully rendered (rules stay silent about what depends on it):")
        );
        let fetchable = |gap: &Gap<'_>| !look.verbose && gap.apps.iter().all(|app| only_wants(app));
        let reasons: Vec<Gap<'_>> = report.gaps().into_iter().filter(|gap| !fetchable(gap)).collect();
        let names = AppNames::of(&report.apps);
        let shown = if look.verbose { usize::MAX } else { REASONS_SHOWN };
        for gap in reasons.iter().take(shown) {
            let listed = if look.verbose { gap.apps.len() } else { 3 };
            let who = gap.apps.iter().take(listed).map(|app| names.name(app));
            let mut who = who.collect::<Vec<_>>().join(", ");
            if gap.apps.len() > listed {
                let _ = write!(who, " and {} more", gap.apps.len() - listed);
            }
            let reason = if look.verbose { gap.reason.into() } else { wrap::ends(gap.reason, REASON_SHOWN) };
            let words = text::plain(&format!("{who}: {reason}"));
            let words = wrap::hanging(&words, look.width, 11, 11);
            let _ = writeln!(out, "  {:8} {words}", gap.status.as_str());
        }
        if let Some(rest) = reasons.len().checked_sub(shown).filter(|rest| *rest > 0) {
            let _ = writeln!(out, "  ... and {} (`gitops-lint apps` lists all)", count(rest, "more reason"));
        }
        out.push('\n');
    }
    for line in [wants(&report.apps), unchecked(report)].into_iter().flatten().filter(|_| !report.narrowed) {
        let _ = writeln!(out, "{}\n", wrap::hanging(&text::plain(&line), look.width, 0, 0));
    }
    if !report.unreadable.is_empty() {
        let _ = writeln!(out, "{}", paint.bold("not read (nothing is known about what they hold):"));
        for (file, reason) in &report.unreadable {
            let words = format!("{}: {reason}", report.names.here(file));
            let _ = writeln!(out, "  {}", wrap::hanging(&text::plain(&words), look.width, 2, 4));
        }
        out.push('\n');
    }
}

/// The closing line, and what is not shown.
pub(super) fn verdict(out: &mut String, report: &Report, look: Look) {
    let paint = Paint { on: look.color };
    let summary = &report.summary;
    let verdict = totals(summary);
    let verdict = if report.findings.is_empty() { paint.green(&verdict) } else { paint.bold(&verdict) };
    let _ = writeln!(
        out,
        "{verdict} in {}: {} ({} rendered, {} partly, {} not), {}",
        count(summary.files, "file"),
        count(summary.apps, "app"),
        summary.rendered,
        summary.partial,
        summary.failed + summary.skipped,
        count(summary.objects, "object"),
    );
    hidden(out, report, look);
    if limited(report, look).len() > MANY && !look.statistics {
        let words = "many at once? `--limit 10` shows the worst, `--format concise` a line each, `--select RULE` one kind; \
                     `--write-baseline` leaves them for later, and shows what is new";
        let _ = writeln!(out, "{}", paint.dim(&wrap::hanging(words, look.width, 0, 2)));
    }
}

/// Names of apps, with the kind where it tells apps of one name apart.
struct AppNames<'r>(BTreeMap<&'r str, BTreeSet<&'r str>>);

impl<'r> AppNames<'r> {
    fn of(apps: &'r [AppRow]) -> Self {
        let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for app in apps {
            kinds.entry(&app.name).or_default().insert(app.kind);
        }
        Self(kinds)
    }

    fn name(&self, app: &AppRow) -> String {
        let alone = self.0.get(&*app.name).is_none_or(|kinds| kinds.len() < 2);
        if alone { app.name.to_string() } else { format!("{}/{}", app.kind, app.name) }
    }
}

/// What is not shown, and why.
fn hidden(out: &mut String, report: &Report, look: Look) {
    let paint = Paint { on: look.color };
    let kinds = [
        (report.known.len(), "known to the baseline"),
        (report.suppressed.len(), "suppressed by comments"),
        (report.summary.unsure, "that are only possible (--confidence possible)"),
        (report.summary.old, "not new"),
        (report.summary.untouched, "not touched by the change"),
        (report.summary.left_out.less_severe, "less severe"),
        (report.summary.left_out.other_apps, "of other apps"),
        (report.summary.left_out.elsewhere, "elsewhere in the repository"),
        (report.summary.third_party, "inside of what was fetched (--third-party shows them)"),
    ];
    let parts = kinds.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, what)| format!("{number} {what}")).collect();
    if !parts.is_empty() {
        let _ = writeln!(out, "not shown: {}", parts.join(", "));
    }
    if report.fixed.is_empty() {
        return;
    }
    let entries = match report.fixed.len() {
        1 => "1 entry".to_owned(),
        number => format!("{number} entries"),
    };
    let _ = writeln!(
        out,
        "{} (write it again with --write-baseline)",
        paint.green(&format!("fixed: {entries} of the baseline"))
    );
    let shown = if look.verbose { usize::MAX } else { FIXED_SHOWN };
    for entry in report.fixed.iter().take(shown) {
        let _ =
            writeln!(out, "  {}", text::plain(&format!("{}: {}: {}", entry.file, entry.rule, entry.message)));
    }
    if let Some(rest) = report.fixed.len().checked_sub(shown).filter(|rest| *rest > 0) {
        let _ = writeln!(out, "  ... and {rest} more (-v lists all)");
    }
}

/// Colours, or none.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) on: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(super) fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Note => "1;36",
        };
        self.wrap(code, text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub(super) fn cyan(self, text: &str) -> String {
        self.wrap("36", text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }
}
