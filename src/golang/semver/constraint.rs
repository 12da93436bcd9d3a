//! Constraints on versions: `>=1.2 <2`, `^1.2 || ~2.0`, `1.x`, `1.2 - 1.4`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;
use smol_str::SmolStr;

use super::{SemverError, Shape, Version, compare_prerelease};

pub(super) const MAX_CONSTRAINT_LEN: usize = 512;
pub(super) const MAX_CONSTRAINT_GROUPS: usize = 32;

/// A constraint: alternatives of comparisons that must all hold.
#[derive(Debug, Clone)]
pub struct Constraint {
    alternatives: Vec<Alternative>,
    include_prerelease: bool,
}

#[derive(Debug, Clone)]
struct Alternative {
    comparisons: Vec<Comparison>,
    /// Whether any comparison names a prerelease: only then can a prerelease meet them.
    has_prerelease: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `=` or none: equal, or like `~` when parts are missing.
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// The longest spelling first, so that `=` does not hide `=>`.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterEqual),
    ("=>", Operator::GreaterEqual),
    ("<=", Operator::LessEqual),
    ("=<", Operator::LessEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

/// Which part of a constraint's version is the first to be missing or a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    Major,
    Minor,
    Patch,
    Nothing,
}

#[derive(Debug, Clone)]
struct Comparison {
    operator: Operator,
    /// The operator as written.
    sign: SmolStr,
    /// The version as written.
    written: SmolStr,
    /// The version, missing parts being zero.
    version: Version,
    open: Open,
}

impl Constraint {
    /// `NewConstraint`.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > MAX_CONSTRAINT_LEN {
            return Err(SemverError::ConstraintTooLong);
        }
        let text = rewrite_ranges(text);
        if text.split("||").count() > MAX_CONSTRAINT_GROUPS {
            return Err(SemverError::TooManyConstraintGroups);
        }
        let mut alternatives = Vec::new();
        for part in text.split("||") {
            let found =
                split_comparisons(part).ok_or_else(|| SemverError::ImproperConstraint(part.to_owned()))?;
            let comparisons = found.into_iter().map(Comparison::new).collect::<Result<Vec<_>, _>>()?;
            let has_prerelease = comparisons.iter().any(|it| !it.version.prerelease.is_empty());
            alternatives.push(Alternative { comparisons, has_prerelease });
        }
        Ok(Self { alternatives, include_prerelease: false })
    }

    /// The same constraint, which prereleases meet as if somebody had written one in it (`IncludePrerelease`;
    /// `helm --devel`).
    pub fn including_prereleases(mut self) -> Self {
        self.include_prerelease = true;
        self
    }

    /// Whether a version meets the constraint.
    pub fn check(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|alternative| {
            let prereleases = self.include_prerelease || alternative.has_prerelease;
            (prereleases || version.prerelease.is_empty())
                && alternative.comparisons.iter().all(|comparison| comparison.check(version))
        })
    }
}

impl fmt::Display for Constraint {
    /// The constraint with its blanks put in order; ranges are rewritten to two comparisons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, alternative) in self.alternatives.iter().enumerate() {
            if at > 0 {
                f.write_str(" || ")?;
            }
            for (at, comparison) in alternative.comparisons.iter().enumerate() {
                if at > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{}{}", comparison.sign, comparison.written)?;
            }
        }
        Ok(())
    }
}

impl FromStr for Constraint {
    type Err = SemverError;

    fn from_str(text: &str) -> Result<Self, SemverError> {
        Self::parse(text)
    }
}

fn is_blank(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

/// The characters upstream takes for a number of a constraint; most combinations fail later on.
fn in_wildcard(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*' | b'|')
}

/// One comparison as found: sign, version and the parts of the version.
type Found<'a> = (&'a str, Operator, &'a str, Shape<'a>);

/// Splits what stands between two `||`; `None` when its shape is wrong.
fn split_comparisons(part: &str) -> Option<Vec<Found<'_>>> {
    let mut found = Vec::new();
    let mut rest = part.trim_start_matches(is_blank);
    loop {
        let (sign, operator) = OPERATORS
            .iter()
            .find(|(sign, _)| rest.starts_with(sign))
            .copied()
            .unwrap_or(("", Operator::Equal));
        rest = rest.strip_prefix(sign)?.trim_start_matches(is_blank);
        let shape = Shape::of(rest, in_wildcard)?;
        let (version, behind) = rest.split_at_checked(shape.len)?;
        found.push((sign, operator, version, shape));
        rest = behind.trim_start_matches(is_blank);
        if rest.is_empty() {
            return Some(found);
        }
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start_matches(is_blank),
            None if rest.len() == behind.len() => return None,
            None => {}
        }
    }
}

