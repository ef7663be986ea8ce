//! The integration tests of this crate, in one program: linking is most of what a test binary costs.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "a test may fail")]

mod actions;
mod explanations;
mod files;
mod live;
