//! The book in `docs`, and the pages beside it: what they link to, show and cite is there, and their code compiles.
//! `UPDATE_DOCS=1` writes what is made or copied from the source; without it the tests fail if it is stale.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Component, Path, PathBuf};

const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p portcullis-testkit --test it";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    let text = text.unwrap_or_else(|error| panic!("{path}: {error}"));
    text.replace("\r\n", "\n")
}

/// Compares a file with what it should be, or writes it.
fn check(path: &str, expected: &str) {
    let mut found = fs::read_to_string(root().join(path)).unwrap_or_default();
    // Not where it says the same: other tests read it at the same time.
    if std::env::var_os("UPDATE_DOCS").is_some() && found != expected {
        fs::write(root().join(path), expected).unwrap();
        found = expected.to_string();
    }
    assert!(
        found.replace("\r\n", "\n") == expected,
        "{path} is stale; make it again: {COMMAND}"
    );
}

/// The files below a folder whose names end in this way, as paths from the root with `/`.
fn files(folder: &str, ending: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_string()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = match folder.as_str() {
                "." => name.clone(),
                _ => format!("{folder}/{name}"),
            };
            let is_made = name == "target" || name == "node_modules" || name.starts_with('.');
            if entry.path().is_dir() {
                folders.extend((!is_made).then_some(path));
            } else if name.ends_with(ending) {
                found.insert(path);
            }
        }
    }
    found
}

/// The pages of the book: what lies in `docs/editors` is for editors.
fn pages() -> BTreeSet<String> {
    let mut pages = files("docs", ".md");
    pages.retain(|path| !path.starts_with("docs/editors/"));
    assert!(pages.remove("docs/SUMMARY.md"));
    assert!(pages.len() > 40, "{}", pages.len());
    pages
}

/// A page apart: its lines outside of code blocks, and its code blocks with their language and the line before them.
struct Page {
    prose: Vec<String>,
    blocks: Vec<Block>,
}

impl Page {
    /// The prose with the lines of a paragraph or an item of a list joined: links and what stands in backticks may be
    /// broken between lines.
    fn paragraphs(&self) -> Vec<String> {
        let mut joined: Vec<String> = Vec::new();
        let mut is_open = false;
        for line in &self.prose {
            let begins = ["|", "#", "* ", "- ", "<!--"]
                .iter()
                .any(|start| line.trim_start().starts_with(start));
            match joined.last_mut() {
                Some(last) if is_open && !begins && !line.is_empty() => {
                    last.push(' ');
                    last.push_str(line.trim_start());
                }
                _ => joined.push(line.clone()),
            }
            is_open = !line.is_empty();
        }
        joined
    }
}

struct Block {
    before: String,
    language: String,
    text: String,
}

fn page(path: &str) -> Page {
    let mut page = Page {
        prose: Vec::new(),
        blocks: Vec::new(),
    };
    let text = read(path);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            page.prose.push(line.to_string());
            continue;
        };
        let block = lines
            .by_ref()
            .take_while(|line| line.trim_start() != "```")
            .fold(String::new(), |text, line| text + line + "\n");
        page.blocks.push(Block {
            before: page.prose.last().cloned().unwrap_or_default(),
            language: language.to_string(),
            text: block,
        });
    }
    page
}

/// A line without what stands in backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// The targets of links and images in a line, and whether each is an image.
fn links(line: &str) -> Vec<(String, bool)> {
    let line = without_code(line);
    let mut found = Vec::new();
    for (at, _) in line.match_indices("](") {
        let target = line[at + 2..].split(')').next().unwrap();
        let opening = line[..at].rfind('[').unwrap_or(0);
        let is_image = line[..opening].ends_with('!');
        found.push((target.to_string(), is_image));
    }
    found
}

