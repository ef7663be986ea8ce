//! The directory that hosts hold: everything that it can be asked, in one place.
//!
//! Every method hands the tables and the policies on to the room that knows and decides nothing here. That keeps the rooms
//! free of the type: they take a [`Generation`], or tables alone, and so cannot reach what changes a directory.
//!
//! A directory is immutable but for [`Directory::update`] and [`Directory::prepare`], so that threads share it by
//! reference. Policies are compiled when the first decision asks for them, once, and whoever asks meanwhile waits: checking a
//! folder needs no image, and a host that wants to pay at the start calls [`Directory::prepare`].
//!
//! An `Engine` that owns the directory was rejected: one directory serves all threads, and each thread has memory of its own.

use std::path::Path;

use bumpalo::Bump;
use portcullis_explain::{Attached, Changes, Chart, Scene};
use portcullis_model::{ContextEntry, Decision, Layer, Principal, Request, check_action};
use portcullis_syntax::{Policy, PolicySets};
use portcullis_vm::{Explanation, Key};

use crate::decide::completed::{self, CompletedRequest};
use crate::decide::handles::{PreparedResource, PrincipalNumber};
use crate::decide::provenance::Sources;
use crate::error::{EngineError, RequestError, UpdateError};
use crate::load;
use crate::load::located::Locator;
use crate::load::problem::{LoadError, Report};
use crate::load::read::Progress;
use crate::load::sources::Sources as FolderSources;
use crate::plan::action::PreparedAction;
use crate::plan::generation::Generation;
use crate::plan::policies::Policies;
use crate::query::access::AccessQuery;
use crate::query::admins::{self, Admin};
use crate::query::charts;
use crate::query::external_access::{self, ExternalAccess};
use crate::query::known::{self, KnownTarget, PolicySetNumber};
use crate::query::not_given::keys_not_given;
use crate::query::outside::{self, KnownGrant};
use crate::query::people::{self, PermissionSetRole};
use crate::query::what_can::{self, ActionDecision, WhatCanError};
use crate::query::who_can::{self, AccessPath};
use crate::store::delta;
use crate::store::documents::Documents;
use crate::store::ids::PrincipalIdx;
use crate::store::snapshot::{self, MAX_IMAGES, Snapshot, SnapshotError};
use crate::store::tables::Tables;
use crate::sts::{self, IssuedSession, StsCall, StsCallError};
use portcullis_syntax::RequestPolicies;

