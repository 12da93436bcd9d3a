//! Artifacts of OCI registries: the pull half of the distribution specification, as much as charts and Flux's artifacts
//! need.
//!
//! Own code, since the kept clients are asynchronous: `oci-client` brings tokio, hyper and reqwest for three requests.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::argocd::{is_constraint, pick_version};
use crate::cache::{Content, Known, Store, Want};

use super::auth::Login;
use super::charts::{check_archive, check_chart, check_fixed};
use super::http::{Answer, Ask, Client};
use super::url::Url;
use super::{Failure, limits};

/// Manifests that are understood.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, \
                         application/vnd.oci.image.index.v1+json";

/// The layer of a chart (`pkg/registry/constants.go` of Helm).
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/// Tokens that registries gave, by server and repository.
#[derive(Debug, Default)]
pub(super) struct Registries {
    tokens: Mutex<BTreeMap<(String, String), String>>,
}

/// A repository of a registry.
struct Repository<'a> {
    client: &'a Client,
    registries: &'a Registries,
    base: Url,
    /// Path in the registry.
    path: String,
}

/// Downloads a chart.
pub(super) fn download_chart(
    want: &Want,
    fixed: Option<&Known>,
    client: &Client,
    registries: &Registries,
    store: &Store,
) -> Result<(Known, u64), Failure> {
    let repository = Repository::new(&want.url, client, registries)?;
    let wanted = if want.version.is_empty() { "*" } else { &want.version };
    repository.download(wanted, fixed, store, Some(want.short_name()))
}

/// Downloads an artifact.
pub(super) fn download_artifact(
    want: &Want,
    fixed: Option<&Known>,
    client: &Client,
    registries: &Registries,
    store: &Store,
) -> Result<(Known, u64), Failure> {
    let repository = Repository::new(&want.url, client, registries)?;
    let wanted = if want.version.is_empty() { "latest" } else { &want.version };
    repository.download(wanted, fixed, store, None)
}

impl<'a> Repository<'a> {
    fn new(url: &str, client: &'a Client, registries: &'a Registries) -> Result<Self, Failure> {
        let wrong = || format!("`{url}` names no repository of a registry");
        let rest = url.strip_prefix("oci://").unwrap_or(url);
        let mut base = Url::parse(&format!("https://{rest}")).ok_or_else(wrong)?;
        let path = base.rest.trim_matches('/').to_owned();
        if path.is_empty()
            || path.contains(['?', '#'])
            || path.split('/').any(|part| matches!(part, "" | "." | ".."))
        {
            return Err(wrong());
        }
        // Registries on this machine speak plainly, as Docker has it.
        if base.host == "localhost" || base.host.starts_with("127.") || base.host == "::1" {
            "http".clone_into(&mut base.scheme);
        }
        let path = match base.host.as_str() {
            "docker.io" | "index.docker.io" => {
                "registry-1.docker.io".clone_into(&mut base.host);
                if path.contains('/') { path } else { format!("library/{path}") }
            }
            _ => path,
        };
        "/v2".clone_into(&mut base.rest);
        Ok(Self { client, registries, base, path })
    }

    fn url(&self, rest: &str) -> Result<Url, Failure> {
        let text = format!("{}://{}/v2/{}/{rest}", self.base.scheme, self.base.authority(), self.path);
        Url::parse(&text).ok_or_else(|| format!("`{rest}` cannot be asked for"))
    }

