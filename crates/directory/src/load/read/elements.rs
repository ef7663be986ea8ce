//! Elements of a large dump, split off, parsed, and their policies read: on two threads, of which one keeps what they say.

use std::io::{self, BufRead};

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_source::json::{self, Node};
use portcullis_source::{Piece, Pieces, Start};
use portcullis_syntax::policy::{ReadOptions, is_plain, read_plain_policy};

use crate::ahead::Ahead;
use crate::load::read::account::INLINE_LISTS;

/// Bytes of text of a job: a round has some 5 MB, or the largest element with its tree.
const BATCH: usize = 1 << 15;

/// An element as it was split off.
struct Split<'a> {
    list: &'static str,
    index: usize,
    start: Start,
    text: &'a str,
}

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
    /// True if the text is ([`is_plain`]).
    pub(super) is_plain: bool,
    /// The same as a tree.
    pub(super) node: Node<'a>,
    /// See [`crate::load::loader::Record::sound`].
    pub(super) sound: Vec<u32>,
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

/// Gives elements in their order until there is memory for no more, and says what follows them.
///
/// # Errors
/// Those of the stream.
pub(super) fn elements<R: BufRead + Send>(
    pieces: &mut Pieces<'_, R>,
    ahead: &mut Ahead,
    mut take: impl FnMut(&Element<'_>),
) -> io::Result<Next> {
    let mut next = Ok(Next::Elements);
    let mut is_json = true;
    ahead.round(
        |arena| {
            let mut batch = Vec::new();
            if let Ok(Next::Elements) = next {
                next = split(pieces, arena, &mut batch);
            }
            (!batch.is_empty()).then_some(batch)
        },
        |batch, arena| {
            let parsed = batch.into_iter().map(|split| parse(split, arena));
            parsed.collect::<Option<Vec<Element<'_>>>>()
        },
        |batch| match batch {
            Some(batch) => batch.iter().for_each(&mut take),
            None => is_json = false,
        },
    );
    match is_json {
        true => next,
        false => Ok(Next::Odd),
    }
}

/// Splits off the elements of a job, and says what follows them.
fn split<'a, R: BufRead>(
    pieces: &mut Pieces<'_, R>,
    arena: &'a Bump,
    batch: &mut Vec<Split<'a>>,
) -> io::Result<Next> {
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
                batch.push(Split {
                    list,
                    index,
                    start,
                    text: arena.alloc_str(text),
                });
            }
            Piece::Rest(_) => return Ok(Next::Rest),
            // The splitter met something that it cannot tell from bytes alone, such as a name
            // with escapes or a value that never ends.
            Piece::Odd => return Ok(Next::Odd),
        }
    }
    Ok(Next::Elements)
}

/// Parses an element and reads its inline policies; none if it is no JSON. What is wrong with a policy is the business of the reader of
/// the element, who reads those again that are not among the sound ones.
fn parse<'a>(split: Split<'a>, arena: &'a Bump) -> Option<Element<'a>> {
    let Split {
        list,
        index,
        start,
        text,
    } = split;
    let node = json::parse(text, arena).ok()?;
    let is_plain = is_plain(text);
    let mut sound = Vec::new();
    if is_plain {
        let mut scratch = Bump::new();
        let lists = INLINE_LISTS.into_iter().filter_map(|list| node.get(list));
        for element in lists.filter_map(Node::as_array).flatten() {
            let document = element.get("PolicyDocument");
            let Some(document) = document.filter(|own| own.as_object().is_some()) else {
                continue;
            };
            let options = ReadOptions::new(PolicyKind::Identity);
            if read_plain_policy(*document, options, &scratch).0.is_some() {
                sound.push(document.span.start);
            }
            scratch.reset();
        }
        sound.sort_unstable();
    }
    Some(Element {
        list,
        index,
        start,
        text,
        is_plain,
        node,
        sound,
    })
}
