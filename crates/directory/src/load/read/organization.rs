//! Answers of Organizations, as `aws organizations` prints them (`IN-20` to `IN-28`).
//!
//! AWS lists the children of one parent, the policies of one target and the targets of one policy,
//! and leaves the parent, target or policy out of the answer. Then the name of the file, or of a
//! folder above it, must hold the id. Ids tell what they are by their beginning (`r-`, `ou-`, `p-`,
//! twelve digits), so that words around them do not matter.
//!
//! An id that cannot be found is an error: reading the answer without it would lose a level of the
//! tree, and the policies there.

use portcullis_source::json::Node;

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::raw::{RCP_FULL_ACCESS, RawAttachment, RawNode};
use crate::load::read::fields::{JsonPath, account_number, present};
use crate::load::read::tree::control;
use crate::store::ids::Symbol;

impl Loader {
    /// Reads a value if it is one of these answers, and returns its form.
    pub(crate) fn organization_dump(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<&'static str> {
        let has = |name| present(node, name).is_some();
        let first = |list: &str| node.get(list)?.as_array()?.first();
        if has("Organization") {
            self.described(record, node, at);
            Some("organization")
        } else if has("Roots") {
            self.roots(record, node, at);
            Some("root of the organization")
        } else if has("OrganizationalUnits") {
            self.units(record, node, at);
            Some("units of the organization")
        } else if has("Accounts") {
            self.accounts(record, node, at);
            Some("accounts of the organization")
        } else if has("Parents") {
            self.parents(record, node, at);
            Some("parent in the organization")
        } else if has("Targets") {
            self.targets(record, node, at);
            Some("targets of a control policy")
        } else if present(node, "Policy")
            .is_some_and(|policy| policy.get("PolicySummary").is_some())
        {
            self.described_policy(record, node, at);
            Some("control policy")
        } else if first("Policies").is_some_and(|policy| {
            policy.get("Type").is_some() && policy.get("PolicyVersionList").is_none()
        }) {
            self.listed_policies(record, node, at);
            Some("list of control policies")
        } else if has("EffectivePolicy") {
            // `IN-28`: of tag and backup policies, which decide nothing. It looks like a policy, so
            // that it is consumed.
            let policy = present(node, "EffectivePolicy");
            self.consumed.extend(policy.map(|own| own.span.start));
            Some("effective policy, which is not used")
        } else {
            None
        }
    }

    /// `describe-organization` (`IN-20`). The management account is still called `MasterAccountId`.
    ///
    /// ```json
    /// {"Organization": {"Id": "o-example", "MasterAccountId": "111122223333"}}
    /// ```
    fn described(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let Some(organization) = node.get("Organization") else {
            return;
        };
        let at = at.member("Organization");
        let id = self.required_str(record, organization, at, "Id");
        let management = self.account(record, organization, at, "MasterAccountId");
        if let Some(id) = id {
            let id = self.strings.intern(id);
            let ids = &mut self.raw.organization.ids;
            ids.push((id, management, record.loc));
        }
    }

    /// `list-roots` (`IN-21`): the root, and which types of policy are in use. A type that is not
    /// listed as enabled does not apply (`SCP-6`).
    ///
    /// ```json
    /// {"Roots": [{"Id": "r-ab12", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]}
    /// ```
    fn roots(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let inside = at.member("Roots");
        for (index, root) in self.list(record, node, at, "Roots").iter().enumerate() {
            let at = inside.index(index);
            let Some(id) = self.required_str(record, root, at, "Id") else {
                continue;
            };
            self.node(record, id, None, at);
            if present(root, "PolicyTypes").is_none() {
                continue;
            }
            let enabled: Vec<&str> = self
                .list(record, root, at, "PolicyTypes")
                .iter()
                .filter(|kind| kind.get("Status").and_then(Node::as_str) == Some("ENABLED"))
                .filter_map(|kind| kind.get("Type")?.as_str())
                .collect();
            let organization = &mut self.raw.organization;
            organization.scp_enabled = Some(enabled.contains(&"SERVICE_CONTROL_POLICY"));
            organization.rcp_enabled = Some(enabled.contains(&"RESOURCE_CONTROL_POLICY"));
        }
    }