    /// Asks the registry, with a token if it wants one.
    fn ask(&self, url: &Url, accept: Option<&str>) -> Result<Answer, Failure> {
        let key = (self.base.authority(), self.path.clone());
        let known = self.registries.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let send = |authorization: Option<String>| {
            let headers = accept.map(|accept| ("accept", accept.to_owned())).into_iter().collect();
            self.client.send(&Ask { headers, authorization, ..Ask::get(url) })
        };
        let answer = send(known)?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let login = self.client.logins.for_registry(&self.base.authority(), &self.path);
        let challenges =
            answer.headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok());
        let challenges: Vec<&str> = challenges.collect();
        let authorization = match challenges.iter().find_map(|challenge| bearer(challenge)) {
            Some(challenge) => self.token(&challenge, login)?,
            None => match login {
                Some(login) => login.header(),
                None => return answer.expect_ok(),
            },
        };
        self.registries
            .tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, authorization.clone());
        send(Some(authorization))
    }

    /// Exchanges the user's credentials, if any, for a token.
    fn token(&self, challenge: &BTreeMap<String, String>, login: Option<&Login>) -> Result<String, Failure> {
        let realm = challenge.get("realm").map(String::as_str).unwrap_or_default();
        let Some(mut url) = Url::parse(realm) else {
            return Err(format!("the registry `{}` names no token service", self.base.host));
        };
        if url.scheme != "https" && self.base.scheme == "https" {
            return Err(format!("the token service {} is not encrypted", url.shown()));
        }
        let scope =
            challenge.get("scope").cloned().unwrap_or_else(|| format!("repository:{}:pull", self.path));
        let mut query = vec![("scope", scope)];
        query.extend(challenge.get("service").map(|service| ("service", service.clone())));
        let encode =
            |(name, value): &(&str, String)| format!("{name}={}", crate::golang::url::query_escape(value));
        let query = query.iter().map(encode).collect::<Vec<_>>().join("&");
        let refresh = login.and_then(|login| login.refresh.as_deref());
        let body = refresh.map(|token| {
            let token = crate::golang::url::query_escape(token);
            format!("grant_type=refresh_token&client_id=gitops-lint&refresh_token={token}&{query}")
        });
        let ask = match &body {
            Some(body) => Ask {
                headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
                body: Some(body.as_bytes()),
                ..Ask::get(&url)
            },
            None => {
                let separator = if url.rest.contains('?') { "&" } else { "?" };
                url.rest = format!("{}{separator}{query}", url.rest);
                Ask { authorization: login.map(Login::header), ..Ask::get(&url) }
            }
        };
        let shown = ask.url.shown();
        let answer = json(self.client.send(&ask)?.expect_ok()?)?;
        let token = ["token", "access_token"].iter().find_map(|key| answer.get(key)?.as_str());
        token.map(|token| format!("Bearer {token}")).ok_or_else(|| format!("{shown} gives no token"))
    }

    fn tags(&self) -> Result<Vec<String>, Failure> {
        let mut tags = Vec::new();
        let mut next = Some(self.url("tags/list?n=1000")?);
        for _ in 0..limits::PAGES {
            let Some(url) = next.take() else { break };
            let answer = self.ask(&url, None)?.expect_ok()?;
            let link = answer.header("link").and_then(|link| {
                let (target, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
                rest.contains("next").then(|| target.to_owned())
            });
            let page = json(answer)?;
            let listed = page.get("tags").and_then(Value::as_array).into_iter().flatten();
            tags.extend(listed.filter_map(Value::as_str).map(str::to_owned));
            // The next page is one of the same registry.
            next = link
                .and_then(|target| url.resolve_location(&target))
                .filter(|next| next.is_same_server(&url));
        }
        Ok(tags)
    }

    /// The tag that a version or range means; Helm writes `+` as `_` in tags.
    fn tag(&self, wanted: &str) -> Result<String, Failure> {
        if !is_constraint(wanted) {
            return Ok(wanted.replace('+', "_"));
        }
        let tags = self.tags()?;
        let versions: Vec<String> = tags.iter().map(|tag| tag.replace('_', "+")).collect();
        let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
        let picked = pick_version(wanted, &versions).map(|version| version.replace('+', "_"));
        picked.ok_or_else(|| format!("no tag of {}/{} is a version {wanted}", self.base.host, self.path))
    }

    fn download(
        &self,
        wanted: &str,
        fixed: Option<&Known>,
        store: &Store,
        chart: Option<&str>,
    ) -> Result<(Known, u64), Failure> {
        let tag = match fixed {
            Some(known) => known.version.replace('+', "_"),
            None => self.tag(wanted)?,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
        if tag.is_empty() || !tag.chars().all(plain) {
            return Err(format!("`{tag}` is no tag"));
        }
        let layer = match fixed {
            // What is locked is had by its digest, whatever the tag says today.
            Some(Known { content: Content::Sha256(digest), .. }) => format!("sha256:{digest}"),
            _ => self.layer(&tag, chart.is_some())?,
        };
        let url = self.url(&format!("blobs/{layer}"))?;
        let answer = self.ask(&url, None)?;
        let answer = match (answer.status, fixed) {
            (404, Some(known)) => {
                return Err(format!(
                    "{}/{} no longer has what was locked as {}: `--update` takes what is there now",
                    self.base.host, self.path, known.version
                ));
            }
            _ => answer.expect_ok()?,
        };
        let mut stage = store.stage().map_err(|error| format!("cannot write to the cache: {error}"))?;
        let size = answer.copy(&mut stage, limits::ARCHIVE)?;
        if stage.content().to_string() != layer {
            return Err(format!(
                "{} is not what it is called: it has the digest {}",
                url.shown(),
                stage.content()
            ));
        }
        check_fixed(&stage, fixed, &url.shown())?;
        match chart {
            Some(name) => check_chart(&stage, &url.shown(), name)?,
            None => drop(check_archive(&stage, &url.shown())?),
        }
        let content = store.keep(stage).map_err(|error| format!("cannot write to the cache: {error}"))?;
        Ok((Known { version: tag.replace('_', "+"), content }, size))
    }

    /// The digest of the layer that holds the files of a tag.
    fn layer(&self, tag: &str, chart: bool) -> Result<String, Failure> {
        let mut manifest = self.manifest(tag)?;
        // An index leads to manifests of platforms; artifacts have one.
        if let Some(first) = manifest.get("manifests").and_then(Value::as_array).and_then(|list| list.first())
        {
            let digest = first.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned();
            manifest = self.manifest(&digest)?;
        }
        let layers = manifest.get("layers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let media =
            |layer: &&Value| layer.get("mediaType").and_then(Value::as_str).unwrap_or_default().to_owned();
        let packed = |layer: &&Value| {
            let media = media(layer);
            media.ends_with("tar+gzip") || media.ends_with("tar.gzip")
        };
        let found = layers.iter().find(|layer| media(layer) == CHART_LAYER);
        let found =
            if chart { found } else { found.or_else(|| layers.iter().find(packed)).or(layers.first()) };
        let digest = found.and_then(|layer| layer.get("digest")?.as_str());
        let Some(digest) = digest.filter(|digest| digest.parse::<Content>().is_ok()) else {
            let what = if chart { "is no chart" } else { "has no layer with files" };
            return Err(format!("{}/{}:{tag} {what}", self.base.host, self.path));
        };
        Ok(digest.to_owned())
    }

    fn manifest(&self, reference: &str) -> Result<Value, Failure> {
        let url = self.url(&format!("manifests/{reference}"))?;
        let answer = self.ask(&url, Some(MANIFESTS))?;
        if answer.status == 404 {
            return Err(format!("the registry {} has no `{reference}` of {}", self.base.host, self.path));
        }
        let bytes = answer.expect_ok()?.bytes(limits::JSON)?;
        if reference.starts_with("sha256:") && Content::of(&bytes).to_string() != reference {
            return Err(format!("{} is not what it is called", url.shown()));
        }
        serde_json::from_slice(&bytes).map_err(|error| format!("{} is no manifest: {error}", url.shown()))
    }
}

fn json(answer: Answer) -> Result<Value, Failure> {
    let shown = answer.url.shown();
    let bytes = answer.bytes(limits::JSON)?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{shown} is no JSON: {error}"))
}

/// The parameters of `Bearer realm="...",service="..."`.
fn bearer(challenge: &str) -> Option<BTreeMap<String, String>> {
    let (scheme, mut rest) = challenge.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parameters = BTreeMap::new();
    loop {
        let (name, behind) = rest.trim_start_matches([',', ' ']).split_once('=')?;
        let (value, next) = match behind.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => behind.split_at(behind.find(',').unwrap_or(behind.len())),
        };
        parameters.insert(name.trim().to_ascii_lowercase(), value.to_owned());
        rest = next;
        if rest.trim_matches([',', ' ']).is_empty() {
            return Some(parameters);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_challenges() {
        let read =
            bearer(r#"Bearer realm="https://a/token",service="r, x",scope="repository:a/b:pull""#).unwrap();
        assert_eq!(read.get("realm").map(String::as_str), Some("https://a/token"));
        assert_eq!(read.get("service").map(String::as_str), Some("r, x"));
        assert_eq!(read.get("scope").map(String::as_str), Some("repository:a/b:pull"));
        assert_eq!(bearer(r#"Basic realm="x""#), None);
        assert_eq!(bearer("Bearer"), None);
    }
}
