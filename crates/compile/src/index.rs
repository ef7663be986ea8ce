//! Building the index (see `portcullis_image::index`).
//!
//! # How a resource pattern is stored
//!
//! | pattern | hashed by |
//! |---|---|
//! | `arn:aws:s3:::reports/2026/*` | its start, seven whole segments |
//! | `arn:aws:s3:::reports` | its start without `reports`, which no separator ends |
//! | `arn:aws:sqs:*:111122223333:q-*` | its start `arn:aws:sqs:` together with `111122223333:q-`, behind the wildcard |
//! | `arn:aws:s3:::data/*/team-7/*` | its start, or `team-7/` if too many others share the start |
//! | `*` | nothing: it is scanned |
//!
//! Only whole segments can be hashed, because a request's text is cut at its own separators and not where a pattern's literal
//! ends. A set has at most [`MAX_PROBES`] shapes of literals; patterns of rarer shapes are scanned.
//!
//! # What it costs
//!
//! Sizes stay linear: a statement with so many actions and resources that their product would dominate is not spread over
//! its action patterns, but verified for every action. Time is linear but for sorting. Nothing is estimated from data of others:
//! which literal a pattern is hashed by depends on how many patterns of its own set share it.
//!
//! The index only narrows, so a mistake here costs time or, where a candidate is missing, a statement: every comparison of the
//! tests runs with and without it. Hash tables have fixed seeds, because the same policies must give the same bytes.

mod joined;

use std::collections::HashMap;

use ahash::RandomState;
use portcullis_image::index::{
    ActionHash, ActionKey, MAX_PROBES, MAX_SEGMENTS, MAX_START, SCAN_LIMIT, Segments, bucket_hash,
    literal_mask,
};
use portcullis_image::wire::{count, index as index_of};
use portcullis_image::{
    ActionEntry, ActionPattern, ActionPostings, Bucket, Candidate, CandidateSet, Fallback, Id,
    Join, LayerSet, Pattern, PatternKind, Posting, Probe, Run, ServiceRecord, Start, Statement,
    Str, TokenKind, TokenRecord, Unit, Verify,
};

use smallvec::SmallVec;

use crate::intern::{FEW, Interner, Memo, Runs, make_room, memo};
use crate::program::Program;

/// A statement whose product of actions and resources is larger than this times their sum is not
/// spread over its action patterns: linear with a factor of 64 at most.
const SPREAD_LIMIT: usize = 64;

/// In a bucket with more candidates than this, some may be better hashed by another literal.
const SHARE_LIMIT: u32 = 8;

/// A set has at least two to the power of this many buckets: a resource is looked for at each of its
/// separators, and in a small table the same candidates would be found again and again.
const MIN_BITS: u16 = 6;

/// Sets with at most this many candidates have no masks.
const MASK_LIMIT: usize = 2;

/// A part of the sections of the index, in the order in which they are filled. Empty without the index.
#[derive(Default)]
pub(crate) struct Index {
    /// Unit by unit, sorted by pattern within each.
    pub(crate) action_postings: Vec<ActionPostings>,
    /// Runs of references to candidate sets.
    pub(crate) postings: Vec<Posting>,
    /// The sets, in the order in which they were laid out.
    pub(crate) candidate_sets: Vec<CandidateSet>,
    /// Set by set: those that are scanned, then bucket by bucket.
    pub(crate) candidates: Vec<Candidate>,
    /// The shapes of literals, set by set.
    pub(crate) probes: Vec<Probe>,
    /// Where buckets begin, set by set, and where the last of each ends.
    pub(crate) buckets: Vec<Bucket>,
    /// The hash table of actions, starts and services.
    pub(crate) action_table: Vec<ActionEntry>,
    /// Services, the one of any service last.
    pub(crate) services: Vec<ServiceRecord>,
    /// The patterns that are tried one by one, service by service.
    pub(crate) fallback: Vec<Fallback>,
}

impl Index {
    /// True if some candidate of this part is found or told apart by the segments of the resource.
    pub(crate) fn uses_segments(&self) -> bool {
        !self.probes.is_empty() || self.candidates.iter().any(|candidate| candidate.mask != 0)
    }
}

/// Builds the index of a program whose statements are in their final order, and tells its units where
/// their postings are.
///
/// The table of actions is built once for all units; then each unit gets candidates, sets and postings of its own. The units of the
/// second half of the statements are done beside the others, and are the second part: each section is what both have of it.
pub(crate) fn build(program: &mut Program, join: Join) -> [Index; 2] {
    let mut units = core::mem::take(&mut program.units);
    let tables = Tables {
        program,
        patterns: program.patterns.items(),
    };
    let mut index = Index::default();
    let actions = tables.actions(&mut index);
    let builder = |index| Builder {
        tables: &tables,
        actions: &actions,
        postings: Runs::new(),
        empty: None,
        index,
    };
    let half = tables.program.statements.len() / 2;
    let half = units.partition_point(|unit| unit.statements.first.index() <= half);
    let (head, tail) = units.split_at_mut(half);
    let (mut first, mut second) = (builder(index), builder(Index::default()));
    join(&mut || first.units(head), &mut || second.units(tail));
    let parts = first.joined(second, tail);
    program.units = units;
    parts
}