    /// `list-organizational-units-for-parent` (`IN-22`).
    ///
    /// ```json
    /// {"OrganizationalUnits": [{"Id": "ou-ab12-11111111", "Name": "workloads"}]}
    /// ```
    fn units(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let parent = id_in_path(record.file, &["r-", "ou-"]);
        let inside = at.member("OrganizationalUnits");
        let units = self.list(record, node, at, "OrganizationalUnits");
        for (index, unit) in units.iter().enumerate() {
            let at = inside.index(index);
            if let Some(id) = self.required_str(record, unit, at, "Id") {
                // Without a parent here, another file must give it (`list-parents`); linking sees
                // to that.
                self.child(record, id, parent, at);
            }
        }
    }

    /// `list-accounts` and `list-accounts-for-parent` (`IN-23`). Suspended accounts are members
    /// too: their resources remain, and what limits them.
    fn accounts(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let parent = id_in_path(record.file, &["r-", "ou-"]);
        let inside = at.member("Accounts");
        for (index, account) in self.list(record, node, at, "Accounts").iter().enumerate() {
            let at = inside.index(index);
            let (Some(_), Some(id)) = (
                self.account(record, account, at, "Id"),
                self.required_str(record, account, at, "Id"),
            ) else {
                continue;
            };
            self.child(record, id, parent, at);
        }
    }

    /// Adds something below the root, whose parent may be known.
    fn child(&mut self, record: &Record<'_, '_>, id: &str, parent: Option<&str>, at: JsonPath<'_>) {
        match parent {
            Some(parent) => self.node(record, id, Some(parent), at),
            None => {
                let id = self.strings.intern(id);
                self.raw.organization.accounts.push((id, record.loc));
            }
        }
    }

    /// Adds a node; `parent` is none for the root alone.
    fn node(&mut self, record: &Record<'_, '_>, id: &str, parent: Option<&str>, at: JsonPath<'_>) {
        let node = RawNode {
            loc: record.loc,
            id: self.strings.intern(id),
            parent: parent.map(|parent| self.strings.intern(parent)),
            path: self.strings.intern(&at.to_string()),
        };
        self.raw.organization.nodes.push(node);
    }

    /// `list-parents` (`IN-24`), in a file that has the id of the child.
    ///
    /// ```json
    /// {"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]}
    /// ```
    fn parents(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let Some(child) = id_in_path(record.file, &["ou-", ""]) else {
            return self.missing_file_id(record, node, at, "the child");
        };
        let parents = self.list(record, node, at, "Parents");
        let [parent] = parents else {
            let message = "must contain exactly one parent";
            return self.error(record.at(node, at), codes::INVALID_TREE, message);
        };
        let inside = at.member("Parents");
        let at = inside.index(0);
        if let Some(parent) = self.required_str(record, parent, at, "Id") {
            self.node(record, child, Some(parent), at);
        }
    }

    /// `list-targets-for-policy` (`IN-26`), in a file that has the id of the policy. An empty list
    /// counts: the policy is attached nowhere.
    ///
    /// ```json
    /// {"Targets": [{"TargetId": "ou-ab12-11111111", "Type": "ORGANIZATIONAL_UNIT"}]}
    /// ```
    fn targets(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let Some(policy) = id_in_path(record.file, &["p-"]) else {
            return self.missing_file_id(record, node, at, "the policy");
        };
        let policy = self.strings.intern(policy);
        self.raw.organization.with_targets.insert(policy);
        let inside = at.member("Targets");
        for (index, target) in self.list(record, node, at, "Targets").iter().enumerate() {
            let at = inside.index(index);
            if let Some(id) = self.required_str(record, target, at, "TargetId") {
                let id = self.strings.intern(id);
                self.attach(record, id, policy);
            }
        }
    }

    /// Attaches a policy to a node. The type is left open: this answer does not say it, and the
    /// policy's content does.
    fn attach(&mut self, record: &Record<'_, '_>, node: Symbol, policy: Symbol) {
        self.raw.organization.attachments.push(RawAttachment {
            loc: record.loc,
            node,
            policy,
            control: None,
        });
    }

