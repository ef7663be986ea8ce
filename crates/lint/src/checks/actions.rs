//! Entries of `Action` and `NotAction` (`AA-39`, `AA-40`, `AA-104`, `AA-123`, `AA-132`, `AA-135`, `AA-142`, `AA-157`, `AA-306`).

use super::Context;
use crate::catalog::Answer;
use crate::finding::Findings;
use crate::rules;
use crate::target::{PolicyType, ResourceType};
use crate::view::{Element, Entry, Statement};
use portcullis_model::is_rcp_service;
use portcullis_syntax::glob::{has_wildcard, matches_action};
use portcullis_syntax::policy::TRUST_ACTIONS;
use portcullis_syntax::vars::has_opening;

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    for element in statement.actions() {
        for entry in &element.entries {
            action(cx, statement, element, entry, out);
        }
    }
    if cx.is(PolicyType::ResourceControl) {
        let effect = statement.member("Effect").filter(|_| statement.is_allow());
        if let Some(effect) = effect.filter(|_| !super::roles::is_full_access(statement)) {
            let details = "A resource control policy cannot allow. Use Deny.";
            out.add(
                &rules::RCP_SYNTAX_ERROR_ALLOW,
                details,
                [statement.value(effect)],
            );
        }
        if let Some(element) = &statement.not_action {
            let details = "A resource control policy cannot have NotAction. Use Action.";
            out.add(
                &rules::RCP_SYNTAX_ERROR_NOTACTION,
                details,
                [statement.key(element.member)],
            );
        }
    }
}

fn action<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    element: &Element<'d>,
    entry: &Entry<'d>,
    out: &mut Findings<'d>,
) {
    let text = entry.text.value;
    let here = || [statement.entry(element, entry)];
    let is_everything = !text.is_empty() && text.bytes().all(|byte| byte == b'*');
    if super::variables::unsupported(cx, text) {
        let details = "Policy variables are not expanded in this element. Use them in Resource and Condition.";
        out.add(&rules::VARIABLE_UNSUPPORTED_IN_ELEMENT, details, here());
        return;
    }
    if is_everything {
        if cx.is(PolicyType::ResourceControl) && !super::roles::is_full_access(statement) {
            let details = "An action of a resource control policy must name a service, without wildcards in its name.";
            out.add(&rules::RCP_SYNTAX_ERROR_ACTION, details, here());
        }
        return;
    }
    let name = text
        .split_once(':')
        .filter(|(prefix, name)| !prefix.is_empty() && !name.is_empty() && !name.contains(':'));
    let Some((prefix, name)) = name else {
        out.add(
            &rules::INVALID_ACTION,
            format!("The action {text} does not exist."),
            here(),
        );
        return;
    };
    if cx.has_old_scp_rules
        && cx.is(PolicyType::ServiceControl)
        && has_wildcard(name.trim_end_matches('*'))
    {
        let details = "A wildcard of an action in a service control policy must be at the end.";
        out.add(&rules::SCP_SYNTAX_ERROR_ACTION_WILDCARD, details, here());
    }
    if has_wildcard(prefix) {
        let (rule, details) = match cx.is(PolicyType::ResourceControl) {
            true => (
                &rules::RCP_SYNTAX_ERROR_ACTION,
                "An action of a resource control policy must name a service, without wildcards in its name.",
            ),
            false => (
                &rules::WILDCARD_IN_SERVICE_NAME,
                "The name of the service has a wildcard, and takes in services that are not meant. Name one service.",
            ),
        };
        out.add(rule, details, here());
        return;
    }
    if cx.catalog.service(prefix) == Answer::No {
        let details = format!("The service {text} specified in the action does not exist.");
        out.add(&rules::INVALID_SERVICE_IN_ACTION, details, here());
        return;
    }
    if !has_wildcard(name) && !has_opening(name) {
        let instead = cx.catalog.authorized_as(prefix, name);
        let exists = cx.catalog.action(text);
        // An operation that is authorized as another action is none itself, whoever is silent about it.
        if exists == Answer::No || (exists == Answer::Unknown && instead.is_some()) {
            let mut details = format!("The action {text} does not exist.");
            if let Some(instead) = instead {
                details.push_str(&format!(
                    " Did you mean {instead}? The API called {name} authorizes against the IAM action {instead}."
                ));
            }
            out.add(&rules::INVALID_ACTION, details, here());
            return;
        }
    }
    if element.member.key.value == "Action" && is_out_of_place(cx, text, prefix) {
        let details = format!("The action {text} does nothing in a policy of this type.");
        out.add(&rules::UNSUPPORTED_ACTION_IN_POLICY, details, here());
    }
}

/// `AA-135`.
fn is_out_of_place(cx: &Context<'_>, text: &str, prefix: &str) -> bool {
    use ResourceType as R;
    let is_other = |own: &[&str]| !own.iter().any(|own| own.eq_ignore_ascii_case(prefix));
    match cx.target.policy {
        PolicyType::Resource if cx.is_trust => {
            !TRUST_ACTIONS.iter().any(|own| matches_action(text, own))
        }
        PolicyType::Resource => match cx.target.resource {
            Some(R::Bucket | R::AccessPoint | R::MultiRegionAccessPoint) => is_other(&["s3"]),
            Some(R::ObjectLambdaAccessPoint) => is_other(&["s3-object-lambda", "s3"]),
            Some(R::Table) => is_other(&["dynamodb"]),
            Some(R::AssumeRolePolicyDocument) | None => false,
        },
        PolicyType::ResourceControl => !is_rcp_service(prefix),
        PolicyType::Identity | PolicyType::ServiceControl => false,
    }
}
