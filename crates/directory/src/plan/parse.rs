//! Parses documents one after the other for the compiler, on a thread of their own where there are two processors.
//!
//! Parsing and lowering take about the same time. Lowering numbers texts in the order in which it meets them, so that it
//! stays with one thread, and the image is the same with one thread and with two.

use std::num::NonZero;
use std::sync::mpsc;
use std::{panic, thread};

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_syntax::ast::Document;

use crate::store::documents::Documents;
use crate::store::texts::TextId;

/// Documents that are handed over at once.
const BATCH: usize = 16;

/// Batches whose trees are in memory together: some 3 MB.
const BATCHES: usize = 16;

/// A document, and the type that it is read as.
pub(super) type Typed = (TextId, PolicyKind);

/// Documents that are parsed in their order, each with what belongs to it. The trees of a round are in memory together;
/// `lower` gets them one by one.
pub(super) struct Rounds {
    arenas: Vec<Bump>,
    has_second_thread: bool,
}

impl Rounds {
    /// How many documents a round has at most.
    pub(super) const SIZE: usize = BATCH * BATCHES;

    /// Nothing parsed yet.
    pub(super) fn new() -> Rounds {
        let mut arenas = Vec::new();
        arenas.resize_with(BATCHES, Bump::new);
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Rounds {
            arenas,
            has_second_thread: processors > 1,
        }
    }

    /// Parses at most [`Rounds::SIZE`] documents. None if one is invalid or was let go.
    pub(super) fn parse<T: Sync>(
        &mut self,
        documents: &Documents,
        round: &[T],
        typed: impl Fn(&T) -> Typed + Sync,
        mut lower: impl FnMut(&T, Document<'_>),
    ) -> Option<()> {
        self.arenas.iter_mut().for_each(Bump::reset);
        let mut batches = round.chunks(BATCH).zip(&mut self.arenas);
        let parse = |batch, arena| parse_batch(documents, batch, &typed, arena);
        let mut lower_all = |batch: &[T], parsed: Option<Vec<Document<'_>>>| {
            for (own, document) in batch.iter().zip(parsed?) {
                lower(own, document);
            }
            Some(())
        };
        if !self.has_second_thread || round.len() <= BATCH {
            return batches.try_for_each(|(batch, arena)| lower_all(batch, parse(batch, arena)));
        }
        thread::scope(|scope| {
            let (sender, parsed) = mpsc::channel();
            let parser = scope.spawn(move || {
                // Nobody listens any more once a document could not be read.
                batches
                    .try_for_each(|(batch, arena)| sender.send((batch, parse(batch, arena))))
                    .unwrap_or(())
            });
            let lowered = parsed
                .into_iter()
                .try_for_each(|(batch, parsed)| lower_all(batch, parsed));
            // A thread that is not joined frees its memory when it likes: perhaps while a host decides.
            match parser.join() {
                Ok(()) => lowered,
                Err(payload) => panic::resume_unwind(payload),
            }
        })
    }
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
