//! The validator of the index.
//!
//! Every number is in range and every table can be searched in bounded time, whatever the content: sets have buckets of their
//! own, buckets rise, and the table of actions is a power of two. It takes time linear in the index.

use crate::id::{Id, Run};
use crate::index::{MAX_PROBES, MAX_SEGMENTS};
use crate::record::{
    ActionEntry, ActionPostings, Bucket, Candidate, CandidateSet, Fallback, Posting, Probe,
    ServiceRecord,
};
use crate::section::Section;
use crate::validate::{Checker, Validated};
use crate::wire::split;
use crate::wire::u64_at;

impl Checker<'_> {
    /// Every number of the index is in range and every table can be searched. That the index knows
    /// all candidates is the compiler's promise, like the statements themselves.
    pub(crate) fn index(&self) -> Validated {
        self.candidate_sets()?;
        self.candidates()?;
        self.actions()
    }

    /// Postings, and the sets that they lead to.
    fn candidate_sets(&self) -> Validated {
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
    fn buckets(&self, set: &CandidateSet) -> Validated {
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

    /// Candidates and probes, and that the header says whether segments tell candidates apart.
    fn candidates(&self) -> Validated {
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

    /// The table of actions, the services, and the patterns that are tried one by one.
    fn actions(&self) -> Validated {
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
