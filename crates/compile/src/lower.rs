//! From documents to a program: statements, and the tables that they share.

use bumpalo::Bump;
use portcullis_image::value::network::Network;
use portcullis_image::{
    ANY, ActionPattern, ArnPattern, Header, Leaf, LeafSource, ListKind, NONE, NumberRecord, Origin,
    Part, Pattern, PrincipalForm, Section, ShortText, Source, Statement, StatementFlags, Str,
    Token, flag, layer_mask, reserved,
};
use portcullis_model::{Effect, Layer, is_account_id};
use portcullis_source::LineIndex;
use portcullis_syntax::ast::{self, Entries, PrincipalKind, Principals};
use portcullis_syntax::{Policy, PolicySets, vars};
use smallvec::SmallVec;

use crate::intern::{Interner, Memo, Runs, Strings, memo};
use crate::pattern::{Case, PatternBuilder, Reading, compare_folded, fold_in};
use crate::{CompileError, Options, public};

/// Everything that an image will hold.
pub(crate) struct Program<'a> {
    pub(crate) arena: &'a Bump,
    pub(crate) options: Options,
    /// The layers of all parts.
    pub(crate) layers: u32,
    pub(crate) public: bool,
    /// Bits of reserved slots in use, as the header has them.
    pub(crate) wanted: u32,
    pub(crate) strings: Strings,
    /// Folded names with the class of the values.
    pub(crate) slots: Interner<(&'a str, u8)>,
    /// Statements with their origins, part by part; in a part Deny comes first.
    pub(crate) statements: Vec<(Statement, Origin)>,
    pub(crate) parts: Vec<Part>,
    pub(crate) lists: Runs<u32>,
    /// The lists of principals: their items get new numbers when principals are sorted.
    pub(crate) principal_lists: Vec<u32>,
    pub(crate) actions: Interner<ActionPattern>,
    /// The patterns for actions by their entries.
    known_actions: Memo<&'a str, u32>,
    /// The slots by key as written, and class.
    known_slots: Memo<(&'a str, u8), u32>,
    pub(crate) patterns: Interner<Pattern>,
    pub(crate) tokens: Runs<Token>,
    pub(crate) principals: Interner<(PrincipalForm, &'a str)>,
    pub(crate) code: Runs<Leaf>,
    /// Guards that were written in another way than an equal one, by that and how they were.
    guards: Memo<(u32, SmallVec<[LeafSource; 4]>), u32>,
    pub(crate) texts: Interner<Str>,
    pub(crate) short_texts: Runs<ShortText>,
    pub(crate) numbers: Interner<NumberRecord>,
    pub(crate) instants: Interner<i128>,
    pub(crate) networks: Interner<Network>,
    /// The networks of values, none for what is no network.
    pub(crate) known_networks: Memo<&'a str, Option<Network>>,
    pub(crate) arns: Interner<ArnPattern>,
    pub(crate) sources: Vec<Source>,
    pub(crate) leaf_sources: Vec<LeafSource>,
}

/// Sections that an image of these options has.
pub(crate) fn sections(options: Options) -> impl Iterator<Item = Section> {
    let all = Section::ALL.iter().copied();
    all.filter(move |section| match section.is_index() {
        true => options.index,
        false => options.debug || !section.is_optional(),
    })
}

/// Entries as written.
type Written<'a> = SmallVec<[&'a str; 8]>;

/// The policies of a part, with the layers that each of them is in.
pub(crate) type PartPolicies<'s, 'a> = Vec<(u32, &'s [Policy<'a>])>;

/// Lowers all policies, part by part.
pub(crate) fn lower<'s, 'a: 's>(
    parts: impl Iterator<Item = PartPolicies<'s, 'a>>,
    options: Options,
    arena: &'a Bump,
) -> Program<'a> {
    let table = Header::SIZE + Header::ENTRY * sections(options).count();
    let mut program = Program {
        arena,
        options,
        layers: 0,
        public: false,
        wanted: 0,
        strings: Strings::new(table.next_multiple_of(8) as u32),
        slots: Interner::new(),
        statements: Vec::new(),
        parts: Vec::new(),
        lists: Runs::new(),
        principal_lists: Vec::new(),
        actions: Interner::new(),
        known_actions: memo(),
        known_slots: memo(),
        patterns: Interner::new(),
        tokens: Runs::new(),
        principals: Interner::new(),
        code: Runs::new(),
        guards: memo(),
        texts: Interner::new(),
        short_texts: Runs::new(),
        numbers: Interner::new(),
        instants: Interner::new(),
        networks: Interner::new(),
        known_networks: memo(),
        arns: Interner::new(),
        sources: Vec::new(),
        leaf_sources: Vec::new(),
    };
    // They have their numbers, whether a policy looks at them or not.
    for name in reserved::NAMES {
        program.strings.intern(name);
        program.slots.intern((name, reserved::CLASS));
    }
    // The evaluation itself looks at these.
    program.wanted = 1 << reserved::ASSUMED_ROOT
        | 1 << reserved::FEDERATED_PROVIDER
        | 1 << reserved::SERVICE_NAMES;
    let mut lines = Lines::default();
    for part in parts {
        program.part(&part, &mut lines);
    }
    program
}

