//! A repository as a whole: which apps it has, what they render to, and the facts that rules compare.

mod app;
mod charts;
mod clusters;
mod declared;
mod definition;
mod discover;
mod facts;
mod flux;
mod inventory;
mod labels;
mod object;
mod remotes;
mod render;
mod revisions;
mod scan;
mod showcase;
mod trace;
mod workspace;
mod world;

pub use app::{App, AppId, AppKind, Spec, Status};
pub use charts::{ChartIndex, MissingChart};
pub use clusters::{Variants, is_environment};
pub use declared::Declared;
pub use discover::analyze;
pub use facts::{ObjectFacts, PodFacts};
pub use inventory::{AppEntry, Inventory};
pub use labels::{Labels, Link, chain, describe};
pub use object::Object;
pub use remotes::{Checkouts, Identity, RevisionTree, Revisions};
pub use render::{Rendered, render};
pub use revisions::GitRevisions;
pub use scan::{KUSTOMIZATION_NAMES, Scan, ScannedDocument, ScannedKustomization};
pub use showcase::{is_test_data, showcase};
pub use workspace::{ControlPlane, Workspace};
pub use world::{Answer, World};
