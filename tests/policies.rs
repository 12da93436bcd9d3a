//! Rules of one's own that look across apps.

use super::cli::{findings, json, scratch};

const OWN: &str = "repository: {aliases: ['https://x.example/y']}\n";

const RULE: &str = "name: backend-exists
match: { kinds: [networking.k8s.io/Ingress] }
reads: [Service]
expression: object.spec.rules.all(r, r.http.paths.all(p, inventory.object('Service', objectNamespace, p.backend.service.name).hasValue()))
message: no such Service
";

const INGRESS: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - { path: /, pathType: Prefix, backend: { service: { name: shop, port: { number: 80 } } } }
";

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: { name: shop }\nspec: { selector: { app: shop }, ports: [{ port: 80 }] }\n";

/// An Application over a directory of that name, on the one cluster, into a namespace.
fn app(name: &str, namespace: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  project: default\n  \
         destination: {{server: https://kubernetes.default.svc, namespace: {namespace}}}\n  \
         source: {{repoURL: 'https://x.example/y', path: {name}}}\n"
    )
}

/// What another app renders into the same namespace is there; what lies in another namespace, or elsewhere, is not.
#[test]
fn own_rules_see_what_other_apps_render() {
    let found = |namespace: &str, service: &str| {
        let repo = scratch(&[
            (".gitops-lint.yaml", OWN),
            ("rules.d/backend.yaml", RULE),
            ("apps/edge.yaml", &app("edge", "shop")),
            ("apps/shop.yaml", &app("shop", namespace)),
            ("edge/ingress.yaml", INGRESS),
            ("shop/service.yaml", service),
        ]);
        findings(&json(repo.path(), &["--select", "backend-exists"]))
    };
    assert!(found("shop", SERVICE).is_empty());
    assert_eq!(found("other", SERVICE), ["backend-exists edge/ingress.yaml"]);
    assert_eq!(
        found("shop", &SERVICE.replace("name: shop", "name: store")),
        ["backend-exists edge/ingress.yaml"]
    );
}

/// An Application over a directory of that name, with values where it is a chart.
fn with_values(name: &str, values: &str) -> String {
    app(name, "shop")
        .replace(&format!("path: {name}}}"), &format!("path: {name}, helm: {{valuesObject: {values}}}}}"))
}

const POLICY: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: { name: owned }
spec:
  validationFailureAction: Enforce
  rules:
    - name: team
      match: { any: [{ resources: { kinds: [Service] } }] }
      validate: { message: somebody owns it, pattern: { metadata: { labels: { team: '?*' } } } }
";

/// What a chart renders is executed on the objects of other apps of its cluster, and its values decide.
#[test]
fn policies_of_charts_are_executed() {
    let template = POLICY.replace("Enforce", "{{ .Values.action }}");
    let found = |values: &str, of: &str| {
        let repo = scratch(&[
            (".gitops-lint.yaml", OWN),
            ("apps/guard.yaml", &with_values("guard", values)),
            ("apps/shop.yaml", of),
            ("guard/Chart.yaml", "apiVersion: v2\nname: guard\nversion: 1.0.0\n"),
            ("guard/values.yaml", "action: Audit\n"),
            ("guard/templates/policy.yaml", &template),
            ("shop/service.yaml", SERVICE),
        ]);
        json(repo.path(), &["--select", "denied-by-policy"])
    };
    let here = app("shop", "shop");
    let report = found("{action: Enforce}", &here);
    assert_eq!(findings(&report), ["denied-by-policy shop/service.yaml"]);
    let first = &report["findings"][0];
    assert!(first["message"].as_str().unwrap().contains("`owned/team` refuses Service `shop`"), "{first}");
    let warning = found("{action: Audit}", &here);
    assert_eq!(warning["findings"][0]["severity"], "warning", "{warning}");
    let elsewhere = here.replace("https://kubernetes.default.svc", "https://other.example.com");
    assert!(findings(&found("{action: Enforce}", &elsewhere)).is_empty());
}

/// What an overlay makes of a policy counts, and not the file.
#[test]
fn policies_that_overlays_change_count_as_they_are_rendered() {
    let found = |patch: &str| {
        let kustomization = format!(
            "resources: [../base]\npatches:\n  - patch: |\n      {}\n",
            patch.replace('\n', "\n      ")
        );
        let repo = scratch(&[
            (".gitops-lint.yaml", OWN),
            ("apps/guard.yaml", &app("guard", "shop")),
            ("apps/shop.yaml", &app("shop", "shop")),
            ("base/kustomization.yaml", "resources: [policy.yaml]\n"),
            ("base/policy.yaml", POLICY),
            ("guard/kustomization.yaml", &kustomization),
            ("shop/service.yaml", SERVICE),
        ]);
        json(repo.path(), &["--select", "denied-by-policy"])
    };
    let patch = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: owned}\nspec: ";
    let report = found(&format!("{patch}{{validationFailureAction: Audit}}"));
    assert_eq!(findings(&report), ["denied-by-policy shop/service.yaml"], "{report}");
    assert_eq!(report["findings"][0]["severity"], "warning", "{report}");
    let report = found(&format!("{patch}{{rules: []}}"));
    assert!(findings(&report).is_empty(), "{report}");
}
