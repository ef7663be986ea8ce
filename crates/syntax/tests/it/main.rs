//! The integration tests of this crate, in one program: linking is most of what a test binary costs.

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod advice;
mod codes;
mod corpus;
mod documents;
mod forms;
mod hostile;
mod json_differential;
mod promises;
mod support;
