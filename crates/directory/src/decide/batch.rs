//! Deciding many requests: whoever asks is somewhere else in the memory than whoever asked before, so what some
//! requests will look at is read for all of them before the first is decided. They wait for it together.

use std::hint::black_box;

use portcullis_model::{Request, split_arn};
use portcullis_vm::{Entry, Outcome};
use smallvec::SmallVec;

use crate::Directory;
use crate::decide::caller::CallerArn;
use crate::decide::check::ResolvedRequest;
use crate::decide::engine::{Engine, EngineError};
use crate::decide::question::Refusal;
use crate::plan::Compiled;
use crate::plan::action::Deed;
use crate::store::documents::SetsId;
use crate::store::tables::{NONE, Tables};

/// For how many requests is read ahead.
const AHEAD: usize = 16;

/// As many of something.
type Few<T> = SmallVec<[T; AHEAD]>;

impl Engine {
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
        mut decided: impl FnMut(usize, Result<Outcome, Refusal>),
    ) -> Result<(), EngineError> {
        let tables = &directory.tables;
        let compiled = directory.store.compiled(tables)?;
        let mut place = 0;
        for chunk in requests.chunks(AHEAD) {
            let read = |request| Read::new(tables, request);
            let read: Few<_> = chunk.iter().map(read).collect();
            let resource = |read: &Read<'_>| tables.resources.get(read.resource?);
            let coming = chunk.iter().zip(&read).map(|(request, read)| Coming {
                principal: read.principal,
                policy: resource(read).map_or(SetsId::NONE, |own| own.policy),
                deed: compiled.prepared.get(request.action),
            });
            read_ahead((tables, compiled), &coming.collect::<Few<_>>());
            // Texts are compared with those of the request.
            let mut seen = 0;
            for read in &read {
                let length = |name| tables.texts.get(name).len();
                let caller = compiled.profile(read.principal);
                seen ^= caller.map_or(0, |own| length(own.name));
                seen ^= resource(read).map_or(0, |own| length(own.arn));
            }
            black_box(seen);
            for (request, read) in chunk.iter().zip(&read) {
                let arns = (&read.caller, read.parts);
                decided(place, self.check_read((tables, compiled), request, arns));
                place += 1;
            }
        }
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
        mut decided: impl FnMut(usize, Outcome),
    ) -> Result<(), EngineError> {
        let tables = &directory.tables;
        let compiled = directory.store.compiled(tables)?;
        let mut place = 0;
        for chunk in requests.chunks(AHEAD) {
            let coming = chunk.iter().map(|request| {
                let is_of = |of| of == compiled.id();
                Coming {
                    principal: request.principal.number(),
                    policy: match is_of(request.object.of) {
                        true => request.object.place.policy(),
                        false => SetsId::NONE,
                    },
                    deed: Some(request.deed).filter(|deed| is_of(deed.of)),
                }
            });
            read_ahead((tables, compiled), &coming.collect::<Few<_>>());
            for request in chunk {
                decided(place, self.check_resolved(directory, request)?);
                place += 1;
            }
        }
        Ok(())
    }
}

/// The ARNs of a request, taken apart, and where what they name is likely to be.
struct Read<'r> {
    caller: CallerArn<'r>,
    parts: Option<[&'r str; 6]>,
    principal: usize,
    resource: Option<usize>,
}

impl<'r> Read<'r> {
    fn new(tables: &Tables, request: &Request<'r>) -> Read<'r> {
        let caller = tables.read_caller(&request.principal.caller);
        let parts = split_arn(request.resource);
        let resource = parts.and_then(|parts| tables.likely_listed(request.resource, parts));
        Read {
            principal: tables.likely_number(&caller).unwrap_or(NONE) as usize,
            resource: resource.map(|number| number as usize),
            caller,
            parts,
        }
    }
}

/// A request that will be decided.
struct Coming<'c> {
    principal: usize,
    /// The resource's.
    policy: SetsId,
    /// None if it is not known where it leads.
    deed: Option<&'c Deed>,
}

/// Reads what decisions will look at, step by step for all of them: the processor waits for the memory of one step
/// at once.
fn read_ahead((tables, compiled): (&Tables, &Compiled), coming: &[Coming<'_>]) {
    let profiles = coming.iter().map(|own| compiled.profile(own.principal));
    let profiles: Few<_> = profiles.collect();
    let mut seen = 0;
    for (own, profile) in coming.iter().zip(&profiles) {
        seen ^= profile.map_or(0, |profile| profile.filter);
        seen ^= compiled.sets(own.policy).filter;
    }
    black_box(seen);
    let mut seen = 0;
    for profile in profiles.iter().flatten() {
        let account = tables.account(profile.account);
        seen ^= account.map_or(0, |account| compiled.sets(account.scps).filter);
    }
    black_box(seen);
    let mut entries = SmallVec::<[(u32, &Entry); 4 * AHEAD]>::new();
    for (own, profile) in coming.iter().zip(&profiles) {
        let known = own
            .deed
            .and_then(|deed| Some((deed, deed.entries.as_ref()?)));
        let (Some((deed, known)), Some(profile)) = (known, profile) else {
            continue;
        };
        let filter = deed.action.filter();
        let mut add = |part| match known.of(part) {
            Some([first, ..]) if entries.len() < entries.inline_size() => {
                entries.push((compiled.home(part).0, first));
            }
            _ => {}
        };
        if profile.filter & filter != 0 {
            profile.parts().for_each(|(_, part)| add(part));
        }
        let account = tables.account(profile.account);
        let scps = account.map_or(SetsId::NONE, |account| account.scps);
        for row in [own.policy, scps].map(|sets| compiled.sets(sets)) {
            if row.filter & filter != 0 {
                compiled.for_parts(row, |_, part| add(part));
            }
        }
    }
    let mut seen = 0;
    for (image, entry) in &entries {
        if let Some(image) = compiled.images().get(*image as usize) {
            seen ^= entry.read_ahead(image.view());
        }
    }
    black_box(seen);
}
