//! Kinds of findings that were false, or missing, in repositories that nobody here had looked at before: each next to what still
//! is told.

use crate::blame::{app, assert_told, flux, report};

/// A patch's target is an expression of Go: `{` that begins no count is a character.
#[test]
fn expressions_are_those_of_go() {
    let text = |name: &str| {
        format!(
            "=== app.yaml\n{}=== web/kustomization.yaml\nresources: [c.yaml]\npatches:\n  - target: {{kind: ConfigMap, name: \
             '{name}'}}\n    patch: '[{{\"op\": \"add\", \"path\": \"/data/x\", \"value\": \"y\"}}]'\n=== web/c.yaml\napiVersion: v1\nkind: \
             ConfigMap\nmetadata: {{name: 'a{{b}}-c'}}\ndata: {{a: b}}\n",
            app("web", "web", "")
        )
    };
    assert_told(&text("a{b}-c"), "kustomize-build-failure", &[]);
    assert_told(&text("a{b}-c"), "unmatched-patch", &[]);
    assert_told(&text("\\${cluster}-c"), "kustomize-build-failure", &[]);
    assert_told(&text("a(b"), "kustomize-build-failure", &["missing closing )"]);
}

/// The root of another source is not the root of this repository: who applies what stays as it was.
#[test]
fn the_root_of_another_source_is_not_this_one() {
    let text = |path: &str| {
        format!(
            "=== flux/cluster.yaml\napiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: manifests, \
             namespace: flux-system}}\nspec: {{interval: 1h, url: 'oci://ghcr.io/fluxcd/flux-manifests', ref: {{tag: \
             v2.5.1}}}}\n---\n{}---\n{}=== apps/ks.yaml\n{}=== archive/ks.yaml\n{}=== web/s.yaml\napiVersion: v1\nkind: \
             Secret\nmetadata: {{name: s, namespace: web}}\nsops: {{mac: x}}\n",
            flux("flux", path, "").replace(
                "{kind: GitRepository, name: flux-system}",
                "{kind: OCIRepository, name: manifests}"
            ),
            flux(
                "apps",
                "./apps",
                "  patches:\n    - target: {kind: Kustomization}\n      patch: '[{\"op\": \"add\", \"path\": \"/spec/decryption\", \
                 \"value\": {\"provider\": \"sops\"}}]'\n"
            ),
            flux("web", "./web", ""),
            flux("gone", "./gone", "")
        )
    };
    for path in ["./", "./deploy"] {
        assert_told(&text(path), "undecrypted-secret", &[]);
    }
}

/// Both betas of HelmRelease had `chartRef` once the first stable version was there.
#[test]
fn betas_have_what_their_successor_has() {
    for version in ["v2beta2", "v2"] {
        let text = format!(
            "=== clusters/prod/sync.yaml\n{}=== clusters/prod/r.yaml\napiVersion: helm.toolkit.fluxcd.io/{version}\nkind: \
             HelmRelease\nmetadata: {{name: web, namespace: web}}\nspec:\n  interval: 10m\n  chartRef: {{kind: OCIRepository, \
             name: web}}\n  chartReff: 1\n",
            flux("flux-system", "./clusters/prod", "")
        );
        assert_told(&text, "unknown-flux-field", &["`chartReff`"]);
        assert_told(&text, "schema-violation", &[]);
    }
}

