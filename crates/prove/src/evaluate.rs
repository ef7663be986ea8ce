//! The formula of a decision for one request: truth values are `bool`.
//!
//! Tests hold it against the machine and the reference; proofs come from the same code over another algebra. It decides
//! nothing in production.

use portcullis_model::{Caller, Request, check_action, is_account_id, session_names, split_arn};
use portcullis_syntax::PolicySets;

use crate::algebra::{Algebra, Part, Variable};
use crate::decision::{Given, decision};
use crate::domain::{Case, Domain, Kind};
use crate::key::Test;
use crate::pattern::VariableId;
use crate::statement::fold;
use crate::variable::{Environment, Taken, substitute};

/// The algebra of truth values for one request.
pub(crate) struct OneRequest<'r> {
    request: &'r Request<'r>,
    context: Vec<(String, Vec<String>)>,
    caller: Option<String>,
    variables: Vec<Variable>,
}

impl OneRequest<'_> {
    fn key(&self, name: &str) -> &[String] {
        let found = self.context.iter().find(|(own, _)| own == name);
        found.map_or(&[], |(_, values)| values)
    }

    fn values(&self, part: &Part) -> Vec<String> {
        let one = |text: Option<&str>| text.map(str::to_owned).into_iter().collect();
        let caller = self.request.principal.caller;
        match part {
            Part::Action => vec![self.request.action.to_ascii_lowercase()],
            Part::Resource => vec![self.resource()],
            Part::Caller => self.caller.iter().cloned().collect(),
            Part::Session => match caller {
                Caller::Role { session_arn, .. } => {
                    let last = session_arn.and_then(split_arn).map(|parts| parts[5]);
                    one(last.and_then(session_names).map(|(_, name)| name))
                }
                _ => Vec::new(),
            },
            Part::Maker => match caller {
                Caller::FederatedUser { federated_by, .. } => one(federated_by),
                _ => Vec::new(),
            },
            Part::UserId => match (self.request.principal.user_id, self.key("aws:userid")) {
                (Some(id), _) => one(Some(id)),
                (None, [id]) => vec![id.clone()],
                _ => Vec::new(),
            },
            Part::Service => match caller {
                Caller::Service { name } => one(Some(name)),
                _ => Vec::new(),
            },
            Part::Provider => match caller {
                Caller::Federated { provider } => one(Some(provider)),
                _ => Vec::new(),
            },
            Part::Canonical => match caller {
                Caller::CanonicalUser { id } => one(Some(id)),
                _ => Vec::new(),
            },
            Part::Key(key) => self.key(key).to_vec(),
        }
    }

    /// `MATCH-37`.
    fn resource(&self) -> String {
        let lists = self
            .request
            .action
            .eq_ignore_ascii_case("s3:ListAllMyBuckets");
        if self.request.resource == "*" && lists {
            let partition = self.request.principal.caller.partition().unwrap_or("aws");
            return format!("arn:{partition}:s3:::*");
        }
        self.request.resource.to_owned()
    }
}

impl Algebra for OneRequest<'_> {
    type Value = bool;

    fn variable(&mut self, variable: Variable) -> VariableId {
        self.variables.push(variable);
        VariableId((self.variables.len() - 1) as u32)
    }

    fn constant(&mut self, value: bool) -> bool {
        value
    }

    fn test(&mut self, part: Part, test: Test) -> bool {
        let values = self.values(&part);
        match test.language() {
            Some(language) if language.has_variable() => {
                let keys = self.variables.iter().map(|own| own.key.clone());
                let environment: Environment = keys
                    .map(|key| {
                        let taken = Taken::of(self.key(&key));
                        (key, taken)
                    })
                    .collect();
                let variables = |id: VariableId| self.variables.get(id.0 as usize);
                let language = substitute(language, variables, &environment);
                test.with(language).of_values(&values)
            }
            _ => test.of_values(&values),
        }
    }

    fn not(&mut self, value: bool) -> bool {
        !value
    }

    fn and(&mut self, values: Vec<bool>) -> bool {
        values.into_iter().all(|own| own)
    }

    fn or(&mut self, values: Vec<bool>) -> bool {
        values.into_iter().any(|own| own)
    }
}

