//! Permissions of operations: from the map, the newer list of S3's, and what is kept by hand.

use std::collections::BTreeMap;
use std::path::Path;

use portcullis_catalog::{
    Date, Draft, DraftClient, DraftOperation, DraftPermission, DraftService, DraftType, Need,
    Source,
};
use serde_json::Value;

use crate::Result;
use crate::foreign::{json, lines, list, object, text, texts};
use crate::merge::{add_source, lower};
use crate::words;

fn source(name: &str, version: &str, date: &str, license: &str) -> Result<Source> {
    Ok(Source {
        name: name.to_owned(),
        version: version.to_owned(),
        date: Date::parse(date).ok_or("a date")?,
        license: license.to_owned(),
        is_reference: false,
    })
}

/// Adds the formats of ARNs that no reference has.
pub(crate) fn formats(draft: &mut Draft, map: &Path) -> Result<()> {
    let number = add_source(
        draft,
        source(
            "iann0036/iam-dataset, aws/iam_definition.json",
            "7ff619b9b675",
            "2026-07-09",
            "MIT",
        )?,
    );
    let mut unknown = 0;
    for row in lines(&map.join("arn-formats.jsonl"))? {
        let field = |index: usize| row.get(index).and_then(Value::as_str).ok_or("a format");
        let (prefix, name, format) = (field(0)?, field(1)?, field(2)?);
        let Some(service) = draft.services.get_mut(&lower(prefix)) else {
            unknown += 1;
            continue;
        };
        let new = || DraftType {
            name: name.to_owned(),
            seen: number,
            ..DraftType::default()
        };
        let kind = service.types.entry(lower(name)).or_insert_with(new);
        if !kind.formats.iter().any(|own| own == format) {
            kind.formats.push(format.to_owned());
        }
    }
    println!("note: {unknown} formats are of services that no reference has");
    Ok(())
}

/// What is known of all operations, in place of what was known before.
pub(crate) fn operations(draft: &mut Draft, map: &Path, table: &Path) -> Result<()> {
    let table = json(table)?;
    let date = text(&table, "date")?;
    let sources = [
        source(
            "iann0036/iam-dataset, map.json",
            "e06c7e62bfd9",
            "2023-01-01",
            "MIT",
        )?,
        source(
            "Service Authorization Reference, API operations of Amazon S3",
            "2026",
            "2026",
            "facts of a page of AWS's documentation",
        )?,
        source(
            "portcullis, operations by hand",
            date,
            date,
            "Apache-2.0 OR MIT",
        )?,
    ];
    // The date of the table by hand is its version: an older one is gone with its facts.
    draft.clients.clear();
    for source in &sources {
        add_source(draft, source.clone());
    }
    let [of_map, of_s3, by_hand] = sources.map(|source| {
        let place = draft.sources.iter().position(|one| *one == source);
        place.unwrap_or_default()
    });
    let services = json(&map.join("services.json"))?;
    draft.aliases = aliases(draft, &services, &table)?;
    let mut clients = Clients {
        prefixes: prefixes(draft, &services, &table)?,
        clients: BTreeMap::new(),
    };
    from_map(&mut clients, map, of_map)?;
    for name in texts(&services, "no_permission_needed") {
        let (client, name) = name.split_once('.').ok_or("no operation")?;
        clients.add(client, name, of_map, Some(Vec::new()))?;
    }
    from_s3(&mut clients, map, &table, of_s3)?;
    from_table(&mut clients, &table, by_hand)?;
    let by_name = table.get("services").ok_or("no services by name")?;
    for (prefix, title) in object(by_name, "services by name")? {
        let new = || DraftService {
            title: title.as_str().unwrap_or_default().to_owned(),
            ..DraftService::default()
        };
        draft.services.entry(prefix.clone()).or_insert_with(new);
    }
    draft.clients = clients.clients;
    report(draft);
    Ok(())
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// The prefix of each client. Most are called like it.
fn prefixes(draft: &Draft, services: &Value, table: &Value) -> Result<BTreeMap<String, String>> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for prefix in draft.services.keys() {
        found.insert(plain(prefix), prefix.clone());
    }
    for rows in [services.get("sdk_to_prefix"), table.get("clients")] {
        let rows = rows.ok_or("no prefixes of clients")?;
        for (client, prefix) in object(rows, "prefixes of clients")? {
            let prefix = prefix.as_str().ok_or("a prefix")?;
            // The map calls two services by one name; the prefix of that name is right.
            let new = plain(client);
            let is_prefix = found.get(&new).is_some_and(|own| plain(own) == new);
            if !is_prefix {
                found.insert(new, prefix.to_owned());
            }
        }
    }
    Ok(found)
}

