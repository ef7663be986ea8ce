//! From a draft to bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::{FORMAT, MAGIC, PackError, checksum};
use crate::draft::{Draft, DraftClient, DraftOperation, DraftService};
use crate::tables::{KeyType, Level, Need};

type Result<T> = core::result::Result<T, PackError>;

pub(crate) fn write(draft: &Draft) -> Result<Vec<u8>> {
    let mut writer = Writer::new(draft);
    writer.all()?;
    let content = writer.content();
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

struct Writer<'d> {
    draft: &'d Draft,
    bytes: Vec<u8>,
    /// All names.
    text: String,
    /// The number of each text that more than one row has.
    pool: BTreeMap<&'d str, usize>,
    keys: BTreeMap<&'d str, usize>,
    key_sets: BTreeMap<&'d BTreeSet<String>, usize>,
}

fn number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn numbered<T: Ord>(items: BTreeSet<T>) -> BTreeMap<T, usize> {
    items.into_iter().zip(0..).collect()
}

impl<'d> Writer<'d> {
    fn new(draft: &'d Draft) -> Writer<'d> {
        let mut pool: BTreeSet<&'d str> = BTreeSet::new();
        let mut key_sets: BTreeSet<&'d BTreeSet<String>> = BTreeSet::new();
        for service in draft.services.values() {
            pool.insert(&service.title);
            for kind in service.types.values() {
                pool.extend(kind.formats.iter().map(String::as_str));
                key_sets.insert(&kind.keys);
            }
            for action in service.actions.values() {
                pool.extend(action.dependents.iter().map(String::as_str));
                key_sets.insert(&action.keys);
                key_sets.extend(action.resources.values().map(|resource| &resource.keys));
            }
        }
        for (alias, prefix) in &draft.aliases {
            pool.extend([alias.as_str(), prefix.as_str()]);
        }
        for client in draft.clients.values() {
            pool.insert(&client.prefix);
            let operations = client.operations.values();
            for permission in operations.flat_map(|one| one.permissions.iter().flatten()) {
                pool.insert(&permission.action);
                if let Need::When(when) = &permission.need {
                    pool.insert(when);
                }
                pool.extend(permission.resource.as_deref());
            }
        }
        Writer {
            draft,
            bytes: Vec::new(),
            text: String::new(),
            pool: numbered(pool),
            keys: draft.keys.keys().map(String::as_str).zip(0..).collect(),
            key_sets: numbered(key_sets),
        }
    }

    fn all(&mut self) -> Result<()> {
        let draft = self.draft;
        let pool: Vec<&str> = self.pool.keys().copied().collect();
        self.number(pool.len());
        self.names(pool);
        self.number(draft.keys.len());
        self.names(draft.keys.values().map(|key| key.name.as_str()));
        for key in draft.keys.values() {
            let kind = KeyType::ALL.iter().position(|kind| *kind == key.kind);
            let flag = |flag: bool, bit: u8| if flag { bit } else { 0 };
            self.bytes.push(
                kind.unwrap_or_default() as u8
                    | flag(key.is_multivalued, 0x10)
                    | flag(key.is_global, 0x20),
            );
            self.source(key.seen)?;
        }
        let sets: Vec<&BTreeSet<String>> = self.key_sets.keys().copied().collect();
        self.number(sets.len());
        for set in sets {
            self.number(set.len());
            let mut next = 0;
            for key in set {
                let key = self.keys.get(key.as_str());
                let key = *key.ok_or(PackError::Content("which key"))?;
                self.number(key - next);
                next = key + 1;
            }
        }
        self.number(draft.services.len());
        self.names(draft.services.keys().map(String::as_str));
        for service in draft.services.values() {
            self.service(service)?;
        }
        self.clients()
    }

    /// The text, and what was written of it.
    fn content(self) -> Vec<u8> {
        let mut content = Vec::with_capacity(self.text.len() + self.bytes.len() + 4);
        number(&mut content, self.text.len());
        content.extend(self.text.bytes());
        content.extend(self.bytes);
        content
    }

    fn number(&mut self, own: usize) {
        number(&mut self.bytes, own);
    }

    fn names<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        for name in names {
            self.number(name.len());
            self.text.push_str(name);
        }
    }

    fn source(&mut self, source: usize) -> Result<()> {
        let number = u8::try_from(source).map_err(|_| PackError::Content("which source"))?;
        self.bytes.push(number);
        Ok(())
    }

