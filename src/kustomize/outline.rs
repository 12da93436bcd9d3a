//! What may stand at a place of a kustomization, for those who are about to write it.

use smol_str::SmolStr;

use crate::schema::{FieldOutline, Outline};

use super::go_json::{Struct, Ty};
use super::kustomization::schema::KUSTOMIZATION;

/// Fields that `kustomize build` reads and warns of, or reads no more: nobody should begin to write them.
const OLD: [&str; 8] = [
    "bases",
    "commonLabels",
    "env",
    "helmChartInflationGenerator",
    "imageTags",
    "patchesJson6902",
    "patchesStrategicMerge",
    "vars",
];

/// Words that a field has to be one of, by its key.
const WORDS: [(&str, &[&str]); 5] = [
    ("behavior", &["create", "merge", "replace"]),
    ("buildMetadata", &["managedByLabel", "originAnnotations", "transformerAnnotations"]),
    ("kind", &["Component", "Kustomization"]),
    ("order", &["fifo", "legacy"]),
    ("valuesMerge", &["merge", "override", "replace"]),
];

/// What may stand below a path of keys of a kustomization. Lists are passed through: the path has no indexes.
pub fn outline(path: &[&str]) -> Outline {
    let mut here = Ty::Struct(&KUSTOMIZATION);
    for key in path {
        let below = fields(here).and_then(|of| of.fields.iter().find(|field| field.key() == *key));
        let Some(field) = below else { return Outline::default() };
        here = field.ty;
    }
    let of_fields = |of: &'static Struct| of.fields.iter().filter(|field| !OLD.contains(&field.key()));
    let field = |field: &super::go_json::Field| FieldOutline {
        name: SmolStr::new_static(field.key()),
        words: words(field.ty).to_owned(),
        required: false,
    };
    let mut fields: Vec<FieldOutline> = fields(here).into_iter().flat_map(of_fields).map(field).collect();
    fields.sort();
    let last = path.last().copied().unwrap_or_default();
    // A `kind` deeper down is that of an object.
    let known = WORDS.iter().find(|(key, _)| *key == last && (*key != "kind" || path.len() == 1));
    let mut values: Vec<SmolStr> =
        known.into_iter().flat_map(|(_, words)| words.iter()).map(|word| SmolStr::new_static(word)).collect();
    if matches!(here, Ty::Bool) {
        values.extend(["false", "true"].map(SmolStr::new_static));
    }
    Outline { fields, values }
}

/// The struct that is meant at a place: that of the entries, where a list is.
fn fields(ty: Ty) -> Option<&'static Struct> {
    match ty {
        Ty::Struct(of) => Some(of),
        Ty::List(of, _) => fields(*of),
        _ => None,
    }
}

fn words(ty: Ty) -> &'static str {
    match ty {
        Ty::Str(_) => "a string",
        Ty::Bool => "a boolean",
        Ty::Int(_) => "an integer",
        Ty::Map(..) => "a mapping of any keys",
        Ty::List(Ty::Struct(_), _) => "a list of mappings",
        Ty::List(..) => "a list of strings",
        Ty::Struct(_) => "a mapping",
        Ty::Any => "anything",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_the_types() {
        let names =
            |path: &[&str]| -> Vec<SmolStr> { outline(path).fields.into_iter().map(|it| it.name).collect() };
        assert!(names(&[]).contains(&"resources".into()) && !names(&[]).contains(&"bases".into()));
        assert_eq!(names(&["images"]), ["digest", "name", "newName", "newTag", "tagSuffix"]);
        assert!(names(&["patches", "target"]).contains(&"labelSelector".into()));
        assert!(names(&["nonsense"]).is_empty());
        assert_eq!(outline(&["kind"]).values, ["Component", "Kustomization"]);
        assert!(outline(&["patches", "target", "kind"]).values.is_empty());
        assert_eq!(outline(&["configMapGenerator", "options", "immutable"]).values, ["false", "true"]);
    }
}
