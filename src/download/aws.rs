//! Requests to object stores, signed with Signature Version 4 of AWS, which MinIO, Google's interoperable keys and others know as well
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::cache::{Content, hex};
use crate::golang::time::Time;
use crate::golang::url::query_escape;

use super::url::Url;

/// Keys of an object store.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
    /// What goes along with temporary keys.
    pub(super) token: Option<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// What a signed GET says of itself.
pub(super) struct Signed {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) authorization: String,
}

/// A segment of a path, or a part of a query, as the signature wants it written.
pub(super) fn escape(text: &str) -> String {
    query_escape(text).replace('+', "%20")
}

/// The region that the name of a host of AWS says; others take any, and are told the first there was.
fn region(host: &str) -> &str {
    let below = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"));
    let name = below.and_then(|it| it.rsplit_once("s3.").or_else(|| it.rsplit_once("s3-")));
    name.map_or("us-east-1", |(_, region)| region)
}

/// Signs the GET of a URL whose query is sorted and escaped.
pub(super) fn sign(keys: &Keys, url: &Url, now: &Time) -> Signed {
    let now = now.utc();
    let (stamp, day) = (now.format("20060102T150405Z"), now.format("20060102"));
    let (path, query) = url.rest.split_once('?').unwrap_or((&url.rest, ""));
    let digest = |bytes: &[u8]| Content::of(bytes).to_string().replace("sha256:", "");
    let body = digest(b"");
    let mut headers = vec![("x-amz-content-sha256", body.clone()), ("x-amz-date", stamp.clone())];
    headers.extend(keys.token.clone().map(|token| ("x-amz-security-token", token)));
    let host = [("host", url.authority())];
    let all = || host.iter().chain(&headers);
    let names = all().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: Vec<String> = all().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let lines = lines.concat();
    let request = format!("GET\n{path}\n{query}\n{lines}\n{names}\n{body}");
    let scope = format!("{day}/{}/s3/aws4_request", region(&url.host));
    let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", digest(request.as_bytes()));
    let first = format!("AWS4{}", keys.secret).into_bytes();
    let key = scope.split('/').fold(first, |key, word| mac(&key, word));
    let signature = hex(&mac(&key, &text));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        keys.id
    );
    Signed { headers, authorization }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of AWS's documentation.
    #[test]
    fn signs_as_documented() {
        let keys = Keys {
            id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: None,
        };
        let now = Time::date(2013, 5, 24, (0, 0, 0), 0);
        for (rest, signature) in [
            ("/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
            ("/?lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ] {
            let url = Url::parse(&format!("https://examplebucket.s3.amazonaws.com{rest}")).unwrap();
            let signed = sign(&keys, &url, &now);
            let want = format!(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
                 SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
            );
            assert_eq!(signed.authorization, want);
        }
    }

    #[test]
    fn hosts_say_their_region() {
        for (host, want) in [
            ("s3.eu-central-1.amazonaws.com", "eu-central-1"),
            ("bucket.s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("s3.amazonaws.com", "us-east-1"),
            ("minio.example.com", "us-east-1"),
        ] {
            assert_eq!(region(host), want, "{host}");
        }
        assert_eq!(escape("a b+c/ü~"), "a%20b%2Bc%2F%C3%BC~");
    }
}
