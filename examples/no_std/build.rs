//! Compiles the policies on the machine that builds; the controller gets the image.

use std::path::Path;
use std::{env, error, fs};

use portcullis::PolicySet;

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo::rerun-if-changed=doors.json");
    let policies = fs::read_to_string("doors.json")?;
    let image = PolicySet::new().identity("doors", &policies).compile()?;
    let out = env::var_os("OUT_DIR").ok_or("no folder to write to")?;
    fs::write(Path::new(&out).join("doors.pcl"), image.as_bytes())?;
    Ok(())
}
