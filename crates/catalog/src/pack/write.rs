//! From a draft to bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::{FORMAT, MAGIC, PackError, checksum};
use crate::columns::{Counts, GLOBAL, MULTIVALUED, NOT_SEEN, TooLarge, Written};
use crate::draft::{Draft, DraftAction, DraftClient, DraftPermission, DraftService};
use crate::tables::{KeyType, Level, Need};

type Result<T> = core::result::Result<T, PackError>;

pub(crate) fn write(draft: &Draft) -> Result<Vec<u8>> {
    let content = content(draft)?;
    let header = header(draft)?;
    let mut rest = Vec::new();
    for number in [FORMAT as usize, header.len(), content.len()] {
        let number = u32::try_from(number).map_err(|_| PackError::TooLarge)?;
        rest.extend(number.to_le_bytes());
    }
    rest.extend(header.bytes());
    rest.extend(content);
    let mut pack = MAGIC.to_vec();
    pack.extend(checksum(&rest).to_le_bytes());
    pack.extend(rest);
    Ok(pack)
}

fn header(draft: &Draft) -> Result<String> {
    let mut header = String::new();
    for source in &draft.sources {
        let date = source.date.to_string();
        let kind = match source.is_reference {
            true => "reference",
            false => "operations",
        };
        let fields = [kind, &source.name, &source.version, &date, &source.license];
        if fields
            .iter()
            .any(|field| field.contains(['\t', '\n', '\r']))
        {
            return Err(PackError::Content("a source"));
        }
        header.push_str(&fields.join("\t"));
        header.push('\n');
    }
    Ok(header)
}

/// What has a number.
struct Names<'d> {
    /// All names, by their numbers.
    names: Vec<&'d str>,
    /// The number of each name of an action, and of each name that only an operation has, by prefix and name.
    operations: BTreeMap<(&'d str, &'d str), usize>,
    own_names: usize,
    /// The number of each other text.
    texts: BTreeMap<&'d str, usize>,
    keys: BTreeMap<&'d str, usize>,
    key_sets: BTreeMap<&'d BTreeSet<String>, usize>,
}

fn numbered<T: Ord>(items: BTreeSet<T>, first: usize) -> BTreeMap<T, usize> {
    items.into_iter().zip(first..).collect()
}

fn count(length: usize) -> Result<u32> {
    u32::try_from(length).map_err(|_| PackError::TooLarge)
}

impl From<TooLarge> for PackError {
    fn from(_: TooLarge) -> PackError {
        PackError::TooLarge
    }
}

