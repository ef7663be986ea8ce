//! The facts as they are asked for.

use core::fmt;

use crate::operations::ActionName;
use crate::tables::{
    ActionId, ActionRow, KeyId, KeyRow, KeyType, Level, ResourceRow, ResourceTypeId, Rows,
    ServiceId, ServiceRow, Source, Tables, TypeRow, rows,
};
use crate::{Catalog, arn};

macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $id:ident, $row:ident, $table:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'c> {
            pub(crate) catalog: &'c Catalog,
            pub(crate) row: &'c $row,
            id: $id,
        }

        impl<'c> $name<'c> {
            /// Its number in this catalog, and in no other.
            pub fn id(self) -> $id {
                self.id
            }

            pub(crate) fn all(catalog: &'c Catalog, range: &Rows) -> impl ExactSizeIterator<Item = $name<'c>> + use<'c> {
                let first = range.start;
                let rows = rows(&catalog.tables.$table, range).iter().enumerate();
                rows.map(move |(index, row)| $name { catalog, row, id: $id(first + index as u32) })
            }

            pub(crate) fn at(catalog: &'c Catalog, index: u32) -> Option<$name<'c>> {
                let row = catalog.tables.$table.get(index as usize)?;
                Some($name { catalog, row, id: $id(index) })
            }
        }

        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                core::ptr::eq(self.row, other.row)
            }
        }

        impl Eq for $name<'_> {}

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

view!(
    /// A service, or what has a prefix of its own.
    Service, ServiceId, ServiceRow, services
);
view!(
    /// An action: what policies call `prefix:name`.
    Action, ActionId, ActionRow, actions
);
view!(
    /// A type of resources of a service.
    ResourceType, ResourceTypeId, TypeRow, types
);
view!(
    /// A condition key. Its name may have a variable, as `aws:RequestTag/${TagKey}` has.
    Key, KeyId, KeyRow, keys
);

fn key_set<'c>(catalog: &'c Catalog, set: u32) -> impl Iterator<Item = Key<'c>> + use<'c> {
    let tables = &catalog.tables;
    let range = tables.key_sets.get(set as usize);
    let items = range.map_or(&[][..], |range| rows(&tables.key_items, range));
    items.iter().filter_map(|index| Key::at(catalog, *index))
}

fn source(tables: &Tables, index: u8) -> &Source {
    // The reader refuses numbers that no source has, and so a catalog without sources has no rows.
    static NONE: Source = Source {
        name: String::new(),
        version: String::new(),
        date: crate::Date::NONE,
        license: String::new(),
        is_reference: false,
    };
    tables.sources.get(usize::from(index)).unwrap_or(&NONE)
}

/// Whether a source is the newest version of its kind.
fn is_newest_version(tables: &Tables, index: u8) -> bool {
    tables.is_newest.get(usize::from(index)) == Some(&true)
}

impl fmt::Display for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix())
    }
}

impl<'c> Service<'c> {
    /// The prefix of its actions.
    pub fn prefix(self) -> &'c str {
        self.catalog.tables.str(self.row.prefix)
    }

    /// What AWS calls it.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// assert_eq!(catalog.service("IAM").ok_or("none")?.title(), "AWS Identity and Access Management (IAM)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn title(self) -> &'c str {
        self.catalog.tables.str(self.row.title)
    }

    /// Its actions, in alphabetical order.
    pub fn actions(self) -> impl ExactSizeIterator<Item = Action<'c>> + use<'c> {
        Action::all(self.catalog, &self.row.actions)
    }

    /// Its action of a name, in any case.
    pub fn action(self, name: &str) -> Option<Action<'c>> {
        let table = &self.catalog.tables.actions;
        let index = self
            .catalog
            .search(table, &self.row.actions, name, |row| row.name)?;
        Action::at(self.catalog, index)
    }

    /// Its resource types, in alphabetical order.
    pub fn resource_types(self) -> impl ExactSizeIterator<Item = ResourceType<'c>> + use<'c> {
        ResourceType::all(self.catalog, &self.row.types)
    }

    /// The source that listed it last; none if the service is known, and no source lists it.
    pub fn last_seen(self) -> Option<&'c Source> {
        let seen = self.row.seen?;
        Some(source(&self.catalog.tables, seen))
    }

    /// True if it is in no reference of today: see [`Action::is_current`].
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let retired = |prefix| catalog.service(prefix).map(|service| service.is_retired());
    /// assert_eq!(retired("s3"), Some(false));
    /// assert_eq!(retired("deeplens"), Some(true));
    /// # Ok::<(), portcullis_catalog::PackError>(())
    /// ```
    pub fn is_retired(self) -> bool {
        let seen = self.row.seen;
        seen.is_none_or(|source| !is_newest_version(&self.catalog.tables, source))
    }

    /// True if resource control policies apply to it.
    pub fn has_resource_control_policies(self) -> bool {
        self.row.has_rcp
    }

    pub(crate) fn seen(self) -> Option<usize> {
        self.row.seen.map(usize::from)
    }
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = self.catalog.tables.services.get(self.row.service as usize);
        let prefix = service.map_or("", |row| self.catalog.tables.str(row.prefix));
        write!(f, "{prefix}:{}", self.name())
    }
}

