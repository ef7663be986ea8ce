//! Principals of resource policies (rows 30 and 33).

use super::is_limiting;
use crate::checks::Context;
use crate::checks::principals::SOURCES;
use crate::finding::Findings;
use crate::rules;
use crate::target::PolicyType;
use crate::view::{Condition, Principal, Statement};
use portcullis_model::{Effect, is_account_id, split_arn};
use portcullis_source::hash::Set;

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    if !cx.is(PolicyType::Resource) {
        return;
    }
    match statement.effect {
        Some(Effect::Allow) => services(cx, statement, out),
        Some(Effect::Deny) => spared(statement, out),
        None => {}
    }
}

/// A service for whoever it acts: the keys of its source are tested, and limit nothing.
fn services<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    let mut services = statement.principals.iter();
    if !services.any(|one| one.is("Service") && !one.is_negated()) {
        return;
    }
    let is_source = |one: &&Condition<'d>| SOURCES.iter().any(|key| one.is_of(key));
    let tested: Vec<_> = statement.conditions.iter().filter(is_source).collect();
    if tested.is_empty() || tested.iter().any(|one| is_limiting(cx, one)) {
        return;
    }
    let details = "These conditions on the source also match sources of other accounts, or requests without one. Restrict aws:SourceAccount, aws:SourceArn or aws:SourceOrgID to yours, without IfExists.";
    let places = tested.iter().map(|one| statement.condition_key(one));
    out.add(&rules::SERVICE_SOURCE_NOT_LIMITED, details, places);
}

/// What a principal is to `NotPrincipal` (`GRAM-51`).
enum Named<'d> {
    Account(&'d str),
    User(&'d str),
    Role(&'d str, &'d str),
    Session(&'d str, &'d str),
    Other,
}

fn named<'d>(one: &Principal<'d>) -> Named<'d> {
    let text = one.entry.text.value;
    if is_account_id(text) {
        return Named::Account(text);
    }
    let Some([_, _, service, _, account, rest]) = split_arn(text) else {
        return Named::Other;
    };
    let name = |rest: &'d str| rest.rsplit('/').next().unwrap_or(rest);
    match (service, rest.split_once('/')) {
        ("iam", None) if rest == "root" => Named::Account(account),
        ("iam", Some(("user", _))) => Named::User(account),
        ("iam", Some(("role", path))) => Named::Role(account, name(path)),
        ("sts", Some(("assumed-role", session))) => {
            Named::Session(account, session.split('/').next().unwrap_or(session))
        }
        _ => Named::Other,
    }
}

/// A Deny with `NotPrincipal` spares a caller only if all that it is stands in the list: its account, its user or role, and
/// the session of the role.
fn spared<'d>(statement: &Statement<'d>, out: &mut Findings<'d>) {
    let list: Vec<&Principal<'d>> = statement
        .principals
        .iter()
        .filter(|one| one.is_negated() && one.is("AWS"))
        .collect();
    let mut accounts: Set<&str> = Set::default();
    let mut sessions: Set<(&str, &str)> = Set::default();
    let mut peopled: Set<&str> = Set::default();
    for one in &list {
        match named(one) {
            Named::Account(account) => {
                accounts.insert(account);
            }
            Named::Session(account, role) => {
                sessions.insert((account, role));
                peopled.insert(account);
            }
            Named::User(account) | Named::Role(account, _) => {
                peopled.insert(account);
            }
            Named::Other => {}
        }
    }
    let has_account = |id: &str| accounts.contains(id);
    for one in &list {
        let missing = match named(one) {
            Named::User(account) if !has_account(account) => "its account is not listed",
            Named::Role(account, role) => {
                match (sessions.contains(&(account, role)), has_account(account)) {
                    (true, true) => continue,
                    (false, _) => "callers are sessions of the role, and none is listed",
                    (true, false) => "its account is not listed",
                }
            }
            Named::Account(id) => {
                if peopled.contains(id) {
                    continue;
                }
                "an account by itself exempts only its root user"
            }
            _ => continue,
        };
        let details = format!(
            "This Deny still applies to {}: {missing}. Use Principal * and ArnNotLike on aws:PrincipalArn.",
            one.entry.text.value
        );
        out.add(
            &rules::DENY_WITH_NOT_PRINCIPAL,
            details,
            [statement.principal(one)],
        );
    }
}
