//! For which images something was resolved: the numbers of one stack mean something else in another.
//!
//! A decision is made against a stack of images, usually one. What was looked up in a stack remembers whose it is
//! ([`StackId`]), and is looked up again where it is another, so that a number is never used in an image that it is not of.
//! Without that, a handle of one set of policies used with another would read other keys, and decide by them.
//!
//! Comparing ids costs one comparison a decision. Lifetimes that tie a handle to its images were rejected: hosts replace
//! policies while they hold handles.

pub(crate) mod cache;
pub(crate) mod per_image;
pub(crate) mod plan;

use portcullis_image::View;
use portcullis_image::wire::index;

/// An image by its index in a stack of images, from 0. Nothing checks that the stack has it; what is asked of one that it does
/// not have finds nothing.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageIdx(pub u32);

impl ImageIdx {
    /// The first image.
    pub const FIRST: ImageIdx = ImageIdx(0);

    /// The same as an index into a slice of all images.
    #[inline(always)]
    pub const fn index(self) -> usize {
        index(self.0)
    }

    /// All of a stack, each with its index.
    #[inline(always)]
    pub fn of<T>(stack: impl Iterator<Item = T>) -> impl Iterator<Item = (ImageIdx, T)> {
        (0..).map(ImageIdx).zip(stack)
    }
}

/// Tells stacks of images apart, by the images and by their order.
///
/// It is made of the numbers that images get when they are opened ([`View::id`]): not of addresses, at which other
/// images may come to lie, nor of what the images hold, whose checksum whoever writes policies can choose. That of one
/// image is its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackId(u64);

impl Default for StackId {
    fn default() -> StackId {
        StackId::NONE
    }
}

impl StackId {
    /// Of no stack, and the same as none ([`StackId::is_same`]), not even as itself: what has it counts nowhere.
    pub(crate) const NONE: StackId = StackId(u64::MAX);
    /// Of a stack without images.
    pub(crate) const EMPTY: StackId = StackId(0);

    /// Of a stack of images.
    #[inline(always)]
    pub(crate) fn of<'i>(images: impl Iterator<Item = View<'i>>) -> StackId {
        images.fold(StackId::EMPTY, StackId::with)
    }

    /// Of one image.
    #[inline(always)]
    pub(crate) fn of_one(image: View<'_>) -> StackId {
        StackId(image.id())
    }

    /// That of the stack with one image more. The factor makes the order of the images count.
    #[inline(always)]
    pub(crate) fn with(self, image: View<'_>) -> StackId {
        let before = self.0.wrapping_mul(0xd6e8_feb8_6659_fd93);
        StackId(before.wrapping_add(image.id()))
    }

    /// A number that tells it from others, to find things by.
    #[inline(always)]
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    /// True if both are of the same images.
    #[inline(always)]
    pub(crate) fn is_same(self, other: StackId) -> bool {
        self == other && self != StackId::NONE
    }
}
