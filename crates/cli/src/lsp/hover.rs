//! What there is to say of the word under the cursor: an action, a condition key, an operator, a variable.

use portcullis_catalog::{Action, Catalog};
use portcullis_model::{Base, Operator, Quantifier};
use portcullis_syntax::ast::Span;
use portcullis_syntax::vars::{Piece, Variable, pieces};

use super::text::word;

/// How many of something are named.
const NAMED: usize = 20;

/// The text for a place, as Markdown, and what it is about.
pub(super) fn at(
    text: &str,
    at: u32,
    is_language: bool,
    catalog: &Catalog,
) -> Option<(Span, String)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "*?:/._+@-${}', ".contains(c);
    let (whole_span, whole) = match is_language {
        true => word(text, at, |c| is_part(c) && c != ' ' && c != ',')?,
        false => word(text, at, |c| c != '"' && c != '\n')?,
    };
    let inside = at.saturating_sub(whole_span.start) as usize;
    for (range, piece) in pieces(whole) {
        if let (true, Piece::Variable(variable)) = (range.contains(&inside), piece) {
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span {
                start: whole_span.start + number(range.start),
                end: whole_span.start + number(range.end),
            };
            return Some((span, of_variable(variable, catalog)));
        }
    }
    let own = whole.trim_matches(['\'', ',', '{', '}', '$', ' ']);
    let found = of_action(own, catalog)
        .or_else(|| of_key(own, catalog))
        .or_else(|| of_operator(own))?;
    Some((whole_span, found))
}

fn of_variable(variable: Variable<'_>, catalog: &Catalog) -> String {
    match variable {
        Variable::Key { key, default } => {
            let absent = match default {
                Some(_) => "Requests without the key use the default.",
                None => {
                    "A request without the key does not match a text that contains the variable."
                }
            };
            let about = of_key(key, catalog).unwrap_or_else(|| format!("`{key}`"));
            format!("Replaced with the request's value of the key.\n\n{absent}\n\n{about}")
        }
        Variable::Literal(c) => format!("The literal character `{c}`, not a wildcard."),
    }
}

fn of_action(text: &str, catalog: &Catalog) -> Option<String> {
    let (prefix, name) = text.split_once(':')?;
    if text.contains(['*', '?']) {
        if name.contains(':') || (name.is_empty()) {
            return None;
        }
        let all: Vec<Action<'_>> = catalog.expand(text).collect();
        let shown: Vec<String> = all
            .iter()
            .take(NAMED)
            .map(|action| format!("`{action}`"))
            .collect();
        let more = match all.len().checked_sub(shown.len()) {
            Some(0) | None => String::new(),
            Some(more) => format!(" and {more} more"),
        };
        return (!all.is_empty()).then(|| {
            format!(
                "**{text}**: {} actions\n\n{}{more}",
                all.len(),
                shown.join(", ")
            )
        });
    }
    let action = catalog.action(text)?;
    let service = catalog
        .service(prefix)
        .map_or("", |service| service.title());
    let mut out = format!("**{action}**\n\n{service}, {}", action.level().as_str());
    let resources: Vec<String> = action
        .resources()
        .map(|one| {
            let kind = one.resource_type();
            let must = if one.is_required() { ", required" } else { "" };
            let format = kind.arn_formats().next().unwrap_or_default();
            format!("* {}{must}: `{format}`", kind.name())
        })
        .collect();
    match resources.is_empty() {
        true => out.push_str("\n\nNo resource types: use `*`."),
        false => out.push_str(&format!("\n\nResources:\n\n{}", resources.join("\n"))),
    }
    let keys = action.keys();
    if !keys.is_empty() {
        let names: Vec<String> = keys
            .iter()
            .take(NAMED)
            .map(|key| format!("`{}`", key.name()))
            .collect();
        let more = if keys.len() > NAMED { ", …" } else { "" };
        out.push_str(&format!("\n\nKeys: {}{more}", names.join(", ")));
    }
    let dependents: Vec<String> = action
        .dependents()
        .map(|name| format!("`{name}`"))
        .collect();
    if !dependents.is_empty() {
        out.push_str(&format!(
            "\n\nSome requests also need {}.",
            dependents.join(", ")
        ));
    }
    if !action.is_current() {
        let seen = action.last_seen();
        out.push_str(&format!("\n\nLast listed on {}.", seen.date));
    }
    Some(out)
}

fn of_key(text: &str, catalog: &Catalog) -> Option<String> {
    let key = catalog.key(text)?;
    let many = match key.is_multivalued() {
        true => "multivalued: use `ForAnyValue` or `ForAllValues`",
        false => "single-valued",
    };
    let whose = match key.is_global() {
        true => "Global condition key",
        false => "Service condition key",
    };
    Some(format!(
        "**{}**\n\n{whose}; {}, {many}.",
        key.name(),
        key.kind().as_str()
    ))
}

fn of_operator(text: &str) -> Option<String> {
    let operator = Operator::parse(text).ok()?;
    if operator.base == Base::Null {
        return Some(
            "**Null**\n\n`true` matches requests without the key, `false` requests with it."
                .to_owned(),
        );
    }
    let holds = match operator.base.is_negated() {
        true => "Matches if no listed value matches",
        false => "Matches if any listed value matches",
    };
    let absent = match (
        operator.quantifier,
        operator.if_exists || operator.base.is_negated(),
    ) {
        (Quantifier::All, _) => "Also matches requests without the key.",
        (Quantifier::Any, _) => "Does not match requests without the key.",
        (Quantifier::One, true) => "Also matches requests without the key.",
        (Quantifier::One, false) => "Does not match requests without the key.",
    };
    let many = match operator.quantifier {
        Quantifier::All => " for every value in the request",
        Quantifier::Any => " for at least one value in the request",
        Quantifier::One => "; requests with several values of the key never match",
    };
    Some(format!("**{operator}**\n\n{holds}{many}.\n\n{absent}"))
}
