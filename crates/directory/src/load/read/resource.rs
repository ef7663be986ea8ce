//! Our own lines about resources (`IN-48`), and what they have in common with answers of services:
//! policies, grants, blocks of public access.
//!
//! The wrapper is the form to give when an answer of AWS does not say its resource, so that it says
//! everything itself. Its members are ours: one that is misspelled is an error, while unknown
//! members of AWS's answers are ignored (`IN-4`).

use portcullis_model::{access_point, split_arn};
use portcullis_source::json::{Node, Value};

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::raw::{RawGrant, RawResource};
use crate::load::read::acl::ignores_public_acls;
use crate::load::read::fields::{JsonPath, account_number, normalized, present};
use crate::store::ids::Symbol;

/// Members of a line that decide something.
const MEMBERS: [&str; 8] = [
    "arn",
    "account",
    "policy",
    "tags",
    "bucket",
    "abac",
    "publicAccessBlock",
    "grants",
];

/// The id of the VPC endpoint that an ARN names. Its policy is not one of a resource, but limits
/// what goes through the endpoint (`VPCE-1`).
fn endpoint_of(arn: &str) -> Option<&str> {
    match split_arn(arn)? {
        [_, _, "ec2", _, _, rest] => rest.strip_prefix("vpc-endpoint/"),
        _ => None,
    }
}

/// True for the ARN of a bucket: of S3, of S3 Express, or on an Outpost.
pub(crate) fn is_bucket(arn: &str) -> bool {
    match split_arn(arn) {
        Some(["arn", _, "s3", "", "", name]) => !name.is_empty() && !name.contains('/'),
        Some(["arn", _, "s3express" | "s3-outposts", _, _, rest]) => rest.contains("bucket/"),
        _ => false,
    }
}

/// True if the policy of a resource may leave out `Resource` (`GRAM-54`).
pub(crate) fn omits_resource(arn: &str) -> bool {
    const OMIT: [&str; 3] = ["ecr", "ecr-public", "elasticfilesystem"];
    split_arn(arn).is_some_and(|[_, _, service, ..]| OMIT.contains(&service))
}

