//! From a request to a decision.

pub(crate) mod batch;
pub(crate) mod caller;
pub(crate) mod check;
pub(crate) mod context;
pub(crate) mod engine;
pub(crate) mod keys;
mod provenance;
pub(crate) mod question;
pub(crate) mod target;
