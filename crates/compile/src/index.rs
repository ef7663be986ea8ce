//! Building the index (see `portcullis_image::index`).
//!
//! Sizes stay linear: a statement with so many actions and resources that their product would
//! dominate is not spread over its nodes, but verified for every action.

use std::collections::HashMap;

use ahash::RandomState;
use portcullis_image::index::{
    ActionHash, ActionKey, Candidate, Group, MAX_PROBES, MAX_SEGMENTS, MAX_START, Node, Probe,
    SCAN_LIMIT, Segments, ServiceRecord, WHOLE_HEAD, bucket_hash, literal_mask,
};
use portcullis_image::{ANY, LIST_LEN, NONE, Part, Pattern, PatternKind, Statement, Str, Token};

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
    pub(crate) node_groups: Vec<u32>,
    pub(crate) groups: Vec<Group>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) probes: Vec<Probe>,
    pub(crate) buckets: Vec<u32>,
    pub(crate) action_table: Vec<(u32, u32)>,
    pub(crate) services: Vec<ServiceRecord>,
    pub(crate) residue: Vec<u32>,
}

impl Index {
    /// True if some candidate is found or told apart by the segments of the resource.
    pub(crate) fn uses_segments(&self) -> bool {
        !self.probes.is_empty() || self.candidates.iter().any(|candidate| candidate.mask != 0)
    }
}

/// Builds the index of a program whose statements are in their final order, and tells its parts where
/// their nodes are.
pub(crate) fn build(program: &mut Program<'_>) -> Index {
    let mut parts = core::mem::take(&mut program.parts);
    let tables = Tables {
        program,
        lists: program.lists.items(),
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
    is_residue: bool,
    /// The longest other pattern that is a start of this one.
    parent: Option<u32>,
}

/// Builds nodes and groups, part by part.
struct Builder<'t, 'p, 'a> {
    tables: &'t Tables<'p, 'a>,
    actions: &'t [ActionInfo],
    node_groups: Runs<u32>,
    index: Index,
}

impl Builder<'_, '_, '_> {
    fn part(&mut self, part: &mut Part) {
        let tables = self.tables;
        // All candidates, and for each pattern of each statement the range of its own.
        let mut own: Vec<Candidate> = Vec::with_capacity(part.statement_count as usize);
        let mut uses: Vec<(u32, u32, u32)> = Vec::new();
        let mut rest: Vec<Candidate> = Vec::new();
        for number in part.statements..part.statements + part.statement_count {
            let Some((statement, _)) = tables.program.statements.get(number as usize) else {
                continue;
            };
            let start = own.len() as u32;
            let targets = tables.targets(statement);
            tables.push_candidates(number, statement, targets.is_some(), &mut own);
            let end = own.len() as u32;
            match targets {
                Some(actions) if start < end => {
                    uses.extend(actions.iter().map(|action| (*action, start, end)));
                }
                Some(_) => {}
                None => rest.extend(own.drain(start as usize..)),
            }
        }
        // Stable: Deny stays first.
        uses.sort_by_key(|(action, ..)| *action);
        let mut groups: Vec<(u32, u32)> = Vec::new();
        // Patterns of the same statements share a group.
        let mut shared: HashMap<Vec<u32>, u32, RandomState> =
            HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut joined: Vec<Candidate> = Vec::new();
        for same in uses.chunk_by(|a, b| a.0 == b.0) {
            let starts = same.iter().map(|(_, start, _)| *start).collect();
            let group = *shared.entry(starts).or_insert_with(|| {
                joined.clear();
                for (_, start, end) in same {
                    let range = *start as usize..*end as usize;
                    joined.extend_from_slice(own.get(range).unwrap_or(&[]));
                }
                tables.group(&mut self.index, &joined)
            });
            groups.extend(same.first().map(|(action, ..)| (*action, group)));
        }
        let rest = match rest.is_empty() {
            true => Vec::new(),
            false => vec![tables.group(&mut self.index, &rest)],
        };
        part.rest = self.node_groups.intern(&rest).0;
        part.rest_count = rest.len() as u32;
        part.nodes = self.index.nodes.len() as u32;
        part.node_count = groups.len() as u32;
        let mut list: Vec<u32> = Vec::new();
        for (action, group) in &groups {
            list.clear();
            list.push(*group);
            let info = self.actions.get(*action as usize);
            if info.is_some_and(|info| !info.is_residue) {
                let mut next = info.and_then(|info| info.parent);
                while let Some(parent) = next {
                    if let Ok(place) = groups.binary_search_by_key(&parent, |(action, _)| *action) {
                        list.extend(groups.get(place).map(|(_, group)| *group));
                    }
                    next = self
                        .actions
                        .get(parent as usize)
                        .and_then(|info| info.parent);
                }
                list.extend_from_slice(&rest);
            }
            self.index.nodes.push(Node {
                action: *action,
                groups: self.node_groups.intern(&list).0,
                count: list.len() as u32,
            });
        }
    }
}

