//! Webhooks and policies of admission. Expressions are looked at elsewhere.

use crate::yaml::Node;

use super::at::{At, Found, final_text};
use super::selectors::label_selector;
use super::shape::Shape;

const OPERATIONS: [&str; 5] = ["*", "CREATE", "UPDATE", "DELETE", "CONNECT"];

pub(super) fn webhooks(root: &At<'_>, found: &mut Found) {
    let names: Vec<&str> =
        root.node.items(&["webhooks"]).iter().filter_map(|it| it.get("name")?.as_str()).collect();
    for webhook in root.items("webhooks").filter(At::is_map) {
        if let Some(name) = webhook.get("name")
            && let Some(text) = final_text(name.node)
        {
            let few = text.split('.').count() < 3;
            let why = Shape::Subdomain
                .error(text)
                .or_else(|| few.then(|| "it must have three parts or more".to_owned()));
            if let Some(why) = why {
                found.wrong(&name, format!("`{text}` cannot be the name of a webhook: {why}"));
            } else if names.iter().filter(|other| **other == text).count() > 1 {
                found.wrong(&name, format!("two webhooks are called `{text}`"));
            }
        }
        for rule in webhook.items("rules").filter(At::is_map) {
            self::rule(&rule, &OPERATIONS, found);
        }
        found.one_of(&webhook, "failurePolicy", &["Fail", "Ignore"]);
        found.one_of(&webhook, "matchPolicy", &["Exact", "Equivalent"]);
        found.one_of(&webhook, "sideEffects", &["None", "NoneOnDryRun"]);
        found.one_of(&webhook, "reinvocationPolicy", &["Never", "IfNeeded"]);
        found.fill(&webhook, &["sideEffects", "admissionReviewVersions"]);
        found.range(&webhook, "timeoutSeconds", 1, 30);
        label_selector(&webhook, "namespaceSelector", found);
        label_selector(&webhook, "objectSelector", found);
        conditions(&webhook, found);
        versions(&webhook, found);
        if let Some(client) = webhook.get("clientConfig").filter(At::is_map) {
            self::client(&client, found);
        }
    }
}

fn versions(webhook: &At<'_>, found: &mut Found) {
    let list: Vec<&str> =
        webhook.node.items(&["admissionReviewVersions"]).iter().filter_map(Node::as_str).collect();
    found.shapes(webhook, "admissionReviewVersions", Shape::Label1035);
    for (index, version) in webhook.items("admissionReviewVersions").enumerate() {
        let text = version.node.as_str().unwrap_or_default();
        if list.iter().take(index).any(|other| *other == text) {
            found.wrong(&version, format!("`{text}` is here twice"));
        }
    }
    if !list.is_empty() && !list.iter().any(|it| matches!(*it, "v1" | "v1beta1") || it.contains(['$', '{'])) {
        found.not_with(
            webhook,
            "admissionReviewVersions",
            "`admissionReviewVersions` must have `v1` or `v1beta1`",
        );
    }
}

fn client(client: &At<'_>, found: &mut Found) {
    found.one_field(client, &["url", "service"], 1);
    if let Some(url) = client.get("url")
        && let Some(text) = final_text(url.node)
    {
        // Go reads schemes in small letters.
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let rest = scheme.eq_ignore_ascii_case("https").then_some(rest);
        let host = rest.map(|rest| rest.split('/').next().unwrap_or_default());
        let why = match host {
            None => Some("it must begin with `https://`"),
            Some("") => Some("it has no host"),
            Some(host) if host.contains('@') => Some("it must not name a user"),
            Some(_) if text.contains('#') => Some("it must not have a fragment"),
            Some(_) if text.contains('?') => Some("it must not have a query"),
            Some(_) => None,
        };
        if let Some(why) = why {
            found.wrong(&url, format!("`{text}` cannot be the address of a webhook: {why}"));
        }
    }
    let Some(service) = client.get("service").filter(At::is_map) else { return };
    found.fill(&service, &["name", "namespace"]);
    found.range(&service, "port", 1, 65535);
    let path = service.text("path");
    if path.is_empty() || path == "/" || path.contains(['$', '{', '<']) {
        return;
    }
    let inner = path.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let good = inner.is_some_and(|inner| {
        inner.split('/').all(|part| !part.is_empty() && Shape::Subdomain.error(part).is_none())
    });
    if !good {
        let words = format!("`{path}` cannot be the path of a webhook: it has parts like names, behind `/`");
        found.not_with(&service, "path", words);
    }
}

