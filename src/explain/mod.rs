//! Questions about what is rendered: where a field comes from, where a line ends up, which values an app has.
//!
//! Everything here turns an app that was rendered into plain answers. How they look is up to `report`.

mod addressed;
mod causes;
mod field;
mod fleet;
mod impact;
mod mention;
mod naming;
mod patches;
mod reach;
mod subject;
mod values;
mod why;

pub use causes::{Cause, Role, Teller};
pub use field::{FieldPath, Part};
pub use fleet::{EdgeKind, Fleet, FleetNode, NodeKind, fleet};
pub use impact::{Impact, impact};
pub use naming::app_names;
pub use reach::{Effect, InApp, Reach, in_app, lines_of, reach};
pub use subject::{Subject, find_object};
pub use values::{ChartValues, Difference, ValueRow, differences, unused, values};
pub use why::{Story, why};
