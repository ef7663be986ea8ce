//! The directories in `corpus/directory`, and the example: every request is decided as expected, by both engines, and
//! by the directory as a file with the actions prepared.

use std::fs;
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use portcullis_directory::{Directory, LoadOptions};
use portcullis_scenario::NoFiles;
use portcullis_scenario::lines;
use portcullis_source::Source;
use serde_json::Value;

use crate::support::{ask, load};

fn folders() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus");
    let mut folders: Vec<PathBuf> = fs::read_dir(corpus.join("directory"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .chain([corpus.join("example-organization")])
        .filter(|path| path.join("requests.jsonl").exists())
        .collect();
    folders.sort();
    assert!(folders.len() > 1);
    folders
}

/// The actions of requests.
fn actions(requests: &str) -> Vec<String> {
    let actions = requests.lines().map(|line| {
        let request: Value = serde_json::from_str(line).unwrap();
        request["action"].as_str().unwrap().to_string()
    });
    actions.collect()
}

#[test]
fn requests_are_decided_as_expected() {
    for folder in folders() {
        let loaded = load(&folder.join("data"), LoadOptions::default());
        let loaded = loaded.unwrap_or_else(|problems| panic!("{}", problems.join("\n")));
        let bytes = loaded.directory.to_bytes().unwrap();
        let mut again = Directory::from_bytes(&bytes).unwrap();
        let requests = fs::read_to_string(folder.join("requests.jsonl")).unwrap();
        let actions = actions(&requests);
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        again.prepare(&actions).unwrap();
        let mut failures = Vec::new();
        for text in requests.lines() {
            let arena = Bump::new();
            let source = Source::new("", text);
            let line = lines(&source, &NoFiles, &arena).unwrap().remove(0);
            let name = line.case.name.unwrap();
            let expected = line
                .case
                .expect
                .unwrap_or_else(|| panic!("{name} expects nothing"));
            let found = ask(&loaded.directory, text);
            if found != expected.as_str() {
                failures.push(format!("{name}: {found}, expected {expected}"));
            }
            assert_eq!(ask(&again, text), found, "{name}, as a file");
        }
        let folder = folder.display();
        assert!(failures.is_empty(), "{folder}:\n{}", failures.join("\n"));
    }
}

#[test]
fn the_same_folder_gives_the_same_bytes() {
    for folder in folders() {
        let bytes = || {
            let options = LoadOptions {
                debug: true,
                ..LoadOptions::default()
            };
            let loaded = load(&folder.join("data"), options).unwrap();
            loaded.directory.to_bytes().unwrap()
        };
        assert!(bytes() == bytes(), "{}", folder.display());
    }
}
