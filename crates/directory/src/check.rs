//! Deciding at speed: what can be worked out beforehand is, and nothing that no policy looks at is worked
//! out.

use std::fmt;

use bumpalo::Bump;
use portcullis_image::index::Group;
use portcullis_model::{ContextEntry, Request, check_action, split_arn};
use portcullis_vm::{
    CallerKind, Entry, Key, KeyValues, KnownParts, Leftovers, Outcome, Ownership, Partial,
    Resolved, Resource, Settled, is_name_of_caller,
};

use crate::Directory;
use crate::compiled::{Compiled, Row};
use crate::deed::Deed;
use crate::documents::SetsId;
use crate::engine::{Engine, EngineError, Requests, Stack};
use crate::keys;
use crate::model::Tables;
use crate::profiles::{Profile, Profiles};
use crate::reads;
use crate::resolve::caller::{CallerArn, Known};
use crate::resolve::context::only;
use crate::resolve::target::Place;
use crate::resolve::{Applies, Extra, Refusal};

/// Why a request has no decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// The directory does not know the caller, or contradicts the request.
    Refused(Refusal),
    /// The policies are no image.
    NoImage(EngineError),
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Undecided::Refused(refusal) => refusal.fmt(f),
            Undecided::NoImage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Undecided {}

impl From<Refusal> for Undecided {
    fn from(refusal: Refusal) -> Undecided {
        Undecided::Refused(refusal)
    }
}

impl From<EngineError> for Undecided {
    fn from(error: EngineError) -> Undecided {
        Undecided::NoImage(error)
    }
}

/// A resource, resolved for a directory: its owner, its policy, its tags.
#[derive(Clone, Debug)]
pub struct Object {
    resource: Resource,
    account: Option<String>,
    pub(crate) place: Place,
    /// As of a [`Deed`].
    pub(crate) of: u64,
}

/// A context key with its values, of which the name may have been resolved before.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    pub(crate) name: &'a str,
    /// The same key; none if it was not resolved.
    pub(crate) key: Option<&'a Key>,
    pub(crate) values: &'a [&'a str],
}

impl<'a> Given<'a> {
    /// A key by its name, in any case (`COND-40`), and its values as text; none at all switches the key off
    /// (`KEY-2`).
    pub fn named(name: &'a str, values: &'a [&'a str]) -> Given<'a> {
        Given {
            name,
            key: None,
            values,
        }
    }

    /// The same with a key as [`Directory::key`] resolves it. One of another directory, or of this one before
    /// [`Directory::update`], is looked up by its name.
    pub fn keyed(key: &'a Key, values: &'a [&'a str]) -> Given<'a> {
        Given {
            name: key.name(),
            key: Some(key),
            values,
        }
    }
}

/// The number of a user or role, which is good for one directory until it is updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrincipalNumber {
    number: usize,
    /// As of a [`Deed`].
    of: u64,
}

impl PrincipalNumber {
    /// Of whom it is, if it is the directory's.
    pub(crate) fn number(self) -> usize {
        self.number
    }
}

/// A request of which everything was resolved before.
#[derive(Clone, Copy, Debug)]
pub struct ResolvedRequest<'q> {
    /// A user or role ([`Directory::principal_number`]). A role is asked as a session whose name is not known.
    pub principal: PrincipalNumber,
    /// What is to be done.
    pub deed: &'q Deed,
    /// To what.
    pub object: &'q Object,
    /// The keys of the context.
    pub context: &'q [Given<'q>],
}

impl<'a> From<&ContextEntry<'a>> for Given<'a> {
    fn from(entry: &ContextEntry<'a>) -> Given<'a> {
        Given::named(entry.key, entry.values)
    }
}

impl Directory {
    /// Resolves a resource; `account` is its owner, where the directory does not know it (`EVAL-12`).
    pub fn object(&self, arn: &str, account: Option<&str>) -> Object {
        Object {
            resource: Resource::read(arn),
            account: account.map(str::to_string),
            place: self.tables.locate(arn, split_arn(arn), account),
            of: self.store.id(),
        }
    }

