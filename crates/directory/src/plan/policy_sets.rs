//! Policy sets that take part together, each with what a decision needs of it in one cache line.
//!
//! A decision meets up to six sets, and most say nothing about its action: a bit filter in the row tells that without
//! a look at the policies. Parts that only allow everything, as `FullAWSAccess` does, become a bit of the row and are
//! never walked. Rows are worked out when images are stacked, in time linear in the sets and the statements.

use portcullis_image::{Id, LayerSet, Part, StatementFlags, View};
use portcullis_vm::{KnownParts, part_filter};

use crate::plan::dependencies::KeyDependencies;
use crate::plan::stack::ImageStack;
use crate::store::ids::{PartId, Run, SetsId};
use crate::store::tables::Tables;

/// Policy sets that take part together, with what follows from them: what a decision needs, in one place of
/// the memory.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct PolicySetSummary {
    /// The layers that are present.
    pub(crate) present: LayerSet,
    /// The layers in which a statement without condition allows everything.
    pub(crate) allowed: LayerSet,
    /// A bit for each pattern for actions in them.
    pub(crate) filter: u64,
    /// A resource policy among them is public.
    pub(crate) public: bool,
    /// Some statement lists principals.
    pub(crate) lists_principals: bool,
    count: u8,
    /// The layers of the parts, if all have the same.
    layers: u32,
    /// The parts. If they are more, or their layers differ: where they begin in a list, and how many there are.
    parts: [u32; INLINE],
}

impl PolicySetSummary {
    /// Of no policies at all.
    pub(crate) const NONE: PolicySetSummary = PolicySetSummary {
        present: LayerSet::EMPTY,
        allowed: LayerSet::EMPTY,
        filter: 0,
        public: false,
        lists_principals: false,
        count: 0,
        layers: 0,
        parts: [0; INLINE],
    };

    /// Adds what the machine need not work out.
    #[inline]
    pub(crate) fn add_to(&self, known: &mut KnownParts) {
        known.present |= self.present;
        known.public |= self.public;
        known.allowed |= self.allowed;
    }
}

/// As many parts as fit into the line.
const INLINE: usize = 7;
/// Stands for a number of parts that do not.
const OVERFLOW: u8 = u8::MAX;

/// The rows of all policy sets.
#[derive(Debug, Default)]
pub(crate) struct PolicySetSummaries {
    /// By the ids of the sets.
    rows: Vec<PolicySetSummary>,
    /// Layers and parts of the sets that have many, see [`PolicySetSummary`].
    uses: Vec<(u32, PartId)>,
}

impl PolicySetSummaries {
    /// Goes on with the policy sets that the tables have more. `dependencies` has an entry for
    /// every part.
    pub(crate) fn extend(
        &mut self,
        stack: &ImageStack,
        dependencies: &[KeyDependencies],
        tables: &Tables,
    ) {
        let parts = stack
            .views()
            .flat_map(|view| view.ids().map(move |part| PartFacts::of(view, part)));
        let mut maker = Summarizer {
            dependencies,
            known: parts.collect(),
            uses: std::mem::take(&mut self.uses),
            parts: Vec::new(),
        };
        let new = tables.sets().get(self.rows.len()..).unwrap_or(&[]);
        let rows = new.iter().map(|run| maker.row(tables.uses_of(*run)));
        self.rows.extend(rows);
        self.uses = maker.uses;
    }

    /// The row of policy sets.
    #[inline]
    pub(crate) fn get(&self, sets: SetsId) -> &PolicySetSummary {
        self.rows
            .get(sets.index())
            .unwrap_or(&PolicySetSummary::NONE)
    }

    /// Calls back with the parts of policy sets, and the layers that each stands for.
    #[inline]
    pub(crate) fn for_parts(&self, row: &PolicySetSummary, mut found: impl FnMut(u32, PartId)) {
        match row.count {
            OVERFLOW => {
                let [start, count, ..] = row.parts;
                let parts = Run::new(start, count).of(&self.uses);
                parts
                    .iter()
                    .for_each(|(layers, part)| found(*layers, *part));
            }
            count => {
                let parts = row.parts.get(..usize::from(count)).unwrap_or(&[]);
                parts
                    .iter()
                    .for_each(|part| found(row.layers, PartId::new(*part)));
            }
        }
    }
}

