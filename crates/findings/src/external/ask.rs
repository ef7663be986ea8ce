//! One question about a resource: whether somebody outside whom an entry names is let in by a statement.

use bumpalo::Bump;
use portcullis_directory::{Engine, RequestPolicies};
use portcullis_model::Caller;
use portcullis_prove::{Comes, Held, Outside, Outsider, Witness, comes_in};
use portcullis_syntax::ast::{Entries, PrincipalEntry, Principals, Statement};
use portcullis_syntax::{Policy, PolicySets};

use super::principal::{Named, named_by};
use super::surface::{Allowing, Surface, with_statements};
use crate::class::all_rights;

/// The units of work of one proof: some hundredths of a second.
const WORK: u64 = 4_000_000;

/// What a question has besides.
#[derive(Clone, Copy, Default)]
pub(super) struct Also<'q, 'd> {
    /// Only this one of the entries of the statement's actions counts.
    pub(super) action: Option<usize>,
    /// Conditions that hold of the requests, or do not.
    pub(super) held: &'q [Held<'d>],
    /// Policies by whose Allows the requests are not allowed.
    pub(super) beside: &'q [Policy<'d>],
    /// Whoever asks is a stranger (`S3-5`).
    pub(super) are_strangers: bool,
}

/// What was found.
pub(super) enum Answer {
    In(Box<Witness>),
    Never,
    Unknown(Vec<String>),
}

impl<'d> Surface<'d> {
    /// Whether a request is allowed, of somebody outside, by a statement as far as it is for whom an entry names.
    pub(super) fn ask(
        &self,
        named: &Named,
        allowing: &Allowing<'d>,
        also: &Also<'_, 'd>,
    ) -> Answer {
        let narrow = self.narrow(named, allowing, also.action);
        let mut resource = self.against.resource.clone().unwrap_or_default();
        resource.push(narrow);
        let policies = PolicySets {
            resource: Some(resource),
            ..self.against.clone()
        };
        let callers: Vec<Outsider> = named
            .callers(self.is_role)
            .iter()
            .copied()
            .filter(|own| !(allowing.is_authenticated && *own == Outsider::Anonymous))
            .collect();
        let mut reasons: Vec<String> = Vec::new();
        for (resources, known) in &self.parts {
            let question = Outside {
                policies: &policies,
                callers: &callers,
                zone: &self.zone,
                organization: self.organization.as_deref(),
                are_strangers: also.are_strangers,
                owner: &self.owner,
                partition: &self.partition,
                known,
                actions: std::slice::from_ref(&self.actions),
                resources: std::slice::from_ref(resources),
                held: also.held,
                beside: also.beside,
                work: WORK,
            };
            match comes_in(&question, &mut |witness| self.confirm(witness)) {
                Comes::In(witness) => return Answer::In(Box::new(witness)),
                Comes::Never => {}
                Comes::Unknown(own) => reasons.extend(own.iter().map(ToString::to_string)),
            }
        }
        reasons.dedup();
        match reasons.is_empty() {
            true => Answer::Never,
            false => Answer::Unknown(reasons),
        }
    }

    /// A statement as far as it is for whom an entry names, and for one of its action entries if that is said.
    pub(super) fn narrow(
        &self,
        named: &Named,
        allowing: &Allowing<'d>,
        action: Option<usize>,
    ) -> Policy<'d> {
        let own = allowing.statement;
        let principal = own.principal.map(|principals| match principals.negated {
            true => principals,
            false => {
                let is_named = |entry: &&PrincipalEntry<'d>| {
                    let list = std::slice::from_ref(*entry);
                    let one = Principals { list, ..principals };
                    named_by(&one).first() == Some(named)
                };
                let list: Vec<PrincipalEntry<'d>> =
                    principals.list.iter().filter(is_named).copied().collect();
                Principals {
                    list: self.arena.alloc_slice_copy(&list),
                    ..principals
                }
            }
        });
        let entries = own.action;
        let one = action.and_then(|at| entries.list.get(at));
        let action = match one {
            Some(one) if !entries.negated => Entries {
                list: std::slice::from_ref(one),
                ..entries
            },
            _ => entries,
        };
        let statement = Statement {
            principal,
            action,
            ..*own
        };
        let statements = self.arena.alloc_slice_copy(&[statement]);
        with_statements(allowing.policy, statements)
    }

    /// What the directory decides of a request.
    fn confirm(&self, witness: &Witness) -> Result<(), String> {
        let arena = Bump::new();
        witness.with(|request| {
            let session = match request.principal.caller {
                // Without a policy of its session it may do nothing (`STS-9`).
                Caller::FederatedUser { .. } => Some(all_rights(&arena)),
                _ => None,
            };
            let extra = RequestPolicies {
                identity: Some(all_rights(&arena)),
                session,
            };
            let completed = self.directory.complete_outsider(request, extra, &arena);
            let completed = completed.map_err(|error| error.to_string())?;
            let outcome = Engine::new().decide(self.directory, &completed);
            let outcome = outcome.map_err(|error| error.to_string())?;
            match outcome.is_allow() {
                true => Ok(()),
                false if self.name.contains(":accesspoint/") => {
                    let text = "it is not allowed, and the bucket behind an access point has to allow too (S3-6)";
                    Err(text.to_owned())
                }
                false => Err("it is not allowed".to_owned()),
            }
        })
    }
}
