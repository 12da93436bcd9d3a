//! What a cluster has once: classes of pods, leases, requests for certificates, fairness of requests.

use crate::yaml::Node;

use super::at::{At, Found, final_text};
use super::selectors::{labels, tolerations};
use super::shape::Shape;

pub(super) fn runtime_class(root: &At<'_>, found: &mut Found) {
    found.fill(root, &["handler"]);
    found.shape(root, "handler", Shape::Label);
    if let Some(overhead) = root.get("overhead") {
        for (entry, value) in overhead.entries("podFixed") {
            if super::container::resource_name_error(&entry.key.text).is_some() {
                found.wrong_key(&value, entry, format!("`{}` is no resource", entry.key.text), None);
            }
            if super::selectors::negative(value.node) {
                found.wrong(&value, "a quantity must not be negative");
            }
        }
    }
    let Some(scheduling) = root.get("scheduling") else { return };
    labels(&scheduling, "nodeSelector", found);
    tolerations(&scheduling, found);
    let all: Vec<_> = scheduling.node.items(&["tolerations"]).iter().map(Node::to_value).collect();
    for (index, toleration) in scheduling.items("tolerations").enumerate() {
        if all.iter().take(index).any(|other| Some(other) == all.get(index)) {
            found.wrong(&toleration, "two tolerations are the same");
        }
    }
}

