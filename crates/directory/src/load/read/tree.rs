//! Our own file of an organization (`IN-29`): the tree, with policies by id.
//!
//! The one form that says everything at once, and the one to write by hand. It is ours, so that a
//! member that is misspelled is an error: `polices` would otherwise leave out a level's limits in
//! silence. Members that look like none of ours are ignored, as names and comments in it.
//!
//! The tree may be nested as deeply as JSON may: it is gone through without recursion, with paths
//! as pointers, since a [`JsonPath`] lives on the stack of recursion.

use portcullis_model::PolicyKind;
use portcullis_source::json::{Member, Node};

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::raw::{
    ControlPolicyType, RCP_FULL_ACCESS, RawAttachment, RawControlPolicy, RawNode,
};
use crate::load::read::fields::{JsonPath, account_number, normalized, present};
use crate::store::ids::Symbol;

/// Members that decide something.
const MEMBERS: [&str; 12] = [
    "organization",
    "root",
    "policies",
    "children",
    "account",
    "ou",
    "id",
    "scp",
    "rcp",
    "type",
    "content",
    "managementAccountId",
];

impl Loader {
    /// Reads the whole file. The id of the organization must be in it: a tree without one limits
    /// nobody.
    ///
    /// ```json
    /// {"organization": {"id": "o-example", "managementAccountId": "111122223333"},
    ///  "root": {"id": "r-ab12", "policies": {"scp": ["p-FullAWSAccess"]},
    ///           "children": [{"ou": "ou-ab12-11111111", "children": [{"account": "444455556666"}]}]},
    ///  "policies": {"p-limit": {"type": "scp", "name": "limit", "content": {…}}}}
    /// ```
    pub(crate) fn tree_file(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        self.reject_misspelled(record, node, at);
        match present(node, "organization") {
            Some(organization) => {
                let at = at.member("organization");
                self.reject_misspelled(record, organization, at);
                let id = self.required_str(record, organization, at, "id");
                let management = self.account(record, organization, at, "managementAccountId");
                if let Some(id) = id {
                    let id = self.strings.intern(id);
                    let ids = &mut self.raw.organization.ids;
                    ids.push((id, management, record.loc));
                }
            }
            None => {
                let message = "has no `organization`";
                self.error(record.at(node, at), codes::MISSING_MEMBER, message);
            }
        }
        if let Some(policies) = present(node, "policies") {
            self.tree_policies(record, policies, at.member("policies"));
        }
        if let Some(root) = present(node, "root") {
            self.tree_nodes(record, root, &at.member("root").to_string());
        }
    }

    /// Reads the policies, an object by id.
    fn tree_policies(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let Some(members) = node.as_object() else {
            return self.mismatch(record, node, at, "an object");
        };
        for member in members {
            let at = at.member(member.key.value);
            self.reject_misspelled(record, &member.value, at);
            self.tree_policy(record, member, at);
        }
    }

    /// Reads one policy: type, name and content. The one that AWS attaches everywhere is known and
    /// not read (`GRAM-61`).
    fn tree_policy(&mut self, record: &Record<'_, '_>, member: &Member<'_>, at: JsonPath<'_>) {
        let (id, node) = (member.key.value, &member.value);
        let Some(kind) = self.required_str(record, node, at, "type") else {
            return;
        };
        let Some(control) = control(kind) else {
            let message = format!("`{kind}` is not a type; the types are `scp` and `rcp`");
            return self.error(record.at(node, at), codes::INVALID_MEMBER, message);
        };
        let name = self.optional_str(record, node, at, "name").unwrap_or(id);
        if control == ControlPolicyType::Rcp
            && (id == RCP_FULL_ACCESS || name == "RCPFullAWSAccess")
        {
            let id = self.strings.intern(id);
            self.raw.organization.full_rcps.insert(id);
            let content = present(node, "content");
            self.consumed.extend(content.map(|own| own.span.start));
            return;
        }
        let Some(content) = present(node, "content") else {
            let message = "has no `content`";
            return self.error(record.at(node, at), codes::MISSING_MEMBER, message);
        };
        let at = at.member("content");
        self.control(record, content, at, (id, name), control);
    }

    /// Stores a control policy, from our file or from `describe-policy`. One that is there twice
    /// must say the same.
    pub(crate) fn control(
        &mut self,
        record: &Record<'_, '_>,
        content: &Node<'_>,
        at: JsonPath<'_>,
        (id, name): (&str, &str),
        control: ControlPolicyType,
    ) {
        let kind = match control {
            ControlPolicyType::Scp => PolicyKind::Scp,
            ControlPolicyType::Rcp => PolicyKind::Rcp,
        };
        // Explanations show name and id: names are what people know, ids are what is unique.
        let called = match name == id {
            true => id.to_string(),
            false => format!("{name} ({id})"),
        };
        let Some(policy) = self.policy(record, content, at, &called, kind, true) else {
            return;
        };
        let id = self.strings.intern(id);
        let new = RawControlPolicy {
            loc: record.loc,
            control,
            policy,
        };
        if let Some(old) = self.raw.organization.controls.get(&id).copied() {
            let same = self.documents.are_equal(old.policy, policy, kind);
            if !(same && old.control == control) {
                let location = self.location(old.loc);
                let message = format!(
                    "`{}` is not the same policy as at {location}",
                    self.strings.get(id)
                );
                self.error(record.at(content, at), codes::CONTRADICTION, message);
            }
            return;
        }
        self.raw.organization.controls.insert(id, new);
    }

