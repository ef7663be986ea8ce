//! Deciding at speed: what can be worked out beforehand is, and nothing that no policy looks at is worked
//! out.

use std::fmt;

use bumpalo::Bump;
use portcullis_model::{ContextEntry, Request, split_arn};
use portcullis_vm::{Action, Home, Key, Outcome, Resource, ResourceRef, Target};

use crate::Directory;
use crate::compiled::{Compiled, Parts, Row};
use crate::engine::{Engine, EngineError};
use crate::model::Tables;
use crate::reads::{self, Reads};
use crate::resolve::context::{Fill, Filled, only};
use crate::resolve::target::{Place, is_sts};
use crate::resolve::{Known, Refusal};
use crate::texts::{Name, Texts};

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

/// An action, resolved for a directory.
#[derive(Clone, Debug)]
pub struct Deed {
    name: String,
    action: Action,
    is_sts: bool,
}

impl Deed {
    /// The action's name, as it was resolved.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A resource, resolved for a directory: its owner, its policy, its tags.
#[derive(Clone, Debug)]
pub struct Object {
    resource: Resource,
    account: Option<String>,
    place: Place,
}

/// A context key with its values, of which the name may have been resolved before.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The key's name, in any case (`COND-40`).
    pub name: &'a str,
    /// The same key as [`Directory::key`] resolves it, if it was.
    pub key: Option<&'a Key>,
    /// The values as text; none at all switches the key off (`KEY-2`).
    pub values: &'a [&'a str],
}

impl<'a> From<&ContextEntry<'a>> for Given<'a> {
    fn from(entry: &ContextEntry<'a>) -> Given<'a> {
        Given {
            name: entry.key,
            key: None,
            values: entry.values,
        }
    }
}

impl Directory {
    /// Resolves an action, `service:Name` in any case (`MATCH-10`).
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub fn deed(&self, name: &str) -> Result<Deed, EngineError> {
        let compiled = self.store.compiled(&self.tables)?;
        Ok(Deed {
            name: name.to_string(),
            action: Action::resolve(compiled.views(), name),
            is_sts: is_sts(name),
        })
    }

    /// Resolves a resource; `account` is its owner, where the directory does not know it (`EVAL-12`).
    pub fn object(&self, arn: &str, account: Option<&str>) -> Object {
        Object {
            resource: Resource::read(arn),
            account: account.map(str::to_string),
            place: self.tables.locate(arn, split_arn(arn), account),
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
    pub fn principal_number(&self, arn: &str) -> Option<usize> {
        self.tables.number_by_arn(arn)
    }
}

/// What is done, as a text or resolved.
pub(crate) enum Doing<'q> {
    Named(&'q str),
    Resolved(&'q Deed),
}

/// One request, with what was resolved beforehand.
pub(crate) struct Asked<'q> {
    doing: Doing<'q>,
    resource: ResourceRef<'q>,
    account: Option<&'q str>,
    place: &'q Place,
    restrict_public_buckets: bool,
    external_grant: bool,
}

impl<'q> Asked<'q> {
    pub(crate) fn resolved(deed: &'q Deed, object: &'q Object) -> Asked<'q> {
        Asked {
            doing: Doing::Resolved(deed),
            resource: ResourceRef::from(&object.resource),
            account: object.account.as_deref(),
            place: &object.place,
            restrict_public_buckets: false,
            external_grant: false,
        }
    }
}

impl Engine {
    /// Decides a request: the same as [`Directory::question`] and [`Engine::decide`] one after the other,
    /// with less on the way. Policies that come with the request are asked for there.
    ///
    /// Does not allocate once the engine has seen its largest request.
    ///
    /// # Errors
    /// [`Undecided`] if the caller is not known, or if the policies are no image.
    pub fn check(
        &mut self,
        directory: &Directory,
        request: &Request<'_>,
    ) -> Result<Outcome, Undecided> {
        let tables = &directory.tables;
        let compiled = directory.store.compiled(tables)?;
        let caller = tables.caller(&request.principal, false)?;
        let parts = split_arn(request.resource);
        let place = tables.locate(request.resource, parts, request.resource_account);
        let asked = Asked {
            doing: Doing::Named(request.action),
            resource: ResourceRef::Split(request.resource, parts),
            account: request.resource_account,
            place: &place,
            restrict_public_buckets: request.restrict_public_buckets,
            external_grant: request.external_grant,
        };
        let context = request.context.iter().map(Given::from);
        Ok(self.run(tables, compiled, &caller, &asked, context))
    }

    /// Decides what a user or a role, by its number, may do to a resource. A role is asked as a session
    /// whose name is not known. A number that nobody has may do what anonymous callers may.
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub fn check_resolved<'q>(
        &mut self,
        directory: &'q Directory,
        principal: usize,
        deed: &Deed,
        object: &Object,
        context: &'q [Given<'q>],
    ) -> Result<Outcome, EngineError> {
        self.run_resolved(directory, principal, deed, object, context.iter().copied())
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
        let asked = Asked::resolved(deed, object);
        let caller = tables.by_number(principal);
        Ok(self.run(tables, compiled, &caller, &asked, context))
    }

    /// Decides.
    fn run<'q>(
        &mut self,
        tables: &Tables,
        compiled: &Compiled,
        caller: &Known<'_, '_>,
        asked: &Asked<'_>,
        context: impl Iterator<Item = Given<'q>> + Clone,
    ) -> Outcome {
        let mut parts = AllParts;
        let Engine {
            request,
            known,
            arena,
        } = self;
        let filling = Filling {
            tables,
            compiled,
            asked,
        };
        filling.fill(request, known, arena, caller, &mut parts, context);
        portcullis_vm::decide(compiled.views(), request)
    }
}

