//! What the index is worth: an index that finds too much decides right and slowly, so no comparison of decisions
//! sees it. Here the bound of work, which `inspect` prints, and the masks are counted by hand.

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::index::{MAX_PROBES, MAX_SEGMENTS, MAX_START, SCAN_LIMIT};
use portcullis_image::{Bound, Candidate, CandidateSet, Image, Section};
use portcullis_model::Decision;
use portcullis_testkit::forge::{Parts, put};
use portcullis_testkit::machine::Machine;
use portcullis_testkit::{Request, World};
use serde_json::{Value, json};

fn image(statements: &[Value], index: bool) -> Image<Vec<u8>> {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    let world = World {
        identity: vec![document.to_string()],
        ..World::default()
    };
    let arena = Bump::new();
    let options = Options { debug: true, index };
    let image = compile(&world.read(&arena).unwrap(), options).unwrap();
    Image::from_bytes(image).unwrap()
}

fn decide(image: &Image<Vec<u8>>, request: &Request) -> Decision {
    let outcome = request.with(|request| Machine::new([image.view()]).decide(request));
    outcome.decision()
}

fn bound(statements: &[Value], index: bool) -> Bound {
    image(statements, index).view().bound()
}

/// A statement for an action, on resources of these names.
fn allow(action: &str, names: &[&str]) -> Value {
    let resources: Vec<String> = names
        .iter()
        .map(|name| format!("arn:aws:s3:::{name}"))
        .collect();
    json!({"Effect": "Allow", "Action": action, "Resource": resources})
}

/// What allows every resource without condition is no candidate, but for actions that it does not name; what
/// has a condition is one, and so is a Deny.
#[test]
fn statements_with_nothing_to_verify_are_no_candidates() {
    let every =
        |effect: &str, action: &str| json!({"Effect": effect, "Action": action, "Resource": "*"});
    let mut guarded = every("Allow", "s3:GetObject");
    guarded["Condition"] = json!({"Bool": {"aws:SecureTransport": "true"}});
    let statements = [
        every("Allow", "s3:Get*"),
        every("Allow", "s3:GetObject"),
        guarded,
        every("Deny", "s3:PutObject"),
    ];
    for index in [true, false] {
        let image = image(&statements, index);
        assert_eq!(
            image.view().count(Section::Candidates),
            2 * u32::from(index)
        );
        for (action, expected) in [
            ("s3:GetObject", Decision::Allow),
            ("s3:GetBucketPolicy", Decision::Allow),
            ("s3:PutObject", Decision::ExplicitDeny),
            ("s3:ListBucket", Decision::ImplicitDeny),
        ] {
            let mut request = Request::get_object("arn:aws:s3:::b/k", &[]);
            request.action = action.to_owned();
            assert_eq!(decide(&image, &request), expected, "{action} {index}");
        }
    }
    // A candidate set says nothing of layers that the image does not have.
    let image = image(&statements, true);
    let mut parts = Parts::of(&image);
    let sets = parts.sections.iter_mut();
    let mut sets = sets.filter(|(number, _)| *number == Section::CandidateSets as u32);
    put(&mut sets.next().unwrap().1, CandidateSet::SIZE - 4, 2);
    assert!(Image::from_bytes(parts.join()).is_err());
}

/// So many resources that they are hashed.
fn many(action: &str, name: &dyn Fn(usize) -> String) -> Value {
    let names: Vec<String> = (0..300).map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    allow(action, &names)
}

#[test]
fn without_index_it_is_every_statement() {
    let statements = [allow("s3:GetObject", &["a", "b"]), allow("s3:*", &["c"])];
    let expected = Bound {
        scanned: 2,
        ..Bound::default()
    };
    assert_eq!(bound(&statements, false), expected);
    assert_eq!(bound(&[], true), Bound::default());
}

