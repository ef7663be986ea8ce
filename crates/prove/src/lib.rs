//! Questions about *all* requests: proofs, and requests that show the contrary.
//!
//! "Does the new version of this policy allow anything that the old one did not?" is answered by a proof, by a concrete
//! request that the machine has confirmed, or by an honest "unknown" with its reasons; never by a guess.
//!
//! The way is a lazy combination of a Boolean solver and one small exact theory for each part of a request (the lazy
//! approach of satisfiability modulo theories; the idea to ask such questions of IAM policies is that of Zelkova, FMCAD
//! 2018): policies become a formula over whole tests ("the action is in this list"), the solver proposes answers of
//! tests, and the theory says whether a request can have them. What contradicts itself is learned; what a few answers
//! leave open is blocked, and the end is "unknown" then.
//!
//! Costs tenths of a millisecond for usual policies; a count of work bounds it, without a clock. Rejected: SMT solvers, which are
//! large, foreign to the platforms that portcullis runs on, 50 times slower here, and time out where nobody expects it. The
//! test kit holds the answers against two of them.

mod access;
mod algebra;
#[cfg(any(test, feature = "audit"))]
mod audit;
mod case;
mod control;
mod cover;
mod decision;
mod domain;
mod evaluate;
mod formula;
mod joint;
mod key;
mod language;
mod outside;
mod pattern;
mod product;
mod question;
mod reading;
mod request;
mod sat;
mod search;
mod statement;
mod theory;
mod typed;
mod value;
mod variable;
mod words;
mod work;

pub use access::{AccountPart, Existence, Likeness, Looked, OpenKey, Selection, Situation, exists};
#[cfg(any(test, feature = "audit"))]
pub use audit::{Audit, audited};
pub use control::{Control, out_of_control};
pub use cover::Statements;
pub use domain::{AXIOMS, Axiom, Domain, needs_no_permission};
pub use evaluate::allows;
pub use outside::{Comes, Held, Outside, Outsider, comes_in};
pub use question::{
    Answer, Callers, Confirm, Finding, Options, Proof, Reason, Refutation, StatementPlace, compare,
};
pub use request::{Caller, Example, Witness};
