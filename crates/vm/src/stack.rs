//! For which images something was resolved: the numbers of one stack mean something else in another.

use portcullis_image::View;

/// Tells stacks of images apart, by the images and by their order.
///
/// It is made of the numbers that images get when they are opened ([`View::id`]): not of addresses, at which other
/// images may come to lie, nor of what the images hold, whose checksum whoever writes policies can choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StackId {
    /// One more than there are images; 0 of no stack.
    images: u32,
    mark: Mark,
}

impl StackId {
    /// Of no stack, and the same as none ([`StackId::is_same`]), not even as itself.
    pub(crate) const NONE: StackId = StackId {
        images: 0,
        mark: Mark(0),
    };
    /// Of a stack without images.
    pub(crate) const EMPTY: StackId = StackId {
        images: 1,
        mark: Mark(0),
    };

    pub(crate) fn of<'i>(images: impl Iterator<Item = View<'i>>) -> StackId {
        images.fold(StackId::EMPTY, StackId::with)
    }

    /// That of the stack with one image more.
    #[inline]
    pub(crate) fn with(mut self, image: View<'_>) -> StackId {
        self.images += 1;
        self.mark.add(image);
        self
    }

    /// True if both are of the same images.
    #[inline]
    pub(crate) fn is_same(self, other: StackId) -> bool {
        self == other && self != StackId::NONE
    }

    /// What a decision compares.
    pub(crate) fn mark(self) -> Mark {
        self.mark
    }
}

/// The part of a [`StackId`] that a decision works out again: for one image it is its number, which costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    /// Of no images.
    pub(crate) const EMPTY: Mark = Mark(0);

    /// Of a stack of images.
    #[inline(always)]
    pub(crate) fn of<'i>(images: impl Iterator<Item = View<'i>>) -> Mark {
        let mut mark = Mark::EMPTY;
        images.for_each(|view| mark.add(view));
        mark
    }

    /// Goes on with an image. The factor tells the places of the images apart.
    #[inline(always)]
    pub(crate) fn add(&mut self, image: View<'_>) {
        let before = self.0.wrapping_mul(0xd6e8_feb8_6659_fd93);
        self.0 = before.wrapping_add(image.id());
    }

    /// One that the same images do not have.
    pub(crate) fn broken(self) -> Mark {
        Mark(!self.0)
    }
}
