//! What the user's environment says about networks: proxies and certificates as curl reads them, and where credentials
//! are kept.

#![expect(
    clippy::disallowed_methods,
    reason = "this program's door to the environment and to the files it names"
)]

use std::path::{Path, PathBuf};

use super::aws::Keys;

/// The settings.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Proxy for `http` URLs.
    pub http_proxy: Option<String>,
    /// Proxy for `https` URLs.
    pub https_proxy: Option<String>,
    /// Hosts that are spoken to directly.
    pub no_proxy: Vec<String>,
    /// Certificates that are trusted instead of the system's, PEM.
    pub certificates: Option<Vec<u8>>,
    /// `.netrc`, its text.
    pub netrc: Option<String>,
    /// Docker's and Helm's credentials for registries: the texts of their JSON files.
    pub registries: Vec<String>,
    /// Helm's repositories: the text of `repositories.yaml`.
    pub repositories: Option<String>,
    /// Keys of AWS: of its variables, else of the chosen profile of its files.
    pub(super) aws_keys: Option<Keys>,
    /// The object store that they are for instead of AWS (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`).
    pub aws_endpoint: Option<String>,
    /// The command of a shell that Git runs instead of `ssh` (`GIT_SSH_COMMAND`).
    pub ssh: Option<String>,
}

/// Where systems keep the certificates that they trust.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
];

impl Environment {
    /// Reads it. A file that a variable names and that cannot be read is an error; what is merely not there is not.
    pub fn read() -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let either = |lower: &str, upper: &str| variable(lower).or_else(|| variable(upper));
        let all = either("all_proxy", "ALL_PROXY");
        let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
        let below = |path: &str| home.as_ref().map(|home| home.join(path));
        let text = |path: Option<PathBuf>| path.and_then(|path| std::fs::read_to_string(path).ok());
        let certificates = match variable("CURL_CA_BUNDLE").or_else(|| variable("SSL_CERT_FILE")) {
            Some(path) => Some(read(Path::new(&path))?),
            None => match variable("SSL_CERT_DIR") {
                Some(dir) => Some(read_dir(Path::new(&dir))?),
                None => BUNDLES.iter().find_map(|path| std::fs::read(path).ok()),
            },
        };
        let docker = variable("DOCKER_CONFIG").map(PathBuf::from).or_else(|| below(".docker"));
        let helm = variable("HELM_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| variable("XDG_CONFIG_HOME").map(|dir| Path::new(&dir).join("helm")))
            .or_else(|| {
                below(if cfg!(target_os = "macos") { "Library/Preferences/helm" } else { ".config/helm" })
            });
        let registries = [
            variable("HELM_REGISTRY_CONFIG")
                .map(PathBuf::from)
                .or_else(|| helm.as_ref().map(|dir| dir.join("registry/config.json"))),
            docker.map(|dir| dir.join("config.json")),
            variable("REGISTRY_AUTH_FILE").map(PathBuf::from),
            variable("XDG_RUNTIME_DIR").map(|dir| Path::new(&dir).join("containers/auth.json")),
        ];
        let repositories = variable("HELM_REPOSITORY_CONFIG")
            .map(PathBuf::from)
            .or_else(|| helm.map(|dir| dir.join("repositories.yaml")));
        Ok(Self {
            // curl does not read HTTP_PROXY, which a web server sets from a header that anybody may send.
            http_proxy: variable("http_proxy").or_else(|| all.clone()),
            https_proxy: either("https_proxy", "HTTPS_PROXY").or(all),
            no_proxy: either("no_proxy", "NO_PROXY")
                .map(|list| {
                    list.split([',', ' '])
                        .map(|it| it.trim().to_owned())
                        .filter(|it| !it.is_empty())
                        .collect()
                })
                .unwrap_or_default(),
            certificates,
            netrc: text(variable("NETRC").map(PathBuf::from).or_else(|| below(".netrc"))),
            registries: registries.into_iter().filter_map(text).collect(),
            repositories: text(repositories),
            aws_keys: variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY")).map_or_else(
                || {
                    let path = variable("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
                    let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
                    profile_keys(&text(path.or_else(|| below(".aws/credentials")))?, &profile)
                },
                |(id, secret)| Some(Keys { id, secret, token: variable("AWS_SESSION_TOKEN") }),
            ),
            aws_endpoint: either("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
            ssh: variable("GIT_SSH_COMMAND"),
        })
    }

    /// The proxy for a URL, if it is spoken to through one.
    pub(super) fn proxy(&self, scheme: &str, host: &str, port: u16) -> Option<&str> {
        let is_excepted = |pattern: &String| {
            let pattern = pattern.to_ascii_lowercase();
            let (name, wanted) = match pattern.rsplit_once(':') {
                Some((name, digits)) if digits.parse::<u16>().is_ok() && !name.contains(':') => {
                    (name.to_owned(), digits.parse().ok())
                }
                _ => (pattern, None),
            };
            if wanted.is_some_and(|wanted: u16| wanted != port) {
                return false;
            }
            let name = name.trim_start_matches('*').trim_start_matches('.');
            name.is_empty() || host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
        };
        if self.no_proxy.iter().any(is_excepted) {
            return None;
        }
        if scheme == "http" { self.http_proxy.as_deref() } else { self.https_proxy.as_deref() }
    }
}

/// The keys of a profile in AWS's file of credentials.
fn profile_keys(text: &str, profile: &str) -> Option<Keys> {
    let header = format!("[{profile}]");
    let lines = text.lines().map(str::trim).skip_while(|line| *line != header).skip(1);
    let own: Vec<(&str, &str)> = lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    let of = |name: &str| own.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let (id, secret) = of("aws_access_key_id").zip(of("aws_secret_access_key"))?;
    Some(Keys { id, secret, token: of("aws_session_token") })
}

/// Writes a file of a repository that is put together in the cache.
pub(super) fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path)
        .map_err(|error| format!("cannot read the certificates in `{}`: {error}", path.display()))
}

/// All certificates of a directory.
fn read_dir(dir: &Path) -> Result<Vec<u8>, String> {
    let failed = |error| format!("cannot read the certificates in `{}`: {error}", dir.display());
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            all.extend(std::fs::read(&path).unwrap_or_default());
            all.push(b'\n');
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_proxies_like_curl() {
        let environment = Environment {
            http_proxy: Some("http://p:1".to_owned()),
            https_proxy: Some("http://p:2".to_owned()),
            no_proxy: ["h.example", ".w.example", "x.example:8443"].map(str::to_owned).into(),
            ..Environment::default()
        };
        for (scheme, host, port, want) in [
            ("http", "a.example", 80, Some("http://p:1")),
            ("https", "a.example", 443, Some("http://p:2")),
            ("https", "h.example", 443, None),
            ("https", "sub.h.example", 443, None),
            ("https", "ah.example", 443, Some("http://p:2")),
            ("https", "w.example", 443, None),
            ("https", "x.example", 8443, None),
            ("https", "x.example", 443, Some("http://p:2")),
        ] {
            assert_eq!(environment.proxy(scheme, host, port), want, "{scheme}://{host}:{port}");
        }
        let all = Environment { no_proxy: vec!["*".to_owned()], ..environment };
        assert_eq!(all.proxy("https", "a.example", 443), None);
    }
}
