//! What the walk over statements reads: an image, and what is asked of it.

use core::ops::Range;

use portcullis_image::View;
use portcullis_image::index::Segments;

use crate::facts::Facts;
use crate::named::Named;
use crate::typed::Action;
use crate::values::{SlotRange, Value};

/// What is asked of an image. Where it lies is known when the program is compiled, so that nothing is
/// gathered that is not looked at.
pub(crate) trait Asked<'a>: Copy {
    fn facts(self) -> &'a Facts;
    fn action(self) -> &'a Action;
    fn resource(self) -> &'a [u8];
    fn segments(self) -> &'a Segments;
    /// The layers that are present.
    fn present(self) -> u32;
    /// The caller in terms of the image.
    fn named(self) -> &'a [Named];
    fn keys(self) -> Keys<'a>;
}

/// The keys of a request, in terms of an image.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    /// All texts.
    pub(crate) text: &'a str,
    /// The values of slots that have several.
    pub(crate) values: &'a [Value],
    pub(crate) slots: &'a [SlotRange],
}

impl Keys<'_> {
    /// None at all.
    pub(crate) const NONE: Keys<'static> = Keys {
        text: "",
        values: &[],
        slots: &[],
    };
}

/// An image, and what is asked of it.
#[derive(Clone, Copy)]
pub(crate) struct Matcher<'a, A> {
    pub(crate) view: View<'a>,
    pub(crate) asked: A,
}

impl<'a, A: Asked<'a>> Matcher<'a, A> {
    /// The values of a slot.
    #[inline]
    pub(crate) fn values(&self, slot: u32) -> &'a [Value] {
        match self.asked.keys().slots.get(slot as usize) {
            Some(range) => self.values_in(range),
            None => &[],
        }
    }

    #[inline]
    pub(crate) fn values_in(&self, slot: &'a SlotRange) -> &'a [Value] {
        match slot.count {
            1 => core::slice::from_ref(&slot.first),
            count => slice(self.asked.keys().values, &(slot.start..slot.start + count)),
        }
    }

    /// The text of a value.
    #[inline]
    pub(crate) fn text(&self, value: &Value) -> &'a str {
        let start = value.offset as usize;
        let text = self
            .asked
            .keys()
            .text
            .get(start..start + value.len as usize);
        text.unwrap_or("")
    }

    /// The bytes of the text of a value.
    #[inline]
    pub(crate) fn bytes(&self, value: &Value) -> &'a [u8] {
        let bytes = self.asked.keys().text.as_bytes();
        slice(bytes, &(value.offset..value.offset + value.len))
    }
}

/// The items of a range; none if it is out of range, which it never is.
#[inline]
pub(crate) fn slice<'a, T>(all: &'a [T], range: &Range<u32>) -> &'a [T] {
    all.get(range.start as usize..range.end as usize)
        .unwrap_or(&[])
}
