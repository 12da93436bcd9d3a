//! The parts of Go's `net/url` that templates and sources of charts use: reading and writing of a URL, escaping.
//!
//! Bytes that `%ff` makes and that are no text are U+FFFD here, also where the URL is written again.

use std::fmt::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};

use super::strconv::quote;

/// What is escaped depends on the part of the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    PathSegment,
    Host,
    Zone,
    UserPassword,
    Query,
    Fragment,
}

/// Whether a byte is written as it is.
fn is_plain(byte: u8, part: Part) -> bool {
    let others: &[u8] = match part {
        Part::Path => b"$&+,/:;=@",
        Part::PathSegment => b"$&+:=@",
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"",
        Part::UserPassword => b"$&+,;=",
        Part::Query => b"",
        Part::Fragment => b"$&+,/:;=?@!()*",
    };
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || others.contains(&byte)
}

fn escape(text: &[u8], part: Part) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' if part == Part::Query => out.push('+'),
            byte if is_plain(*byte, part) => out.push(char::from(*byte)),
            // Writing to a string cannot fail.
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn unescape(text: &str, part: Part) -> Result<Vec<u8>, String> {
    let host = matches!(part, Part::Host | Part::Zone);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'%' => {
                let shown = |digits: &[u8]| {
                    let escape =
                        String::from_utf8_lossy(digits.get(..digits.len().min(2)).unwrap_or_default());
                    format!("invalid URL escape {}", quote(&format!("%{escape}")))
                };
                let digit = |at: usize| behind.get(at).and_then(|byte| char::from(*byte).to_digit(16));
                let (Some(high), Some(low)) = (digit(0), digit(1)) else { return Err(shown(behind)) };
                let value = (high * 16 + low) as u8;
                let percent = value == b'%';
                // In a host only what is not ASCII may be escaped; in a zone only what needs not be, and blanks.
                let refused = match part {
                    Part::Host => high < 8 && !percent,
                    Part::Zone => !percent && value != b' ' && !is_plain(value, Part::Host),
                    _ => false,
                };
                if refused {
                    return Err(shown(behind));
                }
                out.push(value);
                rest = behind.get(2..).unwrap_or_default();
            }
            b'+' if part == Part::Query => out.push(b' '),
            byte if host && byte.is_ascii() && !is_plain(*byte, part) => {
                let shown = quote(&char::from(*byte).to_string());
                return Err(format!("invalid character {shown} in host name"));
            }
            byte => out.push(*byte),
        }
    }
    Ok(out)
}

fn unescape_text(text: &str, part: Part) -> Result<String, String> {
    unescape(text, part).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// `url.QueryEscape`.
pub fn query_escape(text: &str) -> String {
    escape(text.as_bytes(), Part::Query)
}

/// `url.PathEscape`.
pub fn path_escape(text: &str) -> String {
    escape(text.as_bytes(), Part::PathSegment)
}

/// `url.QueryUnescape`.
pub fn query_unescape(text: &str) -> Result<String, UrlError> {
    unescape_text(text, Part::Query).map_err(UrlError)
}

/// `url.PathUnescape`.
pub fn path_unescape(text: &str) -> Result<String, UrlError> {
    unescape_text(text, Part::PathSegment).map_err(UrlError)
}

/// Why a text is no URL, in Go's words. The message of [`Url::parse`] shows the URL, with the password in it, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlError(String);

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UrlError {}

/// A user name, and perhaps a password, in a URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Userinfo {
    /// The name, unescaped.
    pub username: String,
    /// The password, unescaped.
    pub password: Option<String>,
}

impl fmt::Display for Userinfo {
    /// Escaped, as in the URL: with the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(self.username.as_bytes(), Part::UserPassword))?;
        match &self.password {
            Some(password) => write!(f, ":{}", escape(password.as_bytes(), Part::UserPassword)),
            None => Ok(()),
        }
    }
}

/// `url.URL`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Url {
    /// In lower case, without the colon.
    pub scheme: String,
    /// What follows the scheme of a URL without slashes: `mailto:a@b`.
    pub opaque: String,
    /// Who logs in.
    pub user: Option<Userinfo>,
    /// The host and, behind a colon, the port.
    pub host: String,
    /// The path, unescaped.
    pub path: String,
    /// The query as written, without the question mark.
    pub raw_query: String,
    /// The fragment, unescaped.
    pub fragment: String,
    /// The path as written, if it is not written as we would.
    pub raw_path: String,
    /// The fragment as written, likewise.
    pub raw_fragment: String,
    /// Whether a question mark stands before an empty query.
    pub force_query: bool,
    /// Whether there is no host though there could be: `file:/x`.
    pub omit_host: bool,
}

