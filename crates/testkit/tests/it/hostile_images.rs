//! Damaged images are refused. Forged ones, whose checksum is right, are refused or are used to the end
//! without a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::{Header, Image, Section};
use portcullis_testkit::corpus::{each_scenario_of, root};
use portcullis_testkit::forge::{Parts, bad_word, put, repair, use_up, word_at};
use portcullis_testkit::generate::{Settings, request, world};
use portcullis_testkit::{Bytes, Request, derive};

/// `PORTCULLIS_CASES` asks for more than the ordinary run.
fn cases(ordinary: usize) -> usize {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

struct Sample {
    name: String,
    image: Image<Vec<u8>>,
    requests: Vec<Request>,
}

/// An image of generated policies with requests that come near to them.
fn generated(seed: u64, settings: &Settings, options: Options) -> Sample {
    let mut source = Bytes::new(seed);
    let bytes = source.take(60_000);
    let world = world(&mut Unstructured::new(&bytes), settings).unwrap();
    let arena = Bump::new();
    let sets = world.read(&arena).unwrap();
    let image = Image::from_bytes(compile(&sets, options).unwrap()).unwrap();
    let mut requests: Vec<_> = sets
        .identity
        .iter()
        .chain(sets.resource.iter().flatten())
        .filter_map(|policy| derive::request(&policy.document, &mut source))
        .collect();
    while requests.len() < 4 {
        requests.push(request(&mut Unstructured::new(&source.take(400))).unwrap());
    }
    Sample {
        name: format!("seed {seed}"),
        image,
        requests,
    }
}

/// The example's image.
fn example() -> Sample {
    let mut found = None;
    each_scenario_of(&root().join("example/scenario.json"), |_, scenario| {
        let bytes = compile(&scenario.policies, Options::default()).unwrap();
        found.get_or_insert_with(|| Sample {
            name: "the example".into(),
            image: Image::from_bytes(bytes).unwrap(),
            requests: scenario
                .cases
                .iter()
                .map(|case| Request::from(&case.request.unwrap()))
                .take(3)
                .collect(),
        });
    })
    .unwrap();
    found.unwrap()
}

/// Images that together have every section.
fn samples() -> Vec<Sample> {
    let large = Settings {
        statements: 40,
        ..Settings::default()
    };
    let mut samples = vec![example()];
    let all = Options::default();
    let plain = Options {
        debug: false,
        index: false,
    };
    for seed in 1..4 {
        samples.push(generated(seed, &Settings::default(), all));
    }
    samples.push(generated(4, &Settings::default(), plain));
    samples.push(generated(8, &large, all));
    let of = |section| {
        let count = |sample: &Sample| sample.image.view().count(section);
        samples.iter().map(count).max()
    };
    for section in Section::ALL {
        assert_ne!(of(*section), Some(0), "no sample has {}", section.name());
    }
    samples
}

/// Uses bytes up and says how they were made if that panics.
fn survives(
    sample: &Sample,
    bytes: &[u8],
    how: &dyn Fn() -> String,
    slowest: &mut Duration,
) -> bool {
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| use_up(bytes, &sample.requests)));
    let took = start.elapsed();
    if took > *slowest {
        *slowest = took;
    }
    outcome.unwrap_or_else(|_| panic!("{}: {}", sample.name, how()))
}

#[test]
fn every_damaged_byte_is_noticed() {
    let mut total = 0;
    for sample in samples() {
        let image = sample.image.as_bytes();
        let mut bytes = image.to_vec();
        let small = image.len() < 3_000;
        for at in 0..bytes.len() {
            let was = bytes[at];
            for value in 0..=255_u8 {
                let chosen = small || [was ^ 1, was ^ 0x80, !was].contains(&value);
                if value == was || !chosen {
                    continue;
                }
                bytes[at] = value;
                total += 1;
                let refused = Image::from_bytes(&bytes[..]).is_err();
                assert!(refused, "{}: byte {at} as {value}", sample.name);
            }
            bytes[at] = was;
        }
        assert!(Image::from_bytes(&bytes[..]).is_ok());
    }
    println!("{total} damaged images refused");
}

#[test]
fn every_truncation_is_noticed() {
    for sample in samples() {
        let image = sample.image.as_bytes();
        for len in 0..image.len() {
            let refused = Image::from_bytes(&image[..len]).is_err();
            assert!(refused, "{}: {len} bytes", sample.name);
            // Also if everything that says how long it should be is repaired.
            let mut cut = image[..len].to_vec();
            repair(&mut cut);
            let refused = Image::from_bytes(&cut[..]).is_err();
            assert!(refused, "{}: {len} bytes, repaired", sample.name);
        }
        let longer: Vec<u8> = image.iter().copied().chain([0; 8]).collect();
        assert!(Image::from_bytes(&longer[..]).is_err(), "{}", sample.name);
    }
}

/// A change of one or more bytes or words.
fn change_words(bytes: &mut [u8], source: &mut Bytes) {
    let times = [1, 1, 1, 2, 4][source.below(5)];
    for _ in 0..times {
        let at = source.below(bytes.len());
        if source.below(3) == 0 {
            bytes[at] ^= 1 << source.below(8);
        } else {
            let at = at & !3;
            let was = word_at(bytes, at);
            let word = bad_word(bytes, was, source);
            put(bytes, at, word);
        }
    }
}

