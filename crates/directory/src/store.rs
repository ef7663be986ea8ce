//! What a directory consists of: tables, strings and policy documents; how it becomes a file, and
//! how it takes in changes.
//!
//! The room keeps the invariants of the tables. Only its files write them: an index is in step with
//! its rows, ids lead to rows that exist, strings are interned once. Others build tables by
//! [`tables::Tables::new`] and read them by methods.
//!
//! It knows neither the form of dumps nor what a request is, so that loading and deciding can both
//! use it without seeing each other. Whatever follows from the compiled policies is in
//! [`crate::plan`] and never stored.
//!
//! Memory is what counts here: a million principals took 191 MB (`docs/benchmarks/directories.md`).
//! So rows consist of ids and not of strings, lists are ranges of shared columns, and nothing is
//! owned twice.
//!
//! | file | what it keeps |
//! |---|---|
//! | [`ids`] | the types of ids and ranges |
//! | [`strings`], [`documents`], [`texts`] | strings of tables; policies; texts of policies |
//! | [`tables`], [`accounts`], [`people`] | rows, and the indexes that find them |
//! | [`policy_scope`] | which resource policy a request for an ARN is decided by |
//! | [`provenance`] | how policies came to apply, for explanations |
//! | [`snapshot`], [`delta`] | the file of a directory; changes |
//!
//! A database on disk was rejected: a decision may take a microsecond, and a library that is
//! embedded cannot bring a server. So was a general map crate for each table, which owns its keys.

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
