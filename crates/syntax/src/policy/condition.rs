//! Conditions (`GRAM-20`, `COND-1` to `COND-11`, `COND-45`, `COND-46`).

use super::Reader;
use crate::ast::{Condition, Span, Text};
use crate::codes;
use portcullis_model::{Base, Operator, OperatorError, Quantifier};
use portcullis_source::json::tree::{Member, Node, Value};
use portcullis_source::suggest::nearest;
use portcullis_source::{Diagnostic, quoted};
use smallvec::SmallVec;
use std::collections::HashMap;

/// Names that are compared with each other; of more names a table is made.
const FEW_NAMES: usize = 8;

impl<'a, 'n> Reader<'a> {
    /// All tests of a `Condition` (`COND-1`).
    pub(super) fn conditions(&mut self, member: Option<&'n Member<'a, 'n>>) -> &'a [Condition<'a>] {
        let Some(member) = member else {
            return &[];
        };
        let Some(operators) = self.object(member.value, "`Condition`") else {
            return &[];
        };
        if operators.is_empty() {
            let message = "`Condition` is empty: it has no effect";
            self.suggestion(codes::EMPTY_OBJECT_CONDITION, member.value.span, message);
        }
        self.check_case(operators, "operator");
        let mut conditions: SmallVec<[Condition<'a>; 8]> = SmallVec::new();
        for member in operators {
            let operator = self.operator(member.key);
            let what = "the value of an operator";
            let Some(keys) = self.object(member.value, what) else {
                continue;
            };
            if keys.is_empty() {
                let message = format!("{} has no keys: it has no effect", quoted(member.key.value));
                self.suggestion(codes::EMPTY_OBJECT_CONDITION, member.value.span, message);
            }
            self.check_case(keys, "condition key");
            for key in keys {
                self.check_key(key.key);
                let values = self.values(key.value, operator);
                let Some(operator) = operator else {
                    continue;
                };
                conditions.push(Condition {
                    operator,
                    operator_text: member.key,
                    key: key.key,
                    values,
                    span: key.value.span,
                });
            }
        }
        self.arena.alloc_slice_copy(&conditions)
    }

    /// `COND-3`, `COND-11`.
    fn operator(&mut self, name: Text<'a>) -> Option<Operator> {
        if let Some(operator) = self.operators.get(name.value) {
            return Some(operator);
        }
        match Operator::parse(name.value) {
            Ok(operator) => {
                if operator.is_spelled(name.value) {
                    self.operators.add(name.value, operator);
                } else {
                    let message = format!(
                        "the canonical spelling of operator {} is `{operator}`",
                        quoted(name.value)
                    );
                    self.warning(codes::NON_CANONICAL_OPERATOR, name.span, message);
                }
                Some(operator)
            }
            Err(OperatorError::NullIfExists) => {
                let message = "`Null` cannot be combined with `IfExists`";
                self.sink.push(
                    Diagnostic::error(codes::NULL_WITH_IF_EXISTS, name.span, message)
                        .with_help("use `Null`: it tests whether the key exists"),
                );
                None
            }
            Err(OperatorError::Unknown) => {
                let message = format!("{} is not a condition operator", quoted(name.value));
                self.sink.push(
                    Diagnostic::error(codes::INVALID_CONDITION_OPERATOR, name.span, message)
                        .with_help_if(similar_operator(name.value)),
                );
                None
            }
        }
    }

    /// Names that differ only in letter case (`COND-45`).
    fn check_case(&mut self, members: &'n [Member<'a, 'n>], what: &str) {
        if are_plainly_different(members) {
            return;
        }
        let mut seen: HashMap<String, Text<'a>> = HashMap::with_capacity(members.len());
        for member in members {
            match seen.get(&member.key.value.to_lowercase()) {
                None => {
                    seen.insert(member.key.value.to_lowercase(), member.key);
                }
                // Exact duplicates have been reported by the JSON reader.
                Some(first) if *first == member.key => {}
                Some(first) => {
                    let message = format!(
                        "{what} {} repeats {} in different letter case",
                        quoted(member.key.value),
                        quoted(first.value)
                    );
                    self.sink.push(
                        Diagnostic::error(
                            codes::DUPLICATE_KEYS_WITH_DIFFERENT_CASE,
                            member.key.span,
                            message,
                        )
                        .with_related(first.span, "first written here"),
                    );
                }
            }
        }
    }

    /// The values of a key as texts (`GRAM-10`, `GRAM-20`).
    fn values(&mut self, node: Node<'a, 'n>, operator: Option<Operator>) -> &'a [Text<'a>] {
        let nodes = match node.value {
            Value::Array(nodes) => nodes,
            _ => core::slice::from_ref(&node),
        };
        if let (true, Some(operator)) = (nodes.is_empty(), operator) {
            self.empty_values(node.span, operator);
        }
        let mut texts: SmallVec<[Text<'a>; 16]> = SmallVec::new();
        for node in nodes {
            let value = match node.value {
                Value::String(text) | Value::Number(text) => text,
                Value::Bool(true) => "true",
                Value::Bool(false) => "false",
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    self.mismatch("a condition value", "a string, number or boolean", *node);
                    continue;
                }
            };
            let text = Text {
                value,
                span: node.span,
            };
            if let Some(operator) = operator {
                self.check_value_variables(text, operator);
            }
            texts.push(text);
        }
        self.arena.alloc_slice_copy(&texts)
    }

    /// `COND-46`.
    fn empty_values(&mut self, span: Span, operator: Operator) {
        let code = match operator {
            Operator {
                quantifier: Quantifier::All,
                ..
            } => codes::EMPTY_ARRAY_CONDITION_FORALLVALUES,
            Operator {
                quantifier: Quantifier::Any,
                ..
            } => codes::EMPTY_ARRAY_CONDITION_FORANYVALUE,
            Operator {
                if_exists: true, ..
            } => codes::EMPTY_ARRAY_CONDITION_IFEXISTS,
            _ => codes::EMPTY_ARRAY_CONDITION,
        };
        let message = format!("the list of values is empty: `{operator}` compares with nothing");
        self.suggestion(code, span, message);
    }
}

/// True if it is seen at once that no two names are equal, whatever their letter case: they are few and in
/// ASCII.
fn are_plainly_different(members: &[Member<'_, '_>]) -> bool {
    let mut rest = members;
    while let Some((member, others)) = rest.split_first() {
        let name = member.key.value;
        let same = |other: &Member<'_, '_>| other.key.value.eq_ignore_ascii_case(name);
        if members.len() > FEW_NAMES || !name.is_ascii() || others.iter().any(same) {
            return false;
        }
        rest = others;
    }
    true
}

/// A help text for a name that is no operator: its parts are corrected one by one.
fn similar_operator(name: &str) -> Option<String> {
    let (qualifier, rest) = match name.split_once(':') {
        Some((qualifier, rest)) => (nearest(qualifier, ["ForAllValues", "ForAnyValue"])?, rest),
        None => ("", name),
    };
    let suffix = "IfExists";
    let split = rest.len().saturating_sub(suffix.len());
    let (base, if_exists) = match rest.split_at_checked(split) {
        Some((base, tail)) if tail.eq_ignore_ascii_case(suffix) => (base, suffix),
        _ => (rest, ""),
    };
    let base = nearest(base, Base::ALL.into_iter().map(Base::as_str))?;
    let colon = if qualifier.is_empty() { "" } else { ":" };
    let operator = format!("{qualifier}{colon}{base}{if_exists}");
    Operator::parse(&operator).ok()?;
    Some(format!("did you mean `{operator}`?"))
}
