//! Passing roles and creating service-linked roles (`AA-34` to `AA-38`, `AA-202`, `AA-250`), and what allows everything.

use super::Context;
use crate::finding::{Findings, Location};
use crate::rules::{self, Rule};
use crate::target::PolicyType;
use crate::view::{Condition, Statement};
use portcullis_model::{Base, Quantifier};
use portcullis_syntax::glob::{has_wildcard, matches_action};

/// How a statement comes to allow an action.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Name,
    Wildcard,
    NotAction,
}

/// How a statement comes to name all resources.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Star,
    NotResource,
}

/// An action that should not be allowed for all resources.
struct Open {
    action: &'static str,
    is_limited: fn(&Condition<'_>) -> bool,
    rule: fn(By, On) -> (&'static Rule, &'static str),
}

const OPEN: [Open; 2] = [
    Open {
        action: "iam:PassRole",
        is_limited: limits_passing,
        rule: pass_role,
    },
    Open {
        action: "iam:CreateServiceLinkedRole",
        is_limited: limits_creation,
        rule: create_role,
    },
];

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    if !cx.is(PolicyType::Identity) || !statement.is_allow() {
        return;
    }
    let Some((on, resource)) = resource(statement) else {
        return;
    };
    for open in &OPEN {
        if statement.conditions.iter().any(open.is_limited) {
            continue;
        }
        for by in [By::Name, By::Wildcard, By::NotAction] {
            if let Some(action) = action(statement, open.action, by) {
                let (rule, details) = (open.rule)(by, on);
                out.add(rule, details, [action, resource.clone()]);
            }
        }
    }
}

/// `*` among the resources, or `NotResource`. ARNs with wildcards do not count.
fn resource<'d>(statement: &Statement<'d>) -> Option<(On, Location<'d>)> {
    if let Some(element) = &statement.not_resource {
        return Some((On::NotResource, statement.value(element.member)));
    }
    let element = statement.resource.as_ref()?;
    let star = element
        .entries
        .iter()
        .find(|entry| entry.text.value == "*")?;
    Some((On::Star, statement.entry(element, star)))
}

/// The entry by which an action is allowed in this way.
fn action<'d>(statement: &Statement<'d>, action: &str, by: By) -> Option<Location<'d>> {
    if by == By::NotAction {
        let element = statement.not_action.as_ref()?;
        let is_out = element
            .entries
            .iter()
            .any(|entry| matches_action(entry.text.value, action));
        return (!is_out).then(|| statement.value(element.member));
    }
    let element = statement.action.as_ref()?;
    let entry = element.entries.iter().find(|entry| {
        let text = entry.text.value;
        match by {
            By::Name => text.eq_ignore_ascii_case(action),
            _ => has_wildcard(text) && matches_action(text, action),
        }
    })?;
    Some(statement.entry(element, entry))
}

/// `AA-34`: not `StringEqualsIfExists` alone.
fn limits_passing(condition: &Condition<'_>) -> bool {
    if condition.is_of("iam:AssociatedResourceArn") {
        return true;
    }
    condition.is_of("iam:PassedToService")
        && condition.operator.is_ok_and(|own| match own.base {
            Base::StringLike => true,
            Base::StringEquals | Base::StringEqualsIgnoreCase => !own.if_exists,
            _ => false,
        })
}

/// `AA-36`: no value may have a wildcard.
fn limits_creation(condition: &Condition<'_>) -> bool {
    let is_test = condition.operator.is_ok_and(|own| {
        let is_base = matches!(
            own.base,
            Base::StringEquals | Base::StringEqualsIgnoreCase | Base::StringLike
        );
        is_base && !own.if_exists && own.quantifier != Quantifier::All
    });
    condition.is_of("iam:AWSServiceName")
        && is_test
        && condition
            .values
            .iter()
            .all(|value| !has_wildcard(value.text.value))
}

fn pass_role(by: By, on: On) -> (&'static Rule, &'static str) {
    match (by, on) {
        (By::Name, On::Star) => (
            &rules::PASS_ROLE_WITH_STAR_IN_RESOURCE,
            "Using the iam:PassRole action with wildcards (*) in the resource can be overly permissive because it allows iam:PassRole permissions on multiple resources. We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement.",
        ),
        (By::Wildcard, On::Star) => (
            &rules::PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE,
            "Using wildcards (*) in the action and the resource can be overly permissive because it allows iam:PassRole permissions on all resources. We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement.",
        ),
        (By::NotAction, On::Star) => (
            &rules::PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION,
            "NotAction leaves iam:PassRole in, on all resources. Name the actions, or test iam:PassedToService.",
        ),
        (By::Name, On::NotResource) => (
            &rules::PASS_ROLE_WITH_NOT_RESOURCE,
            "NotResource allows iam:PassRole on every other role. Name the roles in Resource, or test iam:PassedToService.",
        ),
        (By::Wildcard, On::NotResource) => (
            &rules::PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE,
            "The wildcard in the action and NotResource allow iam:PassRole on every other role. Name the roles in Resource, or test iam:PassedToService.",
        ),
        (By::NotAction, On::NotResource) => (
            &rules::PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE,
            "NotAction and NotResource allow iam:PassRole on every other role. Name actions and roles, or test iam:PassedToService.",
        ),
    }
}

fn create_role(by: By, on: On) -> (&'static Rule, &'static str) {
    match (by, on) {
        (By::Name, On::Star) => (
            &rules::CREATE_SLR_WITH_STAR_IN_RESOURCE,
            "Using the iam:CreateServiceLinkedRole action with wildcards (*) in the resource can allow creation of unintended service-linked roles. We recommend that you specify resource ARNs instead.",
        ),
        (By::Wildcard, On::Star) => (
            &rules::CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE,
            "Using wildcards (*) in the action and the resource can allow creation of unintended service-linked roles because it allows iam:CreateServiceLinkedRole permissions on all resources. We recommend that you specify resource ARNs instead.",
        ),
        (By::NotAction, On::Star) => (
            &rules::CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION,
            "NotAction leaves iam:CreateServiceLinkedRole in, on all resources. Name actions and roles.",
        ),
        (By::Name, On::NotResource) => (
            &rules::CREATE_SLR_WITH_NOT_RESOURCE,
            "NotResource allows iam:CreateServiceLinkedRole for every other role. Name the roles in Resource.",
        ),
        (By::Wildcard, On::NotResource) => (
            &rules::CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE,
            "The wildcard in the action and NotResource allow iam:CreateServiceLinkedRole for every other role. Name the roles in Resource.",
        ),
        (By::NotAction, On::NotResource) => (
            &rules::CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE,
            "NotAction and NotResource allow iam:CreateServiceLinkedRole for every other role. Name actions and roles.",
        ),
    }
}

/// An Allow of exactly Action `*` and Resource `*` without condition: the shape of RCPFullAWSAccess (`AA-157`).
pub(super) fn is_full_access(statement: &Statement<'_>) -> bool {
    let is_star = |element: &Option<crate::view::Element<'_>>| {
        element
            .as_ref()
            .is_some_and(|own| matches!(own.entries.as_slice(), [one] if one.text.value == "*"))
    };
    statement.is_allow()
        && is_star(&statement.action)
        && is_star(&statement.resource)
        && statement.conditions.is_empty()
}
