//! The policy language of `argocd-rbac-cm` and of the roles of projects.
//!
//! Mirrors `loadPolicyLine` of `util/rbac/rbac.go`, and the names that `docs/operator-manual/rbac.md` and the
//! `rbac` package know.

/// One line of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLine<'a> {
    /// Index of the line in the text, from zero.
    pub index: usize,
    /// The line, trimmed.
    pub text: &'a str,
    /// Its fields, or why Argo CD refuses it (and with it all other lines).
    pub fields: Result<Vec<String>, String>,
}

/// What a policy may speak of.
pub const RESOURCES: [&str; 12] = [
    "clusters",
    "projects",
    "applications",
    "applicationsets",
    "repositories",
    "write-repositories",
    "certificates",
    "accounts",
    "gpgkeys",
    "logs",
    "exec",
    "extensions",
];

/// What a policy may permit; `action`, `update` and `delete` also with more behind a slash.
pub const ACTIONS: [&str; 9] =
    ["get", "create", "update", "delete", "sync", "rollback", "override", "action", "invoke"];

/// The lines of a policy that say something.
pub fn policy_lines(text: &str) -> Vec<PolicyLine<'_>> {
    let lines = text.lines().enumerate().map(|(index, line)| (index, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines.map(|(index, text)| PolicyLine { index, text, fields: fields(text) }).collect()
}

/// The fields of one line.
pub fn fields(line: &str) -> Result<Vec<String>, String> {
    let fields = split(line)?;
    match (fields.first().map_or("", String::as_str), fields.len()) {
        ("p", 6) | ("g", 3) => Ok(fields),
        ("p", count) => Err(format!("a `p` line has six fields, this one {count}")),
        ("g", count) => Err(format!("a `g` line has three fields, this one {count}")),
        // The sections of the model; nobody writes them here, but they are no error.
        ("r" | "e" | "m", _) => Ok(fields),
        ("", _) => Err("the line begins with no `p` or `g`".to_owned()),
        (first, _) => Err(format!("a line begins with `p` or `g`, not with `{first}`")),
    }
}

/// CSV as Go's `encoding/csv` reads it with `TrimLeadingSpace`.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            let (field, behind) = quoted_field(quoted)?;
            fields.push(field);
            match behind.strip_prefix(',') {
                Some(more) => rest = more,
                None if behind.is_empty() => return Ok(fields),
                None => return Err("text stands behind a closing quote".to_owned()),
            }
            continue;
        }
        let (field, more) = rest.split_once(',').map_or((rest, None), |(field, more)| (field, Some(more)));
        if field.contains('"') {
            return Err("a quote stands in the middle of a field".to_owned());
        }
        fields.push(field.to_owned());
        match more {
            Some(more) => rest = more,
            None => return Ok(fields),
        }
    }
}

/// The text up to the closing quote, `""` being one quote, and what is behind it.
fn quoted_field(text: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let Some((before, behind)) = rest.split_once('"') else {
            return Err("a quote is not closed".to_owned());
        };
        field.push_str(before);
        match behind.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None => return Ok((field, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_as_argo_does() {
        for (line, want) in [
            ("p, role:x, applications, get, */*, allow", Some("p|role:x|applications|get|*/*|allow")),
            ("g, \"a, b\", role:admin", Some("g|a, b|role:admin")),
            ("p, role:x , applications, get, */*, allow", Some("p|role:x |applications|get|*/*|allow")),
            ("p, role:x, applications, get, */*", None),
            ("p, role:x, applications, get, */*, allow,", None),
            ("g, a, b, c", None),
            ("policy, a", None),
            (", a", None),
            ("g, \"a, role:x", None),
            ("g, a\"b, role:x", None),
        ] {
            assert_eq!(fields(line).ok().map(|it| it.join("|")).as_deref(), want, "{line}");
        }
        let lines = policy_lines("# comment\n\n  g, a, b  \n");
        assert_eq!(lines.first().map(|line| (line.index, line.text)), Some((2, "g, a, b")));
    }
}
