//! The JSON that a document of another notation stands for, with the places of that notation.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use portcullis_model::Effect;
use portcullis_source::json::{Member, Node, Value};
use portcullis_syntax::ast::{Document, Entries, PrincipalKind, Principals, Span, Statement, Text};

/// The tree of a document, for [`crate::lint_tree`]. Names that the notation does not write stand where their values do.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_model::PolicyKind;
/// use portcullis_syntax::policy::{ReadOptions, parse_policy};
///
/// let arena = Bump::new();
/// let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#;
/// let (document, _) = parse_policy(text, ReadOptions::new(PolicyKind::Identity), &arena);
/// let tree = portcullis_lint::tree(&document.unwrap(), &arena);
/// let action = tree.get("Statement").unwrap().as_array().unwrap()[0].get("Action").unwrap();
/// assert_eq!(&text[action.span.range()], r#""s3:*""#);
/// ```
pub fn tree<'d>(document: &Document<'d>, arena: &'d Bump) -> Node<'d> {
    let mut members = ArenaVec::new_in(arena);
    for (name, text) in [("Version", document.version), ("Id", document.id)] {
        members.extend(text.map(|text| member(name, string(text))));
    }
    let statements = document.statements.iter().map(|one| statement(one, arena));
    let statements = ArenaVec::from_iter_in(statements, arena).into_bump_slice();
    members.push(member(
        "Statement",
        node(document.span, Value::Array(statements)),
    ));
    node(document.span, Value::Object(members.into_bump_slice()))
}

fn node<'d>(span: Span, value: Value<'d>) -> Node<'d> {
    Node { span, value }
}

fn string(text: Text<'_>) -> Node<'_> {
    node(text.span, Value::String(text.value))
}

fn member<'d>(name: &'d str, value: Node<'d>) -> Member<'d> {
    Member {
        key: Text {
            value: name,
            span: value.span,
        },
        value,
    }
}

/// One text stands alone, several in a list.
fn texts<'d>(list: &[Text<'d>], span: Span, arena: &'d Bump) -> Node<'d> {
    match list {
        [one] => string(*one),
        _ => {
            let all = list.iter().map(|text| string(*text));
            node(
                span,
                Value::Array(ArenaVec::from_iter_in(all, arena).into_bump_slice()),
            )
        }
    }
}

fn statement<'d>(statement: &Statement<'d>, arena: &'d Bump) -> Node<'d> {
    let mut members = ArenaVec::new_in(arena);
    members.extend(statement.sid.map(|sid| member("Sid", string(sid))));
    let effect = match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    };
    members.push(member(
        "Effect",
        node(statement.span, Value::String(effect)),
    ));
    members.extend(statement.principal.map(|all| principals(&all, arena)));
    let entries = |own: Entries<'d>, name, not| {
        let name = if own.negated { not } else { name };
        member(name, texts(own.list, own.span, arena))
    };
    members.push(entries(statement.action, "Action", "NotAction"));
    members.extend(
        statement
            .resource
            .map(|own| entries(own, "Resource", "NotResource")),
    );
    if !statement.conditions.is_empty() {
        members.push(member("Condition", conditions(statement, arena)));
    }
    node(statement.span, Value::Object(members.into_bump_slice()))
}

fn principals<'d>(all: &Principals<'d>, arena: &'d Bump) -> Member<'d> {
    let name = if all.negated {
        "NotPrincipal"
    } else {
        "Principal"
    };
    let mut members = ArenaVec::new_in(arena);
    for (kinds, name) in [
        (&[PrincipalKind::Everyone, PrincipalKind::Aws][..], "AWS"),
        (&[PrincipalKind::Service], "Service"),
        (&[PrincipalKind::Federated], "Federated"),
        (&[PrincipalKind::CanonicalUser], "CanonicalUser"),
    ] {
        let own = all.list.iter().filter(|one| kinds.contains(&one.kind));
        let own: Vec<Text<'d>> = own.map(|one| one.value).collect();
        if !own.is_empty() {
            members.push(member(name, texts(&own, all.span, arena)));
        }
    }
    let is_everyone = |one: &Member<'_>| one.value.as_str() == Some("*");
    match members.as_slice() {
        [one] if is_everyone(one) => member(name, one.value),
        _ => member(
            name,
            node(all.span, Value::Object(members.into_bump_slice())),
        ),
    }
}

/// Tests of one operator stand in one object, in the order of the first of each.
fn conditions<'d>(statement: &Statement<'d>, arena: &'d Bump) -> Node<'d> {
    let mut names: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    let mut operators: Vec<(Text<'d>, ArenaVec<'d, Member<'d>>)> = Vec::new();
    for one in statement.conditions {
        // The notation may write an operator otherwise than JSON does.
        let name = arena.alloc_str(&one.operator.to_string());
        let next = operators.len();
        let at = *names.entry(name).or_insert(next);
        if at == next {
            let text = Text {
                value: name,
                span: one.operator_text.span,
            };
            operators.push((text, ArenaVec::new_in(arena)));
        }
        let value = texts(one.values, one.span, arena);
        if let Some((_, keys)) = operators.get_mut(at) {
            keys.push(Member {
                key: one.key,
                value,
            });
        }
    }
    let members = operators.into_iter().map(|(key, keys)| {
        let value = node(statement.span, Value::Object(keys.into_bump_slice()));
        Member { key, value }
    });
    let members = ArenaVec::from_iter_in(members, arena).into_bump_slice();
    node(statement.span, Value::Object(members))
}
