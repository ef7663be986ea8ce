//! A whole organization from its dumps: who may read an object, and why somebody may not.
//!
//! ```sh
//! cargo run -p portcullis --features directory --example directory -- corpus/example-organization/data
//! ```

use std::path::Path;

use portcullis::Caller;
use portcullis::directory::{
    AccessQuery, Bump, Directory, Engine, LoadOptions, Request, RequestPolicies,
};

const OBJECT: &str = "arn:aws:s3:::shop-orders/2026/1.json";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1);
    let own = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../corpus/example-organization/data"
    );
    let folder = folder.as_deref().unwrap_or(own);
    let options = LoadOptions {
        debug: true,
        ..LoadOptions::default()
    };
    let loaded = Directory::load(Path::new(folder), options, &mut |_| ())?;
    let directory = &loaded.directory;
    println!("{} users and roles", directory.principal_count());

    let query = AccessQuery {
        action: "s3:GetObject",
        resource: OBJECT,
        resource_account: None,
        context: &[],
    };
    directory.who_can(query, 0, 2, &mut |way| {
        println!("{} may read {OBJECT}", way.arn);
    })?;

    // One request, with memory that is used again for the next.
    let mut engine = Engine::new();
    let arena = Bump::new();
    let caller = Caller::User {
        arn: "arn:aws:iam::222222222222:user/noor",
    };
    let request = Request::new(caller, "s3:DeleteObject", OBJECT);
    let completed = directory.complete(&request, RequestPolicies::default(), &arena)?;
    let outcome = engine.decide(directory, &completed)?;
    println!("noor deletes it: {}", outcome.decision());
    let why = engine.explain(directory, &completed)?;
    println!("keys that are missing: {:?}", why.missing_keys);
    Ok(())
}
