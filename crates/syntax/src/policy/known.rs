//! What was found out about names that documents repeat.

use smallvec::SmallVec;

/// How many names are kept.
const LIMIT: usize = 8;

/// What is known of the first few names of a document. Documents repeat operators and condition keys in
/// every statement, and looking through a few names is quicker than finding out again.
#[derive(Debug)]
pub(super) struct Known<'a, T> {
    names: SmallVec<[(&'a str, T); LIMIT]>,
}

impl<T> Default for Known<'_, T> {
    fn default() -> Self {
        Known {
            names: SmallVec::new(),
        }
    }
}

impl<'a, T: Copy> Known<'a, T> {
    /// What is known of a name.
    pub(super) fn get(&self, name: &str) -> Option<T> {
        let found = self.names.iter().find(|(own, _)| *own == name);
        found.map(|(_, what)| *what)
    }

    /// Keeps what was found out about a name of which nothing was known.
    pub(super) fn add(&mut self, name: &'a str, what: T) {
        if self.names.len() < LIMIT {
            self.names.push((name, what));
        }
    }
}
