//! Dumps of accounts, as `aws iam get-account-authorization-details` prints them (`IN-10` to
//! `IN-17`), pages of them (`IN-5`), and managed policies from elsewhere.

use portcullis_model::{PolicyKind, split_arn};
use portcullis_source::json::{Node, Value};

use crate::arn::Kind;
use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::raw::{RawCopy, RawGroup, RawManaged, RawPrincipal, Said, Spot};
use crate::load::read::fields::{At, account_number, arn_of, has_next_page, present};
use crate::store::ids::PolicyId;
use crate::store::ids::Symbol;

/// The lists of a dump.
pub(crate) const LISTS: [&str; 4] = [
    "UserDetailList",
    "GroupDetailList",
    "RoleDetailList",
    "Policies",
];

/// How many of them, from the first on, nothing else has: `Policies` has other answers too.
pub(crate) const TELLING: usize = 3;

/// An ARN of IAM taken apart.
struct Entity<'a> {
    partition: &'a str,
    account: u64,
    path: &'a str,
    name: &'a str,
}

impl Loader {
    /// One page of a dump, or a whole one.
    pub(crate) fn account_dump(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) {
        for list in LISTS {
            let inside = at.member(list);
            for (index, element) in self.list(record, node, at, list).iter().enumerate() {
                let at = inside.index(index);
                if element.as_object().is_none() {
                    self.mismatch(record, element, at, "an object");
                    continue;
                }
                self.detail(record, element, at, (list, index));
            }
        }
        let is_truncated = has_next_page(node);
        for account in std::mem::take(&mut self.seen) {
            // The next page, if there is one, comes later and says otherwise.
            let state = (is_truncated, record.spot);
            self.raw.truncated.insert(account, state);
        }
    }

