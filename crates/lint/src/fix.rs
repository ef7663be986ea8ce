//! Changes of a document's text that mend what was found.
//!
//! Those that are *safe* change no decision on any request, which is argued with each and held by requests in
//! `testkit/tests/fixes.rs`; the list is closed. The others do what is most likely meant, and change decisions.

use crate::checks::redundant::{Literal, Start, equals};
use crate::rules;
use crate::view::{Condition, Element, Policy, Statement};
use portcullis_model::{Base, Effect, Operator, Quantifier};
use portcullis_source::json::{Member, Node, Value};
use portcullis_syntax::ast::Span;
use portcullis_syntax::glob::{covers, has_wildcard};
use portcullis_syntax::lint::shapes::Block;
use portcullis_syntax::vars::has_opening;
use std::collections::BTreeMap;

/// A change that mends what a code says of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The code.
    pub code: &'static str,
    /// The place that it is about, as in the finding.
    pub place: Span,
    /// What the change does.
    pub what: &'static str,
    /// No decision on any request changes by it.
    pub is_safe: bool,
    /// Parts of the text and what replaces them, in the order of the text; they do not overlap.
    pub edits: Vec<(Span, String)>,
}

/// Why a safe fix changes no decision, by its code.
pub const SAFE: [(&str, &str); 5] = [
    (
        "NON_CANONICAL_OPERATOR",
        "Operator names are case-insensitive (`COND-3`), so the canonical spelling is the same condition.",
    ),
    (
        "IMPROVE_IP_RANGE",
        "Host bits of a CIDR block are ignored (`COND-77`), so the block without them has the same addresses.",
    ),
    (
        "REDUNDANT_ACTION",
        "A list matches what any of its entries matches. An entry is removed only if another entry that stays is equal to it, ignoring case, or is a pattern without `?` that matches the entry's text with its wildcards taken literally; that pattern matches everything the entry matches.",
    ),
    (
        "REDUNDANT_RESOURCE",
        "As for actions, but case-sensitive. An entry with a variable is removed only if an equal entry stays, and each of the six parts of an ARN must be covered by itself, so that it does not matter how far a wildcard reaches.",
    ),
    (
        "EMPTY_SID_VALUE",
        "Decisions do not look at a `Sid`, and an empty one names nothing.",
    ),
];

/// All changes that are known for a document, whose places are those of this text of JSON. They are as many as entries, at most.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_lint::fixes;
/// use portcullis_source::json;
///
/// let arena = Bump::new();
/// let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["s3:Get*", "s3:GetObject"], "Resource": "*"}}"#;
/// let node = json::parse(text, &arena).unwrap();
/// let found = fixes(&node, text);
/// assert!(found[0].code == "REDUNDANT_ACTION" && found[0].is_safe);
/// assert_eq!(portcullis_lint::fixed(text, &found), text.replace(r#", "s3:GetObject""#, ""));
/// ```
pub fn fixes(document: &Node<'_>, text: &str) -> Vec<Fix> {
    let Some(members) = document.as_object() else {
        return Vec::new();
    };
    let policy = Policy::read(members, document.span);
    let mut out = Vec::new();
    let has_variables = policy
        .member("Version")
        .and_then(|member| member.value.as_str())
        .is_some_and(|version| version == "2012-10-17");
    version(&policy, document, text, &mut out);
    let mut steps = text.len().saturating_mul(64).saturating_add(1 << 20);
    for statement in &policy.statements {
        if let Some(element) = &statement.action {
            redundant(element, true, text, &mut steps, &mut out);
        }
        if let Some(element) = &statement.resource {
            redundant(element, false, text, &mut steps, &mut out);
        }
        sid(statement, text, &mut out);
        operators(statement, &mut out);
        for condition in &statement.conditions {
            blocks(condition, &mut out);
            meant(statement, condition, has_variables, &mut out);
        }
    }
    out
}

