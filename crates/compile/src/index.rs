//! Building the index (see `portcullis_image::index`).
//!
//! Sizes stay linear: a statement with so many actions and resources that their product would
//! dominate is not spread over its nodes, but verified for every action.

use std::collections::HashMap;

use ahash::RandomState;
use portcullis_image::index::{
    ActionKey, Bucket, Candidate, Group, MAX_PROBES, MAX_SEGMENTS, Probe, SCAN_LIMIT, Segments,
    ServiceRecord, WHOLE_HEAD, action_hash, bucket_hash,
};
use portcullis_image::{ANY, LIST_LEN, Pattern, PatternKind, Statement, Str, Token};

use crate::intern::Interner;
use crate::lower::Program;

/// A statement whose product of actions and resources is larger than this times their sum is not
/// spread over its nodes.
const SPREAD_LIMIT: usize = 64;

/// The sections of the index.
#[derive(Default)]
pub(crate) struct Index {
    pub(crate) nodes: Vec<u32>,
    pub(crate) groups: Vec<Group>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) probes: Vec<Probe>,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) action_table: Vec<(u32, u32)>,
    pub(crate) services: Vec<ServiceRecord>,
    pub(crate) residue: Vec<u32>,
}

/// Builds the index of a program whose statements are in their final order.
pub(crate) fn build(program: &Program<'_>) -> Index {
    let tables = Tables {
        program,
        lists: program.lists.items(),
        patterns: program.patterns.items(),
    };
    let mut index = Index::default();
    let nodes = tables.candidates_of_nodes();
    let mut groups: Interner<Vec<Candidate>> = Interner::new();
    for node in nodes {
        index.nodes.push(groups.intern(node));
    }
    let mut keyed: Vec<Keyed> = Vec::new();
    for (group, candidates) in (0..).zip(groups.items()) {
        tables.add_group(&mut index, &mut keyed, group, candidates);
    }
    add_buckets(&mut index, keyed);
    tables.add_actions(&mut index);
    index
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

    /// The candidates of every pattern for actions, and of all actions, Deny first.
    fn candidates_of_nodes(&self) -> Vec<Vec<Candidate>> {
        let actions = self.program.actions.items().len();
        let mut nodes: Vec<Vec<Candidate>> = vec![Vec::new(); actions + 1];
        let mut own: Vec<Candidate> = Vec::new();
        for (number, (statement, _)) in (0..).zip(&self.program.statements) {
            own.clear();
            let targets = self.targets(statement);
            let every_action = statement.actions == ANY && !statement.flags.not_action;
            if (targets.is_none() && !every_action) || statement.flags.not_resource {
                own.push(self.candidate(number, statement, WHOLE_HEAD));
            } else if statement.resources == ANY {
                own.push(self.candidate(number, statement, ANY));
            } else {
                let patterns = self.list(statement.resources);
                own.extend(
                    patterns
                        .iter()
                        .map(|pattern| self.candidate(number, statement, *pattern)),
                );
            }
            let all = [actions as u32];
            for node in targets.unwrap_or(&all) {
                if let Some(node) = nodes.get_mut(*node as usize) {
                    node.extend_from_slice(&own);
                }
            }
        }
        nodes
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

    fn candidate(&self, number: u32, statement: &Statement, pattern: u32) -> Candidate {
        let literal = if pattern == ANY || pattern == WHOLE_HEAD {
            &[]
        } else {
            self.text(self.pattern(pattern).literal)
        };
        let len = u16::try_from(literal.len()).unwrap_or(u16::MAX);
        let tail = match literal {
            [.., a, b] if len < u16::MAX => u16::from_le_bytes([*a, *b]),
            _ => 0,
        };
        Candidate {
            statement: number,
            pattern,
            layers: statement.layers,
            literal_len: len,
            tail,
        }
    }

    /// Lays out a group; candidates that are hashed are handed on with their hashes.
    fn add_group(
        &self,
        index: &mut Index,
        keyed: &mut Vec<Keyed>,
        group: u32,
        candidates: &[Candidate],
    ) {
        let start = index.candidates.len() as u32;
        let first_probe = index.probes.len() as u32;
        let patterned = candidates
            .iter()
            .filter(|candidate| candidate.pattern < WHOLE_HEAD);
        if patterned.count() <= SCAN_LIMIT {
            index.candidates.extend_from_slice(candidates);
        } else {
            let keys: Vec<Option<(Probe, u64, u64)>> = candidates
                .iter()
                .map(|candidate| self.key(candidate.pattern))
                .collect();
            let probes = commonest(keys.iter().flatten().map(|(probe, ..)| *probe));
            for (candidate, key) in candidates.iter().zip(&keys) {
                match key {
                    Some((probe, first, middle)) if probes.contains(probe) => {
                        keyed.push((bucket_hash(group, *first, *middle), group, *candidate));
                    }
                    _ => index.candidates.push(*candidate),
                }
            }
            index.probes.extend(&probes);
        }
        index.groups.push(Group {
            start,
            count: index.candidates.len() as u32 - start,
            probes: first_probe,
            probe_count: index.probes.len() as u32 - first_probe,
        });
    }

    /// The shape of a pattern's literals and their hashes; none if there is no literal to hash.
    fn key(&self, pattern: u32) -> Option<(Probe, u64, u64)> {
        if pattern >= WHOLE_HEAD {
            return None;
        }
        let pattern = self.pattern(pattern);
        let mut segments = Segments::default();
        segments.set(self.text(pattern.literal));
        let start = segments.len();
        if start >= MAX_SEGMENTS {
            // A request's text may have segments that are not looked at.
            return None;
        }
        let first = segments.between(0, start);
        // The start tells more, unless it is shorter: `arn:aws:sqs:*:111122223333:queue-*`.
        let literal_len = pattern.literal.len as usize;
        let middle = self
            .longest_middle(&pattern)
            .filter(|(_, _, len)| *len > literal_len);
        let probe = |middle| Probe {
            start: start as u16,
            middle,
        };
        match middle {
            Some((count, hash, _)) => Some((probe(count), first, hash)),
            None if start > 0 => Some((probe(0), first, 0)),
            None => None,
        }
    }

    /// The later literal with the most text in whole segments behind its first separator: how many
    /// segments, their hash, and how long they are.
    fn longest_middle(&self, pattern: &Pattern) -> Option<(u16, u64, usize)> {
        if pattern.kind != PatternKind::Tokens {
            return None;
        }
        let tokens = self.program.tokens.items().get(pattern.tokens as usize..)?;
        let texts = tokens
            .iter()
            .take_while(|token| **token != Token::End)
            .filter_map(|token| match token {
                Token::Text(text) => Some(self.text(*text)),
                _ => None,
            });
        let bodies = texts.filter_map(|text| {
            let first = text.iter().position(|byte| !byte.is_ascii_alphanumeric())?;
            let last = text
                .iter()
                .rposition(|byte| !byte.is_ascii_alphanumeric())?;
            text.get(first + 1..=last).filter(|body| !body.is_empty())
        });
        let body = bodies.max_by_key(|body| body.len())?;
        let mut segments = Segments::default();
        segments.set(body);
        let count = segments.len();
        (count < MAX_SEGMENTS).then(|| (count as u16, segments.between(0, count), body.len()))
    }

    /// The table of actions, the services and the residue.
    fn add_actions(&self, index: &mut Index) {
        let mut entries: Vec<(u32, u32)> = Vec::new();
        let mut services: Interner<Str> = Interner::new();
        let mut starts: Vec<u64> = Vec::new();
        for (action, record) in (0..).zip(self.program.actions.items()) {
            let service = self.pattern(record.service);
            let name = self.pattern(record.name);
            let key = match name.kind {
                _ if service.kind != PatternKind::Exact => None,
                PatternKind::Exact => Some(ActionKey::Exact),
                PatternKind::Prefix if name.literal.len < 64 => Some(ActionKey::Start),
                PatternKind::Prefix | PatternKind::Tokens => None,
            };
            let Some(key) = key else {
                index.residue.push(action);
                continue;
            };
            let hash = action_hash(key, self.text(service.literal), self.text(name.literal));
            entries.push((hash, action + 1));
            if key == ActionKey::Start {
                let number = services.intern(service.literal) as usize;
                starts.resize(starts.len().max(number + 1), 0);
                if let Some(starts) = starts.get_mut(number) {
                    *starts |= 1 << name.literal.len;
                }
            }
        }
        for (number, (name, starts)) in (0..).zip(services.items().iter().zip(starts)) {
            let hash = action_hash(ActionKey::Service, self.text(*name), b"");
            entries.push((hash, number + 1));
            index.services.push(ServiceRecord {
                name: *name,
                starts,
            });
        }
        let places = (entries.len() * 2).next_power_of_two();
        index.action_table = vec![(0, 0); places];
        for entry in entries {
            let mut place = entry.0 as usize;
            while let Some(taken) = index.action_table.get(place % places) {
                if taken.1 == 0 {
                    break;
                }
                place += 1;
            }
            if let Some(free) = index.action_table.get_mut(place % places) {
                *free = entry;
            }
        }
    }
}

/// The shapes that come most often; of equally common ones the smaller.
fn commonest(probes: impl Iterator<Item = Probe>) -> Vec<Probe> {
    let mut counts: HashMap<Probe, usize, RandomState> =
        HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    for probe in probes {
        *counts.entry(probe).or_default() += 1;
    }
    let mut counts: Vec<(Probe, usize)> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|(probe, count)| (core::cmp::Reverse(*count), *probe));
    counts
        .into_iter()
        .take(MAX_PROBES)
        .map(|(probe, _)| probe)
        .collect()
}

