//! Things that belong to the images of a stack.
//!
//! One vector and the ends of each image's share, rather than a vector for each image: filling it again allocates nothing
//! once it has held as much, and the usual stack of one image costs one more number.

use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::wire::{count, index};

use crate::stack::ImageIdx;

/// Some things for each image of a stack, in one vector. Filled image by image: what was appended since the last
/// [`PerImage::close`] belongs to the next image.
#[derive(Clone, Debug)]
pub(crate) struct PerImage<T> {
    /// Those of the first image, then those of the second, and so on.
    all: Vec<T>,
    /// Where those of each image end.
    ends: Vec<u32>,
}

impl<T> Default for PerImage<T> {
    fn default() -> PerImage<T> {
        PerImage::new()
    }
}

impl<T> PerImage<T> {
    /// Of no image.
    pub(crate) const fn new() -> PerImage<T> {
        PerImage {
            all: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Forgets the images and keeps the memory.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.all.clear();
        self.ends.clear();
    }

    /// The things of the next image: what is appended until [`PerImage::close`].
    #[inline]
    pub(crate) fn open(&mut self) -> &mut Vec<T> {
        &mut self.all
    }

    /// The next image has no more things. Gives those that it has. An image without things is closed too, so that the indices of
    /// the others stay right.
    #[inline]
    pub(crate) fn close(&mut self) -> &[T] {
        let start = self.ends.last().copied().unwrap_or(0);
        self.ends.push(count(self.all.len()));
        self.all.get(index(start)..).unwrap_or(&[])
    }

    /// Where the things of an image are among all.
    #[inline]
    pub(crate) fn range(&self, image: ImageIdx) -> Range<u32> {
        let before = image.index().checked_sub(1);
        let start = before.and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(image.index()).copied().unwrap_or(0);
        start.unwrap_or(0)..end
    }

    /// The things of an image; none of one that was not closed.
    #[inline]
    pub(crate) fn of(&self, image: ImageIdx) -> &[T] {
        let Range { start, end } = self.range(image);
        self.all.get(index(start)..index(end)).unwrap_or(&[])
    }

    /// The same, to be changed.
    pub(crate) fn of_mut(&mut self, image: ImageIdx) -> &mut [T] {
        let Range { start, end } = self.range(image);
        self.all
            .get_mut(index(start)..index(end))
            .unwrap_or(&mut [])
    }

    /// How many images were closed.
    pub(crate) fn images(&self) -> usize {
        self.ends.len()
    }

    /// Those of all images.
    #[inline(always)]
    pub(crate) fn all(&self) -> &[T] {
        &self.all
    }
}