pub(super) fn priority_class(root: &At<'_>, found: &mut Found) {
    const MOST: i64 = 1_000_000_000;
    let name = root.node.at_path(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
    let system = matches!(name, "system-cluster-critical" | "system-node-critical");
    if name.starts_with("system-") && !system {
        let words = "names that begin with `system-` are Kubernetes' own";
        if let Some(metadata) = root.get("metadata") {
            found.not_with(&metadata, "name", words);
        }
    } else if !system && root.int("value").is_some_and(|value| value > MOST) {
        found.not_with(root, "value", format!("`value` must be at most {MOST}"));
    }
    found.one_of(root, "preemptionPolicy", &["Never", "PreemptLowerPriority"]);
}

pub(super) fn lease(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec") else { return };
    found.range(&spec, "leaseDurationSeconds", 1, i64::MAX);
    found.positive_or_zero(&spec, &["leaseTransitions"]);
    for name in ["acquireTime", "renewTime"] {
        if let Some(time) = spec.get(name)
            && let Some(text) = final_text(time.node)
            && !is_micro_time(text)
        {
            found.wrong(
                &time,
                format!("`{text}` must have six digits behind the second: `2024-01-02T03:04:05.000000Z`"),
            );
        }
    }
}

/// Whether a time is as precise as `MicroTime` of `k8s.io/apimachinery` wants it; that it is a time is its schema's business.
fn is_micro_time(text: &str) -> bool {
    let Some((_, rest)) = text.split_once('.') else { return text.is_empty() };
    rest.bytes().take_while(u8::is_ascii_digit).count() == 6
}

pub(super) fn certificate(root: &At<'_>, found: &mut Found) {
    const USAGES: [&str; 23] = [
        "signing",
        "digital signature",
        "content commitment",
        "key encipherment",
        "key agreement",
        "data encipherment",
        "cert sign",
        "crl sign",
        "encipher only",
        "decipher only",
        "any",
        "server auth",
        "client auth",
        "code signing",
        "email protection",
        "s/mime",
        "ipsec end system",
        "ipsec tunnel",
        "ipsec user",
        "timestamping",
        "ocsp signing",
        "microsoft sgc",
        "netscape sgc",
    ];
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    found.need(&spec, &["usages"]);
    found.fill(&spec, &["signerName"]);
    found.range(&spec, "expirationSeconds", 600, i64::MAX);
    let usages: Vec<&str> = spec.node.items(&["usages"]).iter().filter_map(Node::as_str).collect();
    for (index, usage) in spec.items("usages").enumerate() {
        let Some(text) = final_text(usage.node) else { continue };
        if !USAGES.contains(&text) {
            found.wrong(&usage, format!("`{text}` is no usage of a key"));
        } else if usages.iter().take(index).any(|other| *other == text) {
            found.wrong(&usage, format!("`{text}` is here twice"));
        }
    }
    if let Some(signer) = spec.get("signerName")
        && let Some(text) = final_text(signer.node).filter(|text| !text.is_empty())
    {
        let good = text.split_once('/').is_some_and(|(domain, path)| {
            domain.contains('.')
                && Shape::Subdomain.error(domain).is_none()
                && !path.is_empty()
                && path.split('.').all(|part| Shape::Label.error(part).is_none())
        });
        if !good {
            found.wrong(
                &signer,
                format!(
                    "`{text}` cannot be `signerName`: it is a domain and a name, as in `example.com/signer`"
                ),
            );
        } else if text == "kubernetes.io/legacy-unknown" {
            found.wrong(&signer, format!("`{text}` is not taken any more"));
        }
    }
    // The header of PEM, in base64.
    let request = spec.text("request");
    if !request.is_empty()
        && !request.starts_with("LS0tLS1CRUdJTi")
        && let Some(at) = spec.get("request").filter(|it| final_text(it.node).is_some())
    {
        found.wrong(&at, "`request` is no certificate request in PEM");
    }
}

/// A class of devices; its expressions are looked at elsewhere.
pub(super) fn device_class(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    for selector in spec.items("selectors").filter(At::is_map) {
        found.need(&selector, &["cel"]);
        if let Some(cel) = selector.get("cel") {
            found.fill(&cel, &["expression"]);
        }
    }
    for config in spec.items("config").filter(At::is_map) {
        found.need(&config, &["opaque"]);
        if let Some(opaque) = config.get("opaque").filter(At::is_map) {
            found.fill(&opaque, &["driver"]);
            found.shape(&opaque, "driver", Shape::Driver);
        }
    }
    if let Some(name) = spec.get("extendedResourceName")
        && let Some(text) = final_text(name.node).filter(|text| !text.contains('/'))
    {
        found.wrong(&name, format!("`{text}` is no name of an extended resource: it has no domain"));
    }
}

pub(super) fn flow_schema(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    found.range(&spec, "matchingPrecedence", 1, 10_000);
    let name = root.node.at_path(&["metadata", "name"]).and_then(Node::as_str);
    if spec.int("matchingPrecedence") == Some(1) && name != Some("exempt") {
        found.not_with(&spec, "matchingPrecedence", "1 is for the schema `exempt` alone");
    }
    if let Some(method) = spec.get("distinguisherMethod") {
        found.fill(&method, &["type"]);
        found.one_of(&method, "type", &["ByUser", "ByNamespace"]);
    }
    if let Some(level) = spec.get("priorityLevelConfiguration") {
        found.fill(&level, &["name"]);
        found.shape(&level, "name", Shape::Subdomain);
    }
    for rule in spec.items("rules").filter(At::is_map) {
        found.fill(&rule, &["subjects"]);
        if !rule.is_filled("resourceRules") && !rule.is_filled("nonResourceRules") {
            found.lack(&rule, "", "a rule needs `resourceRules` or `nonResourceRules`", None);
        }
        for subject in rule.items("subjects").filter(At::is_map) {
            self::subject(&subject, found);
        }
        for resource in rule.items("resourceRules").filter(At::is_map) {
            found.fill(&resource, &["verbs", "apiGroups", "resources"]);
            verbs(&resource, found);
            for name in ["apiGroups", "resources", "namespaces"] {
                alone(&resource, name, found);
            }
            if !resource.is_true("clusterScope") && !resource.is_filled("namespaces") {
                let words = "a rule that is not for the whole cluster needs `namespaces`";
                found.lack(&resource, "namespaces", words, None);
            }
            found.not_null(&resource, &["namespaces"]);
            for namespace in resource.items("namespaces") {
                if let Some(text) = final_text(namespace.node).filter(|text| *text != "*")
                    && let Some(why) = Shape::Label.error(text)
                {
                    found.wrong(&namespace, format!("`{text}` is no namespace: {why}"));
                }
            }
        }
        for urls in rule.items("nonResourceRules").filter(At::is_map) {
            found.fill(&urls, &["verbs", "nonResourceURLs"]);
            verbs(&urls, found);
            alone(&urls, "nonResourceURLs", found);
            found.not_null(&urls, &["nonResourceURLs"]);
            for url in urls.items("nonResourceURLs") {
                let Some(text) = final_text(url.node).filter(|text| *text != "*") else { continue };
                let stars = text.find('*');
                let bad = !text.starts_with('/')
                    || text.contains([' ', '\t', '\n'])
                    || text.contains("//")
                    || stars.is_some_and(|at| at + 1 != text.len() || !text.ends_with("/*"));
                if bad {
                    found.wrong(&url, format!("`{text}` is no path of the API server"));
                }
            }
        }
    }
}

/// How many bits a hand takes, as `RequiredEntropyBits` of `k8s.io/apiserver/pkg/util/shufflesharding`.
fn entropy_bits(deck: i64, hand: i64) -> i64 {
    let cards = (0..hand.min(64)).map(|dealt| (deck - dealt) as f64);
    cards.map(f64::log2).sum::<f64>().ceil() as i64
}

fn alone(at: &At<'_>, name: &str, found: &mut Found) {
    let items = at.node.items(&[name]);
    if items.len() > 1 && items.iter().any(|it| it.as_str() == Some("*")) {
        found.not_with(at, name, format!("`*` in `{name}` must stand alone"));
    }
}

fn verbs(at: &At<'_>, found: &mut Found) {
    const VERBS: [&str; 9] =
        ["get", "list", "create", "update", "delete", "deletecollection", "patch", "watch", "proxy"];
    alone(at, "verbs", found);
    found.not_null(at, &["verbs"]);
    for verb in at.items("verbs") {
        if let Some(text) = final_text(verb.node).filter(|text| *text != "*" && !VERBS.contains(text)) {
            found.wrong(&verb, format!("`{text}` is no verb"));
        }
    }
}

fn subject(subject: &At<'_>, found: &mut Found) {
    const KINDS: [(&str, &str); 3] =
        [("User", "user"), ("Group", "group"), ("ServiceAccount", "serviceAccount")];
    found.fill(subject, &["kind"]);
    let Some((kind, field)) = KINDS.iter().find(|(kind, _)| *kind == subject.text("kind")) else {
        found.one_of(subject, "kind", &KINDS.map(|(kind, _)| kind));
        return;
    };
    found.need(subject, &[field]);
    for (_, other) in KINDS.iter().filter(|(_, other)| other != field) {
        found.not_with(subject, other, format!("`{other}` cannot be set with `kind: {kind}`"));
    }
    let Some(at) = subject.get(field).filter(At::is_map) else { return };
    found.fill(&at, &["name"]);
    if *field == "serviceAccount" {
        found.fill(&at, &["namespace"]);
        if at.text("name") != "*" {
            found.shape(&at, "name", Shape::Subdomain);
        }
        found.shape(&at, "namespace", Shape::Label);
    }
}

pub(super) fn priority_level(root: &At<'_>, found: &mut Found) {
    let Some(spec) = root.get("spec").filter(At::is_map) else { return };
    let kind = spec.text("type");
    let name = root.node.at_path(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
    found.fill(&spec, &["type"]);
    found.one_of(&spec, "type", &["Exempt", "Limited"]);
    if !kind.is_empty() && (kind == "Exempt") != (name == "exempt") && !name.contains(['$', '{']) {
        found.not_with(&spec, "type", "`Exempt` is the type of the level `exempt` alone");
    }
    match kind {
        "Limited" => {
            found.need(&spec, &["limited"]);
            found.not_with(&spec, "exempt", "`exempt` needs the type `Exempt`");
        }
        "Exempt" => found.not_with(&spec, "limited", "`limited` needs the type `Limited`"),
        _ => {}
    }
    let Some(limited) = spec.get("limited").filter(At::is_map) else { return };
    found.positive_or_zero(&limited, &["nominalConcurrencyShares", "borrowingLimitPercent"]);
    found.range(&limited, "lendablePercent", 0, 100);
    let Some(response) = limited.get("limitResponse").filter(At::is_map) else {
        if !limited.has("limitResponse") && kind == "Limited" {
            found.need(&limited, &["limitResponse"]);
        }
        return;
    };
    found.fill(&response, &["type"]);
    found.one_of(&response, "type", &["Queue", "Reject"]);
    match response.text("type") {
        "Queue" if !response.has("queuing") => found.need(&response, &["queuing"]),
        "Reject" => found.not_with(&response, "queuing", "`queuing` needs the type `Queue`"),
        _ => {}
    }
    let Some(queuing) = response.get("queuing").filter(At::is_map) else { return };
    for name in ["queueLengthLimit", "queues", "handSize"] {
        if queuing.int(name).is_some_and(|number| number < 0) {
            found.range(&queuing, name, 1, i64::MAX);
        }
    }
    let set = |name: &str| queuing.int(name).filter(|number| *number != 0);
    let (hands, queues) = (set("handSize").unwrap_or(8), set("queues").unwrap_or(64));
    if queues > 10_000_000 {
        found.not_with(&queuing, "queues", "`queues` must be at most 10000000");
    }
    if hands > queues {
        found.wrong(&queuing, "`handSize` must be at most `queues`");
    } else if entropy_bits(queues, hands) > 60 {
        let words =
            format!("a hand of {hands} out of {queues} queues cannot be dealt: make one of them smaller");
        found.wrong(&queuing, words);
    }
}
