//! Lists of pairs of strings, for tables that hold them as ranges of one column: tags, operations
//! of grants, encryption contexts.
//!
//! Most principals have the tags of another, so that equal lists are stored once. Sharing single
//! pairs as well was rejected: a row then needs an id for each of its pairs, and the range is two
//! words however many there are.

use std::collections::HashMap;

use crate::store::ids::{RowRange, Symbol};

/// The column of pairs, and which lists are in it. The map is dropped with linking; the column goes
/// into the tables.
#[derive(Debug, Default)]
pub(crate) struct PairLists {
    /// All lists, one after the other.
    pub(crate) all: Vec<(Symbol, Symbol)>,
    /// Where each list is, sorted.
    known: HashMap<Vec<(Symbol, Symbol)>, RowRange>,
}

impl PairLists {
    /// The range of a list. The order of its pairs does not matter, since none of the things stored
    /// here is ordered.
    pub(crate) fn intern(&mut self, mut pairs: Vec<(Symbol, Symbol)>) -> RowRange {
        if pairs.is_empty() {
            return RowRange::default();
        }
        pairs.sort_unstable();
        if let Some(range) = self.known.get(&pairs) {
            return *range;
        }
        let start = self.all.len();
        self.all.extend_from_slice(&pairs);
        let range = RowRange::between(start, self.all.len());
        self.known.insert(pairs, range);
        range
    }
}
