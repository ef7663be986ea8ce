//! Directories: whole accounts and organizations, decided by principal.
//!
//! A directory is a folder of dumps that people already have: account authorization details, the tree
//! of an organization with its control policies, the policies of resources. [`Directory::load`] reads
//! it, [`Directory::question`] finds what decides a request, and [`Engine::decide`] decides it.
//!
//! ```no_run
//! use bumpalo::Bump;
//! use portcullis_directory::{Directory, Engine, Extra, LoadOptions};
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
//! let question = loaded.directory.question(&request, Extra::default(), &arena)?;
//! let outcome = Engine::new().decide(&loaded.directory, &question)?;
//! println!("{}", outcome.decision());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attachments;
mod batch;
mod callers;
mod charts;
mod check;
mod compiled;
mod container;
mod deed;
mod documents;
mod engine;
mod entries;
mod keys;
mod line;
mod link;
mod located;
mod model;
mod parts;
mod people;
mod problem;
mod profiles;
mod questions;
mod raw;
mod read;
mod reads;
mod resolve;
mod slot_sets;
mod slots;
mod sources;
mod sts;
mod texts;
mod update;

use std::path::Path;

pub use check::{Object, PrincipalNumber, ResolvedRequest, Undecided};
pub use container::ContainerError;
pub use deed::Deed;
pub use engine::{Engine, EngineError};
pub use keys::Given;
pub use line::{Line, line, lines};
pub use people::{Assigned, Reserved};
pub use portcullis_explain::{
    AccountStory, Applied, Attached, CallerStory, Card, Chart, GrantMiss, GrantStory, LayerStory,
    Scene, Source, TargetStory,
};
pub use problem::{Code, LoadError, Problem, Report, Skipped};
pub use questions::{Admin, Can, ExternalAccess, Query, Scope, Way, WhatCanError};
pub use read::Progress;
pub use resolve::{Extra, Question, Refusal};
pub use sources::Sources;
pub use sts::{Call, CallError, CallKind, Handout, Session};
pub use update::UpdateError;

use crate::attachments::Attachments;
use crate::engine::Store;
use crate::model::Tables;
use crate::read::Loader;

/// How a folder is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// What is referred to and not there, and control policies of which no file says where they are
    /// attached, are listed in the report instead of being errors. A policy
    /// that is missing may be one that denies: [`Directory::is_incomplete`] is then true, and whoever
    /// passes answers on must say so.
    pub allow_missing: bool,
    /// Keep in compiled policies what explanations print.
    pub debug: bool,
}

/// Accounts with their users, groups, roles and resources, and the organization above them.
#[derive(Debug)]
pub struct Directory {
    tables: Tables,
    store: Store,
}

/// A directory and what was found in its folder.
#[derive(Debug)]
pub struct Loaded {
    /// The directory.
    pub directory: Directory,
    /// What was read, and what was not.
    pub report: Report,
}

impl Directory {
    /// Reads a folder, and the folders in it. `progress` is called before each file.
    ///
    /// # Errors
    /// Every problem that was found: nothing is decided by a directory that was read in part
    /// (`GRAM-12`).
    pub fn load(
        folder: &Path,
        options: LoadOptions,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Loaded, LoadError> {
        Directory::load_from(&Sources::new(folder), options, progress)
    }

    /// Reads a folder without what is excluded, and packs of managed policies.
    ///
    /// # Errors
    /// As [`Directory::load`].
    pub fn load_from(
        sources: &Sources<'_>,
        options: LoadOptions,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Loaded, LoadError> {
        let folder = sources.folder;
        let mut loader = Loader::default();
        loader.documents.attachments = options.debug.then(Attachments::default);
        loader.folder(sources, progress);
        if loader.errors.count == 0 && loader.report.read.is_empty() {
            let message = "the folder holds no dump of an account, an organization or a resource";
            let place = folder.display().to_string();
            loader.error(place, problem::Code::Empty, message);
        }
        if loader.errors.count > 0 {
            // What is missing may stand in what could not be read.
            return Err(loader.errors);
        }
        loader.packs(&sources.packs);
        if loader.errors.count > 0 {
            return Err(loader.errors);
        }
        let mut tables = loader.link();
        if !options.allow_missing {
            let missing = std::mem::take(&mut loader.report.missing);
            missing
                .into_iter()
                .for_each(|problem| loader.errors.push(problem));
        }
        if loader.errors.count > 0 {
            return Err(loader.errors);
        }
        let store = Store::new(loader.documents, &mut tables, options.debug);
        Ok(Loaded {
            directory: Directory { tables, store },
            report: loader.report,
        })
    }

    /// True if something is referred to and not there, so that an answer may be wrong.
    pub fn is_incomplete(&self) -> bool {
        self.tables.missing > 0
    }

    /// How many accounts, users and roles, and resources there are.
    pub fn counts(&self) -> Counts {
        Counts {
            accounts: self.tables.accounts.len(),
            principals: self.tables.principals.len(),
            resources: self.tables.resources.len(),
            policies: self
                .store
                .documents()
                .map(documents::Documents::policy_count),
            policy_sets: self.tables.sets.len(),
        }
    }
}

/// How much a directory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Accounts, also those that are only known as owners.
    pub accounts: usize,
    /// Users and roles.
    pub principals: usize,
    /// Resources with a policy, tags, grants or an owner.
    pub resources: usize,
    /// Different policies; unknown of a directory that is an image.
    pub policies: Option<usize>,
    /// Different sets of policies that apply together.
    pub policy_sets: usize,
}
