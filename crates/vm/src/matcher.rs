//! What the walk over statements reads: an image, and what is asked of it.

use core::ops::Range;

use portcullis_image::View;
use portcullis_image::index::Segments;

use crate::facts::Facts;
use crate::named::Named;
use crate::slots::Keys;
use crate::typed::Action;

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

/// An image, and what is asked of it.
#[derive(Clone, Copy)]
pub(crate) struct Matcher<'a, A> {
    pub(crate) view: View<'a>,
    pub(crate) asked: A,
}

/// The items of a range; none if it is out of range, which it never is.
#[inline]
pub(crate) fn slice<'a, T>(all: &'a [T], range: &Range<u32>) -> &'a [T] {
    all.get(range.start as usize..range.end as usize)
        .unwrap_or(&[])
}
