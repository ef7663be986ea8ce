//! `Principal` and `NotPrincipal` (`AA-118`, `AA-119`, `AA-133`, `AA-138`, `AA-141`, `AA-145`, `AA-148`, `AA-150`, `AA-157`, `AA-200`,
//! `AA-205`, `AA-253`, `AA-300`, `AA-308`).

use super::{Context, variables};
use crate::finding::Findings;
use crate::rules;
use crate::target::PolicyType;
use crate::view::{Principal, Statement};
use portcullis_source::json::{Member, Value};
use portcullis_syntax::glob::has_wildcard;
use portcullis_syntax::policy::{AwsPrincipal, aws_principal, is_service_principal, is_unique_id};

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    let elements = ["Principal", "NotPrincipal"]
        .into_iter()
        .filter_map(|name| statement.member(name));
    for member in elements {
        let name = member.key.value;
        let place = || [statement.key(member)];
        match cx.target.policy {
            PolicyType::Identity => {
                let details = format!("An identity policy cannot have {name}. Remove it.");
                out.add(&rules::UNSUPPORTED_PRINCIPAL, details, place());
                continue;
            }
            PolicyType::ServiceControl => {
                let details = format!("A service control policy cannot have {name}. Remove it.");
                out.add(&rules::SCP_SYNTAX_ERROR_PRINCIPAL, details, place());
                continue;
            }
            PolicyType::ResourceControl => {
                if name == "NotPrincipal" || member.value.as_str() != Some("*") {
                    let details = "A resource control policy must have the Principal *.";
                    out.add(
                        &rules::RCP_SYNTAX_ERROR_PRINCIPAL,
                        details,
                        [statement.value(member)],
                    );
                }
                continue;
            }
            PolicyType::Resource => {}
        }
        if cx.is_trust && name == "NotPrincipal" {
            let details = "A role trust policy cannot have NotPrincipal. Use Principal.";
            out.add(
                &rules::ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL,
                details,
                place(),
            );
        } else if statement.is_allow() && name == "NotPrincipal" {
            let details = "Allow with NotPrincipal allows everyone else, anonymous callers included. Use Principal.";
            out.add(&rules::ALLOW_WITH_NOT_PRINCIPAL, details, place());
        }
        element(statement, member, out);
    }
    if cx.is(PolicyType::Resource) {
        for one in &statement.principals {
            principal(cx, statement, one, out);
        }
        services(cx, statement, out);
    }
}

fn element<'d>(statement: &Statement<'d>, member: &'d Member<'d>, out: &mut Findings<'d>) {
    let name = member.key.value;
    match member.value.value {
        Value::String("*") => {}
        Value::String(_) => {
            let details = format!(
                "{name} is neither * nor an object. Write an object with AWS, Service, Federated or CanonicalUser."
            );
            out.add(
                &rules::INVALID_PRINCIPAL_FORMAT,
                details,
                [statement.value(member)],
            );
        }
        Value::Object(members) => {
            if members.is_empty() {
                let details = format!(
                    "{name} is an empty object and names no one. Name someone, or remove the statement."
                );
                out.add(
                    &rules::EMPTY_OBJECT_PRINCIPAL,
                    details,
                    [statement.value(member)],
                );
            }
            for own in members {
                kind(statement, member, own, out);
            }
        }
        value => {
            let details = format!(
                "The value of {name} must be * or an object, and this is {}.",
                value.describe()
            );
            out.add(
                &rules::DATA_TYPE_MISMATCH,
                details,
                [statement.value(member)],
            );
        }
    }
}

fn kind<'d>(
    statement: &Statement<'d>,
    element: &'d Member<'d>,
    own: &'d Member<'d>,
    out: &mut Findings<'d>,
) {
    use crate::finding::Step;
    let (name, kind) = (element.key.value, own.key.value);
    if !matches!(kind, "AWS" | "Service" | "Federated" | "CanonicalUser") {
        let details =
            format!("{name} has no member {kind}. Use AWS, Service, Federated or CanonicalUser.");
        let place = statement.at(&[Step::Value(name), Step::Key(kind)], own.key.span);
        out.add(&rules::INVALID_PRINCIPAL_KEY, details, [place]);
        return;
    }
    let place = || statement.at(&[Step::Value(name), Step::Value(kind)], own.value.span);
    let odd = match own.value.value {
        Value::Array([]) => {
            let details = format!(
                "The list of {kind} is empty and names no one. Name someone, or remove it."
            );
            out.add(&rules::EMPTY_ARRAY_PRINCIPAL, details, [place()]);
            return;
        }
        Value::Array(nodes) => nodes
            .iter()
            .map(|node| node.value)
            .find(|value| !matches!(value, Value::String(_))),
        Value::String(_) => None,
        value => Some(value),
    };
    if let Some(value) = odd {
        let details = format!(
            "The value of {kind} must be a string or a list of strings, and this is {}.",
            value.describe()
        );
        out.add(&rules::DATA_TYPE_MISMATCH, details, [place()]);
    }
}