/// The version of Flux is shown by what installs it.
#[test]
fn what_installs_flux_shows_its_version() {
    let text = |installs: &str| {
        format!(
            "=== clusters/prod/sync.yaml\n{}=== clusters/prod/flux.yaml\n{installs}=== clusters/prod/r.yaml\napiVersion: \
             helm.toolkit.fluxcd.io/v2beta1\nkind: HelmRelease\nmetadata: {{name: web, namespace: web}}\nspec: {{interval: 10m, \
             chart: {{spec: {{chart: web, sourceRef: {{kind: HelmRepository, name: web}}}}}}}}\n",
            flux("flux-system", "./clusters/prod", "")
        )
    };
    let source = |kind: &str, url: &str, tag: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata: {{name: flux, namespace: flux-system}}\nspec: \
             {{interval: 1h, url: '{url}', ref: {{tag: {tag}}}}}\n"
        )
    };
    let controller = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: kustomize-controller, namespace: \
                      flux-system}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: \
                      {containers: [{name: manager, image: 'ghcr.io/fluxcd/kustomize-controller:v0.29.0'}]}}}\n";
    for (installs, want) in [
        (controller.to_owned(), &[][..]),
        (source("OCIRepository", "oci://ghcr.io/fluxcd/flux-manifests", "v2.5.1"), &[]),
        (source("GitRepository", "https://github.com/fluxcd/flux2", "v0.31.4"), &[]),
        (source("OCIRepository", "oci://ghcr.io/fluxcd/flux-manifests", "v2.7.0"), &["since Flux 2.7"]),
        (source("GitRepository", "https://github.com/acme/flux", "v2.5.1"), &["since Flux 2.7"]),
    ] {
        assert_told(&text(&installs), "removed-api-version", want);
    }
}

/// What some program writes first is not wrong yet, unless somebody deploys it as it is.
#[test]
fn trees_of_templates_are_not_built() {
    let rest = |path: &str| format!("=== app.yaml\n{}=== web/c.yaml\n{MAP}", app("web", path, ""));
    let template = "=== hack/templates/a/kustomization.yaml\nresources: [c.yaml]\n{% if private %}\nnamespace: {{ team }}\n{% \
         endif %}\n=== hack/templates/b/kustomization.yaml\nresources: [../base]\n";
    for rule in ["syntax-error", "kustomize-build-failure"] {
        assert_told(&format!("{}{template}", rest("web")), rule, &[]);
    }
    assert_told(
        &format!("{}{template}", rest("hack/templates/a")),
        "syntax-error",
        &["cannot start any token"],
    );
    assert_told(&format!("{}{template}", rest("hack/templates/b")), "kustomize-build-failure", &["../base"]);
    // Without a template among them it is a directory as any other.
    let plain = "=== hack/templates/b/kustomization.yaml\nresources: [../base]\n";
    assert_told(&format!("{}{plain}", rest("web")), "kustomize-build-failure", &["`../base` does not exist"]);
    let operator =
        "=== config/manifests/kustomization.yaml\nresources: [bases/web.clusterserviceversion.yaml]\n";
    assert_told(&format!("{}{operator}", rest("web")), "kustomize-build-failure", &[]);
    let fleet = "=== multi/overlays/prod/kustomization.yaml\npatches: [{path: p.yaml}]\n=== multi/overlays/prod/p.yaml\n\
                 apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n";
    assert_told(
        &format!("{}{fleet}", rest("web")),
        "kustomize-build-failure",
        &["failed to find unique target"],
    );
    let with = "=== multi/fleet.yaml\nhelm: {chart: ./chart}\nkustomize: {dir: overlays/prod}\n";
    assert_told(&format!("{}{fleet}{with}", rest("web")), "kustomize-build-failure", &[]);
}

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: web}\ndata: {a: b}\n";

/// Which files are values of an environment.
#[test]
fn environments_are_told_from_other_values() {
    let chart = |more: &str| {
        format!(
            "=== env/Chart.yaml\napiVersion: v2\nname: env\nversion: 1.0.0\n=== env/values.yaml\nname: ''\nhost: ''\n\
             === env/templates/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: 'c-{{{{ .Values.name }}}}'}}\ndata: \
             {{host: {{{{ .Values.host | quote }}}}}}\n{more}"
        )
    };
    let apps = |text: &str| -> Vec<String> {
        report(text, &[]).apps.iter().map(|app| app.name.to_string()).collect()
    };
    // A site called `base` says so itself.
    let sites = "=== env/values-base.yaml\nname: base\n=== env/values-prod.yaml\nname: prod\n";
    assert_eq!(apps(&chart(sites)), ["env (base)", "env (prod)"]);
    let shared = "=== env/values-base.yaml\nhost: example.com\n=== env/values-prod.yaml\nname: prod\n";
    assert_eq!(apps(&chart(shared)), ["env (prod)"]);
    // Values for a chart that a template installs.
    let other =
        "=== env/memcached-values.yaml\nreplicas: 3\nresources: {}\n=== env/values-prod.yaml\nname: prod\n";
    assert_eq!(apps(&chart(other)), ["env (prod)"]);
    let own = "=== env/blue-values.yaml\nname: blue\n";
    assert_eq!(apps(&chart(own)), ["env (blue)"]);
}

