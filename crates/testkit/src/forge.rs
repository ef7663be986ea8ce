//! Images from somewhere else: taken apart, changed, and put together again with a right checksum.

use std::fmt::{self, Write};

use portcullis_image::{Header, Image, Section, disassemble};

use crate::machine::Machine;
use crate::{Bytes, Request};
use portcullis_vm::Query;

/// The sections of an image, without the table of them.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Everything before the table of sections.
    pub header: Vec<u8>,
    /// Section number and content.
    pub sections: Vec<(u32, Vec<u8>)>,
}

impl Parts {
    /// Takes an image apart.
    pub fn of(image: &Image<Vec<u8>>) -> Parts {
        let bytes = image.as_bytes();
        let mut sections = Vec::new();
        for (number, section) in (0..).zip(Section::ALL) {
            let (offset, len) = image.view().section(*section);
            if offset > 0 {
                let content = bytes.get(offset..offset + len).unwrap_or(&[]);
                sections.push((number, content.to_vec()));
            }
        }
        Parts {
            header: bytes.get(..Header::SIZE).unwrap_or(bytes).to_vec(),
            sections,
        }
    }

    /// The image of these sections, with a right table, length and checksum.
    pub fn join(&self) -> Vec<u8> {
        let mut bytes = self.header.clone();
        bytes.resize(Header::SIZE + Header::ENTRY * self.sections.len(), 0);
        put(&mut bytes, 12, self.sections.len() as u32);
        for (entry, (number, content)) in self.sections.iter().enumerate() {
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            let at = Header::SIZE + entry * Header::ENTRY;
            let words = [*number, bytes.len() as u32, content.len() as u32, 0];
            for (index, word) in words.into_iter().enumerate() {
                put(&mut bytes, at + 4 * index, word);
            }
            bytes.extend_from_slice(content);
        }
        repair(&mut bytes);
        bytes
    }
}

/// Overwrites four bytes, if they are there.
pub fn put(bytes: &mut [u8], at: usize, word: u32) {
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// The four bytes at a place, or zero.
pub fn word_at(bytes: &[u8], at: usize) -> u32 {
    portcullis_image::wire::u32_at(bytes, at)
}

/// Gives bytes the magic number, the version, the length and the checksum of an image.
pub fn repair(bytes: &mut [u8]) {
    let len = (bytes.len() as u64).to_le_bytes();
    let version = u32::from(Header::VERSION).to_le_bytes();
    for (at, value) in [(0, &Header::MAGIC[..]), (8, &version), (16, &len)] {
        if let Some(place) = bytes.get_mut(at..at + value.len()) {
            place.copy_from_slice(value);
        }
    }
    let checksum = Header::checksum_of(bytes).to_le_bytes();
    if let Some(place) = bytes.get_mut(24..32) {
        place.copy_from_slice(&checksum);
    }
}

/// A number that is likely to be wrong in an interesting way: a limit, another number of the image, or
/// one near the one that was there.
pub fn bad_word(image: &[u8], was: u32, source: &mut Bytes) -> u32 {
    match source.below(9) {
        0 => 0,
        1 => 1,
        2 => u32::MAX,
        3 => u32::MAX - 1,
        4 => was.wrapping_add(1),
        5 => was.wrapping_sub(1),
        6 => word_at(image, 4 * source.below(image.len() / 4)),
        7 => source.below(64) as u32,
        _ => source.next_u64() as u32,
    }
}

/// Loads bytes and, if they are an image, asks it everything: fills, decides, alone and as one of many,
/// and explains each request, and writes the disassembly as far as there is room. None of it may panic.
///
/// False if the bytes are refused.
pub fn use_up(bytes: &[u8], requests: &[Request]) -> bool {
    let opened = Image::from_bytes(bytes);
    // On two threads the checks may come in any order.
    let other_way = Image::from_bytes_on(bytes, |one, other| {
        other();
        one();
    });
    assert_eq!(opened.as_ref().err(), other_way.err().as_ref());
    let Ok(image) = opened else {
        return false;
    };
    let mut machine = Machine::new([image.view()]);
    for request in requests {
        request.with(|request| {
            let decided = machine.decide(request);
            let many = machine.decide_many(&[Query::from(request), Query::from(request)]);
            assert_eq!(many, [decided, decided]);
            let explanation = machine.explain(request);
            std::hint::black_box(explanation.message(None, "s3:GetObject", "*", false));
        });
    }
    // Lists that share patterns can make a text much longer than the image.
    let mut room = Room(1 << 20);
    let _ = disassemble(image.view(), &mut room);
    true
}

/// Takes some bytes of text, then fails.
struct Room(usize);

impl Write for Room {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}
