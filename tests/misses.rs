//! What a dangling name just misses: a claim or Service beside it, what a release makes instead, name and key the wrong way round, one of a
//! kind that is nearly always here.

use crate::evidence::{findings, flux};

/// The finding for a file of an app, whose other files are given.
fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let app = flux("shop", "apps", "  targetNamespace: shop\n");
    let mut all = vec![("clusters/home/shop.yaml", app.as_str())];
    all.extend(files.iter().copied());
    findings(&all, &[rule])
}

fn release(name: &str, chart: &str, values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: {name}
spec:
  interval: 1h
  chart:
    spec:
      chart: {chart}
      version: 4.1.0
      sourceRef: {{kind: HelmRepository, name: charts}}
  values:
{values}"
    )
}

fn object(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n{spec}")
}

const CLAIM: &str = "spec:\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n";

#[test]
fn a_claim_that_nothing_uses_is_the_one_that_is_meant() {
    let values = "    persistence:\n      data:\n        existingClaim: shop-data\n";
    let shop = release("shop", "app-template", values);
    for (claim, want) in [
        ("shop", vec!["missing-persistent-volume-claim likely apps/release.yaml:15"]),
        ("shop-data", vec![]),
        ("mail", vec![]),
    ] {
        let claim = object("PersistentVolumeClaim", claim, CLAIM);
        let files = [("apps/release.yaml", shop.as_str()), ("apps/claim.yaml", &claim)];
        assert_eq!(found("missing-persistent-volume-claim", &files), want, "{claim}");
    }
}

#[test]
fn a_release_of_which_all_is_known_makes_no_other_service() {
    let values =
        "    service:\n      web: {ports: {http: {port: 80}}}\n      api: {ports: {http: {port: 81}}}\n";
    let shop = release("shop", "app-template", values);
    let other = release("shop", "shop", values);
    for (url, shop, want) in [
        ("http://shop-ui:80", &shop, vec!["missing-service likely apps/settings.yaml:6"]),
        ("http://shop-api:81", &shop, vec![]),
        ("http://shop-ui:80", &other, vec![]),
        ("http://mail-ui:80", &shop, vec![]),
    ] {
        let settings = object("ConfigMap", "settings", &format!("data:\n  url: {url}\n"));
        let files = [("apps/release.yaml", shop.as_str()), ("apps/settings.yaml", &settings)];
        assert_eq!(found("missing-service", &files), want, "{url}");
    }
}

#[test]
fn name_and_key_the_wrong_way_round() {
    let pod = "spec:
  containers:
    - name: shop
      image: registry.example.com/shop:1.0.0
      env:
        - name: PASSWORD
          valueFrom: {secretKeyRef: {name: vaultpass, key: shop-login}}
";
    let pod = object("Pod", "shop", pod);
    // Something that may make anything is deployed beside it.
    let chart = release("vaultpass", "vault", "    a: b\n");
    let login = object("Secret", "shop-login", "stringData: {vaultpass: x}\n");
    let files = [("apps/pod.yaml", pod.as_str()), ("apps/vault.yaml", &chart), ("apps/login.yaml", &login)];
    assert_eq!(found("missing-secret", &files), ["missing-secret likely apps/pod.yaml:11"]);
    assert_eq!(found("missing-secret", &files[..2]), Vec::<String>::new());
}

#[test]
fn stores_that_are_nearly_always_here() {
    let store = "apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata:
  name: vault
spec:
  provider: {fake: {data: []}}
";
    let secret = |name: &str, store: &str| {
        format!(
            "---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {name}
spec:
  secretStoreRef: {{kind: ClusterSecretStore, name: {store}}}
  dataFrom: [{{extract: {{key: {name}}}}}]
"
        )
    };
    // A chart that is not here may make a store of its own.
    let chart = release("bitwarden", "bitwarden", "    a: b\n");
    let odd = secret("odd", "bitwarden");
    for (others, want) in [(6, vec!["missing-secret-store likely apps/odd.yaml:7"]), (4, vec![])] {
        let all: String = (0..others).map(|at| secret(&format!("s{at}"), "vault")).collect();
        let files = [
            ("apps/store.yaml", store),
            ("apps/secrets.yaml", &all),
            ("apps/bitwarden.yaml", &chart),
            ("apps/odd.yaml", &odd),
        ];
        assert_eq!(found("missing-secret-store", &files), want, "{others}");
    }
}

#[test]
fn a_service_in_a_namespace_of_nobody() {
    let app = flux("logs", "logs", "  targetNamespace: logging\n");
    let loki = release("loki", "loki", "    a: b\n");
    for (url, want) in [
        ("http://loki-gateway.observability.svc:80", vec!["missing-service likely apps/settings.yaml:6"]),
        ("http://loki-gateway.logging.svc:80", vec![]),
        ("http://tempo.observability.svc:80", vec![]),
    ] {
        let settings = object("ConfigMap", "settings", &format!("data:\n  url: {url}\n"));
        let files = [
            ("clusters/home/logs.yaml", app.as_str()),
            ("logs/release.yaml", &loki),
            ("apps/settings.yaml", &settings),
        ];
        assert_eq!(found("missing-service", &files), want, "{url}");
    }
}
