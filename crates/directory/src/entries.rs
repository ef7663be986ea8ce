//! Where an action leads in each part of the images, found out once for an action of many decisions.

use portcullis_vm::{Action, Entry};

use crate::compiled::Compiled;

/// The statements that an action matches in the parts, by part. Parts without any take a bit.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartEntries {
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
    /// Takes time linear in the parts, and memory in their statements that match the action.
    pub(crate) fn new(compiled: &Compiled, action: &Action) -> PartEntries {
        let mut all = PartEntries::default();
        all.starts.push(0);
        let mut word = Word::default();
        for part in 0..compiled.part_count() as u32 {
            let bit = 1 << (part % 64);
            let (image, number) = compiled.home(part);
            let own = compiled.images().get(image as usize);
            let start = all.entries.len();
            let is_told = own.is_some_and(|own| {
                action.entries(image as usize, own.view(), number, &mut all.entries)
            });
            if !is_told {
                word.other |= bit;
            }
            if !is_told || all.entries.len() > start {
                word.found |= bit;
                all.starts.push(all.entries.len() as u32);
            }
            if part % 64 == 63 {
                all.words.push(word);
                word = Word {
                    before: all.starts.len() as u32 - 1,
                    ..Word::default()
                };
            }
        }
        all.words.push(word);
        all.starts.shrink_to_fit();
        all.entries.shrink_to_fit();
        all
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