struct Tables<'p, 'a> {
    program: &'p Program<'a>,
    lists: &'p [u32],
    patterns: &'p [Pattern],
}

impl Tables<'_, '_> {
    fn list(&self, list: u32) -> &[u32] {
        let words = self.lists.get(list as usize..).unwrap_or(&[]);
        match words.split_first() {
            Some((head, items)) => items.get(..(head & LIST_LEN) as usize).unwrap_or(&[]),
            None => &[],
        }
    }

    fn pattern(&self, pattern: u32) -> Pattern {
        const NONE: Pattern = Pattern {
            kind: PatternKind::Exact,
            literal: Str { offset: 0, len: 0 },
            tokens: 0,
        };
        self.patterns.get(pattern as usize).copied().unwrap_or(NONE)
    }

    fn text(&self, text: Str) -> &[u8] {
        self.program.strings.get(text)
    }

    /// The candidates of a statement.
    fn push_candidates(
        &self,
        number: u32,
        statement: &Statement,
        has_targets: bool,
        out: &mut Vec<Candidate>,
    ) {
        let every_action = statement.actions == ANY && !statement.flags.not_action;
        if (!has_targets && !every_action) || statement.flags.not_resource {
            out.push(self.candidate(number, WHOLE_HEAD));
        } else if statement.resources == ANY {
            out.push(self.candidate(number, ANY));
        } else {
            let patterns = self.list(statement.resources).iter();
            out.extend(patterns.map(|pattern| self.candidate(number, *pattern)));
        }
    }

    /// The nodes that a statement is spread over; none if it belongs to the node of all actions.
    fn targets(&self, statement: &Statement) -> Option<&[u32]> {
        if statement.actions == ANY || statement.flags.not_action {
            return None;
        }
        let actions = self.list(statement.actions);
        let resources = if statement.resources == ANY {
            1
        } else {
            self.list(statement.resources).len()
        };
        let fits = actions.len() * resources <= SPREAD_LIMIT * (actions.len() + resources);
        fits.then_some(actions)
    }

    fn candidate(&self, number: u32, pattern: u32) -> Candidate {
        Candidate {
            mask: match pattern {
                ANY | WHOLE_HEAD => 0,
                _ => self.mask(&self.pattern(pattern)),
            },
            statement: number,
            pattern,
        }
    }

    /// The tokens of a pattern, with its end.
    fn tokens(&self, pattern: &Pattern) -> &[Token] {
        let tokens = self.program.tokens.items();
        let run = match pattern.kind {
            PatternKind::Tokens => tokens.get(pattern.tokens as usize..).unwrap_or(&[]),
            PatternKind::Exact | PatternKind::Prefix => &[],
        };
        let end = run.iter().position(|token| *token == Token::End);
        end.and_then(|end| run.get(..=end)).unwrap_or(&[])
    }

    /// The segments that a pattern asks for.
    fn mask(&self, pattern: &Pattern) -> u64 {
        let is_exact = pattern.kind == PatternKind::Exact;
        let mut mask = literal_mask(self.text(pattern.literal), true, is_exact);
        for pair in self.tokens(pattern).windows(2) {
            if let [Token::Text(text), next] = pair {
                mask |= literal_mask(self.text(*text), false, *next == Token::End);
            }
        }
        mask
    }

    /// The layers in which the candidate's statement allows every resource to everyone without condition,
    /// if it does.
    fn allows(&self, candidate: &Candidate) -> Option<u32> {
        let (statement, _) = self.program.statements.get(candidate.statement as usize)?;
        let plain = candidate.pattern == ANY
            && !statement.flags.deny
            && statement.principals == NONE
            && statement.guard == NONE;
        plain.then_some(statement.layers)
    }

