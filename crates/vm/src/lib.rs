//! The virtual machine of portcullis: decides and explains requests against images.
//!
//! A [`Request`] is filled once for a *stack* of images: an account's, a bucket's, a session
//! policy's. Filling resolves everything that is a name to a number and reads every value that will
//! be compared. [`decide`] then only follows numbers: it does not allocate, panic, block or recurse,
//! it reads no clock and no global, and there is no request that it cannot decide.
//!
//! # Whose numbers
//!
//! Numbers belong to the images that they were looked up in. [`Request`], [`Action`], [`Key`] and [`Known`]
//! know theirs, and clones of these; the same bytes opened again are another image. Where one of another stack comes,
//! its name is looked up again, and a request that was filled for other images, or that is not finished, is an
//! implicit deny by nobody. What a host tells as
//! bare numbers is believed: [`PartOf`], [`KeySlot`], [`KnownParts`], and everything that goes into
//! [`Partial`], which is for hosts that compare owners themselves, as directories do.
#![no_std]
extern crate alloc;

mod batch;
mod caller;
mod combine;
mod entries;
mod explain;
mod facts;
mod glob;
mod guard;
mod head;
mod lookup;
mod matcher;
mod named;
mod notes;
mod partial;
mod request;
mod stack;
mod through;
mod typed;
mod values;
mod walk;

pub use batch::decide_all;
pub use caller::Kind as CallerKind;
pub use combine::Outcome;
pub use entries::Entry;
pub use explain::{
    ConditionReport, EntryMiss, EntryReport, Explanation, Identity, KeyReport, LayerReport, Miss,
    NotListed, PrincipalEntry, PrincipalMiss, StatementReport, explain, left_out,
};
pub use facts::{Home, Ownership, Target};
pub use lookup::part_filter;
pub use notes::assumptions;
pub use partial::{KnownParts, Leftovers, Partial, Resolved, Settled};
pub use request::{PartOf, Request, is_name_of_caller};
pub use through::{decide_through, explain_through, resource_behind};
pub use typed::{Action, Key, KeySlot, Known, Resource, ResourceRef};
pub use walk::decide;
