//! From a request to a decision.
//!
//! The room may assume sound tables and a plan that was made of them. It changes neither, and is never shown how they
//! were read.

pub(crate) mod applies;
pub(crate) mod asked;
pub(crate) mod batch;
pub(crate) mod caller;
pub(crate) mod check;
pub(crate) mod context;
pub(crate) mod given;
pub(crate) mod grants;
pub(crate) mod handles;
pub(crate) mod keys;
pub(crate) mod memory;
pub(crate) mod provenance;
pub(crate) mod question;
pub(crate) mod stack;
pub(crate) mod target;
