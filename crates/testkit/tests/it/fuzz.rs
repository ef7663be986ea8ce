//! The properties of the fuzz targets, on bytes that are the same in every run: pieces of the corpus
//! changed a little, choices for generators, and every input that a fuzzer found and that was kept.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::{Image, Section};
use portcullis_testkit::Bytes;
use portcullis_testkit::corpus::{documents, root};
use portcullis_testkit::forge::Parts;
use portcullis_testkit::fuzz::{self, TARGETS, Target};
use portcullis_testkit::generate::{Settings, world};

/// `PORTCULLIS_CASES` asks for more than the ordinary run.
fn cases(ordinary: u64) -> u64 {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

/// Some bytes are changed, left out, doubled, or replaced by what JSON and policies are made of.
fn change(data: &mut Vec<u8>, source: &mut Bytes) {
    const PIECES: [&str; 18] = [
        "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "*", "?", "${", "null", "1e400", "\u{feff}",
        "\u{e9}", "arn:", "\"Deny\"", "IfExists",
    ];
    for _ in 0..=source.below(3) {
        let at = source.below(data.len() + 1);
        let end = (at + source.below(12)).min(data.len());
        match source.below(4) {
            0 if at < data.len() => data[at] = source.next_u64() as u8,
            1 => drop(data.drain(at..end)),
            2 => {
                let copy = data[at..end].to_vec();
                data.splice(at..at, copy);
            }
            _ => {
                let piece = PIECES[source.below(PIECES.len())];
                data.splice(at..end, piece.bytes());
            }
        }
    }
}

fn run(seeds: &[Vec<u8>], count: u64, target: fn(&[u8])) {
    for seed in seeds {
        target(seed);
    }
    for case in 0..count {
        let mut source = Bytes::new(case);
        let mut data = seeds[source.below(seeds.len())].clone();
        change(&mut data, &mut source);
        target(&data);
    }
    println!("{} seeds, {count} changed", seeds.len());
}

/// Bytes for targets that make something of any bytes.
fn noise(count: u64, len: usize) -> Vec<Vec<u8>> {
    let some = |seed| {
        let mut source = Bytes::new(seed);
        let len = 1 + source.below(len);
        source.take(len)
    };
    (0..count).map(some).collect()
}

fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("fuzz").join(target);
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: PathBuf| {
        let bytes = fs::read(&file).unwrap();
        (file, bytes)
    };
    files.into_iter().map(read).collect()
}

#[test]
fn kept_inputs() {
    let mut count = 0;
    for Target { name, run } in TARGETS {
        let inputs = kept(name);
        assert!(!inputs.is_empty(), "{name} has no seed in corpus/fuzz");
        for (file, bytes) in inputs {
            println!("{}", file.display());
            run(&bytes);
            count += 1;
        }
    }
    println!("{count} inputs");
}

/// The table of the README, the programs of `fuzz/` and the list of properties are the same.
#[test]
fn every_target_is_built_and_described() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let bins = manifest.lines().filter_map(|line| {
        let path = line.strip_prefix("path = \"fuzz_targets/")?;
        path.strip_suffix(".rs\"")
    });
    assert_eq!(bins.collect::<BTreeSet<_>>(), names);
    let readme = fs::read_to_string(fuzz.join("README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `")?.split_once("` |")?;
        Some(name)
    });
    assert_eq!(rows.collect::<BTreeSet<_>>(), names);
    for name in names {
        let file = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        let call = format!("fuzz_target!(|data: &[u8]| fuzz::{name}(data));");
        assert!(file.contains(&call), "{name}");
    }
}

#[test]
fn number() {
    run(&noise(200_000, 24), cases(100_000), fuzz::number);
}

#[test]
fn date() {
    run(&noise(100_000, 16), cases(100_000), fuzz::date);
    let dates = [
        "\x002024-02-29T23:59:59.123456789123456789-23:59\n1709251199",
        "\x000000-01-01T00:00:00+23:59",
        "\x009999-12-31T23:59:59.999999999999999999-23:59\n253402300799",
        "\x00-1767225600000.5\n1969-12-31t00:00z",
    ];
    run(
        &dates.map(|text| text.as_bytes().to_vec()),
        cases(100_000),
        fuzz::date,
    );
}

#[test]
fn address() {
    run(&noise(200_000, 16), cases(50_000), fuzz::address);
    let blocks = [
        "\x00203.0.113.9/24\n203.0.113.200",
        "\x002001:db8::1:2:3/48\n2001:db8::9",
        "\x00::ffff:10.0.0.1/104\n10.0.0.1",
        "\x000.0.0.0/0\n255.255.255.255",
    ];
    run(
        &blocks.map(|text| text.as_bytes().to_vec()),
        cases(50_000),
        fuzz::address,
    );
}

#[test]
fn glob() {
    run(&noise(4_000, 60), cases(2_000), fuzz::glob);
}

