//! Building the index (see `portcullis_image::index`).
//!
//! Sizes stay linear: a statement with so many actions and resources that their product would dominate is not spread over
//! its nodes, but verified for every action. Time is linear but for sorting. Nothing is estimated from data of others: which
//! literal a pattern is hashed by depends on how many patterns of its own group share it.

use std::collections::HashMap;

use ahash::RandomState;
use portcullis_image::index::{
    ActionHash, ActionKey, MAX_PROBES, MAX_SEGMENTS, MAX_START, SCAN_LIMIT, Segments, bucket_hash,
    literal_mask,
};
use portcullis_image::wire::{count, index as index_of};
use portcullis_image::{
    ActionEntry, ActionPattern, Bucket, Candidate, Fallback, Group, Id, LayerSet, Node, NodeGroup,
    Part, Pattern, PatternKind, Probe, Run, ServiceRecord, Start, Statement, Str, TokenKind,
    TokenRecord, Verify,
};

use smallvec::SmallVec;

use crate::intern::{Interner, Runs};
use crate::program::Program;

/// A statement whose product of actions and resources is larger than this times their sum is not
/// spread over its nodes.
const SPREAD_LIMIT: usize = 64;

/// In a bucket with more candidates than this, some may be better hashed by another literal.
const SHARE_LIMIT: u32 = 8;

/// A group has at least two to the power of this many buckets: a resource is looked for at each of its
/// separators, and in a small table the same candidates would be found again and again.
const MIN_BITS: u16 = 6;

/// Groups with at most this many candidates have no masks.
const MASK_LIMIT: usize = 2;

/// The sections of the index.
#[derive(Default)]
pub(crate) struct Index {
    pub(crate) nodes: Vec<Node>,
    pub(crate) node_groups: Vec<NodeGroup>,
    pub(crate) groups: Vec<Group>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) probes: Vec<Probe>,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) action_table: Vec<ActionEntry>,
    pub(crate) services: Vec<ServiceRecord>,
    pub(crate) fallback: Vec<Fallback>,
}

impl Index {
    /// True if some candidate is found or told apart by the segments of the resource.
    pub(crate) fn uses_segments(&self) -> bool {
        !self.probes.is_empty() || self.candidates.iter().any(|candidate| candidate.mask != 0)
    }
}

/// Builds the index of a program whose statements are in their final order, and tells its parts where
/// their nodes are.
pub(crate) fn build(program: &mut Program) -> Index {
    let mut parts = core::mem::take(&mut program.parts);
    let tables = Tables {
        program,
        patterns: program.patterns.items(),
    };
    let mut index = Index::default();
    let actions = tables.actions(&mut index);
    let mut builder = Builder {
        tables: &tables,
        actions: &actions,
        node_groups: Runs::new(),
        index,
    };
    for part in &mut parts {
        builder.part(part);
    }
    let mut index = builder.index;
    index.node_groups = builder.node_groups.into_items();
    program.parts = parts;
    index
}

/// The patterns for actions: what is known of them without looking at statements.
#[derive(Clone, Copy)]
struct ActionInfo {
    /// Neither a name nor the start of one.
    is_fallback: bool,
    /// The longest other pattern that is a start of this one.
    parent: Option<Id<ActionPattern>>,
}

/// Builds nodes and groups, part by part.
struct Builder<'t, 'p> {
    tables: &'t Tables<'p>,
    actions: &'t [ActionInfo],
    node_groups: Runs<NodeGroup>,
    index: Index,
}

