//! Our own lines about resources (`IN-48`).

use portcullis_model::{PolicyKind, split_arn};
use portcullis_syntax::json::{Node, Value};

use crate::problem::Code;
use crate::raw::{RawGrant, RawResource};
use crate::read::acl::ignores_public_acls;
use crate::read::fields::{At, account_number, bare, present};
use crate::read::{Loader, Record};
use crate::texts::Name;

/// Members that decide something, and so must not be misspelt.
const MEMBERS: [&str; 6] = [
    "arn",
    "account",
    "policy",
    "tags",
    "publicAccessBlock",
    "grants",
];

/// The id of the VPC endpoint that an ARN names. Its policy is not one of a resource, but limits what goes
/// through it (`VPCE-1`).
fn endpoint_of(arn: &str) -> Option<&str> {
    match split_arn(arn)? {
        [_, _, "ec2", _, _, rest] => rest.strip_prefix("vpc-endpoint/"),
        _ => None,
    }
}

impl Loader {
    /// `{"arn", "account", "policy", "tags", "publicAccessBlock", "grants"}`; without `arn` it is the
    /// `publicAccessBlock` of an account.
    pub(crate) fn wrapper(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) {
        for member in node.as_object().unwrap_or_default() {
            let name = member.key.value;
            let is_like = |own: &str| bare(own) == bare(name);
            let may_decide = MEMBERS.iter().any(|own| is_like(own)) || bare(name).contains("polic");
            if may_decide && !MEMBERS.contains(&name) {
                let message = format!(
                    "a resource has no member `{name}`; its members are `{}`",
                    MEMBERS.join("`, `")
                );
                let place = record.at(&member.value, at.member(name));
                self.error(place, Code::InvalidMember, message);
            }
        }
        let account = self.account(record, node, at, "account");
        let block = present(node, "publicAccessBlock");
        let restricts = block.and_then(|block| {
            let at = at.member("publicAccessBlock");
            self.restricts_public(record, block, at)
        });
        let ignores = block.is_some_and(ignores_public_acls);
        if present(node, "arn").is_none() {
            if ignores {
                self.raw.accounts_without_public_acls.extend(account);
            }
            if restricts == Some(true) {
                self.raw.restricted_accounts.extend(account);
            }
            return;
        }
        let Some(arn) = self.text_of(record, node, at, "arn") else {
            return;
        };
        if split_arn(arn).is_none_or(|[scheme, ..]| scheme != "arn") {
            let message = format!("`{arn}` is no ARN");
            let place = record.at(node, at.member("arn"));
            return self.error(place, Code::InvalidMember, message);
        }
        let policy = present(node, "policy").and_then(|policy| {
            let at = at.member("policy");
            match endpoint_of(arn) {
                Some(id) => {
                    self.endpoint(record, policy, at, id, record.spot);
                    None
                }
                None => self.resource_policy(record, policy, at, arn),
            }
        });
        let name = self.texts.intern(arn);
        if ignores {
            self.raw.buckets_without_public_acls.insert(name);
        }
        let tags = self.tags(record, node, at, "tags");
        self.raw.resources.push(RawResource {
            spot: record.spot,
            arn: name,
            account,
            policy,
            tags,
            restrict_public: restricts,
        });
        self.grants(record, node, at, "grants", Some(name));
    }

    /// The policy of the resource with an ARN. Repositories may leave out `Resource` (`GRAM-54`).
    pub(crate) fn resource_policy(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
        arn: &str,
    ) -> Option<crate::documents::PolicyId> {
        let is_repository = split_arn(arn).is_some_and(|[_, _, service, ..]| service == "ecr");
        let kind = PolicyKind::Resource;
        self.policy(record, node, at, arn, kind, !is_repository)
    }

    /// A resource with a policy, from a service's dump.
    pub(crate) fn resource(
        &mut self,
        record: &Record<'_, '_>,
        document: Option<&Node<'_>>,
        at: At<'_>,
        arn: &str,
        account: Option<u64>,
    ) {
        // Some services print an empty text for no policy.
        let document = document.filter(|node| node.as_str() != Some(""));
        let policy = document.and_then(|node| self.resource_policy(record, node, at, arn));
        let own = split_arn(arn).and_then(|parts| account_number(parts.get(4)?));
        let arn = self.texts.intern(arn);
        self.raw.resources.push(RawResource {
            spot: record.spot,
            arn,
            account: own.or(account),
            policy,
            tags: Vec::new(),
            restrict_public: None,
        });
    }

    /// `RestrictPublicBuckets` of a configuration (`S3-4`), all of whose members are booleans.
    pub(crate) fn restricts_public(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
    ) -> Option<bool> {
        let Some(members) = node.as_object() else {
            self.mismatch(record, node, at, "an object with booleans");
            return None;
        };
        for member in members {
            if !matches!(member.value.value, Value::Bool(_) | Value::Null) {
                let at = at.member(member.key.value);
                self.mismatch(record, &member.value, at, "true or false");
            }
        }
        let own = present(node, "RestrictPublicBuckets")
            .or_else(|| present(node, "restrictPublicBuckets"));
        Some(matches!(own.map(|own| own.value), Some(Value::Bool(true))))
    }

    /// A constraint that is left out would make a grant wider.
    fn constraints_are_known(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) {
        for member in node.as_object().unwrap_or_default() {
            let name = member.key.value;
            if !["EncryptionContextSubset", "EncryptionContextEquals"].contains(&name) {
                let message = format!("`{name}` is no constraint of a grant that is known");
                let place = record.at(&member.value, at.member(name));
                self.error(place, Code::InvalidMember, message);
            }
        }
    }

    /// KMS grants, as `list-grants` prints them.
    pub(crate) fn grants(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
        list: &str,
        key: Option<Name>,
    ) {
        let inside = at.member(list);
        for (index, grant) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            let own = self.text_of(record, grant, at, "KeyId");
            let key = own.map(|own| self.texts.intern(own)).or(key);
            let grantee = self.needed(record, grant, at, "GranteePrincipal");
            let (Some(key), Some(grantee)) = (key, grantee) else {
                if key.is_none() {
                    let message = "a grant has no `KeyId`";
                    self.error(record.at(grant, at), Code::MissingMember, message);
                }
                continue;
            };
            let (mut subset, mut equals) = (Vec::new(), None);
            if let Some(constraints) = present(grant, "Constraints") {
                let at = at.member("Constraints");
                self.constraints_are_known(record, constraints, at);
                if let Some(pairs) = present(constraints, "EncryptionContextSubset") {
                    subset = self.pairs(record, pairs, at.member("EncryptionContextSubset"));
                }
                if let Some(pairs) = present(constraints, "EncryptionContextEquals") {
                    let at = at.member("EncryptionContextEquals");
                    equals = Some(self.pairs(record, pairs, at));
                }
            }
            let id = self.text_of(record, grant, at, "GrantId");
            let raw = RawGrant {
                spot: record.spot,
                id: id.map(|id| self.texts.intern(id)),
                key,
                grantee: self.texts.intern(grantee),
                operations: self.names(record, grant, at, "Operations"),
                subset,
                equals,
            };
            self.raw.grants.push(raw);
        }
    }
}
