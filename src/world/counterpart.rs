//! The Secret, ConfigMap, claim or Service that a dangling reference most likely means: it lies beside the object that names the
//! other one, is called alike, and nothing uses it. Two loose ends in one directory are a mistake wherever else the rest of the world is.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::near::shortened;
use crate::origin::Place;
use crate::relations::{NameIndex, NamePattern, NameWords, Reference};
use crate::repo::{AppId, Inventory, ObjectFacts, Spec};
use crate::source::{Home, Sources};
use crate::yaml::Node;

use super::World;

/// A Secret or ConfigMap that an object makes, or what can be meant that an object is.
#[derive(Clone)]
struct Candidate<'a> {
    object: &'a ObjectFacts,
    kind: &'a str,
    name: SmolStr,
    words: NameWords,
    namespace: &'a str,
}

/// Candidates of one kind in one directory.
#[derive(Default)]
struct Beside<'a> {
    all: Vec<Candidate<'a>>,
    /// Positions by name.
    named: FxHashMap<SmolStr, Vec<u32>>,
    /// Positions by namespace, with the names in it.
    spaces: FxHashMap<&'a str, (Vec<u32>, NameIndex)>,
}

impl<'a> Beside<'a> {
    fn push(&mut self, candidate: Candidate<'a>) {
        let at = self.all.len() as u32;
        self.named.entry(candidate.name.clone()).or_default().push(at);
        let (positions, names) = self.spaces.entry(candidate.namespace).or_default();
        positions.push(at);
        names.push(&candidate.words);
        self.all.push(candidate);
    }

    /// Those that may be called like a name in a namespace, or have that name anywhere, in order.
    fn near(&self, namespace: &str, wanted: &NameWords, name: &str) -> impl Iterator<Item = &Candidate<'a>> {
        let mut found: Vec<u32> = self.named.get(name).cloned().unwrap_or_default();
        if let Some((positions, names)) = self.spaces.get(namespace) {
            let near = names.near(wanted);
            found.extend(near.iter().filter_map(|id| positions.get(*id as usize)));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|at| self.all.get(at as usize))
    }
}

/// Candidates by all texts that are their name with one letter left out: names that are a slip apart share one.
#[derive(Default)]
struct Slips<'a> {
    all: Vec<Candidate<'a>>,
    shortened: FxHashMap<SmolStr, Vec<u32>>,
}

/// Shorter names are alike too easily.
const LEAST_LETTERS: usize = 8;

impl<'a> Slips<'a> {
    fn push(&mut self, candidate: Candidate<'a>) {
        if candidate.name.len() >= LEAST_LETTERS && candidate.name.len() < 100 {
            let at = self.all.len() as u32;
            for text in shortened(&candidate.name) {
                self.shortened.entry(text).or_default().push(at);
            }
            self.all.push(candidate);
        }
    }

    /// The one candidate whose name is a slip of a letter away, not of a digit: those count things.
    fn near(&self, name: &str) -> Option<&Candidate<'a>> {
        let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
        let short = name.len() < LEAST_LETTERS || name.len() >= 100;
        let found = shortened(name).filter(|_| !short).filter_map(|text| self.shortened.get(&text)).flatten();
        let found: BTreeSet<u32> = found.copied().collect();
        let found = found.into_iter().filter_map(|at| self.all.get(at as usize));
        let mut names: Vec<&Candidate<'a>> = found
            .filter(|it| {
                it.name != name
                    && letters(&it.name) != letters(name)
                    && strsim::damerau_levenshtein(&it.name, name) == 1
            })
            .collect();
        names.dedup_by(|one, other| one.name == other.name);
        if let [only] = names.as_slice() { Some(only) } else { None }
    }
}

/// An object that a reference most likely means.
pub struct Counterpart<'a> {
    /// What makes it, or it itself.
    pub object: &'a ObjectFacts,
    /// What to do.
    pub help: String,
    /// Words at its place.
    pub words: String,
    /// Whether it has the name itself, in another namespace.
    pub elsewhere: bool,
    /// The name that was meant, where that is all there is to correct.
    pub name: Option<SmolStr>,
}

