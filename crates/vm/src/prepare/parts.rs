//! The parts of images that take part in a decision, where not all of them do.

use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::{Group, Id, LayerSet, Part, Section, View};

use crate::index;
use crate::request::action::Action;
use crate::request::query::PartOf;
use crate::stack::ImageIdx;
use crate::stack::per_image::PerImage;

/// A part that takes part, in a request.
#[derive(Clone, Debug)]
pub(crate) struct UsedPart {
    pub(crate) part: Id<Part>,
    pub(crate) layers: LayerSet,
    groups: Range<usize>,
}

impl UsedPart {
    /// The part of an image that has only one.
    pub(crate) const WHOLE: UsedPart = UsedPart {
        part: Id::FIRST,
        layers: LayerSet::ALL,
        groups: 0..0,
    };
}

/// The parts of a request, image by image, and where the action leads in each.
#[derive(Debug)]
pub(crate) struct UsedParts {
    parts: PerImage<UsedPart>,
    groups: Vec<Group>,
}

impl UsedParts {
    pub(crate) const fn new() -> UsedParts {
        UsedParts {
            parts: PerImage::new(),
            groups: Vec::new(),
        }
    }

    /// Becomes some parts of a stack of images: the layers that are present in them, and whether a resource policy is
    /// public.
    pub(crate) fn use_only<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        parts: impl Iterator<Item = PartOf> + Clone,
    ) -> (LayerSet, bool) {
        self.parts.clear();
        let mut present = (LayerSet::EMPTY, false);
        for (image, view) in ImageIdx::of(images) {
            let exist = |part: &PartOf| {
                part.image == image && part.part.number() < view.count(Section::Parts)
            };
            for PartOf { part, layers, .. } in parts.clone().filter(exist) {
                let record = view.get(part);
                present.0 |= record.layers & layers;
                present.1 |= record.public && layers.meets(LayerSet::RESOURCE);
                self.parts.open().push(UsedPart {
                    part,
                    layers,
                    groups: 0..0,
                });
            }
            self.parts.close();
        }
        present
    }

    /// Finds the groups of candidates of each part for an action.
    pub(crate) fn find_groups<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        action: &Action,
    ) {
        self.groups.clear();
        for (image, view) in ImageIdx::of(images) {
            if !view.has_index() {
                continue;
            }
            for used in self.parts.of_mut(image) {
                let start = self.groups.len();
                let part = view.get(used.part);
                index::groups(view, &part, action.patterns(image), &mut self.groups);
                used.groups = start..self.groups.len();
            }
        }
    }

    /// The parts of an image.
    pub(crate) fn of_image(&self, image: ImageIdx) -> &[UsedPart] {
        self.parts.of(image)
    }

    /// The groups of candidates of a part.
    pub(crate) fn groups_of(&self, used: &UsedPart) -> &[Group] {
        self.groups.get(used.groups.clone()).unwrap_or(&[])
    }
}