/// A name whose part only values can say is not judged where nobody knows them.
#[test]
fn names_need_their_values() {
    let text = "=== env/Chart.yaml\napiVersion: v2\nname: env\nversion: 1.0.0\n=== env/values.yaml\nregion: ''\n\
                === env/values-prod.yaml\nregion: ''\n=== env/templates/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: \
                'infra-{{ .Values.region }}'}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: 'Infra'}\n";
    assert_told(text, "invalid-name-or-label", &["`Infra`"]);
}

/// One Application that two bootstraps make is one.
#[test]
fn alternatives_share_names() {
    let text = |name: &str| {
        format!(
            "=== one/app.yaml\n{}=== one/web.yaml\n{}=== two/app.yaml\n{}=== two/web.yaml\n{}=== web/c.yaml\n{MAP}",
            app("one", "one", ""),
            app("web", "web", "").replace("namespace: argocd", "namespace: argo-one"),
            app("two", "two", ""),
            app(name, "web", "").replace("namespace: argocd", "namespace: argo-two")
        )
        .replace("=== one/app.yaml", "=== a.yaml")
        .replace("=== two/app.yaml", "=== b.yaml")
    };
    assert_told(&text("web"), "duplicate-resource-ownership", &[]);
    assert_told(
        &text("shop"),
        "duplicate-resource-ownership",
        &["both `web` and `shop` own ConfigMap `web/c`"],
    );
}

/// What one line causes is told once.
#[test]
fn one_line_is_one_finding() {
    let chart = |template: &str| {
        format!(
            "=== app.yaml\n{}=== web/Chart.yaml\napiVersion: v2\nname: web\nversion: 1.0.0\n=== web/values.yaml\naffinity: \
             {{}}\nenv: {{A: '1', B: '2', C: '3'}}\n=== web/templates/d.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: \
             {{name: web}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: \
             web}}}}\n    spec:\n{template}",
            app("web", "web", "")
        )
    };
    let affinity = chart(
        "      affinity:\n        {{- toYaml . | nindent 8 }}\n      containers: [{name: web, image: 'example.com/web:1.0.0'}]\n",
    );
    assert_told(&affinity, "unknown-field", &["has no fields `Capabilities`, `Chart`, `Files`"]);
    let list = "          {{- range $name, $value := .Values.env }}\n          - {name: {{ $name }}, value: {{ $value | quote \
                }}}\n          {{- end }}\n";
    let twice = chart(&format!(
        "      containers:\n        - name: web\n          image: example.com/web:1.0.0\n          env:\n{list}{list}"
    ));
    assert_told(&twice, "duplicate-env-var", &["sets 3 variables twice, such as `A`"]);
    let no_version = "=== app.yaml\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web, namespace: \
                      argocd}\nspec:\n  project: default\n  source: {repoURL: 'https://charts.example.com', chart: web}\n  \
                      destination: {server: 'https://kubernetes.default.svc', namespace: web}\n";
    assert_told(no_version, "render-failure", &[]);
    assert_told(no_version, "missing-target-revision", &["the chart `web` has no version"]);
}

/// Objects that nothing applies as they are written lack nothing.
#[test]
fn patches_lack_nothing() {
    let patch = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: web, annotations: {a: b}}\n";
    let text =
        format!("=== app.yaml\n{}=== web/c.yaml\n{MAP}=== patches/wave.yaml\n{patch}", app("web", "web", ""));
    assert_told(&text, "schema-violation", &[]);
    let text = format!("=== app.yaml\n{}=== web/c.yaml\n{patch}", app("web", "web", ""));
    assert_told(&text, "schema-violation", &["an ApplicationSet lacks `spec`"]);
}