impl<'c> Action<'c> {
    /// Its name without the prefix, in AWS's spelling.
    pub fn name(self) -> &'c str {
        self.catalog.tables.str(self.row.name)
    }

    /// Whose it is.
    pub fn service(self) -> Option<Service<'c>> {
        Service::at(self.catalog, self.row.service)
    }

    /// What it does.
    pub fn level(self) -> Level {
        self.row.level
    }

    /// The resource types that it is authorized for. Without any, its resource is `*`.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let run = catalog.action("ec2:RunInstances").ok_or("none")?;
    /// let subnet = run.resources().find(|resource| resource.resource_type().name() == "subnet");
    /// let subnet = subnet.ok_or("none")?;
    /// assert!(subnet.is_required());
    /// assert!(subnet.keys().any(|key| key.name() == "ec2:Vpc"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resources(self) -> impl Iterator<Item = ActionResource<'c>> + use<'c> {
        let catalog = self.catalog;
        let rows = rows(&catalog.tables.resources, &self.row.resources);
        rows.iter().filter_map(move |row| {
            let kind = ResourceType::at(catalog, row.kind)?;
            Some(ActionResource { kind, row })
        })
    }

    /// Its condition keys, whatever the resource is.
    pub fn own_keys(self) -> impl Iterator<Item = Key<'c>> + use<'c> {
        key_set(self.catalog, self.row.keys)
    }

    /// All its condition keys, those of its resources and of their types too, each once, in alphabetical order. Global keys are
    /// not among them unless the reference lists them for the action.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let action = catalog.action("s3:PutObject").ok_or("none")?;
    /// assert!(action.keys().iter().any(|key| key.name() == "s3:x-amz-acl"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keys(self) -> Vec<Key<'c>> {
        let resources = self.resources();
        let of_resources = resources.flat_map(|one| one.keys().chain(one.resource_type().keys()));
        let mut keys: Vec<Key<'c>> = self.own_keys().chain(of_resources).collect();
        keys.sort_by_key(|key| key.id());
        keys.dedup();
        keys
    }

    /// The actions that must be allowed too, for some requests.
    pub fn dependents(self) -> impl ExactSizeIterator<Item = ActionName<'c>> + use<'c> {
        let tables = &self.catalog.tables;
        let rows = rows(&tables.dependents, &self.row.dependents);
        rows.iter().map(|text| ActionName::of(tables.str(*text)))
    }

    /// The source that listed it last.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let action = catalog.action("cloud9:ValidateEnvironmentName").ok_or("none")?;
    /// assert!(!action.is_current());
    /// assert_eq!(action.last_seen().date.to_string(), "2025-02-13");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn last_seen(self) -> &'c Source {
        source(&self.catalog.tables, self.row.seen)
    }

    /// True if the newest version of the reference that listed it last lists it. Two references together know nearly
    /// all that there is (`AA-51`); each alone lacks some.
    pub fn is_current(self) -> bool {
        is_newest_version(&self.catalog.tables, self.row.seen)
    }

    pub(crate) fn seen(self) -> usize {
        usize::from(self.row.seen)
    }
}

