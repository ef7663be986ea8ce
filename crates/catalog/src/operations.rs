//! From operations of the API to permissions.

use core::fmt;

use portcullis_source::suggest::nearest_few;

use crate::columns::Rows;
use crate::tables::{Need, Source};
use crate::{Action, Catalog};

/// The name of an action that a source mentions, whether or not a reference lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionName<'c> {
    /// Of the service.
    pub prefix: &'c str,
    /// What follows the colon.
    pub name: &'c str,
}

impl<'c> ActionName<'c> {
    pub(crate) fn of(text: &'c str) -> ActionName<'c> {
        let (prefix, name) = text.split_once(':').unwrap_or(("", text));
        ActionName { prefix, name }
    }
}

impl fmt::Display for ActionName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.prefix, self.name)
    }
}

/// What is known of an operation.
#[derive(Clone, Debug)]
pub enum Found<'c> {
    /// These are meant: several if services that share a prefix each have one of the name.
    Operations(Vec<Operation<'c>>),
    /// No table of operations lists it. There is an action of the same name, which is most likely the permission,
    /// and nobody says whether the only one.
    SameName(Action<'c>),
    /// Nothing is known. These are the nearest names, as `service:Operation`.
    Unknown(Vec<String>),
}

/// A client of the SDKs, as the tables of operations call it.
#[derive(Clone, Copy)]
pub struct Client<'c> {
    catalog: &'c Catalog,
    row: u32,
}

impl<'c> Client<'c> {
    pub(crate) fn all(catalog: &'c Catalog) -> impl ExactSizeIterator<Item = Client<'c>> {
        (0..catalog.tables.counts.clients).map(move |row| Client { catalog, row })
    }

    /// Its name.
    pub fn name(self) -> &'c str {
        let tables = &self.catalog.tables;
        tables.name(tables.first.clients + self.row)
    }

    /// The prefix of its actions.
    pub fn prefix(self) -> &'c str {
        let tables = &self.catalog.tables;
        tables.text(tables.columns.client_prefixes, self.row)
    }

    /// Its operations, in alphabetical order. Those that need the permission of their own name and name no resource
    /// are not listed.
    pub fn operations(self) -> impl ExactSizeIterator<Item = Operation<'c>> + use<'c> {
        self.rows().map(move |row| Operation { client: self, row })
    }

    fn operation(self, name: &str) -> Option<Operation<'c>> {
        let tables = &self.catalog.tables;
        let name_of = |row| tables.get(tables.columns.operations, row);
        let row = self.catalog.search(self.rows(), name, name_of)?;
        Some(Operation { client: self, row })
    }

    fn rows(self) -> Rows {
        let tables = &self.catalog.tables;
        tables.range(tables.columns.client_operation_ends, self.row)
    }
}

/// An operation of the API.
#[derive(Clone, Copy)]
pub struct Operation<'c> {
    client: Client<'c>,
    row: u32,
}

impl fmt::Debug for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operation({}.{})", self.client().name(), self.name())
    }
}

impl<'c> Operation<'c> {
    /// Its name.
    pub fn name(self) -> &'c str {
        let tables = &self.client.catalog.tables;
        tables.text(tables.columns.operations, self.row)
    }

    /// Whose it is.
    pub fn client(self) -> Client<'c> {
        self.client
    }

    /// What says which permissions it needs.
    pub fn source(self) -> Option<&'c Source> {
        let sources = &self.client.catalog.tables.sources;
        sources.get(self.source_index())
    }

    pub(crate) fn source_index(self) -> usize {
        let tables = &self.client.catalog.tables;
        tables.get(tables.columns.operation_sources, self.row) as usize
    }

    /// True if all that is said of it is that it needs the permission of its own name.
    pub fn has_own_name(self) -> bool {
        let tables = &self.client.catalog.tables;
        tables.get(tables.columns.operation_has_own_name, self.row) != 0
    }

    /// True if it needs a permission of another name.
    fn asks_for_others(self) -> bool {
        let own = ActionName {
            prefix: self.client().prefix(),
            name: self.name(),
        };
        let permissions = self.permissions();
        permissions.iter().any(|one| one.action() != own)
    }

    /// The permissions that it asks for; none if it is allowed to everybody.
    ///
    /// ```
    /// use portcullis_catalog::{Catalog, Found, Need};
    /// let catalog = Catalog::builtin()?;
    /// let Found::Operations(found) = catalog.operation("s3", "ListObjectsV2") else { return Err("unknown".into()) };
    /// let always = found.iter().flat_map(|one| one.permissions()).filter(|one| one.need() == Need::Always);
    /// assert_eq!(always.map(|one| one.to_string()).collect::<Vec<_>>(), ["s3:ListBucket"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn permissions(self) -> Vec<Permission<'c>> {
        let catalog = self.client.catalog;
        if self.has_own_name() {
            let action = ActionName {
                prefix: self.client().prefix(),
                name: self.name(),
            };
            return vec![Permission {
                catalog,
                action,
                row: None,
            }];
        }
        let tables = &catalog.tables;
        let rows = tables.range(tables.columns.operation_permission_ends, self.row);
        rows.map(|row| Permission {
            catalog,
            action: ActionName::of(tables.text(tables.columns.permissions, row)),
            row: Some(row),
        })
        .collect()
    }
}