    /// Resolves a condition key, in any case (`COND-40`).
    ///
    /// # Errors
    /// As [`Directory::deed`].
    pub fn key(&self, name: &str) -> Result<Key, EngineError> {
        let compiled = self.store.compiled(&self.tables)?;
        Ok(Key::resolve(compiled.views(), name))
    }

    /// The number of a user or role, from its ARN; none if the directory does not have it.
    pub fn principal_number(&self, arn: &str) -> Option<PrincipalNumber> {
        self.nth_principal(self.tables.number_by_arn(arn)?)
    }

    /// The number of a user or role by its place in the order of [`Directory::principal_arn`]; none if there are
    /// not as many.
    pub fn nth_principal(&self, index: usize) -> Option<PrincipalNumber> {
        self.tables.principals.get(index)?;
        Some(PrincipalNumber {
            number: index,
            of: self.store.id(),
        })
    }
}

/// One request, with what was resolved beforehand.
pub(crate) struct Asked<'q> {
    deed: &'q Deed,
    pub(crate) resource: &'q Resource,
    account: Option<&'q str>,
    place: &'q Place,
    restrict_public_buckets: bool,
    external_grant: bool,
}

impl<'q> Asked<'q> {
    pub(crate) fn resolved(deed: &'q Deed, object: &'q Object) -> Asked<'q> {
        Asked {
            deed,
            resource: &object.resource,
            account: object.account.as_deref(),
            place: &object.place,
            restrict_public_buckets: false,
            external_grant: false,
        }
    }
}

/// Memory that decisions use one after the other.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) requests: Requests,
    /// All buckets, which the list of them is asked of (`MATCH-37`).
    buckets: Resource,
    /// The principals of the image that name the caller.
    known: portcullis_vm::Known,
    left: Leftovers,
    groups: Vec<Group>,
    /// Texts of one decision.
    arena: Bump,
}

impl Engine {
    /// Decides a request: the same as [`Directory::question`] and [`Engine::decide`] one after the other,
    /// with less on the way. Policies that come with the request are asked for there.
    ///
    /// Does not allocate once the engine has seen such actions and its largest request. Is faster for actions
    /// that were prepared ([`Directory::prepare`]).
    ///
    /// # Errors
    /// [`Undecided`] if the caller is not known, if the action is none, or if the policies are no image.
    pub fn check(
        &mut self,
        directory: &Directory,
        request: &Request<'_>,
    ) -> Result<Outcome, Undecided> {
        let tables = &directory.tables;
        let compiled = directory.store.compiled(tables)?;
        let arn = tables.read_caller(&request.principal.caller);
        let arns = (&arn, split_arn(request.resource));
        Ok(self.check_read((tables, compiled), request, arns)?)
    }

    /// Decides a request of which the ARNs of caller and resource were taken apart.
    pub(crate) fn check_read(
        &mut self,
        (tables, compiled): (&Tables, &Compiled),
        request: &Request<'_>,
        (arn, parts): (&CallerArn<'_>, Option<[&str; 6]>),
    ) -> Result<Outcome, Refusal> {
        check_action(request.action).map_err(Refusal::NoAction)?;
        let entities = Profiles { tables, compiled };
        let caller = tables.caller(&request.principal, arn, false, &entities)?;
        let place = tables.locate(request.resource, parts, request.resource_account);
        self.resource.set(request.resource, parts);
        let asked = Asked {
            deed: self.recent.get(compiled, request.action),
            resource: &self.resource,
            account: request.resource_account,
            place: &place,
            restrict_public_buckets: request.restrict_public_buckets,
            external_grant: request.external_grant,
        };
        let context = request.context.iter().map(Given::from);
        let deciding = Deciding {
            tables,
            compiled,
            asked: &asked,
        };
        Ok(deciding.run(&mut self.scratch, caller, |_, _, _| None, context))
    }

    /// Decides what a user or a role, by its number, may do to a resource.
    ///
    /// A deed, an object and keys of another directory, or of this one before [`Directory::update`], are resolved
    /// again for this one decision.
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold, or if the number of the principal is not of
    /// this directory as it is now.
    pub fn check_resolved(
        &mut self,
        directory: &Directory,
        request: &ResolvedRequest<'_>,
    ) -> Result<Outcome, EngineError> {
        let ResolvedRequest {
            principal,
            deed,
            object,
            context,
        } = *request;
        if principal.of != directory.store.id() {
            return Err(EngineError::Foreign);
        }
        let context = context.iter().copied();
        self.run_resolved(directory, principal.number, deed, object, context)
    }

    pub(crate) fn run_resolved<'q>(
        &mut self,
        directory: &Directory,
        principal: usize,
        deed: &Deed,
        object: &Object,
        context: impl Iterator<Item = Given<'q>> + Clone,
    ) -> Result<Outcome, EngineError> {
        let tables = &directory.tables;
        let compiled = directory.store.compiled(tables)?;
        if (deed.of, object.of) != (compiled.id(), compiled.id()) {
            let deed = directory.deed(deed.name())?;
            let object = directory.object(object.resource.text(), object.account.as_deref());
            return self.run_resolved(directory, principal, &deed, &object, context);
        }
        let deciding = Deciding {
            tables,
            compiled,
            asked: &Asked::resolved(deed, object),
        };
        let caller = deciding.by_number(principal);
        Ok(deciding.run(&mut self.scratch, caller, |_, _, _| None, context))
    }
}

