//! The context of a request, derived keys included (`KEY-5`), and the parts of ARNs.

use portcullis_model::{Caller, Request};

/// The context in which a request is decided: each key once, by its folded name.
pub(crate) struct Context {
    entries: Vec<(String, Vec<String>)>,
}

impl Context {
    /// The keys that the request gives and those that follow from it.
    pub(crate) fn of(request: &Request<'_>) -> Context {
        let mut context = Context {
            entries: Vec::new(),
        };
        for entry in request.context {
            let values = entry.values.iter().map(|value| (*value).to_owned());
            let name = fold(entry.key);
            // COND-41: names that differ only in case are one key with all the values.
            match context.entries.iter_mut().find(|(key, _)| *key == name) {
                Some((_, known)) => known.extend(values),
                None => context.entries.push((name, values.collect())),
            }
        }
        for (key, value) in derived(request) {
            // KEY-2: what the request says wins, also where it says that there is no value.
            let name = fold(key);
            if !context.entries.iter().any(|(key, _)| *key == name) {
                context.entries.push((name, vec![value]));
            }
        }
        context
    }

    /// The values of a key, in any case (COND-40); none means ABSENT.
    pub(crate) fn values(&self, key: &str) -> &[String] {
        let name = fold(key);
        match self.entries.iter().find(|(key, _)| *key == name) {
            Some((_, values)) => values,
            None => &[],
        }
    }

    /// The value of a key that has exactly one.
    pub(crate) fn single(&self, key: &str) -> Option<&str> {
        match self.values(key) {
            [value] => Some(value),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(crate) fn for_tests(entries: &[(&str, &[&str])]) -> Context {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        Context {
            entries: entries
                .iter()
                .map(|(key, values)| (fold(key), owned(values)))
                .collect(),
        }
    }
}

/// Unicode simple case folding, character by character (COND-40, COND-50).
pub(crate) fn fold(text: &str) -> String {
    text.chars()
        .map(|character| {
            unicode_case_mapping::case_folded(character)
                .and_then(|folded| char::from_u32(folded.get()))
                .unwrap_or(character)
        })
        .collect()
}

/// The six parts of an ARN (MATCH-20); none if the text is not one (COND-61).
pub(crate) fn arn_parts(text: &str) -> Option<[&str; 6]> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let parts: [&str; 6] = parts.try_into().ok()?;
    (parts[0] == "arn").then_some(parts)
}

/// The ARN under which the caller acts, if it has one.
fn caller_arn<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::Root { arn }
        | Caller::User { arn }
        | Caller::FederatedUser { arn, .. }
        | Caller::OriginAccessIdentity { arn } => Some(arn),
        Caller::Role {
            session_arn,
            role_arn,
            ..
        } => Some(session_arn.unwrap_or(role_arn)),
        Caller::Anonymous
        | Caller::Service { .. }
        | Caller::Federated { .. }
        | Caller::CanonicalUser { .. } => None,
    }
}

/// The caller's account; none for callers without (EVAL-71). What stands in the place of the account
/// is none if it is no 12 digits: `cloudfront` of an origin access identity.
pub(crate) fn account<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    let account = arn_parts(caller_arn(caller)?)?[4];
    is_account_id(account).then_some(account)
}

/// The caller's partition.
pub(crate) fn partition<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    Some(arn_parts(caller_arn(caller)?)?[1])
}

/// True for twelve ASCII digits.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
}

/// The account of the resource, as far as the request itself says it (EVAL-12).
pub(crate) fn stated_resource_account<'a>(request: &Request<'a>) -> Option<&'a str> {
    let of_arn = || {
        let account = arn_parts(request.resource)?[4];
        is_account_id(account).then_some(account)
    };
    request.resource_account.or_else(of_arn)
}

/// The account that owns the resource (EVAL-12, EVAL-13).
pub(crate) fn owner_account<'a>(request: &Request<'a>) -> Option<&'a str> {
    let callers = account(&request.principal.caller);
    match request.resource {
        "*" => callers,
        _ => stated_resource_account(request).or(callers),
    }
}

/// The keys that follow from the request (KEY-5, KEY-10 to KEY-20, KEY-50, VAR-13).
fn derived(request: &Request<'_>) -> Vec<(&'static str, String)> {
    let caller = &request.principal.caller;
    let account = account(caller).map(str::to_owned);
    let is_service = matches!(caller, Caller::Service { .. });

    let principal_arn = match caller {
        // KEY-10: the role, not the session.
        Caller::Role { role_arn, .. } => Some((*role_arn).to_owned()),
        _ => caller_arn(caller).map(str::to_owned),
    };
    let principal_account = match caller {
        Caller::Anonymous => Some("anonymous".to_owned()), // KEY-11
        _ => account.clone(),
    };
    let principal_type = match caller {
        Caller::Root { .. } => Some("Account"),
        Caller::User { .. } => Some("User"),
        Caller::Role { .. } => Some("AssumedRole"),
        Caller::FederatedUser { .. } => Some("FederatedUser"),
        Caller::Anonymous => Some("Anonymous"),
        // KEY-18: callers with an account.
        Caller::Service { .. }
        | Caller::Federated { .. }
        | Caller::CanonicalUser { .. }
        | Caller::OriginAccessIdentity { .. } => None,
    };
    let user_id = match (request.principal.user_id, caller) {
        (Some(id), _) => Some(id.to_owned()),
        (None, Caller::Root { .. }) => account.clone(),
        (None, Caller::FederatedUser { arn, .. }) => account
            .zip(arn.split_once('/'))
            .map(|(account, (_, name))| format!("{account}:{name}")),
        (None, Caller::Anonymous) => Some("anonymous".to_owned()),
        (None, _) => None,
    };
    let user_name = match caller {
        Caller::User { arn } => arn.rsplit('/').next().map(str::to_owned), // KEY-20
        _ => None,
    };
    let is_aws_service = match caller {
        Caller::Anonymous | Caller::Federated { .. } => None, // KEY-15: signed requests
        _ => Some(is_service.to_string()),
    };
    let service_name = match caller {
        Caller::Service { name } => Some((*name).to_owned()), // KEY-16
        _ => None,
    };
    [
        ("aws:PrincipalArn", principal_arn),
        ("aws:PrincipalAccount", principal_account),
        ("aws:PrincipalType", principal_type.map(str::to_owned)),
        ("aws:userid", user_id),
        ("aws:username", user_name),
        ("aws:PrincipalIsAWSService", is_aws_service),
        ("aws:PrincipalServiceName", service_name),
        // EVAL-12: never from the assumed default.
        (
            "aws:ResourceAccount",
            stated_resource_account(request).map(str::to_owned),
        ),
    ]
    .into_iter()
    .filter_map(|(key, value)| value.map(|value| (key, value)))
    .collect()
}
