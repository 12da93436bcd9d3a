//! Classes and webhooks.

use crate::yaml::Node;

use super::super::names::{dns_label_error, dns_subdomain_error};
use super::{Found, final_text, has};

/// The name of a controller: a domain, a slash and a path.
pub(super) fn ingress_class(node: &Node, found: &mut Found) {
    let Some(controller) = node.at_path(&["spec", "controller"]).filter(|it| !it.is_null()) else {
        let at = node.at_path(&["metadata", "name"]).unwrap_or(node);
        found.lack("spec.controller", at, "an IngressClass needs `spec.controller`", None);
        return;
    };
    let Some(text) = final_text(controller) else { return };
    let good = text
        .split_once('/')
        .is_some_and(|(domain, path)| dns_subdomain_error(domain).is_none() && !path.is_empty());
    if !good || text.len() > 250 {
        let words = format!("`{text}` is no name of a controller");
        found.add(
            "spec.controller",
            controller,
            words,
            Some("write a domain and a path, as in `acme.io/foo`"),
        );
    }
}

pub(super) fn runtime_class(node: &Node, found: &mut Found) {
    if let Some(handler) = node.get("handler")
        && let Some(text) = final_text(handler)
        && let Some(why) = dns_label_error(text)
    {
        found.add("handler", handler, format!("`{text}` is no name of a handler: {why}"), None);
    }
}

pub(super) fn webhooks(node: &Node, found: &mut Found) {
    for (index, webhook) in node.items(&["webhooks"]).iter().enumerate() {
        let path = |name: &str| format!("webhooks[{index}].{name}");
        if let Some(name) = webhook.get("name")
            && let Some(text) = final_text(name)
        {
            let few = text.split('.').count() < 3;
            let why = dns_subdomain_error(text)
                .or_else(|| few.then(|| "it must have three parts or more".to_owned()));
            if let Some(why) = why {
                found.add(
                    path("name"),
                    name,
                    format!("`{text}` cannot be the name of a webhook: {why}"),
                    None,
                );
            }
        }
        for (at, rule) in
            webhook.items(&["rules"]).iter().enumerate().filter(|(_, rule)| rule.as_map().is_some())
        {
            for name in ["operations", "apiGroups", "apiVersions", "resources"] {
                if rule.items(&[name]).is_empty()
                    && (!has(rule, name) || rule.get(name).is_some_and(|it| it.as_seq().is_some()))
                {
                    found.lack(
                        format!("webhooks[{index}].rules[{at}].{name}"),
                        rule,
                        format!("a rule of a webhook needs `{name}`"),
                        None,
                    );
                }
            }
        }
    }
}
