//! A file while it is read.

use std::collections::BTreeMap;

use bumpalo::Bump;
use portcullis_source::Start;

use crate::load::raw::SourceLoc;
use crate::store::ids::Symbol;

/// A file that is being read.
pub(super) struct OpenFile<'f> {
    pub(super) file: Symbol,
    pub(super) name: &'f str,
    pub(super) counts: BTreeMap<&'static str, u64>,
    /// The record that is being read, and its tree: one after the other in the same memory.
    pub(super) bytes: Vec<u8>,
    pub(super) arena: Bump,
    /// How many records were read.
    pub(super) records: usize,
}

impl OpenFile<'_> {
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
