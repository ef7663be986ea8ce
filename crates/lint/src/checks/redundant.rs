//! What says nothing more than what stands beside it (`AA-30`, `AA-31`, `AA-305`).

use crate::finding::Findings;
use crate::rules;
use crate::view::{Element, Policy, Statement};
use portcullis_syntax::glob::{covers, has_wildcard};
use std::borrow::Cow;
use std::collections::HashMap;

pub(super) fn statement<'d>(own: &Statement<'d>, out: &mut Findings<'d>) {
    if let Some(element) = &own.action {
        for (places, example) in heads(element, true, out) {
            let details = format!(
                "The {} action(s) are redundant because they provide similar permissions. Update the policy to remove the redundant action such as: {example}.",
                places.len()
            );
            out.add(
                &rules::REDUNDANT_ACTION,
                details,
                located(own, element, &places),
            );
        }
    }
    if let Some(element) = &own.resource {
        for (places, example) in heads(element, false, out) {
            let details = format!(
                "The {} resource ARN(s) are redundant because they reference the same resource. Review the use of wildcards (*), or remove the resource {example} to remove the redundancy.",
                places.len()
            );
            out.add(
                &rules::REDUNDANT_RESOURCE,
                details,
                located(own, element, &places),
            );
        }
    }
}

fn located<'d>(
    own: &Statement<'d>,
    element: &Element<'d>,
    places: &[usize],
) -> Vec<crate::finding::Location<'d>> {
    let entries = places
        .iter()
        .filter_map(|place| element.entries.get(*place));
    entries.map(|entry| own.entry(element, entry)).collect()
}

/// The heads of a list (`AA-30`): for each the places of itself and of what it covers, in the order of the list, and the
/// longest of them. Equal entries are one group; a group with several, or whose pattern covers others, is a head unless
/// another one covers it and is not covered by it.
fn heads<'d>(
    element: &Element<'d>,
    fold: bool,
    out: &mut Findings<'d>,
) -> Vec<(Vec<usize>, &'d str)> {
    if element.entries.len() < 2 {
        return Vec::new();
    }
    let mut numbers: HashMap<Cow<'d, str>, usize> = HashMap::with_capacity(element.entries.len());
    let mut groups: Vec<(&'d str, Vec<usize>)> = Vec::with_capacity(element.entries.len());
    for (place, entry) in element.entries.iter().enumerate() {
        let text = entry.text.value;
        let name = match fold {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
        let number = *numbers.entry(name).or_insert(groups.len());
        match groups.get_mut(number) {
            Some((_, places)) => places.push(place),
            None => groups.push((text, vec![place])),
        }
    }
    // What each pattern covers, itself not among them.
    let mut covered: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut covering: HashMap<usize, Vec<usize>> = HashMap::new();
    for (k, (pattern, _)) in groups
        .iter()
        .enumerate()
        .filter(|(_, (text, _))| has_wildcard(text))
    {
        for (g, (text, _)) in groups.iter().enumerate().filter(|(g, _)| *g != k) {
            match covers(pattern, text, fold, &mut out.steps) {
                Some(false) => {}
                Some(true) => {
                    covered.entry(k).or_default().push(g);
                    covering.entry(g).or_default().push(k);
                }
                None => {
                    out.stop();
                    return Vec::new();
                }
            }
        }
    }
    let none = Vec::new();
    let mut heads = Vec::new();
    for (g, (_, places)) in groups.iter().enumerate() {
        let own = covered.get(&g).unwrap_or(&none);
        if own.is_empty() && places.len() < 2 {
            continue;
        }
        // What a pattern covers was found in ascending order.
        let is_below = covering
            .get(&g)
            .is_some_and(|above| above.iter().any(|k| own.binary_search(k).is_err()));
        if is_below {
            continue;
        }
        let below = own
            .iter()
            .filter_map(|number| groups.get(*number))
            .flat_map(|(_, places)| places);
        let mut all: Vec<usize> = places.iter().chain(below).copied().collect();
        all.sort_unstable();
        let texts = all
            .iter()
            .filter_map(|place| Some(element.entries.get(*place)?.text.value));
        let cost = all
            .iter()
            .filter_map(|place| Some(element.entries.get(*place)?.text.value.len() + 1))
            .sum();
        let Some(steps) = out.steps.checked_sub(cost) else {
            out.stop();
            return heads;
        };
        out.steps = steps;
        let mut example = "";
        let mut greatest: Option<(usize, String)> = None;
        for text in texts {
            let size = (text.chars().count(), text.to_lowercase());
            if greatest.as_ref().is_none_or(|found| size > *found) {
                greatest = Some(size);
                example = text;
            }
        }
        heads.push((all, example));
    }
    heads
}

/// Statements that say the same, whatever their `Sid` (`AA-305`).
pub(super) fn document<'d>(policy: &Policy<'d>, out: &mut Findings<'d>) {
    if policy.statements.len() < 2 {
        return;
    }
    let mut seen: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, statement) in policy.statements.iter().enumerate() {
        seen.entry(normal(statement)).or_default().push(index);
    }
    for places in seen.into_values().filter(|places| places.len() > 1) {
        let statements = places
            .iter()
            .filter_map(|index| policy.statements.get(*index));
        let details = format!(
            "The {} statements say the same. Remove all but one.",
            places.len()
        );
        out.add(
            &rules::REDUNDANT_STATEMENT,
            details,
            statements.map(Statement::here),
        );
    }
}

/// A text that is the same for statements that say the same: lists in order, one text as a list of one, no `Sid`.
fn normal(statement: &Statement<'_>) -> String {
    let mut text = String::new();
    let mut list = |name: &str, mut all: Vec<&str>| {
        all.sort_unstable();
        text.push_str(&format!("{name} {all:?}\n"));
    };
    let effect = match statement.effect {
        Some(effect) => effect.as_str(),
        None => "",
    };
    list("Effect", vec![effect]);
    for element in statement.actions().chain(statement.resources()) {
        list(
            element.member.key.value,
            element
                .entries
                .iter()
                .map(|entry| entry.text.value)
                .collect(),
        );
    }
    let principals = statement.principals.iter();
    let mut all: Vec<_> = principals
        .map(|one| (one.element.key.value, one.kind, one.entry.text.value))
        .collect();
    all.sort_unstable();
    for (element, kind, value) in all {
        list(element, vec![kind.unwrap_or_default(), value]);
    }
    let mut conditions: Vec<_> = statement.conditions.iter().collect();
    conditions.sort_by_key(|one| (one.name.value, one.key.value));
    for one in conditions {
        list(one.name.value, vec![one.key.value]);
        list(
            "values",
            one.values.iter().map(|value| value.text.value).collect(),
        );
    }
    text
}
