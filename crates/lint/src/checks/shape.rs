//! The elements of documents and statements, and the types of their values.

use super::Context;
use crate::finding::Findings;
use crate::rules::{self, Rule};
use crate::target::PolicyType;
use crate::view::{Policy, Statement, top};
use portcullis_source::hash::Map;
use portcullis_source::json::{Member, Value};
use portcullis_syntax::policy::SERVICES_WITHOUT_RESOURCE;

const ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// `AA-102`, `AA-117`, `AA-125`, `AA-127`, `AA-254`.
pub(super) fn document<'d>(cx: &Context<'d>, policy: &Policy<'d>, out: &mut Findings<'d>) {
    let whole = || crate::finding::Location {
        path: Vec::new(),
        span: policy.span,
    };
    for member in policy.members {
        let name = member.key.value;
        match (name, member.value.value) {
            ("Version", Value::String(text)) => {
                let is_old = text == "2008-10-17";
                // GRAM-60: variables and all that resource control policies need came later.
                let details = match cx.is(PolicyType::ResourceControl) {
                    true if is_old => {
                        "A resource control policy must have the Version 2012-10-17.".to_owned()
                    }
                    _ => format!(
                        "The version {text} does not exist. The versions are 2012-10-17 and 2008-10-17."
                    ),
                };
                let is_known =
                    text == "2012-10-17" || is_old && !cx.is(PolicyType::ResourceControl);
                if !is_known {
                    out.add(&rules::INVALID_VERSION, details, [top(member)]);
                }
            }
            ("Version" | "Id", value) => {
                if !matches!(value, Value::String(_)) {
                    mismatch(name, "a string", value, top(member), out);
                }
            }
            ("Statement", Value::Object(_)) => {}
            ("Statement", Value::Array(nodes)) => {
                for (index, node) in nodes.iter().enumerate() {
                    if node.as_object().is_none() {
                        let mut place = top(member);
                        place.path.push(crate::finding::Step::Index(index));
                        place.span = node.span;
                        mismatch("Statement", "an object", node.value, place, out);
                    }
                }
            }
            ("Statement", value) => mismatch(
                name,
                "an object or a list of objects",
                value,
                top(member),
                out,
            ),
            _ => out.add(&rules::INVALID_POLICY_ELEMENT, unknown(name), [top(member)]),
        }
    }
    if policy.member("Version").is_none() {
        let details = "The policy has no Version. Add the Version 2012-10-17, without which policy variables are plain text.";
        out.add(&rules::MISSING_VERSION, details, [whole()]);
    }
    if policy.member("Statement").is_none() {
        out.add(
            &rules::MISSING_STATEMENT,
            "The policy has no Statement. Add one.",
            [whole()],
        );
    }
    sids(cx, policy, out);
}

fn unknown(name: &str) -> String {
    format!("The policy element {name} does not exist. Names of elements are case-sensitive.")
}

fn mismatch<'d>(
    name: &str,
    wanted: &str,
    value: Value<'d>,
    place: crate::finding::Location<'d>,
    out: &mut Findings<'d>,
) {
    let details = format!(
        "The value of {name} must be {wanted}, and this is {}.",
        value.describe()
    );
    out.add(&rules::DATA_TYPE_MISMATCH, details, [place]);
}

/// One `Sid` at several statements (`AA-134`, `AA-255`, `GRAM-17`).
fn sids<'d>(cx: &Context<'d>, policy: &Policy<'d>, out: &mut Findings<'d>) {
    let mut seen: Map<&str, Vec<usize>> = Map::default();
    for (index, statement) in policy.statements.iter().enumerate() {
        let sid = statement
            .member("Sid")
            .and_then(|member| member.value.as_str());
        if let Some(sid) = sid.filter(|sid| !sid.is_empty()) {
            seen.entry(sid).or_default().push(index);
        }
    }
    let is_strict = cx.is_trust || !cx.is(PolicyType::Resource);
    let (rule, must) = match is_strict {
        true => (&rules::UNIQUE_SIDS_REQUIRED, "must"),
        false => (&rules::UNIQUE_SIDS_RECOMMENDED, "should"),
    };
    for (sid, places) in seen {
        if places.len() > 1 {
            let statements = places
                .iter()
                .filter_map(|index| policy.statements.get(*index));
            let places =
                statements.filter_map(|one| one.member("Sid").map(|member| one.value(member)));
            out.add(
                rule,
                format!(
                    "The Sid {sid} is used more than once. Each Sid {must} be unique in the policy."
                ),
                places,
            );
        }
    }
}

pub(super) fn statement<'d>(cx: &Context<'d>, own: &Statement<'d>, out: &mut Findings<'d>) {
    for member in own.members {
        element(cx, own, member, out);
    }
    missing(cx, own, out);
    for [name, not] in [
        ["Action", "NotAction"],
        ["Resource", "NotResource"],
        ["Principal", "NotPrincipal"],
    ] {
        if let (Some(one), Some(other)) = (own.member(name), own.member(not)) {
            let details = format!("A statement has either {name} or {not}, not both.");
            out.add(
                &rules::UNSUPPORTED_ELEMENT_COMBINATION,
                details,
                [own.key(one), own.key(other)],
            );
        }
    }
}

