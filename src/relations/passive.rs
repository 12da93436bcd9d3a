//! Custom resources that no operator makes anything of.

/// Whether a custom resource only configures things and never makes pods or Services.
pub fn is_passive(group: &str, kind: &str) -> bool {
    match group {
        "monitoring.coreos.com" => {
            !matches!(kind, "Prometheus" | "Alertmanager" | "ThanosRuler" | "PrometheusAgent")
        }
        "argoproj.io" => matches!(kind, "Application" | "ApplicationSet" | "AppProject" | "AnalysisTemplate"),
        "cert-manager.io"
        | "external-secrets.io"
        | "bitnami.com"
        | "traefik.io"
        | "traefik.containo.us"
        | "networking.istio.io"
        | "security.istio.io"
        | "keda.sh"
        | "autoscaling.k8s.io"
        | "cilium.io"
        | "metallb.io"
        | "kyverno.io"
        | "secrets-store.csi.x-k8s.io"
        | "route.openshift.io"
        | "project.openshift.io"
        | "console.openshift.io"
        | "security.openshift.io"
        | "volsync.backube"
        | "externaldns.k8s.io"
        | "gateway.envoyproxy.io"
        | "helm.toolkit.fluxcd.io"
        | "kustomize.toolkit.fluxcd.io"
        | "source.toolkit.fluxcd.io" => true,
        "gateway.networking.k8s.io" => kind != "Gateway",
        _ => false,
    }
}
