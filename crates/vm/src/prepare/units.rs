//! The units of images that take part in a decision, where not all of them do.

use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::{Group, Id, LayerSet, Section, Unit, View};

use crate::index;
use crate::request::action::Action;
use crate::request::query::SelectedUnit;
use crate::stack::ImageIdx;
use crate::stack::per_image::PerImage;

/// A unit that takes part, in a request.
#[derive(Clone, Debug)]
pub(crate) struct PreparedUnit {
    pub(crate) unit: Id<Unit>,
    pub(crate) layers: LayerSet,
    groups: Range<usize>,
}

impl PreparedUnit {
    /// The unit of an image that has only one.
    pub(crate) const WHOLE: PreparedUnit = PreparedUnit {
        unit: Id::FIRST,
        layers: LayerSet::ALL,
        groups: 0..0,
    };
}

/// The units of a request, image by image, and where the action leads in each.
#[derive(Debug)]
pub(crate) struct PreparedUnits {
    units: PerImage<PreparedUnit>,
    groups: Vec<Group>,
}

impl PreparedUnits {
    pub(crate) const fn new() -> PreparedUnits {
        PreparedUnits {
            units: PerImage::new(),
            groups: Vec::new(),
        }
    }

    /// Becomes some units of a stack of images: the layers that are present in them, and whether a resource policy is
    /// public.
    pub(crate) fn use_only<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        units: impl Iterator<Item = SelectedUnit> + Clone,
    ) -> (LayerSet, bool) {
        self.units.clear();
        let mut present = (LayerSet::EMPTY, false);
        for (image, view) in ImageIdx::of(images) {
            let exist = |unit: &SelectedUnit| {
                unit.image == image && unit.unit.number() < view.count(Section::Units)
            };
            for SelectedUnit { unit, layers, .. } in units.clone().filter(exist) {
                let record = view.get(unit);
                present.0 |= record.layers & layers;
                present.1 |= record.public && layers.meets(LayerSet::RESOURCE);
                self.units.open().push(PreparedUnit {
                    unit,
                    layers,
                    groups: 0..0,
                });
            }
            self.units.close();
        }
        present
    }

    /// Finds the groups of candidates of each unit for an action.
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
            for used in self.units.of_mut(image) {
                let start = self.groups.len();
                let unit = view.get(used.unit);
                index::groups(view, &unit, action.patterns(image), &mut self.groups);
                used.groups = start..self.groups.len();
            }
        }
    }

    /// The units of an image.
    pub(crate) fn of_image(&self, image: ImageIdx) -> &[PreparedUnit] {
        self.units.of(image)
    }

    /// The groups of candidates of a unit.
    pub(crate) fn groups_of(&self, used: &PreparedUnit) -> &[Group] {
        self.groups.get(used.groups.clone()).unwrap_or(&[])
    }
}
