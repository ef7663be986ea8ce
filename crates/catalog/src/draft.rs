//! A catalog that is being made.

use std::collections::{BTreeMap, BTreeSet};

use crate::pack::{self, PackError};
use crate::tables::{KeyType, Level, Need, Source};
use crate::{Action, Catalog, Operation};

/// The facts of a catalog, to add to and to write as a pack. Whatever is looked up is under its name in lower case.
///
/// ```
/// use portcullis_catalog::{Catalog, Draft};
/// let catalog = Catalog::builtin()?;
/// let draft = Draft::of(catalog);
/// assert_eq!(Catalog::from_bytes(&draft.write()?)?.actions().len(), catalog.actions().len());
/// # Ok::<(), portcullis_catalog::PackError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// In order of their dates.
    pub sources: Vec<Source>,
    /// By prefix.
    pub services: BTreeMap<String, DraftService>,
    /// By name.
    pub keys: BTreeMap<String, DraftKey>,
    /// Other names of services, letters and digits alone, and the prefix of each.
    pub aliases: BTreeMap<String, String>,
    /// By name.
    pub clients: BTreeMap<String, DraftClient>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftService {
    /// What AWS calls it.
    pub title: String,
    /// The number of the source that listed it last.
    pub seen: Option<usize>,
    /// Whether resource control policies apply to it.
    pub has_rcp: bool,
    /// By name.
    pub types: BTreeMap<String, DraftType>,
    /// By name.
    pub actions: BTreeMap<String, DraftAction>,
}

/// A resource type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftType {
    /// As it is written.
    pub name: String,
    /// Newest first.
    pub formats: Vec<String>,
    /// Names of keys in lower case.
    pub keys: BTreeSet<String>,
    /// The number of the source that listed it last.
    pub seen: usize,
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftAction {
    /// As it is written.
    pub name: String,
    /// What it does.
    pub level: Level,
    /// Names of keys in lower case.
    pub keys: BTreeSet<String>,
    /// By the name of the type in lower case.
    pub resources: BTreeMap<String, DraftResource>,
    /// As `prefix:name`.
    pub dependents: BTreeSet<String>,
    /// The number of the source that listed it last.
    pub seen: usize,
}

/// A resource type of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftResource {
    /// Whether every request names one.
    pub is_required: bool,
    /// Names of keys in lower case.
    pub keys: BTreeSet<String>,
}

/// A condition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftKey {
    /// As it is written.
    pub name: String,
    /// Of its values.
    pub kind: KeyType,
    /// Whether it has several values.
    pub is_multivalued: bool,
    /// Whether it is of all services.
    pub is_global: bool,
    /// The number of the source that listed it last.
    pub seen: usize,
}

/// A client of the SDKs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftClient {
    /// As it is written.
    pub name: String,
    /// Of its actions.
    pub prefix: String,
    /// By name.
    pub operations: BTreeMap<String, DraftOperation>,
}

/// An operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftOperation {
    /// As it is written.
    pub name: String,
    /// The number of the source that says so.
    pub source: usize,
    /// None if it needs the permission of its own name, and no other.
    pub permissions: Option<Vec<DraftPermission>>,
}

/// A permission of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DraftPermission {
    /// As `prefix:name`.
    pub action: String,
    /// Which requests ask for it.
    pub need: Need<String>,
    /// For which resource, if the source says so.
    pub resource: Option<String>,
    /// Whether AWS documents it.
    pub is_documented: bool,
}

impl Draft {
    /// The facts of a catalog.
    pub fn of(catalog: &Catalog) -> Draft {
        let mut draft = Draft {
            sources: catalog.sources().to_vec(),
            ..Draft::default()
        };
        for key in catalog.keys() {
            let row = DraftKey {
                name: key.name().to_owned(),
                kind: key.kind(),
                is_multivalued: key.is_multivalued(),
                is_global: key.is_global(),
                seen: key.seen(),
            };
            draft.keys.insert(lower(key.name()), row);
        }
        for service in catalog.services() {
            let types = service.resource_types().map(|kind| {
                let row = DraftType {
                    name: kind.name().to_owned(),
                    formats: kind.arn_formats().map(str::to_owned).collect(),
                    keys: kind.keys().map(|key| lower(key.name())).collect(),
                    seen: kind.seen(),
                };
                (lower(kind.name()), row)
            });
            let actions = service.actions();
            let row = DraftService {
                title: service.title().to_owned(),
                seen: service.seen(),
                has_rcp: service.has_resource_control_policies(),
                types: types.collect(),
                actions: actions
                    .map(|action| (lower(action.name()), drafted(action)))
                    .collect(),
            };
            draft.services.insert(lower(service.prefix()), row);
        }
        for (alias, prefix) in catalog.aliases() {
            draft.aliases.insert(alias.to_owned(), prefix.to_owned());
        }
        for client in catalog.clients() {
            let operations = client.operations();
            let row = DraftClient {
                name: client.name().to_owned(),
                prefix: client.prefix().to_owned(),
                operations: operations
                    .map(|operation| (lower(operation.name()), drafted_operation(operation)))
                    .collect(),
            };
            draft.clients.insert(lower(client.name()), row);
        }
        draft
    }

    /// The pack: the same facts give the same bytes. Refused is what no catalog could be read from again.
    pub fn write(&self) -> Result<Vec<u8>, PackError> {
        let bytes = pack::write(self)?;
        pack::read(&bytes)?;
        Ok(bytes)
    }
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn drafted(action: Action<'_>) -> DraftAction {
    let resources = action.resources().map(|resource| {
        let row = DraftResource {
            is_required: resource.is_required(),
            keys: resource.keys().map(|key| lower(key.name())).collect(),
        };
        (lower(resource.resource_type().name()), row)
    });
    DraftAction {
        name: action.name().to_owned(),
        level: action.level(),
        keys: action.own_keys().map(|key| lower(key.name())).collect(),
        resources: resources.collect(),
        dependents: action.dependents().map(|name| name.to_string()).collect(),
        seen: action.seen(),
    }
}

fn drafted_operation(operation: Operation<'_>) -> DraftOperation {
    let permissions = operation.permissions();
    let permissions = permissions.into_iter().map(|permission| DraftPermission {
        action: permission.action().to_string(),
        need: match permission.need() {
            Need::Always => Need::Always,
            Need::When(when) => Need::When(when.to_owned()),
            Need::Sometimes => Need::Sometimes,
        },
        resource: permission.resource().map(str::to_owned),
        is_documented: permission.is_documented(),
    });
    DraftOperation {
        name: operation.name().to_owned(),
        source: operation.source_index(),
        permissions: (!operation.has_own_name()).then(|| permissions.collect()),
    }
}