/// Other names of services, in the form in which they are compared.
fn aliases(draft: &Draft, services: &Value, table: &Value) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let rows = |file: &Value, member: &str| -> Result<Vec<(String, String)>> {
        let rows = file.get(member).ok_or("no other names of services")?;
        let rows = object(rows, "names of services")?.iter();
        rows.map(|(name, prefix)| Ok((plain(name), prefix.as_str().ok_or("a prefix")?.to_owned())))
            .collect()
    };
    found.extend(rows(services, "sdk_to_prefix")?);
    for prefix in draft.services.keys() {
        found.remove(&plain(prefix));
        // `cognitoidp`, as some SDKs write it.
        if plain(prefix) != *prefix {
            found.insert(plain(prefix), prefix.clone());
        }
    }
    // What is said by hand holds, also for the name of a prefix.
    found.extend(rows(table, "aliases")?);
    Ok(found)
}

struct Clients {
    /// By the plain name.
    prefixes: BTreeMap<String, String>,
    clients: BTreeMap<String, DraftClient>,
}

impl Clients {
    /// An operation, in place of what was known of it.
    fn add(
        &mut self,
        client: &str,
        name: &str,
        source: usize,
        permissions: Option<Vec<DraftPermission>>,
    ) -> Result<()> {
        let prefix = self.prefixes.get(&plain(client));
        let prefix = prefix.ok_or_else(|| format!("no prefix of {client}"))?;
        let new = || DraftClient {
            name: client.to_owned(),
            prefix: prefix.clone(),
            operations: BTreeMap::new(),
        };
        let own = self.clients.entry(lower(client)).or_insert_with(new);
        let same = format!("{prefix}:{name}");
        let permissions = permissions.map(|mut all| {
            sort(&mut all);
            all
        });
        let permissions = permissions.filter(|all| match all.as_slice() {
            [one] => {
                let plainest = DraftPermission {
                    action: same,
                    is_documented: true,
                    ..DraftPermission::default()
                };
                *one != plainest
            }
            _ => true,
        });
        let operation = DraftOperation {
            name: name.to_owned(),
            source,
            permissions,
        };
        own.operations.insert(lower(name), operation);
        Ok(())
    }
}

fn from_map(clients: &mut Clients, map: &Path, source: usize) -> Result<()> {
    for row in lines(&map.join("operations-one-resource.jsonl"))? {
        let field = |index: usize| row.get(index).and_then(Value::as_str).ok_or("an operation");
        clients.add(field(0)?, field(1)?, source, None)?;
    }
    // Of most of the several resources only their parts are in the request; some are there whole.
    for file in [
        "operations-several-resources.jsonl",
        "operations-differ.jsonl",
    ] {
        for row in lines(&map.join(file))? {
            let permissions = list(&row, "actions").iter().map(words::permission);
            let permissions = joined(permissions.collect::<Result<_>>()?);
            clients.add(
                text(&row, "sdk")?,
                text(&row, "op")?,
                source,
                Some(permissions),
            )?;
        }
    }
    Ok(())
}

/// The permissions of an operation, each action for each resource once.
fn joined(permissions: Vec<DraftPermission>) -> Vec<DraftPermission> {
    let mut found: Vec<DraftPermission> = Vec::new();
    for one in permissions {
        let same =
            |own: &&mut DraftPermission| own.action == one.action && own.resource == one.resource;
        let Some(own) = found.iter_mut().find(same) else {
            found.push(one);
            continue;
        };
        own.is_documented |= one.is_documented;
        own.need = match (std::mem::take(&mut own.need), one.need) {
            (Need::When(a), Need::When(b)) if a != b => Need::When(format!("{a}, or {b}")),
            (Need::When(a), Need::When(_)) => Need::When(a),
            // Always, whatever else.
            _ => Need::Always,
        };
    }
    found
}

