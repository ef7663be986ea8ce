//! Documents that are made from the source, and images of released formats. `UPDATE_DOCS=1` writes them
//! again; without it the tests fail if they are stale.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use portcullis_compile::{Options, compile};
use portcullis_image::{Class, Header, Image, Op, Operands, RECORDS, Section};
use portcullis_lint::{Group, Level, SAFE, page, rules};
use portcullis_syntax::PolicySets;
use portcullis_testkit::corpus::{each_scenario_of, root as corpus};
use portcullis_testkit::machine::Machine;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn update() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// The pages of the codes of Access Analyzer, one file for each level.
#[test]
fn pages_of_codes() {
    for (level, name, title) in [
        (Level::Error, "errors", "Errors"),
        (
            Level::SecurityWarning,
            "security-warnings",
            "Security warnings",
        ),
        (Level::Warning, "warnings", "Warnings"),
        (Level::Suggestion, "suggestions", "Suggestions"),
    ] {
        let own = || rules::all().filter(|rule| rule.level == level);
        let mut text = format!(
            "# {title}\n\nWhat `portcullis check --format access-analyzer` finds on this level, {} codes. Made from the table of `portcullis-lint`, as \
             `portcullis explain-code` prints it.\n",
            own().count()
        );
        for rule in own() {
            write!(text, "\n{}", page(rule)).unwrap();
        }
        let waiting = own().filter(|rule| rule.waits.is_some());
        let waiting: Vec<String> = waiting.map(|rule| format!("`{}`", rule.code)).collect();
        if !waiting.is_empty() {
            write!(
                text,
                "\n## Waiting for a catalog of services\n\n{}.\n",
                waiting.join(", ")
            )
            .unwrap();
        }
        check(&format!("docs/lint/{name}.md"), &text);
    }
}

/// The pages of this project's own codes, by group, and why safe fixes are safe.
#[test]
fn pages_of_own_codes() {
    let mut text = format!(
        "# Our own checks\n\nThe {} codes that `portcullis check` reports beyond those of Access Analyzer. `--format access-analyzer` never prints them. \
         Generated from the table of `portcullis-lint`, as `portcullis explain-code` prints it.\n",
        rules::own().count()
    );
    for group in Group::ALL {
        let own: Vec<_> = rules::own().filter(|rule| rule.group == group).collect();
        if !own.is_empty() {
            write!(text, "\n## Group {}\n", group.as_str()).unwrap();
        }
        for rule in own {
            write!(text, "\n{}", page(rule)).unwrap();
        }
    }
    text.push_str(
        "\n## Safe fixes\n\n`--fix` applies only these. None changes the decision on any request, for the reason given; \
         `testkit/tests/it/fixes.rs` compares decisions before and after on thousands of requests.\n\n",
    );
    for (code, why) in SAFE {
        writeln!(text, "* `{code}`: {why}").unwrap();
    }
    check("docs/lint/own.md", &text);
}

const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p portcullis-testkit --test it -- docs::";

/// Compares a file with what it should be, or writes it.
fn check(path: &str, expected: &str) {
    let file = root().join(path);
    if update() {
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found.replace("\r\n", "\n") == expected,
        "{path} is stale; make it again: {COMMAND}"
    );
}

/// A documentation comment as one line.
fn one_line(doc: &str) -> String {
    let words: Vec<&str> = doc.split_whitespace().collect();
    // Links of rustdoc lead nowhere in a file.
    words.join(" ").replace("[`", "`").replace("`]", "`")
}

