//! A request as a host has it: texts, or what was resolved beforehand for a stack of images.
//!
//! A host borrows what it has to a [`query::Query`] for one decision. Texts will do everywhere. What is the same in many
//! requests can be resolved once: an action, a key, a principal, a resource, or all names of one place in a program
//! ([`site::CallSite`]). Each of these knows the stack that it was resolved for, and is looked up again for another, so
//! that none has to be thrown away when policies change.
//!
//! Nothing here decides anything, and nothing refers to what a decision fills in. Filling a request step by step, with a call
//! for each key, was there first and was rejected: it took 3,766 instructions where this takes 1,332
//! (`docs/benchmarks/targets.md`), and a request could be decided half filled.

pub(crate) mod action;
pub(crate) mod context;
pub(crate) mod derived;
pub(crate) mod key;
pub(crate) mod principal;
pub(crate) mod query;
pub(crate) mod resource;
pub(crate) mod site;
pub(crate) mod value;
