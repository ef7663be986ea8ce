//! Per-principal summary, packed into one cache line.
//!
//! Whoever asks is mostly not who asked before, so a decision about one of a million principals waits for memory. Everything
//! that it needs of a user or role is in 64 bytes:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | a bit for each action pattern of its policies: whether they can say anything about an action |
//! | 12 | account, path and name, of which its ARN is made |
//! | 4 | kind and flags, layers that are present or allow everything, how many units and tags there are |
//! | 40 | ten words: units from the start, tags that policies read from the end, two words each |
//!
//! Principals with more than fits say so ([`OVERFLOW`]), and the tables are asked. More room would be a second cache line and a
//! second miss for everybody, to spare a few a detour. Summaries are made of the tables and the plan in time linear in the
//! principals, and made anew after an update.

use portcullis_image::LayerSet;
use portcullis_vm::UnitsSummary;

use crate::arn::EntityKind;
use crate::plan::key_sources::{PlannedSlots, TagClass};
use crate::plan::named_principals::NamedPrincipals;
use crate::plan::policy_sets::{PolicySetSummaries, PolicySetSummary};
use crate::store::ids::{AccountIdx, PrincipalIdx, Symbol, UnitId};
use crate::store::tables::PrincipalRow;

/// A user or role, with identity policies and boundary.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct PrincipalSummary {
    /// A bit for each pattern for actions in the policies.
    pub(crate) filter: u64,
    /// Its account: names and organization are found there.
    pub(crate) account: AccountIdx,
    /// Of its ARN, with slashes at both ends.
    pub(crate) path: Symbol,
    /// Of its ARN, as the dump spells it.
    pub(crate) name: Symbol,
    /// [`ROLE`] and the bits behind it.
    flags: u8,
    /// Bits for the layers, [`IDENTITY`] and [`BOUNDARY`], that are present, and above for those that allow
    /// everything.
    layers: u8,
    /// How many units there are, or [`OVERFLOW`].
    count: u8,
    /// How many tags there are, or [`OVERFLOW`].
    tag_count: u8,
    /// From the start the units, those of the boundary with [`OF_BOUNDARY`]; from the end the tags that policies
    /// look at, classes of names and values.
    words: [u32; WORDS],
}

/// It is a role, not a user.
const ROLE: u8 = 1;
/// It is a role that is linked to a service (`EVAL-54`).
const SERVICE_LINKED: u8 = 2;
/// Some policy names it by itself, not only by its account.
const NAMED: u8 = 4;
/// It is in another partition than others of its account.
const OTHER_PARTITION: u8 = 8;

/// The bits of the layers. Only these two are a principal's own.
const IDENTITY: u8 = 1;
/// The permissions boundary.
const BOUNDARY: u8 = 2;
/// By how much the bits of layers that allow everything are shifted.
const ALLOWED: u8 = 2;
/// Above the number of any unit: images of 4 GiB have fewer.
const OF_BOUNDARY: u32 = 1 << 31;
/// What is left of 64 bytes.
const WORDS: usize = 10;
/// Stands for a number that does not fit.
const OVERFLOW: u8 = u8::MAX;

const _: () = assert!(size_of::<PrincipalSummary>() == 64);

impl PrincipalSummary {
    /// The summary of a user or role. Its policy sets need to have theirs already.
    ///
    /// Units come first and tags get what room is left, because every decision looks at units and few at tags.
    pub(crate) fn new(
        (rows, callers, slots): (&PolicySetSummaries, &NamedPrincipals, &PlannedSlots),
        (number, principal): (PrincipalIdx, &PrincipalRow),
        tags: &[(Symbol, Symbol)],
    ) -> PrincipalSummary {
        let flags = [
            (ROLE, principal.kind == EntityKind::Role),
            (SERVICE_LINKED, principal.is_service_linked),
            (NAMED, callers.is_named(number)),
            (OTHER_PARTITION, !callers.has_partition(principal)),
        ];
        let flags = flags.iter().filter(|(_, is_so)| *is_so);
        let mut summary = PrincipalSummary {
            filter: 0,
            account: principal.account,
            path: principal.path,
            name: principal.name,
            flags: flags.fold(0, |all, (bit, _)| all | bit),
            layers: 0,
            count: 0,
            tag_count: 0,
            words: [0; WORDS],
        };
        let sets = [
            (principal.identity, IDENTITY, 0),
            (principal.boundary, BOUNDARY, OF_BOUNDARY),
        ];
        for (sets, bit, mark) in sets {
            let row = rows.get(sets);
            summary.filter |= row.filter;
            summary.take(rows, row, (bit, mark));
        }
        let tags = tags.iter();
        summary.take_tags(tags.filter_map(|(name, value)| Some((slots.class(*name)?, *value))));
        summary
    }

