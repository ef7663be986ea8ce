//! From a program to the bytes of an image.
//!
//! One pass over the sections in the order of the format. What needs the whole program is done before:
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
//! error is size, found as soon as a section has grown too large. Memory is that of the image, reserved at once from the sizes
//! of the large sections. Writing section by section to a file was rejected: the header is the first of the image and has the
//! checksum of everything behind it.

use portcullis_image::wire::{count, index, name_hash, widened};
use portcullis_image::{Header, Id, LIST_LEN, Section, SlotEntry, SlotStart, StatementFlags};

use crate::CompileError;
use crate::index::{Index, build};
use crate::program::{Program, sections};

/// Lays out the program, in time linear in it but for sorting principals and slots.
///
/// The header is written last, over zeros: lengths and checksum are known only then. The result has no spare capacity, since
/// whoever keeps the image would keep that too.
///
/// # Errors
/// [`CompileError::TooLarge`] if an offset would need more than 31 bits.
pub(crate) fn emit(mut program: Program) -> Result<Vec<u8>, CompileError> {
    sort_principals(&mut program);
    number_shared(&mut program);

    let mut index = match program.options.index {
        true => build(&mut program),
        false => Index::default(),
    };
    program.close();
    let uses_segments = index.uses_segments();
    // What needs the texts, which go first.
    let slots = slot_index(&program);
    sort_records(&mut program);

    let kinds: Vec<Section> = sections(program.options).collect();
    let mut image = Vec::with_capacity(expected_size(&program, &index));
    image.resize(Header::SIZE + Header::ENTRY * kinds.len(), 0);
    for (entry, section) in kinds.iter().enumerate() {
        image.resize(image.len().next_multiple_of(8), 0);
        let start = image.len();
        append(&mut program, &mut index, &slots, *section, &mut image);
        // Offsets stay below 2^31, so that no sum of an offset and a length can overflow.
        if i32::try_from(image.len()).is_err() {
            return Err(CompileError::TooLarge);
        }
        let words = [
            section.number(),
            count(start),
            count(image.len() - start),
            0,
        ];
        let at = Header::SIZE + Header::ENTRY * entry;
        put(&mut image, at, &words.map(u32::to_le_bytes).concat());
    }

    put(&mut image, 0, &Header::MAGIC);
    put(&mut image, 8, &Header::VERSION.to_le_bytes());
    put(&mut image, 12, &count(kinds.len()).to_le_bytes());
    let len = widened(image.len());
    put(&mut image, 16, &len.to_le_bytes());
    put(&mut image, 32, &program.layers.bits().to_le_bytes());
    let flags = u32::from(program.public) | u32::from(uses_segments) << 1;
    put(&mut image, 36, &flags.to_le_bytes());
    put(&mut image, 40, &program.wanted.bits().to_le_bytes());
    let checksum = Header::checksum_of(&image);
    put(&mut image, 24, &checksum.to_le_bytes());
    image.shrink_to_fit();
    Ok(image)
}

/// Bytes that the image will hardly exceed: those of the large sections, an eighth more, and 4 KiB. So it is hardly ever moved
/// while it is written.
fn expected_size(program: &Program, index: &Index) -> usize {
    let sections = [
        (Section::Strings, program.strings.bytes().len()),
        (Section::Statements, program.statements.len()),
        (Section::Lists, program.lists.items().len()),
        (Section::Patterns, program.patterns.items().len()),
        (Section::Tokens, program.tokens.items().len()),
        (Section::Code, program.code.items().len()),
        (Section::Texts, program.texts.items().len()),
        (Section::Candidates, index.candidates.len()),
        (Section::Buckets, index.buckets.len()),
        (Section::StatementSources, program.origins.len()),
        (Section::InsnSources, program.insn_sources.len()),
    ];
    let sizes = sections
        .iter()
        .map(|(section, count)| section.record_size() * count);
    let large: usize = sizes.sum();
    large + large / 8 + 4096
}