impl Builder<'_, '_> {
    fn part(&mut self, part: &mut Part) {
        let tables = self.tables;
        // All candidates, and for each pattern of each statement the range of its own.
        let mut own: Vec<Candidate> = Vec::with_capacity(index_of(part.statements.count));
        let mut uses: Vec<(Id<ActionPattern>, usize, usize)> = Vec::new();
        let mut rest: Vec<Candidate> = Vec::new();
        for id in part.statements.iter() {
            let Some((statement, _)) = tables.program.statements.get(id.index()) else {
                continue;
            };
            let start = own.len();
            let targets = tables.targets(statement);
            tables.push_candidates(id, statement, targets.is_some(), &mut own);
            let end = own.len();
            match targets {
                Some(actions) if start < end => {
                    uses.extend(actions.map(|action| (action, start, end)));
                }
                Some(_) => {}
                None => rest.extend(own.drain(start..)),
            }
        }
        // Stable: Deny stays first.
        uses.sort_by_key(|(action, ..)| *action);
        let mut groups: Vec<(Id<ActionPattern>, NodeGroup)> = Vec::new();
        // Patterns of the same statements share a group.
        let mut shared: HashMap<Vec<usize>, NodeGroup, RandomState> =
            HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut joined: Vec<Candidate> = Vec::new();
        for same in uses.chunk_by(|a, b| a.0 == b.0) {
            let starts = same.iter().map(|(_, start, _)| *start).collect();
            let group = *shared.entry(starts).or_insert_with(|| {
                joined.clear();
                for (_, start, end) in same {
                    joined.extend_from_slice(own.get(*start..*end).unwrap_or(&[]));
                }
                tables.group(&mut self.index, &joined)
            });
            groups.extend(same.first().map(|(action, ..)| (*action, group)));
        }
        let rest = match rest.is_empty() {
            true => Vec::new(),
            false => vec![tables.group(&mut self.index, &rest)],
        };
        part.catch_all = self.node_groups.intern(&rest).0;
        part.nodes = Run {
            first: Id::new(count(self.index.nodes.len())),
            count: count(groups.len()),
        };
        let mut list: Vec<NodeGroup> = Vec::new();
        for (action, group) in &groups {
            list.clear();
            list.push(*group);
            let info = self.actions.get(action.index());
            if info.is_some_and(|info| !info.is_fallback) {
                let mut next = info.and_then(|info| info.parent);
                while let Some(parent) = next {
                    if let Ok(place) = groups.binary_search_by_key(&parent, |(action, _)| *action) {
                        list.extend(groups.get(place).map(|(_, group)| *group));
                    }
                    next = self
                        .actions
                        .get(parent.index())
                        .and_then(|info| info.parent);
                }
                list.extend_from_slice(&rest);
            }
            self.index.nodes.push(Node {
                action: *action,
                groups: self.node_groups.intern(&list).0,
            });
        }
    }
}

struct Tables<'p> {
    program: &'p Program,
    patterns: &'p [Pattern],
}

