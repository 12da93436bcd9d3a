//! Requests over HTTP: through the guard and the user's proxy, with redirects, patience and bounds.

use std::io::{Read, Write};
use std::net::ToSocketAddrs;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use ureq::http::{HeaderMap, Method, Request, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Proxy};

use super::auth::Logins;
use super::aws::Keys;
use super::guard::{Guard, GuardedResolver};
use super::limits::{LONGEST_WAIT, REDIRECTS, RETRIES};
use super::url::Url;
use super::{Environment, Failure};

/// What servers are told.
const USER_AGENT: &str = concat!("gitops-lint/", env!("CARGO_PKG_VERSION"));

/// Speaks HTTP.
pub(super) struct Client {
    pub(super) guard: Guard,
    pub(super) logins: Logins,
    environment: Environment,
    timeout: Duration,
    certificates: OnceLock<Result<RootCerts, Failure>>,
    direct: OnceLock<Result<Agent, Failure>>,
    http_proxied: OnceLock<Result<Agent, Failure>>,
    https_proxied: OnceLock<Result<Agent, Failure>>,
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    pub(super) url: &'a Url,
    /// Headers by name.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The value of `Authorization`; stays with the server that it is for.
    pub(super) authorization: Option<String>,
    /// The body of a POST; without one it is a GET.
    pub(super) body: Option<&'a [u8]>,
    /// Whether the server may pack the body, which is unpacked again.
    pub(super) packed: bool,
    /// Whether the answer may take ten times as long as others: it is large.
    pub(super) long: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn get(url: &'a Url) -> Self {
        Self { url, headers: Vec::new(), authorization: None, body: None, packed: false, long: false }
    }
}

/// An answer whose body was not read yet.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Where it came from in the end.
    pub(super) url: Url,
    body: ureq::Body,
    timeout: Duration,
}

impl Client {
    pub(super) fn new(guard: Guard, environment: Environment, timeout: Duration) -> Self {
        Self {
            guard,
            logins: Logins::new(&environment),
            environment,
            timeout,
            certificates: OnceLock::new(),
            direct: OnceLock::new(),
            http_proxied: OnceLock::new(),
            https_proxied: OnceLock::new(),
        }
    }

    /// Gets a URL with the credentials that the user has for it; any answer but 200 is a failure.
    pub(super) fn get(&self, url: &Url, packed: bool) -> Result<Answer, Failure> {
        let authorization = self.logins.for_url(url).map(super::auth::Login::header);
        let answer = self.send(&Ask { authorization, packed, ..Ask::get(url) })?;
        answer.expect_ok()
    }

