// Command oracle reads lines of JSON, {"id":…,"object":…}, and says of each whether the API server's own code
// (strict decoding, defaulting, the strategies of pkg/registry, and the admission that every server has) would create it. With
// arguments, these are cases of policies: policies.go.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	jsonserializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	core "k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/capabilities"

	_ "k8s.io/kubernetes/pkg/controlplane"
	psa "k8s.io/pod-security-admission/api"

	map_ "k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicy"
	mapb "k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicybinding"
	mwc "k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/resolver"
	vap "k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicy"
	vapb "k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicybinding"
	vwc "k8s.io/kubernetes/pkg/registry/admissionregistration/validatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/apps/controllerrevision"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/certificates/certificates"
	"k8s.io/kubernetes/pkg/registry/coordination/lease"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/endpoint"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolume"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/discovery/endpointslice"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/flowschema"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/prioritylevelconfiguration"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/ingressclass"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/node/runtimeclass"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/resource/deviceclass"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/kubernetes/pkg/registry/storage/csidriver"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattributesclass"
)

var strategies = map[schema.GroupKind]rest.RESTCreateStrategy{
	{Group: "", Kind: "ConfigMap"}:                                                    configmap.Strategy,
	{Group: "", Kind: "Endpoints"}:                                                    endpoint.Strategy,
	{Group: "", Kind: "LimitRange"}:                                                   limitrange.Strategy,
	{Group: "", Kind: "Namespace"}:                                                    namespace.Strategy,
	{Group: "", Kind: "PersistentVolume"}:                                             persistentvolume.Strategy,
	{Group: "", Kind: "PersistentVolumeClaim"}:                                        persistentvolumeclaim.Strategy,
	{Group: "", Kind: "Pod"}:                                                          pod.Strategy,
	{Group: "", Kind: "PodTemplate"}:                                                  podtemplate.Strategy,
	{Group: "", Kind: "ReplicationController"}:                                        replicationcontroller.Strategy,
	{Group: "", Kind: "ResourceQuota"}:                                                resourcequota.Strategy,
	{Group: "", Kind: "Secret"}:                                                       secret.Strategy,
	{Group: "", Kind: "Service"}:                                                      service.Strategy,
	{Group: "", Kind: "ServiceAccount"}:                                               serviceaccount.Strategy,
	{Group: "apps", Kind: "ControllerRevision"}:                                       controllerrevision.Strategy,
	{Group: "apps", Kind: "DaemonSet"}:                                                daemonset.Strategy,
	{Group: "apps", Kind: "Deployment"}:                                               deployment.Strategy,
	{Group: "apps", Kind: "ReplicaSet"}:                                               replicaset.Strategy,
	{Group: "apps", Kind: "StatefulSet"}:                                              statefulset.Strategy,
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:                           horizontalpodautoscaler.Strategy,
	{Group: "batch", Kind: "CronJob"}:                                                 cronjob.Strategy,
	{Group: "batch", Kind: "Job"}:                                                     job.Strategy,
	{Group: "certificates.k8s.io", Kind: "CertificateSigningRequest"}:                 certificates.Strategy,
	{Group: "coordination.k8s.io", Kind: "Lease"}:                                     lease.Strategy,
	{Group: "discovery.k8s.io", Kind: "EndpointSlice"}:                                endpointslice.Strategy,
	{Group: "flowcontrol.apiserver.k8s.io", Kind: "FlowSchema"}:                       flowschema.Strategy,
	{Group: "flowcontrol.apiserver.k8s.io", Kind: "PriorityLevelConfiguration"}:       prioritylevelconfiguration.Strategy,
	{Group: "networking.k8s.io", Kind: "Ingress"}:                                     ingress.Strategy,
	{Group: "networking.k8s.io", Kind: "IngressClass"}:                                ingressclass.Strategy,
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}:                               networkpolicy.Strategy,
	{Group: "node.k8s.io", Kind: "RuntimeClass"}:                                      runtimeclass.Strategy,
	{Group: "policy", Kind: "PodDisruptionBudget"}:                                    poddisruptionbudget.Strategy,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}:                         clusterrole.Strategy,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}:                  clusterrolebinding.Strategy,
	{Group: "rbac.authorization.k8s.io", Kind: "Role"}:                                role.Strategy,
	{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}:                         rolebinding.Strategy,
	{Group: "resource.k8s.io", Kind: "DeviceClass"}:                                   deviceclass.Strategy,
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"}:                               priorityclass.Strategy,
	{Group: "storage.k8s.io", Kind: "CSIDriver"}:                                      csidriver.Strategy,
	{Group: "storage.k8s.io", Kind: "StorageClass"}:                                   storageclass.Strategy,
	{Group: "storage.k8s.io", Kind: "VolumeAttributesClass"}:                          volumeattributesclass.Strategy,
	{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}:     mwc.Strategy,
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"}:   vwc.Strategy,
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicy"}:        vap.NewStrategy(nil, resolver.ResourceResolverFunc(none)),
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicyBinding"}: vapb.NewStrategy(nil, nil, resolver.ResourceResolverFunc(none)),
	{Group: "admissionregistration.k8s.io", Kind: "MutatingAdmissionPolicy"}:          map_.NewStrategy(nil, resolver.ResourceResolverFunc(none)),
	{Group: "admissionregistration.k8s.io", Kind: "MutatingAdmissionPolicyBinding"}:   mapb.NewStrategy(nil, nil, resolver.ResourceResolverFunc(none)),
}

