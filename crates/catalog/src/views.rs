//! The facts as they are asked for.

use core::fmt;

use crate::columns::{Column, Columns, GLOBAL, MULTIVALUED, NOT_SEEN, Rows};
use crate::operations::ActionName;
use crate::tables::{ActionId, KeyId, KeyType, Level, ResourceTypeId, ServiceId, Source, Tables};
use crate::{Catalog, arn};

macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $id:ident, $table:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'c> {
            pub(crate) catalog: &'c Catalog,
            pub(crate) id: $id,
        }

        impl<'c> $name<'c> {
            /// Its number in this catalog, and in no other.
            pub fn id(self) -> $id {
                self.id
            }

            pub(crate) fn all(catalog: &'c Catalog, rows: Rows) -> impl ExactSizeIterator<Item = $name<'c>> + use<'c> {
                rows.map(move |row| $name { catalog, id: $id(row) })
            }

            pub(crate) fn at(catalog: &'c Catalog, row: u32) -> Option<$name<'c>> {
                (row < catalog.tables.counts.$table).then_some($name { catalog, id: $id(row) })
            }

            fn own_name(self) -> &'c str {
                let tables = &self.catalog.tables;
                tables.name(tables.first.$table + self.id.0)
            }

            fn cell<const WIDTH: usize>(self, column: impl Fn(&Columns) -> Column<WIDTH>) -> u32 {
                let tables = &self.catalog.tables;
                tables.get(column(&tables.columns), self.id.0)
            }
        }

        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                core::ptr::eq(self.catalog, other.catalog) && self.id == other.id
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
    Service, ServiceId, services
);
view!(
    /// An action: what policies call `prefix:name`.
    Action, ActionId, actions
);
view!(
    /// A type of resources of a service.
    ResourceType, ResourceTypeId, types
);
view!(
    /// A condition key. Its name may have a variable, as `aws:RequestTag/${TagKey}` has.
    Key, KeyId, keys
);

/// The rows of another table that belong to one.
fn range(catalog: &Catalog, ends: impl Fn(&Columns) -> Column<4>, row: u32) -> Rows {
    catalog.tables.range(ends(&catalog.tables.columns), row)
}

fn key_set<'c>(catalog: &'c Catalog, set: u32) -> impl Iterator<Item = Key<'c>> + use<'c> {
    let tables = &catalog.tables;
    let columns = &tables.columns;
    let keys = tables.some(columns.key_items, tables.range(columns.key_set_ends, set));
    keys.map(|key| Key {
        catalog,
        id: KeyId(key),
    })
}

fn source(tables: &Tables, index: u32) -> &Source {
    // The reader refuses numbers that no source has, and so a catalog without sources has no rows.
    static NONE: Source = Source {
        name: String::new(),
        version: String::new(),
        date: crate::Date::NONE,
        license: String::new(),
        is_reference: false,
    };
    tables.sources.get(index as usize).unwrap_or(&NONE)
}

/// Whether a source is the newest version of its kind.
fn is_newest_version(tables: &Tables, index: u32) -> bool {
    tables.is_newest.get(index as usize) == Some(&true)
}

impl fmt::Display for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix())
    }
}

impl<'c> Service<'c> {
    /// The prefix of its actions.
    pub fn prefix(self) -> &'c str {
        self.own_name()
    }

    /// What AWS calls it.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// assert_eq!(catalog.service("IAM").ok_or("none")?.title(), "AWS Identity and Access Management (IAM)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn title(self) -> &'c str {
        let tables = &self.catalog.tables;
        tables.text(tables.columns.service_titles, self.id.0)
    }

    /// Its actions, in alphabetical order.
    pub fn actions(self) -> impl ExactSizeIterator<Item = Action<'c>> + use<'c> {
        Action::all(
            self.catalog,
            range(
                self.catalog,
                |columns| columns.service_action_ends,
                self.id.0,
            ),
        )
    }

    /// Its action of a name, in any case.
    pub fn action(self, name: &str) -> Option<Action<'c>> {
        let catalog = self.catalog;
        let rows = range(
            self.catalog,
            |columns| columns.service_action_ends,
            self.id.0,
        );
        let first = catalog.tables.first.actions;
        let row = catalog.search(rows, name, |row| first + row)?;
        Action::at(catalog, row)
    }

    /// Its resource types, in alphabetical order.
    pub fn resource_types(self) -> impl ExactSizeIterator<Item = ResourceType<'c>> + use<'c> {
        ResourceType::all(
            self.catalog,
            range(self.catalog, |columns| columns.service_type_ends, self.id.0),
        )
    }

    /// The source that listed it last; none if the service is known, and no source lists it.
    pub fn last_seen(self) -> Option<&'c Source> {
        Some(source(&self.catalog.tables, self.seen_by()?))
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
        let seen = self.seen_by();
        seen.is_none_or(|source| !is_newest_version(&self.catalog.tables, source))
    }

    /// True if resource control policies apply to it.
    pub fn has_resource_control_policies(self) -> bool {
        self.cell(|columns| columns.service_has_rcp) != 0
    }

    fn seen_by(self) -> Option<u32> {
        let seen = self.cell(|columns| columns.service_seen);
        (seen != NOT_SEEN).then_some(seen)
    }

    pub(crate) fn seen(self) -> Option<usize> {
        self.seen_by().map(|seen| seen as usize)
    }
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.service().map_or("", Service::prefix);
        write!(f, "{prefix}:{}", self.name())
    }
}

