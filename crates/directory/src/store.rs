//! What a directory holds: tables, strings, policy documents; and how it becomes a file and takes in changes.

pub(crate) mod accounts;
pub(crate) mod delta;
pub(crate) mod documents;
pub(crate) mod ids;
pub(crate) mod policy_scope;
pub(crate) mod provenance;
pub(crate) mod snapshot;
pub(crate) mod strings;
pub(crate) mod tables;
