//! Parts of the tree on one line.

use crate::build::Op;
use crate::quote::{Place, label, written};
use crate::tree::{
    Apply, Atom, AtomKind, Condition, ConditionTest, Elements, List, Principal, Principals, Rule,
};
use portcullis_model::{Base, Quantifier};
use portcullis_syntax::ast::{PrincipalKind, Text};
use std::borrow::Cow;

/// A text where keywords of some places would be read as such, or not.
pub(super) fn atom<'a>(atom: &Atom<'a>, place: Place) -> Cow<'a, str> {
    match atom.kind {
        AtomKind::Text => written(atom.text.value, place),
        AtomKind::Holes => atom.text.value.into(),
        AtomKind::Reference => format!("<{}>", atom.text.value).into(),
    }
}

/// The name of an item.
pub(super) fn name<'a>(text: &Text<'a>) -> Cow<'a, str> {
    written(text.value, Place::Value)
}

pub(super) fn names(texts: &[Text<'_>]) -> String {
    let names: Vec<_> = texts.iter().map(name).collect();
    names.join(", ")
}

fn atoms(list: &[Atom<'_>], place: Place) -> String {
    let texts: Vec<_> = list.iter().map(|item| atom(item, place)).collect();
    texts.join(", ")
}

/// A list in brackets, whatever its length.
pub(super) fn bracketed(list: &List<'_>) -> String {
    format!("[{}]", atoms(list.items, Place::Value))
}

/// Values: brackets only where they are needed.
pub(super) fn values(list: &List<'_>) -> String {
    match list.items {
        [one] => atom(one, Place::Value).into_owned(),
        _ => bracketed(list),
    }
}

/// What stands before the entries of a list element.
pub(super) fn except(negated: bool) -> &'static str {
    if negated { "all except " } else { "" }
}

pub(super) fn elements(elements: &Elements<'_>) -> String {
    let list = match elements.list {
        [] => "[]".into(),
        list => atoms(list, Place::Atom),
    };
    format!("{}{list}", except(elements.negated))
}

pub(super) fn principal(principal: &Principal<'_>) -> String {
    let word = match principal.kind {
        PrincipalKind::Everyone | PrincipalKind::Aws => {
            return atoms(principal.values.items, Place::Atom);
        }
        PrincipalKind::Service => "service",
        PrincipalKind::Federated => "federated",
        PrincipalKind::CanonicalUser => "canonical",
    };
    format!("{word} {}", values(&principal.values))
}

pub(super) fn principals(principals: &Principals<'_>) -> String {
    let list = match principals.list {
        [] => "[]".into(),
        list => {
            let list: Vec<_> = list.iter().map(principal).collect();
            list.join(", ")
        }
    };
    format!("to {}{list}", except(principals.negated))
}

/// A test in its parts: key with quantifier, operator, values, and what follows them.
pub(super) struct TestParts {
    pub(super) key: String,
    pub(super) operator: &'static str,
    /// Absent if the operator says it all.
    pub(super) values: Option<String>,
    pub(super) suffix: String,
}

impl TestParts {
    pub(super) fn flat(&self) -> String {
        let values = self.values.as_deref();
        let blank = if values.is_some() { " " } else { "" };
        format!(
            "{} {}{blank}{}{}",
            self.key,
            self.operator,
            values.unwrap_or_default(),
            self.suffix
        )
    }
}

pub(super) fn test_parts(test: &ConditionTest<'_>) -> TestParts {
    let quantifier = match test.operator.quantifier {
        Quantifier::One => "",
        Quantifier::Any => "any ",
        Quantifier::All => "all ",
    };
    let key = format!("{quantifier}{}", atom(&test.key, Place::Atom));
    let plain = match test.values.items {
        [one] if one.kind == AtomKind::Text => Some(one.text.value),
        _ => None,
    };
    let base = test.operator.base;
    let exists = if test.operator.if_exists {
        " or absent"
    } else {
        ""
    };
    let presence = match (base, plain) {
        (Base::Null, Some("true")) => Some("is absent"),
        (Base::Null, Some("false")) => Some("is present"),
        _ => None,
    };
    if let Some(operator) = presence {
        return TestParts {
            key,
            operator,
            values: None,
            suffix: exists.into(),
        };
    }
    // One written text is a value; a name may stand for several.
    let single = plain.is_some() || test.single;
    let case = if is_ignoring_case(base) {
        " ignoring case"
    } else {
        ""
    };
    let is_reference = matches!(test.values.items, [one] if one.kind == AtomKind::Reference);
    let values = if is_set(base) && !single && !is_reference {
        bracketed(&test.values)
    } else {
        values(&test.values)
    };
    TestParts {
        key,
        operator: Op::word(base, single),
        values: Some(values),
        suffix: format!("{case}{exists}"),
    }
}

/// The operators whose lists follow `in`.
pub(crate) fn is_set(base: Base) -> bool {
    is_ignoring_case(base) || matches!(base, Base::StringEquals | Base::StringNotEquals)
}

fn is_ignoring_case(base: Base) -> bool {
    matches!(
        base,
        Base::StringEqualsIgnoreCase | Base::StringNotEqualsIgnoreCase
    )
}

/// A condition on one line. `and` binds closer than `or`.
pub(super) fn condition(condition: &Condition<'_>) -> String {
    let join = |parts: &[Condition<'_>], word: &str, in_parentheses: bool| {
        let texts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Condition::Any(_) if in_parentheses => format!("({})", self::condition(part)),
                _ => self::condition(part),
            })
            .collect();
        texts.join(word)
    };
    match condition {
        Condition::All(parts) => join(parts, " and ", true),
        Condition::Any(parts) => join(parts, " or ", false),
        Condition::Test(test) => test_parts(test).flat(),
        Condition::Reference(name) => format!("<{}>", name.value),
    }
}

/// A statement on one line, if it has no more than one test.
pub(super) fn rule(rule: &Rule<'_>) -> Option<String> {
    let mut out = String::new();
    if let Some(text) = &rule.label {
        out.push_str(&label(text.value));
        out.push_str(": ");
    }
    out.push_str(&head(rule));
    let tests = [("when", &rule.when), ("unless", &rule.unless)];
    let mut count = 0;
    for (word, clause) in tests {
        let Some(clause) = clause else {
            continue;
        };
        count += 1;
        match clause.condition {
            Condition::Test(_) | Condition::Reference(_) if count < 2 => {
                out.push_str(&format!(" {word} {}", condition(&clause.condition)));
            }
            _ => return None,
        }
    }
    Some(out)
}

/// Effect, actions, resources and principals on one line.
pub(super) fn head(rule: &Rule<'_>) -> String {
    let mut out = format!("{} {}", effect(rule), elements(&rule.actions));
    if let Some(on) = &rule.on {
        out.push_str(" on ");
        out.push_str(&elements(on));
    }
    if let Some(to) = &rule.to {
        out.push(' ');
        out.push_str(&principals(to));
    }
    out
}

pub(super) fn effect(rule: &Rule<'_>) -> &'static str {
    match rule.effect {
        portcullis_model::Effect::Allow => "allow",
        portcullis_model::Effect::Deny => "deny",
    }
}

pub(super) fn apply(apply: &Apply<'_>) -> String {
    let arguments: Vec<_> = apply
        .arguments
        .iter()
        .map(|argument| format!("{} = {}", name(&argument.name), values(&argument.values)))
        .collect();
    let label = match &apply.label {
        Some(text) => format!("{}: ", label(text.value)),
        None => String::new(),
    };
    format!(
        "{label}apply {}({})",
        name(&apply.name),
        arguments.join(", ")
    )
}
