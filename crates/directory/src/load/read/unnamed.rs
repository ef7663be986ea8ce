//! Resource policies that do not say which resource they belong to.
//!
//! Where the resource comes from, the first that applies:
//!
//! | answer | resource |
//! |---|---|
//! | has an id | an ARN made of the id, and of region and account in the path or in the statements |
//! | of a bucket or key | the name of the file |
//! | any other | the one resource that all statements name (`MATCH-33`) |
//!
//! A folder that is an account's number is also the owner of a bucket. Where nothing applies, the
//! policy is an error: assigned to a wrong resource it would open that one, and left out it may be
//! a Deny that is lost.

use bumpalo::Bump;
use portcullis_model::split_arn;
use portcullis_source::json::{self, Node, Value};

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::read::account::account_in_path;
use crate::load::read::fields::{JsonPath, account_number, present};
use crate::store::documents::undress;
use crate::store::policy_scope::part_of;

/// How the ARN of a resource policy of logs goes on after the account. There is no such resource;
/// the name keeps several policies of one account apart.
pub(crate) const RESOURCE_POLICY: &str = "resource-policy:";

impl Loader {
    /// Reads a value if it holds such a policy, and returns its form.
    pub(crate) fn unnamed(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Option<&'static str> {
        let has = |name| present(node, name).is_some();
        let text = |name| present(node, name).and_then(Node::as_str);
        if let (Some(name), true) = (text("repositoryName"), has("policyText")) {
            self.repository(record, node, at, name);
            return Some("repository");
        }
        if let (Some(id), true) = (text("FileSystemId"), has("Policy")) {
            let rest = format!("file-system/{id}");
            self.composed(record, node, at, "Policy", ("elasticfilesystem", &rest));
            return Some("file system");
        }
        if has("PolicyInJson") {
            self.composed(record, node, at, "PolicyInJson", ("glue", "catalog"));
            return Some("policy of a catalog");
        }
        if has("resourcePolicies") {
            let inside = at.member("resourcePolicies");
            let policies = self.list(record, node, at, "resourcePolicies");
            for (index, own) in policies.iter().enumerate() {
                let at = inside.index(index);
                // All of them are consulted together; a name tells each from the others.
                let name = self
                    .optional_str(record, own, at, "policyName")
                    .unwrap_or("");
                let rest = format!("{RESOURCE_POLICY}{name}");
                self.composed(record, own, at, "policyDocument", ("logs", &rest));
            }
            return Some("resource policies of logs");
        }
        // `apigateway get-rest-apis` and `get-rest-api`.
        if let Some(apis) = present(node, "items").and_then(Node::as_array) {
            if apis.iter().all(|api| api.get("id").is_some()) {
                let inside = at.member("items");
                for (index, api) in apis.iter().enumerate() {
                    self.rest_api(record, api, inside.index(index));
                }
                return Some("APIs");
            }
        }
        if text("id").is_some() && has("apiKeySource") {
            self.rest_api(record, node, at);
            return Some("API");
        }
        // `ses get-identity-policies`: an object of documents by name, where account dumps have a
        // list.
        if let Some(policies) = present(node, "Policies").filter(|own| own.as_object().is_some()) {
            let inside = at.member("Policies");
            for member in policies.as_object().unwrap_or_default() {
                let at = inside.member(member.key.value);
                self.by_statements(record, &member.value, at);
            }
            return Some("policies of an identity");
        }
        let is_text = |own: &&Node<'_>| own.as_str().is_some();
        if let Some(document) = present(node, "Policy").filter(is_text) {
            let at = at.member("Policy");
            // `get-key-policy` has a `PolicyName` in later versions of the tools; earlier ones
            // print the policy alone.
            return match has("PolicyName") || is_of_keys(document, record.source.text()) {
                true => {
                    self.key_policy(record, document, at);
                    Some("key policy")
                }
                false => Some(self.bucket_or_other(record, node, document, at)),
            };
        }
        // A dozen services print one string and nothing else.
        for name in ["ResourcePolicy", "resourcePolicy", "policy"] {
            if let Some(document) = present(node, name).filter(is_text) {
                self.by_statements(record, document, at.member(name));
                return Some("resource policy");
            }
        }
        // `get-vault-access-policy`, `get-multi-region-access-point-policy`.
        for (outer, inner) in [("policy", "Policy"), ("Policy", "Established")] {
            let own = present(node, outer).and_then(|own| present(own, inner));
            let (Some(own), at) = (own, at.member(outer)) else {
                continue;
            };
            let at = at.member(inner);
            // A policy that is only proposed is not in force yet.
            let proposed = present(node, outer).and_then(|own| present(own, "Proposed"));
            self.consumed.extend(proposed.map(|own| own.span.start));
            match own.value {
                Value::String(_) => self.by_statements(record, own, at),
                _ => match present(own, "Policy") {
                    Some(document) => self.by_statements(record, document, at.member("Policy")),
                    None => continue,
                },
            }
            return Some("resource policy");
        }
        None
    }

