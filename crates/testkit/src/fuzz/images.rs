//! Images that no compiler wrote.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::{Id, Image, Insn, Op, Section, disassemble, flag};

use crate::forge::{Parts, put, repair, use_up, word_at};
use crate::generate::{Settings, world};
use crate::{Bytes, Request};

/// Any bytes, given the header and the checksum of an image; and as words that are put into an image that
/// is right otherwise, for each a section, a place in it and the word: so one gets past the checks,
/// whatever the format.
pub fn image(data: &[u8]) {
    let mut bytes = data.to_vec();
    repair(&mut bytes);
    use_up(&bytes, &[request()]);
    let Some(base) = &*BASE else {
        panic!("the sample does not compile");
    };
    let mut parts = base.clone();
    let count = parts.sections.len();
    for edit in data.chunks_exact(7) {
        let [section, low, high, word @ ..] = edit else {
            break;
        };
        if let Some((_, content)) = parts.sections.get_mut(usize::from(*section) % count.max(1)) {
            let place = usize::from(u16::from_le_bytes([*low, *high]));
            put(content, 4 * place, word_at(word, 0));
        }
    }
    use_up(&parts.join(), &[request()]);
}

/// The sections of an image with every kind of list.
static BASE: LazyLock<Option<Parts>> = LazyLock::new(|| {
    let settings = Settings {
        statements: 30,
        conditions: 4,
        ..Settings::default()
    };
    let bytes = Bytes::new(8).take(60_000);
    let world = world(&mut Unstructured::new(&bytes), &settings).ok()?;
    let arena = Bump::new();
    let sets = world.read(&arena).ok()?;
    let options = Options {
        debug: false,
        index: true,
    };
    let image = Image::from_bytes(compile(&sets, options).ok()?).ok()?;
    Some(Parts::of(&image))
});

/// The bytes as instructions of an image that is right otherwise: encoding is the inverse of decoding;
/// the image is refused, or each instruction is run, shown and written as it was read.
pub fn instructions(data: &[u8]) {
    let Some(base) = &*BASE else {
        panic!("the sample does not compile");
    };
    for chunk in data.chunks_exact(Insn::SIZE) {
        let insn = Insn::decode(chunk, 0);
        let encoded = insn.encode();
        assert_eq!(Insn::decode(&encoded, 0), insn);
        // The two bytes between the flags and the slot mean nothing and are written as zero.
        let mut plain = chunk.to_vec();
        plain[2..4].fill(0);
        // A code that does not exist is read as the fault.
        if Op::from_code(plain[0]).is_none() {
            plain[0] = Op::Fault.code();
        }
        assert_eq!(encoded[..], plain[..]);
    }
    let mut parts = base.clone();
    let Some((_, code)) = parts
        .sections
        .iter_mut()
        .find(|(number, _)| *number == Section::Code as u32)
    else {
        panic!("the sample has no instructions");
    };
    // The fuzzer's instructions take the places of the first ones, which statements lead to.
    let len = (data.len() - data.len() % Insn::SIZE).min(code.len());
    code[..len].copy_from_slice(&data[..len]);
    if let Some(flags) = code.len().checked_sub(Insn::SIZE - 1) {
        code[flags] |= flag::END;
    }
    let bytes = parts.join();
    if !use_up(&bytes, &[request()]) {
        return;
    }
    let Ok(image) = Image::from_bytes(&bytes[..]) else {
        return;
    };
    let view = image.view();
    for (index, chunk) in (0..).zip(data[..len].chunks_exact(Insn::SIZE)) {
        assert_eq!(
            view.get(Id::<Insn>::new(index)).encode()[..],
            *chunk,
            "instruction {index}"
        );
    }
    let mut text = String::new();
    assert!(disassemble(view, &mut text).is_ok());
    assert!(!text.contains("unknown"), "{text}");
}

fn request() -> Request {
    let context: [(&str, &[&str]); 6] = [
        ("aws:username", &["bob"]),
        ("s3:max-keys", &["10"]),
        ("aws:SourceIp", &["10.0.0.1"]),
        ("aws:CurrentTime", &["2026-01-01T00:00:00Z"]),
        ("aws:SecureTransport", &["true"]),
        ("aws:TagKeys", &["a", "b"]),
    ];
    Request::get_object("arn:aws:s3:::b/k", &context)
}
