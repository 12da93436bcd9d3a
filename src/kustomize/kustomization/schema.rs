//! The Go types of a kustomization file, for checking and for the messages of their decoder.
//!
//! Mirrors `api/types/kustomization.go` and what it is made of.

use super::super::go_json::{Field, STR, STR_MAP, STRS, Struct, Ty, field};

const INT: Ty = Ty::Int("int");
const INT64: Ty = Ty::Int("int64");
const ANY_MAP: Ty = Ty::Map(&Ty::Any, "map[string]interface {}");

macro_rules! list {
    ($of:expr, $name:literal) => {{
        const OF: Ty = $of;
        Ty::List(&OF, $name)
    }};
}

macro_rules! go_struct {
    ($name:literal, [$($field:expr),* $(,)?]) => {{
        static FIELDS: &[Field] = &[$($field),*];
        Struct { name: $name, qualified: concat!("types.", $name), fields: FIELDS }
    }};
}

static OBJECT_META: Struct = go_struct!(
    "ObjectMeta",
    [field("name", STR), field("namespace", STR), field("labels", STR_MAP), field("annotations", STR_MAP)]
);

pub(in super::super) static FIELD_SPEC: Struct = go_struct!(
    "FieldSpec",
    [
        field("Gvk.group", STR),
        field("Gvk.version", STR),
        field("Gvk.kind", STR),
        field("path", STR),
        field("create", Ty::Bool),
    ]
);

static LABEL: Struct = go_struct!(
    "Label",
    [
        field("pairs", STR_MAP),
        field("includeSelectors", Ty::Bool),
        field("includeTemplates", Ty::Bool),
        field("fields", list!(Ty::Struct(&FIELD_SPEC), "[]types.FieldSpec")),
    ]
);

pub(in super::super) static SELECTOR: Struct = go_struct!(
    "Selector",
    [
        field("ResId.Gvk.group", STR),
        field("ResId.Gvk.version", STR),
        field("ResId.Gvk.kind", STR),
        field("ResId.name", STR),
        field("ResId.namespace", STR),
        field("annotationSelector", STR),
        field("labelSelector", STR),
    ]
);

static PATCH: Struct = go_struct!(
    "Patch",
    [
        field("path", STR),
        field("patch", STR),
        field("target", Ty::Struct(&SELECTOR)),
        field("options", Ty::Map(&Ty::Bool, "map[string]bool")),
    ]
);

pub(in super::super) static IMAGE: Struct = go_struct!(
    "Image",
    [
        field("name", STR),
        field("newName", STR),
        field("tagSuffix", STR),
        field("newTag", STR),
        field("digest", STR),
    ]
);

static FIELD_OPTIONS: Struct = go_struct!(
    "FieldOptions",
    [field("delimiter", STR), field("index", INT), field("encoding", STR), field("create", Ty::Bool)]
);

static SOURCE_SELECTOR: Struct = go_struct!(
    "SourceSelector",
    [
        field("ResId.Gvk.group", STR),
        field("ResId.Gvk.version", STR),
        field("ResId.Gvk.kind", STR),
        field("ResId.name", STR),
        field("ResId.namespace", STR),
        field("fieldPath", STR),
        field("options", Ty::Struct(&FIELD_OPTIONS)),
    ]
);

static TARGET_SELECTOR: Struct = go_struct!(
    "TargetSelector",
    [
        field("select", Ty::Struct(&SELECTOR)),
        field("reject", list!(Ty::Struct(&SELECTOR), "[]*types.Selector")),
        field("fieldPaths", STRS),
        field("options", Ty::Struct(&FIELD_OPTIONS)),
    ]
);

pub(in super::super) static REPLACEMENT: Struct = go_struct!(
    "Replacement",
    [
        field("source", Ty::Struct(&SOURCE_SELECTOR)),
        field("targets", list!(Ty::Struct(&TARGET_SELECTOR), "[]*types.TargetSelector")),
        field("sourceValue", STR),
    ]
);

