//! Actions, resources and keys that have nothing to do with each other, and `*` where a resource could be named (rows 24 to 26).

use super::absent::is_of_service;
use super::outcome::{State, holds};
use crate::catalog::{Answer, Meeting};
use crate::checks::Context;
use crate::finding::Findings;
use crate::rules;
use crate::view::{Condition, Entry, Statement};
use portcullis_model::{Base, Effect, PolicyKind};
use portcullis_syntax::glob::has_wildcard;
use portcullis_syntax::vars::{Piece, has_opening, pieces};
use std::borrow::Cow;

/// The entries of `Resource` as patterns without variables; those of a statement without it as everything.
pub(super) fn resources<'d>(statement: &Statement<'d>) -> Vec<Cow<'d, str>> {
    match &statement.resource {
        Some(element) => {
            let texts = element.entries.iter().map(|entry| entry.text.value);
            texts.map(pattern).collect()
        }
        None => vec![Cow::Borrowed("*")],
    }
}

/// A text with a wildcard for each variable.
fn pattern(text: &str) -> Cow<'_, str> {
    if !has_opening(text) {
        return Cow::Borrowed(text);
    }
    let parts = pieces(text).map(|(_, piece)| match piece {
        Piece::Text(text) => text,
        _ => "*",
    });
    Cow::Owned(parts.collect())
}

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    // The role itself is what its trust policy is about.
    if cx.is_trust {
        return;
    }
    let resources = resources(statement);
    if statement.resource.is_some() {
        meet(cx, statement, &resources, out);
        star(cx, statement, out);
    }
    for condition in &statement.conditions {
        unknown(cx, statement, condition, &resources, out);
    }
}

/// What it takes to ask about an entry and resources: as many steps for each pair as there are types, if it is for several actions.
pub(super) fn weight(entry: &str, resources: &[Cow<'_, str>]) -> usize {
    let each = if has_wildcard(entry) { 2_000 } else { 100 };
    let texts: usize = resources.iter().map(|text| text.len()).sum();
    each * (resources.len() + 1) + texts
}

/// Actions that no resource of the statement can be for.
fn meet<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    resources: &[Cow<'d, str>],
    out: &mut Findings<'d>,
) {
    let (Some(element), Some(own)) = (&statement.action, &statement.resource) else {
        return;
    };
    let is_arn = |text: &str| text.starts_with("arn:") && text.split(':').count() >= 6;
    let is_open =
        |text: &str| text.bytes().all(|byte| matches!(byte, b'*' | b':')) || !is_arn(text);
    if resources.is_empty() || resources.iter().any(|text| is_open(text)) {
        return;
    }
    // `arn:aws:s3:::*` is how some grant what is about no resource (`MATCH-37`).
    let is_whole = |text: &Cow<'d, str>| text.splitn(6, ':').nth(5) == Some("*");
    let pairs: usize = element
        .entries
        .iter()
        .map(|entry| weight(entry.text.value, resources))
        .sum();
    if !out.affords(pairs) {
        return;
    }
    let mut none: Vec<&Entry<'d>> = Vec::new();
    let mut only_everything: Vec<&Entry<'d>> = Vec::new();
    for entry in &element.entries {
        match cx.catalog.meets(entry.text.value, resources) {
            Meeting::None => none.push(entry),
            Meeting::OnlyEverything if !resources.iter().any(is_whole) => {
                only_everything.push(entry)
            }
            Meeting::OnlyEverything | Meeting::Some | Meeting::Unknown => {}
        }
    }
    // What names no resource is often left over beside what does. A statement of nothing else does nothing at all, if it is
    // known for sure: references are silent about the resources that some actions make.
    let is_read = |entry: &&Entry<'d>| cx.catalog.is_reading(entry.text.value) == Answer::Yes;
    let is_nothing =
        only_everything.len() == element.entries.len() && only_everything.iter().all(is_read);
    let denies = statement.effect == Some(Effect::Deny);
    let what = |found: &[&Entry<'d>]| {
        let verb = if denies { "deny" } else { "allow" };
        match found {
            [one] => format!("it does not {verb} {}", one.text.value),
            _ => format!("it does not {verb} {} of its actions", found.len()),
        }
    };
    let mut say = |rule, details: String, found: &[&Entry<'d>]| {
        let mut places: Vec<_> = found
            .iter()
            .map(|entry| statement.entry(element, entry))
            .collect();
        places.push(statement.value(own.member));
        out.add(rule, details, places);
    };
    if !none.is_empty() {
        let details = format!(
            "No resource in this statement is of a type that the action supports, so {}. List resources of a supported type.",
            what(&none)
        );
        say(&rules::ACTION_AND_RESOURCE_DO_NOT_MEET, details, &none);
    }
    if !only_everything.is_empty() {
        let details = format!(
            "The action has no resource types and this statement lists specific resources, so {}. Use Resource * for it.",
            what(&only_everything)
        );
        let rule = match is_nothing {
            true => &rules::ACTION_AND_RESOURCE_DO_NOT_MEET,
            false => &rules::ACTION_NEEDS_EVERY_RESOURCE,
        };
        say(rule, details, &only_everything);
    }
}

/// `*` for actions all of which are about resources that can be named.
fn star<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    let (Some(element), Some(own)) = (&statement.action, &statement.resource) else {
        return;
    };
    let [star] = own.entries.as_slice() else {
        return;
    };
    let is_for = matches!(cx.kind, PolicyKind::Identity | PolicyKind::Session);
    let is_wide = star.text.value == "*" && statement.is_allow() && statement.conditions.is_empty();
    if !is_for || !is_wide || element.entries.is_empty() {
        return;
    }
    let is_named = |entry: &Entry<'d>| {
        !has_wildcard(entry.text.value)
            && cx.catalog.is_restrictable(entry.text.value) == Answer::Yes
    };
    if !element.entries.iter().all(is_named) {
        return;
    }
    let details = "Every action in this statement modifies resources that can be named, and all of them are allowed. List the resources.";
    let mut places = vec![statement.entry(own, star)];
    places.extend(
        element
            .entries
            .iter()
            .map(|entry| statement.entry(element, entry)),
    );
    out.add(&rules::STAR_THOUGH_RESTRICTABLE, details, places);
}

