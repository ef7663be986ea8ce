//! Interning: equal things get one number, in the order of their first use.
//!
//! Two shapes: things that are numbered one by one ([`Interner`]), and runs of them that lie behind each other ([`Runs`]). The
//! tables hold numbers with half a hash each and compare with the things themselves, which are stored once, in the vector that
//! becomes the section. Maps that own their keys would store every text and list twice, and looking things up is most of what
//! compiling costs.
//!
//! | of a thing | is stored |
//! |---|---|
//! | the thing | once, in the section |
//! | its number | in the table, four bytes |
//! | the lower half of its hash | in the table, four bytes: nearly always enough to tell it from others |
//!
//! The order makes the bytes the same everywhere. It is that of use, not of hashes, so that the seeds mean nothing.

use core::hash::Hash;

use ahash::RandomState;
use hashbrown::{HashMap, HashTable};
use portcullis_image::wire::{count, index, low};
use portcullis_image::{Id, LIST_LEN, ListId, Run, Str};
use portcullis_syntax::ast::Text;

/// The hash of a thing, by fixed seeds: a table's answers do not depend on them, its speed on hostile input does not matter more
/// than that two runs take the same time.
fn hash_of(thing: &(impl Hash + ?Sized)) -> u64 {
    RandomState::with_seeds(1, 2, 3, 4).hash_one(thing)
}

/// What texts were read as: policies repeat themselves, and looking a text up is quicker than reading it again.
pub(crate) type Memo<K, V> = HashMap<K, V, RandomState>;

/// A memo that knows nothing yet. It is no part of the result: forgetting an entry would cost time alone.
pub(crate) fn memo<K, V>() -> Memo<K, V> {
    HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4))
}

/// Things that a table may have room for when it is cleared and used again.
pub(crate) const FEW: usize = 64;

/// Makes room for this many more items in a table that may become one of the largest.
///
/// Allocators keep what is freed below some size: the C library up to 32 MiB, so that a table that grows by doubling leaves as much
/// behind. Room beyond that costs nothing until it is written to, and growing there moves nothing.
pub(crate) fn make_room<T>(table: &mut Vec<T>, more: usize) {
    const SMALL: usize = 1 << 20;
    const LARGE: usize = 33 << 20;
    if table.capacity() - table.len() >= more {
        return;
    }
    let size = size_of::<T>().max(1);
    match (table.len() + more) * size {
        // Where addresses are few, room is not free.
        _ if usize::BITS < 64 => table.reserve(more),
        ..SMALL => table.reserve(more),
        _ => table.reserve(more.max(LARGE / size)),
    }
}

/// What parts of statements became lately, by what they say: policies say the same things again and again or hardly ever, and then
/// they need not be kept beside what they became.
pub(crate) struct Recent<V> {
    made: Memo<Box<[u8]>, V>,
    /// Bytes that all of it takes, more or less.
    size: usize,
    /// The part that was asked for last.
    key: Vec<u8>,
}

impl<V: Copy> Recent<V> {
    /// Bytes after which all is forgotten.
    const LIMIT: usize = 1 << 19;
    /// Those of an entry beside its key.
    const ENTRY: usize = 64;

    pub(crate) fn new() -> Self {
        Recent {
            made: memo(),
            size: 0,
            key: Vec::new(),
        }
    }

