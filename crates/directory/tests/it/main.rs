//! The integration tests of this crate, in one program: linking is most of what a test binary costs.

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod agreement;
mod callers;
mod container;
mod copies;
mod corpus;
mod dumps;
mod identity_center;
mod keys;
mod large;
mod many;
mod packed;
mod parts;
mod problems;
mod questions;
mod recorded;
mod rules;
mod service_dumps;
mod story;
mod sts;
mod support;
mod update;
