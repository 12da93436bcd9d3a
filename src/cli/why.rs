//! `why`: where a field comes from, and where a line ends up.

use std::process::ExitCode;

use crate::explain::{self, Subject, find_object};
use crate::repo::Status;
use crate::report::{objects_json, objects_yaml, reach_json, reach_text, story_json, story_text};

use super::objects::Editable;
use super::place::Place;
use super::question_args::{AnswerFormat, WhyArgs};
use super::{Failure, open, print, problems, say, terminal};

/// The file and line of `FILE:LINE`, or of `FILE:LINE:COLUMN` as findings print it.
pub(super) fn file_and_line(target: &str) -> Option<(&str, u32)> {
    let (head, last) = target.trim_end_matches(':').rsplit_once(':')?;
    let last: u32 = last.parse().ok()?;
    let before = head.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
    Some(before.unwrap_or((head, last)))
}

pub(super) fn run(args: &WhyArgs) -> Result<ExitCode, Failure> {
    let place = Place::of_dir(&args.repo)?;
    let workspace = open::workspace(&place.root, &args.common)?;
    let Some(object) = &args.object else {
        let Some((file, line)) = file_and_line(&args.target) else {
            let words = "say which object and field: APP KIND/NAME FIELD, or which line: FILE:LINE";
            return Err(words.to_owned());
        };
        // As the shell knows the file, where there is one; else as reports call it.
        let seen = place.tree_path(file).filter(|path| workspace.tree.kind(path).is_some());
        let seen = seen.map_or_else(|| file.to_owned(), |path| path.to_string());
        let reach = explain::reach(&workspace, &seen, line)?;
        print(&match args.format {
            AnswerFormat::Json => reach_json(&reach),
            AnswerFormat::Pretty => reach_text(&reach, &workspace.sources, terminal::look()),
        });
        return Ok(ExitCode::SUCCESS);
    };
    let subject = Subject::find(&workspace, &args.target)?;
    if subject.rendered.status() != Status::Rendered {
        // What is missing may be what the question is about.
        problems::tell(&subject.rendered.problems, &workspace.sources);
    }
    let Some(field) = &args.field else {
        let object = find_object(&subject.rendered, object)?;
        let origins = Editable { workspace: &workspace, origins: &subject.rendered.origins };
        print(&match args.format {
            AnswerFormat::Pretty => objects_yaml(&[&object.node], Some(&origins)),
            AnswerFormat::Json => objects_json(&[&object.node], Some(&origins)),
        });
        return Ok(ExitCode::SUCCESS);
    };
    let story = explain::why(&workspace, &subject, object, field)?;
    let look = terminal::look();
    if let Some(words) = &story.absent {
        say!("note: {}", crate::report::plain(words));
    }
    print(&match args.format {
        AnswerFormat::Json => story_json(&story, &workspace.sources),
        AnswerFormat::Pretty => story_text(&story, &workspace.sources, look),
    });
    // A field that is not there has no value to explain.
    Ok(ExitCode::from(u8::from(story.absent.is_some())))
}

#[cfg(test)]
mod tests {
    #[test]
    fn places_are_read_as_findings_print_them() {
        for (text, want) in [
            ("a/b.yaml:3", Some(("a/b.yaml", 3))),
            ("a/b.yaml:3:7", Some(("a/b.yaml", 3))),
            ("a/b.yaml:3:7:", Some(("a/b.yaml", 3))),
            ("a/b.yaml", None),
            ("a/b.yaml:x", None),
        ] {
            assert_eq!(super::file_and_line(text), want, "{text}");
        }
    }
}
