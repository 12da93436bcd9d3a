//! Where the world is open, evidence decides: a reference is reported when something of ours is what it just misses, and not when
//! it is merely absent.

use std::sync::Arc;

use gitops_lint::facade::lint::{self, Options};
use gitops_lint::facade::source::{MemoryTree, Sources};
use gitops_lint::facade::{repo, rules, yaml};

/// `RULE CONFIDENCE FILE:LINE` of every finding of these rules.
pub(crate) fn findings(files: &[(&str, &str)], of: &[&str]) -> Vec<String> {
    let sources = Sources::new();
    let tree = Arc::new(MemoryTree::of(&sources, files.iter().copied()));
    let cache = Arc::new(yaml::Cache::new(sources));
    let (workspace, problems) = repo::Workspace::of_tree(tree, cache, &rules::Registry::built_in().known());
    assert!(problems.is_empty(), "{problems:?}");
    let report = lint::lint(&workspace, &Options::default());
    let findings = report.findings.iter().map(|it| &it.finding).filter(|it| of.contains(&&*it.rule));
    let at = |it: &gitops_lint::facade::finding::Finding| {
        let (file, start, _) = report.sources.locate(it.primary.at).unwrap();
        format!("{} {} {file}:{}", it.rule, it.confidence.as_str(), start.line)
    };
    findings.map(at).collect()
}

fn application(name: &str, namespace: &str, path: &str, helm: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}
  namespace: argocd
spec:
  project: default
  source:
    repoURL: https://git.example.com/acme/gitops.git
    targetRevision: main
    path: {path}
{helm}  destination:
    server: https://kubernetes.default.svc
    namespace: {namespace}
"
    )
}

/// A Deployment that mounts a ConfigMap.
fn deployment(map: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels: {{app: shop}}
  template:
    metadata:
      labels: {{app: shop}}
    spec:
      containers:
        - name: shop
          image: registry.example.com/shop:1.0.0
          envFrom:
            - configMapRef:
                name: {map}
"
    )
}

/// An app whose kustomization cannot be built, in the namespace of the shop.
const BROKEN: (&str, &str) = (
    "deploy/broken/kustomization.yaml",
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [gone.yaml]\n\
     configMapGenerator: [{name: tuning, literals: [a=b]}]\n",
);

#[test]
fn what_failed_makes_what_its_sources_say() {
    let shop = application("shop", "shop", "deploy/shop", "");
    let broken = application("broken", "shop", "deploy/broken", "");
    for (map, want) in [
        ("settings", vec!["missing-config-map likely deploy/shop/deployment.yaml:17"]),
        ("tuning", vec![]),
        ("broken-settings", vec![]),
    ] {
        let files = [
            ("apps/shop.yaml", shop.as_str()),
            ("apps/broken.yaml", &broken),
            BROKEN,
            ("deploy/shop/deployment.yaml", &deployment(map)),
        ];
        assert_eq!(findings(&files, &["missing-config-map"]), want, "{map}");
    }
}

#[test]
fn a_file_that_no_kustomization_lists_is_evidence() {
    let shop = application("shop", "shop", "deploy/shop", "");
    let other = application("other", "shop", "elsewhere", "").replace("acme/gitops", "acme/other");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other-settings\n  namespace: shop\ndata: {a: b}\n";
    let files = [
        ("apps/shop.yaml", shop.as_str()),
        ("apps/other.yaml", &other),
        ("deploy/shop/kustomization.yaml", "kind: Kustomization\nresources: [deployment.yaml]\n"),
        ("deploy/shop/deployment.yaml", &deployment("other-settings")),
        ("deploy/shop/settings.yaml", map),
    ];
    let want = ["missing-config-map likely deploy/shop/deployment.yaml:17"];
    assert_eq!(findings(&files, &["missing-config-map"]), want);
    assert_eq!(findings(&files[..4], &["missing-config-map"]), Vec::<String>::new());
}

