//! One question, asked of one principal after the other.
//!
//! What a policy says to it is the same for all principals, unless the policy looks at something that
//! differs between them. It is found out once then, and only the policies that do look are walked for each.

use std::sync::Arc;

use portcullis_image::LayerSet;
use portcullis_model::Decision;
use portcullis_vm::{Evaluation, PartMemory};

use crate::Directory;
use crate::check::{Asked, Case, Deciding, Object};
use crate::deed::Deed;
use crate::engine::{Engine, EngineError};
use crate::keys::GivenKeys;
use crate::questions::Query;
use crate::reads;

/// A question, resolved.
pub(crate) struct Sweep<'q> {
    deed: Arc<Deed>,
    object: Object,
    query: Query<'q>,
}

impl<'q> Sweep<'q> {
    pub(crate) fn new(
        directory: &Directory,
        query: &Query<'q>,
        deed: Arc<Deed>,
    ) -> Result<Self, EngineError> {
        Ok(Sweep {
            deed,
            object: directory.object(query.resource, query.resource_account),
            query: *query,
        })
    }

    fn context(&self) -> GivenKeys<'q> {
        GivenKeys::Entries(self.query.context)
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
        memory: &mut Answers,
    ) -> Result<Decision, EngineError> {
        let tables = &directory.tables;
        let compiled = directory.store.compiled(tables)?;
        let Some(row) = tables.principals.get(principal) else {
            return Ok(Decision::ImplicitDeny);
        };
        memory.account = Some(row.account);
        let deciding = Deciding {
            tables,
            compiled,
            asked: &Asked::resolved(&self.deed, &self.object),
        };
        let caller = deciding.by_number(principal);
        let said = |case: &Case<'_, '_>, part, layers| memory.said(case, part, layers);
        let outcome = deciding.run(&mut engine.scratch, caller, said, self.context());
        Ok(outcome.decision())
    }
}

/// What is known of the answers to one question. One for each thread and question.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    account: Option<u32>,
    /// By part.
    said: Vec<Said>,
    parts: PartMemory,
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

impl Answers {
    /// Looks at a part alone.
    fn look(&mut self, case: &Case<'_, '_>, part: u32) -> (bool, bool) {
        let mut evaluation = Evaluation::of_part(case.settled, &mut self.parts);
        case.look(&mut evaluation, part, u32::MAX);
        evaluation.says()
    }

    /// What a part says that does not look at what differs between the principals of an account.
    fn said(&mut self, case: &Case<'_, '_>, part: u32, layers: u32) -> Option<(bool, bool)> {
        let compiled = case.deciding.compiled;
        let reads = compiled.reads(part);
        // An Allow of a resource policy is by more or less.
        if layers & LayerSet::RESOURCE.bits() != 0 || reads & reads::CALLER != 0 {
            return None;
        }
        let when = match (reads & reads::ACCOUNT, self.account) {
            (0, _) | (_, None) => When::Always,
            (_, Some(account)) => When::Of(account),
        };
        if self.said.is_empty() {
            self.said.resize(compiled.part_count(), Said::default());
        }
        let known = self.said.get(part as usize).copied().unwrap_or_default();
        if known.when == when {
            return Some((known.allows, known.denies));
        }
        let (allows, denies) = self.look(case, part);
        if let Some(place) = self.said.get_mut(part as usize) {
            *place = Said {
                when,
                allows,
                denies,
            };
        }
        Some((allows, denies))
    }
}
