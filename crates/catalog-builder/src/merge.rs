//! What one source lists, and how it goes into a catalog: what was once listed stays.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_catalog::{
    Draft, DraftAction, DraftKey, DraftResource, DraftService, DraftType, KeyType, Level, Source,
};

use crate::Result;

/// What a source lists.
pub(crate) struct Snapshot {
    pub(crate) source: Source,
    /// Whether it tells of actions that depend on others.
    pub(crate) has_dependents: bool,
    pub(crate) services: BTreeMap<String, DraftService>,
    pub(crate) keys: BTreeMap<String, DraftKey>,
}

pub(crate) fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// A key's name in one spelling: references write `<key>`, `tag-key` or nothing for the variable too.
pub(crate) fn key_name(name: &str) -> String {
    let start = match name.ends_with('>') {
        true => name.split_once('<').map(|(start, _)| start),
        false => {
            Some(name.strip_suffix("tag-key").unwrap_or(name)).filter(|start| start.ends_with('/'))
        }
    };
    start.map_or(name.to_owned(), |start| format!("{start}${{TagKey}}"))
}

/// `ArrayOfString` is String, several.
pub(crate) fn key_type(word: &str) -> Result<(KeyType, bool)> {
    let (one, several) = match word.strip_prefix("ArrayOf") {
        Some(one) => (one, true),
        None => (word, false),
    };
    // Older references spell the types in several ways.
    let one = match lower(one).as_str() {
        "string" => "String",
        "arn" => "ARN",
        "bool" | "boolean" => "Bool",
        "long" | "integer" | "number" | "numeric" => "Numeric",
        "date" => "Date",
        "ipaddress" => "IPAddress",
        "binary" => "Binary",
        _ => return Err(format!("a key of the type {word:?}").into()),
    };
    let kind = KeyType::parse(one).ok_or("a type of keys")?;
    Ok((kind, several))
}

/// `Tagging, Write` is Tagging: of several the one that says more.
pub(crate) fn level(words: &str) -> Result<Level> {
    let levels = words.split(", ").map(Level::parse);
    let levels: Option<Vec<Level>> = levels.collect();
    let level = levels.and_then(|levels| levels.into_iter().max());
    Ok(level.ok_or_else(|| format!("an action of the level {words:?}"))?)
}

pub(crate) fn key(name: &str, word: &str, is_global: bool) -> Result<(String, DraftKey)> {
    let (kind, is_multivalued) = key_type(word)?;
    let name = key_name(name);
    let row = DraftKey {
        name: name.clone(),
        kind,
        is_multivalued,
        is_global,
        seen: 0,
    };
    Ok((lower(&name), row))
}

/// The number of a source, which has its place by its date.
pub(crate) fn add_source(draft: &mut Draft, source: Source) -> usize {
    let same = |one: &Source| one.name == source.name && one.version == source.version;
    if let Some(index) = draft.sources.iter().position(same) {
        return index;
    }
    let order = |one: &Source| (one.date, one.name.clone());
    let new = order(&source);
    let place = draft.sources.partition_point(|one| order(one) < new);
    draft.sources.insert(place, source);
    let shift = |seen: &mut usize| *seen += usize::from(*seen >= place);
    for service in draft.services.values_mut() {
        service.seen.iter_mut().for_each(shift);
        service
            .types
            .values_mut()
            .for_each(|one| shift(&mut one.seen));
        service
            .actions
            .values_mut()
            .for_each(|one| shift(&mut one.seen));
    }
    draft.keys.values_mut().for_each(|one| shift(&mut one.seen));
    for client in draft.clients.values_mut() {
        let operations = client.operations.values_mut();
        operations.for_each(|one| shift(&mut one.source));
    }
    place
}

/// Adds what a source lists. Of what others list too, the newest says how it is.
pub(crate) fn merge(draft: &mut Draft, snapshot: Snapshot) {
    let is_newest_of_its_kind = !draft
        .sources
        .iter()
        .any(|one| one.name == snapshot.source.name && one.date > snapshot.source.date);
    let takes_dependents = snapshot.has_dependents && is_newest_of_its_kind;
    let number = add_source(draft, snapshot.source);
    for (name, mut key) in snapshot.keys {
        key.seen = number;
        match draft.keys.get_mut(&name) {
            Some(own) if own.seen > number => {}
            Some(own) => {
                key.is_global |= own.is_global;
                *own = key;
            }
            None => {
                draft.keys.insert(name, key);
            }
        }
    }
    for (prefix, service) in snapshot.services {
        let own = draft.services.entry(prefix).or_default();
        if own.seen.is_none_or(|seen| seen <= number) {
            own.seen = Some(number);
            own.title = service.title;
            own.has_rcp = service.has_rcp;
        }
        for (name, kind) in service.types {
            merge_type(own, name, kind, number);
        }
        for (name, action) in service.actions {
            merge_action(own, name, action, number, takes_dependents);
        }
    }
    define_keys(draft, number);
}

fn merge_type(service: &mut DraftService, name: String, mut kind: DraftType, number: usize) {
    kind.seen = number;
    let Some(own) = service.types.get_mut(&name) else {
        service.types.insert(name, kind);
        return;
    };
    let (mut newer, older) = match own.seen > number {
        true => (own.clone(), kind),
        false => (kind, own.clone()),
    };
    for format in older.formats {
        if !newer.formats.contains(&format) {
            newer.formats.push(format);
        }
    }
    *own = newer;
}

fn merge_action(
    service: &mut DraftService,
    name: String,
    mut action: DraftAction,
    number: usize,
    takes_dependents: bool,
) {
    action.seen = number;
    for kind in action.resources.keys() {
        // A type that the source mentions and does not describe.
        let unknown = || DraftType {
            name: kind.clone(),
            seen: number,
            ..DraftType::default()
        };
        service.types.entry(kind.clone()).or_insert_with(unknown);
    }
    let Some(own) = service.actions.get_mut(&name) else {
        service.actions.insert(name, action);
        return;
    };
    let dependents = match takes_dependents {
        true => action.dependents.clone(),
        false => own.dependents.clone(),
    };
    if own.seen <= number {
        *own = action;
    }
    own.dependents = dependents;
}

/// Keys that are mentioned and not described are text, as most are.
fn define_keys(draft: &mut Draft, number: usize) {
    let mut used: BTreeSet<&String> = BTreeSet::new();
    for service in draft.services.values() {
        used.extend(service.types.values().flat_map(|kind| &kind.keys));
        for action in service.actions.values() {
            used.extend(&action.keys);
            used.extend(
                action
                    .resources
                    .values()
                    .flat_map(|one: &DraftResource| &one.keys),
            );
        }
    }
    let missing: Vec<String> = used
        .into_iter()
        .filter(|name| !draft.keys.contains_key(*name))
        .cloned()
        .collect();
    for name in missing {
        println!("note: the key {name} is used and not described");
        let row = DraftKey {
            name: name.clone(),
            kind: KeyType::String,
            is_multivalued: false,
            is_global: false,
            seen: number,
        };
        draft.keys.insert(name, row);
    }
}
