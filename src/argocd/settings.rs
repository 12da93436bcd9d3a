//! What `argocd-cm` and `argocd-cmd-params-cm` of the repository say about rendering.
//!
//! Mirrors `util/settings/settings.go`. Several control planes in one repository are told apart by namespace and, where
//! that is equal, all are asked: see [`Settings::merge`].

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};

use crate::origin::Place;
use crate::yaml::Node;

use super::project::matches_namespace;
use super::resource_filter::{self, ResourceFilter};
use super::{Application, BuildOptions};

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

/// What the settings about building kustomizations are called, in `argocd-cm` and in the resource `ArgoCD`.
pub const BUILD_OPTIONS: [&str; 2] = ["kustomize.buildOptions", "kustomizeBuildOptions"];

/// Settings that steer rendering.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `kustomize.buildOptions`.
    pub kustomize_build_options: BuildOptions,
    /// `kustomize.buildOptions.<version>`.
    pub kustomize_version_options: BTreeMap<SmolStr, BuildOptions>,
    /// Versions that `kustomize.version.<v>` and `kustomize.path.<v>` register.
    pub kustomize_versions: Vec<SmolStr>,
    /// `helm.valuesFileSchemes`; absent means https and http.
    pub values_schemes: Option<Vec<SmolStr>>,
    /// `application.resourceTrackingMethod`.
    pub tracking: Tracking,
    /// `application.instanceLabelKey`.
    pub instance_label_key: Option<SmolStr>,
    /// `installationID`, with which objects are marked as well.
    pub installation_id: Option<SmolStr>,
    /// Namespace of the control plane, where `argocd-cm` names one.
    pub namespace: SmolStr,
    /// `application.namespaces` of `argocd-cmd-params-cm`: where Applications may live beside the control plane's
    /// own namespace.
    pub application_namespaces: Vec<SmolStr>,
    /// Whether a config management plugin finds the directories that it takes itself (`discover`): sources that name no tool may be
    /// rendered by it, which Argo CD asks before it looks for a tool (`util/app/discovery/discovery.go`).
    pub plugins_discover: bool,
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
            let namespace = config_map.at_path(&["metadata", "namespace"]).and_then(Node::as_str);
            self.namespace = namespace.map_or_else(|| self.namespace.clone(), SmolStr::new);
        }
    }

    /// Adds what values of the `argo-cd` chart write into `argocd-cm`: `configs.cm`.
    pub fn merge_values(&mut self, data: &Node) {
        self.add(data);
        self.place.get_or_insert(data.place());
    }

    /// Adds what the resource `ArgoCD`, of which an operator makes `argocd-cm`, says.
    pub fn merge_resource(&mut self, argocd: &Node) {
        let Some(spec) = argocd.get("spec") else { return };
        if let Some(options) = spec.get("kustomizeBuildOptions").and_then(Node::as_str) {
            self.kustomize_build_options.add(options);
        }
        if let Some(extra) = spec.get("extraConfig") {
            self.add(extra);
        }
    }

    /// Adds what a ConfigManagementPlugin, or the chart's values for one, says.
    pub fn add_plugin(&mut self, spec: &Node) {
        self.plugins_discover |= spec.get("discover").is_some_and(|it| !it.entries().is_empty());
    }

    fn add(&mut self, data: &Node) {
        let text = |key: &str| data.get(key).and_then(|value| Some((value.as_str()?, value.place())));
        if let Some((options, _)) = text("kustomize.buildOptions") {
            self.kustomize_build_options.add(options);
        }
        for entry in data.entries() {
            let key = entry.key.text.as_str();
            let version =
                key.strip_prefix("kustomize.version.").or_else(|| key.strip_prefix("kustomize.path."));
            self.kustomize_versions.extend(version.map(SmolStr::new));
            if let (Some(version), Some(options)) =
                (key.strip_prefix("kustomize.buildOptions."), entry.value.as_str())
            {
                self.kustomize_version_options.insert(version.into(), BuildOptions::new(options));
            }
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
        if let Some((id, _)) = text("installationID") {
            self.installation_id = Some(id.into()).filter(|id: &SmolStr| !id.is_empty());
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

    /// The options for a source that asks for a version of kustomize, or for none. Where no control plane is known,
    /// charts and plugins are permitted.
    pub fn build_options(&self, version: Option<&str>) -> BuildOptions {
        match version {
            _ if !self.is_known() => BuildOptions::new("--enable-helm --enable-alpha-plugins"),
            Some(version) => self.kustomize_version_options.get(version).cloned().unwrap_or_default(),
            None => self.kustomize_build_options.clone(),
        }
    }

    /// What Argo CD calls an Application (`InstanceName`): in a namespace other than the control plane's own,
    /// `<namespace>_<name>`.
    pub fn instance_name(&self, app: &Application) -> SmolStr {
        let own = if self.namespace.is_empty() { "argocd" } else { self.namespace.as_str() };
        let foreign = !app.namespace.is_empty() && app.namespace != own;
        if foreign
            && self.application_namespaces.iter().any(|pattern| matches_namespace(pattern, &app.namespace))
        {
            format_smolstr!("{}_{}", app.namespace, app.name)
        } else {
            app.name.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::Sources;
    use crate::yaml::{Dialect, parse};

    fn node(text: &str) -> Node {
        let mut node = parse(&Sources::new().add("file", text.into())).documents.remove(0).root.unwrap();
        node.canonicalize(Dialect::Sigs).unwrap();
        node
    }

    #[test]
    fn a_version_of_kustomize_has_its_own_options() {
        let mut settings = Settings::default();
        assert!(settings.build_options(None).has_flag("--enable-helm"), "no control plane is known");
        settings.merge(&node(
            "metadata: {name: argocd-cm}\ndata:\n  kustomize.buildOptions: --enable-helm\n  \
             kustomize.version.v4: /bin/k4\n  kustomize.path.v5: /bin/k5\n  \
             kustomize.buildOptions.v5: --load-restrictor LoadRestrictionsNone\n",
        ));
        for (version, helm, unrestricted) in
            [(None, true, false), (Some("v4"), false, false), (Some("v5"), false, true)]
        {
            let options = settings.build_options(version);
            let got = (options.has_flag("--enable-helm"), options.load_restrictions_none());
            assert_eq!(got, (helm, unrestricted), "{version:?}");
        }
    }

    #[test]
    fn applications_elsewhere_are_called_by_their_namespace() {
        let mut settings = Settings::default();
        settings.merge(&node("metadata: {name: argocd-cm, namespace: control}\ndata: {}\n"));
        let params =
            "metadata: {name: argocd-cmd-params-cm}\ndata: {application.namespaces: 'team-*, /^x[0-9]$/'}\n";
        settings.merge(&node(params));
        for (namespace, want) in [
            ("control", "shop"),
            ("", "shop"),
            ("team-a", "team-a_shop"),
            ("x1", "x1_shop"),
            ("argocd", "shop"),
        ] {
            let text = format!("metadata: {{name: shop, namespace: {namespace:?}}}\n");
            let app = Application::new(Arc::new(node(&text)));
            assert_eq!(settings.instance_name(&app), want, "{namespace}");
        }
    }
}