/// Looking at objects that are named is no privilege.
#[test]
fn narrow_roles_may_be_for_everybody() {
    let text = |rule: &str| {
        format!(
            "=== app.yaml\n{}=== web/r.yaml\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: \
             info}}\nrules: [{{apiGroups: [''], {rule}}}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: \
             RoleBinding\nmetadata: {{name: info}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: \
             info}}\nsubjects: [{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated'}}]\n",
            app("web", "web", "")
        )
    };
    for (rule, want) in [
        ("resources: [configmaps], resourceNames: [info], verbs: [get, describe]", &[][..]),
        ("resources: [configmaps], resourceNames: [info], verbs: [update]", &["to everybody"]),
        ("resources: [configmaps], verbs: [get]", &["to everybody"]),
        ("resources: [secrets], resourceNames: [info], verbs: [get]", &["to everybody"]),
    ] {
        assert_told(&text(rule), "privileged-role-binding", want);
    }
}

/// Routes of the Gateway API that their Gateway does not take.
#[test]
fn gateways_take_what_they_allow() {
    let text = |listener: &str, parent: &str| {
        format!(
            "=== app.yaml\n{}=== web/g.yaml\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: gw, \
             namespace: infra}}\nspec:\n  gatewayClassName: x\n  listeners: [{{name: http, port: 80, protocol: \
             HTTP{listener}}}]\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r, namespace: \
             web}}\nspec: {{parentRefs: [{{name: gw, namespace: infra{parent}}}]}}\n",
            app("web", "web", "")
        )
    };
    let all = ", allowedRoutes: {namespaces: {from: All}}";
    let some = ", allowedRoutes: {namespaces: {from: Selector, selector: {}}}";
    for (listener, parent, want) in [
        (all, "", &[][..]),
        (some, "", &[]),
        ("", "", &["listener `http` of Gateway `gw` takes routes of its own namespace `infra` only"]),
        (
            ", allowedRoutes: {namespaces: {from: None}}",
            "",
            &["listener `http` of Gateway `gw` takes no routes"],
        ),
        (all, ", sectionName: http", &[]),
        (all, ", sectionName: https", &["Gateway `gw` has no listener `https`"]),
    ] {
        assert_told(&text(listener, parent), "unattached-route", want);
        assert_told(&text(listener, parent), "missing-gateway", &[]);
    }
}

/// Flux applies objects as they are: a namespace has to be said somewhere.
#[test]
fn flux_needs_a_namespace() {
    let text = |more: &str, namespace: &str| {
        format!(
            "=== clusters/prod/sync.yaml\n{}=== clusters/prod/apps.yaml\n{}=== apps/c.yaml\napiVersion: v1\nkind: \
             ConfigMap\nmetadata: {{name: c{namespace}}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: web}}\n---\n\
             apiVersion: example.com/v1\nkind: Unknown\nmetadata: {{name: u}}\n",
            flux("flux-system", "./clusters/prod", ""),
            flux("apps", "./apps", more)
        )
    };
    assert_told(&text("", ""), "invalid-object", &["ConfigMap `c` has no namespace: Flux cannot apply it"]);
    assert_told(&text("  targetNamespace: web\n", ""), "invalid-object", &[]);
    assert_told(&text("", ", namespace: web"), "invalid-object", &[]);
}