    /// Reads the policy of a bucket, which its file is called like, or of something that its
    /// statements name. A file with the wrong name is noticed, because no statement is then about a
    /// bucket of that name.
    fn bucket_or_other(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        document: &Node<'_>,
        at: JsonPath<'_>,
    ) -> &'static str {
        let named = resources_of(document, record.source.text());
        let is_bucket = |arn: &String| arn.starts_with("arn:") && arn.contains(":s3:::");
        if !(named.iter().any(is_bucket) || named.is_empty()) {
            self.by_statements(record, document, at);
            return "resource policy";
        }
        let stem = stem(record.file);
        let Some(partition) = bucket_partition(&named, stem) else {
            let message = format!(
                "does not give its bucket: no statement covers a bucket with the file's name `{stem}`; \
                 give the policy as {{\"arn\", \"account\", \"policy\"}}"
            );
            self.error(record.at(node, at), codes::MISSING_MEMBER, message);
            self.consumed.insert(document.span.start);
            return "bucket policy";
        };
        let arn = format!("arn:{partition}:s3:::{stem}");
        let owner = account_in_path(record.file);
        self.resource(record, Some(document), at, &arn, owner);
        "bucket policy"
    }

    /// Reads a policy of the resource that all its statements name.
    pub(crate) fn by_statements(
        &mut self,
        record: &Record<'_, '_>,
        document: &Node<'_>,
        at: JsonPath<'_>,
    ) {
        let named = resources_of(document, record.source.text());
        let mut owners: Vec<Option<String>> = named.iter().map(|arn| owner_of(arn)).collect();
        // A queue and its messages, a table and its indexes: the shortest ARN is the whole if all
        // others are in it.
        if let Some(whole) = owners.iter().flatten().min_by_key(|own| own.len()).cloned() {
            let is_in = |own: &Option<String>| {
                let rest = own.as_ref().and_then(|own| own.strip_prefix(&whole));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            };
            if owners.iter().all(is_in) {
                owners = vec![Some(whole)];
            }
        }
        match owners.as_slice() {
            [Some(arn)] => self.resource(record, Some(document), at, arn, None),
            _ => {
                let message = "does not say which resource it belongs to; \
                    give the policy as {\"arn\", \"account\", \"policy\"}";
                self.error(record.at(document, at), codes::MISSING_MEMBER, message);
                self.consumed.insert(document.span.start);
            }
        }
    }

    /// Reads the policy of something whose ARN is made of an id in the answer, and of region and
    /// account in the file's path or in the statements.
    ///
    /// ```json
    /// {"FileSystemId": "fs-0123", "Policy": "{\"Statement\": …}"}
    /// {"PolicyInJson": "{\"Statement\": …}"}
    /// ```
    fn composed(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        policy: &str,
        (service, rest): (&str, &str),
    ) {
        let Some(document) = present(node, policy) else {
            return;
        };
        let named = resources_of(document, record.source.text());
        let in_path = region_in_path(record.file).zip(account_in_path(record.file));
        let home = in_path.map(|(region, account)| {
            let partition = partition_of(region).to_string();
            [partition, region.to_string(), format!("{account:012}")]
        });
        let Some([partition, region, account]) = home.or_else(|| home_in(&named, service)) else {
            let message = format!(
                "does not give its region and account; the file's path must contain them \
                 (`111122223333/eu-west-1/…`), or give the policy as {{\"arn\", \"account\", \"policy\"}} \
                 of an ARN of {service}"
            );
            self.error(
                record.at(document, at.member(policy)),
                codes::MISSING_MEMBER,
                message,
            );
            self.consumed.insert(document.span.start);
            return;
        };
        let arn = format!("arn:{partition}:{service}:{region}:{account}:{rest}");
        self.resource(record, Some(document), at.member(policy), &arn, None);
    }

    /// Reads an API of API Gateway, whose policy is a string with escaped quotes.
    fn rest_api(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        if let Some(id) = self.required_str(record, node, at, "id") {
            self.composed(record, node, at, "policy", ("execute-api", id));
        }
    }

    /// Reads `get-repository-policy` of ECR (`IN-46`), whose statements have no `Resource`.
    ///
    /// ```json
    /// {"registryId": "111122223333", "repositoryName": "app", "policyText": "{\"Statement\": …}"}
    /// ```
    fn repository(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
    ) {
        let Some(registry) = self.required_str(record, node, at, "registryId") else {
            return;
        };
        let Some(document) = present(node, "policyText") else {
            return;
        };
        let at = at.member("policyText");
        // Public repositories are in no region. Only the names of actions tell them from others.
        let is_public = document
            .as_str()
            .is_some_and(|text| text.contains("ecr-public:"));
        if is_public {
            let arn = format!("arn:aws:ecr-public::{registry}:repository/{name}");
            return self.resource(record, Some(document), at, &arn, None);
        }
        // The answer has no region, and the registry is an account: without the region the ARN
        // would be a guess.
        let Some(region) = region_in_path(record.file) else {
            let message = "does not give its region; the file's path must contain it, \
                or give the policy as {\"arn\", \"account\", \"policy\"}";
            self.error(record.at(node, at), codes::MISSING_MEMBER, message);
            self.consumed.insert(document.span.start);
            return;
        };
        let partition = partition_of(region);
        let arn = format!("arn:{partition}:ecr:{region}:{registry}:repository/{name}");
        self.resource(record, Some(document), at, &arn, None);
    }
}