    /// `list-policies`, or `list-policies-for-target` if the file has the id of a target (`IN-25`).
    ///
    /// ```json
    /// {"Policies": [{"Id": "p-limit", "Name": "limit", "Type": "SERVICE_CONTROL_POLICY"}]}
    /// ```
    fn listed_policies(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let target = id_in_path(record.file, &["r-", "ou-", ""]);
        let target = target.map(|target| self.strings.intern(target));
        let inside = at.member("Policies");
        for (index, policy) in self.list(record, node, at, "Policies").iter().enumerate() {
            let at = inside.index(index);
            let id = self.required_str(record, policy, at, "Id");
            let kind = self.required_str(record, policy, at, "Type");
            let (Some(id), Some(control)) = (id, kind.and_then(control)) else {
                // Tag policies, backup policies and their like decide nothing.
                continue;
            };
            let id = self.strings.intern(id);
            self.raw
                .organization
                .listed
                .insert(id, (control, record.loc));
            if let Some(target) = target {
                let told = (target, control);
                self.raw.organization.with_policies.insert(told);
                self.attach(record, target, id);
            }
        }
    }

    /// `describe-policy` (`IN-27`): the content of a control policy.
    ///
    /// ```json
    /// {"Policy": {"PolicySummary": {"Id": "p-limit", "Type": "SERVICE_CONTROL_POLICY"}, "Content": "{\"Statement\": …}"}}
    /// ```
    fn described_policy(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let Some(policy) = node.get("Policy") else {
            return;
        };
        let at = at.member("Policy");
        let Some(summary) = policy.get("PolicySummary") else {
            return;
        };
        let inside = at.member("PolicySummary");
        let id = self.required_str(record, summary, inside, "Id");
        let kind = self.required_str(record, summary, inside, "Type");
        let (Some(id), Some(control)) = (id, kind.and_then(control)) else {
            return;
        };
        let name = self
            .optional_str(record, summary, inside, "Name")
            .unwrap_or(id);
        if id == RCP_FULL_ACCESS {
            let content = present(policy, "Content");
            self.consumed.extend(content.map(|own| own.span.start));
            return;
        }
        match present(policy, "Content") {
            Some(content) => {
                self.control(record, content, at.member("Content"), (id, name), control);
            }
            None => {
                let message = "has no `Content`";
                self.error(record.at(policy, at), codes::MISSING_MEMBER, message);
            }
        }
    }

    /// Reports an answer of which neither it nor its file says what it is about.
    fn missing_file_id(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        what: &str,
    ) {
        let message = format!(
            "does not say what it belongs to; the file's name must contain the id of {what}"
        );
        self.error(record.at(node, at), codes::MISSING_MEMBER, message);
    }
}

/// The last id in a file's path that begins with one of `starts`; the empty start is that of
/// accounts.
///
/// The last counts because folders above are more general: `ou-ab12-11111111/accounts.json` is in
/// the folder of its unit, and `r-ab12/units-for-ou-ab12-11111111.json` is about the unit. An id of
/// four characters or less must have a digit, so that words such as `p-all` are none.
pub(crate) fn id_in_path<'f>(file: &'f str, starts: &[&str]) -> Option<&'f str> {
    let stem = file
        .strip_suffix(".json")
        .or_else(|| file.strip_suffix(".jsonl"))
        .unwrap_or(file);
    let is_part = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    stem.rsplit(is_part).find_map(|word| {
        starts.iter().find_map(|start| match *start {
            "" => account_number(word).map(|_| word),
            // `accounts-for-ou-ab12-11111111` is a word, of which the end is the id.
            start => {
                let marked = format!("-{start}");
                let at = match word.starts_with(start) {
                    true => Some(0),
                    false => word.find(&marked).map(|at| at + 1),
                };
                let id = word.get(at?..)?;
                id.chars()
                    .any(|c| c.is_ascii_digit() || id.len() > 4)
                    .then_some(id)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_the_names_of_files() {
        let parent = |file| id_in_path(file, &["r-", "ou-"]);
        assert_eq!(parent("org/r-ab12.json"), Some("r-ab12"));
        assert_eq!(parent("r-ab12/units.json"), Some("r-ab12"));
        assert_eq!(
            parent("units-for-ou-ab12-11111111.json"),
            Some("ou-ab12-11111111")
        );
        assert_eq!(parent("accounts.json"), None);
        assert_eq!(
            id_in_path("parents/111122223333.json", &["ou-", ""]),
            Some("111122223333")
        );
        assert_eq!(
            id_in_path("targets.p-abcd1234.json", &["p-"]),
            Some("p-abcd1234")
        );
    }
}
