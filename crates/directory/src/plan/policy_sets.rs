//! Policy sets that take part together, each with what a decision needs of it in one cache line.
//!
//! A decision meets up to six sets, and most say nothing about its action: a bit filter in the row tells that without
//! a look at the policies. Units that only allow everything, as `FullAWSAccess` does, become a bit of the row and are
//! never walked. Rows are worked out when images are stacked, in time linear in the sets and the statements.

use portcullis_image::{Id, LayerSet, StatementFlags, Unit, View};
use portcullis_vm::{UnitsSummary, unit_filter};

use crate::plan::dependencies::KeyDependencies;
use crate::plan::stack::ImageStack;
use crate::store::ids::{RowRange, SetsId, UnitId};
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
    /// How many units there are, or [`OVERFLOW`].
    count: u8,
    /// The layers of the units, if all have the same.
    layers: LayerSet,
    /// The units. If they are more, or their layers differ: where they begin in a list, and how many there are.
    units: [u32; INLINE],
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
        layers: LayerSet::EMPTY,
        units: [0; INLINE],
    };

    /// Adds what the machine need not work out.
    #[inline]
    pub(crate) fn add_to(&self, known: &mut UnitsSummary) {
        known.present |= self.present;
        known.public |= self.public;
        known.allowed |= self.allowed;
    }
}

/// As many units as fit into the line.
const INLINE: usize = 7;
/// Stands for a number of units that do not.
const OVERFLOW: u8 = u8::MAX;

/// The rows of all policy sets.
#[derive(Debug, Default)]
pub(crate) struct PolicySetSummaries {
    /// By the ids of the sets.
    rows: Vec<PolicySetSummary>,
    /// Layers and units of the sets that have many, see [`PolicySetSummary`].
    uses: Vec<(LayerSet, UnitId)>,
}

impl PolicySetSummaries {
    /// Goes on with the policy sets that the tables have more. `dependencies` has an entry for
    /// every unit.
    pub(crate) fn extend(
        &mut self,
        stack: &ImageStack,
        dependencies: &[KeyDependencies],
        tables: &Tables,
    ) {
        let units = stack
            .views()
            .flat_map(|view| view.ids().map(move |unit| UnitFacts::of(view, unit)));
        let mut maker = Summarizer {
            dependencies,
            known: units.collect(),
            uses: std::mem::take(&mut self.uses),
            units: Vec::new(),
        };
        let new = tables.sets().get(self.rows.len()..).unwrap_or(&[]);
        let rows = new.iter().map(|range| maker.row(tables.uses_of(*range)));
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

    /// Calls back with the units of policy sets, and the layers that each stands for. Units that say nothing beyond the summary are
    /// not among them.
    #[inline]
    pub(crate) fn for_units(
        &self,
        row: &PolicySetSummary,
        mut found: impl FnMut(LayerSet, UnitId),
    ) {
        match row.count {
            OVERFLOW => {
                let [start, count, ..] = row.units;
                let units = RowRange::new(start, count).of(&self.uses);
                units
                    .iter()
                    .for_each(|(layers, unit)| found(*layers, *unit));
            }
            count => {
                let units = row.units.get(..usize::from(count)).unwrap_or(&[]);
                units
                    .iter()
                    .for_each(|unit| found(row.layers, UnitId::new(*unit)));
            }
        }
    }
}

/// Whether a unit has a statement that allows everything.
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
    /// Looks at all statements of a unit.
    fn of(view: View<'_>, unit: &Unit) -> Allows {
        let mut found = Allows::Nothing;
        for statement in unit.statements.iter() {
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

/// What follows from a unit alone.
struct UnitFacts {
    record: Unit,
    /// A bit for each action pattern of its statements.
    filter: u64,
    /// Whether it allows everything, and whether it says more.
    allows: Allows,
}

impl UnitFacts {
    /// Worked out once for each unit, however many sets have it.
    fn of(view: View<'_>, unit: Id<Unit>) -> UnitFacts {
        let record = view.get(unit);
        UnitFacts {
            record,
            filter: unit_filter(view, unit),
            allows: Allows::of(view, &record),
        }
    }
}

/// Makes rows of sets, with what was found out of each unit.
struct Summarizer<'v> {
    dependencies: &'v [KeyDependencies],
    /// By unit.
    known: Vec<UnitFacts>,
    /// Layers and units of rows that do not hold them.
    uses: Vec<(LayerSet, UnitId)>,
    /// The units of one row.
    units: Vec<(LayerSet, UnitId)>,
}

impl Summarizer<'_> {
    /// The summary of a set. Units that say nothing beyond what the summary holds are left out, and a unit that is there in several
    /// layers is walked once for all of them.
    fn row(&mut self, uses: &[(LayerSet, UnitId)]) -> PolicySetSummary {
        let mut row = PolicySetSummary::NONE;
        self.units.clear();
        for (layers, unit) in uses {
            let Some(known) = self.known.get(unit.index()) else {
                continue;
            };
            let stands_for = known.record.layers & *layers;
            row.present |= stands_for;
            row.public |= known.record.public && layers.meets(LayerSet::RESOURCE);
            if matches!(known.allows, Allows::All | Allows::AllAndMore) {
                row.allowed |= stands_for;
            }
            if matches!(known.allows, Allows::All | Allows::Nothing) {
                continue;
            }
            let found = self.dependencies.get(unit.index()).copied();
            row.lists_principals |= found
                .unwrap_or(KeyDependencies::ALL)
                .meets(KeyDependencies::NAMES);
            row.filter |= known.filter;
            self.units.push((*layers, *unit));
        }
        // A policy that is attached at several levels is looked at once.
        self.units.sort_unstable_by_key(|(_, unit)| *unit);
        self.units.dedup_by(|next, kept| {
            let is_same = next.1 == kept.1;
            if is_same {
                kept.0 |= next.0;
            }
            is_same
        });
        let layers = self
            .units
            .first()
            .map_or(LayerSet::EMPTY, |(layers, _)| *layers);
        let is_even = self.units.iter().all(|(its, _)| *its == layers);
        let count = u8::try_from(self.units.len()).unwrap_or(OVERFLOW);
        if is_even && self.units.len() <= INLINE {
            row.layers = layers;
            row.count = count;
            for (word, (_, unit)) in row.units.iter_mut().zip(&self.units) {
                *word = unit.get();
            }
        } else {
            row.count = OVERFLOW;
            let [first, count, ..] = &mut row.units;
            let range = RowRange::between(self.uses.len(), self.uses.len() + self.units.len());
            (*first, *count) = (range.start(), range.count());
            self.uses.append(&mut self.units);
        }
        row
    }
}
