//! Texts that are stored once and called by a number.

use std::hash::{BuildHasher, Hash};

/// The number of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(pub(crate) u32);

/// Texts by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    bytes: String,
    /// Where each text ends; it starts where the one before ends.
    ends: Vec<u32>,
}

impl Texts {
    /// The text with a number; empty for a number that nothing has.
    pub(crate) fn get(&self, name: Name) -> &str {
        let index = name.0 as usize;
        let Some(end) = self.ends.get(index) else {
            return "";
        };
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        self.bytes.get(start as usize..*end as usize).unwrap_or("")
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Goes on with other texts, whose numbers are then larger by as many as there were.
    pub(crate) fn append(&mut self, other: &Texts) {
        let start = self.bytes.len() as u32;
        self.bytes.push_str(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }

    /// Every text one after the other, and where each ends.
    pub(crate) fn parts(&self) -> (&str, &[u32]) {
        (&self.bytes, &self.ends)
    }

    /// The texts of [`Texts::parts`], if the ends are those of texts.
    pub(crate) fn from_parts(bytes: String, ends: Vec<u32>) -> Option<Texts> {
        let sorted = ends.windows(2).all(|pair| pair.first() <= pair.last());
        let whole = ends.last().copied().unwrap_or(0) as usize == bytes.len();
        let sound = ends.iter().all(|end| bytes.is_char_boundary(*end as usize));
        (sorted && whole && sound).then_some(Texts { bytes, ends })
    }
}

/// Gives numbers to texts, the same to equal ones, in order of first use.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    texts: Texts,
    index: Index,
    is_full: bool,
}

impl Interner {
    /// The number of a text.
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        let hash = self.index.hash(text);
        let texts = &self.texts;
        let found = self
            .index
            .find(hash, |index| texts.get(Name(index)) == text);
        if let Some(found) = found {
            return Name(found);
        }
        let index = u32::try_from(self.texts.ends.len());
        let end = u32::try_from(self.texts.bytes.len() + text.len());
        let (Ok(index), Ok(end)) = (index, end) else {
            self.is_full = true;
            return Name(u32::MAX);
        };
        self.texts.bytes.push_str(text);
        self.texts.ends.push(end);
        self.index.insert(hash, index);
        Name(index)
    }

    /// The text with a number.
    pub(crate) fn get(&self, name: Name) -> &str {
        self.texts.get(name)
    }

    /// True if there were more texts than numbers can tell: 4 GiB.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// The texts alone.
    pub(crate) fn into_texts(self) -> Texts {
        self.texts
    }
}

/// A fast hash with seeds that nobody knows beforehand.
pub(crate) fn random_state() -> ahash::RandomState {
    let random = std::hash::RandomState::new();
    let [a, b, c, d] = [0, 1, 2, 3].map(|number: u64| random.hash_one(number));
    ahash::RandomState::with_seeds(a, b, c, d)
}

/// A hash table of numbers. What they stand for is known to whoever asks.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    state: ahash::RandomState,
    /// Hash, and number plus one; zero is a free place.
    slots: Vec<(u32, u32)>,
    len: usize,
}

impl Default for Index {
    fn default() -> Index {
        Index::with_capacity(0)
    }
}

impl Index {
    /// An index that need not grow for so many.
    pub(crate) fn with_capacity(count: usize) -> Index {
        let size = match count {
            0 => 0,
            count => (2 * count + 2).next_power_of_two(),
        };
        Index {
            state: random_state(),
            slots: vec![(0, 0); size],
            len: 0,
        }
    }

    /// The hash of something, which differs from process to process.
    pub(crate) fn hash(&self, key: impl Hash) -> u32 {
        self.state.hash_one(key) as u32
    }

    /// The number with this hash that is the right one.
    pub(crate) fn find(&self, hash: u32, mut is_right: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        // There is always a free place.
        while let Some((own, number)) = self.slots.get(at).filter(|(_, number)| *number != 0) {
            if *own == hash && is_right(number - 1) {
                return Some(number - 1);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Adds a number that is not there yet.
    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if (self.len + 1) * 2 > self.slots.len() {
            let size = (self.slots.len() * 2).max(16);
            let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
            for (hash, number) in old.into_iter().filter(|(_, number)| *number != 0) {
                self.place(hash, number);
            }
        }
        self.len += 1;
        self.place(hash, number + 1);
    }

    fn place(&mut self, hash: u32, number: u32) {
        let mask = self.slots.len().saturating_sub(1);
        let mut at = hash as usize & mask;
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

    #[test]
    fn equal_texts_have_one_number() {
        let mut texts = Interner::default();
        let names: Vec<Name> = (0..1000)
            .map(|n| texts.intern(&format!("text {n}")))
            .collect();
        for (n, name) in names.iter().enumerate() {
            let text = format!("text {n}");
            assert_eq!(texts.get(*name), text);
            assert_eq!(texts.intern(&text), *name);
        }
        assert_eq!(texts.texts.len(), 1000);
        assert_eq!(texts.get(Name(1000)), "");
        let (bytes, ends) = texts.texts.parts();
        let again = Texts::from_parts(bytes.to_string(), ends.to_vec()).unwrap();
        assert_eq!(again.get(Name(999)), "text 999");
        assert!(Texts::from_parts("é".to_string(), vec![1, 2]).is_none());
        assert!(Texts::from_parts("ab".to_string(), vec![1]).is_none());
        assert!(Texts::from_parts("ab".to_string(), vec![2, 1, 2]).is_none());
    }
}
