//! From a program to the bytes of an image.

use portcullis_image::wire::name_hash;
use portcullis_image::{Header, PrincipalRecord, Section, Slot, StatementFlags, network_bytes};

use crate::CompileError;
use crate::index::{self, Index};
use crate::program::{Program, sections};

/// Lays out the program.
pub(crate) fn emit(mut program: Program<'_>) -> Result<Vec<u8>, CompileError> {
    sort_principals(&mut program);
    number_shared(&mut program);

    let index = match program.options.index {
        true => index::build(&mut program),
        false => Index::default(),
    };

    let kinds: Vec<Section> = sections(program.options).collect();
    let mut image = Vec::with_capacity(expected_size(&program, &index));
    image.resize(Header::SIZE + Header::ENTRY * kinds.len(), 0);
    for (entry, section) in kinds.iter().enumerate() {
        image.resize(image.len().next_multiple_of(8), 0);
        let start = image.len();
        append(&mut program, &index, *section, &mut image);
        // Offsets stay below 2^31, so that no sum of an offset and a length can overflow.
        if i32::try_from(image.len()).is_err() {
            return Err(CompileError::TooLarge);
        }
        let words = [
            *section as u32,
            start as u32,
            (image.len() - start) as u32,
            0,
        ];
        let at = Header::SIZE + Header::ENTRY * entry;
        put(&mut image, at, &words.map(u32::to_le_bytes).concat());
    }

    put(&mut image, 0, &Header::MAGIC);
    put(&mut image, 8, &Header::VERSION.to_le_bytes());
    put(&mut image, 12, &(kinds.len() as u32).to_le_bytes());
    let len = image.len() as u64;
    put(&mut image, 16, &len.to_le_bytes());
    put(&mut image, 32, &program.layers.to_le_bytes());
    let flags = u32::from(program.public) | u32::from(index.uses_segments()) << 1;
    put(&mut image, 36, &flags.to_le_bytes());
    put(&mut image, 40, &program.wanted.to_le_bytes());
    let checksum = Header::checksum_of(&image);
    put(&mut image, 24, &checksum.to_le_bytes());
    // Whoever keeps the image keeps no room for growth.
    image.shrink_to_fit();
    Ok(image)
}

/// A little more than the large sections need.
fn expected_size(program: &Program<'_>, index: &Index) -> usize {
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
        (Section::Origins, program.statements.len()),
        (Section::LeafSources, program.leaf_sources.len()),
    ];
    let sizes = sections
        .iter()
        .map(|(section, count)| section.record_size() * count);
    let large: usize = sizes.sum();
    large + large / 8 + 4096
}

fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = image.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

