//! Finding what a question is about: an app of the repository, an object of the app.

use crate::finding::did_you_mean;
use crate::repo::{self, App, AppKind, Inventory, Object, Rendered, Workspace};

/// Candidates named in a message.
const NAMED: usize = 8;

/// An app and what it renders to.
#[derive(Debug)]
pub struct Subject {
    /// The app.
    pub app: App,
    /// Its render, trees included.
    pub rendered: Rendered,
}

impl Subject {
    /// Finds apps by name and renders them. `Err` says which name is not there or is not one app's, and what is near.
    pub fn find_all(workspace: &Workspace, names: &[&str]) -> Result<Vec<Self>, String> {
        let (inventory, _) = repo::analyze(workspace, &|_, _| ());
        let apps: Result<Vec<&App>, String> = names.iter().map(|name| find_app(&inventory, name)).collect();
        let render = |app: &App| Self { rendered: repo::render(app, workspace), app: app.clone() };
        Ok(apps?.into_iter().map(render).collect())
    }

    /// Finds one app and renders it.
    pub fn find(workspace: &Workspace, name: &str) -> Result<Self, String> {
        let missing = || format!("there is no app `{name}`");
        Self::find_all(workspace, &[name])?.pop().ok_or_else(missing)
    }
}

/// The unambiguous names of an app, the short ones first. Names repeat where environments lie in directories of
/// their own, so the file that defines an app is part of some; one file may serve several clusters.
fn qualified(app: &App) -> [String; 8] {
    let kind = app.kind.as_str().to_lowercase();
    let file = app.path.as_ref().map(ToString::to_string).unwrap_or_default();
    [
        app.name.to_string(),
        format!("{}/{}", app.namespace, app.name),
        format!("{kind}/{}", app.name),
        format!("{}@{file}", app.name),
        format!("{}@{}", app.name, app.cluster),
        format!("{kind}/{}/{}", app.namespace, app.name),
        format!("{kind}/{}@{file}", app.name),
        format!("{kind}/{}@{}", app.name, app.cluster),
    ]
}

fn find_app<'i>(inventory: &'i Inventory, name: &str) -> Result<&'i App, String> {
    let apps = || inventory.apps.iter().map(|entry| &entry.app);
    let wanted = name.strip_suffix('/').unwrap_or(name);
    let wanted = wanted.strip_prefix("./").unwrap_or(wanted);
    let mut named: Vec<&App> =
        apps().filter(|app| qualified(app).iter().any(|known| known == wanted)).collect();
    // An ApplicationSet often bears the name of what it generates, which is what people ask for.
    if named.len() > 1 && named.iter().any(|app| app.kind != AppKind::ApplicationSet) {
        named.retain(|app| app.kind != AppKind::ApplicationSet || *app.name != *wanted);
    }
    match named.as_slice() {
        [app] => Ok(app),
        [] => {
            let near = did_you_mean(name, apps().map(|app| &*app.name));
            let part = || apps().map(|app| &*app.name).find(|known| known.contains(name));
            Err(match near.or_else(part) {
                Some(near) => format!("there is no app `{name}`: did you mean `{near}`?"),
                None => format!("there is no app `{name}`: `gitops-lint apps` lists them"),
            })
        }
        several => {
            let lines: Vec<String> = several
                .iter()
                .take(NAMED)
                .map(|app| {
                    let names = qualified(app);
                    let alone = |known: &&String| {
                        several.iter().filter(|other| qualified(other).contains(known)).count() == 1
                    };
                    let short = names.iter().find(alone).or(names.last());
                    format!("  {}", short.map_or("", |name| name.as_str()))
                })
                .collect();
            let rest = several.len().saturating_sub(NAMED);
            let rest = if rest > 0 { format!("\n  and {rest} more") } else { String::new() };
            Err(format!("{} apps are called `{name}`:\n{}{rest}", several.len(), lines.join("\n")))
        }
    }
}

/// Finds the object that `KIND/NAME` or `KIND/NAMESPACE/NAME` names; the kind in any case, singular or plural, with
/// its group (`Certificate.cert-manager.io/web`) where kinds share a name.
pub fn find_object<'r>(rendered: &'r Rendered, wanted: &str) -> Result<&'r Object, String> {
    let mut parts = wanted.splitn(3, '/');
    let (kind, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let (namespace, name) = match (second, third) {
        (Some(namespace), Some(name)) => (Some(namespace), name),
        (Some(name), None) => (None, name),
        (None, _) => return Err(format!("`{wanted}` names no object: write KIND/NAME")),
    };
    let (kind, group) = kind.split_once('.').map_or((kind, None), |(kind, group)| (kind, Some(group)));
    let kind = kind.to_lowercase();
    let fits = |object: &&Object| {
        let own = object.kind.to_lowercase();
        let plural = kind.strip_prefix(own.as_str()).is_some_and(|rest| matches!(rest, "" | "s" | "es"));
        let ies = own.strip_suffix('y').is_some_and(|stem| kind == format!("{stem}ies"));
        (plural || ies) && group.is_none_or(|group| object.group == group)
    };
    let of_kind: Vec<&Object> = rendered.objects.iter().filter(fits).collect();
    if of_kind.is_empty() {
        let mut kinds: Vec<&str> = rendered.objects.iter().map(|object| object.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        return Err(match did_you_mean(&kind, kinds.iter().copied()) {
            Some(near) => format!("the app renders no `{kind}`: did you mean `{near}/{name}`?"),
            None if kinds.is_empty() => "the app renders no objects".to_owned(),
            None => format!("the app renders no `{kind}`: it renders {}", kinds.join(", ")),
        });
    }
    let named: Vec<&&Object> = of_kind
        .iter()
        .filter(|object| {
            object.name == name && namespace.is_none_or(|namespace| object.namespace == namespace)
        })
        .collect();
    match named.as_slice() {
        [object] => Ok(object),
        [] => {
            let names = || of_kind.iter().map(|object| object.name.as_str());
            // Generated names end in a hash that nobody types.
            let longer =
                || names().find(|known| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')));
            let kind = of_kind.first().map_or("", |object| object.kind.as_str());
            Err(match did_you_mean(name, names()).or_else(longer) {
                Some(near) => format!("the app renders no {kind} `{name}`: did you mean `{kind}/{near}`?"),
                None => {
                    let mut known: Vec<&str> = names().collect();
                    known.sort_unstable();
                    let more = if known.len() > NAMED { ", ..." } else { "" };
                    known.truncate(NAMED);
                    format!("the app renders no {kind} `{name}`: it renders {}{more}", known.join(", "))
                }
            })
        }
        several => {
            let lines: Vec<String> = several
                .iter()
                .take(NAMED)
                .map(|object| {
                    let group =
                        if object.group.is_empty() { String::new() } else { format!(".{}", object.group) };
                    format!("  {}{group}/{}/{}", object.kind, object.namespace, object.name)
                })
                .collect();
            Err(format!("{} objects are `{wanted}`:\n{}", several.len(), lines.join("\n")))
        }
    }
}