fn principal<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    one: &Principal<'d>,
    out: &mut Findings<'d>,
) {
    let text = one.entry.text.value;
    let here = || [statement.principal(one)];
    if one.is_everyone() {
        if cx.is_trust {
            let details =
                "A role trust policy cannot name everyone. Name accounts, users or roles.";
            out.add(
                &rules::ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL,
                details,
                here(),
            );
        }
        return;
    }
    let Some(kind) = one.kind else {
        return;
    };
    if variables::unsupported(cx, text) {
        let details = "Policy variables are not expanded in this element. Use them in Resource and Condition.";
        out.add(&rules::VARIABLE_UNSUPPORTED_IN_ELEMENT, details, here());
        return;
    }
    if has_wildcard(text) {
        let details =
            "A principal cannot have a wildcard in it: only * as a whole, under AWS, can be one.";
        out.add(&rules::UNSUPPORTED_WILDCARD_IN_PRINCIPAL, details, here());
        return;
    }
    match kind {
        "AWS" => aws(text, here, out),
        "Service" if !is_service_principal(text) => {
            out.add(
                &rules::INVALID_SERVICE_PRINCIPAL_FORMAT,
                super::values::SERVICE_PRINCIPAL,
                here(),
            );
        }
        "CanonicalUser"
            if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            let details = "The canonical user id is not valid. It has 64 hexadecimal digits.";
            out.add(&rules::INVALID_PRINCIPAL_FORMAT, details, here());
        }
        "Federated" if !cx.is_trust => {
            let details = "A federated principal can only stand in a role trust policy. Name the role that it assumes.";
            out.add(&rules::FEDERATED_PRINCIPAL_NOT_SUPPORTED, details, here());
        }
        _ => {}
    }
}

fn aws<'d>(
    text: &str,
    here: impl Fn() -> [crate::finding::Location<'d>; 1],
    out: &mut Findings<'d>,
) {
    match aws_principal(text) {
        AwsPrincipal::Valid if is_unique_id(text) && text.starts_with("AROA") => {
            let details = "The principal is the unique id of a role, which is most likely deleted. Name a role by its ARN.";
            out.add(&rules::INVALID_ROLE_REFERENCE, details, here());
        }
        AwsPrincipal::Valid if is_unique_id(text) && text.starts_with("AIDA") => {
            let details = "The principal is the unique id of a user, which is most likely deleted. Name a user by its ARN.";
            out.add(&rules::INVALID_USER_REFERENCE, details, here());
        }
        AwsPrincipal::Valid => {}
        AwsPrincipal::Group => {
            let details = "A group cannot be a principal. Name users or roles.";
            out.add(&rules::UNSUPPORTED_PRINCIPAL, details, here());
        }
        AwsPrincipal::Invalid => {
            let details = "The principal has no form that is known. Use an account, or the ARN of a user, role or session.";
            out.add(&rules::INVALID_PRINCIPAL_FORMAT, details, here());
        }
    }
}

/// What a service acts for (`KEY-69`).
pub(crate) const SOURCES: [&str; 4] = [
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
];

/// Keys that calls of services do not have (`KEY-77`).
const OF_OTHERS: [&str; 5] = [
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalAccount",
    "aws:userid",
    "aws:username",
];

/// Statements that allow services (`AA-150`, `AA-205`, `AA-308`).
fn services<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    if !statement.is_allow() {
        return;
    }
    let mut services = statement
        .principals
        .iter()
        .filter(|one| one.is("Service") && !one.is_negated());
    let Some(service) = services.next() else {
        return;
    };
    let tests = |keys: &[&str]| {
        statement
            .conditions
            .iter()
            .any(|one| keys.iter().any(|key| one.is_of(key)))
    };
    let is_only = statement.principals.iter().all(|one| one.is("Service"));
    for condition in &statement.conditions {
        let key = condition.key.value;
        if is_only && condition.is_limit() && OF_OTHERS.iter().any(|own| condition.is_of(own)) {
            let details = format!(
                "Requests of service principals do not have the condition key {key}. Use aws:SourceArn, aws:SourceAccount or aws:SourceOrgID."
            );
            out.add(
                &rules::UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL,
                details,
                [statement.condition_key(condition)],
            );
        }
        if is_only && condition.is_of("aws:Referer") && !tests(&SOURCES) {
            let details = format!(
                "The condition key {key} is not made for service principals. Use aws:SourceArn or aws:SourceAccount."
            );
            out.add(
                &rules::RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL,
                details,
                [statement.condition_key(condition)],
            );
        }
    }
    // In trust policies most services have no source, and the role's own account is what they act for.
    if !cx.is_trust && !tests(&SOURCES) {
        let details = "The service principal is allowed whoever it acts for. Add the condition key aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths.";
        out.add(
            &rules::RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL,
            details,
            [statement.principal(service)],
        );
    }
}
