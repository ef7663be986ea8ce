//! What is asked of principals: one thing to do to one resource.

use portcullis_model::ContextEntry;

/// One thing to do to one resource.
#[derive(Clone, Copy, Debug)]
pub struct AccessQuery<'q> {
    /// The permission, `prefix:name`.
    pub action: &'q str,
    /// The target's ARN, or `*`.
    pub resource: &'q str,
    /// The target's owner, where the directory does not know it.
    pub resource_account: Option<&'q str>,
    /// What is known of the request beside caller and target.
    pub context: &'q [ContextEntry<'q>],
}
