//! What `argocd-cm` and `argocd-cmd-params-cm` of the repository say about rendering.
//!
//! Mirrors `util/settings/settings.go`. Several control planes in one repository are told apart by namespace and, where
//! that is equal, all are asked: see [`Settings::merge`].

use smol_str::SmolStr;

use crate::origin::{Place, Placed};
use crate::yaml::Node;

use super::resource_filter::{self, ResourceFilter};

/// How Argo CD marks what it manages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tracking {
    /// The `argocd.argoproj.io/tracking-id` annotation, the default since 3.0.
    #[default]
    Annotation,
    /// The instance label.
    Label,
    /// Both.
    AnnotationAndLabel,
}

/// Settings that steer rendering.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `kustomize.buildOptions`, split at white space.
    pub kustomize_build_options: Vec<Placed<SmolStr>>,
    /// Versions that `kustomize.version.<v>` and `kustomize.path.<v>` register.
    pub kustomize_versions: Vec<SmolStr>,
    /// `helm.valuesFileSchemes`; absent means https and http.
    pub values_schemes: Option<Vec<SmolStr>>,
    /// `application.resourceTrackingMethod`.
    pub tracking: Tracking,
    /// `application.instanceLabelKey`.
    pub instance_label_key: Option<SmolStr>,
    /// `application.namespaces` of `argocd-cmd-params-cm`: where Applications may live beside the control plane's
    /// own namespace.
    pub application_namespaces: Vec<SmolStr>,
    /// `<tool>.enable: "false"`.
    pub disabled_tools: Vec<SmolStr>,
    /// `resource.exclusions`.
    pub exclusions: Vec<ResourceFilter>,
    /// `resource.inclusions`.
    pub inclusions: Vec<ResourceFilter>,
    /// Where `argocd-cm` was found.
    pub place: Option<Place>,
}

impl Settings {
    /// Adds what one `argocd-cm` or `argocd-cmd-params-cm` says.
    pub fn merge(&mut self, config_map: &Node) {
        let Some(data) = config_map.get("data") else { return };
        self.add(data);
        let name = config_map.at_path(&["metadata", "name"]).and_then(Node::as_str);
        if name == Some("argocd-cm") {
            self.place.get_or_insert(config_map.place());
        }
    }

    /// Adds what values of the `argo-cd` chart write into `argocd-cm`: `configs.cm`.
    pub fn merge_values(&mut self, data: &Node) {
        self.add(data);
        self.place.get_or_insert(data.place());
    }

    fn add(&mut self, data: &Node) {
        let text = |key: &str| data.get(key).and_then(|value| Some((value.as_str()?, value.place())));
        if let Some((options, place)) = text("kustomize.buildOptions") {
            let options = options.split_whitespace().map(|option| Placed::new(SmolStr::new(option), place));
            self.kustomize_build_options = options.collect();
        }
        for entry in data.entries() {
            let key = entry.key.text.as_str();
            let version =
                key.strip_prefix("kustomize.version.").or_else(|| key.strip_prefix("kustomize.path."));
            self.kustomize_versions.extend(version.map(SmolStr::new));
        }
        if let Some((schemes, _)) = text("helm.valuesFileSchemes") {
            self.values_schemes = Some(schemes.split(',').map(|scheme| scheme.trim().into()).collect());
        }
        if let Some((method, _)) = text("application.resourceTrackingMethod") {
            self.tracking = match method {
                "label" => Tracking::Label,
                "annotation+label" => Tracking::AnnotationAndLabel,
                _ => Tracking::Annotation,
            };
        }
        if let Some((key, _)) = text("application.instanceLabelKey") {
            self.instance_label_key = Some(key.into());
        }
        if let Some((namespaces, _)) = text("application.namespaces") {
            let namespaces = namespaces.split(',').map(|name| SmolStr::new(name.trim()));
            self.application_namespaces = namespaces.filter(|name| !name.is_empty()).collect();
        }
        for (key, filters) in
            [("resource.exclusions", &mut self.exclusions), ("resource.inclusions", &mut self.inclusions)]
        {
            if let Some(setting) = data.get(key) {
                *filters = ResourceFilter::read(setting);
            }
        }
        for tool in ["helm", "kustomize", "jsonnet"] {
            if text(&format!("{tool}.enable")).is_some_and(|(value, _)| value == "false") {
                self.disabled_tools.push(tool.into());
            }
        }
    }

    /// Whether a tool may be used: `helm`, `kustomize`, `jsonnet`.
    pub fn enables(&self, tool: &str) -> bool {
        !self.disabled_tools.iter().any(|name| name == tool)
    }

    /// Whether Argo CD leaves objects of a kind alone on a cluster, given by its URL.
    pub fn excludes(&self, group: &str, kind: &str, cluster: &str) -> bool {
        resource_filter::is_excluded(&self.exclusions, &self.inclusions, group, kind, cluster)
    }

    /// Whether kustomize may read files outside of the kustomization's directory.
    pub fn load_restrictions_none(&self) -> bool {
        let options = &self.kustomize_build_options;
        let separate = options.windows(2).any(|pair| {
            matches!(pair, [flag, value] if is_restrictor(&flag.value) && value.value == "LoadRestrictionsNone")
        });
        separate
            || options.iter().any(|option| {
                option
                    .value
                    .split_once('=')
                    .is_some_and(|(flag, value)| is_restrictor(flag) && value == "LoadRestrictionsNone")
            })
    }

    /// Whether a version of kustomize is registered. Where no control plane is known, any may be.
    pub fn has_kustomize_version(&self, version: &str) -> bool {
        self.place.is_none() || self.kustomize_versions.iter().any(|known| known == version)
    }

    /// Whether values files may come from URLs of a scheme.
    pub fn allows_values_scheme(&self, scheme: &str) -> bool {
        match &self.values_schemes {
            Some(schemes) => schemes.iter().any(|known| known == scheme),
            None => matches!(scheme, "https" | "http"),
        }
    }

    /// Whether `argocd-cm` is in the repository at all. Where it is not, build options may well be set elsewhere:
    /// nobody keeps kustomizations with charts or plugins that no control plane builds.
    pub fn is_known(&self) -> bool {
        self.place.is_some()
    }

    /// Whether kustomize may inflate Helm charts.
    pub fn enable_helm(&self) -> bool {
        !self.is_known() || self.has_flag("--enable-helm")
    }

    /// Whether kustomize may run plugins.
    pub fn enable_plugins(&self) -> bool {
        !self.is_known() || self.has_flag("--enable-alpha-plugins") || self.has_flag("--enable_alpha_plugins")
    }

    fn has_flag(&self, name: &str) -> bool {
        let is_it = |option: &str| option.strip_prefix(name).is_some_and(|rest| matches!(rest, "" | "=true"));
        self.kustomize_build_options.iter().any(|option| is_it(&option.value))
    }
}

/// Both spellings are accepted by kustomize's flag normalisation.
fn is_restrictor(flag: &str) -> bool {
    matches!(flag, "--load-restrictor" | "--load_restrictor")
}