/// Candidates of one kind.
#[derive(Default)]
struct OfKind<'a> {
    by_dir: FxHashMap<Home, Beside<'a>>,
    /// By namespace, for names that are a slip away.
    by_namespace: FxHashMap<&'a str, Slips<'a>>,
}

impl<'a> OfKind<'a> {
    fn of(kind: &str, inventory: &'a Inventory, sources: &Sources) -> Self {
        let mut found = Self::default();
        for object in &inventory.objects {
            let itself = (object.group.is_empty() && object.kind == kind).then(|| Candidate {
                object,
                kind: &object.kind,
                name: object.name.clone(),
                words: NameWords::of(&object.name),
                namespace: &object.namespace,
            });
            let release = object.is("helm.toolkit.fluxcd.io", "HelmRelease");
            let makes = if release { kind == "Service" } else { is_data(kind) && makes_secrets(object) };
            let made = object.provides.iter().filter(|made| makes && made.kind == kind).filter_map(|made| {
                let NamePattern::Exact(name) = &made.name else { return None };
                let namespace = made.namespace.as_deref().unwrap_or(&object.namespace);
                (made.before.is_none() && namespace != "*").then(|| Candidate {
                    object,
                    kind: &made.kind,
                    name: name.clone(),
                    words: NameWords::of(name),
                    namespace,
                })
            });
            let mut candidates = itself.into_iter().chain(made).peekable();
            let dir = candidates.peek().and_then(|_| dir_of(object.place, sources));
            for it in candidates {
                found.by_namespace.entry(it.namespace).or_default().push(it.clone());
                if let Some(dir) = &dir {
                    match found.by_dir.get_mut(dir) {
                        Some(beside) => beside.push(it),
                        None => found.by_dir.entry(dir.clone()).or_default().push(it),
                    }
                }
            }
        }
        found
    }
}

/// Kinds that are made for one thing to use, so that one which nothing uses stands out.
const MEANT: [&str; 4] = ["Secret", "ConfigMap", "PersistentVolumeClaim", "Service"];

/// All that a reference may have meant, by directory and kind.
pub struct Counterparts<'a> {
    inventory: &'a Inventory,
    world: World<'a>,
    sources: &'a Sources,
    /// Those of [`MEANT`], each looked for when it is first asked for: most rules are about one.
    kinds: [OnceCell<OfKind<'a>>; MEANT.len()],
    /// Releases of Flux, by namespace.
    releases: OnceCell<FxHashMap<&'a str, Vec<&'a Node>>>,
    /// Names that Kustomizations of Flux take variables from.
    substituted: OnceCell<BTreeSet<&'a str>>,
}

impl<'a> Counterparts<'a> {
    /// Over everything that is rendered.
    pub fn new(inventory: &'a Inventory, world: World<'a>, sources: &'a Sources) -> Self {
        let kinds = std::array::from_fn(|_| OnceCell::new());
        let (releases, substituted) = (OnceCell::new(), OnceCell::new());
        Self { inventory, world, sources, kinds, releases, substituted }
    }