/// A change of the table of sections.
fn change_table(bytes: &mut [u8], source: &mut Bytes) {
    let count = word_at(bytes, 12) as usize;
    let entry = Header::SIZE + Header::ENTRY * source.below(count);
    match source.below(3) {
        // A boundary moves.
        0 => {
            let by = 8 * (1 + source.below(8)) as u32;
            let next = entry + Header::ENTRY;
            for (at, by) in [
                (entry + 8, by.wrapping_neg()),
                (next + 4, by.wrapping_neg()),
                (next + 8, by),
            ] {
                put(bytes, at, word_at(bytes, at).wrapping_add(by));
            }
        }
        // Two sections change places.
        1 => {
            let other = Header::SIZE + Header::ENTRY * source.below(count);
            for field in [0, 4, 8] {
                let words = (word_at(bytes, entry + field), word_at(bytes, other + field));
                put(bytes, entry + field, words.1);
                put(bytes, other + field, words.0);
            }
        }
        _ => {
            let at = entry + 4 * source.below(4);
            let word = bad_word(bytes, word_at(bytes, at), source);
            put(bytes, at, word);
        }
    }
}

/// A change of whole records or sections, also with those of another image.
fn splice(parts: &mut Parts, other: &Parts, source: &mut Bytes) {
    let index = source.below(parts.sections.len());
    let (number, content) = &mut parts.sections[index];
    let size = Section::ALL[*number as usize].record_size();
    let records = content.len() / size;
    let record = |source: &mut Bytes| size * source.below(records);
    match source.below(7) {
        0 => content.truncate(size * source.below(records)),
        1 => {
            let from = record(source);
            let copy: Vec<u8> = content.iter().skip(from).take(size).copied().collect();
            content.extend(copy);
        }
        2 if records > 0 => {
            let at = record(source);
            content[at..at + size].fill(0);
        }
        3 if records > 0 => {
            let (a, b) = (record(source), record(source));
            for byte in 0..size {
                content.swap(a + byte, b + byte);
            }
        }
        4 if records > 0 => {
            let at = record(source);
            content.drain(at..at + size);
        }
        5 => {
            parts.sections.remove(index);
        }
        _ => {
            if let Some((_, theirs)) = other.sections.iter().find(|(other, _)| other == number) {
                content.clone_from(theirs);
            }
        }
    }
}

#[test]
fn forged_images_are_refused_or_used_to_the_end() {
    let samples = samples();
    let parts: Vec<Parts> = samples
        .iter()
        .map(|sample| Parts::of(&sample.image))
        .collect();
    for (sample, parts) in samples.iter().zip(&parts) {
        assert_eq!(parts.join(), sample.image.as_bytes(), "{}", sample.name);
    }
    let (mut accepted, mut slowest) = (0, Duration::ZERO);
    let total = cases(200_000);
    for case in 0..total {
        let mut source = Bytes::new(case as u64);
        let which = source.below(samples.len());
        let sample = &samples[which];
        let mut bytes;
        match source.below(8) {
            0 => {
                bytes = sample.image.as_bytes().to_vec();
                change_table(&mut bytes, &mut source);
            }
            1 | 2 => {
                let mut changed = parts[which].clone();
                let other = &parts[source.below(parts.len())];
                for _ in 0..=source.below(2) {
                    splice(&mut changed, other, &mut source);
                }
                bytes = changed.join();
            }
            _ => {
                bytes = sample.image.as_bytes().to_vec();
                change_words(&mut bytes, &mut source);
            }
        }
        repair(&mut bytes);
        let how = || format!("case {case}");
        accepted += usize::from(survives(sample, &bytes, &how, &mut slowest));
    }
    println!(
        "{total} forged images, {accepted} of them accepted and used, the slowest in {slowest:?}"
    );
    assert!(
        accepted * 50 > total,
        "too few get past the validator to say anything"
    );
}

/// Each word of an image in turn, so that no field is left out by chance.
#[test]
fn every_word_forged() {
    let (mut total, mut accepted, mut slowest) = (0, 0, Duration::ZERO);
    for sample in samples()
        .iter()
        .filter(|sample| sample.image.as_bytes().len() < 8_000)
    {
        let image = sample.image.as_bytes();
        for at in (0..image.len()).step_by(4) {
            let was = word_at(image, at);
            for word in [
                0,
                1,
                u32::MAX,
                was.wrapping_add(1),
                was.wrapping_sub(1),
                was ^ 1 << 16,
            ] {
                if word == was {
                    continue;
                }
                let mut bytes = image.to_vec();
                put(&mut bytes, at, word);
                repair(&mut bytes);
                let how = || format!("{word} at {at}");
                accepted += usize::from(survives(sample, &bytes, &how, &mut slowest));
                total += 1;
            }
        }
    }
    println!(
        "{total} forged images, {accepted} of them accepted and used, the slowest in {slowest:?}"
    );
}
