//! Who provides what an object names, and whether that can be known: look-ups across the whole repository.
//!
//! A [`World`] is asked by app, because what counts is what may lie on the cluster of who asks. What nothing provides may still be
//! there: apps that are not rendered and operators may make it (`unseen`), people make it by hand ([`Scripts`]). What speaks for a
//! mistake all the same is a [`Counterpart`](counterpart::Counterpart) or an [`Evidence`](near_miss::Evidence).
//!
//! This module knows no rule and reports nothing; every question is a look-up in the index of the inventory. What a single object
//! says is the business of `relations`.

mod answer;
mod counterpart;
pub mod near_miss;
mod scripts;
mod selectable;
mod slips;
mod unseen;

pub use answer::{Answer, World};
pub use counterpart::Counterparts;
pub use scripts::Scripts;
pub use selectable::{Selectable, Selectors};
pub use slips::Slips;
