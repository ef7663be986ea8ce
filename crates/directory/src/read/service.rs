//! Dumps of services that have resource policies (`IN-40` to `IN-47`).
//!
//! Some of them do not say which resource they belong to. A bucket or key must then be the name of
//! the file; a function or table is taken from the statements. A folder above that is an account's
//! number is the owner of a bucket.

use portcullis_model::{PolicyKind, split_arn};
use portcullis_syntax::json::{self, Node, Value};

use bumpalo::Bump;

use crate::documents::undress;
use crate::problem::Code;
use crate::raw::{RawEndpoint, RawKeyPolicy, Spot};
use crate::read::account::account_in_path;
use crate::read::acl::ignores_public_acls;
use crate::read::fields::{At, present};
use crate::read::{Loader, Record};

impl Loader {
    /// Reads a value if it is one of these dumps, and says which.
    pub(crate) fn service_dump(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
    ) -> Option<&'static str> {
        let has = |name| present(node, name).is_some();
        if present(node, "Role").is_some_and(|role| role.get("RoleName").is_some()) {
            self.role_settings(record, node, at);
            return Some("role settings");
        }
        if let Some(key) = present(node, "KeyMetadata") {
            let at = at.member("KeyMetadata");
            let id = self.needed(record, key, at, "KeyId");
            let arn = self.needed(record, key, at, "Arn");
            if let (Some(id), Some(arn)) = (id, arn) {
                let (id, arn) = (self.texts.intern(id), self.texts.intern(arn));
                self.raw.keys.insert(id, arn);
            }
            return Some("key");
        }
        let is_acl = |grant: &Node<'_>| grant.get("Permission").is_some();
        if let Some(grants) = present(node, "Grants").and_then(Node::as_array) {
            if grants.iter().any(is_acl) || has("Owner") {
                self.acl(record, node, at, stem(record.file));
                return Some("access control list");
            }
            self.grants(record, node, at, "Grants", None);
            return Some("key grants");
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
        if has("PolicyStatus") {
            return Some("bucket setting that decides nothing");
        }
        if let Some(attributes) = present(node, "Attributes") {
            let at = at.member("Attributes");
            let arn = ["QueueArn", "TopicArn"]
                .into_iter()
                .find_map(|name| self.text_of(record, attributes, at, name));
            if let Some(arn) = arn {
                let document = present(attributes, "Policy");
                self.resource(record, document, at.member("Policy"), arn, None);
                return Some("queue or topic");
            }
        }
        if has("VpcEndpoints") {
            self.endpoints(record, node, at);
            return Some("VPC endpoints");
        }
        if let Some(domain) = present(node, "DomainStatus") {
            let at = at.member("DomainStatus");
            let arn = self.needed(record, domain, at, "ARN")?;
            let document = present(domain, "AccessPolicies");
            self.resource(record, document, at.member("AccessPolicies"), arn, None);
            return Some("search domain");
        }
        // Shapes that hold the resource's ARN beside its policy.
        for (arn, policy) in [
            ("ARN", "ResourcePolicy"),
            ("BackupVaultArn", "Policy"),
            ("Arn", "Policy"),
            ("ResourceArn", "Policy"),
        ] {
            if has(arn) && (has(policy) || arn == "ARN") {
                let text = self.text_of(record, node, at, arn)?;
                self.resource(record, present(node, policy), at.member(policy), text, None);
                return Some("resource");
            }
        }
        if let (Some(name), Some(document)) =
            (present(node, "repositoryName"), present(node, "policyText"))
        {
            let registry = self.needed(record, node, at, "registryId")?;
            let place = at.member("policyText");
            // The region is not there; it is not needed to tell repositories apart, but to name them.
            let Some(region) = region_in_path(record.file) else {
                let message = "does not say its region: the file's path must hold it, \
                    or give the policy as {\"arn\", \"account\", \"policy\"}";
                self.error(record.at(node, at), Code::MissingMember, message);
                return Some("repository");
            };
            let name = name.as_str().unwrap_or_default();
            let partition = partition_of(region);
            let arn = format!("arn:{partition}:ecr:{region}:{registry}:repository/{name}");
            self.resource(record, Some(document), place, &arn, None);
            return Some("repository");
        }
        match present(node, "Policy").map(|policy| policy.value) {
            Some(Value::String(_)) => Some(self.nameless_policy(record, node, at)),
            _ => None,
        }
    }

