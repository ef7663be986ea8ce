//! The virtual machine of portcullis: decides and explains requests against images.
//!
//! A [`Query`] is what a host has: texts, or what it resolved beforehand, borrowed for one decision. [`decide`] gives
//! its keys their slots, which is what a [`Scratch`] is for, finds the statements that its action and resource lead to,
//! and runs the conditions of these; a value is read when a condition first looks at it. It does not allocate once its
//! memory has seen the largest request, nor panic, block or recurse; it reads no clock and no global, and there is no
//! request that it cannot decide.
//!
//! Requests are decided against a *stack* of images: an account's, a bucket's, a session policy's. What follows from the
//! stack alone is its [`Plan`].
//!
//! # Whose numbers
//!
//! Numbers belong to the images that they were looked up in. [`CallSite`], [`Action`], [`Key`] and [`PrincipalHandle`]
//! know theirs, and clones of these; the same bytes opened again are another image. Where one of another stack comes,
//! its name is looked up again, and a request that was made ready for other images, or has no action, is an
//! implicit deny by nobody. What a host tells as bare numbers is believed: [`SelectedUnit`], [`UnitsSummary`], and everything that
//! goes into an [`Evaluation`], which is for hosts that compare owners themselves and are the [`KeySource`] of their
//! requests, as directories are.
#![no_std]
extern crate alloc;

mod access_point;
mod bytes;
mod combine;
mod decide;
mod eval;
mod explain;
mod index;
mod keys;
mod pattern;
mod prepare;
mod request;
mod stack;

pub use access_point::{decide_through, explain_through, resource_behind, write_resource_behind};
pub use combine::Outcome;
pub use combine::caller::CallerKind;
pub use combine::ownership::{HomeAccount, Ownership};
pub use decide::batch::{AHEAD, read_ahead};
pub use decide::decide;
pub use decide::evaluation::{
    Evaluation, EvaluationRequest, PreparedEvaluation, UnitMemory, UnitsSummary,
};
pub use eval::entries::StatementEntry;
pub use explain::explain;
pub use explain::notes::assumptions;
pub use explain::report::{
    ConditionReport, EntryMiss, EntryReport, Explanation, Identity, KeyReport, LayerReport, Miss,
    NotListed, PrincipalEntry, PrincipalMiss, StatementReport,
};
pub use index::unit_filter;
pub use keys::source::{FoundKey, KeySource};
pub use prepare::ready::Ready;
pub use prepare::scratch::Scratch;
pub use request::action::Action;
pub use request::context::Context;
pub use request::derived::{composed_user_id, derived};
pub use request::key::{Key, uses_key};
pub use request::principal::{ContextNames, PrincipalHandle, is_name_of_caller};
pub use request::query::{ActionRef, Query, SelectedUnit};
pub use request::resource::{Resource, ResourceRef, Target, all_buckets};
pub use request::site::CallSite;
pub use request::value::Value;
pub use stack::ImageIdx;
pub use stack::plan::{Plan, StackSlot};
