//! Answers of Identity Center, as `aws sso-admin` and `aws identitystore` print them (`IN-31` to
//! `IN-33`).
//!
//! AWS describes a permission set in five answers, none of which but the first says which set it is
//! about. So what belongs to a set says so by `"permissionSet"` beside it, or by the name of its
//! file or of a folder above, which holds the set's id (`ps-…`). What several files say of one set
//! is merged by id; contradictions are errors.
//!
//! Some members are in other answers too: `AttachedManagedPolicies` and `PermissionsBoundary` are
//! in dumps of accounts, `Users` and `Groups` in lists of IAM. [`is_part`] and the ids of Identity
//! Center tell them apart.

use portcullis_model::{PolicyKind, split_arn};
use portcullis_source::json::{Node, Value};

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::raw::{BoundaryRef, RawAssignment, RawPermissionSet};
use crate::load::read::fields::{JsonPath, present};
use crate::load::read::organization::id_in_path;
use crate::store::ids::Symbol;

/// Members of which one says what a permission set consists of.
const PARTS: [&str; 5] = [
    "PermissionSet",
    "InlinePolicy",
    "AttachedManagedPolicies",
    "CustomerManagedPolicyReferences",
    "PermissionsBoundary",
];

impl Loader {
    /// Reads a value if it is one of these answers, and returns its form.
    pub(crate) fn identity_center_dump(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<&'static str> {
        let has = |name| present(node, name).is_some();
        if node.get("permissionSet").is_some() || is_part(node) {
            self.permission_set(record, node, at);
            return Some("permission set");
        }
        if has("PermissionSets") {
            for arn in self.string_list(record, node, at, "PermissionSets") {
                match set_id(self.strings.get(arn)).map(str::to_string) {
                    Some(id) => {
                        let id = self.strings.intern(&id);
                        self.raw.center.sets.entry(id).or_default().arn = Some((arn, record.loc));
                    }
                    None => self.no_permission_set(record, node, at, arn),
                }
            }
            return Some("list of permission sets");
        }
        if has("AccountAssignments") {
            self.assignments(record, node, at);
            return Some("assignments of permission sets");
        }
        if has("GroupMemberships") {
            self.memberships(record, node, at);
            return Some("members of groups of Identity Center");
        }
        // `aws iam list-users` and `list-groups` have the same members, and ARNs.
        let first = |list| present(node, list)?.as_array()?.first();
        let is_stored = |own: &&Node<'_>, id| own.get(id).is_some() && own.get("Arn").is_none();
        if first("Users").is_some_and(|own| is_stored(&own, "UserId")) {
            self.identities(record, node, at, ("Users", "UserId", "UserName"));
            return Some("users of Identity Center");
        }
        if first("Groups").is_some_and(|own| is_stored(&own, "GroupId")) {
            self.identities(record, node, at, ("Groups", "GroupId", "DisplayName"));
            return Some("groups of Identity Center");
        }
        if first("Instances").is_some_and(|own| own.get("IdentityStoreId").is_some()) {
            return Some("instance of Identity Center");
        }
        if let Some(own) = present(node, "InstanceAccessControlAttributeConfiguration") {
            let inside = at.member("InstanceAccessControlAttributeConfiguration");
            let mut keys = Vec::new();
            let list = "AccessControlAttributes";
            for (index, own) in self.list(record, own, inside, list).iter().enumerate() {
                let at = inside.member(list);
                keys.extend(self.required_str(record, own, at.index(index), "Key"));
            }
            if !keys.is_empty() {
                // `SSO-2`: such tags are in no dump. Which ones there are is known, so that the
                // user can be told.
                let message = format!(
                    "sessions of permission sets have the tags {} whose values no dump has: give them as \
                     `aws:PrincipalTag/…` in the context",
                    keys.join(", ")
                );
                let location = self.location(record.loc);
                self.note(&location, message);
            }
            return Some("attributes for access control");
        }
        None
    }

    /// Reports an ARN that is not that of a permission set.
    fn no_permission_set(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        arn: Symbol,
    ) {
        let arn = self.strings.get(arn);
        let message = format!("`{arn}` is not the ARN of a permission set");
        self.error(record.at(node, at), codes::INVALID_MEMBER, message);
    }