fn operands(operands: Operands) -> &'static str {
    match operands {
        Operands::None => "none",
        Operands::Truth => "`x`: 0 or 1",
        Operands::Inline => {
            "`x`, `y`: up to 16 bytes of text, padded with zeros; `z`: their number"
        }
        Operands::Span => {
            "`x`, `y`: texts, offset and length; `z`: 1 anything between them, 2 anything but colons between \
             them, 4 anything behind them"
        }
        Operands::ShortTexts => "`x`: the first of some short texts and, above it, their number",
        Operands::Number => "`x`: a number in millionths; `y`: its text; `z`: orders",
        Operands::Instant => "`x`, `y`: lower and upper half of an instant; `z`: orders",
        Operands::V4 => "`x`, `y`, `z`: IPv4 networks, the mask above the base",
        Operands::Texts => "`x`: a list of texts",
        Operands::Patterns => "`x`: a list of patterns",
        Operands::Numbers => "`x`: a list of numbers; `z`: orders",
        Operands::Instants => "`x`: a list of instants; `z`: orders",
        Operands::Networks => "`x`: a list of networks",
        Operands::Arns => "`x`: a list of ARN patterns",
        Operands::Truths => "`x`: truth values, 1 for `false`, 2 for `true`",
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Text => "text",
        Class::Number => "number",
        Class::Date => "date",
        Class::Address => "address",
    }
}

const OPCODES: &str = "\
# Instructions

<!-- Made from `crates/image/src/op.rs` by `UPDATE_DOCS=1 cargo test -p portcullis-testkit --test it -- docs::`. -->

One condition of a policy is one instruction: one key, tested against one set of values. A guard is a run of instructions that must all
hold; it ends with the one that has the flag `END`, and stops at the first that does not hold. There are no jumps, no stack, and no loop
except the one over the values of a key inside an instruction.

An instruction has 32 bytes:

| bytes | content |
|---|---|
| 0 | operation |
| 1 | flags |
| 2..4 | zero |
| 4..8 | slot: the key, read as the operation's class says |
| 8..16, 16..24, 24..32 | operands `x`, `y`, `z`; zero if not used |

| flag | name | meaning |
|---|---|---|
| 1 | `NEGATED` | the result for each value is inverted (`COND-2`) |
| 2 | `ABSENT` | the instruction holds if the key is absent |
| 4 | `ANY` | `ForAnyValue`: it holds if it holds for one value (`COND-13`) |
| 8 | `ALL` | `ForAllValues`: it holds if it holds for every value, or the only value is empty (`COND-12`, `COND-32`) |
| 16 | `END` | the last instruction of its guard |

Without `ANY` and `ALL` a key with two or more values does not hold, whatever the operation (`COND-20`, `COND-21`). *Orders* are a set:
the request's value is 1 less than, 2 equal to, 4 greater than the policy's.

| code | operation | class | operands | holds if |
|---|---|---|---|---|
";

#[test]
fn the_instructions() {
    let mut text = String::from(OPCODES);
    for info in Op::TABLE {
        writeln!(
            text,
            "| {} | `{}` | {} | {} | {} |",
            info.op.code(),
            info.mnemonic,
            class(info.class),
            operands(info.operands),
            one_line(info.doc)
        )
        .unwrap();
    }
    check("docs/opcodes.md", &text);
}

#[test]
fn the_sections() {
    let mut table = String::from(
        "| number | section | bytes of a record | may be absent | content |\n|---|---|---|---|---|\n",
    );
    for section in Section::ALL {
        writeln!(
            table,
            "| {} | `{}` | {} | {} | {} |",
            *section as u32,
            section.name(),
            section.record_size(),
            if section.is_optional() { "yes" } else { "" },
            one_line(section.doc())
        )
        .unwrap();
    }
    check_part("docs/format.md", "sections", &table);
}

/// Holds the part of a page between two comments against what it should be.
fn check_part(path: &str, name: &str, expected: &str) {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let (before, rest) = text.split_once(&format!("<!-- {name}")).unwrap();
    let (marker, rest) = rest.split_once("-->\n").unwrap();
    let (_, after) = rest.split_once(&format!("<!-- end of {name} -->")).unwrap();
    let page = format!("{before}<!-- {name}{marker}-->\n{expected}<!-- end of {name} -->{after}");
    check(path, &page);
}

