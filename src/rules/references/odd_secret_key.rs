//! `odd-secret-key`: see the page.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::near::{is_slip, shortened};
use crate::repo::{AppId, Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, meta, workloads};
use crate::yaml::Node;

meta!(
    "odd-secret-key",
    "references",
    Warning,
    Recommended,
    "0.2.0",
    "An ExternalSecret spells a key of its store unlike all others that ask for it."
);

pub(crate) struct OddSecretKey;

/// One name that an ExternalSecret asks its store for.
struct Asked<'a> {
    object: &'a ObjectFacts,
    node: &'a Node,
    field: String,
}

/// Names by how they are spelt.
type Spellings<'a> = BTreeMap<&'a str, Vec<Asked<'a>>>;

impl Rule for OddSecretKey {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        // By store, what is asked for (a key, or a property of one), and the letters and digits of its name.
        let mut asked: BTreeMap<(SmolStr, SmolStr, String), Spellings<'_>> = BTreeMap::new();
        for kind in ["ExternalSecret", "ClusterExternalSecret"] {
            for object in inventory.of_kind(kind).filter(|it| it.group == "external-secrets.io") {
                collect(object, &mut asked);
            }
        }
        styles(inventory, &asked, cx);
        misspelt(inventory, &asked, cx);
        for ((store, ..), spellings) in asked.iter().filter(|(_, spellings)| spellings.len() > 1) {
            let users = |asked: &[Asked<'_>]| -> usize {
                let objects: BTreeSet<(AppId, &str, &str)> = asked
                    .iter()
                    .map(|it| (it.object.app, it.object.namespace.as_str(), it.object.name.as_str()))
                    .collect();
                objects.len()
            };
            let Some((usual, most)) =
                spellings.iter().map(|(name, asked)| (*name, users(asked))).max_by_key(|(_, users)| *users)
            else {
                continue;
            };
            for (name, odd) in spellings.iter().filter(|(name, _)| **name != usual) {
                let (Some(first), true) = (odd.first(), most >= 2 * users(odd).max(1)) else { continue };
                if name.eq_ignore_ascii_case(usual) && !tells_case(inventory, store) {
                    continue;
                }
                let message = format!(
                    "{} `{}` asks for `{name}`, which all others spell `{usual}`",
                    first.object.kind, first.object.name
                );
                let other = spellings.get(usual).and_then(|asked| asked.first());
                let mut report = cx
                    .report(first.node.place(), message)
                    .apps(odd.iter().map(|it| it.object.app))
                    .object_ref(workloads::field_ref(inventory, first.object, &first.field))
                    .help(format!(
                        "did you mean `{usual}`? Stores tell upper from lower case and `-` from `_`"
                    ))
                    .likely();
                if let Some(other) = other {
                    report = report.related(other.node.place(), format!("{most} ask for it like this"));
                }
            }
        }
    }
}

/// How many keys of a store must be written alike for another way to be a slip.
const HABIT: usize = 6;

