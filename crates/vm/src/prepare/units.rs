//! The units of images that take part in a decision, where not all of them do.
//!
//! A host selects units for each request; they are sorted by image, and each is asked where the action leads. It takes time
//! linear in the selected units, times the images of the stack, of which there are few. Hosts that select very many use an
//! [`Evaluation`](crate::Evaluation), which keeps no list.

use alloc::vec::Vec;
use core::ops::Range;

use portcullis_image::{CandidateSet, Id, LayerSet, Section, Unit, View};

use crate::index;
use crate::request::action::Action;
use crate::request::query::SelectedUnit;
use crate::stack::ImageIdx;
use crate::stack::per_image::PerImage;

/// A unit that takes part, in a request, with its candidate sets among those of all.
#[derive(Clone, Debug)]
pub(crate) struct PreparedUnit {
    pub(crate) unit: Id<Unit>,
    /// Those that it stands for in this request.
    pub(crate) layers: LayerSet,
    /// Its candidate sets, among those of all units.
    sets: Range<usize>,
}

impl PreparedUnit {
    /// The unit of an image that has only one.
    pub(crate) const WHOLE: PreparedUnit = PreparedUnit {
        unit: Id::FIRST,
        layers: LayerSet::ALL,
        sets: 0..0,
    };
}

/// The units of a request, image by image, and where the action leads in each.
#[derive(Debug)]
pub(crate) struct PreparedUnits {
    units: PerImage<PreparedUnit>,
    /// Those of all units, one unit after the other.
    candidate_sets: Vec<CandidateSet>,
}

impl PreparedUnits {
    /// No units.
    pub(crate) const fn new() -> PreparedUnits {
        PreparedUnits {
            units: PerImage::new(),
            candidate_sets: Vec::new(),
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
                    sets: 0..0,
                });
            }
            self.units.close();
        }
        present
    }

    /// Finds the candidate sets of each unit for an action.
    pub(crate) fn find_candidate_sets<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        action: &Action,
    ) {
        self.candidate_sets.clear();
        for (image, view) in ImageIdx::of(images) {
            if !view.has_index() {
                continue;
            }
            for used in self.units.of_mut(image) {
                let start = self.candidate_sets.len();
                let unit = view.get(used.unit);
                index::candidate_sets(
                    view,
                    &unit,
                    action.patterns(image),
                    &mut self.candidate_sets,
                );
                used.sets = start..self.candidate_sets.len();
            }
        }
    }

    /// The units of an image.
    pub(crate) fn of_image(&self, image: ImageIdx) -> &[PreparedUnit] {
        self.units.of(image)
    }

    /// The candidate sets of a unit.
    pub(crate) fn candidate_sets_of(&self, used: &PreparedUnit) -> &[CandidateSet] {
        self.candidate_sets.get(used.sets.clone()).unwrap_or(&[])
    }
}
