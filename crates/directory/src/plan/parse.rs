//! Parses documents for the compiler, on two threads, of which one lowers what is parsed.

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_syntax::ast::Document;

use crate::ahead::Ahead;
use crate::store::documents::Documents;
use crate::store::texts::TextId;

/// Documents of a job.
const BATCH: usize = 32;

/// How many documents are parsed together: some 4 MB of trees.
pub(super) const ROUND: usize = BATCH * Ahead::JOBS;

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
    let mut batches = round.chunks(BATCH);
    let mut all = Some(());
    ahead.round(
        |_| batches.next(),
        |batch, arena| Some((batch, parse_batch(documents, batch, &typed, arena)?)),
        |parsed| match parsed {
            Some((batch, parsed)) => {
                for (own, document) in batch.iter().zip(parsed) {
                    lower(own, document);
                }
            }
            None => all = None,
        },
    );
    all
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
