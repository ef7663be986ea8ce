//! A file while it is read: its name, the record at hand, and the memory that records share.

use std::collections::BTreeMap;

use bumpalo::Bump;
use portcullis_source::Start;

use crate::load::raw::SourceLoc;
use crate::store::ids::Symbol;

/// One file that is being read. Buffer and arena are used again for each record: a file of a
/// million lines allocates as much as its largest line.
pub(super) struct OpenFile<'f> {
    /// Its path from the folder, for source locations.
    pub(super) file: Symbol,
    /// The same as a string.
    pub(super) name: &'f str,
    /// How often each form was recognized in it.
    pub(super) counts: BTreeMap<&'static str, u64>,
    /// The bytes of the record that is being read.
    pub(super) bytes: Vec<u8>,
    /// The JSON tree of that record.
    pub(super) arena: Bump,
    /// How many records were read. Where a file has to be read again, as many are passed over.
    pub(super) records: usize,
}

impl OpenFile<'_> {
    /// The location of a value that begins here.
    pub(super) fn loc(&self, start: Start) -> SourceLoc {
        SourceLoc {
            file: self.file,
            line: u32::try_from(start.line).unwrap_or(u32::MAX),
            column: 1,
            list: "",
            index: 0,
        }
    }
}
