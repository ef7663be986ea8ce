//! Looking things up.

use core::cmp::Ordering;
use core::sync::atomic::Ordering::Relaxed;

use portcullis_source::suggest::nearest_few;
use portcullis_source::words::compare_lower;

use crate::columns::Rows;
use crate::{
    Action, ActionId, Catalog, Client, Key, KeyId, ResourceType, ResourceTypeId, Service, ServiceId,
};

/// How many names are proposed for one that is unknown.
const PROPOSED: usize = 3;

impl Catalog {
    /// All services, in the order of their prefixes.
    pub fn services(&self) -> impl ExactSizeIterator<Item = Service<'_>> {
        Service::all(self, 0..self.tables.counts.services)
    }

    /// All actions, in the order of their services.
    pub fn actions(&self) -> impl ExactSizeIterator<Item = Action<'_>> {
        Action::all(self, 0..self.tables.counts.actions)
    }

    /// All resource types, in the order of their services.
    pub fn resource_types(&self) -> impl ExactSizeIterator<Item = ResourceType<'_>> {
        ResourceType::all(self, 0..self.tables.counts.types)
    }

    /// All condition keys, in the order of their names.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = Key<'_>> {
        Key::all(self, 0..self.tables.counts.keys)
    }

    /// All clients of the SDKs whose operations are known.
    pub fn clients(&self) -> impl ExactSizeIterator<Item = Client<'_>> {
        Client::all(self)
    }

    /// The service of a number that this catalog gave.
    pub fn service_of(&self, id: ServiceId) -> Option<Service<'_>> {
        Service::at(self, id.0)
    }

    /// The action of a number that this catalog gave.
    pub fn action_of(&self, id: ActionId) -> Option<Action<'_>> {
        Action::at(self, id.0)
    }

    /// The resource type of a number that this catalog gave.
    pub fn resource_type_of(&self, id: ResourceTypeId) -> Option<ResourceType<'_>> {
        ResourceType::at(self, id.0)
    }

    /// The key of a number that this catalog gave.
    pub fn key_of(&self, id: KeyId) -> Option<Key<'_>> {
        Key::at(self, id.0)
    }

    /// The service of a prefix, in any case.
    pub fn service(&self, prefix: &str) -> Option<Service<'_>> {
        // Policies name one action of a service behind the other.
        let last = self.last_service.load(Relaxed);
        let found = Service::at(self, last);
        if let Some(found) = found.filter(|own| own.prefix().eq_ignore_ascii_case(prefix)) {
            return Some(found);
        }
        let (all, first) = (0..self.tables.counts.services, self.tables.first.services);
        let index = self.search(all, prefix, |row| first + row)?;
        self.last_service.store(index, Relaxed);
        Service::at(self, index)
    }

    /// An action by `prefix:name`, in any case.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// assert!(catalog.action("IAM:passrole").is_some());
    /// assert!(catalog.action("s3:HeadBucket").is_none());
    /// # Ok::<(), portcullis_catalog::PackError>(())
    /// ```
    pub fn action(&self, action: &str) -> Option<Action<'_>> {
        let (prefix, name) = action.split_once(':')?;
        self.service(prefix)?.action(name)
    }

    /// The actions that an entry of a policy matches: `prefix:name` with the wildcards `*` and `?`, in any case, or `*`.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let names: Vec<String> = catalog.expand("sts:get?aller*").map(|action| action.to_string()).collect();
    /// assert_eq!(names, ["sts:GetCallerIdentity"]);
    /// assert_eq!(catalog.expand("*").count(), catalog.actions().len());
    /// # Ok::<(), portcullis_catalog::PackError>(())
    /// ```
    pub fn expand<'c>(&'c self, pattern: &str) -> impl Iterator<Item = Action<'c>> + use<'c> {
        let pattern = pattern.to_ascii_lowercase();
        let (prefix, name) = match pattern.split_once(':') {
            Some((prefix, name)) => (prefix.to_owned(), name.to_owned()),
            None if !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*') => {
                (pattern.clone(), pattern)
            }
            None => (String::new(), String::new()),
        };
        let services = self.services();
        let services = services.filter(move |service| glob(&prefix, service.prefix()));
        services
            .flat_map(Service::actions)
            .filter(move |action| glob(&name, action.name()))
    }

    /// A resource type by its names, in any case.
    pub fn resource_type(&self, prefix: &str, name: &str) -> Option<ResourceType<'_>> {
        let service = self.service(prefix)?;
        let rows = self
            .tables
            .range(self.tables.columns.service_type_ends, service.id.0);
        let first = self.tables.first.types;
        let index = self.search(rows, name, |row| first + row)?;
        ResourceType::at(self, index)
    }

    /// The resource types that an ARN can be of; the one whose format says most of it is first.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let types = catalog.resource_types_of("arn:aws:sqs:eu-west-1:111122223333:jobs");
    /// assert_eq!(types.first().map(|kind| kind.name()), Some("queue"));
    /// # Ok::<(), portcullis_catalog::PackError>(())
    /// ```
    pub fn resource_types_of(&self, arn: &str) -> Vec<ResourceType<'_>> {
        let Some(field) = arn.split(':').nth(2) else {
            return Vec::new();
        };
        let said = |format: &str| -> usize {
            format
                .split("${")
                .enumerate()
                .map(|(index, part)| match index {
                    0 => part.len(),
                    _ => part.split_once('}').map_or(0, |(_, text)| text.len()),
                })
                .sum()
        };
        // Some services have resources under the name of another.
        let types = self.resource_types().filter(|kind| {
            let mut formats = kind.arn_formats();
            formats.any(|format| {
                let named = format.split(':').nth(2);
                named.is_some_and(|named| named == field || named.contains("${"))
            }) && kind.fits(arn)
        });
        let mut types: Vec<_> = types
            .map(|kind| (kind.arn_formats().map(said).max().unwrap_or_default(), kind))
            .collect();
        types.sort_by_key(|(said, kind)| (usize::MAX - said, kind.id()));
        types.into_iter().map(|(_, kind)| kind).collect()
    }

    /// A condition key by its name, in any case. `aws:RequestTag/team` is found as `aws:RequestTag/${TagKey}`.
    ///
    /// ```
    /// use portcullis_catalog::{Catalog, KeyType};
    /// let catalog = Catalog::builtin()?;
    /// let key = catalog.key("aws:requesttag/Team").ok_or("none")?;
    /// assert_eq!(key.name(), "aws:RequestTag/${TagKey}");
    /// assert_eq!((key.kind(), key.is_multivalued()), (KeyType::String, false));
    /// assert!(catalog.key("aws:TagKeys").ok_or("none")?.is_multivalued());
    /// assert!(catalog.key("aws:RequestTag/").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn key(&self, name: &str) -> Option<Key<'_>> {
        let (all, first) = (0..self.tables.counts.keys, self.tables.first.keys);
        let index = self.search(all, name, |row| first + row);
        let index = index.or_else(|| {
            let mut patterns = self.tables.key_patterns.iter().copied();
            patterns.find(|row| is_instance(self.tables.name(first + row), name))
        });
        Key::at(self, index?)
    }

    /// Actions whose names are nearly that, of the same service if there is one, the nearest first.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// assert_eq!(catalog.nearest_actions("s3:GetObjects").first().map(String::as_str), Some("s3:GetObject"));
    /// assert_eq!(catalog.nearest_actions("iam:PasRole").first().map(String::as_str), Some("iam:PassRole"));
    /// # Ok::<(), portcullis_catalog::PackError>(())
    /// ```
    pub fn nearest_actions(&self, action: &str) -> Vec<String> {
        let (prefix, name) = action.split_once(':').unwrap_or(("", action));
        let services = match self.service(prefix) {
            Some(service) => vec![service],
            None => self.nearest_services(prefix),
        };
        let mut found = Vec::new();
        for service in services {
            let names = service.actions().map(Action::name);
            let names = nearest_few(name, PROPOSED, names);
            found.extend(names.iter().map(|name| format!("{service}:{name}")));
        }
        found.truncate(PROPOSED);
        found
    }

    /// Services whose prefixes are nearly that, the nearest first.
    pub fn nearest_services(&self, prefix: &str) -> Vec<Service<'_>> {
        let names = nearest_few(prefix, PROPOSED, self.services().map(Service::prefix));
        names.iter().filter_map(|name| self.service(name)).collect()
    }

    /// Condition keys whose names are nearly that, the nearest first.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let near = catalog.nearest_keys("aws:SourceIpp");
    /// assert_eq!(near.first().map(|key| key.name()), Some("aws:SourceIp"));
    /// # Ok::<(), portcullis_catalog::PackError>(())
    /// ```
    pub fn nearest_keys(&self, name: &str) -> Vec<Key<'_>> {
        let names = nearest_few(name, PROPOSED, self.keys().map(Key::name));
        names.iter().filter_map(|name| self.key(name)).collect()
    }

    /// The row of a name, among some rows in the order of their names; `of` tells the number of a row's name.
    pub(crate) fn search(&self, rows: Rows, name: &str, of: impl Fn(u32) -> u32) -> Option<u32> {
        let (mut low, mut high) = (rows.start, rows.end);
        while low < high {
            let middle = low + (high - low) / 2;
            match compare_lower(self.tables.name_bytes(of(middle)), name.as_bytes()) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Whether a text in any case matches a pattern in lower case.
fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.as_bytes(), text.as_bytes());
    // Where to go on if what follows the last `*` does not match: one byte further.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some((b'*', rest)), _) => {
                retry = Some((rest, text));
                pattern = rest;
            }
            (Some((want, rest)), Some((byte, behind)))
                if *want == b'?' || *want == byte.to_ascii_lowercase() =>
            {
                (pattern, text) = (rest, behind);
            }
            (None, None) => return true,
            _ => match retry {
                Some((rest, [_, behind @ ..])) => {
                    retry = Some((rest, behind));
                    (pattern, text) = (rest, behind);
                }
                _ => return false,
            },
        }
    }
}

/// Whether a name is that of a key with something in place of its variables.
fn is_instance(key: &str, name: &str) -> bool {
    let start = key.find("${").unwrap_or(key.len());
    let (Some(same), Some(begin)) = (key.get(..start), name.get(..start)) else {
        return false;
    };
    if !same.eq_ignore_ascii_case(begin) {
        return false;
    }
    let mut pattern = String::with_capacity(key.len());
    let mut rest = key;
    while let Some((before, behind)) = rest.split_once("${") {
        pattern.push_str(&before.to_ascii_lowercase());
        pattern.push_str("?*");
        rest = behind.split_once('}').map_or("", |(_, behind)| behind);
    }
    pattern.push_str(&rest.to_ascii_lowercase());
    glob(&pattern, name)
}