    /// Reads what is said of one permission set.
    ///
    /// ```json
    /// {"PermissionSet": {"Name": "ReadOnly", "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1"}}
    /// {"permissionSet": "arn:aws:sso:::permissionSet/ssoins-1/ps-1", "InlinePolicy": "{\"Statement\": …}"}
    /// ```
    fn permission_set(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        // Read before it is known whose it is, so that a policy in it counts as consumed even if
        // the set is not known: one problem, one message.
        let mut new = RawPermissionSet::default();
        let mut arn = self.optional_str(record, node, at, "permissionSet");
        if let Some(own) = present(node, "PermissionSet") {
            let at = at.member("PermissionSet");
            let name = self.required_str(record, own, at, "Name");
            new.name = name.map(|name| (self.strings.intern(name), record.loc));
            arn = arn.or_else(|| self.required_str(record, own, at, "PermissionSetArn"));
        }
        if let Some(own) = present(node, "InlinePolicy") {
            // AWS prints an empty string for a set without an inline policy, which is a statement
            // that there is none.
            let inside = at.member("InlinePolicy");
            let kind = PolicyKind::Identity;
            new.inline = match own.as_str() {
                Some(text) if text.trim().is_empty() => Some(None),
                _ => self
                    .policy(record, own, inside, "AwsSSOInlinePolicy", kind, true)
                    .map(Some),
            };
        }
        if present(node, "AttachedManagedPolicies").is_some() {
            new.managed = Some(self.managed_of_set(record, node, at));
        }
        if present(node, "CustomerManagedPolicyReferences").is_some() {
            let list = "CustomerManagedPolicyReferences";
            let inside = at.member(list);
            let mut all = Vec::new();
            for (index, own) in self.list(record, node, at, list).iter().enumerate() {
                all.extend(self.reference_of_set(record, own, inside.index(index)));
            }
            new.customer = Some(all);
        }
        if let Some(own) = node.get("PermissionsBoundary") {
            new.boundary = self.boundary_of_set(record, own, at.member("PermissionsBoundary"));
        }
        let id = match arn {
            Some(arn) => set_id(arn),
            // The answer of `get-inline-policy-for-permission-set` and its like has no ARN.
            None => id_in_path(record.file, &["ps-"]),
        };
        let Some(id) = id else {
            let message = match arn {
                Some(arn) => format!("`{arn}` is not the ARN of a permission set"),
                None => "does not say its permission set: give {\"permissionSet\": ARN, …}, or call the file or its \
                         folder like the set's id, `ps-…`"
                    .to_string(),
            };
            return self.error(record.at(node, at), codes::MISSING_MEMBER, message);
        };
        let id = self.strings.intern(id);
        new.arn = arn.map(|arn| (self.strings.intern(arn), record.loc));
        self.merge_set(record, node, at, id, new);
    }

