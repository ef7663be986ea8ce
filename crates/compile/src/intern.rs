//! Interning: equal things get one number, in the order of their first use.

use core::hash::Hash;
use std::collections::HashMap;

use ahash::RandomState;
use portcullis_image::Str;

/// Fixed seeds: a table's answers do not depend on them, its speed on hostile input does not matter
/// more than that two runs take the same time.
fn hasher() -> RandomState {
    RandomState::with_seeds(1, 2, 3, 4)
}

/// Numbers for things, in the order of their first use.
pub(crate) struct Interner<T> {
    items: Vec<T>,
    numbers: HashMap<T, u32, RandomState>,
}

impl<T: Clone + Eq + Hash> Interner<T> {
    pub(crate) fn new() -> Self {
        Interner {
            items: Vec::new(),
            numbers: HashMap::with_hasher(hasher()),
        }
    }

    /// The thing's number.
    pub(crate) fn intern(&mut self, item: T) -> u32 {
        let next = self.items.len() as u32;
        *self.numbers.entry(item).or_insert_with_key(|item| {
            self.items.push(item.clone());
            next
        })
    }

    /// All things by number.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }
}

/// Runs of items that lie behind each other in one vector; equal runs are stored once.
pub(crate) struct Runs<T> {
    items: Vec<T>,
    starts: HashMap<Box<[T]>, u32, RandomState>,
}

impl<T: Clone + Eq + Hash> Runs<T> {
    pub(crate) fn new() -> Self {
        Runs {
            items: Vec::new(),
            starts: HashMap::with_hasher(hasher()),
        }
    }

    /// Where the run begins, and whether it is a new one.
    pub(crate) fn intern(&mut self, run: &[T]) -> (u32, bool) {
        if let Some(start) = self.starts.get(run) {
            return (*start, false);
        }
        let start = self.items.len() as u32;
        self.items.extend_from_slice(run);
        self.starts.insert(run.into(), start);
        (start, true)
    }

    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    pub(crate) fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    pub(crate) fn into_items(self) -> Vec<T> {
        self.items
    }
}

/// The text of the image: each text is stored once.
pub(crate) struct Strings<'a> {
    bytes: Vec<u8>,
    places: HashMap<&'a str, Str, RandomState>,
    base: u32,
}

impl<'a> Strings<'a> {
    /// Texts that will begin at this offset of the image.
    pub(crate) fn new(base: u32) -> Self {
        Strings {
            bytes: Vec::new(),
            places: HashMap::with_hasher(hasher()),
            base,
        }
    }

    pub(crate) fn intern(&mut self, text: &'a str) -> Str {
        let bytes = &mut self.bytes;
        let base = self.base;
        *self.places.entry(text).or_insert_with(|| {
            // Saturating keeps the offsets within their type; what is too large is refused when
            // it is laid out.
            let offset = u32::try_from(bytes.len())
                .unwrap_or(u32::MAX)
                .saturating_add(base);
            bytes.extend_from_slice(text.as_bytes());
            Str {
                offset,
                len: text.len() as u32,
            }
        })
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
        let start = text.offset.saturating_sub(self.base) as usize;
        self.bytes
            .get(start..start + text.len as usize)
            .unwrap_or(&[])
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
