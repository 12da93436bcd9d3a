//! `invalid-lua-script`: see the page.

use crate::argocd::lua_fault;
use crate::origin::{Locate, Place};
use crate::repo::Inventory;
use crate::rules::{Context, Rule, RuleMeta, meta};
use crate::yaml::{Embedded, Node};

meta!(
    "invalid-lua-script",
    "argocd",
    Error,
    Recommended,
    "0.2.0",
    "A Lua script in the settings of Argo CD opens a block that it does not close."
);

pub(crate) struct InvalidLuaScript;

/// What holds one script each: `resource.customizations.health.<group>_<kind>`.
const SCRIPTS: &str = "resource.customizations.health.";

impl Rule for InvalidLuaScript {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        for object in inventory.declared.iter().filter(|it| it.name == "argocd-cm" && it.kind == "ConfigMap")
        {
            for entry in object.node.get("data").map(Node::entries).unwrap_or_default() {
                let key = entry.key.text.as_str();
                let script = entry.value.as_str().filter(|text| !text.contains("{{"));
                let Some(script) = script.filter(|_| key.starts_with(SCRIPTS)) else { continue };
                let Some(fault) = lua_fault(script) else { continue };
                let at = match cx.sources().get(entry.value.at.file) {
                    Some(file) => Embedded::of_written(&entry.value, &file).locate(fault.at).at,
                    None => entry.value.at,
                };
                let place = Place { at, origin: entry.value.origin };
                cx.report(place, format!("`{key}` is no Lua: {}", fault.message))
                    .apps(object.app)
                    .help("Argo CD reports every object of the kind as unknown while the script fails");
            }
        }
    }
}
