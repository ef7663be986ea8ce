//! What tests do with requests that do not have the key (rows 16 to 19).

use super::is_limiting;
use super::outcome::{State, holds};
use crate::catalog::Answer;
use crate::checks::Context;
use crate::finding::Findings;
use crate::rules;
use crate::view::{Condition, Entry, Policy, Statement};
use portcullis_model::{Base, Effect, Quantifier};
use portcullis_source::hash::Set;
use portcullis_syntax::glob::has_wildcard;

/// Keys that say who calls, from where or for whom, and that many requests do not have. A test of them that holds without the
/// key lets those pass that it should keep out.
const KEEPERS: [&str; 16] = [
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
    "iam:PassedToService",
    "iam:PermissionsBoundary",
    "sts:ExternalId",
    "sts:SourceIdentity",
];

const MFA: [&str; 2] = ["aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"];

fn is_mfa(condition: &Condition<'_>) -> bool {
    MFA.iter().any(|key| condition.is_of(key))
}

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    // The keys that a request must have: the statement holds for none that lacks one of them.
    let all = statement.conditions.iter();
    let asked = all.filter(|one| holds(cx, one, State::Absent) == Some(false));
    let asked: Set<String> = asked
        .map(|one| one.key.value.to_ascii_lowercase())
        .collect();
    for condition in &statement.conditions {
        let Ok(operator) = condition.operator else {
            continue;
        };
        let is_held = holds(cx, condition, State::Absent) == Some(true);
        if !is_held
            || operator.base == Base::Null
            || asked.contains(&condition.key.value.to_ascii_lowercase())
        {
            continue;
        }
        match statement.effect {
            Some(Effect::Allow) => allowed(cx, statement, condition, out),
            Some(Effect::Deny) if operator.base.is_negated() => {
                denied(cx, statement, condition, out);
            }
            _ => {}
        }
    }
}

/// `IfExists` and `ForAllValues` in an Allow (`COND-11`, `COND-12`).
fn allowed<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    out: &mut Findings<'d>,
) {
    let Ok(operator) = condition.operator else {
        return;
    };
    let key = condition.key.value;
    let here = || [statement.condition_key(condition)];
    if is_mfa(condition) {
        let details = format!(
            "This condition also matches requests without {key}, which includes all requests signed with access keys, so they are allowed without MFA. Use the operator without IfExists."
        );
        out.add(&rules::MFA_NOT_ASKED_OF_ACCESS_KEYS, details, here());
        return;
    }
    if operator.quantifier == Quantifier::All {
        // Of keys with one value Access Analyzer says it, and tags that are not there need no leave.
        let is_many = cx.key(key).is_some_and(|facts| facts.is_many == Answer::Yes)
            // Every grant is for some operations.
            && !condition.is_of("kms:GrantOperations");
        let is_of_tags = key.to_ascii_lowercase().ends_with("tagkeys");
        if is_many && !is_of_tags {
            let details = format!(
                "ForAllValues also matches requests without {key}, which are allowed. Require the key: \"Null\": {{\"{key}\": \"false\"}}."
            );
            out.add(&rules::ALLOW_OF_EMPTY_SET, details, here());
        }
        return;
    }
    // A service that calls without a source is said otherwise.
    let is_keeper = KEEPERS.iter().any(|own| condition.is_of(own));
    let is_for_service = statement.principals.iter().any(|one| one.is("Service"));
    // Of passing all roles Access Analyzer says it.
    let is_said = condition.is_of("iam:PassedToService")
        && (statement.not_resource.is_some()
            || statement
                .resource
                .iter()
                .flat_map(|own| &own.entries)
                .any(|entry| entry.text.value == "*"));
    if operator.if_exists
        && is_keeper
        && !is_said
        && !is_for_service
        && !is_limited_otherwise(cx, statement, condition)
    {
        let details = format!(
            "This condition also matches requests without {key}, which are allowed. Use the operator without IfExists."
        );
        out.add(&rules::ALLOW_WHERE_KEY_IS_ABSENT, details, here());
    }
}

/// True if another key of the kind keeps out who should be.
fn is_limited_otherwise(cx: &Context<'_>, statement: &Statement<'_>, than: &Condition<'_>) -> bool {
    statement.conditions.iter().any(|one| {
        !one.is_of(than.key.value)
            && KEEPERS.iter().any(|own| one.is_of(own))
            && is_limiting(cx, one)
    })
}

