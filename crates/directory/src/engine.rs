//! Deciding, with memory that is kept from one decision to the next.
//!
//! A directory is shared; an engine belongs to one thread. It holds the buffers that a decision needs and the actions that
//! requests named last, so that a decision allocates nothing once they have grown.
//!
//! There are two ways in. [`Engine::decide`] takes a completed request, which can be explained, printed and given to another
//! evaluator. [`Engine::check`] and its relatives take the request itself and are faster. Both find the same policies and
//! keys; `tests/it/agreement.rs` holds them against each other.

use portcullis_model::Request;
use portcullis_vm::{Explanation, Outcome};

use crate::decide::completed::CompletedRequest;
use crate::decide::handles::ResolvedRequest;
use crate::decide::memory::Memory;
use crate::decide::{batch, check, stack};
use crate::directory::Directory;
use crate::error::{CheckError, EngineError, RequestError};
use crate::plan::action::RecentActions;

/// Decides completed requests, and keeps its memory from one to the next. One for each thread.
///
/// It belongs to no directory: what it remembers of one is not used for another. A new one decides the same, and allocates while
/// its memory grows.
#[derive(Debug, Default)]
pub struct Engine {
    memory: Memory,
    /// Apart, because a decision borrows its action from here while it uses the other memory.
    recent: RecentActions,
}

impl Engine {
    /// An engine that has seen nothing. Takes no memory yet.
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Decides a completed request of a directory. Writing the request down and letting the machine resolve it took 4.9 µs of a
    /// million principals, where [`Engine::check`] took 2.6 (`docs/benchmarks/directories.md`).
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold, or if another directory completed the request.
    pub fn decide(
        &mut self,
        directory: &Directory,
        completed: &CompletedRequest<'_>,
    ) -> Result<Outcome, EngineError> {
        let requests = &mut self.memory.requests;
        stack::decide(
            requests,
            directory.generation()?,
            completed,
            directory.has_debug(),
        )
    }

