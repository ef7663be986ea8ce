//! How much work a decision can be.
//!
//! Whoever operates an engine wants to know the slowest request before somebody sends it, and can refuse policies whose worst
//! case is too slow (`portcullis inspect` prints the bound). The bound is what the index leads to at most, whatever the
//! request; no usual request reaches it. Finding it takes one pass over the index.

use crate::id::{Id, Run};
use crate::index::{MAX_SEGMENTS, MAX_START};
use crate::kinds::PatternKind;
use crate::record::{ActionPattern, CandidateSet, Posting, Unit};
use crate::section::Section;
use crate::view::View;
use crate::wire::{index, widened};

/// The most that a decision has to look at, whatever the request, in the unit of the image where it is
/// most. An upper limit: no single request need reach all four numbers.
///
/// ```
/// use portcullis_image::Image;
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// assert!(image.view().bound().scanned < 100);
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Patterns for actions that are tried one by one, when an action is resolved.
    pub patterns: u64,
    /// Candidates that are scanned.
    pub scanned: u64,
    /// Buckets that a resource of very many segments leads to.
    pub probes: u64,
    /// Candidates in the fullest bucket.
    pub in_bucket: u64,
}

impl View<'_> {
    /// The bound; without index it is the number of statements. Takes time linear in the index and no memory.
    pub fn bound(&self) -> Bound {
        if !self.has_index() {
            return Bound {
                scanned: u64::from(self.count(Section::Statements)),
                ..Bound::default()
            };
        }
        let mut bound = Bound {
            patterns: u64::from(self.count(Section::Fallback)),
            ..Bound::default()
        };
        for id in self.ids::<CandidateSet>() {
            for bucket in self.get(id).buckets().iter() {
                let count = u64::from(self.bucket(bucket).count);
                bound.in_bucket = bound.in_bucket.max(count);
            }
        }
        for id in self.ids::<Unit>() {
            let unit = self.get(id);
            // Postings of a fallback pattern are added to those of any other: a pattern that is neither
            // a name nor a start matches beside it.
            let mut most = self.work(unit.catch_all);
            let mut beside = (0, 0);
            for postings in unit.postings.iter() {
                let postings = self.get(postings);
                let work = self.work(postings.sets);
                if self.is_fallback(postings.action) {
                    beside = (beside.0 + work.0, beside.1 + work.1);
                } else {
                    most = (most.0.max(work.0), most.1.max(work.1));
                }
            }
            bound.scanned = bound.scanned.max(most.0 + beside.0);
            bound.probes = bound.probes.max(most.1 + beside.1);
        }
        bound
    }

    /// Candidates that are scanned and buckets that are looked at for some sets.
    fn work(&self, sets: Run<Posting>) -> (u64, u64) {
        let sets = sets.iter().map(|own| self.get(self.get(own).set));
        sets.fold((0, 0), |(scanned, probes), set| {
            (
                scanned + u64::from(set.scanned.count),
                probes + self.probes(&set),
            )
        })
    }

    /// Buckets that a set leads to: one for each probe of a start alone, and one for each separator of the resource where a
    /// later literal is looked for.
    fn probes(&self, set: &CandidateSet) -> u64 {
        let probes = set.probes().iter().map(|probe| self.get(probe));
        let buckets = probes.map(|probe| match probe.middle {
            0 => 1,
            _ => widened(MAX_SEGMENTS),
        });
        buckets.sum()
    }

    /// True if a pattern for actions is one of those that are tried one by one.
    fn is_fallback(&self, action: Id<ActionPattern>) -> bool {
        let action = self.get(action);
        let (service, name) = (self.get(action.service), self.get(action.name));
        let has_service = service.kind == PatternKind::Exact && !service.literal.is_empty();
        let looked_up = match name.kind {
            PatternKind::Exact => true,
            PatternKind::Prefix => index(name.literal.len) < MAX_START,
            PatternKind::Tokens => false,
        };
        !(has_service && looked_up)
    }
}