/// A negated operator in a Deny holds for requests without the key (`COND-10`): actions that never have it are all denied.
fn denied<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    out: &mut Findings<'d>,
) {
    let key = condition.key.value;
    // Who writes `IfExists` means requests without the key.
    let is_meant = condition.operator.is_ok_and(|own| own.if_exists);
    let Some(element) = statement
        .action
        .as_ref()
        .filter(|_| is_of_service(key) && !is_meant)
    else {
        return;
    };
    // Beside another test of what is asked for, each may be there for actions of its own.
    let is_of_tags = |one: &Condition<'d>| {
        one.key
            .value
            .to_ascii_lowercase()
            .starts_with("aws:resourcetag/")
    };
    let has_other = statement
        .conditions
        .iter()
        .any(|one| !one.is_of(key) && (is_of_service(one.key.value) || is_of_tags(one)));
    if has_other {
        return;
    }
    let resources = super::entries::resources(statement);
    if !out.affords(resources.iter().map(|text| text.len()).sum()) {
        return;
    }
    let mut affected: Vec<&Entry<'d>> = Vec::new();
    let mut examples: Vec<String> = Vec::new();
    let (mut count, mut total) = (0, 0);
    // What takes in whole services means all of it.
    let is_named = |entry: &&Entry<'d>| {
        entry
            .text
            .value
            .split_once(':')
            .is_some_and(|(prefix, _)| !has_wildcard(prefix))
    };
    for entry in element.entries.iter().filter(is_named) {
        if !out.affords(super::entries::weight(entry.text.value, &resources)) {
            return;
        }
        let Some(found) = cx.catalog.uses_of_key(entry.text.value, &resources, key) else {
            continue;
        };
        total += found.total;
        if found.without > 0 {
            count += found.without;
            affected.push(entry);
            examples.extend(found.examples);
        }
    }
    if affected.is_empty() {
        return;
    }
    examples.truncate(3);
    let some = match (count, total) {
        (1, 1) => "the action".to_owned(),
        (count, total) if count == total => format!("all {total} actions"),
        _ => format!("{count} of {total} actions"),
    };
    let details = format!(
        "Requests for {some} do not carry {key}, or not for every resource, and a negated condition matches without it, so they are always denied: {}. Limit the statement to actions and resources with the key, or require the key with Null.",
        examples.join(", ")
    );
    let mut places = vec![statement.condition_key(condition)];
    places.extend(affected.iter().map(|entry| statement.entry(element, entry)));
    out.add(&rules::DENY_WHERE_KEY_IS_ABSENT, details, places);
}

/// A key of a service, or of the tags that a request asks for: which actions have it is known.
pub(super) fn is_of_service(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let prefix = key.split(':').next().unwrap_or_default();
    match prefix {
        "aws" => key.starts_with("aws:requesttag/"),
        _ => !prefix.contains(['.', '/']) && prefix != "saml",
    }
}

/// Statements that deny without MFA (`KEY-28`): long-term keys have neither `true` nor `false`.
pub(super) fn document<'d>(cx: &Context<'d>, policy: &Policy<'d>, out: &mut Findings<'d>) {
    let denies = || {
        let own = policy.statements.iter();
        own.filter(|one| one.effect == Some(Effect::Deny))
    };
    // Somewhere requests without the key are denied as such.
    let is_denied_absent = denies().any(|statement| {
        let mut own = statement
            .conditions
            .iter()
            .filter(|one| is_mfa(one))
            .peekable();
        own.peek().is_some() && own.all(|one| holds(cx, one, State::Absent) == Some(true))
    });
    if is_denied_absent {
        return;
    }
    for statement in denies() {
        let slips = |one: &&Condition<'d>| {
            is_mfa(one)
                && one.operator.is_ok_and(|own| own.base != Base::Null)
                && holds(cx, one, State::Absent) == Some(false)
                && (one.is_of("aws:MultiFactorAuthAge")
                    || holds(cx, one, State::One("false")) == Some(true))
        };
        // Who asks for the key by Null means those that have it.
        let is_meant = statement
            .conditions
            .iter()
            .any(|one| is_mfa(one) && one.operator.is_ok_and(|own| own.base == Base::Null));
        for condition in statement
            .conditions
            .iter()
            .filter(slips)
            .filter(|_| !is_meant)
        {
            let details = format!(
                "Requests signed with access keys do not carry {}, so this Deny does not apply to them. Use {}IfExists.",
                condition.key.value, condition.name.value
            );
            let place = statement.condition_key(condition);
            out.add(&rules::MFA_NOT_ASKED_OF_ACCESS_KEYS, details, [place]);
        }
    }
}
