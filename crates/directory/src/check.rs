//! Deciding at speed: what can be worked out beforehand is, and nothing that no policy looks at is worked
//! out.

use std::fmt;

use bumpalo::Bump;
use portcullis_image::{Id, LayerSet};
use portcullis_model::{ContextEntry, Request, check_action, split_arn};
use portcullis_vm::{
    CallerKind, ContextNames, Entry, Evaluation, ImageIdx, Key, KnownParts, Outcome, Ownership,
    PartMemory, Resolved, Resource, Settled, Target, all_buckets,
};

use crate::Directory;
use crate::compiled::{Compiled, Row};
use crate::deed::Deed;
use crate::documents::SetsId;
use crate::engine::{Engine, EngineError, Requests, Stack};
use crate::keys::{Given, GivenKeys, Keys};
use crate::model::Tables;
use crate::profiles::Profiles;
use crate::reads;
use crate::resolve::caller::{CallerArn, Known};
use crate::resolve::context::only;
use crate::resolve::target::Place;
use crate::resolve::{Applies, Extra, Refusal, concat_in};
use crate::texts::Name;

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
    resource: Target<'q>,
    account: Option<&'q str>,
    place: &'q Place,
    restrict_public_buckets: bool,
    external_grant: bool,
}

impl<'q> Asked<'q> {
    #[inline]
    pub(crate) fn resolved(deed: &'q Deed, object: &'q Object) -> Asked<'q> {
        Asked {
            deed,
            resource: Target::from(&object.resource),
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
    /// The principals of the image that name the caller.
    known: portcullis_vm::Known,
    parts: PartMemory,
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
        let deed = self.recent.get(compiled, request.action);
        if !deed.action.is_plain() {
            check_action(request.action).map_err(Refusal::NoAction)?;
        }
        let entities = Profiles { tables, compiled };
        let caller = tables.caller(&request.principal, arn, false, &entities)?;
        let place = tables.locate(request.resource, parts, request.resource_account);
        let asked = Asked {
            deed,
            resource: Target::of(request.resource, parts),
            account: request.resource_account,
            place: &place,
            restrict_public_buckets: request.restrict_public_buckets,
            external_grant: request.external_grant,
        };
        let context = GivenKeys::Entries(request.context);
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
        let context = GivenKeys::Given(context);
        self.run_resolved(directory, principal.number, deed, object, context)
    }

    pub(crate) fn run_resolved(
        &mut self,
        directory: &Directory,
        principal: usize,
        deed: &Deed,
        object: &Object,
        context: GivenKeys<'_>,
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
    pub(crate) fn run(
        &self,
        scratch: &mut Scratch,
        caller: Known<'_, '_>,
        mut said: impl FnMut(&Case<'_, '_>, u32, u32) -> Option<(bool, bool)>,
        context: GivenKeys<'_>,
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
            known,
            parts: memory,
            arena,
        } = scratch;
        arena.reset();
        let arena = &*arena;
        let deed = asked.deed;
        let buckets;
        let resource = match asked.resource.is_star() && deed.action.lists_buckets() {
            true => {
                let home = tables.home(&caller, &self.profiles());
                let text = concat_in(&all_buckets(home.partition), arena);
                buckets = asked.resource.with_text(text);
                &buckets
            }
            false => &asked.resource,
        };
        let endpoint = match tables.endpoints.is_empty() {
            true => None,
            false => only(context.entries(), "aws:SourceVpce"),
        };
        let applies = tables.applies(caller, asked.place, deed.is_sts, endpoint);
        let caller = &applies.caller;
        let profile = compiled.profile(caller.number as usize);

        // Policies without a statement for the action are present, and say nothing more.
        let filter = deed.action.filter();
        let mut parts = KnownParts::default();
        let (own, [identity, boundary]) = match profile {
            Some(profile) if profile.add_to(&mut parts) => (Some(profile), [SetsId::NONE; 2]),
            _ => (None, applies.own_sets()),
        };
        let own = own.filter(|own| own.filter & filter != 0);
        let mut rows = [&Row::NONE; 6];
        let mut places = rows.iter_mut();
        let mut lists_principals = false;
        let [scps, rcps, policy, endpoint] = applies.other_sets;
        let sets = [identity, boundary, scps, rcps, policy, endpoint];
        for sets in sets.into_iter().filter(|sets| sets.is_some()) {
            let row = compiled.sets(sets);
            row.add_to(&mut parts);
            if row.filter & filter != 0 {
                lists_principals |= row.lists_principals;
                if let Some(place) = places.next() {
                    *place = row;
                }
            }
        }

        let of_account = profile.filter(|own| caller.is_itself() && !own.is_odd());
        let of_account =
            of_account.and_then(|own| Some((own, compiled.callers.of_account(own.account)?)));
        let ownership = match of_account {
            Some((own, (_, partition))) => self.ownership(own.account, partition),
            None => {
                let home = tables.home(caller, &self.profiles());
                asked.resource.ownership(home, self.owner())
            }
        };
        // Of the names of a caller nobody need know more than the policies look at.
        let kind = caller.kind(profile.map(|own| (own.kind(), own.is_service_linked())));
        let known = match of_account {
            _ if !lists_principals || kind == CallerKind::Anonymous => &compiled.callers.unnamed,
            Some((own, (known, _))) if !(own.is_named() || context.names_caller()) => known,
            _ => {
                self.find_names(known, caller, context, arena);
                &*known
            }
        };
        let target = &applies.target;
        let is_granted = || target.grants.count > 0 && self.is_granted(&applies, context, arena);
        let keys = Keys::new(self, &applies, profile, context, arena);
        let resolved = Resolved {
            caller: kind,
            management_account: caller.is_of_management(),
            known,
            action: &deed.action,
            resource,
            ownership,
            assumed_root: kind == CallerKind::Root && is_true(context, "aws:AssumedRoot"),
            session_token: caller
                .has_session_token()
                .then(|| is_true(context, "aws:MultiFactorAuthPresent")),
            restrict_public_buckets: asked.restrict_public_buckets || target.restricts_public,
            external_grant: asked.external_grant || is_granted(),
            keys: &keys,
        };
        let settled = Settled::new(request, compiled.plan(), &resolved, parts);
        let case = Case {
            deciding: self,
            settled: &settled,
        };
        let mut evaluation = Evaluation::new(&settled, memory);
        let mut look = |layers, part| match said(&case, part, layers) {
            Some((allows, denies)) => {
                let mask = |is_so| if is_so { layers } else { 0 };
                let set = |is_so| LayerSet::from_bits(mask(is_so));
                evaluation.say(set(allows), set(denies));
            }
            None => case.look(&mut evaluation, part, layers),
        };
        if let Some(own) = own {
            own.parts().for_each(|(layers, part)| look(layers, part));
        }
        for row in rows.into_iter().take_while(|row| row.filter != 0) {
            compiled.for_parts(row, &mut look);
        }
        evaluation.decide()
    }
}