/// How a folder is read. The default is strict, without what explanations print.
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
///
/// A directory of a million principals took 191 MB, and 346 MB with compiled policies (`docs/benchmarks/directories.md`). What
/// is resolved by it ([`Directory::action`], [`Directory::resource`], [`Directory::key`], [`Directory::principal_number`])
/// knows whose it is, and is resolved again or refused by another.
#[derive(Debug)]
pub struct Directory {
    /// Accounts, principals, resources, and the policy sets of each.
    tables: Tables,
    /// What is compiled of them, for decisions.
    policies: Policies,
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
    /// The tables, and what decisions need of them.
    pub(crate) fn generation(&self) -> Result<Generation<'_>, EngineError> {
        self.policies.generation(&self.tables)
    }

    /// True if explanations find what they print.
    pub(crate) fn has_debug(&self) -> bool {
        self.policies.has_debug()
    }

    /// Reads a folder, and the folders in it. `progress` is called before each file.
    ///
    /// What a file is, its content says, not its name; `docs/directories.md` lists the forms. Files in which nothing is recognized
    /// are left out and listed in the report, unless they could hold a policy. Time and memory are linear in the folder.
    ///
    /// ```
    /// use portcullis_directory::{Directory, LoadOptions};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// let mut files = 0;
    /// let loaded = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| files += 1)?;
    /// assert!(files >= loaded.report.read.len());
    /// assert!(!loaded.directory.is_incomplete());
    /// # Ok::<(), portcullis_directory::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// Every problem that was found: nothing is decided by a directory that was read in part
    /// (`GRAM-12`).
    pub fn load(
        folder: &Path,
        options: LoadOptions,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Loaded, LoadError> {
        Directory::load_from(&FolderSources::new(folder), options, progress)
    }

    /// Reads a folder without what is excluded, and packs of managed policies.
    ///
    /// ```
    /// use portcullis_directory::{Directory, LoadOptions, Sources};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// let mut sources = Sources::new(folder.as_ref());
    /// sources.exclude.push("drafts/".to_string());
    /// let loaded = Directory::load_from(&sources, LoadOptions::default(), &mut |_| ())?;
    /// assert!(loaded.report.excluded.is_empty());
    /// # Ok::<(), portcullis_directory::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Directory::load`].
    pub fn load_from(
        sources: &FolderSources<'_>,
        options: LoadOptions,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Loaded, LoadError> {
        let LoadOptions {
            allow_missing,
            debug,
        } = options;
        let (mut tables, documents, report) = load::load(sources, allow_missing, debug, progress)?;
        let policies = Policies::new(documents, &mut tables, debug);
        Ok(Loaded {
            directory: Directory { tables, policies },
            report,
        })
    }

    /// Leads the places in an explanation of this directory's decision, and in what would have to change, back to the
    /// files of the folder that it was read from: their names begin with the folder's then, and line and column are those
    /// of the file (`IN-2`). Reads the records again that hold the policies. What cannot be found there as it was keeps its
    /// name and its place in the document; so does everything if the directory is an image.
    pub fn locate(
        &self,
        folder: &Path,
        explanation: &mut Explanation,
        scene: &mut Scene,
        changes: &mut Changes,
    ) {
        if let Some(documents) = self.policies.documents() {
            let locator = Locator { documents };
            locator.locate(folder, explanation, scene, changes);
        }
    }

    /// Who is behind a user or role, by its number: none if it is no role of Identity Center. Nobody is told whom the files do not
    /// assign.
    pub fn people(&self, principal: usize) -> Option<PermissionSetRole> {
        people::people(&self.tables, PrincipalIdx::at(principal))
    }

    /// The same, by the ARN of the role or of a session of it.
    pub fn people_of(&self, arn: &str) -> Option<PermissionSetRole> {
        people::people(&self.tables, self.tables.number_of_role(arn)?)
    }

    /// True if files say to whom permission sets are assigned.
    pub fn has_people(&self) -> bool {
        !self.tables.people().is_empty()
    }

    /// The keys that conditions of the directory's policies look at and that neither a request with this context nor
    /// the directory gives, in lower case and sorted. More of them than matter for a request: every policy counts.
    ///
    /// ```
    /// use portcullis_directory::{Directory, LoadOptions};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// let keys = directory.keys_not_given(&[])?;
    /// assert!(keys.contains(&"aws:multifactorauthpresent".to_string()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub fn keys_not_given(&self, given: &[ContextEntry<'_>]) -> Result<Vec<String>, EngineError> {
        Ok(keys_not_given(self.policies.plan(&self.tables)?, given))
    }

    /// Who may assume which roles, with a context: those who may in the first columns, those that are reached behind
    /// them. At most `most` roles are asked for; none if there are more, since each role is a decision for every principal.
    ///
    /// # Errors
    /// As [`Directory::matrix`].
    pub fn roles_chart(
        &self,
        context: &[ContextEntry<'_>],
        threads: usize,
        most: usize,
    ) -> Result<Option<Chart>, EngineError> {
        charts::roles_chart(self.generation()?, context, threads, most)
    }

    /// The organization, with the control policies of each level and what they deny; none if there is none, or if the
    /// directory is an image, which has no documents.
    pub fn organization_chart(&self) -> Option<Chart> {
        charts::organization_chart(&self.tables, self.policies.documents()?)
    }

    /// True if bytes begin as those of [`Directory::to_bytes`] do.
    pub fn is_directory(bytes: &[u8]) -> bool {
        snapshot::is_snapshot(bytes)
    }

    /// The directory as the content of a file. The same folder gives the same bytes.
    ///
    /// Documents are not in it, only images: explanations from a file name policies and statements if the directory was loaded for
    /// explanations, and how policies came to apply is not known.
    ///
    /// ```
    /// use portcullis_directory::{Directory, LoadOptions};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// let bytes = directory.to_bytes()?;
    /// assert!(Directory::is_directory(&bytes));
    /// let opened = Directory::from_bytes(&bytes)?;
    /// assert_eq!(opened.principal_count(), directory.principal_count());
    /// assert_eq!(opened.counts().policies, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError`] if policies are more than an image can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EngineError> {
        let images = self.policies.plan(&self.tables)?.stack.images();
        Ok(snapshot::to_bytes(&self.tables, images, self.has_debug()))
    }

    /// [`Directory::to_bytes`] of a directory that is not needed any more, in less memory: documents go as they are compiled.
    ///
    /// # Errors
    /// As [`Directory::to_bytes`].
    pub fn into_bytes(self) -> Result<Vec<u8>, EngineError> {
        let debug = self.has_debug();
        let images = self.policies.into_images(&self.tables)?;
        Ok(snapshot::into_bytes(&self.tables, images, debug))
    }

    /// Opens a directory that [`Directory::to_bytes`] made. Everything is checked once: whatever the
    /// bytes are, the result is sound or an error. Opening a million principals took 0.34 s (`docs/benchmarks/directories.md`).
    ///
    /// # Errors
    /// [`SnapshotError`] says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Directory, SnapshotError> {
        let Snapshot {
            tables,
            images,
            debug,
        } = snapshot::from_bytes(bytes)?;
        let policies = Policies::of_images(images, &tables, debug);
        Ok(Directory { tables, policies })
    }

    /// Takes in what changed, as a directory that was read from a folder with nothing else in it.
    ///
    /// * An account whose dump the changes have gets the users and roles of that dump, and no others.
    /// * An organization replaces the whole tree.
    /// * Resources and endpoints get the policy, tags, grants and owner that the changes have for them.
    ///
    /// All else stays as it was: changes cannot take a resource's policy away, nor a block of public access.
    /// What the changes refer to must be among them; the directory's own managed policies are not looked
    /// at. Afterwards the directory has no documents ([`Directory::policies`]), as one that was opened, and what
    /// was resolved before is resolved again where it is used, or refused ([`EngineError::Foreign`]).
    ///
    /// The time grows with the changes, not with the directory's policies; where accounts are new, or users
    /// or roles are gone, the tables are gone through once. At most seven updates are taken in; each makes decisions look through
    /// one more image.
    ///
    /// ```
    /// use portcullis_directory::{Directory, LoadOptions};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// let load = || Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ());
    /// let mut directory = load()?.directory;
    /// let before = directory.principal_number("arn:aws:iam::111111111111:role/BreakGlass");
    /// directory.update(load()?.directory)?;
    /// // Numbers are good until the next update.
    /// assert_ne!(before, directory.principal_number("arn:aws:iam::111111111111:role/BreakGlass"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`UpdateError`]; the directory is as it was then.
    pub fn update(&mut self, changes: Directory) -> Result<(), UpdateError> {
        let debug = self.has_debug() && changes.has_debug();
        let images = changes.policies.into_images(&changes.tables)?;
        let stack = &self.policies.plan(&self.tables)?.stack;
        if stack.images().len() + images.len() > MAX_IMAGES {
            return Err(UpdateError::TooMany);
        }
        let units = stack.unit_count();
        let origins = delta::merge(&mut self.tables, &changes.tables, units);
        let origins = origins.ok_or(UpdateError::TooLarge)?;
        self.policies.add(images, &self.tables, &origins, debug);
        Ok(())
    }

    /// True if something is referred to and not there, so that an answer may be wrong.
    pub fn is_incomplete(&self) -> bool {
        self.tables.missing() > 0
    }

    /// How many accounts, users and roles, and resources there are.
    pub fn counts(&self) -> Counts {
        let documents = self.policies.documents();
        Counts {
            accounts: self.tables.accounts().rows().len(),
            principals: self.tables.principals().len(),
            resources: self.tables.resources().len(),
            policies: documents.map(Documents::policy_count),
            policy_sets: self.tables.sets().len(),
        }
    }

    /// Completes a request: finds what decides it and writes it down, with the policies that came with the request (`extra`).
    ///
    /// For explanations, for access points, and for other evaluators; many requests are decided faster by
    /// [`Engine::check`](crate::Engine::check). What is added lies in the arena, in time linear in the tags and the context.
    ///
    /// ```
    /// use bumpalo::Bump;
    /// use portcullis_directory::{Directory, Engine, LoadOptions, RequestPolicies};
    /// use portcullis_model::{Caller, Request};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// let arena = Bump::new();
    /// let caller = Caller::from_arn("arn:aws:iam::111111111111:role/service/Checkout").unwrap();
    /// let request = Request::new(caller, "s3:GetObject", "arn:aws:s3:::shop-orders/2026/1.json");
    /// let completed = directory.complete(&request, RequestPolicies::default(), &arena)?;
    /// assert!(completed.knows_caller);
    /// assert!(completed.request.context.len() > request.context.len());
    /// assert!(Engine::new().decide(&directory, &completed)?.is_allow());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RequestError`] if the caller is not known, the action is none, or the request contradicts the directory.
    pub fn complete<'a>(
        &'a self,
        request: &Request<'a>,
        extra: RequestPolicies<'a>,
        arena: &'a Bump,
    ) -> Result<CompletedRequest<'a>, RequestError> {
        completed::complete_request(&self.tables, self.policies.id(), request, extra, arena)
    }

    /// Completes a request of somebody outside, of whom only what the request says counts: the policies in `extra` are the caller's,
    /// and what the directory has of the caller and its account takes no part (`AA-453`).
    ///
    /// # Errors
    /// [`RequestError`] if the action is none.
    pub fn complete_outsider<'a>(
        &'a self,
        request: &Request<'a>,
        extra: RequestPolicies<'a>,
        arena: &'a Bump,
    ) -> Result<CompletedRequest<'a>, RequestError> {
        completed::complete_outsider(&self.tables, self.policies.id(), request, extra, arena)
    }

    /// True if the policy of the resource of a request is public and a block of public access is in force, so that the policy
    /// grants nothing to anybody outside of the owner's account (`S3-4`, `S3-5`).
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub fn is_shut(&self, completed: &CompletedRequest<'_>) -> Result<bool, EngineError> {
        Ok(outside::is_shut(self.generation()?, completed))
    }

    /// The grants of a resource by its name: of a KMS key, or of the access control list of a bucket.
    pub fn grants_of(&self, name: &str) -> Vec<KnownGrant> {
        outside::grants_of(&self.tables, name)
    }

    /// The accounts of the organization, sorted; none if there is no organization.
    pub fn members(&self) -> Vec<String> {
        outside::members(&self.tables)
    }

    /// The ARN of the user or role that has a unique id, if the directory knows it.
    pub fn principal_of_id(&self, id: &str) -> Option<String> {
        outside::principal_of_id(&self.tables, id)
    }

    /// The id of the organization.
    pub fn organization_id(&self) -> Option<&str> {
        self.tables.organization().map(|own| self.tables.str(own))
    }

    /// What whoever reads the answer to a request should know: which policies were not seen, or are not consulted
    /// although one might think so. Sentences for people; empty for most requests.
    pub fn notes(&self, completed: &CompletedRequest<'_>) -> Vec<String> {
        completed::notes(&self.tables, completed)
    }

    /// The policies of a completed request as documents, for evaluators that read these. None if the directory
    /// is an image, which has no documents, and of a request that another directory completed. Reads the documents anew.
    pub fn policies<'a>(
        &'a self,
        completed: &CompletedRequest<'a>,
        arena: &'a Bump,
    ) -> Option<PolicySets<'a>> {
        let documents = self.policies.documents()?;
        if completed.of != self.policies.id() {
            return None;
        }
        completed::policies(&self.tables, documents, completed, arena)
    }

    /// The targets that the directory knows, in its order: what questions about all requests tell apart.
    pub fn known_targets(&self) -> Vec<KnownTarget> {
        known::known_targets(&self.tables)
    }

    /// The name of the target that stands for the parts of a resource, where their ARNs do not begin with its own: the rules of an event
    /// bus, the packages of a repository (`MATCH-36`).
    pub fn name_of_parts(&self, arn: &str) -> Option<String> {
        known::name_of_parts(arn)
    }

    /// What the directory calls the target of an ARN, if it knows it: the whole, of a part (`MATCH-36`).
    pub fn known_target(&self, arn: &str) -> Option<String> {
        known::known_target(&self.tables, arn)
    }

    /// True if the account of these twelve digits is of the organization.
    pub fn is_of_organization(&self, account: &str) -> bool {
        known::is_of_organization(&self.tables, account)
    }

    /// The ARN of the role that a session is of, if the directory has it.
    pub fn role_of_session(&self, arn: &str) -> Option<String> {
        known::role_of_session(&self.tables, arn)
    }

    /// The policies of a set of a completed request. None if the directory is an image, which has no documents, or if one cannot be
    /// read. Reads the documents anew.
    pub fn policies_of<'a>(
        &'a self,
        set: PolicySetNumber,
        arena: &'a Bump,
    ) -> Option<PolicySets<'a>> {
        known::policies_of(&self.tables, self.policies.documents()?, set, arena)
    }

    /// True if the directory has its policies as they are written: not if it is an image, or was updated.
    pub fn has_documents(&self) -> bool {
        self.policies.documents().is_some()
    }

    /// True if the directory has an organization.
    pub fn has_organization(&self) -> bool {
        self.tables.organization().is_some()
    }

    /// Tells where everything in a completed request comes from. `asked` is the request as it was before
    /// it was completed.
    ///
    /// # Errors
    /// [`RequestError`] as [`Directory::complete`], which did not refuse the same, and for a request that another directory completed.
    pub fn provenance(
        &self,
        asked: &Request<'_>,
        completed: &CompletedRequest<'_>,
    ) -> Result<Scene, RequestError> {
        self.sources().provenance(asked, completed)
    }

    /// True if a layer takes part in a completed request, by a policy of the directory or one that came with the request. A layer
    /// that is present and has no policy counts.
    pub fn has_layer(&self, completed: &CompletedRequest<'_>, layer: Layer) -> bool {
        self.sources().has_layer(completed, layer)
    }

    /// The policies of a group, each with how the group came to have it; none if the directory has no
    /// such group, or was not read for explanations.
    pub fn group_policies<'a>(
        &'a self,
        arn: &str,
        arena: &'a Bump,
    ) -> Option<Vec<(Attached, Policy<'a>)>> {
        self.sources().group_policies(arn, arena)
    }

    /// Where explanations find how policies came to apply.
    fn sources(&self) -> Sources<'_> {
        Sources {
            tables: &self.tables,
            documents: self.policies.documents(),
            id: self.policies.id(),
        }
    }

    /// Resolves a resource; `account` is its owner, where the directory does not know it (`EVAL-12`). Any text can be resolved: what
    /// the directory does not have has no policy and no tags.
    pub fn resource(&self, arn: &str, account: Option<&str>) -> PreparedResource {
        PreparedResource::new(&self.tables, self.policies.id(), arn, account)
    }

    /// Resolves a condition key, in any case (`COND-40`).
    ///
    /// # Errors
    /// As [`Directory::action`].
    pub fn key(&self, name: &str) -> Result<Key, EngineError> {
        let plan = self.policies.plan(&self.tables)?;
        Ok(Key::resolve(plan.stack.views(), name))
    }

    /// The number of a user or role, from its ARN, spelled exactly; none if the directory does not have it.
    pub fn principal_number(&self, arn: &str) -> Option<PrincipalNumber> {
        let index = self.tables.number_by_arn(arn)?;
        Some(PrincipalNumber::new(index, self.policies.id()))
    }

    /// The number of a user or role by its index in the order of [`Directory::principal_arn`]; none if there are
    /// not as many. For hosts that go through all of them.
    pub fn nth_principal(&self, index: usize) -> Option<PrincipalNumber> {
        let index = PrincipalIdx::at(index);
        self.tables.principal(index)?;
        Some(PrincipalNumber::new(index, self.policies.id()))
    }

    /// Resolves an action, `service:Name` in any case (`MATCH-10`), for many decisions.
    ///
    /// Takes time linear in the policies of the directory, and memory in the statements for the action: 32
    /// bytes each, 4 for each policy that has some, and one for each policy.
    ///
    /// # Errors
    /// [`EngineError`] if the text is no action, or if the policies are more than an image can hold.
    pub fn action(&self, name: &str) -> Result<PreparedAction, EngineError> {
        check_action(name).map_err(EngineError::NoAction)?;
        let plan = self.policies.plan(&self.tables)?;
        Ok(PreparedAction::new(&plan.stack, name))
    }

    /// Resolves actions that requests will name, spelled as they spell them: [`Engine::check`] looks at fewer
    /// places for these. Costs as much time and memory as [`Directory::action`] for each; an update of the
    /// directory keeps them, in time linear in what was added.
    ///
    /// Of a million principals it made a decision from texts take 2.1 µs instead of 2.6, for 3 ms an action
    /// (`docs/benchmarks/directories.md`).
    ///
    /// # Errors
    /// As [`Directory::action`]; nothing is prepared then.
    ///
    /// [`Engine::check`]: crate::Engine::check
    pub fn prepare(&mut self, actions: &[&str]) -> Result<(), EngineError> {
        for name in actions {
            check_action(name).map_err(EngineError::NoAction)?;
        }
        self.policies.plan(&self.tables)?;
        if let Some(plan) = self.policies.plan_mut() {
            for name in actions {
                plan.prepared.insert(PreparedAction::new(&plan.stack, name));
            }
        }
        Ok(())
    }

    /// How many users and roles there are. They are called by numbers from 0.
    pub fn principal_count(&self) -> usize {
        self.tables.principals().len()
    }

    /// The ARN of a user or role; none if there are not as many.
    pub fn principal_arn(&self, index: usize) -> Option<String> {
        let principal = self.tables.principal(PrincipalIdx::at(index))?;
        Some(self.tables.arn(principal.entity()))
    }

    /// What every principal may do: calls back with the principal's number and the decision of each
    /// query, in the order of the principals, while the work goes on.
    ///
    /// A policy that looks at nothing that differs between principals is asked once for all; four actions of a million principals
    /// took 0.72 s on one thread (`docs/benchmarks/directories.md`). More threads share the work; the order stays.
    ///
    /// ```
    /// use portcullis_directory::{AccessQuery, Directory, LoadOptions};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// let query = |action| AccessQuery { action, resource: "arn:aws:s3:::shop-orders/1", resource_account: None, context: &[] };
    /// let (mut principals, mut readers) = (0, 0);
    /// directory.matrix(&[query("s3:GetObject"), query("s3:PutObject")], 1, &mut |_, decisions| {
    ///     principals += 1;
    ///     readers += usize::from(decisions[0].is_allow());
    /// })?;
    /// assert_eq!(principals, directory.principal_count());
    /// assert!(readers > 0 && readers < principals);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub fn matrix(
        &self,
        queries: &[AccessQuery<'_>],
        threads: usize,
        found: &mut dyn FnMut(usize, &[Decision]),
    ) -> Result<(), EngineError> {
        let mut found =
            |index: PrincipalIdx, decisions: &[Decision]| found(index.index(), decisions);
        who_can::matrix(self.generation()?, queries, threads, &mut found)
    }

    /// Every principal that can do something, by itself or by assuming at most `hops` roles one after
    /// the other; the shortest way of each, in the order of their lengths.
    ///
    /// Each hop asks every principal about every role that was found before. Requests are those of the given context; whoever reads
    /// the answer should know which keys were not given ([`Directory::keys_not_given`]).
    ///
    /// ```
    /// use portcullis_directory::{AccessQuery, Directory, LoadOptions};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// let query = AccessQuery {
    ///     action: "s3:GetObject",
    ///     resource: "arn:aws:s3:::shop-orders/2026/1.json",
    ///     resource_account: None,
    ///     context: &[],
    /// };
    /// let mut found = Vec::new();
    /// directory.who_can(query, 0, 1, &mut |path| found.push(path.arn))?;
    /// assert!(found.contains(&"arn:aws:iam::111111111111:role/service/Checkout".to_string()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Directory::matrix`].
    pub fn who_can(
        &self,
        query: AccessQuery<'_>,
        hops: usize,
        threads: usize,
        found: &mut dyn FnMut(AccessPath),
    ) -> Result<(), EngineError> {
        who_can::who_can(self.generation()?, query, hops, threads, found)
    }

    /// Every principal to whom two kinds of requests are allowed, with this context, in the order of the dumps: for an action that no
    /// policy names, on `*`; and for those on itself by which it could take any permission.
    ///
    /// Decisions of a few requests, at speed, and of images too. Whoever has all but the permissions that give permissions is among
    /// the first, and ways that need other requests or other keys are not found: the crate `portcullis-findings` proves who is an
    /// administrator, and follows the ways to be one.
    ///
    /// ```
    /// use portcullis_directory::{Directory, LoadOptions};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// let mut found = Vec::new();
    /// directory.admins(&[], 1, &mut |admin| found.push((admin.arn, admin.escalations)))?;
    /// assert!(found.contains(&("arn:aws:iam::111111111111:user/ci-legacy".to_string(), vec!["iam:PutUserPolicy"])));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Directory::matrix`].
    pub fn admins(
        &self,
        context: &[ContextEntry<'_>],
        threads: usize,
        found: &mut dyn FnMut(Admin),
    ) -> Result<(), EngineError> {
        admins::admins(self.generation()?, context, threads, found)
    }

    /// Everyone outside of its account whom the trust policy of a role names, role by role.
    ///
    /// ```
    /// use portcullis_directory::{Directory, LoadOptions, Scope};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// let mut strangers = Vec::new();
    /// directory.external_access(&[], &mut |access| {
    ///     if access.scope == Scope::Organization {
    ///         strangers.push(access.role);
    ///     }
    /// })?;
    /// assert_eq!(strangers, ["arn:aws:iam::111111111111:role/Partner"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub fn external_access(
        &self,
        context: &[ContextEntry<'_>],
        found: &mut dyn FnMut(ExternalAccess),
    ) -> Result<(), EngineError> {
        external_access::external_access(self.generation()?, self.has_debug(), context, found)
    }

    /// What a caller may do to a resource: every action that a policy names which takes part in such a
    /// request, in the order of their names. There is no catalogue of actions, so that patterns stand for
    /// what they match; where two patterns cross, neither inside the other, what both match is not asked.
    ///
    /// Only actions of the resource's own service are asked for, and for roles those of STS. For the
    /// resource `*` those of all services are. If `named` has actions, these are asked for and no others.
    ///
    /// ```
    /// use portcullis_directory::{AccessQuery, Directory, LoadOptions};
    /// use portcullis_model::{Caller, Request};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// let caller = Caller::from_arn("arn:aws:iam::111111111111:role/service/Checkout").unwrap();
    /// let caller = Request::new(caller, "", "").principal;
    /// let query = AccessQuery {
    ///     action: "",
    ///     resource: "arn:aws:s3:::shop-orders/2026/1.json",
    ///     resource_account: None,
    ///     context: &[],
    /// };
    /// let named = ["s3:GetObject".to_string()];
    /// let answers = directory.what_can(&caller, query, &named)?;
    /// assert!(matches!(&answers[..], [only] if only.decision.is_allow()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`WhatCanError`] if the caller is unknown, a named action is none, or the directory is an image and no actions are named.
    pub fn what_can(
        &self,
        caller: &Principal<'_>,
        query: AccessQuery<'_>,
        named: &[String],
    ) -> Result<Vec<ActionDecision>, WhatCanError> {
        what_can::what_can(&self.tables, &self.policies, caller, query, named)
    }

    /// The resources that the directory knows, sorted: those with a policy, tags or an owner, the objects of
    /// buckets, roles, and `*`. What [`Directory::what_can`] can be asked about all of.
    pub fn known_resources(&self) -> Vec<String> {
        what_can::known_resources(&self.tables)
    }

    /// What a call of STS stands for: the requests that must all be allowed, and the session that comes out.
    ///
    /// Nothing is decided here. Texts of the requests lie in the arena or are those of the call.
    ///
    /// # Errors
    /// [`StsCallError`] for what STS refuses whatever the policies say: wrong callers, durations, names and
    /// tags, a source identity that changes, a role that does not exist.
    pub fn call<'a>(
        &'a self,
        call: &StsCall<'a>,
        arena: &'a Bump,
    ) -> Result<IssuedSession<'a>, StsCallError> {
        sts::call(&self.tables, call, arena)
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
