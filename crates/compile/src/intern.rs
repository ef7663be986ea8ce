//! Interning: equal things get one number, in the order of their first use.

use core::hash::Hash;

use ahash::RandomState;
use hashbrown::{HashMap, HashTable};
use portcullis_image::{LIST_LEN, Str};

/// Fixed seeds: a table's answers do not depend on them, its speed on hostile input does not matter
/// more than that two runs take the same time.
fn hash_of(thing: &(impl Hash + ?Sized)) -> u64 {
    RandomState::with_seeds(1, 2, 3, 4).hash_one(thing)
}

/// What texts were read as: policies repeat themselves, and looking a text up is quicker than reading it again.
pub(crate) type Memo<K, V> = HashMap<K, V, RandomState>;

/// A memo that knows nothing yet.
pub(crate) fn memo<K, V>() -> Memo<K, V> {
    HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4))
}

/// A table of places with the lower half of their hashes; the things themselves are stored elsewhere, once.
struct Table<P> {
    places: HashTable<(u32, P)>,
}

impl<P: Copy> Table<P> {
    fn new() -> Self {
        Table {
            places: HashTable::new(),
        }
    }

    /// The place of the thing with this hash that `is_it`; a new one if there is none.
    fn find(&mut self, hash: u64, is_it: impl Fn(P) -> bool, new: impl FnOnce() -> P) -> P {
        let hash = hash as u32;
        // The table tells places by the lower bits, and what shares a place by the upper ones.
        let spread = |hash: u32| u64::from(hash) << 32 | u64::from(hash);
        let same = |(other, place): &(u32, P)| *other == hash && is_it(*place);
        let entry = self
            .places
            .entry(spread(hash), same, |(hash, _)| spread(*hash));
        entry.or_insert_with(|| (hash, new())).get().1
    }
}

/// Numbers for things, in the order of their first use.
pub(crate) struct Interner<T> {
    items: Vec<T>,
    numbers: Table<u32>,
}

impl<T: Eq + Hash> Interner<T> {
    pub(crate) fn new() -> Self {
        Interner {
            items: Vec::new(),
            numbers: Table::new(),
        }
    }

    /// The thing's number.
    pub(crate) fn intern(&mut self, item: T) -> u32 {
        let next = self.items.len() as u32;
        let items = &self.items;
        let is_it = |number: u32| items.get(number as usize) == Some(&item);
        let number = self.numbers.find(hash_of(&item), is_it, || next);
        if number == next {
            self.items.push(item);
        }
        number
    }

    /// All things by number.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }
}

/// Runs of items that lie behind each other in one vector; equal runs are stored once.
pub(crate) struct Runs<T> {
    items: Vec<T>,
    /// Starts and lengths.
    runs: Table<(u32, u32)>,
}

impl<T: Clone + Eq + Hash> Runs<T> {
    pub(crate) fn new() -> Self {
        Runs {
            items: Vec::new(),
            runs: Table::new(),
        }
    }

    /// Where the run begins, and whether it is a new one.
    pub(crate) fn intern(&mut self, run: &[T]) -> (u32, bool) {
        let next = self.items.len() as u32;
        let items = &self.items;
        let is_it = |(start, len): (u32, u32)| {
            let start = start as usize;
            items.get(start..start + len as usize) == Some(run)
        };
        let mut is_new = false;
        let (start, _) = self.runs.find(hash_of(run), is_it, || {
            is_new = true;
            (next, run.len() as u32)
        });
        if is_new {
            self.items.extend_from_slice(run);
        }
        (start, is_new)
    }

    /// Where the run begins, which is stored whether there is an equal one or not.
    pub(crate) fn append(&mut self, run: &[T]) -> u32 {
        let start = self.items.len() as u32;
        self.items.extend_from_slice(run);
        start
    }

    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    /// Makes room for this many more items.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.items.reserve(count);
    }

    pub(crate) fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    pub(crate) fn into_items(self) -> Vec<T> {
        self.items
    }
}

impl Runs<u32> {
    /// Of the list at a place: the first item, and above it the number of items.
    pub(crate) fn digest(&self, list: usize) -> u64 {
        let at = |place: usize| u64::from(self.items.get(place).copied().unwrap_or(0));
        let len = at(list) & u64::from(LIST_LEN);
        match len {
            0 => 0,
            _ => at(list + 1) | len << 32,
        }
    }
}

/// The text of the image: each text is stored once.
pub(crate) struct Strings {
    bytes: Vec<u8>,
    places: Table<Str>,
    base: u32,
}

impl Strings {
    /// Texts that will begin at this offset of the image.
    pub(crate) fn new(base: u32) -> Self {
        Strings {
            bytes: Vec::new(),
            places: Table::new(),
            base,
        }
    }

    pub(crate) fn intern(&mut self, text: &str) -> Str {
        // Saturating keeps the offsets within their type; what is too large is refused when it is
        // laid out.
        let offset = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let new = Str {
            offset: offset.saturating_add(self.base),
            len: text.len() as u32,
        };
        let (bytes, base) = (&self.bytes, self.base);
        let is_it = |place| text_at(bytes, base, place) == text.as_bytes();
        let mut is_new = false;
        let place = self.places.find(hash_of(text), is_it, || {
            is_new = true;
            new
        });
        if is_new {
            self.bytes.extend_from_slice(text.as_bytes());
        }
        place
    }

    /// A text without characters, which every image has.
    pub(crate) fn empty(&self) -> Str {
        Str {
            offset: self.base,
            len: 0,
        }
    }

    /// The bytes of a text that was interned.
    pub(crate) fn get(&self, text: Str) -> &[u8] {
        text_at(&self.bytes, self.base, text)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn text_at(bytes: &[u8], base: u32, text: Str) -> &[u8] {
    let start = text.offset.saturating_sub(base) as usize;
    bytes.get(start..start + text.len as usize).unwrap_or(&[])
}
