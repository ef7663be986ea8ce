//! The view of an image that readers use.

use crate::header::Header;
use crate::index::{Candidate, Group, Node, Probe, ServiceRecord};
use crate::leaf::{Leaf, LeafRef};
use crate::part::Part;
use crate::record::{
    ANY, ActionPattern, ArnPattern, LeafSource, NumberRecord, Origin, Pattern, PatternRef,
    PrincipalRecord, ShortText, Slot, Source, Str, Wanted, network_at,
};
use crate::section::{LIST_LEN, SECTIONS, Section};
use crate::statement::{Statement, StatementRef};
use crate::token::{Token, TokenRef};
use crate::value::fold::eq_folded;
use crate::value::network::Network;
use crate::wire::{array_at, eq_lowercase, name_hash, record, u32_at, u64_at};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) sections: [(u32, u32); SECTIONS],
    pub(crate) layers: u32,
    pub(crate) flags: u32,
    pub(crate) wanted: u32,
    /// See [`View::id`].
    pub(crate) id: u64,
}

impl Layout {
    #[inline]
    pub(crate) fn place(&self, section: Section) -> (u32, u32) {
        self.sections
            .get(section as usize)
            .copied()
            .unwrap_or_default()
    }
}

/// A list of numbers of records.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    bytes: &'a [u8],
    at: usize,
    len: u32,
}

impl List<'_> {
    /// How many there are.
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first item and the number of items, as they stand in the `y` of an instruction, so that the
    /// usual list of one item need not be read.
    pub fn digest(&self) -> u64 {
        u64::from(self.iter().next().unwrap_or(0)) | u64::from(self.len) << 32
    }

    /// True if it is so for some item.
    #[inline(always)]
    pub fn any(&self, mut is_so: impl FnMut(u32) -> bool) -> bool {
        let mut index = 0;
        while index < self.len {
            if is_so(u32_at(self.bytes, self.at + 4 * index as usize)) {
                return true;
            }
            index += 1;
        }
        false
    }

    /// The items in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let items = self.bytes.get(self.at..).unwrap_or(&[]);
        items
            .chunks_exact(4)
            .take(self.len as usize)
            .map(|item| u32_at(item, 0))
    }
}

/// The content of an image. Readers that are given a number that is out of range see zeros.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) layout: &'a Layout,
}

impl<'a> View<'a> {
    /// The header.
    pub fn header(&self) -> Header {
        Header {
            layers: self.layout.layers,
            public: self.layout.flags & 1 != 0,
            checksum: u64_at(self.bytes, 24),
        }
    }

    /// A number that tells the image and its clones from every other image that was opened in this process. It says
    /// whose numbers somebody has: not the checksum does, which whoever writes policies can choose.
    #[inline]
    pub fn id(&self) -> u64 {
        self.layout.id
    }

    /// The layers that are present (`EVAL-4`).
    #[inline]
    pub fn layers(&self) -> u32 {
        self.layout.layers
    }

    /// True if the resource policy is public (`S3-5`).
    #[inline]
    pub fn is_public(&self) -> bool {
        self.layout.flags & 1 != 0
    }

    /// Bit `n` is set if some policy looks at the key of reserved slot `n`.
    #[inline]
    pub fn wanted_keys(&self) -> u32 {
        (self.layout.wanted | self.layout.wanted >> 16) & 0xffff
    }

    /// True if candidates are told apart by the segments of the resource.
    #[inline]
    pub fn uses_segments(&self) -> bool {
        self.layout.flags & 2 != 0
    }

    /// How the image uses a reserved slot.
    #[inline]
    pub fn wanted(&self, slot: u32) -> Wanted {
        let wanted = self.layout.wanted;
        Wanted {
            as_text: wanted >> (slot & 15) & 1 != 0,
            otherwise: wanted >> (16 + (slot & 15)) & 1 != 0,
        }
    }

    /// Offset and length of a section in bytes.
    pub fn section(&self, section: Section) -> (usize, usize) {
        let (offset, len) = self.layout.place(section);
        (offset as usize, len as usize)
    }