impl Tables<'_> {
    fn pattern(&self, pattern: Id<Pattern>) -> Pattern {
        const NONE: Pattern = Pattern {
            kind: PatternKind::Exact,
            literal: Str { offset: 0, len: 0 },
            tokens: Start(Id::FIRST),
        };
        let pattern = self.patterns.get(pattern.index());
        pattern.copied().unwrap_or(NONE)
    }

    fn text(&self, text: Str) -> &[u8] {
        self.program.strings.get(text)
    }

    /// The candidates of a statement.
    fn push_candidates(
        &self,
        id: Id<Statement>,
        statement: &Statement,
        has_targets: bool,
        out: &mut Vec<Candidate>,
    ) {
        let every_action = statement.actions.is_any() && !statement.flags.not_action;
        if (!has_targets && !every_action) || statement.flags.not_resource {
            out.push(self.candidate(id, Verify::Head));
        } else if let Some(list) = statement.resources.list() {
            let patterns = self.program.lists.list(list);
            out.extend(patterns.map(|pattern| self.candidate(id, Verify::Pattern(pattern))));
        } else {
            out.push(self.candidate(id, Verify::Nothing));
        }
    }

    /// The nodes that a statement is spread over; none if it belongs to the node of all actions.
    fn targets(&self, statement: &Statement) -> Option<impl Iterator<Item = Id<ActionPattern>>> {
        let lists = &self.program.lists;
        let actions = statement
            .actions
            .list()
            .filter(|_| !statement.flags.not_action)?;
        let actions = lists.list(actions);
        let resources = statement.resources.list();
        let resources = resources.map_or(1, |list| lists.list(list).len());
        let fits = actions.len() * resources <= SPREAD_LIMIT * (actions.len() + resources);
        fits.then_some(actions)
    }

    fn candidate(&self, statement: Id<Statement>, verify: Verify<Pattern>) -> Candidate {
        let pattern = verify.pattern();
        Candidate {
            mask: pattern.map_or(0, |pattern| self.mask(&self.pattern(pattern))),
            statement,
            verify,
        }
    }

    /// The tokens of a pattern, with its end.
    fn tokens(&self, pattern: &Pattern) -> &[TokenRecord] {
        let tokens = self.program.tokens.items();
        let run = match pattern.kind {
            PatternKind::Tokens => tokens.get(pattern.tokens.0.index()..).unwrap_or(&[]),
            PatternKind::Exact | PatternKind::Prefix => &[],
        };
        let end = run.iter().position(|token| token.kind == TokenKind::End);
        end.and_then(|end| run.get(..=end)).unwrap_or(&[])
    }

    /// The text of a token that is one.
    fn text_of(&self, token: &TokenRecord) -> Option<&[u8]> {
        let text = token.text.filter(|_| token.kind == TokenKind::Text)?;
        Some(self.text(text))
    }

    /// The segments that a pattern asks for.
    fn mask(&self, pattern: &Pattern) -> u64 {
        let is_exact = pattern.kind == PatternKind::Exact;
        let mut mask = literal_mask(self.text(pattern.literal), true, is_exact);
        for pair in self.tokens(pattern).windows(2) {
            if let [token, next] = pair {
                let ends = next.kind == TokenKind::End;
                let text = self.text_of(token);
                mask |= text.map_or(0, |text| literal_mask(text, false, ends));
            }
        }
        mask
    }

    /// The layers in which the candidate's statement allows every resource to everyone without condition,
    /// if it does.
    fn allows(&self, candidate: &Candidate) -> Option<LayerSet> {
        let (statement, _) = self.program.statements.get(candidate.statement.index())?;
        let plain = candidate.verify == Verify::Nothing
            && !statement.flags.deny
            && statement.principals.is_unsaid()
            && statement.guard.is_none();
        plain.then_some(statement.layers)
    }

    /// Lays out a group and gives it a number.
    fn group(&self, index: &mut Index, all: &[Candidate]) -> NodeGroup {
        let mut candidates: Vec<Candidate> = Vec::with_capacity(all.len());
        let mut allows = LayerSet::EMPTY;
        for candidate in all {
            match self.allows(candidate) {
                Some(layers) => allows |= layers,
                None => candidates.push(*candidate),
            }
        }
        let mut group = Group {
            allows,
            scanned: Run {
                first: Id::new(count(index.candidates.len())),
                count: count(candidates.len()),
            },
            probes: count(index.probes.len()),
            buckets: count(index.buckets.len()),
            ..Group::EMPTY
        };
        let patterned = candidates
            .iter()
            .filter(|candidate| candidate.verify.pattern().is_some())
            .count();
        if patterned <= MASK_LIMIT {
            // As quickly verified as told apart.
            let unmasked = candidates.iter().map(|candidate| Candidate {
                mask: 0,
                ..*candidate
            });
            index.candidates.extend(unmasked);
        } else if patterned <= SCAN_LIMIT {
            index.candidates.extend_from_slice(&candidates);
        } else {
            self.hash(index, &mut group, &candidates);
        }
        let group_id = Id::new(count(index.groups.len()));
        index.groups.push(group);
        NodeGroup { group: group_id }
    }

    /// Lays out a group that is hashed: what cannot be hashed, then bucket by bucket.
    fn hash(&self, index: &mut Index, group: &mut Group, candidates: &[Candidate]) {
        let mut segments = Segments::default();
        let mut keys: Vec<Option<Key>> = candidates
            .iter()
            .map(|candidate| {
                self.keys_of(candidate.verify, &mut segments)
                    .first()
                    .copied()
            })
            .collect();
        let bits = candidates.len().next_power_of_two().trailing_zeros();
        let bits = u16::try_from(bits).unwrap_or(Group::MAX_BITS);
        group.bits = bits.clamp(MIN_BITS, Group::MAX_BITS);
        let shape = Group {
            buckets: 0,
            ..*group
        };
        let bucket = |key: &Key| shape.bucket_of(bucket_hash(key.1, key.2)).index();
        let mut sizes = vec![0_u32; (1 << group.bits) + 1];
        let mut fullest = 0;
        for key in keys.iter().flatten() {
            if let Some(size) = sizes.get_mut(bucket(key)) {
                *size += 1;
                fullest = fullest.max(*size);
            }
        }
        if fullest > SHARE_LIMIT {
            self.spread(candidates, &mut keys);
        }
        let probes = commonest(keys.iter().flatten().map(|(probe, ..)| *probe));
        index.probes.extend(&probes);
        group.probe_count = u16::try_from(probes.len()).unwrap_or(0);

        sizes.fill(0);
        for (candidate, key) in candidates.iter().zip(&mut keys) {
            match key {
                Some(found) if probes.contains(&found.0) => {
                    if let Some(size) = sizes.get_mut(bucket(found)) {
                        *size += 1;
                    }
                }
                _ => {
                    *key = None;
                    index.candidates.push(*candidate);
                }
            }
        }
        let mut next = count(index.candidates.len());
        group.scanned.count = next - group.scanned.first.number();
        for size in &mut sizes {
            next += core::mem::replace(size, next);
        }
        let buckets = sizes.iter().map(|first| Bucket {
            first: Id::new(*first),
        });
        index.buckets.extend(buckets);
        let hashed = candidates.iter().zip(&keys);
        let hashed = hashed.filter_map(|(candidate, key)| Some((candidate, key.as_ref()?)));
        if let Some(first) = candidates.first() {
            index.candidates.resize(index_of(next), *first);
        }
        // In order, so that Deny stays first within a bucket.
        for (candidate, key) in hashed {
            if let Some(place) = sizes.get_mut(bucket(key)) {
                if let Some(to) = index.candidates.get_mut(index_of(*place)) {
                    *to = *candidate;
                }
                *place += 1;
            }
        }
    }

    /// Where too many candidates have the same hash (`arn:aws:s3:::data/*/team-7/*`), each takes the
    /// literal that the fewest share.
    fn spread(&self, candidates: &[Candidate], keys: &mut [Option<Key>]) {
        let mut segments = Segments::default();
        let all: Vec<Keys> = candidates
            .iter()
            .map(|candidate| self.keys_of(candidate.verify, &mut segments))
            .collect();
        let mut counts: HashMap<Key, u32, RandomState> =
            HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        for key in all.iter().flatten() {
            *counts.entry(*key).or_default() += 1;
        }
        let count = |key: &&Key| counts.get(*key).copied().unwrap_or(0);
        for (key, others) in keys.iter_mut().zip(&all) {
            if key.as_ref().is_some_and(|key| count(&key) > SHARE_LIMIT) {
                *key = others.iter().min_by_key(count).copied();
            }
        }
    }

    /// The keys that a pattern can be hashed by, the longest literal first: its start, and its later
    /// literals (`arn:aws:sqs:*:111122223333:queue-*`). None where there is nothing to hash.
    fn keys_of(&self, verify: Verify<Pattern>, segments: &mut Segments) -> Keys {
        let mut keys = Keys::new();
        let Some(pattern) = verify.pattern() else {
            return keys;
        };
        let pattern = self.pattern(pattern);
        let literal = self.text(pattern.literal);
        segments.set(literal);
        let start = segments.len();
        if start >= MAX_SEGMENTS {
            // A request's text may have segments that are not looked at.
            return keys;
        }
        let first = segments.between(0, start);
        let key = |middle: usize, hash| {
            let probe = Probe {
                start: small(start),
                middle: small(middle),
            };
            (probe, first, hash)
        };
        let mut found: SmallVec<[(usize, Key); 4]> = SmallVec::new();
        if start > 0 {
            found.push((literal.len(), key(0, 0)));
        }
        for token in self.tokens(&pattern) {
            let Some(body) = self.text_of(token).and_then(whole_segments) else {
                continue;
            };
            segments.set(body);
            if segments.len() < MAX_SEGMENTS {
                let hash = segments.between(0, segments.len());
                found.push((body.len(), key(segments.len(), hash)));
            }
        }
        // Stable: of equally long literals the start comes first.
        found.sort_by_key(|(len, _)| core::cmp::Reverse(*len));
        keys.extend(found.into_iter().map(|(_, key)| key));
        keys
    }

    /// The table of actions, the services and the fallback; and what nodes need to know of actions.
    fn actions(&self, index: &mut Index) -> Vec<ActionInfo> {
        let records = self.program.actions.items();
        let mut entries: Vec<ActionEntry> = Vec::new();
        let mut services: Interner<ServiceRecord, Str> = Interner::new();
        let mut starts: Vec<u64> = Vec::new();
        // By service, those of any service last.
        let mut fallback: Vec<(Option<Id<ServiceRecord>>, Id<ActionPattern>)> = Vec::new();
        let mut by_text: HashMap<(Str, &[u8]), Id<ActionPattern>, RandomState> =
            HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut infos: Vec<ActionInfo> = Vec::with_capacity(records.len());
        for (action, record) in (0..).map(Id::new).zip(records) {
            let service = self.pattern(record.service);
            let name = self.pattern(record.name);
            let has_service = service.kind == PatternKind::Exact && !service.literal.is_empty();
            let key = match name.kind {
                _ if !has_service => None,
                PatternKind::Exact => Some(ActionKey::Exact),
                PatternKind::Prefix if index_of(name.literal.len) < MAX_START => {
                    Some(ActionKey::Start)
                }
                PatternKind::Prefix | PatternKind::Tokens => None,
            };
            infos.push(ActionInfo {
                is_fallback: key.is_none(),
                parent: None,
            });
            let Some(key) = key else {
                let service = has_service.then(|| services.intern(service.literal));
                fallback.push((service, action));
                continue;
            };
            let text = self.text(name.literal);
            let mut hash = ActionHash::of_service(self.text(service.literal));
            text.iter().for_each(|byte| hash.push(*byte));
            entries.push(ActionEntry {
                hash: hash.entry(key),
                entry: action.number() + 1,
            });
            if key == ActionKey::Start {
                let number = services.intern(service.literal).index();
                starts.resize(starts.len().max(number + 1), 0);
                if let Some(starts) = starts.get_mut(number) {
                    *starts |= 1 << name.literal.len;
                }
                by_text.insert((service.literal, text), action);
            }
        }
        starts.resize(services.items().len(), 0);
        for (record, info) in records.iter().zip(&mut infos) {
            let service = self.pattern(record.service).literal;
            let name = self.pattern(record.name);
            if !info.is_fallback {
                info.parent = self.parent(service, &name, &by_text);
            }
        }

        // Those of any service come last, though none is less than some.
        fallback.sort_unstable_by_key(|(service, action)| (service.is_none(), *service, *action));
        let mut left = fallback.as_slice();
        let any_service = fallback
            .last()
            .is_some_and(|(service, _)| service.is_none());
        let named = (0..).map(|number| Some(Id::new(number)));
        let named = named.zip(services.items().iter().copied());
        let empty = self.program.strings.empty();
        for (service, name) in named.chain(any_service.then_some((None, empty))) {
            let len = left.iter().take_while(|(own, _)| *own == service).count();
            let (own, others) = left.split_at_checked(len).unwrap_or((left, &[]));
            left = others;
            if let Some(service) = service {
                entries.push(ActionEntry {
                    hash: ActionHash::of_service(self.text(name)).entry(ActionKey::Service),
                    entry: service.number() + 1,
                });
            }
            let starts = service.and_then(|service| starts.get(service.index()));
            index.services.push(ServiceRecord {
                name,
                starts: starts.copied().unwrap_or(0),
                fallback: Run {
                    first: Id::new(count(index.fallback.len())),
                    count: count(own.len()),
                },
            });
            let own = own.iter().map(|(_, action)| Fallback { action: *action });
            index.fallback.extend(own);
        }
        index.action_table = hash_table(entries);
        infos
    }

    /// The longest pattern that is a start of a name or of a start, other than itself.
    fn parent(
        &self,
        service: Str,
        name: &Pattern,
        by_text: &HashMap<(Str, &[u8]), Id<ActionPattern>, RandomState>,
    ) -> Option<Id<ActionPattern>> {
        let text = self.text(name.literal);
        let longest = match name.kind {
            PatternKind::Exact => text.len() + 1,
            PatternKind::Prefix | PatternKind::Tokens => text.len(),
        };
        (0..longest.min(MAX_START))
            .rev()
            .find_map(|len| by_text.get(&(service, text.get(..len)?)).copied())
    }
}

