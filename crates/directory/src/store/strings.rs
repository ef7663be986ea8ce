//! Strings that are stored once and referred to by a number.
//!
//! All strings of a directory are in one buffer, each behind its length, and a [`Symbol`] is the
//! offset of the length. Reading one touches one place of memory, and a whole table is written to a
//! file and read again as it is. Lengths are encoded so that the buffer stays UTF-8, which lets it
//! be a `String` and needs no `unsafe`.
//!
//! Equal strings have equal symbols while a directory is loaded. After an update two symbols may
//! stand for one string, because tables are joined without looking at their strings. So code that
//! compares what may come from two loads compares strings.
//!
//! At most 4 GiB; beyond, interning reports that it is full and the load fails.
//!
//! Rejected: a `Vec<Box<str>>` takes 16 bytes and an allocation for each string, and a crate for
//! interning keeps a map from strings, which is dropped here as soon as loading is done.

use std::hash::Hash;
use std::ops::Range;

use bumpalo::Bump;
use portcullis_source::hash::random_state;

use crate::store::ids::{Symbol, index};

/// Strings one after the other, each behind its length: a byte below [`LONG`], or [`LONG`] and then
/// [`DIGITS`] bytes of seven bits, the lowest first. So all of it is UTF-8.
///
/// A vector of offsets beside the buffer would take four bytes for each string and a second cache
/// miss for each look-up.
#[derive(Clone, Debug, Default)]
pub(crate) struct StringTable(String);

/// The length that stands for a longer one, which follows.
const LONG: u8 = 0x7f;
/// Five digits of seven bits are more than the 32 bits of a symbol.
const DIGITS: usize = 5;

impl StringTable {
    /// The string of a symbol; empty for `NONE` and for most numbers that are no symbol.
    #[inline]
    pub(crate) fn get(&self, name: Symbol) -> &str {
        let range = self.range(name);
        range
            .and_then(|range| self.0.get(range))
            .unwrap_or_default()
    }

    /// Where the bytes of a string are, if there is one.
    #[inline]
    fn range(&self, name: Symbol) -> Option<Range<usize>> {
        let start = name.index() + 1;
        match *self.0.as_bytes().get(name.index())? {
            LONG => self.long_range(start),
            length => Some(start..start + usize::from(length)),
        }
    }

    /// Hardly any string is as long. Out of line, so that reading the others stays short.
    #[cold]
    fn long_range(&self, start: usize) -> Option<Range<usize>> {
        let digits = self.0.as_bytes().get(start..)?.first_chunk::<DIGITS>()?;
        let digits = digits.iter().rev();
        let length = digits.fold(0, |length, digit| length << 7 | u64::from(digit & 0x7f));
        let start = start + DIGITS;
        Some(start..start.checked_add(usize::try_from(length).ok()?)?)
    }

    /// Adds a string, without a look whether it is there. None if offsets would pass 32 bits.
    pub(crate) fn push(&mut self, text: &str) -> Option<Symbol> {
        let name = u32::try_from(self.0.len()).ok()?;
        u32::try_from(self.0.len() + 1 + DIGITS + text.len()).ok()?;
        match u8::try_from(text.len()) {
            Ok(length) if length < LONG => self.0.push(char::from(length)),
            _ => {
                self.0.push(char::from(LONG));
                let digits = (0..DIGITS).map(|at| u32::try_from(text.len() >> (7 * at) & 0x7f));
                // Seven bits are always a character.
                self.0.extend(digits.flatten().filter_map(char::from_u32));
            }
        }
        self.0.push_str(text);
        Some(Symbol::new(name))
    }

    /// Appends the strings of another table, whose symbols are then larger by the length of what
    /// there was.
    pub(crate) fn append(&mut self, other: &StringTable) {
        self.0.push_str(&other.0);
    }

    /// All strings with their lengths, as a file has them.
    pub(crate) fn stored(&self) -> &str {
        &self.0
    }

    /// Reads what [`StringTable::stored`] gave, and which numbers in it are symbols. None if
    /// lengths do not add up: a file is not trusted.
    pub(crate) fn from_stored(stored: String) -> Option<(StringTable, SymbolSet)> {
        let strings = StringTable(stored);
        let mut numbers = SymbolSet(vec![0; strings.0.len().div_ceil(64)]);
        let mut at = 0;
        while at < strings.0.len() {
            let range = strings.range(Symbol::new(u32::try_from(at).ok()?))?;
            strings.0.get(range.clone())?;
            if let Some(word) = numbers.0.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
            at = range.end;
        }
        Some((strings, numbers))
    }
}

/// Which numbers are symbols of a string table: a bit for each byte. Rows of a file are checked
/// against it once, so that reading a string never has to be.
#[derive(Debug)]
pub(crate) struct SymbolSet(Vec<u64>);

impl SymbolSet {
    /// The symbol with a number, if there is one.
    pub(crate) fn symbol(&self, number: u32) -> Option<Symbol> {
        let word = self.0.get(index(number) / 64)?;
        (word >> (number % 64) & 1 != 0).then_some(Symbol::new(number))
    }
}

/// Gives symbols to strings, the same to equal ones, in the order of first use. Only loading
/// interns; what is left of it is the table.
#[derive(Debug, Default)]
pub(crate) struct StringInterner {
    /// The strings so far, which become the directory's.
    strings: StringTable,
    /// From the hash of a string to its symbol.
    index: HashIndex,
    /// Some string was refused, and got the symbol that stands for none. The load fails at its end
    /// rather than here, so that readers need not handle an error at each string.
    is_full: bool,
}

