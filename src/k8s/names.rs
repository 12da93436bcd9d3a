//! What names, labels and annotations may look like. Mirrors `k8s.io/apimachinery/pkg/util/validation`.

/// Why a text is no DNS label (RFC 1123); `None` when it is.
pub fn dns_label_error(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some(format!("it has {} characters, 63 are allowed", text.len()));
    }
    part_error(text)
}

/// Why a text is no DNS subdomain (RFC 1123).
pub fn dns_subdomain_error(text: &str) -> Option<String> {
    if text.len() > 253 {
        return Some(format!("it has {} characters, 253 are allowed", text.len()));
    }
    text.split('.').find_map(part_error)
}

fn part_error(text: &str) -> Option<String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.is_empty() {
        return Some("a part of it is empty".into());
    }
    if let Some(c) = text.chars().find(|c| !good(*c) && *c != '-') {
        return Some(if c.is_ascii_uppercase() {
            "upper-case letters are not allowed".into()
        } else {
            format!("`{c}` is not allowed")
        });
    }
    (text.starts_with('-') || text.ends_with('-'))
        .then(|| "it must begin and end with a letter or digit".into())
}

/// Why a text cannot be the name of an RBAC object.
pub fn path_segment_error(text: &str) -> Option<String> {
    if matches!(text, "." | "..") {
        return Some("`.` and `..` are not allowed".into());
    }
    text.chars().find(|c| matches!(c, '/' | '%')).map(|c| format!("`{c}` is not allowed"))
}

/// Why a text is no value of a label.
pub fn label_value_error(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some(format!("it has {} characters, 63 are allowed", text.len()));
    }
    qualified_part_error(text).filter(|_| !text.is_empty())
}

/// Why a text is no key of a label or annotation.
pub fn qualified_name_error(text: &str) -> Option<String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if let Some(why) = prefix.and_then(dns_subdomain_error) {
        return Some(format!("its prefix is no domain: {why}"));
    }
    if name.is_empty() || name.len() > 63 {
        return Some("its name must have 1 to 63 characters".into());
    }
    qualified_part_error(name)
}

fn qualified_part_error(text: &str) -> Option<String> {
    let good = |c: char| c.is_ascii_alphanumeric();
    if let Some(c) = text.chars().find(|c| !good(*c) && !matches!(c, '-' | '_' | '.')) {
        return Some(format!("`{c}` is not allowed"));
    }
    let edges = text.starts_with(good) && text.ends_with(good);
    (!edges).then(|| "it must begin and end with a letter or digit".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_names() {
        assert_eq!(dns_subdomain_error("a.b-c.d"), None);
        assert_eq!(qualified_name_error("example.com/Name_1.x"), None);
        assert_eq!(label_value_error(""), None);
        assert_eq!(label_value_error("v1.2-A_b"), None);
        assert_eq!(path_segment_error("system:x"), None);
        for bad in ["A", "a_b", "-a", "a-", "a..b", ""] {
            assert!(dns_subdomain_error(bad).is_some(), "{bad}");
        }
        for bad in ["a b", "a+b", "-a", "é"] {
            assert!(label_value_error(bad).is_some(), "{bad}");
        }
        for bad in ["/x", "a/", "a/b/c", "Example.com/x"] {
            assert!(qualified_name_error(bad).is_some(), "{bad}");
        }
        assert!(dns_label_error(&"a".repeat(64)).is_some());
    }
}
