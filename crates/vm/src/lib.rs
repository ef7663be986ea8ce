//! The virtual machine of portcullis: decides and explains requests against images.
//!
//! A [`Query`] is what a host has: texts, or what it resolved beforehand, borrowed for one decision. [`decide()`] gives
//! its keys their slots, which is what a [`Scratch`] is for, finds the statements that its action and resource lead to,
//! and runs the conditions of these; a value is read when a condition first looks at it. It does not allocate once its
//! memory has seen the largest request, nor panic, block or recurse; it reads no clock and no global, and there is no
//! request that it cannot decide.
//!
//! Requests are decided against a *stack* of images: an account's, a bucket's, a session policy's. What follows from the
//! stack alone is its [`Plan`].
//!
//! ```
//! use portcullis_image::Image;
//! use portcullis_model::{Caller, Request};
//! use portcullis_vm::{Context, Plan, Query, Scratch, Value, decide};
//!
//! # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
//! let image = Image::from_bytes(&file[..])?;
//! let images = || core::iter::once(image.view());
//! // Once for the images, and once for each thread.
//! let plan = Plan::of(images());
//! let mut scratch = Scratch::new();
//!
//! let caller = Caller::from_arn("arn:aws:iam::111122223333:role/reports").unwrap();
//! let request = Request {
//!     resource_account: Some("444455556666"),
//!     ..Request::new(caller, "s3:GetObject", "arn:aws:s3:::example-team-data/finance/2026/q1.csv")
//! };
//! let context = [
//!     ("aws:PrincipalTag/team", Value::Text("finance")),
//!     ("aws:RequestedRegion", Value::Text("eu-west-1")),
//!     ("aws:SecureTransport", Value::Bool(true)),
//! ];
//! let query = Query { context: Context::Named(&context), ..Query::from(&request) };
//! assert!(decide(images(), &plan, &mut scratch, &query).is_allow());
//! # Ok::<(), portcullis_image::ImageError>(())
//! ```
//!
//! # Which way in
//!
//! | a host | uses |
//! |---|---|
//! | has texts | [`decide()`] with [`Query::from`] a request |
//! | asks at the same place of a program again and again | a [`CallSite`]: action and names of keys, resolved together |
//! | has values that are no texts | [`Value`] |
//! | knows its callers | a [`PrincipalHandle`] for each |
//! | wants to know why | [`explain()`], or [`Scratch::ready`] and then both [`Ready::decide`] and [`Ready::explain`] |
//! | decides many requests on large images | [`read_ahead`] before each [`AHEAD`] of them |
//! | decides for an access point of S3 | [`decide_through`] |
//! | has images of very many units | [`Scratch::ready_units`], or an [`Evaluation`] whose keys it knows itself ([`KeySource`]) |
//!
//! # Whose numbers
//!
//! Numbers belong to the images that they were looked up in. [`CallSite`], [`Action`], [`Key`] and [`PrincipalHandle`]
//! know theirs, and clones of these; the same bytes opened again are another image. Where one of another stack comes,
//! its name is looked up again, and a request that was made ready for other images, or has no action, is an
//! implicit deny by nobody. What a host tells as bare numbers is believed: [`SelectedUnit`], [`UnitsSummary`], and everything
//! that goes into an [`Evaluation`], which is for hosts that compare owners themselves and are the [`KeySource`] of their
//! requests, as directories are.
//!
//! # What it costs
//!
//! The measured workloads take 340 to 2,400 instructions a decision where names were looked up before and 1,300 to 5,300 from
//! texts, and does not grow with the policies that do not apply (`docs/benchmarks/targets.md`). Decisions are not cached here:
//! a host that does knows when its policies change.
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