    /// What a part became, if it is remembered. All that matters of it is written to the key, such that no two parts have the same.
    pub(crate) fn get(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Option<V> {
        self.key.clear();
        write(&mut self.key);
        self.made.get(self.key.as_slice()).copied()
    }

    /// Remembers what the part became that was asked for last.
    pub(crate) fn add(&mut self, value: V) {
        self.size += self.key.len() + Self::ENTRY;
        if self.size > Self::LIMIT {
            self.made.clear();
            self.size = self.key.len() + Self::ENTRY;
        }
        self.made.insert(self.key.as_slice().into(), value);
    }
}

/// Writes texts to a key, with their number and their lengths.
pub(crate) fn write_texts(key: &mut Vec<u8>, texts: &[Text<'_>]) {
    key.extend(count(texts.len()).to_le_bytes());
    for text in texts {
        key.extend(count(text.value.len()).to_le_bytes());
        key.extend(text.value.as_bytes());
    }
}

/// A table of keys into a store, with the lower half of their hashes; the things themselves are stored elsewhere, once.
/// Lookups take a hash and mostly one comparison.
struct Table<P> {
    /// Each beside the lower half of its hash.
    keys: HashTable<(u32, P)>,
}

impl<P: Copy> Table<P> {
    fn new() -> Self {
        Table {
            keys: HashTable::new(),
        }
    }

    /// The key of the thing with this hash that `is_it`; a new one if there is none.
    fn find(&mut self, hash: u64, is_it: impl Fn(P) -> bool, new: impl FnOnce() -> P) -> P {
        let hash = low(hash);
        // The table picks a bucket by the lower bits, and tells entries of a bucket apart by the upper ones.
        let spread = |hash: u32| u64::from(hash) << 32 | u64::from(hash);
        let same = |(other, key): &(u32, P)| *other == hash && is_it(*key);
        let entry = self
            .keys
            .entry(spread(hash), same, |(hash, _)| spread(*hash));
        entry.or_insert_with(|| (hash, new())).get().1
    }
}

/// Things that records of type `R` are made of, each once; their numbers are in the order of their first use.
pub(crate) struct Interner<R, T = R> {
    /// The things, in the order of their numbers: what becomes the section.
    items: Vec<T>,
    /// The numbers of the things, by their hashes.
    numbers: Table<Id<R>>,
}

impl<R, T: Eq + Hash> Interner<R, T> {
    pub(crate) fn new() -> Self {
        Interner {
            items: Vec::new(),
            numbers: Table::new(),
        }
    }

    /// The thing's number: that of an equal one if there is one, else the next.
    pub(crate) fn intern(&mut self, item: T) -> Id<R> {
        let next = Id::new(count(self.items.len()));
        let items = &self.items;
        let is_it = |id: Id<R>| items.get(id.index()) == Some(&item);
        let id = self.numbers.find(hash_of(&item), is_it, || next);
        if id == next {
            self.items.push(item);
        }
        id
    }

    /// All things by number.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    /// The things alone, which are no longer here.
    pub(crate) fn take(&mut self) -> Vec<T> {
        core::mem::replace(self, Interner::new()).items
    }

    /// Forgets how to find things that are there.
    pub(crate) fn close(&mut self) {
        self.numbers = Table::new();
    }
}

/// Runs of items that lie behind each other in one vector; equal runs are stored once.
pub(crate) struct Runs<R, T = R> {
    /// All runs, one after the other.
    items: Vec<T>,
    /// Where each run is, by the hash of all of it.
    runs: Table<Run<R>>,
}

impl<R, T: Clone + Eq + Hash> Runs<R, T> {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Runs {
            items: Vec::new(),
            runs: Table::new(),
        }
    }

    /// The run, and whether it is a new one: whoever keeps something beside each item then appends it. Takes a hash of the run and
    /// mostly one comparison.
    pub(crate) fn intern(&mut self, run: &[T]) -> (Run<R>, bool) {
        let next = Run {
            first: Id::new(count(self.items.len())),
            count: count(run.len()),
        };
        let items = &self.items;
        let is_it = |own: Run<R>| items.get(own.range()) == Some(run);
        let mut is_new = false;
        let own = self.runs.find(hash_of(run), is_it, || {
            is_new = true;
            next
        });
        if is_new {
            make_room(&mut self.items, run.len());
            self.items.extend_from_slice(run);
        }
        (own, is_new)
    }

    /// The first of a run that is stored whether there is an equal one or not: for guards that are equal and were written
    /// differently.
    pub(crate) fn append(&mut self, run: &[T]) -> Id<R> {
        let first = Id::new(count(self.items.len()));
        self.items.extend_from_slice(run);
        first
    }

    /// All items, run after run.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    /// Makes room for this many more items.
    pub(crate) fn reserve(&mut self, count: usize) {
        make_room(&mut self.items, count);
    }

    /// The same, for renumbering; what the table knows of changed runs is then wrong.
    pub(crate) fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    /// The items alone, without the table.
    pub(crate) fn into_items(self) -> Vec<T> {
        self.items
    }

    /// The items alone, which are no longer here.
    pub(crate) fn take(&mut self) -> Vec<T> {
        core::mem::replace(self, Runs::new()).items
    }

    /// Forgets how to find runs that are there.
    pub(crate) fn close(&mut self) {
        self.runs = Table::new();
    }

    /// The same, where more runs will come: it keeps the memory of a table for a few. To clear a table takes time for all of its
    /// room, which one large unit would leave to all behind it.
    pub(crate) fn forget(&mut self) {
        match self.runs.keys.capacity() {
            ..=FEW => self.runs.keys.clear(),
            _ => self.close(),
        }
    }
}

/// A word of the section of lists.
pub(crate) enum Word {}

/// Lists of numbers of records, each with its head.
pub(crate) type Lists = Runs<Word, u32>;

impl Lists {
    /// The items of a list.
    pub(crate) fn list<T>(&self, list: ListId<T>) -> impl ExactSizeIterator<Item = Id<T>> + Clone {
        let words = self.items.get(list.index()..).unwrap_or(&[]);
        let items = words
            .split_first()
            .and_then(|(head, items)| items.get(..index(head & LIST_LEN)));
        items.unwrap_or(&[]).iter().map(|item| Id::new(*item))
    }

