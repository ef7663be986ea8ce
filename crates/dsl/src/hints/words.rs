//! Words of other languages and the words of this one.

use crate::build::Op;
use portcullis_model::{Base, Operator, Quantifier};
use portcullis_source::suggest::nearest;

/// The effect that a word is meant for.
pub(super) fn effect(word: &str) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "permit" | "grant" | "grants" | "allows" | "permits" => Some("allow"),
        "forbid" | "reject" | "block" | "denies" | "forbids" | "revoke" => Some("deny"),
        _ => match nearest(word, ["allow", "deny"]) {
            Some("allow") => Some("allow"),
            Some(_) => Some("deny"),
            None => None,
        },
    }
}

/// What to write in place of a word that is no operator here.
pub(super) fn operator(word: &str, key: &str) -> Option<String> {
    let known = match Operator::parse(word) {
        Ok(operator) => Some(operator),
        Err(_) => {
            let bases = Base::ALL.into_iter().map(Base::as_str);
            nearest(word, bases).and_then(|name| Operator::parse(name).ok())
        }
    };
    let lower = word.to_ascii_lowercase();
    let plain = match lower.as_str() {
        "eq" | "equals" | "equal" => Some("="),
        "ne" | "neq" | "noteq" | "isnt" => Some("!="),
        "lt" => Some("<"),
        "le" | "lte" => Some("<="),
        "gt" => Some(">"),
        "ge" | "gte" => Some(">="),
        "contains" | "startswith" | "endswith" | "glob" => Some("like"),
        "exists" => return Some(format!("write `{key} is present`")),
        "one_of" | "oneof" | "has" => Some("in"),
        _ => None,
    };
    if let Some(plain) = plain {
        return Some(format!("write `{key} {plain} ...`"));
    }
    let Some(operator) = known else {
        let words = [
            "in", "like", "matches", "within", "is", "before", "after", "not",
        ];
        return nearest(word, words).map(|word| format!("did you mean `{word}`?"));
    };
    Some(format!("write {}", short_form(operator, key)))
}

/// The test with an operator of IAM, as it is written here.
fn short_form(operator: Operator, key: &str) -> String {
    let quantifier = match operator.quantifier {
        Quantifier::One => "",
        Quantifier::Any => "any ",
        Quantifier::All => "all ",
    };
    if operator.base == Base::Null {
        return format!("`{quantifier}{key} is absent` or `{quantifier}{key} is present`");
    }
    let case = match operator.base {
        Base::StringEqualsIgnoreCase | Base::StringNotEqualsIgnoreCase => " ignoring case",
        _ => "",
    };
    let absent = if operator.if_exists { " or absent" } else { "" };
    let form = |single, values: &str| {
        let word = Op::word(operator.base, single);
        format!("`{quantifier}{key} {word} {values}{case}{absent}`")
    };
    let single = form(true, "value");
    if crate::layout::is_set(operator.base) {
        format!("{single}, or {} for a list", form(false, "[...]"))
    } else {
        single
    }
}
