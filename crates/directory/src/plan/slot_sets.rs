//! Sets of slots, each stored once.
//!
//! [`crate::plan::dependencies`] unites sets millions of times, of which few differ. A hostile image could still make many,
//! so that a set of more than [`MOST`] slots is taken to hold all: memory stays linear, and the answer errs on the side that
//! costs only time.

use std::collections::HashMap;

use portcullis_image::{Id, Slot};

use crate::store::ids::{index, number};

/// The number of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct SetId(u32);

/// Sets of slots of an image. However they are made, a set takes little room: one of more than [`MOST`] slots is
/// taken to hold all. Unions are remembered, since the same two sets meet again and again.
#[derive(Debug)]
pub(crate) struct SlotSets {
    /// The first is empty, the second holds all.
    sets: Vec<Vec<Id<Slot>>>,
    /// The number of each set that is stored.
    ids: HashMap<Vec<Id<Slot>>, SetId>,
    /// What was united before.
    unions: HashMap<(SetId, SetId), SetId>,
    /// How many slots the image has.
    slots: u32,
}

/// Beyond this a set counts as all. Policies that read more keys in one statement are rare, and gain little from the set.
const MOST: usize = 16;

impl SlotSets {
    /// Of an image with so many slots.
    pub(crate) fn new(slots: u32) -> SlotSets {
        SlotSets {
            sets: vec![Vec::new(), (0..slots).map(Id::new).collect()],
            ids: HashMap::from([(Vec::new(), SlotSets::EMPTY)]),
            unions: HashMap::new(),
            slots,
        }
    }

    /// Without any slot.
    pub(crate) const EMPTY: SetId = SetId(0);
    /// With all slots.
    pub(crate) const ALL: SetId = SetId(1);

    /// The slots of a set.
    #[inline]
    pub(crate) fn of(&self, set: SetId) -> &[Id<Slot>] {
        self.sets.get(index(set.0)).map_or(&[], Vec::as_slice)
    }

    /// The set of one slot; all if there is no such slot.
    pub(crate) fn single(&mut self, slot: Id<Slot>) -> SetId {
        match slot.number() < self.slots {
            true => self.intern(vec![slot]),
            false => SlotSets::ALL,
        }
    }

    /// What is in one or the other.
    pub(crate) fn union(&mut self, left: SetId, right: SetId) -> SetId {
        match (left, right) {
            (left, right) if left == right => return left,
            (SlotSets::EMPTY, set) | (set, SlotSets::EMPTY) => return set,
            (SlotSets::ALL, _) | (_, SlotSets::ALL) => return SlotSets::ALL,
            _ => {}
        }
        if let Some(known) = self.unions.get(&(left, right)) {
            return *known;
        }
        let mut all = [self.of(left), self.of(right)].concat();
        all.sort_unstable();
        all.dedup();
        let set = match all.len() > MOST {
            true => SlotSets::ALL,
            false => self.intern(all),
        };
        self.unions.insert((left, right), set);
        set
    }

    /// The id of a set of slots, which are sorted.
    fn intern(&mut self, slots: Vec<Id<Slot>>) -> SetId {
        if let Some(known) = self.ids.get(&slots) {
            return *known;
        }
        let id = SetId(number(self.sets.len()));
        self.sets.push(slots.clone());
        self.ids.insert(slots, id);
        id
    }
}
