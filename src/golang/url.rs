//! URLs as Go's `net/url` reads and prints them.

use std::fmt::Write as _;

use super::strconv::quote;

/// A parsed URL (`url.URL`). The parts are decoded, but for the query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Url {
    /// In lower case.
    pub scheme: String,
    /// What follows the scheme where that is no path: `mailto:a@b`.
    pub opaque: String,
    /// Name and password.
    pub user: Option<(String, Option<String>)>,
    /// With the port.
    pub host: String,
    /// The path.
    pub path: String,
    /// The query as it is written.
    pub raw_query: String,
    /// The fragment.
    pub fragment: String,
    /// Whether an empty query is written as `?`.
    pub force_query: bool,
    /// Whether an empty host is left out: `file:/x`.
    pub omit_host: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    UserPassword,
    Fragment,
}

impl Url {
    /// `url.Parse`
    ///
    /// # Errors
    ///
    /// Go's words: `parse "%zz": invalid URL escape "%zz"`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
        let mut url = Self::read(before).map_err(|error| format!("parse {}: {error}", quote(before)))?;
        url.fragment =
            unescape(fragment, Part::Fragment).map_err(|error| format!("parse {}: {error}", quote(text)))?;
        Ok(url)
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".into());
        }
        let mut url = Self::default();
        if text == "*" {
            url.path = "*".into();
            return Ok(url);
        }
        let (scheme, mut rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        match rest.split_once('?') {
            Some((path, "")) => {
                url.force_query = true;
                rest = path;
            }
            Some((path, query)) => {
                url.raw_query = query.into();
                rest = path;
            }
            None => {}
        }
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                url.opaque = rest.into();
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".into());
            }
        }
        let authority = rest.strip_prefix("//").filter(|_| !scheme.is_empty() || !rest.starts_with("///"));
        if let Some(authority) = authority {
            let slash = authority.find('/').unwrap_or(authority.len());
            let (authority, path) = authority.split_at_checked(slash).unwrap_or((authority, ""));
            rest = path;
            url.read_authority(authority)?;
        } else if !scheme.is_empty() && rest.starts_with('/') {
            url.omit_host = true;
        }
        url.path = unescape(rest, Part::Path)?;
        Ok(url)
    }

    fn read_authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = read_host(host)?;
        let Some(user) = user else { return Ok(()) };
        let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
        if !user.bytes().all(is_valid) {
            return Err("net/url: invalid userinfo".into());
        }
        self.user = Some(match user.split_once(':') {
            Some((name, password)) => {
                (unescape(name, Part::UserPassword)?, Some(unescape(password, Part::UserPassword)?))
            }
            None => (unescape(user, Part::UserPassword)?, None),
        });
        Ok(())
    }

    /// `Hostname`: the host without port and brackets.
    pub fn hostname(&self) -> &str {
        let host = match self.host.rfind(':') {
            Some(colon) if is_optional_port(self.host.get(colon..).unwrap_or_default()) => {
                self.host.get(..colon).unwrap_or_default()
            }
            _ => &self.host,
        };
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// `User.String`, or nothing.
    pub fn userinfo(&self) -> String {
        match &self.user {
            None => String::new(),
            Some((name, None)) => escape(name, Part::UserPassword),
            Some((name, Some(password))) => {
                format!("{}:{}", escape(name, Part::UserPassword), escape(password, Part::UserPassword))
            }
        }
    }
}