impl<'d> Deciding<'d> {
    /// Decides what takes more than policies and keys: the bucket behind an access point, a policy that cannot be
    /// read. Allocates.
    #[cold]
    #[inline(never)]
    fn run_question(
        &self,
        scratch: &mut Scratch,
        caller: Known<'_, '_>,
        context: GivenKeys<'_>,
    ) -> Outcome {
        let Deciding {
            tables,
            compiled,
            asked,
        } = *self;
        let arena = Bump::new();
        let entries: Vec<ContextEntry<'_>> = context
            .entries()
            .map(|(key, values)| ContextEntry { key, values })
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

    /// Whose the resource is to the users and roles of an account, which are in a partition.
    #[inline(always)]
    fn ownership(&self, account: u32, partition: Name) -> Ownership {
        let Asked {
            resource, place, ..
        } = self.asked;
        let same_account = resource.is_star() || place.is_of(account);
        // It matters to other accounts only.
        let is_other = |own: &&str| *own != self.tables.texts.get(partition);
        let other = || resource.partition().filter(is_other).is_some();
        Ownership {
            same_account,
            assumed: place.is_assumed() && !resource.is_star(),
            other_partition: !same_account && other(),
        }
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

    /// Finds all names by which policies know a caller, also those that the context says.
    #[inline(never)]
    fn find_names(
        &self,
        known: &mut portcullis_vm::Known,
        caller: &Known<'_, '_>,
        context: GivenKeys<'_>,
        arena: &Bump,
    ) {
        let Deciding {
            tables, compiled, ..
        } = *self;
        let principal = tables.complete(caller, &self.profiles(), reads::ALL, arena);
        let home = tables.home(caller, &self.profiles());
        let names = match context.names_caller() {
            true => context.names(arena),
            false => ContextNames::default(),
        };
        let look_up = |image, form, parts: &[&str]| compiled.principal(image, form, parts);
        known.set_by(compiled.images().len(), look_up, &principal, home, names);
    }

    /// True if a grant of the target allows the request.
    #[inline(never)]
    fn is_granted(&self, applies: &Applies<'_, '_>, context: GivenKeys<'_>, arena: &Bump) -> bool {
        let tables = self.tables;
        let principal = tables.complete(&applies.caller, &self.profiles(), reads::ARN, arena);
        let action = self.asked.deed.name();
        tables.is_granted(
            &applies.target,
            action,
            &principal.caller,
            context.entries(),
        )
    }
}

/// True if the only value of a key of the context is `true`: for a session of AssumeRoot (`EVAL-50`), and where a
/// multi-factor device was used (`STS-4`).
fn is_true(context: GivenKeys<'_>, key: &str) -> bool {
    only(context.entries(), key).is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
}

/// Who asks for what, with all that was found out about it.
pub(crate) struct Case<'c, 'd> {
    pub(crate) deciding: &'c Deciding<'d>,
    pub(crate) settled: &'c Settled<'c>,
}

impl Case<'_, '_> {
    /// Looks at a part.
    #[inline]
    pub(crate) fn look(&self, evaluation: &mut Evaluation<'_>, part: u32, layers: u32) {
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
        let (image, view) = (ImageIdx(image), own.view());
        let layers = LayerSet::from_bits(layers);
        match known {
            Some(known) => evaluation.look_at(image, view, known, layers),
            None => evaluation.look(image, view, Id::new(number), layers),
        }
    }
}