    /// An element of one of these lists.
    pub(crate) fn detail(
        &mut self,
        record: &Record<'_, '_>,
        element: &Node<'_>,
        at: At<'_>,
        (list, index): (&'static str, usize),
    ) {
        let spot = record.spot(list, index, element);
        match list {
            "UserDetailList" => self.principal(record, element, at, spot, Kind::User),
            "RoleDetailList" => self.principal(record, element, at, spot, Kind::Role),
            "GroupDetailList" => self.group(record, element, at, spot),
            _ => self.managed(record, element, at, spot),
        }
    }

    /// The ARN of a user, group or role, which holds account, path and name.
    fn entity<'a>(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'a>,
        at: At<'_>,
        kind: &str,
        name_member: &str,
    ) -> Option<Entity<'a>> {
        let arn = self.needed(record, node, at, "Arn")?;
        let entity = self.entity_of(record, node, at, kind, name_member, arn)?;
        self.raw.dumped.insert(entity.account);
        self.seen.insert(entity.account);
        Some(entity)
    }

    fn entity_of<'a>(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
        kind: &str,
        name_member: &str,
        arn: &'a str,
    ) -> Option<Entity<'a>> {
        let wrong = |loader: &mut Loader, message: String| {
            let place = record.at(node.get("Arn").unwrap_or(node), at.member("Arn"));
            loader.error(place, codes::INVALID_MEMBER, message);
        };
        let parts = arn_of(arn, "iam").and_then(|(partition, account, rest)| {
            let path = rest.strip_prefix(kind)?;
            let (path, name) = path.rsplit_once('/')?;
            Some((partition, account, path, name))
        });
        let Some((partition, account, path, name)) = parts.filter(|parts| !parts.3.is_empty())
        else {
            wrong(self, format!("`{arn}` is not the ARN of a {kind}"));
            return None;
        };
        // `path` is what stands before the last slash: nothing, or `/a/b`.
        let path = arn
            .len()
            .checked_sub(name.len() + path.len() + 1)
            .and_then(|start| arn.get(start..arn.len() - name.len()))
            .unwrap_or("/");
        let written = self.text_of(record, node, at, name_member);
        if written.is_some_and(|written| written != name) {
            wrong(self, format!("`{arn}` does not match `{name_member}`"));
            return None;
        }
        Some(Entity {
            partition,
            account,
            path,
            name,
        })
    }

    fn principal(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
        spot: Spot,
        kind: Kind,
    ) {
        let (name_member, id_member, inline_member) = match kind {
            Kind::User => ("UserName", "UserId", "UserPolicyList"),
            Kind::Role => ("RoleName", "RoleId", "RolePolicyList"),
        };
        let Some(entity) = self.entity(record, node, at, kind.as_str(), name_member) else {
            return;
        };
        let id = self.text_of(record, node, at, id_member);
        let boundary = self.boundary(record, node, at);
        let trust = match (kind, present(node, "AssumeRolePolicyDocument")) {
            // Without a trust policy nobody may assume the role.
            (Kind::Role, Some(document)) => self.trust(record, document, at, entity.name),
            (Kind::Role, None) => {
                let message = "has no `AssumeRolePolicyDocument`";
                self.error(record.at(node, at), codes::MISSING_MEMBER, message);
                None
            }
            (Kind::User, _) => None,
        };
        let groups = match kind {
            Kind::User => self.names(record, node, at, "GroupList"),
            Kind::Role => Vec::new(),
        };
        let raw = RawPrincipal {
            spot,
            kind,
            partition: self.strings.intern(entity.partition),
            account: entity.account,
            path: self.strings.intern(entity.path),
            name: self.strings.intern(entity.name),
            id: id.map(|id| self.strings.intern(id)),
            attached: self.attached(record, node, at),
            inline: self.inline(record, node, at, inline_member),
            groups,
            boundary,
            tags: self.tags(record, node, at, "Tags"),
            trust,
            max_session: self.seconds(record, node, at, "MaxSessionDuration"),
        };
        self.raw.principals.push(raw);
    }

    fn group(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>, spot: Spot) {
        let Some(entity) = self.entity(record, node, at, "group", "GroupName") else {
            return;
        };
        let group = RawGroup {
            spot,
            account: entity.account,
            name: self.strings.intern(entity.name),
            attached: self.attached(record, node, at),
            inline: self.inline(record, node, at, "GroupPolicyList"),
        };
        self.raw.groups.push(group);
    }

    /// The ARNs of `AttachedManagedPolicies`.
    fn attached(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) -> Vec<Symbol> {
        let list = "AttachedManagedPolicies";
        let inside = at.member(list);
        let mut arns = Vec::new();
        for (index, element) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            self.taken.insert(element.span.start);
            if let Some(arn) = self.needed(record, element, at, "PolicyArn") {
                arns.push(self.strings.intern(arn));
            }
        }
        arns
    }

    fn inline(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
        list: &str,
    ) -> Vec<PolicyId> {
        let inside = at.member(list);
        let mut policies = Vec::new();
        for (index, element) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            let name = self
                .text_of(record, element, at, "PolicyName")
                .unwrap_or("");
            let Some(document) = present(element, "PolicyDocument") else {
                let message = "has no `PolicyDocument`";
                self.error(record.at(element, at), codes::MISSING_MEMBER, message);
                continue;
            };
            let at = at.member("PolicyDocument");
            policies.extend(self.policy(record, document, at, name, PolicyKind::Identity, true));
        }
        policies
    }

    /// The ARN of the boundary, if there is one.
    fn boundary(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) -> Option<Symbol> {
        let boundary = present(node, "PermissionsBoundary")?;
        self.taken.insert(boundary.span.start);
        let at = at.member("PermissionsBoundary");
        let arn = self.needed(record, boundary, at, "PermissionsBoundaryArn")?;
        Some(self.strings.intern(arn))
    }

    fn seconds(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
        name: &str,
    ) -> Option<u32> {
        let member = present(node, name)?;
        let seconds = match member.value {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        };
        if seconds.is_none() {
            self.mismatch(record, member, at.member(name), "a whole number of seconds");
        }
        seconds
    }

    /// An element of `Policies`: the default version is the policy (`IN-15`).
    fn managed(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>, spot: Spot) {
        let Some(arn) = self.needed(record, node, at, "Arn") else {
            return;
        };
        if let Some((_, account, _)) = arn_of(arn, "iam") {
            self.raw.dumped.insert(account);
            self.seen.insert(account);
        }
        let default = self.text_of(record, node, at, "DefaultVersionId");
        let versions = self.list(record, node, at, "PolicyVersionList");
        // Versions that are not in force are no policies of anybody.
        let documents = versions.iter().filter_map(|own| present(own, "Document"));
        self.taken
            .extend(documents.map(|document| document.span.start));
        let chosen = versions.iter().position(|version| match default {
            Some(default) => version.get("VersionId").and_then(Node::as_str) == Some(default),
            None => matches!(
                version.get("IsDefaultVersion").map(|node| node.value),
                Some(Value::Bool(true))
            ),
        });
        // A policy whose text is not there counts as not supplied, should something refer to it.
        let Some((index, version)) = chosen.and_then(|index| Some((index, versions.get(index)?)))
        else {
            return;
        };
        let Some(document) = present(version, "Document") else {
            return;
        };
        let list = at.member("PolicyVersionList");
        let element = list.index(index);
        let at = element.member("Document");
        let policy = self.policy(record, document, at, arn, PolicyKind::Identity, true);
        let number = version.get("VersionId").and_then(Node::as_str);
        let number = number.and_then(|id| id.strip_prefix('v')?.parse().ok());
        if let Some(policy) = policy {
            let arn = self.strings.intern(arn);
            let managed = RawManaged {
                spot,
                version: number.unwrap_or(0),
                policy,
            };
            self.add_managed(arn, managed);
        }
    }

    /// Adds a managed policy that may be there already: policies of AWS are in many dumps, perhaps in
    /// several versions, of which the newest is the one in force.
    fn add_managed(&mut self, arn: Symbol, new: RawManaged) {
        let Some(old) = self.raw.managed.get(&arn).copied() else {
            self.raw.managed.insert(arn, new);
            return;
        };
        let kind = PolicyKind::Identity;
        if self.documents.are_equal(old.policy, new.policy, kind) {
            return;
        }
        let text = self.strings.get(arn).to_string();
        let (here, there) = (self.place(new.spot), self.place(old.spot));
        let is_of_aws = text.contains(":iam::aws:policy/");
        if !is_of_aws || old.version == new.version {
            let message = format!("`{text}` is not the same policy as at {there}");
            return self.error(here, codes::CONTRADICTION, message);
        }
        let newest = old.version.max(new.version);
        let message = format!("`{text}` has a different version at {there}; v{newest} is used");
        self.warn(here, codes::CONTRADICTION, message);
        if new.version > old.version {
            self.raw.managed.insert(arn, new);
        }
    }

    /// A line `{"name", "arn", "document"}`. It is read as a policy only if something refers to it.
    pub(crate) fn bundled(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) {
        let arn = self.needed(record, node, at, "arn");
        let (Some(arn), Some(document)) = (arn, node.get("document")) else {
            return;
        };
        let is_managed = split_arn(arn).is_some_and(|[_, _, service, _, _, rest]| {
            service == "iam" && rest.starts_with("policy/")
        });
        if !is_managed {
            let message = format!(
                "`{arn}` is not the ARN of a managed policy; the policy of a resource is its `policy`"
            );
            let place = record.at(node, at.member("arn"));
            return self.error(place, codes::INVALID_MEMBER, message);
        }
        let Some(policy) = self.document(record, document, at.member("document"), arn) else {
            return;
        };
        let name = self.strings.intern(arn);
        let new = RawManaged {
            spot: record.spot,
            version: 0,
            policy,
        };
        match self.raw.bundled.get(&name).copied() {
            None => {
                self.raw.bundled.insert(name, new);
            }
            Some(old)
                if self
                    .documents
                    .are_equal(old.policy, policy, PolicyKind::Identity) => {}
            Some(old) => {
                let message = format!(
                    "`{arn}` is not the same policy as at {}",
                    self.place(old.spot)
                );
                self.error(record.at(node, at), codes::CONTRADICTION, message);
            }
        }
    }

    /// A dump of one user, group or role: `get-role`, `get-user`, or one of its inline policies. Says which, if it is one.
    pub(crate) fn copy(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
    ) -> Option<&'static str> {
        const INLINE: [(&str, &str, &str); 3] = [
            ("UserName", "user", "policy of a user"),
            ("GroupName", "group", "policy of a group"),
            ("RoleName", "role", "policy of a role"),
        ];
        for (member, kind, form) in INLINE {
            let document = present(node, "PolicyDocument");
            let (Some(_), Some(document)) = (present(node, member), document) else {
                continue;
            };
            let name = self.needed(record, node, at, member);
            let policy = self.needed(record, node, at, "PolicyName");
            let (Some(name), Some(policy)) = (name, policy) else {
                self.taken.insert(document.span.start);
                return Some(form);
            };
            let at = at.member("PolicyDocument");
            let read = self.policy(record, document, at, policy, PolicyKind::Identity, true);
            if let Some(read) = read {
                let says = vec![Said::Inline(self.strings.intern(policy), read)];
                let account = account_in_path(record.file);
                self.add_copy(record, kind, account, name, says);
            }
            return Some(form);
        }
        for (member, name, kind, form) in [
            ("Role", "RoleName", "role", "role settings"),
            ("User", "UserName", "user", "user settings"),
        ] {
            let own = present(node, member).filter(|own| own.get(name).is_some());
            if let Some(own) = own {
                self.settings(record, own, at.member(member), name, kind);
                return Some(form);
            }
        }
        None
    }

    /// The trust policy of a role; none if it cannot be read (`GRAM-54`).
    fn trust(
        &mut self,
        record: &Record<'_, '_>,
        document: &Node<'_>,
        at: At<'_>,
        role: &str,
    ) -> Option<PolicyId> {
        let at = at.member("AssumeRolePolicyDocument");
        let name = format!("trust policy of {role}");
        self.policy_of_resource(record, document, at, &name, false)
    }

    /// What stands in `get-role` and `get-user`.
    pub(crate) fn settings(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
        name: &str,
        kind: &'static str,
    ) {
        let document = present(node, "AssumeRolePolicyDocument");
        self.taken
            .extend(document.map(|document| document.span.start));
        let boundary = self.boundary(record, node, at);
        let Some(arn) = self.needed(record, node, at, "Arn") else {
            return;
        };
        let Some(entity) = self.entity_of(record, node, at, kind, name, arn) else {
            return;
        };
        let mut says: Vec<Said> = boundary.map(Said::Boundary).into_iter().collect();
        if let Some(document) = document {
            says.push(Said::Trust(self.trust(record, document, at, entity.name)));
        }
        if present(node, "Tags").is_some() {
            says.push(Said::Tags(self.tags(record, node, at, "Tags")));
        }
        let seconds = self.seconds(record, node, at, "MaxSessionDuration");
        says.extend(seconds.map(Said::MaxSession));
        self.add_copy(record, kind, Some(entity.account), entity.name, says);
    }

    fn add_copy(
        &mut self,
        record: &Record<'_, '_>,
        kind: &'static str,
        account: Option<u64>,
        name: &str,
        says: Vec<Said>,
    ) {
        let copy = RawCopy {
            spot: record.spot,
            kind,
            account,
            name: self.strings.intern(name),
            says,
        };
        self.raw.copies.push(copy);
    }
}

/// The number of an account that stands in a path as a folder or file of its own.
pub(crate) fn account_in_path(file: &str) -> Option<u64> {
    file.split(['/', '.']).find_map(account_number)
}
