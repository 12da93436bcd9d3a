//! Credentials that the user keeps for a server, found by its name. They are read from where other tools keep them, are
//! sent to that server only, and never printed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::source::Sources;
use crate::yaml::{Cache, Node};

use super::Environment;
use super::aws::Keys;
use super::url::Url;

/// A user and a password, or a token that is exchanged for one.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    user: String,
    password: String,
    /// `identitytoken`: exchanged at the token service of a registry.
    pub(super) refresh: Option<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(..)")
    }
}

impl Login {
    fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: password.to_owned(), refresh: None }
    }

    /// The same as keys of an object store.
    pub(super) fn keys(&self) -> Keys {
        Keys { id: self.user.clone(), secret: self.password.clone(), token: None }
    }

    /// The value of an `Authorization` header.
    pub(super) fn header(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)))
    }
}

/// All credentials.
#[derive(Debug, Default)]
pub(super) struct Logins {
    netrc: Vec<(Option<String>, Login)>,
    registries: Vec<(String, Login)>,
    /// URL of a Helm repository, and whether the credentials go to other hosts as well.
    repositories: Vec<(Url, Login)>,
}

impl Logins {
    /// Reads what there is; files in another shape say nothing.
    pub(super) fn new(environment: &Environment) -> Self {
        Self {
            netrc: environment.netrc.as_deref().map(netrc).unwrap_or_default(),
            registries: environment.registries.iter().flat_map(|text| docker(text)).collect(),
            repositories: environment.repositories.as_deref().map(helm_repositories).unwrap_or_default(),
        }
    }

    /// Those for a URL over HTTP.
    pub(super) fn for_url(&self, url: &Url) -> Option<&Login> {
        let below = |repository: &Url| {
            let path = repository.rest.trim_end_matches('/');
            url.is_same_server(repository)
                && url
                    .rest
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        let known =
            self.repositories.iter().find(|(repository, _)| below(repository)).map(|(_, login)| login);
        let named = || self.netrc.iter().find(|(host, _)| host.as_ref().is_none_or(|host| *host == url.host));
        known.or_else(|| named().map(|(_, login)| login))
    }

    /// Those for a registry, the longest name first: Docker keeps them for a host, podman and Helm also for a path in it.
    pub(super) fn for_registry(&self, authority: &str, repository: &str) -> Option<&Login> {
        let whole = format!("{authority}/{repository}");
        let fits = |key: &str| {
            whole.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || (authority == "registry-1.docker.io" && matches!(key, "docker.io" | "index.docker.io"))
        };
        let known = self.registries.iter().filter(|(key, _)| fits(key));
        known.max_by_key(|(key, _)| key.len()).map(|(_, login)| login)
    }
}

/// `machine h login u password p`; `default` goes last.
fn netrc(text: &str) -> Vec<(Option<String>, Login)> {
    let lines = text.lines().map(|line| if line.trim_start().starts_with('#') { "" } else { line });
    let mut words = lines.flat_map(str::split_whitespace);
    let mut found: Vec<(Option<String>, Login)> = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "machine" => found.push((words.next().map(str::to_ascii_lowercase), Login::new("", ""))),
            "default" => found.push((None, Login::new("", ""))),
            "login" | "password" => {
                let Some(value) = words.next() else { break };
                if let Some((_, login)) = found.last_mut() {
                    let field = if word == "login" { &mut login.user } else { &mut login.password };
                    value.clone_into(field);
                }
            }
            // A macro goes on until an empty line, which splitting has lost: nothing behind it is read.
            "macdef" => break,
            _ => {}
        }
    }
    found
}

/// `auths` of Docker's `config.json`.
fn docker(text: &str) -> Vec<(String, Login)> {
    let Ok(config) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let Some(auths) = config.get("auths").and_then(Value::as_object) else { return Vec::new() };
    let login = |(key, value): (&String, &Value)| {
        let key = key.split_once("://").map_or(key.as_str(), |(_, rest)| rest);
        // Docker's own registry is written as `https://index.docker.io/v1/`.
        let key = key.strip_suffix("/v1/").or(key.strip_suffix("/v2/")).unwrap_or(key).trim_end_matches('/');
        let field = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let packed = field("auth").and_then(|auth| String::from_utf8(STANDARD.decode(auth).ok()?).ok());
        let (user, password) = match packed.as_deref().and_then(|packed| packed.split_once(':')) {
            Some((user, password)) => (user.to_owned(), password.trim_end_matches('\0').to_owned()),
            None => (
                field("username").unwrap_or_default().to_owned(),
                field("password").unwrap_or_default().to_owned(),
            ),
        };
        let refresh = field("identitytoken").map(str::to_owned);
        (!user.is_empty() || refresh.is_some()).then(|| (key.to_owned(), Login { user, password, refresh }))
    };
    auths.iter().filter_map(login).collect()
}

/// `repositories` of Helm's `repositories.yaml` that have a user.
fn helm_repositories(text: &str) -> Vec<(Url, Login)> {
    let sources = Sources::new();
    let file = sources.add("repositories.yaml", text.as_bytes().to_vec());
    let stream = Cache::new(sources).stream(&file);
    let Some(root) = stream.documents.first().and_then(|document| document.root.as_ref()) else {
        return Vec::new();
    };
    let login = |entry: &Node| {
        let field = |name: &str| entry.get(name).and_then(Node::scalar).filter(|text| !text.is_empty());
        Some((Url::parse(field("url")?)?, Login::new(field("username")?, field("password")?)))
    };
    root.items(&["repositories"]).iter().filter_map(login).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_belongs_to_a_server() {
        let environment = Environment {
            netrc: Some("# machine no login a password b\nmachine h.example\n  login u password p\n".to_owned()),
            registries: vec![
                r#"{"auths":{"ghcr.io":{"auth":"dTpw"},"ghcr.io/org":{"username":"o","password":"q"},
                    "https://index.docker.io/v1/":{"auth":"ZDpl"}},"credsStore":"x"}"#
                    .to_owned(),
            ],
            repositories: Some(
                "repositories:\n- {name: a, url: 'https://c.example/charts', username: r, password: s}\n- {name: b, url: 'https://d.example'}\n"
                    .to_owned(),
            ),
            ..Environment::default()
        };
        let logins = Logins::new(&environment);
        let user = |url: &str| logins.for_url(&Url::parse(url).unwrap()).map(|login| login.user.clone());
        assert_eq!(user("https://h.example/x").as_deref(), Some("u"));
        assert_eq!(user("https://c.example/charts/index.yaml").as_deref(), Some("r"));
        for url in ["https://c.example/chartsx", "http://c.example/charts", "https://d.example", "https://no"]
        {
            assert_eq!(user(url), None, "{url}");
        }
        let registry =
            |host: &str, path: &str| logins.for_registry(host, path).map(|login| login.user.clone());
        assert_eq!(registry("ghcr.io", "org/a").as_deref(), Some("o"));
        assert_eq!(registry("ghcr.io", "orgx/a").as_deref(), Some("u"));
        assert_eq!(registry("registry-1.docker.io", "library/a").as_deref(), Some("d"));
        assert_eq!(registry("ghcr.io.evil.example", "a"), None);
        assert_eq!(format!("{:?}", logins.for_registry("ghcr.io", "a").unwrap()), "Login(..)");
    }
}
