//! The statements of policies that may matter to a question, and which principals have the same of them.
//!
//! Most policies say nothing of the actions or resources that are asked about. A statement that cannot match one of the requests
//! takes no part in their decisions (`COND-1`), so it is left out, and what remains is told apart by what it says and not by the
//! policy that it stands in: principals of all accounts whose remaining statements are the same share their proofs. The
//! layers remain, since a layer that is there limits though it is empty (`EVAL-4`).

use std::collections::HashMap;
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_directory::PolicySetNumber;
use portcullis_model::{Effect, PolicyKind};
use portcullis_prove::Selection;
use portcullis_syntax::ast::{Document, Statement, Text};
use portcullis_syntax::{Policy, PolicySets};

use super::{Questions, Scope};

/// What a set of policies has to say to a question.
pub(super) struct Relevant<'d> {
    pub(super) policies: PolicySets<'d>,
    /// The same number is the same content, but for the order of statements.
    pub(super) content: u32,
    /// Patterns that have all resources on which its identity policies may allow something.
    pub(super) granted: Vec<String>,
}

/// The number of a statement, and what tells it apart from others of the same text.
type Numbered<'d> = (Statement<'d>, u32);

/// Contents that were met, by numbers.
#[derive(Default)]
pub(super) struct Contents<'d> {
    statements: HashMap<(&'d str, PolicyKind, bool), Vec<Numbered<'d>>>,
    count: u32,
    contents: HashMap<Vec<u32>, u32>,
    scopes: HashMap<(Vec<Selection>, Selection), u32>,
    relevant: HashMap<(PolicySetNumber, u32), Option<Rc<Relevant<'d>>>>,
}

impl<'d> Contents<'d> {
    /// How many sets are remembered, each for what some question is about.
    pub(super) fn len(&self) -> usize {
        self.relevant.len()
    }

    /// The number of what a question is about.
    pub(super) fn scope(&mut self, scope: &Scope) -> u32 {
        let next = u32::try_from(self.scopes.len()).unwrap_or(u32::MAX);
        let key = (scope.actions.clone(), scope.resources.clone());
        *self.scopes.entry(key).or_insert(next)
    }

    fn statement(&mut self, policy: &Policy<'d>, statement: &Statement<'d>) -> u32 {
        let span = statement.span;
        let text = policy.text.get(span.start as usize..span.end as usize);
        let document = &policy.document;
        let key = (
            text.unwrap_or_default(),
            document.kind,
            document.has_variables(),
        );
        let own = self.statements.entry(key).or_default();
        if let Some((_, number)) = own.iter().find(|(other, _)| other == statement) {
            return *number;
        }
        let number = self.count;
        self.count += 1;
        own.push((*statement, number));
        number
    }

    /// The number of what some layers say, of a target alone if there is one. Statements of a layer are a set: their order decides
    /// nothing.
    pub(super) fn content(&mut self, policies: &PolicySets<'d>, target: Option<&Selection>) -> u32 {
        let PolicySets {
            identity,
            boundary,
            session,
            resource,
            vpc_endpoint,
            scps,
            rcps,
            bucket: _,
        } = policies;
        let mut content = Vec::new();
        let mut layer = |mark: u32, own: &[Policy<'d>]| {
            // Counted from above, statements from below.
            content.push(u32::MAX - mark);
            let mut numbers: Vec<u32> = Vec::new();
            for policy in own {
                let document = &policy.document;
                let statements = document.statements.iter();
                let own = statements
                    .filter(|own| target.is_none_or(|target| may_be_on(document, own, target)));
                numbers.extend(own.map(|statement| self.statement(policy, statement)));
            }
            numbers.sort_unstable();
            numbers.dedup();
            content.extend(numbers);
        };
        layer(0, identity);
        let optional = [boundary, session, resource, vpc_endpoint];
        for (mark, own) in (1..).zip(optional) {
            if let Some(own) = own {
                layer(mark, own);
            }
        }
        scps.iter().for_each(|level| layer(5, level));
        rcps.iter().for_each(|level| layer(6, level));
        let next = u32::try_from(self.contents.len()).unwrap_or(u32::MAX);
        *self.contents.entry(content).or_insert(next)
    }
}

