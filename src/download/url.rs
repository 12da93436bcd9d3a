//! The little of URLs that is needed here: parts, references, what may be shown.

/// The parts of an absolute URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// Lower-case.
    pub(super) scheme: String,
    /// Host without brackets, lower-case.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// Path and everything behind it; begins with `/` or is empty.
    pub(super) rest: String,
}

impl Url {
    /// Reads `scheme://[user@]host[:port]/...`; the user is dropped. `None` where something of it is missing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, behind) = text.split_once("://")?;
        let (authority, rest) = behind.split_at(behind.find(['/', '?', '#', '\\']).unwrap_or(behind.len()));
        let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
        let (host, port) = match place.strip_prefix('[').and_then(|place| place.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            None | Some("") => None,
            Some(port) => Some(port.parse().ok()?),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:%".contains(c);
        if host.is_empty() || !host.chars().all(plain) || rest.starts_with('\\') {
            return None;
        }
        // Everything behind is one line of plain characters, or the request would be another one.
        let rest: String = rest
            .split('#')
            .next()
            .unwrap_or_default()
            .chars()
            .map(|c| if c == ' ' { "%20".to_owned() } else { c.to_string() })
            .collect();
        if rest.chars().any(|c| c.is_control() || !c.is_ascii()) {
            return None;
        }
        Some(Self { scheme: scheme.to_ascii_lowercase(), host: host.to_ascii_lowercase(), port, rest })
    }

    /// The port, given or not.
    pub(super) fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.scheme == "http" { 80 } else { 443 })
    }

    /// Host and port, as the Host header says it.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        self.port.map_or(host.clone(), |port| format!("{host}:{port}"))
    }

    /// The text of it.
    pub(super) fn text(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority(), self.rest)
    }

    /// What may be shown: the query may hold a signature.
    pub(super) fn shown(&self) -> String {
        let path = self.rest.split('?').next().unwrap_or_default();
        format!("{}://{}{path}", self.scheme, self.authority())
    }

    /// Whether two URLs lead to one server.
    pub(super) fn is_same_server(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.host == other.host
            && self.port_or_default() == other.port_or_default()
    }

    /// A file in this directory, whatever the query: `https://h/charts?x=1` and `index.yaml` are
    /// `https://h/charts/index.yaml?x=1`.
    pub(super) fn child(&self, name: &str) -> Self {
        let (path, query) =
            self.rest.split_once('?').map_or((self.rest.as_str(), None), |(a, b)| (a, Some(b)));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Self { rest: format!("{}/{name}{query}", path.trim_end_matches('/')), ..self.clone() }
    }

    /// What a `Location` of an answer of this URL means: relative ones are seen from its directory.
    pub(super) fn resolve_location(&self, location: &str) -> Option<Self> {
        let path = self.rest.split('?').next().unwrap_or_default();
        let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
        Self { rest: dir.to_owned(), ..self.clone() }.resolve(location)
    }

    /// What a reference in a document of this directory means, as `ResolveReferenceURL` of Helm reads it.
    pub(super) fn resolve(&self, reference: &str) -> Option<Self> {
        if reference.contains("://") {
            return Self::parse(reference);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme));
        }
        let base = self.rest.split('?').next().unwrap_or_default();
        let joined = match reference.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("{}/{reference}", base.trim_matches('/')),
        };
        let (path, query) = joined.split_once('?').map_or((joined.as_str(), None), |(a, b)| (a, Some(b)));
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        let query = query.or_else(|| self.rest.split_once('?').map(|(_, query)| query));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let text = format!("{}://{}/{}{query}", self.scheme, self.authority(), parts.join("/"));
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let url = Url::parse("HTTPS://u:p@Host.Example:8443/a b?x=1#f").unwrap();
        assert_eq!(url.text(), "https://host.example:8443/a%20b?x=1");
        assert_eq!(url.shown(), "https://host.example:8443/a%20b");
        assert_eq!(Url::parse("http://[::1]:80/x").unwrap().text(), "http://[::1]:80/x");
        for text in [
            "",
            "x",
            "file:///etc/passwd",
            "http://",
            "http://h:x/",
            "http://a\nb/",
            "http://h/\r\nX: y",
            "http://a\\@b/",
        ] {
            assert_eq!(Url::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn references() {
        let base = Url::parse("https://h.example/charts/stable?token=1").unwrap();
        for (reference, want) in [
            ("a-1.tgz", "https://h.example/charts/stable/a-1.tgz?token=1"),
            ("x/../a-1.tgz", "https://h.example/charts/stable/a-1.tgz?token=1"),
            ("../../../a.tgz", "https://h.example/a.tgz?token=1"),
            ("/a.tgz", "https://h.example/a.tgz?token=1"),
            ("a.tgz?y=2", "https://h.example/charts/stable/a.tgz?y=2"),
            ("//other.example/a.tgz", "https://other.example/a.tgz"),
            ("http://other.example/a.tgz", "http://other.example/a.tgz"),
        ] {
            assert_eq!(base.resolve(reference).unwrap().text(), want, "{reference}");
        }
        assert_eq!(base.child("index.yaml").text(), "https://h.example/charts/stable/index.yaml?token=1");
        assert_eq!(Url::parse("https://h").unwrap().child("index.yaml").text(), "https://h/index.yaml");
    }
}
