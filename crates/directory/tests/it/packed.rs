//! Dumps that gzip packed are read as they are without it, and a folder without dumps is an error.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::support::load;
use flate2::Compression;
use flate2::write::GzEncoder;
use portcullis_directory::{AccessPath, AccessQuery, Directory, LoadOptions};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Packs every file of a folder into another.
fn pack(from: &Path, to: &Path, rename: impl Fn(&str) -> String + Copy) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            pack(&entry.path(), &to.join(name), rename);
            continue;
        }
        let packed = Vec::new();
        let mut encoder = GzEncoder::new(packed, Compression::fast());
        encoder.write_all(&fs::read(entry.path()).unwrap()).unwrap();
        fs::write(to.join(rename(&name)), encoder.finish().unwrap()).unwrap();
    }
}

/// Who may read an object.
fn readers(directory: &Directory) -> Vec<String> {
    let mut found = Vec::new();
    let query = AccessQuery {
        action: "s3:GetObject",
        resource: "arn:aws:s3:::shop-orders/1",
        resource_account: None,
        context: &[],
    };
    let mut add = |way: AccessPath| found.push(way.arn);
    directory.who_can(query, 2, 1, &mut add).unwrap();
    assert!(found.len() > 2, "{found:?}");
    found
}

#[test]
fn packed_dumps_are_read() {
    let plain =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/example-organization/data");
    let of = |folder: &Path| load(folder, LoadOptions::default()).unwrap().directory;
    let expected = of(&plain);
    assert!(expected.counts().principals > 5);
    // Its first bytes say what a file is, whatever it is called.
    for (way, end) in [("named", ".gz"), ("unnamed", "")] {
        let packed = folder(way);
        pack(&plain, &packed, |name| format!("{name}{end}"));
        let directory = of(&packed);
        assert_eq!(directory.counts(), expected.counts(), "{way}");
        assert_eq!(readers(&directory), readers(&expected), "{way}");
    }
}

#[test]
fn damaged_and_empty_folders_are_errors() {
    let damaged = folder("damaged");
    fs::write(damaged.join("account.json.gz"), b"\x1f\x8b\x08\x00 no more").unwrap();
    let problems = load(&damaged, LoadOptions::default()).unwrap_err();
    assert!(problems[0].contains("UNREADABLE_FILE"), "{problems:?}");
    let twice = folder("twice");
    fs::write(twice.join("x.json"), "{\"Policies\": []}").unwrap();
    pack(&twice, &folder("once"), |name| format!("{name}.gz"));
    pack(
        &Path::new(env!("CARGO_TARGET_TMPDIR")).join("once"),
        &folder("packed-twice"),
        |name| format!("{name}.gz"),
    );
    let packed_twice = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packed-twice");
    let problems = load(&packed_twice, LoadOptions::default()).unwrap_err();
    assert!(problems[0].contains("UNKNOWN_FORM"), "{problems:?}");
    let empty = folder("empty");
    fs::write(empty.join("notes.txt"), "nothing here").unwrap();
    let problems = load(&empty, LoadOptions::default()).unwrap_err();
    assert!(problems[0].contains("EMPTY"), "{problems:?}");
}
