//! The texts of documents, each once, in blocks that are freed one after the other.
//!
//! Documents are most of what a directory holds while it is loaded, and compiling needs each for a
//! moment. They are compiled in the order in which they were read, so that all memory before the one
//! at hand can go ([`DocumentTexts::let_go_before`]).
//!
//! A few large blocks do that, because an allocator gives large ones back to the system when they are
//! freed. One allocation for each text was rejected: freed texts are holes between texts that are
//! still needed, which the tables of the compiler are too large for. So was reading the files again
//! instead of keeping the texts: a file may have changed, and then what was checked is not what is
//! compiled.

use crate::store::ids::{Symbol, index, number};
use crate::store::strings::{HashIndex, StringTable};

/// Bytes of a block, but for a text that is larger. The C library keeps freed memory for itself up to
/// 32 MiB, a limit that it raises up to there by itself; other allocators keep less. Half a block is
/// in use for nothing on average while documents are compiled, so that it is no larger.
const BLOCK: usize = 33 << 20;

/// The number of a text. Numbers are in the order in which texts were first read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TextId(u32);

impl TextId {
    /// The number of no text.
    pub(crate) const NONE: TextId = TextId(u32::MAX);
}

/// Texts by number. All of them may come to more than 4 GiB, since only a block is addressed by 32
/// bits.
#[derive(Debug, Default)]
pub(crate) struct DocumentTexts {
    stored: Blocks,
    /// The documents, while loading.
    documents: Known,
    /// Where documents are, while loading. By itself, so that each index is half as large, and so the
    /// memory that the C library keeps when one grows.
    references: Known,
}

/// Texts one after the other.
#[derive(Debug, Default)]
struct Blocks {
    /// Filled one after the other.
    blocks: Vec<StringTable>,
    /// The block of each text, and its symbol there.
    offsets: Vec<(u32, Symbol)>,
}

/// From the hash of a text to its number.
#[derive(Debug, Default)]
struct Known(HashIndex);

impl Known {
    /// The number of a text, the same for equal ones. `NONE` for one that is too large for a block.
    fn intern(&mut self, stored: &mut Blocks, text: &str) -> TextId {
        let hash = self.0.hash(text);
        let same = |number| stored.get(TextId(number)) == text;
        if let Some(found) = self.0.find(hash, same) {
            return TextId(found);
        }
        let added = stored.push(text);
        if added != TextId::NONE {
            self.0.insert(hash, added.0);
        }
        added
    }
}

impl Blocks {
    fn get(&self, text: TextId) -> &str {
        let offset = self.offsets.get(index(text.0));
        let found = offset.and_then(|(block, offset)| {
            let block = self.blocks.get(index(*block))?;
            Some(block.get(*offset))
        });
        found.unwrap_or_default()
    }

    fn push(&mut self, text: &str) -> TextId {
        let is_full = |block: &StringTable| block.stored().len() + text.len() > BLOCK;
        if self.blocks.last().is_none_or(is_full) {
            self.blocks.push(StringTable::default());
        }
        let block = self.blocks.len().saturating_sub(1);
        let offset = self.blocks.last_mut().and_then(|block| block.push(text));
        let Some(offset) = offset else {
            return TextId::NONE;
        };
        let next = number(self.offsets.len());
        self.offsets.push((number(block), offset));
        TextId(next)
    }
}

impl DocumentTexts {
    /// The number of a document, the same for equal ones. `NONE` for one that is too large for a block,
    /// which a document cannot be ([`portcullis_source::json::MAX_TEXT`]).
    pub(crate) fn intern(&mut self, text: &str) -> TextId {
        self.documents.intern(&mut self.stored, text)
    }

    /// The number of where a document is, the same for equal ones.
    pub(crate) fn intern_reference(&mut self, reference: &str) -> TextId {
        self.references.intern(&mut self.stored, reference)
    }

    /// A text; empty for one that was let go.
    pub(crate) fn get(&self, text: TextId) -> &str {
        self.stored.get(text)
    }

    /// Frees the blocks that hold only texts before this one. Numbers stay as they are.
    pub(crate) fn let_go_before(&mut self, text: TextId) {
        let offset = self.stored.offsets.get(index(text.0));
        let block = offset.map_or(0, |(block, _)| index(*block));
        // Mostly the block is that of the text before, and everything before it is gone.
        for gone in self.stored.blocks.iter_mut().take(block).rev() {
            if gone.stored().is_empty() {
                break;
            }
            *gone = StringTable::default();
        }
    }

    /// Forgets how to find equal texts.
    pub(crate) fn finish(&mut self) {
        self.documents = Known::default();
        self.references = Known::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_there_until_their_block_goes() {
        let mut texts = DocumentTexts::default();
        let large = "x".repeat(BLOCK - 100);
        let one = texts.intern(&large);
        let other = texts.intern(&"y".repeat(200));
        assert_eq!(texts.intern(&large), one);
        assert!(one < other);
        texts.let_go_before(one);
        assert_eq!(texts.get(one), large);
        texts.let_go_before(other);
        assert_eq!((texts.get(one), texts.get(other).len()), ("", 200));
        assert_eq!(texts.get(TextId::NONE), "");
    }
}