/// The sets that are present, with their layers.
pub(crate) fn layers_of<'s, 'a>(
    sets: &'s PolicySets<'a>,
) -> Result<PartPolicies<'s, 'a>, CompileError> {
    let mut layers: PartPolicies<'s, 'a> = Vec::new();
    for (chain, layer) in [
        (&sets.rcps, Layer::Rcp as fn(u8) -> Layer),
        (&sets.scps, Layer::Scp),
    ] {
        let levels = chain.len();
        if levels > usize::from(Layer::MAX_LEVELS) {
            return Err(CompileError::TooManyLevels { levels });
        }
        for (level, policies) in (0..).zip(chain) {
            layers.push((layer_mask(layer(level)), policies));
        }
    }
    for (layer, set) in [
        (Layer::VpcEndpoint, &sets.vpc_endpoint),
        (Layer::Resource, &sets.resource),
        (Layer::Boundary, &sets.boundary),
        (Layer::Session, &sets.session),
    ] {
        if let Some(policies) = set {
            layers.push((layer_mask(layer), policies));
        }
    }
    layers.push((layer_mask(Layer::Identity), &sets.identity));
    Ok(layers)
}

/// Line indexes of the sources, built when they are first needed. Policies of one file come behind
/// each other, so remembering the last one is enough.
#[derive(Default)]
struct Lines<'a> {
    last: Option<(&'a str, LineIndex<'a>)>,
}

impl<'a> Lines<'a> {
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

impl<'a> Program<'a> {
    /// The slot of a key and class.
    pub(crate) fn slot(&mut self, key: &'a str, class: u8) -> u32 {
        if let Some(slot) = self.known_slots.get(&(key, class)) {
            return *slot;
        }
        let name = fold_in(self.arena, key);
        self.strings.intern(name);
        let reserved = reserved::NAMES.iter().position(|other| *other == name);
        if let Some(reserved) = reserved {
            self.wanted |= match class {
                reserved::CLASS => 1 << reserved,
                _ => 1 << (16 + reserved),
            };
        }
        let slot = self.slots.intern((name, class));
        self.known_slots.insert((key, class), slot);
        slot
    }

    /// The list with these items.
    pub(crate) fn list(&mut self, kind: ListKind, items: &[u32]) -> u32 {
        let mut words: SmallVec<[u32; 8]> = SmallVec::new();
        words.push(kind.head(items.len() as u32));
        words.extend_from_slice(items);
        let (list, new) = self.lists.intern(&words);
        if new && kind == ListKind::Principals {
            self.principal_lists.push(list);
        }
        list
    }

    fn part(&mut self, policies: &PartPolicies<'_, 'a>, lines: &mut Lines<'a>) {
        let resource = layer_mask(Layer::Resource);
        self.reserve(policies);
        let mut part = Part {
            statements: self.statements.len() as u32,
            ..Part::default()
        };
        for (layers, policies) in policies {
            part.layers |= layers;
            part.public |= layers & resource != 0
                && policies
                    .iter()
                    .any(|policy| public::is_public(&policy.document));
            for policy in *policies {
                self.policy(*layers, policy, lines);
            }
        }
        if let Some(statements) = self.statements.get_mut(part.statements as usize..) {
            deny_first(statements);
        }
        part.statement_count = self.statements.len() as u32 - part.statements;
        self.layers |= part.layers;
        self.public |= part.public;
        self.parts.push(part);
    }

    /// Makes room for what a part needs if it has nothing in common with the parts before it.
    fn reserve(&mut self, policies: &PartPolicies<'_, 'a>) {
        let documents = policies.iter().flat_map(|(_, policies)| *policies);
        let lists = documents.map(|policy| policy.document.statements);
        let (mut statements, mut conditions) = (0, 0);
        for list in lists {
            statements += list.len();
            conditions += list.iter().map(|one| one.conditions.len()).sum::<usize>();
        }
        self.statements.reserve(statements);
        self.code.reserve(conditions);
        if self.options.debug {
            self.leaf_sources.reserve(conditions);
        }
    }

