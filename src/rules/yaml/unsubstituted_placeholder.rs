//! `unsubstituted-placeholder`: see the page.

use crate::argocd;
use crate::golang::Glob;
use crate::repo::{App, Object, Rendered};
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Data, Node};

meta!(
    "unsubstituted-placeholder",
    "yaml",
    Warning,
    Recommended,
    "0.1.0",
    "A placeholder like `${NAME}` is left in what is applied."
);

pub(crate) struct UnsubstitutedPlaceholder;

impl Rule for UnsubstitutedPlaceholder {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_app(&self, app: &App, rendered: &Rendered, cx: &mut Context<'_>) {
        // What only lies around may be substituted by whoever applies it.
        if app.kind.is_loose() || app.provisional {
            return;
        }
        // Flux substitutes variables, and no blanks.
        let application = app.application();
        let common =
            application.iter().flat_map(|it| &it.sources).filter_map(|source| source.node.get("kustomize"));
        let common: Vec<&Node> = common.filter_map(|kustomize| kustomize.get("commonAnnotations")).collect();
        // `${SHOP_*}` means names: braces would be alternatives for the glob.
        let name = |text: &str| text.trim_start_matches("${").trim_end_matches('}').to_owned();
        let patterns = cx.workspace.config.placeholders.iter();
        let known: Vec<Glob> = patterns.filter_map(|it| Glob::new(&name(&it.value), &[])).collect();
        // A plugin that finds its directories itself may fill in what sources without a tool leave.
        let by_plugin = cx.workspace.control_plane().settings.plugins_discover
            && application
                .is_some_and(|it| it.sources.iter().any(|source| !argocd::names_tool(&source.node)));
        for object in &rendered.objects {
            let variables = application.is_some() && !by_plugin;
            let mut search = Search { object, known: &known, common: &common, variables, cx };
            if let Some(metadata) = object.at(&["metadata"]) {
                search.visit(metadata, "metadata", 0);
            }
            if is_built_in(&object.group) {
                for entry in
                    object.node.entries().iter().filter(|entry| !SKIPPED.contains(&entry.key.text.as_str()))
                {
                    if entry.key.text != "metadata" {
                        search.visit(&entry.value, &entry.key.text, 0);
                    }
                }
            }
        }
    }
}

/// Fields whose text is for a shell or for the program, which may fill in placeholders itself.
const SKIPPED: [&str; 9] =
    ["data", "stringData", "binaryData", "command", "args", "env", "script", "status", "managedFields"];

/// Groups whose objects mean what they say. Custom resources may hold templates of any kind.
fn is_built_in(group: &str) -> bool {
    group.ends_with(".k8s.io")
        || matches!(group, "" | "apps" | "batch" | "autoscaling" | "policy" | "extensions")
        || group == "secrets-store.csi.x-k8s.io"
}

struct Search<'o, 'c, 'a> {
    object: &'o Object,
    known: &'o [Glob],
    /// `kustomize.commonAnnotations` of the app.
    common: &'o [&'o Node],
    /// Whether nothing substitutes variables.
    variables: bool,
    cx: &'c mut Context<'a>,
}

