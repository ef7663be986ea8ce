//! The integration tests of this crate, in one program: linking is most of what a test binary costs.

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod agreement;
mod book;
mod corpus;
mod crafted_images;
mod directories;
mod docs;
mod exhaust;
mod explain;
mod fixes;
mod forms;
mod fuzz;
mod handles;
mod handles_of_directories;
mod hostile_images;
mod index;
mod invariants;
mod laws;
mod lint;
mod many;
mod prove;
mod real;
mod review;
mod rules;
mod threads;
mod tighten;
