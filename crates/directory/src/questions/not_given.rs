//! Which keys the answer to a question may still depend on.

use std::collections::BTreeSet;

use portcullis_image::value::fold;
use portcullis_model::ContextEntry;

use crate::Directory;
use crate::engine::EngineError;
use crate::slots::Origin;

impl Directory {
    /// The keys that conditions of the directory's policies look at and that neither a request with this context nor
    /// the directory gives, in lower case and sorted. More of them than matter for a request: every policy counts.
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub fn keys_not_given(&self, given: &[ContextEntry<'_>]) -> Result<Vec<String>, EngineError> {
        let compiled = self.store.compiled(&self.tables)?;
        let mut names = BTreeSet::new();
        for image in 0..compiled.images().len() {
            for slot in compiled.slots.of(image) {
                let is_given = |entry: &ContextEntry<'_>| {
                    fold::strip_ignoring_case(&slot.name, entry.key) == Some("")
                };
                if slot.origin == Origin::Request && !given.iter().any(is_given) {
                    names.insert(slot.name.to_string());
                }
            }
        }
        Ok(names.into_iter().collect())
    }
}
