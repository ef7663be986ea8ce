//! What AWS's commands answer, and where in it the policy stands ("other IAM shapes to accept", `IN-1`).

use super::Label;
use super::foreign::recognize;
use crate::ast::Span;
use crate::codes;
use portcullis_model::PolicyKind;
use portcullis_source::json::tree::Value;
use portcullis_source::json::{Member, Node};
use portcullis_source::{Diagnostic, quoted};

/// Where a policy is to be looked for.
pub(super) enum Step<'a> {
    /// It is this value.
    Here,
    /// It is in this value, of which this is said.
    Into(Node<'a>, Label<'a>),
}

/// A member that holds a policy, in an object that is told by it.
struct Shape {
    /// The member.
    member: &'static str,
    /// What must be in its object, as another member is, if it does not tell by itself.
    inside: Option<&'static str>,
    /// What answers so.
    what: &'static str,
    /// The types of policies that stand there; all if empty.
    kinds: &'static [PolicyKind],
}

/// The shapes. In each object at most one may be.
const SHAPES: [Shape; 9] = [
    Shape {
        member: "PolicyVersion",
        inside: Some("Document"),
        what: "get-policy-version",
        kinds: &[],
    },
    Shape {
        member: "Document",
        inside: None,
        what: "a policy's version",
        kinds: &[],
    },
    Shape {
        member: "PolicyDocument",
        inside: None,
        what: "get-role-policy, get-user-policy or get-group-policy",
        kinds: &[],
    },
    Shape {
        member: "Role",
        inside: Some("AssumeRolePolicyDocument"),
        what: "get-role",
        kinds: TRUST,
    },
    Shape {
        member: "AssumeRolePolicyDocument",
        inside: None,
        what: "a role",
        kinds: TRUST,
    },
    Shape {
        member: "Policy",
        inside: Some("Content"),
        what: "describe-policy",
        kinds: &[PolicyKind::Scp, PolicyKind::Rcp],
    },
    Shape {
        member: "Content",
        inside: None,
        what: "a control policy",
        kinds: &[PolicyKind::Scp, PolicyKind::Rcp],
    },
    Shape {
        member: "ResourcePolicy",
        inside: None,
        what: "get-resource-policy",
        kinds: RESOURCE,
    },
    Shape {
        member: "policyText",
        inside: None,
        what: "get-repository-policy",
        kinds: RESOURCE,
    },
];

/// A trust policy is the resource policy of its role.
const TRUST: &[PolicyKind] = &[PolicyKind::Trust, PolicyKind::Resource];

const RESOURCE: &[PolicyKind] = &[PolicyKind::Resource];

/// `get-bucket-policy` and its like: the policy is a string.
const POLICY: Shape = Shape {
    member: "Policy",
    inside: None,
    what: "get-bucket-policy and others",
    kinds: RESOURCE,
};

impl Shape {
    fn find<'a>(&self, node: &Node<'a>) -> Option<&'a Member<'a>> {
        let member = node
            .as_object()?
            .iter()
            .find(|own| own.key.value == self.member)?;
        let value = &member.value;
        let is_it = match self.inside {
            Some(inside) => value.get(inside).is_some(),
            // A policy, or a string that holds one.
            None => matches!(value.value, Value::String(_) | Value::Object(_)),
        };
        is_it.then_some(member)
    }
}

/// Where the policy of a value is. Whatever has a `Statement` is one, and so is what has no known shape: the reader of
/// policies says what is wrong with it.
///
/// # Errors
/// Two policies in one object, a policy of another type than the one that is wanted, and documents of other tools.
pub(super) fn step<'a>(
    node: &Node<'a>,
    wanted: Option<PolicyKind>,
) -> Result<Step<'a>, Box<Diagnostic>> {
    let Some(members) = node.as_object() else {
        return Ok(Step::Here);
    };
    if members.iter().any(|member| member.key.value == "Statement") {
        return Ok(Step::Here);
    }
    if let Some(step) = named(node, wanted)? {
        return Ok(step);
    }
    let policy = POLICY.find(node).map(|member| (&POLICY, member));
    // The answer of `get-policy` has no document in it, and that of `describe-policy` is another shape.
    let policy = policy.filter(|(_, member)| {
        let value = member.value;
        value.as_str().is_some() || value.get("Statement").is_some()
    });
    let shapes = SHAPES
        .iter()
        .filter_map(|shape| Some((shape, shape.find(node)?)));
    let mut found = shapes.chain(policy);
    let Some((shape, member)) = found.next() else {
        return match recognize(node) {
            Some(foreign) => Err(Box::new(foreign.diagnostic(start_of(node)))),
            None => Ok(Step::Here),
        };
    };
    let other = found.next().map(|(_, other)| other);
    let other = other.or_else(|| {
        members
            .iter()
            .find(|other| !same(other, member) && may_hold_policy(other))
    });
    if let Some(other) = other {
        let message = format!(
            "expected one policy, but {} may contain another besides the one in {}",
            quoted(other.key.value),
            quoted(member.key.value)
        );
        let problem = Diagnostic::error(codes::UNKNOWN_FORM, other.key.span, message);
        return Err(Box::new(problem.with_help(
            "pass the document alone, or the whole folder with `--directory`",
        )));
    }
    if let Some(kind) = wanted.filter(|kind| !shape.kinds.is_empty() && !shape.kinds.contains(kind))
    {
        let message = format!(
            "this is the output of {}, which contains no {kind} policy",
            shape.what
        );
        return Err(Box::new(Diagnostic::error(
            codes::UNKNOWN_FORM,
            member.key.span,
            message,
        )));
    }
    let name = ["PolicyName", "RoleName", "Name", "repositoryName"];
    let summary = node
        .get("PolicySummary")
        .and_then(|summary| summary.get("Name")?.as_str());
    let name = name
        .iter()
        .find_map(|own| node.get(own)?.as_str())
        .or(summary);
    // What else is inside the member is looked at when its turn comes.
    let kind = match shape.kinds {
        [PolicyKind::Trust, ..] => Some(PolicyKind::Trust),
        [PolicyKind::Resource] => Some(PolicyKind::Resource),
        _ => control_type(node),
    };
    check_type(kind, wanted, member.key.span)?;
    Ok(Step::Into(member.value, Label { name, kind }))
}