/// Writes bytes over those at an offset, which are there.
fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(target) = image.get_mut(at..at + bytes.len()) {
        target.copy_from_slice(bytes);
    }
}

/// Appends the records of a section. A section that is added to the format does not compile until it is here.
///
/// The index of slots, its starts and the sorted principals are made here; every other section is copied record by record.
fn append(
    program: &mut Program,
    index: &mut Index,
    slots: &[SlotEntry],
    section: Section,
    out: &mut Vec<u8>,
) {
    use core::mem::take;
    fn all<T, const N: usize>(items: &[T], encode: impl Fn(&T) -> [u8; N], out: &mut Vec<u8>) {
        out.reserve(items.len() * N);
        for item in items {
            out.extend_from_slice(&encode(item));
        }
    }
    match section {
        // First, so that the offsets of texts are known while the program is made.
        Section::Strings => out.extend_from_slice(&program.strings.take()),
        // First, so that the offsets of texts are known while the program is made.
        Section::Slots => all(&program.slots.take(), |slot| slot.encode(), out),
        // First, so that the offsets of texts are known while the program is made.
        Section::SlotIndex => all(slots, SlotEntry::encode, out),
        // First, so that the offsets of texts are known while the program is made.
        Section::SlotStarts => {
            let bits = slots.len().next_power_of_two().trailing_zeros() + 1;
            for place in 0..=1_u64 << bits {
                let is_before = |own: &SlotEntry| u64::from(own.hash) >> (u32::BITS - bits) < place;
                let entry = count(slots.partition_point(is_before));
                out.extend(SlotStart { entry }.encode());
            }
        }
        Section::Statements => all(&take(&mut program.statements), |own| own.encode(), out),
        Section::Lists => all(&program.lists.take(), |word| word.to_le_bytes(), out),
        Section::Actions => all(&program.actions.take(), |action| action.encode(), out),
        Section::Patterns => all(&program.patterns.take(), |pattern| pattern.encode(), out),
        Section::Tokens => all(&program.tokens.take(), |token| token.encode(), out),
        Section::Principals => all(&program.principals.take(), |own| own.encode(), out),
        Section::Code => all(&program.code.take(), |insn| insn.encode(), out),
        Section::Texts => all(&program.texts.take(), |text| text.encode(), out),
        Section::ShortTexts => all(&program.short_texts.take(), |text| text.encode(), out),
        Section::Numbers => all(&program.numbers.take(), |number| number.encode(), out),
        Section::Instants => all(&program.instants.take(), |instant| instant.encode(), out),
        Section::Networks => all(&program.networks.take(), |network| network.encode(), out),
        Section::Arns => all(&program.arns.take(), |arn| arn.encode(), out),
        Section::Units => all(&take(&mut program.units), |unit| unit.encode(), out),
        Section::ActionPostings => all(
            &take(&mut index.action_postings),
            |posting| posting.encode(),
            out,
        ),
        Section::Postings => all(&take(&mut index.postings), |set| set.encode(), out),
        Section::CandidateSets => all(&take(&mut index.candidate_sets), |set| set.encode(), out),
        Section::Candidates => all(
            &take(&mut index.candidates),
            |candidate| candidate.encode(),
            out,
        ),
        Section::Probes => all(&take(&mut index.probes), |probe| probe.encode(), out),
        Section::Buckets => all(&take(&mut index.buckets), |bucket| bucket.encode(), out),
        Section::ActionTable => all(&take(&mut index.action_table), |entry| entry.encode(), out),
        Section::Services => all(&take(&mut index.services), |service| service.encode(), out),
        Section::Fallback => all(&take(&mut index.fallback), |action| action.encode(), out),
        Section::PolicySources => all(&take(&mut program.sources), |source| source.encode(), out),
        Section::StatementSources => all(&take(&mut program.origins), |own| own.encode(), out),
        Section::InsnSources => all(&take(&mut program.insn_sources), |insn| insn.encode(), out),
    }
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
