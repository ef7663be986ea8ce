//! A request that shows something: what is told to people, and given to the machine before.

use portcullis_model::split_arn;

use crate::algebra::Part;
use crate::domain::{Case, Home, Kind};
use crate::theory::Model;

/// A concrete request, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Who asks.
    pub caller: Caller,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The account that owns the resource; the caller's, if none is said.
    pub owner: Option<String>,
    /// The condition keys that matter, by name, with their values; none for a key that is absent.
    pub context: Vec<(String, Vec<String>)>,
}

/// A request that a situation can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Keys of which nothing was known, and their values: none for one that has to be absent.
    pub context: Vec<(String, Vec<String>)>,
}

/// The caller of a [`Witness`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user.
    User {
        /// Its ARN.
        arn: String,
    },
    /// A session of a role.
    Role {
        /// The role's ARN.
        role_arn: String,
        /// The session's.
        session_arn: String,
    },
    /// A session made by `GetFederationToken`.
    FederatedUser {
        /// Its ARN.
        arn: String,
        /// The ARN of the user who made it, where that matters.
        maker: Option<String>,
    },
    /// The root user of an account.
    Root {
        /// Its ARN.
        arn: String,
    },
    /// A service.
    Service {
        /// Its name.
        name: String,
    },
    /// Nobody that is known.
    Anonymous,
    /// An unsigned caller for whom a provider vouches.
    Federated {
        /// The provider.
        provider: String,
    },
    /// A caller known by a canonical id.
    Canonical {
        /// The id.
        id: String,
    },
    /// An origin access identity of CloudFront.
    OriginAccessIdentity {
        /// Its ARN.
        arn: String,
    },
}

/// The account of callers of whom nothing is asked.
const ACCOUNT: &str = "111122223333";

/// The account of resources of which nothing is asked.
const OWNER: &str = "999000111000";

/// The ARN of the session of a role.
fn session_arn(role: &str, session: &str) -> String {
    let [_, partition, _, _, account, last] = split_arn(role).unwrap_or_default();
    let name = last.rsplit('/').next().unwrap_or_default();
    format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}")
}

impl Witness {
    /// The request with the values of a model. `spelling` gives actions and keys back as policies write them.
    pub(crate) fn of(model: &Model, case: &Case, spelling: impl Fn(&str) -> String) -> Witness {
        let one = |part: &Part| model.get(part).and_then(|values| values.first());
        let key = |name: &str| one(&Part::Key(name.to_owned()));
        let usual = match &case.home {
            Home::Other(all) if all.iter().any(|own| own == ACCOUNT) => {
                let fresh = (0..=all.len() as u64).map(|n| format!("{:012}", 444_455_556_666 + n));
                let mut fresh = fresh.filter(|own| !all.contains(own));
                fresh.next().unwrap_or_default()
            }
            _ => ACCOUNT.to_owned(),
        };
        let account = key("aws:principalaccount").unwrap_or(&usual);
        let of_resource = one(&Part::Resource)
            .and_then(|arn| split_arn(arn))
            .map(|[_, partition, ..]| partition);
        let partition = case.partition.as_deref().or(of_resource).unwrap_or("aws");
        let name = key("aws:username").map_or("ann", String::as_str);
        let stated = one(&Part::Caller).or_else(|| key("aws:principalarn"));
        let arn = |form: &str| {
            let made = || format!("arn:{partition}:{form}");
            stated.cloned().unwrap_or_else(made)
        };
        let text =
            |part: &Part, default: &str| one(part).map_or(default, String::as_str).to_owned();
        let caller = match case.kind {
            Kind::User => Caller::User {
                arn: arn(&format!("iam::{account}:user/{name}")),
            },
            Kind::FederatedUser => Caller::FederatedUser {
                arn: arn(&format!("sts::{account}:federated-user/ann")),
                maker: one(&Part::Maker).cloned(),
            },
            Kind::Role | Kind::ServiceLinkedRole => {
                let role_arn = arn(&format!("iam::{account}:role/App"));
                let session = one(&Part::Session).map_or("session", String::as_str);
                Caller::Role {
                    session_arn: session_arn(&role_arn, session),
                    role_arn,
                }
            }
            Kind::Root => Caller::Root {
                arn: arn(&format!("iam::{account}:root")),
            },
            Kind::Service => Caller::Service {
                name: text(&Part::Service, "service.amazonaws.com"),
            },
            Kind::Anonymous => Caller::Anonymous,
            Kind::Federated => Caller::Federated {
                provider: text(&Part::Provider, "accounts.google.com"),
            },
            Kind::Canonical => Caller::Canonical {
                id: text(&Part::Canonical, &"0".repeat(64)),
            },
            Kind::OriginAccessIdentity => Caller::OriginAccessIdentity {
                arn: arn("iam::cloudfront:user/CloudFront Origin Access Identity E1"),
            },
        };
        let action = one(&Part::Action).map_or("s3:GetObject", String::as_str);
        let owner = key("aws:resourceaccount").cloned().or(case.owner.clone());
        let owner = case
            .has_owner
            .then(|| owner.unwrap_or_else(|| OWNER.to_owned()));
        let default = match &owner {
            Some(owner) => format!("arn:{partition}:iam::{owner}:role/Target"),
            None => "*".to_owned(),
        };
        let resource = one(&Part::Resource).unwrap_or(&default);
        let context = model.iter().filter_map(|(part, values)| match part {
            Part::Key(key) => Some((spelling(key), values.clone())),
            _ => None,
        });
        Witness {
            caller,
            action: spelling(action),
            resource: resource.to_owned(),
            owner,
            context: context.collect(),
        }
    }

