//! A request that was read, and what is asked of it.
#![forbid(unsafe_code)]

use std::cell::Cell;

use bumpalo::Bump;
use engine::{CallerRef, Query, Scratch};

use crate::error::{Error, Result};
use crate::flat::Reader;
use crate::handles::{Authorizer, Principal, Site};
use crate::types::{Decision, PC_REQUEST_EXTERNAL_GRANT, PC_REQUEST_RESTRICT_PUBLIC_BUCKETS};

/// The values of a site.
pub(crate) type Values<'a> = &'a [engine::Value<'a>];
/// Condition keys by their names.
pub(crate) type Pairs<'a> = &'a [(&'a str, engine::Value<'a>)];

/// Who asks.
pub(crate) enum Who<'a> {
    Caller(engine::Caller<'a>),
    Owned(engine::Principal),
    Handle(&'a Principal),
}

impl<'a> Who<'a> {
    /// By an ARN, without copying it if it says all.
    #[inline]
    pub(crate) fn of_arn(arn: &'a str) -> Result<Who<'a>> {
        match engine::Caller::from_arn(arn) {
            Ok(caller) => Ok(Who::Caller(caller)),
            // A session whose role has to be guessed.
            Err(_) => Ok(Who::Owned(principal(arn)?)),
        }
    }

    #[inline(always)]
    fn caller(&self) -> CallerRef<'_> {
        match self {
            Who::Caller(own) => CallerRef::from(*own),
            Who::Owned(own) => CallerRef::from(own),
            Who::Handle(own) => CallerRef::from(&own.0),
        }
    }
}

/// A principal by its ARN.
pub(crate) fn principal(arn: &str) -> Result<engine::Principal> {
    engine::Principal::from_arn(arn).map_err(|error| refused(arn, &error))
}

/// What is said of a name that is no principal's.
#[cold]
pub(crate) fn refused(name: &str, error: &engine::PrincipalError) -> Box<Error> {
    let shown: String = name.chars().take(200).collect();
    Error::request(format!("`{}`: {error}", shown.escape_debug()))
}

/// Which action.
pub(crate) enum What<'a> {
    Name(&'a str),
    Site(&'a Site),
}

/// A request, but for its resource, of which there may be many.
pub(crate) struct Asked<'a> {
    who: Who<'a>,
    what: What<'a>,
    values: Values<'a>,
    context: Pairs<'a>,
    owner: Option<&'a str>,
    flags: u32,
}

impl<'a> Asked<'a> {
    #[inline(always)]
    pub(crate) fn new(
        who: Who<'a>,
        what: What<'a>,
        (values, context): (Values<'a>, Pairs<'a>),
        owner: &'a str,
        flags: u32,
    ) -> Result<Asked<'a>> {
        const KNOWN: u32 = PC_REQUEST_RESTRICT_PUBLIC_BUCKETS | PC_REQUEST_EXTERNAL_GRANT;
        if flags & !KNOWN != 0 {
            return Err(Error::flags(flags));
        }
        let keys = match &what {
            What::Name("") => return Err(Error::request("there is no action")),
            What::Name(_) => 0,
            What::Site(site) => site.keys,
        };
        if keys != values.len() {
            return Err(Error::values(values.len(), keys));
        }
        Ok(Asked {
            who,
            what,
            values,
            context,
            owner: Some(owner).filter(|owner| !owner.is_empty()),
            flags,
        })
    }

    /// Reads the next request in the flat form, with its resource.
    #[inline]
    pub(crate) fn flat<'b: 'a>(
        reader: &mut Reader<'b>,
        arena: &'a Bump,
    ) -> Result<(Asked<'a>, &'a str)> {
        let who = Who::of_arn(reader.text("principal")?)?;
        let what = What::Name(reader.text("action")?);
        let resource = reader.text("resource")?;
        let owner = reader.text("owner")?;
        let flags = reader.number("flags")?;
        let lists = (&[][..], reader.pairs(arena)?);
        Ok((Asked::new(who, what, lists, owner, flags)?, resource))
    }

    /// The query for a resource.
    #[inline(always)]
    pub(crate) fn query<'q>(&'q self, resource: &'q str) -> Query<'q> {
        let caller = self.who.caller();
        let query = match self.what {
            What::Name(name) => Query::new(caller, name, resource),
            What::Site(site) => Query::at(&site.own, self.values, caller, resource),
        };
        query
            .context(self.context)
            .owner(self.owner)
            .restrict_public_buckets(self.flags & PC_REQUEST_RESTRICT_PUBLIC_BUCKETS != 0)
            .external_grant(self.flags & PC_REQUEST_EXTERNAL_GRANT != 0)
    }
}

/// What a thread keeps for its calls.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) scratch: Scratch,
    /// The lists of requests.
    pub(crate) arena: Bump,
}

