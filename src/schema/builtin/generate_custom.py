#!/usr/bin/env python3
"""Writes custom.txt: what the custom resources look like that nearly every repository uses and no repository contains.

    python3 generate_custom.py DIR... > custom.txt
    python3 generate_custom.py --onto custom.txt DIR... > new.txt

With `--onto`, what a table has is one more definition of each of its kinds, and those that it lacks are added. `once` behind a kind says
that no two different definitions of it were at hand, each of a directory of its own: others may have other fields.

The directories hold CustomResourceDefinitions, in any version of their projects; schemas of single kinds as a catalog keeps them
(`GROUP/KIND_VERSION.json`); and `openapi.json` of OpenShift, for what its own API server has. Of several definitions of one kind and version the
union is taken: a field that one of them has is a field, a type on which they differ is anything, required is what all
require, a bound is the widest. Facts only: names, types, enumerations, bounds. The format is that of kubernetes.txt.
"""

import collections
import json
import pathlib
import re
import sys

import yaml

HEAD = """\
# Custom resources of well-known projects. Made by generate_custom.py; do not edit. The format is that of kubernetes.txt.
# Bounds stand behind a shape: `s1..253/7` a length and the number of a pattern, `i1..65535`; or before what a list or map has: `[1..8s`, `{..16s`.
"""