    fn of_kind(&self, kind: &str) -> Option<&OfKind<'a>> {
        let at = MEANT.iter().position(|meant| *meant == kind)?;
        Some(self.kinds.get(at)?.get_or_init(|| OfKind::of(kind, self.inventory, self.sources)))
    }

    fn releases(&self) -> &FxHashMap<&'a str, Vec<&'a Node>> {
        self.releases.get_or_init(|| {
            let inventory = self.inventory;
            let mut releases: FxHashMap<&'a str, Vec<&'a Node>> = FxHashMap::default();
            for object in inventory.of_kind("HelmRelease").filter(|it| it.group == "helm.toolkit.fluxcd.io") {
                releases.entry(&object.namespace).or_default().extend(object.node.as_deref());
            }
            for object in inventory.of_kind("Chart").filter(|it| it.group.is_empty()) {
                releases.entry(&object.namespace).or_default().extend(object.node.as_deref());
            }
            releases
        })
    }

    fn substituted(&self) -> &BTreeSet<&'a str> {
        self.substituted.get_or_init(|| {
            let substitutes = self.inventory.apps.iter().filter_map(|entry| match &entry.app.spec {
                Spec::FluxKustomization(app, _) => Some(&app.substitute_from),
                _ => None,
            });
            substitutes.flatten().map(|(object, _)| object.name.as_str()).collect()
        })
    }

    /// What a reference of an object of `app` most likely means, when nothing provides what it says. `place` is where that
    /// object is defined, `namespace` where the reference looks.
    pub fn find(
        &self,
        app: AppId,
        place: Place,
        namespace: &str,
        reference: &Reference,
    ) -> Option<Counterpart<'a>> {
        if namespace.is_empty()
            || self.world.external(&reference.group, &reference.kind, namespace, &reference.name).is_some()
        {
            return None;
        }
        self.misspelt(app, namespace, reference).or_else(|| self.beside(app, place, namespace, reference))
    }

    /// The one whose name is a slip away from what a text says, whatever else uses it.
    pub fn slip(&self, app: AppId, namespace: &str, reference: &Reference) -> Option<Counterpart<'a>> {
        let only = self.of_kind(&reference.kind)?.by_namespace.get(namespace)?.near(&reference.name)?;
        let serves = self.world.may_serve(only.object.app, app);
        serves.then(|| Counterpart {
            help: format!("did you mean `{}`?", only.name),
            ..Self::counterpart(only, namespace, reference)
        })
    }

    /// One of the same namespace, wherever it is written, whose name is a slip away.
    fn misspelt(&self, app: AppId, namespace: &str, reference: &Reference) -> Option<Counterpart<'a>> {
        let candidates = self.of_kind(&reference.kind)?.by_namespace.get(namespace)?;
        let only = candidates.near(&reference.name)?;
        let serves = self.world.may_serve(only.object.app, app) && !self.is_used(only);
        serves.then(|| Self::counterpart(only, namespace, reference))
    }

    /// One that is written beside what needs it.
    fn beside(
        &self,
        app: AppId,
        place: Place,
        namespace: &str,
        reference: &Reference,
    ) -> Option<Counterpart<'a>> {
        let candidates = self.of_kind(&reference.kind)?.by_dir.get(&dir_of(place, self.sources)?)?;
        let wanted = NameWords::of(&reference.name);
        let mut found: Vec<&Candidate<'a>> = Vec::new();
        for it in candidates.near(namespace, &wanted, &reference.name) {
            let alike = || {
                is_hashed(&it.name, &reference.name)
                    || it.words.is_named_after(&wanted)
                    || wanted.is_named_after(&it.words)
            };
            let meant = if it.namespace == namespace {
                it.name != reference.name && alike()
            } else {
                it.name == reference.name && !it.namespace.is_empty()
            };
            if meant
                && self.world.may_serve(it.object.app, app)
                && !found.iter().any(|known| known.name == it.name && known.namespace == it.namespace)
            {
                found.push(it);
                if found.len() > 1 {
                    return None;
                }
            }
        }
        let [only] = found.as_slice() else { return None };
        (!self.is_used(only)).then(|| Self::counterpart(only, namespace, reference))
    }

    fn counterpart(only: &Candidate<'a>, namespace: &str, reference: &Reference) -> Counterpart<'a> {
        let (object, kind, name) = (only.object, only.kind, &only.name);
        let makes = if object.kind == kind { String::new() } else { format!("{} makes ", object.kind) };
        let elsewhere = only.namespace != namespace;
        let mut meant = None;
        let (help, words) = if elsewhere {
            (
                format!("that {kind} is in namespace `{}`, where nothing uses it", only.namespace),
                format!("{makes}it in namespace `{}`", only.namespace),
            )
        } else if is_hashed(name, &reference.name) {
            let help = "the generator puts a hash behind the name: set `disableNameSuffixHash: true`, or teach \
                        kustomize the field with `configurations`";
            (help.to_owned(), format!("becomes `{name}`"))
        } else {
            meant = Some(name.clone());
            (
                format!("did you mean `{name}`? Nothing uses that {kind}"),
                format!("{makes}`{name}`, which nothing uses"),
            )
        };
        Counterpart { object, help, words, elsewhere, name: meant }
    }

    /// Whether anything at all says that name, be it only in the values of a chart or in a script.
    fn is_used(&self, it: &Candidate<'_>) -> bool {
        let in_namespace = |namespace: &str| namespace.is_empty() || namespace == it.namespace;
        let named = self.inventory.referring(&it.name).any(|object| {
            let mut references =
                object.references.iter().filter(|its| its.kind == it.kind && its.name == it.name);
            references.any(|its| in_namespace(its.namespace.as_deref().unwrap_or(&object.namespace)))
        });
        let mentioned = || {
            self.inventory.mentioning(&it.name).any(|object| {
                // What a release says is looked at below.
                let told = it.kind == "PersistentVolumeClaim" && object.kind == "HelmRelease";
                !told && object.place.at != it.object.place.at && in_namespace(&object.namespace)
            })
        };
        // A release names what it uses in values of any shape.
        let said = || {
            let namespaces = ["", it.namespace].into_iter().skip(usize::from(it.namespace.is_empty()));
            let mut releases = namespaces.filter_map(|namespace| self.releases().get(namespace)).flatten();
            // A claim is called like the release that it is for: only where nothing else stands is it meant.
            let alone = it.kind == "PersistentVolumeClaim";
            let fits = |text: &str| if alone { text == it.name } else { has_word(text, &it.name) };
            releases.any(|node| says(node, &fits, 0))
        };
        named || mentioned() || said() || self.substituted().contains(it.name.as_str())
    }
}

