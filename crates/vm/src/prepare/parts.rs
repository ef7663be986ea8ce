//! The parts of images that take part in a decision, where not all of them do.

use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::index::Group;
use portcullis_image::{Section, View, layer_mask};
use portcullis_model::Layer;

use crate::bytes::slice;
use crate::index;
use crate::request::action::Action;
use crate::request::query::PartOf;

/// A part that takes part, in a request.
#[derive(Clone, Debug)]
pub(crate) struct UsedPart {
    pub(crate) part: u32,
    pub(crate) layers: u32,
    pub(crate) groups: Range<u32>,
}

/// The parts of a request, image by image, and where the action leads in each.
#[derive(Debug)]
pub(crate) struct UsedParts {
    parts: Vec<UsedPart>,
    /// Where those of each image end.
    ends: Vec<u32>,
    groups: Vec<Group>,
}

impl UsedParts {
    pub(crate) const fn new() -> UsedParts {
        UsedParts {
            parts: Vec::new(),
            ends: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Becomes some parts of a stack of images: the layers that are present in them, and whether a resource policy is
    /// public.
    pub(crate) fn use_only<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        parts: impl Iterator<Item = PartOf> + Clone,
    ) -> (u32, bool) {
        self.parts.clear();
        self.ends.clear();
        let mut present = (0, false);
        for (image, view) in (0..).zip(images) {
            let exist =
                |part: &PartOf| part.image == image && part.part < view.count(Section::Parts);
            for part in parts.clone().filter(exist) {
                let record = view.part(part.part);
                present.0 |= record.layers & part.layers;
                present.1 |= record.public && part.layers & layer_mask(Layer::Resource) != 0;
                self.parts.push(UsedPart {
                    part: part.part,
                    layers: part.layers,
                    groups: 0..0,
                });
            }
            self.ends.push(self.parts.len() as u32);
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
        let mut first = 0;
        for ((image, view), end) in images.enumerate().zip(&self.ends) {
            let own = self.parts.get_mut(first..*end as usize).unwrap_or(&mut []);
            first = *end as usize;
            if !view.has_index() {
                continue;
            }
            for part in own {
                let start = self.groups.len() as u32;
                let patterns = action.patterns(image);
                index::groups(view, &view.part(part.part), patterns, &mut self.groups);
                part.groups = start..self.groups.len() as u32;
            }
        }
    }

    /// The parts of an image.
    pub(crate) fn of_image(&self, image: usize) -> &[UsedPart] {
        let before = image.checked_sub(1);
        let start = before.and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(image).copied().unwrap_or(0);
        slice(&self.parts, &(start.unwrap_or(0)..end))
    }

    /// The groups of candidates of a part.
    pub(crate) fn groups_of(&self, part: &UsedPart) -> &[Group] {
        slice(&self.groups, &part.groups)
    }
}