/// What is to be decided, whoever asks.
pub(crate) struct Deciding<'d> {
    pub(crate) tables: &'d Tables,
    pub(crate) compiled: &'d Compiled,
    pub(crate) asked: &'d Asked<'d>,
}

impl<'d> Deciding<'d> {
    pub(crate) fn profiles(&self) -> Profiles<'d> {
        Profiles {
            tables: self.tables,
            compiled: self.compiled,
        }
    }

    /// A user or role by its number; an anonymous caller if nobody has it.
    pub(crate) fn by_number(&self, number: usize) -> Known<'d, 'static> {
        let account = self.compiled.profile(number).map(|own| own.account);
        self.tables.by_number(number, account)
    }

    /// Decides for a caller. `said` tells what a part says in these layers, whether some statement of it allows
    /// the request and whether some denies it, where that need not be found out by a look.
    pub(crate) fn run<'q>(
        &self,
        scratch: &mut Scratch,
        caller: Known<'_, '_>,
        mut said: impl FnMut(&Case<'_, '_>, u32, u32) -> Option<(bool, bool)>,
        context: impl Iterator<Item = Given<'q>> + Clone,
    ) -> Outcome {
        let Deciding {
            tables,
            compiled,
            asked,
        } = *self;
        if asked.place.is_special() {
            return self.run_question(scratch, caller, context);
        }
        let Scratch {
            requests: Requests { own: request, .. },
            buckets,
            known,
            left,
            groups,
            arena,
        } = scratch;
        arena.reset();
        let deed = asked.deed;
        let mut resource = asked.resource;
        if resource.is_star() && deed.action.lists_buckets() {
            buckets.set_all_buckets(tables.home(&caller, &self.profiles()).partition);
            resource = buckets;
        }
        let names = || context.clone().map(|given| (given.name, given.values));
        let endpoint = match tables.endpoints.is_empty() {
            true => None,
            false => only(names(), "aws:SourceVpce"),
        };
        let applies = tables.applies(caller, asked.place, deed.is_sts, endpoint);
        let caller = &applies.caller;
        let profile = compiled.profile(caller.number as usize);

        // Policies without a statement for the action are present, and say nothing more.
        let filter = deed.action.filter();
        let mut parts = KnownParts::default();
        let (own, own_sets) = match profile {
            Some(profile) if profile.add_to(&mut parts) => (Some(profile), [SetsId::NONE; 2]),
            _ => (None, applies.own_sets()),
        };
        let own = own.filter(|own| own.filter & filter != 0);
        let mut rows = [&Row::NONE; 6];
        let mut places = rows.iter_mut();
        let mut lists_principals = false;
        let sets = own_sets.into_iter().chain(applies.other_sets);
        for sets in sets.filter(|sets| sets.is_some()) {
            let row = compiled.sets(sets);
            row.add_to(&mut parts);
            if row.filter & filter != 0 {
                lists_principals |= row.lists_principals;
                if let Some(place) = places.next() {
                    *place = row;
                }
            }
        }

        // Of the names of a caller nobody need know more than the policies look at.
        let by_account = profile.filter(|profile| {
            let is_named =
                || profile.is_named() || context.clone().any(|given| is_name_of_caller(given.name));
            caller.is_itself() && !profile.is_odd() && !(lists_principals && is_named())
        });
        let by_account = by_account.and_then(|profile| self.known_by_account(profile.account));
        let (known, ownership) = match by_account {
            Some(found) => found,
            None => {
                let ownership =
                    self.find_names(known, caller, (&mut *request, arena), context.clone());
                (&*known, ownership)
            }
        };
        let target = &applies.target;
        let is_granted =
            || target.grants.count > 0 && self.is_granted(&applies, arena, context.clone());
        let kind = caller.kind(profile.map(|own| (own.kind(), own.is_service_linked())));
        let resolved = Resolved {
            caller: kind,
            management_account: caller.is_of_management(),
            known,
            action: &deed.action,
            resource,
            ownership,
            assumed_root: kind == CallerKind::Root && is_assumed_root(names()),
            session_token: caller.has_session_token().then(|| has_mfa(names())),
            restrict_public_buckets: asked.restrict_public_buckets || target.restricts_public,
            external_grant: asked.external_grant || is_granted(),
        };
        let settled = Settled::new(&resolved, parts);
        let case = Case {
            deciding: self,
            applies: &applies,
            profile,
            settled: &settled,
        };
        let mut partial = Partial::new(&settled, left);
        let mut look = |layers, part| match said(&case, part, layers) {
            Some((allows, denies)) => {
                let mask = |is_so| if is_so { layers } else { 0 };
                partial.say(mask(allows), mask(denies));
            }
            None => case.look(&mut partial, part, layers, groups),
        };
        if let Some(own) = own {
            own.parts().for_each(|(layers, part)| look(layers, part));
        }
        for row in rows.into_iter().take_while(|row| row.filter != 0) {
            compiled.for_parts(row, &mut look);
        }
        let case = &case;
        partial.decide(compiled.views(), move |partial| {
            case.fill_keys(request, arena, partial, context)
        })
    }
}

