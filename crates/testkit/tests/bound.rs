//! The bound of work that `inspect` prints, counted by hand.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::index::{MAX_SEGMENTS, MAX_START};
use portcullis_image::{Bound, Image, Section};
use portcullis_testkit::World;
use portcullis_testkit::forge::{Parts, put};
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
