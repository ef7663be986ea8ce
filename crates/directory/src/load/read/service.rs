//! Answers of services that have resource policies (`IN-40` to `IN-47`).
//!
//! Every service answers in a shape of its own. Those that have the ARN of the resource beside the
//! policy are a table ([`WITH_ARN`]); others need a few lines each. Answers that do not say which
//! resource they belong to are in [`super::unnamed`].
//!
//! A service that is not known here is no gap: a policy in its answer is then an error (`IN-4`),
//! and the user gives it as a line of our own (`IN-48`).

use portcullis_model::{PolicyKind, split_arn};
use portcullis_source::json::Node;

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::raw::{RawEndpoint, RawKeyPolicy, RawResource, SourceLoc};
use crate::load::read::account::account_in_path;
use crate::load::read::acl::ignores_public_acls;
use crate::load::read::fields::{JsonPath, account_number, present};
use crate::load::read::resource::is_bucket;
use crate::load::read::unnamed::{partition_of, region_in_path, stem};

/// Members with the ARN of a resource, and with its policy. The first pair that a value has counts.
const WITH_ARN: [(&str, &str); 8] = [
    ("BackupVaultArn", "Policy"),
    ("Arn", "Policy"),
    ("ResourceArn", "Policy"),
    ("ResourceArn", "ResourcePolicy"),
    ("resourceArn", "policy"),
    ("resourceArn", "document"),
    ("ARN", "ResourcePolicy"),
    ("ARN", "AccessPolicies"),
];

/// Lists of what other answers have one of, and their forms.
const LISTS: [(&str, &str); 4] = [
    ("DomainStatusList", "search domain"),
    ("EventBuses", "event bus"),
    ("AccessPointList", "access point"),
    ("GetResourcePoliciesResponseList", "policy of a catalog"),
];

/// Of what an answer lists the grants.
pub(crate) enum GrantsOf {
    /// A bucket: `get-bucket-acl`.
    Bucket,
    /// A key: `list-grants`.
    Key,
}

/// Of what a value lists the grants, if it does.
pub(crate) fn has_grants(node: &Node<'_>) -> Option<GrantsOf> {
    let grants = present(node, "Grants").and_then(Node::as_array)?;
    let is_acl = |grant: &Node<'_>| grant.get("Permission").is_some();
    match grants.iter().any(is_acl) || present(node, "Owner").is_some() {
        true => Some(GrantsOf::Bucket),
        false => Some(GrantsOf::Key),
    }
}

impl Loader {
    /// Reads a value if it is one of these answers, and returns its form.
    pub(crate) fn service_dump(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<&'static str> {
        let object = |name| present(node, name).filter(|node| node.as_object().is_some());
        if let Some(kind) = self.entity_dump(record, node, at) {
            return Some(kind);
        }
        if let Some(key) = object("KeyMetadata") {
            let at = at.member("KeyMetadata");
            let id = self.required_str(record, key, at, "KeyId");
            let arn = self.required_str(record, key, at, "Arn");
            if let (Some(id), Some(arn)) = (id, arn) {
                let (id, arn) = (self.strings.intern(id), self.strings.intern(arn));
                self.raw.keys.insert(id, arn);
            }
            return Some("key");
        }
        for (name, kind) in LISTS {
            if present(node, name).is_some() {
                let inside = at.member(name);
                for (index, own) in self.list(record, node, at, name).iter().enumerate() {
                    // An element that is none of these is left to the net under all readers, which
                    // reports it if it could hold a policy.
                    let _ = self.with_arn(record, own, inside.index(index));
                }
                return Some(kind);
            }
        }
        if let Some(domain) = object("DomainStatus") {
            self.with_arn(record, domain, at.member("DomainStatus"));
            return Some("search domain");
        }
        let kind = self.setting(record, node, at);
        if kind.is_some() {
            return kind;
        }
        if let Some(attributes) = object("Attributes") {
            let at = at.member("Attributes");
            let arn = ["QueueArn", "TopicArn"]
                .into_iter()
                .find_map(|name| self.optional_str(record, attributes, at, name));
            if let Some(arn) = arn {
                let document = present(attributes, "Policy");
                self.resource(record, document, at.member("Policy"), arn, None);
                return Some("queue or topic");
            }
            // `get-queue-attributes --attribute-names Policy` leaves the ARN out, and then the
            // statements have to name the queue.
            let document = present(attributes, "Policy").filter(|own| own.as_str().is_some());
            if let Some(document) = document {
                self.by_statements(record, document, at.member("Policy"));
                return Some("queue or topic");
            }
        }
        if present(node, "VpcEndpoints").is_some() {
            self.endpoints(record, node, at);
            return Some("VPC endpoints");
        }
        self.with_arn(record, node, at)
            .or_else(|| self.unnamed(record, node, at))
    }

