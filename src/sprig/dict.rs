//! Dictionaries: sprig's `dict.go`, and `merge` as mergo does it.

use crate::gotemplate::{Data, Failure, Function, Map, Param, Slot, Value, weigh};

use super::args::{Result, arg, fixed, rest, strval, text, variadic};
use super::defaults::is_empty;

use Param::{Any, Map as Dict, String};

/// Nesting beyond this is not copied or merged: dictionaries can hold themselves.
const MAX_DEPTH: usize = 200;

/// So many entries are merged by one call.
const MAX_MERGED: usize = 1 << 20;

/// The table.
pub(super) static FUNCTIONS: &[Function] = &[
    variadic("dict", &[], Any, |_, args| {
        let pairs = args.chunks(2).map(|pair| {
            let key = pair.first().map(strval).unwrap_or_default();
            let origin = pair.first().map(Value::first_origin).unwrap_or_default();
            (
                key.into(),
                Slot {
                    value: pair.get(1).cloned().unwrap_or_else(|| Value::str("")),
                    key: origin,
                    read: None,
                },
            )
        });
        Ok(Value::map(Map::new(pairs.collect(), crate::gotemplate::MapKind::Any)))
    }),
    fixed("get", &[Dict, String], |_, args| {
        Ok(map(args, 0).get(text(args, 1)).unwrap_or_else(|| Value::str("")))
    }),
    fixed("set", &[Dict, String, Any], |_, args| {
        let value = arg(args, 0).clone();
        if value.is_nil() || value.as_map().is_some_and(Map::is_nil) {
            return Err(Failure::new("assignment to entry in nil map"));
        }
        map(args, 0).set(text(args, 1), arg(args, 2).clone());
        Ok(value)
    }),
    fixed("unset", &[Dict, String], |_, args| {
        map(args, 0).remove(text(args, 1));
        Ok(arg(args, 0).clone())
    }),
    fixed("hasKey", &[Dict, String], |_, args| Ok(Value::of(map(args, 0).has(text(args, 1))))),
    variadic("pluck", &[String], Dict, |_, args| {
        Ok(Value::list(rest(args, 1).iter().filter_map(|dict| dict.as_map()?.get(text(args, 0))).collect()))
    }),
    variadic("keys", &[], Dict, |_, args| {
        let keys = args.iter().filter_map(Value::as_map).flat_map(Map::entries);
        Ok(Value::strings(keys.map(|(key, slot)| Value::str(key).at(slot.key))))
    }),
    fixed("values", &[Dict], |_, args| {
        Ok(Value::list(map(args, 0).entries().into_iter().map(|(_, slot)| slot.value).collect()))
    }),
    variadic("pick", &[Dict], String, |_, args| {
        let source = map(args, 0);
        let picked = Map::from_entries([]);
        for key in rest(args, 1).iter().filter_map(Value::as_str) {
            if let Some(slot) = source.slot(key) {
                picked.set_slot(key, slot);
            }
        }
        Ok(Value::map(picked))
    }),
    variadic("omit", &[Dict], String, |_, args| {
        let rest = map(args, 0).shallow_copy().with_kind(crate::gotemplate::MapKind::Any);
        args.iter().skip(1).filter_map(Value::as_str).for_each(|key| rest.remove(key));
        Ok(Value::map(rest))
    }),
    variadic("dig", &[], Any, |_, args| dig(args)),
    variadic("merge", &[Dict], Dict, |_, args| merge(args, false)),
    variadic("mustMerge", &[Dict], Dict, |_, args| merge(args, false)),
    variadic("mergeOverwrite", &[Dict], Dict, |_, args| merge(args, true)),
    variadic("mustMergeOverwrite", &[Dict], Dict, |_, args| merge(args, true)),
    fixed("deepCopy", &[Any], |_, args| copied(arg(args, 0))),
    fixed("mustDeepCopy", &[Any], |_, args| copied(arg(args, 0))),
];

/// A dictionary argument; nil is an empty one.
fn map(args: &[Value], index: usize) -> Map {
    arg(args, index).as_map().cloned().unwrap_or_else(|| Map::from_entries([]))
}

