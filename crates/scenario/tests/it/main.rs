//! The integration tests of this crate, in one program: linking is most of what a test binary costs.

#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod forms;
mod problems;
