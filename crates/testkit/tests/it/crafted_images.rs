//! Images that nobody would make by accident: each is an attack on what a reader takes for granted.

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::wire::name_hash;
use portcullis_image::{
    Candidate, CandidateSet, Header, Id, Image, Insn, Pattern, PatternKind, Section, Slot, Start,
    Statement, StatementFlags, Str, Token, TokenRecord, disassemble,
};
use portcullis_testkit::forge::{Parts, put, use_up, word_at};
use portcullis_testkit::{Request, World};

fn image_of(statements: &str) -> Image<Vec<u8>> {
    let world = World {
        identity: vec![format!(
            r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#
        )],
        ..World::default()
    };
    let arena = Bump::new();
    let sets = world.read(&arena).unwrap();
    Image::from_bytes(compile(&sets, Options::default()).unwrap()).unwrap()
}

fn ask(resource: &str) -> Request {
    Request::get_object(resource, &[("aws:username", &["bob"])])
}

fn section(parts: &mut Parts, wanted: Section) -> &mut Vec<u8> {
    let found = parts
        .sections
        .iter_mut()
        .find(|(number, _)| *number == wanted as u32);
    &mut found.unwrap().1
}

/// A run of wildcards longer than any width that can be formatted.
#[test]
fn very_many_question_marks_are_written_out() {
    let marks = "?".repeat(150_000);
    let image = image_of(&format!(
        r#"{{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{marks}"}}"#
    ));
    let mut text = String::new();
    disassemble(image.view(), &mut text).unwrap();
    assert_eq!(text.matches('?').count(), marks.len());
    assert!(use_up(image.as_bytes(), &[ask("arn:aws:s3:::b")]));
}

/// The table of actions leads out of the actions, to bytes that look like an action with postings whose
/// set is as long as a number can be.
#[test]
fn the_table_of_actions_leads_nowhere_else() {
    let image = image_of(
        r#"{"Effect":"Allow","Action":["s3:GetObject","s3:Put*"],"Resource":"arn:aws:s3:::b/*"}"#,
    );
    let requests = [ask("arn:aws:s3:::b/k")];
    assert!(use_up(image.as_bytes(), &requests));
    let entries = image.view().count(Section::ActionTable);
    for entry in 0..entries {
        let mut parts = Parts::of(&image);
        for number in [3, 4, 100, 1 << 20, u32::MAX - 1, u32::MAX] {
            put(
                section(&mut parts, Section::ActionTable),
                8 * entry as usize + 4,
                number,
            );
            let bytes = parts.join();
            let limit = image.view().count(Section::Actions);
            let refused = Image::from_bytes(&bytes[..]).is_err();
            assert_eq!(refused, number > limit, "{number} in place {entry}");
        }
    }
    // A set of all that a number can say is refused too.
    let mut parts = Parts::of(&image);
    for field in 0..4 {
        put(
            section(&mut parts, Section::CandidateSets),
            4 * field,
            u32::MAX,
        );
    }
    assert!(CandidateSet::SIZE >= 16 && Image::from_bytes(parts.join()).is_err());
}