/// Whether the formula of a decision allows a request. None for requests that the formula is not about: of access points,
/// for what is no action, of sessions whose ARN is not one of their role, and with an id of the caller that the context gives otherwise.
pub fn allows(sets: &PolicySets<'_>, request: &Request<'_>) -> Option<bool> {
    let kind = Kind::of(request.principal.caller);
    if sets.bucket.is_some() || check_action(request.action).is_err() {
        return None;
    }
    let caller = request.principal.caller;
    let arn = match caller {
        Caller::Role {
            role_arn,
            session_arn,
            ..
        } => {
            if !session_arn.is_none_or(|session| is_session_of(session, role_arn)) {
                return None;
            }
            Some(role_arn)
        }
        caller => caller.arn(),
    };
    if let Caller::FederatedUser {
        arn,
        federated_by: Some(maker),
    } = caller
    {
        let home =
            |arn| split_arn(arn).map(|[_, partition, _, _, account, _]| (partition, account));
        if home(arn) != home(maker) {
            return None;
        }
    }
    let account = caller.account().filter(|own| is_account_id(own));
    if kind.has_account() && account.is_none() {
        return None;
    }
    let stated = request.resource_account.or_else(|| {
        let account = split_arn(request.resource)?[4];
        is_account_id(account).then_some(account)
    });
    let owner = match request.resource {
        "*" => account,
        _ => stated.or(account),
    };
    let mut context: Vec<(String, Vec<String>)> = Vec::new();
    for entry in request.context {
        let key = fold(entry.key);
        let values = entry.values.iter().map(|own| (*own).to_owned());
        match context.iter_mut().find(|(own, _)| *own == key) {
            Some((_, known)) => known.extend(values),
            None => context.push((key, values.collect())),
        }
    }
    let given: Vec<String> = context.iter().map(|(key, _)| key.clone()).collect();
    let mut case = Case::of(Domain::Standard, kind);
    case.given = given;
    case.owner = stated.map(str::to_owned);
    // Variables look keys up by name: what follows from the caller is told them.
    let mut derive = |key: &str, values: Vec<String>| {
        if !context.iter().any(|(own, _)| own == key) {
            context.push((key.to_owned(), values));
        }
    };
    for key in crate::domain::OF_REQUEST {
        let values = match arn {
            Some(arn) => case.derived(key, arn),
            None => case.derived_without_caller(key),
        };
        if let Some(values) = values {
            derive(key, values);
        }
    }
    let id = match (request.principal.user_id, kind, arn) {
        (Some(id), ..) => Some(id.to_owned()),
        (None, Kind::Root, _) => account.map(str::to_owned),
        (None, Kind::FederatedUser, Some(arn)) => account
            .zip(arn.split_once('/'))
            .map(|(account, (_, name))| format!("{account}:{name}")),
        (None, Kind::Anonymous, _) => Some("anonymous".to_owned()),
        _ => None,
    };
    derive("aws:userid", id.into_iter().collect());
    if let Caller::Service { name } = caller {
        derive("aws:principalservicename", vec![name.to_owned()]);
    }
    let crosses_partitions = split_arn(request.resource)
        .filter(|parts| parts[0] == "arn")
        .is_some_and(|parts| caller.partition() != Some(parts[1]));
    let is_s3 = request
        .action
        .split_once(':')
        .is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case("s3"));
    if request.restrict_public_buckets && is_s3 {
        return None;
    }
    let given = Given {
        is_owner: account.is_some() && account == owner,
        is_manager: request.principal.management_account,
        crosses_partitions,
        session_token: request.principal.session_token,
        external_grant: request.external_grant,
        shut_out: false,
    };
    let mut algebra = OneRequest {
        request,
        context,
        caller: arn.map(str::to_owned),
        variables: Vec::new(),
    };
    Some(decision(sets, &case, given, &mut algebra))
}

/// True if a session's ARN is one of a session of the role.
fn is_session_of(session: &str, role: &str) -> bool {
    let (Some(session), Some(role)) = (split_arn(session), split_arn(role)) else {
        return false;
    };
    let name = role[5].rsplit('/').next();
    let of = session_names(session[5]).map(|(role, _)| role);
    session[1] == role[1] && session[4] == role[4] && of.is_some() && of == name
}
