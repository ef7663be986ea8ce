//! What a condition compares: its keys and values, as written and as the request has them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use portcullis_image::value::fold::eq_folded;
use portcullis_image::{ANY, Leaf, Op, Operands, flag};

use crate::eval::view::Asked;
use crate::explain::report::ConditionReport;
use crate::explain::variables::{spelled, variables};
use crate::keys::slot::state;
use crate::keys::values::Keys;
use crate::pattern::Matcher;
use crate::prepare::ready::OfImage;

/// The keys that an instruction looks at, and their slots: its own, and those of variables without default.
pub(super) fn keys_of(matcher: &Matcher<'_, OfImage<'_>>, index: u32) -> Vec<(String, u32)> {
    let view = matcher.view;
    let leaf = view.leaf(index);
    let source = view.leaf_source(index);
    let mut found = Vec::new();
    if leaf.op != Op::Const as u8 {
        let written = source.map(|source| view.text(source.key));
        let key = written.unwrap_or_else(|| view.text(view.slot(leaf.slot).name));
        found.push((key.to_string(), leaf.slot));
    }
    for pattern in patterns_of(matcher, &leaf) {
        for (slot, default) in variables(matcher, pattern) {
            if default {
                continue;
            }
            let values = source.map(|source| view.list(source.values));
            let values = values.iter().flat_map(|values| values.iter());
            let texts = values.map(|text| view.text(view.condition_text(text)));
            found.push((spelled(view.text(view.slot(slot).name), texts), slot));
        }
    }
    found
}

/// The patterns that an instruction compares with.
fn patterns_of(matcher: &Matcher<'_, OfImage<'_>>, leaf: &Leaf) -> Vec<u32> {
    let view = matcher.view;
    let list = view.list(leaf.x as u32);
    let patterns: Vec<u32> = match Op::from_code(leaf.op).map(|op| op.info().operands) {
        Some(Operands::Patterns) => list.iter().collect(),
        Some(Operands::Arns) => list.iter().flat_map(|item| view.arn(item).parts).collect(),
        _ => Vec::new(),
    };
    patterns.into_iter().filter(|own| *own != ANY).collect()
}

pub(super) fn condition(matcher: &Matcher<'_, OfImage<'_>>, index: u32) -> ConditionReport {
    let view = matcher.view;
    let leaf = view.leaf(index);
    let keys = matcher.asked.keys();
    let request_values = keys.shown(leaf.slot);
    let quantified = leaf.flags & (flag::ANY | flag::ALL) != 0;
    let unusable = keys.has_unusable(leaf.slot);
    let note = if request_values.len() >= 2 && !quantified {
        Some("the key has several values, and the operator has no set qualifier")
    } else if unusable {
        Some("the request's value is not a valid number, date or address")
    } else {
        None
    };
    let source = view.leaf_source(index);
    let text = |text| view.text(text).to_string();
    let slot_name = view.slot(leaf.slot).name;
    let policy_values = source.map_or_else(Vec::new, |source| {
        let values = view.list(source.values);
        values
            .iter()
            .map(|item| text(view.condition_text(item)))
            .collect()
    });
    ConditionReport {
        operator: source.map_or_else(String::new, |source| text(source.operator)),
        key: text(source.map_or(slot_name, |source| source.key)),
        expanded_values: expanded_values(matcher, &leaf, &policy_values),
        policy_values,
        request_values,
        note,
    }
}

/// The values of a condition with those of their variables: the variables of an instruction are known by
/// their patterns, and where they stand by the texts.
fn expanded_values(
    matcher: &Matcher<'_, OfImage<'_>>,
    leaf: &Leaf,
    written: &[String],
) -> Option<Vec<String>> {
    let view = matcher.view;
    let patterns = patterns_of(matcher, leaf);
    let slots: Vec<u32> = patterns
        .into_iter()
        .flat_map(|pattern| variables(matcher, pattern))
        .map(|(slot, _)| slot)
        .collect();
    if slots.is_empty() {
        return None;
    }
    let expand = |text: &String| {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((inside, behind)) = after.split_once('}') else {
                out.push_str("${");
                rest = after;
                continue;
            };
            let (key, default) = match inside.split_once(',') {
                Some((key, default)) => (key, Some(default.trim().trim_matches('\''))),
                None => (inside, None),
            };
            let mut all = slots.iter();
            let slot =
                all.find(|slot| eq_folded(key, view.text(view.slot(**slot).name).as_bytes()));
            let value = slot.and_then(|slot| {
                let default = default.filter(|_| !matcher.asked.keys().has_value(*slot));
                matcher.variable(*slot, None).or(default)
            });
            match value {
                Some(value) => out.push_str(value),
                None => {
                    out.push_str("${");
                    out.push_str(inside);
                    out.push('}');
                }
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    };
    Some(written.iter().map(expand).collect())
}

impl Keys<'_> {
    /// The values of a slot as texts.
    pub(super) fn shown(&self, number: u32) -> Vec<String> {
        match self.settled(number) {
            Some((..=state::UNUSABLE, slot)) => {
                let mut text = String::new();
                match self.native(slot) {
                    Some(value) => value.write(&mut text),
                    None => text.push_str(self.text(slot)),
                }
                [text].into()
            }
            Some((state::SEVERAL, _)) => {
                let mut texts = Vec::new();
                self.for_each_text(number, |text| texts.push(text.to_string()));
                texts
            }
            _ => Vec::new(),
        }
    }

    /// True if a slot has some value.
    pub(super) fn has_value(&self, number: u32) -> bool {
        matches!(self.settled(number), Some((..=state::SEVERAL, _)))
    }

    /// True if some value of a slot is not what its class asks for (`COND-87`).
    fn has_unusable(&self, number: u32) -> bool {
        match self.settled(number) {
            Some((state::UNUSABLE, _)) => true,
            Some((state::SEVERAL, slot)) => {
                self.any_of_several(number, slot, |one| one.state(self.stamp) == state::UNUSABLE)
            }
            _ => false,
        }
    }
}
