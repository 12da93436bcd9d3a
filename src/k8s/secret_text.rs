//! Telling secrets from settings and placeholders by name and value.

/// A secret in plain text: what it is, and how it was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaintextSecret {
    /// `a password or token`.
    pub what: &'static str,
    /// `its form`, `its name, and characters that no name has`.
    pub by: &'static str,
}

impl PlaintextSecret {
    /// The form of the value alone shows what it is.
    fn by_form(what: &'static str) -> Self {
        Self { what, by: "its form" }
    }

    /// Whether the name of the key had a say: then the value may be the name of something.
    pub fn is_by_name(&self) -> bool {
        self.by != "its form"
    }
}

/// Why a value under this key is taken for a secret in plain text; `None` when it is not, is a placeholder, or reads as
/// the name of something: of an object, a key, an attribute.
///
/// `confidential` says that the place is made for secrets (a Secret): there, weaker signs count.
pub fn plaintext_secret(key: &str, value: &str, confidential: bool) -> Option<PlaintextSecret> {
    let value = value.trim();
    if value.contains("-----BEGIN") && value.contains("PRIVATE KEY-----") {
        return has_private_key(value).then(|| PlaintextSecret::by_form("a private key"));
    }
    if is_hash(value) {
        return None;
    }
    if has_url_password(value) {
        return Some(PlaintextSecret::by_form("a URL with a password"));
    }
    // The costly question last: nearly every value is neither.
    let token = known_token(value);
    let named = || {
        value.len() >= 4 && !value.contains(char::is_whitespace) && is_secret_key(key) && !is_reference(value)
    };
    if (token.is_none() && !named()) || is_placeholder(value) {
        return None;
    }
    if let Some(what) = token {
        return Some(PlaintextSecret::by_form(what));
    }
    if is_attribute(value) || (!confidential || is_pointer_key(key)) && is_name(value) {
        return None;
    }
    // Words joined by hyphens are settings or say that there is no secret.
    let mixed = value.bytes().any(|byte| byte.is_ascii_digit())
        || value.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
            && value.bytes().any(|byte| byte.is_ascii_lowercase());
    let varied = mixed && entropy(value) >= 2.5 && value.len() >= 8;
    let by = if confidential { "its key in a Secret" } else { "its name, and characters that no word has" };
    (confidential || varied).then_some(PlaintextSecret { what: "a password or token", by })
}

/// Whether a key of this name may as well hold the key under which a secret lies: `passwordKey`, `secretKey`.
fn is_pointer_key(key: &str) -> bool {
    key.len() > 3 && key.to_ascii_lowercase().ends_with("key")
}

/// Whether a text is itself the name of a secret field: `userPassword`, `client_secret`, `DB_PASSWORD`. That is where a
/// secret is, not what it is.
fn is_attribute(value: &str) -> bool {
    let first = value.bytes().next().unwrap_or_default();
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let humps = value.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
    let one_case = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_lowercase())
            || text.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let camel = letters(value) && first.is_ascii_lowercase() && humps && words_of(value).all(is_word);
    let mut parts = value.split('_');
    let snake = value.contains('_') && parts.all(|part| !part.is_empty() && letters(part) && one_case(part));
    (camel || snake) && is_secret_key(value)
}

/// The words of `camelCase`.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let mut starts: Vec<usize> = vec![0];
    let bytes = text.as_bytes();
    for (at, pair) in bytes.windows(2).enumerate() {
        if let [before, after] = pair
            && before.is_ascii_lowercase()
            && after.is_ascii_uppercase()
        {
            starts.push(at + 1);
        }
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| text.get(start..end))
}

/// Whether letters read as a word: short, or with a vowel among every few of them.
fn is_word(text: &str) -> bool {
    let is_vowel = |byte: u8| matches!(byte.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let mut run = 0;
    text.bytes().all(|byte| {
        run = if is_vowel(byte) { 0 } else { run + 1 };
        run <= 4
    }) && (text.len() < 4 || text.bytes().any(is_vowel))
}

/// Whether a text is made like the name of an object: words in lower case between hyphens, dots or underscores, which may end in
/// a short number: `shop-db-1`, `postgres16-superuser`.
fn is_name(value: &str) -> bool {
    let is_part = |part: &str| {
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_lower = word.bytes().all(|byte| byte.is_ascii_lowercase());
        // `s3`, `k8s`, `oauth2proxy`
        let short = part.len() <= 3 && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        short || is_lower && !word.is_empty() && is_word(word) && part.len() - word.len() <= 3
    };
    value.contains(['-', '.', '_'])
        && value.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && value.split(['-', '.', '_']).all(is_part)
}

/// Whether a text holds a private key rather than a sample of one: its body follows, and no comment sign precedes it.
fn has_private_key(text: &str) -> bool {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.contains("PRIVATE KEY-----") && line.trim_start().starts_with("-----BEGIN") {
            let body = lines.next().unwrap_or_default().trim();
            return body.len() >= 40
                && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        }
    }
    false
}