fn rule(rule: &At<'_>, operations: &[&str], found: &mut Found) {
    for name in ["operations", "apiGroups", "apiVersions", "resources"] {
        if !rule.is_filled(name)
            && (!rule.has(name) || rule.get(name).is_some_and(|it| it.node.as_seq().is_some()))
        {
            found.lack(rule, name, format!("a rule of a webhook or policy needs `{name}`"), None);
        }
        let items = rule.node.items(&[name]);
        let has_star = items.iter().any(|it| it.as_str() == Some("*"));
        if name != "resources" && has_star && items.len() > 1 {
            found.not_with(rule, name, format!("`*` in `{name}` must stand alone"));
        }
        if name != "apiGroups" {
            for item in rule.items(name).filter(|it| it.node.is_null() || it.node.as_str() == Some("")) {
                found.wrong(&item, format!("an entry of `{name}` is empty"));
            }
        }
    }
    for operation in rule.items("operations") {
        if let Some(text) = final_text(operation.node).filter(|it| !it.is_empty() && !operations.contains(it))
        {
            found.wrong(&operation, format!("`{text}` is no operation: use `{}`", operations.join("`, `")));
        }
    }
    found.fill(rule, &["scope"]);
    found.one_of(rule, "scope", &["Cluster", "Namespaced", "*"]);
    resources(rule, found);
    let names: Vec<&str> = rule.node.items(&["resourceNames"]).iter().filter_map(Node::as_str).collect();
    found.shapes(rule, "resourceNames", Shape::Segment);
    for (index, name) in rule.items("resourceNames").enumerate() {
        if name.node.as_str().is_some_and(|text| names.iter().take(index).any(|other| *other == text)) {
            found.wrong(&name, "a name is here twice");
        }
    }
}

fn resources(rule: &At<'_>, found: &mut Found) {
    let list: Vec<&str> = rule.node.items(&["resources"]).iter().filter_map(Node::as_str).collect();
    let has = |text: &str| list.contains(&text);
    if list.len() > 1 && has("*/*") {
        found.not_with(rule, "resources", "`*/*` in `resources` must stand alone");
    }
    // Upstream looks at the last one without a slash only.
    if has("*") && list.iter().rev().find(|it| !it.contains('/')).is_some_and(|it| *it != "*") {
        found.not_with(rule, "resources", "`*` stands for all resources: others are not needed beside it");
    }
    for (index, resource) in list.iter().enumerate() {
        let Some((name, part)) = resource.split_once('/') else { continue };
        let mut before = list.iter().take(index);
        let all = format!("{name}/*");
        let every = format!("*/{part}");
        if before.any(|other| *other == all || *other == every)
            && let Some(at) = rule.items("resources").nth(index)
        {
            found.wrong(&at, format!("`{resource}` is in another entry already"));
        }
    }
}

fn conditions(at: &At<'_>, found: &mut Found) {
    for condition in at.items("matchConditions").filter(At::is_map) {
        found.fill(&condition, &["name", "expression"]);
        found.shape(&condition, "name", Shape::Qualified);
        blank(&condition, "expression", found);
    }
    let names: Vec<&str> =
        at.node.items(&["matchConditions"]).iter().filter_map(|it| it.get("name")?.as_str()).collect();
    for (index, condition) in at.items("matchConditions").enumerate() {
        let name = condition.text("name");
        if !name.is_empty() && names.iter().take(index).any(|other| *other == name) {
            found.not_with(&condition, "name", format!("two conditions are called `{name}`"));
        }
    }
    if names.len() > 64 {
        found.not_with(at, "matchConditions", "`matchConditions` has more than 64 entries");
    }
}

