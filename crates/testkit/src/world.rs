//! Policies and requests in the form of scenario files, owned.

use bumpalo::Bump;
use portcullis_model::{self as model, ContextEntry, PolicyKind};
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_syntax::{Bucket, Policy, PolicySets};
use serde_json::{Value, json};

/// The policies of a decision as JSON texts.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Identity policies.
    pub identity: Vec<String>,
    /// Permissions boundary.
    pub boundary: Option<Vec<String>>,
    /// Session policies.
    pub session: Option<Vec<String>>,
    /// Resource policy.
    pub resource: Option<String>,
    /// VPC endpoint policy.
    pub vpc_endpoint: Option<Vec<String>>,
    /// Service control policies by level.
    pub scps: Vec<Vec<String>>,
    /// Resource control policies by level.
    pub rcps: Vec<Vec<String>>,
    /// The ARN and the policy of the bucket behind an access point (`S3-6`).
    pub bucket: Option<(String, String)>,
}

impl World {
    /// Reads all documents.
    ///
    /// # Errors
    /// The first document that does not load, with its diagnostics as text.
    pub fn read<'a>(&'a self, arena: &'a Bump) -> Result<PolicySets<'a>, String> {
        let set = |kind, texts: &'a [String]| -> Result<Vec<Policy<'a>>, String> {
            texts.iter().map(|text| read(kind, text, arena)).collect()
        };
        let optional = |kind, texts: &'a Option<Vec<String>>| match texts {
            Some(texts) => set(kind, texts).map(Some),
            None => Ok(None),
        };
        let chain = |kind, levels: &'a [Vec<String>]| -> Result<Vec<Vec<Policy<'a>>>, String> {
            levels.iter().map(|level| set(kind, level)).collect()
        };
        let rcps = chain(PolicyKind::Rcp, &self.rcps)?;
        Ok(PolicySets {
            bucket: match &self.bucket {
                Some((arn, policy)) => Some(Bucket {
                    arn,
                    account: None,
                    policy: Some(vec![read(PolicyKind::Resource, policy, arena)?]),
                    rcps: rcps.clone(),
                }),
                None => None,
            },
            identity: set(PolicyKind::Identity, &self.identity)?,
            boundary: optional(PolicyKind::Boundary, &self.boundary)?,
            session: optional(PolicyKind::Session, &self.session)?,
            resource: match &self.resource {
                Some(text) => Some(vec![read(PolicyKind::Resource, text, arena)?]),
                None => None,
            },
            vpc_endpoint: optional(PolicyKind::VpcEndpoint, &self.vpc_endpoint)?,
            scps: chain(PolicyKind::Scp, &self.scps)?,
            rcps,
        })
    }

    /// The sets that may have any number of documents.
    pub fn sets_mut(&mut self) -> Vec<&mut Vec<String>> {
        let optional = [
            &mut self.boundary,
            &mut self.session,
            &mut self.vpc_endpoint,
        ];
        std::iter::once(&mut self.identity)
            .chain(optional.into_iter().flatten())
            .chain(&mut self.scps)
            .chain(&mut self.rcps)
            .collect()
    }

    /// Every document with its type.
    pub fn documents_mut(&mut self) -> Vec<(PolicyKind, &mut String)> {
        let World {
            identity,
            boundary,
            session,
            resource,
            vpc_endpoint,
            scps,
            rcps,
            bucket,
        } = self;
        let of = |kind| move |text| (kind, text);
        let all = identity.iter_mut().map(of(PolicyKind::Identity));
        let all = all.chain(boundary.iter_mut().flatten().map(of(PolicyKind::Boundary)));
        let all = all.chain(session.iter_mut().flatten().map(of(PolicyKind::Session)));
        let all = all.chain(resource.iter_mut().map(of(PolicyKind::Resource)));
        let bucket = bucket.iter_mut().map(|(_, policy)| policy);
        let all = all.chain(bucket.map(of(PolicyKind::Resource)));
        let endpoint = vpc_endpoint.iter_mut().flatten();
        let all = all.chain(endpoint.map(of(PolicyKind::VpcEndpoint)));
        let all = all.chain(scps.iter_mut().flatten().map(of(PolicyKind::Scp)));
        all.chain(rcps.iter_mut().flatten().map(of(PolicyKind::Rcp)))
            .collect()
    }

    /// The scenario of this world and one request, as a line of a scenario file.
    pub fn scenario(&self, name: &str, request: &Request, expect: &str) -> String {
        let document = |text: &String| serde_json::from_str(text).unwrap_or(Value::Null);
        let set = |texts: &[String]| Value::from_iter(texts.iter().map(document));
        let optional = |texts: &Option<Vec<String>>| texts.as_deref().map(set);
        let chain =
            |levels: &[Vec<String>]| Value::from_iter(levels.iter().map(|level| set(level)));
        json!({
            "name": name,
            "policies": {
                "identity": set(&self.identity),
                "boundary": optional(&self.boundary),
                "session": optional(&self.session),
                "resource": self.resource.as_ref().map(document),
                "bucket": self.bucket.as_ref().map(|(_, policy)| document(policy)),
                "vpcEndpoint": optional(&self.vpc_endpoint),
                "scps": chain(&self.scps),
                "rcps": chain(&self.rcps),
            },
            "request": request.to_json(),
            "expect": expect,
        })
        .to_string()
    }
}

