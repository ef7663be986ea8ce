//! The copy of the workspace in which the switches are.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::points::Points;

/// What is not changed: what decides lemmas again is an oracle, and tests are tests.
const ORACLES: [&str; 2] = ["audit.rs", "language/tests.rs"];

/// The module that says which switch is on.
const SWITCHES: &str = include_str!("switches.txt");

/// What a change may do: its run ends then.
const ALLOWED: &str = "#![allow(arithmetic_overflow, unconditional_panic, overflowing_literals)]";

/// Copies the workspace and puts the switches into it, and the list of them beside it.
pub fn rewrite(root: &Path, tree: &Path) -> Outcome<()> {
    for name in [
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ] {
        update(&tree.join(name), &fs::read(root.join(name))?)?;
    }
    for name in ["crates", "benches", "corpus", "docs"] {
        copy(&root.join(name), &tree.join(name), root)?;
    }
    let sources = tree.join("crates/prove/src");
    let mut points = Points::default();
    let own = root.join("crates/prove/src");
    for file in files(&own)? {
        let name = file.strip_prefix(&own)?.to_string_lossy().into_owned();
        if ORACLES.contains(&name.as_str()) {
            continue;
        }
        let mut text = fs::read_to_string(&file)?;
        if name == "question.rs" {
            // Whether the machine is asked about a request decides the machine, not the prover.
            let (from, to) = (
                "self.confirm.confirm(&witness)",
                "crate::mutant::confirmed(self.confirm.confirm(&witness))",
            );
            if !text.contains(from) {
                return Err("question.rs confirms in another way than this tool knows".into());
            }
            text = text.replace(from, to);
        }
        let text = points
            .rewrite(&name, &text)
            .map_err(|error| format!("{name}: {error}"))?;
        let text = match name.as_str() {
            "lib.rs" => format!("{ALLOWED}\n{text}\nmod mutant;\n"),
            _ => text,
        };
        update(&sources.join(&name), text.as_bytes())?;
    }
    let switches = SWITCHES.replace("COUNT", &points.found.len().to_string());
    update(&sources.join("mutant.rs"), switches.as_bytes())?;
    let mut list = String::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for own in &points.found {
        let key = format!(
            "{}\t{}\t{}\t{}",
            own.file, own.function, own.text, own.change
        );
        let count = seen.entry(key.clone()).or_default();
        *count += 1;
        // The same at another place of the line, or on a line of the same text.
        let again = if *count > 1 {
            format!(" (no. {count})")
        } else {
            String::new()
        };
        writeln!(
            list,
            "{}\t{}:{}:{}\t{key}{again}",
            own.number, own.file, own.line, own.column
        )?;
    }
    fs::write(tree.join("mutants.txt"), list)?;
    println!("{} mutants", points.found.len());
    Ok(())
}

/// All Rust files of a folder, in order.
fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|own| own == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn copy(from: &Path, to: &Path, root: &Path) -> Outcome<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let to = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            if path.file_name().is_some_and(|own| own != "target") {
                copy(&path, &to, root)?;
            }
        } else if !path.starts_with(root.join("crates/prove/src"))
            || ORACLES.iter().any(|own| path.ends_with(own))
        {
            update(&to, &fs::read(&path)?)?;
        }
    }
    Ok(())
}

/// Writes what is new, so that nothing is built again that was built.
fn update(path: &Path, bytes: &[u8]) -> Outcome<()> {
    if fs::read(path).is_ok_and(|own| own == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)?;
    Ok(())
}