fn append(program: &mut Program<'_>, index: &Index, section: Section, out: &mut Vec<u8>) {
    fn all<T, const N: usize>(items: &[T], encode: impl Fn(&T) -> [u8; N], out: &mut Vec<u8>) {
        out.reserve(items.len() * N);
        for item in items {
            out.extend_from_slice(&encode(item));
        }
    }
    match section {
        // First, so that the places of texts are known while the program is made.
        Section::Strings => out.extend_from_slice(program.strings.bytes()),
        Section::Slots => {
            for (name, class) in program.slots.items() {
                let name = program.strings.intern(name);
                out.extend(
                    Slot {
                        name,
                        class: *class,
                    }
                    .encode(),
                );
            }
        }
        Section::SlotIndex => {
            for (hash, slot) in slot_index(program) {
                out.extend(hash.to_le_bytes());
                out.extend(slot.to_le_bytes());
            }
        }
        Section::SlotStarts => {
            let index = slot_index(program);
            let bits = index.len().next_power_of_two().trailing_zeros() + 1;
            for place in 0..=1_u64 << bits {
                let start =
                    index.partition_point(|(hash, _)| u64::from(*hash) >> (32 - bits) < place);
                out.extend((start as u32).to_le_bytes());
            }
        }
        Section::Statements => all(
            &program.statements,
            |(statement, _)| statement.encode(),
            out,
        ),
        Section::Lists => all(program.lists.items(), |word| word.to_le_bytes(), out),
        Section::Actions => all(program.actions.items(), |action| action.encode(), out),
        Section::Patterns => all(program.patterns.items(), |pattern| pattern.encode(), out),
        Section::Tokens => all(program.tokens.items(), |token| token.encode(), out),
        Section::Principals => {
            let mut sorted = program.principals.items().to_vec();
            sorted.sort_unstable();
            for (form, text) in sorted {
                let text = program.strings.intern(text);
                out.extend(PrincipalRecord { form, text }.encode());
            }
        }
        Section::Code => all(program.code.items(), |leaf| leaf.encode(), out),
        Section::Texts => all(program.texts.items(), |text| text.pack().to_le_bytes(), out),
        Section::ShortTexts => all(program.short_texts.items(), |text| text.encode(), out),
        Section::Numbers => all(program.numbers.items(), |number| number.encode(), out),
        Section::Instants => all(
            program.instants.items(),
            |instant| instant.to_le_bytes(),
            out,
        ),
        Section::Networks => all(
            program.networks.items(),
            |network| network_bytes(*network),
            out,
        ),
        Section::Arns => all(program.arns.items(), |arn| arn.encode(), out),
        Section::Parts => all(&program.parts, |part| part.encode(), out),
        Section::Nodes => all(&index.nodes, |node| node.encode(), out),
        Section::NodeGroups => all(&index.node_groups, |group| group.to_le_bytes(), out),
        Section::Groups => all(&index.groups, |group| group.encode(), out),
        Section::Candidates => all(&index.candidates, |candidate| candidate.encode(), out),
        Section::Probes => all(&index.probes, |probe| probe.encode(), out),
        Section::Buckets => all(&index.buckets, |bucket| bucket.to_le_bytes(), out),
        Section::ActionTable => {
            let bytes = |(hash, entry): &(u32, u32)| [hash.to_le_bytes(), entry.to_le_bytes()];
            out.extend(index.action_table.iter().flat_map(bytes).flatten());
        }
        Section::Services => all(&index.services, |service| service.encode(), out),
        Section::Residue => all(&index.residue, |action| action.to_le_bytes(), out),
        Section::Sources => all(&program.sources, |source| source.encode(), out),
        Section::Origins => all(&program.statements, |(_, origin)| origin.encode(), out),
        Section::LeafSources => all(&program.leaf_sources, |leaf| leaf.encode(), out),
    }
}

/// Slots by the hash of their names.
fn slot_index(program: &Program<'_>) -> Vec<(u32, u32)> {
    let slots = program.slots.items().iter().zip(0_u32..);
    let mut index: Vec<(u32, u32)> = slots
        .map(|((name, _), slot)| (name_hash(name.as_bytes()), slot))
        .collect();
    index.sort_unstable();
    index
}

/// Numbers the guards that the most statements share.
fn number_shared(program: &mut Program<'_>) {
    let mut uses = vec![0_u32; program.code.items().len()];
    for (statement, _) in &program.statements {
        if let Some(uses) = uses.get_mut(statement.guard as usize) {
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
        if let Some(place) = numbers.get_mut(guard) {
            *place = number;
        }
    }
    for (statement, _) in &mut program.statements {
        let number = numbers.get(statement.guard as usize);
        statement.flags.shared = number.copied().unwrap_or(0);
    }
}

/// Gives principals their places in the sorted section.
fn sort_principals(program: &mut Program<'_>) {
    let principals = program.principals.items();
    let mut order: Vec<u32> = (0..principals.len() as u32).collect();
    order.sort_unstable_by_key(|number| principals.get(*number as usize));
    let mut places = vec![0; order.len()];
    for (place, number) in (0..).zip(&order) {
        if let Some(slot) = places.get_mut(*number as usize) {
            *slot = place;
        }
    }
    let words = program.lists.items_mut();
    for list in &program.principal_lists {
        let Some((head, rest)) = words
            .get_mut(*list as usize..)
            .and_then(|list| list.split_first_mut())
        else {
            continue;
        };
        let len = (*head & portcullis_image::LIST_LEN) as usize;
        if let Some(items) = rest.get_mut(..len) {
            for item in items.iter_mut() {
                *item = places.get(*item as usize).copied().unwrap_or(*item);
            }
            items.sort_unstable();
        }
    }
}