/// The patterns for actions: what is known of them without looking at statements.
#[derive(Clone, Copy)]
struct ActionInfo {
    /// Neither a name nor the start of one.
    is_fallback: bool,
    /// The longest other pattern that is a start of this one.
    parent: Option<Id<ActionPattern>>,
}

/// Builds postings and candidate sets, unit by unit. Sets of the same candidates are shared within a unit, runs of postings
/// between all.
struct Builder<'t, 'p> {
    /// The program as it is read: statements do not change any more.
    tables: &'t Tables<'p>,
    actions: &'t [ActionInfo],
    /// The runs so far: equal runs of a unit are stored once. No unit has a set of another, so that only its own are looked up.
    postings: Runs<Posting>,
    /// The run without postings, which all units share.
    empty: Option<Run<Posting>>,
    /// What is laid out so far.
    index: Index,
}

/// What is needed while a unit is done, and used again for the next: units are many and small.
struct Memory {
    /// All candidates of the unit.
    own: Vec<Candidate>,
    /// For each action pattern of each statement the range of its candidates.
    uses: Vec<(Id<ActionPattern>, usize, usize)>,
    /// The candidates for every action.
    rest: Vec<Candidate>,
    /// The set of each action pattern.
    sets: Vec<(Id<ActionPattern>, Posting)>,
    /// The sets by where the candidates of their statements begin: patterns of the same statements share a set.
    shared: Memo<SmallVec<[usize; 4]>, Posting>,
    /// The candidates of a set.
    joined: Vec<Candidate>,
    /// The postings of an action pattern.
    list: Vec<Posting>,
}

impl Memory {
    fn new() -> Self {
        Memory {
            own: Vec::new(),
            uses: Vec::new(),
            rest: Vec::new(),
            sets: Vec::new(),
            shared: memo(),
            joined: Vec::new(),
            list: Vec::new(),
        }
    }

    /// Forgets the unit before.
    fn clear(&mut self) {
        self.own.clear();
        self.uses.clear();
        self.rest.clear();
        self.sets.clear();
        // See `Runs::forget`.
        match self.shared.capacity() {
            ..=FEW => self.shared.clear(),
            _ => self.shared = memo(),
        }
    }
}

impl Builder<'_, '_> {
    /// The postings of units.
    fn units(&mut self, units: &mut [Unit]) {
        let mut memory = Memory::new();
        units
            .iter_mut()
            .for_each(|unit| self.unit(unit, &mut memory));
    }

    /// The postings of a unit.
    ///
    /// 1. Each statement becomes candidates, one for each of its resource patterns, and is noted under each of its action patterns.
    ///    One that is not spread goes to the candidates for every action.
    /// 2. Notes are sorted by action pattern; patterns with the same statements share a set.
    /// 3. A pattern's postings are its own set, those of all shorter starts of it, and that for every action, so that a request's
    ///    first pattern leads to everything.
    ///
    /// Statements come in their order, Deny first, and every sort here is stable, so that Deny stays first in every set: a decision
    /// that is denied ends early.
    fn unit(&mut self, unit: &mut Unit, memory: &mut Memory) {
        let tables = self.tables;
        memory.clear();
        let Memory {
            own,
            uses,
            rest,
            sets,
            shared,
            joined,
            list,
        } = memory;
        for id in unit.statements.iter() {
            let Some(statement) = tables.program.statements.get(id.index()) else {
                continue;
            };
            let start = own.len();
            let targets = tables.targets(statement);
            tables.push_candidates(id, statement, targets.is_some(), own);
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
        for same in uses.chunk_by(|a, b| a.0 == b.0) {
            let starts = same.iter().map(|(_, start, _)| *start).collect();
            let set = *shared.entry(starts).or_insert_with(|| {
                joined.clear();
                for (_, start, end) in same {
                    joined.extend_from_slice(own.get(*start..*end).unwrap_or(&[]));
                }
                tables.candidate_set(&mut self.index, joined)
            });
            sets.extend(same.first().map(|(action, ..)| (*action, set)));
        }
        let rest = match rest.is_empty() {
            true => None,
            false => Some(tables.candidate_set(&mut self.index, rest)),
        };
        self.postings.forget();
        unit.catch_all = self.run(rest.as_slice());
        unit.postings = Run {
            first: Id::new(count(self.index.action_postings.len())),
            count: count(sets.len()),
        };
        make_room(&mut self.index.action_postings, sets.len());
        for (action, set) in sets.iter() {
            list.clear();
            list.push(*set);
            let info = self.actions.get(action.index());
            if info.is_some_and(|info| !info.is_fallback) {
                let mut next = info.and_then(|info| info.parent);
                while let Some(parent) = next {
                    if let Ok(index) = sets.binary_search_by_key(&parent, |(action, _)| *action) {
                        list.extend(sets.get(index).map(|(_, set)| *set));
                    }
                    next = self
                        .actions
                        .get(parent.index())
                        .and_then(|info| info.parent);
                }
                list.extend(rest);
            }
            let sets = self.run(list);
            self.index.action_postings.push(ActionPostings {
                action: *action,
                sets,
            });
        }
    }

    /// A run of postings of the unit at hand.
    fn run(&mut self, postings: &[Posting]) -> Run<Posting> {
        match postings {
            [] => *self
                .empty
                .get_or_insert_with(|| self.postings.intern(postings).0),
            _ => self.postings.intern(postings).0,
        }
    }
}

/// What the program knows, for those who only read it.
struct Tables<'p> {
    /// Lowered; no unit has postings yet.
    program: &'p Program,
    /// Those of the program, by their numbers.
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

