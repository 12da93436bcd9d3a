//! `graph` and `report`: the fleet as a picture, and everything on one page.

use std::process::ExitCode;

use rayon::prelude::*;

use crate::explain::{self, ChartValues, Subject};
use crate::golang::Glob;
use crate::lint::{self, Options};
use crate::repo;
use crate::report;

use super::place::Place;
use super::question_args::{GraphArgs, GraphFormat, ReportArgs};
use super::targets::write;
use super::{Failure, open, print, say};

/// Prints the graph.
pub(super) fn graph(args: &GraphArgs) -> Result<ExitCode, Failure> {
    let place = Place::of_dir(&args.path)?;
    let workspace = open::workspace(&place.root, &args.common)?;
    let (inventory, _) = repo::analyze(&workspace, &|_, _| ());
    let globs: Vec<Option<Glob>> = args.app.iter().map(|pattern| Glob::new(pattern, &[])).collect();
    let wanted = |app: &repo::App| {
        let mut patterns = args.app.iter().zip(&globs);
        args.app.is_empty()
            || patterns.any(|(name, glob)| {
                **name == *app.name || glob.as_ref().is_some_and(|glob| glob.matches(&app.name))
            })
    };
    let fleet = explain::fleet(&inventory, &workspace.config, &wanted);
    print(&match args.format {
        GraphFormat::Dot => report::graph_dot(&fleet),
        GraphFormat::Mermaid => report::graph_mermaid(&fleet),
        GraphFormat::Json => report::graph_json(&fleet),
    });
    Ok(ExitCode::SUCCESS)
}

/// Writes the page.
pub(super) fn report(args: &ReportArgs) -> Result<ExitCode, Failure> {
    let place = Place::of_dir(&args.path)?;
    let workspace = open::workspace(&place.root, &args.common)?;
    let mut report =
        lint::lint(&workspace, &Options { today: Some(super::check::today(None)?), ..Options::default() });
    report.names = place.names;
    let (inventory, _) = repo::analyze(&workspace, &|_, _| ());
    let fleet = explain::fleet(&inventory, &workspace.config, &|_| true);
    // Rendered once more, app by app: the values are in the trees, and those are not kept.
    let values: Vec<(String, Vec<ChartValues>)> = inventory
        .apps
        .par_iter()
        .filter_map(|entry| {
            let rendered = repo::render(&entry.app, &workspace);
            let subject = Subject { app: entry.app.clone(), rendered };
            let values = explain::values(&workspace, &subject, None).ok()?;
            Some((entry.app.name.to_string(), values))
        })
        .collect();
    write(&args.html, &report::page(&report, &fleet, &values))?;
    say!("wrote {}: {}", args.html.display(), report::totals(&report.summary));
    Ok(ExitCode::SUCCESS)
}
