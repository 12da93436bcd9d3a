//! `values`: the values of an app with their sources.
//!
//! Values that look like secrets, by their key or by themselves, are masked unless `--show-secrets` asks for them:
//! tables are pasted into tickets. `render` prints them, because what would be applied has them.

use std::process::ExitCode;

use crate::explain::{self, Subject};
use crate::report::{
    ValuesLook, differences_json, differences_table, unused_table, values_json, values_table,
};

use super::args::TableFormat;
use super::place::Place;
use super::question_args::ValuesArgs;
use super::{Failure, open, print, problems};

pub(super) fn run(args: &ValuesArgs) -> Result<ExitCode, Failure> {
    let workspace = open::workspace(&Place::of_dir(&args.repo)?.root, &args.common)?;
    let look = ValuesLook { sources: &workspace.sources, secrets: args.show_secrets };
    let key = args.key.as_deref();
    let json = args.format == TableFormat::Json;
    if let Some(other) = &args.diff {
        let mut subjects = Subject::find_all(&workspace, &[&args.app, other])?.into_iter();
        let (Some(left), Some(right)) = (subjects.next(), subjects.next()) else {
            return Ok(ExitCode::FAILURE);
        };
        // A key that only one of them has is a difference, not a mistake.
        let (a, b) = match (explain::values(&workspace, &left, key), explain::values(&workspace, &right, key))
        {
            (Err(words), Err(_)) => return Err(words),
            (a, b) => (a.unwrap_or_default(), b.unwrap_or_default()),
        };
        let all = explain::differences(&a, &b);
        let names = [&*left.app.name, &*right.app.name];
        print(&match (json, all.is_empty()) {
            (true, _) => differences_json(names, &all, look),
            (false, true) => format!("{} and {} have the same values\n", names[0], names[1]),
            (false, false) => differences_table(names, &all, look),
        });
        return Ok(ExitCode::SUCCESS);
    }
    let subject = Subject::find(&workspace, &args.app)?;
    problems::tell(&subject.rendered.problems, &workspace.sources);
    let mut charts = explain::values(&workspace, &subject, key)?;
    if args.unused {
        charts = explain::unused(&subject, charts);
        if !json && charts.iter().all(|chart| chart.rows.is_empty()) {
            print("every value that is set is read\n");
            return Ok(ExitCode::SUCCESS);
        }
    }
    print(&match (json, args.unused) {
        (true, _) => values_json(&subject.app.name, &charts, look),
        (false, true) => unused_table(&charts, look),
        (false, false) => values_table(&charts, look),
    });
    Ok(ExitCode::SUCCESS)
}