fn read<'a>(kind: PolicyKind, text: &'a str, arena: &'a Bump) -> Result<Policy<'a>, String> {
    let options = ReadOptions {
        allow_missing_resource: true,
        ..ReadOptions::new(kind)
    };
    let (document, diagnostics) = parse_policy(text, options, arena);
    match document {
        Some(document) => Ok(Policy {
            name: kind.as_str(),
            file: "",
            text,
            document,
        }),
        None => Err(format!("{diagnostics:?}\nin {text}")),
    }
}

/// A caller, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are those of `portcullis_model::Caller`"
)]
pub enum Caller {
    Anonymous,
    Root {
        arn: String,
    },
    User {
        arn: String,
    },
    Role {
        session_arn: Option<String>,
        role_arn: String,
        service_linked: bool,
    },
    FederatedUser {
        arn: String,
        federated_by: Option<String>,
    },
    Service {
        name: String,
    },
    Federated {
        provider: String,
    },
    CanonicalUser {
        id: String,
    },
    OriginAccessIdentity {
        arn: String,
    },
}

/// A request, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are those of `portcullis_model::Request`"
)]
pub struct Request {
    pub caller: Caller,
    pub user_id: Option<String>,
    pub management_account: bool,
    pub session_token: bool,
    pub action: String,
    pub resource: String,
    pub resource_account: Option<String>,
    pub context: Vec<(String, Vec<String>)>,
    pub restrict_public_buckets: bool,
    pub external_grant: bool,
}

impl From<&model::Request<'_>> for Request {
    fn from(request: &model::Request<'_>) -> Request {
        let caller = match request.principal.caller {
            model::Caller::Anonymous => Caller::Anonymous,
            model::Caller::Root { arn } => Caller::Root { arn: arn.into() },
            model::Caller::User { arn } => Caller::User { arn: arn.into() },
            model::Caller::Role {
                session_arn,
                role_arn,
                service_linked,
            } => Caller::Role {
                session_arn: session_arn.map(Into::into),
                role_arn: role_arn.into(),
                service_linked,
            },
            model::Caller::FederatedUser { arn, federated_by } => Caller::FederatedUser {
                arn: arn.into(),
                federated_by: federated_by.map(Into::into),
            },
            model::Caller::Service { name } => Caller::Service { name: name.into() },
            model::Caller::Federated { provider } => Caller::Federated {
                provider: provider.into(),
            },
            model::Caller::CanonicalUser { id } => Caller::CanonicalUser { id: id.into() },
            model::Caller::OriginAccessIdentity { arn } => {
                Caller::OriginAccessIdentity { arn: arn.into() }
            }
        };
        let texts = |values: &[&str]| values.iter().map(|value| value.to_string()).collect();
        Request {
            caller,
            user_id: request.principal.user_id.map(Into::into),
            management_account: request.principal.management_account,
            session_token: request.principal.session_token,
            action: request.action.into(),
            resource: request.resource.into(),
            resource_account: request.resource_account.map(Into::into),
            context: request
                .context
                .iter()
                .map(|entry| (entry.key.into(), texts(entry.values)))
                .collect(),
            restrict_public_buckets: request.restrict_public_buckets,
            external_grant: request.external_grant,
        }
    }
}

