//! Dumps of one user, group or role: `get-role`, `get-user`, `get-role-policy` and its like.
//!
//! They repeat what the dump of the account says, so that they are kept as claims to compare
//! ([`mod@crate::load::link`]) and not as principals. The one thing that only they know is how long a
//! role's sessions may last.

use portcullis_model::PolicyKind;
use portcullis_source::json::Node;

use crate::load::loader::{Loader, Record};
use crate::load::raw::{EntityField, RawEntityDump};
use crate::load::read::fields::{JsonPath, present};

use crate::load::read::account::account_in_path;

impl Loader {
    /// Reads a value if it is such a dump, and returns its form.
    ///
    /// ```json
    /// {"UserName": "ada", "PolicyName": "p", "PolicyDocument": {…}}
    /// {"Role": {"RoleName": "Build", "Arn": "…", "AssumeRolePolicyDocument": {…}, "MaxSessionDuration": 7200}}
    /// ```
    pub(crate) fn entity_dump(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
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
            let name = self.required_str(record, node, at, member);
            let policy = self.required_str(record, node, at, "PolicyName");
            let (Some(name), Some(policy)) = (name, policy) else {
                self.consumed.insert(document.span.start);
                return Some(form);
            };
            let at = at.member("PolicyDocument");
            let read = self.policy(record, document, at, policy, PolicyKind::Identity, true);
            if let Some(read) = read {
                let fields = vec![EntityField::Inline(self.strings.intern(policy), read)];
                // These answers have no ARN. Without a folder named after the account, a folder
                // with a single account will do.
                let account = account_in_path(record.file);
                self.add_entity_dump(record, kind, account, name, fields);
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

    /// Reads what `get-role`, `get-user` and the lists of roles and users say of one. Members that
    /// are not there say nothing: lists leave out tags and boundaries.
    pub(crate) fn settings(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
        kind: &'static str,
    ) {
        // Consumed before anything can fail, so that a trust policy in a role with a wrong ARN is
        // not reported as well.
        let document = present(node, "AssumeRolePolicyDocument");
        self.consumed
            .extend(document.map(|document| document.span.start));
        let boundary = self.boundary(record, node, at);
        let Some(arn) = self.required_str(record, node, at, "Arn") else {
            return;
        };
        let Some(entity) = self.entity_of(record, node, at, kind, name, arn) else {
            return;
        };
        let mut fields: Vec<EntityField> =
            boundary.map(EntityField::Boundary).into_iter().collect();
        if let Some(document) = document {
            fields.push(EntityField::Trust(self.trust(
                record,
                document,
                at,
                entity.name,
            )));
        }
        if present(node, "Tags").is_some() {
            fields.push(EntityField::Tags(self.tags(record, node, at, "Tags")));
        }
        let seconds = self.seconds(record, node, at, "MaxSessionDuration");
        fields.extend(seconds.map(EntityField::MaxSession));
        self.add_entity_dump(record, kind, Some(entity.account), entity.name, fields);
    }

    /// Keeps a claim about a user, group or role.
    fn add_entity_dump(
        &mut self,
        record: &Record<'_, '_>,
        kind: &'static str,
        account: Option<u64>,
        name: &str,
        fields: Vec<EntityField>,
    ) {
        let dump = RawEntityDump {
            loc: record.loc,
            kind,
            account,
            name: self.strings.intern(name),
            fields,
        };
        self.raw.entity_dumps.push(dump);
    }
}
