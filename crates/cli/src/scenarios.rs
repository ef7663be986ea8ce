//! Scenario files, one record at a time.

use std::path::Path;
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_scenario::{Options, Scenario, scenarios};
use portcullis_source::{Diagnostic, Records, Source, Start};

use crate::failure::Failure;
use crate::output::{Disk, cannot_read, display_name, open, reason};

/// What a record of a scenario file holds.
pub(crate) struct Loaded<'a> {
    /// The record's text.
    pub(crate) source: Rc<Source<'a>>,
    /// Its scenarios, or what keeps them from being read.
    pub(crate) scenarios: Result<Vec<Scenario<'a>>, Vec<Diagnostic>>,
    /// True if the next record, if there is one, may be long in coming.
    pub(crate) is_last_at_hand: bool,
}

/// Reads a file record by record, and holds one record at a time.
pub(crate) fn each_record(
    path: &Path,
    options: Options,
    mut visit: impl FnMut(Loaded<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    each_line(path, |name, bytes, start, is_last_at_hand, arena| {
        let mut loaded = load(name, bytes, start, options, arena);
        loaded.is_last_at_hand = is_last_at_hand;
        visit(loaded)
    })
}

/// Reads a file record by record as texts, which may be anything.
pub(crate) fn each_text(
    path: &Path,
    mut visit: impl for<'a> FnMut(
        Result<&Rc<Source<'a>>, Diagnostic>,
        &'a Bump,
        bool,
    ) -> Result<(), Failure>,
) -> Result<(), Failure> {
    each_line(path, |name, bytes, start, is_last_at_hand, arena| {
        let own = arena.alloc_slice_copy(bytes);
        match Source::decode(arena.alloc_str(name), own, start) {
            Ok(source) => visit(Ok(&source), arena, is_last_at_hand),
            Err(problem) => visit(Err(*problem), arena, is_last_at_hand),
        }
    })
}

/// Calls back with the name of the file, each record and where it begins, whether the next record may be long
/// in coming, and an arena that is emptied behind each record.
fn each_line(
    path: &Path,
    mut visit: impl FnMut(&str, &[u8], Start, bool, &Bump) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let name = display_name(path);
    let mut records = Records::new(open(path)?);
    let mut bytes = Vec::new();
    let mut arena = Bump::new();
    while let Some(start) = records
        .next_into(&mut bytes)
        .map_err(|error| cannot_read(path, &reason(&error)))?
    {
        let is_last_at_hand = records.input().buffer().is_empty() && !records.has_read_ahead();
        visit(&name, &bytes, start, is_last_at_hand, &arena)?;
        arena.reset();
    }
    Ok(())
}

/// Reads a record.
pub(crate) fn load<'a>(
    name: &'a str,
    bytes: &'a [u8],
    start: Start,
    options: Options,
    arena: &'a Bump,
) -> Loaded<'a> {
    match Source::decode(name, bytes, start) {
        Ok(source) => Loaded {
            scenarios: scenarios(Rc::clone(&source), options, &Disk, arena),
            source,
            is_last_at_hand: false,
        },
        Err(problem) => Loaded {
            source: Source::at(name, "", start),
            scenarios: Err(vec![*problem]),
            is_last_at_hand: false,
        },
    }
}
