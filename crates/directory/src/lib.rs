//! Directories: whole accounts and organizations, decided by principal.
//!
//! A directory is a folder of dumps that people already have: account authorization details, the tree
//! of an organization with its control policies, the policies of resources. [`Directory::load`] reads
//! it, [`Directory::question`] finds what decides a request, and [`Engine::decide`] decides it.
//!
//! ```no_run
//! use bumpalo::Bump;
//! use portcullis_directory::{Directory, Engine, RequestPolicies, LoadOptions};
//! use portcullis_model::{Caller, Principal, Request};
//!
//! let loaded = Directory::load("dumps".as_ref(), LoadOptions::default(), &mut |_| ())?;
//! let arena = Bump::new();
//! let request = Request {
//!     principal: Principal {
//!         caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann" },
//!         user_id: None,
//!         management_account: false,
//!         session_token: false,
//!     },
//!     action: "s3:GetObject",
//!     resource: "arn:aws:s3:::b/k",
//!     resource_account: None,
//!     context: &[],
//!     restrict_public_buckets: false,
//!     external_grant: false,
//! };
//! let question = loaded.directory.question(&request, RequestPolicies::default(), &arena)?;
//! let outcome = Engine::new().decide(&loaded.directory, &question)?;
//! println!("{}", outcome.decision());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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

pub use decide::given::ContextValue;
pub use decide::handles::{PreparedResource, PrincipalNumber, ResolvedRequest};
pub use decide::question::Question;
pub use directory::{Counts, Directory, LoadOptions, Loaded};
pub use engine::Engine;
pub use error::{CheckError, EngineError, RequestError, UpdateError};
pub use load::problem::{LoadError, Report, Skipped};
pub use load::read::Progress;
pub use load::sources::{Listing, Sources};
pub use plan::action::PreparedAction;
pub use portcullis_explain::{
    AccountStory, Applied, Attached, CallerStory, Card, Chart, GrantMiss, GrantStory, LayerStory,
    Scene, Source, TargetStory,
};
pub use portcullis_syntax::RequestPolicies;
pub use query::access::AccessQuery;
pub use query::admins::Admin;
pub use query::external_access::{ExternalAccess, Scope};
pub use query::people::{Assigned, Reserved};
pub use query::what_can::{Can, WhatCanError};
pub use query::who_can::AccessPath;
pub use store::snapshot::SnapshotError;
pub use sts::{IssuedSession, Session, StsCall, StsCallError, StsCallKind};
