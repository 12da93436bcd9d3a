//! Operators and what they are known to make: one line each, easy to extend.
//!
//! `{name}` is the name of the custom resource; a name that ends in `*` stands for all names that begin so.

/// A custom resource and what its operator makes.
#[derive(Debug)]
pub(super) struct Operator {
    /// Group of the custom resource.
    pub(super) group: &'static str,
    /// Kind of the custom resource.
    pub(super) kind: &'static str,
    /// Kind of what is made, names separated by spaces. All live in the namespace of the custom resource.
    pub(super) makes: &'static [(&'static str, &'static str)],
}

macro_rules! operators {
    ($($group:literal $kind:literal: $($made:literal => $names:literal),* ;)*) => {
        /// The table.
        pub(super) const OPERATORS: &[Operator] = &[
            $(Operator { group: $group, kind: $kind, makes: &[$(($made, $names)),*] },)*
        ];
    };
}

operators! {
    // CloudNativePG
    "postgresql.cnpg.io" "Cluster": "Secret" => "{name}-app {name}-superuser {name}-ca {name}-server {name}-replication {name}-pull-secret", "Service" => "{name}-rw {name}-ro {name}-r {name}-any", "ServiceAccount" => "{name}", "PersistentVolumeClaim" => "{name}-*", "ConfigMap" => "cnpg-default-monitoring";
    "postgresql.cnpg.io" "Pooler": "Service" => "{name}", "Deployment" => "{name}", "ServiceAccount" => "{name}";
    // Zalando
    "acid.zalan.do" "postgresql": "Service" => "{name} {name}-*", "Secret" => "*", "ServiceAccount" => "postgres-pod", "PersistentVolumeClaim" => "pgdata-{name}-*";
    // Crunchy
    "postgres-operator.crunchydata.com" "PostgresCluster": "Secret" => "{name}-*", "Service" => "{name}-*", "ServiceAccount" => "{name}-*", "ConfigMap" => "{name}-*", "PersistentVolumeClaim" => "{name}-*";
    // Percona
    "pxc.percona.com" "PerconaXtraDBCluster": "Secret" => "{name}-* internal-{name}", "Service" => "{name}-*", "ServiceAccount" => "{name}-*";
    "psmdb.percona.com" "PerconaServerMongoDB": "Secret" => "{name}-* internal-{name}-*", "Service" => "{name}-*";
    "pgv2.percona.com" "PerconaPGCluster": "Secret" => "{name}-*", "Service" => "{name}-*";
    // MySQL, MariaDB
    "mysql.oracle.com" "InnoDBCluster": "Secret" => "{name}-*", "Service" => "{name} {name}-*", "ServiceAccount" => "{name}-sa";
    "k8s.mariadb.com" "MariaDB": "Secret" => "{name} {name}-*", "Service" => "{name} {name}-*", "ServiceAccount" => "{name}", "ConfigMap" => "{name}-*";
    "k8s.mariadb.com" "User": "Secret" => "{name} {name}-*";
    "k8s.mariadb.com" "Connection": "Secret" => "{name} {name}-*";
    "mariadb.mmontes.io" "MariaDB": "Secret" => "{name} {name}-*", "Service" => "{name} {name}-*";
    // MongoDB
    "mongodbcommunity.mongodb.com" "MongoDBCommunity": "Secret" => "{name}-*", "Service" => "{name}-svc {name}-arbiter-svc {name}-*", "ServiceAccount" => "mongodb-*";
    // Elastic
    "elasticsearch.k8s.elastic.co" "Elasticsearch": "Secret" => "{name}-es-*", "Service" => "{name}-es-*", "ConfigMap" => "{name}-es-*", "PersistentVolumeClaim" => "*-{name}-es-*";
    "kibana.k8s.elastic.co" "Kibana": "Secret" => "{name}-kb-* {name}-kibana-user", "Service" => "{name}-kb-http";
    "agent.k8s.elastic.co" "Agent": "Secret" => "{name}-agent-*", "Service" => "{name}-agent-*";
    "apm.k8s.elastic.co" "ApmServer": "Secret" => "{name}-apm-*", "Service" => "{name}-apm-http";
    "beat.k8s.elastic.co" "Beat": "Secret" => "{name}-beat-*";
    "logstash.k8s.elastic.co" "Logstash": "Service" => "{name}-ls-*", "Secret" => "{name}-ls-*";
    // OpenSearch
    "opensearch.opster.io" "OpenSearchCluster": "Secret" => "{name}-*", "Service" => "{name} {name}-*";
    // Strimzi
    "kafka.strimzi.io" "Kafka": "Secret" => "{name}-*", "Service" => "{name}-*", "ConfigMap" => "{name}-*", "ServiceAccount" => "{name}-*", "PersistentVolumeClaim" => "data-*";
    "kafka.strimzi.io" "KafkaUser": "Secret" => "{name}";
    "kafka.strimzi.io" "KafkaConnect": "Service" => "{name}-connect-api {name}-connect", "Secret" => "{name}-connect-*", "ServiceAccount" => "{name}-connect", "Deployment" => "{name}-connect";
    "kafka.strimzi.io" "KafkaBridge": "Service" => "{name}-bridge-service", "Deployment" => "{name}-bridge", "ServiceAccount" => "{name}-bridge";
    "kafka.strimzi.io" "KafkaMirrorMaker2": "Service" => "{name}-mirrormaker2-api", "ServiceAccount" => "{name}-mirrormaker2";
    // RabbitMQ
    "rabbitmq.com" "RabbitmqCluster": "Secret" => "{name}-default-user {name}-erlang-cookie", "Service" => "{name} {name}-nodes", "ServiceAccount" => "{name}-server", "ConfigMap" => "{name}-*";
    "rabbitmq.com" "User": "Secret" => "{name}-user-credentials";
    // MinIO
    "minio.min.io" "Tenant": "Service" => "minio {name}-hl {name}-console {name}-*", "Secret" => "{name}-* operator-*", "ServiceAccount" => "{name}-sa", "PersistentVolumeClaim" => "*";
    // Redis, Dragonfly, Valkey
    "redis.redis.opstreelabs.in" "Redis": "Service" => "{name} {name}-*", "PersistentVolumeClaim" => "{name}-*";
    "redis.redis.opstreelabs.in" "RedisCluster": "Service" => "{name}-*";
    "redis.redis.opstreelabs.in" "RedisReplication": "Service" => "{name} {name}-*";
    "redis.redis.opstreelabs.in" "RedisSentinel": "Service" => "{name}-sentinel {name}-*";
    "databases.spotahome.com" "RedisFailover": "Service" => "rfs-{name} rfr-{name} rfrm-{name} rfrs-{name}";
    "app.redislabs.com" "RedisEnterpriseCluster": "Secret" => "{name} {name}-*", "Service" => "{name} {name}-*";
    "dragonflydb.io" "Dragonfly": "Service" => "{name}", "ServiceAccount" => "{name}";
    // Cassandra, ScyllaDB, CockroachDB, TiDB, ClickHouse
    "k8ssandra.io" "K8ssandraCluster": "Secret" => "{name}-superuser {name}-*", "Service" => "{name}-*";
    "cassandra.datastax.com" "CassandraDatacenter": "Secret" => "*-superuser", "Service" => "*";
    "scylla.scylladb.com" "ScyllaCluster": "Service" => "{name}-client {name}-*", "Secret" => "{name}-*", "ServiceAccount" => "{name}-member";
    "crdb.cockroachlabs.com" "CrdbCluster": "Service" => "{name} {name}-public", "Secret" => "{name}-*", "ServiceAccount" => "{name}-sa";
    "pingcap.com" "TidbCluster": "Service" => "{name}-*", "Secret" => "{name}-*";
    "clickhouse.altinity.com" "ClickHouseInstallation": "Service" => "clickhouse-{name} chi-{name}-*", "ConfigMap" => "chi-{name}-*";
    "clickhouse-keeper.altinity.com" "ClickHouseKeeperInstallation": "Service" => "keeper-{name} chk-{name}-*";
    "influxdata.com" "InfluxDB": "Service" => "{name}", "Secret" => "{name}-*";
    // Solr, ZooKeeper, Pulsar, NATS
    "solr.apache.org" "SolrCloud": "Service" => "{name}-solrcloud-*", "Secret" => "{name}-solrcloud-*";
    "zookeeper.pravega.io" "ZookeeperCluster": "Service" => "{name}-client {name}-headless {name}-admin-server";
    // Vault
    "vault.banzaicloud.com" "Vault": "Secret" => "{name}-unseal-keys {name}-tls {name}-*", "Service" => "{name} {name}-*", "ServiceAccount" => "{name}";
    "secrets.hashicorp.com" "VaultStaticSecret": "Secret" => "{name}";
    "secrets.hashicorp.com" "VaultDynamicSecret": "Secret" => "{name}";
    "secrets.hashicorp.com" "VaultPKISecret": "Secret" => "{name}";
    "ricoberger.de" "VaultSecret": "Secret" => "{name}";
    "redhatcop.redhat.io" "VaultSecret": "Secret" => "{name}";
    // Other sources of secrets
    "onepassword.com" "OnePasswordItem": "Secret" => "{name}";
    "bitwarden-secrets-operator.io" "BitwardenSecret": "Secret" => "{name}";
    "k8s.bitwarden.com" "BitwardenSecret": "Secret" => "{name}";
    "lerentis.uploadfilter24.eu" "BitwardenSecret": "Secret" => "{name}";
    "lerentis.uploadfilter24.eu" "BitwardenTemplate": "Secret" => "{name}";
    "secrets.infisical.com" "InfisicalSecret": "Secret" => "{name}";
    "secrets.doppler.com" "DopplerSecret": "Secret" => "{name}";
    "kubernetes-client.io" "ExternalSecret": "Secret" => "{name}";
    "spv.no" "AzureKeyVaultSecret": "Secret" => "{name}", "ConfigMap" => "{name}";
    "secretgenerator.mittwald.de" "StringSecret": "Secret" => "{name}";
    "secretgenerator.mittwald.de" "BasicAuth": "Secret" => "{name}";
    "secretgenerator.mittwald.de" "SSHKeyPair": "Secret" => "{name}";
    "generators.external-secrets.io" "Password": "Secret" => "{name}";
    "ksops.org" "ksops": "Secret" => "*";
    "viaduct.ai" "ksops": "Secret" => "*";
    "mcs.k8s.io" "ServiceImport": "Service" => "{name}";
    // Object storage
    "objectbucket.io" "ObjectBucketClaim": "Secret" => "{name}", "ConfigMap" => "{name}";
    "ceph.rook.io" "CephObjectStoreUser": "Secret" => "rook-ceph-object-user-*";
    "ceph.rook.io" "CephObjectStore": "Service" => "rook-ceph-rgw-{name}";
    "ceph.rook.io" "CephCluster": "Service" => "rook-ceph-mgr rook-ceph-mgr-dashboard rook-ceph-exporter rook-ceph-mon-*", "Secret" => "rook-*", "ConfigMap" => "rook-*";
    "ceph.rook.io" "CephFilesystem": "Service" => "rook-ceph-*";
    "noobaa.io" "NooBaa": "Service" => "s3 noobaa-mgmt sts", "Secret" => "noobaa-*";
    "core.libopenstorage.org" "StorageCluster": "Service" => "portworx-*", "Secret" => "px-*";
    // Observability
    "monitoring.coreos.com" "Prometheus": "Service" => "prometheus-operated", "Secret" => "prometheus-{name}*", "ConfigMap" => "prometheus-{name}-rulefiles-*";
    "monitoring.coreos.com" "Alertmanager": "Service" => "alertmanager-operated", "Secret" => "alertmanager-{name}*";
    "monitoring.coreos.com" "ThanosRuler": "Service" => "thanos-ruler-operated";
    "grafana.integreatly.org" "Grafana": "Service" => "{name}-service", "Secret" => "{name}-admin-credentials", "ServiceAccount" => "{name}-sa", "ConfigMap" => "{name}-*", "Deployment" => "{name}-deployment";
    "integreatly.org" "Grafana": "Service" => "grafana-service", "Secret" => "grafana-*", "ServiceAccount" => "grafana-serviceaccount", "ConfigMap" => "grafana-*";
    "loki.grafana.com" "LokiStack": "Service" => "{name}-*", "ServiceAccount" => "{name} {name}-*", "ConfigMap" => "{name}-*";
    "tempo.grafana.com" "TempoStack": "Service" => "tempo-{name}-*", "ServiceAccount" => "tempo-{name} tempo-{name}-*";
    "tempo.grafana.com" "TempoMonolithic": "Service" => "tempo-{name} tempo-{name}-*";
    "jaegertracing.io" "Jaeger": "Service" => "{name}-*", "ServiceAccount" => "{name} {name}-*", "ConfigMap" => "{name}-*";
    "opentelemetry.io" "OpenTelemetryCollector": "Service" => "{name}-collector {name}-collector-headless {name}-collector-monitoring", "ServiceAccount" => "{name}-collector {name}-targetallocator", "ConfigMap" => "{name}-collector*", "Deployment" => "{name}-collector", "StatefulSet" => "{name}-collector";
    "operator.victoriametrics.com" "VMSingle": "Service" => "vmsingle-{name}", "ServiceAccount" => "vmsingle-{name}";
    "operator.victoriametrics.com" "VMCluster": "Service" => "vmselect-{name} vminsert-{name} vmstorage-{name}", "ServiceAccount" => "vmcluster-{name}";
    "operator.victoriametrics.com" "VMAgent": "Service" => "vmagent-{name}", "ServiceAccount" => "vmagent-{name}";
    "operator.victoriametrics.com" "VMAlert": "Service" => "vmalert-{name}", "ServiceAccount" => "vmalert-{name}";
    "operator.victoriametrics.com" "VMAlertmanager": "Service" => "vmalertmanager-{name}", "ServiceAccount" => "vmalertmanager-{name}";
    "operator.victoriametrics.com" "VLogs": "Service" => "vlogs-{name}";
    "operator.victoriametrics.com" "VLSingle": "Service" => "vlsingle-{name}";
    // Identity
    "k8s.keycloak.org" "Keycloak": "Service" => "{name}-service {name}-discovery", "Secret" => "{name}-initial-admin";
    "keycloak.org" "Keycloak": "Service" => "keycloak keycloak-*", "Secret" => "credential-{name} keycloak-*";
    "keycloak.org" "KeycloakClient": "Secret" => "keycloak-client-secret-*";
    "dex.gpu-ninja.com" "DexIdentityProvider": "Service" => "{name}-*", "Secret" => "{name}-*";
    "vault.security.banzaicloud.io" "Vault": "Secret" => "{name}-*", "Service" => "{name}";
    // Argo CD, Tekton, Kiali, Istio and other platforms
    "argoproj.io" "ArgoCD": "Service" => "{name}-*", "Secret" => "{name}-* argocd-*", "ConfigMap" => "argocd-* {name}-*", "ServiceAccount" => "{name}-*", "Deployment" => "{name}-*", "StatefulSet" => "{name}-*", "Role" => "{name}-*";
    "tekton.dev" "EventListener": "Service" => "el-{name}", "Deployment" => "el-{name}";
    "triggers.tekton.dev" "EventListener": "Service" => "el-{name}", "Deployment" => "el-{name}";
    "argoproj.io" "EventSource": "Service" => "{name}-eventsource-svc";
    "argoproj.io" "EventBus": "Service" => "eventbus-{name}-*";
    "kiali.io" "Kiali": "Service" => "kiali {name}", "ServiceAccount" => "kiali-service-account", "ConfigMap" => "kiali {name}";
    "install.istio.io" "IstioOperator": "Service" => "istio-* istiod*", "ServiceAccount" => "istio*", "ConfigMap" => "istio*", "Deployment" => "istio*";
    "sailoperator.io" "Istio": "Service" => "istiod*", "ServiceAccount" => "istio*", "ConfigMap" => "istio*";
    "maistra.io" "ServiceMeshControlPlane": "Service" => "istio* grafana prometheus kiali jaeger* zipkin", "ServiceAccount" => "*", "Secret" => "*", "ConfigMap" => "*";
    "gateway.networking.k8s.io" "Gateway": "Service" => "{name} {name}-* cilium-gateway-{name}", "ServiceAccount" => "{name} {name}-*", "Deployment" => "{name} {name}-*";
    "gateway.envoyproxy.io" "EnvoyProxy": "Service" => "envoy-*";
    "serving.knative.dev" "Service": "Service" => "{name} {name}-*";
    "serving.kserve.io" "InferenceService": "Service" => "{name} {name}-*";
    "kfdef.apps.kubeflow.org" "KfDef": "Service" => "*", "ServiceAccount" => "*", "Secret" => "*", "ConfigMap" => "*", "Deployment" => "*";
    "datasciencecluster.opendatahub.io" "DataScienceCluster": "Service" => "*", "ServiceAccount" => "*";
    "camel.apache.org" "Integration": "Service" => "{name}";
    "operator.tigera.io" "Installation": "Service" => "*", "ConfigMap" => "*", "ServiceAccount" => "*", "Secret" => "*";
    "multicluster.openshift.io" "MultiClusterEngine": "Service" => "*", "ServiceAccount" => "*", "Secret" => "*", "ConfigMap" => "*";
    "operator.open-cluster-management.io" "MultiClusterHub": "Service" => "*", "ServiceAccount" => "*", "Secret" => "*", "ConfigMap" => "*";
    "operators.coreos.com" "Subscription": "Service" => "*", "ServiceAccount" => "*", "Secret" => "*", "ConfigMap" => "*", "Deployment" => "*";
    "olm.operatorframework.io" "ClusterExtension": "Service" => "*", "ServiceAccount" => "*", "Secret" => "*", "ConfigMap" => "*", "Deployment" => "*";
    "helm.cattle.io" "HelmChart": "Service" => "*", "ServiceAccount" => "*", "Secret" => "*", "ConfigMap" => "*", "Deployment" => "*", "PersistentVolumeClaim" => "*";
    "actions.summerwind.dev" "RunnerDeployment": "Secret" => "{name}-*";
    "tailscale.com" "Connector": "Secret" => "ts-*";
    "ray.io" "RayCluster": "Service" => "{name}-head-svc {name}-*";
    "ray.io" "RayService": "Service" => "{name}-*";
    "flink.apache.org" "FlinkDeployment": "Service" => "{name} {name}-rest", "ConfigMap" => "{name}-*";
    "sparkoperator.k8s.io" "SparkApplication": "Service" => "{name}-*", "ConfigMap" => "{name}-*";
    "temporal.io" "TemporalCluster": "Service" => "{name}-*", "ConfigMap" => "{name}-*", "Secret" => "{name}-*";
    "awx.ansible.com" "AWX": "Service" => "{name}-service {name}-*", "Secret" => "{name}-*", "ServiceAccount" => "{name}", "ConfigMap" => "{name}-*", "PersistentVolumeClaim" => "*";
    "quay.redhat.com" "QuayRegistry": "Service" => "{name}-*", "Secret" => "{name}-*", "ServiceAccount" => "{name}-*";
    "org.eclipse.che" "CheCluster": "Service" => "che-* devfile-*", "ServiceAccount" => "che*";
    "goharbor.io" "HarborCluster": "Service" => "{name}-*", "Secret" => "{name}-*";
    "volsync.backube" "ReplicationDestination": "PersistentVolumeClaim" => "volsync-{name}-*";
    "volsync.backube" "ReplicationSource": "PersistentVolumeClaim" => "volsync-{name}-*";
    "cdi.kubevirt.io" "DataVolume": "PersistentVolumeClaim" => "{name}";
    "kubevirt.io" "VirtualMachine": "PersistentVolumeClaim" => "*";
    "gitlab.com" "Runner": "ConfigMap" => "{name}-*";
    "traefik.io" "TraefikService": "Service" => "{name}";
    "capsule.clastix.io" "Tenant": "Namespace" => "*";
    "cluster.x-k8s.io" "Cluster": "Secret" => "{name}-kubeconfig {name}-ca {name}-*";
    "iam.aws.crossplane.io" "AccessKey": "Secret" => "{name}";
}
