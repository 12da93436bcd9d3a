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