    /// The bytes of a text.
    fn text(&self, text: Str) -> &[u8] {
        self.program.strings.get(text)
    }

    /// Appends the candidates of a statement: one for each of its resource patterns, or one that stands for all of them. Such a one
    /// verifies the head of the statement, or nothing where there is nothing left to verify.
    fn push_candidates(
        &self,
        id: Id<Statement>,
        statement: &Statement,
        has_targets: bool,
        out: &mut Vec<Candidate>,
    ) {
        let every_action = statement.actions.is_any() && !statement.flags.not_action;
        if (!has_targets && !every_action) || statement.flags.not_resource {
            out.push(Self::candidate(id, Verify::Head));
        } else if let Some(list) = statement.resources.list() {
            let patterns = self.program.lists.list(list);
            out.extend(patterns.map(|pattern| Self::candidate(id, Verify::Pattern(pattern))));
        } else {
            out.push(Self::candidate(id, Verify::Nothing));
        }
    }

    /// The action patterns that a statement is spread over; none if it belongs to the postings of every action: it says any or
    /// `NotAction`, or its actions times its resources would make the index larger than linear ([`SPREAD_LIMIT`]).
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

    /// A candidate, which has no mask before it is known how many there are.
    fn candidate(statement: Id<Statement>, verify: Verify<Pattern>) -> Candidate {
        Candidate {
            mask: 0,
            statement,
            verify,
        }
    }

    /// The mask of a candidate's pattern; whatever else is verified has none.
    fn mask_of(&self, candidate: &Candidate) -> u64 {
        let pattern = candidate.verify.pattern();
        pattern.map_or(0, |pattern| self.mask(&self.pattern(pattern)))
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

    /// The segments that a pattern asks for, one bit each by hash: those of its literal at the start, and whole ones of later
    /// literals. A text that lacks one of them cannot match; one that has them all may match, and is compared.
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
    /// if it does. Organizations have such a statement, `FullAWSAccess`, at every level: as bits of the set they cost a decision
    /// one operation for all levels.
    fn allows(&self, candidate: &Candidate) -> Option<LayerSet> {
        let statement = self.program.statements.get(candidate.statement.index())?;
        let plain = candidate.verify == Verify::Nothing
            && !statement.flags.deny
            && statement.principals.is_unsaid()
            && statement.guard.is_none();
        plain.then_some(statement.layers)
    }

    /// Lays out a set and gives it a number. Few candidates are scanned; more have masks; many are hashed.
    fn candidate_set(&self, index: &mut Index, all: &[Candidate]) -> Posting {
        // Most sets are of a few statements.
        let mut candidates: SmallVec<[Candidate; 8]> = SmallVec::new();
        let mut allows = LayerSet::EMPTY;
        for candidate in all {
            match self.allows(candidate) {
                Some(layers) => allows |= layers,
                None => candidates.push(*candidate),
            }
        }
        let mut set = CandidateSet {
            allows,
            scanned: Run {
                first: Id::new(count(index.candidates.len())),
                count: count(candidates.len()),
            },
            probes: count(index.probes.len()),
            buckets: count(index.buckets.len()),
            ..CandidateSet::EMPTY
        };
        let patterned = candidates
            .iter()
            .filter(|candidate| candidate.verify.pattern().is_some())
            .count();
        // As quickly verified as told apart, if they are few.
        if patterned > MASK_LIMIT {
            for candidate in &mut candidates {
                candidate.mask = self.mask_of(candidate);
            }
        }
        make_room(&mut index.candidates, candidates.len());
        make_room(&mut index.candidate_sets, 1);
        if patterned <= SCAN_LIMIT {
            index.candidates.extend_from_slice(&candidates);
        } else {
            self.hash(index, &mut set, &candidates);
        }
        let set_id = Id::new(count(index.candidate_sets.len()));
        index.candidate_sets.push(set);
        Posting { set: set_id }
    }

    /// Lays out a set that is hashed: what cannot be hashed, then bucket by bucket. There are at least as many buckets as
    /// candidates.
    ///
    /// Each candidate is hashed by its longest literal at first; if some bucket is too full, those in it take the literal that the
    /// fewest share. Shapes of literals are then limited to the most common, since each costs every request a look.
    fn hash(&self, index: &mut Index, set: &mut CandidateSet, candidates: &[Candidate]) {
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
        let bits = u16::try_from(bits).unwrap_or(CandidateSet::MAX_BITS);
        set.bits = bits.clamp(MIN_BITS, CandidateSet::MAX_BITS);
        let shape = CandidateSet { buckets: 0, ..*set };
        let bucket = |key: &Key| shape.bucket_of(bucket_hash(key.1, key.2)).index();
        let mut sizes = vec![0_u32; (1 << set.bits) + 1];
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
        set.probe_count = u16::try_from(probes.len()).unwrap_or(0);

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
        set.scanned.count = next - set.scanned.first.number();
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
            if let Some(next) = sizes.get_mut(bucket(key)) {
                if let Some(to) = index.candidates.get_mut(index_of(*next)) {
                    *to = *candidate;
                }
                *next += 1;
            }
        }
    }