/// Whether a name is another one with the hash of a generator behind it.
fn is_hashed(name: &str, plain: &str) -> bool {
    let hash = name.strip_prefix(plain).and_then(|rest| rest.strip_prefix('-'));
    let is_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    hash.is_some_and(|hash| hash.len() == 10 && hash.bytes().all(is_digit))
}

/// Whether an object is there to make Secrets, rather than to use those that it makes.
fn makes_secrets(object: &ObjectFacts) -> bool {
    matches!(object.kind.as_str(), "ExternalSecret" | "SealedSecret" | "SopsSecret")
}

fn is_data(kind: &str) -> bool {
    matches!(kind, "Secret" | "ConfigMap")
}

/// The directory of the file that an object is written in.
fn dir_of(place: Place, sources: &Sources) -> Option<Home> {
    let dir = sources.get(place.at.file)?.home().parent()?;
    // A chart is one thing, wherever in it.
    let is_part = dir.path().is_some_and(|path| path.file_name() == "templates");
    if is_part { dir.parent() } else { Some(dir) }
}

/// Whether some text or key of a tree holds a name, which `fits` tells. What the release and its objects are called says
/// nothing about Secrets: everything of an app is called alike.
fn says(node: &Node, fits: &dyn Fn(&str) -> bool, depth: u32) -> bool {
    const OWN: [&str; 4] = ["metadata", "releaseName", "nameOverride", "fullnameOverride"];
    depth < 64
        && (node.as_str().is_some_and(fits)
            || node.seq_or_empty().iter().any(|item| says(item, fits, depth + 1))
            || node.entries().iter().any(|entry| {
                !OWN.contains(&entry.key.text.as_str())
                    && (fits(&entry.key.text) || says(&entry.value, fits, depth + 1))
            }))
}

/// Whether a text holds a name that is not part of a longer one.
fn has_word(text: &str, name: &str) -> bool {
    // Part of a host name or of a path of a program it is another word.
    let outside = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|text| text.chars().next());
        outside(before) && outside(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_slip_apart_share_a_text() {
        for (one, other, want) in [
            ("cloudflare-secret", "cloudflared-secret", true),
            ("grafana-amdin", "grafana-admin", true),
            ("grafana-admin", "grafana-edit", false),
        ] {
            let texts: BTreeSet<SmolStr> = shortened(one).collect();
            assert_eq!(shortened(other).any(|text| texts.contains(&text)), want, "{one} {other}");
        }
    }

    #[test]
    fn finds_names_as_words() {
        for (text, name, want) in [
            ("frigate-secrets", "secrets", false),
            ("secrets", "secrets", true),
            ("a,secrets,b", "secrets", true),
            ("secrets-b, secrets", "secrets", true),
            ("", "secrets", false),
        ] {
            assert_eq!(has_word(text, name), want, "{text}");
        }
    }
}
