//! Making a request ready to be decided: everything is looked up that takes no policy.
//!
//! [`scratch::Scratch`] is the memory for it, which a host keeps for each thread; [`ready::Ready`] borrows it. A request is
//! given whole and becomes ready whole, so that none can be decided half filled. Once the memory has held the largest
//! request, nothing here allocates.
//!
//! Of the instructions of a request from texts more than half are spent here, which is why names are remembered: actions,
//! keys and callers in caches of 128 each, the names of a request's keys with its action, and what follows from its few bits.

pub(crate) mod callers;
pub(crate) mod names;
pub(crate) mod ready;
pub(crate) mod scratch;
pub(crate) mod units;