impl<'c> Action<'c> {
    /// Its name without the prefix, in AWS's spelling.
    pub fn name(self) -> &'c str {
        self.own_name()
    }

    /// Whose it is.
    pub fn service(self) -> Option<Service<'c>> {
        let tables = &self.catalog.tables;
        let service = tables
            .columns
            .service_action_ends
            .owner(&tables.bytes, self.id.0);
        Service::at(self.catalog, service)
    }

    /// What it does.
    pub fn level(self) -> Level {
        let level = self.cell(|columns| columns.action_levels);
        // The reader refuses other numbers.
        Level::ALL
            .get(level as usize)
            .copied()
            .unwrap_or(Level::List)
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
        let rows = range(
            self.catalog,
            |columns| columns.action_resource_ends,
            self.id.0,
        );
        rows.map(move |row| ActionResource { catalog, row })
    }

    /// Its condition keys, whatever the resource is.
    pub fn own_keys(self) -> impl Iterator<Item = Key<'c>> + use<'c> {
        key_set(self.catalog, self.cell(|columns| columns.action_keys))
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
        let rows = range(
            self.catalog,
            |columns| columns.action_dependent_ends,
            self.id.0,
        );
        let names = tables.some(tables.columns.dependents, rows);
        names.map(|name| ActionName::of(tables.name(name)))
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
        source(
            &self.catalog.tables,
            self.cell(|columns| columns.action_seen),
        )
    }

    /// True if the newest version of the reference that listed it last lists it. Two references together know nearly
    /// all that there is (`AA-51`); each alone lacks some.
    pub fn is_current(self) -> bool {
        is_newest_version(
            &self.catalog.tables,
            self.cell(|columns| columns.action_seen),
        )
    }

    pub(crate) fn seen(self) -> usize {
        self.cell(|columns| columns.action_seen) as usize
    }
}

/// A resource type of an action.
#[derive(Clone, Copy)]
pub struct ActionResource<'c> {
    catalog: &'c Catalog,
    row: u32,
}

impl<'c> ActionResource<'c> {
    /// The type.
    pub fn resource_type(self) -> ResourceType<'c> {
        ResourceType {
            catalog: self.catalog,
            id: ResourceTypeId(self.cell() >> 1),
        }
    }

    /// Whether every request for the action names one.
    pub fn is_required(self) -> bool {
        self.cell() & 1 != 0
    }

    /// The condition keys of the action if it is for such a resource.
    pub fn keys(self) -> impl Iterator<Item = Key<'c>> + use<'c> {
        let tables = &self.catalog.tables;
        key_set(
            self.catalog,
            tables.get(tables.columns.resource_keys, self.row),
        )
    }

    fn cell(self) -> u32 {
        let tables = &self.catalog.tables;
        tables.get(tables.columns.resources, self.row)
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
        self.own_name()
    }

    /// Whose it is.
    pub fn service(self) -> Option<Service<'c>> {
        let tables = &self.catalog.tables;
        let service = tables
            .columns
            .service_type_ends
            .owner(&tables.bytes, self.id.0);
        Service::at(self.catalog, service)
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
        let rows = range(self.catalog, |columns| columns.type_format_ends, self.id.0);
        let formats = tables.some(tables.columns.formats, rows);
        formats.map(|format| tables.name(format))
    }

    /// The condition keys that tell of such resources.
    pub fn keys(self) -> impl Iterator<Item = Key<'c>> + use<'c> {
        key_set(self.catalog, self.cell(|columns| columns.type_keys))
    }

    /// The source that listed it last.
    pub fn last_seen(self) -> &'c Source {
        source(&self.catalog.tables, self.cell(|columns| columns.type_seen))
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
        self.cell(|columns| columns.type_seen) as usize
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
        self.own_name()
    }

    /// What its values are.
    pub fn kind(self) -> KeyType {
        let kind = self.cell(|columns| columns.key_traits) & !(MULTIVALUED | GLOBAL);
        // The reader refuses other numbers.
        KeyType::ALL
            .get(kind as usize)
            .copied()
            .unwrap_or(KeyType::String)
    }

    /// True if a request can have several values of it.
    pub fn is_multivalued(self) -> bool {
        self.cell(|columns| columns.key_traits) & MULTIVALUED != 0
    }

    /// True if requests to any service can have it.
    pub fn is_global(self) -> bool {
        self.cell(|columns| columns.key_traits) & GLOBAL != 0
    }

    /// The source that listed it last.
    pub fn last_seen(self) -> &'c Source {
        source(&self.catalog.tables, self.cell(|columns| columns.key_seen))
    }

    pub(crate) fn seen(self) -> usize {
        self.cell(|columns| columns.key_seen) as usize
    }
}
