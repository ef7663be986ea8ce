//! What decisions keep from one to the next, so that they allocate nothing.
//!
//! One value for each thread, lent to every decision. Nothing in it decides anything: it holds buffers, and the machine's scratch,
//! which remembers names by their whole text.

use bumpalo::Bump;
use portcullis_vm::UnitMemory;

/// The memory of decisions. One for each thread.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// What the machine keeps of requests.
    pub(crate) requests: Requests,
    /// The principals of the image that name the caller.
    pub(crate) known: portcullis_vm::PrincipalHandle,
    /// For units that are looked at by the index.
    pub(crate) units: UnitMemory,
    /// Texts of one decision.
    pub(crate) arena: Bump,
}

/// What the machine keeps.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// For the resource that is asked for.
    pub(crate) asked: portcullis_vm::Scratch,
    /// For the bucket behind an access point.
    pub(crate) behind: portcullis_vm::Scratch,
}
