//! Lists that collectors take beside the dump of an account: roles, users, instance profiles,
//! attachments.
//!
//! They say again what the dump says. Roles and users in them are claims like any dump of one
//! ([`super::entity_dump`]), so that a list that is older than the dump is noticed. A list whose
//! owner is not in the answer has nothing to compare with.

use portcullis_source::json::Node;

use crate::load::loader::{Loader, Record};
use crate::load::read::fields::{JsonPath, present};

impl Loader {
    /// Reads a value if it is what `aws iam list-roles`, `list-users`, `list-instance-profiles` or
    /// `list-attached-role-policies` and its like print, and returns its form.
    ///
    /// ```json
    /// {"Roles": [{"RoleName": "Build", "Arn": "…", "AssumeRolePolicyDocument": {…}, "MaxSessionDuration": 3600}]}
    /// {"InstanceProfiles": [{"InstanceProfileName": "p", "Roles": […]}]}
    /// {"AttachedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": "…"}]}
    /// ```
    pub(crate) fn iam_list(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<&'static str> {
        let first = |list| present(node, list)?.as_array()?.first();
        let has = |list, member| first(list).is_some_and(|own| own.get(member).is_some());
        for (list, name, kind, form) in [
            ("Roles", "RoleName", "role", "list of roles"),
            ("Users", "UserName", "user", "list of users"),
        ] {
            if has(list, "Arn") && has(list, name) {
                let inside = at.member(list);
                for (index, own) in self.list(record, node, at, list).iter().enumerate() {
                    self.settings(record, own, inside.index(index), name, kind);
                }
                return Some(form);
            }
        }
        if has("InstanceProfiles", "InstanceProfileName") {
            self.instance_profiles(record, node, at, "InstanceProfiles");
            return Some("list of instance profiles");
        }
        if has("AttachedPolicies", "PolicyArn") {
            // Whose they are the answer does not say; the dump of the account has them.
            let attached = self.list(record, node, at, "AttachedPolicies");
            self.consumed
                .extend(attached.iter().map(|own| own.span.start));
            return Some("attached policies, which dumps of accounts have");
        }
        None
    }

    /// Reads the roles inside a list of instance profiles, which also roles have (`IN-13`): they repeat what is said of
    /// the role elsewhere, and are held to it.
    pub(super) fn instance_profiles(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        list: &str,
    ) {
        let inside = at.member(list);
        for (index, profile) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            let inside = at.member("Roles");
            for (index, own) in self.list(record, profile, at, "Roles").iter().enumerate() {
                self.settings(record, own, inside.index(index), "RoleName", "role");
            }
        }
    }
}