#[test]
fn a_patch_that_just_misses_is_told_although_a_base_is_not_here() {
    let target = |version: &str, name: &str| {
        format!(
            "kind: Kustomization
resources:
  - https://git.example.com/acme/base//base?ref=v1
  - ingress.yaml
patches:
  - target: {{group: networking.k8s.io, version: {version}, kind: Ingress, name: {name}}}
    patch: |-
      - {{op: add, path: /metadata/labels, value: {{a: b}}}}
"
        )
    };
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: shop\n";
    for (version, name, want) in [
        ("v1beta1", "shop", vec!["unmatched-patch certain shop/kustomization.yaml:6"]),
        ("v1beta1", "other", vec![]),
        ("v1", "shop", vec![]),
    ] {
        let files =
            [("shop/kustomization.yaml", target(version, name)), ("shop/ingress.yaml", ingress.to_owned())];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        assert_eq!(findings(&files, &["unmatched-patch"]), want, "{version} {name}");
    }
}

#[test]
fn values_that_nothing_reads_are_told_where_they_are_written() {
    let inline = "    helm:\n      valuesObject:\n        replicaCuont: 3\n        name: a\n";
    let shop = application("shop", "shop", "chart", inline);
    let files = [
        ("apps/shop.yaml", shop.as_str()),
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("chart/values.yaml", "name: b\nreplicaCount: 1\nweb: {colour: red, colur: blue}\n"),
        (
            "chart/templates/c.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.name }}\ndata:\n  a: {{ .Values.replicaCount | quote }}\n",
        ),
        ("chart/charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("chart/charts/web/values.yaml", "colour: green\n"),
        (
            "chart/charts/web/templates/c.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  a: {{ .Values.colour }}\n",
        ),
    ];
    let want = ["unused-value certain apps/shop.yaml:14", "unused-value certain chart/values.yaml:3"];
    assert_eq!(findings(&files, &["unused-value"]), want);
}

#[test]
fn a_service_is_looked_for_in_a_namespace_that_nothing_deploys_to() {
    let shop = application("shop", "shop", "deploy/shop", "");
    let map = |host: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  HOST: http://{host}.svc.cluster.local:80\n"
        )
    };
    let service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: orders\nspec:\n  selector: {app: shop}\n  ports: [{port: 80}]\n";
    for (host, want) in [
        ("orders.shpo", vec!["missing-service likely deploy/shop/map.yaml:6"]),
        ("orders.shop", vec![]),
        ("billing.shpo", vec![]),
    ] {
        let files = [
            ("apps/shop.yaml", shop.as_str()),
            ("deploy/shop/service.yaml", service),
            ("deploy/shop/deployment.yaml", &deployment("shop")),
            ("deploy/shop/map.yaml", &map(host)),
        ];
        assert_eq!(findings(&files, &["missing-service"]), want, "{host}");
    }
}

/// A Kustomization of Flux that builds a directory.
pub(crate) fn flux(name: &str, path: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: {name}
  namespace: flux-system
spec:
  interval: 10m
  path: ./{path}
  prune: true
  sourceRef: {{kind: GitRepository, name: flux-system}}
{more}"
    )
}

#[test]
fn what_one_kustomization_lacks_another_does_not() {
    let patch = |name: &str| {
        format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{replicas: 2}}\n")
    };
    let deployment = deployment("settings");
    for (name, want) in
        [("shop", vec![]), ("shpo", vec!["unmatched-patch certain deploy/shop/kustomization.yaml:3"])]
    {
        let shop = application("shop", "shop", "deploy", "");
        let files = [
            ("apps/shop.yaml", shop.as_str()),
            (
                "deploy/kustomization.yaml",
                "kind: Kustomization\nresources: [shop, https://git.example.com/acme/base//base?ref=v1]\n",
            ),
            (
                "deploy/shop/kustomization.yaml",
                "kind: Kustomization\nresources: [deployment.yaml]\npatches: [{path: patch.yaml}]\n",
            ),
            ("deploy/shop/deployment.yaml", &deployment),
            ("deploy/shop/patch.yaml", &patch(name)),
        ];
        let found = findings(&files, &["unmatched-patch", "kustomize-build-failure"]);
        assert_eq!(found.len(), want.len(), "{name}: {found:?}");
    }
}