/// What decides which parts of policy sets are looked at.
pub(crate) trait Choice {
    /// Adds what policy sets say in an image to a request that has its action, and what they look at.
    fn use_sets(
        &mut self,
        compiled: &Compiled,
        row: &Row,
        image: usize,
        request: &mut portcullis_vm::Request,
        reads: &mut Reads,
    );
}

/// All of them.
struct AllParts;

impl Choice for AllParts {
    fn use_sets(
        &mut self,
        compiled: &Compiled,
        row: &Row,
        image: usize,
        request: &mut portcullis_vm::Request,
        reads: &mut Reads,
    ) {
        let Some(own) = compiled.images().get(image) else {
            return;
        };
        // Sets without a statement for the action are present, and say nothing more.
        let says = row.filter & request.action_filter() != 0;
        if !says {
            request.say(row.known());
            return;
        }
        *reads |= row.reads;
        let view = own.view();
        let number = |part| compiled.number_in(image, part);
        match compiled.parts(row) {
            Parts::Alike(layers, parts) => {
                let parts = parts
                    .iter()
                    .filter_map(|part| Some((layers, number(*part)?)));
                request.use_parts(image, view, parts, row.known());
            }
            Parts::Each(parts) => {
                let parts = parts
                    .iter()
                    .filter_map(|(layers, part)| Some((*layers, number(*part)?)));
                request.use_parts(image, view, parts, row.known());
            }
        }
    }
}

/// Fills requests of the machine.
pub(crate) struct Filling<'f> {
    pub(crate) tables: &'f Tables,
    pub(crate) compiled: &'f Compiled,
    pub(crate) asked: &'f Asked<'f>,
}

impl Filling<'_> {
    pub(crate) fn fill<'q>(
        &self,
        request: &mut portcullis_vm::Request,
        known: &mut portcullis_vm::Known,
        arena: &mut Bump,
        caller: &Known<'_, '_>,
        choice: &mut impl Choice,
        context: impl Iterator<Item = Given<'q>> + Clone,
    ) {
        let Filling {
            tables,
            compiled,
            asked,
        } = *self;
        arena.reset();
        let images = || compiled.views();
        let (action, is_action_of_sts) = match asked.doing {
            Doing::Named(name) => (name, is_sts(name)),
            Doing::Resolved(deed) => (deed.name.as_str(), deed.is_sts),
        };
        let names = || context.clone().map(|given| (given.name, given.values));
        let endpoint = match tables.endpoints.is_empty() {
            true => None,
            false => only(names(), "aws:SourceVpce"),
        };
        let applies = tables.applies(*caller, asked.place, is_action_of_sts, endpoint);
        request.begin_parts(images(), std::iter::empty());
        match asked.doing {
            Doing::Named(name) => request.set_action_name(images(), name),
            Doing::Resolved(deed) => request.set_action(images(), &deed.action),
        }
        let mut reads: Reads = match applies.target.grants.count {
            0 => 0,
            _ => reads::ARN,
        };
        for image in 0..compiled.images().len() {
            // The first also says what is present.
            let rows = applies.sets().filter_map(|sets| compiled.sets(sets));
            for row in rows.filter(|row| image == 0 || compiled.is_in(row, image)) {
                choice.use_sets(compiled, row, image, request, &mut reads);
            }
        }
        for given in context.clone() {
            match given.key {
                Some(key) => request.add_key(key, given.values),
                None => request.add(images(), given.name, given.values),
            }
        }
        let mark = request.mark();

        let callers = &compiled.callers;
        let by_account = caller.itself().and_then(|own| callers.by_account(own));
        match by_account {
            Some(_) if callers.is_named(caller.number) || request.has_names() => {}
            Some(_) => reads &= !reads::NAMES,
            // Its ARN says where it is at home.
            None => reads |= reads::ARN,
        }
        request.narrow(reads::reserved_keys(reads));
        let principal = tables.complete(caller, reads, arena);

        let mut slots = Slots {
            mark,
            request,
            compiled,
        };
        tables.fill(&applies, &principal, reads, &mut slots);
        let known = match by_account.filter(|_| reads & reads::NAMES == 0) {
            Some(known) => known,
            None => {
                let home = Home::of(&principal.caller);
                let look_up = |image, form, parts: &[&str]| compiled.principal(image, form, parts);
                known.set_by(compiled.images().len(), look_up, &principal, home);
                known
            }
        };
        let granted = asked.external_grant
            || tables.is_granted(&applies.target, action, &principal.caller, names());
        let target = Target {
            resource: asked.resource,
            account: asked.account.or_else(|| tables.stated_owner(asked.place)),
            restrict_public_buckets: asked.restrict_public_buckets
                || applies.target.restricts_public,
            external_grant: granted,
        };
        request.finish(images(), &principal, Some(known), &target);
    }
}

/// A request to which keys are added that it does not have.
struct Slots<'r> {
    request: &'r mut portcullis_vm::Request,
    compiled: &'r Compiled,
    /// What came before is what the request gave.
    mark: usize,
}

impl<'a> Fill<'a> for Slots<'_> {
    fn add(&mut self, texts: &'a Texts, key: Filled, value: Option<Name>) {
        let Some(key) = self.compiled.key(key) else {
            return;
        };
        if self.request.was_added(key, self.mark) {
            return;
        }
        match value {
            Some(value) => self.request.add_key(key, &[texts.get(value)]),
            None => self.request.add_key(key, &[]),
        }
    }
}
