//! Policies of templates, in which functions stand for what is not known before they are deployed.
//!
//! What a function stands for is never guessed: nothing is said of such a part, and it may be anything to all checks of what
//! stands around it.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use portcullis_source::json::{Member, Node, Value};
use portcullis_source::{Diagnostic, quoted};
use portcullis_syntax::ast::{Span, Text};
use portcullis_syntax::forms;
use std::collections::HashSet;

use super::found::{Checked, Linter, Wanted};

/// Everything that is found in a policy of a template that does not depend on what its functions stand for.
pub(super) fn check<'a>(
    linter: &Linter<'_>,
    text: &'a str,
    node: Node<'a>,
    wanted: Wanted,
    arena: &'a Bump,
) -> Checked<'a> {
    let mut parts = Parts {
        arena,
        unknown: Vec::new(),
        partly: Vec::new(),
        problems: Vec::new(),
    };
    let document = parts.document(node);
    let found = forms::Found {
        document,
        name: None,
        kind: None,
        inner: None,
    };
    let problems = core::mem::take(&mut parts.problems);
    let mut checked = linter.document(text, found, problems, wanted, arena);
    let is_in = |span: Span, own: &Span| own.start <= span.start && span.end <= own.end;
    checked.found.retain(|found| {
        let span = found.diagnostic.span;
        let mut related = found.diagnostic.related.iter();
        let is_unknown = parts.unknown.iter().any(|own| is_in(span, own))
            || related.any(|one| parts.unknown.iter().any(|own| is_in(one.span, own)));
        let is_of_text = found.code().contains("VARIABLE")
            || found.code().contains("GLOBAL_CONDITION_KEY")
            || found.code() == "FOREIGN_TEMPLATE";
        let is_partly = is_of_text && parts.partly.iter().any(|own| is_in(span, own));
        !is_unknown && !is_partly
    });
    checked
}

/// Takes functions out of a document.
struct Parts<'a> {
    arena: &'a Bump,
    /// Parts of which nothing is known.
    unknown: Vec<Span>,
    /// Texts some of which is not known.
    partly: Vec<Span>,
    /// Members that are there twice, which YAML lets pass.
    problems: Vec<Diagnostic>,
}