impl<'d> Questions<'d> {
    /// What some sets have to say to a question, set by set; none if a policy cannot be read.
    pub(super) fn relevant(
        &mut self,
        numbers: &[PolicySetNumber],
        scope: &Scope,
    ) -> Option<Vec<Rc<Relevant<'d>>>> {
        let scope_number = self.contents.scope(scope);
        let mut all = Vec::with_capacity(numbers.len());
        for number in numbers {
            let key = (*number, scope_number);
            let known = match self.contents.relevant.get(&key) {
                Some(known) => known.clone(),
                None => {
                    let own = self.relevant_of(*number, scope);
                    self.contents.relevant.insert(key, own.clone());
                    own
                }
            };
            all.push(known?);
        }
        Some(all)
    }

    fn relevant_of(&mut self, number: PolicySetNumber, scope: &Scope) -> Option<Rc<Relevant<'d>>> {
        let arena = self.arena;
        let own = self.set(number)?;
        let is_in_full = self.is_in_full;
        let layer = |own: &Vec<Policy<'d>>| -> Vec<Policy<'d>> {
            own.iter()
                .map(|policy| {
                    let document = policy.document;
                    let statements = document.statements.iter();
                    let kept = statements.filter(|it| is_in_full || scope.concerns(&document, it));
                    let kept: Vec<Statement<'d>> = kept.copied().collect();
                    let statements = match kept.len() == document.statements.len() {
                        true => document.statements,
                        false => arena.alloc_slice_copy(&kept),
                    };
                    Policy {
                        document: Document {
                            statements,
                            ..document
                        },
                        ..*policy
                    }
                })
                .collect()
        };
        let policies = PolicySets {
            identity: layer(&own.identity),
            boundary: own.boundary.as_ref().map(layer),
            session: own.session.as_ref().map(layer),
            resource: own.resource.as_ref().map(layer),
            vpc_endpoint: own.vpc_endpoint.as_ref().map(layer),
            scps: own.scps.iter().map(layer).collect(),
            rcps: own.rcps.iter().map(layer).collect(),
            bucket: own.bucket.clone(),
        };
        let content = self.contents.content(&policies, None);
        let granted = granted(&policies.identity);
        Some(Rc::new(Relevant {
            policies,
            content,
            granted,
        }))
    }
}

/// Leaves out the statements of policies that do not match a target.
pub(super) fn narrow<'a>(policies: &mut PolicySets<'a>, target: &Selection, arena: &'a Bump) {
    let PolicySets {
        identity,
        boundary,
        session,
        resource,
        vpc_endpoint,
        scps,
        rcps,
        bucket: _,
    } = policies;
    let optional = [boundary, session, resource, vpc_endpoint];
    let layers = std::iter::once(identity).chain(optional.into_iter().flatten());
    for policy in layers.chain(scps).chain(rcps).flatten() {
        let document = &mut policy.document;
        let whole = *document;
        let all = whole.statements.iter();
        let kept = all.filter(|own| may_be_on(&whole, own, target));
        let kept: Vec<Statement<'a>> = kept.copied().collect();
        if kept.len() < whole.statements.len() {
            document.statements = arena.alloc_slice_copy(&kept);
        }
    }
}

/// False only if a statement matches none of some resources.
fn may_be_on(document: &Document<'_>, statement: &Statement<'_>, resources: &Selection) -> bool {
    let own = statement.resource.as_ref().filter(|own| !own.negated);
    own.is_none_or(|own| {
        let mut entries = own.list.iter().map(|entry| pattern(document, entry));
        entries.any(|own| resources.may_meet_resource(&own))
    })
}

impl Scope {
    /// False only if a statement matches none of the requests, by its actions or its resources.
    fn concerns(&self, document: &Document<'_>, statement: &Statement<'_>) -> bool {
        let actions = &statement.action;
        let mut list = actions.list.iter().map(|entry| entry.value);
        let may_be_listed = match (actions.negated, self.only_action()) {
            (negated, Some(only)) => Selection::of(list).has_action(only) != negated,
            (true, None) => true,
            (false, None) => list.any(|entry| self.may_meet(entry)),
        };
        may_be_listed && may_be_on(document, statement, &self.resources)
    }
}

/// A pattern that matches all that an entry of a Resource may match: what begins with a variable may be anything (`VAR-6`), and
/// what is cut short is completed (`MATCH-23`).
fn pattern(document: &Document<'_>, entry: &Text<'_>) -> String {
    let text = entry.value;
    match text.split_once("${") {
        Some((before, _)) => format!("{before}*"),
        None if document.kind.completes_short_arns() && text.split(':').count() < 6 => {
            format!("{text}*")
        }
        None => text.to_owned(),
    }
}

/// Patterns that have all resources on which policies may allow something.
fn granted(policies: &[Policy<'_>]) -> Vec<String> {
    let mut all = Vec::new();
    for policy in policies {
        let statements = policy.document.statements.iter();
        for statement in statements.filter(|own| own.effect == Effect::Allow) {
            match &statement.resource {
                Some(own) if !own.negated => {
                    let entries = own.list.iter();
                    all.extend(entries.map(|entry| pattern(&policy.document, entry)));
                }
                _ => all.push("*".to_owned()),
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    if all.iter().any(|own| own == "*") {
        all = vec!["*".to_owned()];
    }
    all
}

/// False only if no Allow is there without which nothing is allowed to anybody but a root user (`EVAL-71`): one of the caller's own
/// policies or the resource's.
pub(super) fn may_allow(policies: &PolicySets<'_>) -> bool {
    let all = policies
        .identity
        .iter()
        .chain(policies.resource.iter().flatten());
    let mut statements = all.flat_map(|own| own.document.statements);
    statements.any(|own| own.effect == Effect::Allow)
}
