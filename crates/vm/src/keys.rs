//! The condition keys of a request, by the slots that policies look at.

pub(crate) mod filled;
pub(crate) mod shape;
pub(crate) mod slot;
pub(crate) mod source;
pub(crate) mod values;
