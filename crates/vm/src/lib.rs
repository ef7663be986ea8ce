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
//! Numbers belong to the images that they were looked up in. [`CallSite`], [`Action`], [`Key`] and [`Known`]
//! know theirs, and clones of these; the same bytes opened again are another image. Where one of another stack comes,
//! its name is looked up again, and a request that was made ready for other images, or has no action, is an
//! implicit deny by nobody. What a host tells as bare numbers is believed: [`PartOf`], [`KnownParts`], and everything that
//! goes into an [`Evaluation`], which is for hosts that compare owners themselves and are the [`KeySource`] of their
//! requests, as directories are.
#![no_std]
extern crate alloc;

mod batch;
mod cache;
mod caller;
mod callers;
mod combine;
mod entries;
mod evaluation;
mod explain;
mod facts;
mod given;
mod glob;
mod guard;
mod head;
mod lookup;
mod matcher;
mod named;
mod notes;
mod parts;
mod plan;
mod query;
mod ready;
mod scratch;
mod site;
mod slots;
mod stack;
mod through;
mod typed;
mod value;
mod walk;

pub use batch::{AHEAD, read_ahead};
pub use caller::Kind as CallerKind;
pub use combine::Outcome;
pub use entries::Entry;
pub use evaluation::{Evaluation, KnownParts, PartMemory, Resolved, Settled};
pub use explain::{
    ConditionReport, EntryMiss, EntryReport, Explanation, Identity, KeyReport, LayerReport, Miss,
    NotListed, PrincipalEntry, PrincipalMiss, StatementReport, explain,
};
pub use facts::{Home, Ownership, composed_user_id, derived};
pub use lookup::part_filter;
pub use named::ContextNames;
pub use notes::assumptions;
pub use plan::Plan;
pub use query::{ActionRef, PartOf, Query, is_name_of_caller};
pub use ready::Ready;
pub use scratch::Scratch;
pub use site::CallSite;
pub use slots::{Found, KeySource};
pub use through::{decide_through, explain_through, resource_behind, write_resource_behind};
pub use typed::{Action, Key, Known, Resource, ResourceRef, Target, all_buckets, uses_key};
pub use value::{Context, Value};
pub use walk::decide;
