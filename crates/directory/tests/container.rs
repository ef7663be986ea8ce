//! No bytes make opening a directory panic, and damage is found.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod support;

use portcullis_directory::Directory;
use portcullis_image::wire::checksum;
use support::{Folder, ask};

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
