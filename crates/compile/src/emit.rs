//! From a program to the bytes of an image.
//!
//! One pass over the sections, which two threads share where the host has them. What needs the whole program is done before:
//!
//! 1. principals get their numbers in the sorted section, and lists of them are renumbered;
//! 2. the most common guards get numbers of their own;
//! 3. the index is built, which reads the final statements.
//!
//! | sections | come from |
//! |---|---|
//! | strings, patterns, tokens, lists, values, instructions | the program's tables, as they are |
//! | slots and their index | slots in the order of their numbers, then sorted by the hash of their names |
//! | principals | the table, sorted by form and text |
//! | statements, and where they were written | two vectors, of which the first goes early |
//! | postings, sets, candidates, buckets, actions, services | [`Index`]; left out without the index |
//! | policies, statements and conditions as written | left out unless explanations are to print them |
//!
//! A program is complete and consistent when it comes here: every number in it is that of a record which is there. So the only
//! error is size, known before anything is written. Memory is that of the image and of what is not written yet of the tables, which
//! go as they are written. Writing section by section to a file was rejected: the header is the first of the image and has the
//! checksum of everything behind it.

use std::sync::{Mutex, PoisonError};

use portcullis_image::wire::{count, index, name_hash, widened};
use portcullis_image::{Header, Id, Join, LIST_LEN, Section, SlotEntry, SlotStart, StatementFlags};

use smallvec::{SmallVec, smallvec};

use crate::CompileError;
use crate::index::{Index, build};
use crate::program::{Program, sections};

/// Lays out the program, in time linear in it but for sorting principals and slots.
///
/// The header is written last, over zeros: the checksum is known only then. The result has no spare capacity, since whoever keeps
/// the image would keep that too.
///
/// # Errors
/// [`CompileError::TooLarge`] if an offset would need more than 31 bits.
pub(crate) fn emit(mut program: Program, join: Join) -> Result<Vec<u8>, CompileError> {
    sort_principals(&mut program);
    number_shared(&mut program);

    let mut index = match program.options.index {
        true => build(&mut program, join),
        false => Default::default(),
    };
    program.close();
    let uses_segments = index.iter().any(Index::uses_segments);
    // What needs the texts, which go first.
    let slots = slot_index(&program);
    sort_records(&mut program);

    let tables: Vec<(Section, Parts)> = sections(program.options)
        .map(|section| (section, parts(&mut program, &mut index, &slots, section)))
        .collect();
    let mut end = Header::SIZE + Header::ENTRY * tables.len();
    let mut starts: Vec<usize> = Vec::with_capacity(tables.len());
    for (_, parts) in &tables {
        let start = end.next_multiple_of(8);
        end = start + size(parts);
        // Offsets stay below 2^31, so that no sum of an offset and a length can overflow.
        if i32::try_from(end).is_err() {
            return Err(CompileError::TooLarge);
        }
        starts.push(start);
    }
    // Zeros that the system gives take no memory until they are written.
    let mut image = vec![0; end];
    let count_of_sections = count(tables.len());
    for (entry, (start, (section, parts))) in starts.iter().zip(&tables).enumerate() {
        let words = [section.number(), count(*start), count(size(parts)), 0];
        let at = Header::SIZE + Header::ENTRY * entry;
        put(&mut image, at, &words.map(u32::to_le_bytes).concat());
    }
    // From the end on, where the largest are.
    let mut places = Vec::with_capacity(tables.len());
    let mut rest = image.as_mut_slice();
    for (start, (_, parts)) in starts.into_iter().zip(tables).rev() {
        let (before, mut section) = rest.split_at_mut(start);
        for table in parts {
            let (place, behind) = section.split_at_mut(table.size());
            places.push((table, place));
            section = behind;
        }
        rest = before;
    }
    let places = Mutex::new(places.into_iter());
    let next = || places.lock().unwrap_or_else(PoisonError::into_inner).next();
    let write = || std::iter::from_fn(next).for_each(|(table, place)| table.write(place));
    join(&mut { write }, &mut { write });

    put(&mut image, 0, &Header::MAGIC);
    put(&mut image, 8, &Header::VERSION.to_le_bytes());
    put(&mut image, 12, &count_of_sections.to_le_bytes());
    let len = widened(image.len());
    put(&mut image, 16, &len.to_le_bytes());
    put(&mut image, 32, &program.layers.bits().to_le_bytes());
    let flags = u32::from(program.public) | u32::from(uses_segments) << 1;
    put(&mut image, 36, &flags.to_le_bytes());
    put(&mut image, 40, &program.wanted.bits().to_le_bytes());
    let checksum = Header::checksum_of(&image);
    put(&mut image, 24, &checksum.to_le_bytes());
    Ok(image)
}

