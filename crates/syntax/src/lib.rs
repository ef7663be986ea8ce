//! Policy documents as written: one syntax tree, its readers and its diagnostics.

pub mod ast;
mod sets;

pub use sets::{Policy, PolicySets};