    /// Sends a request and follows redirects. Answers of any status come back; those that say "later" are waited for.
    pub(super) fn send(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let mut url = ask.url.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.patiently(ask, &url)?;
            let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308) && ask.body.is_none();
            let Some(location) = answer.header("location").filter(|_| is_redirect) else { return Ok(answer) };
            let next = answer.url.resolve_location(location);
            let Some(next) = next.filter(|next| matches!(next.scheme.as_str(), "http" | "https")) else {
                let shown = location.split(['?', '#']).next().unwrap_or_default();
                return Err(format!("{} redirects to `{shown}`, which is no URL over HTTP", url.shown()));
            };
            if url.scheme == "https" && next.scheme == "http" {
                return Err(format!("{} redirects to {}, which is not encrypted", url.shown(), next.shown()));
            }
            url = next;
        }
        Err(format!("{} redirects more than {REDIRECTS} times", ask.url.shown()))
    }

    fn patiently(&self, ask: &Ask<'_>, url: &Url) -> Result<Answer, Failure> {
        let mut pause = Duration::from_millis(500);
        for attempt in 0.. {
            let answer = self.once(ask, url)?;
            let later = matches!(answer.status, 429 | 502 | 503 | 504);
            if !later {
                return Ok(answer);
            }
            let asked = answer.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok());
            if attempt >= RETRIES || asked.is_some_and(|seconds| seconds > LONGEST_WAIT) {
                let when =
                    asked.map(|seconds| format!(" and asks to come back in {seconds} s")).unwrap_or_default();
                return Err(format!("{} answers {}{when}", url.shown(), answer.status_words()));
            }
            thread::sleep(asked.map_or(pause, Duration::from_secs));
            pause *= 2;
        }
        Err(format!("{} does not answer", url.shown()))
    }

    fn once(&self, ask: &Ask<'_>, url: &Url) -> Result<Answer, Failure> {
        self.guard.permit_url(url, &["http", "https"])?;
        let agent = self.agent(url)?;
        let method = if ask.body.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::builder().method(method).uri(url.text());
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(authorization) = ask.authorization.as_ref().filter(|_| url.is_same_server(ask.url)) {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if !ask.packed {
            request = request.header(header::ACCEPT_ENCODING, "identity");
        }
        let failed = |error: ureq::Error| self.words(&error, url);
        let response = match ask.body {
            Some(body) => {
                let time = if ask.long { self.timeout * 10 } else { self.timeout };
                let request = request.body(body).map_err(|error| format!("{}: {error}", url.shown()))?;
                let request = agent.configure_request(request).timeout_global(Some(time)).build();
                agent.run(request).map_err(failed)?
            }
            None => {
                let request = request.body(()).map_err(|error| format!("{}: {error}", url.shown()))?;
                agent.run(request).map_err(failed)?
            }
        };
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            url: url.clone(),
            body,
            timeout: self.timeout,
        })
    }

    /// The keys for an object store: those of AWS for AWS and for the server that the user's settings name, else what `.netrc` has.
    pub(super) fn keys(&self, url: &Url) -> Option<Keys> {
        let is_aws = url.host.ends_with(".amazonaws.com") || url.host.ends_with(".amazonaws.com.cn");
        let named = self.environment.aws_endpoint.as_deref().and_then(Url::parse);
        if is_aws && url.scheme == "https" || named.is_some_and(|named| named.is_same_server(url)) {
            return self.environment.aws_keys.clone();
        }
        self.logins.for_url(url).map(super::auth::Login::keys)
    }

    /// The command that the user has set for `ssh`.
    pub(super) fn ssh(&self) -> Option<&str> {
        self.environment.ssh.as_deref()
    }

    /// The time that one request may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The agent for a URL: direct, or through the proxy of its scheme.
    fn agent(&self, url: &Url) -> Result<&Agent, Failure> {
        let Some(proxy) = self.environment.proxy(&url.scheme, &url.host, url.port_or_default()) else {
            return self.direct.get_or_init(|| self.make_agent(None)).as_ref().map_err(Clone::clone);
        };
        // The proxy resolves the name, and may find what this machine finds.
        let (host, port) = (url.host.as_str(), url.port_or_default());
        if let Ok(found) = (host, port).to_socket_addrs() {
            self.guard.addresses(host, port, found)?;
        }
        let slot = if url.scheme == "http" { &self.http_proxied } else { &self.https_proxied };
        slot.get_or_init(|| self.make_agent(Some(proxy))).as_ref().map_err(Clone::clone)
    }

    fn make_agent(&self, proxy: Option<&str>) -> Result<Agent, Failure> {
        let proxy = match proxy {
            // It may hold a password, so it is not shown.
            Some(text) => Some(Proxy::new(text).map_err(|_| "the proxy that is set is no URL".to_owned())?),
            None => None,
        };
        let mut guard = self.guard.clone();
        guard.proxy = proxy.as_ref().map(|proxy| (proxy.host().to_ascii_lowercase(), proxy.port()));
        let certificates = self.certificates.get_or_init(|| certificates(&self.environment)).clone()?;
        let config = ureq::config::Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .user_agent(USER_AGENT)
            .timeout_connect(Some(self.timeout.min(Duration::from_secs(10))))
            .timeout_global(Some(self.timeout))
            .max_idle_age(Duration::from_secs(5))
            .tls_config(TlsConfig::builder().root_certs(certificates).build())
            .build();
        let resolver = GuardedResolver { guard, inner: DefaultResolver::default() };
        Ok(Agent::with_parts(config, DefaultConnector::default(), resolver))
    }

    /// An error of the transport, for people.
    fn words(&self, error: &ureq::Error, url: &Url) -> Failure {
        let shown = url.shown();
        match error {
            ureq::Error::Timeout(_) => format!("{shown} takes longer than {} s", self.timeout.as_secs()),
            ureq::Error::HostNotFound => format!("{shown}: the host `{}` was not found", url.host),
            ureq::Error::Other(inner) => format!("{shown}: {inner}"),
            ureq::Error::Io(error) if error.to_string().contains("lookup") => {
                format!("{shown}: the host `{}` was not found", url.host)
            }
            error => format!("{shown}: {error}"),
        }
    }
}

/// The certificates that are trusted.
fn certificates(environment: &Environment) -> Result<RootCerts, Failure> {
    let Some(pem) = &environment.certificates else { return Ok(RootCerts::WebPki) };
    let items = parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate.to_owned()),
        _ => None,
    });
    let found: Vec<Certificate<'static>> = items.collect();
    if found.is_empty() {
        return Err("the certificates that are set hold no certificate in PEM".to_owned());
    }
    Ok(RootCerts::Specific(Arc::new(found)))
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn status_words(&self) -> String {
        let reason = ureq::http::StatusCode::from_u16(self.status).ok().and_then(|it| it.canonical_reason());
        reason.map_or(self.status.to_string(), |reason| format!("{} {reason}", self.status))
    }

    /// The answer, if it is what was asked for.
    pub(super) fn expect_ok(self) -> Result<Self, Failure> {
        if self.status == 200 {
            return Ok(self);
        }
        let help = match self.status {
            401 | 403 => {
                ": it wants credentials, which are read from `.netrc`, Helm's and Docker's configuration"
            }
            _ => "",
        };
        Err(format!("{} answers {}{help}", self.url.shown(), self.status_words()))
    }

    /// The body, to be read as it comes.
    pub(super) fn reader(self, limit: u64) -> impl Read {
        self.body.into_with_config().limit(limit).reader()
    }

    /// Reads the body into memory.
    pub(super) fn bytes(self, limit: u64) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.copy(&mut bytes, limit)?;
        Ok(bytes)
    }

    /// Reads the body into something that is written to; the number of bytes.
    pub(super) fn copy(mut self, out: &mut dyn Write, limit: u64) -> Result<u64, Failure> {
        let shown = self.url.shown();
        let too_large = || format!("{shown} sends more than {} MiB", limit >> 20);
        let announced = self.header("content-length").and_then(|length| length.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut reader = self.body.with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0u8; 64 << 10];
        let mut total = 0u64;
        loop {
            let read = reader.read(&mut buffer).map_err(|error| {
                if error.to_string().contains("timeout") {
                    format!("{shown} takes longer than {} s", self.timeout.as_secs())
                } else {
                    format!("{shown} breaks off: {error}")
                }
            })?;
            if read == 0 {
                return Ok(total);
            }
            total += read as u64;
            if total > limit {
                return Err(too_large());
            }
            let part = buffer.get(..read).unwrap_or_default();
            out.write_all(part).map_err(|error| format!("cannot write to the cache: {error}"))?;
        }
    }
}
