//! The validator of the index.

use crate::id::{Id, Run};
use crate::index::{MAX_PROBES, MAX_SEGMENTS};
use crate::record::{
    ActionEntry, ActionPostings, Bucket, Candidate, CandidateSet, Fallback, Posting, Probe,
    ServiceRecord,
};
use crate::section::Section;
use crate::validate::{Checker, Verdict};
use crate::wire::split;
use crate::wire::u64_at;

impl Checker<'_> {
    /// Every number of the index is in range and every table can be searched. That the index knows
    /// all candidates is the compiler's promise, like the statements themselves.
    pub(crate) fn index(&self) -> Verdict {
        self.candidate_sets()?;
        self.candidates()?;
        self.actions()
    }

    fn candidate_sets(&self) -> Verdict {
        let view = &self.view;
        self.all("postings out of range", |_, _: ActionPostings| true)?;
        self.all("a candidate set out of range", |_, _: Posting| true)?;
        // Sets have buckets of their own, so that checking them takes linear time.
        let mut next_bucket = Id::FIRST;
        for id in view.ids::<CandidateSet>() {
            let set = view.get(id);
            self.only("a candidate set out of range", id, |set: CandidateSet| {
                set.probes().fits(view.count(Section::Probes))
                    && usize::from(set.probe_count) <= MAX_PROBES
                    && (set.probe_count == 0
                        || (1..=CandidateSet::MAX_BITS).contains(&set.bits)
                            && set.buckets().first >= next_bucket
                            && bounds(&set).fits(view.count(Section::Buckets)))
            })?;
            if set.probe_count > 0 {
                self.buckets(&set)?;
                next_bucket = bounds(&set).end();
            }
        }
        Ok(())
    }

    /// The buckets of a set are behind each other, so that none has more candidates than there are.
    fn buckets(&self, set: &CandidateSet) -> Verdict {
        let candidates = self.view.count(Section::Candidates);
        for bucket in set.buckets().iter() {
            let (first, end) = split(u64_at(self.view.bytes, self.view.offset(bucket)));
            let fine = first <= end && end <= candidates;
            self.ensure(
                fine,
                Section::Buckets,
                bucket.number(),
                "a bucket out of range",
            )?;
        }
        Ok(())
    }

    fn candidates(&self) -> Verdict {
        let view = &self.view;
        let mut segments = view.count(Section::Probes) > 0;
        self.all(
            "a candidate that is not well-formed",
            |_, candidate: Candidate| {
                segments |= candidate.mask != 0;
                true
            },
        )?;
        self.ensure(
            view.uses_segments() || !segments,
            Section::Candidates,
            0,
            "segments that the header does not know of",
        )?;
        self.all("a probe out of range", |_, probe: Probe| {
            usize::from(probe.start.max(probe.middle)) < MAX_SEGMENTS
        })
    }

    fn actions(&self) -> Verdict {
        let view = &self.view;
        let actions = view.count(Section::Actions);
        let entries = view.count(Section::ActionTable);
        let fine = entries == 0 || entries.is_power_of_two();
        self.ensure(
            fine,
            Section::ActionTable,
            0,
            "a table that is not a power of two",
        )?;
        // A record that the table leads to is an action or a service, of which there are fewer.
        self.all("an action out of range", |_, entry: ActionEntry| {
            entry.entry <= actions
        })?;
        let services = view.count(Section::Services);
        let fine = services <= actions;
        self.ensure(fine, Section::Services, 0, "services without actions")?;
        self.all(
            "a service that is not well-formed",
            |id, service: ServiceRecord| !service.name.is_empty() || id.next().number() == services,
        )?;
        self.all("an action out of range", |_, _: Fallback| true)
    }
}

/// The buckets of a set, and the number behind them.
fn bounds(set: &CandidateSet) -> Run<Bucket> {
    let buckets = set.buckets();
    Run {
        count: buckets.count + 1,
        ..buckets
    }
}
