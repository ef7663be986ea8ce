//! The integration tests of this crate, in one program: linking is most of what a test binary costs.

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod bad_directories;
mod book;
mod browser;
mod catalog;
mod check;
#[cfg(unix)]
mod collect;
mod commands;
mod custom_checks;
mod directories;
mod doors;
mod embedded;
mod explain;
mod findings;
mod golden;
mod hostile;
mod images;
mod language;
mod layouts;
mod linter;
mod lsp;
mod mistakes;
#[cfg(unix)]
mod nvim;
mod paths;
mod principals;
mod proofs;
mod prove;
mod readers;
mod reported;
mod scenarios;
mod schemas;
mod sessions;
mod simulate;
mod support;
mod tighten;
