//! Pairs of strings, for tables that hold them in runs.
//!
//! Most principals have the tags of another, so that a list which was seen before is not stored again.

use std::collections::HashMap;

use crate::store::ids::{Run, Symbol};

/// Tags and other pairs, each list of them stored once.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    pub(crate) all: Vec<(Symbol, Symbol)>,
    runs: HashMap<Vec<(Symbol, Symbol)>, Run>,
}

impl Pairs {
    /// The run of these pairs, in any order.
    pub(crate) fn run(&mut self, mut pairs: Vec<(Symbol, Symbol)>) -> Run {
        if pairs.is_empty() {
            return Run::default();
        }
        pairs.sort_unstable();
        if let Some(run) = self.runs.get(&pairs) {
            return *run;
        }
        let start = self.all.len();
        self.all.extend_from_slice(&pairs);
        let run = Run::between(start, self.all.len());
        self.runs.insert(pairs, run);
        run
    }
}
