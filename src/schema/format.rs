//! Formats of strings and numbers, as the API server reads them.

use crate::golang::time::{Duration, Time};
use crate::k8s::quantity;

use super::def::Format;

impl Format {
    /// The format of that name; one that the API server does not look at is [`Format::Any`].
    pub(super) fn named(name: &str) -> Self {
        match name {
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "byte" => Self::Byte,
            "date-time" | "datetime" => Self::DateTime,
            "date" => Self::Date,
            "duration" => Self::Duration,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "ip" => Self::Ip,
            "cidr" => Self::Cidr,
            "uri" => Self::Uri,
            "uuid" => Self::Uuid,
            "email" => Self::Email,
            "hostname" => Self::HostName,
            "mac" => Self::Mac,
            "quantity" => Self::Quantity,
            _ => Self::Any,
        }
    }

    /// What a string of this format is: `a time as in RFC 3339`.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Any => "a string",
            Self::Int32 => "an integer of 32 bits",
            Self::Int64 => "an integer of 64 bits",
            Self::Quantity => "a quantity",
            Self::Byte => "base64",
            Self::DateTime => "a time as in `2006-01-02T15:04:05Z`",
            Self::Date => "a date as in `2006-01-02`",
            Self::Duration => "a duration as in `1h30m`",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Ip => "an IP address",
            Self::Cidr => "an address range as in `10.0.0.0/8`",
            Self::Uri => "a URI",
            Self::Uuid => "a UUID",
            Self::Email => "an email address",
            Self::HostName => "a host name",
            Self::Mac => "a MAC address",
        }
    }

    /// Whether a string has this format. What cannot be told for sure is taken.
    pub(super) fn accepts(self, text: &str) -> bool {
        match self {
            Self::Any | Self::Int32 | Self::Int64 | Self::Email | Self::HostName | Self::Uri => true,
            // Spaces around it do not count when JSON is read.
            Self::Quantity => quantity(text.trim()).is_some(),
            Self::Byte => is_base64(text),
            Self::DateTime => is_date_time(text),
            Self::Date => Time::parse("2006-01-02", text).is_ok(),
            Self::Duration => is_duration(text),
            Self::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.contains(':') && text.parse::<std::net::Ipv6Addr>().is_ok(),
            Self::Ip => text.parse::<std::net::IpAddr>().is_ok(),
            Self::Cidr => is_cidr(text),
            Self::Uuid => is_uuid(text),
            Self::Mac => {
                let parts: Vec<&str> = text.split([':', '-']).collect();
                parts.len() < 2 || parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
            }
        }
    }
}

/// Go's `base64.StdEncoding`: line ends do not count, padding must be there.
fn is_base64(text: &str) -> bool {
    let digits = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r'));
    let (mut length, mut padding) = (0_usize, 0_usize);
    for byte in digits {
        length += 1;
        match byte {
            b'=' => padding += 1,
            _ if padding > 0 => return false,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {}
            _ => return false,
        }
    }
    length.is_multiple_of(4) && padding <= 2
}

fn is_date_time(text: &str) -> bool {
    Time::parse("2006-01-02T15:04:05Z07:00", text).is_ok()
}

/// What `strfmt` reads: Go's durations, and numbers with a word behind them.
fn is_duration(text: &str) -> bool {
    let wordy = || {
        let digits = text.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        text.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_alphabetic())
    };
    Duration::parse(text).is_ok() || wordy()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    !bits.is_empty()
        && bits.bytes().all(|byte| byte.is_ascii_digit())
        && bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

fn is_uuid(text: &str) -> bool {
    let digits = text.bytes().filter(|byte| *byte != b'-');
    digits.clone().count() == 32 && digits.clone().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_formats() {
        for (format, good, bad) in [
            (Format::Byte, &["", "YQ==", "YWJj\nYWJj"][..], &["YQ", "Y", "a b=", "=YQ="][..]),
            (
                Format::DateTime,
                &["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.6+01:00"],
                &["2024-01-02", "x"],
            ),
            (Format::Duration, &["1h30m", "5 s", "10s"], &["1 hour ago", "h"]),
            (Format::Cidr, &["10.0.0.0/8", "::/0"], &["10.0.0.0", "10.0.0.0/33", "x/8"]),
            (Format::Ipv4, &["10.0.0.1"], &["10.0.0", "::1"]),
            (Format::Quantity, &["1Gi", "100m"], &["1Gib", "500MB"]),
            (Format::Uuid, &["123e4567-e89b-12d3-a456-426614174000"], &["123e4567"]),
        ] {
            for text in good {
                assert!(format.accepts(text), "{format:?} {text}");
            }
            for text in bad {
                assert!(!format.accepts(text), "{format:?} {text}");
            }
        }
    }
}
