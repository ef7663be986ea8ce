//! The view of an image that readers use.
//!
//! Records are read where they lie, by their number; nothing is decoded when an image is opened, so that one of a gigabyte
//! opens at the speed of its checks and costs no memory of its own. A number that is out of range reads as zeros: a
//! validated image has none, and a reader of a damaged one gets a wrong answer but no panic.
//!
//! [`View::get`] decodes a whole record, [`View::read`] only the fields that are asked for; hot loops use the second.
//! Every reader takes constant time unless it says otherwise.

use crate::field::{Item, Record};
use crate::header::Header;
use crate::id::{Id, ListId, Run, Start};
use crate::insn::flag;
use crate::kinds::{Class, TokenKind};
use crate::layers::LayerSet;
use crate::record::{
    ActionPattern, ActionPostings, Bucket, Candidate, Insn, InsnSource, PolicySource, Ref, Slot,
    SlotEntry, SlotStart, Statement, StatementSource, TokenRecord, Unit,
};
use crate::reserved::WantedKeys;
use crate::section::{LIST_LEN, SECTIONS, Section};
use crate::text::Str;
use crate::token::Token;
use crate::value::fold::eq_folded;
use crate::wire::{array_at, count, eq_lowercase, index, name_hash, split, u32_at, u64_at};

/// Where the sections of an image are, and what its header says: the only thing that opening an image makes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) sections: [(u32, u32); SECTIONS],
    pub(crate) layers: LayerSet,
    pub(crate) flags: u32,
    pub(crate) wanted: WantedKeys,
    /// See [`View::id`].
    pub(crate) id: u64,
}

impl Layout {
    /// Offset and length of a section in bytes; zeros if the image does not have it.
    #[inline]
    pub(crate) fn extent(&self, section: Section) -> (u32, u32) {
        self.sections
            .get(index(section.number()))
            .copied()
            .unwrap_or_default()
    }
}

/// A list of numbers of records, read where it lies. What [`View::list`] gives.
#[derive(Clone, Copy, Debug)]
pub struct List<'a, T> {
    /// Those of the image.
    bytes: &'a [u8],
    /// Offset in bytes of the first item, behind the length.
    at: usize,
    /// How many items there are.
    len: u32,
    items: core::marker::PhantomData<fn() -> T>,
}

impl<T> List<'_, T> {
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
    pub fn digest(&self) -> Run<T> {
        Run {
            first: self.iter().next().unwrap_or_default(),
            count: self.len,
        }
    }

    /// True if it is so for some item.
    #[inline(always)]
    pub fn any(&self, mut is_so: impl FnMut(Id<T>) -> bool) -> bool {
        let mut item = 0;
        while item < self.len {
            if is_so(Id::new(u32_at(self.bytes, self.at + 4 * index(item)))) {
                return true;
            }
            item += 1;
        }
        false
    }

    /// The items in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Id<T>> + '_ {
        let items = self.bytes.get(self.at..).unwrap_or(&[]);
        items
            .chunks_exact(4)
            .take(index(self.len))
            .map(|item| Id::new(u32_at(item, 0)))
    }
}

