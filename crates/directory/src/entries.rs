//! Where an action leads in each part of the images, found out once for an action of many decisions.

use portcullis_image::Id;
use portcullis_vm::{Action, Entry, ImageIdx};

use crate::compiled::Compiled;

/// The statements that an action matches in the parts, by part. A part without any takes a byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartEntries {
    /// How many parts there are.
    parts: u32,
    octets: Vec<Octet>,
    /// Where the entries of each part that has some begin, and where those of the last end.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

/// What eight parts have. Not more: there are processors that cannot count the bits of a word at once.
#[derive(Clone, Copy, Debug, Default)]
struct Octet {
    /// How many parts before these have a bit.
    before: u32,
    /// A bit for each that has entries, or is to be looked at in another way.
    found: u8,
    /// A bit for each that is to be looked at in another way.
    other: u8,
}

impl PartEntries {
    /// Goes on with the parts that were compiled since. Takes time linear in these, and memory in their
    /// statements that match the action.
    pub(crate) fn extend(&mut self, compiled: &Compiled, action: &Action) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        let first = self.parts;
        self.parts = compiled.part_count() as u32;
        for part in first..self.parts {
            let (image, number) = compiled.home(part);
            let own = compiled.images().get(image as usize);
            let start = self.entries.len();
            let is_told = own.is_some_and(|own| {
                let (image, part) = (ImageIdx(image), Id::new(number));
                action.entries(image, own.view(), part, &mut self.entries)
            });
            let is_found = !is_told || self.entries.len() > start;
            if part % 8 == 0 {
                self.octets.push(Octet {
                    before: self.starts.len() as u32 - 1,
                    ..Octet::default()
                });
            }
            if let (Some(octet), true) = (self.octets.last_mut(), is_found) {
                let bit = 1 << (part % 8);
                octet.found |= bit;
                octet.other |= if is_told { 0 } else { bit };
                self.starts.push(self.entries.len() as u32);
            }
        }
        self.starts.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// The statements of a part; none if it is to be looked at in another way.
    #[inline]
    pub(crate) fn of(&self, part: u32) -> Option<&[Entry]> {
        let octet = self.octets.get(part as usize / 8)?;
        let bit = 1 << (part % 8);
        if octet.found & bit == 0 {
            return Some(&[]);
        }
        if octet.other & bit != 0 {
            return None;
        }
        let place = (octet.before + (octet.found & (bit - 1)).count_ones()) as usize;
        let [start, end] = *self.starts.get(place..place + 2)?.first_chunk()?;
        self.entries.get(start as usize..end as usize)
    }
}
