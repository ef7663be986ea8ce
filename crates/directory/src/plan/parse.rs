//! Parses documents for the compiler, which lowers those before them meanwhile: both take about the same time.

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_syntax::ast::Document;

use crate::ahead::Ahead;
use crate::store::documents::Documents;
use crate::store::texts::TextId;

/// Documents in an arena.
const BATCH: usize = 16;

/// How many documents are parsed together: some 2 MB of trees.
pub(super) const ROUND: usize = BATCH * Ahead::ARENAS;

/// A document, and the type that it is read as.
pub(super) type Typed = (TextId, PolicyKind);

/// Parses at most [`ROUND`] documents, each with what belongs to it. None if one is invalid or was let go.
pub(super) fn parse<T: Sync>(
    ahead: &mut Ahead,
    documents: &Documents,
    round: &[T],
    typed: impl Fn(&T) -> Typed + Sync,
    mut lower: impl FnMut(&T, Document<'_>),
) -> Option<()> {
    let typed = &typed;
    ahead.round(
        |arenas, give| {
            for (batch, arena) in round.chunks(BATCH).zip(arenas) {
                give((batch, parse_batch(documents, batch, typed, arena)?));
            }
            Some(())
        },
        |(batch, parsed): (&[T], Vec<Document<'_>>)| {
            for (own, document) in batch.iter().zip(parsed) {
                lower(own, document);
            }
        },
    )
}

/// The trees of some documents; none if one cannot be read.
fn parse_batch<'a, T>(
    documents: &'a Documents,
    batch: &[T],
    typed: &impl Fn(&T) -> Typed,
    arena: &'a Bump,
) -> Option<Vec<Document<'a>>> {
    let read = |own| {
        let (text, kind) = typed(own);
        documents.parse(text, kind, arena)
    };
    batch.iter().map(read).collect()
}
