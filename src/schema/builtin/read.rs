//! Reads the table of Kubernetes' kinds; its format is described in its head.

use rustc_hash::FxHashMap;
use serde_json::Value;
use smol_str::SmolStr;

use super::{FIRST_MINOR, KindInfo, LAST_MINOR, Scope, Table};
use crate::schema::def::{Bounds, Def, Field, Format, Limits, ListType, Others, Pattern, Schema, Types};

/// The number of a type: of the table itself, else of that of Kubernetes.
pub(super) fn index_of(table: &Table, name: &str) -> Option<u32> {
    table.index_of(name).or_else(|| super::table().index_of(name))
}

/// Finds the kinds, which come before all types. What makes no sense is skipped; a test sees to it that there is nothing of
/// that kind.
pub(super) fn table(text: &'static str, base: u32, types: &'static [u32]) -> Table {
    let (mut kinds, mut patterns) = (Vec::new(), Vec::new());
    let mut by_kind: FxHashMap<&'static str, Vec<u32>> = FxHashMap::default();
    let lines = text.lines().take_while(|line| !line.starts_with("type "));
    for line in lines {
        if let Some((_, pattern)) = line.strip_prefix("pattern ").and_then(|rest| rest.split_once(' ')) {
            patterns.push(pattern);
        }
        let Some(row) = line.strip_prefix("kind ") else { continue };
        let mut words = row.split(' ');
        let (Some(api_version), Some(kind), Some(type_name)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let (mut scope, mut minors, mut once) = (Scope::Namespaced, (FIRST_MINOR, LAST_MINOR), false);
        for word in words {
            match word.strip_prefix('@') {
                Some(range) => minors = minors_of(range),
                None if word == "once" => once = true,
                None => scope = Scope::Cluster,
            }
        }
        by_kind.entry(kind).or_default().push(kinds.len() as u32);
        kinds.push(KindInfo { api_version, kind, scope, minors, once, type_name });
    }
    Table { text, base, kinds, by_kind, types, patterns }
}

fn minors_of(range: &str) -> (u32, u32) {
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    (from.parse().unwrap_or(FIRST_MINOR), to.parse().unwrap_or(LAST_MINOR))
}

/// A field as the table has it.
pub(super) struct Row {
    pub(super) name: &'static str,
    required: bool,
    shape: &'static str,
    pub(super) minors: (u32, u32),
}

/// The fields of a type, in all minors.
pub(super) fn fields(line: &'static str) -> impl Iterator<Item = Row> {
    line.split(' ').filter_map(|word| {
        let (name, shape) = word.split_once(':')?;
        let (shape, minors) = match shape.rsplit_once('@') {
            Some((shape, range)) => (shape, minors_of(range)),
            None => (shape, (FIRST_MINOR, LAST_MINOR)),
        };
        let required = name.ends_with('!');
        Some(Row { name: name.trim_end_matches('!'), required, shape, minors })
    })
}

/// Compiles a type for one minor.
pub(super) fn def(table: &Table, line: &'static str, index: u32, minor: u32) -> Def {
    let mut def = Def { built_in: Some(index), nullable: true, ..Def::of(Types::OBJECT) };
    for row in fields(line).filter(|row| row.minors.0 <= minor && minor <= row.minors.1) {
        if row.required {
            def.required.push(SmolStr::new_static(row.name));
        }
        let name = SmolStr::new_static(row.name);
        def.fields.push(Field { name, schema: schema(table, row.shape), default: None });
    }
    def.fields.sort_by(|a, b| a.name.cmp(&b.name));
    // A struct of Kubernetes without fields is empty; what may hold anything has no type of its own. Of others, not all is known.
    if line.is_empty() && index < super::CUSTOM {
        def.others = Others::Nothing;
    }
    def
}

fn schema(table: &Table, shape: &'static str) -> Schema {
    if let Some(name) = shape.strip_prefix('=') {
        return match index_of(table, name) {
            Some(index) => Schema::Named(index),
            None => Schema::Here(Box::default()),
        };
    }
    let formatted = |types: Types, format: Format| Def { format, ..Def::of(types) };
    let mut def = match shape.chars().next() {
        Some('[') => {
            let rest = shape.get(1..).unwrap_or_default();
            let keys = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            let (list, rest) = match keys {
                Some(("", rest)) => (ListType::Set, rest),
                Some((keys, rest)) => {
                    (ListType::Map(keys.split(',').map(SmolStr::new_static).collect()), rest)
                }
                None => (ListType::Atomic, rest),
            };
            let (items, rest) = counted(rest);
            let limits = items.map(|items| Box::new(Limits { items, ..Limits::default() }));
            Def { items: Some(schema(table, rest)), list, limits, ..Def::of(Types::ARRAY) }
        }
        Some('{') => {
            let (properties, rest) = counted(shape.get(1..).unwrap_or_default());
            let limits = properties.map(|properties| Box::new(Limits { properties, ..Limits::default() }));
            Def { others: Others::Values(schema(table, rest)), limits, ..Def::of(Types::OBJECT) }
        }
        Some('(') => {
            let words = shape.trim_start_matches('(').trim_end_matches(')').split('|');
            let one_of_values = words.map(|word| Value::from(word.replace('_', " "))).collect();
            let limits = Limits { one_of_values, ..Limits::default() };
            Def { limits: Some(Box::new(limits)), ..Def::of(Types::STRING) }
        }
        Some('s') => Def { limits: text_limits(table, shape), ..Def::of(Types::STRING) },
        Some('b') => Def::of(Types::BOOLEAN),
        Some('i') => Def { limits: number_limits(shape), ..formatted(Types::INTEGER, Format::Int32) },
        Some('l') => Def { limits: number_limits(shape), ..formatted(Types::INTEGER, Format::Int64) },
        Some('n') => Def { limits: number_limits(shape), ..Def::of(Types::NUMBER) },
        Some('I') => formatted(Types::INTEGER.with(Types::STRING), Format::Int32),
        Some('Q') => formatted(Types::NUMBER.with(Types::STRING), Format::Quantity),
        Some('T') => formatted(Types::STRING, Format::DateTime),
        Some('Y') => formatted(Types::STRING, Format::Byte),
        Some('o') => Def { others: Others::Open, ..Def::of(Types::OBJECT) },
        _ => Def { others: Others::Open, ..Def::default() },
    };
    def.nullable = true;
    Schema::Here(Box::new(def))
}

/// `1..8` at the beginning of a text, and what is behind it.
fn range(text: &str) -> (Option<(&str, &str)>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(text.len());
    let (head, rest) = text.split_at(end);
    (head.split_once(".."), rest)
}

/// How many elements there may be.
fn counted(text: &'static str) -> (Option<Bounds>, &'static str) {
    let (range, rest) = range(text);
    let bounds = |(least, most): (&str, &str)| Bounds { least: least.parse().ok(), most: most.parse().ok() };
    (range.map(bounds), rest)
}

/// `i1..65535`
fn number_limits(shape: &str) -> Option<Box<Limits>> {
    let (least, most) = range(shape.get(1..)?).0?;
    let bound = |text: &str| Some((text.parse::<f64>().ok()?, false));
    Some(Box::new(Limits { minimum: bound(least), maximum: bound(most), ..Limits::default() }))
}

/// `s1..253/7`: a length, and the number of a pattern.
fn text_limits(table: &Table, shape: &'static str) -> Option<Box<Limits>> {
    let (length, rest) = counted(shape.get(1..)?);
    let pattern = rest.strip_prefix('/').and_then(|number| table.patterns.get(number.parse::<usize>().ok()?));
    let pattern = pattern.map(|text| Pattern::new((*text).to_owned()));
    (length.is_some() || pattern.is_some())
        .then(|| Box::new(Limits { length: length.unwrap_or_default(), pattern, ..Limits::default() }))
}
