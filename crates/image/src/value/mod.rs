//! How the texts of policies and requests are read as typed values.
//!
//! The compiler reads policy values with these functions and the machine reads request values with
//! them. The reference evaluator has its own: values are where evaluators go wrong, and a mistake in shared code would be
//! invisible to a comparison (`docs/design/reasons.md`).
//!
//! Nothing here allocates, and every text has an outcome: what is not a value of a type gives none, which the rules say the
//! meaning of (`COND-87`).

pub mod fold;
mod fold_runs;
pub mod instant;
pub mod network;
pub mod number;
