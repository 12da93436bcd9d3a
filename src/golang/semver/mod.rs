//! Versions and constraints of `github.com/Masterminds/semver/v3`, which Helm, sprig and Argo CD use.
//!
//! Not the rules of Cargo or npm: `1.2` and `v1` are versions, a constraint may join with `,`, a blank or `||`, and
//! a version with a prerelease meets no group of constraints in which nobody wrote a prerelease.

mod constraint;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;

use super::strconv;
pub use constraint::Constraint;
use constraint::{MAX_CONSTRAINT_GROUPS, MAX_CONSTRAINT_LEN};

const MAX_VERSION_LEN: usize = 256;

/// Why a text is no version or constraint; prints upstream's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SemverError {
    /// The shape is not that of a version at all.
    Invalid,
    /// Nothing was given.
    Empty,
    /// Something that is no digit stands in a number.
    InvalidCharacters,
    /// A number, or a numeric part of a prerelease, is written `01`.
    SegmentStartsZero,
    /// A part of the build metadata is empty or has odd characters.
    InvalidMetadata,
    /// A part of the prerelease is empty or has odd characters.
    InvalidPrerelease,
    /// Longer than upstream reads.
    VersionTooLong,
    /// A number is out of range: the text of `strconv`'s error.
    Segment(String),
    /// `StrictNewVersion` passes on the error of `strconv` as it is.
    StrictSegment(String),
    /// A constraint longer than upstream reads.
    ConstraintTooLong,
    /// More alternatives than upstream reads.
    TooManyConstraintGroups,
    /// The shape of this alternative is wrong.
    ImproperConstraint(String),
    /// The shape is right, the version inside is not.
    ConstraintParser,
}

impl fmt::Display for SemverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("invalid semantic version"),
            Self::Empty => f.write_str("version string empty"),
            Self::InvalidCharacters => f.write_str("invalid characters in version"),
            Self::SegmentStartsZero => f.write_str("version segment starts with 0"),
            Self::InvalidMetadata => f.write_str("invalid metadata string"),
            Self::InvalidPrerelease => f.write_str("invalid prerelease string"),
            Self::VersionTooLong => write!(f, "version string is too long (max {MAX_VERSION_LEN} bytes)"),
            Self::Segment(error) => write!(f, "error parsing version segment: {error}"),
            Self::StrictSegment(error) => f.write_str(error),
            Self::ConstraintTooLong => {
                write!(f, "constraint string is too long (max {MAX_CONSTRAINT_LEN} bytes)")
            }
            Self::TooManyConstraintGroups => {
                write!(f, "too many constraint groups (max {MAX_CONSTRAINT_GROUPS})")
            }
            Self::ImproperConstraint(part) => write!(f, "improper constraint: {}", strconv::quote(part)),
            Self::ConstraintParser => f.write_str("constraint parser error"),
        }
    }
}

impl std::error::Error for SemverError {}

/// A version. Compares, and is equal, by precedence: build metadata and spelling do not count.
#[derive(Debug, Clone)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    prerelease: SmolStr,
    metadata: SmolStr,
    original: SmolStr,
}