/// A hashed candidate: the hash, the group, the candidate.
type Keyed = (u64, u32, Candidate);

/// Lays out the hashed candidates by bucket, and the table of buckets.
fn add_buckets(index: &mut Index, mut keyed: Vec<Keyed>) {
    // Stable: Deny stays first within a bucket.
    keyed.sort_by_key(|(hash, group, _)| (*hash, *group));
    let same = |a: &Keyed, b: &Keyed| (a.0, a.1) == (b.0, b.1);
    let buckets = keyed.chunk_by(same).count();
    let places = match buckets {
        0 => 0,
        _ => (buckets * 2).next_power_of_two(),
    };
    index.buckets = vec![Bucket::default(); places];
    for bucket in keyed.chunk_by(same) {
        let Some((hash, group, _)) = bucket.first() else {
            continue;
        };
        let start = index.candidates.len() as u32;
        index
            .candidates
            .extend(bucket.iter().map(|(.., candidate)| *candidate));
        let mut place = *hash as usize;
        while index
            .buckets
            .get(place % places)
            .is_some_and(|taken| taken.count > 0)
        {
            place += 1;
        }
        if let Some(free) = index.buckets.get_mut(place % places) {
            *free = Bucket {
                group: *group,
                hash: (*hash >> 32) as u32,
                start,
                count: bucket.len() as u32,
            };
        }
    }
}
