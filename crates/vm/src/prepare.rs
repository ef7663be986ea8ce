//! Making a request ready to be decided: everything is looked up that takes no policy.

pub(crate) mod callers;
pub(crate) mod names;
pub(crate) mod parts;
pub(crate) mod ready;
pub(crate) mod scratch;