/// Whether a part has a statement that allows everything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allows {
    /// None that does so without condition.
    Some,
    /// One that does, and others.
    AllAndMore,
    /// Such alone: it says nothing that [`PolicySetSummary`] does not hold.
    All,
    /// No statement at all, nor does it say more.
    Nothing,
}

impl Allows {
    /// Looks at all statements of a part.
    fn of(view: View<'_>, part: &Part) -> Allows {
        let mut found = Allows::Nothing;
        for statement in part.statements.iter() {
            let own = view.get(statement);
            let is_all = own.flags == StatementFlags::default()
                && (own.actions.is_any() && own.resources.is_any())
                && (own.principals.is_unsaid() && own.guard.is_none());
            found = match (found, is_all) {
                (Allows::Nothing | Allows::All, true) => Allows::All,
                (Allows::Nothing | Allows::Some, false) => Allows::Some,
                _ => Allows::AllAndMore,
            };
        }
        found
    }
}

/// What follows from a part alone.
struct PartFacts {
    record: Part,
    filter: u64,
    allows: Allows,
}

impl PartFacts {
    /// Worked out once for each part, however many sets have it.
    fn of(view: View<'_>, part: Id<Part>) -> PartFacts {
        let record = view.get(part);
        PartFacts {
            record,
            filter: part_filter(view, part),
            allows: Allows::of(view, &record),
        }
    }
}

/// Makes rows of sets.
struct Summarizer<'v> {
    dependencies: &'v [KeyDependencies],
    known: Vec<PartFacts>,
    uses: Vec<(u32, PartId)>,
    /// The parts of one row.
    parts: Vec<(u32, PartId)>,
}

impl Summarizer<'_> {
    /// The summary of a set. Parts that say nothing beyond what the summary holds are left out, and a part that is there in several
    /// layers is walked once for all of them.
    fn row(&mut self, uses: &[(u32, PartId)]) -> PolicySetSummary {
        let mut row = PolicySetSummary::NONE;
        self.parts.clear();
        for (layers, part) in uses {
            let Some(known) = self.known.get(part.index()) else {
                continue;
            };
            let set = LayerSet::from_bits(*layers);
            let stands_for = known.record.layers & set;
            row.present |= stands_for;
            row.public |= known.record.public && set.meets(LayerSet::RESOURCE);
            if matches!(known.allows, Allows::All | Allows::AllAndMore) {
                row.allowed |= stands_for;
            }
            if matches!(known.allows, Allows::All | Allows::Nothing) {
                continue;
            }
            let found = self.dependencies.get(part.index()).copied();
            row.lists_principals |= found
                .unwrap_or(KeyDependencies::ALL)
                .meets(KeyDependencies::NAMES);
            row.filter |= known.filter;
            self.parts.push((*layers, *part));
        }
        // A policy that is attached at several levels is looked at once.
        self.parts.sort_unstable_by_key(|(_, part)| *part);
        self.parts.dedup_by(|next, kept| {
            let is_same = next.1 == kept.1;
            if is_same {
                kept.0 |= next.0;
            }
            is_same
        });
        let layers = self.parts.first().map_or(0, |(layers, _)| *layers);
        let is_even = self.parts.iter().all(|(its, _)| *its == layers);
        let count = u8::try_from(self.parts.len()).unwrap_or(OVERFLOW);
        if is_even && self.parts.len() <= INLINE {
            row.layers = layers;
            row.count = count;
            for (word, (_, part)) in row.parts.iter_mut().zip(&self.parts) {
                *word = part.get();
            }
        } else {
            row.count = OVERFLOW;
            let [first, count, ..] = &mut row.parts;
            let run = Run::between(self.uses.len(), self.uses.len() + self.parts.len());
            (*first, *count) = (run.start(), run.count());
            self.uses.append(&mut self.parts);
        }
        row
    }
}