/// The type that the summary of a control policy says (`IN-27`).
fn control_type(node: &Node<'_>) -> Option<PolicyKind> {
    match node.get("PolicySummary")?.get("Type")?.as_str()? {
        "SERVICE_CONTROL_POLICY" => Some(PolicyKind::Scp),
        "RESOURCE_CONTROL_POLICY" => Some(PolicyKind::Rcp),
        _ => None,
    }
}

/// Sees that a policy whose form says its type is of the type that is wanted. A trust policy is the resource policy of its
/// role, and an identity policy may be a boundary or a session's.
fn check_type(
    kind: Option<PolicyKind>,
    wanted: Option<PolicyKind>,
    place: Span,
) -> Result<(), Box<Diagnostic>> {
    let family = |kind| match kind {
        PolicyKind::Trust => PolicyKind::Resource,
        PolicyKind::Boundary | PolicyKind::Session => PolicyKind::Identity,
        other => other,
    };
    match (kind, wanted) {
        (Some(kind), Some(wanted)) if family(kind) != family(wanted) => {
            let message = format!("expected a policy of type {wanted}, found one of type {kind}");
            Err(Box::new(Diagnostic::error(
                codes::UNKNOWN_FORM,
                place,
                message,
            )))
        }
        _ => Ok(()),
    }
}

/// Our own `{"name", "document"}`, with the type that `convert` writes.
fn named<'a>(
    node: &Node<'a>,
    wanted: Option<PolicyKind>,
) -> Result<Option<Step<'a>>, Box<Diagnostic>> {
    let Some(document) = node.get("document") else {
        return Ok(None);
    };
    let mut members = node.as_object().unwrap_or_default().iter();
    let is_own =
        |member: &Member<'_>| matches!(member.key.value, "name" | "document" | "type" | "arn");
    if !members.all(is_own) {
        return Ok(None);
    }
    let text = |name: &str| match node.get(name) {
        None => Ok(None),
        Some(value) => value.as_text().map(Some).ok_or_else(|| {
            let found = value.value.describe();
            let message = format!("`{name}` must be a string, this is {found}");
            Box::new(Diagnostic::error(
                codes::DATA_TYPE_MISMATCH,
                value.span,
                message,
            ))
        }),
    };
    let name = text("name")?.map(|name| name.value);
    let kind = match text("type")? {
        None => None,
        Some(written) => Some(PolicyKind::parse(written.value).ok_or_else(|| {
            let message = format!("{} is not a policy type", quoted(written.value));
            Box::new(Diagnostic::error(
                codes::UNKNOWN_FORM,
                written.span,
                message,
            ))
        })?),
    };
    check_type(kind, wanted, start_of(node))?;
    Ok(Some(Step::Into(*document, Label { name, kind })))
}

fn same(one: &Member<'_>, other: &Member<'_>) -> bool {
    one.key.span == other.key.span
}

/// True for a member that may hold a policy or a limit (`IN-4`).
fn may_hold_policy(member: &Member<'_>) -> bool {
    const ENDINGS: [&str; 8] = [
        "policy",
        "policies",
        "document",
        "policytext",
        "policyinjson",
        "policylist",
        "statement",
        "boundary",
    ];
    let name = member.key.value.to_ascii_lowercase();
    let is_empty = match member.value.value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.trim_start().starts_with(['{', '%', '"']),
        Value::Array(elements) => elements.is_empty(),
        // The boundary of a role limits the role, not who may assume it.
        Value::Object(members) => members.is_empty() || name == "permissionsboundary",
    };
    !is_empty && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn start_of(node: &Node<'_>) -> Span {
    Span {
        start: node.span.start,
        end: node.span.start.saturating_add(1),
    }
}