/// A text of spaces is an empty one.
fn blank(at: &At<'_>, name: &str, found: &mut Found) {
    let text = at.text(name);
    if !text.is_empty() && text.trim().is_empty() {
        found.not_with(at, name, format!("`{name}` is empty"));
    }
}

pub(super) fn policy(kind: &str, root: &At<'_>, found: &mut Found) {
    let mutating = kind == "MutatingAdmissionPolicy";
    let Some(spec) = root.get("spec").filter(At::is_map) else {
        if !root.has("spec") {
            found.need(root, &["spec"]);
        }
        return;
    };
    found.one_of(&spec, "failurePolicy", &["Fail", "Ignore"]);
    if let Some(param) = spec.get("paramKind").filter(At::is_map) {
        found.need(&param, &["apiVersion", "kind"]);
        let version = param.text("apiVersion");
        let (group, number) = version.rsplit_once('/').unwrap_or(("", version));
        let bad = version.matches('/').count() > 1
            || !group.is_empty() && Shape::Subdomain.error(group).is_some()
            || !number.is_empty() && Shape::Label1035.error(number).is_some()
            || number.is_empty() && !version.is_empty();
        if bad && !version.contains(['$', '{']) {
            found.not_with(&param, "apiVersion", format!("`{version}` is no API version"));
        }
        let kind = param.text("kind");
        if !kind.is_empty()
            && Shape::Label1035.error(&kind.to_ascii_lowercase()).is_some()
            && !kind.contains(['$', '{'])
        {
            found.not_with(&param, "kind", format!("`{kind}` is no kind"));
        }
    }
    found.need(&spec, &["matchConstraints"]);
    if let Some(constraints) = spec.get("matchConstraints").filter(At::is_map) {
        found.need(&constraints, &["resourceRules"]);
        match_resources(&constraints, mutating, found);
    }
    conditions(&spec, found);
    for variable in spec.items("variables").filter(At::is_map) {
        found.fill(&variable, &["name", "expression"]);
        blank(&variable, "expression", found);
        let name = variable.text("name");
        let good = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !name.is_empty() && !good {
            found.not_with(&variable, "name", format!("`{name}` is no name in an expression"));
        }
    }
    if mutating {
        mutations(&spec, found);
    } else {
        validations(&spec, found);
    }
}

fn match_resources(at: &At<'_>, mutating: bool, found: &mut Found) {
    found.one_of(at, "matchPolicy", &["Exact", "Equivalent"]);
    label_selector(at, "namespaceSelector", found);
    label_selector(at, "objectSelector", found);
    let operations: &[&str] = if mutating { &["*", "CREATE", "UPDATE"] } else { &OPERATIONS };
    for list in ["resourceRules", "excludeResourceRules"] {
        for rule in at.items(list).filter(At::is_map) {
            self::rule(&rule, if list == "resourceRules" { operations } else { &OPERATIONS }, found);
        }
    }
}

