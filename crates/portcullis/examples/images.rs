//! Policies are compiled once, and opened where they lie: a build step writes the image, a service maps or reads it.
//!
//! ```sh
//! cargo run -p portcullis --example images
//! ```
//!
//! Whoever only opens images can leave the compiler out: `default-features = false`.

use std::{env, fs};

use portcullis::{Authorizer, Image, PolicySet, Principal, Query, Scratch};

const EVERYTHING: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
const READ_ONLY: &str =
    r#"{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = env::temp_dir().join("account.portcullis");
    let account = PolicySet::new().identity("admin", EVERYTHING).compile()?;
    fs::write(&file, account.as_bytes())?;

    // Anything that is bytes will do: a vector, a slice of a memory map, a static of the program.
    let bytes = fs::read(&file)?;
    let account = Image::from_bytes(&bytes[..])?;

    // A session brings policies of its own; both are read for one decision.
    let session = PolicySet::new().session("read only", READ_ONLY).compile()?;
    let session = Image::from_bytes(session.as_bytes())?;
    let authorizer = Authorizer::new([account, session]);

    let role = Principal::from_arn("arn:aws:sts::111122223333:assumed-role/App/i-1")?;
    let objects: Vec<String> = (0..3)
        .map(|n| format!("arn:aws:s3:::reports/{n}"))
        .collect();
    let queries: Vec<Query<'_>> = objects
        .iter()
        .flat_map(|object| {
            ["s3:GetObject", "s3:PutObject"].map(|action| Query::new(&role, action, object))
        })
        .collect();
    // Many at once: what they look at in a large image is read ahead.
    let mut allowed = 0;
    authorizer.decide_many(&mut Scratch::new(), &queries, |place, outcome| {
        allowed += usize::from(outcome.is_allow());
        println!("request {place}: {}", outcome.decision());
    });
    println!("{allowed} of {} are allowed", queries.len());
    fs::remove_file(file)?;
    Ok(())
}
