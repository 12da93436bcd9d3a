//! `diff`: what a change does to what is applied; and `impact`: what files and lines reach.

use std::path::Path;
use std::process::ExitCode;

use crate::diff;
use crate::explain;
use crate::report::{
    Look, diff_json, diff_markdown, diff_page, diff_pretty, diff_stat, impact_json, impact_text,
};

use super::args::FailOn;
use super::diff_args::{DiffArgs, DiffFormat, ImpactArgs};
use super::place::Place;
use super::question_args::AnswerFormat;
use super::targets::{self, write};
use super::why::file_and_line;
use super::{Failure, open, print, sides, terminal};

pub(super) fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let named: Vec<_> = args.format.iter().map(|(format, file)| (format.name(), file.as_deref())).collect();
    targets::apart(&named, "")?;
    let (base, head) = (args.base.as_deref(), args.head.as_deref());
    let directories = base.zip(head).map(|(base, head)| (Path::new(base), Path::new(head)));
    let directories = directories.filter(|(base, head)| base.is_dir() && head.is_dir());
    let (sides, names) = match directories {
        Some((base, head)) => (sides::of_directories(base, head, &args.common)?, Place::of_dir(head)?.names),
        None => {
            let place = Place::of_dir(&args.repo)?;
            (sides::of_revisions(&place.root, base, head, &args.common)?, place.names)
        }
    };
    let mut diff = diff::diff(&sides.base, &sides.head);
    diff.dangers.retain(|danger| !args.allow.contains(&danger.name));
    for (format, file) in &args.format {
        let look = if file.is_some() { Look::default() } else { terminal::look() };
        let text = match format {
            DiffFormat::Json => diff_json(&diff, &sides.names, &names),
            DiffFormat::Markdown => diff_markdown(&diff, &sides.names, &names),
            DiffFormat::Html => diff_page(&diff, &sides.names, &names),
            DiffFormat::Pretty if args.stat => diff_stat(&diff, &names, look),
            DiffFormat::Pretty => diff_pretty(&diff, &names, look),
        };
        match file {
            Some(file) => write(file, &text)?,
            None => print(&text),
        }
    }
    let is_bad = |least: FailOn| diff.dangers.iter().any(|danger| least.is_met_by(danger.severity));
    let failed = args.fail_on.is_some_and(is_bad);
    Ok(ExitCode::from(u8::from(failed || args.exit_code && !diff.is_empty())))
}

/// Prints what files and lines reach.
pub(super) fn impact(args: &ImpactArgs) -> Result<ExitCode, Failure> {
    let place = Place::of_dir(&args.repo)?;
    let workspace = open::workspace(&place.root, &args.common)?;
    let mut targets = Vec::new();
    for target in &args.targets {
        let (file, line) = match file_and_line(target) {
            Some((file, line)) => (file, Some(line)),
            None => (target.as_str(), None),
        };
        // As the shell knows the file, where there is one; else as reports call it.
        let seen = place.tree_path(file).filter(|path| workspace.tree.kind(path).is_some());
        targets.push((seen.map_or_else(|| file.to_owned(), |path| path.to_string()), line));
    }
    let impact = explain::impact(&workspace, &targets)?;
    print(&match args.format {
        AnswerFormat::Json => impact_json(&impact),
        AnswerFormat::Pretty => impact_text(&impact, terminal::look()),
    });
    Ok(ExitCode::SUCCESS)
}