/// A name meets its own candidates, those of its starts, those of every action, and, if it is unlucky,
/// those of all patterns that are neither.
#[test]
fn candidates_that_are_scanned_add_up() {
    let names = allow("s3:GetObject", &["a", "b"]);
    let starts = allow("s3:Get*", &["c", "d", "e"]);
    let other = allow("s3:PutObject", &["f"]);
    let every = allow("*", &["g", "h", "i", "j", "k"]);
    let tokens = allow("s3:*Object", &["l"]);
    let more_tokens = allow("*:G?tObject", &["m", "n", "o", "p", "q", "r", "s"]);
    let scanned = |statements: &[&Value]| {
        let statements: Vec<Value> = statements.iter().copied().cloned().collect();
        let bound = bound(&statements, true);
        assert_eq!((bound.probes, bound.in_bucket), (0, 0));
        (bound.patterns, bound.scanned)
    };
    assert_eq!(scanned(&[&names]), (0, 2));
    assert_eq!(scanned(&[&names, &other]), (0, 2));
    assert_eq!(scanned(&[&names, &starts, &other]), (0, 5));
    assert_eq!(scanned(&[&names, &starts, &other, &every]), (0, 10));
    assert_eq!(scanned(&[&every]), (0, 5));
    assert_eq!(scanned(&[&tokens]), (1, 1));
    assert_eq!(scanned(&[&other, &tokens]), (1, 2));
    assert_eq!(scanned(&[&names, &tokens, &more_tokens]), (2, 10));
    assert_eq!(
        scanned(&[&names, &starts, &every, &tokens, &more_tokens]),
        (2, 18)
    );
    // What is looked up is one or the other, what is tried one by one comes on top.
    let start = |len: usize| allow(&format!("s3:{}*", "G".repeat(len)), &["t"]);
    for (beside, is_looked_up) in [
        (start(MAX_START - 1), true),
        (start(MAX_START), false),
        (allow("s3:*", &["t"]), true),
        (allow("s3:PutObject", &["t"]), true),
        (allow("s3:P?tObject", &["t"]), false),
        (allow("s?:GetObject", &["t"]), false),
        (allow("*:GetObject", &["t"]), false),
        (allow("s*:Put*", &["t"]), false),
    ] {
        let of_start = u64::from(beside["Action"] == "s3:*");
        let expected = match is_looked_up {
            true => (0, 2 + of_start),
            false => (1, 3),
        };
        assert_eq!(scanned(&[&names, &beside]), expected, "{beside}");
    }
}

#[test]
fn places_of_the_hash_table_add_up() {
    let first = many("s3:GetObject", &|number| format!("first-{number}/*"));
    let second = many("s3:Get*", &|number| format!("second-{number}/*"));
    let behind = many("s3:PutObject", &|number| format!("*/behind-{number}/*"));
    let tokens = many("s3:*Object", &|number| format!("tokens-{number}/*"));
    let probes = |statements: &[&Value]| {
        let statements: Vec<Value> = statements.iter().copied().cloned().collect();
        let bound = bound(&statements, true);
        assert_eq!(bound.scanned, 0);
        (bound.patterns, bound.probes)
    };
    let all = MAX_SEGMENTS as u64;
    assert_eq!(probes(&[&first]), (0, 1));
    assert_eq!(probes(&[&first, &second]), (0, 2));
    assert_eq!(probes(&[&behind]), (0, all));
    assert_eq!(probes(&[&behind, &first]), (0, all));
    assert_eq!(probes(&[&first, &tokens]), (1, 2));
    assert_eq!(probes(&[&behind, &tokens, &second]), (1, all + 1));
}

/// Wherever the candidates stand in the table, the fullest place counts.
#[test]
fn the_fullest_place_counts() {
    let image = image(
        &[many("s3:GetObject", &|number| format!("b-{number}/*"))],
        true,
    );
    let view = image.view();
    let numbers = view.count(Section::Buckets) as usize;
    let all = view.count(Section::Candidates);
    assert!(numbers > 8 && all >= 300);
    assert!(view.bound().in_bucket < u64::from(all / 10));
    for full in [0, 1, numbers / 2, numbers - 2] {
        let mut parts = Parts::of(&image);
        let mut sections = parts.sections.iter_mut();
        let table = sections.find(|(number, _)| *number == Section::Buckets as u32);
        let (_, table) = table.unwrap();
        for number in 0..numbers {
            put(table, 4 * number, if number > full { all } else { 0 });
        }
        let image = Image::from_bytes(parts.join()).unwrap();
        assert_eq!(image.view().bound().in_bucket, u64::from(all), "{full}");
    }
}