/// Whether a value is what is stored instead of a password.
fn is_hash(value: &str) -> bool {
    let value =
        value.split_once(':').map_or(value, |(user, rest)| if user.contains(' ') { value } else { rest });
    [
        "$2a$",
        "$2b$",
        "$2y$",
        "$apr1$",
        "$5$",
        "$6$",
        "$argon2",
        "{SHA}",
        "{SSHA}",
        "pbkdf2",
        "scram-sha-256$",
        "SCRAM-SHA-256$",
    ]
    .iter()
    .any(|start| value.starts_with(start))
}

/// Whether a text stands for something that is filled in elsewhere, or for nothing.
pub fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let parts = [
        "${",
        "{{",
        "$(",
        "$__",
        "enc[",
        "%(",
        "<",
        "...",
        "***",
        "xxx",
        "placeholder",
        "changeme",
        "changeit",
        "required",
        "no-key",
        "change-me",
        "change_me",
        "replace",
        "redacted",
        "example",
        "dummy",
        "mock",
        "foobar",
        "todo",
        "fixme",
        "fake",
        "not-used",
        "notused",
        "unused",
        "insert",
        "your-",
        "your_",
        "yourp",
        "not-a-real",
        "sample",
        "tbd",
        "populated",
        "injected",
        "generated",
        "managed-by",
        "managed_by",
        "set-me",
        "setme",
        "fill-",
        "override",
        "default-",
        "to-be-",
        "to_be_",
    ];
    let starts = [
        "vault:",
        "ref+",
        "op://",
        "arn:",
        "secret:",
        "env:",
        "file:",
        "aws-sm",
        "gcp-sm",
        "awssm",
        "projects/",
        "avp:",
        "@",
    ];
    let words = [
        "", "null", "none", "nil", "true", "false", "yes", "no", "n/a", "na", "empty", "secret", "password",
        "token", "admin", "test", "root", "user", "string", "value", "key",
    ];
    words.contains(&lower.as_str())
        || parts.iter().any(|part| lower.contains(part))
        || starts.iter().any(|start| lower.starts_with(start))
        || value.chars().all(|c| value.starts_with(c))
}

/// Whether a text is for a tool that puts something in its place before it is applied: vals, 1Password, the vault plugin of
/// Argo CD, SOPS, a template, a shell.
pub fn is_for_tool(value: &str) -> bool {
    let value = value.trim();
    let starts = ["ref+", "secretref+", "op://", "vault:", "ENC[", "<path:"];
    let parts = ["${", "$(", "{{", "<%"];
    starts.iter().any(|start| value.starts_with(start))
        || parts.iter().any(|part| value.contains(part))
        || value.starts_with('<') && value.ends_with('>')
}

/// Whether a key names a secret rather than where one is.
pub fn is_secret_key(key: &str) -> bool {
    // `clientSecret`, `CLIENT_SECRET` and `client-secret` are one.
    let mut words = String::new();
    let mut last_lower = false;
    for c in key.chars() {
        if c.is_ascii_uppercase() && last_lower {
            words.push('_');
        }
        last_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        words.push(if matches!(c, '-' | '.' | ' ') { '_' } else { c.to_ascii_lowercase() });
    }
    let last = words.rsplit('_').next().unwrap_or_default();
    let other = [
        "name",
        "path",
        "file",
        "url",
        "uri",
        "host",
        "hostname",
        "port",
        "user",
        "username",
        "type",
        "enabled",
        "disabled",
        "ttl",
        "expiry",
        "expires",
        "expiration",
        "length",
        "policy",
        "id",
        "ref",
        "issuer",
        "algorithm",
        "alg",
        "method",
        "mode",
        "class",
        "namespace",
        "audience",
        "endpoint",
        "server",
        "store",
        "prefix",
        "header",
        "count",
        "provider",
        "region",
        "seconds",
        "duration",
        "lifetime",
        "minutes",
        "days",
        "hours",
        "dir",
        "directory",
        "mount",
        "engine",
        "role",
        "field",
        "property",
        "attribute",
        "format",
        "version",
        "size",
        "timeout",
        "interval",
        "rotation",
        "required",
        "allowed",
        "public",
        "pub",
        "crt",
        "cert",
        "pem",
        "hash",
        "hashed",
        "yaml",
        "yml",
        "json",
        "conf",
        "ini",
        "properties",
        "sh",
        "py",
        "sql",
        "tpl",
        "claim",
        "claims",
        "scope",
        "scopes",
        "manager",
        "backend",
        "arn",
        "names",
        "address",
        "source",
        "limit",
        "ca",
        "kind",
        "label",
        "labels",
        "annotation",
        "service",
        "template",
        "config",
        "env",
        "var",
        "keys",
        "secrets",
        "tokens",
        "passwords",
        "from",
        "max",
        "min",
        "text",
        "hint",
        "reset",
        "login",
        "validation",
        "exchange",
        "review",
        "request",
        "management",
        "message",
        "encoding",
        "cache",
        "set",
        "bucket",
        "realm",
        "db",
        "location",
        "domain",
    ];
    if other.contains(&last)
        || words.starts_with("disable")
        || words.starts_with("enable")
        || words.starts_with("use_")
        || words.starts_with("public")
    {
        return false;
    }
    let parts = [
        "password",
        "passwd",
        "passphrase",
        "token",
        "secret",
        "apikey",
        "api_key",
        "private_key",
        "privatekey",
        "access_key",
        "accesskey",
        "client_secret",
        "encryption_key",
        "signing_key",
        "auth_key",
        "account_key",
        "license_key",
        "credential",
    ];
    parts.iter().any(|part| words.contains(part)) || last == "pass" || last == "pwd"
}

