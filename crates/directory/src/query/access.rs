//! What is asked of principals: one thing to do to one resource.
//!
//! A request without its caller. The context is the same for all of them, so that keys of a caller belong to the directory, not
//! here.

use portcullis_model::ContextEntry;

/// One thing to do to one resource, asked of many principals ([`Directory::who_can`](crate::Directory::who_can) has an example).
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