    /// Whether it is a user or a role.
    pub(crate) fn kind(&self) -> EntityKind {
        match self.flags & ROLE {
            0 => EntityKind::User,
            _ => EntityKind::Role,
        }
    }

    /// It is a role that is linked to a service (`EVAL-54`).
    pub(crate) fn is_service_linked(&self) -> bool {
        self.flags & SERVICE_LINKED != 0
    }

    /// Some policy names it by itself, not only by its account.
    pub(crate) fn is_named(&self) -> bool {
        self.flags & NAMED != 0
    }

    /// It is in another partition than others of its account.
    pub(crate) fn is_in_other_partition(&self) -> bool {
        self.flags & OTHER_PARTITION != 0
    }

    /// Takes the units of identity policies or of a boundary, which are in no other layer. Says that there are too many if they do
    /// not fit.
    fn take(&mut self, rows: &PolicySetSummaries, row: &PolicySetSummary, (bit, mark): (u8, u32)) {
        let of = |layers: LayerSet| if layers.is_empty() { 0 } else { bit };
        self.layers |= of(row.present) | of(row.allowed) << ALLOWED;
        rows.for_units(row, |_, unit| {
            match self.words.get_mut(usize::from(self.count)) {
                Some(word) => {
                    *word = unit.get() | mark;
                    self.count += 1;
                }
                None => self.count = OVERFLOW,
            }
        });
    }

    /// Takes tags from the end, two words each, until the units are reached.
    fn take_tags(&mut self, tags: impl Iterator<Item = (TagClass, Symbol)>) {
        let units = match self.count {
            OVERFLOW => 0,
            count => usize::from(count),
        };
        let room = self.words.get_mut(units..).unwrap_or(&mut []);
        let mut left = room.rchunks_exact_mut(2);
        for (class, value) in tags {
            match left.next() {
                Some(word) => word.copy_from_slice(&[class.get(), value.get()]),
                None => {
                    self.tag_count = OVERFLOW;
                    return;
                }
            }
            self.tag_count += 1;
        }
    }

    /// The tags that policies look at, classes of names and values; none if they are elsewhere.
    #[inline]
    pub(crate) fn tags(&self) -> Option<impl Iterator<Item = (TagClass, Symbol)>> {
        let count = match self.tag_count {
            OVERFLOW => return None,
            count => usize::from(count),
        };
        let tags = self.words.rchunks_exact(2).take(count);
        Some(tags.filter_map(|tag| match tag {
            [class, value] => Some((TagClass::new(*class), Symbol::new(*value))),
            _ => None,
        }))
    }

    /// Adds what the machine need not work out; false if the rows of its policy sets have to tell.
    #[inline]
    #[must_use]
    pub(crate) fn add_to(&self, known: &mut UnitsSummary) -> bool {
        if self.count == OVERFLOW {
            return false;
        }
        known.present |= layers_of(self.layers);
        known.allowed |= layers_of(self.layers >> ALLOWED);
        true
    }

    /// The units, and the layer of each; none at all if the rows of its policy sets have to tell.
    #[inline]
    pub(crate) fn units(&self) -> impl Iterator<Item = (LayerSet, UnitId)> + '_ {
        let units = match self.count {
            OVERFLOW => &[],
            count => self.words.get(..usize::from(count)).unwrap_or(&[]),
        };
        units.iter().map(|unit| {
            let bit = if unit & OF_BOUNDARY == 0 {
                IDENTITY
            } else {
                BOUNDARY
            };
            (layers_of(bit), UnitId::new(unit & !OF_BOUNDARY))
        })
    }
}

/// The set of the layers whose bits are given.
#[inline]
fn layers_of(bits: u8) -> LayerSet {
    let one = |bit, layer| {
        if bits & bit != 0 {
            layer
        } else {
            LayerSet::EMPTY
        }
    };
    one(IDENTITY, LayerSet::IDENTITY) | one(BOUNDARY, LayerSet::BOUNDARY)
}