impl Request {
    /// A user's request for an object, or for any other resource, with these context keys.
    pub fn get_object(resource: &str, context: &[(&str, &[&str])]) -> Request {
        let texts = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        Request {
            caller: Caller::User {
                arn: "arn:aws:iam::111122223333:user/bob".into(),
            },
            user_id: None,
            management_account: false,
            session_token: false,
            action: "s3:GetObject".into(),
            resource: resource.into(),
            resource_account: None,
            context: context
                .iter()
                .map(|(key, values)| (key.to_string(), texts(values)))
                .collect(),
            restrict_public_buckets: false,
            external_grant: false,
        }
    }

    /// Calls a function with the request in borrowed form.
    pub fn with<T>(&self, use_it: impl FnOnce(&model::Request<'_>) -> T) -> T {
        let caller = match &self.caller {
            Caller::Anonymous => model::Caller::Anonymous,
            Caller::Root { arn } => model::Caller::Root { arn },
            Caller::User { arn } => model::Caller::User { arn },
            Caller::Role {
                session_arn,
                role_arn,
                service_linked,
            } => model::Caller::Role {
                session_arn: session_arn.as_deref(),
                role_arn,
                service_linked: *service_linked,
            },
            Caller::FederatedUser { arn, federated_by } => model::Caller::FederatedUser {
                arn,
                federated_by: federated_by.as_deref(),
            },
            Caller::Service { name } => model::Caller::Service { name },
            Caller::Federated { provider } => model::Caller::Federated { provider },
            Caller::CanonicalUser { id } => model::Caller::CanonicalUser { id },
            Caller::OriginAccessIdentity { arn } => model::Caller::OriginAccessIdentity { arn },
        };
        let values: Vec<Vec<&str>> = self
            .context
            .iter()
            .map(|(_, values)| values.iter().map(String::as_str).collect())
            .collect();
        let context: Vec<ContextEntry<'_>> = self
            .context
            .iter()
            .zip(&values)
            .map(|((key, _), values)| ContextEntry { key, values })
            .collect();
        use_it(&model::Request {
            principal: model::Principal {
                caller,
                user_id: self.user_id.as_deref(),
                management_account: self.management_account,
                session_token: self.session_token,
            },
            action: &self.action,
            resource: &self.resource,
            resource_account: self.resource_account.as_deref(),
            context: &context,
            restrict_public_buckets: self.restrict_public_buckets,
            external_grant: self.external_grant,
        })
    }

    /// The request as in scenario files. Keys that come more than once are not doubled members
    /// there, so a request with such keys is shown with the first only.
    pub fn to_json(&self) -> Value {
        let principal = match &self.caller {
            Caller::Anonymous => Value::Null,
            Caller::Service { name } => json!({ "Service": name }),
            Caller::Federated { provider } => json!({ "Federated": provider }),
            Caller::CanonicalUser { id } => json!({ "CanonicalUser": id }),
            Caller::Root { arn } | Caller::User { arn } | Caller::OriginAccessIdentity { arn } => {
                json!({ "arn": arn })
            }
            Caller::Role {
                session_arn,
                role_arn,
                service_linked,
            } => match session_arn {
                Some(session) => json!({
                    "arn": session, "roleArn": role_arn, "serviceLinkedRole": service_linked,
                }),
                None => json!({ "arn": role_arn, "serviceLinkedRole": service_linked }),
            },
            Caller::FederatedUser { arn, federated_by } => match federated_by {
                Some(by) => json!({ "arn": arn, "federatedBy": by }),
                None => json!({ "arn": arn }),
            },
        };
        let mut request = json!({
            "principal": principal,
            "action": self.action,
            "resource": self.resource,
            "context": {},
        });
        if let Some(principal) = request["principal"].as_object_mut() {
            if principal.contains_key("arn") {
                if let Some(id) = &self.user_id {
                    principal.insert("userId".into(), json!(id));
                }
                if self.management_account {
                    principal.insert("managementAccount".into(), json!(true));
                }
                if self.session_token {
                    principal.insert("credentials".into(), json!("GetSessionToken"));
                }
            }
        }
        for (key, values) in self.context.iter().rev() {
            request["context"][key] = match values.as_slice() {
                [value] => json!(value),
                values => json!(values),
            };
        }
        if let Some(account) = &self.resource_account {
            request["resourceAccount"] = json!(account);
        }
        for (name, flag) in [
            ("restrictPublicBuckets", self.restrict_public_buckets),
            ("externalGrant", self.external_grant),
        ] {
            if flag {
                request[name] = json!(true);
            }
        }
        request
    }
}
