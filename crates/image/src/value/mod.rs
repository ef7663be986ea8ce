//! How the texts of policies and requests are read as typed values.
//!
//! The compiler reads policy values with these functions and the machine reads request values with
//! them. The reference evaluator has its own.

pub mod fold;
mod fold_runs;
pub mod instant;
pub mod network;
pub mod number;
