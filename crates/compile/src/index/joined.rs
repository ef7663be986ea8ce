//! Two indexes of units that are behind each other become the parts of one, as if one builder had met all of them.
//!
//! They stay apart until they are written: appending the second to the first would copy half of the index.

use portcullis_image::wire::count;
use portcullis_image::{Posting, Run, Unit};

use super::{Builder, Index};

impl Builder<'_, '_> {
    /// The parts of the index of all units: those of `other` come behind, so that its numbers grow by what is there.
    pub(super) fn joined(self, other: Self, units: &mut [Unit]) -> [Index; 2] {
        let mut first = self.index;
        first.postings = self.postings.into_items();
        let mut second = other.index;
        second.postings = other.postings.into_items();
        let empty = self.empty;
        let before = count(first.postings.len());
        let moved = |run: &mut Run<Posting>| match empty {
            Some(empty) if run.count == 0 => *run = empty,
            _ => run.first = run.first.plus(before),
        };
        for unit in units {
            let of_unit = &mut unit.postings;
            of_unit.first = of_unit.first.plus(count(first.action_postings.len()));
            moved(&mut unit.catch_all);
        }
        for own in &mut second.action_postings {
            moved(&mut own.sets);
        }
        for own in &mut second.postings {
            own.set = own.set.plus(count(first.candidate_sets.len()));
        }
        for own in &mut second.candidate_sets {
            own.scanned.first = own.scanned.first.plus(count(first.candidates.len()));
            own.probes = own.probes.saturating_add(count(first.probes.len()));
            own.buckets = own.buckets.saturating_add(count(first.buckets.len()));
        }
        for own in &mut second.buckets {
            own.first = own.first.plus(count(first.candidates.len()));
        }
        [first, second]
    }
}
