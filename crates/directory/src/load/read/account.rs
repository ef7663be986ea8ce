//! Dumps of accounts, as `aws iam get-account-authorization-details` prints them (`IN-10` to
//! `IN-17`), whole or in pages (`IN-5`).
//!
//! This is the only form that tells of an account as a whole: its users, groups and roles are those
//! of the dump and no others, so that an account is dumped or it is not
//! ([`crate::store::accounts::Account::is_dumped`]). Account, path and name come from the ARN
//! (`IN-16`), and what the dump says beside it must agree.
//!
//! A dump may be read whole or element by element ([`super::pieces`]). Both ways end in
//! [`Loader::detail`], so that an element is read by one piece of code.

use portcullis_model::PolicyKind;
use portcullis_source::json::{Node, Value};

use crate::arn::EntityKind;
use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::raw::{RawGroup, RawPrincipal, SourceLoc};
use crate::load::read::fields::{JsonPath, account_number, arn_of, has_next_page, present};
use crate::store::ids::PolicyId;
use crate::store::ids::Symbol;

/// The lists of a dump (`IN-10`).
pub(crate) const LISTS: [&str; 4] = [
    "UserDetailList",
    "GroupDetailList",
    "RoleDetailList",
    "Policies",
];

/// Where users, groups and roles have their inline policies.
pub(super) const INLINE_LISTS: [&str; 3] = ["UserPolicyList", "GroupPolicyList", "RolePolicyList"];

/// How many of [`LISTS`], from the first on, nothing but an account dump has. `Policies` is in
/// other answers too, so that a value with that list alone is not read in pieces.
pub(crate) const DISTINCTIVE: usize = 3;

/// The ARN of a user, group or role taken apart: account, path and name are in no other member that
/// can be relied on.
pub(super) struct Entity<'a> {
    /// `aws`, `aws-cn`, and so on.
    pub(super) partition: &'a str,
    /// The number of the account.
    pub(super) account: u64,
    /// With a slash at both ends.
    pub(super) path: &'a str,
    /// What follows the last slash; not empty.
    pub(super) name: &'a str,
}
impl Loader {
    /// Reads one page of a dump, or a whole one. Elements that are wrong are reported and the
    /// others are read.
    ///
    /// ```json
    /// {"UserDetailList": […], "GroupDetailList": […], "RoleDetailList": […], "Policies": […],
    ///  "IsTruncated": true, "Marker": "…"}
    /// ```
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

    /// Reads one element of one of the [`LISTS`].
    pub(crate) fn detail(
        &mut self,
        record: &Record<'_, '_>,
        element: &Node<'_>,
        at: JsonPath<'_>,
        (list, index): (&'static str, usize),
    ) {
        let loc = record.element_loc(list, index, element);
        match list {
            "UserDetailList" => self.principal(record, element, at, loc, EntityKind::User),
            "RoleDetailList" => self.principal(record, element, at, loc, EntityKind::Role),
            "GroupDetailList" => self.group(record, element, at, loc),
            _ => self.managed(record, element, at, loc),
        }
    }

    /// Takes the ARN of a user, group or role of an account dump apart, and notes that its account
    /// was dumped.
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

    /// Takes an ARN apart and holds it against the name beside it. None, and the problem is
    /// reported, if it is not the ARN of something of this kind (`user`, `group` or `role`) or the
    /// two differ: nobody can tell which is right, and policies are found by both.
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
        // The path of an ARN has its slashes in the ARN: `user/a/b/name` has the path `/a/b/`, and
        // `user/name` the path `/`.
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

    /// Reads a user or role. Members that are wrong are reported one by one, and the record is kept
    /// without them: an error keeps the directory from being used anyway, and with the record there
    /// is no second message about a user that is missing.
    ///
    /// ```json
    /// {"RoleName": "Build", "RoleId": "AROA…", "Arn": "arn:aws:iam::111122223333:role/ci/Build",
    ///  "AssumeRolePolicyDocument": {…}, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {…}}],
    ///  "AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/…"}],
    ///  "PermissionsBoundary": {"PermissionsBoundaryArn": "…"}, "Tags": [{"Key": "team", "Value": "blue"}]}
    /// ```
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
            // AWS has no role without a trust policy. A dump without it was cut, and reading it as
            // "nobody may assume" would be a guess.
            (EntityKind::Role, Some(document)) => self.trust(record, document, at, entity.name),
            (EntityKind::Role, None) => {
                let message = "has no `AssumeRolePolicyDocument`";
                self.error(record.at(node, at), codes::MISSING_MEMBER, message);
                None
            }
            (EntityKind::User, _) => None,
        };
        if kind == EntityKind::Role {
            self.instance_profiles(record, node, at, "InstanceProfileList");
        }
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

    /// Reads a group (`IN-12`).
    ///
    /// ```json
    /// {"GroupName": "admins", "Arn": "arn:aws:iam::111122223333:group/admins",
    ///  "GroupPolicyList": […], "AttachedManagedPolicies": […]}
    /// ```
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

    /// Reads the ARNs of `AttachedManagedPolicies`. The names beside them repeat the last part of
    /// the ARN.
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

    /// Reads a list of inline policies, each a name and a document.
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

    /// Reads the ARN of the permissions boundary; none if there is none. `PermissionsBoundaryType`
    /// is always the same and is not looked at (`IN-11`).
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

    /// Reads a whole number of seconds.
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

    /// Reads the trust policy of a role. One that cannot be read makes the role one that nobody can
    /// assume, if missing parts are allowed (`GRAM-54`).
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

/// The number of an account that is a folder or file of its own in a path, or a word between dots.
/// Collectors that store one folder for each account leave it out of the answers.
pub(crate) fn account_in_path(file: &str) -> Option<u64> {
    file.split(['/', '.']).find_map(account_number)
}