    fn policy(&mut self, layers: u32, policy: &Policy<'a>, lines: &mut Lines<'a>) {
        let source = self.sources.len() as u32;
        if self.options.debug {
            let record = Source {
                name: self.strings.intern(policy.name),
                file: self.strings.intern(policy.file),
            };
            self.sources.push(record);
        }
        for (index, statement) in policy.document.statements.iter().enumerate() {
            let mut origin = Origin {
                source,
                index: index as u32,
                sid: Str::default(),
                line: 0,
                column: 0,
                end_line: 0,
                end_column: 0,
                actions: 0,
                resources: 0,
            };
            let lowered = self.statement(layers, &policy.document, statement, &mut origin);
            if self.options.debug {
                let lines = lines.of(policy.text);
                let (line, column) = lines.position(statement.span.start);
                let (end_line, end_column) = lines.position(statement.span.end);
                origin.sid = self
                    .strings
                    .intern(statement.sid.map_or("", |sid| sid.value));
                (origin.line, origin.column) = (line as u32, column as u32);
                (origin.end_line, origin.end_column) = (end_line as u32, end_column as u32);
            }
            self.statements.push((lowered, origin));
        }
    }

    fn statement(
        &mut self,
        layers: u32,
        document: &ast::Document<'a>,
        statement: &ast::Statement<'a>,
        origin: &mut Origin,
    ) -> Statement {
        let (principals, not_principal) = match &statement.principal {
            Some(principals) => (self.principals(principals), principals.negated),
            None => (NONE, false),
        };
        let (resources, not_resource) = match &statement.resource {
            Some(entries) => {
                let (list, written) = self.resources(document, entries);
                origin.resources = self.written(&written);
                (list, entries.negated)
            }
            None => {
                origin.resources = self.written(&[]);
                (ANY, false)
            }
        };
        let (actions, written) = self.actions(&statement.action);
        origin.actions = self.written(&written);
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

    /// The list of entries as written, if explanations are to print them.
    fn written(&mut self, entries: &[&'a str]) -> u32 {
        if !self.options.debug {
            return 0;
        }
        let mut texts: SmallVec<[u32; 8]> = SmallVec::new();
        for entry in entries {
            let text = self.strings.intern(entry);
            texts.push(self.texts.intern(text));
        }
        self.list(ListKind::Texts, &texts)
    }

    /// `MATCH-10` to `MATCH-12`.
    fn actions(&mut self, entries: &Entries<'a>) -> (u32, Written<'a>) {
        let mut list: SmallVec<[(u32, &'a str); 8]> = SmallVec::new();
        for entry in entries.list {
            let known = self.known_actions.get(entry.value).copied();
            let Some(action) = known.or_else(|| self.action(entry.value)) else {
                return (ANY, Written::from_slice(&[entry.value]));
            };
            list.push((action, entry.value));
        }
        self.entries(ListKind::Actions, list)
    }

    /// The list of the patterns of entries, each once, and beside each an entry that has it.
    fn entries(
        &mut self,
        kind: ListKind,
        mut list: SmallVec<[(u32, &'a str); 8]>,
    ) -> (u32, Written<'a>) {
        list.sort_by_key(|(item, _)| *item);
        list.dedup_by_key(|(item, _)| *item);
        let items: SmallVec<[u32; 8]> = list.iter().map(|(item, _)| *item).collect();
        let written = list.iter().map(|(_, entry)| *entry).collect();
        (self.list(kind, &items), written)
    }

    /// The pattern of an entry that was not met before; none if it matches every action.
    fn action(&mut self, entry: &'a str) -> Option<u32> {
        let reading = Reading {
            variables: false,
            wildcards: true,
            case: Case::Lower,
        };
        // An entry without a colon is a run of stars (`GRAM-18`).
        let (service, name) = entry.split_once(':')?;
        let mut part = |text| {
            let mut builder = PatternBuilder::new(self.arena);
            builder.push(text, reading);
            builder.finish(self)
        };
        let (service, name) = (part(service), part(name));
        let action = self.actions.intern(ActionPattern { service, name });
        self.known_actions.insert(entry, action);
        Some(action)
    }

    /// `MATCH-20` to `MATCH-28`.
    fn resources(
        &mut self,
        document: &ast::Document<'a>,
        entries: &Entries<'a>,
    ) -> (u32, Written<'a>) {
        let mut list: SmallVec<[(u32, &'a str); 8]> = SmallVec::new();
        for entry in entries.list {
            if entry.value.bytes().all(|byte| byte == b'*') {
                return (ANY, Written::from_slice(&[entry.value]));
            }
            list.push((self.resource(document, entry.value), entry.value));
        }
        self.entries(ListKind::Patterns, list)
    }

    fn resource(&mut self, document: &ast::Document<'a>, text: &'a str) -> u32 {
        let variables = vars::has_opening(text) && document.has_variables();
        let is_colon = |byte: &u8| *byte == b':';
        let is_short = document.kind.completes_short_arns()
            && text.as_bytes().iter().filter(|byte| is_colon(byte)).count() < 5;
        let plain = Reading {
            variables: false,
            wildcards: true,
            case: Case::Keep,
        };
        let mut builder = PatternBuilder::new(self.arena);
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

    /// `GRAM-30` to `GRAM-44`.
    fn principals(&mut self, principals: &Principals<'a>) -> u32 {
        let mut list: SmallVec<[u32; 8]> = SmallVec::new();
        for entry in principals.list {
            let form = match entry.kind {
                PrincipalKind::Everyone => return ANY,
                PrincipalKind::Aws => aws_form(entry.value.value),
                PrincipalKind::Service => PrincipalForm::Service,
                PrincipalKind::Federated => PrincipalForm::Federated,
                PrincipalKind::CanonicalUser => PrincipalForm::CanonicalUser,
            };
            self.strings.intern(entry.value.value);
            list.push(self.principals.intern((form, entry.value.value)));
        }
        list.sort_unstable();
        list.dedup();
        self.list(ListKind::Principals, &list)
    }

    /// `COND-1`. Equal guards are one guard, whatever the order in which their tests were written.
    fn guard(&mut self, document: &ast::Document<'a>, statement: &ast::Statement<'a>) -> u32 {
        let variables = document.has_variables();
        let mut conditions: SmallVec<[&ast::Condition<'a>; 4]> =
            statement.conditions.iter().collect();
        conditions.sort_by(|a, b| {
            let keys = compare_folded(a.key.value, b.key.value);
            keys.then(a.operator.cmp(&b.operator))
        });
        let mut run: SmallVec<[Leaf; 4]> = SmallVec::new();
        for condition in &conditions {
            run.push(self.leaf(condition, variables));
        }
        let Some(last) = run.last_mut() else {
            return NONE;
        };
        last.flags |= flag::END;
        let (guard, new) = self.code.intern(&run);
        if !self.options.debug {
            return guard;
        }
        let mut sources: SmallVec<[LeafSource; 4]> = SmallVec::new();
        for condition in conditions {
            sources.push(self.leaf_source(condition));
        }
        if new {
            self.leaf_sources.extend(sources);
            return guard;
        }
        // Written in another way where it was met first: it is a guard of its own, so that explanations
        // quote each policy as it is written.
        let first = guard as usize;
        let known = self.leaf_sources.get(first..first + run.len());
        if known == Some(sources.as_slice()) {
            return guard;
        }
        if let Some(own) = self.guards.get(&(guard, sources.clone())) {
            return *own;
        }
        let own = self.code.append(&run);
        self.leaf_sources.extend(sources.iter().copied());
        self.guards.insert((guard, sources), own);
        own
    }

    fn leaf_source(&mut self, condition: &ast::Condition<'a>) -> LeafSource {
        let mut values: SmallVec<[u32; 4]> = SmallVec::new();
        for value in condition.values {
            let text = self.strings.intern(value.value);
            values.push(self.texts.intern(text));
        }
        LeafSource {
            operator: self.strings.intern(condition.operator_text.value),
            key: self.strings.intern(condition.key.value),
            values: self.list(ListKind::Texts, &values),
        }
    }
}

/// Puts Deny first; within an effect the order stays that of the policies.
fn deny_first(statements: &mut [(Statement, Origin)]) {
    let denies = |(statement, _): &(Statement, Origin)| statement.flags.deny;
    // A copy of the fewer ones takes less memory than sorting would.
    let first: Vec<_> = statements
        .iter()
        .filter(|one| denies(one))
        .copied()
        .collect();
    let mut to = statements.len();
    for from in (0..statements.len()).rev() {
        if statements.get(from).is_some_and(|one| !denies(one)) {
            to -= 1;
            statements.swap(from, to);
        }
    }
    for (place, one) in statements.iter_mut().zip(first) {
        *place = one;
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