#[test]
fn a_plugin_works_on_what_the_tool_prints() {
    let plugin = "    plugin: {name: fill-in}\n";
    let shop = application("shop", "shop", "deploy/shop", plugin);
    let other = deployment("settings").replace("      containers:", "      volumse: []\n      containers:");
    let files = [
        ("apps/shop.yaml", shop.as_str()),
        ("deploy/shop/kustomization.yaml", "kind: Kustomization\nresources: [deployment.yaml]\n"),
        ("deploy/shop/deployment.yaml", &other),
    ];
    // A field is wrong whatever fills in the values; what is missing may come from the plugin.
    let found = findings(&files, &["unknown-field", "missing-config-map"]);
    assert_eq!(found, ["unknown-field certain deploy/shop/deployment.yaml:12"]);
}

#[test]
fn an_encrypted_secret_is_in_git_to_be_applied() {
    let needs = deployment("settings").replace("configMapRef", "secretRef");
    let secret = |sops: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: settings\nstringData: {{a: \"ENC[x]\"}}\n{sops}"
        )
    };
    let shop = application("shop", "shop", "deploy/shop", "");
    // Something whose content is elsewhere may bring anything.
    let other = application("other", "shop", "elsewhere", "").replace("acme/gitops", "acme/settings");
    for (sops, want) in [
        ("sops: {mac: \"ENC[y]\"}\n", vec!["missing-secret likely deploy/shop/deployment.yaml:17"]),
        ("", vec![]),
    ] {
        let files = [
            ("apps/shop.yaml", shop.as_str()),
            ("apps/other.yaml", &other),
            ("deploy/shop/kustomization.yaml", "kind: Kustomization\nresources: [deployment.yaml]\n"),
            ("deploy/shop/deployment.yaml", &needs),
            ("deploy/shop/secret.sops.yaml", &secret(sops)),
        ];
        assert_eq!(findings(&files, &["missing-secret"]), want, "{sops}");
    }
}

#[test]
fn a_custom_resource_that_just_misses_its_secret() {
    let issuer = |name: &str| {
        format!(
            "apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata:
  name: letsencrypt
spec:
  acme:
    solvers:
      - dns01:
          cloudflare:
            apiTokenSecretRef:
              name: {name}
              key: token
"
        )
    };
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: cloudflare-secret\n  namespace: cert-manager\nstringData: {token: \"ENC[x]\"}\nsops: {mac: \"ENC[y]\"}\n";
    for (name, want) in [
        ("cloudflare", vec!["missing-secret likely issuers/issuer.yaml:11"]),
        ("cloudflare-secret", vec![]),
        ("route53", vec![]),
    ] {
        let files = [
            ("clusters/home/issuers.yaml", flux("issuers", "issuers", "")),
            ("issuers/issuer.yaml", issuer(name)),
            ("issuers/secret.yaml", secret.to_owned()),
            (
                "issuers/release.yaml",
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: cert-manager, namespace: cert-manager}\n\
                 spec:\n  interval: 1h\n  chart: {spec: {chart: cert-manager, version: 1.0.0, sourceRef: {kind: HelmRepository, name: jetstack}}}\n"
                    .to_owned(),
            ),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        assert_eq!(findings(&files, &["missing-secret"]), want, "{name}");
    }
}

#[test]
fn what_failed_makes_no_kustomization_of_another_name() {
    let waits = |name: &str| flux("shop", "shop", &format!("  dependsOn: [{{name: {name}}}]\n"));
    for (name, want) in
        [("databases", vec!["missing-depends-on likely clusters/home/shop.yaml:11"]), ("database", vec![])]
    {
        let files = [
            ("clusters/home/broken.yaml", flux("broken", "not-here", "")),
            ("clusters/home/database.yaml", flux("database", "database", "")),
            ("clusters/home/shop.yaml", waits(name)),
            (
                "database/map.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: a}\n".to_owned(),
            ),
            (
                "shop/map.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: b}\n".to_owned(),
            ),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        assert_eq!(findings(&files, &["missing-depends-on"]), want, "{name}");
    }
}

#[test]
fn a_selector_that_misses_its_own_pod_is_told_although_another_app_fails() {
    let shop = application("shop", "shop", "deploy/shop", "");
    let broken = application("broken", "shop", "deploy/broken", "");
    let service = |app: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  selector: {{app: {app}}}\n  ports: [{{port: 80}}]\n"
        )
    };
    for (app, want) in [
        ("shop-v2", vec!["unmatched-selector likely deploy/shop/service.yaml:6"]),
        ("shop", vec![]),
        // Its sources say the word: it may have such pods.
        ("tuning", vec![]),
    ] {
        let files = [
            ("apps/shop.yaml", shop.as_str()),
            ("apps/broken.yaml", &broken),
            BROKEN,
            ("deploy/shop/deployment.yaml", &deployment("settings")),
            ("deploy/shop/service.yaml", &service(app)),
        ];
        assert_eq!(findings(&files, &["unmatched-selector"]), want, "{app}");
    }
}

