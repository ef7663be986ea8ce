//! From documents to a program: statements, and the tables that they share.
//!
//! Statement by statement, in one pass and in linear time:
//!
//! | of a statement | becomes |
//! |---|---|
//! | `Effect` | a flag; Deny statements come first in their unit |
//! | `Action`, `NotAction` | a list of pairs of patterns, service and name; or any (`MATCH-10` to `MATCH-13`) |
//! | `Resource`, `NotResource` | a list of patterns; or any (`MATCH-20` to `MATCH-28`) |
//! | `Principal`, `NotPrincipal` | a list of principals by form and text; or everyone (`GRAM-30` to `GRAM-44`) |
//! | `Condition` | a guard: a run of instructions (`COND-1`), none if there are no conditions |
//! | `Sid`, position, spelling | records for explanations, if these are wanted |
//!
//! No statement is merged with another, dropped or reordered but for Deny coming first, since explanations name
//! each by its position in its document.
//!
//! What is equal is shared: lists of entries and conditions that were met lately are looked up as texts and not read again, and a
//! guard is one run of instructions however many statements have it, whatever the order of their conditions. Lines and columns are found only if
//! explanations are to print them.

use portcullis_image::wire::count;
use portcullis_image::{
    ActionPattern, ConditionText, Entries, Id, Insn, InsnSource, Item, LayerSet, ListId, Pattern,
    PolicySource, PrincipalForm, PrincipalRecord, Principals, Run, Statement, StatementFlags,
    StatementSource, Str, Unit, flag,
};
use portcullis_model::{Effect, Layer, is_account_id};
use portcullis_source::LineIndex;
use portcullis_syntax::ast::{self, PrincipalKind};
use portcullis_syntax::{Policy, PolicySets, vars};
use smallvec::SmallVec;

use crate::fold::compare_folded;
use crate::intern::{make_room, write_texts};
use crate::pattern::{Case, PatternBuilder, Reading};
use crate::program::{ListOfEntries, Program, WrittenGuard};
use crate::{CompileError, public};

/// The policies of a unit, with the layers that each of them is in.
pub(crate) type UnitPolicies<'s, 'a> = Vec<(LayerSet, &'s [Policy<'a>])>;

/// The sets that are present, with their layers. Control policies come first; the order decides only the numbers of
/// statements.
///
/// # Errors
/// [`CompileError::TooManyLevels`] if a chain is longer than layers can tell.
pub(crate) fn layers_of<'s, 'a>(
    sets: &'s PolicySets<'a>,
) -> Result<UnitPolicies<'s, 'a>, CompileError> {
    let mut layers: UnitPolicies<'s, 'a> = Vec::new();
    for (chain, layer) in [
        (&sets.rcps, Layer::Rcp as fn(u8) -> Layer),
        (&sets.scps, Layer::Scp),
    ] {
        let levels = chain.len();
        if levels > usize::from(Layer::MAX_LEVELS) {
            return Err(CompileError::TooManyLevels { levels });
        }
        for (level, policies) in (0..).zip(chain) {
            layers.push((LayerSet::of(layer(level)), policies));
        }
    }
    for (layer, set) in [
        (Layer::VpcEndpoint, &sets.vpc_endpoint),
        (Layer::Resource, &sets.resource),
        (Layer::Boundary, &sets.boundary),
        (Layer::Session, &sets.session),
    ] {
        if let Some(policies) = set {
            layers.push((LayerSet::of(layer), policies));
        }
    }
    layers.push((LayerSet::of(Layer::Identity), &sets.identity));
    Ok(layers)
}

/// Line indexes of the sources, built when they are first needed. Policies of one file come behind
/// each other, so remembering the last one is enough.
#[derive(Default)]
struct Lines<'a> {
    /// The source that was asked for last, by where it lies, with its lines.
    last: Option<(&'a str, LineIndex<'a>)>,
}