GROUPS = {
    "argoproj.io": {"Application", "ApplicationSet", "AppProject", "Rollout", "AnalysisTemplate", "ClusterAnalysisTemplate", "Workflow", "CronWorkflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "EventSource", "Sensor", "EventBus", "ArgoCD", "Experiment"},
    "helm.toolkit.fluxcd.io": None,
    "kustomize.toolkit.fluxcd.io": None,
    "source.toolkit.fluxcd.io": None,
    "notification.toolkit.fluxcd.io": None,
    "image.toolkit.fluxcd.io": None,
    "cert-manager.io": {"Certificate", "Issuer", "ClusterIssuer"},
    "external-secrets.io": {"ExternalSecret", "ClusterExternalSecret", "SecretStore", "ClusterSecretStore", "PushSecret"},
    "monitoring.coreos.com": None,
    "gateway.networking.k8s.io": None,
    "kyverno.io": {"ClusterPolicy", "Policy", "PolicyException", "ClusterCleanupPolicy", "CleanupPolicy"},
    "traefik.io": None,
    "metallb.io": None,
    "velero.io": {"Schedule", "Backup", "BackupStorageLocation", "VolumeSnapshotLocation"},
    "postgresql.cnpg.io": {"Cluster", "ScheduledBackup", "Pooler", "Backup", "Database", "ImageCatalog", "ClusterImageCatalog", "DatabaseRole", "Publication", "Subscription"},
    "keda.sh": {"ScaledObject", "ScaledJob", "TriggerAuthentication", "ClusterTriggerAuthentication"},
    "karpenter.sh": {"NodePool", "NodeClaim"},
    "karpenter.k8s.aws": {"EC2NodeClass"},
    "bitnami.com": {"SealedSecret"},
    "volsync.backube": None,
    "cilium.io": {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "CiliumLoadBalancerIPPool", "CiliumL2AnnouncementPolicy", "CiliumCIDRGroup", "CiliumEgressGatewayPolicy", "CiliumLocalRedirectPolicy", "CiliumBGPAdvertisement", "CiliumBGPClusterConfig", "CiliumBGPPeerConfig", "CiliumBGPPeeringPolicy", "CiliumNodeConfig", "CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig", "CiliumPodIPPool"},
    "externaldns.k8s.io": {"DNSEndpoint"},
    "nfd.k8s-sigs.io": {"NodeFeatureRule"},
    "dragonflydb.io": {"Dragonfly"},
    "snapshot.storage.k8s.io": {"VolumeSnapshot", "VolumeSnapshotClass"},
    "barmancloud.cnpg.io": {"ObjectStore"},
    "fluxcd.controlplane.io": {"FluxInstance", "ResourceSet", "ResourceSetInputProvider"},
    "grafana.integreatly.org": {"Grafana", "GrafanaDashboard", "GrafanaDatasource", "GrafanaFolder", "GrafanaAlertRuleGroup", "GrafanaContactPoint", "GrafanaNotificationPolicy", "GrafanaLibraryPanel", "GrafanaMuteTiming", "GrafanaNotificationTemplate", "GrafanaNotificationPolicyRoute", "GrafanaServiceAccount"},
    "operator.victoriametrics.com": {"VMServiceScrape", "VMPodScrape", "VMStaticScrape", "VMProbe", "VMRule", "VMNodeScrape", "VMAgent", "VMAlert", "VMAuth", "VMCluster", "VMSingle", "VMUser", "VMScrapeConfig", "VMAlertmanager", "VLSingle", "VLCluster", "VLAgent", "VTSingle", "VTCluster", "VMAnomaly"},
    "gateway.envoyproxy.io": {"BackendTrafficPolicy", "ClientTrafficPolicy", "SecurityPolicy", "Backend", "EnvoyPatchPolicy", "EnvoyProxy", "EnvoyExtensionPolicy", "HTTPRouteFilter"},
    "networking.istio.io": {"VirtualService", "DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "WorkloadEntry", "EnvoyFilter", "WorkloadGroup", "ProxyConfig"},
    "security.istio.io": {"AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"},
    "telemetry.istio.io": {"Telemetry"},
    "kafka.strimzi.io": {"KafkaTopic", "KafkaUser", "KafkaConnector", "KafkaNodePool", "Kafka", "KafkaConnect"},
    "operators.coreos.com": {"Subscription", "OperatorGroup", "CatalogSource"},
    "route.openshift.io": {"Route"},
    "console.openshift.io": {"ConsoleLink", "ConsoleNotification", "ConsolePlugin", "ConsoleQuickStart", "ConsoleYAMLSample"},
    "config.openshift.io": {"OAuth", "Ingress", "APIServer", "Proxy", "Image", "ClusterVersion", "ImageTagMirrorSet", "ImageDigestMirrorSet", "ImageContentPolicy", "Project", "OperatorHub", "Scheduler", "FeatureGate", "Network", "Console", "Authentication"},
    "trust.cert-manager.io": {"Bundle"},
    "autoscaling.k8s.io": {"VerticalPodAutoscaler"},
    "k8s.cni.cncf.io": {"NetworkAttachmentDefinition"},
    "talos.dev": {"ServiceAccount"},
    "upgrade.cattle.io": {"Plan"},
    "helm.cattle.io": {"HelmChart", "HelmChartConfig"},
    "fleet.cattle.io": {"GitRepo"},
    "tailscale.com": {"Connector", "ProxyClass", "ProxyGroup", "DNSConfig"},
    "secrets-store.csi.x-k8s.io": {"SecretProviderClass"},
    "source.extensions.fluxcd.io": {"ArtifactGenerator"},
    "infra.contrib.fluxcd.io": {"Terraform"},
    "generators.external-secrets.io": {"Password", "GithubAccessToken", "ECRAuthorizationToken", "ACRAccessToken", "GCRAccessToken", "VaultDynamicSecret", "UUID", "Webhook", "ClusterGenerator", "QuayAccessToken"},
    "templates.gatekeeper.sh": {"ConstraintTemplate"},
    "opentelemetry.io": {"OpenTelemetryCollector", "Instrumentation"},
    "pkg.crossplane.io": {"Provider", "Configuration", "Function", "DeploymentRuntimeConfig"},
    "apiextensions.crossplane.io": {"Composition", "CompositeResourceDefinition"},
    "kubevirt.io": {"VirtualMachine"},
    "acid.zalan.do": {"postgresql"},
    "postgres-operator.crunchydata.com": {"PostgresCluster"},
    "k8s.mariadb.com": {"MariaDB", "Database", "User", "Grant"},
    "ceph.rook.io": {"CephCluster", "CephBlockPool", "CephFilesystem", "CephObjectStore", "CephObjectStoreUser", "CephBlockPoolRadosNamespace", "CephBucketTopic", "CephBucketNotification", "CephClient", "CephFilesystemMirror", "CephFilesystemSubVolumeGroup", "CephNFS", "CephObjectRealm", "CephObjectZone", "CephObjectZoneGroup", "CephRBDMirror"},
    "objectbucket.io": {"ObjectBucketClaim"},
    "longhorn.io": {"RecurringJob", "BackupTarget", "Volume", "Setting", "BackingImage"},
    "minio.min.io": {"Tenant"},
    "k8up.io": {"Schedule", "Backup", "PodConfig", "Archive", "Check", "Prune", "PreBackupPod", "Restore"},
    "elbv2.k8s.aws": {"TargetGroupBinding", "IngressClassParams"},
    "cloud.google.com": {"BackendConfig"},
    "networking.gke.io": {"ManagedCertificate", "FrontendConfig"},
    "flagger.app": {"Canary", "MetricTemplate"},
    "kargo.akuity.io": {"Project", "ProjectConfig", "Stage", "Warehouse", "PromotionTask", "ClusterPromotionTask"},
    "projectcontour.io": {"HTTPProxy"},
    "configuration.konghq.com": {"KongPlugin", "KongClusterPlugin", "KongConsumer", "KongIngress"},
    "rabbitmq.com": {"RabbitmqCluster", "Queue", "Exchange", "Binding", "User", "Vhost", "Permission", "Policy"},
    "elasticsearch.k8s.elastic.co": {"Elasticsearch"},
    "kibana.k8s.elastic.co": {"Kibana"},
    "cluster.open-cluster-management.io": {"Placement", "ManagedCluster", "ManagedClusterSetBinding", "ManagedClusterSet"},
    "cluster.x-k8s.io": {"Cluster", "MachineDeployment", "MachineHealthCheck"},
    "serving.knative.dev": {"Service"},
    "dapr.io": {"Component", "Configuration"},
    "jaegertracing.io": {"Jaeger"},
    "redis.redis.opstreelabs.in": {"Redis", "RedisCluster", "RedisReplication", "RedisSentinel"},
    "security.openshift.io": {"SecurityContextConstraints"},
    "machineconfiguration.openshift.io": {"MachineConfig", "MachineConfigPool", "KubeletConfig", "ContainerRuntimeConfig"},
    "operator.openshift.io": {"IngressController", "Console", "Network", "ImageContentSourcePolicy"},
    "imageregistry.operator.openshift.io": {"Config"},
    "machine.openshift.io": {"MachineHealthCheck", "MachineSet", "MachineAutoscaler"},
    "helm.openshift.io": {"HelmChartRepository", "ProjectHelmChartRepository"},
    "apps.openshift.io": {"DeploymentConfig"},
    "build.openshift.io": {"BuildConfig"},
    "image.openshift.io": {"ImageStream"},
    "user.openshift.io": {"Group"},
    "observability.giantswarm.io": {"Silence"},
    "nfd.openshift.io": {"NodeFeatureDiscovery"},
    "logging.openshift.io": {"ClusterLogging", "ClusterLogForwarder"},
    "observability.openshift.io": {"ClusterLogForwarder"},
    "datasciencecluster.opendatahub.io": {"DataScienceCluster"},
    "dscinitialization.opendatahub.io": {"DSCInitialization"},
    "nmstate.io": {"NMState", "NodeNetworkConfigurationPolicy"},
    "tuppr.home-operations.com": {"KubernetesUpgrade", "TalosUpgrade"},
    "nvidia.com": {"ClusterPolicy", "NVIDIADriver"},
    "onepassword.com": {"OnePasswordItem"},
    "gateway.kgateway.dev": {"Backend", "BackendConfigPolicy", "DirectResponse", "GatewayExtension", "GatewayParameters", "HTTPListenerPolicy", "TrafficPolicy"},
    "agentgateway.dev": {"AgentgatewayBackend", "AgentgatewayPolicy"},
    "pyrra.dev": {"ServiceLevelObjective"},
    "fluentbit.fluent.io": {"ClusterFilter", "ClusterInput", "ClusterOutput", "ClusterParser", "ClusterFluentBitConfig", "FluentBit", "Filter", "Output", "Parser"},
    "traefik.containo.us": {"IngressRoute", "IngressRouteTCP", "IngressRouteUDP", "Middleware", "MiddlewareTCP", "ServersTransport", "TLSOption", "TLSStore", "TraefikService"},
    "extensions.istio.io": {"WasmPlugin"},
    "serving.kserve.io": {"InferenceService", "ServingRuntime", "ClusterServingRuntime"},
    "kubeflow.org": {"Notebook", "Profile", "PodDefault"},
    "instancetype.kubevirt.io": {"VirtualMachineInstancetype", "VirtualMachineClusterInstancetype", "VirtualMachinePreference", "VirtualMachineClusterPreference"},
    "cdi.kubevirt.io": {"CDI", "DataVolume", "DataImportCron", "DataSource", "StorageProfile"},
    "kro.run": {"ResourceGraphDefinition"},
    "k8s.keycloak.org": {"Keycloak", "KeycloakRealmImport"},
    "awx.ansible.com": {"AWX"},
    "kueue.x-k8s.io": {"ClusterQueue", "LocalQueue", "ResourceFlavor"},
    "actions.github.com": {"AutoscalingRunnerSet"},
    "actions.summerwind.dev": {"RunnerDeployment", "HorizontalRunnerAutoscaler"},
    "clickhouse.altinity.com": {"ClickHouseInstallation"},
    "aws.upbound.io": {"ProviderConfig"},
    "policies.kyverno.io": {"ValidatingPolicy", "MutatingPolicy", "GeneratingPolicy", "ImageValidatingPolicy", "DeletingPolicy", "PolicyException"},
    "http.keda.sh": {"HTTPScaledObject"},
    "logging.banzaicloud.io": {"ClusterFlow", "ClusterOutput", "Flow", "Output"},
    "projectcalico.org": {"BGPConfiguration", "BGPPeer", "BGPFilter", "FelixConfiguration", "GlobalNetworkPolicy", "GlobalNetworkSet", "IPPool", "NetworkPolicy", "NetworkSet"},
    "operator.tigera.io": {"Installation", "APIServer"},
    "policy.linkerd.io": {"AuthorizationPolicy", "HTTPRoute", "MeshTLSAuthentication", "NetworkAuthentication", "Server", "ServerAuthorization"},
    "linkerd.io": {"ServiceProfile"},
    "config.gatekeeper.sh": {"Config"},
    "mutations.gatekeeper.sh": {"Assign", "AssignMetadata", "ModifySet", "AssignImage"},
    "snapscheduler.backube": {"SnapshotSchedule"},
    "piraeus.io": {"LinstorCluster", "LinstorSatelliteConfiguration", "LinstorNodeConnection"},
    "mongodbcommunity.mongodb.com": {"MongoDBCommunity"},
    "databases.spotahome.com": {"RedisFailover"},
    "flink.apache.org": {"FlinkDeployment"},
    "argocd-image-updater.argoproj.io": {"ImageUpdater"},
    "secrets.hashicorp.com": {"VaultAuth", "VaultAuthGlobal", "VaultConnection", "VaultDynamicSecret", "VaultPKISecret", "VaultStaticSecret"},
    "secrets.infisical.com": {"InfisicalSecret", "InfisicalDynamicSecret", "InfisicalPushSecret"},
    "secrets.doppler.com": {"DopplerSecret"},
    "k8s.nginx.org": {"VirtualServer", "VirtualServerRoute", "TransportServer", "Policy"},
    "gateway.nginx.org": {"ClientSettingsPolicy", "NginxProxy", "ObservabilityPolicy", "SnippetsFilter", "UpstreamSettingsPolicy"},
    "k6.io": {"TestRun"},
    "tempo.grafana.com": {"TempoStack", "TempoMonolithic"},
    "jetstream.nats.io": {"Stream", "Consumer", "KeyValue"},
    "mysql.oracle.com": {"InnoDBCluster"},
    "noobaa.io": {"BackingStore", "BucketClass", "NooBaa"},
    "eventing.knative.dev": {"Broker", "Trigger"},
    "sources.knative.dev": {"ApiServerSource", "PingSource", "SinkBinding", "ContainerSource"},
    "messaging.knative.dev": {"Channel", "Subscription", "InMemoryChannel"},
    "operator.knative.dev": {"KnativeServing", "KnativeEventing"},
    "compliance.openshift.io": {"ScanSetting", "ScanSettingBinding", "TailoredProfile"},
    "ocs.openshift.io": {"StorageCluster", "OCSInitialization"},
    "monitoring.grafana.com": {"PodLogs"},
    "beat.k8s.elastic.co": {"Beat"},
    "agent.k8s.elastic.co": {"Agent"},
    "logstash.k8s.elastic.co": {"Logstash"},
    "ray.io": {"RayCluster", "RayService", "RayJob"},
    "autoscaling.openshift.io": {"ClusterAutoscaler", "MachineAutoscaler"},
}

# Fields of the newest versions that the definitions at hand do not have yet.
EXTRA = [
    ("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "spec.postRenderStrategy", {"type": "string"}),
    ("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "spec.upgrade.chartNameChangeStrategy", {"type": "string"}),
    ("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "spec.valuesFrom.literal", {"type": "boolean"}),
]

# Fields that definitions of a version took from a later one: (group, version, kind, from the version, field of the spec instead
# of which it may be given). helm-controller 1.0 gave both betas `chartRef`.
BORROWED = [
    ("helm.toolkit.fluxcd.io", "v2beta1", "HelmRelease", "v2", "chartRef", "chart"),
    ("helm.toolkit.fluxcd.io", "v2beta2", "HelmRelease", "v2", "chartRef", "chart"),
]

# Groups whose API server fills in what its definitions require.
COMPLETED = {"security.openshift.io"}

# Kinds by group: those that are wanted, and those that a table has.
KINDS = collections.defaultdict(set, {group: set(kinds or ()) for group, kinds in GROUPS.items()})
KINDS["monitoring.coreos.com"].add("AlertmanagerConfig")

WORD = re.compile(r"^[\w./:+*-]+$")


def settled(schema):
    """Without what is required and has a default: it is there before anything is looked at."""
    if isinstance(schema, list):
        return [settled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: settled(value) for key, value in schema.items()}
    fields = schema.get("properties")
    if isinstance(fields, dict) and isinstance(schema.get("required"), list):
        given = lambda name: isinstance(fields.get(name), dict) and fields[name].get("default") is not None
        schema["required"] = [name for name in schema["required"] if not given(name)]
    return schema


LOW = ("minimum", "minLength", "minItems", "minProperties")
HIGH = ("maximum", "maxLength", "maxItems", "maxProperties")
ALIKE = ("pattern", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "exclusiveMinimum", "exclusiveMaximum")


def widest(a, b):
    """The bounds that both schemas keep to. What a table says has none, and is asked of what is beside it."""
    if a.get("unbounded") or b.get("unbounded"):
        bounded = b if a.get("unbounded") else a
        return {name: bounded[name] for name in (*LOW, *HIGH, *ALIKE) if name in bounded}
    both = [name for name in (*LOW, *HIGH, *ALIKE) if name in a and name in b]
    value = lambda name: min(a[name], b[name]) if name in LOW else max(a[name], b[name])
    return {name: value(name) for name in both if name not in ALIKE or a[name] == b[name]}


def union(a, b):
    """What either schema allows."""
    if a is None or b is None:
        return a or b
    if a == b:
        return a
    if not isinstance(a, dict) or not isinstance(b, dict):
        return {"x-kubernetes-preserve-unknown-fields": True}
    if a.get("type") == b.get("type") == "object" and any(s.get("x-kubernetes-preserve-unknown-fields") for s in (a, b)):
        return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    free = lambda s: s.get("x-kubernetes-preserve-unknown-fields") or not s.get("type") and not s.get("x-kubernetes-int-or-string")
    if free(a) or free(b):
        return {"x-kubernetes-preserve-unknown-fields": True}
    if a.get("x-kubernetes-int-or-string") or b.get("x-kubernetes-int-or-string"):
        scalar = lambda s: s.get("x-kubernetes-int-or-string") or s.get("type") in ("string", "integer")
        return {"x-kubernetes-int-or-string": True} if scalar(a) and scalar(b) else {"x-kubernetes-preserve-unknown-fields": True}
    if a["type"] != b["type"]:
        return {"x-kubernetes-preserve-unknown-fields": True}
    merged = {"type": a["type"]}
    if a.get("enum") and b.get("enum"):
        merged["enum"] = sorted(set(a["enum"]) | set(b["enum"]), key=str)
    if a.get("format") == b.get("format") and a.get("format"):
        merged["format"] = a["format"]
    merged |= widest(a, b)
    if a["type"] == "array":
        merged["items"] = union(a.get("items"), b.get("items"))
    if a["type"] == "object":
        if bool(a.get("properties")) != bool(b.get("properties")) or bool(a.get("additionalProperties")) != bool(b.get("additionalProperties")):
            return {"x-kubernetes-preserve-unknown-fields": True}
        if a.get("properties"):
            ours, theirs = a["properties"], b["properties"]
            merged["properties"] = {k: union(ours.get(k), theirs.get(k)) for k in sorted({*ours, *theirs})}
            merged["required"] = sorted(set(a.get("required", [])) & set(b.get("required", [])))
        elif isinstance(a.get("additionalProperties"), dict) and isinstance(b.get("additionalProperties"), dict):
            merged["additionalProperties"] = union(a["additionalProperties"], b["additionalProperties"])
    return merged


def document(group, version, kind, schema):
    """A definition around a schema."""
    return {"spec": {"group": group, "names": {"kind": kind}, "versions": [{"name": version, "schema": {"openAPIV3Schema": schema}}]}}


def of_catalog(path):
    """The kind that a file of a catalog is about: its name is in small letters there."""
    stem, _, version = path.stem.rpartition("_")
    for kind in KINDS[path.parent.name]:
        if kind.lower() == stem:
            yield document(path.parent.name, version, kind, json.loads(path.read_text()))


def of_openshift(definitions):
    """Kinds that OpenShift's own API server has. What Kubernetes defines is free there, and nothing is required: that is made of Go's types."""
    def inline(schema, depth):
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if name:
            ours = name.startswith("com.github.openshift.api.") and depth < 12
            return inline(definitions[name], depth + 1) if ours else {"x-kubernetes-preserve-unknown-fields": True}
        out = {key: value for key, value in schema.items() if key not in ("required", "default", "description")}
        for key in ("items", "additionalProperties"):
            if isinstance(out.get(key), dict):
                out[key] = inline(out[key], depth)
        if out.get("properties"):
            out["properties"] = {key: inline(value, depth) for key, value in out["properties"].items()}
        return out

    for name in definitions:
        group, version, kind = (["", "", ""] + name.removeprefix("com.github.openshift.api.").split("."))[-3:]
        if name.startswith("com.github.openshift.api.") and kind in (GROUPS.get(group + ".openshift.io") or ()):
            if group in ("apps", "build", "image", "user"):
                yield document(group + ".openshift.io", version, kind, inline(definitions[name], 0))


def definitions(directories):
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for directory in directories:
        for path in sorted(pathlib.Path(directory).rglob("*")):
            if path.name == "openapi.json":
                yield from of_openshift(json.loads(path.read_text())["definitions"])
            elif path.suffix == ".json" and path.parent.name in GROUPS:
                yield from of_catalog(path)
            if path.suffix not in (".yaml", ".yml") or not path.is_file():
                continue
            text = path.read_text(errors="replace")
            if "kind: CustomResourceDefinition" not in text or not any(group in text for group in GROUPS):
                continue
            for part in re.split(r"^---.*$", text, flags=re.M):
                if "kind: CustomResourceDefinition" not in part:
                    continue
                # What templates print around a definition is not part of it.
                part = "\n".join("" if re.match(r"\s*\{\{.*\}\}\s*$", line) else line for line in part.split("\n"))
                try:
                    document = yaml.load(part, Loader=loader)
                except yaml.YAMLError:
                    continue
                if isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition":
                    yield document


# The metadata of a kind, written and while types are compared.
META, FREE = " metadata:=meta.v1.ObjectMeta", " metadata:*"


def written(line):
    """Beside `apiVersion`, `spec` or `immutable`, `metadata` is what Kubernetes calls so; elsewhere it may be anything."""
    known = re.search(r" (apiVersion:s|spec!?:|immutable:b)", line)
    return line.replace(FREE, META) if known else line


def bounds(schema, least, most):
    """`1..253`; nothing where there are none, or none that says something."""
    low, high = (number(schema.get(name)) for name in (least, most))
    low = None if least != "minimum" and low == 0 else low
    return "" if low is None and high is None else f"{'' if low is None else low}..{'' if high is None else high}"


def number(value):
    value = float(value) if isinstance(value, (int, float, str)) and value is not True and value is not False else None
    return int(value) if value is not None and value == int(value) and abs(value) < 1 << 53 else None


def parsed(shape, types, depth=0):
    """The schema that a shape of a table stands for, and nothing about bounds."""
    out = {"unbounded": True}
    if shape[0] in "[{":
        inner = parsed(re.sub(r"^(<[^>]*>)?(-?\d*\.\.-?\d*)?", "", shape[1:]), types, depth)
        return out | ({"type": "array", "items": inner} if shape[0] == "[" else {"type": "object", "additionalProperties": inner})
    if shape[0] == "=":
        if shape[1:] not in types or depth > 40:
            return {"x-kubernetes-preserve-unknown-fields": True}
        properties, required = {}, []
        for word in types[shape[1:]].split(" "):
            name, _, below = word.partition(":")
            if below:
                properties[name.rstrip("!")] = parsed(below, types, depth + 1)
                required += [name.rstrip("!")] if name.endswith("!") else []
        return out | {"type": "object", "properties": properties, "required": required}
    if shape[0] == "(":
        return out | {"type": "string", "enum": shape[1:-1].split("|")}
    known = {"s": ("string", None), "b": ("boolean", None), "i": ("integer", "int32"), "l": ("integer", None), "n": ("number", None),
        "T": ("string", "date-time"), "Y": ("string", "byte")}
    if shape[0] in known:
        kind, form = known[shape[0]]
        return out | {"type": kind} | ({"format": form} if form else {})
    if shape[0] == "I":
        return {"x-kubernetes-int-or-string": True}
    return {"x-kubernetes-preserve-unknown-fields": True} | ({"type": "object"} if shape == "o" else {})


def facts(schema):
    """A schema without what is said to people, to tell definitions apart."""
    if isinstance(schema, dict):
        said = ("description", "title", "default", "example", "unbounded", "x-kubernetes-validations")
        return {key: facts(value) for key, value in schema.items() if key not in said and value not in ([], {}, None)}
    return [facts(item) for item in schema] if isinstance(schema, list) else schema


class Types:
    """Equal types are written once."""

    def __init__(self):
        self.patterns = {}
        self.names = {}
        self.lines = []
        self.taken = collections.Counter()

    def shape(self, schema, hint):
        if not isinstance(schema, dict):
            return "*"
        if schema.get("x-kubernetes-int-or-string"):
            return "I"
        kind = schema.get("type")
        # A mapping that takes what it does not name is not judged, but what it names is known.
        if schema.get("x-kubernetes-preserve-unknown-fields") or not kind:
            return "*" if kind != "object" else "o"
        if kind == "array":
            keys = schema.get("x-kubernetes-list-map-keys") if schema.get("x-kubernetes-list-type") == "map" else None
            unlike = "<" + ",".join(keys) + ">" if keys else "<>" if schema.get("x-kubernetes-list-type") == "set" else ""
            return "[" + unlike + bounds(schema, "minItems", "maxItems") + self.shape(schema.get("items"), hint)
        if kind == "object":
            if schema.get("properties"):
                return "=" + self.type(schema, hint)
            values = schema.get("additionalProperties")
            return "{" + bounds(schema, "minProperties", "maxProperties") + self.shape(values, hint) if isinstance(values, dict) else "o"
        if kind == "string":
            words = schema.get("enum")
            if words and all(isinstance(word, str) and (word == "" or WORD.match(word)) and "_" not in word for word in words):
                return "(" + "|".join(sorted(set(words))) + ")"
            plain = {"byte": "Y", "date-time": "T"}.get(schema.get("format"), "s")
            return plain + bounds(schema, "minLength", "maxLength") + self.pattern(schema.get("pattern")) if plain == "s" else plain
        if kind in ("integer", "number"):
            known = "n" if kind == "number" else "i" if schema.get("format") == "int32" else "l"
            exclusive = schema.get("exclusiveMinimum") or schema.get("exclusiveMaximum")
            return known + ("" if exclusive else bounds(schema, "minimum", "maximum"))
        return {"boolean": "b"}.get(kind, "*")

    def pattern(self, text):
        """The number of a pattern, which is written once."""
        if not isinstance(text, str) or "\n" in text or len(text) > 400:
            return ""
        return f"/{self.patterns.setdefault(text, len(self.patterns))}"

    def type(self, schema, hint):
        required = schema.get("required", [])
        fields = [
            f"{name}{'!' if name in required else ''}:{self.shape(inner, name)}"
            for name, inner in sorted(schema["properties"].items())
            if re.match(r"^[\w$./-]+$", name)
        ]
        body = " ".join(fields)
        if body not in self.names:
            name = re.sub(r"\W", "", hint[:1].upper() + hint[1:])
            stem = name
            while name in self.taken:
                self.taken[stem] += 1
                name = f"{stem}{self.taken[stem]}"
            self.taken[name] += 1
            self.names[body] = name
            self.lines.append(f"type {name} {body}")
        return self.names[body]


def main(directories):
    known = []
    if directories[:1] == ["--onto"]:
        known, directories = pathlib.Path(directories[1]).read_text().splitlines(), directories[2:]
    table = {name: body for name, _, body in (line.removeprefix("type ").partition(" ") for line in known if line.startswith("type "))}
    found, scopes, seen, several = {}, {}, collections.defaultdict(set), set()
    for line in known:
        if line.startswith("kind "):
            (api_version, kind, name), flags = line.split()[1:4], line.split()[4:]
            group, _, version = api_version.rpartition("/")
            key = group, version, kind
            found[key] = parsed("=" + name, table)
            scopes[group, kind] = "Cluster" if "cluster" in flags else "Namespaced"
            several |= set() if "once" in flags else {key}
            KINDS[group].add(kind)
    fresh = {}
    documents = ((directory, document) for directory in directories for document in definitions([directory]))
    for directory, document in documents:
        spec = document.get("spec") or {}
        group, kind = spec.get("group"), (spec.get("names") or {}).get("kind")
        if group not in GROUPS or GROUPS[group] is not None and kind not in GROUPS[group]:
            continue
        for version in spec.get("versions") or []:
            schema = (version.get("schema") or spec.get("validation") or {}).get("openAPIV3Schema")
            if not schema or not schema.get("properties") or not version.get("served", True):
                continue
            key = group, version["name"], kind
            if group in COMPLETED:
                schema = {key: value for key, value in schema.items() if key != "required"}
            schema = settled(schema)
            said = json.dumps(facts({name: value for name, value in schema["properties"].items() if name != "status"}), sort_keys=True, default=str)
            was_seen = any(said == other for _, other in seen[key])
            seen[key].add((directory, said))
            if was_seen:
                continue
            fresh[key] = union(fresh.get(key), schema)
            scopes[group, kind] = spec.get("scope") or scopes.get((group, kind))
    for key, schema in fresh.items():
        # Definitions of which one takes anything say nothing.
        if schema.get("properties"):
            whole = union(found.get(key), schema)
            found[key] = whole if whole.get("properties") else found[key]
    for group, version, kind, path, extra in EXTRA if not known else []:
        schema, (*above, last) = found[group, version, kind], path.split(".")
        for name in above:
            schema = schema["properties"][name]
            schema = schema.get("items", schema)
        schema["properties"].setdefault(last, extra)
    for group, version, kind, later, field, instead in BORROWED if not known else []:
        spec = found[group, version, kind]["properties"]["spec"]
        spec["properties"].setdefault(field, found[group, later, kind]["properties"]["spec"]["properties"][field])
        spec["required"] = [name for name in spec.get("required", []) if name != instead]
    types = Types()
    kinds = []
    for (group, version, kind), schema in sorted(found.items()):
        if not schema.get("properties"):
            continue
        schema = dict(schema, properties=dict(schema["properties"]))
        schema["properties"].pop("status", None)
        schema["properties"]["apiVersion"] = schema["properties"]["kind"] = {"type": "string"}
        schema["properties"]["metadata"] = {}
        schema["required"] = [name for name in schema.get("required", []) if name not in ("metadata", "apiVersion", "kind")]
        cluster = " cluster" if scopes[group, kind] == "Cluster" else ""
        name = types.type(schema, kind)
        key = group, version, kind
        # What one directory says in two ways is one revision.
        apart = len({said for _, said in seen[key]}) > 1 and len({directory for directory, _ in seen[key]}) > 1
        once = "" if key in several or apart else " once"
        kinds.append(f"kind {group}/{version} {kind} {name}{cluster}{once}")
    print(HEAD, end="")
    patterns = [f"pattern {number} {text}" for text, number in types.patterns.items()]
    print("\n".join(sorted(kinds) + patterns + [written(line) for line in types.lines]))


main(sys.argv[1:])
