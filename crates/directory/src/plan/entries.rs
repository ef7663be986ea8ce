//! Where an action leads in each unit of the images, found out once for an action of many decisions.
//!
//! Most units have no statement for an action, and a directory has very many units: so units are bits, eight to a record,
//! and only those that are set have entries. That is a byte for each unit and action instead of eight, and finding a unit's
//! entries is a count of bits.

use portcullis_vm::{Action, StatementEntry};

use crate::plan::stack::ImageStack;
use crate::store::ids::{UnitId, index, number};

/// The statements that an action matches in the units, by unit. A unit without any takes a byte, one with some
/// statements five, and 32 for each of these.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnitEntries {
    /// How many units there are.
    units: usize,
    /// Eight units each.
    octets: Vec<Octet>,
    /// Where the entries of each unit that has some begin, and where those of the last end.
    starts: Vec<u32>,
    /// Unit by unit, without gaps.
    entries: Vec<StatementEntry>,
}

/// What eight units have. Not more: there are processors that cannot count the bits of a word at once.
#[derive(Clone, Copy, Debug, Default)]
struct Octet {
    /// How many units before these have a bit.
    before: u32,
    /// A bit for each that has entries, or is to be looked at in another way.
    found: u8,
    /// A bit for each that is to be looked at in another way.
    other: u8,
}

impl UnitEntries {
    /// Goes on with the units that were compiled since. Takes time linear in these, and memory in their
    /// statements that match the action.
    pub(crate) fn extend(&mut self, stack: &ImageStack, action: &Action) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        let first = self.units;
        self.units = stack.unit_count();
        for unit in first..self.units {
            let located = stack.locate(UnitId::at(unit));
            let start = self.entries.len();
            let is_told = located.is_some_and(|located| {
                action.entries(located.image, located.view, located.unit, &mut self.entries)
            });
            let is_found = !is_told || self.entries.len() > start;
            if unit % 8 == 0 {
                self.octets.push(Octet {
                    before: number(self.starts.len() - 1),
                    ..Octet::default()
                });
            }
            if let (Some(octet), true) = (self.octets.last_mut(), is_found) {
                let bit = 1 << (unit % 8);
                octet.found |= bit;
                octet.other |= if is_told { 0 } else { bit };
                self.starts.push(number(self.entries.len()));
            }
        }
        self.starts.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// The statements of a unit; none if it is to be looked at in another way.
    #[inline]
    pub(crate) fn of(&self, unit: UnitId) -> Option<&[StatementEntry]> {
        let octet = self.octets.get(unit.index() / 8)?;
        let bit = 1 << (unit.get() % 8);
        if octet.found & bit == 0 {
            return Some(&[]);
        }
        if octet.other & bit != 0 {
            return None;
        }
        let position = index(octet.before + (octet.found & (bit - 1)).count_ones());
        let [start, end] = *self.starts.get(position..position + 2)?.first_chunk()?;
        self.entries.get(index(start)..index(end))
    }
}
