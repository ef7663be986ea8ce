//! The validator of the index.

use crate::index::{Group, MAX_PROBES, MAX_SEGMENTS, WHOLE_HEAD};
use crate::section::Section;
use crate::validate::{Checked, Checker, in_range};

impl Checker<'_> {
    /// Every number of the index is in range and every table can be searched. That the index knows
    /// all candidates is the compiler's promise, like the statements themselves.
    pub(crate) fn index(&self) -> Checked {
        self.nodes()?;
        self.candidates()?;
        self.actions()
    }

    fn nodes(&self) -> Checked {
        let view = &self.view;
        let groups = view.count(Section::Groups);
        let node_groups = view.count(Section::NodeGroups);
        for index in 0..view.count(Section::Nodes) {
            let node = view.node(index);
            let fine = in_range(node.groups, node.count, node_groups);
            self.ensure(fine, Section::Nodes, index, "a node out of range")?;
        }
        for index in 0..node_groups {
            let fine = view.node_group(index) < groups;
            self.ensure(fine, Section::NodeGroups, index, "a group out of range")?;
        }
        // Groups have buckets of their own, so that checking them takes linear time.
        let mut next_bucket = 0;
        for index in 0..groups {
            let group = view.group(index);
            let probe_count = u32::from(group.probe_count);
            let buckets = view.count(Section::Buckets);
            let fine = in_range(group.start, group.count, view.count(Section::Candidates))
                && in_range(group.probes, probe_count, view.count(Section::Probes))
                && usize::from(group.probe_count) <= MAX_PROBES
                && group.allows & !view.layers() == 0
                && (probe_count == 0
                    || (1..=Group::MAX_BITS).contains(&group.bits)
                        && group.buckets >= next_bucket
                        && in_range(group.buckets, (1 << group.bits) + 1, buckets));
            self.ensure(fine, Section::Groups, index, "a group out of range")?;
            if probe_count > 0 {
                self.buckets(&group)?;
                next_bucket = group.buckets + (1 << group.bits) + 1;
            }
        }
        Ok(())
    }

    /// The buckets of a group are behind each other, so that none has more candidates than there are.
    fn buckets(&self, group: &Group) -> Checked {
        for bucket in group.buckets..group.buckets + (1 << group.bits) {
            let (first, end) = self.view.bucket(bucket);
            let fine = first <= end && end <= self.view.count(Section::Candidates);
            self.ensure(fine, Section::Buckets, bucket, "a bucket out of range")?;
        }
        Ok(())
    }

    fn candidates(&self) -> Checked {
        let view = &self.view;
        let statements = view.count(Section::Statements);
        let candidates = view.count(Section::Candidates);
        for index in 0..candidates {
            let candidate = view.candidate(index);
            let fine = candidate.statement < statements
                && (candidate.pattern >= WHOLE_HEAD
                    || candidate.pattern < view.count(Section::Patterns));
            self.ensure(
                fine,
                Section::Candidates,
                index,
                "a candidate that is not well-formed",
            )?;
        }
        let segments = view.count(Section::Probes) > 0
            || (0..candidates).any(|index| view.candidate(index).mask != 0);
        self.ensure(
            view.uses_segments() || !segments,
            Section::Candidates,
            0,
            "segments that the header does not know of",
        )?;
        for index in 0..view.count(Section::Probes) {
            let probe = view.probe(index);
            let fine = usize::from(probe.start.max(probe.middle)) < MAX_SEGMENTS;
            self.ensure(fine, Section::Probes, index, "a probe out of range")?;
        }
        Ok(())
    }

    fn actions(&self) -> Checked {
        let view = &self.view;
        let actions = view.count(Section::Actions);
        let places = view.count(Section::ActionTable);
        let fine = places == 0 || places.is_power_of_two();
        self.ensure(
            fine,
            Section::ActionTable,
            0,
            "a table that is not a power of two",
        )?;
        // A record that the table leads to is an action or a service, of which there are fewer.
        for index in 0..places {
            let (_, entry) = view.action_entry(index);
            let fine = entry <= actions;
            self.ensure(fine, Section::ActionTable, index, "an action out of range")?;
        }
        let services = view.count(Section::Services);
        let fine = services <= actions;
        self.ensure(fine, Section::Services, 0, "services without actions")?;
        for index in 0..services {
            let service = view.service(index);
            let fine = self.is_text(service.name)
                && (service.name.len > 0 || index + 1 == services)
                && in_range(
                    service.residue,
                    service.residue_count,
                    view.count(Section::Residue),
                );
            self.ensure(
                fine,
                Section::Services,
                index,
                "a service that is not well-formed",
            )?;
        }
        for index in 0..view.count(Section::Residue) {
            let fine = view.residue(index) < actions;
            self.ensure(fine, Section::Residue, index, "an action out of range")?;
        }
        Ok(())
    }
}
