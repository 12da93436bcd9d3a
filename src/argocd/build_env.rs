//! The build environment: `$ARGOCD_APP_NAME` and friends in parameters, value file paths, images and labels.
//!
//! Mirrors `reposerver/repository/repository.go` (`newEnv`) and Go's `os.Expand`.

use smol_str::SmolStr;

use super::{Application, Source};

/// The variables of one source.
#[derive(Debug, Clone, Default)]
pub struct BuildEnv {
    /// `ARGOCD_APP_NAME`.
    pub app_name: SmolStr,
    /// `ARGOCD_APP_NAMESPACE`: the destination's namespace.
    pub app_namespace: SmolStr,
    /// `ARGOCD_APP_PROJECT_NAME`.
    pub project: SmolStr,
    /// `ARGOCD_APP_REVISION`: the resolved commit or chart version.
    pub revision: SmolStr,
    /// `ARGOCD_APP_SOURCE_REPO_URL`.
    pub repo_url: SmolStr,
    /// `ARGOCD_APP_SOURCE_PATH`.
    pub path: SmolStr,
    /// `ARGOCD_APP_SOURCE_TARGET_REVISION`.
    pub target_revision: SmolStr,
}

impl BuildEnv {
    /// The variables of a source, with the revision as it is written: what it resolves to is not known.
    pub fn of(app: &Application, source: &Source) -> Self {
        Self {
            app_name: app.name.clone(),
            app_namespace: app.destination.namespace().into(),
            project: app.project.as_ref().map(|project| project.value.clone()).unwrap_or_default(),
            revision: source.target_revision().into(),
            repo_url: source.repo_url().into(),
            path: source.path().into(),
            target_revision: source.target_revision().into(),
        }
    }

    fn get(&self, name: &str) -> &str {
        let short = |len: usize| self.revision.get(..len).unwrap_or(&self.revision);
        match name {
            "ARGOCD_APP_NAME" => &self.app_name,
            "ARGOCD_APP_NAMESPACE" => &self.app_namespace,
            "ARGOCD_APP_PROJECT_NAME" => &self.project,
            "ARGOCD_APP_REVISION" => &self.revision,
            "ARGOCD_APP_REVISION_SHORT" => short(7),
            "ARGOCD_APP_REVISION_SHORT_8" => short(8),
            "ARGOCD_APP_SOURCE_REPO_URL" => &self.repo_url,
            "ARGOCD_APP_SOURCE_PATH" => &self.path,
            "ARGOCD_APP_SOURCE_TARGET_REVISION" => &self.target_revision,
            "$" => "$",
            _ => "",
        }
    }

    /// Replaces `$NAME` and `${NAME}` as `os.Expand` does: unknown names are empty, `$$` is `$`, a `$` that begins
    /// no name stays.
    pub fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(rest.get(..at).unwrap_or_default());
            let after = rest.get(at + 1..).unwrap_or_default();
            let (name, used) = shell_name(after);
            if name.is_empty() {
                // `${}` and an unterminated `${` are eaten; a `$` before anything else stays.
                if used == 0 {
                    out.push('$');
                }
            } else {
                out.push_str(self.get(name));
            }
            rest = after.get(used..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }
}

/// The name that follows a `$` and the number of bytes it takes (Go's `getShellName`).
fn shell_name(text: &str) -> (&str, usize) {
    let special = |c: u8| c.is_ascii_digit() || b"*#$@!?-".contains(&c);
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'{') => {
            if let (Some(c), Some(b'}')) = (bytes.get(1), bytes.get(2))
                && special(*c)
            {
                return (text.get(1..2).unwrap_or_default(), 3);
            }
            match text.find('}') {
                Some(1) => ("", 2),
                Some(end) => (text.get(1..end).unwrap_or_default(), end + 1),
                None => ("", 1),
            }
        }
        Some(c) if special(*c) => (text.get(..1).unwrap_or_default(), 1),
        _ => {
            let len = bytes.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').count();
            (text.get(..len).unwrap_or_default(), len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_like_go() {
        let env = BuildEnv {
            app_name: "shop".into(),
            revision: "0123456789abcdef".into(),
            path: "a/b".into(),
            ..BuildEnv::default()
        };
        for (text, want) in [
            ("$ARGOCD_APP_NAME-x", "shop-x"),
            ("${ARGOCD_APP_NAME}x", "shopx"),
            ("$ARGOCD_APP_NAMEx", ""),
            ("$ARGOCD_APP_REVISION_SHORT", "0123456"),
            ("$ARGOCD_APP_REVISION_SHORT_8", "01234567"),
            ("$$HOME", "$HOME"),
            ("a$", "a$"),
            ("a$ b", "a$ b"),
            ("$/x", "$/x"),
            ("${}x", "x"),
            ("${unterminated", "unterminated"),
            ("$1x", "x"),
            ("é$ARGOCD_APP_SOURCE_PATH", "éa/b"),
        ] {
            assert_eq!(env.expand(text), want, "{text}");
        }
    }
}