impl<'a> Lines<'a> {
    /// The lines of a source, told from others by where it lies.
    fn of(&mut self, text: &'a str) -> &LineIndex<'a> {
        let same = |other: &str| core::ptr::eq(other, text);
        if !self.last.as_ref().is_some_and(|(other, _)| same(other)) {
            self.last = None;
        }
        &self
            .last
            .get_or_insert_with(|| (text, LineIndex::new(text)))
            .1
    }
}

impl Program {
    /// Lowers the policies of a unit: its statements, Deny first, and the layers in which it has policies, also where these are empty.
    pub(crate) fn unit(&mut self, policies: &[(LayerSet, &[Policy<'_>])]) {
        let mut lines = Lines::default();
        self.reserve(policies);
        let first = self.statements.len();
        let (mut layers, mut public) = (LayerSet::EMPTY, false);
        for (own, policies) in policies {
            layers |= *own;
            public |= own.meets(LayerSet::RESOURCE)
                && policies
                    .iter()
                    .any(|policy| public::is_public(&policy.document));
            for policy in *policies {
                self.policy(*own, policy, &mut lines);
            }
        }
        let statements = self.statements.get_mut(first..).unwrap_or(&mut []);
        let denies: SmallVec<[bool; 32]> = statements.iter().map(|own| own.flags.deny).collect();
        partition(statements, &denies);
        if let Some(origins) = self.origins.get_mut(first..) {
            partition(origins, &denies);
        }
        let statements = Run {
            first: Id::new(count(first)),
            count: count(denies.len()),
        };
        self.layers |= layers;
        self.public |= public;
        self.units.push(Unit {
            statements,
            layers,
            public,
            postings: Run::EMPTY,
            catch_all: Run::EMPTY,
        });
    }

    /// Makes room for what a unit needs if it has nothing in common with the units before it. Growing by doubling would copy the
    /// largest tables while they are largest.
    fn reserve(&mut self, policies: &[(LayerSet, &[Policy<'_>])]) {
        let documents = policies.iter().flat_map(|(_, policies)| *policies);
        let lists = documents.map(|policy| policy.document.statements);
        let (mut statements, mut conditions) = (0, 0);
        for list in lists {
            statements += list.len();
            conditions += list.iter().map(|one| one.conditions.len()).sum::<usize>();
        }
        make_room(&mut self.statements, statements);
        if self.options.debug {
            make_room(&mut self.origins, statements);
        }
        self.code.reserve(conditions);
        if self.options.debug {
            make_room(&mut self.insn_sources, conditions);
        }
    }

    /// Lowers the statements of a policy, with where each was written. All its documents were read without an error; the reader gives
    /// no others.
    fn policy<'t>(&mut self, layers: LayerSet, policy: &Policy<'t>, lines: &mut Lines<'t>) {
        let source = Id::new(count(self.sources.len()));
        if self.options.debug {
            let record = PolicySource {
                name: self.strings.intern(policy.name),
                file: self.strings.intern(policy.file),
            };
            self.sources.push(record);
        }
        for (index, statement) in policy.document.statements.iter().enumerate() {
            let mut origin = StatementSource {
                source,
                index: count(index),
                sid: Str::default(),
                line: 0,
                column: 0,
                end_line: 0,
                end_column: 0,
                actions: Id::FIRST,
                resources: Id::FIRST,
            };
            let lowered = self.statement(layers, &policy.document, statement, &mut origin);
            if self.options.debug {
                let lines = lines.of(policy.text);
                let (line, column) = lines.position(statement.span.start);
                let (end_line, end_column) = lines.position(statement.span.end);
                origin.sid = self
                    .strings
                    .intern(statement.sid.map_or("", |sid| sid.value));
                (origin.line, origin.column) = (count(line), count(column));
                (origin.end_line, origin.end_column) = (count(end_line), count(end_column));
            }
            self.statements.push(lowered);
            if self.options.debug {
                self.origins.push(origin);
            }
        }
    }

    /// Lowers one statement. What explanations print of its entries goes into `origin`.
    fn statement(
        &mut self,
        layers: LayerSet,
        document: &ast::Document<'_>,
        statement: &ast::Statement<'_>,
        origin: &mut StatementSource,
    ) -> Statement {
        let (principals, not_principal) = match &statement.principal {
            Some(principals) => (self.principals(principals), principals.negated),
            None => (Principals::Unsaid, false),
        };
        let (resources, not_resource) = match &statement.resource {
            Some(entries) => {
                let list;
                (list, origin.resources) = self.resources(document, entries);
                (list, entries.negated)
            }
            None => {
                origin.resources = self.written(&[]);
                (Entries::Any, false)
            }
        };
        let actions;
        (actions, origin.actions) = self.actions(&statement.action);
        Statement {
            flags: StatementFlags {
                deny: statement.effect == Effect::Deny,
                not_action: statement.action.negated,
                not_resource,
                not_principal,
                shared: 0,
            },
            layers,
            actions,
            resources,
            principals,
            guard: self.guard(document, statement),
        }
    }

    /// The list of entries as written; empty if explanations are not to print them.
    fn written(&mut self, entries: &[&str]) -> ListId<ConditionText> {
        if !self.options.debug {
            return Id::FIRST;
        }
        let texts: SmallVec<[_; 8]> = entries.iter().map(|entry| self.text(entry)).collect();
        self.list(&texts)
    }

    /// `MATCH-10` to `MATCH-12`. One entry that matches every action makes the list any, whatever else is in it.
    fn actions(&mut self, entries: &ast::Entries<'_>) -> ListOfEntries<ActionPattern> {
        let known = self
            .recent_actions
            .get(|key| write_texts(key, entries.list));
        if let Some(known) = known {
            return known;
        }
        let made = self.entries(entries, |program, entry| {
            let known = program.known_actions.get(entry).copied();
            known.or_else(|| program.action(entry))
        });
        self.recent_actions.add(made);
        made
    }

    /// The list of the patterns of entries, each once, and beside each an entry that has it: the same pattern may have been
    /// written in two ways. An entry without a pattern makes the list any.
    fn entries<'t, T: Item>(
        &mut self,
        entries: &ast::Entries<'t>,
        mut pattern: impl FnMut(&mut Program, &'t str) -> Option<Id<T>>,
    ) -> ListOfEntries<T> {
        let mut list: SmallVec<[(Id<T>, &'t str); 8]> = SmallVec::new();
        for entry in entries.list {
            let Some(pattern) = pattern(self, entry.value) else {
                return (Entries::Any, self.written(&[entry.value]));
            };
            list.push((pattern, entry.value));
        }
        list.sort_by_key(|(item, _)| *item);
        list.dedup_by_key(|(item, _)| *item);
        let items: SmallVec<[Id<T>; 8]> = list.iter().map(|(item, _)| *item).collect();
        let written: SmallVec<[&str; 8]> = list.iter().map(|(_, entry)| *entry).collect();
        (Entries::Listed(self.list(&items)), self.written(&written))
    }

    /// The pattern of an entry that was not met before; none if it matches every action.
    fn action(&mut self, entry: &str) -> Option<Id<ActionPattern>> {
        let reading = Reading {
            variables: false,
            wildcards: true,
            case: Case::Lower,
        };
        // An entry without a colon is a run of stars (`GRAM-18`).
        let (service, name) = entry.split_once(':')?;
        let mut part = |text| {
            let mut builder = PatternBuilder::new();
            builder.push(text, reading);
            builder.finish(self)
        };
        let (service, name) = (part(service), part(name));
        let action = self.actions.intern(ActionPattern { service, name });
        self.known_actions.insert(entry.into(), action);
        Some(action)
    }

    /// `MATCH-20` to `MATCH-28`. One entry of stars alone makes the list any, whatever else is in it.
    fn resources(
        &mut self,
        document: &ast::Document<'_>,
        entries: &ast::Entries<'_>,
    ) -> ListOfEntries<Pattern> {
        let known = self.recent_resources.get(|key| {
            key.push(u8::from(document.has_variables()));
            key.push(u8::from(document.kind.completes_short_arns()));
            write_texts(key, entries.list);
        });
        if let Some(known) = known {
            return known;
        }
        let made = self.entries(entries, |program, entry| {
            let is_any = entry.bytes().all(|byte| byte == b'*');
            (!is_any).then(|| program.resource(document, entry))
        });
        self.recent_resources.add(made);
        made
    }

    /// The pattern of one entry. Variables are expanded after the fifth colon only, and short ARNs are completed where the type
    /// of the policy does so (`MATCH-23`).
    fn resource(&mut self, document: &ast::Document<'_>, text: &str) -> Id<Pattern> {
        let variables = vars::has_opening(text) && document.has_variables();
        let is_colon = |byte: &u8| *byte == b':';
        let is_short = document.kind.completes_short_arns()
            && text.as_bytes().iter().filter(|byte| is_colon(byte)).count() < 5;
        let plain = Reading {
            variables: false,
            wildcards: true,
            case: Case::Keep,
        };
        let mut builder = PatternBuilder::new();
        if !variables && !is_short {
            builder.push(text, plain);
            return builder.finish(self);
        }
        let parts = vars::arn_parts(text, variables);
        // Variables are expanded after the fifth colon only (`VAR-3`).
        let tail = if parts.len() == 6 {
            parts.last().map_or(0, |part| part.len())
        } else {
            0
        };
        let (head, tail) = text
            .split_at_checked(text.len() - tail)
            .unwrap_or((text, ""));
        builder.push(head, plain);
        builder.push(tail, Reading { variables, ..plain });
        if document.kind.completes_short_arns() {
            for _ in parts.len()..6 {
                builder.push(":*", plain);
            }
        }
        builder.finish(self)
    }

    /// `GRAM-30` to `GRAM-44`. An entry that is everyone makes the list everyone; each other one is stored by its form and text. The
    /// list is sorted again when all principals are known.
    fn principals(&mut self, principals: &ast::Principals<'_>) -> Principals<PrincipalRecord> {
        let mut list: SmallVec<[Id<PrincipalRecord>; 8]> = SmallVec::new();
        for entry in principals.list {
            let form = match entry.kind {
                PrincipalKind::Everyone => return Principals::Everyone,
                PrincipalKind::Aws => aws_form(entry.value.value),
                PrincipalKind::Service => PrincipalForm::Service,
                PrincipalKind::Federated => PrincipalForm::Federated,
                PrincipalKind::CanonicalUser => PrincipalForm::CanonicalUser,
            };
            let text = self.strings.intern(entry.value.value);
            list.push(self.principals.intern(PrincipalRecord { form, text }));
        }
        list.sort_unstable();
        list.dedup();
        Principals::Listed(self.list(&list))
    }

    /// The guard of a statement; none without conditions.
    fn guard(
        &mut self,
        document: &ast::Document<'_>,
        statement: &ast::Statement<'_>,
    ) -> Option<Id<Insn>> {
        statement.conditions.first()?;
        let known = self.recent_guards.get(|key| {
            key.push(u8::from(document.has_variables()));
            for condition in statement.conditions {
                let operator = condition.operator;
                key.push(operator.base as u8);
                key.push(operator.quantifier as u8);
                key.push(u8::from(operator.if_exists));
                write_texts(key, &[condition.operator_text, condition.key]);
                write_texts(key, condition.values);
            }
        });
        if known.is_some() {
            return known;
        }
        let made = self.new_guard(document, statement)?;
        self.recent_guards.add(made);
        Some(made)
    }

    /// `COND-1`. Equal guards are one guard, whatever the order in which their tests were written: conditions are sorted by key and
    /// operator. The result does not depend on the order, since all of them must hold.
    ///
    /// With explanations a guard that was written in another way is one of its own, so that each policy is quoted as it is written.
    fn new_guard(
        &mut self,
        document: &ast::Document<'_>,
        statement: &ast::Statement<'_>,
    ) -> Option<Id<Insn>> {
        let variables = document.has_variables();
        let mut conditions: SmallVec<[&ast::Condition<'_>; 4]> =
            statement.conditions.iter().collect();
        conditions.sort_by(|a, b| {
            let keys = compare_folded(a.key.value, b.key.value);
            keys.then(a.operator.cmp(&b.operator))
        });
        let mut run: SmallVec<[Insn; 4]> = SmallVec::new();
        for condition in &conditions {
            run.push(self.insn(condition, variables));
        }
        let last = run.last_mut()?;
        last.flags |= flag::END;
        let (guard, new) = self.code.intern(&run);
        if !self.options.debug {
            return Some(guard.first);
        }
        let mut sources = WrittenGuard::new();
        for condition in conditions {
            sources.push(self.insn_source(condition));
        }
        if new {
            self.insn_sources.extend(sources);
            return Some(guard.first);
        }
        // Written in another way where it was met first: it is a guard of its own, so that explanations
        // quote each policy as it is written.
        let known = self.insn_sources.get(guard.range());
        if known == Some(sources.as_slice()) {
            return Some(guard.first);
        }
        let key = (guard.first, sources);
        if let Some(own) = self.guards.get(&key) {
            return Some(*own);
        }
        let own = self.code.append(&run);
        self.insn_sources.extend(key.1.iter().copied());
        self.guards.insert(key, own);
        Some(own)
    }

    /// A condition as it is written.
    fn insn_source(&mut self, condition: &ast::Condition<'_>) -> InsnSource {
        let values = condition.values.iter().map(|value| self.text(value.value));
        let values: SmallVec<[_; 4]> = values.collect();
        InsnSource {
            operator: self.strings.intern(condition.operator_text.value),
            key: self.strings.intern(condition.key.value),
            values: self.list(&values),
        }
    }
}

/// Puts those that deny first; within an effect the order stays that of the policies. Statements and their origins are put in order
/// one after the other, by the same flags. Takes linear time, and memory for the Deny statements alone.
fn partition<T: Copy>(items: &mut [T], denies: &[bool]) {
    let is_first = |at: usize| denies.get(at) == Some(&true);
    // A copy of the fewer ones takes less memory than sorting would.
    let flagged = items.iter().zip(denies).filter(|(_, denies)| **denies);
    let first: SmallVec<[T; 8]> = flagged.map(|(item, _)| *item).collect();
    // Most documents deny nothing.
    if first.is_empty() {
        return;
    }
    let mut to = items.len();
    for from in (0..items.len()).rev() {
        if !is_first(from) {
            to -= 1;
            items.swap(from, to);
        }
    }
    for (slot, one) in items.iter_mut().zip(first) {
        *slot = one;
    }
}

/// The form of an entry under `AWS`, which the reader has checked (`GRAM-45`).
fn aws_form(text: &str) -> PrincipalForm {
    if is_account_id(text) {
        PrincipalForm::Account
    } else if !text.starts_with("arn:") {
        PrincipalForm::UniqueId
    } else if text.ends_with(":root") && text.matches(':').count() == 5 {
        PrincipalForm::AccountArn
    } else {
        PrincipalForm::Arn
    }
}
