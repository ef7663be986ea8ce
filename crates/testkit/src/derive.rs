//! Requests derived from the statements of documents, so that they come near to matching.

use arbitrary::Unstructured;
use portcullis_model::Family;
use portcullis_syntax::PolicySets;
use portcullis_syntax::ast::{Condition, Document, Entries, Statement};

use crate::{Bytes, Caller, Request, generate};

/// Requests to these policies: every other one is derived from a statement of one of the documents, if
/// there is one, and the rest are made from nothing.
pub fn requests(sets: &PolicySets<'_>, bytes: &mut Bytes, count: usize) -> Vec<Request> {
    let optional = [
        &sets.boundary,
        &sets.session,
        &sets.resource,
        &sets.vpc_endpoint,
    ];
    let documents: Vec<&Document<'_>> = sets
        .identity
        .iter()
        .chain(optional.into_iter().flatten().flatten())
        .chain(sets.scps.iter().chain(&sets.rcps).flatten())
        .map(|policy| &policy.document)
        .collect();
    (0..count)
        .filter_map(|number| {
            let document = documents.get(bytes.below(documents.len()));
            let derived = document
                .filter(|_| number % 2 == 0)
                .and_then(|document| request(document, bytes));
            derived.or_else(|| generate::request(&mut Unstructured::new(&bytes.take(400))).ok())
        })
        .collect()
}

/// A request that one of the statements may well match.
///
/// Action and resource are instances of the statement's entries, the context has values that satisfy
/// most of its conditions; some things are then changed.
pub fn request(document: &Document<'_>, bytes: &mut Bytes) -> Option<Request> {
    let statement = document
        .statements
        .get(bytes.below(document.statements.len()))?;
    let mut request = Request {
        caller: caller(bytes),
        user_id: None,
        management_account: false,
        session_token: false,
        action: action(&statement.action, bytes),
        resource: resource(statement, bytes),
        resource_account: None,
        context: Vec::new(),
        restrict_public_buckets: false,
        external_grant: false,
    };
    for condition in statement.conditions {
        if bytes.below(8) > 0 {
            let values = values(condition, bytes);
            let key = condition.key.value.to_string();
            if !request
                .context
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(&key))
            {
                request.context.push((key, values));
            }
        }
    }
    if bytes.below(10) == 0 {
        request.resource = "*".into();
    }
    Some(request)
}

fn caller(bytes: &mut Bytes) -> Caller {
    match bytes.below(4) {
        0 => Caller::User {
            arn: "arn:aws:iam::111122223333:user/bob".into(),
        },
        1 => Caller::Root {
            arn: "arn:aws:iam::111122223333:root".into(),
        },
        _ => Caller::Role {
            session_arn: Some("arn:aws:sts::111122223333:assumed-role/R/s".into()),
            role_arn: "arn:aws:iam::111122223333:role/R".into(),
            service_linked: false,
        },
    }
}

fn action(entries: &Entries<'_>, bytes: &mut Bytes) -> String {
    let other = "s3:GetObject";
    if entries.negated && bytes.below(2) == 0 {
        return other.into();
    }
    let entry = entries.list.get(bytes.below(entries.list.len()));
    let text = instance(entry.map_or(other, |entry| entry.value), bytes);
    if text.contains(':') {
        text
    } else {
        other.into()
    }
}

fn resource(statement: &Statement<'_>, bytes: &mut Bytes) -> String {
    let list = statement.resource.map_or(&[][..], |entries| entries.list);
    let entry = list.get(bytes.below(list.len()));
    let text = instance(entry.map_or("*", |entry| entry.value), bytes);
    match bytes.below(12) {
        0 => format!("{text}x"),
        _ if text.starts_with("arn:") => text,
        _ => "arn:aws:s3:::bucket/key".into(),
    }
}

fn values(condition: &Condition<'_>, bytes: &mut Bytes) -> Vec<String> {
    let count = match bytes.below(12) {
        0 => 0,
        1 => 2,
        _ => 1,
    };
    (0..count)
        .map(|_| {
            let value = condition.values.get(bytes.below(condition.values.len()));
            let text = value.map_or("x", |value| value.value);
            match condition.operator.base.family() {
                Family::Null | Family::Bool => "true".into(),
                Family::IpAddress => text.split('/').next().unwrap_or(text).into(),
                _ => instance(text, bytes),
            }
        })
        .collect()
}

/// A text that the pattern matches, with variables replaced by something.
fn instance(pattern: &str, bytes: &mut Bytes) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['*', '?', '$']) {
        text.push_str(&rest[..at]);
        let tail = &rest[at..];
        rest = &tail[1..];
        match tail.as_bytes().first() {
            Some(b'*') => text.push_str(["", "a", "b/c", "123", ":x:"][bytes.below(5)]),
            Some(b'?') => text.push_str(["a", "\u{e9}"][bytes.below(2)]),
            _ => match tail
                .strip_prefix("${")
                .and_then(|tail| tail.split_once('}'))
            {
                Some((_, after)) => {
                    text.push_str("value");
                    rest = after;
                }
                None => text.push('$'),
            },
        }
    }
    text.push_str(rest);
    text
}