impl<'d> Names<'d> {
    fn of(draft: &'d Draft) -> Names<'d> {
        let mut texts: BTreeSet<&'d str> = BTreeSet::new();
        let mut key_sets: BTreeSet<&'d BTreeSet<String>> = BTreeSet::new();
        let mut names: Vec<&'d str> = draft.keys.values().map(|key| key.name.as_str()).collect();
        names.extend(draft.services.keys().map(String::as_str));
        for service in draft.services.values() {
            texts.insert(&service.title);
            for kind in service.types.values() {
                names.push(&kind.name);
                texts.extend(kind.formats.iter().map(String::as_str));
                key_sets.insert(&kind.keys);
            }
        }
        let mut operations = BTreeMap::new();
        for (prefix, service) in &draft.services {
            for action in service.actions.values() {
                operations.insert((prefix.as_str(), action.name.as_str()), names.len());
                names.push(&action.name);
                texts.extend(action.dependents.iter().map(String::as_str));
                key_sets.insert(&action.keys);
                key_sets.extend(action.resources.values().map(|resource| &resource.keys));
            }
        }
        for (alias, prefix) in &draft.aliases {
            texts.extend([alias.as_str(), prefix.as_str()]);
        }
        names.extend(draft.clients.values().map(|client| client.name.as_str()));
        let first_own = names.len();
        for client in draft.clients.values() {
            texts.insert(&client.prefix);
            for operation in client.operations.values() {
                operations
                    .entry((&client.prefix, &operation.name))
                    .or_insert_with(|| {
                        names.push(&operation.name);
                        names.len() - 1
                    });
                for permission in operation.permissions.iter().flatten() {
                    texts.insert(&permission.action);
                    if let Need::When(when) = &permission.need {
                        texts.insert(when);
                    }
                    texts.extend(permission.resource.as_deref());
                }
            }
        }
        let own_names = names.len() - first_own;
        let texts = numbered(texts, names.len());
        names.extend(texts.keys());
        Names {
            names,
            operations,
            own_names,
            texts,
            keys: draft.keys.keys().map(String::as_str).zip(0..).collect(),
            key_sets: numbered(key_sets, 0),
        }
    }

    fn text(&self, text: &str) -> usize {
        // All texts were put in when this was made.
        self.texts.get(text).copied().unwrap_or_default()
    }

    fn key_set(&self, set: &BTreeSet<String>) -> usize {
        self.key_sets.get(set).copied().unwrap_or_default()
    }
}

/// What is behind the header.
fn content(draft: &Draft) -> Result<Vec<u8>> {
    let names = Names::of(draft);
    let mut columns = Written::default();
    let text = names.names.concat();
    let mut end = 0;
    for name in &names.names {
        end += name.len();
        columns.name_ends.push(end)?;
    }
    for key in draft.keys.values() {
        let kind = KeyType::ALL.iter().position(|kind| *kind == key.kind);
        let flag = |is_set: bool, flag: u32| if is_set { flag as usize } else { 0 };
        let flags = flag(key.is_multivalued, MULTIVALUED) | flag(key.is_global, GLOBAL);
        columns.key_traits.push(kind.unwrap_or_default() | flags)?;
        columns.key_seen.push(key.seen)?;
    }
    for set in names.key_sets.keys() {
        for key in *set {
            let key = names.keys.get(key.as_str());
            columns
                .key_items
                .push(*key.ok_or(PackError::Content("which key"))?)?;
        }
        columns.key_set_ends.push(columns.key_items.len())?;
    }
    for service in draft.services.values() {
        names.service(&mut columns, service)?;
    }
    for (alias, prefix) in &draft.aliases {
        columns.aliases.push(names.text(alias))?;
        columns.alias_prefixes.push(names.text(prefix))?;
    }
    for client in draft.clients.values() {
        names.client(&mut columns, client)?;
    }
    let counts = Counts {
        text: count(text.len())?,
        names: count(names.names.len())?,
        own_names: count(names.own_names)?,
        keys: count(draft.keys.len())?,
        key_sets: count(names.key_sets.len())?,
        key_items: count(columns.key_items.len())?,
        services: count(draft.services.len())?,
        types: count(columns.type_keys.len())?,
        formats: count(columns.formats.len())?,
        actions: count(columns.action_keys.len())?,
        resources: count(columns.resources.len())?,
        dependents: count(columns.dependents.len())?,
        aliases: count(draft.aliases.len())?,
        clients: count(draft.clients.len())?,
        operations: count(columns.operations.len())?,
        permissions: count(columns.permissions.len())?,
    };
    let parts = [counts.bytes(), text.into_bytes(), columns.bytes()];
    Ok(parts.concat())
}

impl Names<'_> {
    fn service(&self, columns: &mut Written, service: &DraftService) -> Result<()> {
        columns.service_titles.push(self.text(&service.title))?;
        let seen = match service.seen {
            None => NOT_SEEN as usize,
            Some(seen) if seen < NOT_SEEN as usize => seen,
            Some(_) => return Err(PackError::Content("which source")),
        };
        columns.service_seen.push(seen)?;
        columns.service_has_rcp.push(service.has_rcp.into())?;
        let first_type = columns.type_keys.len();
        for kind in service.types.values() {
            for format in &kind.formats {
                columns.formats.push(self.text(format))?;
            }
            columns.type_format_ends.push(columns.formats.len())?;
            columns.type_keys.push(self.key_set(&kind.keys))?;
            columns.type_seen.push(kind.seen)?;
        }
        columns.service_type_ends.push(columns.type_keys.len())?;
        let types: BTreeMap<&str, usize> = service
            .types
            .keys()
            .map(String::as_str)
            .zip(first_type..)
            .collect();
        for action in service.actions.values() {
            self.action(columns, action, &types)?;
        }
        columns
            .service_action_ends
            .push(columns.action_keys.len())?;
        Ok(())
    }

    fn action(
        &self,
        columns: &mut Written,
        action: &DraftAction,
        types: &BTreeMap<&str, usize>,
    ) -> Result<()> {
        let level = Level::ALL.iter().position(|level| *level == action.level);
        columns.action_levels.push(level.unwrap_or_default())?;
        columns.action_seen.push(action.seen)?;
        columns.action_keys.push(self.key_set(&action.keys))?;
        for (kind, resource) in &action.resources {
            let kind = types.get(kind.as_str());
            let kind = *kind.ok_or(PackError::Content("which resource type"))?;
            columns
                .resources
                .push(kind << 1 | usize::from(resource.is_required))?;
            columns.resource_keys.push(self.key_set(&resource.keys))?;
        }
        columns.action_resource_ends.push(columns.resources.len())?;
        for dependent in &action.dependents {
            columns.dependents.push(self.text(dependent))?;
        }
        columns
            .action_dependent_ends
            .push(columns.dependents.len())?;
        Ok(())
    }

    fn client(&self, columns: &mut Written, client: &DraftClient) -> Result<()> {
        columns.client_prefixes.push(self.text(&client.prefix))?;
        for operation in client.operations.values() {
            let name = self
                .operations
                .get(&(client.prefix.as_str(), operation.name.as_str()));
            columns.operations.push(name.copied().unwrap_or_default())?;
            columns.operation_sources.push(operation.source)?;
            columns
                .operation_has_own_name
                .push(operation.permissions.is_none().into())?;
            for permission in operation.permissions.iter().flatten() {
                self.permission(columns, permission)?;
            }
            columns
                .operation_permission_ends
                .push(columns.permissions.len())?;
        }
        columns
            .client_operation_ends
            .push(columns.operations.len())?;
        Ok(())
    }

    fn permission(&self, columns: &mut Written, permission: &DraftPermission) -> Result<()> {
        columns.permissions.push(self.text(&permission.action))?;
        let need = match &permission.need {
            Need::Always => 0,
            Need::Sometimes => 1,
            Need::When(when) => self.text(when) + 2,
        };
        columns.permission_needs.push(need)?;
        let resource = permission.resource.as_deref();
        let resource = resource.map_or(0, |resource| self.text(resource) + 1);
        columns.permission_resources.push(resource)?;
        columns
            .permission_is_undocumented
            .push((!permission.is_documented).into())?;
        Ok(())
    }
}
