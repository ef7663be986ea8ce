//! Directories: whole accounts and organizations, decided by principal.
//!
//! A directory is a folder of dumps that people already have: account authorization details, the tree
//! of an organization with its control policies, the policies of resources. [`Directory::load`] reads
//! it; then a request names a caller and the directory finds which policies apply, which keys follow, and whose the resource is.
//!
//! ```
//! use portcullis_directory::{Directory, Engine, LoadOptions};
//! use portcullis_model::{Caller, Request};
//!
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
//! let loaded = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?;
//! let caller = Caller::from_arn("arn:aws:iam::111111111111:role/service/Checkout").unwrap();
//! let request = Request::new(caller, "s3:GetObject", "arn:aws:s3:::shop-orders/2026/1.json");
//! let outcome = Engine::new().check(&loaded.directory, &request)?;
//! assert!(outcome.is_allow());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which way in
//!
//! | to do | use |
//! |---|---|
//! | decide a request of texts | [`Engine::check`]; for actions that come often, after [`Directory::prepare`] |
//! | decide many | [`Engine::check_all`], or [`Engine::check_all_resolved`] of handles |
//! | decide a caller by number, with names resolved beforehand | [`Engine::check_resolved`] of a [`ResolvedRequest`] |
//! | see what decides a request, explain it, give it to another evaluator | [`Directory::complete`], then [`Engine::decide`] or [`Engine::explain`] |
//! | ask about all principals | [`Directory::who_can`], [`Directory::matrix`], [`Directory::admins`], [`Directory::external_access`] |
//! | ask what somebody may do | [`Directory::what_can`] |
//! | get a session of STS | [`Directory::call`] |
//! | keep a directory as a file, and open it | [`Directory::to_bytes`], [`Directory::from_bytes`] |
//! | take in dumps that changed | [`Directory::update`] |
//!
//! # What it costs
//!
//! On a directory of a million principals reading the dumps took 2.8 s, opening the compiled file 0.34 s, and a decision 0.5 to
//! 2.6 µs, most of which is waiting for memory (`docs/benchmarks/directories.md`). Deciding does not allocate. A directory is
//! shared by threads; each has an [`Engine`].
//!
//! # What it assumes
//!
//! Dumps are complete: a policy that is attached and not there is an error, because it may deny. A directory that was read in part
//! is never handed on. [`LoadOptions::allow_missing`] lets dangling references pass, and then every answer is incomplete.

mod ahead;
mod arn;
pub mod codes;
mod decide;
mod directory;
mod engine;
mod error;
mod load;
mod plan;
mod query;
mod store;
mod sts;

pub use decide::completed::CompletedRequest;
pub use decide::given::ContextValue;
pub use decide::handles::{PreparedResource, PrincipalNumber, ResolvedRequest};
pub use directory::{Counts, Directory, LoadOptions, Loaded};
pub use engine::Engine;
pub use error::{CheckError, EngineError, RequestError, UpdateError};
pub use load::problem::{LoadError, Report, Skipped};
pub use load::read::Progress;
pub use load::sources::{Listing, Proposal, Sources};
pub use plan::action::PreparedAction;
pub use portcullis_explain::{
    AccountStory, Applied, Attached, CallerStory, Card, Chart, GrantMiss, GrantStory, LayerStory,
    Scene, Source, TargetStory,
};
pub use portcullis_syntax::RequestPolicies;
pub use portcullis_vm::{Explanation, Miss};
pub use query::access::AccessQuery;
pub use query::admins::Admin;
pub use query::external_access::{ExternalAccess, Scope};
pub use query::known::{KnownTarget, PolicySetNumber};
pub use query::outside::{Grantee, KnownGrant};
pub use query::people::{Assigned, PermissionSetRole};
pub use query::what_can::{ActionDecision, WhatCanError};
pub use query::who_can::AccessPath;
pub use store::snapshot::SnapshotError;
pub use sts::{IssuedSession, Session, StsCall, StsCallError, StsCallKind};