/// A permission that an operation asks for.
#[derive(Clone, Copy)]
pub struct Permission<'c> {
    catalog: &'c Catalog,
    action: ActionName<'c>,
    /// None if it is that of the operation's own name.
    row: Option<u32>,
}

impl fmt::Display for Permission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.action.fmt(f)
    }
}

impl<'c> Permission<'c> {
    /// Its name.
    pub fn action(self) -> ActionName<'c> {
        self.action
    }

    /// What the references say of it; none if they do not have it.
    pub fn details(self) -> Option<Action<'c>> {
        self.catalog.action(&self.action.to_string())
    }

    /// Which requests ask for it.
    ///
    /// ```
    /// use portcullis_catalog::{Catalog, Found, Need};
    /// let catalog = Catalog::builtin()?;
    /// let Found::Operations(found) = catalog.operation("s3", "PutObject") else { return Err("unknown".into()) };
    /// let mut permissions = found.iter().flat_map(|one| one.permissions());
    /// let acl = permissions.find(|one| one.to_string() == "s3:PutObjectAcl").ok_or("none")?;
    /// assert_eq!(acl.need(), Need::When("the request has an ACL (`x-amz-acl` or `x-amz-grant-…`)"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn need(self) -> Need<&'c str> {
        let tables = &self.catalog.tables;
        let need = |row| tables.get(tables.columns.permission_needs, row);
        match self.row.map_or(0, need) {
            0 => Need::Always,
            1 => Need::Sometimes,
            when => Need::When(tables.name(when - 2)),
        }
    }

    /// For which resource it is asked, in words or as an ARN; none if the source does not say.
    pub fn resource(self) -> Option<&'c str> {
        let tables = &self.catalog.tables;
        let text = tables.get(tables.columns.permission_resources, self.row?);
        text.checked_sub(1).map(|text| tables.name(text))
    }

    /// False if the source found it out although AWS does not document it.
    pub fn is_documented(self) -> bool {
        let tables = &self.catalog.tables;
        let is_undocumented = |row| tables.get(tables.columns.permission_is_undocumented, row);
        self.row.map_or(0, is_undocumented) == 0
    }
}