    /// Reads the root and all below it. Children are pushed in reverse, so that nodes are read in
    /// the order of the file.
    fn tree_nodes(&mut self, record: &Record<'_, '_>, root: &Node<'_>, path: &str) {
        let mut open: Vec<(&Node<'_>, Option<Symbol>, String)> =
            vec![(root, None, path.to_string())];
        while let Some((node, parent, path)) = open.pop() {
            let at = JsonPath::root();
            let at = at.pointer(&path);
            let Some(id) = self.tree_node(record, node, at, parent) else {
                continue;
            };
            let children = self.list(record, node, at, "children");
            let is_account = account_number(self.strings.get(id)).is_some();
            if is_account && !children.is_empty() {
                let message = "an account has no `children`";
                self.error(record.at(node, at), codes::INVALID_TREE, message);
                continue;
            }
            for (index, child) in children.iter().enumerate().rev() {
                open.push((child, Some(id), format!("{path}/children/{index}")));
            }
        }
    }

    /// Reads one node and what is attached to it, and returns its id. None, and the problem is
    /// reported, if it cannot be told what the node is; its children are then left out.
    fn tree_node(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        parent: Option<Symbol>,
    ) -> Option<Symbol> {
        if node.as_object().is_none() {
            self.mismatch(record, node, at, "an object");
            return None;
        }
        self.reject_misspelled(record, node, at);
        let id = match parent {
            None => self.required_str(record, node, at, "id")?,
            Some(_) => {
                // One of the two and not both: what is attached below a node of both kinds could be
                // read in two ways.
                let is_account = present(node, "account").is_some();
                if is_account == present(node, "ou").is_some() {
                    let message = "must have either `account` or `ou`";
                    self.error(record.at(node, at), codes::INVALID_TREE, message);
                    return None;
                }
                if is_account {
                    self.account(record, node, at, "account")?;
                    self.optional_str(record, node, at, "account")?
                } else {
                    let unit = self.required_str(record, node, at, "ou")?;
                    // An account under `ou` would be a unit without accounts, and limit nobody.
                    if account_number(unit).is_some() {
                        let message = format!("`{unit}` is an account, not a unit");
                        self.error(record.at(node, at), codes::INVALID_TREE, message);
                        return None;
                    }
                    unit
                }
            }
        };
        let id = self.strings.intern(id);
        let path = self.strings.intern(&at.to_string());
        self.raw.organization.nodes.push(RawNode {
            loc: record.loc,
            id,
            parent,
            path,
        });
        // A tree file lists all policies of each node, so that a policy in none of its lists is
        // attached nowhere (choice R19).
        for control in [ControlPolicyType::Scp, ControlPolicyType::Rcp] {
            self.raw.organization.with_policies.insert((id, control));
        }
        if let Some(policies) = present(node, "policies") {
            let at = at.member("policies");
            if policies.as_object().is_none() {
                self.mismatch(record, policies, at, "an object");
            }
            self.reject_misspelled(record, policies, at);
            for (name, control) in [
                ("scp", ControlPolicyType::Scp),
                ("rcp", ControlPolicyType::Rcp),
            ] {
                if present(policies, name).is_some() {
                    let organization = &mut self.raw.organization;
                    match control {
                        ControlPolicyType::Scp => organization.scp_enabled = Some(true),
                        ControlPolicyType::Rcp => organization.rcp_enabled = Some(true),
                    }
                }
                for policy in self.string_list(record, policies, at, name) {
                    self.raw.organization.attachments.push(RawAttachment {
                        loc: record.loc,
                        node: id,
                        policy,
                        control: Some(control),
                    });
                }
            }
        }
        Some(id)
    }

    /// Reports members that are not ours and look like one that is: they would be ignored in
    /// silence.
    pub(crate) fn reject_misspelled(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) {
        for member in node.as_object().unwrap_or_default() {
            let name = member.key.value;
            if MEMBERS.contains(&name) {
                continue;
            }
            let meant = MEMBERS
                .iter()
                .find(|own| normalized(own) == normalized(name));
            if let Some(meant) = meant {
                let message = format!("has no member `{name}`; write `{meant}`");
                self.error(record.at(&member.value, at), codes::INVALID_MEMBER, message);
            }
        }
    }
}

/// Reads the type of a control policy, in the words of AWS or ours. None for types that decide
/// nothing.
pub(crate) fn control(text: &str) -> Option<ControlPolicyType> {
    let is = |names: [&str; 2]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
    if is(["scp", "SERVICE_CONTROL_POLICY"]) {
        Some(ControlPolicyType::Scp)
    } else if is(["rcp", "RESOURCE_CONTROL_POLICY"]) {
        Some(ControlPolicyType::Rcp)
    } else {
        None
    }
}
