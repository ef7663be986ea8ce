//! What was found out of texts that come again.
//!
//! Programs ask for the same few actions and keys. Looking their names up is most of what a request from texts costs, so
//! the last ones are remembered: 128 of them, two for each hash. A map that grows was rejected, because whoever sends
//! requests would decide how large it gets; so was evicting the least recently used, which would
//! have to be noted at each look-up.
//!
//! A hit takes a hash of 16 bytes and one comparison of the text. Entries of other stacks stay until they are evicted, so that
//! hosts with two sets of policies keep both.

use alloc::string::String;
use alloc::vec::Vec;

use portcullis_image::wire::{high, index, padded, widened};

use crate::bytes::equal;
use crate::stack::StackId;

/// How many sets of two entries there are. Two, because two names with one hash, asked for in turn, would otherwise evict each
/// other at each request.
const SETS: usize = 64;
/// Longer texts are not kept, so that the memory is bounded.
pub(crate) const MAX_TEXT: usize = 256;

/// Remembers what a stack of images makes of the last texts: two for each hash.
///
/// An entry is right because its whole text is compared, and because what it holds follows from that text and from the
/// stack alone. Whoever varies texts on purpose makes every look-up a first one, and no more.
#[derive(Clone, Debug)]
pub(crate) struct Cache<T> {
    entries: Vec<CacheEntry<T>>,
}

/// A text with what a stack makes of it.
#[derive(Clone, Debug)]
struct CacheEntry<T> {
    /// Of no stack, if there is nothing.
    of: StackId,
    /// The whole text: a hash alone would take one name for another.
    text: String,
    value: T,
}

impl<T> Cache<T> {
    /// Remembers nothing, and takes no memory yet.
    pub(crate) const fn new() -> Cache<T> {
        Cache {
            entries: Vec::new(),
        }
    }
}

impl<T: Default> Cache<T> {
    /// The number of what belongs to a text. `fill` makes it, in the memory of what was there before, if it is not known,
    /// and says whether it is of that stack: other images may have come with it.
    #[inline(always)]
    pub(crate) fn number_of(
        &mut self,
        of: StackId,
        text: &str,
        fill: impl FnOnce(&mut T) -> bool,
    ) -> usize {
        let first = set_of(of, text.as_bytes()) * 2;
        if self.is_it(first, of, text) {
            first
        } else if self.is_it(first + 1, of, text) {
            first + 1
        } else {
            self.fill(of, text, first, fill)
        }
    }

    /// True if an entry is that of a text and a stack.
    #[inline(always)]
    fn is_it(&self, number: usize, of: StackId, text: &str) -> bool {
        let entry = self.entries.get(number);
        entry.is_some_and(|own| own.of.is_same(of) && equal(own.text.as_bytes(), text.as_bytes()))
    }

    /// Makes an entry. The newer of a set becomes the older one, whose memory is used again. A text that is too long, or whose
    /// images are not those of the stack, is found out for this one request and not kept.
    #[cold]
    #[inline(never)]
    fn fill(
        &mut self,
        of: StackId,
        text: &str,
        first: usize,
        fill: impl FnOnce(&mut T) -> bool,
    ) -> usize {
        if self.entries.is_empty() {
            // One more than the sets have, for texts that are not kept.
            self.entries.resize_with(SETS * 2 + 1, || CacheEntry {
                of: StackId::NONE,
                text: String::new(),
                value: T::default(),
            });
        }
        let number = match text.len() <= MAX_TEXT {
            true => first,
            false => SETS * 2,
        };
        if let Some([newer, older]) = self.entries.get_mut(number..number + 2) {
            core::mem::swap(newer, older);
        }
        if let Some(entry) = self.entries.get_mut(number) {
            entry.of = StackId::NONE;
            let is_of_stack = fill(&mut entry.value);
            if is_of_stack && number < SETS * 2 {
                entry.of = of;
                entry.text.clear();
                entry.text.push_str(text);
            }
        }
        number
    }

    /// What has a number that was just asked for.
    #[inline(always)]
    pub(crate) fn get(&self, number: usize) -> Option<&T> {
        self.entries.get(number).map(|entry| &entry.value)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.entries.get_mut(number).map(|entry| &mut entry.value)
    }
}

/// The set of a text, by its length and both ends. Other stacks have the same texts elsewhere.
#[inline(always)]
fn set_of(of: StackId, text: &[u8]) -> usize {
    let (start, end) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(start), Some(end)) => (u64::from_le_bytes(*start), u64::from_le_bytes(*end)),
        _ => (padded(text), 0),
    };
    let hash = (start ^ end.rotate_left(29)).wrapping_add(widened(text.len()) ^ of.number());
    index(high(hash.wrapping_mul(0x9e37_79b9_7f4a_7c55)) >> 26)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    fn look(cache: &mut Cache<String>, of: StackId, text: &str) -> (String, bool) {
        let mut is_new = false;
        let number = cache.number_of(of, text, |value| {
            is_new = true;
            value.clear();
            value.push_str(text);
            of != StackId::NONE
        });
        (cache.get(number).unwrap().clone(), is_new)
    }

    #[test]
    fn texts_are_known_again_and_never_mistaken() {
        let mut cache = Cache::new();
        // An interpreter takes minutes for all of them.
        let step = if cfg!(miri) { 50 } else { 1 };
        let texts: Vec<String> = (0..1000)
            .step_by(step)
            .map(|number| format!("service:Action{number}"))
            .chain((0..200).step_by(step).map(|len| "x".repeat(len)))
            .collect();
        for _ in 0..3 {
            for text in &texts {
                assert_eq!(look(&mut cache, StackId::EMPTY, text).0, *text);
            }
        }
        for is_new in [true, false] {
            let found = look(&mut cache, StackId::EMPTY, "a:b");
            assert_eq!(found, ("a:b".to_string(), is_new));
        }
        // Of no stack nothing is known.
        assert!(look(&mut cache, StackId::NONE, "a:b").1);
        assert!(look(&mut cache, StackId::NONE, "a:b").1);
    }

    #[test]
    fn memory_is_bounded() {
        let mut cache = Cache::new();
        let long = "y".repeat(1 << 16);
        assert!(look(&mut cache, StackId::EMPTY, &long).1);
        assert!(look(&mut cache, StackId::EMPTY, &long).1);
        assert!(
            cache
                .entries
                .iter()
                .all(|entry| entry.text.capacity() <= MAX_TEXT * 2)
        );
    }
}
