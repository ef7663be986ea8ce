//! No bytes make opening a directory panic, and damage is found.

use crate::support::{Folder, ask};
use portcullis_directory::Directory;
use portcullis_image::wire::checksum;

const DUMP: &str = r#"{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ann", "UserName": "ann",
  "UserId": "AIDAANN", "Tags": [{"Key": "team", "Value": "blue"}], "UserPolicyList": [{"PolicyName": "p",
  "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}]}],
  "GroupDetailList": [], "RoleDetailList": [], "Policies": []}"#;

fn bytes() -> Vec<u8> {
    let lines = r#"{"arn":"arn:aws:kms:eu-west-1:111122223333:key/k","tags":{"a":"b"},
        "grants":[{"GranteePrincipal":"arn:aws:iam::111122223333:user/ann","Operations":["Decrypt"]}]}"#;
    let folder = Folder::new(&[("dump.json", DUMP), ("keys.json", lines)]);
    folder.load().unwrap().directory.to_bytes().unwrap()
}

const REQUEST: &str = r#"{"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject",
    "resource": "arn:aws:s3:::b/k"}"#;

#[test]
fn damage_is_found() {
    let sound = bytes();
    let directory = Directory::from_bytes(&sound).unwrap();
    assert_eq!(ask(&directory, REQUEST), "Allow");
    let mut bytes = sound.clone();
    for at in 0..bytes.len() {
        bytes[at] ^= 0x10;
        assert!(Directory::from_bytes(&bytes).is_err(), "byte {at}");
        bytes[at] ^= 0x10;
    }
    for length in 0..sound.len() {
        assert!(Directory::from_bytes(&sound[..length]).is_err(), "{length}");
    }
}

/// Two accounts, a user with policy, boundary and tag, a role, a bucket with a policy, and a key with a grant.
fn rich() -> Vec<u8> {
    let all = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let dump = DUMP
        .replace(
            r#""UserPolicyList""#,
            r#""PermissionsBoundary": {"PermissionsBoundaryType": "Policy",
               "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/b"}, "UserPolicyList""#,
        )
        .replace(
            r#""Policies": []"#,
            &format!(
                r#""Policies": [{{"PolicyName": "b", "Arn": "arn:aws:iam::111122223333:policy/b",
                "DefaultVersionId": "v1", "PolicyVersionList":
                [{{"VersionId": "v1", "IsDefaultVersion": true, "Document": {all}}}]}}]"#
            ),
        );
    let other = DUMP.replace("111122223333", "444455556666");
    let bucket = r#"{"arn": "arn:aws:s3:::b", "account": "111122223333", "policy": {"Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}}"#;
    let key = r#"{"arn": "arn:aws:kms:eu-west-1:111122223333:key/k", "grants": [{"GranteePrincipal":
        "arn:aws:iam::111122223333:user/ann", "Operations": ["Decrypt"]}]}"#;
    let lines = [bucket, key].map(|line| line.replace('\n', " ")).join("\n");
    let files = [
        ("one.json", dump.as_str()),
        ("other.json", other.as_str()),
        ("resources.jsonl", lines.as_str()),
    ];
    Folder::new(&files)
        .load()
        .unwrap()
        .directory
        .to_bytes()
        .unwrap()
}

const ACCOUNTS: usize = 2;
const PRINCIPALS: usize = 3;
const RESOURCES: usize = 4;
const GRANTS: usize = 5;
const SETS: usize = 8;
const USES: usize = 9;

/// Where the words of a section are.
fn words_of(bytes: &[u8], section: usize) -> std::ops::Range<usize> {
    let length = |index: usize| {
        let at = 32 + 8 * index;
        u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
    };
    let count = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let before = (0..section).map(|index| length(index).next_multiple_of(8));
    let start = 32 + 8 * count + before.sum::<usize>();
    start..start + length(section)
}