/// The path that a link of a page leads to, from the root.
fn followed(page: &str, target: &str) -> String {
    let folder = Path::new(page).parent().unwrap();
    let mut parts: Vec<String> = Vec::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => assert!(parts.pop().is_some(), "{page}: {target}"),
            Component::Normal(name) => parts.push(name.to_str().unwrap().to_string()),
            _ => {}
        }
    }
    parts.join("/")
}

/// The anchor of a heading, as mdBook and GitHub make it.
fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || ['-', '_', ' '].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The anchors of a page: of headings, and of the rules and choices that `docs/book.js` gives one.
fn anchors(path: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in page(path).prose {
        if let Some(heading) = line.strip_prefix('#') {
            found.insert(slug(heading.trim_start_matches('#').trim()));
            continue;
        }
        let row = line.strip_prefix("| ").unwrap_or(&line);
        let first = row.split(' ').next().unwrap();
        let is_id = first.len() > 1
            && first.starts_with(|c: char| c.is_ascii_uppercase())
            && first.ends_with(|c: char| c.is_ascii_digit());
        found.extend(is_id.then(|| first.to_string()));
    }
    found
}

#[test]
fn every_page_is_in_the_summary() {
    let mut listed = BTreeSet::new();
    for line in read("docs/SUMMARY.md").lines() {
        for (target, _) in links(line) {
            let path = format!("docs/{target}");
            assert!(listed.insert(path), "{target} is listed twice");
        }
    }
    let pages = pages();
    let missing: Vec<&String> = pages.difference(&listed).collect();
    let gone: Vec<&String> = listed.difference(&pages).collect();
    assert!(missing.is_empty(), "in no chapter: {missing:?}");
    assert!(gone.is_empty(), "no such page: {gone:?}");
}

