//! What the pages of the book and the README say of the command line: the reference is what `--help` prints, the
//! commands that they show exist with all their options, and those that need nothing but the repository run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{self, command, run_in};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A help, without the options of every command where they are not asked for.
fn help(arguments: &[&str]) -> String {
    // As wide as where there is no terminal, whatever the environment says.
    let output = command(&root(), arguments).env_remove("COLUMNS").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let is_top = arguments.len() == 1;
    let mut kept = Vec::new();
    let mut is_common = false;
    for line in text.lines().map(str::trim_end) {
        let start = line.trim_start();
        let is_option = start.starts_with('-') && line.len() - start.len() < 8;
        if is_option || !(line.is_empty() || line.starts_with(' ')) {
            let common = ["--allow-outside", "--color <WHEN>", "-h, --help"];
            is_common = !is_top && common.iter().any(|option| start.starts_with(option));
        }
        if !is_common {
            kept.push(line);
        }
    }
    let text = kept.join("\n").trim().to_string();
    // Where nothing else stands under it.
    let text = text.trim_end_matches("\n\nOptions:").to_string();
    text.replace("\n\nOptions:\n\n", "\n\n")
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
         What `portcullis help` and `portcullis COMMAND --help` print; the options that every command has are listed once. [Exit codes](exit-codes.md) and [JSON answers](schemas.md) have \
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
            .or_else(|| line.strip_prefix("cargo run -p portcullis-cli -- "))
            .or_else(|| line.strip_prefix("cargo run --profile demo -p portcullis-cli -- "));
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
    let common = options(&help(&["--help"]));
    let known: BTreeMap<String, Vec<String>> = commands()
        .into_iter()
        .map(|(name, help)| (name, [options(&help), common.clone()].concat()))
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
    assert!(count > 30, "{count}");
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

/// The names of all members of a value, but for what is named by data.
fn members(value: &Value, found: &mut BTreeSet<String>) {
    const BY_DATA: [&str; 5] = [
        "tags",
        "context",
        "addedContext",
        "encryptionContext",
        "explanation",
    ];
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                if !BY_DATA.contains(&name.as_str()) {
                    members(value, found);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| members(value, found)),
        _ => {}
    }
}

/// The schemas of answers, as one text.
fn schemas() -> String {
    let files = fs::read_dir(root().join("docs/schemas"));
    let paths = files
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    paths
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// Each member that an answer has is named on the page of JSON answers, in the section of its command or before them, or
/// in a schema.
#[test]
fn members_of_answers_are_documented() {
    let page = fs::read_to_string(root().join("docs/schemas.md")).unwrap();
    let mut sections = page.split("\n## ");
    let common = sections.next().unwrap();
    let sections: BTreeMap<&str, &str> = sections
        .map(|section| section.split_once('\n').unwrap())
        .collect();
    let data = ["--directory", "corpus/example-organization/data"];
    let object = [
        "--action",
        "s3:GetObject",
        "--resource",
        "arn:aws:s3:::shop-orders/1",
    ];
    let deploy = [
        "--principal",
        "arn:aws:sts::111111111111:assumed-role/Deploy/maria",
    ];
    let pipeline = ["--principal", "arn:aws:iam::333333333333:role/Pipeline"];
    let to = [
        "--role",
        "arn:aws:iam::111111111111:role/Deploy",
        "--session-name",
        "release",
    ];
    let folder = support::Folder::new();
    folder.write("bad.json", r#"{"Statement": {"Effect": "Alow"}}"#);
    let bad = folder.0.join("bad.json").display().to_string();
    let image = folder.0.join("example.pcl").display().to_string();
    folder.write("policy.json", support::READER);
    let policy = folder.0.join("policy.json").display().to_string();
    let compiled = ["compile", "-o", &image, "--identity", &policy];
    assert_eq!(run_in(&root(), &compiled, b"").code, 0);
    let json = ["--format", "json"];
    let schemas = schemas();
    let mut failures = Vec::new();
    for (name, arguments) in [
        ("decide", [&data[..], &deploy, &object, &json].concat()),
        ("explain", [&data[..], &deploy, &object, &json].concat()),
        ("batch", vec!["corpus/example/scenario.json"]),
        ("assume", [&data[..], &pipeline, &to, &json].concat()),
        (
            "who-can",
            [&data[..], &object, &["--hops", "2"], &json].concat(),
        ),
        ("what-can", [&data[..], &deploy, &json].concat()),
        ("matrix", [&data[..], &object, &json].concat()),
        ("admins", [&data[..], &json].concat()),
        ("escalate", [&data[..], &json].concat()),
        ("findings", [&data[..], &json].concat()),
        ("check", [&[&*bad][..], &json].concat()),
        (
            "actions",
            [&["s3:HeadBucket", "s3:Nothing"][..], &json].concat(),
        ),
        ("inspect", [&[&*image, "--keys"][..], &json].concat()),
        (
            "bench",
            vec!["corpus/example/scenario.json", "--iterations", "10"],
        ),
    ] {
        let arguments = [&[name][..], &arguments].concat();
        let run = run_in(&root(), &arguments, b"");
        let mut found = BTreeSet::new();
        for line in run.stdout.lines() {
            members(&serde_json::from_str(line).unwrap(), &mut found);
        }
        assert!(!found.is_empty(), "{arguments:?}: {run:?}");
        let text = [common, sections[name]].concat();
        // Names with a colon are those of condition keys.
        let members = found.iter().filter(|member| !member.contains(':'));
        let missing = members.filter(|member| {
            !text.contains(&format!("`{member}`")) && !schemas.contains(&format!("\"{member}\""))
        });
        failures.extend(missing.map(|member| format!("{name}: `{member}`")));
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
