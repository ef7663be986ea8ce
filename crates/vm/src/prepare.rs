//! Making a request ready to be decided: everything is looked up that takes no policy.
//!
//! [`scratch::Scratch`] is the memory for it, which a host keeps for each thread; [`ready::Ready`] borrows it. A request is
//! given whole and becomes ready whole, so that none can be decided half filled. Once the memory has held the largest
//! request, nothing here allocates.

pub(crate) mod callers;
pub(crate) mod names;
pub(crate) mod ready;
pub(crate) mod scratch;
pub(crate) mod units;
