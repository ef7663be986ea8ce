//! Policies are compiled once into a file that any number of processes map: each decides in the same pages, and opening
//! it reads nothing but what a request looks at.
//!
//! ```sh
//! cargo run --manifest-path examples/mapped/Cargo.toml
//! ```

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;
use std::{env, process};

use memmap2::Mmap;
use portcullis::{Authorizer, Image, PolicySet, Principal, Query};

const TENANTS: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::temp_dir().join(format!("portcullis-mapped-{}.image", process::id()));
    write(&path)?;

    // SAFETY: the bytes of a mapped file must not change. `write` never writes into a file that has its name already:
    // a new image takes the name of the old one, whose bytes stay for whoever has mapped them.
    let mapped = unsafe { Mmap::map(&File::open(&path)?)? };
    // Checked once, from end to end, since the bytes may come from anywhere. `Image::from_trusted` opens in constant time
    // what has a checksum that was accepted before.
    let start = Instant::now();
    let image = Image::from_bytes(mapped)?;
    println!(
        "{} bytes mapped and checked in {:?}",
        image.as_bytes().len(),
        start.elapsed()
    );

    // The authorizer owns the map.
    let authorizer = Authorizer::new([image]);
    let role = Principal::from_arn("arn:aws:sts::111122223333:assumed-role/App/i-1")?;
    for resource in [
        "arn:aws:s3:::tenants/t-19999/report",
        "arn:aws:s3:::tenants/t-20000/report",
    ] {
        let outcome = authorizer.decide(&Query::new(&role, "s3:GetObject", resource));
        println!("{resource}: {}", outcome.decision());
    }
    fs::remove_file(&path)?;
    Ok(())
}

/// Compiles a statement for each tenant, and puts the image where others find it, whole.
fn write(path: &Path) -> Result<(), Box<dyn Error>> {
    let statements: Vec<String> = (0..TENANTS)
        .map(|tenant| {
            format!(
                r#"{{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::tenants/t-{tenant}/*"}}"#
            )
        })
        .collect();
    let document = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#,
        statements.join(",")
    );
    let image = PolicySet::new().identity("tenants", &document).compile()?;
    let new = path.with_extension("new");
    fs::write(&new, image.as_bytes())?;
    Ok(fs::rename(&new, path)?)
}