fn several(count: usize, name: &dyn Fn(usize) -> String) -> Value {
    let names: Vec<String> = (0..count).map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    allow("s3:GetObject", &names)
}

/// Few candidates are scanned, more are hashed; what has no literal to hash by is scanned beside them.
#[test]
fn many_candidates_are_hashed() {
    let plain = |number| format!("b-{number}/*");
    let few = bound(&[several(SCAN_LIMIT, &plain)], true);
    assert_eq!((few.scanned, few.probes), (SCAN_LIMIT as u64, 0));
    let more = bound(&[several(SCAN_LIMIT + 1, &plain)], true);
    assert_eq!((more.scanned, more.probes), (0, 1));
    // What asks for no literal.
    let statements = [
        several(300, &plain),
        allow("s3:GetObject", &["b-7/*"]),
        json!({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}),
        json!({"Effect": "Deny", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::b-9/*"}),
    ];
    let beside = bound(&statements, true);
    assert_eq!((beside.scanned, beside.probes), (2, 1));
    // As many shapes as are looked for, the commonest; the others are scanned.
    let depths: Vec<Value> = (0..=MAX_PROBES)
        .map(|depth| {
            several(40 - depth, &|number| {
                format!("b-{number}/{}*", "x/".repeat(depth))
            })
        })
        .collect();
    let shapes = bound(&depths, true);
    let (scanned, probes) = (40 - MAX_PROBES as u64, MAX_PROBES as u64);
    assert_eq!((shapes.scanned, shapes.probes), (scanned, probes));
}

/// As many separators as are looked at, and one more.
#[test]
fn deep_resources_are_hashed_as_far_as_segments_are_looked_at() {
    // Five separators stand before the name, two in its first part.
    for (depth, scanned) in [(MAX_SEGMENTS - 8, 0), (MAX_SEGMENTS - 7, 300)] {
        let name = |number| format!("b-{number}/{}*", "x/".repeat(depth));
        let bound = bound(&[several(300, &name)], true);
        assert_eq!(bound.scanned, scanned, "{depth}");
    }
    // The same of a later literal; the one at the start does not tell the patterns apart.
    for (depth, in_bucket) in [(MAX_SEGMENTS - 3, 1..10), (MAX_SEGMENTS - 2, 300..301)] {
        let name = |number| format!("*/b-{number}/{}*", "x/".repeat(depth));
        let bound = bound(&[several(300, &name)], true);
        assert!(in_bucket.contains(&bound.in_bucket), "{depth}: {bound:?}");
    }
}

/// A literal that all share does not tell them apart: another one is taken, wherever it stands.
#[test]
fn crowds_are_hashed_by_what_tells_them_apart() {
    for (name, probes) in [
        (
            &(|number| format!("b-{number}/*")) as &dyn Fn(usize) -> String,
            1,
        ),
        // The later literal is the longer one, then the shorter one.
        (
            &|number| format!("*/reports-of-the-team-{number}/*"),
            MAX_SEGMENTS,
        ),
        (
            &|number| format!("data-of-all-of-the-teams/*/{number}/*"),
            MAX_SEGMENTS,
        ),
        (
            &|number| format!("data/*/a-very-long-word-that-all-have/*/{number}/*"),
            MAX_SEGMENTS,
        ),
        (
            &|number| format!("b-{number}/*/a-very-long-word-that-all-of-them-have/*"),
            MAX_SEGMENTS,
        ),
    ] {
        let bound = bound(&[several(1_000, name)], true);
        assert_eq!(
            (bound.scanned, bound.probes),
            (0, probes as u64),
            "{}",
            name(7)
        );
        assert!(bound.in_bucket <= 10, "{}: {bound:?}", name(7));
    }
}

/// Many actions with many resources would be the product of both: the statement then stands with those of
/// every action, once. Neither are statements spread that name what they do not mean.
#[test]
fn the_index_is_not_the_product_of_lists() {
    let statement = |count: usize, action: &str, resource: &str| {
        let actions: Vec<String> = (0..count).map(|number| format!("s3:A{number}")).collect();
        let resources: Vec<String> = (0..count)
            .map(|number| format!("arn:aws:s3:::b-{number}/*"))
            .collect();
        json!({"Effect": "Allow", action: actions, resource: resources})
    };
    let scanned = |statement: Value| {
        let bound = bound(&[statement], true);
        (bound.scanned, bound.probes)
    };
    assert_eq!(scanned(statement(128, "Action", "Resource")), (0, 1));
    assert_eq!(scanned(statement(129, "Action", "Resource")), (1, 0));
    assert_eq!(scanned(statement(4, "NotAction", "Resource")), (1, 0));
    assert_eq!(scanned(statement(4, "Action", "NotResource")), (1, 0));
}

/// How many bits the masks of candidates have: one for each word that a pattern asks for.
#[test]
fn masks_ask_for_whole_words() {
    let bits = |name: &str| {
        let image = image(&[allow("s3:GetObject", &[name, "x", "y"])], true);
        let view = image.view();
        let mut candidates = view.ids::<Candidate>().map(|id| view.get(id));
        let pattern = format!("arn:aws:s3:::{name}");
        let found = candidates.find(|candidate| {
            let mut text = String::new();
            let pattern_of = view.get(candidate.verify.pattern().unwrap());
            text.push_str(view.text(pattern_of.literal));
            pattern.starts_with(&text) && !["arn:aws:s3:::x", "arn:aws:s3:::y"].contains(&&*text)
        });
        found.unwrap().mask.count_ones()
    };
    // `arn:`, `aws:`, `s3:`, `:` and what follows; the bits of these differ.
    for (name, own) in [
        ("c", 1),
        ("c*", 0),
        ("c/*", 1),
        ("c/k", 2),
        // Here `k` is a part of a word, or its start.
        ("c/*k", 1),
        ("c/*/k*", 1),
        ("c/*/k", 2),
        ("c/?/k", 2),
        ("c/*-k-*", 2),
        ("c/*/longer/*", 2),
        ("c/*/longer/and/*/k", 4),
    ] {
        assert_eq!(bits(name), 4 + own, "{name}");
    }
    // As quickly verified as told apart.
    let image = image(&[allow("s3:GetObject", &["c/k", "d/k"])], true);
    let view = image.view();
    let candidates = view.ids::<Candidate>().map(|id| view.get(id));
    assert_eq!(candidates.filter(|own| own.mask == 0).count(), 2);
}

/// Starts of actions are found whatever their length, and are the starts of no other action.
#[test]
fn starts_of_actions_of_every_length() {
    let letters: String = ('a'..='z')
        .chain('A'..='Z')
        .chain('0'..='9')
        .cycle()
        .take(80)
        .collect();
    for len in 1..=70 {
        let start = &letters[..len];
        let image = image(&[allow(&format!("s3:{start}*"), &["b"])], true);
        let mut machine = Machine::new([image.view()]);
        let mut decide = |action: &str| {
            let mut request = Request::get_object("arn:aws:s3:::b", &[]);
            request.action = action.into();
            request.with(|request| machine.decide(request)).decision()
        };
        assert_eq!(decide(&format!("s3:{start}")), Decision::Allow, "{len}");
        assert_eq!(decide(&format!("s3:{letters}")), Decision::Allow, "{len}");
        assert_eq!(
            decide(&format!("s3:{}", &start[1..])),
            Decision::ImplicitDeny,
            "{len}"
        );
        assert_eq!(
            decide(&format!("s3:{}!", &start[..len - 1])),
            Decision::ImplicitDeny,
            "{len}"
        );
        assert_eq!(
            decide(&format!("sns:{start}")),
            Decision::ImplicitDeny,
            "{len}"
        );
    }
}