impl StringInterner {
    /// The symbol of a string. One hash, and a comparison with the string that it finds.
    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        let hash = self.index.hash(text);
        let strings = &self.strings;
        let found = self
            .index
            .find(hash, |number| strings.get(Symbol::new(number)) == text);
        if let Some(found) = found {
            return Symbol::new(found);
        }
        let Some(name) = self.strings.push(text) else {
            self.is_full = true;
            return Symbol::NONE;
        };
        self.index.insert(hash, name.get());
        name
    }

    /// The text with a number.
    pub(crate) fn get(&self, name: Symbol) -> &str {
        self.strings.get(name)
    }

    /// True if there were more strings than symbols. Whoever interns asks at the end, and fails.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Drops the index.
    pub(crate) fn into_table(self) -> StringTable {
        self.strings
    }
}

/// Concatenates strings in an arena, with one allocation of the right size.
pub(crate) fn concat_in<'a>(parts: &[&str], arena: &'a Bump) -> &'a str {
    let len = parts.iter().map(|part| part.len()).sum();
    let mut all = bumpalo::collections::String::with_capacity_in(len, arena);
    parts.iter().for_each(|part| all.push_str(part));
    all.into_bump_str()
}

/// A hash table of 32-bit numbers. What a number stands for is known to the caller, who compares;
/// so keys are stored once, where they are anyway. At most half full, with eight bytes for each
/// slot.
///
/// `hashbrown::HashTable` is the same idea with smaller slots and more code. This one is fifty
/// lines, and a look-up that misses the cache once is what decisions need.
#[derive(Clone, Debug)]
pub(crate) struct HashIndex {
    /// The seeds, which differ from index to index.
    state: ahash::RandomState,
    /// Hash, and number plus one; zero is a free slot.
    slots: Vec<(u32, u32)>,
    /// Slots that are taken.
    len: usize,
}

impl Default for HashIndex {
    fn default() -> HashIndex {
        HashIndex::with_capacity(0)
    }
}

impl HashIndex {
    /// An index that holds this many numbers before it grows.
    pub(crate) fn with_capacity(count: usize) -> HashIndex {
        let size = match count {
            0 => 0,
            count => (2 * count + 2).next_power_of_two(),
        };
        HashIndex {
            state: random_state(),
            slots: vec![(0, 0); size],
            len: 0,
        }
    }

    /// The hash of something, which differs from process to process.
    pub(crate) fn hash(&self, key: impl Hash) -> u32 {
        // The lower half is as good as the upper.
        self.state.hash_one(key) as u32
    }

    /// The number with this hash that `is_right`. Slots are probed in order, and one is always
    /// free, so that the search ends.
    pub(crate) fn find(&self, hash: u32, mut is_right: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = index(hash) & mask;
        // There is always a free place.
        while let Some((its_hash, number)) = self.slots.get(at).filter(|(_, number)| *number != 0) {
            if *its_hash == hash && is_right(number - 1) {
                return Some(number - 1);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Adds a number that is not there yet. Doubles the table when it would be more than half full.
    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if (self.len + 1) * 2 > self.slots.len() {
            let size = (self.slots.len() * 2).max(16);
            let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
            for (hash, number) in old.into_iter().filter(|(_, number)| *number != 0) {
                self.put(hash, number);
            }
        }
        self.len += 1;
        self.put(hash, number + 1);
    }

    /// Puts a number into the first free slot from that of its hash on.
    fn put(&mut self, hash: u32, number: u32) {
        let mask = self.slots.len().saturating_sub(1);
        let mut at = index(hash) & mask;
        while self.slots.get(at).is_some_and(|(_, taken)| *taken != 0) {
            at = (at + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (hash, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ids::number;

    #[test]
    fn equal_texts_have_one_number() {
        let mut strings = StringInterner::default();
        let names: Vec<Symbol> = (0..1000)
            .map(|n| strings.intern(&format!("text {n}")))
            .collect();
        for (n, name) in names.iter().enumerate() {
            let text = format!("text {n}");
            assert_eq!(strings.get(*name), text);
            assert_eq!(strings.intern(&text), *name);
        }
        assert_eq!(strings.get(Symbol::NONE), "");
    }

    #[test]
    fn stored_texts_are_read_again() {
        let mut strings = StringInterner::default();
        let long = ["é".repeat(63), "y".repeat(127), "z".repeat(1 << 15)];
        let all = ["", "a", "é"]
            .into_iter()
            .chain(long.iter().map(String::as_str));
        let names: Vec<(Symbol, &str)> = all.map(|text| (strings.intern(text), text)).collect();
        let stored = strings.into_table().stored().to_string();
        let (again, numbers) = StringTable::from_stored(stored.clone()).unwrap();
        for (name, text) in &names {
            assert_eq!(
                (again.get(*name), numbers.symbol(name.get())),
                (*text, Some(*name))
            );
        }
        let count = (0..number(stored.len())).filter(|number| numbers.symbol(*number).is_some());
        assert_eq!(count.count(), names.len());
        assert_eq!(numbers.symbol(u32::MAX), None);
        for length in 0..stored.len() {
            let sound = length == stored.len() || numbers.symbol(number(length)).is_some();
            if let Some(cut) = stored.get(..length) {
                assert_eq!(
                    StringTable::from_stored(cut.to_string()).is_some(),
                    sound,
                    "{length}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for wrong in [
            "\u{2}a",
            "\u{1}é",
            "é",
            "\u{7f}",
            "\u{7f}\0\0\0\0",
            "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}a",
        ] {
            assert!(
                StringTable::from_stored(wrong.to_string()).is_none(),
                "{wrong:?}"
            );
        }
    }
}
