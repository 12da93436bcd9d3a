#!/usr/bin/env python3
"""Writes custom.txt: what the custom resources look like that nearly every repository uses and no repository contains.

    python3 generate_custom.py DIR... > custom.txt
    python3 generate_custom.py --onto custom.txt DIR... > new.txt

With `--onto`, kinds that a table has stay as they are, and those that it lacks are added. `once` behind a kind says that one definition
of it was at hand: others may have other fields.

The directories hold CustomResourceDefinitions, in any version of their projects; schemas of single kinds as a catalog keeps them
(`GROUP/KIND_VERSION.json`); and `openapi.json` of OpenShift, for what its own API server has. Of several definitions of one kind and version the
union is taken: a field that one of them has is a field, a type on which they differ is anything, required is what all
require. Facts only: names, types, enumerations. The format is that of kubernetes.txt.
"""

import collections
import json
import pathlib
import re
import sys

import yaml

HEAD = """\
# Custom resources of well-known projects. Made by generate_custom.py; do not edit. The format is that of kubernetes.txt.
"""

GROUPS = {
    "argoproj.io": {"Application", "ApplicationSet", "AppProject", "Rollout", "AnalysisTemplate", "ClusterAnalysisTemplate", "Workflow", "CronWorkflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "EventSource", "Sensor", "EventBus", "ArgoCD"},
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
    "postgresql.cnpg.io": {"Cluster", "ScheduledBackup", "Pooler", "Backup", "Database", "ImageCatalog", "ClusterImageCatalog"},
    "keda.sh": {"ScaledObject", "ScaledJob", "TriggerAuthentication", "ClusterTriggerAuthentication"},
    "karpenter.sh": {"NodePool", "NodeClaim"},
    "karpenter.k8s.aws": {"EC2NodeClass"},
    "bitnami.com": {"SealedSecret"},
    "volsync.backube": None,
    "cilium.io": {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "CiliumLoadBalancerIPPool", "CiliumL2AnnouncementPolicy", "CiliumCIDRGroup", "CiliumEgressGatewayPolicy", "CiliumLocalRedirectPolicy", "CiliumBGPAdvertisement", "CiliumBGPClusterConfig", "CiliumBGPPeerConfig", "CiliumBGPPeeringPolicy"},
    "externaldns.k8s.io": {"DNSEndpoint"},
    "nfd.k8s-sigs.io": {"NodeFeatureRule"},
    "dragonflydb.io": {"Dragonfly"},
    "snapshot.storage.k8s.io": {"VolumeSnapshot", "VolumeSnapshotClass"},
    "barmancloud.cnpg.io": {"ObjectStore"},
    "fluxcd.controlplane.io": {"FluxInstance", "ResourceSet", "ResourceSetInputProvider"},
    "grafana.integreatly.org": {"Grafana", "GrafanaDashboard", "GrafanaDatasource", "GrafanaFolder", "GrafanaAlertRuleGroup", "GrafanaContactPoint", "GrafanaNotificationPolicy"},
    "operator.victoriametrics.com": {"VMServiceScrape", "VMPodScrape", "VMStaticScrape", "VMProbe", "VMRule", "VMNodeScrape"},
    "gateway.envoyproxy.io": {"BackendTrafficPolicy", "ClientTrafficPolicy", "SecurityPolicy", "Backend", "EnvoyPatchPolicy", "EnvoyProxy", "EnvoyExtensionPolicy", "HTTPRouteFilter"},
    "networking.istio.io": {"VirtualService", "DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "WorkloadEntry"},
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
    "ceph.rook.io": {"CephCluster", "CephBlockPool", "CephFilesystem", "CephObjectStore", "CephObjectStoreUser"},
    "objectbucket.io": {"ObjectBucketClaim"},
    "longhorn.io": {"RecurringJob"},
    "minio.min.io": {"Tenant"},
    "k8up.io": {"Schedule", "Backup"},
    "elbv2.k8s.aws": {"TargetGroupBinding", "IngressClassParams"},
    "cloud.google.com": {"BackendConfig"},
    "networking.gke.io": {"ManagedCertificate", "FrontendConfig"},
    "flagger.app": {"Canary", "MetricTemplate"},
    "kargo.akuity.io": {"Project", "ProjectConfig", "Stage", "Warehouse", "PromotionTask", "ClusterPromotionTask"},
    "projectcontour.io": {"HTTPProxy"},
    "configuration.konghq.com": {"KongPlugin", "KongClusterPlugin", "KongConsumer", "KongIngress"},
    "rabbitmq.com": {"RabbitmqCluster", "Queue", "Exchange", "Binding", "User", "Vhost"},
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
    "machine.openshift.io": {"MachineHealthCheck"},
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


def union(a, b):
    """What either schema allows."""
    if a is None or b is None:
        return a or b
    if a == b:
        return a
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
    for kind in GROUPS[path.parent.name] or ():
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


class Types:
    """Equal types are written once."""

    def __init__(self):
        self.names = {}
        self.lines = []
        self.taken = collections.Counter()

    def keep(self, line):
        """A type that a table has already."""
        _, name, body = (line.split(" ", 2) + [""])[:3]
        self.names[body.replace(META, FREE)] = name
        self.taken[name] += 1
        self.lines.append(line.replace(META, FREE))

    def shape(self, schema, hint):
        if schema is None:
            return "*"
        if schema.get("x-kubernetes-int-or-string"):
            return "I"
        kind = schema.get("type")
        # A mapping that takes what it does not name is not judged, but what it names is known.
        if schema.get("x-kubernetes-preserve-unknown-fields") or not kind:
            return "*" if kind != "object" else "o"
        if kind == "array":
            return "[" + self.shape(schema.get("items"), hint)
        if kind == "object":
            if schema.get("properties"):
                return "=" + self.type(schema, hint)
            values = schema.get("additionalProperties")
            return "{" + self.shape(values, hint) if isinstance(values, dict) else "o"
        if kind == "string":
            words = schema.get("enum")
            if words and all(isinstance(word, str) and (word == "" or WORD.match(word)) and "_" not in word for word in words):
                return "(" + "|".join(sorted(set(words))) + ")"
            return {"byte": "Y", "date-time": "T"}.get(schema.get("format"), "s")
        if kind == "integer":
            return "i" if schema.get("format") == "int32" else "l"
        return {"boolean": "b", "number": "n"}.get(kind, "*")

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
        known, directories = pathlib.Path(directories[1]).read_text().splitlines()[1:], directories[2:]
    kept = [line for line in known if line.startswith("kind ")]
    has = {tuple(line.split()[1:3]) for line in kept}
    found, scopes, revisions = {}, {}, collections.Counter()
    for document in definitions(directories):
        spec = document.get("spec") or {}
        group, kind = spec.get("group"), (spec.get("names") or {}).get("kind")
        if group not in GROUPS or GROUPS[group] is not None and kind not in GROUPS[group]:
            continue
        for version in spec.get("versions") or []:
            schema = (version.get("schema") or spec.get("validation") or {}).get("openAPIV3Schema")
            if not schema or not schema.get("properties") or not version.get("served", True):
                continue
            key = group, version["name"], kind
            if (f"{group}/{version['name']}", kind) in has:
                continue
            if group in COMPLETED:
                schema = {key: value for key, value in schema.items() if key != "required"}
            found[key] = union(found.get(key), settled(schema))
            revisions[key] += 1
            scopes[group, kind] = spec.get("scope")
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
    for line in known:
        if line.startswith("type "):
            types.keep(line)
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
        once = " once" if revisions[group, version, kind] == 1 else ""
        kinds.append(f"kind {group}/{version} {kind} {name}{cluster}{once}")
    print(HEAD, end="")
    print("\n".join(sorted(kept + kinds) + [written(line) for line in types.lines]))


main(sys.argv[1:])