impl Search<'_, '_, '_> {
    fn visit(&mut self, node: &Node, path: &str, depth: u32) {
        if depth > 64 {
            return;
        }
        match &node.data {
            Data::Scalar(text) => self.scalar(node, text, path),
            Data::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.visit(item, &format!("{path}[{index}]"), depth + 1);
                }
            }
            Data::Map(map) => {
                for entry in map.iter().filter(|entry| !SKIPPED.contains(&entry.key.text.as_str())) {
                    self.visit(&entry.value, &format!("{path}.{}", entry.key.text), depth + 1);
                }
            }
        }
    }

    fn scalar(&mut self, node: &Node, text: &str, path: &str) {
        if let Some(blank) = blank(text) {
            self.cx
                .report(node.place(), format!("`{blank}` was to be replaced: it is applied as it stands"))
                .object(self.object, Some(path))
                .help("write the value");
            return;
        }
        let Some(placeholder) = placeholder(text).filter(|_| self.variables) else { return };
        let name = placeholder.trim_start_matches("${").trim_end_matches('}');
        if self.known.iter().any(|pattern| pattern.matches(name)) {
            return;
        }
        // Argo CD knows the variable; it looks there only when it is told to.
        let is_common = name.starts_with("ARGOCD_")
            && self.common.iter().any(|map| {
                map.entries()
                    .iter()
                    .any(|entry| entry.value.as_str() == Some(text) && is_at(path, &entry.key.text))
            });
        let help = if is_common {
            "set `commonAnnotationsEnvsubst: true` beside `commonAnnotations`: Argo CD fills in its variables only then"
        } else {
            "write the value, or name the placeholder under `placeholders:` in .gitops-lint.yaml if another tool fills it in"
        };
        self.cx
            .report(node.place(), format!("nothing fills in `{placeholder}`: it is applied as it stands"))
            .object(self.object, Some(path))
            .help(help);
    }
}

/// The first blank of a text of one line that examples tell their readers to fill in: `YOUR_DOMAIN`, `REPLACE_ME`, and `<DOMAIN_NAME>`
/// where it is all there is.
fn blank(text: &str) -> Option<&str> {
    if text.contains('\n') {
        return None;
    }
    let in_capitals = |word: &str| {
        word.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
    };
    let is_token = |name: &str| in_capitals(name) && name.contains(['_', '-']);
    if let Some(name) = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        return is_token(name).then_some(text);
    }
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'));
    let mut words = words.filter(|word| in_capitals(word));
    words.find(|word| {
        ["YOUR_", "YOUR-"].iter().any(|start| word.starts_with(start) && word.len() > start.len())
            || matches!(
                *word,
                "REPLACE_ME" | "REPLACE-ME" | "CHANGE_ME" | "CHANGE-ME" | "CHANGEME" | "REPLACEME"
            )
    })
}

/// Whether the last step of a path is a key.
fn is_at(path: &str, key: &str) -> bool {
    let rest = path.strip_suffix(']').unwrap_or(path).strip_suffix(key);
    rest.is_some_and(|rest| rest.ends_with(['.', '[']))
}

/// The first `${NAME}` of a text of one line, in capitals as variables of the environment are.
fn placeholder(text: &str) -> Option<&str> {
    if text.contains('\n') {
        return None;
    }
    let mut from = 0;
    while let Some(start) = text.get(from..)?.find("${").map(|at| at + from) {
        let end = start + text.get(start..)?.find('}')?;
        let name = text.get(start + 2..end)?;
        let escaped = text.get(..start)?.ends_with('$');
        let is_name = name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if is_name && !escaped {
            return text.get(start..=end);
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_blanks() {
        for (text, want) in [
            ("YOUR_OFFICE_CIDR/32", Some("YOUR_OFFICE_CIDR")),
            ("https://YOUR-DOMAIN.example.com", Some("YOUR-DOMAIN")),
            ("<CLUSTER_NAME>", Some("<CLUSTER_NAME>")),
            ("REPLACE_ME", Some("REPLACE_ME")),
            ("YOUR_", None),
            ("<html>", None),
            ("<B>", None),
            ("your_domain", None),
            ("see <CLUSTER_NAME> for more", None),
            ("a\nYOUR_DOMAIN", None),
        ] {
            assert_eq!(blank(text), want, "{text}");
        }
    }

    #[test]
    fn finds_placeholders() {
        for (text, want) in [
            ("${AZURE_TENANT_ID}", Some("${AZURE_TENANT_ID}")),
            ("https://${HOST}.example.com", Some("${HOST}")),
            ("$${HOST}", None),
            ("${host}", None),
            ("$(HOST)", None),
            ("a\n${HOST}", None),
            ("${A", None),
            ("${x} ${HOST}", Some("${HOST}")),
        ] {
            assert_eq!(placeholder(text), want, "{text}");
        }
    }
}
