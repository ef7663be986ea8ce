//! Where an action leads in each part of the images, found out once for an action of many decisions.

use portcullis_vm::{Action, Entry};

use crate::compiled::Compiled;
use crate::model::NONE;

/// The statements that an action matches in the parts, by part. Parts without any take no room.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartEntries {
    /// A hash table with some empty slot; its length is a power of two.
    slots: Vec<Slot>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// [`NONE`] of an empty slot.
    part: u32,
    /// Where its entries begin; [`NONE`] if the part is to be looked at in another way.
    start: u32,
    count: u32,
    /// The layers in which it allows everything.
    allows: u32,
}

const EMPTY: Slot = Slot {
    part: NONE,
    start: 0,
    count: 0,
    allows: 0,
};

impl PartEntries {
    /// Takes time linear in the parts, and memory in their statements that match the action.
    pub(crate) fn new(compiled: &Compiled, action: &Action) -> PartEntries {
        let mut found = Vec::new();
        let mut entries = Vec::new();
        for part in 0..compiled.part_count() as u32 {
            let start = entries.len() as u32;
            let (image, number) = compiled.home(part);
            let Some(own) = compiled.images().get(image as usize) else {
                continue;
            };
            let allows = action.entries(image as usize, own.view(), number, &mut entries);
            let count = entries.len() as u32 - start;
            match allows {
                Some(0) if count == 0 => {}
                Some(allows) => found.push(Slot {
                    part,
                    start,
                    count,
                    allows,
                }),
                None => found.push(Slot {
                    part,
                    start: NONE,
                    ..EMPTY
                }),
            }
        }
        entries.shrink_to_fit();
        let places = (found.len() + found.len() / 2 + 1).next_power_of_two();
        let mut table = PartEntries {
            slots: vec![EMPTY; places],
            entries,
        };
        for slot in found {
            let mut place = table.place(slot.part);
            while let Some(taken) = table.slots.get_mut(place) {
                if taken.part == NONE {
                    *taken = slot;
                    break;
                }
                place = (place + 1) % places;
            }
        }
        table
    }

    #[inline]
    fn place(&self, part: u32) -> usize {
        // Fibonacci hashing spreads numbers that follow one another.
        let hash = u64::from(part).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        hash as usize & (self.slots.len().wrapping_sub(1))
    }

    /// The layers in which a part allows everything, and its statements; none if it is to be looked at in
    /// another way.
    #[inline]
    pub(crate) fn of(&self, part: u32) -> Option<(u32, &[Entry])> {
        let mut place = self.place(part);
        while let Some(slot) = self.slots.get(place) {
            if slot.part == part {
                let start = slot.start as usize;
                let entries = self.entries.get(start..start + slot.count as usize)?;
                return Some((slot.allows, entries));
            }
            if slot.part == NONE {
                break;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
        Some((0, &[]))
    }
}
