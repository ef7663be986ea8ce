//! For which images something was resolved: the numbers of one stack mean something else in another.

use portcullis_image::View;

/// Tells stacks of images apart, by what the images hold and by their order.
///
/// Content and not an address or a count of what was made: a number stays good for a copy of the images and
/// for the same file opened twice, and cannot be taken for that of other images which came to lie in the same
/// place. It is made of the checksums, which nobody forges by accident; whoever can write images can decide
/// anything anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StackId(u64);

impl StackId {
    /// Of no stack, and the same as none ([`StackId::is_same`]), not even as itself.
    pub(crate) const NONE: StackId = StackId(0);
    /// Of a stack without images.
    pub(crate) const EMPTY: StackId = StackId(0x9e37_79b9_7f4a_7c15);

    pub(crate) fn of<'i>(images: impl Iterator<Item = View<'i>>) -> StackId {
        images.fold(StackId::EMPTY, StackId::with)
    }

    /// That of the stack with one image more.
    pub(crate) fn with(self, image: View<'_>) -> StackId {
        let mixed = self.0.rotate_left(29) ^ image.checksum();
        // Odd, so that different checksums stay different.
        StackId(mixed.wrapping_mul(0xd6e8_feb8_6659_fd93).max(1))
    }

    /// True if both are of the same images.
    #[inline]
    pub(crate) fn is_same(self, other: StackId) -> bool {
        self == other && self != StackId::NONE
    }
}
