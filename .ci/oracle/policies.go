package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/warning"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"sigs.k8s.io/yaml"
)

// asked is the message of a validation that never holds, put behind those of each policy: it tells that the policy was asked.
const asked = "\x00asked"

type document map[string]any

func (d document) text(path ...string) string {
	text, _, _ := unstructured.NestedString(d, path...)
	return text
}

func (d document) id() string {
	return d.text("kind") + "\t" + d.text("metadata", "namespace") + "\t" + d.text("metadata", "name")
}

func (d document) kind() schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(d.text("apiVersion"), d.text("kind"))
}

func documents(path string) (found []document) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return found
		}
		var one document
		if err := yaml.Unmarshal(text, &one); err != nil {
			log.Fatalf("%s: %v", path, err)
		}
		if one != nil {
			found = append(found, one)
		}
	}
}

// stored is an object as the server has it when policies are asked.
func stored(one document) (runtime.Object, string) {
	text, _ := json.Marshal(one)
	object, why, known := create(text)
	switch {
	case why != "":
		return nil, why
	case known:
		return object, ""
	case legacyscheme.Scheme.Recognizes(one.kind()):
		return nil, "its kind is not known to the oracle"
	}
	return &unstructured.Unstructured{Object: one}, ""
}

type warnings []string

func (w *warnings) AddWarning(_, text string) { *w = append(*w, text) }

type anybody struct{}

func (anybody) Authorize(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
	return authorizer.DecisionAllow, "", nil
}