thread_local! {
    static MEMORY: Cell<Option<Box<Memory>>> = const { Cell::new(None) };
}

/// Calls a function with memory of the thread. It is taken out for the call, so that a panic drops it: what the panic left
/// unfinished decides nothing any more.
#[inline]
pub(crate) fn with_memory<T>(call: impl FnOnce(&mut Memory) -> T) -> T {
    // More than usual requests need is not kept.
    const KEPT: usize = 1 << 16;
    // A thread that ends has none any more.
    let taken = MEMORY.try_with(Cell::take).ok().flatten();
    let mut memory = taken.unwrap_or_default();
    let result = call(&mut memory);
    match memory.arena.allocated_bytes() {
        0..=KEPT => memory.arena.reset(),
        _ => memory.arena = Bump::new(),
    }
    let _ = MEMORY.try_with(|own| own.set(Some(memory)));
    result
}

/// As many requests as are looked up at once: what the engine reads ahead for.
pub(crate) const CHUNK: usize = 16;

impl Authorizer {
    /// Decides a request.
    #[inline]
    pub(crate) fn decide(
        &self,
        scratch: &mut Scratch,
        asked: &Asked<'_>,
        resource: &str,
    ) -> Decision {
        self.0.decide_with(scratch, &asked.query(resource)).into()
    }

    /// Decides requests, each with its resource, of which there are as many as decisions.
    pub(crate) fn decide_many(
        &self,
        scratch: &mut Scratch,
        asked: &[(Asked<'_>, &str)],
        decisions: &mut [Decision],
    ) {
        let queries = asked.iter().map(|(asked, resource)| asked.query(resource));
        self.decide_chunk(scratch, &queries.collect::<Vec<_>>(), decisions);
    }

    /// Decides a request for each of some resources, of which there are as many as decisions.
    pub(crate) fn decide_resources<'r>(
        &self,
        scratch: &mut Scratch,
        asked: &Asked<'_>,
        resources: impl Iterator<Item = Result<&'r str>>,
        decisions: &mut [Decision],
    ) -> Result<()> {
        let mut resources = resources.enumerate();
        let mut queries = Vec::with_capacity(CHUNK);
        for chunk in decisions.chunks_mut(CHUNK) {
            queries.clear();
            for (place, resource) in resources.by_ref().take(chunk.len()) {
                let resource = resource.map_err(|error| error.at("resource", place))?;
                queries.push(asked.query(resource));
            }
            self.decide_chunk(scratch, &queries, chunk);
        }
        Ok(())
    }

    fn decide_chunk(
        &self,
        scratch: &mut Scratch,
        queries: &[Query<'_>],
        decisions: &mut [Decision],
    ) {
        self.0.decide_many(scratch, queries, |place, outcome| {
            if let Some(decision) = decisions.get_mut(place) {
                *decision = outcome.into();
            }
        });
    }
}

impl From<engine::Outcome> for Decision {
    #[inline]
    fn from(outcome: engine::Outcome) -> Decision {
        Decision {
            code: outcome.decision() as u8,
        }
    }
}
