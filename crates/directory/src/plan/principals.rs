//! What a decision needs of a user or a role, in one line of the processor's caches: whoever asks is somewhere
//! else in the memory than whoever asked before.

use portcullis_image::LayerSet;
use portcullis_model::Layer;
use portcullis_vm::KnownParts;

use crate::arn::Kind;
use crate::plan::key_sources::{Slots, TagClass};
use crate::plan::named_principals::NamedPrincipals;
use crate::plan::policy_sets::{PolicySetSummaries, PolicySetSummary};
use crate::store::ids::{AccountIdx, PartId, PrincipalIdx, Symbol};
use crate::store::tables::Principal;

/// A user or role, with identity policies and boundary.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct PrincipalSummary {
    /// A bit for each pattern for actions in the policies.
    pub(crate) filter: u64,
    pub(crate) account: AccountIdx,
    pub(crate) path: Symbol,
    pub(crate) name: Symbol,
    /// [`ROLE`] and the bits behind it.
    flags: u8,
    /// Bits for the layers, [`IDENTITY`] and [`BOUNDARY`], that are present, and above for those that allow
    /// everything.
    layers: u8,
    /// How many parts there are, or [`OVERFLOW`].
    count: u8,
    /// How many tags there are, or [`OVERFLOW`].
    tag_count: u8,
    /// From the start the parts, those of the boundary with [`OF_BOUNDARY`]; from the end the tags that policies
    /// look at, classes of names and values.
    places: [u32; PLACES],
}

const ROLE: u8 = 1;
const SERVICE_LINKED: u8 = 2;
/// Some policy names it by itself, not only by its account.
const NAMED: u8 = 4;
/// It is in another partition than others of its account.
const OTHER_PARTITION: u8 = 8;

const IDENTITY: u8 = 1;
const BOUNDARY: u8 = 2;
const ALLOWED: u8 = 2;
/// Above the number of any part: images of 4 GiB have fewer.
const OF_BOUNDARY: u32 = 1 << 31;
const PLACES: usize = 10;
const OVERFLOW: u8 = u8::MAX;

const _: () = assert!(size_of::<PrincipalSummary>() == 64);

impl PrincipalSummary {
    /// The profile of a user or role, after its policy sets have their rows.
    pub(crate) fn new(
        (rows, callers, slots): (&PolicySetSummaries, &NamedPrincipals, &Slots),
        (number, principal): (PrincipalIdx, &Principal),
        tags: &[(Symbol, Symbol)],
    ) -> PrincipalSummary {
        let flags = [
            (ROLE, principal.kind == Kind::Role),
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
            places: [0; PLACES],
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

    pub(crate) fn kind(&self) -> Kind {
        match self.flags & ROLE {
            0 => Kind::User,
            _ => Kind::Role,
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

    /// Takes the parts of identity policies or of a boundary, which are in no other layer.
    fn take(&mut self, rows: &PolicySetSummaries, row: &PolicySetSummary, (bit, mark): (u8, u32)) {
        let of = |layers: LayerSet| if layers.is_empty() { 0 } else { bit };
        self.layers |= of(row.present) | of(row.allowed) << ALLOWED;
        rows.for_parts(row, |_, part| {
            match self.places.get_mut(usize::from(self.count)) {
                Some(place) => {
                    *place = part.get() | mark;
                    self.count += 1;
                }
                None => self.count = OVERFLOW,
            }
        });
    }

    fn take_tags(&mut self, tags: impl Iterator<Item = (TagClass, Symbol)>) {
        let parts = match self.count {
            OVERFLOW => 0,
            count => usize::from(count),
        };
        let room = self.places.get_mut(parts..).unwrap_or(&mut []);
        let mut left = room.rchunks_exact_mut(2);
        for (class, value) in tags {
            match left.next() {
                Some(place) => place.copy_from_slice(&[class.get(), value.get()]),
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
        let tags = self.places.rchunks_exact(2).take(count);
        Some(tags.filter_map(|tag| match tag {
            [class, value] => Some((TagClass::new(*class), Symbol::new(*value))),
            _ => None,
        }))
    }

    /// Adds what the machine need not work out; false if the rows of its policy sets have to tell.
    #[inline]
    #[must_use]
    pub(crate) fn add_to(&self, known: &mut KnownParts) -> bool {
        if self.count == OVERFLOW {
            return false;
        }
        known.present |= LayerSet::from_bits(masks(self.layers));
        known.allowed |= LayerSet::from_bits(masks(self.layers >> ALLOWED));
        true
    }

    /// The parts, and the layer of each; none at all if the rows of its policy sets have to tell.
    #[inline]
    pub(crate) fn parts(&self) -> impl Iterator<Item = (u32, PartId)> + '_ {
        let parts = match self.count {
            OVERFLOW => &[],
            count => self.places.get(..usize::from(count)).unwrap_or(&[]),
        };
        parts.iter().map(|part| {
            let bit = if part & OF_BOUNDARY == 0 {
                IDENTITY
            } else {
                BOUNDARY
            };
            (masks(bit), PartId::new(part & !OF_BOUNDARY))
        })
    }
}

#[inline]
fn masks(bits: u8) -> u32 {
    let mask = |bit, layer| {
        if bits & bit != 0 {
            LayerSet::of(layer).bits()
        } else {
            0
        }
    };
    mask(IDENTITY, Layer::Identity) | mask(BOUNDARY, Layer::Boundary)
}
