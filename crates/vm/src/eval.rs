//! Evaluating statements against a request.

pub(crate) mod accumulator;
pub(crate) mod entries;
pub(crate) mod guard;
pub(crate) mod head;
pub(crate) mod view;
