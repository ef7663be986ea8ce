//! What a directory holds: tables, strings and policy documents; how it becomes a file, and how it takes in changes.
//!
//! The room keeps the invariants of the tables. Only its files write them: an index is in step with its rows, ids lead to
//! rows that exist, strings are interned once. Others build tables by [`tables::Tables::new`] and read them by methods.
//!
//! It knows neither how dumps look nor what a request is, so that loading and deciding can both stand on it without seeing
//! each other. Whatever follows from the compiled policies is in [`crate::plan`] and never stored.
//!
//! Memory is what counts here: a million principals took 191 MB (`docs/benchmarks/directories.md`). So rows hold ids and not
//! strings, lists are runs of shared columns, and nothing is owned twice.

pub(crate) mod accounts;
pub(crate) mod delta;
pub(crate) mod documents;
pub(crate) mod ids;
pub(crate) mod people;
pub(crate) mod policy_scope;
pub(crate) mod provenance;
pub(crate) mod snapshot;
pub(crate) mod strings;
pub(crate) mod tables;
pub(crate) mod texts;