    /// Who asks, as one text: an ARN, a provider, an id, the name of a service, or `anonymous`.
    pub fn who(&self) -> &str {
        match &self.caller {
            Caller::User { arn }
            | Caller::FederatedUser { arn, .. }
            | Caller::Root { arn }
            | Caller::OriginAccessIdentity { arn } => arn,
            Caller::Role { session_arn, .. } => session_arn,
            Caller::Service { name } => name,
            Caller::Anonymous => "anonymous",
            Caller::Federated { provider } => provider,
            Caller::Canonical { id } => id,
        }
    }

    /// The request in borrowed form.
    pub fn with<T>(&self, use_it: impl FnOnce(&portcullis_model::Request<'_>) -> T) -> T {
        use portcullis_model as model;
        let caller = match &self.caller {
            Caller::User { arn } => model::Caller::User { arn },
            Caller::Role {
                role_arn,
                session_arn,
            } => model::Caller::Role {
                session_arn: Some(session_arn),
                role_arn,
                service_linked: false,
            },
            Caller::FederatedUser { arn, maker } => model::Caller::FederatedUser {
                arn,
                federated_by: maker.as_deref(),
            },
            Caller::Root { arn } => model::Caller::Root { arn },
            Caller::Service { name } => model::Caller::Service { name },
            Caller::Anonymous => model::Caller::Anonymous,
            Caller::Federated { provider } => model::Caller::Federated { provider },
            Caller::Canonical { id } => model::Caller::CanonicalUser { id },
            Caller::OriginAccessIdentity { arn } => model::Caller::OriginAccessIdentity { arn },
        };
        let values: Vec<Vec<&str>> = self
            .context
            .iter()
            .map(|(_, values)| values.iter().map(String::as_str).collect())
            .collect();
        let context: Vec<model::ContextEntry<'_>> = self
            .context
            .iter()
            .zip(&values)
            .map(|((key, _), values)| model::ContextEntry { key, values })
            .collect();
        use_it(&model::Request {
            resource_account: self.owner.as_deref().or(caller.account()),
            context: &context,
            ..model::Request::new(caller, &self.action, &self.resource)
        })
    }
}