/// `URL.String`
impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if self.opaque.is_empty() {
            let has_authority = !self.host.is_empty() || self.user.is_some();
            if has_authority || !self.scheme.is_empty() && !self.omit_host {
                if has_authority || !self.path.is_empty() {
                    f.write_str("//")?;
                }
                if self.user.is_some() {
                    write!(f, "{}@", self.userinfo())?;
                }
                f.write_str(&escape(&self.host, Part::Host))?;
            }
            let path = if self.path == "*" { "*".to_owned() } else { escape(&self.path, Part::Path) };
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                f.write_str("/")?;
            }
            // A first segment with a colon would be read as a scheme.
            let is_bare = self.scheme.is_empty() && !has_authority;
            if is_bare && path.split('/').next().is_some_and(|segment| segment.contains(':')) {
                f.write_str("./")?;
            }
            f.write_str(&path)?;
        } else {
            f.write_str(&self.opaque)?;
        }
        if self.force_query || !self.raw_query.is_empty() {
            write!(f, "?{}", self.raw_query)?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", escape(&self.fragment, Part::Fragment))?;
        }
        Ok(())
    }
}

fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".into()),
            b':' => return Ok(text.split_once(':').unwrap_or(("", text))),
            _ => break,
        }
    }
    Ok(("", text))
}

fn is_optional_port(port: &str) -> bool {
    port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn read_host(host: &str) -> Result<String, String> {
    let bad_port = |port: &str| Err(format!("invalid port {} after host", quote(port)));
    if host.starts_with('[') {
        let Some(end) = host.rfind(']') else { return Err("missing ']' in host".into()) };
        let port = host.get(end + 1..).unwrap_or_default();
        if !is_optional_port(port) {
            return bad_port(port);
        }
        // The zone of an IPv6 address may hold what a host may not.
        if let Some(zone) = host.get(..end).and_then(|address| address.find("%25")) {
            let (before, rest) = host.split_at_checked(zone).unwrap_or((host, ""));
            let (zone, behind) = rest.split_at_checked(end - zone).unwrap_or((rest, ""));
            return Ok(unescape(before, Part::Host)?
                + &unescape(zone, Part::Zone)?
                + &unescape(behind, Part::Host)?);
        }
    } else if let Some(colon) = host.rfind(':') {
        let port = host.get(colon..).unwrap_or_default();
        if !is_optional_port(port) {
            return bad_port(port);
        }
    }
    unescape(host, Part::Host)
}

fn should_escape(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() {
        return false;
    }
    let is_host = matches!(part, Part::Host | Part::Zone);
    if is_host && b"!$&'()*+,;=:[]<>\"".contains(&byte) {
        return false;
    }
    match byte {
        b'-' | b'_' | b'.' | b'~' => false,
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => match part {
            Part::Path => byte == b'?',
            Part::UserPassword => matches!(byte, b'@' | b'/' | b'?' | b':'),
            Part::Fragment => false,
            Part::Host | Part::Zone => true,
        },
        b'!' | b'(' | b')' | b'*' => part != Part::Fragment,
        _ => true,
    }
}

fn escape(text: &str, part: Part) -> String {
    let mut out = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        if should_escape(byte, part) {
            let mut hex = String::new();
            // Writing to a string cannot fail.
            let _ = write!(hex, "%{byte:02X}");
            out.extend(hex.bytes());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn unescape(text: &str, part: Part) -> Result<String, String> {
    let bytes = text.as_bytes();
    let is_host = matches!(part, Part::Host | Part::Zone);
    let hex =
        |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16)).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let end = bytes.len().min(at + 3);
            let shown = String::from_utf8_lossy(bytes.get(at..end).unwrap_or_default()).into_owned();
            let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2)) else {
                return Err(format!("invalid URL escape {}", quote(&shown)));
            };
            let value = high << 4 | low;
            let is_bad = match part {
                Part::Host => high < 8 && shown != "%25",
                Part::Zone => shown != "%25" && value != b' ' && should_escape(value, Part::Host),
                _ => false,
            };
            if is_bad {
                return Err(format!("invalid URL escape {}", quote(&shown)));
            }
            out.push(value);
            at += 3;
            continue;
        }
        if is_host && byte < 0x80 && should_escape(byte, part) {
            let shown = quote(&char::from(byte).to_string());
            return Err(format!("invalid character {shown} in host name"));
        }
        out.push(byte);
        at += 1;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}