impl Catalog {
    /// The operations of a name. The service is called as in policies, on the command line of AWS, in an SDK, or in an
    /// event source of CloudTrail; the operation as in the API, on the command line, or in an event, where an API
    /// version may follow.
    ///
    /// ```
    /// use portcullis_catalog::{Catalog, Found};
    /// let catalog = Catalog::builtin()?;
    /// for (service, name) in [
    ///     ("ec2", "run-instances"),
    ///     ("EC2", "RunInstances"),
    ///     ("lambda.amazonaws.com", "CreateFunction20150331"),
    /// ] {
    ///     assert!(matches!(catalog.operation(service, name), Found::Operations(_)), "{service} {name}");
    /// }
    /// let Found::Unknown(nearest) = catalog.operation("s3", "ListObjectV2") else { return Err("known".into()) };
    /// assert_eq!(nearest.first().map(String::as_str), Some("s3:ListObjectsV2"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn operation(&self, service: &str, name: &str) -> Found<'_> {
        let service = service.strip_suffix(".amazonaws.com").unwrap_or(service);
        let plain_service = plain(service);
        let name = plain(name);
        let prefixes = self.prefixes(service, &plain_service);
        let clients: Vec<Client<'_>> = self
            .clients()
            .filter(|client| prefixes.contains(&client.prefix()))
            .collect();
        // `apigatewayv2` is one of those that share a prefix; `apigateway` is that prefix.
        let own = clients.iter().find(|client| {
            plain(client.name()) == plain_service && !prefixes.contains(&plain_service.as_str())
        });
        let clients = own.map_or(clients.as_slice(), core::slice::from_ref);
        let unversioned = without_version(&name);
        for name in [name.as_str(), unversioned] {
            let operations = clients.iter().filter_map(|one| one.operation(name));
            let operations: Vec<_> = operations.collect();
            if !operations.is_empty() {
                return Found::Operations(operations);
            }
        }
        for name in [name.as_str(), unversioned] {
            let mut actions = prefixes.iter().map(|prefix| format!("{prefix}:{name}"));
            if let Some(action) = actions.find_map(|action| self.action(&action)) {
                return Found::SameName(action);
            }
        }
        Found::Unknown(self.nearest_operations(service, &name, clients, &prefixes))
    }

    /// The operation that an action of a policy or a request is called after by mistake: there is no such action, and
    /// the operation of that name asks for others.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let operation = catalog.operation_for_action("s3:HeadBucket").ok_or("none")?;
    /// let permissions = operation.permissions();
    /// assert_eq!(permissions.first().map(|one| one.to_string()).as_deref(), Some("s3:ListBucket"));
    /// // This is an action.
    /// assert!(catalog.operation_for_action("s3:ListBucket").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn operation_for_action(&self, action: &str) -> Option<Operation<'_>> {
        let (prefix, name) = action.split_once(':')?;
        if name.contains(['*', '?']) {
            return None;
        }
        let service = self.service(prefix)?;
        if service.action(name).is_some() {
            return None;
        }
        let prefix = service.prefix();
        let clients = self.clients().filter(|one| one.prefix() == prefix);
        let mut operations = clients.filter_map(|one| one.operation(name));
        operations.find(|one| one.asks_for_others())
    }

    /// Other names of services, letters and digits alone, and the prefix of each.
    pub(crate) fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        let (tables, columns) = (&self.tables, &self.tables.columns);
        let alias = |row| {
            (
                tables.text(columns.aliases, row),
                tables.text(columns.alias_prefixes, row),
            )
        };
        (0..tables.counts.aliases).map(alias)
    }

    /// The prefixes of the actions of what a service is called: `opensearch` is one, and the name of a client whose
    /// actions begin with `es`.
    fn prefixes(&self, service: &str, plain_service: &str) -> Vec<&str> {
        let by_prefix = self
            .service(service)
            .or_else(|| self.service(plain_service));
        let by_client = self
            .clients()
            .filter(|client| plain(client.name()) == plain_service);
        let by_alias = self.aliases().filter(|(alias, _)| *alias == plain_service);
        let by_prefix = by_prefix.into_iter().map(|service| service.prefix());
        let mut found: Vec<&str> = Vec::new();
        for prefix in by_prefix
            .chain(by_client.map(Client::prefix))
            .chain(by_alias.map(|(_, prefix)| prefix))
        {
            if !found.contains(&prefix) {
                found.push(prefix);
            }
        }
        found
    }

    fn nearest_operations(
        &self,
        service: &str,
        name: &str,
        clients: &[Client<'_>],
        prefixes: &[&str],
    ) -> Vec<String> {
        const PROPOSED: usize = 3;
        let services = match prefixes {
            [] => self.nearest_services(service),
            _ => prefixes
                .iter()
                .filter_map(|prefix| self.service(prefix))
                .collect(),
        };
        let mut found = Vec::new();
        for service in services {
            let own = clients
                .iter()
                .filter(|one| one.prefix() == service.prefix());
            let mut names: Vec<&str> = own
                .flat_map(|client| client.operations())
                .map(Operation::name)
                .collect();
            names.extend(service.actions().map(Action::name));
            let names = nearest_few(name, PROPOSED, names);
            found.extend(names.iter().map(|name| format!("{service}:{name}")));
        }
        found.truncate(PROPOSED);
        found
    }
}

/// A name as it is compared: `RunInstances` and `run-instances` are one.
pub(crate) fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Without the version of the API that events of Lambda and CloudFront have at their end (`IN-81`), which has eight digits.
fn without_version(name: &str) -> &str {
    const DIGITS: usize = 8;
    let body = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_date = |from: &str| {
        from.len() == DIGITS && from.starts_with("20") && from.bytes().all(|b| b.is_ascii_digit())
    };
    let cut = |text: &str| {
        let at = text.len().checked_sub(DIGITS)?;
        is_date(text.get(at..)?).then_some(at)
    };
    let revised = body.strip_suffix('v').filter(|_| body.len() < name.len());
    let at = revised.and_then(cut).or_else(|| cut(name));
    at.and_then(|at| name.get(..at)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{plain, without_version};

    #[test]
    fn versions_of_the_api() {
        for (name, want) in [
            ("CreateFunction20150331", "createfunction"),
            ("UpdateFunctionCode20150331v2", "updatefunctioncode"),
            ("CreateDistribution2020_05_31", "createdistribution"),
            ("ListObjectsV2", "listobjectsv2"),
            ("Get2015", "get2015"),
            ("20150331", ""),
            ("v2", "v2"),
        ] {
            assert_eq!(without_version(&plain(name)), want);
        }
    }
}