    /// Reads a value that says by an ARN which resource it is about, and returns its form.
    fn with_arn(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<&'static str> {
        let has = |name| present(node, name).is_some();
        let point = self.access_point(record, node, at);
        if point.is_some() {
            return point;
        }
        if has("PolicyInJson") {
            return self.unnamed(record, node, at);
        }
        // `describe-resource-policy` of Organizations, and repositories of CodeArtifact.
        if let Some(own) =
            present(node, "ResourcePolicy").filter(|own| own.get("Content").is_some())
        {
            let at = at.member("ResourcePolicy");
            let inside = at.member("ResourcePolicySummary");
            let summary = present(own, "ResourcePolicySummary")?;
            let arn = self.required_str(record, summary, inside, "Arn")?;
            self.resource(
                record,
                present(own, "Content"),
                at.member("Content"),
                arn,
                None,
            );
            return Some("resource policy");
        }
        if let Some(own) = present(node, "policy").filter(|own| own.get("document").is_some()) {
            return self.with_arn(record, own, at.member("policy"));
        }
        let arn_in = |name| {
            let text = present(node, name).and_then(Node::as_str);
            text.filter(|text| split_arn(text).is_some())
        };
        let known = WITH_ARN.iter().find_map(|(arn, policy)| {
            let arn = arn_in(arn)?;
            has(policy).then_some((arn, *policy))
        });
        // Secrets and search domains without a policy have no member for it, and are worth a row
        // all the same: their owner is known.
        let (arn, policy) = known.or_else(|| Some((arn_in("ARN")?, "ResourcePolicy")))?;
        self.resource(record, present(node, policy), at.member(policy), arn, None);
        Some("resource")
    }

    /// Reads settings of buckets and accounts that are no policies, and returns the form.
    fn setting(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<&'static str> {
        let has = |name| present(node, name).is_some();
        // An access point comes first: it holds a block of public access, which is not one of the
        // bucket that the file is called like.
        let point = self.access_point(record, node, at);
        if point.is_some() {
            return point;
        }
        match has_grants(node) {
            Some(GrantsOf::Bucket) => {
                self.acl(record, node, at, stem(record.file));
                return Some("access control list");
            }
            Some(GrantsOf::Key) => {
                self.grants(record, node, at, "Grants", None);
                return Some("key grants");
            }
            None => {}
        }
        if let Some(block) = present(node, "PublicAccessBlockConfiguration") {
            let at = at.member("PublicAccessBlockConfiguration");
            let restricts = self.restricts_public(record, block, at);
            if ignores_public_acls(block) {
                self.ignore_public_acls(stem(record.file));
            }
            self.public_access_block(record, node, at, restricts);
            return Some("public access block");
        }
        if has("OwnershipControls") {
            self.ownership(node, stem(record.file));
            return Some("ownership of objects");
        }
        if let Some(status) = present(node, "AbacStatus") {
            let at = at.member("AbacStatus");
            let status = self.required_str(record, status, at, "Status")?;
            self.bucket_by_name(record, node, at, |raw| raw.abac = Some(status == "Enabled"));
            return Some("whether tags of a bucket count");
        }
        if has("TagSet") {
            let tags = self.tags(record, node, at, "TagSet");
            self.bucket_by_name(record, node, at, |raw| raw.tags = tags);
            return Some("tags of a bucket");
        }
        has("PolicyStatus").then_some("bucket setting that decides nothing")
    }

    /// Adds what a file says of the bucket that it is called like. The partition is that of a
    /// region in the path, or `aws`.
    ///
    /// `get-bucket-abac` and `get-bucket-tagging` print, in a file called like the bucket:
    ///
    /// ```json
    /// {"AbacStatus": {"Status": "Enabled"}}
    /// {"TagSet": [{"Key": "stage", "Value": "live"}]}
    /// ```
    fn bucket_by_name(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        set: impl FnOnce(&mut RawResource),
    ) {
        let name = stem(record.file);
        let partition = region_in_path(record.file).map_or("aws", partition_of);
        let arn = format!("arn:{partition}:s3:::{name}");
        if !is_bucket(&arn) {
            let message = "does not give its bucket; name the file after it";
            return self.error(record.at(node, at), codes::MISSING_MEMBER, message);
        }
        let mut raw = RawResource {
            account: account_in_path(record.file),
            ..RawResource::new(record.loc, self.strings.intern(&arn))
        };
        set(&mut raw);
        self.raw.resources.push(raw);
    }