/// An app of plain manifests in `deploy`.
fn manifests(objects: &str, of: &[&str]) -> Vec<String> {
    findings(
        &[("apps/shop.yaml", &application("shop", "shop", "deploy", "")), ("deploy/all.yaml", objects)],
        of,
    )
}

const ROLE: &str = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: shop}
rules: [{apiGroups: [''], resources: [secrets], verbs: [create, get]}]
";

fn pod_with_secret(annotations: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: shop}}
spec:
  containers:
    - name: shop
      image: registry.example.com/shop:1.0.0
      env: [{{name: A, valueFrom: {{secretKeyRef: {{name: shop, key: a}}}}}}]
{annotations}"
    )
}

/// Controllers, clusters and drivers make what no manifest shows.
#[test]
fn what_others_make_is_not_missing() {
    let missing = ["missing-secret", "missing-secret-key", "missing-role", "missing-storage-class"];
    let secret = |annotation: &str| {
        format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: shop{annotation}}}\nstringData: {{b: c}}\n"
        )
    };
    let generated = ", annotations: {secret-generator.v1.mittwald.de/autogenerate: a}";
    let binding = |role: &str, namespace: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: shop, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {role}}}
subjects: []
"
        )
    };
    let claims = |text: &str| {
        format!(
            "apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: shop}}
spec: {{storageClassName: fast, accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: slow}}
provisioner: example.com/disks
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: classes}}
data:
  class: |
    {text}
"
        )
    };
    let reader = "extension-apiserver-authentication-reader";
    for (objects, want) in [
        (pod_with_secret(""), vec!["missing-secret certain deploy/all.yaml:8"]),
        (pod_with_secret(ROLE), vec![]),
        (pod_with_secret(&secret("")), vec!["missing-secret-key certain deploy/all.yaml:8"]),
        (pod_with_secret(&secret(generated)), vec![]),
        (binding(reader, "kube-system"), vec![]),
        (binding(reader, "shop"), vec!["missing-role certain deploy/all.yaml:4"]),
        (claims("nothing"), vec!["missing-storage-class certain deploy/all.yaml:4"]),
        (claims("{kind: StorageClass, metadata: {name: fast}}"), vec![]),
    ] {
        assert_eq!(manifests(&objects, &missing), want, "{objects}");
    }
}

