//! The library for C and for every language that calls C: `include/portcullis.h`, which a test makes from these files.
//!
//! It turns pointers and lengths into what the facade takes, and is not the place for anything else: it evaluates nothing,
//! and whatever any host would want belongs into `portcullis`. `types` is what both sides of the border know, `raw` reads it,
//! `abi` has the functions; these two are all that is not safe. What they read becomes a `request`, and so does the `flat`
//! form, for hosts that may not hand over pointers to pointers. `handles` and `error` are what a host keeps.

pub mod abi;
pub mod error;
mod flat;
pub mod handles;
mod raw;
mod request;
pub mod types;

// Hosts of these tests compile policies.
#[cfg(all(test, feature = "full"))]
mod tests;
