//! Where an action leads in each part of the images, found out once for an action of many decisions.

use portcullis_vm::{Action, Entry};

use crate::compiled::Compiled;

/// The statements that an action matches in the parts, by part. Parts without any take a bit.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartEntries {
    /// How many parts there are.
    parts: u32,
    words: Vec<Word>,
    /// Where the entries of each part that has some begin, and where those of the last end.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

/// What 64 parts have.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// A bit for each that has entries, or is to be looked at in another way.
    found: u64,
    /// A bit for each that is to be looked at in another way.
    other: u64,
    /// How many parts before these have a bit.
    before: u32,
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
                action.entries(image as usize, own.view(), number, &mut self.entries)
            });
            let is_found = !is_told || self.entries.len() > start;
            if part % 64 == 0 {
                self.words.push(Word {
                    before: self.starts.len() as u32 - 1,
                    ..Word::default()
                });
            }
            if let (Some(word), true) = (self.words.last_mut(), is_found) {
                let bit = 1 << (part % 64);
                word.found |= bit;
                word.other |= if is_told { 0 } else { bit };
                self.starts.push(self.entries.len() as u32);
            }
        }
        self.starts.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// The statements of a part; none if it is to be looked at in another way.
    #[inline]
    pub(crate) fn of(&self, part: u32) -> Option<&[Entry]> {
        let word = self.words.get(part as usize / 64)?;
        let bit = 1 << (part % 64);
        if word.found & bit == 0 {
            return Some(&[]);
        }
        if word.other & bit != 0 {
            return None;
        }
        let place = (word.before + (word.found & (bit - 1)).count_ones()) as usize;
        let [start, end] = *self.starts.get(place..place + 2)?.first_chunk()?;
        self.entries.get(start as usize..end as usize)
    }
}