/// Writes bytes over those at an offset, which are there.
fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(target) = image.get_mut(at..at + bytes.len()) {
        target.copy_from_slice(bytes);
    }
}

/// Data of a section, which any thread may write.
type Table = Box<dyn SectionData + Send>;

/// What a section consists of, one behind the other.
type Parts = SmallVec<[Table; 2]>;

/// How many bytes a section has.
fn size(parts: &Parts) -> usize {
    parts.iter().map(|part| part.size()).sum()
}

/// Records of one kind that become a section, or a part of one.
trait SectionData {
    /// How many bytes there are of them.
    fn size(&self) -> usize;

    /// Writes them to as many bytes. The table goes as it is written.
    fn write(self: Box<Self>, out: &mut [u8]);
}

/// Records that are encoded one by one.
struct Records<T, F> {
    records: Vec<T>,
    encode: F,
}

/// Bytes that are written at once before the memory of their records goes.
const BLOCK: usize = 4 << 20;

impl<T, F: Fn(&T) -> [u8; N], const N: usize> SectionData for Records<T, F> {
    fn size(&self) -> usize {
        self.records.len() * N
    }

    /// From the end on, because that is where a vector gives memory back: so image and tables together are not much larger
    /// than the image alone.
    fn write(self: Box<Self>, out: &mut [u8]) {
        let Records {
            mut records,
            encode,
        } = *self;
        while !records.is_empty() {
            let from = records.len().saturating_sub((BLOCK / N.max(1)).max(1));
            let last = records.get(from..).unwrap_or_default();
            let places = out.get_mut(from * N..).unwrap_or_default();
            for (record, place) in last.iter().zip(places.chunks_exact_mut(N.max(1))) {
                place.copy_from_slice(&encode(record));
            }
            records.truncate(from);
            records.shrink_to_fit();
        }
    }
}

/// Texts, as they are.
struct Texts(Vec<u8>);

impl SectionData for Texts {
    fn size(&self) -> usize {
        self.0.len()
    }

    fn write(self: Box<Self>, out: &mut [u8]) {
        out.copy_from_slice(&self.0);
    }
}

/// The tables of a section. A section that is added to the format does not compile until it is here.
///
/// The index of slots, its starts and the sorted principals are made here; every other section is a table of the program or of
/// the index.
fn parts(
    program: &mut Program,
    index: &mut [Index; 2],
    slots: &[SlotEntry],
    section: Section,
) -> Parts {
    use core::mem::take;
    fn records<T: Send + 'static, const N: usize>(
        records: Vec<T>,
        encode: impl Fn(&T) -> [u8; N] + Send + 'static,
    ) -> Parts {
        smallvec![Box::new(Records { records, encode }) as Table]
    }
    fn of_index<T: Send + 'static, const N: usize>(
        index: &mut [Index; 2],
        table: impl Fn(&mut Index) -> &mut Vec<T>,
        encode: impl Fn(&T) -> [u8; N] + Send + Copy + 'static,
    ) -> Parts {
        let tables = index.iter_mut().map(|part| take(table(part)));
        tables.flat_map(|table| records(table, encode)).collect()
    }
    match section {
        // First, so that the offsets of texts are known while the program is made.
        Section::Strings => smallvec![Box::new(Texts(program.strings.take())) as Table],
        Section::Slots => records(program.slots.take(), |slot| slot.encode()),
        Section::SlotIndex => records(slots.to_vec(), SlotEntry::encode),
        Section::SlotStarts => records(slot_starts(slots), SlotStart::encode),
        Section::Statements => records(take(&mut program.statements), |own| own.encode()),
        Section::Lists => records(program.lists.take(), |word| word.to_le_bytes()),
        Section::Actions => records(program.actions.take(), |action| action.encode()),
        Section::Patterns => records(program.patterns.take(), |pattern| pattern.encode()),
        Section::Tokens => records(program.tokens.take(), |token| token.encode()),
        Section::Principals => records(program.principals.take(), |own| own.encode()),
        Section::Code => records(program.code.take(), |insn| insn.encode()),
        Section::Texts => records(program.texts.take(), |text| text.encode()),
        Section::ShortTexts => records(program.short_texts.take(), |text| text.encode()),
        Section::Numbers => records(program.numbers.take(), |number| number.encode()),
        Section::Instants => records(program.instants.take(), |instant| instant.encode()),
        Section::Networks => records(program.networks.take(), |network| network.encode()),
        Section::Arns => records(program.arns.take(), |arn| arn.encode()),
        Section::Units => records(take(&mut program.units), |unit| unit.encode()),
        Section::ActionPostings => {
            of_index(index, |own| &mut own.action_postings, |own| own.encode())
        }
        Section::Postings => of_index(index, |own| &mut own.postings, |own| own.encode()),
        Section::CandidateSets => {
            of_index(index, |own| &mut own.candidate_sets, |own| own.encode())
        }
        Section::Candidates => of_index(index, |own| &mut own.candidates, |own| own.encode()),
        Section::Probes => of_index(index, |own| &mut own.probes, |own| own.encode()),
        Section::Buckets => of_index(index, |own| &mut own.buckets, |own| own.encode()),
        Section::ActionTable => of_index(index, |own| &mut own.action_table, |own| own.encode()),
        Section::Services => of_index(index, |own| &mut own.services, |own| own.encode()),
        Section::Fallback => of_index(index, |own| &mut own.fallback, |own| own.encode()),
        Section::PolicySources => records(take(&mut program.sources), |source| source.encode()),
        Section::StatementSources => records(take(&mut program.origins), |own| own.encode()),
        Section::InsnSources => records(take(&mut program.insn_sources), |insn| insn.encode()),
    }
}