fn from_s3(clients: &mut Clients, map: &Path, table: &Value, source: usize) -> Result<()> {
    let of_others = table.get("services_of_s3").ok_or("no services_of_s3")?;
    for row in lines(&map.join("s3-operations.jsonl"))? {
        let name = text(&row, "op")?;
        let actions: Vec<&str> = texts(&row, "actions").collect();
        let permission = |action: &str, need: Need<String>| DraftPermission {
            action: action.to_owned(),
            need,
            resource: None,
            is_documented: true,
        };
        let mut permissions = Vec::new();
        for action in &actions {
            let need = match actions.len() {
                1 => Need::Always,
                _ => Need::Sometimes,
            };
            permissions.push(permission(action, need));
        }
        for other in list(&row, "other") {
            let action = match other.as_str() {
                Some(action) => action,
                None => text(other, "action")?,
            };
            let prefix = action.split(':').next().unwrap_or_default();
            let when = of_others.get(prefix).and_then(Value::as_str);
            let need = when.map_or(Need::Sometimes, |when| Need::When(when.to_owned()));
            permissions.push(permission(action, need));
        }
        clients.add("S3", name, source, Some(permissions))?;
    }
    Ok(())
}

fn from_table(clients: &mut Clients, table: &Value, source: usize) -> Result<()> {
    for row in list(table, "operations") {
        let permissions = list(row, "permissions").iter().map(by_hand);
        let permissions = permissions.collect::<Result<Vec<_>>>()?;
        clients.add(
            text(row, "client")?,
            text(row, "operation")?,
            source,
            Some(permissions),
        )?;
    }
    for row in list(table, "conditions") {
        for name in texts(row, "operations") {
            let (client, operation) = name.split_once('.').ok_or("no operation")?;
            let own = clients.clients.get_mut(&lower(client));
            let own = own.and_then(|own| own.operations.get_mut(&lower(operation)));
            let own = own.ok_or_else(|| format!("{name} has a condition, and no source has it"))?;
            let same = DraftPermission {
                action: format!("{}:{operation}", lower(client)),
                is_documented: true,
                ..DraftPermission::default()
            };
            let permissions = own.permissions.get_or_insert_with(|| vec![same]);
            for one in list(row, "permissions") {
                let new = by_hand(one)?;
                match permissions.iter_mut().find(|own| own.action == new.action) {
                    Some(own) => *own = new,
                    None => permissions.push(new),
                }
            }
            // What the operation itself is called, and what an upload is, is asked for in any case.
            for one in permissions.iter_mut() {
                let is_own = one.action.rsplit(':').next() == Some(operation);
                let named = list(row, "permissions").iter().any(|new| {
                    new.get("action").and_then(Value::as_str) == Some(one.action.as_str())
                });
                if !named && one.need == Need::Sometimes && (is_own || is_put(&one.action)) {
                    one.need = Need::Always;
                }
            }
            sort(permissions);
        }
    }
    Ok(())
}

/// What is always asked for is first.
fn sort(permissions: &mut [DraftPermission]) {
    permissions.sort_by_key(|one| one.need != Need::Always);
}

/// What an upload always asks for.
fn is_put(action: &str) -> bool {
    action == "s3:PutObject"
}

fn by_hand(value: &Value) -> Result<DraftPermission> {
    let member = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(DraftPermission {
        action: text(value, "action")?.to_owned(),
        need: member("when").map_or(Need::Always, Need::When),
        resource: member("resource"),
        is_documented: true,
    })
}

/// Says what does not fit together.
fn report(draft: &Draft) {
    let (mut all, mut unknown) = (0, 0);
    for client in draft.clients.values() {
        for operation in client.operations.values() {
            let same = format!("{}:{}", client.prefix, operation.name);
            let actions: Vec<&str> = match &operation.permissions {
                None => vec![&same],
                Some(own) => own.iter().map(|one| one.action.as_str()).collect(),
            };
            for action in actions {
                all += 1;
                let (prefix, name) = action.split_once(':').unwrap_or((action, ""));
                let service = draft.services.get(&lower(prefix));
                let known = service.is_some_and(|own| own.actions.contains_key(&lower(name)));
                unknown += usize::from(!known);
            }
        }
    }
    println!("note: {unknown} of {all} permissions of operations are in no reference");
}