    /// Reads `get-access-point`, or an element of `list-access-points` (`S3-6`). None if the value
    /// is something else.
    ///
    /// ```json
    /// {"AccessPointArn": "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap", "Bucket": "reports",
    ///  "BucketAccountId": "111122223333", "PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}}
    /// ```
    fn access_point(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<&'static str> {
        const KIND: &str = "access point";
        present(node, "AccessPointArn").and(present(node, "Bucket"))?;
        let arn = self.required_str(record, node, at, "AccessPointArn");
        let bucket = self.required_str(record, node, at, "Bucket");
        let (Some(arn), Some(bucket)) = (arn, bucket) else {
            return Some(KIND);
        };
        let account = self.account(record, node, at, "BucketAccountId");
        let partition = split_arn(arn).map_or("aws", |[_, partition, ..]| partition);
        let bucket = match bucket.starts_with("arn:") {
            true => bucket.to_string(),
            false => format!("arn:{partition}:s3:::{bucket}"),
        };
        let raw = RawResource {
            account: split_arn(arn).and_then(|[.., account, _]| account_number(account)),
            bucket: Some((self.strings.intern(&bucket), account)),
            restrict_public: present(node, "PublicAccessBlockConfiguration").and_then(|block| {
                let at = at.member("PublicAccessBlockConfiguration");
                self.restricts_public(record, block, at)
            }),
            ..RawResource::new(record.loc, self.strings.intern(arn))
        };
        self.raw.resources.push(raw);
        Some(KIND)
    }

    /// Stores the policy of a KMS key, in a file that is called like the key. Its ARN comes from
    /// `describe-key`.
    pub(crate) fn key_policy(
        &mut self,
        record: &Record<'_, '_>,
        document: &Node<'_>,
        at: JsonPath<'_>,
    ) {
        let stem = stem(record.file);
        let name = format!("key policy of {stem}");
        let policy = self.policy_of_resource(record, document, at, &name, true);
        let id = self.strings.intern(stem);
        let loc = record.loc;
        self.raw.key_policies.push(RawKeyPolicy { loc, id, policy });
    }

    /// `IgnorePublicAcls` of the bucket or account that the file is called like.
    fn ignore_public_acls(&mut self, stem: &str) {
        match crate::load::read::fields::account_number(stem) {
            Some(account) => {
                self.raw.accounts_without_public_acls.insert(account);
            }
            None => {
                let arn = self.strings.intern(&format!("arn:aws:s3:::{stem}"));
                self.raw.buckets_without_public_acls.insert(arn);
            }
        }
    }

    /// `RestrictPublicBuckets` of the bucket that the file is called like, or of the account if it
    /// is called like one. One that is not set restricts nothing and is not kept: the strictest of
    /// all levels counts (`S3-4`).
    fn public_access_block(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        restricts: Option<bool>,
    ) {
        let stem = stem(record.file);
        if restricts != Some(true) {
            return;
        }
        if let Some(account) = crate::load::read::fields::account_number(stem) {
            self.raw.restricted_accounts.push(account);
        } else if stem.is_empty() {
            let message = "does not give its bucket; name the file after it";
            self.error(record.at(node, at), codes::MISSING_MEMBER, message);
        } else {
            let told = (record.loc, account_in_path(record.file));
            self.raw.restricted_buckets.insert(stem.to_string(), told);
        }
    }

    /// Reads `describe-vpc-endpoints` (`IN-47`).
    ///
    /// ```json
    /// {"VpcEndpoints": [{"VpcEndpointId": "vpce-0123", "PolicyDocument": "{\"Statement\": …}"}]}
    /// ```
    fn endpoints(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let inside = at.member("VpcEndpoints");
        for (index, endpoint) in self
            .list(record, node, at, "VpcEndpoints")
            .iter()
            .enumerate()
        {
            let at = inside.index(index);
            let Some(id) = self.required_str(record, endpoint, at, "VpcEndpointId") else {
                continue;
            };
            // Without a policy the endpoint lets everything pass (`VPCE-1`).
            let Some(document) = present(endpoint, "PolicyDocument") else {
                continue;
            };
            let loc = record.element_loc("VpcEndpoints", index, endpoint);
            self.endpoint(record, document, at.member("PolicyDocument"), id, loc);
        }
    }

    /// Stores the policy of the VPC endpoint with an id.
    pub(crate) fn endpoint(
        &mut self,
        record: &Record<'_, '_>,
        document: &Node<'_>,
        at: JsonPath<'_>,
        id: &str,
        loc: SourceLoc,
    ) {
        let kind = PolicyKind::VpcEndpoint;
        if let Some(policy) = self.policy(record, document, at, id, kind, true) {
            let id = self.strings.intern(id);
            self.raw.endpoints.push(RawEndpoint { loc, id, policy });
        }
    }
}
