//! Pairs of strings, for tables that hold them in runs.
//!
//! Most principals have the tags of another, so that a list which was seen before is not stored again.

use std::collections::HashMap;

use crate::store::ids::{RowRange, Symbol};

/// Tags and other pairs, each list of them stored once.
#[derive(Debug, Default)]
pub(crate) struct PairLists {
    pub(crate) all: Vec<(Symbol, Symbol)>,
    known: HashMap<Vec<(Symbol, Symbol)>, RowRange>,
}

impl PairLists {
    /// The run of these pairs, in any order.
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