impl Url {
    /// `url.Parse`.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
        let wrap = |text: &str, error: &str| UrlError(format!("parse {}: {error}", quote(text)));
        let mut url = Self::parse_before_fragment(before).map_err(|error| wrap(before, &error))?;
        if !fragment.is_empty() {
            (url.fragment, url.raw_fragment) =
                unescape_part(fragment, Part::Fragment).map_err(|error| wrap(text, &error))?;
        }
        Ok(url)
    }

    fn parse_before_fragment(text: &str) -> Result<Self, String> {
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Self::default();
        if text == "*" {
            "*".clone_into(&mut url.path);
            return Ok(url);
        }
        let (scheme, rest) = split_scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (mut rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        query.clone_into(&mut url.raw_query);
        url.force_query = query.is_empty() && text.ends_with('?');
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                rest.clone_into(&mut url.opaque);
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        if let Some(behind) =
            rest.strip_prefix("//").filter(|behind| !scheme.is_empty() || !behind.starts_with('/'))
        {
            let (authority, path) =
                behind.split_at_checked(behind.find('/').unwrap_or(behind.len())).unwrap_or_default();
            rest = path;
            let (user, host) = match authority.rsplit_once('@') {
                Some((user, host)) => (Some(user), host),
                None => (None, authority),
            };
            url.host = parse_host(host)?;
            url.user = user.map(parse_user).transpose()?;
        } else if !url.scheme.is_empty() && rest.starts_with('/') {
            url.omit_host = true;
        }
        (url.path, url.raw_path) = unescape_part(rest, Part::Path)?;
        Ok(url)
    }

    /// `Hostname`: the host without port and brackets.
    pub fn hostname(&self) -> &str {
        self.split_host().0
    }

    /// `Port`: what follows the colon of the host, or nothing.
    pub fn port(&self) -> &str {
        self.split_host().1
    }

    fn split_host(&self) -> (&str, &str) {
        let (host, port) = match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
            _ => (self.host.as_str(), ""),
        };
        (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
    }

    /// `EscapedPath`.
    pub fn escaped_path(&self) -> String {
        if self.path == "*" && self.raw_path.is_empty() {
            return "*".to_owned();
        }
        escaped_part(&self.path, &self.raw_path, Part::Path)
    }

    /// `User.String()`: who logs in, escaped, with the password; may be empty.
    pub fn userinfo(&self) -> String {
        self.user.as_ref().map_or_else(String::new, Userinfo::to_string)
    }

    /// `Redacted`: the URL with `xxxxx` for the password.
    pub fn redacted(&self) -> String {
        let mut url = self.clone();
        if let Some(password) = url.user.as_mut().and_then(|user| user.password.as_mut()) {
            "xxxxx".clone_into(password);
        }
        url.to_string()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out.push_str(&self.scheme);
            out.push(':');
        }
        if self.opaque.is_empty() {
            let authority = !self.host.is_empty() || self.user.is_some();
            if authority || !self.scheme.is_empty() && !self.omit_host && !self.path.is_empty() {
                out.push_str("//");
            }
            if let Some(user) = &self.user {
                let _ = write!(out, "{user}@");
            }
            out.push_str(&escape(self.host.as_bytes(), Part::Host));
            let path = self.escaped_path();
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                out.push('/');
            }
            // A colon in the first segment would make a scheme of it.
            if out.is_empty() && path.split('/').next().is_some_and(|segment| segment.contains(':')) {
                out.push_str("./");
            }
            out.push_str(&path);
        } else {
            out.push_str(&self.opaque);
        }
        if self.force_query || !self.raw_query.is_empty() {
            out.push('?');
            out.push_str(&self.raw_query);
        }
        if !self.fragment.is_empty() {
            out.push('#');
            out.push_str(&escaped_part(&self.fragment, &self.raw_fragment, Part::Fragment));
        }
        f.write_str(&out)
    }
}

/// A part unescaped, and as it was written if we would write it differently.
fn unescape_part(text: &str, part: Part) -> Result<(String, String), String> {
    let bytes = unescape(text, part)?;
    let same = escape(&bytes, part) == text;
    Ok(match String::from_utf8(bytes) {
        Ok(plain) => (plain, if same { String::new() } else { text.to_owned() }),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), text.to_owned()),
    })
}