/// A selector behind generators that leaves nothing, and settings of Argo CD about nothing.
#[test]
fn argo_cd_is_told_what_does_nothing() {
    let set = |value: &str| {
        crate::blame::set(
            &format!(
                "{{list: {{elements: [{{name: a, use: 'no'}}]}}, selector: {{matchLabels: {{use: '{value}'}}}}}}"
            ),
            "web-{{name}}",
            "",
        )
    };
    let web = format!("=== web/c.yaml\n{MAP}");
    assert_told(
        &format!("=== set.yaml\n{}{web}", set("yes")),
        "empty-generator",
        &["the selector leaves none of the 1 sets of parameters"],
    );
    assert_told(&format!("=== set.yaml\n{}{web}", set("no")), "empty-generator", &[]);
    let settings = |data: &str| {
        format!(
            "=== app.yaml\n{}=== web/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-cm, namespace: argocd, \
             labels: {{app.kubernetes.io/part-of: argocd}}}}\ndata:\n{data}",
            app("web", "web", "")
        )
    };
    for (data, rule, want) in [
        (
            "  resource.customizations.health.Deployment: 'return {}'\n",
            "unknown-argocd-setting",
            &["the core group has no kind `Deployment`"][..],
        ),
        ("  resource.customizations.health.apps_Deployment: 'return {}'\n", "unknown-argocd-setting", &[]),
        ("  resource.customizations.health.Secret: 'return {}'\n", "unknown-argocd-setting", &[]),
        ("  resource.customizations.ignoreDifferences.all: '{}'\n", "unknown-argocd-setting", &[]),
        (
            "  resource.exclusions: |\n    - kinds: [Lease]\n      cluster: ['*']\n",
            "unknown-argocd-setting",
            &["has no field `cluster`"],
        ),
        (
            "  resource.exclusions: |\n    - kinds: [Lease]\n      clusters: ['*']\n",
            "unknown-argocd-setting",
            &[],
        ),
        (
            "  resource.customizations.health.argoproj.io/Application: 'return {}'\n",
            "invalid-object",
            &["cannot be a key of a ConfigMap"],
        ),
    ] {
        assert_told(&settings(data), rule, want);
    }
}

/// An umbrella chart without templates has nothing to say but to the charts inside of it.
#[test]
fn an_umbrella_says_nothing_else() {
    let text = |name: &str| {
        format!(
            "=== app.yaml\n{}=== web/Chart.yaml\napiVersion: v2\nname: wrapper\nversion: 1.0.0\ndependencies: [{{name: inner, \
             version: 1.0.0, repository: 'https://charts.example.com'}}]\n=== web/values.yaml\n{name}: {{size: 3}}\n\
             === web/charts/inner/Chart.yaml\napiVersion: v2\nname: inner\nversion: 1.0.0\n=== \
             web/charts/inner/values.yaml\nsize: 1\n=== web/charts/inner/templates/c.yaml\napiVersion: v1\nkind: \
             ConfigMap\nmetadata: {{name: c}}\ndata: {{a: {{{{ .Values.size | quote }}}}}}\n",
            app("web", "web", "")
        )
    };
    assert_told(&text("inner"), "unused-value", &[]);
    assert_told(&text("innner"), "unused-value", &["no template reads `innner`"]);
}

/// kustomize does not know that sources are named: a prefix parts them from those who name them.
#[test]
fn a_prefix_parts_sources_from_their_users() {
    let text = |prefix: &str| {
        format!(
            "=== clusters/prod/sync.yaml\n{}=== clusters/prod/apps.yaml\n{}=== apps/kustomization.yaml\n{prefix}resources: \
             [r.yaml]\n=== apps/r.yaml\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: charts, \
             namespace: web}}\nspec: {{interval: 1h, url: 'https://charts.example.com'}}\n---\napiVersion: \
             helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: web}}\nspec: {{interval: 10m, \
             chart: {{spec: {{chart: web, sourceRef: {{kind: HelmRepository, name: charts}}}}}}}}\n",
            flux("flux-system", "./clusters/prod", ""),
            flux("apps", "./apps", "")
        )
    };
    assert_told(&text(""), "missing-flux-source", &[]);
    assert_told(&text("namePrefix: dev-\n"), "missing-flux-source", &["`web/charts`, which nothing defines"]);
}

/// What git-crypt has locked is told as not rendered, and as nobody's mistake.
#[test]
fn locked_files_are_no_mistakes() {
    let text = format!(
        "=== app.yaml\n{}=== web/kustomization.yaml\nresources: [c.yaml, s.yaml]\n=== web/c.yaml\n{MAP}=== \
         web/s.yaml\n\0GITCRYPT\0\u{1}\u{2}x\n",
        app("web", "web", "")
    );
    let report = report(&text, &[]);
    assert!(report.findings.is_empty(), "{:?}", report.findings.len());
    assert!(report.apps.iter().any(|app| format!("{app:?}").contains("git-crypt has locked `web/s.yaml`")));
}
