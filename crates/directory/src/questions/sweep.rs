//! One question, asked of one principal after the other.
//!
//! What a policy says to it is the same for all principals, unless the policy looks at something that
//! differs between them. It is found out once then, and only the policies that do look are walked for each.

use portcullis_image::layer_mask;
use portcullis_model::{Decision, Layer};
use portcullis_vm::{Key, KnownParts};

use crate::Directory;
use crate::check::{Asked, Choice, Deed, Filling, Given, Object};
use crate::compiled::{Compiled, Parts, Row};
use crate::engine::{Engine, EngineError};
use crate::questions::Query;
use crate::reads::{self, Reads};

/// A question, resolved.
pub(crate) struct Sweep<'q> {
    deed: Deed,
    object: Object,
    keys: Vec<Key>,
    query: Query<'q>,
}

impl<'q> Sweep<'q> {
    pub(crate) fn new(directory: &Directory, query: &Query<'q>) -> Result<Self, EngineError> {
        let keys = query.context.iter().map(|entry| directory.key(entry.key));
        Ok(Sweep {
            deed: directory.deed(query.action)?,
            object: directory.object(query.resource, query.resource_account),
            keys: keys.collect::<Result<_, _>>()?,
            query: *query,
        })
    }

    fn context(&self) -> impl Iterator<Item = Given<'_>> + Clone {
        let entries = self.query.context.iter().zip(&self.keys);
        entries.map(|(entry, key)| Given {
            name: entry.key,
            key: Some(key),
            values: entry.values,
        })
    }

    /// Decides for a user or role, and remembers nothing.
    pub(crate) fn decide_alone(
        &self,
        directory: &Directory,
        principal: usize,
        engine: &mut Engine,
    ) -> Result<Decision, EngineError> {
        let context = self.context();
        let outcome = engine.run_resolved(directory, principal, &self.deed, &self.object, context);
        outcome.map(|outcome| outcome.decision())
    }

    /// Decides for a user or role.
    pub(crate) fn decide(
        &self,
        directory: &Directory,
        principal: usize,
        engine: &mut Engine,
        memory: &mut Memory,
    ) -> Result<Decision, EngineError> {
        let tables = &directory.tables;
        let compiled = directory.store.compiled(tables)?;
        let Some(row) = tables.principals.get(principal) else {
            return Ok(Decision::ImplicitDeny);
        };
        let caller = tables.by_number(principal);
        let filling = Filling {
            tables,
            compiled,
            asked: &Asked::resolved(&self.deed, &self.object),
        };
        let Engine {
            request,
            known,
            arena,
        } = engine;
        if memory.account != Some(row.account) {
            let probe = &mut memory.probe;
            filling.fill(probe, known, arena, &caller, &mut NoParts, self.context());
            memory.account = Some(row.account);
            memory.said.resize(compiled.part_count(), Said::default());
        }
        filling.fill(request, known, arena, &caller, memory, self.context());
        Ok(portcullis_vm::decide(compiled.views(), request).decision())
    }
}

/// What is known of the answers to one question. One for each thread and question.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The request of somebody of the account, without parts.
    probe: portcullis_vm::Request,
    account: Option<u32>,
    /// By part.
    said: Vec<Said>,
    /// The parts to be walked.
    walked: Vec<(u32, u32)>,
}

/// What a part says.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    when: When,
    allows: bool,
    denies: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum When {
    #[default]
    Unknown,
    Always,
    /// To callers of an account.
    Of(u32),
}

impl Memory {
    /// What a part says that does not look at what differs between the principals of an account.
    fn said(&mut self, compiled: &Compiled, part: u32, reads: Reads) -> Said {
        let when = match (reads & reads::ACCOUNT, self.account) {
            (0, _) | (_, None) => When::Always,
            (_, Some(account)) => When::Of(account),
        };
        let known = self.said.get(part as usize).copied().unwrap_or_default();
        if known.when == when {
            return known;
        }
        let (image, number) = compiled.home(part);
        self.probe.clear_parts();
        if let Some(own) = compiled.images().get(image as usize) {
            let alone = std::iter::once((u32::MAX, number));
            let known = KnownParts::default();
            self.probe
                .use_parts(image as usize, own.view(), alone, known);
        }
        let (allows, denies) = portcullis_vm::says(compiled.views(), &self.probe);
        let said = Said {
            when,
            allows,
            denies,
        };
        if let Some(place) = self.said.get_mut(part as usize) {
            *place = said;
        }
        said
    }
}

impl Choice for Memory {
    fn use_sets(
        &mut self,
        compiled: &Compiled,
        row: &Row,
        image: usize,
        request: &mut portcullis_vm::Request,
        reads: &mut Reads,
    ) {
        let mut known = row.known();
        self.walked.clear();
        if row.filter & request.action_filter() != 0 {
            let mut ask = |layers: u32, part: u32| {
                let Some(number) = compiled.number_in(image, part) else {
                    return;
                };
                let looks_at = compiled.reads(part);
                let grants = layers & layer_mask(Layer::Resource) != 0;
                if grants || looks_at & reads::CALLER != 0 {
                    *reads |= looks_at;
                    self.walked.push((layers, number));
                    return;
                }
                let said = self.said(compiled, part, looks_at);
                known.allowed |= if said.allows { layers } else { 0 };
                known.denied |= if said.denies { layers } else { 0 };
            };
            match compiled.parts(row) {
                Parts::Alike(layers, parts) => parts.iter().for_each(|part| ask(layers, *part)),
                Parts::Each(parts) => parts.iter().for_each(|(layers, part)| ask(*layers, *part)),
            }
        }
        if let Some(own) = compiled.images().get(image) {
            request.use_parts(image, own.view(), self.walked.iter().copied(), known);
        }
    }
}

/// Takes no part, and looks at everything.
struct NoParts;

impl Choice for NoParts {
    fn use_sets(
        &mut self,
        _: &Compiled,
        _: &Row,
        _: usize,
        _: &mut portcullis_vm::Request,
        reads: &mut Reads,
    ) {
        *reads = reads::ALL;
    }
}