/// The API server's own Service and the pods of the control plane are in no repository.
#[test]
fn what_the_cluster_runs_can_be_selected() {
    let monitor = |labels: &str, namespace: &str| {
        format!(
            "apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {{name: it}}
spec:
  endpoints: [{{port: https}}]
  namespaceSelector: {{matchNames: [{namespace}]}}
  selector: {{matchLabels: {labels}}}
---
apiVersion: v1
kind: Service
metadata: {{name: other, namespace: {namespace}, labels: {{app: other}}}}
spec: {{type: ExternalName, externalName: example.com}}
"
        )
    };
    let service = |value: &str| {
        format!(
            "apiVersion: v1
kind: Service
metadata: {{name: it, namespace: kube-system}}
spec: {{selector: {{k8s-app: {value}}}, ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: other, namespace: kube-system, labels: {{k8s-app: other}}}}
spec: {{containers: [{{name: a, image: 'registry.example.com/a:1'}}]}}
"
        )
    };
    for (objects, want) in [
        (monitor("{component: apiserver, provider: kubernetes}", "default"), 0),
        (monitor("{component: apiserver, provider: other}", "default"), 1),
        (service("kube-dns"), 0),
        (service("gone"), 1),
    ] {
        assert_eq!(manifests(&objects, &["unmatched-selector"]).len(), want, "{objects}");
    }
}

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: externalsecrets.external-secrets.io}
spec:
  group: external-secrets.io
  names: {kind: ExternalSecret, plural: externalsecrets}
  scope: Namespaced
  versions: [{name: v1beta1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
";

/// A definition that nothing applies may be an old copy of the one on the cluster.
#[test]
fn a_definition_counts_where_it_is_applied() {
    let object = "apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: shop}
spec: {secretStoreRef: {name: a}, dataFrom: [{extract: {key: a}}]}
";
    let app = application("shop", "shop", "deploy", "");
    for (path, want) in
        [("old/crd.yaml", vec![]), ("deploy/crd.yaml", vec!["unknown-kind certain deploy/all.yaml:1"])]
    {
        let files = [("apps/shop.yaml", app.as_str()), ("deploy/all.yaml", object), (path, DEFINITION)];
        assert_eq!(findings(&files, &["unknown-kind"]), want, "{path}");
    }
}

/// What a cluster answered, and templates of manifests, define no Applications.
#[test]
fn records_and_templates_are_no_apps() {
    let app = application("shop", "shop", "deploy", "");
    let record = app.replace("  name: shop\n", "  name: shop\n  uid: a\n  resourceVersion: '1'\n")
        + "status: {sync: {}}\n";
    let template = app.replace("path: deploy", "path: deploy/${env}");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let of = ["duplicate-application-name", "missing-source-path"];
    for (path, other, want) in [
        ("runs/1/copy.yaml", app.clone(), 1),
        ("runs/1/copy.yaml", record, 0),
        ("apps/app.tmpl.yaml", template.clone(), 0),
        ("apps/other.yaml", template.replace("name: shop", "name: other"), 0),
    ] {
        let files = [("apps/shop.yaml", app.as_str()), (path, &other), ("deploy/a.yaml", map)];
        assert_eq!(findings(&files, &of).len(), want, "{path}");
    }
}

/// The root of an artifact that a pipeline packs is not that of the repository.
#[test]
fn an_artifact_is_not_the_repository() {
    let instance = |kind: &str| {
        format!(
            "apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata: {{name: flux, namespace: flux-system}}
spec:
  sync: {{kind: {kind}, url: 'oci://registry.example.com/sync', ref: latest, path: ./}}
"
        )
    };
    for (kind, want) in [("OCIRepository", 0), ("GitRepository", 1)] {
        let files = [("clusters/a/flux.yaml", instance(kind)), ("compose.yaml", "services: {}\n".to_owned())];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        assert_eq!(findings(&files, &["render-failure"]).len(), want, "{kind}");
    }
}

/// A Kustomization of Flux.
fn kustomization(name: &str, kind: &str, source: &str, path: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec:
  interval: 10m
  prune: true
  path: {path}
  sourceRef:
    kind: {kind}
    name: {source}
"
    )
}

/// A source of Flux.
fn source(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---
apiVersion: source.toolkit.fluxcd.io/v1
kind: {kind}
metadata: {{name: {name}, namespace: flux-system}}
spec: {{interval: 10m, {spec}}}
"
    )
}

