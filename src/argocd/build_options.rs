//! The options that a control plane builds kustomizations with: `kustomize.buildOptions` and, for a registered version,
//! `kustomize.buildOptions.<version>`.
//!
//! Mirrors `GetOptions` of `util/settings/settings.go`: a version has its own options or none, never the default ones.

use smol_str::SmolStr;

/// Command line options of `kustomize build`.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    options: Vec<SmolStr>,
}

impl BuildOptions {
    /// The options of a setting, split at white space.
    pub fn new(setting: &str) -> Self {
        Self { options: setting.split_whitespace().map(SmolStr::new).collect() }
    }

    /// Adds what another place says.
    pub fn add(&mut self, setting: &str) {
        self.options.extend(setting.split_whitespace().map(SmolStr::new));
    }

    /// Whether nobody said anything.
    pub fn is_empty(&self) -> bool {
        self.options.is_empty()
    }

    /// Whether kustomize may read files outside of the kustomization's directory.
    pub fn load_restrictions_none(&self) -> bool {
        let is_none = |value: &str| value == "LoadRestrictionsNone";
        let separate = self
            .options
            .windows(2)
            .any(|pair| matches!(pair, [flag, value] if is_restrictor(flag) && is_none(value)));
        let joined = |option: &SmolStr| {
            option.split_once('=').is_some_and(|(flag, value)| is_restrictor(flag) && is_none(value))
        };
        separate || self.options.iter().any(joined)
    }

    /// Whether a boolean option is set.
    pub fn has_flag(&self, name: &str) -> bool {
        let is_it =
            |option: &SmolStr| option.strip_prefix(name).is_some_and(|rest| matches!(rest, "" | "=true"));
        self.options.iter().any(is_it)
    }
}

/// Both spellings are accepted by kustomize's flag normalisation.
fn is_restrictor(flag: &str) -> bool {
    matches!(flag, "--load-restrictor" | "--load_restrictor")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_options() {
        for (setting, unrestricted, helm) in [
            ("", false, false),
            ("--enable-helm", false, true),
            ("--enable-helm=false", false, false),
            ("--load-restrictor LoadRestrictionsNone --enable-helm=true", true, true),
            ("--load_restrictor=LoadRestrictionsNone", true, false),
            ("--load-restrictor LoadRestrictionsRootOnly", false, false),
        ] {
            let options = BuildOptions::new(setting);
            let got = (options.load_restrictions_none(), options.has_flag("--enable-helm"));
            assert_eq!(got, (unrestricted, helm), "{setting}");
        }
    }
}