/// A table with open addressing, at most half full.
fn hash_table(entries: Vec<ActionEntry>) -> Vec<ActionEntry> {
    let places = (entries.len() * 2).next_power_of_two();
    let mut table = vec![ActionEntry { hash: 0, entry: 0 }; places];
    for entry in entries {
        let mut place = index_of(entry.hash);
        while table.get(place % places).is_some_and(|own| own.entry != 0) {
            place += 1;
        }
        if let Some(free) = table.get_mut(place % places) {
            *free = entry;
        }
    }
    table
}

/// A number of segments, of which there are at most [`MAX_SEGMENTS`].
fn small(segments: usize) -> u16 {
    u16::try_from(segments).unwrap_or(u16::MAX)
}

/// How a pattern is hashed: the shape of its literals, and their hashes.
type Key = (Probe, u64, u64);
type Keys = SmallVec<[Key; 3]>;

/// The segments of a later literal that are whole wherever it stands: behind its first separator, up to
/// its last.
fn whole_segments(text: &[u8]) -> Option<&[u8]> {
    let is_separator = |byte: &u8| !byte.is_ascii_alphanumeric();
    let first = text.iter().position(is_separator)?;
    let last = text.iter().rposition(is_separator)?;
    text.get(first + 1..=last).filter(|body| !body.is_empty())
}

/// The shapes that come most often; of equally common ones the smaller.
fn commonest(probes: impl Iterator<Item = Probe>) -> Vec<Probe> {
    let mut counts = [0_u32; (MAX_SEGMENTS + 1) * (MAX_SEGMENTS + 1)];
    for probe in probes {
        let place = usize::from(probe.start) * (MAX_SEGMENTS + 1) + usize::from(probe.middle);
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    let mut counts: Vec<(u32, Probe)> = (0..)
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(place, count)| {
            let width = small(MAX_SEGMENTS) + 1;
            let (start, middle) = (place / width, place % width);
            (count, Probe { start, middle })
        })
        .collect();
    counts.sort_unstable_by_key(|(count, probe)| {
        (core::cmp::Reverse(*count), probe.start, probe.middle)
    });
    counts
        .into_iter()
        .take(MAX_PROBES)
        .map(|(_, probe)| probe)
        .collect()
}
