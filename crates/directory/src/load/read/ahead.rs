//! Elements of a large dump, split off and parsed ahead of their readers: on a thread of their own where there are two
//! processors.
//!
//! Splitting and parsing take about as long as what the readers do. The readers stay with one thread, because ids are given
//! in the order of first use; they see the same elements in the same order with one thread and with two.

use std::io::{self, BufRead};
use std::num::NonZero;
use std::sync::mpsc;
use std::{panic, thread};

use bumpalo::Bump;
use portcullis_source::json::{self, Node};
use portcullis_source::{Piece, Pieces, Start};

/// Bytes of text after which the next arena is used.
const BATCH: usize = 1 << 16;

/// Arenas whose trees are in memory together: some 5 MB, or the largest element with its tree.
const BATCHES: usize = 16;

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

/// Splits records, with memory that is used again from round to round.
pub(super) struct Splitter {
    arenas: Vec<Bump>,
    has_second_thread: bool,
}

impl Splitter {
    /// Nothing split yet.
    pub(super) fn new() -> Splitter {
        let mut arenas = Vec::new();
        arenas.resize_with(BATCHES, Bump::new);
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Splitter {
            arenas,
            has_second_thread: processors > 1,
        }
    }

    /// Gives the next elements to a reader, in their order, and says what follows them.
    ///
    /// # Errors
    /// Those of the stream.
    pub(super) fn round<R: BufRead + Send>(
        &mut self,
        pieces: &mut Pieces<'_, R>,
        mut read: impl FnMut(Element<'_>),
    ) -> io::Result<Next> {
        self.arenas.iter_mut().for_each(Bump::reset);
        let arenas = &mut self.arenas;
        if !self.has_second_thread {
            return split(pieces, arenas, read);
        }
        thread::scope(|scope| {
            let (sender, elements) = mpsc::channel();
            let splitter = scope.spawn(move || {
                // The other end is there until this one goes.
                split(pieces, arenas, |element| sender.send(element).unwrap_or(()))
            });
            elements.into_iter().for_each(&mut read);
            splitter
                .join()
                .unwrap_or_else(|payload| panic::resume_unwind(payload))
        })
    }
}

/// Splits off and parses elements until the arenas are full.
fn split<'a, R: BufRead>(
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