    /// How many records a section has.
    #[inline]
    pub fn count(&self, section: Section) -> u32 {
        self.layout.place(section).1 / section.record_size() as u32
    }

    /// Where a record begins.
    #[inline]
    pub(crate) fn at(&self, section: Section, index: u32) -> usize {
        self.layout.place(section).0 as usize + index as usize * section.record_size()
    }

    /// The bytes of some records, each of which has `N`; none if they are not all there.
    #[inline(always)]
    fn records<const N: usize>(
        &self,
        section: Section,
        start: u32,
        count: u32,
    ) -> impl Iterator<Item = &'a [u8; N]> + use<'a, N> {
        let at = self.at(section, start);
        let records = self.bytes.get(at..at.wrapping_add(count as usize * N));
        let records = records.unwrap_or(&[]).chunks_exact(N);
        records.map(|bytes| record(bytes, 0))
    }

    /// All the bytes, to resolve a [`Str`] with.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// A text.
    #[inline]
    pub fn text(&self, text: Str) -> &'a str {
        core::str::from_utf8(text.bytes(self.bytes)).unwrap_or("")
    }

    /// A slot.
    #[inline]
    pub fn slot(&self, index: u32) -> Slot {
        Slot::decode(self.bytes, self.at(Section::Slots, index))
    }

    /// An entry of the index of slots: the hash of a name, and a slot of that name.
    #[inline]
    pub fn slot_index(&self, index: u32) -> (u32, u32) {
        let at = self.at(Section::SlotIndex, index);
        (u32_at(self.bytes, at), u32_at(self.bytes, at + 4))
    }

    /// Calls back with the slots of a key, whose name may be in any case (`COND-40`), and their classes.
    ///
    /// Takes the time of a hash table, or linear time if the name is not ASCII.
    #[inline]
    pub fn find_slots(&self, name: &str, mut found: impl FnMut(u32, u8)) {
        if !name.is_ascii() {
            for index in 0..self.count(Section::SlotIndex) {
                let (_, slot) = self.slot_index(index);
                let record = self.slot(slot);
                if eq_folded(name, record.name.bytes(self.bytes)) {
                    found(slot, record.class);
                }
            }
            return;
        }
        let hash = name_hash(name.as_bytes());
        let (first, end) = self.slot_starts(self.slot_place(hash));
        for index in first..end {
            let (other, slot) = self.slot_index(index);
            if other != hash {
                continue;
            }
            let record = self.slot(slot);
            if eq_lowercase(name.as_bytes(), record.name.bytes(self.bytes)) {
                found(slot, record.class);
            }
        }
    }

    /// Where a hash stands in the starts of the index of slots.
    #[inline]
    pub(crate) fn slot_place(&self, hash: u32) -> u32 {
        // There are two to the power of n places and one number more; the upper n bits choose.
        let places = self.count(Section::SlotStarts).wrapping_sub(1);
        hash.wrapping_shr(places.leading_zeros() + 1)
    }

    /// The first pair of a place, and the first of the next one.
    #[inline]
    pub(crate) fn slot_starts(&self, place: u32) -> (u32, u32) {
        let both = u64_at(self.bytes, self.at(Section::SlotStarts, place));
        (both as u32, (both >> 32) as u32)
    }

    /// A statement.
    #[inline]
    pub fn statement(&self, index: u32) -> Statement {
        Statement::decode(self.bytes, self.at(Section::Statements, index))
    }

    /// A statement, read where it lies.
    #[inline(always)]
    pub fn statement_ref(&self, index: u32) -> StatementRef<'a> {
        StatementRef::at(self.bytes, self.at(Section::Statements, index))
    }

    /// The same, none if it does not lie in the image.
    #[inline(always)]
    pub fn find_statement(&self, index: u32) -> Option<StatementRef<'a>> {
        StatementRef::find(self.bytes, self.at(Section::Statements, index))
    }

    /// A list; [`ANY`] and [`crate::NONE`] are empty.
    #[inline]
    pub fn list(&self, index: u32) -> List<'a> {
        let at = self.at(Section::Lists, index);
        let head = if index < ANY - 1 {
            u32_at(self.bytes, at)
        } else {
            0
        };
        List {
            bytes: self.bytes,
            at: at + 4,
            len: head & LIST_LEN,
        }
    }

    /// A pattern for actions.
    #[inline]
    pub fn action(&self, index: u32) -> ActionPattern {
        ActionPattern::decode(self.bytes, self.at(Section::Actions, index))
    }

    /// A pattern.
    #[inline]
    pub fn pattern(&self, index: u32) -> Pattern {
        Pattern::decode(self.bytes, self.at(Section::Patterns, index))
    }

    /// A pattern, read where it lies.
    #[inline(always)]
    pub fn pattern_ref(&self, index: u32) -> PatternRef<'a> {
        PatternRef::at(self.bytes, self.at(Section::Patterns, index))
    }

    /// The same, none if it does not lie in the image.
    #[inline(always)]
    pub fn find_pattern(&self, index: u32) -> Option<PatternRef<'a>> {
        PatternRef::find(self.bytes, self.at(Section::Patterns, index))
    }

    /// A token.
    #[inline]
    pub fn token(&self, index: u32) -> Token {
        Token::decode(self.bytes, self.at(Section::Tokens, index))
    }

    /// A token, read where it lies.
    #[inline(always)]
    pub fn token_ref(&self, index: u32) -> TokenRef<'a> {
        TokenRef::at(self.bytes, self.at(Section::Tokens, index))
    }

    /// Three tokens in a row, read where they lie; none if the image ends before.
    #[inline(always)]
    pub fn token_refs(&self, index: u32) -> Option<[TokenRef<'a>; 3]> {
        const SIZE: usize = Token::SIZE;
        let all = array_at::<{ 3 * SIZE }>(self.bytes, self.at(Section::Tokens, index))?;
        Some([0, SIZE, 2 * SIZE].map(|at| TokenRef::at(all, at)))
    }

    /// A principal.
    #[inline]
    pub fn principal(&self, index: u32) -> Option<PrincipalRecord> {
        PrincipalRecord::decode(self.bytes, self.at(Section::Principals, index))
    }

    /// An instruction.
    #[inline]
    pub fn leaf(&self, index: u32) -> Leaf {
        Leaf::decode(self.bytes, self.at(Section::Code, index))
    }

    /// The instructions from one on. A guard ends before the section does, which the iterator does not
    /// look for.
    #[inline(always)]
    pub fn leaves(&self, start: u32) -> impl ExactSizeIterator<Item = LeafRef<'a>> + use<'a> {
        let leaves = self.bytes.get(self.at(Section::Code, start)..);
        let leaves = leaves.unwrap_or(&[]).chunks_exact(Leaf::SIZE);
        leaves.map(|bytes| LeafRef::of(record(bytes, 0)))
    }

    /// A text of a condition.
    #[inline]
    pub fn condition_text(&self, index: u32) -> Str {
        Str::decode(self.bytes, self.at(Section::Texts, index))
    }

    /// Some short texts of a condition.
    #[inline(always)]
    pub fn short_texts(&self, start: u32, count: u32) -> impl Iterator<Item = ShortText> + use<'a> {
        let texts = self.records(Section::ShortTexts, start, count);
        let decode = |bytes: &[u8; ShortText::SIZE]| ShortText::decode(bytes, 0);
        texts.map(decode)
    }

    /// A number of a condition.
    #[inline]
    pub fn number(&self, index: u32) -> NumberRecord {
        NumberRecord::decode(self.bytes, self.at(Section::Numbers, index))
    }

    /// An instant of a condition.
    #[inline]
    pub fn instant(&self, index: u32) -> i128 {
        let at = self.at(Section::Instants, index);
        instant_of(u64_at(self.bytes, at), u64_at(self.bytes, at + 8))
    }

    /// A network of a condition.
    #[inline]
    pub fn network(&self, index: u32) -> Network {
        network_at(self.bytes, self.at(Section::Networks, index))
    }

    /// An ARN pattern of a condition.
    #[inline]
    pub fn arn(&self, index: u32) -> ArnPattern {
        ArnPattern::decode(self.bytes, self.at(Section::Arns, index))
    }

    /// A part.
    #[inline]
    pub fn part(&self, index: u32) -> Part {
        Part::decode(self.bytes, self.at(Section::Parts, index))
    }

    /// True if the image has an index.
    #[inline]
    pub fn has_index(&self) -> bool {
        self.layout.place(Section::ActionTable).1 != 0
    }

    /// A node.
    #[inline]
    pub fn node(&self, index: u32) -> Node {
        Node::decode(self.bytes, self.at(Section::Nodes, index))
    }

    /// The node of a part for a pattern for actions, if its statements use the pattern.
    ///
    /// Takes time logarithmic in the nodes of the part; constant if the part uses all patterns.
    #[inline]
    pub fn find_node(&self, part: &Part, action: u32) -> Option<Node> {
        if action < part.node_count {
            let node = self.node(part.nodes.saturating_add(action));
            if node.action == action {
                return Some(node);
            }
        }
        let (mut low, mut high) = (0, part.node_count);
        while low < high {
            let middle = low.midpoint(high);
            let node = self.node(part.nodes.saturating_add(middle));
            match node.action.cmp(&action) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
                core::cmp::Ordering::Equal => return Some(node),
            }
        }
        None
    }

    /// A group of a node.
    #[inline]
    pub fn node_group(&self, index: u32) -> u32 {
        u32_at(self.bytes, self.at(Section::NodeGroups, index))
    }

    /// A group of candidates.
    #[inline]
    pub fn group(&self, index: u32) -> Group {
        Group::decode(self.bytes, self.at(Section::Groups, index))
    }

    /// A candidate.
    #[inline]
    pub fn candidate(&self, index: u32) -> Candidate {
        Candidate::decode(self.bytes, self.at(Section::Candidates, index))
    }

    /// Some candidates.
    #[inline(always)]
    pub fn candidates(&self, start: u32, count: u32) -> impl Iterator<Item = Candidate> + use<'a> {
        let candidates = self.records(Section::Candidates, start, count);
        let decode = |bytes: &[u8; Candidate::SIZE]| Candidate::decode(bytes, 0);
        candidates.map(decode)
    }

    /// A shape of literals.
    #[inline]
    pub fn probe(&self, index: u32) -> Probe {
        Probe::decode(self.bytes, self.at(Section::Probes, index))
    }

    /// The first candidate of a bucket, and the first of the next one.
    #[inline]
    pub fn bucket(&self, index: u32) -> (u32, u32) {
        let both = u64_at(self.bytes, self.at(Section::Buckets, index));
        (both as u32, (both >> 32) as u32)
    }

    /// A place of the table of actions: a hash, and a record's number plus one, or 0.
    #[inline]
    pub fn action_entry(&self, index: u32) -> (u32, u32) {
        let at = self.at(Section::ActionTable, index);
        (u32_at(self.bytes, at), u32_at(self.bytes, at + 4))
    }

    /// A service of the index.
    #[inline]
    pub fn service(&self, index: u32) -> ServiceRecord {
        ServiceRecord::decode(self.bytes, self.at(Section::Services, index))
    }

    /// A pattern for actions that must be tried on each action.
    #[inline]
    pub fn residue(&self, index: u32) -> u32 {
        u32_at(self.bytes, self.at(Section::Residue, index))
    }

    /// A policy, if the image has them.
    pub fn source(&self, index: u32) -> Option<Source> {
        (index < self.count(Section::Sources))
            .then(|| Source::decode(self.bytes, self.at(Section::Sources, index)))
    }

    /// Where a statement was written, if the image knows.
    pub fn origin(&self, statement: u32) -> Option<Origin> {
        (statement < self.count(Section::Origins))
            .then(|| Origin::decode(self.bytes, self.at(Section::Origins, statement)))
    }

    /// How an instruction was written, if the image knows.
    pub fn leaf_source(&self, leaf: u32) -> Option<LeafSource> {
        (leaf < self.count(Section::LeafSources))
            .then(|| LeafSource::decode(self.bytes, self.at(Section::LeafSources, leaf)))
    }
}

/// An instant of its two halves.
#[inline]
pub fn instant_of(low: u64, high: u64) -> i128 {
    i128::from(low) | i128::from(high as i64) << 64
}