    fn pooled(&mut self, text: &str) {
        // All texts were put in when the writer was made.
        let number = self.pool.get(text).copied().unwrap_or_default();
        self.number(number);
    }

    fn perhaps_pooled(&mut self, text: Option<&str>) {
        let number = text.and_then(|text| self.pool.get(text));
        self.number(number.map_or(0, |number| number + 1));
    }

    fn key_set(&mut self, set: &BTreeSet<String>) {
        let number = self.key_sets.get(set).copied().unwrap_or_default();
        self.number(number);
    }

    fn service(&mut self, service: &DraftService) -> Result<()> {
        self.pooled(&service.title);
        let traits = u8::from(service.seen.is_some()) | u8::from(service.has_rcp) << 1;
        self.bytes.push(traits);
        if let Some(seen) = service.seen {
            self.source(seen)?;
        }
        self.number(service.types.len());
        self.names(service.types.values().map(|kind| kind.name.as_str()));
        for kind in service.types.values() {
            self.number(kind.formats.len());
            for format in &kind.formats {
                self.pooled(format);
            }
            self.key_set(&kind.keys);
            self.source(kind.seen)?;
        }
        let types: BTreeMap<&str, usize> =
            service.types.keys().map(String::as_str).zip(0..).collect();
        self.number(service.actions.len());
        self.names(service.actions.values().map(|one| one.name.as_str()));
        // Column by column: what is alike stands together, which makes the pack a tenth smaller.
        for action in service.actions.values() {
            let level = Level::ALL.iter().position(|level| *level == action.level);
            self.bytes.push(level.unwrap_or_default() as u8);
        }
        for action in service.actions.values() {
            self.source(action.seen)?;
        }
        for action in service.actions.values() {
            self.key_set(&action.keys);
        }
        for action in service.actions.values() {
            self.number(action.resources.len());
            for (kind, resource) in &action.resources {
                let kind = types.get(kind.as_str());
                let kind = *kind.ok_or(PackError::Content("which resource type"))?;
                self.number(kind << 1 | usize::from(resource.is_required));
                self.key_set(&resource.keys);
            }
        }
        for action in service.actions.values() {
            self.number(action.dependents.len());
            for dependent in &action.dependents {
                self.pooled(dependent);
            }
        }
        Ok(())
    }

    fn clients(&mut self) -> Result<()> {
        let draft = self.draft;
        self.number(draft.aliases.len());
        for (alias, prefix) in &draft.aliases {
            self.pooled(alias);
            self.pooled(prefix);
        }
        self.number(draft.clients.len());
        self.names(draft.clients.values().map(|client| client.name.as_str()));
        for client in draft.clients.values() {
            self.pooled(&client.prefix);
            self.operations(client)?;
        }
        Ok(())
    }

    fn operations(&mut self, client: &DraftClient) -> Result<()> {
        // Most are called like the one action that they need: its place is enough.
        let service = self.draft.services.get(&client.prefix);
        let actions = service.into_iter().flat_map(|service| &service.actions);
        let places: BTreeMap<&str, usize> = actions
            .map(|(_, action)| action.name.as_str())
            .zip(0..)
            .collect();
        let place = |operation: &DraftOperation| match operation.permissions {
            None => places.get(operation.name.as_str()).copied(),
            Some(_) => None,
        };
        let all = client.operations.values();
        let (alike, others): (Vec<_>, Vec<_>) = all.partition(|one| place(one).is_some());
        self.number(alike.len());
        let mut next = 0;
        for operation in &alike {
            let place = place(operation).unwrap_or_default();
            self.number(place - next);
            next = place + 1;
        }
        for operation in &alike {
            self.source(operation.source)?;
        }
        self.number(others.len());
        self.names(others.iter().map(|one| one.name.as_str()));
        for operation in others {
            self.source(operation.source)?;
            let Some(permissions) = &operation.permissions else {
                self.number(0);
                continue;
            };
            self.number(permissions.len() + 1);
            for permission in permissions {
                self.pooled(&permission.action);
                match &permission.need {
                    Need::Always => self.number(0),
                    Need::Sometimes => self.number(1),
                    Need::When(when) => {
                        let number = self.pool.get(when.as_str()).copied();
                        self.number(number.unwrap_or_default() + 2);
                    }
                }
                self.perhaps_pooled(permission.resource.as_deref());
                self.bytes.push(u8::from(!permission.is_documented));
            }
        }
        Ok(())
    }
}
