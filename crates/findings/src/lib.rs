//! Questions about whole accounts and organizations, whose answers are true: yes, no, on condition, or not known.
//!
//! A directory decides requests; a question is about all requests that match it. Where one request decides, the machine is
//! asked; where a pattern does, or keys of which nothing is known, the prover is. Every yes has a request that the directory's own
//! decision confirmed, and a no is a proof over all layers: identity, boundary, control policies of both sides, the
//! resource's policy.
//!
//! | answer | what it says |
//! |---|---|
//! | [`Can::Yes`] | a request is allowed that has what was given, what the directory knows, and no other key |
//! | [`Can::If`] | none is, but some are that have other keys too: these, with values that will do |
//! | [`Can::No`] | none is, whatever keys it has |
//! | [`Can::Unknown`] | neither was shown, for these reasons |
//!
//! What principals with equal policies have in common is proved once: the proof notes what of the caller it looked at.

mod admins;
mod answer;
mod caller;
mod class;
mod escalate;
mod external;
mod internal;
mod parallel;
mod paths;
mod questions;
mod taken_away;
mod what_can;
mod who_can;

pub use admins::{Administrator, Exception};
pub use answer::{Can, Shown};
pub use caller::Asker;
pub use escalate::{Escalation, Escalations, escalations};
pub use external::{
    Change, Finding, Implied, NOT_COVERED, Named, Restriction, Source, Zone, changes, resource_type,
};
pub use internal::{InternalFinding, internal_findings};
pub use parallel::of_each;
pub use portcullis_prove::Selection;
pub use portcullis_prove::Witness;
pub use questions::{GivenFor, Questions};
pub use what_can::Ability;
pub use who_can::{Way, who_can};
