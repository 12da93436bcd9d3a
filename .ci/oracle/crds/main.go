// Command crds reads lines of JSON, {"id":…,"crd":FILE,"object":…}, and says of each whether the API server's own code for custom
// resources (strict decoding, defaulting, pruning, the strategy of apiextensions-apiserver with its rules in CEL) would create it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/yaml"
)

type typer struct{}

func (typer) ObjectKinds(object runtime.Object) ([]schema.GroupVersionKind, bool, error) {
	return []schema.GroupVersionKind{object.GetObjectKind().GroupVersionKind()}, false, nil
}
func (typer) Recognizes(schema.GroupVersionKind) bool { return true }

// version is one served version of a definition.
type version struct {
	structural *structuralschema.Structural
	strategy   rest.RESTCreateStrategy
	open       bool
	group      string
	kind       string
}

// load reads the served versions of a definition, as the handler of apiextensions-apiserver does.
func load(path string) (map[string]version, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	crd := &v1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(text, crd); err != nil {
		return nil, err
	}
	v1.SetDefaults_CustomResourceDefinition(crd)
	v1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
	out := map[string]version{}
	for _, v := range crd.Spec.Versions {
		if !v.Served || v.Schema == nil || v.Schema.OpenAPIV3Schema == nil {
			continue
		}
		internal := &apiextensions.CustomResourceValidation{}
		if err := v1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(v.Schema, internal, nil); err != nil {
			return nil, err
		}
		structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
		if err != nil {
			return nil, err
		}
		if errs := structuralschema.ValidateStructural(nil, structural); len(errs) > 0 {
			return nil, errs.ToAggregate()
		}
		validator, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
		if err != nil {
			return nil, err
		}
		kind := schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind}
		status := &apiextensions.CustomResourceSubresourceStatus{}
		strategy := customresource.NewStrategy(typer{}, crd.Spec.Scope == v1.NamespaceScoped, kind, validator, nil, structural, status, nil, nil)
		out[v.Name] = version{structural, strategy, crd.Spec.PreserveUnknownFields, crd.Spec.Group, crd.Spec.Names.Kind}
	}
	return out, nil
}

func judge(versions map[string]version, text []byte) (why string, known bool) {
	defer func() {
		if p := recover(); p != nil {
			why, known = fmt.Sprint("panic: ", p), false
		}
	}()
	// YAML becomes JSON by way of Go's values: whole floats lose their point.
	var loose any
	if err := json.Unmarshal(text, &loose); err != nil {
		return "", false
	}
	text, _ = json.Marshal(loose)
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(text); err != nil {
		return "decode: " + err.Error(), true
	}
	gv, err := schema.ParseGroupVersion(u.GetAPIVersion())
	if err != nil {
		return "", false
	}
	v, ok := versions[gv.Version]
	if !ok || gv.Group != v.group || u.GetKind() != v.kind {
		return "", false
	}
	delete(u.Object, "status")
	defaulting.Default(u.Object, v.structural)
	kind, apiVersion := u.GetKind(), u.GetAPIVersion()
	meta, foundMeta, unknown, err := objectmeta.GetObjectMetaWithOptions(u.Object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return "decode: " + err.Error(), true
	}
	if !v.open {
		unknown = append(unknown, pruning.PruneWithOptions(u.Object, v.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
		defaulting.PruneNonNullableNullsWithoutDefaults(u.Object, v.structural)
	}
	coerced, paths := objectmeta.CoerceWithOptions(nil, u.Object, v.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if coerced != nil {
		return "decode: " + coerced.Error(), true
	}
	unknown = append(unknown, paths...)
	u.SetKind(kind)
	u.SetAPIVersion(apiVersion)
	if foundMeta {
		if err := objectmeta.SetObjectMeta(u.Object, meta); err != nil {
			return err.Error(), true
		}
	}
	if len(unknown) > 0 {
		return "unknown fields: " + strings.Join(unknown, ", "), true
	}
	ns := ""
	if v.strategy.NamespaceScoped() {
		if ns = u.GetNamespace(); ns == "" {
			ns = "default"
		}
	}
	ctx := genericapirequest.WithNamespace(context.Background(), ns)
	ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{IsResourceRequest: true, APIGroup: gv.Group, APIVersion: gv.Version, Verb: "create", Namespace: ns})
	rest.FillObjectMetaSystemFields(metav1.Object(u))
	if u.GetName() == "" && u.GetGenerateName() == "" {
		return "metadata.name: resource name may not be empty", true
	}
	if err := rest.BeforeCreate(v.strategy, ctx, u); err != nil {
		return err.Error(), true
	}
	return "", true
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	loaded := map[string]map[string]version{}
	for {
		line, err := in.ReadBytes('\n')
		var row map[string]json.RawMessage
		if json.Unmarshal(line, &row) == nil && row != nil {
			var path string
			json.Unmarshal(row["crd"], &path)
			versions, there := loaded[path]
			if !there {
				var failed error
				if versions, failed = load(path); failed != nil {
					fmt.Fprintln(os.Stderr, path, failed)
				}
				loaded[path] = versions
			}
			why, known := judge(versions, row["object"])
			delete(row, "error")
			if why != "" {
				row["error"], _ = json.Marshal(why)
			}
			if !known {
				row["unknown"] = json.RawMessage("true")
			}
			encoder.Encode(row)
		}
		if err != nil {
			break
		}
	}
}