    /// `{"Policy": "…"}` with next to nothing beside it.
    fn nameless_policy(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
    ) -> &'static str {
        let Some(document) = present(node, "Policy") else {
            return "resource";
        };
        let inside = at.member("Policy");
        let stem = stem(record.file);
        if present(node, "PolicyName").is_some() {
            let name = format!("key policy of {stem}");
            let policy = self.policy_of_resource(record, document, inside, &name, true);
            let id = self.texts.intern(stem);
            let spot = record.spot;
            self.raw
                .key_policies
                .push(RawKeyPolicy { spot, id, policy });
            return "key policy";
        }
        let named = resources_of(document, record.source.text());
        let is_bucket = |arn: &String| arn.starts_with("arn:") && arn.contains(":s3:::");
        if named.iter().any(is_bucket) || named.is_empty() {
            let Some(partition) = bucket_partition(&named, stem) else {
                let message = format!(
                    "does not say its bucket: no statement is about a bucket with the file's name `{stem}`; \
                     give the policy as {{\"arn\", \"account\", \"policy\"}}"
                );
                self.error(record.at(node, at), Code::MissingMember, message);
                return "bucket policy";
            };
            let arn = format!("arn:{partition}:s3:::{stem}");
            let owner = account_in_path(record.file);
            self.resource(record, Some(document), inside, &arn, owner);
            return "bucket policy";
        }
        let mut owners = named.iter().filter_map(|arn| whole_resource(arn));
        let first = owners.next();
        match first {
            Some(arn) if named.len() == 1 || owners.all(|other| other == arn) => {
                self.resource(record, Some(document), inside, &arn, None);
            }
            _ => {
                let message = "does not say which resource it belongs to; \
                    give the policy as {\"arn\", \"account\", \"policy\"}";
                self.error(record.at(node, at), Code::MissingMember, message);
            }
        }
        "resource policy"
    }

    /// The same, for the public grants of access control lists.
    fn ignore_public_acls(&mut self, stem: &str) {
        match crate::read::fields::account_number(stem) {
            Some(account) => {
                self.raw.accounts_without_public_acls.insert(account);
            }
            None => {
                let arn = self.texts.intern(&format!("arn:aws:s3:::{stem}"));
                self.raw.buckets_without_public_acls.insert(arn);
            }
        }
    }

    /// Of the bucket that the file is called, or of the account if the file is called so.
    fn public_access_block(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
        restricts: Option<bool>,
    ) {
        let stem = stem(record.file);
        if restricts != Some(true) {
            return;
        }
        if let Some(account) = crate::read::fields::account_number(stem) {
            self.raw.restricted_accounts.push(account);
        } else if stem.is_empty() {
            let message = "does not say its bucket: the file must be called so";
            self.error(record.at(node, at), Code::MissingMember, message);
        } else {
            let told = (record.spot, account_in_path(record.file));
            self.raw.restricted_buckets.insert(stem.to_string(), told);
        }
    }

    fn endpoints(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) {
        let inside = at.member("VpcEndpoints");
        for (index, endpoint) in self
            .list(record, node, at, "VpcEndpoints")
            .iter()
            .enumerate()
        {
            let at = inside.index(index);
            let Some(id) = self.needed(record, endpoint, at, "VpcEndpointId") else {
                continue;
            };
            // Without a policy the endpoint lets everything pass (`VPCE-1`).
            let Some(document) = present(endpoint, "PolicyDocument") else {
                continue;
            };
            let spot = record.spot("VpcEndpoints", index);
            self.endpoint(record, document, at.member("PolicyDocument"), id, spot);
        }
    }

    /// The policy of the VPC endpoint with an id.
    pub(crate) fn endpoint(
        &mut self,
        record: &Record<'_, '_>,
        document: &Node<'_>,
        at: At<'_>,
        id: &str,
        spot: Spot,
    ) {
        let kind = PolicyKind::VpcEndpoint;
        if let Some(policy) = self.policy(record, document, at, id, kind, true) {
            let id = self.texts.intern(id);
            self.raw.endpoints.push(RawEndpoint { spot, id, policy });
        }
    }
}

