//! Versions: `semver` and `semverCompare`.
//!
//! Mirrors sprig's `semver.go`.

use std::rc::Rc;

use crate::golang::semver::{Constraint, SemverError, Version};
use crate::gotemplate::{Call, Data, Failure, Function, IntKind, Object, Param, Value};

use super::args::{Result, arg, fixed, text};

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    fixed("semver", &[Param::String], |_, args| {
        Ok(version_value(Version::parse(text(args, 0)).map_err(failure)?, true))
    }),
    fixed("semverCompare", &[Param::String, Param::String], |_, args| {
        let constraint = Constraint::parse(text(args, 0)).map_err(failure)?;
        let version = Version::parse(text(args, 1)).map_err(failure)?;
        Ok(Value::of(constraint.check(&version)))
    }),
];

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn failure(error: SemverError) -> Failure {
    Failure::new(error.to_string())
}

/// `*semver.Version`, or `semver.Version` where a method makes a new one.
#[derive(Debug)]
struct VersionObject {
    version: Version,
    is_pointer: bool,
}

fn version_value(version: Version, is_pointer: bool) -> Value {
    let object: Rc<dyn Object> = Rc::new(VersionObject { version, is_pointer });
    Value::of(object)
}

impl VersionObject {
    fn compare(&self, args: &[Value]) -> Result<std::cmp::Ordering> {
        match args {
            [other] => match other.as_object::<Self>() {
                Some(other) if other.is_pointer => Ok(self.version.cmp(&other.version)),
                _ => Err(Failure::new(format!(
                    "wrong type for value; expected *semver.Version; got {}",
                    other.type_name()
                ))),
            },
            _ => Err(Failure::new(format!("wrong number of args: want 1 got {}", args.len()))),
        }
    }

    fn own(&self, name: &str, args: &[Value]) -> Option<Result> {
        let number = |value: u64| Value::of(Data::Int(value as i64, IntKind::Uint64));
        let next = |version: Option<Version>| match version {
            Some(version) => Ok(version_value(version, false)),
            None => Err(Failure::new("the version's number is too large")),
        };
        let version = &self.version;
        Some(Ok(match name {
            "Major" => number(version.major()),
            "Minor" => number(version.minor()),
            "Patch" => number(version.patch()),
            "Prerelease" => Value::str(version.prerelease()),
            "Metadata" => Value::str(version.metadata()),
            "Original" => Value::str(version.original()),
            "String" => Value::str(version.to_string()),
            "IncMajor" => return Some(next(version.inc_major())),
            "IncMinor" => return Some(next(version.inc_minor())),
            "IncPatch" => return Some(next(version.inc_patch())),
            "SetPrerelease" | "SetMetadata" => {
                let part = arg(args, 0).as_str().unwrap_or_default();
                let changed = match name {
                    "SetPrerelease" => version.with_prerelease(part),
                    _ => version.with_metadata(part),
                };
                return Some(changed.map(|version| version_value(version, false)).map_err(failure));
            }
            _ => return None,
        }))
    }
}

impl Object for VersionObject {
    fn type_name(&self) -> String {
        if self.is_pointer { "*semver.Version".into() } else { "semver.Version".into() }
    }

    fn kind(&self) -> &'static str {
        if self.is_pointer { "ptr" } else { "struct" }
    }

    fn method(&self, name: &str, args: &[Value], _: &mut Call<'_, '_>) -> Option<Result> {
        if let Some(result) = self.own(name, args) {
            return Some(result);
        }
        // These need the version's address, which a fresh copy does not have.
        if !self.is_pointer {
            return None;
        }
        let holds = |accepts: fn(std::cmp::Ordering) -> bool| {
            Some(self.compare(args).map(|order| Value::of(accepts(order))))
        };
        match name {
            "Compare" => Some(self.compare(args).map(|order| Value::int(order as i64))),
            "LessThan" => holds(std::cmp::Ordering::is_lt),
            "LessThanEqual" => holds(std::cmp::Ordering::is_le),
            "GreaterThan" => holds(std::cmp::Ordering::is_gt),
            "GreaterThanEqual" => holds(std::cmp::Ordering::is_ge),
            "Equal" => holds(std::cmp::Ordering::is_eq),
            _ => None,
        }
    }

    fn print(&self) -> String {
        self.version.to_string()
    }

    fn to_data(&self) -> Option<Value> {
        Some(Value::str(self.print()))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::sprig::testing::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/semver.jsonl"));
    }
}