impl Version {
    /// Reads a version leniently, as `NewVersion` does: a leading `v`, missing minor and patch and leading zeros of
    /// these three are fine.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > MAX_VERSION_LEN {
            return Err(SemverError::VersionTooLong);
        }
        let shape = Shape::of(text, |byte| byte.is_ascii_digit()).ok_or(SemverError::Invalid)?;
        if shape.len != text.len() {
            return Err(SemverError::Invalid);
        }
        let number = |digits: &str| match digits {
            "" => Ok(0),
            digits => digits.parse().map_err(|_| SemverError::Segment(out_of_range(digits))),
        };
        let version = Self {
            major: number(shape.major)?,
            minor: number(shape.minor)?,
            patch: number(shape.patch)?,
            prerelease: shape.prerelease.into(),
            metadata: shape.metadata.into(),
            original: text.into(),
        };
        if !shape.prerelease.is_empty() {
            validate_prerelease(shape.prerelease)?;
        }
        Ok(version)
    }

    /// Reads a version as the specification has it, as `StrictNewVersion` does: three numbers, no `v`.
    pub fn parse_strict(text: &str) -> Result<Self, SemverError> {
        if text.is_empty() {
            return Err(SemverError::Empty);
        }
        if text.len() > MAX_VERSION_LEN {
            return Err(SemverError::VersionTooLong);
        }
        let (major, rest) = text.split_once('.').ok_or(SemverError::Invalid)?;
        let (minor, rest) = rest.split_once('.').ok_or(SemverError::Invalid)?;
        let (rest, metadata) = match rest.split_once('+') {
            Some((rest, metadata)) => {
                validate_metadata(metadata)?;
                (rest, metadata)
            }
            None => (rest, ""),
        };
        let (patch, prerelease) = match rest.split_once('-') {
            Some((patch, prerelease)) => {
                validate_prerelease(prerelease)?;
                (patch, prerelease)
            }
            None => (rest, ""),
        };
        for number in [major, minor, patch] {
            if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(SemverError::InvalidCharacters);
            }
            if number.len() > 1 && number.starts_with('0') {
                return Err(SemverError::SegmentStartsZero);
            }
        }
        let number = |digits: &str| {
            let error = || match digits {
                "" => "strconv.ParseUint: parsing \"\": invalid syntax".to_owned(),
                digits => out_of_range(digits),
            };
            digits.parse().map_err(|_| SemverError::StrictSegment(error()))
        };
        Ok(Self {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            prerelease: prerelease.into(),
            metadata: metadata.into(),
            original: text.into(),
        })
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The second number.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number.
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// What stands behind the `-`, or nothing.
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// What stands behind the `+`, or nothing.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text as it was written. `Display` prints the normalised form.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The version with the `v` of the original and the numbers and suffixes given.
    fn derived(&self, numbers: (u64, u64, u64), prerelease: SmolStr, metadata: SmolStr) -> Self {
        let (major, minor, patch) = numbers;
        let mut next = Self { major, minor, patch, prerelease, metadata, original: SmolStr::default() };
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        next.original = smol_str::format_smolstr!("{prefix}{next}");
        next
    }

    /// `IncPatch`: the release of a prerelease, else the next patch. `None` where upstream panics: overflow.
    pub fn inc_patch(&self) -> Option<Self> {
        let patch = if self.prerelease.is_empty() { self.patch.checked_add(1)? } else { self.patch };
        Some(self.derived((self.major, self.minor, patch), SmolStr::default(), SmolStr::default()))
    }

    /// `IncMinor`; `None` at overflow.
    pub fn inc_minor(&self) -> Option<Self> {
        let minor = self.minor.checked_add(1)?;
        Some(self.derived((self.major, minor, 0), SmolStr::default(), SmolStr::default()))
    }

    /// `IncMajor`; `None` at overflow.
    pub fn inc_major(&self) -> Option<Self> {
        let major = self.major.checked_add(1)?;
        Some(self.derived((major, 0, 0), SmolStr::default(), SmolStr::default()))
    }

    /// `SetPrerelease`: the same version with another prerelease.
    pub fn with_prerelease(&self, prerelease: &str) -> Result<Self, SemverError> {
        if !prerelease.is_empty() {
            validate_prerelease(prerelease)?;
        }
        Ok(self.derived((self.major, self.minor, self.patch), prerelease.into(), self.metadata.clone()))
    }

    /// `SetMetadata`: the same version with other build metadata.
    pub fn with_metadata(&self, metadata: &str) -> Result<Self, SemverError> {
        if !metadata.is_empty() {
            validate_metadata(metadata)?;
        }
        Ok(self.derived((self.major, self.minor, self.patch), self.prerelease.clone(), metadata.into()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl FromStr for Version {
    type Err = SemverError;

    fn from_str(text: &str) -> Result<Self, SemverError> {
        Self::parse(text)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch)).then_with(
            || match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prerelease(&self.prerelease, &other.prerelease),
            },
        )
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

fn out_of_range(digits: &str) -> String {
    format!("strconv.ParseUint: parsing {}: value out of range", strconv::quote(digits))
}

/// The parts of what looks like a version at the start of a text. The numbers may be made of other characters too:
/// constraints have wildcards.
struct Shape<'a> {
    major: &'a str,
    minor: &'a str,
    patch: &'a str,
    prerelease: &'a str,
    metadata: &'a str,
    /// How many bytes of the text belong to it.
    len: usize,
}

impl<'a> Shape<'a> {
    /// As much as fits; `None` when there is no first number.
    fn of(text: &'a str, in_number: impl Fn(u8) -> bool) -> Option<Self> {
        let mut at = usize::from(text.starts_with('v'));
        let run = |from: usize, allowed: &dyn Fn(u8) -> bool| {
            let rest = text.as_bytes().get(from..).unwrap_or_default();
            from + rest.iter().take_while(|byte| allowed(**byte)).count()
        };
        let slice = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let end = run(at, &in_number);
        if end == at {
            return None;
        }
        let major = slice(at, end);
        at = end;
        let mut behind_point = || {
            if text.as_bytes().get(at) != Some(&b'.') {
                return "";
            }
            let end = run(at + 1, &in_number);
            let part = slice(at + 1, end);
            if !part.is_empty() {
                at = end;
            }
            part
        };
        let minor = behind_point();
        let patch = if minor.is_empty() { "" } else { behind_point() };
        // Identifiers with points between; a point at the end does not belong.
        let mut suffix = |mark: u8| {
            if text.as_bytes().get(at) != Some(&mark) {
                return "";
            }
            let start = at + 1;
            let mut end = run(start, &in_identifier);
            if end == start {
                return "";
            }
            while text.as_bytes().get(end) == Some(&b'.') {
                let next = run(end + 1, &in_identifier);
                if next == end + 1 {
                    break;
                }
                end = next;
            }
            at = end;
            slice(start, end)
        };
        let prerelease = suffix(b'-');
        let metadata = suffix(b'+');
        Some(Self { major, minor, patch, prerelease, metadata, len: at })
    }
}

fn in_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn validate_prerelease(text: &str) -> Result<(), SemverError> {
    for part in text.split('.') {
        if part.is_empty() || !part.bytes().all(in_identifier) {
            return Err(SemverError::InvalidPrerelease);
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SemverError::SegmentStartsZero);
        }
    }
    Ok(())
}