fn validations(spec: &At<'_>, found: &mut Found) {
    if !spec.is_filled("validations") && !spec.is_filled("auditAnnotations") {
        found.lack(spec, "validations", "a policy needs `validations` or `auditAnnotations`", None);
    }
    for validation in spec.items("validations").filter(At::is_map) {
        found.fill(&validation, &["expression"]);
        blank(&validation, "expression", found);
        blank(&validation, "messageExpression", found);
        blank(&validation, "message", found);
        let message = validation.text("message").trim();
        if message.contains('\n') {
            found.not_with(&validation, "message", "`message` must be one line");
        } else if message.is_empty()
            && validation.text("expression").trim().contains('\n')
            && !validation.has("message")
        {
            let words = "an expression of several lines needs a `message`";
            found.lack(&validation, "message", words, None);
        }
        found.fill(&validation, &["reason"]);
        found.one_of(
            &validation,
            "reason",
            &["Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"],
        );
    }
    for annotation in spec.items("auditAnnotations").filter(At::is_map) {
        found.fill(&annotation, &["key", "valueExpression"]);
        blank(&annotation, "valueExpression", found);
        found.shape(&annotation, "key", Shape::Qualified);
        if annotation.text("key").contains('/') {
            found.not_with(
                &annotation,
                "key",
                "the name of the policy is put before the key: it has no domain",
            );
        }
    }
}

fn mutations(spec: &At<'_>, found: &mut Found) {
    found.need(spec, &["mutations", "reinvocationPolicy"]);
    found.one_of(spec, "reinvocationPolicy", &["Never", "IfNeeded"]);
    for mutation in spec.items("mutations").filter(At::is_map) {
        found.fill(&mutation, &["patchType"]);
        found.one_of(&mutation, "patchType", &["JSONPatch", "ApplyConfiguration"]);
        let (wanted, other) = match mutation.text("patchType") {
            "JSONPatch" => ("jsonPatch", "applyConfiguration"),
            "ApplyConfiguration" => ("applyConfiguration", "jsonPatch"),
            _ => continue,
        };
        found.need(&mutation, &[wanted]);
        found.not_with(&mutation, other, format!("`{other}` is for another `patchType`"));
        if let Some(patch) = mutation.get(wanted).filter(At::is_map) {
            found.need(&patch, &["expression"]);
            blank(&patch, "expression", found);
        }
    }
}

pub(super) fn binding(kind: &str, root: &At<'_>, found: &mut Found) {
    let mutating = kind == "MutatingAdmissionPolicyBinding";
    let Some(spec) = root.get("spec").filter(At::is_map) else {
        if !root.has("spec") {
            found.need(root, &["spec"]);
        }
        return;
    };
    found.need(&spec, &["policyName"]);
    found.shape(&spec, "policyName", Shape::Subdomain);
    if let Some(parameter) = spec.get("paramRef").filter(At::is_map) {
        found.shape(&parameter, "name", Shape::Segment);
        if parameter.is_filled("name") {
            found.not_with(&parameter, "selector", "`name` and `selector` exclude each other");
        } else if !parameter.has("selector") {
            found.lack(&parameter, "name", "`paramRef` needs `name` or `selector`", None);
        }
        label_selector(&parameter, "selector", found);
        found.need(&parameter, &["parameterNotFoundAction"]);
        found.one_of(&parameter, "parameterNotFoundAction", &["Allow", "Deny"]);
    }
    if let Some(constraints) = spec.get("matchResources").filter(At::is_map) {
        match_resources(&constraints, mutating, found);
    }
    if mutating {
        return;
    }
    found.need(&spec, &["validationActions"]);
    let actions: Vec<&str> =
        spec.node.items(&["validationActions"]).iter().filter_map(Node::as_str).collect();
    found.not_null(&spec, &["validationActions"]);
    for (index, action) in spec.items("validationActions").enumerate() {
        let Some(text) = final_text(action.node) else { continue };
        if !matches!(text, "Deny" | "Warn" | "Audit") {
            found.wrong(&action, format!("`{text}` is no action: use `Deny`, `Warn` or `Audit`"));
        } else if actions.iter().take(index).any(|other| *other == text) {
            found.wrong(&action, format!("`{text}` is here twice"));
        }
    }
    if actions.contains(&"Deny") && actions.contains(&"Warn") {
        found.not_with(&spec, "validationActions", "`Deny` and `Warn` say the same twice: one is allowed");
    }
}