    /// The first item of a list and the number of items.
    pub(crate) fn digest<T>(&self, list: ListId<T>) -> Run<T> {
        let mut items = self.list(list);
        Run {
            count: count(items.len()),
            first: items.next().unwrap_or_default(),
        }
    }
}

/// The text of the image: each text is stored once, one after the other without separators. They come first in the image, so
/// that their offsets are known while the program is made.
pub(crate) struct Strings {
    /// All texts.
    bytes: Vec<u8>,
    /// The texts by their hashes.
    keys: Table<Str>,
    /// Where the section will begin in the image.
    base: u32,
}

impl Strings {
    /// Texts that will begin at this offset of the image.
    pub(crate) fn new(base: u32) -> Self {
        Strings {
            bytes: Vec::new(),
            keys: Table::new(),
            base,
        }
    }

    /// The text as the image will have it.
    pub(crate) fn intern(&mut self, text: &str) -> Str {
        // Saturating keeps the offsets within their type; what is too large is refused when it is
        // laid out.
        let offset = count(self.bytes.len());
        let new = Str {
            offset: offset.saturating_add(self.base),
            len: count(text.len()),
        };
        let (bytes, base) = (&self.bytes, self.base);
        let is_it = |key| text_at(bytes, base, key) == text.as_bytes();
        let mut is_new = false;
        let stored = self.keys.find(hash_of(text), is_it, || {
            is_new = true;
            new
        });
        if is_new {
            make_room(&mut self.bytes, text.len());
            self.bytes.extend_from_slice(text.as_bytes());
        }
        stored
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

    /// All texts, which are no longer here: the section.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }

    /// Forgets how to find texts that are there.
    pub(crate) fn close(&mut self) {
        self.keys = Table::new();
    }
}

/// The bytes of a text, whose offset counts from the image's start.
fn text_at(bytes: &[u8], base: u32, text: Str) -> &[u8] {
    let start = index(text.offset.saturating_sub(base));
    bytes.get(start..start + index(text.len)).unwrap_or(&[])
}