impl Loader {
    /// Reads `{"arn", "account", "policy", "tags", "bucket", "abac", "publicAccessBlock",
    /// "grants"}`. Without `arn` it is the block of public access of an account, whose buckets all
    /// have it (`S3-4`).
    ///
    /// ```json
    /// {"arn": "arn:aws:s3:::reports", "account": "111122223333", "policy": {…}, "tags": {"stage": "live"}}
    /// {"account": "111122223333", "publicAccessBlock": {"RestrictPublicBuckets": true}}
    /// ```
    pub(crate) fn wrapper(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        for member in node.as_object().unwrap_or_default() {
            let name = member.key.value;
            let is_like = |own: &str| normalized(own) == normalized(name);
            let may_decide =
                MEMBERS.iter().any(|own| is_like(own)) || normalized(name).contains("polic");
            if may_decide && !MEMBERS.contains(&name) {
                let message = format!(
                    "a resource has no member `{name}`; its members are `{}`",
                    MEMBERS.join("`, `")
                );
                let location = record.at(&member.value, at.member(name));
                self.error(location, codes::INVALID_MEMBER, message);
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
        let Some(arn) = self.optional_str(record, node, at, "arn") else {
            return;
        };
        if split_arn(arn).is_none_or(|[scheme, ..]| scheme != "arn") {
            let message = format!("`{arn}` is not an ARN");
            let location = record.at(node, at.member("arn"));
            return self.error(location, codes::INVALID_MEMBER, message);
        }
        let name = self.strings.intern(arn);
        let mut raw = RawResource {
            account,
            restrict_public: restricts,
            ..RawResource::new(record.loc, name)
        };
        if let Some(policy) = present(node, "policy") {
            let at = at.member("policy");
            match endpoint_of(arn) {
                Some(id) => self.endpoint(record, policy, at, id, record.loc),
                None => self.add_policy(record, policy, at, &mut raw),
            }
        }
        if ignores {
            self.raw.buckets_without_public_acls.insert(name);
        }
        raw.tags = self.tags(record, node, at, "tags");
        raw.bucket = self.bucket_behind(record, node, at, arn);
        raw.abac = self.abac(record, node, at, arn);
        self.raw.resources.push(raw);
        self.grants(record, node, at, "grants", Some(name));
    }

    /// Reads `bucket`: the bucket behind an access point, by its ARN (`S3-6`). On anything else it
    /// is an error, since it would decide nothing.
    fn bucket_behind(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        arn: &str,
    ) -> Option<(Symbol, Option<u64>)> {
        let bucket = self.optional_str(record, node, at, "bucket")?;
        let location =
            |member: &str| record.at(node.get(member).unwrap_or(node), at.member(member));
        if !matches!(access_point(arn), Some((_, ""))) {
            let message = "only an access point has a `bucket`";
            self.error(location("bucket"), codes::INVALID_MEMBER, message);
            return None;
        }
        if !is_bucket(bucket) {
            let message = format!("`{bucket}` is not the ARN of a bucket");
            self.error(location("bucket"), codes::INVALID_MEMBER, message);
            return None;
        }
        Some((self.strings.intern(bucket), None))
    }

    /// Reads `abac`: a bucket's tags are those of the resource in requests (`S3-8`).
    fn abac(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        arn: &str,
    ) -> Option<bool> {
        let member = present(node, "abac")?;
        let at = at.member("abac");
        let Value::Bool(abac) = member.value else {
            self.mismatch(record, member, at, "true or false");
            return None;
        };
        if !is_bucket(arn) {
            let message = "only a bucket has `abac`";
            self.error(record.at(member, at), codes::INVALID_MEMBER, message);
        }
        Some(abac)
    }

    /// Gives a resource its policy.
    fn add_policy(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        raw: &mut RawResource,
    ) {
        let arn = self.strings.get(raw.arn).to_string();
        let strict = !omits_resource(&arn);
        raw.policy = self.policy_of_resource(record, node, at, &arn, strict);
        raw.is_unreadable = raw.policy.is_none();
    }

    /// Adds a resource from a service's answer, with its policy if there is one. The account in the
    /// ARN counts before that of the path, which is where somebody stored the file.
    pub(crate) fn resource(
        &mut self,
        record: &Record<'_, '_>,
        document: Option<&Node<'_>>,
        at: JsonPath<'_>,
        arn: &str,
        account: Option<u64>,
    ) {
        let own = split_arn(arn).and_then(|parts| account_number(parts.get(4)?));
        let mut raw = RawResource {
            account: own.or(account),
            ..RawResource::new(record.loc, self.strings.intern(arn))
        };
        // Some services print an empty text for no policy.
        if let Some(document) = document.filter(|node| node.as_str() != Some("")) {
            self.add_policy(record, document, at, &mut raw);
        }
        self.raw.resources.push(raw);
    }

    /// Reads `RestrictPublicBuckets` of a configuration (`S3-4`). All members must be booleans: a
    /// block that is written as a string would be one that is not in force.
    pub(crate) fn restricts_public(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
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

    /// Reports a constraint of a grant that is not known: leaving it out would make the grant
    /// wider.
    fn constraints_are_known(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) {
        let Some(members) = node.as_object() else {
            return self.mismatch(record, node, at, "an object");
        };
        for member in members {
            let name = member.key.value;
            if !["EncryptionContextSubset", "EncryptionContextEquals"].contains(&name) {
                let message = format!("`{name}` is not a known constraint of a grant");
                let location = record.at(&member.value, at.member(name));
                self.error(location, codes::INVALID_MEMBER, message);
            }
        }
    }

    /// Reads KMS grants, as `list-grants` prints them or in one of our lines, where `key` is the
    /// resource of the line.
    ///
    /// ```json
    /// {"Grants": [{"GrantId": "…", "KeyId": "arn:aws:kms:…:key/…", "GranteePrincipal": "arn:aws:iam::…:role/App",
    ///              "Operations": ["Decrypt"], "Constraints": {"EncryptionContextSubset": {"department": "a"}}}]}
    /// ```
    pub(crate) fn grants(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        list: &str,
        key: Option<Symbol>,
    ) {
        let inside = at.member(list);
        for (index, grant) in self.list(record, node, at, list).iter().enumerate() {
            let at = inside.index(index);
            let own = self.optional_str(record, grant, at, "KeyId");
            let key = own.map(|own| self.strings.intern(own)).or(key);
            let grantee = self.required_str(record, grant, at, "GranteePrincipal");
            let (Some(key), Some(grantee)) = (key, grantee) else {
                if key.is_none() {
                    let message = "a grant has no `KeyId`";
                    self.error(record.at(grant, at), codes::MISSING_MEMBER, message);
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
            let id = self.optional_str(record, grant, at, "GrantId");
            let raw = RawGrant {
                loc: record.loc,
                id: id.map(|id| self.strings.intern(id)),
                key,
                grantee: self.strings.intern(grantee),
                operations: self.string_list(record, grant, at, "Operations"),
                subset,
                equals,
            };
            self.raw.grants.push(raw);
        }
    }
}