fn dig(args: &[Value]) -> Result {
    let [keys @ .., default, dict] = args else {
        return Err(Failure::new("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(Failure::new("dig needs at least three arguments"));
    }
    let mut at = dict.clone();
    for (index, key) in keys.iter().enumerate() {
        let is_plain = at.as_map().is_some_and(|map| map.kind() == crate::gotemplate::MapKind::Any);
        let Some(map) = at.as_map().filter(|_| is_plain) else {
            let name = if at.is_nil() { "nil".to_owned() } else { at.type_name() };
            return Err(Failure::new(format!(
                "interface conversion: interface {{}} is {name}, not map[string]interface {{}}"
            )));
        };
        let Some(key) = key.as_str() else {
            let name = key.type_name();
            return Err(Failure::new(format!("interface conversion: interface {{}} is {name}, not string")));
        };
        match map.get(key) {
            None => return Ok(default.clone()),
            Some(value) if index + 1 == keys.len() => return Ok(value),
            Some(value) => at = value,
        }
    }
    Ok(default.clone())
}

fn merge(args: &[Value], overwrite: bool) -> Result {
    let mut target = arg(args, 0).clone();
    if target.as_map().is_none() {
        // Nothing at all is a map that is not there yet.
        target = Value::map(Map::nil(crate::gotemplate::MapKind::Any));
    }
    for source in rest(args, 1) {
        let Some(source) = source.as_map() else { continue };
        // mergo makes the map that is not there yet as soon as there is one to merge.
        if let Some(into) = target.as_map().filter(|into| into.is_nil() && !source.is_nil()) {
            target = Value::map(Map::new(std::collections::BTreeMap::new(), into.kind()));
        }
        if let Some(into) = target.as_map() {
            merge_into(into, source, overwrite, 0, &mut MAX_MERGED.clone())?;
        }
    }
    Ok(target)
}

/// `mergo.Merge` and `mergo.MergeWithOverwrite` for maps.
fn merge_into(into: &Map, source: &Map, overwrite: bool, depth: usize, left: &mut usize) -> Result<()> {
    *left = left.saturating_sub(source.len() + 1);
    if depth > MAX_DEPTH || *left == 0 {
        return Err(Failure::limit("dictionaries are nested too deep to merge, or too large"));
    }
    if into.is(source) {
        return Ok(());
    }
    for (key, slot) in source.peek() {
        match into.slot(&key) {
            None if slot.value.is_nil() && !overwrite => {}
            None => into.set_slot(key, slot),
            Some(known) => match (known.value.as_map(), slot.value.as_map()) {
                (Some(a), Some(b)) => {
                    merge_into(a, b, overwrite, depth + 1, left)?;
                    // What is empty still is replaced by the source itself.
                    if a.is_empty() {
                        into.set_slot(key, slot);
                    }
                }
                // In a map of interfaces, mergo lets empty values win as well, but nil only when it overwrites.
                _ if overwrite || is_empty(&known.value) && !slot.value.is_nil() => into.set_slot(key, slot),
                _ => {}
            },
        }
    }
    Ok(())
}

fn copied(value: &Value) -> Result {
    if value.is_nil() {
        return Err(Failure::new("reflect: call of reflect.Value.Type on zero Value"));
    }
    weigh(value)?;
    deep_copy(value, 0)
}

fn deep_copy(value: &Value, depth: usize) -> Result {
    if depth > MAX_DEPTH {
        return Err(Failure::limit("a value is nested too deep to copy"));
    }
    let data = match &value.data {
        Data::Map(map) => {
            let mut copy = std::collections::BTreeMap::new();
            for (key, slot) in map.peek() {
                copy.insert(key, Slot { value: deep_copy(&slot.value, depth + 1)?, ..slot });
            }
            Data::Map(Map::new(copy, map.kind()))
        }
        Data::List(list) if !list.items.is_nil() => {
            let items: Result<crate::gotemplate::Items> =
                list.items.iter().map(|item| deep_copy(item, depth + 1)).collect();
            Data::List(crate::gotemplate::List { items: std::rc::Rc::new(items?), elem: list.elem })
        }
        other => other.clone(),
    };
    Ok(Value { data, origin: value.origin })
}

#[cfg(test)]
mod tests {
    use crate::sprig::testing::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../fixtures/gotemplate/sprig/dict.jsonl"));
    }
}