/// A part as it was written, if that is still what it says and fit to be written.
fn escaped_part(plain: &str, raw: &str, part: Part) -> String {
    let fit = |byte: u8| b"!$&'()*+,;=:@[]%".contains(&byte) || is_plain(byte, part);
    let still = !raw.is_empty() && raw.bytes().all(fit) && unescape_text(raw, part).as_deref() == Ok(plain);
    if still { raw.to_owned() } else { escape(plain.as_bytes(), part) }
}

fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    let in_scheme = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.');
    let len = text.find(|char| !in_scheme(char)).unwrap_or(text.len());
    match text.split_at_checked(len) {
        Some(("", rest)) if rest.starts_with(':') => Err("missing protocol scheme".to_owned()),
        Some((scheme, rest))
            if rest.starts_with(':') && scheme.starts_with(|char: char| char.is_ascii_alphabetic()) =>
        {
            Ok((scheme, rest.get(1..).unwrap_or_default()))
        }
        _ => Ok(("", text)),
    }
}

fn parse_user(text: &str) -> Result<Userinfo, String> {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !text.bytes().all(fit) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (username, password) = match text.split_once(':') {
        Some((username, password)) => (username, Some(password)),
        None => (text, None),
    };
    Ok(Userinfo {
        username: unescape_text(username, Part::UserPassword)?,
        password: password.map(|password| unescape_text(password, Part::UserPassword)).transpose()?,
    })
}

/// Checks what begins with the colon before a port, or is empty.
fn check_port(text: &str) -> Result<(), String> {
    let fits = text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if fits { Ok(()) } else { Err(format!("invalid port {} after host", quote(text))) }
}

fn parse_host(host: &str) -> Result<String, String> {
    match host.rfind('[') {
        Some(0) => {}
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {
            // Go 1.26 looks at the first colon of `http`, but not in programs written for older versions, as Helm.
            if let Some(colon) = host.rfind(':') {
                check_port(host.get(colon..).unwrap_or_default())?;
            }
            return unescape_text(host, Part::Host);
        }
    }
    let (address, port) = host.get(1..).unwrap_or_default().rsplit_once(']').ok_or("missing ']' in host")?;
    check_port(port)?;
    let address = match address.find("%25").and_then(|at| address.split_at_checked(at)) {
        Some((address, zone)) => unescape_text(address, Part::Host)? + &unescape_text(zone, Part::Zone)?,
        None => unescape_text(address, Part::Host)?,
    };
    if address.parse::<Ipv4Addr>().is_ok() {
        return Err("invalid IP-literal".to_owned());
    }
    let (number, zone) = address.split_once('%').unwrap_or((&address, "none"));
    if zone.is_empty() || number.parse::<Ipv6Addr>().is_err() {
        return Err(format!("invalid host: ParseAddr({}): unable to parse IP", quote(&address)));
    }
    Ok(format!("[{address}]{port}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::golang::golden;

    /// What Go says: `fixtures/golang/url.jsonl`.
    #[test]
    fn agrees_with_go() {
        golden::check(include_str!("../../fixtures/golang/url.jsonl"), |case| {
            let text = case.text(1);
            match case.text(0) {
                "parse" => match Url::parse(text) {
                    Ok(url) => json!([
                        url.scheme,
                        url.opaque,
                        url.user.as_ref().map(Userinfo::to_string),
                        url.host,
                        url.hostname(),
                        url.port(),
                        url.path,
                        url.raw_query,
                        url.fragment,
                        url.to_string(),
                        url.redacted(),
                    ]),
                    // What is wrong with an address in brackets Go says more precisely.
                    Err(error) => match error.to_string().split_once("ParseAddr") {
                        Some((before, _)) => json!(format!("{before}ParseAddr")),
                        None => json!(error.to_string()),
                    },
                },
                "join" => {
                    let url = Url {
                        scheme: text.to_owned(),
                        opaque: case.text(2).to_owned(),
                        host: case.text(3).to_owned(),
                        path: case.text(4).to_owned(),
                        raw_query: case.text(5).to_owned(),
                        fragment: case.text(6).to_owned(),
                        ..Url::default()
                    };
                    url.to_string().into()
                }
                "escape" => {
                    let shown =
                        |text: Result<String, UrlError>| text.unwrap_or_else(|error| error.to_string());
                    json!([
                        path_escape(text),
                        query_escape(text),
                        shown(path_unescape(text)),
                        shown(query_unescape(text))
                    ])
                }
                other => panic!("{other}"),
            }
        });
    }
}
