//! Policies of a file, which is read again when it has changed, while threads decide.
//!
//! ```sh
//! cargo run -p portcullis --example reload -- policy.json
//! ```
//!
//! Edit the file meanwhile: a good one is in force within a second, a bad one is told and changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{env, error, fs, thread};

use portcullis::{Authorizer, CallSite, Live, PolicySet, Principal, Query, Scratch};

/// What changes together: policies, and what was prepared for them.
struct Policies {
    authorizer: Authorizer,
    get_object: CallSite,
}

fn load(file: &Path) -> Result<Policies, Box<dyn error::Error>> {
    let text = fs::read_to_string(file)?;
    let name = file.display().to_string();
    let image = PolicySet::new().identity(&name, &text).compile()?;
    let authorizer = Authorizer::new([image]);
    let get_object = authorizer.prepare("s3:GetObject", &[]);
    Ok(Policies {
        authorizer,
        get_object,
    })
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|data| data.modified()).ok()
}

fn main() -> Result<(), Box<dyn error::Error>> {
    let file = env::args_os().nth(1).map(PathBuf::from);
    let file = file.ok_or("usage: reload POLICY-FILE")?;
    let mut read = changed(&file);
    let live = Arc::new(Live::new(load(&file)?));

    // A thread of the service: it takes what is in force for each request, and keeps its memory.
    let serving = Arc::clone(&live);
    let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?;
    thread::spawn(move || {
        let mut scratch = Scratch::new();
        loop {
            let policies = serving.current();
            let object = "arn:aws:s3:::reports/2026.csv";
            let query = Query::at(&policies.get_object, &[], &ann, object);
            let outcome = policies.authorizer.decide_with(&mut scratch, &query);
            println!("revision {}: {}", policies.revision(), outcome.decision());
            thread::sleep(Duration::from_secs(1));
        }
    });

    loop {
        thread::sleep(Duration::from_millis(500));
        let now = changed(&file);
        if now == read {
            continue;
        }
        read = now;
        match live.try_replace(|_| load(&file)) {
            Ok(revision) => println!("revision {revision} is in force"),
            Err(error) => eprintln!("the file is not used: {error}"),
        }
    }
}