#[test]
fn an_artifact_of_a_directory_shows_what_it_deploys() {
    let root = kustomization("cluster", "OCIRepository", "home", "./flux")
        + &source(
            "OCIRepository",
            "home",
            "url: 'oci://ghcr.io/acme/home', ref: {tag: main}, ignore: \"/*\\n!/flux\\n!/apps\\n\"",
        );
    let app =
        |name: &str, source: &str| kustomization(name, "OCIRepository", source, &format!("./apps/{name}"));
    let map =
        |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: b}}\n");
    let names = ["one", "two", "three", "four", "five"];
    let maps = names.map(map);
    let apps = names.map(|name| app(name, "home"));
    let slip = app("shop", "homme");
    let paths: Vec<(String, String)> = names
        .iter()
        .map(|it| (format!("deploy/apps/{it}/map.yaml"), format!("deploy/flux/{it}.yaml")))
        .collect();
    let mut files = vec![("deploy/flux/home.yaml", root.as_str()), ("deploy/flux/shop.yaml", slip.as_str())];
    for ((map, app), (text, definition)) in paths.iter().zip(maps.iter().zip(&apps)) {
        files.extend([(map.as_str(), text.as_str()), (app.as_str(), definition.as_str())]);
    }
    files.push(("deploy/apps/shop/map.yaml", &maps[0]));
    let found = findings(&files, &["missing-flux-source", "missing-flux-path"]);
    assert_eq!(found, ["missing-flux-source likely deploy/flux/shop.yaml:10"]);
}

#[test]
fn what_flux_set_up_is_this_repository() {
    let sync = kustomization("flux-system", "GitRepository", "flux-system", "./clusters/home")
        + &source("GitRepository", "flux-system", "url: 'ssh://git@git.example.com/acme/home'");
    let apps = [("one", "./aps/one"), ("two", "./aps/two"), ("three", "./aps/three")];
    let apps: Vec<(String, String)> = apps
        .iter()
        .map(|(name, path)| {
            (format!("clusters/home/{name}.yaml"), kustomization(name, "GitRepository", "flux-system", path))
        })
        .collect();
    let mut files = vec![("clusters/home/flux-system/gotk-sync.yaml", sync.as_str())];
    files.extend(apps.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let found = findings(&files, &["missing-flux-path"]);
    assert_eq!(
        found,
        ["one", "three", "two"].map(|name| format!("missing-flux-path certain clusters/home/{name}.yaml:7"))
    );
}

#[test]
fn values_of_a_config_map_name_things_too() {
    let sync = kustomization("flux-system", "GitRepository", "flux-system", "./apps");
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: tunnel}
spec:
  interval: 1h
  chart: {spec: {chart: app-template, version: 4.1.0, sourceRef: {kind: HelmRepository, name: charts}}}
  valuesFrom:
    - {kind: ConfigMap, name: tunnel-values}
";
    let files = [
        ("clusters/home/flux-system/gotk-sync.yaml", sync.as_str()),
        (
            "apps/tunnel/kustomization.yaml",
            "namespace: network\nresources: [release.yaml]\nconfigMapGenerator:\n  - name: tunnel-values\n    files: [values.yaml]\n\
             generatorOptions: {disableNameSuffixHash: true}\n",
        ),
        ("apps/tunnel/release.yaml", release),
        (
            "apps/tunnel/values.yaml",
            "persistence:\n  creds:\n    type: secret\n    name: tunneld-secret\n    globalMounts:\n      - {path: /creds, subPath: creds.json}\n",
        ),
        ("apps/dns/kustomization.yaml", "namespace: network\nresources: [secret.yaml]\n"),
        (
            "apps/dns/secret.yaml",
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: dns}\nspec:\n  secretStoreRef: {kind: ClusterSecretStore, name: vault}\n  \
             target: {name: tunnel-secret}\n  data:\n    - {secretKey: creds.json, remoteRef: {key: tunnel}}\n",
        ),
    ];
    let found = findings(&files, &["missing-secret", "missing-secret-key"]);
    assert_eq!(found, ["missing-secret likely apps/tunnel/values.yaml:4"]);
}