fn element<'d>(
    cx: &Context<'d>,
    own: &Statement<'d>,
    member: &'d Member<'d>,
    out: &mut Findings<'d>,
) {
    let name = member.key.value;
    let value = member.value.value;
    match (name, value) {
        ("Sid", Value::String(sid)) => check_sid(cx, own, member, sid, out),
        ("Effect", Value::String(effect)) => {
            if !matches!(effect, "Allow" | "Deny") {
                let details = format!(
                    "The effect {effect} does not exist. Write Allow or Deny, with the case that these have."
                );
                out.add(&rules::INVALID_EFFECT, details, [own.value(member)]);
            }
        }
        ("Sid" | "Effect", value) => mismatch(name, "a string", value, own.value(member), out),
        ("Action" | "NotAction" | "Resource" | "NotResource", Value::String(_)) => {}
        ("Action" | "NotAction" | "Resource" | "NotResource", Value::Array(nodes)) => {
            if nodes.is_empty() {
                let (rule, what) = match name {
                    "Action" | "NotAction" => (&rules::EMPTY_ARRAY_ACTION, "actions"),
                    _ => (&rules::EMPTY_ARRAY_RESOURCE, "resources"),
                };
                out.add(rule, format!("The list of {name} is empty and names no {what}. Name some, or remove the statement."), [own.value(member)]);
            }
            if let Some(odd) = nodes.iter().find(|node| node.as_str().is_none()) {
                mismatch(name, "a list of strings", odd.value, own.value(member), out);
            }
        }
        ("Action" | "NotAction" | "Resource" | "NotResource", value) => {
            mismatch(
                name,
                "a string or a list of strings",
                value,
                own.value(member),
                out,
            );
        }
        ("Condition", Value::Object(_)) => {}
        ("Condition", value) => mismatch(name, "an object", value, own.value(member), out),
        // `principals` looks at them.
        ("Principal" | "NotPrincipal", _) => {}
        _ => {
            debug_assert!(!ELEMENTS.contains(&name));
            out.add(
                &rules::INVALID_POLICY_ELEMENT,
                unknown(name),
                [own.value(member)],
            );
        }
    }
}

/// `AA-140`, `GRAM-17`: IAM takes letters and digits; other services take more.
fn check_sid<'d>(
    cx: &Context<'d>,
    own: &Statement<'d>,
    member: &'d Member<'d>,
    sid: &str,
    out: &mut Findings<'d>,
) {
    if sid.is_empty() {
        out.add(
            &rules::EMPTY_SID_VALUE,
            "The Sid is empty. Write a name, or remove the element.",
            [own.value(member)],
        );
    } else if (cx.is_trust || cx.is(PolicyType::Identity))
        && !sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        let details = "The Sid has characters that it may not have. Use a-z, A-Z and 0-9.";
        out.add(&rules::UNSUPPORTED_SID, details, [own.value(member)]);
    }
}

/// `AA-127`.
fn missing<'d>(cx: &Context<'d>, own: &Statement<'d>, out: &mut Findings<'d>) {
    let mut say = |rule: &'static Rule, name: &str| {
        out.add(
            rule,
            format!("The statement has no {name}. Add one."),
            [own.here()],
        );
    };
    let has = |names: [&str; 2]| names.iter().any(|name| own.member(name).is_some());
    if own.member("Effect").is_none() {
        say(&rules::MISSING_EFFECT, "Effect");
    }
    if !has(["Action", "NotAction"]) {
        say(&rules::MISSING_ACTION, "Action");
    }
    let needs_principal = matches!(
        cx.target.policy,
        PolicyType::Resource | PolicyType::ResourceControl
    );
    if needs_principal && !has(["Principal", "NotPrincipal"]) {
        say(&rules::MISSING_PRINCIPAL, "Principal");
    }
    let needs_resource = match cx.target {
        _ if cx.is_trust => false,
        target if target == PolicyType::Resource.into() => !goes_without(own),
        _ => true,
    };
    if needs_resource && !has(["Resource", "NotResource"]) {
        say(&rules::MISSING_RESOURCE, "Resource");
    }
}

/// The resource goes without saying (`GRAM-54`).
fn goes_without(own: &Statement<'_>) -> bool {
    let Some(action) = &own.action else {
        return false;
    };
    let is_of_one = |text: &str| {
        text.split_once(':').is_some_and(|(prefix, _)| {
            SERVICES_WITHOUT_RESOURCE
                .iter()
                .any(|own| own.eq_ignore_ascii_case(prefix))
        })
    };
    !action.entries.is_empty()
        && action
            .entries
            .iter()
            .all(|entry| is_of_one(entry.text.value))
}