/// Keys of a service that come with the caller's credentials, to whatever service the request is.
fn is_of_credentials(key: &str) -> bool {
    const OWN: [&str; 9] = [
        "ec2:SourceInstanceARN",
        "ec2:RoleDelivery",
        "ec2:InstanceID",
        "ssm:SourceInstanceARN",
        "lambda:SourceFunctionArn",
        "ecs:SourceTaskArn",
        "glue:RoleAssumedBy",
        "glue:CredentialIssuingService",
        "codebuild:SourceBuildArn",
    ];
    OWN.iter().any(|own| own.eq_ignore_ascii_case(key))
}

/// A key of a service that requests for none of the statement's actions have.
fn unknown<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    resources: &[Cow<'d, str>],
    out: &mut Findings<'d>,
) {
    let key = condition.key.value;
    let (Some(element), Ok(operator)) = (&statement.action, condition.operator) else {
        return;
    };
    // Of tags of requests it is not known for sure, and a negated test in a Deny is said of otherwise.
    let is_denied = statement.effect == Some(Effect::Deny)
        && operator.base.is_negated()
        && holds(cx, condition, State::Absent) == Some(true);
    if !is_of_service(key)
        || is_of_credentials(key)
        || key.starts_with("aws:")
        || operator.base == Base::Null
        || is_denied
    {
        return;
    }
    let prefix = key.split(':').next().unwrap_or_default();
    if cx.catalog.service_key(prefix, key) == Answer::No || element.entries.is_empty() {
        return;
    }
    for entry in &element.entries {
        if !out.affords(weight(entry.text.value, resources)) {
            return;
        }
        match cx.catalog.uses_of_key(entry.text.value, resources, key) {
            Some(found) if found.total > 0 && !found.is_known => {}
            _ => return,
        }
    }
    let so = match (holds(cx, condition, State::Absent), statement.effect) {
        (Some(true), _) => "the condition always matches",
        (_, Some(Effect::Deny)) => "nothing is denied",
        _ => "nothing is allowed",
    };
    let details = format!(
        "None of these actions supports the condition key {key}, so {so}. Use a key they support, or list other actions."
    );
    let mut places = vec![statement.condition_key(condition)];
    places.extend(
        element
            .entries
            .iter()
            .map(|entry| statement.entry(element, entry)),
    );
    out.add(&rules::KEY_UNKNOWN_FOR_ACTION, details, places);
}