fn word(bytes: &[u8], section: usize, word: usize) -> u32 {
    let at = words_of(bytes, section).start + 4 * word;
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The file with some words of a section replaced, and its checksum.
fn forged(sound: &[u8], section: usize, words: &[(usize, u32)]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    let start = words_of(sound, section).start;
    for (place, word) in words {
        let at = start + 4 * place;
        bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    let sum = checksum(&bytes[32..]) ^ checksum(&bytes[..24]).rotate_left(32);
    bytes[24..32].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn what_rows_refer_to_is_there_and_of_its_kind() {
    let sound = rich();
    let word = |section, place| word(&sound, section, place);
    let accounts = words_of(&sound, ACCOUNTS).len() / 24;
    assert_eq!(accounts, 2);
    let (identity, boundary, policy) =
        (word(PRINCIPALS, 6), word(PRINCIPALS, 7), word(RESOURCES, 2));
    let none = u32::MAX;
    assert!(![identity, boundary, policy].contains(&none));
    let sets = (words_of(&sound, SETS).len() / 8) as u32;
    let uses = (words_of(&sound, USES).len() / 8) as u32;
    let names: Vec<(usize, u32)> = (0..12).map(|at| (at, word(PRINCIPALS, at))).collect();
    let again: Vec<(usize, u32)> = names.iter().map(|(at, word)| (at + 12, *word)).collect();
    let same: Vec<(usize, u32)> = (0..2).map(|at| (at + 6, word(ACCOUNTS, at))).collect();
    for (section, words, expected) in [
        (
            PRINCIPALS,
            vec![(0, accounts as u32)],
            "an account that does not exist",
        ),
        (
            RESOURCES,
            vec![(1, accounts as u32)],
            "an account that does not exist",
        ),
        (PRINCIPALS, vec![(1, 2)], "a flag that is neither 0 nor 1"),
        (
            PRINCIPALS,
            vec![(4, word(PRINCIPALS, 4) + 1)],
            "a string that does not exist",
        ),
        (
            PRINCIPALS,
            vec![(5, none - 1)],
            "a string that does not exist",
        ),
        (
            PRINCIPALS,
            vec![(6, boundary)],
            "policies of the wrong type",
        ),
        (
            PRINCIPALS,
            vec![(7, identity)],
            "policies of the wrong type",
        ),
        (
            PRINCIPALS,
            vec![(8, identity)],
            "policies of the wrong type",
        ),
        (PRINCIPALS, vec![(6, sets)], "policies that do not exist"),
        (RESOURCES, vec![(2, boundary)], "policies of the wrong type"),
        (ACCOUNTS, vec![(3, identity)], "policies of the wrong type"),
        (ACCOUNTS, vec![(4, policy)], "policies of the wrong type"),
        (ACCOUNTS, vec![(5, 16)], "an invalid account"),
        (ACCOUNTS, vec![(1, 1 << 8)], "an invalid account"),
        (ACCOUNTS, same, "accounts out of order"),
        (PRINCIPALS, vec![(10, 100)], "a range of rows out of bounds"),
        (
            PRINCIPALS,
            vec![(9, none), (10, 2)],
            "a range of rows out of bounds",
        ),
        (GRANTS, vec![(2, 100)], "a range of rows out of bounds"),
        (SETS, vec![(1, uses + 1)], "a range of rows out of bounds"),
        (
            USES,
            vec![(0, 0)],
            "a unit in a layer that it has no policy of",
        ),
        (
            USES,
            vec![(0, none)],
            "a unit in a layer that it has no policy of",
        ),
        (
            USES,
            vec![(1, 1000)],
            "a unit in a layer that it has no policy of",
        ),
        (PRINCIPALS, again, "a user or role that appears twice"),
        (
            RESOURCES,
            vec![(7, none - 1)],
            "a string that does not exist",
        ),
        (RESOURCES, vec![(8, 16)], "an unknown flag of a resource"),
        (
            RESOURCES,
            vec![(9, word(RESOURCES, 0))],
            "a resource that appears twice",
        ),
    ] {
        let error = Directory::from_bytes(&forged(&sound, section, &words)).unwrap_err();
        let expected = format!("not a usable directory: {expected}");
        assert_eq!(error.to_string(), expected, "section {section}, {words:?}");
    }
    assert!(Directory::from_bytes(&forged(&sound, PRINCIPALS, &[])).is_ok());
}

/// Forged bytes may be a directory, of other content; they never make anything panic.
#[test]
fn forged_directories_do_no_harm() {
    let sound = bytes();
    let mut opened = 0;
    // Not the images, whose own tests forge them: what comes before.
    for at in (8..sound.len().min(2_000)).filter(|at| !(24..32).contains(at)) {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = sound.clone();
            bytes[at] ^= change;
            let sum = checksum(&bytes[32..]) ^ checksum(&bytes[..24]).rotate_left(32);
            bytes[24..32].copy_from_slice(&sum.to_le_bytes());
            if let Ok(directory) = Directory::from_bytes(&bytes) {
                opened += 1;
                ask(&directory, REQUEST);
            }
        }
    }
    assert!(opened > 0, "nothing was forged well enough");
}