#[test]
fn the_records() {
    let mut text = String::new();
    for record in RECORDS {
        let name = record.section.name();
        write!(
            text,
            "\n**`{name}`**: {}\n\n| bytes | content |\n|---|---|\n",
            one_line(record.doc)
        )
        .unwrap();
        for field in record.fields {
            let content = one_line(field.doc);
            writeln!(text, "| {}..{} | {content} |", field.start, field.end).unwrap();
        }
    }
    text.push('\n');
    check_part("docs/format.md", "records", &text);
}

/// Names of files as the command line has them when it runs in the root of the repository.
fn with_relative_files<'a>(sets: &PolicySets<'a>, names: &'a mut Vec<String>) -> PolicySets<'a> {
    let mut sets = sets.clone();
    let prefix = format!("{}/", root().join("corpus").display());
    let PolicySets {
        identity,
        boundary,
        session,
        resource,
        vpc_endpoint,
        scps,
        rcps,
        bucket: _,
    } = &mut sets;
    let optional = [boundary, session, resource, vpc_endpoint];
    let lists = optional.into_iter().flatten().chain(scps).chain(rcps);
    let mut policies: Vec<_> = lists.flatten().chain(identity).collect();
    names.extend(policies.iter().map(|policy| {
        let inside = policy.file.replace('\\', "/").replace(&prefix, "corpus/");
        inside.trim_start_matches("./").to_string()
    }));
    for (policy, name) in policies.iter_mut().zip(names.iter()) {
        policy.file = name;
    }
    sets
}

/// An image of each released version of the format still loads and decides. Version 1 is not released: its
/// image may be made again as long as the version of this package is 0.1.0 and unpublished.
#[test]
fn the_stored_images() {
    let path = corpus().join("images/v1/example.pcl");
    let mut requests = 0;
    each_scenario_of(
        &corpus().join("example/scenario.json"),
        |place, scenario| {
            if scenario.name != Some("a role reads a bucket of another account") {
                return;
            }
            if update() {
                let mut names = Vec::new();
                let sets = with_relative_files(&scenario.policies, &mut names);
                fs::write(&path, compile(&sets, Options::default()).unwrap()).unwrap();
            }
            let bytes = fs::read(&path).unwrap();
            let image = Image::from_bytes(&bytes[..]).unwrap_or_else(|error| {
                panic!(
                    "the stored image of format version {} does not load: {error}; \
                 if that version is not released, make it again: {COMMAND}",
                    Header::VERSION
                )
            });
            let mut machine = Machine::new([image.view()]);
            for case in &scenario.cases {
                let outcome = machine.decide(&case.request.unwrap());
                let explanation = machine.explain(&case.request.unwrap());
                assert_eq!(
                    Some(outcome.decision()),
                    case.expect,
                    "{place}: {:?}",
                    case.name
                );
                assert_eq!(explanation.outcome, outcome);
                requests += 1;
            }
        },
    )
    .unwrap();
    assert_eq!(requests, 5);
}

/// What `docs/failures-of-others.md` cites exists: a case of the corpus by the beginning of its name, or
/// a function of a test.
#[test]
fn cited_tests_exist() {
    let mut cited = 0;
    for page in [
        "docs/failures-of-others.md",
        "docs/trust.md",
        "docs/disagreements.md",
    ] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for citation in text.split('`').skip(1).step_by(2) {
            let Some((file, name)) = citation.split_once(": ") else {
                continue;
            };
            let wanted = if file.ends_with(".jsonl") {
                format!(
                    "\"name\": {}",
                    serde_json::to_string(name).unwrap().trim_end_matches('"')
                )
            } else if file.ends_with(".rs") {
                format!("fn {name}(")
            } else {
                continue;
            };
            let found = fs::read_to_string(root().join(file)).unwrap_or_default();
            assert!(found.contains(&wanted), "{page}: {citation}");
            cited += 1;
        }
    }
    println!("{cited} citations");
    assert!(cited > 30);
}