/// A file's name without its endings.
fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.strip_suffix(".json").unwrap_or(name);
    [
        ".policy",
        "-policy",
        ".public-access-block",
        ".acl",
        "-acl",
        ".ownership-controls",
    ]
    .iter()
    .find_map(|ending| name.strip_suffix(ending))
    .unwrap_or(name)
}

/// Where regions are.
const AREAS: [&str; 11] = [
    "af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us",
];

/// A region that is a folder or file of its own, or a word between dots.
fn region_in_path(file: &str) -> Option<&str> {
    file.split(['/', '.']).find(|word| {
        let parts: Vec<&str> = word.split('-').collect();
        let is_number = |text: &&str| matches!(text.as_bytes(), [b'0'..=b'9']);
        parts.len() >= 3
            && parts.first().is_some_and(|area| AREAS.contains(area))
            && parts.last().is_some_and(is_number)
    })
}

/// The partition of a region.
fn partition_of(region: &str) -> &'static str {
    let parts: Vec<&str> = region.split('-').take(2).collect();
    match *parts {
        ["cn", _] => "aws-cn",
        ["us", "gov"] => "aws-us-gov",
        ["us", "iso"] => "aws-iso",
        ["us", "isob"] => "aws-iso-b",
        ["eusc", _] => "aws-eusc",
        _ => "aws",
    }
}

/// What the statements of a document name in `Resource`.
fn resources_of(document: &Node<'_>, source: &str) -> Vec<String> {
    let arena = Bump::new();
    let text = undress(document, source).unwrap_or_default();
    let Ok(policy) = json::parse(&text, &arena) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let statements = policy.get("Statement");
    let list = statements.map(|one| one.as_array().unwrap_or(std::slice::from_ref(one)));
    for statement in list.unwrap_or_default() {
        for name in ["Resource", "NotResource"] {
            let Some(value) = statement.get(name) else {
                continue;
            };
            let values = value.as_array().unwrap_or(std::slice::from_ref(value));
            found.extend(values.iter().filter_map(Node::as_str).map(String::from));
        }
    }
    found
}

/// The partition of a bucket that some resource is about; `aws` if no resource says anything.
fn bucket_partition(resources: &[String], bucket: &str) -> Option<String> {
    let mut is_about_another = false;
    for resource in resources {
        let Some([_, partition, "s3", _, _, rest]) = split_arn(resource) else {
            continue;
        };
        let own = rest.split('/').next().unwrap_or(rest);
        if own == bucket {
            return Some(partition.to_string());
        }
        is_about_another |= !own.contains(['*', '?', '$']);
    }
    (!is_about_another && !bucket.is_empty()).then(|| "aws".to_string())
}

/// The function of a function's alias, the table of an index; others as they are. None for patterns.
fn whole_resource(arn: &str) -> Option<String> {
    let [_, partition, service, region, account, rest] = split_arn(arn)?;
    let whole = match service {
        "lambda" => rest.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"),
        "dynamodb" => rest.splitn(3, '/').take(2).collect::<Vec<_>>().join("/"),
        _ => rest.to_string(),
    };
    let arn = format!("arn:{partition}:{service}:{region}:{account}:{whole}");
    (!arn.contains(['*', '?', '$'])).then_some(arn)
}