/// A resource type of an action.
#[derive(Clone, Copy)]
pub struct ActionResource<'c> {
    kind: ResourceType<'c>,
    row: &'c ResourceRow,
}

impl<'c> ActionResource<'c> {
    /// The type.
    pub fn resource_type(self) -> ResourceType<'c> {
        self.kind
    }

    /// Whether every request for the action names one.
    pub fn is_required(self) -> bool {
        self.row.is_required
    }

    /// The condition keys of the action if it is for such a resource.
    pub fn keys(self) -> impl Iterator<Item = Key<'c>> + use<'c> {
        key_set(self.kind.catalog, self.row.keys)
    }
}

impl fmt::Display for ResourceType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<'c> ResourceType<'c> {
    /// Its name among the types of the service.
    pub fn name(self) -> &'c str {
        self.catalog.tables.str(self.row.name)
    }

    /// Whose it is.
    pub fn service(self) -> Option<Service<'c>> {
        Service::at(self.catalog, self.row.service)
    }

    /// How its ARNs are built, newest first: an older one may still be in use.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let bucket = catalog.resource_type("s3", "bucket").ok_or("none")?;
    /// assert_eq!(bucket.arn_formats().next(), Some("arn:${Partition}:s3:::${BucketName}"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn arn_formats(self) -> impl ExactSizeIterator<Item = &'c str> + use<'c> {
        let tables = &self.catalog.tables;
        let rows = rows(&tables.formats, &self.row.formats);
        rows.iter().map(|text| tables.str(*text))
    }

    /// The condition keys that tell of such resources.
    pub fn keys(self) -> impl Iterator<Item = Key<'c>> + use<'c> {
        key_set(self.catalog, self.row.keys)
    }

    /// The source that listed it last.
    pub fn last_seen(self) -> &'c Source {
        source(&self.catalog.tables, self.row.seen)
    }

    /// Whether an ARN can be of this type. This is lenient: partition, region and account may be anything or nothing,
    /// as references are often wrong about them.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let kind = |name| catalog.resource_type("s3", name).ok_or("none");
    /// assert!(kind("object")?.fits("arn:aws:s3:::photos/2026/a.jpg"));
    /// assert!(!kind("bucket")?.fits("arn:aws:s3:::photos/2026/a.jpg"));
    /// assert!(!kind("object")?.fits("arn:aws:sqs:eu-west-1:111122223333:jobs"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fits(self, arn: &str) -> bool {
        self.arn_formats()
            .any(|format| arn::meet(format, arn, false))
    }

    /// Whether a resource of a policy, with the wildcards `*` and `?`, matches an ARN that can be of this type. As in
    /// policies, `*` goes beyond colons.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let role = catalog.resource_type("iam", "role").ok_or("none")?;
    /// assert!(role.meets("arn:aws:iam::*:role/app-*"));
    /// assert!(role.meets("*"));
    /// assert!(!role.meets("arn:aws:iam::111122223333:user/*"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn meets(self, pattern: &str) -> bool {
        self.arn_formats()
            .any(|format| arn::meet(format, pattern, true))
    }

    pub(crate) fn seen(self) -> usize {
        usize::from(self.row.seen)
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<'c> Key<'c> {
    /// Its name, with its variable if it has one.
    pub fn name(self) -> &'c str {
        self.catalog.tables.str(self.row.name)
    }

    /// What its values are.
    pub fn kind(self) -> KeyType {
        self.row.kind
    }

    /// True if a request can have several values of it.
    pub fn is_multivalued(self) -> bool {
        self.row.is_multivalued
    }

    /// True if requests to any service can have it.
    pub fn is_global(self) -> bool {
        self.row.is_global
    }

    /// The source that listed it last.
    pub fn last_seen(self) -> &'c Source {
        source(&self.catalog.tables, self.row.seen)
    }

    pub(crate) fn seen(self) -> usize {
        usize::from(self.row.seen)
    }
}
