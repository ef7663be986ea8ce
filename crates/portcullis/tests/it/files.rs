//! Policies from files.

#![cfg(feature = "files")]
use std::fs;
use std::path::PathBuf;

use portcullis::{Authorizer, Layer, PolicySet, Principal, Query};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn documents_and_the_policy_language_come_from_files() {
    let folder = folder("both");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    write("names.iam", "let reports = [arn:aws:s3:::reports/*]\n");
    let language = write(
        "ann.iam",
        "use reports from \"names.iam\"\npolicy readers { allow s3:GetObject on <reports> }\n",
    );
    let limit = write(
        "limit.json",
        r#"{"PolicyVersion": {"Document": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D", "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2026-01-01T00:00:00Z"}}"#,
    );
    let set = PolicySet::new()
        .file(Layer::Identity, &language)
        .file(Layer::Boundary, limit);
    assert!(set.check().is_empty(), "{:?}", set.check());
    let authorizer = Authorizer::new([set.compile().unwrap()]);
    let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann").unwrap();
    let query = |resource| Query::new(&ann, "s3:GetObject", resource);
    assert!(
        authorizer
            .decide(&query("arn:aws:s3:::reports/a"))
            .is_allow()
    );
    let told = authorizer.explain(&query("arn:aws:s3:::other/a"));
    assert!(!told.outcome.is_allow());
    let near = &told.layers[0].statements[0];
    assert_eq!(
        (near.file.as_str(), near.start.0),
        (&*language.to_string_lossy(), 2)
    );

    // What is wrong has a place in its file.
    let broken = write(
        "broken.iam",
        "policy readers {\n  allow s3:GetObject onn reports\n}\n",
    );
    let errors = PolicySet::new()
        .file(Layer::Identity, &broken)
        .trust_file(folder.join("nowhere.json"))
        .compile()
        .unwrap_err();
    let [first, .., last] = errors.problems() else {
        panic!("{errors}")
    };
    assert_eq!(
        (first.file(), first.position().0),
        (&*broken.to_string_lossy(), 2)
    );
    assert!(first.to_string().contains("broken.iam:2:"), "{first}");
    assert_eq!(last.code, "UNREADABLE_FILE");
}
