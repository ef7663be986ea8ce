//! Two indexes of units that are behind each other become one, as if one builder had met all of them.

use portcullis_image::wire::count;
use portcullis_image::{Posting, Run, Unit};

use super::{Builder, Index};
use crate::intern::make_room;

impl Builder<'_, '_> {
    /// The index of all units: those of `other` come behind, so that its numbers grow by what is there.
    pub(super) fn joined(self, mut other: Self, units: &mut [Unit]) -> Index {
        let mut index = self.index;
        index.postings = self.postings.into_items();
        let mut postings = other.postings.into_items();
        let empty = self.empty;
        let moved = count(index.postings.len());
        let moved = |run: &mut Run<Posting>| match empty {
            Some(empty) if run.count == 0 => *run = empty,
            _ => run.first = run.first.plus(moved),
        };
        for unit in units {
            let of_unit = &mut unit.postings;
            of_unit.first = of_unit.first.plus(count(index.action_postings.len()));
            moved(&mut unit.catch_all);
        }
        let other = &mut other.index;
        for own in &mut other.action_postings {
            moved(&mut own.sets);
        }
        for own in &mut postings {
            own.set = own.set.plus(count(index.candidate_sets.len()));
        }
        for own in &mut other.candidate_sets {
            own.scanned.first = own.scanned.first.plus(count(index.candidates.len()));
            own.probes = own.probes.saturating_add(count(index.probes.len()));
            own.buckets = own.buckets.saturating_add(count(index.buckets.len()));
        }
        for own in &mut other.buckets {
            own.first = own.first.plus(count(index.candidates.len()));
        }
        append(&mut index.action_postings, &mut other.action_postings);
        append(&mut index.postings, &mut postings);
        append(&mut index.candidate_sets, &mut other.candidate_sets);
        append(&mut index.candidates, &mut other.candidates);
        append(&mut index.probes, &mut other.probes);
        append(&mut index.buckets, &mut other.buckets);
        index
    }
}

/// Appends a table to another, and frees it.
fn append<T>(to: &mut Vec<T>, from: &mut Vec<T>) {
    make_room(to, from.len());
    to.append(from);
    from.shrink_to_fit();
}
