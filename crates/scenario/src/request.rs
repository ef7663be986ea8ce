//! Requests.

use std::cell::Cell;
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_model::{ContextEntry, Decision, Request, check_action, is_account_id, is_resource};
use portcullis_source::json::{Member, Node, Value};
use portcullis_source::quoted;

use crate::codes;
use crate::principal::{Surroundings, principal};
use crate::read::Case;
use portcullis_source::Source;
use portcullis_source::{Reader, present};

/// Where a request stands, which decides the members it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestForm {
    /// The `request` of a scenario.
    Single,
    /// One of `requests`, or a request by itself: may have `name` and `expect`.
    Listed,
}

const MEMBERS: [&str; 9] = [
    "principal",
    "action",
    "resource",
    "resourceAccount",
    "context",
    "restrictPublicBuckets",
    "externalGrant",
    "name",
    "expect",
];

/// Reads a request from a JSON tree.
pub fn request<'a>(
    node: &'a Node<'a>,
    form: RequestForm,
    source: &Rc<Source<'a>>,
    arena: &'a Bump,
) -> Case<'a> {
    let mut reader = Reader::new(source);
    let mut case = Case {
        name: None,
        request: None,
        expect: None,
        problems: Vec::new(),
        notes: Vec::new(),
        span: node.span,
    };
    let request = read(&mut reader, node, form, &mut case, arena);
    case.request = request.filter(|_| reader.problems.is_empty());
    case.problems = reader.problems;
    case
}

fn read<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node<'a>,
    form: RequestForm,
    case: &mut Case<'a>,
    arena: &'a Bump,
) -> Option<Request<'a>> {
    let members = match form {
        RequestForm::Listed => reader.members(node, "a request", MEMBERS)?,
        RequestForm::Single => {
            let [a, b, c, d, e, f, g, ..] = MEMBERS;
            let own = reader.members(node, "`request`", [a, b, c, d, e, f, g])?;
            let [a, b, c, d, e, f, g] = own;
            [a, b, c, d, e, f, g, None, None]
        }
    };
    let [
        who,
        action,
        resource,
        owner,
        context,
        restrict,
        grant,
        name,
        expect,
    ] = members;
    case.name = reader.text(name);
    case.expect = decision(reader, expect);
    let restrict_public_buckets = reader.flag(restrict);
    let external_grant = reader.flag(grant);

    let action = reader.required(action, node.span, "the request", "action");
    let action = action.and_then(|member| action_of(reader, member));
    let resource = reader.required(resource, node.span, "the request", "resource");
    let resource = resource.and_then(|member| {
        checked(
            reader,
            member,
            is_resource,
            codes::INVALID_RESOURCE,
            "not a resource: a resource is an ARN or `*`",
        )
    });
    let owner = present(owner);
    let resource_account = owner.and_then(|member| {
        checked(
            reader,
            member,
            is_account_id,
            codes::INVALID_ACCOUNT,
            "not an account: an account is 12 digits",
        )
    });
    let context = context_entries(reader, context, arena);

    let who = reader.required(who, node.span, "the request", "principal")?;
    let around = Surroundings {
        resource,
        context,
        note: Cell::new(None),
    };
    let principal = principal(reader, &who.value, &around, arena);
    case.notes.extend(around.note.get());
    Some(Request {
        principal: principal?,
        action: action?,
        resource: resource?,
        resource_account,
        context,
        restrict_public_buckets,
        external_grant,
    })
}

/// The action, in the form that a request may have (`GRAM-18`).
fn action_of<'a>(reader: &mut Reader<'a>, member: &'a Member<'a>) -> Option<&'a str> {
    let Some(text) = member.value.as_str() else {
        reader.mismatch(&member.value, &quoted(member.key.value), "a string");
        return None;
    };
    let Err(error) = check_action(text) else {
        return Some(text);
    };
    let (span, message) = (
        member.value.span,
        format!("{} is not an action: {error}", quoted(text)),
    );
    match error.help() {
        None => reader.problem(codes::INVALID_ACTION, span, message),
        Some(help) => reader.problem_with_help(codes::INVALID_ACTION, span, message, help),
    }
    None
}

/// A text of a certain form.
fn checked<'a>(
    reader: &mut Reader<'a>,
    member: &'a Member<'a>,
    is_fine: impl Fn(&str) -> bool,
    code: portcullis_source::Code,
    wrong: &str,
) -> Option<&'a str> {
    let Some(text) = member.value.as_str() else {
        reader.mismatch(&member.value, &quoted(member.key.value), "a string");
        return None;
    };
    if !is_fine(text) {
        let message = format!("{} is {wrong}", quoted(text));
        reader.problem(code, member.value.span, message);
        return None;
    }
    Some(text)
}

/// Reads `expect`.
pub(crate) fn decision<'a>(
    reader: &mut Reader<'a>,
    member: Option<&'a Member<'a>>,
) -> Option<Decision> {
    let member = present(member)?;
    let text = reader.text(Some(member))?;
    let decision = Decision::parse(text);
    if decision.is_none() {
        let message = format!("{} is not a decision", quoted(text));
        let help = "the decisions are `Allow`, `ExplicitDeny` and `ImplicitDeny`";
        reader.problem_with_help(codes::INVALID_EXPECT, member.value.span, message, help);
    }
    decision
}

fn context_entries<'a>(
    reader: &mut Reader<'a>,
    member: Option<&'a Member<'a>>,
    arena: &'a Bump,
) -> &'a [ContextEntry<'a>] {
    let Some(member) = present(member) else {
        return &[];
    };
    let Some(members) = member.value.as_object() else {
        reader.mismatch(&member.value, "`context`", "an object");
        return &[];
    };
    let mut entries = Vec::with_capacity(members.len());
    for member in members {
        let one = core::slice::from_ref(&member.value);
        let nodes = member.value.as_array().unwrap_or(one);
        let mut values: Vec<&'a str> = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node.value {
                Value::String(text) | Value::Number(text) => values.push(text),
                Value::Bool(true) => values.push("true"),
                Value::Bool(false) => values.push("false"),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    let message = format!(
                        "a value of the key {} must be a string, a number or a boolean, this is {}",
                        quoted(member.key.value),
                        node.value.describe()
                    );
                    let help = "use `[]` for an absent key";
                    reader.problem_with_help(
                        codes::INVALID_CONTEXT_VALUE,
                        node.span,
                        message,
                        help,
                    );
                }
            }
        }
        entries.push(ContextEntry {
            key: member.key.value,
            values: arena.alloc_slice_copy(&values),
        });
    }
    arena.alloc_slice_copy(&entries)
}
