//! What the pages of the book and the README say of the command line: the reference is what `--help` prints, the
//! commands that they show exist with all their options, and those that need nothing but the repository run.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use support::run_in;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn help(arguments: &[&str]) -> String {
    let run = run_in(&root(), arguments, b"");
    assert_eq!(run.code, 0, "{arguments:?}: {}", run.stderr);
    let lines: Vec<&str> = run.stdout.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_string()
}

/// The commands, in the order of the help, each with its help.
fn commands() -> Vec<(String, String)> {
    let top = help(&["--help"]);
    let listed = top.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?;
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase());
        let name = name.split("  ").next()?.trim();
        (is_name && !name.contains(' ')).then(|| name.to_string())
    });
    let names: Vec<String> = listed.filter(|name| name != "help").collect();
    assert!(names.len() > 20, "{names:?}");
    let helps = names.iter().map(|name| help(&[name, "--help"]));
    names.iter().cloned().zip(helps).collect()
}

/// The reference of the command line. `UPDATE_DOCS=1` writes it.
#[test]
fn the_reference_is_what_help_prints() {
    let command = "UPDATE_DOCS=1 cargo test -p portcullis-cli";
    let mut text = format!(
        "# Command line\n\n<!-- Made from `--help` by `{command}`. -->\n\n\
         What `portcullis help` and `portcullis COMMAND --help` print. [Exit codes](exit-codes.md) and [JSON answers](schemas.md) have \
         pages of their own.\n\n```text\n{}\n```\n",
        help(&["--help"])
    );
    for (name, help) in commands() {
        write!(text, "\n## {name}\n\n```text\n{help}\n```\n").unwrap();
    }
    let path = root().join("docs/cli.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found.replace("\r\n", "\n") == text,
        "docs/cli.md is stale; make it again: {command}"
    );
}

/// The pages that show commands.
fn pages() -> Vec<PathBuf> {
    let mut found = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The words of a command of a shell: quotes hold them together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut is_open = false;
    for c in line.chars() {
        match (quote, c) {
            (Some(own), _) if own == c => quote = None,
            (None, '"' | '\'') => (quote, is_open) = (Some(c), true),
            (None, '#') if !is_open => break,
            (None, ' ') => {
                words.extend(is_open.then(|| std::mem::take(&mut word)));
                is_open = false;
            }
            _ => {
                word.push(c);
                is_open = true;
            }
        }
    }
    words.extend(is_open.then_some(word));
    words
}

/// The commands of portcullis in the blocks `sh` and `console` of a page: the arguments of each.
fn shown(page: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut is_inside = false;
    let joined = page.replace("\\\n", " ");
    for line in joined.lines() {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            is_inside = ["sh", "console"].contains(&language);
            continue;
        }
        let line = line.strip_prefix("$ ").unwrap_or(line);
        // What follows a pipe, or goes to a file, is not an argument.
        let line = line.split([';', '|', '>']).next().unwrap();
        let own = line
            .strip_prefix("portcullis ")
            .or_else(|| line.strip_prefix("cargo run -p portcullis-cli -- "));
        found.extend(own.filter(|_| is_inside).map(words));
    }
    found
}

/// The options that a help lists.
fn options(help: &str) -> Vec<String> {
    let words = help.split(|c: char| c.is_whitespace() || ",[]<>=`".contains(c));
    let options = words.filter(|word| word.starts_with('-') && word.len() > 1);
    options.map(str::to_string).collect()
}

#[test]
fn commands_and_options_of_the_pages_exist() {
    let known: BTreeMap<String, Vec<String>> = commands()
        .into_iter()
        .map(|(name, help)| (name, options(&help)))
        .collect();
    let mut failures = Vec::new();
    let mut count = 0;
    for page in pages() {
        let name = page.strip_prefix(root()).unwrap().display().to_string();
        for command in shown(&fs::read_to_string(&page).unwrap()) {
            count += 1;
            let line = command.join(" ");
            let first = command.first().map_or("", String::as_str);
            if ["help", "--help", "--version"].contains(&first) {
                continue;
            }
            let Some(options) = known.get(first) else {
                failures.push(format!("{name}: `{line}`: no such command"));
                continue;
            };
            for word in command.iter().filter(|word| word.starts_with('-')) {
                let option = word.split('=').next().unwrap();
                if option != "-" && !options.iter().any(|own| own == option) {
                    failures.push(format!("{name}: `{line}`: no option {option}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(count > 40, "{count}");
}

/// A visitor copies these commands first: they answer, whatever the answer is.
#[test]
fn commands_that_need_only_the_repository_run() {
    let mut count = 0;
    for page in ["README.md", "docs/start.md", "docs/directories.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for command in shown(&text) {
            let is_whole = command.iter().any(|word| word.starts_with("corpus/"))
                && !command.iter().any(|word| word == "…" || word == "--output");
            if !is_whole {
                continue;
            }
            count += 1;
            let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
            let run = run_in(&root(), &arguments, b"");
            assert!(
                [0, 2].contains(&run.code) && !run.stdout.is_empty(),
                "{page}: {arguments:?}: {run:?}"
            );
        }
    }
    assert!(count > 4, "{count}");
}
