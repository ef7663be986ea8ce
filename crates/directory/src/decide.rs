//! From a request to a decision.
//!
//! There are two ways. [`completed`] writes a request down with every policy and key that the directory adds, for
//! explanations, access points and other evaluators ([`stack`]). [`check`] decides from the tables and the plan without
//! writing anything down. Both find caller, target and policy sets by the same code ([`caller`], [`target`], [`applies`]); of the
//! keys there is a table for each, [`context`] and [`keys`], and tests hold them against each other.
//!
//! The room may assume sound tables and a plan that was made of them. It changes neither, and is never shown how they were
//! read. Nothing here panics or allocates on the fast way; everything is a function of its arguments, with memory that an
//! engine lends ([`memory`]).
//!
//! A resolved decision takes some 1,900 instructions, half of them in the machine; one from texts 5,300
//! (`docs/benchmarks/directories.md`). One way for both was rejected: writing a request down costs more than deciding it, and
//! explanations need it written down.

pub(crate) mod applies;
pub(crate) mod asked;
pub(crate) mod batch;
pub(crate) mod caller;
pub(crate) mod check;
pub(crate) mod completed;
pub(crate) mod context;
pub(crate) mod given;
pub(crate) mod grants;
pub(crate) mod handles;
pub(crate) mod keys;
pub(crate) mod memory;
pub(crate) mod provenance;
pub(crate) mod stack;
pub(crate) mod target;
