//! What texts may look like. Mirrors `k8s.io/apimachinery/pkg/util/validation`.

use std::net::IpAddr;

use crate::k8s::names::{
    dns_label_error, dns_subdomain_error, label_value_error, path_segment_error, qualified_name_error,
};

/// A kind of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A DNS label of RFC 1123.
    Label,
    /// A DNS label of RFC 1035, which begins with a letter.
    Label1035,
    /// DNS labels with dots between.
    Subdomain,
    /// As [`Shape::Subdomain`], with `_`.
    Search,
    /// `example.com/name`, the domain may be missing.
    Qualified,
    /// The value of a label.
    LabelValue,
    /// A part of a path in the API.
    Segment,
    /// A path that begins with `/`.
    Absolute,
    /// A path that stays below where it begins.
    Descending,
    /// A path without steps up.
    NoBacksteps,
    /// The name of a port: at most 15 characters, a letter among them.
    PortName,
    /// An address.
    Ip,
    /// A range of addresses.
    Cidr,
    /// A name of a variable.
    EnvName,
    /// The prefix of names of variables.
    EnvPrefix,
    /// A key of a ConfigMap or Secret.
    ConfigKey,
    /// The name of a header.
    Header,
    /// The name of a CSI driver.
    Driver,
    /// A domain, a slash and a path.
    DomainPath,
    /// The name of a kernel parameter.
    Sysctl,
}

impl Shape {
    /// Why a text does not have the shape.
    pub(super) fn error(self, text: &str) -> Option<String> {
        let own = |bad: bool, why: &str| bad.then(|| why.to_owned());
        match self {
            Self::Label => dns_label_error(text),
            Self::Label1035 => dns_label_error(text).or_else(|| {
                let digit = text.starts_with(|c: char| c.is_ascii_digit());
                own(digit, "it must begin with a letter")
            }),
            Self::Subdomain => dns_subdomain_error(text),
            Self::Search => dns_subdomain_error(&text.strip_suffix('.').unwrap_or(text).replace('_', "a"))
                .filter(|_| text != "."),
            Self::Qualified => qualified_name_error(text),
            Self::LabelValue => label_value_error(text),
            Self::Segment => path_segment_error(text),
            Self::Absolute => own(!text.starts_with('/'), "it must begin with `/`"),
            Self::Descending if text.starts_with('/') => own(true, "it must not begin with `/`"),
            Self::Descending | Self::NoBacksteps => {
                own(text.split(['/', '\\']).any(|part| part == ".."), "it must not contain `..`")
            }
            Self::PortName => port_name_error(text).map(str::to_owned),
            Self::Ip => own(parse_ip(text).is_none(), "it is no address"),
            Self::Cidr => own(!is_cidr(text), "it is no range of addresses, such as `10.0.0.0/8`"),
            Self::EnvName | Self::EnvPrefix => {
                own(!text.chars().all(|c| matches!(c, ' '..='~') && c != '='), "a character is not allowed")
            }
            Self::ConfigKey => config_key_error(text).map(str::to_owned),
            Self::Header => {
                let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
                own(!text.chars().all(good), "letters, digits and hyphens are allowed")
            }
            Self::Driver if text.len() > 63 => own(true, "63 characters are allowed"),
            Self::Driver => dns_subdomain_error(&text.to_ascii_lowercase()),
            Self::DomainPath => domain_path_error(text),
            Self::Sysctl => own(!is_sysctl(text), "it is no name of a kernel parameter"),
        }
    }
}

fn domain_path_error(text: &str) -> Option<String> {
    let Some((domain, path)) = text.split_once('/') else {
        return Some("it must be a domain and a path, as in `acme.io/foo`".to_owned());
    };
    let good = |c: char| c.is_ascii_alphanumeric() || "/-_.~!$&'()*+,;=:@%".contains(c);
    if path.is_empty() || !path.chars().all(good) {
        return Some("the part behind the domain is no path".to_owned());
    }
    dns_subdomain_error(domain)
}

/// Why a text is no name of a port.
fn port_name_error(text: &str) -> Option<&'static str> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.len() > 15 {
        Some("15 characters are allowed")
    } else if !text.chars().all(good) {
        Some("only small letters, digits and hyphens are allowed")
    } else if !text.contains(|c: char| c.is_ascii_lowercase()) {
        Some("it must have a letter")
    } else if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
        Some("hyphens must be single and between other characters")
    } else {
        None
    }
}

/// Why a text is no key of a ConfigMap or Secret: keys are names of files.
pub(super) fn config_key_error(text: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match text {
        "." | ".." => Some("it is a directory"),
        _ if text.starts_with("..") => Some("it begins with `..`"),
        _ if text.len() > 253 => Some("it has more than 253 characters"),
        _ if !text.chars().all(plain) => Some("letters, digits, `-`, `_` and `.` are allowed"),
        _ => None,
    }
}

/// An address, with zeros before numbers let pass, as fields of old do.
pub(super) fn parse_ip(text: &str) -> Option<IpAddr> {
    let number = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    text.parse().ok().or_else(|| text.split('.').map(number).collect::<Vec<_>>().join(".").parse().ok())
}

/// A range of addresses.
pub(super) fn is_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, bits)| {
        let most = match parse_ip(address) {
            Some(IpAddr::V4(_)) => 32,
            Some(IpAddr::V6(_)) => 128,
            None => return false,
        };
        bits.bytes().all(|byte| byte.is_ascii_digit()) && bits.parse::<u32>().is_ok_and(|bits| bits <= most)
    })
}

fn is_sysctl(text: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 253
        && text
            .split(['.', '/'])
            .all(|part| part.chars().all(good) && part.starts_with(edge) && part.ends_with(edge))
}