/// Where the entries of each bucket of the index of slots begin.
fn slot_starts(slots: &[SlotEntry]) -> Vec<SlotStart> {
    let bits = slots.len().next_power_of_two().trailing_zeros() + 1;
    let start = |place: u64| {
        let is_before = |own: &SlotEntry| u64::from(own.hash) >> (u32::BITS - bits) < place;
        let entry = count(slots.partition_point(is_before));
        SlotStart { entry }
    };
    (0..=1_u64 << bits).map(start).collect()
}

/// Slots by the hash of their names, then by number: what is searched when a request names a key. Of a key that conditions read
/// as several classes, the slots stand side by side.
fn slot_index(program: &Program) -> Vec<SlotEntry> {
    let slots = program.slots.items().iter().zip(0..);
    let entries = slots.map(|(own, slot)| SlotEntry {
        hash: name_hash(program.strings.get(own.name)),
        slot: Id::new(slot),
    });
    let mut index: Vec<SlotEntry> = entries.collect();
    index.sort_unstable_by_key(|own| (own.hash, own.slot));
    index
}

/// Numbers the guards that the most statements share: what one gave is kept during a decision, in one word, which limits how
/// many there are.
fn number_shared(program: &mut Program) {
    let mut uses = vec![0_u32; program.code.items().len()];
    for statement in &program.statements {
        let guard = statement
            .guard
            .and_then(|guard| uses.get_mut(guard.index()));
        if let Some(uses) = guard {
            *uses += 1;
        }
    }
    let mut order: Vec<usize> = (0..uses.len())
        .filter(|guard| uses.get(*guard).is_some_and(|uses| *uses > 1))
        .collect();
    // Stable: of equally common ones the first.
    order.sort_by_key(|guard| core::cmp::Reverse(uses.get(*guard).copied()));
    let mut numbers = vec![0; uses.len()];
    for (number, guard) in (1..=StatementFlags::MAX_SHARED).zip(order) {
        if let Some(slot) = numbers.get_mut(guard) {
            *slot = number;
        }
    }
    for statement in &mut program.statements {
        let number = statement.guard.and_then(|guard| numbers.get(guard.index()));
        statement.flags.shared = number.copied().unwrap_or(0);
    }
}

/// Puts principals in the order of their section.
fn sort_records(program: &mut Program) {
    let mut sorted = program.principals.take();
    sorted.sort_unstable_by_key(|own| (own.form, program.strings.get(own.text)));
    for principal in sorted {
        program.principals.intern(principal);
    }
}

/// Gives principals their numbers in the sorted section, in which the machine finds a caller's names by bisection. Until now
/// they had those of their first use; lists of them are rewritten and sorted.
fn sort_principals(program: &mut Program) {
    let principals = program.principals.items();
    let mut order: Vec<usize> = (0..principals.len()).collect();
    order.sort_unstable_by_key(|number| {
        let own = principals.get(*number);
        own.map(|own| (own.form, program.strings.get(own.text)))
    });
    let mut places = vec![0; order.len()];
    for (place, number) in (0..).zip(&order) {
        if let Some(slot) = places.get_mut(*number) {
            *slot = place;
        }
    }
    let words = program.lists.items_mut();
    for list in &program.principal_lists {
        let Some((head, rest)) = words
            .get_mut(list.index()..)
            .and_then(|list| list.split_first_mut())
        else {
            continue;
        };
        if let Some(items) = rest.get_mut(..index(*head & LIST_LEN)) {
            for item in items.iter_mut() {
                *item = places.get(index(*item)).copied().unwrap_or(*item);
            }
            items.sort_unstable();
        }
    }
}