    /// Lays out a group and gives it a number.
    fn group(&self, index: &mut Index, all: &[Candidate]) -> u32 {
        let mut candidates: Vec<Candidate> = Vec::with_capacity(all.len());
        let mut allows = 0;
        for candidate in all {
            match self.allows(candidate) {
                Some(layers) => allows |= layers,
                None => candidates.push(*candidate),
            }
        }
        let mut group = Group {
            allows,
            start: index.candidates.len() as u32,
            probes: index.probes.len() as u32,
            buckets: index.buckets.len() as u32,
            ..Group::default()
        };
        let patterned = candidates
            .iter()
            .filter(|candidate| candidate.pattern < WHOLE_HEAD)
            .count();
        if patterned <= MASK_LIMIT {
            // As quickly verified as told apart.
            let unmasked = candidates.iter().map(|candidate| Candidate {
                mask: 0,
                ..*candidate
            });
            index.candidates.extend(unmasked);
            group.count = candidates.len() as u32;
        } else if patterned <= SCAN_LIMIT {
            index.candidates.extend_from_slice(&candidates);
            group.count = candidates.len() as u32;
        } else {
            self.hash(index, &mut group, &candidates);
        }
        let number = index.groups.len() as u32;
        index.groups.push(group);
        number
    }

    /// Lays out a group that is hashed: what cannot be hashed, then bucket by bucket.
    fn hash(&self, index: &mut Index, group: &mut Group, candidates: &[Candidate]) {
        let mut segments = Segments::default();
        let mut keys: Vec<Option<Key>> = candidates
            .iter()
            .map(|candidate| {
                self.keys_of(candidate.pattern, &mut segments)
                    .first()
                    .copied()
            })
            .collect();
        let bits = candidates.len().next_power_of_two().trailing_zeros();
        group.bits = (bits as u16).clamp(MIN_BITS, Group::MAX_BITS);
        let shape = *group;
        let bucket = |key: &Key| shape.bucket_of(bucket_hash(key.1, key.2)) - shape.buckets;
        let mut sizes = vec![0_u32; (1 << group.bits) + 1];
        let mut fullest = 0;
        for key in keys.iter().flatten() {
            if let Some(size) = sizes.get_mut(bucket(key) as usize) {
                *size += 1;
                fullest = fullest.max(*size);
            }
        }
        if fullest > SHARE_LIMIT {
            self.spread(candidates, &mut keys);
        }
        let probes = commonest(keys.iter().flatten().map(|(probe, ..)| *probe));
        index.probes.extend(&probes);
        group.probe_count = probes.len() as u16;

        sizes.fill(0);
        for (candidate, key) in candidates.iter().zip(&mut keys) {
            match key {
                Some(found) if probes.contains(&found.0) => {
                    if let Some(size) = sizes.get_mut(bucket(found) as usize) {
                        *size += 1;
                    }
                }
                _ => {
                    *key = None;
                    index.candidates.push(*candidate);
                }
            }
        }
        let mut next = index.candidates.len() as u32;
        group.count = next - group.start;
        for size in &mut sizes {
            next += core::mem::replace(size, next);
        }
        index.buckets.extend_from_slice(&sizes);
        let hashed = candidates.iter().zip(&keys);
        let hashed = hashed.filter_map(|(candidate, key)| Some((candidate, key.as_ref()?)));
        if let Some(first) = candidates.first() {
            index.candidates.resize(next as usize, *first);
        }
        // In order, so that Deny stays first within a bucket.
        for (candidate, key) in hashed {
            if let Some(place) = sizes.get_mut(bucket(key) as usize) {
                if let Some(to) = index.candidates.get_mut(*place as usize) {
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
            .map(|candidate| self.keys_of(candidate.pattern, &mut segments))
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
    fn keys_of(&self, pattern: u32, segments: &mut Segments) -> Keys {
        let mut keys = Keys::new();
        if pattern >= WHOLE_HEAD {
            return keys;
        }
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
                start: start as u16,
                middle: middle as u16,
            };
            (probe, first, hash)
        };
        let mut found: SmallVec<[(usize, Key); 4]> = SmallVec::new();
        if start > 0 {
            found.push((literal.len(), key(0, 0)));
        }
        for token in self.tokens(&pattern) {
            let Token::Text(text) = token else { continue };
            let Some(body) = whole_segments(self.text(*text)) else {
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

    /// The table of actions, the services and the residue; and what nodes need to know of actions.
    fn actions(&self, index: &mut Index) -> Vec<ActionInfo> {
        let records = self.program.actions.items();
        let mut entries: Vec<(u32, u32)> = Vec::new();
        let mut services: Interner<Str> = Interner::new();
        let mut starts: Vec<u64> = Vec::new();
        // By service, those of any service last.
        let mut residue: Vec<(u32, u32)> = Vec::new();
        let mut by_text: HashMap<(Str, &[u8]), u32, RandomState> =
            HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut infos: Vec<ActionInfo> = Vec::with_capacity(records.len());
        for (action, record) in (0..).zip(records) {
            let service = self.pattern(record.service);
            let name = self.pattern(record.name);
            let has_service = service.kind == PatternKind::Exact && service.literal.len > 0;
            let key = match name.kind {
                _ if !has_service => None,
                PatternKind::Exact => Some(ActionKey::Exact),
                PatternKind::Prefix if (name.literal.len as usize) < MAX_START => {
                    Some(ActionKey::Start)
                }
                PatternKind::Prefix | PatternKind::Tokens => None,
            };
            infos.push(ActionInfo {
                is_residue: key.is_none(),
                parent: None,
            });
            let Some(key) = key else {
                let service = match has_service {
                    true => services.intern(service.literal),
                    false => u32::MAX,
                };
                residue.push((service, action));
                continue;
            };
            let text = self.text(name.literal);
            let mut hash = ActionHash::of_service(self.text(service.literal));
            text.iter().for_each(|byte| hash.push(*byte));
            entries.push((hash.entry(key), action + 1));
            if key == ActionKey::Start {
                let number = services.intern(service.literal) as usize;
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
            if !info.is_residue {
                info.parent = self.parent(service, &name, &by_text);
            }
        }

        residue.sort_unstable();
        let mut left = residue.as_slice();
        let any_service = residue
            .last()
            .is_some_and(|(service, _)| *service == u32::MAX);
        let named = services.items().iter().copied();
        let names = named.chain(any_service.then_some(Str::default()));
        for (number, name) in (0..).zip(names) {
            let service = match name.len {
                0 => u32::MAX,
                _ => number,
            };
            let count = left.partition_point(|(other, _)| *other <= service);
            let (own, others) = left.split_at_checked(count).unwrap_or((left, &[]));
            left = others;
            if name.len > 0 {
                let hash = ActionHash::of_service(self.text(name)).entry(ActionKey::Service);
                entries.push((hash, number + 1));
            }
            index.services.push(ServiceRecord {
                name: match name.len {
                    0 => self.program.strings.empty(),
                    _ => name,
                },
                starts: starts.get(number as usize).copied().unwrap_or(0),
                residue: index.residue.len() as u32,
                residue_count: own.len() as u32,
            });
            index.residue.extend(own.iter().map(|(_, action)| *action));
        }
        index.action_table = hash_table(entries);
        infos
    }

    /// The longest pattern that is a start of a name or of a start, other than itself.
    fn parent(
        &self,
        service: Str,
        name: &Pattern,
        by_text: &HashMap<(Str, &[u8]), u32, RandomState>,
    ) -> Option<u32> {
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
fn hash_table(entries: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    let places = (entries.len() * 2).next_power_of_two();
    let mut table = vec![(0, 0); places];
    for entry in entries {
        let mut place = entry.0 as usize;
        while table
            .get(place % places)
            .is_some_and(|(_, taken)| *taken != 0)
        {
            place += 1;
        }
        if let Some(free) = table.get_mut(place % places) {
            *free = entry;
        }
    }
    table
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
            let width = MAX_SEGMENTS as u16 + 1;
            let (start, middle) = (place / width, place % width);
            (count, Probe { start, middle })
        })
        .collect();
    counts.sort_unstable_by_key(|(count, probe)| (core::cmp::Reverse(*count), *probe));
    counts
        .into_iter()
        .take(MAX_PROBES)
        .map(|(_, probe)| probe)
        .collect()
}