    /// Reads ARNs of managed policies, which a set has by `Arn` where a role has `PolicyArn`.
    fn managed_of_set(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Vec<Symbol> {
        let list = "AttachedManagedPolicies";
        let inside = at.member(list);
        let mut arns = Vec::new();
        for (index, own) in self.list(record, node, at, list).iter().enumerate() {
            if let Some(arn) = self.required_str(record, own, inside.index(index), "Arn") {
                arns.push(self.strings.intern(arn));
            }
        }
        arns
    }

    /// Reads path and name of a policy that every account has of its own. Without a path it is `/`,
    /// as AWS has it by default.
    fn reference_of_set(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<(Symbol, Symbol)> {
        let name = self.required_str(record, node, at, "Name")?;
        let path = self.optional_str(record, node, at, "Path").unwrap_or("/");
        Some((self.strings.intern(path), self.strings.intern(name)))
    }

    /// Reads the boundary. `null` says that there is none; a member that is absent says nothing,
    /// and another file has to say it.
    fn boundary_of_set(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<Option<BoundaryRef>> {
        if matches!(node.value, Value::Null) {
            return Some(None);
        }
        self.consumed.insert(node.span.start);
        if let Some(own) = present(node, "CustomerManagedPolicyReference") {
            let inside = at.member("CustomerManagedPolicyReference");
            let (path, name) = self.reference_of_set(record, own, inside)?;
            return Some(Some(BoundaryRef::Customer(path, name)));
        }
        let arn = self.required_str(record, node, at, "ManagedPolicyArn")?;
        Some(Some(BoundaryRef::Managed(self.strings.intern(arn))))
    }

    /// Merges what a file says of a permission set with what others said. Lists of policies append,
    /// since they come in pages (`IN-5`); everything else must be the same.
    fn merge_set(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        id: Symbol,
        new: RawPermissionSet,
    ) {
        let documents = &self.documents;
        let same = |one: &Option<_>, other: &Option<_>| match (one, other) {
            (Some(one), Some(other)) => documents.are_equal(*one, *other, PolicyKind::Identity),
            (one, other) => one.is_none() == other.is_none(),
        };
        let own = self.raw.center.sets.entry(id).or_default();
        let said = |name: &Option<(Symbol, _)>| name.as_ref().map(|(name, _)| *name);
        let differ = |one: Option<Symbol>, other: Option<Symbol>| {
            one.zip(other).is_some_and(|(one, other)| one != other)
        };
        let inline = own.inline.as_ref().zip(new.inline.as_ref());
        // Only what both files say can differ: most answers are about one part.
        let limits = own.boundary.as_ref().zip(new.boundary.as_ref());
        let what = if differ(said(&own.arn), said(&new.arn)) {
            Some("ARN")
        } else if differ(said(&own.name), said(&new.name)) {
            Some("name")
        } else if inline.is_some_and(|(one, other)| !same(one, other)) {
            Some("inline policy")
        } else if limits.is_some_and(|(one, other)| one != other) {
            Some("boundary")
        } else {
            None
        };
        own.arn = own.arn.or(new.arn);
        own.name = own.name.or(new.name);
        own.inline = own.inline.or(new.inline);
        own.boundary = own.boundary.or(new.boundary);
        // Pages append (`IN-5`).
        if let Some(more) = new.managed {
            own.managed.get_or_insert_default().extend(more);
        }
        if let Some(more) = new.customer {
            own.customer.get_or_insert_default().extend(more);
        }
        if let Some(what) = what {
            let id = self.strings.get(id);
            let message = format!("another file says another {what} of the permission set `{id}`");
            self.error(record.at(node, at), codes::CONTRADICTION, message);
        }
    }

    /// Reads who has which set in which account (`IN-33`).
    ///
    /// ```json
    /// {"AccountAssignments": [{"AccountId": "111122223333", "PermissionSetArn": "arn:aws:sso:::permissionSet/…",
    ///                          "PrincipalType": "GROUP", "PrincipalId": "9067…"}]}
    /// ```
    fn assignments(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let list = "AccountAssignments";
        let inside = at.member(list);
        for (index, own) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            let account = self.account(record, own, at, "AccountId");
            let arn = self.required_str(record, own, at, "PermissionSetArn");
            let kind = self.required_str(record, own, at, "PrincipalType");
            let id = self.required_str(record, own, at, "PrincipalId");
            let (Some(account), Some(arn), Some(kind), Some(id)) = (account, arn, kind, id) else {
                continue;
            };
            let is_group = match kind {
                "USER" => false,
                "GROUP" => true,
                other => {
                    let message = format!("`{other}` is neither USER nor GROUP");
                    let at = at.member("PrincipalType");
                    self.error(record.at(own, at), codes::INVALID_MEMBER, message);
                    continue;
                }
            };
            let Some(set) = set_id(arn) else {
                let arn = self.strings.intern(arn);
                self.no_permission_set(record, own, at, arn);
                continue;
            };
            let set = self.strings.intern(set);
            let told = (self.strings.intern(arn), record.loc);
            self.raw
                .center
                .sets
                .entry(set)
                .or_default()
                .arn
                .get_or_insert(told);
            let assignment = RawAssignment {
                account,
                set,
                is_group,
                principal: self.strings.intern(id),
            };
            let loc = record.element_loc(list, index, own);
            self.raw.center.assignments.entry(assignment).or_insert(loc);
        }
    }

    /// Reads names of users or groups by their ids. A user without a name is called by
    /// `DisplayName`.
    ///
    /// ```json
    /// {"Users": [{"UserId": "b1f2…", "UserName": "ada", "DisplayName": "Ada"}]}
    /// {"Groups": [{"GroupId": "9067…", "DisplayName": "auditors"}]}
    /// ```
    fn identities(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        (list, id, name): (&str, &str, &str),
    ) {
        let inside = at.member(list);
        for (index, own) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            let Some(id) = self.required_str(record, own, at, id) else {
                continue;
            };
            let told = self.optional_str(record, own, at, name);
            let told = told.or_else(|| self.optional_str(record, own, at, "DisplayName"));
            if let Some(told) = told {
                let (id, told) = (self.strings.intern(id), self.strings.intern(told));
                self.raw.center.names.insert(id, told);
            }
        }
    }

    /// Reads which users are in a group.
    ///
    /// ```json
    /// {"GroupMemberships": [{"GroupId": "9067…", "MemberId": {"UserId": "b1f2…"}}]}
    /// ```
    fn memberships(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let list = "GroupMemberships";
        let inside = at.member(list);
        for (index, own) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            let group = self.required_str(record, own, at, "GroupId");
            let member = present(own, "MemberId");
            let user = member.and_then(|member| {
                let at = at.member("MemberId");
                self.required_str(record, member, at, "UserId")
            });
            if let Some((group, user)) = group.zip(user) {
                let pair = (self.strings.intern(group), self.strings.intern(user));
                self.raw.center.members.insert(pair);
            }
        }
    }
}

/// True for an answer about one permission set, by what other dumps with such members have beside
/// them or in them.
fn is_part(node: &Node<'_>) -> bool {
    let Some(part) = PARTS.iter().find(|part| present(node, part).is_some()) else {
        return false;
    };
    if node.get("Arn").is_some() || node.get("RoleName").is_some() || node.get("UserName").is_some()
    {
        return false;
    }
    let own = node.get(part);
    match *part {
        "InlinePolicy" => own.is_some_and(|own| own.as_str().is_some()),
        "AttachedManagedPolicies" => {
            let mut all = own.and_then(Node::as_array).unwrap_or_default().iter();
            all.all(|own| own.get("Arn").is_some())
        }
        "PermissionsBoundary" => own.is_some_and(|own| {
            let is_said = |name| own.get(name).is_some();
            is_said("ManagedPolicyArn") || is_said("CustomerManagedPolicyReference")
        }),
        _ => true,
    }
}

/// The id in the ARN of a permission set, `arn:aws:sso:::permissionSet/ssoins-…/ps-…`.
pub(crate) fn set_id(arn: &str) -> Option<&str> {
    let [_, _, "sso", _, _, rest] = split_arn(arn)? else {
        return None;
    };
    let (_, id) = rest.strip_prefix("permissionSet/")?.split_once('/')?;
    (id.starts_with("ps-") && !id.contains('/')).then_some(id)
}