/// A set whose candidates are hashed, with other buckets than it has.
#[test]
fn buckets_that_are_not_there_are_out_of_range() {
    let buckets: Vec<String> = (0..200)
        .map(|number| format!(r#""arn:aws:s3:::bucket-{number}/*""#))
        .collect();
    let image = image_of(&format!(
        r#"{{"Effect":"Allow","Action":"s3:GetObject","Resource":[{}]}}"#,
        buckets.join(",")
    ));
    let view = image.view();
    let mut sets = view.ids::<CandidateSet>();
    let number = sets.find(|set| view.get(*set).probe_count > 0);
    let number = number.unwrap();
    let set = view.get(number);
    let accepted = |change: &dyn Fn(&mut Parts)| {
        let mut parts = Parts::of(&image);
        change(&mut parts);
        use_up(&parts.join(), &[ask("arn:aws:s3:::bucket-7/k")])
    };
    assert!(accepted(&|_| ()));
    assert!(!accepted(&|parts| section(parts, Section::Buckets).clear()));
    let with = |changed: CandidateSet| {
        accepted(&|parts| {
            let at = number.index() * CandidateSet::SIZE;
            section(parts, Section::CandidateSets)[at..at + CandidateSet::SIZE]
                .copy_from_slice(&changed.encode());
        })
    };
    // Fewer are too few to find all, but safe.
    let bits = |bits| CandidateSet { bits, ..set };
    assert!(set.bits > 1 && with(bits(set.bits - 1)));
    for changed in [
        bits(0),
        bits(set.bits + 1),
        bits(CandidateSet::MAX_BITS + 1),
        bits(64),
        bits(u16::MAX),
    ] {
        assert!(!with(changed), "{changed:?}");
    }
    let last = view.count(Section::Buckets) - (1 << set.bits) - 1;
    for (buckets, fits) in [(last, true), (last + 1, false), (u32::MAX, false)] {
        assert_eq!(with(CandidateSet { buckets, ..set }), fits, "{buckets}");
    }
    // A bucket ends among the candidates, and not before it begins.
    let candidates = view.count(Section::Candidates);
    let end = 4 * (view.count(Section::Buckets) as usize - 1);
    for (at, number, fits) in [
        (end, candidates, true),
        (end, candidates + 1, false),
        (0, candidates, false),
    ] {
        let changed = accepted(&|parts| put(section(parts, Section::Buckets), at, number));
        assert_eq!(changed, fits, "{at}: {number}");
    }
}

/// Many records that all refer to the same long text must not make loading take their product.
#[test]
fn loading_is_linear_also_if_texts_are_shared() {
    let name = "a".repeat(100_000);
    let image = image_of(&format!(
        r#"{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{{"StringEquals":{{"{name}":"x"}}}}}}"#
    ));
    let mut parts = Parts::of(&image);
    let slots = section(&mut parts, Section::Slots);
    let long: Vec<u8> = slots[slots.len() - 16..].to_vec();
    for _ in 0..5_000 {
        slots.extend_from_slice(&long);
    }
    let count = (slots.len() / 16) as u32;
    let hash = name_hash(name.as_bytes());
    let index = section(&mut parts, Section::SlotIndex);
    // The order of the hashes does not matter: the slots are looked at first.
    for slot in count - 5_000..count {
        index.extend_from_slice(&hash.to_le_bytes());
        index.extend_from_slice(&slot.to_le_bytes());
    }
    let error = Image::from_bytes(parts.join()).unwrap_err();
    assert_eq!(error.what, "a slot that is not well-formed");

    // What a compiler writes is not touched by the bound: a long key in every class.
    let operators = ["StringEquals", "NumericEquals", "DateEquals", "IpAddress"];
    let values = ["1", "1", "2026-01-01", "10.0.0.0/8"];
    let conditions: Vec<String> = operators
        .iter()
        .zip(values)
        .map(|(operator, value)| format!(r#""{operator}":{{"{name}":"{value}"}}"#))
        .collect();
    image_of(&format!(
        r#"{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{{{}}}}}"#,
        conditions.join(",")
    ));
    // Long numbers that several conditions share neither.
    let number = format!("1{}", ".0".to_string() + &"0".repeat(100_000));
    let conditions: Vec<String> = (0..40)
        .map(|key| format!(r#""NumericEquals":{{"s3:k{key}":"{number}"}}"#))
        .map(|condition| {
            format!(
                r#"{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{{{condition}}}}}"#
            )
        })
        .collect();
    image_of(&conditions.join(","));
}

const SOME_PATTERNS: &str = r#"{"Effect":"Allow","Action":["s3:Get*","s3:P*t"],"Resource":["arn:aws:s3:::b/*/c","arn:aws:s3:::b/?"]}"#;

/// A reference to the record behind the last one is refused, also if what would be read there fits.
#[test]
fn the_statement_behind_the_last_is_out_of_range() {
    let image = image_of(SOME_PATTERNS);
    let view = image.view();
    // A candidate of that statement.
    let statements = view.count(Section::Statements);
    let mut parts = Parts::of(&image);
    let candidates = section(&mut parts, Section::Candidates);
    let mut candidate = view.get(Id::<Candidate>::FIRST);
    candidate.statement = Id::new(statements);
    let bytes = candidate.encode();
    candidates[..bytes.len()].copy_from_slice(&bytes);
    let error = Image::from_bytes(parts.join()).unwrap_err();
    assert_eq!(error.what, "a candidate that is not well-formed");
}

/// A pattern whose tokens begin behind the last end.
#[test]
fn the_tokens_behind_the_last_are_out_of_range() {
    let image = image_of(SOME_PATTERNS);
    let view = image.view();
    let mut parts = Parts::of(&image);
    let tokens = view.count(Section::Tokens);
    let patterns = section(&mut parts, Section::Patterns);
    let mut refused = 0;
    for id in view.ids::<Pattern>() {
        let mut pattern = view.get(id);
        if pattern.kind == PatternKind::Tokens {
            pattern.tokens = Start(Id::new(tokens));
            let bytes = pattern.encode();
            let at = id.index() * bytes.len();
            patterns[at..at + bytes.len()].copy_from_slice(&bytes);
            refused += 1;
        }
    }
    assert!(refused > 0);
    assert!(Image::from_bytes(parts.join()).is_err());
}

/// The index of slots must find every slot by the hash of its name: a key that is not found would count
/// as absent.
#[test]
fn the_index_of_slots_finds_every_slot() {
    let image = image_of(
        r#"{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"x:a":"1","x:b":"2"}}}"#,
    );
    let entries = image.view().count(Section::SlotIndex) as usize;
    assert!(entries > 2);
    let refused = |change: &dyn Fn(&mut [u8])| {
        let mut parts = Parts::of(&image);
        change(section(&mut parts, Section::SlotIndex));
        Image::from_bytes(parts.join()).is_err()
    };
    assert!(!refused(&|_| ()));
    for entry in 0..entries {
        let at = 8 * entry;
        // Another hash, which keeps the order.
        assert!(refused(&|index| index[at] ^= 1), "hash of {entry}");
        // A slot that another entry has, and one that is not there.
        let other = 8 * ((entry + 1) % entries) + 4;
        assert!(
            refused(&|index| index.copy_within(other..other + 4, at + 4)),
            "slot of {entry}"
        );
        assert!(
            refused(&|index| put(index, at + 4, entries as u32)),
            "slot of {entry}"
        );
    }
}

/// The image with a word of a section changed: what `from_bytes` says of it, if it refuses it.
fn refusal(image: &Image<Vec<u8>>, of: Section, word: usize, to: u32) -> Option<&'static str> {
    let mut parts = Parts::of(image);
    put(section(&mut parts, of), 4 * word, to);
    Image::from_bytes(parts.join())
        .err()
        .map(|error| error.what)
}

/// Texts are UTF-8, the first and the last.
#[test]
fn texts_are_text() {
    let image = image_of(SOME_PATTERNS);
    let len = section(&mut Parts::of(&image), Section::Strings).len();
    for at in [0, len - 1] {
        let mut parts = Parts::of(&image);
        section(&mut parts, Section::Strings)[at] = 0xff;
        let error = Image::from_bytes(parts.join()).unwrap_err();
        assert_eq!(error.what, "text that is not UTF-8", "{at} of {len}");
    }
}

/// What explanations print lies in the image, each part of it.
#[test]
fn what_explanations_print_is_in_range() {
    let image = image_of(
        r#"{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"x:a":"1"}}},
        {"Sid":"B","Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"x:b":["2","3*"]}}}"#,
    );
    let view = image.view();
    let word = |of, at| {
        let mut parts = Parts::of(&image);
        word_at(section(&mut parts, of), 4 * at)
    };
    let source = "a source that is not well-formed";
    let origin = "an origin that is not well-formed";
    let insn = "an instruction's source that is not well-formed";
    for (of, words, what) in [
        // Name and file, each with its length.
        (Section::PolicySources, &[0, 1, 2, 3][..], source),
        // The source, the `Sid` and the lists of entries, of both statements; the rest are numbers.
        (
            Section::StatementSources,
            &[0, 2, 3, 8, 9, 10, 12, 13, 18, 19],
            origin,
        ),
        // Operator, key and list of values, of both instructions.
        (Section::InsnSources, &[0, 1, 2, 3, 4, 6, 7, 8, 9, 10], insn),
    ] {
        for at in words {
            assert_eq!(refusal(&image, of, *at, word(of, *at)), None);
            assert_eq!(refusal(&image, of, *at, u32::MAX), Some(what), "{at}");
        }
    }
    let sources = view.count(Section::PolicySources);
    assert_eq!(
        refusal(&image, Section::StatementSources, 0, sources),
        Some(origin)
    );
    // Of all statements and instructions, or of none.
    for (of, size, what) in [
        (
            Section::StatementSources,
            40,
            "origins of some statements only",
        ),
        (
            Section::InsnSources,
            24,
            "sources of some instructions only",
        ),
    ] {
        let refused = |len| {
            let mut parts = Parts::of(&image);
            section(&mut parts, of).truncate(len);
            Image::from_bytes(parts.join())
                .err()
                .map(|error| error.what)
        };
        let reasons = [2 * size, size, 0].map(refused);
        assert_eq!(reasons, [None, Some(what), None]);
    }
}

/// Variables in patterns are read from a slot of texts.
#[test]
fn variables_have_a_slot_of_texts() {
    let image = image_of(
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${x:a}/${x:b,'c'}/*",
        "Condition":{"NumericEquals":{"x:n":"1"}}}"#,
    );
    let view = image.view();
    let slots = view.count(Section::Slots);
    let number = view
        .ids::<Slot>()
        .find(|slot| view.text(view.get(*slot).name) == "x:n");
    let mut variables = 0;
    for id in view.ids::<TokenRecord>() {
        let Token::Variable { slot, default } = view.get(id).into() else {
            continue;
        };
        variables += 1;
        let with = |token: Token| {
            let mut parts = Parts::of(&image);
            let at = id.index() * TokenRecord::SIZE;
            section(&mut parts, Section::Tokens)[at..at + TokenRecord::SIZE]
                .copy_from_slice(&TokenRecord::from(token).encode());
            Image::from_bytes(parts.join())
                .err()
                .map(|error| error.what)
        };
        assert_eq!(with(Token::Variable { slot, default }), None);
        for slot in [number.unwrap(), Id::new(slots), Id::new(u32::MAX)] {
            let refusal = with(Token::Variable { slot, default });
            assert_eq!(refusal, Some("a token that is not well-formed"), "{slot}");
        }
        let nowhere = Some(Str {
            offset: u32::MAX,
            len: 1,
        });
        let refusal = with(Token::Variable {
            slot,
            default: nowhere,
        });
        assert_eq!(refusal, Some("a token that is not well-formed"));
    }
    assert_eq!(variables, 2);
}

/// Lists follow one another, each with a head, to the end, and what they have in them is there.
#[test]
fn lists_are_whole() {
    let image = image_of(SOME_PATTERNS);
    let lists = image.view().count(Section::Lists);
    assert!(lists > 4);
    let mut parts = Parts::of(&image);
    let list = section(&mut parts, Section::Lists).clone();
    let mut heads = 0;
    for word in 0..lists as usize {
        let is_head = word_at(&list, 4 * word) >> 31 == 1;
        heads += usize::from(is_head);
        let (to, what) = match is_head {
            true => (0, "a list without a head"),
            false => (u32::MAX >> 1, "a list with an item out of range"),
        };
        assert_eq!(
            refusal(&image, Section::Lists, word, to),
            Some(what),
            "{word}"
        );
    }
    assert!(heads > 1);
    let longer = word_at(&list, 0) + 1_000;
    let refusal = refusal(&image, Section::Lists, 0, longer);
    assert_eq!(refusal, Some("a list that does not end"));
}

/// What the disassembly shows of patterns for ARNs, which are taken apart.
#[test]
fn patterns_for_arns_are_written_out() {
    let image = image_of(
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ArnLike":{"x:a":["*","arn:a?s:s3:::b*"]}}}"#,
    );
    let mut text = String::new();
    disassemble(image.view(), &mut text).unwrap();
    let line = text.lines().find(|line| line.contains("x:a"));
    let line = line.unwrap().trim_start();
    assert_eq!(line, "0  arn x:a * arn:a?s:s3:::b*", "{text}");
}

/// A decision ends at the first Deny: none may stand behind an Allow. A statement has no layer that its
/// part does not have.
#[test]
fn every_deny_stands_before_every_allow() {
    let image = image_of(
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}"#,
    );
    let size = Section::Statements.record_size();
    let what = "a Deny after an Allow, or a layer that its unit does not have";
    let mut parts = Parts::of(&image);
    let statements = section(&mut parts, Section::Statements);
    assert_eq!(statements.len(), 2 * size);
    statements.rotate_left(size);
    let error = Image::from_bytes(parts.join()).unwrap_err();
    assert_eq!(error.what, what);
}

/// The literals of an instruction lie in the image, and there is a second one where its shape has one; short
/// texts are there, and are texts.
#[test]
fn literals_and_short_texts_are_what_they_say() {
    // The instructions are in the order of the keys, 8 words each.
    let image = image_of(
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{
            "ArnLike":{"x:a":"arn:aws:iam::*:role/r"},
            "StringLike":{"x:b":["one*two*"],"x:c":["longer than sixteen*"]},
            "StringEquals":{"x:d":["a","b"]}}}"#,
    );
    let mut text = String::new();
    disassemble(image.view(), &mut text).unwrap();
    for instruction in [
        "span x:a arn:aws:iam::[^:]*:role/r\n",
        "span x:b one*two*\n",
        "span x:c longer than sixteen*\n",
        r#"text.among x:d "a" "b""#,
    ] {
        assert!(text.contains(instruction), "{instruction} in {text}");
    }
    let word = |at: usize| {
        let (offset, _) = image.view().section(Section::Code);
        word_at(image.as_bytes(), offset + 4 * at)
    };
    let far = image.as_bytes().len() as u32;
    let what = Some("an instruction that is not well-formed");
    for (at, to, expected) in [
        // Where literals are, and how long.
        (2, far, what),
        (3, far, what),
        (3, word(3) - 1, None),
        (4, far, what),
        (5, far, what),
        // Behind a part of an ARN stands a colon.
        (4, word(4) + 1, what),
        // Shapes: with two literals, with one, and what is none.
        (6, 0, what),
        (6, 1, None),
        (6, 2, None),
        (6, 6, None),
        (6, 3, what),
        (6, 8, what),
        (7, 1, what),
        (8 + 6, 4, what),
        (8 + 6, 1, None),
        (8 + 6, 2, what),
        (16 + 6, 0, None),
        (16 + 6, 1, None),
        (16 + 6, 2, what),
        (16 + 4, 1, what),
        // Short texts: the first, their number, and nothing else.
        (24 + 2, 1, what),
        (24 + 2, u32::MAX, what),
        (24 + 3, 1, None),
        (24 + 3, 3, what),
        (24 + 3, u32::MAX, what),
        (24 + 4, 1, what),
        (24 + 6, 1, what),
    ] {
        assert_eq!(
            refusal(&image, Section::Code, at, to),
            expected,
            "{at}: {to}"
        );
    }
    let what = Some("a text that is not one");
    for (at, to, expected) in [
        (0, u32::from(b'c'), None),
        (0, 0xff, what),
        (1, 1, what),
        (3, 1, what),
        (4, 0, what),
        (4, 2, None),
        (4, 17, what),
        (5, 1, what),
    ] {
        let found = refusal(&image, Section::ShortTexts, at, to);
        assert_eq!(found, expected, "{at}: {to}");
    }
}

/// A guard begins where no other goes on.
#[test]
fn guards_begin_behind_an_end() {
    let image = image_of(
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"x:a":"1","x:b":"2"}}}"#,
    );
    let view = image.view();
    let accepted = |guard: u32| {
        let mut parts = Parts::of(&image);
        let statement = Statement {
            guard: Some(Id::new(guard)),
            ..view.get(Id::FIRST)
        };
        section(&mut parts, Section::Statements).copy_from_slice(&statement.encode());
        Image::from_bytes(parts.join()).is_ok()
    };
    let first: Statement = view.get(Id::FIRST);
    assert_eq!(first.guard, Some(Id::<Insn>::FIRST));
    assert_eq!(view.count(Section::Code), 2);
    assert_eq!([0, 1, 2, 3].map(accepted), [true, false, false, false]);
}

/// A header that is right but for one word, with a checksum that is right for it.
#[test]
fn every_word_of_the_header_counts() {
    let image = image_of(SOME_PATTERNS);
    let refusal = |at: usize, word: u32| {
        let mut bytes = image.as_bytes().to_vec();
        put(&mut bytes, at, word);
        let checksum = Header::checksum_of(&bytes).to_le_bytes();
        bytes[24..32].copy_from_slice(&checksum);
        Image::from_bytes(bytes).err().map(|error| error.what)
    };
    let word = |at| word_at(image.as_bytes(), at);
    for at in [0, 4, 8, 12, 16, 20, 32, 36, 40] {
        assert_eq!(refusal(at, word(at)), None);
    }
    let version = "a format version that this build does not read";
    let length = "a length that is not the length of the file";
    let flags = "unknown flags";
    for (at, to, what) in [
        (0, word(0) ^ 1, "no magic number"),
        (4, word(4) ^ 1 << 31, "no magic number"),
        (8, u32::from(Header::VERSION) + 1, version),
        (8, u32::from(Header::VERSION) - 1, version),
        (8, u32::from(Header::VERSION) | 1 << 16, version),
        (8, 0, version),
        (16, word(16) + 1, length),
        (16, word(16) - 1, length),
        (20, 1, length),
        (32, word(32) | 1 << 31, flags),
        (36, 4, flags),
        (44, 1, flags),
        (60, 1 << 31, flags),
    ] {
        assert_eq!(refusal(at, to), Some(what), "{to:#x} at {at}");
    }
    // Sections more and fewer than there are.
    assert!(refusal(12, word(12) + 1).is_some() && refusal(12, word(12) - 1).is_some());
    assert!(refusal(12, u32::MAX).is_some());
}

/// What is read of a statement is what was written of it.
#[test]
fn statements_are_read_as_they_were_written() {
    let image = image_of(SOME_PATTERNS);
    for flags in 0..16 {
        let statement = Statement {
            flags: StatementFlags {
                deny: flags & 1 > 0,
                not_action: flags & 2 > 0,
                not_resource: flags & 4 > 0,
                not_principal: flags & 8 > 0,
                ..StatementFlags::default()
            },
            ..image.view().get(Id::FIRST)
        };
        let bytes = statement.encode();
        assert_eq!(Statement::decode(&bytes, 0), statement);
        // The flags are the bits of the first word, in this order.
        assert_eq!(word_at(&bytes, 0) & 15, flags);
    }
}