func none(schema.GroupVersionKind) (schema.GroupVersionResource, error) {
	return schema.GroupVersionResource{}, fmt.Errorf("no resolver")
}

// judge says why an object is refused, "" if it is not, and whether the kind is known here.
func judge(text []byte) (why string, known bool) {
	_, why, known = create(text)
	return why, known
}

// create makes of an object what the API server has before it asks policies about it.
func create(text []byte) (object runtime.Object, why string, known bool) {
	defer func() {
		if p := recover(); p != nil {
			object, why, known = nil, fmt.Sprint("panic: ", p), false
		}
	}()
	var typed metav1.TypeMeta
	if err := json.Unmarshal(text, &typed); err != nil {
		return nil, "", false
	}
	// YAML becomes JSON by way of Go's values: whole floats lose their point.
	var loose any
	if err := json.Unmarshal(text, &loose); err != nil {
		return nil, "", false
	}
	text, _ = json.Marshal(loose)
	gvk := schema.FromAPIVersionAndKind(typed.APIVersion, typed.Kind)
	strategy := strategies[gvk.GroupKind()]
	if strategy == nil || !legacyscheme.Scheme.Recognizes(gvk) {
		return nil, "", false
	}
	serializer := jsonserializer.NewSerializerWithOptions(jsonserializer.DefaultMetaFactory, legacyscheme.Scheme, legacyscheme.Scheme, jsonserializer.SerializerOptions{Strict: true})
	hub := schema.GroupVersion{Group: gvk.Group, Version: runtime.APIVersionInternal}
	var err error
	decoder := legacyscheme.Codecs.DecoderToVersion(serializer, hub)
	object, _, err = decoder.Decode(text, &gvk, nil)
	if err != nil {
		return nil, "decode: " + err.Error(), true
	}
	ctx := context.Background()
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil, "", false
	}
	ns := ""
	if strategy.NamespaceScoped() {
		ns = accessor.GetNamespace()
		if ns == "" {
			ns = "default"
		}
	}
	ctx = genericapirequest.WithNamespace(ctx, ns)
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{IsResourceRequest: true, APIGroup: gvk.Group, APIVersion: gvk.Version, Verb: "create", Resource: plural.Resource, Namespace: ns})
	rest.FillObjectMetaSystemFields(accessor)
	switch object := object.(type) {
	case *core.Service:
		// As the storage does before it asks.
		if object.Spec.ClusterIP != "" && len(object.Spec.ClusterIPs) == 0 {
			object.Spec.ClusterIPs = []string{object.Spec.ClusterIP}
		}
		if object.Spec.Type != core.ServiceTypeExternalName && object.Spec.IPFamilyPolicy == nil {
			policy := core.IPFamilyPolicySingleStack
			if object.Spec.ClusterIP == core.ClusterIPNone && len(object.Spec.Selector) == 0 {
				policy = core.IPFamilyPolicyRequireDualStack
			}
			object.Spec.IPFamilyPolicy = &policy
		}
		if object.Spec.Type != core.ServiceTypeExternalName && *object.Spec.IPFamilyPolicy == core.IPFamilyPolicySingleStack {
			if len(object.Spec.ClusterIPs) == 2 || len(object.Spec.IPFamilies) == 2 {
				return nil, "spec.ipFamilyPolicy: must be RequireDualStack or PreferDualStack", true
			}
		}
		// As the allocators of ports, whose range is a part of this one.
		if object.Spec.Type == core.ServiceTypeLoadBalancer && object.Spec.ExternalTrafficPolicy == core.ServiceExternalTrafficPolicyLocal && object.Spec.HealthCheckNodePort == 0 {
			object.Spec.HealthCheckNodePort = 30000
		}
		for _, port := range object.Spec.Ports {
			if port.NodePort < 0 || port.NodePort > 65535 {
				return nil, "spec.ports.nodePort: provided port is not in the valid range", true
			}
		}
	case *core.Namespace:
		// As the admission of Pod Security.
		if _, errs := psa.PolicyToEvaluate(object.Labels, psa.Policy{}); len(errs) > 0 {
			return nil, errs.ToAggregate().Error(), true
		}
	case *core.Pod:
		// As the admission of service accounts does.
		if object.Spec.ServiceAccountName == "" {
			object.Spec.ServiceAccountName = "default"
			object.Spec.DeprecatedServiceAccount = "default"
		}
	}
	// What applies an object asks for it by its name, and the API server makes one up for a few kinds alone.
	if accessor.GetName() == "" && accessor.GetGenerateName() == "" {
		return nil, "metadata.name: resource name may not be empty", true
	}
	if err := rest.BeforeCreate(strategy, ctx, object); err != nil {
		return nil, err.Error(), true
	}
	return object, "", true
}

func main() {
	capabilities.Setup(true, 0)
	if len(os.Args) > 1 {
		for _, dir := range os.Args[1:] {
			decide(dir)
		}
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if len(strings.TrimSpace(string(line))) > 0 {
			var row map[string]json.RawMessage
			if json.Unmarshal(line, &row) == nil {
				why, known := judge(row["object"])
				if why != "" {
					row["error"], _ = json.Marshal(why)
				} else {
					delete(row, "error")
				}
				if !known {
					row["unknown"] = json.RawMessage("true")
				}
				encoder.Encode(row)
			}
		}
		if err != nil {
			break
		}
	}
}