/// The name of a file without endings and without what collectors append to the name of a bucket.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.strip_suffix(".json").unwrap_or(name);
    [
        ".policy",
        "-policy",
        ".public-access-block",
        ".acl",
        "-acl",
        ".ownership-controls",
        ".abac",
        ".tags",
        ".tagging",
    ]
    .iter()
    .find_map(|ending| name.strip_suffix(ending))
    .unwrap_or(name)
}

/// How names of regions begin.
const AREAS: [&str; 11] = [
    "af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us",
];

/// A region that is a folder or file of its own in a path, or a word between dots. Known by its
/// shape and not by a list, so that next year's regions are read too.
pub(crate) fn region_in_path(file: &str) -> Option<&str> {
    file.split(['/', '.']).find(|word| {
        let parts: Vec<&str> = word.split('-').collect();
        let is_number = |text: &&str| matches!(text.as_bytes(), [b'0'..=b'9']);
        parts.len() >= 3
            && parts.first().is_some_and(|area| AREAS.contains(area))
            && parts.last().is_some_and(is_number)
    })
}

/// The partition of a region.
pub(crate) fn partition_of(region: &str) -> &'static str {
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

/// What the statements of a document name in `Resource` and `NotResource`. Parses it once more:
/// only answers that do not name their resource come here. Empty if it is not JSON, which is
/// reported where the policy is read.
fn resources_of(document: &Node<'_>, source: &str) -> Vec<String> {
    let arena = Bump::new();
    let text = undress(document, source).unwrap_or_default();
    let Ok(policy) = json::parse(&text, &arena) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let statements = policy.get("Statement").map(one_or_many);
    for statement in statements.unwrap_or_default() {
        for name in ["Resource", "NotResource"] {
            let Some(value) = statement.get(name) else {
                continue;
            };
            let values = one_or_many(value);
            found.extend(values.iter().filter_map(Node::as_str).map(String::from));
        }
    }
    found
}

/// The partition of a bucket, from a resource that is about it; `aws` if all resources are
/// patterns. None if some other bucket is named and this one is not: the file is called wrong.
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

/// The resource whose policy names an ARN, perhaps with a pattern behind the resource (`MATCH-33`);
/// none if the resource itself is a pattern.
fn owner_of(arn: &str) -> Option<String> {
    let parts = split_arn(arn)?;
    let is_plain = |text: &str| !text.contains(['*', '?', '$']);
    let owner = match part_of(arn, parts) {
        // A version, an alias, a table of a bucket may have a policy of its own.
        Some(part) if part.may_have_own && is_plain(arn) => arn,
        Some(part) => part.key,
        None => arn,
    };
    is_plain(owner).then(|| owner.to_string())
}

/// Partition, region and account of the first ARN of a service that has region and account without
/// patterns.
fn home_in(resources: &[String], service: &str) -> Option<[String; 3]> {
    resources.iter().find_map(|resource| {
        let [_, partition, own, region, account, _] = split_arn(resource)?;
        let is_plain = own == service && account_number(account).is_some() && !region.contains('*');
        is_plain.then(|| [partition, region, account].map(str::to_string))
    })
}

/// True for a policy that is about keys alone and names none, which is how policies of KMS keys are
/// written.
fn is_of_keys(document: &Node<'_>, source: &str) -> bool {
    let arena = Bump::new();
    let text = undress(document, source).unwrap_or_default();
    let Ok(policy) = json::parse(&text, &arena) else {
        return false;
    };
    let statements = policy.get("Statement").map(one_or_many).unwrap_or_default();
    let all = |name: &str, is_fine: &dyn Fn(&str) -> bool| {
        statements.iter().all(|statement| {
            let values = statement.get(name).map(one_or_many).unwrap_or_default();
            !values.is_empty()
                && values
                    .iter()
                    .all(|value| value.as_str().is_some_and(is_fine))
        })
    };
    !statements.is_empty()
        && all("Action", &|action| action.starts_with("kms:"))
        && all("Resource", &|resource| resource == "*")
}

/// The elements of a list, or a value by itself: policy documents allow both nearly everywhere.
fn one_or_many<'n, 'a>(node: &'n Node<'a>) -> &'n [Node<'a>] {
    node.as_array().unwrap_or(std::slice::from_ref(node))
}