/// Whether a value is a path, a name of something else, or a switch.
fn is_reference(value: &str) -> bool {
    value.starts_with(['/', '.', '~'])
        || value.contains("://")
        || value.ends_with(".yaml")
        || value.ends_with(".json")
        || value.ends_with("-secret")
        || value.ends_with("-secrets")
        || value.ends_with("-token")
        || value.ends_with("-credentials")
        || value.ends_with(".svc")
        || value.contains(".svc.")
        || (value.contains('/')
            && value
                .split('/')
                .all(|part| part.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_' | '.'))))
        || (value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() < 6)
}

/// Tokens that show what they are.
fn known_token(value: &str) -> Option<&'static str> {
    let rest = |prefix: &str, length: usize| {
        value.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() >= length
                && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
                && entropy(rest) > 3.0
        })
    };
    if value.len() == 20
        && rest("AKIA", 16)
        && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    {
        return Some("an AWS access key");
    }
    if ["ghp_", "gho_", "ghs_", "ghu_", "github_pat_"].iter().any(|prefix| rest(prefix, 30)) {
        return Some("a GitHub token");
    }
    if rest("glpat-", 20) {
        return Some("a GitLab token");
    }
    if ["xoxb-", "xoxp-", "xapp-"].iter().any(|prefix| rest(prefix, 20)) {
        return Some("a Slack token");
    }
    if rest("sk_live_", 20) {
        return Some("a Stripe key");
    }
    if value.len() == 39 && rest("AIza", 35) {
        return Some("a Google API key");
    }
    None
}

/// `scheme://user:password@host`, with a password that is no placeholder.
fn has_url_password(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let Some((login, _)) = rest.split_once('@') else { return false };
    let Some((_, password)) = login.split_once(':') else { return false };
    scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
        && password.len() >= 4
        && !password.contains(['/', ' ', '$', '%', '{'])
        && !is_placeholder(password)
}

/// Bits per character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|p| -p * p.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_secrets_from_settings() {
        for (key, value, confidential, want) in [
            ("password", "hunter2!", true, true),
            ("DB_PASSWORD", "s3cr3t-Pa55", false, true),
            ("clientSecret", "f81d4fae7dec11d0", false, true),
            ("password", "changeme", true, false),
            ("password", "${DB_PASSWORD}", true, false),
            ("password", "<path:secret/data/x#y>", true, false),
            ("SECRET_NAME", "shop-database-1", false, false),
            ("TOKEN_FILE", "/var/run/token", false, false),
            ("token", "/var/run/token", false, false),
            ("username", "admin123", true, false),
            ("url", "postgres://shop:s3cr3t@db:5432/shop", true, true),
            ("url", "postgres://shop:$(PW)@db:5432/shop", true, false),
            ("url", "https://example.com", true, false),
            ("anything", "ghp_0123456789abcdefghijABCDEFGHIJ012345", false, true),
            ("PASSWORD_LENGTH", "24", true, false),
            ("ADMIN_PASS", "qwertz12", false, true),
            ("API_KEY", "sk-no-key-required", false, false),
            ("API_KEY", "llama-cpp", false, false),
            ("url", "postgres://shop:pa55word@db.example.com/shop", false, true),
            // Names of objects, keys and attributes.
            ("DB_PASSWORD_SECRET", "postgres16-superuser", false, false),
            ("TOKEN_SECRET", "ci-runner-token2", false, false),
            ("ldap_password", "userPassword", true, false),
            ("OIDC_CLIENT_SECRET", "oidcClientSecret", false, false),
            ("passwordKey", "MYSQL_ROOT_PASSWORD", true, false),
            ("passwordKey", "db-password1", true, false),
            ("secretkey", "minio123", true, true),
            ("DB_PASSWORD", "k7x-9qz-p2m4", false, true),
            ("API_TOKEN", "dGhpc2lzYXRva2Vu", false, true),
            ("TURN_PASSWORD", "OJWuZ2stPibhCFMS7gAkQBKeUnw614mG", false, true),
            ("DB_PASSWORD", "qecirheM", false, true),
        ] {
            assert_eq!(plaintext_secret(key, value, confidential).is_some(), want, "{key}: {value}");
        }
    }
}