impl<'a> Parts<'a> {
    fn document(&mut self, node: Node<'a>) -> Node<'a> {
        let members = node.as_object().unwrap_or_default();
        self.object(node, members, |parts, name, value| match name {
            "Statement" => parts.statements(value),
            _ => parts.plain(value, "Unknown"),
        })
    }

    fn object(
        &mut self,
        node: Node<'a>,
        members: &[Member<'a>],
        mut each: impl FnMut(&mut Parts<'a>, &'a str, Node<'a>) -> Node<'a>,
    ) -> Node<'a> {
        let mut all = ArenaVec::with_capacity_in(members.len(), self.arena);
        let mut seen = HashSet::with_capacity(members.len());
        for member in members {
            if !seen.insert(member.key.value) {
                let message = format!("the member {} is there twice", quoted(member.key.value));
                self.problems.push(Diagnostic::error(
                    portcullis_source::codes::DUPLICATE_MEMBER,
                    member.key.span,
                    message,
                ));
            }
            let value = each(self, member.key.value, member.value);
            all.push(Member {
                key: member.key,
                value,
            });
        }
        Node {
            span: node.span,
            value: Value::Object(all.into_bump_slice()),
        }
    }

    /// A list of statements; one that a function makes is left out.
    fn statements(&mut self, node: Node<'a>) -> Node<'a> {
        match node.value {
            Value::Array(nodes) => {
                let mut all = ArenaVec::with_capacity_in(nodes.len(), self.arena);
                for one in nodes {
                    if function(one).is_some() {
                        self.unknown.push(one.span);
                    } else {
                        all.push(self.statement(*one));
                    }
                }
                Node {
                    span: node.span,
                    value: Value::Array(all.into_bump_slice()),
                }
            }
            Value::Object(_) if function(&node).is_some() => {
                // Whatever is missing for it, is not.
                self.unknown.push(node.span);
                Node {
                    span: node.span,
                    value: Value::Array(&[]),
                }
            }
            _ => self.statement(node),
        }
    }

    fn statement(&mut self, node: Node<'a>) -> Node<'a> {
        let members = node.as_object().unwrap_or_default();
        if members.is_empty() {
            return node;
        }
        self.object(node, members, |parts, name, value| match name {
            "Effect" if function(&value).is_some() => {
                // With either effect something else is wrong.
                parts.unknown.push(node.span);
                parts.text(value.span, "Deny")
            }
            "Action" | "NotAction" => parts.list(value, "unknown:Unknown"),
            "Resource" | "NotResource" => parts.list(value, UNKNOWN_ARN),
            "Principal" | "NotPrincipal" => match value.as_object() {
                Some(kinds) if function(&value).is_none() => {
                    parts.object(value, kinds, |parts, kind, value| {
                        parts.list(
                            value,
                            match kind {
                                "Service" => UNKNOWN_PRINCIPALS[0],
                                "Federated" => UNKNOWN_PRINCIPALS[1],
                                _ => UNKNOWN_PRINCIPALS[2],
                            },
                        )
                    })
                }
                Some(_) => {
                    parts.unknown.push(node.span);
                    parts.text(value.span, "*")
                }
                None => value,
            },
            "Condition" => parts.condition(value),
            _ => parts.plain(value, "Unknown"),
        })
    }

    fn condition(&mut self, node: Node<'a>) -> Node<'a> {
        let Some(operators) = node.as_object().filter(|_| function(&node).is_none()) else {
            if function(&node).is_some() {
                self.unknown.push(node.span);
                return Node {
                    span: node.span,
                    value: Value::Object(&[]),
                };
            }
            return node;
        };
        self.object(node, operators, |parts, _, keys| match keys.as_object() {
            Some(own) if function(&keys).is_none() => parts.object(keys, own, |parts, _, value| {
                parts.list(value, "${aws:PrincipalTag/unknown}")
            }),
            Some(_) => {
                parts.unknown.push(keys.span);
                Node {
                    span: keys.span,
                    value: Value::Object(&[]),
                }
            }
            None => keys,
        })
    }

    /// A text or a list of texts.
    fn list(&mut self, node: Node<'a>, instead: &'static str) -> Node<'a> {
        match node.value {
            Value::Array(nodes) => {
                let mut all = ArenaVec::with_capacity_in(nodes.len(), self.arena);
                for one in nodes {
                    let one = self.plain(*one, instead);
                    all.push(one);
                }
                Node {
                    span: node.span,
                    value: Value::Array(all.into_bump_slice()),
                }
            }
            _ => self.plain(node, instead),
        }
    }

    /// One value: what is not known of it is put so that it may be anything.
    fn plain(&mut self, node: Node<'a>, instead: &'static str) -> Node<'a> {
        match (node.value, function(&node)) {
            (_, Some(("Fn::Sub", value))) => {
                let text = value
                    .as_str()
                    .or_else(|| value.as_array()?.first()?.as_str());
                let is_whole =
                    instead == "unknown:Unknown" || UNKNOWN_PRINCIPALS.contains(&instead);
                match text.and_then(substituted).filter(|_| !is_whole) {
                    Some(text) if instead != UNKNOWN_ARN || text.starts_with("arn:") => {
                        self.partly.push(node.span);
                        self.text(node.span, self.arena.alloc_str(&text))
                    }
                    _ => self.unknown(node, instead),
                }
            }
            (_, Some(_)) => self.unknown(node, instead),
            // CloudFormation makes texts of numbers.
            (Value::Number(text), None) => self.text(node.span, text),
            _ => node,
        }
    }

    fn unknown(&mut self, node: Node<'a>, instead: &'a str) -> Node<'a> {
        self.unknown.push(node.span);
        self.text(node.span, instead)
    }

    fn text(&self, span: Span, value: &'a str) -> Node<'a> {
        Node {
            span,
            value: Value::String(value),
        }
    }
}

/// A service, a provider and a role that nobody knows.
const UNKNOWN_PRINCIPALS: [&str; 3] = [
    "unknown.amazonaws.com",
    "arn:aws:iam::111122223333:saml-provider/unknown",
    "arn:aws:iam::111122223333:role/unknown",
];

/// An ARN all parts of which may be anything.
const UNKNOWN_ARN: &str = "arn:${aws:PrincipalTag/unknown}:${aws:PrincipalTag/unknown}:${aws:PrincipalTag/unknown}:${aws:PrincipalTag/unknown}:${aws:PrincipalTag/unknown}";

/// The function that a value is, and what it is of.
pub(super) fn function<'a>(node: &Node<'a>) -> Option<(&'a str, &'a Node<'a>)> {
    let [one] = node.as_object()? else {
        return None;
    };
    let Text { value: name, .. } = one.key;
    let is_function = name == "Ref" || name == "Condition" || name.starts_with("Fn::");
    is_function.then_some((name, &one.value))
}

/// A text for `Fn::Sub`, with a variable that may be anything for each of its own, and policy variables as they are meant. None
/// if nothing but one of its own is in it.
fn substituted(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut has_text = false;
    while let Some((before, behind)) = rest.split_once("${") {
        out.push_str(before);
        has_text |= !before.is_empty();
        let (name, after) = behind.split_once('}')?;
        match name.strip_prefix('!') {
            Some(literal) => {
                out.push_str("${");
                out.push_str(literal);
                out.push('}');
                has_text = true;
            }
            None => out.push_str("${aws:PrincipalTag/unknown}"),
        }
        rest = after;
    }
    has_text |= !rest.is_empty();
    out.push_str(rest);
    has_text.then_some(out)
}