#[test]
fn who_makes_all_namespaces_forgot_one() {
    let names = ["blog", "forum", "mail", "media", "shop", "wiki"];
    let namespace = |name: &&str| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n");
    let made = names.iter().take(5).map(namespace).collect::<Vec<_>>().join("---\n");
    let map =
        |name: &&str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: it, namespace: {name}}}\n");
    let maps: Vec<String> = names.iter().map(map).collect();
    let sync = kustomization("flux-system", "GitRepository", "flux-system", "./apps")
        // What this one brings is not known.
        + "---\n"
        + &kustomization("other", "GitRepository", "other", "./deploy")
        + &source("GitRepository", "other", "url: 'https://git.example.com/other/thing'");
    let paths: Vec<String> = names.iter().map(|name| format!("apps/{name}.yaml")).collect();
    let mut files = vec![
        ("clusters/home/flux-system/gotk-sync.yaml", sync.as_str()),
        ("apps/namespaces.yaml", made.as_str()),
    ];
    files.extend(paths.iter().map(String::as_str).zip(maps.iter().map(String::as_str)));
    assert_eq!(findings(&files, &["missing-namespace"]), ["missing-namespace likely apps/wiki.yaml:3"]);
    // Of two that are made, a third says nothing.
    let few: Vec<(&str, &str)> = files
        .iter()
        .copied()
        .filter(|(path, _)| !["apps/blog.yaml", "apps/forum.yaml"].contains(path))
        .collect();
    assert_eq!(findings(&few, &["missing-namespace"]), [""; 0]);
}

#[test]
fn flux_does_not_fight_about_what_is_the_same() {
    let sync = kustomization("flux-system", "GitRepository", "flux-system", "./clusters/home");
    let app = |name: &str, more: &str| {
        format!(
            "{}  targetNamespace: media\n{more}",
            kustomization(name, "GitRepository", "flux-system", &format!("./apps/{name}"))
        )
    };
    let file = "components: [../../shared]\n";
    let map =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: common}\ndata: {greeting: '${greeting:=hello}'}\n";
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [map.yaml]\n";
    let found = |more: &str| {
        let (one, two) = (app("one", ""), app("two", more));
        let files = [
            ("clusters/home/flux-system/gotk-sync.yaml", sync.as_str()),
            ("clusters/home/one.yaml", one.as_str()),
            ("clusters/home/two.yaml", two.as_str()),
            ("apps/one/kustomization.yaml", file),
            ("apps/two/kustomization.yaml", file),
            ("shared/kustomization.yaml", component),
            ("shared/map.yaml", map),
        ];
        let sources = Sources::new();
        let tree = Arc::new(MemoryTree::of(&sources, files));
        let (workspace, _) = repo::Workspace::of_tree(
            tree,
            Arc::new(yaml::Cache::new(sources)),
            &rules::Registry::built_in().known(),
        );
        let report = lint::lint(&workspace, &Options::default());
        let findings = report.findings.iter().map(|it| &it.finding);
        let findings = findings.filter(|it| it.rule == "duplicate-resource-ownership");
        findings.map(|it| it.severity.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(found("  commonMetadata: {labels: {app: two}}\n"), ["note"]);
    assert_eq!(found("  postBuild: {substitute: {greeting: bye}}\n"), ["error"]);
}

#[test]
fn values_of_a_dependency_that_is_not_here_name_things_too() {
    let app = application("tempo", "tempo", "charts/tempo", "");
    let chart = "apiVersion: v2\nname: tempo\nversion: 0.1.0\ndependencies:\n  - {name: tempo-distributed, version: 1.0.0, repository: 'https://charts.example.com'}\n  \
                 - {name: cluster, alias: cnpg-cluster, version: 1.0.0, repository: 'https://charts.example.com'}\n";
    let secret = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: store-tempo}\nspec:\n  \
                  secretStoreRef: {kind: ClusterSecretStore, name: vault}\n  dataFrom: [{extract: {key: tempo}}]\n";
    let found = |values: &str| {
        let files = [
            ("apps/tempo.yaml", app.as_str()),
            ("charts/tempo/Chart.yaml", chart),
            ("charts/tempo/templates/secret.yaml", secret),
            ("charts/tempo/values.yaml", values),
        ];
        findings(&files, &["missing-secret"])
    };
    let env = |name: &str| {
        format!(
            "tempo-distributed:\n  global:\n    extraEnvFrom:\n      - secretRef:\n          name: {name}\n"
        )
    };
    assert_eq!(found(&env("tempo-s3-credentials")), ["missing-secret likely charts/tempo/values.yaml:5"]);
    assert_eq!(found(&env("store-tempo")), [""; 0]);
    // Another dependency makes what is called after it, and values that hold the name make it themselves.
    assert_eq!(found(&env("tempo-cnpg-cluster-app")), [""; 0]);
    let made = env("tempo-s3-credentials")
        + "  extraObjects:\n    - {kind: Secret, metadata: {name: tempo-s3-credentials}}\n";
    assert_eq!(found(&made), [""; 0]);
    // What other values use is no loose end.
    let used = env("tempo-s3-credentials") + "cnpg-cluster:\n  backups: {secret: {name: store-tempo}}\n";
    assert_eq!(found(&used), [""; 0]);
}

