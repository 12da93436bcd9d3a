//! `--format FORMAT[=FILE]`: one run, reported in several formats, at most one of them on standard output.

use std::path::{Path, PathBuf};

use crate::near::did_you_mean;

use super::Failure;

/// A format and the file that it is written to; `None` for standard output.
pub(super) type Target<F> = (F, Option<PathBuf>);

/// Reads `FORMAT` or `FORMAT=FILE`.
pub(super) fn parse<F: Copy>(text: &str, all: &[(&'static str, F)]) -> Result<Target<F>, String> {
    let (name, file) =
        text.split_once('=').map_or((text, None), |(name, file)| (name, Some(PathBuf::from(file))));
    let found = all.iter().find(|(known, _)| *known == name);
    let Some((_, format)) = found else {
        let known: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let close = did_you_mean(name, known.iter().copied());
        let hint = close.map_or_else(String::new, |close| format!("did you mean `{close}`? "));
        return Err(format!("{hint}formats are {}", known.join(", ")));
    };
    Ok((*format, file))
}

/// Whether no two of these are written to the same place. `otherwise` is what can be done about standard output beside giving
/// one of them a file.
pub(super) fn apart(targets: &[(&str, Option<&Path>)], otherwise: &str) -> Result<(), Failure> {
    for (at, (format, file)) in targets.iter().enumerate() {
        let Some((other, _)) = targets.iter().take(at).find(|(_, known)| known == file) else { continue };
        return Err(match file {
            None => format!(
                "`{other}` and `{format}` would both go to standard output: give one of them a file, `--format \
                 {format}=FILE`{otherwise}"
            ),
            Some(file) => format!("`{other}` and `{format}` would both be written to `{}`", file.display()),
        });
    }
    Ok(())
}

/// Writes a report to its file.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}