impl<'d> Deciding<'d> {
    /// Decides what takes more than policies and keys: the bucket behind an access point, a policy that cannot be
    /// read. Allocates.
    #[cold]
    #[inline(never)]
    fn run_question<'q>(
        &self,
        scratch: &mut Scratch,
        caller: Known<'_, '_>,
        context: impl Iterator<Item = Given<'q>>,
    ) -> Outcome {
        let Deciding {
            tables,
            compiled,
            asked,
        } = *self;
        let arena = Bump::new();
        let entries: Vec<ContextEntry<'_>> = context
            .map(|given| ContextEntry {
                key: given.name,
                values: given.values,
            })
            .collect();
        let request = Request {
            principal: tables.complete(&caller, &self.profiles(), reads::ALL, &arena),
            action: asked.deed.name(),
            resource: asked.resource.text(),
            resource_account: asked.account,
            context: &entries,
            restrict_public_buckets: asked.restrict_public_buckets,
            external_grant: asked.external_grant,
        };
        let extra = (Extra::default(), compiled.id());
        let question = tables.question(caller, &request, extra, &arena);
        Stack::of(tables, compiled, None).decide(&mut scratch.requests, &question)
    }

    /// What policies know of the users and roles of an account by the account alone, and whose the resource is
    /// to them.
    fn known_by_account(&self, account: u32) -> Option<(&'d portcullis_vm::Known, Ownership)> {
        let (known, partition) = self.compiled.callers.of_account(account)?;
        let Asked {
            resource, place, ..
        } = self.asked;
        let same_account = resource.is_star() || place.is_of(account);
        // It matters to other accounts only.
        let is_other = |own: &&str| *own != self.tables.texts.get(partition);
        let other = || resource.partition().filter(is_other).is_some();
        let ownership = Ownership {
            same_account,
            assumed: place.is_assumed() && !resource.is_star(),
            other_partition: !same_account && other(),
        };
        Some((known, ownership))
    }

    /// The owner of the resource, as the request says or the directory knows (`EVAL-12`).
    pub(crate) fn owner(&self) -> Option<&'d str> {
        let Asked { account, place, .. } = self.asked;
        account.or_else(|| self.tables.stated_owner(place))
    }

    /// The same, or as its ARN says: never an assumption.
    pub(crate) fn known_owner(&self) -> Option<&'d str> {
        self.owner().or_else(|| self.asked.resource.account())
    }

    /// Finds all names by which policies know a caller, also those that the context says, and whose the resource is
    /// to it.
    #[inline(never)]
    fn find_names<'q>(
        &self,
        known: &mut portcullis_vm::Known,
        caller: &Known<'_, '_>,
        (memory, arena): (&mut portcullis_vm::Scratch, &Bump),
        context: impl Iterator<Item = Given<'q>> + Clone,
    ) -> Ownership {
        let Deciding {
            tables, compiled, ..
        } = *self;
        let principal = tables.complete(caller, &self.profiles(), reads::ALL, arena);
        let home = tables.home(caller, &self.profiles());
        let mut keys = None;
        if context.clone().any(|given| is_name_of_caller(given.name)) {
            memory.begin_keys(compiled.plan());
            keys::add_context(memory, compiled, context);
            keys = Some(KeyValues::new(memory, compiled.plan()));
        }
        let look_up = |image, form, parts: &[&str]| compiled.principal(image, form, parts);
        known.set_by(
            compiled.images().len(),
            look_up,
            &principal,
            home,
            keys.as_ref(),
        );
        self.asked.resource.ownership(home, self.owner())
    }

    /// True if a grant of the target allows the request.
    #[inline(never)]
    fn is_granted<'q>(
        &self,
        applies: &Applies<'_, '_>,
        arena: &Bump,
        context: impl Iterator<Item = Given<'q>> + Clone,
    ) -> bool {
        let tables = self.tables;
        let principal = tables.complete(&applies.caller, &self.profiles(), reads::ARN, arena);
        let context = context.map(|given| (given.name, given.values));
        let action = self.asked.deed.name();
        tables.is_granted(&applies.target, action, &principal.caller, context)
    }
}

