//! Which keys the answer to a question may still depend on.
//!
//! Every policy counts, whomever it is for: to say which of them matter for one request would take an explanation for each
//! principal.

use std::collections::BTreeSet;

use portcullis_image::value::fold;
use portcullis_model::ContextEntry;

use crate::plan::DecisionPlan;
use crate::plan::key_sources::SlotOrigin;

/// The keys that conditions look at and that neither a request with this context nor the directory gives, in lower case
/// and sorted.
pub(crate) fn keys_not_given(plan: &DecisionPlan, given: &[ContextEntry<'_>]) -> Vec<String> {
    let mut names = BTreeSet::new();
    for image in 0..plan.stack.images().len() {
        for slot in plan.slots.of(image) {
            let is_given = |entry: &ContextEntry<'_>| {
                fold::strip_ignoring_case(&slot.name, entry.key) == Some("")
            };
            if slot.origin == SlotOrigin::Request && !given.iter().any(is_given) {
                names.insert(slot.name.to_string());
            }
        }
    }
    names.into_iter().collect()
}
