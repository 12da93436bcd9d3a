//! What editors are told: findings while somebody types, what a line reaches, where a value comes from.
//!
//! A [`Session`] is a repository that changes: every state is a snapshot of its own, and only apps that meet what changed are
//! rendered again ([`Analysis`](crate::repo::Analysis)). A [`Server`] speaks the language server protocol about it, as plain JSON:
//! of the protocol's types it needs a tenth, and a message of which a type of theirs says that it is wrong must be survived as well.
//!
//! A question is about a `Cursor`; each kind of question has a room of its own: `hover`, `definition`, `complete`, `hints`, `actions`.

mod actions;
mod answers;
mod complete;
mod cursor;
mod definition;
mod hints;
mod hover;
mod links;
mod named;
mod server;
mod session;
mod text;
mod told;
mod uri;
mod words;

pub use server::{OpenAt, Server};
pub use session::Session;