/// Rewrites each `1.2 - 1.4` to `>= 1.2, <= 1.4 `.
fn rewrite_ranges(text: &str) -> String {
    static RANGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let blank = r"[\t\n\x0c\r ]";
        let number = r"[0-9xX|*]+";
        let ids = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*";
        let version = format!(r"v?{number}(?:\.{number})?(?:\.{number})?(?:-{ids})?(?:\+{ids})?");
        Regex::new(&format!("{blank}*({version}){blank}+-{blank}+({version}){blank}*")).ok()
    });
    let mut out = text.to_owned();
    // Nearly no constraint is a range, so the expression is not compiled for the others.
    if !text.contains("- ") && !text.contains("-\t") && !text.contains("-\n") {
        return out;
    }
    let Some(range) = RANGE.as_ref() else { return out };
    for captures in range.captures_iter(text) {
        let group = |at| captures.get(at).map_or("", |group| group.as_str());
        // Upstream replaces the first place with the same text, wherever this match was.
        out = out.replacen(group(0), &format!(">= {}, <= {} ", group(1), group(2)), 1);
    }
    out
}

impl Comparison {
    fn new((sign, operator, written, shape): Found<'_>) -> Result<Self, SemverError> {
        let is_open = |part: &str| matches!(part, "" | "x" | "X" | "*");
        let suffix = match shape.prerelease {
            "" => String::new(),
            prerelease => format!("-{prerelease}"),
        };
        let (open, text) = if is_open(shape.major) {
            (Open::Major, format!("0.0.0{suffix}"))
        } else if is_open(shape.minor) {
            (Open::Minor, format!("{}.0.0{suffix}", shape.major))
        } else if is_open(shape.patch) {
            (Open::Patch, format!("{}.{}.0{suffix}", shape.major, shape.minor))
        } else {
            (Open::Nothing, written.to_owned())
        };
        let version = Version::parse(&text).map_err(|_| SemverError::ConstraintParser)?;
        Ok(Self { operator, sign: sign.into(), written: written.into(), version, open })
    }

    /// Whether a version meets this comparison; the caller has already turned prereleases away.
    fn check(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.operator {
            Operator::Equal if self.open == Open::Nothing => version == own,
            Operator::Equal | Operator::Tilde => self.check_tilde(version),
            Operator::NotEqual => match self.open {
                Open::Nothing => version != own,
                _ if version.major != own.major => true,
                Open::Minor => false,
                _ if version.minor != own.minor => true,
                // A patch that is open differs in the prerelease alone.
                Open::Patch => compare_prerelease(&version.prerelease, &own.prerelease) != Ordering::Equal,
                Open::Major => version.patch != own.patch || version != own,
            },
            Operator::Greater => match self.open {
                _ if self.open == Open::Nothing || version.major != own.major => version > own,
                Open::Minor => false,
                Open::Patch => version.minor > own.minor,
                _ => version > own,
            },
            Operator::Less => version < own,
            Operator::GreaterEqual => version >= own,
            Operator::LessEqual if self.open == Open::Nothing => version <= own,
            Operator::LessEqual => {
                version.major < own.major
                    || version.major == own.major && (self.open == Open::Minor || version.minor <= own.minor)
            }
            Operator::Caret => self.check_caret(version),
        }
    }

    fn check_tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version < own {
            return false;
        }
        // `~0.0.0` and `*` take everything.
        let zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if zero && matches!(self.open, Open::Major | Open::Nothing) {
            return true;
        }
        version.major == own.major && (self.open == Open::Minor || version.minor == own.minor)
    }

    fn check_caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version < own || version.major != own.major {
            return false;
        }
        if own.major > 0 || self.open == Open::Minor {
            return true;
        }
        version.minor == own.minor
            && (own.minor > 0 || self.open == Open::Patch || version.patch == own.patch)
    }
}
