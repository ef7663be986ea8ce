//! The texts of documents, each once, in blocks that can be let go one by one.
//!
//! Documents are most of what a directory holds while it is loaded, and compiling needs each for a moment. They stand in
//! few large blocks, because an allocator gives such back to the system when they are freed.

use crate::store::ids::{Symbol, index, number};
use crate::store::strings::{HashIndex, StringTable};

/// How large a block gets: allocators keep what is smaller for themselves.
const BLOCK: usize = 40 << 20;

/// The number of a text, in the order of first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TextId(u32);

impl TextId {
    /// The number of no text.
    pub(crate) const NONE: TextId = TextId(u32::MAX);
}

/// Texts by number.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    blocks: Vec<StringTable>,
    /// The block of each text, and its number there.
    offsets: Vec<(u32, Symbol)>,
    /// To find equal ones.
    known: HashIndex,
}

impl Texts {
    /// The number of a text, the same for equal ones.
    pub(crate) fn intern(&mut self, text: &str) -> TextId {
        let hash = self.known.hash(text);
        let same = |number| self.get(TextId(number)) == text;
        if let Some(found) = self.known.find(hash, same) {
            return TextId(found);
        }
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
        self.known.insert(hash, next);
        TextId(next)
    }

    /// A text; empty for one that was let go.
    pub(crate) fn get(&self, text: TextId) -> &str {
        let offset = self.offsets.get(index(text.0));
        let found = offset.and_then(|(block, offset)| {
            let block = self.blocks.get(index(*block))?;
            Some(block.get(*offset))
        });
        found.unwrap_or_default()
    }

    /// The block that a text is in.
    pub(crate) fn block(&self, text: TextId) -> usize {
        let offset = self.offsets.get(index(text.0));
        offset.map_or(0, |(block, _)| index(*block))
    }

    /// Forgets the texts in the blocks before one.
    pub(crate) fn let_go(&mut self, block: usize) {
        for gone in self.blocks.iter_mut().take(block) {
            *gone = StringTable::default();
        }
    }

    /// Forgets how to find equal texts.
    pub(crate) fn finish(&mut self) {
        self.known = HashIndex::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_there_until_their_block_goes() {
        let mut texts = Texts::default();
        let large = "x".repeat(BLOCK - 100);
        let one = texts.intern(&large);
        let other = texts.intern(&"y".repeat(200));
        assert_eq!(texts.intern(&large), one);
        assert_ne!(one, other);
        assert_eq!((texts.block(one), texts.block(other)), (0, 1));
        texts.let_go(1);
        assert_eq!((texts.get(one), texts.get(other).len()), ("", 200));
        assert_eq!(texts.get(TextId::NONE), "");
    }
}
