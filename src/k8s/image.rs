//! Image references: `registry/repository:tag@digest`. Mirrors `github.com/distribution/reference`.

/// The parts of a reference, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image<'a> {
    /// The registry's host and port; `docker.io` when none is written.
    pub registry: &'a str,
    /// The repository below the registry.
    pub repository: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// The digest, `sha256:...`.
    pub digest: Option<&'a str>,
}

impl<'a> Image<'a> {
    /// Splits a reference; `Err` says why it is none.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".into());
        }
        if text.contains("://") {
            return Err("a reference has no scheme".into());
        }
        if let Some(space) = text.chars().find(|c| c.is_whitespace()) {
            return Err(if space == ' ' { "it has a space".into() } else { "it has white space".into() });
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if let Some(digest) = digest {
            check_digest(digest)?;
        }
        // A colon behind the last slash begins a tag; one before it belongs to the registry's port.
        let slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest.get(slash..).and_then(|last| last.find(':')) {
            Some(colon) => (rest.get(..slash + colon).unwrap_or_default(), rest.get(slash + colon + 1..)),
            None => (rest, None),
        };
        if let Some(tag) = tag {
            check_tag(tag)?;
        }
        let (registry, repository) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
            _ => ("docker.io", name),
        };
        check_repository(repository)?;
        Ok(Self { registry, repository, tag, digest })
    }
}

fn check_digest(digest: &str) -> Result<(), String> {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return Err("its digest has no algorithm".into());
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(format!("its digest has the unknown algorithm `{algorithm}`")),
    };
    if hex.len() != length || !hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    {
        return Err(format!("its digest is not {length} hexadecimal digits"));
    }
    Ok(())
}

fn check_tag(tag: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    match tag.chars().next() {
        None => Err("its tag is empty".into()),
        Some('.' | '-') => Err("its tag begins with a punctuation mark".into()),
        Some(_) if tag.len() > 128 => Err("its tag is longer than 128 characters".into()),
        Some(_) => match tag.chars().find(|c| !good(*c)) {
            Some(c) => Err(format!("its tag has a `{c}`")),
            None => Ok(()),
        },
    }
}

fn check_repository(repository: &str) -> Result<(), String> {
    for part in repository.split('/') {
        if part.is_empty() {
            return Err("a part of its name is empty".into());
        }
        if part.chars().any(|c| c.is_ascii_uppercase()) {
            return Err("names of repositories are lower-case".into());
        }
        if let Some(c) = part
            .chars()
            .find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-')))
        {
            return Err(format!("its name has a `{c}`"));
        }
        let edge = |c: char| matches!(c, '.' | '_' | '-');
        if part.starts_with(edge) || part.ends_with(edge) {
            return Err("a part of its name begins or ends with a punctuation mark".into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_references() {
        let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let with = format!("ghcr.io/a/b:v1@{digest}");
        for (text, want) in [
            ("nginx", ("docker.io", "nginx", None, None)),
            ("library/nginx:1.2", ("docker.io", "library/nginx", Some("1.2"), None)),
            ("localhost/x", ("localhost", "x", None, None)),
            ("reg:5000/x/y:z", ("reg:5000", "x/y", Some("z"), None)),
            (with.as_str(), ("ghcr.io", "a/b", Some("v1"), Some(digest))),
        ] {
            let image = Image::parse(text).unwrap();
            assert_eq!((image.registry, image.repository, image.tag, image.digest), want, "{text}");
        }
        for text in ["", "Nginx", "nginx:", "a b", "https://x/y", "x//y", "x@sha256:12", "x:a:b", "x:-1"] {
            assert!(Image::parse(text).is_err(), "{text}");
        }
    }
}
