//! Where files of schemas are called: kubeconform's file name patterns, and the layouts that its users have.

/// The layouts that a directory may have: the catalog of CRDs, and what `openapi2jsonschema` writes.
const LAYOUTS: [&str; 4] = [
    "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json",
    "{{.ResourceKind}}_{{.ResourceAPIVersion}}.json",
    "{{.ResourceKind}}{{.KindSuffix}}.json",
    "{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json",
];

/// The names that an entry of `schemas:` gives the schema of a kind, in the order in which they are tried. Variables are
/// those of `kubeconform -schema-location`.
pub fn file_names(entry: &str, group: &str, version: &str, kind: &str, minor: u32) -> Vec<String> {
    let entry = entry.trim_end_matches('/');
    let patterns: Vec<String> = if entry.contains("{{") {
        vec![entry.to_owned()]
    } else {
        LAYOUTS.iter().map(|layout| format!("{entry}/{layout}")).collect()
    };
    let first = group.split('.').next().unwrap_or_default();
    let suffix = if first.is_empty() { format!("-{version}") } else { format!("-{first}-{version}") };
    let kind = kind.to_lowercase();
    let minor = format!("v1.{minor}.0");
    let value = |name: &str| match name {
        "Group" => group,
        "ResourceKind" => &kind,
        "ResourceAPIVersion" => version,
        "KindSuffix" => &suffix,
        "NormalizedKubernetesVersion" => &minor,
        "StrictSuffix" => "-strict",
        _ => "",
    };
    patterns.iter().map(|pattern| fill(pattern, &value)).collect()
}

fn fill<'v>(pattern: &str, value: &dyn Fn(&str) -> &'v str) -> String {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else { break };
        filled.push_str(value(name.trim().trim_start_matches('.')));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_files_as_kubeconform_does() {
        let names = |entry| file_names(entry, "cert-manager.io", "v1", "Issuer", 33);
        assert_eq!(
            names("x/{{ .Group }}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"),
            ["x/cert-manager.io/issuer_v1.json"]
        );
        assert_eq!(names("{{.ResourceKind}}{{.KindSuffix}}.json"), ["issuer-cert-manager-v1.json"]);
        assert!(names("schemas/").contains(&"schemas/issuer_v1.json".to_owned()));
    }
}