/// Keys that are not in capitals where all others of their store are.
fn styles(
    inventory: &Inventory,
    asked: &BTreeMap<(SmolStr, SmolStr, String), Spellings<'_>>,
    cx: &mut Context<'_>,
) {
    let capitals = |name: &str| {
        name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && name.chars().any(|c| c.is_ascii_uppercase())
    };
    let mut stores: BTreeMap<&str, Vec<(&str, &Asked<'_>)>> = BTreeMap::new();
    for ((store, _, _), spellings) in asked.iter().filter(|((_, key, _), _)| key.is_empty()) {
        for (name, uses) in spellings {
            stores.entry(store).or_default().extend(uses.first().map(|first| (*name, first)));
        }
    }
    for (store, keys) in stores.iter().filter(|(_, keys)| keys.len() > HABIT) {
        let mut others = keys.iter().filter(|(name, _)| !capitals(name));
        let (Some((name, odd)), None) = (others.next(), others.next()) else { continue };
        let meant = name.replace('-', "_").to_ascii_uppercase();
        // Another spelling of it is told with that one.
        let by_case = name.eq_ignore_ascii_case(&meant) && !tells_case(inventory, store);
        if by_case || keys.iter().any(|(other, _)| *other == meant) {
            continue;
        }
        let message = format!(
            "{} `{}` asks for `{name}`, although all {} other keys of its store are written like `{meant}`",
            odd.object.kind,
            odd.object.name,
            keys.len() - 1
        );
        cx.report(odd.node.place(), message)
            .apps([odd.object.app])
            .object_ref(workloads::field_ref(inventory, odd.object, &odd.field))
            .help(format!("did you mean `{meant}`? Stores tell upper from lower case and `-` from `_`"))
            .likely();
    }
}

/// Names that one ExternalSecret asks a store for, a letter away from one that several ask it for: of keys, and of properties of
/// whichever key.
fn misspelt(
    inventory: &Inventory,
    asked: &BTreeMap<(SmolStr, SmolStr, String), Spellings<'_>>,
    cx: &mut Context<'_>,
) {
    /// So many must ask for what was meant.
    const SEVERAL: usize = 3;
    /// Shorter names are alike too easily.
    const LEAST: usize = 5;
    let mut words: BTreeMap<(&str, bool), BTreeMap<&str, Vec<&Asked<'_>>>> = BTreeMap::new();
    for ((store, key, _), spellings) in asked {
        let of_store = words.entry((store, key.is_empty())).or_default();
        for (name, uses) in spellings.iter().filter(|(name, _)| name.len() >= LEAST && name.len() < 100) {
            of_store.entry(name).or_default().extend(uses);
        }
    }
    for words in words.values() {
        let files = |uses: &[&Asked<'_>]| {
            uses.iter().map(|it| it.node.place().at.file).collect::<BTreeSet<_>>().len()
        };
        let mut usual: BTreeMap<SmolStr, Vec<&str>> = BTreeMap::new();
        for name in words.iter().filter(|(_, uses)| files(uses) >= SEVERAL).map(|(name, _)| *name) {
            for text in shortened(name) {
                usual.entry(text).or_default().push(name);
            }
        }
        for (name, uses) in words.iter().filter(|(_, uses)| files(uses) == 1) {
            let near = shortened(name).filter_map(|text| usual.get(&text)).flatten();
            let Some(meant) = near.copied().find(|usual| is_slip(name, usual)) else { continue };
            // What is called like the object that asks for it is its own, and who asks for both means both: `readarr` is no
            // misspelt `radarr`.
            let Some(first) = uses.first().filter(|it| !it.object.name.contains(*name)) else { continue };
            let mut of_meant = words.get(meant).into_iter().flatten();
            if of_meant.any(|it| std::ptr::eq(it.object, first.object)) {
                continue;
            }
            let message = format!(
                "{} `{}` asks for `{name}`, which all others spell `{meant}`",
                first.object.kind, first.object.name
            );
            let mut report = cx
                .report(first.node.place(), message)
                .apps(uses.iter().map(|it| it.object.app))
                .object_ref(workloads::field_ref(inventory, first.object, &first.field))
                .help(format!("did you mean `{meant}`?"))
                .likely();
            if let Some(other) = words.get(meant).and_then(|uses| uses.first()) {
                report = report.related(other.node.place(), "spelt like this in several files");
            }
        }
    }
}

/// Providers that tell upper from lower case.
const EXACT: [&str; 7] = ["vault", "aws", "gcpsm", "doppler", "kubernetes", "infisical", "fake"];

/// Whether a store, of which kind and name are given, is known to tell upper from lower case.
fn tells_case(inventory: &Inventory, store: &str) -> bool {
    let mut parts = store.split(' ');
    let (kind, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let kind = if kind.is_empty() { "SecretStore" } else { kind };
    let mut stores = inventory.of_kind(kind).filter(|it| it.name == name);
    let is_exact = |it: &ObjectFacts| {
        let provider = it.node.as_deref().and_then(|node| node.at_path(&["spec", "provider"]));
        let entries = provider.map(Node::entries).unwrap_or_default();
        entries.iter().any(|entry| EXACT.contains(&entry.key.text.as_str()))
    };
    stores.any(is_exact)
}

fn collect<'a>(object: &'a ObjectFacts, asked: &mut BTreeMap<(SmolStr, SmolStr, String), Spellings<'a>>) {
    let Some(node) = object.node.as_deref() else { return };
    let path: &[&str] =
        if object.kind == "ExternalSecret" { &["spec"] } else { &["spec", "externalSecretSpec"] };
    let Some(spec) = node.at_path(path) else { return };
    let store = spec.get("secretStoreRef");
    let text = |key: &str| store.and_then(|store| store.get(key)).and_then(Node::as_str).unwrap_or_default();
    let namespace = if text("kind") == "ClusterSecretStore" { "" } else { object.namespace.as_str() };
    let store = SmolStr::new(format!("{} {} {namespace}", text("kind"), text("name")));
    if text("name").is_empty() {
        return;
    }
    let path = path.join(".");
    let lists = [("data", "remoteRef"), ("dataFrom", "extract")];
    for (list, part) in lists {
        for (index, item) in spec.items(&[list]).iter().enumerate() {
            let Some(remote) = item.get(part) else { continue };
            let Some(key) = remote.get("key") else { continue };
            let Some(name) = key.as_str().filter(|name| is_plain(name)) else { continue };
            let field = format!("{path}.{list}[{index}].{part}.key");
            let spellings = asked.entry((store.clone(), SmolStr::default(), letters(name))).or_default();
            spellings.entry(name).or_default().push(Asked { object, node: key, field });
            let Some(property) = remote.get("property") else { continue };
            let Some(text) = property.as_str().filter(|text| is_plain(text)) else { continue };
            let field = format!("{path}.{list}[{index}].{part}.property");
            let spellings = asked.entry((store.clone(), name.into(), letters(text))).or_default();
            spellings.entry(text).or_default().push(Asked { object, node: property, field });
        }
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['$', '{', '<', '%'])
}

/// What is left of a name when its spelling is taken away.
fn letters(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}
