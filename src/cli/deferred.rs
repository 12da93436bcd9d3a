//! Arguments of a command that are described to clap only when that command is asked for: describing all of them takes longer
//! than rendering a small chart.

use clap::builder::{Resettable, StyledStr};
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// The arguments `T` of a command.
#[derive(Debug)]
pub(super) struct Deferred<T>(pub(super) T);

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Adds arguments to a command, which keeps what it says about itself: the arguments' own words are for readers of the code.
fn add(command: Command, arguments: fn(Command) -> Command) -> Command {
    let resettable = |text: Option<&StyledStr>| text.cloned().map_or(Resettable::Reset, Resettable::Value);
    let (about, long) = (resettable(command.get_about()), resettable(command.get_long_about()));
    arguments(command).about(about).long_about(long)
}

impl<T: Args> Args for Deferred<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| add(command, T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| add(command, T::augment_args_for_update))
    }
}