// decide writes what the API server's plugin says about a case: a folder with policies.yaml, which also has what is around (namespaces,
// parameters), objects.yaml and, where something was there before, old.yaml. What is only there is deleted.
func decide(dir string) {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	var policies, bindings, around []document
	for _, it := range documents(filepath.Join(dir, "policies.yaml")) {
		switch it.text("kind") {
		case "ValidatingAdmissionPolicy":
			policies = append(policies, it)
		case "ValidatingAdmissionPolicyBinding":
			bindings = append(bindings, it)
		default:
			around = append(around, it)
		}
	}
	type change struct{ one, old document }
	changes := map[string]*change{}
	at := func(it document) *change {
		if changes[it.id()] == nil {
			changes[it.id()] = &change{}
		}
		return changes[it.id()]
	}
	for _, it := range documents(filepath.Join(dir, "objects.yaml")) {
		at(it).one = it
	}
	for _, it := range documents(filepath.Join(dir, "old.yaml")) {
		at(it).old = it
	}
	var attributes []admission.Attributes
	var rows []string
	namespaces := map[string]bool{}
	for id, it := range changes {
		var one, old runtime.Object
		var why string
		if it.one != nil {
			one, why = stored(it.one)
		}
		if it.old != nil && why == "" {
			old, why = stored(it.old)
		}
		if why != "" {
			rows = append(rows, strings.Join([]string{"", "", id, "refused", strings.Join(strings.Fields(why), " ")}, "\t"))
			continue
		}
		known, operation, options := it.one, admission.Create, runtime.Object(&metav1.CreateOptions{})
		if it.one == nil {
			known, operation, options = it.old, admission.Delete, &metav1.DeleteOptions{}
		} else if it.old != nil {
			operation, options = admission.Update, &metav1.UpdateOptions{}
		}
		kind := known.kind()
		resource, _ := meta.UnsafeGuessKindToResource(kind)
		namespace, name := known.text("metadata", "namespace"), known.text("metadata", "name")
		if kind.Kind == "Namespace" && kind.Group == "" {
			namespace = name
		}
		namespaces[namespace] = true
		attributes = append(attributes, admission.NewAttributesRecord(one, old, kind, namespace, name, resource, "", operation, options, false, &user.DefaultInfo{Name: "deployer"}))
	}
	interfaces := admission.NewObjectInterfacesFromScheme(legacyscheme.Scheme)
	equivalents := runtime.NewEquivalentResourceRegistry()
	for kind := range strategies {
		for _, version := range legacyscheme.Scheme.PrioritizedVersionsForGroup(kind.Group) {
			if gvk := version.WithKind(kind.Kind); legacyscheme.Scheme.Recognizes(gvk) {
				resource, _ := meta.UnsafeGuessKindToResource(gvk)
				equivalents.RegisterKindFor(resource, "", gvk)
			}
		}
	}
	for _, policy := range policies {
		rows = append(rows, ask(policy, bindings, around, namespaces, attributes, &objectInterfaces{interfaces, equivalents})...)
	}
	sort.Strings(rows)
	text := strings.Join(rows, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "verdicts.tsv"), []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

type objectInterfaces struct {
	admission.ObjectInterfaces
	equivalents runtime.EquivalentResourceMapper
}

func (o *objectInterfaces) GetEquivalentResourceMapper() runtime.EquivalentResourceMapper {
	return o.equivalents
}

// ask gives what the plugin says, with that policy alone, about each object.
func ask(one document, bindings, around []document, namespaces map[string]bool, attributes []admission.Attributes, interfaces admission.ObjectInterfaces) (rows []string) {
	text, _ := json.Marshal(one)
	policy := &admissionv1.ValidatingAdmissionPolicy{}
	if err := json.Unmarshal(text, policy); err != nil {
		log.Printf("%s: %v", one.text("metadata", "name"), err)
		return nil
	}
	legacyscheme.Scheme.Default(policy)
	policy.Spec.Validations = append(policy.Spec.Validations, admissionv1.Validation{Expression: "false", Message: asked})
	native, dynamic := []runtime.Object{policy}, []runtime.Object{}
	for _, it := range bindings {
		if it.text("spec", "policyName") != policy.Name {
			continue
		}
		text, _ := json.Marshal(it)
		binding := &admissionv1.ValidatingAdmissionPolicyBinding{}
		if err := json.Unmarshal(text, binding); err != nil {
			log.Printf("%s: %v", it.text("metadata", "name"), err)
			return nil
		}
		legacyscheme.Scheme.Default(binding)
		// Everything that is said, not only what is said first.
		binding.Spec.ValidationActions = []admissionv1.ValidationAction{admissionv1.Warn}
		native = append(native, binding)
	}
	// All namespaces exist; what is known of them, is known.
	known := map[string]bool{}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("ConfigMap"), meta.RESTScopeNamespace)
	lists := map[schema.GroupVersionResource]string{}
	for _, it := range around {
		if it.text("kind") == "Namespace" {
			known[it.text("metadata", "name")] = true
			text, _ := json.Marshal(it)
			namespace := &corev1.Namespace{}
			if err := json.Unmarshal(text, namespace); err != nil {
				log.Fatal(err)
			}
			legacyscheme.Scheme.Default(namespace)
			native = append(native, namespace)
			continue
		}
		scope := meta.RESTScopeRoot
		if it.text("metadata", "namespace") != "" {
			scope = meta.RESTScopeNamespace
		}
		mapper.Add(it.kind(), scope)
		resource, _ := meta.UnsafeGuessKindToResource(it.kind())
		lists[resource] = it.kind().Kind + "List"
		if it.kind().Kind == "ConfigMap" {
			text, _ := json.Marshal(it)
			config := &corev1.ConfigMap{}
			if err := json.Unmarshal(text, config); err != nil {
				log.Fatal(err)
			}
			native = append(native, config)
		}
		dynamic = append(dynamic, &unstructured.Unstructured{Object: it})
	}
	for name := range namespaces {
		if name != "" && !known[name] {
			native = append(native, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelMetadataName: name}}})
		}
	}
	stop := make(chan struct{})
	defer close(stop)
	client := fake.NewSimpleClientset(native...)
	factory := informers.NewSharedInformerFactory(client, 0)
	plugin, err := validating.NewPlugin(nil)
	if err != nil {
		log.Fatal(err)
	}
	plugin.SetExternalKubeInformerFactory(factory)
	plugin.SetExternalKubeClientSet(client)
	plugin.SetDynamicClient(dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, dynamic...))
	plugin.SetRESTMapper(mapper)
	plugin.SetUnconditionalAuthorizer(anybody{})
	plugin.SetDrainedNotification(stop)
	if err := plugin.ValidateInitialization(); err != nil {
		log.Fatal(err)
	}
	factory.Start(stop)
	factory.WaitForCacheSync(stop)
	for _, it := range attributes {
		var said warnings
		err := plugin.Validate(warning.WithWarningRecorder(context.Background(), &said), it, interfaces)
		namespace := it.GetNamespace()
		if it.GetKind().Kind == "Namespace" {
			namespace = ""
		}
		row := func(result, words string) {
			words = strings.Join(strings.Fields(words), " ")
			rows = append(rows, strings.Join([]string{policy.Name, "", it.GetKind().Kind, namespace, it.GetName(), result, words}, "\t"))
		}
		if err != nil {
			row("error", err.Error())
		}
		passes := false
		for _, words := range said {
			_, words, _ = strings.Cut(words, "' with binding '")
			_, words, _ = strings.Cut(words, "': ")
			switch {
			case words == asked:
				passes = len(said) == 1
			case strings.HasPrefix(words, "expression '") && strings.Contains(words, "' resulted in error: ") || strings.HasPrefix(words, "compilation error: ") || strings.Contains(words, "cost budget"):
				row("error", words)
			default:
				row("fail", words)
			}
		}
		if passes && err == nil {
			row("pass", "")
		}
	}
	return rows
}