fn validate_metadata(text: &str) -> Result<(), SemverError> {
    if text.split('.').any(|part| part.is_empty() || !part.bytes().all(in_identifier)) {
        return Err(SemverError::InvalidMetadata);
    }
    Ok(())
}

/// Part by part; a missing part is less than any other, a number less than a word.
fn compare_prerelease(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (left, right) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (left.unwrap_or_default(), right.unwrap_or_default()),
        };
        // Numbers beyond 64 bits are words to upstream.
        let number = |part: &str| part.parse::<u64>().ok();
        let ordering = match (left.is_empty(), right.is_empty()) {
            _ if left == right => Ordering::Equal,
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => match (number(left), number(right)) {
                (None, None) => left.cmp(right),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => left.cmp(&right),
            },
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::golang::golden;

    /// What Masterminds/semver says of the same texts: `fixtures/golang/semver.jsonl`.
    #[test]
    fn agrees_with_masterminds() {
        // The versions that every constraint is asked about.
        let versions: Vec<Version> = include_str!("../../../fixtures/golang/versions.txt")
            .lines()
            .map(|line| Version::parse(line).unwrap())
            .collect();
        let facts = |version: &Version| {
            let numbers = format!("{} {} {}", version.major(), version.minor(), version.patch());
            let words = [&version.to_string(), version.original(), version.prerelease(), version.metadata()];
            words.iter().map(|word| json!(word)).chain([json!(numbers)]).collect::<Vec<_>>()
        };
        let new = |version: &Version| {
            let increments = [version.inc_major(), version.inc_minor(), version.inc_patch()];
            let suffixed = [version.with_prerelease("rc.1").ok(), version.with_metadata("b1").ok()];
            let original =
                |version: Option<Version>| version.map_or_else(String::new, |it| it.original().into());
            let derived = increments.into_iter().chain(suffixed).map(|it| json!(original(it)));
            facts(version).into_iter().chain(derived).collect()
        };
        let checks = |constraint: &Constraint| {
            versions.iter().map(|it| if constraint.check(it) { '1' } else { '0' }).collect::<String>()
        };
        golden::check(include_str!("../../../fixtures/golang/semver.jsonl"), |case| {
            let text = case.text(1);
            let got: Result<Vec<Value>, SemverError> = match case.text(0) {
                "new" => Version::parse(text).map(|version| new(&version)),
                "strict" => Version::parse_strict(text).map(|version| facts(&version)),
                "compare" => {
                    let others =
                        case.0[2].as_array().unwrap().iter().map(|it| Version::parse(it.as_str().unwrap()));
                    Version::parse(text)
                        .map(|own| others.map(|it| json!(own.cmp(&it.unwrap()) as i8)).collect())
                }
                "constraint" => Constraint::parse(text).map(|constraint| {
                    let [printed, released] = [constraint.to_string(), checks(&constraint)];
                    [printed, released, checks(&constraint.including_prereleases())]
                        .map(|it| json!(it))
                        .to_vec()
                }),
                other => panic!("{other}"),
            };
            got.map_or_else(|error| error.to_string().into(), Value::Array)
        });
    }
}
