//! What a condition compares: its keys and values, as written and as the request has them.
//!
//! As written, if the image was compiled with what explanations print; else as the image has it, with keys case folded and
//! without the values, which were read when the image was made. Variables are shown as they are and with their values.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use portcullis_image::value::fold::eq_folded;
use portcullis_image::{
    ArnPattern, ConditionText, Id, Insn, List, Op, Operands, Pattern, Slot, flag,
};

use crate::eval::view::RequestView;
use crate::explain::report::ConditionReport;
use crate::explain::variables::{spelled, variables};
use crate::keys::slot::{FilledSlot, state};
use crate::keys::values::Keys;
use crate::pattern::Matcher;
use crate::prepare::ready::ReadyInImage;

/// The keys that an instruction looks at, and their slots: its own, and those of variables without default.
pub(super) fn keys_of(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    id: Id<Insn>,
) -> Vec<(String, Id<Slot>)> {
    let view = matcher.view;
    let insn = view.get(id);
    let source = view.insn_source(id);
    let mut found = Vec::new();
    if insn.op != Op::Const {
        let written = source.map(|source| view.text(source.key));
        let key = written.unwrap_or_else(|| view.text(view.get(insn.slot).name));
        found.push((key.to_string(), insn.slot));
    }
    for pattern in patterns_of(matcher, &insn) {
        for (slot, default) in variables(matcher, pattern) {
            if default {
                continue;
            }
            let values = source.map(|source| view.list(source.values));
            let texts = values.iter().flat_map(|values| texts(matcher, values));
            found.push((spelled(view.text(view.get(slot).name), texts), slot));
        }
    }
    found
}

/// The texts of a list.
pub(super) fn texts<'a, 'l>(
    matcher: &Matcher<'a, ReadyInImage<'_>>,
    list: &'l List<'a, ConditionText>,
) -> impl Iterator<Item = &'a str> + use<'a, 'l> {
    let view = matcher.view;
    list.iter().map(move |item| view.text(view.get(item).text))
}

/// The patterns that an instruction compares with.
fn patterns_of(matcher: &Matcher<'_, ReadyInImage<'_>>, insn: &Insn) -> Vec<Id<Pattern>> {
    let view = matcher.view;
    match insn.op.info().operands {
        Operands::Patterns => view.list::<Pattern>(insn.x.list()).iter().collect(),
        Operands::Arns => {
            let arns = view.list::<ArnPattern>(insn.x.list());
            let all = arns.iter().map(|item| view.get(item).parts);
            all.flat_map(|parts| parts.patterns().to_vec()).collect()
        }
        _ => Vec::new(),
    }
}

/// The report of one condition, whether it holds or not.
pub(super) fn condition(matcher: &Matcher<'_, ReadyInImage<'_>>, id: Id<Insn>) -> ConditionReport {
    let view = matcher.view;
    let insn = view.get(id);
    let keys = matcher.request.keys();
    let request_values = keys.shown(insn.slot);
    let quantified = insn.flags & (flag::ANY | flag::ALL) != 0;
    let unusable = keys.has_unusable(insn.slot);
    let note = if request_values.len() >= 2 && !quantified {
        Some("the key has several values, and the operator has no set qualifier")
    } else if unusable {
        Some("the request's value is not a valid number, date or address")
    } else {
        None
    };
    let source = view.insn_source(id);
    let text = |text| view.text(text).to_string();
    let slot_name = view.get(insn.slot).name;
    let policy_values = source.map_or_else(Vec::new, |source| {
        let values = view.list(source.values);
        texts(matcher, &values).map(String::from).collect()
    });
    ConditionReport {
        operator: source.map_or_else(String::new, |source| text(source.operator)),
        key: text(source.map_or(slot_name, |source| source.key)),
        expanded_values: expanded_values(matcher, &insn, &policy_values),
        policy_values,
        request_values,
        note,
    }
}

/// The values of a condition with those of their variables: the variables of an instruction are known by
/// their patterns, and where they stand by the texts.
fn expanded_values(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    insn: &Insn,
    written: &[String],
) -> Option<Vec<String>> {
    let view = matcher.view;
    let patterns = patterns_of(matcher, insn);
    let slots: Vec<Id<Slot>> = patterns
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
            let slot = all.find(|slot| eq_folded(key, view.text(view.get(**slot).name).as_bytes()));
            let value = slot.and_then(|slot| {
                let default = default.filter(|_| !matcher.request.keys().has_value(*slot));
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
    pub(super) fn shown(&self, slot: Id<Slot>) -> Vec<String> {
        match self.settled(slot) {
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
                self.for_each_text(slot, |text| texts.push(text.to_string()));
                texts
            }
            _ => Vec::new(),
        }
    }

    /// True if a slot has some value.
    pub(super) fn has_value(&self, slot: Id<Slot>) -> bool {
        matches!(self.settled(slot), Some((..=state::SEVERAL, _)))
    }

    /// True if some value of a slot is not what its class asks for (`COND-87`).
    fn has_unusable(&self, slot: Id<Slot>) -> bool {
        match self.settled(slot) {
            Some((state::UNUSABLE, _)) => true,
            Some((state::SEVERAL, value)) => {
                let one = FilledSlot::new();
                let mut several = self.several(slot, value);
                core::iter::from_fn(|| several.read_next(&one))
                    .any(|state| state == state::UNUSABLE)
            }
            _ => false,
        }
    }
}