    /// Explains a completed request of a directory. Of an access point's bucket the explanation has what decides there
    /// behind what decides about the access point. Takes time linear in the statements that take part.
    ///
    /// ```
    /// use bumpalo::Bump;
    /// use portcullis_directory::{Directory, Engine, LoadOptions, RequestPolicies};
    /// use portcullis_model::{Caller, Request};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// // Names and lines are kept only if explanations are wanted.
    /// let options = LoadOptions { debug: true, ..LoadOptions::default() };
    /// let directory = Directory::load(folder.as_ref(), options, &mut |_| ())?.directory;
    /// let arena = Bump::new();
    /// let caller = Caller::from_arn("arn:aws:iam::111111111111:role/service/Checkout").unwrap();
    /// let request = Request::new(caller, "s3:DeleteBucket", "arn:aws:s3:::shop-orders");
    /// let completed = directory.complete(&request, RequestPolicies::default(), &arena)?;
    /// let explanation = Engine::new().explain(&directory, &completed)?;
    /// assert!(!explanation.outcome.is_allow() && !explanation.layers.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn explain(
        &mut self,
        directory: &Directory,
        completed: &CompletedRequest<'_>,
    ) -> Result<Explanation, EngineError> {
        let requests = &mut self.memory.requests;
        stack::explain(
            requests,
            directory.generation()?,
            completed,
            directory.has_debug(),
        )
    }

    /// Decides a request: the same as [`Directory::complete`] and [`Engine::decide`] one after the other,
    /// with less on the way. Policies that come with the request are asked for there.
    ///
    /// Does not allocate once the engine has seen such actions and its largest request. Is faster for actions
    /// that were prepared ([`Directory::prepare`]).
    ///
    /// # Errors
    /// [`CheckError`] if the caller is not known, if the action is none, or if the policies are no image.
    pub fn check(
        &mut self,
        directory: &Directory,
        request: &Request<'_>,
    ) -> Result<Outcome, CheckError> {
        let memories = (&mut self.memory, &mut self.recent);
        Ok(check::check(memories, directory.generation()?, request)?)
    }

    /// Decides what a user or a role, by its number, may do to a resource.
    ///
    /// An action, a resource and keys of another directory, or of this one before [`Directory::update`], are resolved
    /// again for this one decision. The number of the principal is refused instead: it would name somebody else.
    ///
    /// ```
    /// use portcullis_directory::{ContextValue, Directory, Engine, LoadOptions, ResolvedRequest};
    ///
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// let action = directory.action("s3:GetObject")?;
    /// let resource = directory.resource("arn:aws:s3:::shop-orders/2026/1.json", None);
    /// let key = directory.key("aws:SecureTransport")?;
    /// let principal = directory.principal_number("arn:aws:iam::111111111111:role/service/Checkout").unwrap();
    /// let request = ResolvedRequest {
    ///     principal,
    ///     action: &action,
    ///     resource: &resource,
    ///     context: &[ContextValue::keyed(&key, &["true"])],
    /// };
    /// assert!(Engine::new().check_resolved(&directory, &request)?.is_allow());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold, or if the number of the principal is not of
    /// this directory as it is now.
    pub fn check_resolved(
        &mut self,
        directory: &Directory,
        request: &ResolvedRequest<'_>,
    ) -> Result<Outcome, EngineError> {
        check::check_resolved(&mut self.memory, directory.generation()?, request)
    }

    /// Decides requests as [`Engine::check`], and calls back with the place and the outcome of each, in order.
    ///
    /// In a directory that is larger than the processor's caches a decision waits for memory most of the time; here
    /// sixteen requests wait together. Requests of prepared actions ([`Directory::prepare`]) gain the most; in a small
    /// directory there is nothing to gain. Does not allocate, as there.
    ///
    /// ```
    /// use portcullis_directory::{Directory, Engine, LoadOptions};
    /// use portcullis_model::{Caller, Principal, Request};
    ///
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
    /// let mut directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
    /// directory.prepare(&["s3:GetObject", "s3:DeleteBucket"])?;
    /// let request = |action| Request {
    ///     principal: Principal {
    ///         caller: Caller::from_arn("arn:aws:iam::111111111111:role/service/Checkout").unwrap(),
    ///         user_id: None,
    ///         management_account: false,
    ///         session_token: false,
    ///     },
    ///     action,
    ///     resource: "arn:aws:s3:::shop-orders/2026/1.json",
    ///     resource_account: None,
    ///     context: &[],
    ///     restrict_public_buckets: false,
    ///     external_grant: false,
    /// };
    /// let requests = [request("s3:GetObject"), request("s3:DeleteBucket")];
    /// let mut allowed = [false; 2];
    /// Engine::new().check_all(&directory, &requests, |place, outcome| {
    ///     allowed[place] = outcome.is_ok_and(|outcome| outcome.is_allow());
    /// })?;
    /// assert_eq!(allowed, [true, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold. A request whose caller is not known has
    /// its own.
    pub fn check_all(
        &mut self,
        directory: &Directory,
        requests: &[Request<'_>],
        decided: impl FnMut(usize, Result<Outcome, RequestError>),
    ) -> Result<(), EngineError> {
        let generation = directory.generation()?;
        let Engine { memory, recent } = self;
        batch::check_all(memory, recent, generation, requests, decided);
        Ok(())
    }

    /// Decides resolved requests as [`Engine::check_resolved`], and calls back with the place and the outcome of
    /// each, in order. As [`Engine::check_all`], it reads ahead.
    ///
    /// # Errors
    /// As [`Engine::check_resolved`].
    pub fn check_all_resolved(
        &mut self,
        directory: &Directory,
        requests: &[ResolvedRequest<'_>],
        decided: impl FnMut(usize, Outcome),
    ) -> Result<(), EngineError> {
        let generation = directory.generation()?;
        batch::check_all_resolved(&mut self.memory, generation, requests, decided)
    }
}
