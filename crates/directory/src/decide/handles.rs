//! What a host resolves once for many decisions: a resource and a caller, beside the action ([`PreparedAction`]) and the keys.
//!
//! Each keeps the id of the generation that resolved it. In another its numbers would name other rows, so that it is
//! resolved again, or refused. Lifetimes that tie handles to a directory were rejected: a host holds handles while it replaces
//! the directory.

use portcullis_model::split_arn;
use portcullis_vm::Resource;

use crate::decide::given::ContextValue;
use crate::decide::target::{LocatedTarget, locate};
use crate::plan::action::PreparedAction;
use crate::store::ids::PrincipalIdx;
use crate::store::tables::Tables;

/// A resource, resolved for a directory: its owner, its policy, its tags. What [`Directory::resource`](crate::Directory::resource)
/// gives; it owns its text.
#[derive(Clone, Debug)]
pub struct PreparedResource {
    /// What the machine read of the ARN.
    pub(crate) handle: Resource,
    /// The owner, as the host said.
    pub(crate) account: Option<String>,
    /// What the directory has for it.
    pub(crate) located: LocatedTarget,
    /// As of a [`PreparedAction`].
    pub(crate) of: u64,
}

/// The number of a user or role, which is good for one directory until it is updated. Four bytes and whose it is, to be kept in
/// sessions of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrincipalNumber {
    index: PrincipalIdx,
    /// As of a [`PreparedAction`].
    of: u64,
}

impl PrincipalNumber {
    /// The number of a user or role of a generation.
    pub(crate) fn new(index: PrincipalIdx, of: u64) -> PrincipalNumber {
        PrincipalNumber { index, of }
    }

    /// Of whom it is, if it is of this generation.
    #[inline]
    pub(crate) fn index_in(self, generation: u64) -> Option<PrincipalIdx> {
        (self.of == generation).then_some(self.index)
    }
}

impl PreparedResource {
    /// Resolves a resource; `account` is its owner, where the tables do not say it (`EVAL-12`).
    pub(crate) fn new(
        tables: &Tables,
        of: u64,
        arn: &str,
        account: Option<&str>,
    ) -> PreparedResource {
        PreparedResource {
            handle: Resource::read(arn),
            account: account.map(str::to_string),
            located: locate(tables, arn, split_arn(arn), account),
            of,
        }
    }
}

/// A request of which everything was resolved before: no text is looked up to decide it, and it took 0.68 µs of a million
/// principals (`docs/benchmarks/directories.md`). For [`Engine::check_resolved`](crate::Engine::check_resolved).
#[derive(Clone, Copy, Debug)]
pub struct ResolvedRequest<'q> {
    /// A user or role ([`principal_number`](crate::Directory::principal_number)). A role is asked as a session whose name is not known.
    pub principal: PrincipalNumber,
    /// What is to be done.
    pub action: &'q PreparedAction,
    /// To what.
    pub resource: &'q PreparedResource,
    /// The keys of the context.
    pub context: &'q [ContextValue<'q>],
}
