//! The field specs that kustomize knows without being told.
//!
//! Mirrors `api/internal/konfig/builtinpluginconsts`, in the order in which they are applied there.

use smol_str::SmolStr;

use crate::k8s::Gvk;

use super::FieldSpec;

const fn gvk(group: &'static str, version: &'static str, kind: &'static str) -> Gvk {
    Gvk {
        group: SmolStr::new_static(group),
        version: SmolStr::new_static(version),
        kind: SmolStr::new_static(kind),
    }
}

/// A field that is made where it is missing, of a kind in any group and version.
const fn made(kind: &'static str, path: &'static str) -> FieldSpec {
    made_in("", "", kind, path)
}

/// A field that is only changed where it is found.
const fn found(kind: &'static str, path: &'static str) -> FieldSpec {
    found_in("", "", kind, path)
}

const fn made_in(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
) -> FieldSpec {
    FieldSpec { gvk: gvk(group, version, kind), path: SmolStr::new_static(path), create: true }
}

const fn found_in(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
) -> FieldSpec {
    FieldSpec { gvk: gvk(group, version, kind), path: SmolStr::new_static(path), create: false }
}

/// What `namePrefix` changes.
pub(super) static NAME_PREFIX: &[FieldSpec] = &[found("", "metadata/name")];

/// What `nameSuffix` changes.
pub(super) static NAME_SUFFIX: &[FieldSpec] = &[found("", "metadata/name")];

