//! What a name was meant to be, by its letters: nothing has it, but something beside it has one that is a slip of a letter away. Two
//! names that near, of one kind and in one namespace, are hardly ever both meant, however much of the rest is not seen.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::finding::Confidence;
use crate::near::{is_slip, shortened};
use crate::relations::Reference;
use crate::repo::{AppId, ObjectFacts};
use crate::schema;

use super::World;
use super::near_miss::Evidence;

/// Shorter names are alike too easily: those of one app, and those that a whole cluster shares.
const LEAST_OWN: usize = 5;
const LEAST_SHARED: usize = 6;

/// Kinds that one app makes for all others.
const SHARED: [&str; 8] = [
    "Gateway",
    "Issuer",
    "ClusterIssuer",
    "SecretStore",
    "ClusterSecretStore",
    "PriorityClass",
    "StorageClass",
    "IngressClass",
];

/// Who has a name, by kind and by all texts that are the name with one letter left out.
type Names<'a> = FxHashMap<(SmolStr, SmolStr), Vec<(SmolStr, &'a ObjectFacts)>>;

/// Names that others miss by a letter.
pub struct Slips<'a> {
    world: World<'a>,
    /// The names of one kind in one app, which were asked for last: references come by app and kind.
    own: Option<(AppId, SmolStr, Names<'a>)>,
    /// The names that apps share.
    shared: Option<Names<'a>>,
}

impl<'a> Slips<'a> {
    /// Over everything that is rendered.
    pub fn new(world: World<'a>) -> Self {
        Self { world, own: None, shared: None }
    }

    /// What `reference` of an object most likely means, where `namespace` is where it looks and nothing there has the name.
    pub fn of(&mut self, object: &ObjectFacts, namespace: &str, reference: &Reference) -> Option<Evidence> {
        let app = object.app;
        let everywhere = schema::is_cluster_scoped(&reference.group, &reference.kind);
        let fits = |it: &ObjectFacts| everywhere || it.namespace == namespace || it.namespace.is_empty();
        let own = match &mut self.own {
            Some((of, kind, names)) if *of == app && *kind == reference.kind => names,
            own => {
                let objects = self.world.inventory.objects_of(app).iter();
                let names = names(objects, |kind| kind == reference.kind);
                &own.insert((app, reference.kind.clone(), names)).2
            }
        };
        let found = near(own, reference, LEAST_OWN, &fits).or_else(|| {
            if !SHARED.contains(&reference.kind.as_str()) {
                return None;
            }
            let objects = || SHARED.iter().flat_map(|kind| self.world.inventory.of_kind(kind));
            let shared = self.shared.get_or_insert_with(|| names(objects(), |it| SHARED.contains(&it)));
            let serves = |it: &ObjectFacts| fits(it) && self.world.may_serve(it.app, app);
            near(shared, reference, LEAST_SHARED, &serves)
        });
        let (name, found) = found?;
        let makes =
            if found.kind == reference.kind { String::new() } else { format!("{} makes ", found.kind) };
        Some(Evidence {
            why: "which nothing provides".to_owned(),
            help: Some(format!("did you mean `{name}`?")),
            shown: Some((found.place, format!("{makes}`{name}`"))),
            file: None,
            kind: false,
            sure: Confidence::Likely,
        })
    }
}

/// The names of objects and of what they make, as far as their kinds are asked for.
fn names<'a>(objects: impl Iterator<Item = &'a ObjectFacts>, wanted: impl Fn(&str) -> bool) -> Names<'a> {
    let mut names = Names::default();
    let mut push = |kind: &SmolStr, name: &SmolStr, object: &'a ObjectFacts| {
        if wanted(kind) && (LEAST_OWN..100).contains(&name.len()) {
            for text in shortened(name) {
                names.entry((kind.clone(), text)).or_default().push((name.clone(), object));
            }
        }
    };
    for object in objects {
        push(&object.kind, &object.name, object);
        for made in &object.provides {
            if let Some(name) = made.name.exact()
                && made.namespace.is_none()
                && made.before.is_none()
            {
                push(&made.kind, name, object);
            }
        }
    }
    names
}

/// The one name of the kind that a reference names which its name is a slip away from.
fn near<'a>(
    names: &Names<'a>,
    reference: &Reference,
    least: usize,
    fits: &dyn Fn(&ObjectFacts) -> bool,
) -> Option<(SmolStr, &'a ObjectFacts)> {
    let name = reference.name.as_str();
    if !(least..100).contains(&name.len()) {
        return None;
    }
    let found = shortened(name).filter_map(|text| names.get(&(reference.kind.clone(), text))).flatten();
    let mut found =
        found.filter(|(other, object)| other.len() >= least && is_slip(name, other) && fits(object));
    let (other, object) = found.next()?;
    found.all(|(it, _)| it == other).then(|| (other.clone(), *object))
}
