//! Tag conditions with actions that know no tags (`AA-47`, `AA-204`, `AA-307`).

use super::Context;
use crate::catalog::Answer;
use crate::finding::Findings;
use crate::rules;
use crate::view::{Condition, Entry, Statement};
use portcullis_model::{Base, Effect};
use std::collections::BTreeSet;

const FAMILY: &str = "aws:ResourceTag/";

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    let Some(effect) = statement.effect else {
        return;
    };
    let is_tag = |condition: &&Condition<'_>| {
        let start = condition.key.value.get(..FAMILY.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(FAMILY))
            && condition.operator.is_ok_and(|own| own.base != Base::Null)
    };
    let mut said: BTreeSet<&str> = BTreeSet::new();
    for condition in statement.conditions.iter().filter(is_tag) {
        let key = condition.key.value;
        // One finding for a statement and a key, however many operators test it.
        if !said.insert(key) {
            continue;
        }
        if let Some(element) = &statement.not_action {
            let (rule, details) = match effect {
                Effect::Allow => (
                    &rules::ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
                    format!(
                        "Using NotAction with the condition key {key} does not allow actions that know no tags. Name the actions in Action."
                    ),
                ),
                Effect::Deny => (
                    &rules::DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
                    format!(
                        "Using NotAction with the condition key {key} does not deny actions that know no tags. Name the actions in Action."
                    ),
                ),
            };
            out.add(
                rule,
                details,
                [
                    statement.value(element.member),
                    statement.condition_key(condition),
                ],
            );
            continue;
        }
        let Some(element) = &statement.action else {
            continue;
        };
        let knows_none = |entry: &&Entry<'_>| {
            let text = entry.text.value;
            text.contains(':') && cx.catalog.knows_tags(text) == Answer::No
        };
        let affected: Vec<&Entry<'_>> = element.entries.iter().filter(knows_none).collect();
        if affected.is_empty() {
            continue;
        }
        let prefixes: BTreeSet<String> = affected
            .iter()
            .filter_map(|entry| Some(entry.text.value.split_once(':')?.0.to_ascii_lowercase()))
            .collect();
        let prefixes: Vec<String> = prefixes.into_iter().collect();
        let prefixes = prefixes.join(", ");
        let (rule, details) = match effect {
            Effect::Allow => (
                &rules::ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
                format!(
                    "Using the effect Allow with the condition key {key} and actions for services with the following prefixes does not affect the policy: {prefixes}. The actions for the listed service are not allowed by this statement. We recommend that you move these actions to a different statement without this condition key."
                ),
            ),
            Effect::Deny => (
                &rules::DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
                format!(
                    "The effect Deny with the condition key {key} does not deny the actions of services with these prefixes: {prefixes}. Deny them in a statement without this condition key."
                ),
            ),
        };
        let mut places: Vec<_> = affected
            .iter()
            .map(|entry| statement.entry(element, entry))
            .collect();
        places.push(statement.condition_key(condition));
        out.add(rule, details, places);
    }
}