pub(in super::super) static REPLACEMENT_FIELD: Struct = go_struct!(
    "ReplacementField",
    [
        field("Replacement.source", Ty::Struct(&SOURCE_SELECTOR)),
        field("Replacement.targets", list!(Ty::Struct(&TARGET_SELECTOR), "[]*types.TargetSelector")),
        field("Replacement.sourceValue", STR),
        field("path", STR),
    ]
);

pub(in super::super) static REPLICA: Struct =
    go_struct!("Replica", [field("name", STR), field("count", INT64)]);

static VAR_TARGET: Struct = go_struct!(
    "Target",
    [
        field("apiVersion", STR),
        field("Gvk.group", STR),
        field("Gvk.version", STR),
        field("Gvk.kind", STR),
        field("name", STR),
        field("namespace", STR),
    ]
);

static FIELD_SELECTOR: Struct = go_struct!("FieldSelector", [field("fieldPath", STR)]);

static VAR: Struct = go_struct!(
    "Var",
    [
        field("name", STR),
        field("objref", Ty::Struct(&VAR_TARGET)),
        field("fieldref", Ty::Struct(&FIELD_SELECTOR)),
    ]
);

static LEGACY_SORT_OPTIONS: Struct =
    go_struct!("LegacySortOptions", [field("orderFirst", STRS), field("orderLast", STRS)]);

static SORT_OPTIONS: Struct = go_struct!(
    "SortOptions",
    [
        field("order", Ty::Str("types.SortOrder")),
        field("legacySortOptions", Ty::Struct(&LEGACY_SORT_OPTIONS)),
    ]
);

static GENERATOR_OPTIONS: Struct = go_struct!(
    "GeneratorOptions",
    [
        field("labels", STR_MAP),
        field("annotations", STR_MAP),
        field("disableNameSuffixHash", Ty::Bool),
        field("immutable", Ty::Bool),
    ]
);

pub(in super::super) static CONFIG_MAP_ARGS: Struct = go_struct!(
    "ConfigMapArgs",
    [
        field("GeneratorArgs.namespace", STR),
        field("GeneratorArgs.name", STR),
        field("GeneratorArgs.behavior", STR),
        field("GeneratorArgs.KvPairSources.literals", STRS),
        field("GeneratorArgs.KvPairSources.files", STRS),
        field("GeneratorArgs.KvPairSources.envs", STRS),
        field("GeneratorArgs.KvPairSources.env", STR),
        field("GeneratorArgs.options", Ty::Struct(&GENERATOR_OPTIONS)),
    ]
);

pub(in super::super) static SECRET_ARGS: Struct = go_struct!(
    "SecretArgs",
    [
        field("GeneratorArgs.namespace", STR),
        field("GeneratorArgs.name", STR),
        field("GeneratorArgs.behavior", STR),
        field("GeneratorArgs.KvPairSources.literals", STRS),
        field("GeneratorArgs.KvPairSources.files", STRS),
        field("GeneratorArgs.KvPairSources.envs", STRS),
        field("GeneratorArgs.KvPairSources.env", STR),
        field("GeneratorArgs.options", Ty::Struct(&GENERATOR_OPTIONS)),
        field("type", STR),
    ]
);

static HELM_GLOBALS: Struct = go_struct!("HelmGlobals", [field("chartHome", STR), field("configHome", STR)]);

static HELM_CHART: Struct = go_struct!(
    "HelmChart",
    [
        field("name", STR),
        field("version", STR),
        field("repo", STR),
        field("releaseName", STR),
        field("namespace", STR),
        field("additionalValuesFiles", STRS),
        field("valuesFile", STR),
        field("valuesInline", ANY_MAP),
        field("valuesMerge", STR),
        field("includeCRDs", Ty::Bool),
        field("skipHooks", Ty::Bool),
        field("apiVersions", STRS),
        field("kubeVersion", STR),
        field("nameTemplate", STR),
        field("skipTests", Ty::Bool),
        field("debug", Ty::Bool),
        field("devel", Ty::Bool),
    ]
);

