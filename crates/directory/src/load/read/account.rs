//! Dumps of accounts, as `aws iam get-account-authorization-details` prints them (`IN-10` to
//! `IN-17`), pages of them (`IN-5`), and managed policies from elsewhere.

use portcullis_model::PolicyKind;
use portcullis_source::json::{Node, Value};

use crate::arn::EntityKind;
use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::raw::{RawGroup, RawPrincipal, SourceLoc};
use crate::load::read::fields::{JsonPath, account_number, arn_of, has_next_page, present};
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
pub(crate) const DISTINCTIVE: usize = 3;

/// An ARN of IAM taken apart.
pub(super) struct Entity<'a> {
    pub(super) partition: &'a str,
    pub(super) account: u64,
    pub(super) path: &'a str,
    pub(super) name: &'a str,
}
impl Loader {
    /// One page of a dump, or a whole one.
    pub(crate) fn account_dump(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) {
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
            let state = (is_truncated, record.loc);
            self.raw.truncated.insert(account, state);
        }
    }

    /// An element of one of these lists.
    pub(crate) fn detail(
        &mut self,
        record: &Record<'_, '_>,
        element: &Node<'_>,
        at: JsonPath<'_>,
        (list, index): (&'static str, usize),
    ) {
        let loc = record.loc(list, index, element);
        match list {
            "UserDetailList" => self.principal(record, element, at, loc, EntityKind::User),
            "RoleDetailList" => self.principal(record, element, at, loc, EntityKind::Role),
            "GroupDetailList" => self.group(record, element, at, loc),
            _ => self.managed(record, element, at, loc),
        }
    }

    /// The ARN of a user, group or role, which holds account, path and name.
    fn entity<'a>(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'a>,
        at: JsonPath<'_>,
        kind: &str,
        name_member: &str,
    ) -> Option<Entity<'a>> {
        let arn = self.required_str(record, node, at, "Arn")?;
        let entity = self.entity_of(record, node, at, kind, name_member, arn)?;
        self.raw.dumped.insert(entity.account);
        self.seen.insert(entity.account);
        Some(entity)
    }

    pub(super) fn entity_of<'a>(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        kind: &str,
        name_member: &str,
        arn: &'a str,
    ) -> Option<Entity<'a>> {
        let wrong = |loader: &mut Loader, message: String| {
            let location = record.at(node.get("Arn").unwrap_or(node), at.member("Arn"));
            loader.error(location, codes::INVALID_MEMBER, message);
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
        let written = self.optional_str(record, node, at, name_member);
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
        at: JsonPath<'_>,
        loc: SourceLoc,
        kind: EntityKind,
    ) {
        let (name_member, id_member, inline_member) = match kind {
            EntityKind::User => ("UserName", "UserId", "UserPolicyList"),
            EntityKind::Role => ("RoleName", "RoleId", "RolePolicyList"),
        };
        let Some(entity) = self.entity(record, node, at, kind.as_str(), name_member) else {
            return;
        };
        let id = self.optional_str(record, node, at, id_member);
        let boundary = self.boundary(record, node, at);
        let trust = match (kind, present(node, "AssumeRolePolicyDocument")) {
            // Without a trust policy nobody may assume the role.
            (EntityKind::Role, Some(document)) => self.trust(record, document, at, entity.name),
            (EntityKind::Role, None) => {
                let message = "has no `AssumeRolePolicyDocument`";
                self.error(record.at(node, at), codes::MISSING_MEMBER, message);
                None
            }
            (EntityKind::User, _) => None,
        };
        let groups = match kind {
            EntityKind::User => self.string_list(record, node, at, "GroupList"),
            EntityKind::Role => Vec::new(),
        };
        let raw = RawPrincipal {
            loc,
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

    fn group(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        loc: SourceLoc,
    ) {
        let Some(entity) = self.entity(record, node, at, "group", "GroupName") else {
            return;
        };
        let group = RawGroup {
            loc,
            account: entity.account,
            name: self.strings.intern(entity.name),
            attached: self.attached(record, node, at),
            inline: self.inline(record, node, at, "GroupPolicyList"),
        };
        self.raw.groups.push(group);
    }

    /// The ARNs of `AttachedManagedPolicies`.
    fn attached(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Vec<Symbol> {
        let list = "AttachedManagedPolicies";
        let inside = at.member(list);
        let mut arns = Vec::new();
        for (index, element) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            self.consumed.insert(element.span.start);
            if let Some(arn) = self.required_str(record, element, at, "PolicyArn") {
                arns.push(self.strings.intern(arn));
            }
        }
        arns
    }

    fn inline(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        list: &str,
    ) -> Vec<PolicyId> {
        let inside = at.member(list);
        let mut policies = Vec::new();
        for (index, element) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            let name = self
                .optional_str(record, element, at, "PolicyName")
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
    pub(super) fn boundary(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<Symbol> {
        let boundary = present(node, "PermissionsBoundary")?;
        self.consumed.insert(boundary.span.start);
        let at = at.member("PermissionsBoundary");
        let arn = self.required_str(record, boundary, at, "PermissionsBoundaryArn")?;
        Some(self.strings.intern(arn))
    }

    pub(super) fn seconds(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
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

    /// The trust policy of a role; none if it cannot be read (`GRAM-54`).
    pub(super) fn trust(
        &mut self,
        record: &Record<'_, '_>,
        document: &Node<'_>,
        at: JsonPath<'_>,
        role: &str,
    ) -> Option<PolicyId> {
        let at = at.member("AssumeRolePolicyDocument");
        let name = format!("trust policy of {role}");
        self.policy_of_resource(record, document, at, &name, false)
    }
}

/// The number of an account that stands in a path as a folder or file of its own.
pub(crate) fn account_in_path(file: &str) -> Option<u64> {
    file.split(['/', '.']).find_map(account_number)
}
