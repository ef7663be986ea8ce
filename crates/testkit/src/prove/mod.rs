//! Oracles for proofs: policies changed at random, worlds small enough to be asked whole, and other people's solvers.
//!
//! A "yes" of the prover is a request, which the machine decides. A wrong "no" is invisible, so all of this is about it.

pub mod adversarial;
pub mod audit;
pub mod callers;
pub mod campaign;
pub mod corners;
pub mod mutate;
pub mod smt;
pub mod solver;
pub mod tiny;
pub mod whole;
