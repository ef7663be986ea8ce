//! Elements of a large dump, split off and parsed: ahead of their readers, since it takes about as long as what these do.

use std::io::{self, BufRead};

use bumpalo::Bump;
use portcullis_source::json::{self, Node};
use portcullis_source::{Piece, Pieces, Start};

/// Bytes of text after which the next arena is used: a round has some 5 MB, or the largest element with its tree.
const BATCH: usize = 1 << 16;

/// An element with its tree.
pub(super) struct Element<'a> {
    /// The name of the list that it is in.
    pub(super) list: &'static str,
    /// Which element of the list it is.
    pub(super) index: usize,
    /// Where it begins.
    pub(super) start: Start,
    /// Its text, perhaps with blanks before it.
    pub(super) text: &'a str,
    /// The same as a tree.
    pub(super) node: Node<'a>,
}

/// What follows the elements of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next round.
    Elements,
    /// The rest of the object.
    Rest,
    /// Something that has to be read as a whole, or is no JSON.
    Odd,
}

/// Splits off and parses elements until the arenas are full, and says what follows them.
///
/// # Errors
/// Those of the stream.
pub(super) fn split<'a, R: BufRead>(
    pieces: &mut Pieces<'_, R>,
    arenas: &'a mut [Bump],
    mut give: impl FnMut(Element<'a>),
) -> io::Result<Next> {
    for arena in arenas {
        let arena = &*arena;
        let mut used = 0;
        while used < BATCH {
            match pieces.next_piece()? {
                Piece::Element {
                    list,
                    index,
                    text,
                    start,
                } => {
                    used += text.len();
                    // Not UTF-8, or UTF-16: the location is the business of the whole record.
                    let Ok(text) = json::decode(text) else {
                        return Ok(Next::Odd);
                    };
                    let text = arena.alloc_str(text);
                    let Ok(node) = json::parse(text, arena) else {
                        return Ok(Next::Odd);
                    };
                    give(Element {
                        list,
                        index,
                        start,
                        text,
                        node,
                    });
                }
                Piece::Rest(_) => return Ok(Next::Rest),
                // The splitter met something that it cannot tell from bytes alone, such as a name
                // with escapes or a value that never ends.
                Piece::Odd => return Ok(Next::Odd),
            }
        }
    }
    Ok(Next::Elements)
}