/// Links within the repository resolve, with their anchors. A page of the book links to nothing outside of `docs`,
/// because the book is also read without the repository; it cites such files by their path.
#[test]
fn every_link_resolves() {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut count = 0;
    for path in files(".", ".md") {
        for line in page(&path).paragraphs() {
            for (target, is_image) in links(&line) {
                let is_foreign = ["https://", "http://", "mailto:"]
                    .iter()
                    .any(|scheme| target.starts_with(scheme));
                if is_foreign {
                    continue;
                }
                count += 1;
                let (file, anchor) = match target.split_once('#') {
                    Some((file, anchor)) => (file, Some(anchor)),
                    None => (target.as_str(), None),
                };
                let to = match file {
                    "" => path.clone(),
                    _ => followed(&path, file),
                };
                let at = root().join(&to);
                let is_page_of_book =
                    path.starts_with("docs/") && !path.starts_with("docs/editors/");
                if !at.exists() {
                    failures.push(format!("{path}: {target} is not there"));
                } else if is_page_of_book && !to.starts_with("docs/") {
                    failures.push(format!("{path}: {target} leaves the book"));
                } else if is_page_of_book && at.is_dir() {
                    failures.push(format!("{path}: {target} is a folder"));
                } else if is_image && !at.is_file() {
                    failures.push(format!("{path}: {target} is no figure"));
                } else if let Some(anchor) = anchor {
                    let anchors = known.entry(to.clone()).or_insert_with(|| anchors(&to));
                    if !anchors.contains(anchor) {
                        failures.push(format!("{path}: {target} has no such anchor"));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(count > 200, "{count}");
}

/// What looks like a tag would vanish in the rendered page.
#[test]
fn there_is_no_raw_html() {
    let mut found = Vec::new();
    for path in pages() {
        for line in page(&path).paragraphs() {
            let text = without_code(&line);
            let opens = text.match_indices('<').any(|(at, _)| {
                let next = text[at + 1..].chars().next();
                next.is_some_and(|c| c.is_ascii_alphabetic() || c == '/')
            });
            if opens && !text.contains("<https://") {
                found.push(format!("{path}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "put it into backticks: {found:#?}");
}

#[test]
fn every_figure_is_shown() {
    let mut shown = BTreeSet::new();
    for path in pages() {
        for line in page(&path).paragraphs() {
            let images = links(&line).into_iter().filter(|(_, is_image)| *is_image);
            shown.extend(images.map(|(target, _)| followed(&path, &target)));
        }
    }
    let unused: Vec<String> = files("docs", ".svg").difference(&shown).cloned().collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// `{a,b}` in a path stands for both.
fn expanded(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_string()];
    };
    let (choices, after) = rest.split_once('}').unwrap();
    let choices = choices.split(',');
    choices
        .flat_map(|one| expanded(&format!("{before}{one}{after}")))
        .collect()
}

/// A file that a page names in backticks exists, from the root or, as `vm/src/walk.rs`, from `crates`.
#[test]
fn every_file_that_is_named_is_there() {
    const TOP: [&str; 6] = [
        "crates/",
        "corpus/",
        "docs/",
        "benches/",
        "fuzz/",
        "examples/",
    ];
    let mut failures = Vec::new();
    let mut count = 0;
    let beside = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];
    for path in pages().into_iter().chain(beside.map(str::to_string)) {
        for line in page(&path).paragraphs() {
            for code in line.split('`').skip(1).step_by(2) {
                let name = code.split(": ").next().unwrap();
                let is_path = name.contains('/') && !name.contains([' ', '*', '<', '…', '\\', '(']);
                let is_ours = TOP.iter().any(|top| name.starts_with(top));
                let in_crate = name.split('/').next().is_some_and(|crate_| {
                    name.contains("/src") && root().join("crates").join(crate_).is_dir()
                });
                if !is_path || !(is_ours || in_crate) {
                    continue;
                }
                for name in expanded(name) {
                    count += 1;
                    let name = match in_crate && !is_ours {
                        true => format!("crates/{name}"),
                        false => name,
                    };
                    if !root().join(&name).exists() {
                        failures.push(format!("{path}: {name}"));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "named and not there: {failures:#?}");
    assert!(count > 100, "{count}");
}

/// A block below `<!-- example: PATH -->` is that file. Every other block of Rust is compiled and run as a test of the
/// documentation of this crate (`src/book.rs`).
#[test]
fn every_block_of_rust_is_compiled() {
    let tested = read("crates/testkit/src/book.rs");
    let mut count = 0;
    for path in pages().into_iter().chain(["README.md".to_string()]) {
        let mut text = read(&path);
        for block in page(&path).blocks {
            if !block.language.starts_with("rust") {
                continue;
            }
            count += 1;
            let example = block.before.strip_prefix("<!-- example: ");
            let Some(example) = example.and_then(|rest| rest.strip_suffix(" -->")) else {
                assert_eq!(
                    block.language, "rust",
                    "{path}: run it, or say what it is an example of"
                );
                let included = format!("../../{path}\"");
                assert!(
                    tested.contains(&included),
                    "{path}: include it in src/book.rs"
                );
                continue;
            };
            let fence = format!("{}\n```{}\n", block.before, block.language);
            let old = format!("{fence}{}```\n", block.text);
            // What the example says of itself, the page says around it.
            let code: Vec<String> = read(example)
                .lines()
                .skip_while(|line| line.starts_with("//!") || line.is_empty())
                .map(|line| format!("{line}\n"))
                .collect();
            let new = format!("{fence}{}```\n", code.concat());
            text = text.replacen(&old, &new, 1);
        }
        check(&path, &text);
    }
    assert!(count > 8, "{count}");
}

/// The codes that a source file declares, each with its meaning and in the order of the file: the constants of `codes!`,
/// or the variants of an `enum Code` that says their names.
fn codes(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut doc = String::new();
    let mut is_inside = false;
    for line in text.lines() {
        let line = line.trim();
        if line.ends_with("codes! {") && !line.starts_with("//") || line == "pub enum Code {" {
            is_inside = true;
        } else if line == "}" {
            is_inside = false;
        }
        if let Some(more) = line.strip_prefix("/// ") {
            doc = format!("{doc} {more}");
            continue;
        }
        let variant = line.strip_suffix(',').filter(|_| is_inside);
        // A code of another crate is not one of these.
        if let Some(name) = variant.filter(|name| !name.contains('(')) {
            let written = format!("Code::{name} => \"");
            let named = name
                .split_once(" = \"")
                .or_else(|| text.split_once(&written));
            let code = named.map_or(name, |(_, rest)| rest.split('"').next().unwrap());
            let meaning = doc.trim().replace("[`", "`").replace("`]", "`");
            found.push((code.to_string(), meaning));
        }
        doc.clear();
    }
    let is_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    assert!(
        found.iter().all(|(code, _)| code.chars().all(is_code)),
        "{found:?}"
    );
    found
}

#[test]
fn the_codes_of_diagnostics() {
    let mut text = format!(
        "# Diagnostic codes\n\n<!-- Made from the source by `{COMMAND}`. -->\n\n\
         Every problem has a code: a stable name, which programs compare and messages end with. Where IAM Access Analyzer has a code \
         for the same problem, it is that one. What `check --format access-analyzer` finds beyond these codes has pages of its own: \
         [errors](lint/errors.md), [security warnings](lint/security-warnings.md), [warnings](lint/warnings.md), \
         [suggestions](lint/suggestions.md).\n"
    );
    let mut seen = BTreeSet::new();
    for (folder, title) in [
        ("crates/source/src", "Any input"),
        ("crates/syntax/src", "Policy documents"),
        ("crates/dsl/src", "The policy language"),
        ("crates/scenario/src", "Scenarios and requests"),
        ("crates/directory/src", "Dumps"),
        ("crates/cli/src", "The command line"),
    ] {
        if !root().join(folder).is_dir() {
            continue;
        }
        let own: Vec<(String, String)> = files(folder, ".rs")
            .iter()
            .flat_map(|file| codes(&read(file)))
            .filter(|(code, _)| seen.insert(code.clone()))
            .collect();
        if own.is_empty() {
            continue;
        }
        write!(text, "\n## {title}\n\n| code | meaning |\n|---|---|\n").unwrap();
        for (code, meaning) in own {
            assert!(!meaning.is_empty(), "{code} has no documentation");
            writeln!(text, "| `{code}` | {meaning} |").unwrap();
        }
    }
    assert!(seen.len() > 100, "{}", seen.len());
    check("docs/diagnostics.md", &text);
}

/// What the README promises about itself: it is short, and CI runs the command for the tests that it names.
#[test]
fn the_readme_is_short_and_its_tests_are_those_of_ci() {
    let readme = read("README.md");
    assert!(readme.lines().count() < 200);
    let command = "cargo test --workspace";
    let named = page("README.md").blocks;
    assert!(named.iter().any(|block| block.text.trim() == command));
    assert!(read(".ci/run").contains(command));
}

/// The table of crates says what each depends on.
#[test]
fn the_table_of_crates() {
    let metadata = crate::invariants::metadata();
    let short = |name: &str| name.trim_start_matches("portcullis-").to_string();
    let mut failures = Vec::new();
    let text = read("docs/architecture.md");
    for package in metadata["packages"].as_array().unwrap() {
        let name = short(package["name"].as_str().unwrap());
        if name == "benches" {
            continue;
        }
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let own: BTreeSet<String> = dependencies
            .filter(|one| one["kind"].is_null())
            .map(|one| one["name"].as_str().unwrap())
            .filter(|name| name.starts_with("portcullis"))
            .map(short)
            .collect();
        let row = text
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")));
        let Some(row) = row else {
            failures.push(format!("{name} has no row"));
            continue;
        };
        let cell = row.trim_end_matches('|').rsplit(" | ").next().unwrap();
        let said: BTreeSet<String> = cell
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_string)
            .collect();
        if said != own {
            failures.push(format!(
                "{name}: the table says {said:?}, the manifest {own:?}"
            ));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
