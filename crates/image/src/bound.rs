//! How much work a decision can be.

use crate::index::{Group, MAX_SEGMENTS, MAX_START};
use crate::record::PatternKind;
use crate::section::Section;
use crate::view::View;

/// The most that a decision has to look at, whatever the request, in the part of the image where it is
/// most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Patterns for actions that are tried one by one, when an action is resolved.
    pub patterns: u64,
    /// Candidates that are scanned.
    pub scanned: u64,
    /// Places of the hash table that a resource of very many segments leads to.
    pub probes: u64,
    /// Candidates at the fullest of these places.
    pub in_bucket: u64,
}

impl View<'_> {
    /// The bound; without index it is the number of statements. Takes time linear in the index.
    pub fn bound(&self) -> Bound {
        if !self.has_index() {
            return Bound {
                scanned: u64::from(self.count(Section::Statements)),
                ..Bound::default()
            };
        }
        let mut bound = Bound {
            patterns: u64::from(self.count(Section::Residue)),
            ..Bound::default()
        };
        for number in 0..self.count(Section::Groups) {
            let group = self.group(number);
            let buckets = match group.probe_count {
                0 => 0,
                _ => 1_u32.wrapping_shl(u32::from(group.bits)),
            };
            for bucket in group.buckets..group.buckets.saturating_add(buckets) {
                let (first, end) = self.bucket(bucket);
                let count = u64::from(end.saturating_sub(first));
                bound.in_bucket = bound.in_bucket.max(count);
            }
        }
        for index in 0..self.count(Section::Parts) {
            let part = self.part(index);
            let rest = self.work(part.rest, part.rest_count);
            // A node that starts no other's chain is added to one that does: a pattern that is neither
            // a name nor a start matches beside it.
            let mut most = rest;
            let mut beside = (0, 0);
            for number in part.nodes..part.nodes.saturating_add(part.node_count) {
                let node = self.node(number);
                let work = self.work(node.groups, node.count);
                if self.is_residue(node.action) {
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

    /// Candidates that are scanned and places that are looked at for some groups.
    fn work(&self, groups: u32, count: u32) -> (u64, u64) {
        let groups =
            (groups..groups.saturating_add(count)).map(|at| self.group(self.node_group(at)));
        groups.fold((0, 0), |(scanned, probes), group| {
            (
                scanned + u64::from(group.count),
                probes + self.probes(&group),
            )
        })
    }

    fn probes(&self, group: &Group) -> u64 {
        let probes = group.probes..group.probes.saturating_add(u32::from(group.probe_count));
        let places = probes.map(|index| match self.probe(index).middle {
            0 => 1,
            _ => MAX_SEGMENTS as u64,
        });
        places.sum()
    }

    /// True if a pattern for actions is one of those that are tried one by one.
    fn is_residue(&self, action: u32) -> bool {
        let action = self.action(action);
        let (service, name) = (self.pattern(action.service), self.pattern(action.name));
        let has_service = service.kind == PatternKind::Exact && service.literal.len > 0;
        let looked_up = match name.kind {
            PatternKind::Exact => true,
            PatternKind::Prefix => (name.literal.len as usize) < MAX_START,
            PatternKind::Tokens => false,
        };
        !(has_service && looked_up)
    }
}