/// The content of an image. Readers that are given a number that is out of range see zeros.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Those of the image, all of them: offsets of sections count from here.
    pub(crate) bytes: &'a [u8],
    /// Where sections are, found once when the image was opened.
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
    pub fn layers(&self) -> LayerSet {
        self.layout.layers
    }

    /// True if the resource policy is public (`S3-5`).
    #[inline]
    pub fn is_public(&self) -> bool {
        self.layout.flags & 1 != 0
    }

    /// True if candidates are told apart by the segments of the resource.
    #[inline]
    pub fn uses_segments(&self) -> bool {
        self.layout.flags & 2 != 0
    }

    /// The reserved keys that some policy looks at.
    #[inline]
    pub fn wanted(&self) -> WantedKeys {
        self.layout.wanted
    }

    /// Offset and length of a section in bytes, from the image's start; zeros if the image does not have it.
    pub fn section(&self, section: Section) -> (usize, usize) {
        let (offset, len) = self.layout.extent(section);
        (index(offset), index(len))
    }

    /// How many records a section has; zero if the image does not have the section. Bytes count as the records of strings.
    #[inline]
    pub fn count(&self, section: Section) -> u32 {
        self.layout.extent(section).1 / count(section.record_size())
    }

    /// The numbers of all records of a kind, in order.
    pub fn ids<R: Record>(&self) -> impl DoubleEndedIterator<Item = Id<R>> + Clone + use<R> {
        (0..self.count(R::SECTION)).map(Id::new)
    }

    /// The offset of a record in the image, whether it is there or not.
    #[inline(always)]
    pub(crate) fn at(&self, section: Section, number: u32) -> usize {
        index(self.layout.extent(section).0) + index(number).wrapping_mul(section.record_size())
    }

    /// The same, by the record's typed number.
    #[inline(always)]
    pub(crate) fn offset<R: Record>(&self, id: Id<R>) -> usize {
        self.at(R::SECTION, id.number())
    }

    /// A record. One with a number that is out of range is decoded from zeros.
    #[inline(always)]
    pub fn get<R: Record>(&self, id: Id<R>) -> R {
        R::read(R::bytes_or_zero(self.bytes, self.offset(id)))
    }

    /// A record of a section that an image need not have; none if it has not.
    #[inline]
    pub fn try_get<R: Record>(&self, id: Id<R>) -> Option<R> {
        (id.number() < self.count(R::SECTION)).then(|| self.get(id))
    }

    /// A record, read where it lies; zeros if it does not lie in the image.
    #[inline(always)]
    pub fn read<R: Record>(&self, id: Id<R>) -> Ref<'a, R> {
        Ref::of(R::bytes_or_zero(self.bytes, self.offset(id)))
    }

    /// A record, read where it lies; none if it does not lie in the image.
    #[inline(always)]
    pub fn find<R: Record>(&self, id: Id<R>) -> Option<Ref<'a, R>> {
        R::bytes_at(self.bytes, self.offset(id)).map(Ref::of)
    }

    /// The records of a run, decoded one by one; none of them if they are not all there.
    #[inline(always)]
    pub fn run<R: Record + 'a>(&self, run: Run<R>) -> impl Iterator<Item = R> + use<'a, R> {
        let at = self.offset(run.first);
        let len = index(run.count).wrapping_mul(R::SECTION.record_size());
        let bytes = self.bytes.get(at..at.wrapping_add(len));
        R::all(bytes.unwrap_or(&[])).map(R::read)
    }

    /// The same, read where they lie: for loops that look at few of the fields.
    #[inline(always)]
    pub fn read_run<R: Record + 'a>(
        &self,
        run: Run<R>,
    ) -> impl Iterator<Item = Ref<'a, R>> + use<'a, R> {
        let at = self.offset(run.first);
        let len = index(run.count).wrapping_mul(R::SECTION.record_size());
        let bytes = self.bytes.get(at..at.wrapping_add(len));
        R::all(bytes.unwrap_or(&[])).map(Ref::of)
    }

    /// All the bytes, to resolve a [`Str`] with.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// A text as a string; empty if it does not lie in the image. Checks that it is UTF-8, in time linear in the text, so that
    /// loops compare bytes instead ([`Str::bytes`]).
    #[inline]
    pub fn text(&self, text: Str) -> &'a str {
        core::str::from_utf8(text.bytes(self.bytes)).unwrap_or("")
    }

    /// Calls back with the slots of a key, whose name may be in any case (`COND-40`), and their classes. A key that policies
    /// test as two kinds of value has two slots; one that no policy tests has none.
    ///
    /// Takes the time of a hash table, or time linear in the slots if the name is not ASCII.
    ///
    /// ```
    /// use portcullis_image::{Class, Image};
    ///
    /// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
    /// let image = Image::from_bytes(&file[..])?;
    /// let mut found = Vec::new();
    /// image.view().find_slots("AWS:RequestedRegion", |slot, class| found.push((slot, class)));
    /// assert!(matches!(found[..], [(_, Class::Text)]));
    /// # Ok::<(), portcullis_image::ImageError>(())
    /// ```
    #[inline]
    pub fn find_slots(&self, name: &str, mut found: impl FnMut(Id<Slot>, Class)) {
        if !name.is_ascii() {
            for entry in self.ids::<SlotEntry>() {
                let slot = self.get(entry).slot;
                let record = self.get(slot);
                if eq_folded(name, record.name.bytes(self.bytes)) {
                    found(slot, record.class);
                }
            }
            return;
        }
        let hash = name_hash(name.as_bytes());
        let (first, end) = self.slot_starts(self.slot_range(hash));
        for entry in first..end {
            let SlotEntry { hash: other, slot } = self.get(Id::new(entry));
            if other != hash {
                continue;
            }
            let record = self.get(slot);
            if eq_lowercase(name.as_bytes(), record.name.bytes(self.bytes)) {
                found(slot, record.class);
            }
        }
    }

    /// Where the entries of a hash begin, among the starts of the index of slots.
    #[inline]
    pub(crate) fn slot_range(&self, hash: u32) -> Id<SlotStart> {
        // There are two to the power of n ranges and one number more; the upper n bits choose.
        let ranges = self.count(Section::SlotStarts).wrapping_sub(1);
        Id::new(hash.wrapping_shr(ranges.leading_zeros() + 1))
    }

    /// The first entry of a range, and the first of the next one.
    #[inline]
    pub(crate) fn slot_starts(&self, range: Id<SlotStart>) -> (u32, u32) {
        split(u64_at(self.bytes, self.offset(range)))
    }

    /// A list, by its number. Of a number at which no list begins, what is read means nothing.
    #[inline]
    pub fn list<T: Item>(&self, list: ListId<T>) -> List<'a, T> {
        let at = self.at(Section::Lists, list.number());
        List {
            bytes: self.bytes,
            at: at.wrapping_add(4),
            len: u32_at(self.bytes, at) & LIST_LEN,
            items: core::marker::PhantomData,
        }
    }

    /// The tokens from one on, without the end. An image whose tokens do not end ends them. Time is linear in the tokens.
    pub fn tokens(
        &self,
        Start(first): Start<TokenRecord>,
    ) -> impl Iterator<Item = Token> + use<'a> {
        let bytes = self.bytes.get(self.offset(first)..).unwrap_or(&[]);
        let rest = self.count(Section::Tokens).saturating_sub(first.number());
        let records = TokenRecord::all(bytes).take(index(rest));
        let records = records.map(<TokenRecord as Record>::read);
        records
            .take_while(|record| record.kind != TokenKind::End)
            .map(Token::from)
    }

    /// Three tokens in a row, read where they lie; none if the image ends before.
    #[inline(always)]
    pub fn token_refs(&self, first: Id<TokenRecord>) -> Option<[Ref<'a, TokenRecord>; 3]> {
        const SIZE: usize = TokenRecord::SIZE;
        let all = array_at::<{ 3 * SIZE }>(self.bytes, self.offset(first))?;
        Some([0, SIZE, 2 * SIZE].map(|at| Ref::of(TokenRecord::bytes_or_zero(all, at))))
    }

    /// The instructions from one on. A guard ends before the section does, which the iterator does not
    /// look for.
    #[inline(always)]
    pub fn insns(&self, first: Id<Insn>) -> impl Iterator<Item = Ref<'a, Insn>> + use<'a> {
        let insns = self.bytes.get(self.offset(first)..);
        Insn::all(insns.unwrap_or(&[])).map(Ref::of)
    }

    /// The numbers of the instructions of a guard, in order; none of a statement without conditions.
    pub fn guard(&self, guard: Option<Id<Insn>>) -> impl Iterator<Item = Id<Insn>> + use<'a> {
        let view = *self;
        let mut next = guard;
        core::iter::from_fn(move || {
            let id = next.filter(|id| id.number() < view.count(Section::Code))?;
            let is_last = view.read(id).flags() & flag::END != 0;
            next = (!is_last).then_some(id.next());
            Some(id)
        })
    }

    /// True if the image has an index.
    #[inline]
    pub fn has_index(&self) -> bool {
        self.layout.extent(Section::ActionTable).1 != 0
    }

    /// The postings of a unit for an action pattern; none if none of its statements uses the pattern.
    ///
    /// Takes time logarithmic in the action patterns of the unit; constant if the unit uses all patterns, as in an image of one
    /// unit.
    #[inline]
    pub fn find_postings(&self, unit: &Unit, action: Id<ActionPattern>) -> Option<ActionPostings> {
        let Run { first, count } = unit.postings;
        if action.number() < count {
            let postings = self.get(first.plus(action.number()));
            if postings.action == action {
                return Some(postings);
            }
        }
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            let postings = self.get(first.plus(middle));
            match postings.action.cmp(&action) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
                core::cmp::Ordering::Equal => return Some(postings),
            }
        }
        None
    }

    /// The candidates of a bucket: those from its first on, up to the first of the next bucket.
    #[inline]
    pub fn bucket(&self, bucket: Id<Bucket>) -> Run<Candidate> {
        let (first, end) = split(u64_at(self.bytes, self.offset(bucket)));
        Run {
            first: Id::new(first),
            count: end.saturating_sub(first),
        }
    }

    /// Where a statement was written and its policy; none if the image was compiled without what explanations print.
    pub fn statement_source(
        &self,
        statement: Id<Statement>,
    ) -> Option<(StatementSource, PolicySource)> {
        let origin: StatementSource = self.try_get(Id::new(statement.number()))?;
        Some((origin, self.try_get(origin.source)?))
    }

    /// How an instruction was written; none if the image was compiled without what explanations print.
    pub fn insn_source(&self, insn: Id<Insn>) -> Option<InsnSource> {
        self.try_get(Id::new(insn.number()))
    }
}