static HELM_CHART_ARGS: Struct = go_struct!(
    "HelmChartArgs",
    [
        field("chartName", STR),
        field("chartVersion", STR),
        field("chartRepoUrl", STR),
        field("chartHome", STR),
        field("chartRepoName", STR),
        field("helmBin", STR),
        field("helmHome", STR),
        field("values", STR),
        field("valuesLocal", ANY_MAP),
        field("valuesMerge", STR),
        field("releaseName", STR),
        field("releaseNamespace", STR),
        field("extraArgs", STRS),
    ]
);

/// A kustomization file.
pub(in super::super) static KUSTOMIZATION: Struct = go_struct!(
    "Kustomization",
    [
        field("TypeMeta.kind", STR),
        field("TypeMeta.apiVersion", STR),
        field("metadata", Ty::Struct(&OBJECT_META)),
        field("openapi", STR_MAP),
        field("namePrefix", STR),
        field("nameSuffix", STR),
        field("namespace", STR),
        field("commonLabels", STR_MAP),
        field("labels", list!(Ty::Struct(&LABEL), "[]types.Label")),
        field("commonAnnotations", STR_MAP),
        field(
            "patchesStrategicMerge",
            list!(Ty::Str("types.PatchStrategicMerge"), "[]types.PatchStrategicMerge")
        ),
        field("patchesJson6902", list!(Ty::Struct(&PATCH), "[]types.Patch")),
        field("patches", list!(Ty::Struct(&PATCH), "[]types.Patch")),
        field("images", list!(Ty::Struct(&IMAGE), "[]types.Image")),
        field("imageTags", list!(Ty::Struct(&IMAGE), "[]types.Image")),
        field("replacements", list!(Ty::Struct(&REPLACEMENT_FIELD), "[]types.ReplacementField")),
        field("replicas", list!(Ty::Struct(&REPLICA), "[]types.Replica")),
        field("vars", list!(Ty::Struct(&VAR), "[]types.Var")),
        field("sortOptions", Ty::Struct(&SORT_OPTIONS)),
        field("resources", STRS),
        field("components", STRS),
        field("crds", STRS),
        field("bases", STRS),
        field("configMapGenerator", list!(Ty::Struct(&CONFIG_MAP_ARGS), "[]types.ConfigMapArgs")),
        field("secretGenerator", list!(Ty::Struct(&SECRET_ARGS), "[]types.SecretArgs")),
        field("helmGlobals", Ty::Struct(&HELM_GLOBALS)),
        field("helmCharts", list!(Ty::Struct(&HELM_CHART), "[]types.HelmChart")),
        field("helmChartInflationGenerator", list!(Ty::Struct(&HELM_CHART_ARGS), "[]types.HelmChartArgs")),
        field("generatorOptions", Ty::Struct(&GENERATOR_OPTIONS)),
        field("configurations", STRS),
        field("generators", STRS),
        field("transformers", STRS),
        field("validators", STRS),
        field("buildMetadata", STRS),
    ]
);

static NAME_BACK_REFERENCES: Struct = go_struct!(
    "NameBackReferences",
    [
        field("Gvk.group", STR),
        field("Gvk.version", STR),
        field("Gvk.kind", STR),
        field("fieldSpecs", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
    ]
);

/// A file of `configurations`.
pub(in super::super) static TRANSFORMER_CONFIG: Struct = go_struct!(
    "TransformerConfig",
    [
        field("namePrefix", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
        field("nameSuffix", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
        field("namespace", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
        field("commonLabels", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
        field("labels", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
        field("templateLabels", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
        field("commonAnnotations", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
        field("nameReference", list!(Ty::Struct(&NAME_BACK_REFERENCES), "builtinconfig.nbrSlice")),
        field("varReference", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
        field("images", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
        field("replicas", list!(Ty::Struct(&FIELD_SPEC), "types.FsSlice")),
    ]
);
