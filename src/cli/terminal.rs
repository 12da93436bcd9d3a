//! What the terminal can do, from the environment: colours, width, links.

use std::io::IsTerminal;
use std::sync::OnceLock;

use crate::report::Look;

use super::args::ColorArg;

/// Narrower terminals get the text as it is and wrap it themselves.
const NARROWEST: usize = 60;

/// Wider lines are hard to read.
const WIDEST: usize = 160;

fn set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// What `--color` says.
static COLOR: OnceLock<ColorArg> = OnceLock::new();

/// Remembers what `--color` says, for everything that prints.
pub(super) fn set_color(color: ColorArg) {
    let _ = COLOR.set(color);
}

/// Whether standard output shows colours: `--color`, else what the environment asks for, else whether it is a terminal.
pub(super) fn colors() -> bool {
    match COLOR.get() {
        Some(ColorArg::Always) => return true,
        Some(ColorArg::Never) => return false,
        Some(ColorArg::Auto) | None => {}
    }
    if set("NO_COLOR") {
        return false;
    }
    let forced = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(|value| value != "0");
    match forced("FORCE_COLOR").or(forced("CLICOLOR_FORCE").filter(|forced| *forced)) {
        Some(forced) => forced,
        None => std::io::stdout().is_terminal() && !is_dumb(),
    }
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether only ASCII can be shown: a dumb terminal, or the locale `C`. Without any locale nothing is known, as in most
/// containers, whose logs are read as UTF-8.
fn ascii() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = std::env::var_os(name)?;
        (!value.is_empty()).then_some(value)
    });
    is_dumb() || locale.is_some_and(|locale| locale == "C" || locale == "POSIX")
}

/// The columns of the terminal; of a pipe what COLUMNS says; 0 where nothing says.
fn width() -> usize {
    let terminal = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    let said = || std::env::var("COLUMNS").ok()?.parse::<usize>().ok().filter(|width| *width > 0);
    terminal.or_else(said).map_or(0, |width| width.clamp(NARROWEST, WIDEST))
}

/// How text looks on standard output.
pub(super) fn look() -> Look {
    let links = colors()
        && std::io::stdout().is_terminal()
        && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
    Look { color: colors(), width: width(), links, ascii: ascii(), ..Look::default() }
}
