//! The names of a request's keys, remembered with the slots that they lead to.
//!
//! Requests for one action mostly come from one place in a program, with the same names in the same order. Comparing them
//! with those of the last request takes no look-up: it took a request of 17 keys from 6,390 instructions to 5,785
//! (`docs/benchmarks/targets.md`). Whatever differs, however little, is looked
//! up by name.

use alloc::string::String;
use alloc::vec::Vec;

use portcullis_image::View;
use portcullis_image::wire::{count, index};

use crate::bytes::equal;
use crate::request::key::KeySlot;
use crate::request::site::UsedKey;
use crate::request::value::Value;
use crate::stack::plan::Plan;

/// The names of a request's keys in their order, with the slots that policies look at. Requests for one action mostly
/// come from one place in a program, and so have the same names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// All names, one after the other, and how long each is.
    names: String,
    /// How long each name is: names that are the same together may be cut elsewhere.
    lens: Vec<u32>,
    /// The slots that the names lead to, sorted, no two of them the same.
    pub(super) used: Vec<UsedKey>,
    /// There are names to compare with.
    is_set: bool,
}

impl Shape {
    /// Forgets the names.
    pub(crate) fn clear(&mut self) {
        self.is_set = false;
    }

    /// True if the names are these.
    #[inline(always)]
    pub(super) fn is_of(&self, pairs: &[(&str, Value<'_>)]) -> bool {
        if !self.is_set || self.lens.len() != pairs.len() {
            return false;
        }
        let mut names = self.names.as_bytes();
        pairs.iter().zip(&self.lens).all(|((name, _), len)| {
            if name.len() != index(*len) {
                return false;
            }
            let Some((own, behind)) = names.split_at_checked(name.len()) else {
                return false;
            };
            names = behind;
            equal(own, name.as_bytes())
        })
    }

    /// Becomes that of these names, unless they are too many or too long to be worth it.
    #[cold]
    #[inline(never)]
    pub(crate) fn set<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        pairs: &[(&str, Value<'_>)],
    ) {
        /// More keys than this are looked up by name at each request.
        const MOST_KEYS: usize = 64;
        /// So are longer names, all together: the memory of an action is bounded.
        const MOST_BYTES: usize = 2048;
        self.is_set = false;
        let bytes: usize = pairs.iter().map(|(name, _)| name.len()).sum();
        if pairs.len() > MOST_KEYS || bytes > MOST_BYTES {
            return;
        }
        self.names.clear();
        self.lens.clear();
        self.used.clear();
        self.is_set = true;
        for (key, (name, _)) in (0..).zip(pairs) {
            self.names.push_str(name);
            self.lens.push(count(name.len()));
            self.is_set &= slots_of(images.clone(), plan, name, |slot| {
                self.used.push(UsedKey { slot, key });
            });
        }
        self.is_set &= UsedKey::sort(&mut self.used);
    }
}

/// Calls back with the slots of a key in all images. True if these are those of the plan.
pub(super) fn slots_of<'i>(
    images: impl Iterator<Item = View<'i>>,
    plan: &Plan,
    name: &str,
    found: impl FnMut(KeySlot),
) -> bool {
    KeySlot::find_all(images, name, found).is_same(plan.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that are the same together are not the same if they are cut at other places, and none is mistaken.
    #[test]
    fn names_are_not_mistaken() {
        let plan = Plan::of(core::iter::empty());
        let text = "aws:PrincipalTag/a-department-of-a-company-with-a-long-name";
        // An interpreter takes minutes for all of them.
        let step = if cfg!(miri) { 9 } else { 1 };
        for cut in (0..text.len()).step_by(step) {
            let (first, second) = text.split_at(cut);
            let names = |names: [&'static str; 2]| names.map(|name| (name, Value::Absent));
            let mut shape = Shape::default();
            assert!(!shape.is_of(&names([first, second])));
            shape.set(core::iter::empty(), &plan, &names([first, second]));
            for other in 0..text.len() {
                let (first, second) = text.split_at(other);
                assert_eq!(shape.is_of(&names([first, second])), cut == other);
            }
            for place in 0..text.len() {
                let mut changed = String::from(text);
                changed.replace_range(place..=place, "#");
                let (first, second) = changed.split_at(cut);
                let changed = [(first, Value::Absent), (second, Value::Absent)];
                assert!(!shape.is_of(&changed), "{cut} {place}");
            }
            assert!(!shape.is_of(&[(text, Value::Absent)]));
            shape.clear();
            assert!(!shape.is_of(&names([first, second])));
        }
    }
}