/// `EVAL-50`: the session is one of AssumeRoot.
fn is_assumed_root<'g>(context: impl Iterator<Item = (&'g str, &'g [&'g str])>) -> bool {
    only(context, "aws:AssumedRoot").is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
}

/// `STS-4`: a multi-factor device was used.
fn has_mfa<'g>(context: impl Iterator<Item = (&'g str, &'g [&'g str])>) -> bool {
    only(context, "aws:MultiFactorAuthPresent")
        .is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
}

/// Who asks for what, with all that was found out about it.
pub(crate) struct Case<'c, 'd> {
    pub(crate) deciding: &'c Deciding<'d>,
    pub(crate) applies: &'c Applies<'c, 'c>,
    /// The caller's, if it has policies.
    pub(crate) profile: Option<&'c Profile>,
    pub(crate) settled: &'c Settled<'c>,
}

impl Case<'_, '_> {
    /// Looks at a part.
    #[inline]
    pub(crate) fn look(
        &self,
        partial: &mut Partial<'_>,
        part: u32,
        layers: u32,
        scratch: &mut Vec<Group>,
    ) {
        let Deciding {
            compiled, asked, ..
        } = self.deciding;
        let known = asked.deed.entries.as_ref();
        let known = known.and_then(|known| known.of(part));
        if known.is_some_and(<[Entry]>::is_empty) {
            return;
        }
        let (image, number) = compiled.home(part);
        let Some(own) = compiled.images().get(image as usize) else {
            return;
        };
        let (image, view) = (image as usize, own.view());
        match known {
            Some(known) => partial.look_at(image, view, known, layers),
            None => {
                scratch.clear();
                asked.deed.action.groups(image, view, number, scratch);
                partial.look(image, view, number, scratch, layers);
            }
        }
    }
}
