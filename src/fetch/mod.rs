//! What a repository wants from elsewhere, brought in rounds: what is fetched may want more.
//!
//! The same discovery that lints says what is missing. Downloading itself is behind [`Downloader`]: nothing here, and
//! nothing below, opens a socket.

mod rounds;
mod table;

pub use rounds::{Downloader, Options, Report, Row, State, fetch};
pub use table::table;