/// Where `commonLabels` and `labels` with `includeSelectors` go.
pub(super) static COMMON_LABELS: &[FieldSpec] = &[
    made_in("", "v1", "Service", "spec/selector"),
    found_in(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    found_in(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    found_in(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    found_in(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    found_in(
        "apps",
        "",
        "Deployment",
        "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
    ),
    made("Deployment", "spec/selector/matchLabels"),
    made("Deployment", "spec/template/metadata/labels"),
    made_in("apps", "", "StatefulSet", "spec/selector/matchLabels"),
    found_in(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    found_in(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    found_in(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    found_in(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    found_in(
        "apps",
        "",
        "StatefulSet",
        "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
    ),
    made_in("apps", "", "StatefulSet", "spec/template/metadata/labels"),
    made_in("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
    found_in("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
    made_in("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
    made_in("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
    found_in("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels"),
    found_in("batch", "", "Job", "spec/selector/matchLabels"),
    made_in("batch", "", "Job", "spec/template/metadata/labels"),
    found_in("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels"),
    found_in("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
    found_in("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
    made_in("", "v1", "ReplicationController", "spec/selector"),
    made_in("", "v1", "ReplicationController", "spec/template/metadata/labels"),
    made("DaemonSet", "spec/selector/matchLabels"),
    made("DaemonSet", "spec/template/metadata/labels"),
    made("ReplicaSet", "spec/selector/matchLabels"),
    made("ReplicaSet", "spec/template/metadata/labels"),
    made("", "metadata/labels"),
];

/// Where `labels` with `includeTemplates` go.
pub(super) static TEMPLATE_LABELS: &[FieldSpec] = &[
    made("Deployment", "spec/template/metadata/labels"),
    made_in("apps", "", "StatefulSet", "spec/template/metadata/labels"),
    made_in("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
    made_in("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
    made_in("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
    made_in("batch", "", "Job", "spec/template/metadata/labels"),
    made_in("", "v1", "ReplicationController", "spec/template/metadata/labels"),
    made("DaemonSet", "spec/template/metadata/labels"),
    made("ReplicaSet", "spec/template/metadata/labels"),
    made("", "metadata/labels"),
];

/// Where `commonAnnotations` go.
pub(super) static COMMON_ANNOTATIONS: &[FieldSpec] = &[
    made("Deployment", "spec/template/metadata/annotations"),
    made("StatefulSet", "spec/template/metadata/annotations"),
    made_in("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations"),
    made_in("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations"),
    made_in("batch", "", "Job", "spec/template/metadata/annotations"),
    made_in("", "v1", "ReplicationController", "spec/template/metadata/annotations"),
    made("DaemonSet", "spec/template/metadata/annotations"),
    made("ReplicaSet", "spec/template/metadata/annotations"),
    made("", "metadata/annotations"),
];

/// What `namespace` sets beside `metadata.namespace`.
pub(super) static NAMESPACE: &[FieldSpec] = &[
    made("Namespace", "metadata/name"),
    found_in(
        "apiextensions.k8s.io",
        "",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
    ),
    made_in("apiregistration.k8s.io", "", "APIService", "spec/service/namespace"),
];

/// Where `$(VAR)` is looked for.
pub(super) static VAR_REFERENCE: &[FieldSpec] = &[
    found("Service", "spec/ports/port"),
    found("Service", "spec/ports/targetPort"),
    found("PersistentVolume", "spec/nfs/server"),
    found("Deployment", "spec/template/spec/containers/args"),
    found("Deployment", "spec/template/spec/containers/command"),
    found("Deployment", "spec/template/spec/containers/env/value"),
    found("Deployment", "spec/template/spec/containers/volumeMounts/mountPath"),
    found("Deployment", "spec/template/spec/initContainers/args"),
    found("Deployment", "spec/template/spec/initContainers/command"),
    found("Deployment", "spec/template/spec/initContainers/env/value"),
    found("Deployment", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    found("Deployment", "spec/template/spec/volumes/nfs/server"),
    found("Deployment", "spec/template/metadata/annotations"),
    found("StatefulSet", "spec/template/spec/containers/args"),
    found("StatefulSet", "spec/template/spec/containers/command"),
    found("StatefulSet", "spec/template/spec/containers/env/value"),
    found("StatefulSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    found("StatefulSet", "spec/template/spec/initContainers/args"),
    found("StatefulSet", "spec/template/spec/initContainers/command"),
    found("StatefulSet", "spec/template/spec/initContainers/env/value"),
    found("StatefulSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    found("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
    found("CronJob", "spec/jobTemplate/spec/template/spec/containers/args"),
    found("CronJob", "spec/jobTemplate/spec/template/spec/containers/command"),
    found("CronJob", "spec/jobTemplate/spec/template/spec/containers/env/value"),
    found("CronJob", "spec/jobTemplate/spec/template/spec/containers/volumeMounts/mountPath"),
    found("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/args"),
    found("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/command"),
    found("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/value"),
    found("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/volumeMounts/mountPath"),
    found("CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
    found("DaemonSet", "spec/template/spec/containers/args"),
    found("DaemonSet", "spec/template/spec/containers/command"),
    found("DaemonSet", "spec/template/spec/containers/env/value"),
    found("DaemonSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    found("DaemonSet", "spec/template/spec/initContainers/args"),
    found("DaemonSet", "spec/template/spec/initContainers/command"),
    found("DaemonSet", "spec/template/spec/initContainers/env/value"),
    found("DaemonSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    found("DaemonSet", "spec/template/spec/volumes/nfs/server"),
    found("Ingress", "spec/rules/host"),
    found("Ingress", "spec/tls/hosts"),
    found("Ingress", "spec/tls/secretName"),
    found("Job", "spec/template/spec/containers/args"),
    found("Job", "spec/template/spec/containers/command"),
    found("Job", "spec/template/spec/containers/env/value"),
    found("Job", "spec/template/spec/containers/volumeMounts/mountPath"),
    found("Job", "spec/template/spec/initContainers/args"),
    found("Job", "spec/template/spec/initContainers/command"),
    found("Job", "spec/template/spec/initContainers/env/value"),
    found("Job", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    found("Job", "spec/template/spec/volumes/nfs/server"),
    found("Pod", "spec/containers/args"),
    found("Pod", "spec/containers/command"),
    found("Pod", "spec/containers/env/value"),
    found("Pod", "spec/containers/volumeMounts/mountPath"),
    found("Pod", "spec/initContainers/args"),
    found("Pod", "spec/initContainers/command"),
    found("Pod", "spec/initContainers/env/value"),
    found("Pod", "spec/initContainers/volumeMounts/mountPath"),
    found("Pod", "spec/volumes/nfs/server"),
    found("ReplicaSet", "spec/template/spec/containers/args"),
    found("ReplicaSet", "spec/template/spec/containers/command"),
    found("ReplicaSet", "spec/template/spec/containers/env/value"),
    found("ReplicaSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    found("ReplicaSet", "spec/template/spec/initContainers/args"),
    found("ReplicaSet", "spec/template/spec/initContainers/command"),
    found("ReplicaSet", "spec/template/spec/initContainers/env/value"),
    found("ReplicaSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    found("ReplicaSet", "spec/template/spec/volumes/nfs/server"),
    found("", "metadata/labels"),
    found("", "metadata/annotations"),
];

/// Where `images` looks beside lists called `containers` and `initContainers`.
pub(super) static IMAGES: &[FieldSpec] = &[
    made("", "spec/containers[]/image"),
    made("", "spec/initContainers[]/image"),
    made("", "spec/volumes[]/image/reference"),
    made("", "spec/template/spec/containers[]/image"),
    made("", "spec/template/spec/initContainers[]/image"),
    made("", "spec/template/spec/volumes[]/image/reference"),
];

/// What `replicas` sets.
pub(super) static REPLICAS: &[FieldSpec] = &[
    made("Deployment", "spec/replicas"),
    made("StatefulSet", "spec/replicas"),
    made("ReplicaSet", "spec/replicas"),
    made("ReplicationController", "spec/replicas"),
];

/// Who refers to whom by name: the kind that is referred to, and the fields that do it.
pub(super) static NAME_REFERENCE: &[(Gvk, &[FieldSpec])] = &[
    (
        gvk("storage.k8s.io", "v1", "StorageClass"),
        &[
            found("PersistentVolume", "spec/storageClassName"),
            found("PersistentVolumeClaim", "spec/storageClassName"),
            found("StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
        ],
    ),
    (
        gvk("", "v1", "ServiceAccount"),
        &[
            found_in("rbac.authorization.k8s.io", "", "RoleBinding", "subjects"),
            found_in("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "subjects"),
            found("Pod", "spec/serviceAccountName"),
            found("StatefulSet", "spec/template/spec/serviceAccountName"),
            found("Deployment", "spec/template/spec/serviceAccountName"),
            found("ReplicationController", "spec/template/spec/serviceAccountName"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/serviceAccountName"),
            found("Job", "spec/template/spec/serviceAccountName"),
            found("DaemonSet", "spec/template/spec/serviceAccountName"),
        ],
    ),
    (
        gvk("rbac.authorization.k8s.io", "", "Role"),
        &[found_in("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name")],
    ),
    (
        gvk("rbac.authorization.k8s.io", "", "ClusterRole"),
        &[
            found_in("rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name"),
            found_in("rbac.authorization.k8s.io", "", "ClusterRoleBinding", "roleRef/name"),
        ],
    ),
    (
        gvk("", "v1", "ConfigMap"),
        &[
            found_in("", "v1", "Pod", "spec/volumes/configMap/name"),
            found_in("", "v1", "Pod", "spec/containers/env/valueFrom/configMapKeyRef/name"),
            found_in("", "v1", "Pod", "spec/initContainers/env/valueFrom/configMapKeyRef/name"),
            found_in("", "v1", "Pod", "spec/containers/envFrom/configMapRef/name"),
            found_in("", "v1", "Pod", "spec/initContainers/envFrom/configMapRef/name"),
            found_in("", "v1", "Pod", "spec/volumes/projected/sources/configMap/name"),
            found("PodTemplate", "template/spec/volumes/configMap/name"),
            found("PodTemplate", "template/spec/containers/env/valueFrom/configMapKeyRef/name"),
            found("PodTemplate", "template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
            found("PodTemplate", "template/spec/containers/envFrom/configMapRef/name"),
            found("PodTemplate", "template/spec/initContainers/envFrom/configMapRef/name"),
            found("PodTemplate", "template/spec/volumes/projected/sources/configMap/name"),
            found("Deployment", "spec/template/spec/volumes/configMap/name"),
            found("Deployment", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
            found("Deployment", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
            found("Deployment", "spec/template/spec/containers/envFrom/configMapRef/name"),
            found("Deployment", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
            found("Deployment", "spec/template/spec/volumes/projected/sources/configMap/name"),
            found("ReplicaSet", "spec/template/spec/volumes/configMap/name"),
            found("ReplicaSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
            found("ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
            found("ReplicaSet", "spec/template/spec/containers/envFrom/configMapRef/name"),
            found("ReplicaSet", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
            found("ReplicaSet", "spec/template/spec/volumes/projected/sources/configMap/name"),
            found("DaemonSet", "spec/template/spec/volumes/configMap/name"),
            found("DaemonSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
            found("DaemonSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
            found("DaemonSet", "spec/template/spec/containers/envFrom/configMapRef/name"),
            found("DaemonSet", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
            found("DaemonSet", "spec/template/spec/volumes/projected/sources/configMap/name"),
            found("StatefulSet", "spec/template/spec/volumes/configMap/name"),
            found("StatefulSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
            found("StatefulSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
            found("StatefulSet", "spec/template/spec/containers/envFrom/configMapRef/name"),
            found("StatefulSet", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
            found("StatefulSet", "spec/template/spec/volumes/projected/sources/configMap/name"),
            found("Job", "spec/template/spec/volumes/configMap/name"),
            found("Job", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name"),
            found("Job", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name"),
            found("Job", "spec/template/spec/containers/envFrom/configMapRef/name"),
            found("Job", "spec/template/spec/initContainers/envFrom/configMapRef/name"),
            found("Job", "spec/template/spec/volumes/projected/sources/configMap/name"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/volumes/configMap/name"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/volumes/projected/sources/configMap/name"),
            found(
                "CronJob",
                "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/configMapKeyRef/name",
            ),
            found(
                "CronJob",
                "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name",
            ),
            found("CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/configMapRef/name"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/envFrom/configMapRef/name"),
            found("Node", "spec/configSource/configMap"),
            found("Role", "rules/resourceNames"),
            found("ClusterRole", "rules/resourceNames"),
            found("Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"),
        ],
    ),
    (
        gvk("", "v1", "Secret"),
        &[
            found_in("", "v1", "Pod", "spec/volumes/secret/secretName"),
            found_in("", "v1", "Pod", "spec/containers/env/valueFrom/secretKeyRef/name"),
            found_in("", "v1", "Pod", "spec/initContainers/env/valueFrom/secretKeyRef/name"),
            found_in("", "v1", "Pod", "spec/containers/envFrom/secretRef/name"),
            found_in("", "v1", "Pod", "spec/initContainers/envFrom/secretRef/name"),
            found_in("", "v1", "Pod", "spec/imagePullSecrets/name"),
            found_in("", "v1", "Pod", "spec/volumes/projected/sources/secret/name"),
            found("PodTemplate", "template/spec/volumes/secret/secretName"),
            found("PodTemplate", "template/spec/containers/env/valueFrom/secretKeyRef/name"),
            found("PodTemplate", "template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
            found("PodTemplate", "template/spec/containers/envFrom/secretRef/name"),
            found("PodTemplate", "template/spec/initContainers/envFrom/secretRef/name"),
            found("PodTemplate", "template/spec/imagePullSecrets/name"),
            found("PodTemplate", "template/spec/volumes/projected/sources/secret/name"),
            found("Deployment", "spec/template/spec/volumes/secret/secretName"),
            found("Deployment", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
            found("Deployment", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
            found("Deployment", "spec/template/spec/containers/envFrom/secretRef/name"),
            found("Deployment", "spec/template/spec/initContainers/envFrom/secretRef/name"),
            found("Deployment", "spec/template/spec/imagePullSecrets/name"),
            found("Deployment", "spec/template/spec/volumes/projected/sources/secret/name"),
            found("ReplicaSet", "spec/template/spec/volumes/secret/secretName"),
            found("ReplicaSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
            found("ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
            found("ReplicaSet", "spec/template/spec/containers/envFrom/secretRef/name"),
            found("ReplicaSet", "spec/template/spec/initContainers/envFrom/secretRef/name"),
            found("ReplicaSet", "spec/template/spec/imagePullSecrets/name"),
            found("ReplicaSet", "spec/template/spec/volumes/projected/sources/secret/name"),
            found("DaemonSet", "spec/template/spec/volumes/secret/secretName"),
            found("DaemonSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
            found("DaemonSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
            found("DaemonSet", "spec/template/spec/containers/envFrom/secretRef/name"),
            found("DaemonSet", "spec/template/spec/initContainers/envFrom/secretRef/name"),
            found("DaemonSet", "spec/template/spec/imagePullSecrets/name"),
            found("DaemonSet", "spec/template/spec/volumes/projected/sources/secret/name"),
            found("StatefulSet", "spec/template/spec/volumes/secret/secretName"),
            found("StatefulSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
            found("StatefulSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
            found("StatefulSet", "spec/template/spec/containers/envFrom/secretRef/name"),
            found("StatefulSet", "spec/template/spec/initContainers/envFrom/secretRef/name"),
            found("StatefulSet", "spec/template/spec/imagePullSecrets/name"),
            found("StatefulSet", "spec/template/spec/volumes/projected/sources/secret/name"),
            found("Job", "spec/template/spec/volumes/secret/secretName"),
            found("Job", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
            found("Job", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name"),
            found("Job", "spec/template/spec/containers/envFrom/secretRef/name"),
            found("Job", "spec/template/spec/initContainers/envFrom/secretRef/name"),
            found("Job", "spec/template/spec/imagePullSecrets/name"),
            found("Job", "spec/template/spec/volumes/projected/sources/secret/name"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/volumes/secret/secretName"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/volumes/projected/sources/secret/name"),
            found(
                "CronJob",
                "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            found(
                "CronJob",
                "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name",
            ),
            found("CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/secretRef/name"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/envFrom/secretRef/name"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/imagePullSecrets/name"),
            found("Ingress", "spec/tls/secretName"),
            found("Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret"),
            found("Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret"),
            found("Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret"),
            found("Ingress", "spec/tls/secretName"),
            found("ServiceAccount", "imagePullSecrets/name"),
            found("StorageClass", "parameters/secretName"),
            found("StorageClass", "parameters/adminSecretName"),
            found("StorageClass", "parameters/userSecretName"),
            found("StorageClass", "parameters/secretRef"),
            found("Role", "rules/resourceNames"),
            found("ClusterRole", "rules/resourceNames"),
            found_in(
                "serving.knative.dev",
                "v1",
                "Service",
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            found("PersistentVolume", "spec/azureFile/secretName"),
        ],
    ),
    (
        gvk("", "v1", "Service"),
        &[
            found_in("apps", "", "StatefulSet", "spec/serviceName"),
            found("Ingress", "spec/rules/http/paths/backend/serviceName"),
            found("Ingress", "spec/backend/serviceName"),
            found("Ingress", "spec/rules/http/paths/backend/service/name"),
            found("Ingress", "spec/defaultBackend/service/name"),
            found_in("apiregistration.k8s.io", "", "APIService", "spec/service/name"),
            found_in(
                "admissionregistration.k8s.io",
                "",
                "ValidatingWebhookConfiguration",
                "webhooks/clientConfig/service",
            ),
            found_in(
                "admissionregistration.k8s.io",
                "",
                "MutatingWebhookConfiguration",
                "webhooks/clientConfig/service",
            ),
        ],
    ),
    (
        gvk("scheduling.k8s.io", "v1", "PriorityClass"),
        &[
            found("Pod", "spec/priorityClassName"),
            found("StatefulSet", "spec/template/spec/priorityClassName"),
            found("Deployment", "spec/template/spec/priorityClassName"),
            found("ReplicationController", "spec/template/spec/priorityClassName"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/priorityClassName"),
            found("Job", "spec/template/spec/priorityClassName"),
            found("DaemonSet", "spec/template/spec/priorityClassName"),
        ],
    ),
    (
        gvk("", "v1", "PersistentVolume"),
        &[found("PersistentVolumeClaim", "spec/volumeName"), found("ClusterRole", "rules/resourceNames")],
    ),
    (
        gvk("", "v1", "PersistentVolumeClaim"),
        &[
            found("Pod", "spec/volumes/persistentVolumeClaim/claimName"),
            found("StatefulSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
            found("Deployment", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
            found("ReplicationController", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
            found("CronJob", "spec/jobTemplate/spec/template/spec/volumes/persistentVolumeClaim/claimName"),
            found("Job", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
            found("DaemonSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName"),
        ],
    ),
    (gvk("", "", "Deployment"), &[found("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")]),
    (gvk("", "", "StatefulSet"), &[found("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")]),
    (
        gvk("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy"),
        &[found_in(
            "admissionregistration.k8s.io",
            "",
            "ValidatingAdmissionPolicyBinding",
            "spec/policyName",
        )],
    ),
    (gvk("networking.k8s.io/v1", "v1", "IngressClass"), &[found("Ingress", "spec/ingressClassName")]),
    (gvk("", "", "ReplicaSet"), &[found("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")]),
    (gvk("", "", "ReplicationController"), &[found("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")]),
];
