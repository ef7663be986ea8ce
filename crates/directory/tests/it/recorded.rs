//! Answers of AWS that carry a resource policy, as people recorded them: each takes part, or is refused with the reason.
//! The data is other people's and not part of the project; without it the test says that it skipped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::Folder;
use portcullis_source::json;
use serde_json::Value;

#[test]
fn in_40_to_47_recorded_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/accounts/resource-policies.jsonl");
    let Ok(text) = fs::read_to_string(&path) else {
        return println!("skipped: no recorded answers beside the checkout");
    };
    // Answers that do not say which resource they are of, nor can it be told from their statements.
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut read = 0;
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let operation = format!("{} {}", record["service"], record["operation"]);
        let response = record["response"].to_string();
        let arena = bumpalo::Bump::new();
        assert!(json::parse(&response, &arena).is_ok());
        // Where a file says what the answer does not: buckets and keys by its name, region and account by folders.
        let name = bucket_of(&record["response"]).unwrap_or_else(|| "k-1".to_string());
        let file = format!("111122223333/us-east-1/{name}.json");
        let key = r#"{"KeyMetadata": {"KeyId": "k-1", "Arn": "arn:aws:kms:us-east-1:111122223333:key/k-1"}}"#;
        let folder = Folder::new(&[(&file, &response), ("key.json", key)]);
        match folder.load() {
            Ok(loaded) => {
                assert!(
                    loaded.directory.counts().resources > 0 || operation.contains("VpcEndpoints"),
                    "{operation}"
                );
                read += 1;
            }
            Err(problems) => {
                let is_told = problems
                    .iter()
                    .all(|problem| problem.contains(&name) || problem.contains(".json:1"));
                assert!(is_told, "{problems:#?}");
                *refused
                    .entry(format!("{operation}: {}", problems[0]))
                    .or_default() += 1;
            }
        }
    }
    println!("{read} read, refused: {refused:#?}");
    assert!(read >= 142, "{read} read, refused: {refused:#?}");
}

/// The bucket that the statements of an answer are about.
fn bucket_of(response: &Value) -> Option<String> {
    let text = response["Policy"].as_str()?;
    let (_, rest) = text.split_once("arn:aws:s3:::")?;
    Some(rest.split(['/', '"', '*']).next()?.to_string())
}
