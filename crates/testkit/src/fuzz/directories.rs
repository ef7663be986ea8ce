//! Dumps that nobody made, and files that no directory wrote.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use bumpalo::Bump;
use portcullis_directory::{
    CheckError, Directory, Engine, LoadOptions, RequestPolicies, ResolvedRequest,
};
use portcullis_image::wire::{checksum, u32_at, u64_at};
use portcullis_model::{Caller, Request};

use crate::corpus::root;
use crate::forge::{put, word_at};

/// Any bytes, given the header and the checksum of a directory; and as words that are put into the tables of one
/// that is right otherwise, for each a place and the word: refused, or every principal is decided about, in every
/// way alike.
pub fn directory(data: &[u8]) {
    let mut bytes = data.to_vec();
    open(&mut bytes);
    let mut bytes = BASE.clone();
    let tables = length_of_tables(&bytes);
    for edit in data.chunks_exact(7) {
        let [low, middle, high, word @ ..] = edit else {
            break;
        };
        let place = u32::from_le_bytes([*low, *middle, *high, 0]) as usize % tables;
        put(&mut bytes, place / 4 * 4, word_at(word, 0));
    }
    open(&mut bytes);
}

/// Any bytes as the files of a folder, with a zero between each two: every problem is told, or every principal is
/// decided about, in every way alike and as the reference does, also when the directory was written and opened.
pub fn dumps(data: &[u8]) {
    let folder = Folder::new();
    for (number, content) in data.split(|byte| *byte == 0).take(12).enumerate() {
        let written = fs::write(folder.0.join(format!("{number}.json")), content);
        assert!(written.is_ok(), "{} cannot be written", folder.0.display());
    }
    let options = LoadOptions {
        allow_missing: data.len() % 2 == 0,
        debug: data.len() % 3 == 0,
    };
    let loaded = match Directory::load(&folder.0, options, &mut |_| ()) {
        Ok(loaded) => loaded.directory,
        Err(error) => {
            assert!(!error.problems.is_empty() && error.count >= error.problems.len());
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let Ok(bytes) = loaded.to_bytes() else {
        return;
    };
    let opened = Directory::from_bytes(&bytes);
    let Ok(opened) = opened else {
        panic!("what was written cannot be opened: {opened:?}");
    };
    assert_eq!(use_up(&loaded), use_up(&opened));
}

/// The example organization as a file.
static BASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = root().join("example-organization/data");
    let loaded = Directory::load(&folder, LoadOptions::default(), &mut |_| ());
    let bytes = loaded.ok().map(|loaded| loaded.directory.to_bytes());
    match bytes {
        Some(Ok(bytes)) => bytes,
        _ => panic!("the example organization cannot be read"),
    }
});

/// How many bytes come before the images, as the header of a file says.
fn length_of_tables(bytes: &[u8]) -> usize {
    let count = u32_at(bytes, 12) as usize;
    let lengths = (0..count - 1).map(|index| u64_at(bytes, 32 + 8 * index).next_multiple_of(8));
    32 + 8 * count + lengths.sum::<u64>() as usize
}

/// Opens bytes that are given a header and a checksum.
fn open(bytes: &mut [u8]) {
    let length = (bytes.len() as u64).to_le_bytes();
    let head = BASE.get(..12).unwrap_or_default();
    for (at, value) in [(0, head), (16, &length)] {
        if let Some(place) = bytes.get_mut(at..at + value.len()) {
            place.copy_from_slice(value);
        }
    }
    if let Some((head, body)) = bytes.split_at_mut_checked(32) {
        let sum = checksum(body) ^ checksum(&head[..24]).rotate_left(32);
        head[24..].copy_from_slice(&sum.to_le_bytes());
    }
    if let Ok(directory) = Directory::from_bytes(bytes) {
        use_up(&directory);
    }
}

const ASKED: [(&str, &str); 5] = [
    ("s3:GetObject", "arn:aws:s3:::shop-orders/2026/1"),
    ("sts:AssumeRole", "arn:aws:iam::111111111111:role/Deploy"),
    (
        "kms:Decrypt",
        "arn:aws:kms:eu-west-1:111111111111:key/orders",
    ),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q"),
    ("ec2:RunInstances", "*"),
];

/// Decides some requests of the first principals in every way; what is decided.
fn use_up(directory: &Directory) -> Vec<String> {
    let mut engine = Engine::new();
    let mut decided = Vec::new();
    for number in 0..directory.principal_count().min(16) {
        let arn = directory.principal_arn(number).unwrap_or_default();
        let Ok(caller) = Caller::from_arn(&arn) else {
            continue;
        };
        for (action, resource) in ASKED {
            let request = Request::new(caller, action, resource);
            decided.push(decide(directory, &mut engine, &request));
        }
    }
    decided
}

/// What is decided, or why nothing is.
fn decide(directory: &Directory, engine: &mut Engine, request: &Request<'_>) -> String {
    let arena = Bump::new();
    let checked = engine.check(directory, request);
    let mut alone = None;
    let requests = std::slice::from_ref(request);
    let read = engine.check_all(directory, requests, |_, outcome| alone = Some(outcome));
    let alone = alone.map(|outcome| outcome.map_err(CheckError::Refused));
    assert_eq!((read, alone.as_ref()), (Ok(()), Some(&checked)));
    let completed = match directory.complete(request, RequestPolicies::default(), &arena) {
        Ok(completed) => completed,
        Err(refusal) => {
            assert_eq!(checked, Err(CheckError::Refused(refusal.clone())));
            return refusal.to_string();
        }
    };
    let Ok(outcome) = engine.decide(directory, &completed) else {
        panic!("what was compiled is too large");
    };
    assert_eq!(checked, Ok(outcome), "{request:?}");
    let number = request.principal.caller.arn();
    let number = number.and_then(|arn| directory.principal_number(arn));
    if let (Some(number), Ok(deed)) = (number, directory.action(request.action)) {
        let object = directory.resource(request.resource, None);
        let resolved = ResolvedRequest {
            principal: number,
            action: &deed,
            resource: &object,
            context: &[],
        };
        let resolved = engine.check_resolved(directory, &resolved);
        assert_eq!(resolved, Ok(outcome), "{request:?}");
    }
    let sets = directory.policies(&completed, &arena);
    // The reference evaluator has no words for what cannot be read or was not seen.
    if let Some(sets) = sets.filter(|_| !completed.is_undecidable()) {
        let reference = portcullis_reference::decide(&sets, &completed.request);
        let by: Vec<_> = outcome.layers().collect();
        let decided = (outcome.decision(), by);
        assert_eq!(decided, (reference.decision, reference.by), "{request:?}");
    }
    outcome.decision().to_string()
}

/// A folder that is gone afterwards.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-dumps-{}-{number}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        let made = fs::create_dir_all(&folder.0);
        assert!(made.is_ok(), "{} cannot be made", folder.0.display());
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
