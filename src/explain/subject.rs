//! Finding what a question is about: an app of the repository, an object of the app.

use crate::near::did_you_mean;
use crate::repo::{self, App, Inventory, Object, Rendered, Workspace};

use super::naming::AppNames;

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

fn find_app<'i>(inventory: &'i Inventory, name: &str) -> Result<&'i App, String> {
    let wanted = name.strip_suffix('/').unwrap_or(name);
    let wanted = wanted.strip_prefix("./").unwrap_or(wanted);
    let names = AppNames::new(inventory);
    match names.find(wanted).as_slice() {
        [app] => Ok(app),
        [] => {
            let known = || inventory.apps.iter().map(|entry| &*entry.app.name);
            let part = || known().find(|known| known.contains(name));
            Err(match did_you_mean(name, known()).or_else(part) {
                Some(near) => format!("there is no app `{name}`: did you mean `{near}`?"),
                None => format!("there is no app `{name}`: `gitops-lint apps` lists them"),
            })
        }
        several => {
            let named = several.iter().take(NAMED);
            let lines: Vec<String> = named.map(|app| format!("  {}", names.alone(app))).collect();
            let rest = several.len().saturating_sub(NAMED);
            let rest = if rest > 0 { format!("\n  and {rest} more") } else { String::new() };
            let lines = lines.join("\n");
            Err(format!("{} apps are called `{name}`, say which one:\n{lines}{rest}", several.len()))
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