/// The text with changes made, in the order in which they are given: one that overlaps what was changed before is left out.
///
/// ```
/// assert_eq!(portcullis_lint::fixed("{}", &[]), "{}");
/// ```
pub fn fixed<'f>(text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> String {
    // By where they begin.
    let mut all: BTreeMap<u32, &(Span, String)> = BTreeMap::new();
    for fix in fixes {
        let is_free = |(span, _): &(Span, String)| {
            let before = all.range(..=span.start).next_back();
            let behind = all.range(span.start..).next();
            before.is_none_or(|(start, own)| own.0.end <= span.start && *start != span.start)
                && behind.is_none_or(|(start, _)| span.end <= *start)
        };
        if fix.edits.iter().all(is_free) {
            all.extend(fix.edits.iter().map(|edit| (edit.0.start, edit)));
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (span, instead) in all.into_values() {
        let range = span.range();
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(instead);
        at = range.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The place of one of several things with a comma between them, with the comma before it, or behind the first.
fn with_comma(text: &str, span: Span, is_first: bool) -> Option<Span> {
    let range = span.range();
    if is_first {
        let behind = text.get(range.end..)?;
        let comma = behind.find(',')?;
        let is_blank = behind.get(..comma)?.trim().is_empty();
        let rest = behind.get(comma + 1..)?;
        let blanks = rest.len() - rest.trim_start().len();
        let end = u32::try_from(range.end + comma + 1 + blanks).ok()?;
        return is_blank.then_some(Span {
            start: span.start,
            end,
        });
    }
    let before = text.get(..range.start)?;
    let comma = before.rfind(',')?;
    let is_blank = before.get(comma + 1..)?.trim().is_empty();
    let start = u32::try_from(comma).ok()?;
    is_blank.then_some(Span {
        start,
        end: span.end,
    })
}

/// Entries that another one covers.
fn redundant(
    element: &Element<'_>,
    is_action: bool,
    text: &str,
    steps: &mut usize,
    out: &mut Vec<Fix>,
) {
    let entries = &element.entries;
    let is_list =
        matches!(element.member.value.value, Value::Array(nodes) if nodes.len() == entries.len());
    if !is_list || entries.len() < 2 {
        return;
    }
    // Of equal entries the first stays, whatever becomes of it; after that no two are equal.
    let first = equals(entries, is_action).into_iter().enumerate();
    let mut is_gone: Vec<bool> = first.map(|(at, first)| at != first).collect();
    // With what each begins: most pairs differ in that.
    let starts: Vec<Start<'_>> = entries
        .iter()
        .map(|entry| Start::of(entry.text.value, is_action))
        .collect();
    let patterns: Vec<(usize, &str, Literal<'_>)> = starts
        .iter()
        .enumerate()
        .filter_map(|(at, start)| Some((at, start.text, start.literal()?)))
        .collect();
    for (at, start) in starts.iter().enumerate() {
        if is_gone.get(at) == Some(&true) {
            continue;
        }
        let Some(left) = steps.checked_sub(patterns.len()) else {
            return;
        };
        *steps = left;
        for (other, pattern, literal) in &patterns {
            if !literal.begins(start, is_action) {
                continue;
            }
            // What is gone stands for nothing: another one stands for it, and for what it covered.
            let is_left = is_gone.get(*other) == Some(&false);
            if is_gone.get(at) == Some(&true) || *other == at || !is_left {
                continue;
            }
            let Some(left) = steps.checked_sub(1) else {
                return;
            };
            *steps = left;
            let Some(is_covered) = stands_for(pattern, start.text, is_action, steps) else {
                return;
            };
            if let Some(gone) = is_gone.get_mut(at) {
                *gone = is_covered;
            }
        }
    }
    // What stays is written again as it stands, so that no comma is left over.
    let (code, what) = match is_action {
        true => (
            rules::REDUNDANT_ACTION.code,
            "remove actions covered by others",
        ),
        false => (
            rules::REDUNDANT_RESOURCE.code,
            "remove resources covered by others",
        ),
    };
    let first_left = is_gone.iter().position(|gone| !gone);
    let mut edits = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if is_gone.get(at) == Some(&true) {
            let is_first = first_left.is_some_and(|left| at < left);
            match with_comma(text, entry.text.span, is_first) {
                Some(span) => edits.push((span, String::new())),
                None => return,
            }
        }
    }
    if !edits.is_empty() {
        out.push(Fix {
            code,
            place: element.member.value.span,
            what,
            is_safe: true,
            edits,
        });
    }
}

/// Whether a pattern matches everything that another entry matches, as far as that can be told by its text.
fn stands_for(pattern: &str, own: &str, is_action: bool, steps: &mut usize) -> Option<bool> {
    if pattern == own || (is_action && pattern.eq_ignore_ascii_case(own)) {
        return Some(true);
    }
    let is_plain = |text: &str| !has_opening(text) && !text.contains('?');
    if !has_wildcard(pattern) || !is_plain(pattern) || has_opening(own) {
        return Some(false);
    }
    if pattern == "*" {
        return Some(true);
    }
    // What is short of six parts is completed or refused by other rules.
    if !is_action
        && (!own.starts_with("arn:")
            || own.split(':').count() < 6
            || pattern.split(':').count() < 6)
    {
        return Some(false);
    }
    if is_action {
        return covers(pattern, own, true, steps);
    }
    let parts = pattern.splitn(6, ':').zip(own.splitn(6, ':'));
    for (pattern, own) in parts {
        if !covers(pattern, own, false, steps)? {
            return Some(false);
        }
    }
    Some(true)
}

fn sid(statement: &Statement<'_>, text: &str, out: &mut Vec<Fix>) {
    let Some(at) = statement
        .members
        .iter()
        .position(|one| one.key.value == "Sid")
    else {
        return;
    };
    let Some(member) = statement
        .members
        .get(at)
        .filter(|one| one.value.as_str() == Some(""))
    else {
        return;
    };
    let span = member.key.span.to(member.value.span);
    if let Some(span) = with_comma(text, span, at == 0) {
        out.push(Fix {
            code: "EMPTY_SID_VALUE",
            place: member.value.span,
            what: "remove the empty Sid",
            is_safe: true,
            edits: vec![(span, String::new())],
        });
    }
}

/// Operators in other letters than the usual ones.
fn operators(statement: &Statement<'_>, out: &mut Vec<Fix>) {
    let members = statement
        .member("Condition")
        .and_then(|member| member.value.as_object());
    let members: &[Member<'_>] = members.unwrap_or_default();
    for member in members {
        let name = member.key.value;
        let Ok(operator) = Operator::parse(name) else {
            continue;
        };
        let usual = operator.to_string();
        // Two members of one name would be none at all.
        let is_taken = members.iter().any(|other| other.key.value == usual);
        if usual != name && !is_taken {
            out.push(Fix {
                code: "NON_CANONICAL_OPERATOR",
                place: member.key.span,
                what: "use the canonical spelling of the operator",
                is_safe: true,
                edits: vec![(member.key.span, quoted(&usual))],
            });
        }
    }
}

fn blocks(condition: &Condition<'_>, out: &mut Vec<Fix>) {
    let is_of_addresses = condition
        .operator
        .is_ok_and(|own| matches!(own.base, Base::IpAddress | Base::NotIpAddress));
    for value in condition.values.iter().filter(|_| is_of_addresses) {
        let Some(block) = Block::parse(value.text.value).filter(|block| block.has_host_bits())
        else {
            continue;
        };
        out.push(Fix {
            code: rules::IMPROVE_IP_RANGE.code,
            place: value.text.span,
            what: "remove the host bits",
            is_safe: true,
            edits: vec![(value.text.span, quoted(&block.canonical()))],
        });
    }
}

fn version(policy: &Policy<'_>, document: &Node<'_>, text: &str, out: &mut Vec<Fix>) {
    let Some(first) = policy.members.first() else {
        return;
    };
    if policy.member("Version").is_some() {
        return;
    }
    let at = Span {
        start: first.key.span.start,
        end: first.key.span.start,
    };
    let before = text
        .get(document.span.start as usize + 1..at.start as usize)
        .unwrap_or_default();
    // As the first member stands, on its own line or not.
    let between = if before.trim().is_empty() {
        before
    } else {
        " "
    };
    let between = if between.is_empty() { " " } else { between };
    out.push(Fix {
        code: rules::MISSING_VERSION.code,
        place: Span {
            start: document.span.start,
            end: document.span.start.saturating_add(1),
        },
        what: "add Version 2012-10-17, which expands variables",
        is_safe: false,
        edits: vec![(at, format!("\"Version\": \"2012-10-17\",{between}"))],
    });
}

/// Operators that are most likely meant otherwise.
fn meant(
    statement: &Statement<'_>,
    condition: &Condition<'_>,
    has_variables: bool,
    out: &mut Vec<Fix>,
) {
    let Ok(operator) = condition.operator else {
        return;
    };
    // An operator of several keys is not changed for one of them.
    let members = statement
        .member("Condition")
        .and_then(|member| member.value.as_object());
    let own = members
        .unwrap_or_default()
        .iter()
        .find(|member| member.key.span == condition.name.span);
    let is_alone =
        own.is_some_and(|member| member.value.as_object().is_some_and(|keys| keys.len() == 1));
    if !is_alone {
        return;
    }
    let mut put = |code: &'static str, place: Span, what: &'static str, new: Operator| {
        let name = new.to_string();
        let is_taken = members
            .unwrap_or_default()
            .iter()
            .any(|other| other.key.value == name);
        if !is_taken {
            out.push(Fix {
                code,
                place,
                what,
                is_safe: false,
                edits: vec![(condition.name.span, quoted(&name))],
            });
        }
    };
    let key = condition.key.span;
    let is_mfa = condition.is_of("aws:MultiFactorAuthPresent");
    match statement.effect {
        Some(Effect::Deny) if is_mfa && operator.base == Base::Bool && !operator.if_exists => put(
            rules::MFA_NOT_ASKED_OF_ACCESS_KEYS.code,
            key,
            "also deny requests without the key",
            Operator {
                if_exists: true,
                ..operator
            },
        ),
        Some(Effect::Allow) if is_mfa && operator.if_exists => put(
            rules::MFA_NOT_ASKED_OF_ACCESS_KEYS.code,
            key,
            "do not allow requests without the key",
            Operator {
                if_exists: false,
                ..operator
            },
        ),
        Some(Effect::Allow) if operator.if_exists => put(
            rules::ALLOW_WHERE_KEY_IS_ABSENT.code,
            key,
            "do not allow requests without the key",
            Operator {
                if_exists: false,
                ..operator
            },
        ),
        Some(Effect::Allow) if operator.quantifier == Quantifier::All => put(
            rules::FORALLVALUES_WITH_SINGLE_VALUED_KEY.code,
            key,
            "remove the qualifier",
            Operator {
                quantifier: Quantifier::One,
                ..operator
            },
        ),
        _ => {}
    }
    let like = match operator.base {
        Base::StringEquals | Base::StringEqualsIgnoreCase => Base::StringLike,
        Base::StringNotEquals | Base::StringNotEqualsIgnoreCase => Base::StringNotLike,
        _ => return,
    };
    let is_open = |text: &str| has_wildcard(text) && !(has_variables && has_opening(text));
    if let Some(value) = condition
        .values
        .iter()
        .find(|value| is_open(value.text.value))
    {
        put(
            rules::WILDCARD_WITHOUT_LIKE_OPERATOR.code,
            value.text.span,
            "use the operator that supports wildcards",
            Operator {
                base: like,
                ..operator
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{fixed, fixes};
    use bumpalo::Bump;
    use portcullis_source::json;

    /// Of entries that stand for each other one stays.
    #[test]
    fn one_of_several_that_cover_each_other_stays() {
        for (list, expected) in [
            (r#"["s3:*", "s3:*"]"#, r#"["s3:*"]"#),
            (r#"["s3:*", "S3:**", "s3:*"]"#, r#"["S3:**"]"#),
            (r#"["s3:Get", "s3:G*", "s3:*", "s3:G*"]"#, r#"["s3:*"]"#),
            (r#"["s3:G?t", "s3:G*t", "s3:Get"]"#, r#"["s3:G*t"]"#),
            (r#"["s3:G*", "s3:G?t*", "s3:A"]"#, r#"["s3:G*", "s3:A"]"#),
        ] {
            let text = format!(r#"{{"Statement": {{"Action": {list}}}}}"#);
            let arena = Bump::new();
            let Ok(node) = json::parse(&text, &arena) else {
                panic!("{text}");
            };
            let known: Vec<_> = fixes(&node, &text)
                .into_iter()
                .filter(|fix| fix.is_safe)
                .collect();
            let wanted = format!(r#"{{"Statement": {{"Action": {expected}}}}}"#);
            assert_eq!(fixed(&text, &known), wanted);
        }
    }
}
