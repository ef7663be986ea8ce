//! What the walk over statements reads: an image, what is asked of it, and the keys of the context.

use core::ops::Range;

use portcullis_image::View;
use portcullis_image::index::Segments;

use crate::facts::Facts;
use crate::named::Named;
use crate::typed::Action;
use crate::values::{SlotRange, Value};

/// What is asked, whatever the image: a request without its caller's names and its keys.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) facts: Facts,
    action: &'a Action,
    pub(crate) resource: &'a [u8],
    pub(crate) segments: &'a Segments,
    /// The layers that are present.
    pub(crate) present: u32,
}

impl<'a> Asked<'a> {
    #[inline]
    pub(crate) fn new(
        facts: Facts,
        action: &'a Action,
        resource: &'a [u8],
        segments: &'a Segments,
        present: u32,
    ) -> Asked<'a> {
        Asked {
            facts,
            action,
            resource,
            segments,
            present,
        }
    }

    /// The action's service, in lower case.
    #[inline]
    pub(crate) fn service(&self) -> &'a [u8] {
        self.action.service()
    }

    /// The action's name, in lower case.
    #[inline]
    pub(crate) fn name(&self) -> &'a [u8] {
        self.action.name()
    }
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
pub(crate) struct Matcher<'a> {
    pub(crate) view: View<'a>,
    pub(crate) asked: &'a Asked<'a>,
    /// The caller in terms of the image.
    pub(crate) named: &'a [Named],
    pub(crate) keys: &'a Keys<'a>,
}

impl<'a> Matcher<'a> {
    /// The values of a slot.
    #[inline]
    pub(crate) fn values(&self, slot: u32) -> &'a [Value] {
        match self.keys.slots.get(slot as usize) {
            Some(range) => self.values_in(range),
            None => &[],
        }
    }

    #[inline]
    pub(crate) fn values_in(&self, slot: &'a SlotRange) -> &'a [Value] {
        match slot.count {
            1 => core::slice::from_ref(&slot.first),
            count => slice(self.keys.values, &(slot.start..slot.start + count)),
        }
    }

    /// The text of a value.
    #[inline]
    pub(crate) fn text(&self, value: &Value) -> &'a str {
        let start = value.offset as usize;
        let text = self.keys.text.get(start..start + value.len as usize);
        text.unwrap_or("")
    }

    /// The bytes of the text of a value.
    #[inline]
    pub(crate) fn bytes(&self, value: &Value) -> &'a [u8] {
        let bytes = self.keys.text.as_bytes();
        slice(bytes, &(value.offset..value.offset + value.len))
    }
}

/// The items of a range; none if it is out of range, which it never is.
#[inline]
pub(crate) fn slice<'a, T>(all: &'a [T], range: &Range<u32>) -> &'a [T] {
    all.get(range.start as usize..range.end as usize)
        .unwrap_or(&[])
}