#[test]
fn a_path_that_the_bootstrap_builds_is_not_that_of_another_repository() {
    let kustomization = |name: &str, path: &str, source: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: \
             flux-system}}\nspec:\n  interval: 1h\n  prune: true\n  path: {path}\n  sourceRef: {{kind: GitRepository, \
             name: {source}}}\n"
        )
    };
    let private = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: private, namespace: \
                   flux-system}\nspec: {interval: 1h, url: 'https://git.example.com/acme/private.git'}\n";
    let app = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, namespace: shop}\n";
    let told = |other: &str| {
        let files = [
            ("cluster/apps.yaml", kustomization("apps", "./apps", "flux-system")),
            ("cluster/other.yaml", kustomization("other", other, "private")),
            ("cluster/private.yaml", private.to_owned()),
            ("apps/shop.yaml", app.to_owned()),
            ("more/shop.yaml", app.to_owned()),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        findings(&files, &["duplicate-resource-ownership"]).len()
    };
    assert_eq!(told("./apps"), 0);
    // A path of its own that is here says that the repository is this one.
    assert_eq!(told("./more"), 1);
}

#[test]
fn a_patch_of_what_is_there_already_is_told_unless_variants_say_it_each() {
    let base = ("base/kustomization.yaml", "kind: Kustomization\nresources: [map.yaml]\n");
    let map =
        ("base/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {size: small}\n");
    let overlay = |size: &str| {
        format!(
            "kind: Kustomization\nresources: [../../base]\npatches:\n  - target: {{kind: ConfigMap}}\n    patch: |-\n      \
             - {{op: replace, path: /data/size, value: {size}}}\n"
        )
    };
    let (small, large) = (overlay("small"), overlay("large"));
    let files = [
        base,
        map,
        ("overlays/prod/kustomization.yaml", small.as_str()),
        ("overlays/dev/kustomization.yaml", &large),
    ];
    let told = ["no-op-patch certain overlays/prod/kustomization.yaml:6"];
    assert_eq!(findings(&files[..3], &["no-op-patch"]), told);
    assert_eq!(findings(&files, &["no-op-patch"]), Vec::<String>::new());
    let other = "kind: Kustomization\nresources: [../../base]\n";
    let files = [files[0], files[1], files[2], ("overlays/dev/kustomization.yaml", other)];
    assert_eq!(findings(&files, &["no-op-patch"]), told);
}
