//! A request that shows something: what is told to people, and given to the machine before.

use crate::algebra::Part;
use crate::domain::{Case, Kind};
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
    /// The condition keys that matter, by name, with their values; none for a key that is absent.
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
    },
}

/// The account of callers of whom nothing is asked.
const ACCOUNT: &str = "111122223333";

impl Witness {
    /// The request with the values of a model. `spelling` gives actions and keys back as policies write them.
    pub(crate) fn of(model: &Model, case: &Case, spelling: impl Fn(&str) -> String) -> Witness {
        let one = |part: &Part| model.get(part).and_then(|values| values.first());
        let key = |name: &str| one(&Part::Key(name.to_owned()));
        let account = key("aws:principalaccount").map_or(ACCOUNT, String::as_str);
        let partition = one(&Part::Resource)
            .and_then(|arn| portcullis_model::split_arn(arn))
            .map_or("aws", |[_, partition, ..]| partition);
        let name = key("aws:username").map_or("ann", String::as_str);
        let stated = one(&Part::Caller).or_else(|| key("aws:principalarn"));
        let arn = stated.cloned().unwrap_or_else(|| match case.kind {
            Kind::User => format!("arn:{partition}:iam::{account}:user/{name}"),
            Kind::Role => format!("arn:{partition}:iam::{account}:role/App"),
            Kind::FederatedUser => format!("arn:{partition}:sts::{account}:federated-user/ann"),
        });
        let caller = match case.kind {
            Kind::User => Caller::User { arn },
            Kind::FederatedUser => Caller::FederatedUser { arn },
            Kind::Role => {
                let parts = portcullis_model::split_arn(&arn).unwrap_or_default();
                let [_, partition, _, _, account, last] = parts;
                let role = last.rsplit('/').next().unwrap_or_default();
                let session = one(&Part::Session).map_or("session", String::as_str);
                let session_arn =
                    format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}");
                Caller::Role {
                    role_arn: arn,
                    session_arn,
                }
            }
        };
        let action = one(&Part::Action).map_or("s3:GetObject", String::as_str);
        let resource = one(&Part::Resource).map_or("*", String::as_str);
        let context = model.iter().filter_map(|(part, values)| match part {
            Part::Key(key) => Some((spelling(key), values.clone())),
            _ => None,
        });
        Witness {
            caller,
            action: spelling(action),
            resource: resource.to_owned(),
            context: context.collect(),
        }
    }

    /// The request in borrowed form, of a resource that belongs to the caller's account.
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
            Caller::FederatedUser { arn } => model::Caller::FederatedUser {
                arn,
                federated_by: None,
            },
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
            resource_account: caller.account(),
            context: &context,
            ..model::Request::new(caller, &self.action, &self.resource)
        })
    }
}
