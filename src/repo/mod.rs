//! A repository as a whole: which apps it has, what they render to, and the facts that rules compare.

mod app;
mod charts;
mod clusters;
mod declared;
mod definition;
mod discover;
mod inventory;
mod labels;
mod object;
mod remotes;
mod render;
mod revisions;
mod scan;
mod workspace;

pub use app::{App, AppId, AppKind, Spec, Status};
pub use charts::{ChartIndex, MissingChart};
pub use clusters::Variants;
pub use declared::Declared;
pub use discover::analyze;
pub use inventory::{AppEntry, Inventory, ObjectFacts};
pub use labels::{Labels, Link, chain, describe};
pub use object::Object;
pub use remotes::{Checkouts, Identity, RevisionTree, Revisions};
pub use render::{Rendered, render};
pub use revisions::GitRevisions;
pub use scan::{KUSTOMIZATION_NAMES, Scan, ScannedDocument, ScannedKustomization};
pub use workspace::{ControlPlane, Workspace};