    /// Where too many candidates have the same hash (`arn:aws:s3:::data/*/team-7/*`), each takes the
    /// literal that the fewest share. Shares are counted once, over all literals of the set, in time linear in these.
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
    /// literals (`arn:aws:sqs:*:111122223333:queue-*`). None where there is nothing to hash: no whole segment, or more segments
    /// than requests are cut into.
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

    /// The table of actions, the services and the fallback; and what postings need to know of actions.
    ///
    /// A pattern that is a name or a start of names is found by its hash; a service says by a bit for each length which starts
    /// there are, so that a request hashes its name once and looks up only those. Every other pattern is tried: it is listed with
    /// its service, or with a last service without a name if its own is a pattern.
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

    /// The longest pattern that is a start of a name or of a start, other than itself. Following parents leads through all starts
    /// of a name, the longest first.
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

/// A table with open addressing, at most half full, so that a search ends after a few entries. Entries are placed in their
/// order, which makes the table the same everywhere: equal policies give equal images, byte by byte.
fn hash_table(entries: Vec<ActionEntry>) -> Vec<ActionEntry> {
    let capacity = (entries.len() * 2).next_power_of_two();
    let mut table = vec![ActionEntry { hash: 0, entry: 0 }; capacity];
    for entry in entries {
        let mut position = index_of(entry.hash);
        while table
            .get(position % capacity)
            .is_some_and(|own| own.entry != 0)
        {
            position += 1;
        }
        if let Some(free) = table.get_mut(position % capacity) {
            *free = entry;
        }
    }
    table
}

/// A number of segments, of which there are at most [`MAX_SEGMENTS`].
fn small(segments: usize) -> u16 {
    u16::try_from(segments).unwrap_or(u16::MAX)
}

/// How a pattern is hashed: the shape of its literals, and the hashes of both.
type Key = (Probe, u64, u64);
/// All ways in which a pattern can be hashed, the best first.
type Keys = SmallVec<[Key; 3]>;

/// The segments of a later literal that are whole wherever it stands: behind its first separator, up to
/// its last. What stands before and after may be a piece of a longer segment of the request's text.
fn whole_segments(text: &[u8]) -> Option<&[u8]> {
    let is_separator = |byte: &u8| !byte.is_ascii_alphanumeric();
    let first = text.iter().position(is_separator)?;
    let last = text.iter().rposition(is_separator)?;
    text.get(first + 1..=last).filter(|body| !body.is_empty())
}

/// The shapes that come most often, at most [`MAX_PROBES`]; of equally common ones the smaller, so that the order of policies
/// does not matter.
fn commonest(probes: impl Iterator<Item = Probe>) -> Vec<Probe> {
    let mut counts = [0_u32; (MAX_SEGMENTS + 1) * (MAX_SEGMENTS + 1)];
    for probe in probes {
        let cell = usize::from(probe.start) * (MAX_SEGMENTS + 1) + usize::from(probe.middle);
        if let Some(count) = counts.get_mut(cell) {
            *count += 1;
        }
    }
    let mut counts: Vec<(u32, Probe)> = (0..)
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(cell, count)| {
            let width = small(MAX_SEGMENTS) + 1;
            let (start, middle) = (cell / width, cell % width);
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