/// Every pattern of up to four and every text of up to five characters over a small alphabet.
#[test]
fn glob_of_every_small_pattern() {
    let words = |alphabet: &[&str], len: usize| {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..len {
            last = last
                .iter()
                .flat_map(|word| alphabet.iter().map(move |c| format!("{word}{c}")))
                .collect();
            all.extend(last.clone());
        }
        all
    };
    let texts = words(&["a", "b", "\u{e9}"], 5);
    let patterns = words(&["a", "b", "*", "?"], 4);
    for pattern in &patterns {
        for texts in texts.chunks(6) {
            let input = format!("\0{pattern}\n{}", texts.join("\n"));
            fuzz::glob(input.as_bytes());
        }
    }
    println!("{} patterns, {} texts", patterns.len(), texts.len());
}

#[test]
fn json_policy() {
    let mut seeds = Vec::new();
    for folder in ["valid", "invalid"] {
        seeds.extend(
            documents(folder)
                .unwrap()
                .into_iter()
                .map(|case| case.text.into_bytes()),
        );
    }
    run(&seeds, cases(20_000), fuzz::json_policy);
}

#[test]
fn forms() {
    run(&noise(400, 600), cases(400), fuzz::forms);
    let seeds: Vec<Vec<u8>> = kept("forms").into_iter().map(|(_, bytes)| bytes).collect();
    run(&seeds, cases(4_000), fuzz::forms);
}

#[test]
fn lint() {
    let mut seeds: Vec<Vec<u8>> = documents("valid")
        .unwrap()
        .into_iter()
        .map(|case| case.text.into_bytes())
        .collect();
    seeds.extend(kept("lint").into_iter().map(|(_, bytes)| bytes));
    run(&seeds, cases(10_000), fuzz::lint);
}

#[test]
fn lsp() {
    run(&noise(1_500, 500), cases(500), fuzz::lsp);
    let seeds: Vec<Vec<u8>> = kept("lsp").into_iter().map(|(_, bytes)| bytes).collect();
    run(&seeds, cases(2_000), fuzz::lsp);
}

#[test]
fn dsl() {
    run(&noise(6_000, 60), cases(2_000), fuzz::dsl);
    let sample = root().join("../docs/editors/sample.iam");
    let mut seed = vec![0];
    seed.extend(fs::read(sample).unwrap());
    run(&[seed], cases(500), fuzz::dsl);
}

#[test]
fn round_trip() {
    run(&noise(300, 1_500), cases(300), fuzz::round_trip);
}

#[test]
fn request() {
    run(&noise(2_000, 200), cases(1_000), fuzz::request);
    let seed = br#"{"principal":"arn:aws:iam::111122223333:user/bob","action":"s3:GetObject","resource":"arn:aws:s3:::bob","context":{"aws:username":"bob","aws:TagKeys":["a"]}}"#;
    run(&[seed.to_vec()], cases(10_000), fuzz::request);
}

#[test]
fn scenario() {
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let mut seeds = vec![read(&root().join("example/scenario.json")).into_bytes()];
    for file in ["callers", "kms", "variables"] {
        let text = read(&root().join(format!("decisions/{file}.jsonl")));
        seeds.extend(text.lines().map(|line| line.as_bytes().to_vec()));
    }
    run(&seeds, cases(2_000), fuzz::scenario);
}

fn sample() -> Image<Vec<u8>> {
    let world = world(
        &mut Unstructured::new(&Bytes::new(8).take(4_000)),
        &Settings::default(),
    );
    let world = world.unwrap();
    let arena = Bump::new();
    let sets = world.read(&arena).unwrap();
    Image::from_bytes(compile(&sets, Options::default()).unwrap()).unwrap()
}

#[test]
fn image() {
    run(&[sample().as_bytes().to_vec()], cases(20_000), fuzz::image);
}

#[test]
fn instructions() {
    let parts = Parts::of(&sample());
    let code = parts
        .sections
        .into_iter()
        .find(|(number, _)| *number == Section::Code as u32);
    let code = code.unwrap().1;
    assert!(code.len() >= 64);
    run(&[code], cases(2_000), fuzz::instructions);
}

/// An account with a user, and a resource.
const DUMPS: &str = concat!(
    r#"{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ann", "UserName": "ann", "UserId": "AIDAANN","#,
    r#" "Tags": [{"Key": "team", "Value": "blue"}], "UserPolicyList": [{"PolicyName": "p", "PolicyDocument":"#,
    r#" {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}]}],"#,
    r#" "GroupDetailList": [], "RoleDetailList": [], "Policies": []}"#,
    "\0",
    r#"{"arn": "arn:aws:s3:::shop-orders", "account": "111122223333", "policy": {"Version": "2012-10-17","#,
    r#" "Statement": {"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource":"#,
    r#" "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}}}"#,
);

#[test]
fn directory() {
    let patches = Bytes::new(7).take(70);
    run(&[patches], cases(5_000), fuzz::directory);
}

#[test]
fn dumps() {
    run(&[DUMPS.as_bytes().to_vec()], cases(2_000), fuzz::dumps);
}

#[test]
fn decide() {
    run(&noise(100, 1_200), cases(1_000), fuzz::decide);
}

#[test]
fn handles() {
    run(&noise(2_000, 300), cases(2_000), fuzz::handles);
}

#[test]
fn laws() {
    run(&noise(50, 1_200), cases(200), fuzz::laws);
}
