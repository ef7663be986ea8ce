//! What `docs/architecture.md` promises of the source itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Header;
use portcullis_testkit::Bytes;
use portcullis_testkit::generate::{Settings, world};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Which crates of the workspace a crate may depend on. A new crate needs a line here.
const EDGES: [(&str, &[&str]); 22] = [
    ("model", &[]),
    ("source", &[]),
    ("syntax", &["model", "source"]),
    ("dsl", &["model", "source", "syntax"]),
    ("lint", &["model", "source", "syntax"]),
    ("reference", &["model", "syntax"]),
    ("image", &["model"]),
    ("compile", &["image", "model", "source", "syntax"]),
    ("vm", &["image", "model"]),
    ("explain", &["model", "syntax", "vm"]),
    ("prove", &["image", "model", "source", "syntax"]),
    ("findings", &["directory", "model", "prove", "syntax"]),
    (
        "portcullis",
        &[
            "compile",
            "directory",
            "dsl",
            "explain",
            "image",
            "model",
            "prove",
            "scenario",
            "source",
            "syntax",
            "vm",
        ],
    ),
    ("scenario", &["dsl", "model", "source", "syntax"]),
    ("catalog", &["source", "syntax"]),
    ("catalog-builder", &["catalog"]),
    ("editors", &[]),
    (
        "directory",
        &[
            "compile", "explain", "image", "model", "source", "syntax", "vm",
        ],
    ),
    ("barometer", &["testkit"]),
    (
        "cli",
        &[
            "catalog",
            "compile",
            "directory",
            "dsl",
            "explain",
            "findings",
            "image",
            "lint",
            "model",
            "portcullis",
            "reference",
            "scenario",
            "source",
            "syntax",
            "vm",
        ],
    ),
    (
        "testkit",
        &[
            "cli",
            "compile",
            "directory",
            "dsl",
            "image",
            "lint",
            "model",
            "portcullis",
            "reference",
            "scenario",
            "source",
            "syntax",
            "vm",
        ],
    ),
    (
        "benches",
        &[
            "compile",
            "dsl",
            "image",
            "model",
            "portcullis",
            "scenario",
            "syntax",
            "testkit",
            "vm",
        ],
    ),
];

/// The rooms of a crate, and which others each may use; a room is a module of the crate's root with everything below it.
type Rooms = (
    &'static str,
    &'static [(&'static str, &'static [&'static str])],
);

/// The crates that have rooms, lowest room first: a room uses only rooms above its own line. A new room needs a line here.
const ROOMS: [Rooms; 2] = [
    (
        "vm",
        &[
            ("bytes", &[]),
            ("stack", &["bytes"]),
            ("combine", &["bytes", "stack"]),
            ("pattern", &["bytes"]),
            ("index", &["bytes", "pattern"]),
            ("request", &["stack", "combine", "index"]),
            ("keys", &["bytes", "stack", "combine", "request"]),
            (
                "eval",
                &[
                    "bytes", "stack", "combine", "pattern", "index", "request", "keys",
                ],
            ),
            (
                "prepare",
                &[
                    "bytes", "stack", "combine", "pattern", "index", "request", "keys", "eval",
                ],
            ),
            (
                "decide",
                &[
                    "stack", "combine", "pattern", "index", "request", "keys", "eval", "prepare",
                ],
            ),
            (
                "explain",
                &[
                    "stack", "combine", "pattern", "request", "keys", "eval", "prepare",
                ],
            ),
            ("access_point", &["combine", "prepare", "decide", "explain"]),
        ],
    ),
    (
        "directory",
        &[
            ("ahead", &[]),
            ("arn", &[]),
            ("codes", &[]),
            ("store", &["arn"]),
            ("error", &["store"]),
            ("load", &["ahead", "arn", "codes", "store"]),
            ("plan", &["ahead", "arn", "store", "error"]),
            ("decide", &["arn", "store", "error", "plan"]),
            ("query", &["arn", "store", "error", "plan", "decide"]),
            ("sts", &["arn", "store"]),
            (
                "directory",
                &["store", "error", "load", "plan", "decide", "query", "sts"],
            ),
            ("engine", &["error", "plan", "decide", "directory"]),
        ],
    ),
];

/// Crates whose modules use each other in one direction, without a circle.
const WITHOUT_CIRCLES: [&str; 4] = ["image", "compile", "vm", "directory"];

/// What the crates may use that a decision runs through, from outside of the workspace.
const OUTSIDE: [(&str, &[&str]); 4] = [
    ("model", &[]),
    ("image", &["unicode-case-mapping"]),
    ("vm", &[]),
    ("reference", &["unicode-case-mapping"]),
];

/// The crates that work without the standard library.
const NO_STD: [&str; 3] = ["model", "image", "vm"];

/// The files that may have unsafe code.
const UNSAFE: [&str; 9] = [
    "benches/engines/shared/src/alloc.rs",
    "crates/capi/src/abi.rs",
    "crates/capi/src/raw.rs",
    "crates/capi/src/tests.rs",
    "crates/capi/src/tests/flat.rs",
    "crates/capi/src/tests/policies.rs",
    "crates/cli/src/alloc.rs",
    "docs/editors/check/src/parser.rs",
    "examples/mapped/src/main.rs",
];

struct Dependency {
    package: String,
    on: String,
    is_dev: bool,
}

/// A crate's name without that of the project.
fn short(name: &str) -> &str {
    name.strip_prefix("portcullis-").unwrap_or(name)
}

/// What cargo says of the workspace's packages.
pub fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn dependencies() -> Vec<Dependency> {
    let metadata = metadata();
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for dependency in package["dependencies"].as_array().unwrap() {
            found.push(Dependency {
                package: short(package["name"].as_str().unwrap()).into(),
                on: dependency["name"].as_str().unwrap().into(),
                is_dev: dependency["kind"] == "dev",
            });
        }
    }
    assert!(found.len() > 20);
    found
}

#[test]
fn crates_depend_in_one_direction() {
    let edges = BTreeMap::from(EDGES);
    let outside = BTreeMap::from(OUTSIDE);
    let mut failures = Vec::new();
    for dependency in dependencies() {
        let Dependency {
            package,
            on,
            is_dev,
        } = &dependency;
        let allowed = edges.get(package.as_str());
        let allowed =
            allowed.unwrap_or_else(|| panic!("{package} is not in the table of this test"));
        let is_ours = on.starts_with("portcullis");
        let fine = match (is_ours, is_dev) {
            (true, false) => allowed.contains(&short(on)),
            // The oracle stays apart from what it judges in its own tests too.
            (true, true) => package != "reference" || allowed.contains(&short(on)),
            (false, false) => outside
                .get(package.as_str())
                .is_none_or(|allowed| allowed.contains(&on.as_str())),
            (false, true) => true,
        };
        if !fine {
            failures.push(format!("{package} must not depend on {on}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Everything that a crate of ours depends on, directly or not.
fn reached(from: &str) -> BTreeSet<String> {
    let all = dependencies();
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut next = vec![from.to_owned()];
    while let Some(package) = next.pop() {
        let own = all
            .iter()
            .filter(|one| one.package == package && !one.is_dev);
        let new = own.map(|one| short(&one.on).to_owned());
        next.extend(new.filter(|name| found.insert(name.clone())));
    }
    found
}

/// What AWS adds or drops must not change a decision: whatever decides, compiles or is embedded for it is built without
/// the catalog. The command has it, and with it the test kit, which drives its language server.
#[test]
fn decisions_do_without_the_catalog() {
    let with = |name: &str| reached(name).contains("catalog");
    // The search finds what there is.
    assert!(with("cli") && with("catalog-builder"));
    assert!(reached("portcullis").contains("model"));
    for (name, _) in EDGES {
        let may = ["cli", "catalog-builder", "testkit", "barometer", "benches"].contains(&name);
        assert_eq!(with(name), may, "{name}");
    }
}

#[test]
fn the_core_does_without_the_standard_library() {
    for name in NO_STD {
        let text = fs::read_to_string(root().join(format!("crates/{name}/src/lib.rs"))).unwrap();
        assert!(text.lines().any(|line| line == "#![no_std]"), "{name}");
    }
}

/// Every source file: its path from the root, and its text.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "target") {
                    walk(&path, found);
                }
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for folder in [
        "crates",
        "fuzz",
        "benches",
        "examples",
        "docs/editors/check",
    ] {
        walk(&root().join(folder), &mut files);
    }
    files.sort();
    let name = |path: &Path| {
        let inside = path.strip_prefix(root()).unwrap();
        inside.to_string_lossy().replace('\\', "/")
    };
    files
        .iter()
        .map(|path| (name(path), fs::read_to_string(path).unwrap()))
        .collect()
}

/// True if the line has the keyword outside of a comment. The lint forbids it; this finds a place where
/// the lint was lifted.
fn has_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap();
    // `'unsafe-inline'` of a page's policy is another word.
    let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    words.any(|word| word == concat!("un", "safe"))
}

#[test]
fn there_is_no_unsafe_code() {
    let found: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| !UNSAFE.contains(&path.as_str()) && text.lines().any(has_unsafe))
        .map(|(path, _)| path)
        .collect();
    assert!(found.is_empty(), "{found:?}");
    // The table of exceptions is not longer than it must be.
    for path in UNSAFE {
        let text = fs::read_to_string(root().join(path)).unwrap();
        assert!(text.lines().any(has_unsafe), "{path} needs no exception");
    }
}

/// No document, request or other input reaches an evaluator by a reader beside the project's own: crates that are
/// the product do not read by serde_json, nor allow themselves to. `clippy.toml` says the same to whoever writes it.
#[test]
fn input_has_one_reader() {
    const TOOLS: [&str; 2] = ["crates/testkit/", "crates/catalog-builder/"];
    let words = [
        "serde_json::from_",
        "serde_json::Deserializer",
        "derive(Deserialize",
        "disallowed_methods",
    ];
    let mut found = Vec::new();
    let mut read = 0;
    for (path, text) in sources() {
        let is_test = path.ends_with("/tests.rs");
        let is_product = path.starts_with("crates/") && path.contains("/src/") && !is_test;
        if !is_product || TOOLS.iter().any(|tool| path.starts_with(tool)) {
            continue;
        }
        read += 1;
        for line in text
            .lines()
            .filter(|line| words.iter().any(|word| line.contains(word)))
        {
            found.push(format!("{path}: {line}"));
        }
    }
    assert!(read > 150, "{read}");
    assert!(found.is_empty(), "{found:#?}");
}

/// Every reader reports the same kind of problem: no crate but `source` has a type of problem of its own, and none tells
/// problems apart by what their messages say.
#[test]
fn problems_have_one_type() {
    let types = ["struct", "enum"]
        .map(|word| ["Problem", "Diagnostic"].map(|name| format!("{word} {name}")));
    let by_text = [
        ".message.starts_with(",
        ".message.ends_with(",
        ".message.contains(",
    ];
    let mut declared = Vec::new();
    let mut found = Vec::new();
    for (path, text) in sources() {
        let is_product = path.starts_with("crates/") && path.contains("/src/");
        let is_testing = path.starts_with("crates/testkit/") || path.ends_with("tests.rs");
        if !is_product || is_testing {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            let ends = |name: &String| {
                let after = line.split_once(name.as_str()).map(|(_, after)| after);
                after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
            };
            if types.iter().flatten().any(ends) {
                declared.push(path.clone());
            }
            if by_text.iter().any(|way| line.contains(way)) {
                found.push(format!("{path}: {line}"));
            }
        }
    }
    assert_eq!(declared, ["crates/source/src/diagnostic.rs"]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn files_can_be_read_in_one_go() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > 600 {
            println!("{path} has {lines} lines");
        }
        if lines > 800 {
            long.push(path);
        }
    }
    assert!(long.is_empty(), "more than 800 lines: {long:?}");
}

/// The paths behind `crate::` in the code of a file, without its tests: `["stack", "plan", "Plan"]`.
fn inner_paths(text: &str) -> Vec<Vec<String>> {
    fn expand(tree: &str, before: &[String], found: &mut Vec<Vec<String>>) {
        let mut depth = 0;
        for one in tree.split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        }) {
            let (path, group) = match one.trim().split_once('{') {
                Some((path, group)) => (path, group.strip_suffix('}')),
                None => (one.trim(), None),
            };
            let mut all = before.to_vec();
            let names = path.split("::").map(|name| name.split_whitespace().next());
            all.extend(names.flatten().map(str::to_owned));
            match group {
                Some(group) => expand(group, &all, found),
                None => found.push(all),
            }
        }
    }
    let code: Vec<&str> = text
        .lines()
        .take_while(|line| *line != "mod tests {")
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for behind in code.split("crate::").skip(1) {
        let mut depth = 0;
        let end = behind.find(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            let is_path = c.is_alphanumeric() || c == '_' || c == ':' || depth > 0 || c == '}';
            !is_path || depth < 0
        });
        expand(
            behind.get(..end.unwrap_or(behind.len())).unwrap(),
            &[],
            &mut found,
        );
    }
    found
}

#[test]
fn paths_are_found() {
    let text = "use crate::{a::{self, b}, c::D as E};\nfn f(x: crate::g::H<'_>) {}\nmod tests {\nuse crate::i;";
    let found: Vec<String> = inner_paths(text)
        .iter()
        .map(|path| path.join("::"))
        .collect();
    assert_eq!(found, ["a::self", "a::b", "c::D", "g::H"]);
}

/// The modules of a crate: the path of each in the crate, and its text.
fn modules(name: &str) -> BTreeMap<Vec<String>, String> {
    let folder = format!("crates/{name}/src/");
    let mut found = BTreeMap::new();
    for (path, text) in sources() {
        let Some(inside) = path.strip_prefix(&folder) else {
            continue;
        };
        let inside = inside.strip_suffix(".rs").unwrap();
        let inside = inside.strip_suffix("/mod").unwrap_or(inside);
        if inside != "lib" {
            found.insert(inside.split('/').map(str::to_owned).collect(), text);
        }
    }
    found
}

/// The page names the rooms in the order of the table.
#[test]
fn the_page_has_every_room() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, after) = page.split_once("## Rooms").unwrap();
    for (name, rooms) in ROOMS {
        let row = format!("| `{name}` | ");
        let row = after.lines().find_map(|line| line.strip_prefix(&row));
        let written: Vec<&str> = row.unwrap().split('`').skip(1).step_by(2).collect();
        let rooms: Vec<&str> = rooms.iter().map(|(room, _)| *room).collect();
        assert_eq!(written, rooms, "{name}");
    }
}

#[test]
fn rooms_use_each_other_in_one_direction() {
    let mut failures = Vec::new();
    for (name, rooms) in ROOMS {
        let mut below: Vec<&str> = Vec::new();
        for (room, allowed) in rooms {
            if let Some(up) = allowed.iter().find(|other| !below.contains(other)) {
                failures.push(format!("{name}: {room} must stand below {up} in the table"));
            }
            below.push(room);
        }
        let modules = modules(name);
        let rooms = BTreeMap::from_iter(rooms.iter().copied());
        let mut used = BTreeSet::new();
        for (path, text) in &modules {
            let room = path.first().unwrap().as_str();
            let allowed = rooms.get(room);
            let allowed = allowed.unwrap_or_else(|| panic!("{name}: {room} is not in the table"));
            for other in inner_paths(text) {
                let other = other.first().unwrap();
                if other != room && rooms.contains_key(other.as_str()) {
                    used.insert((room, other.clone()));
                    if !allowed.contains(&other.as_str()) {
                        let path = path.join("/");
                        failures.push(format!("{name}: {path} must not use {other}"));
                    }
                }
            }
        }
        for (room, allowed) in &rooms {
            let unused = allowed
                .iter()
                .filter(|other| !used.contains(&(*room, other.to_string())));
            failures.extend(unused.map(|other| format!("{name}: {room} does not use {other}")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn modules_have_no_circles() {
    for name in WITHOUT_CIRCLES {
        let modules = modules(name);
        let mut uses: BTreeMap<&[String], BTreeSet<&[String]>> = BTreeMap::new();
        for (path, text) in &modules {
            let own = uses.entry(path).or_default();
            for other in inner_paths(text) {
                let starts = (1..=other.len()).rev().map(|len| other.get(..len).unwrap());
                let found = starts
                    .filter_map(|start| modules.get_key_value(start))
                    .next();
                own.extend(found.map(|(other, _)| other.as_slice()));
            }
            own.remove(path.as_slice());
        }
        // What uses nothing is done with; what is left at last is a circle and what leads to it.
        loop {
            let done: BTreeSet<&[String]> = uses
                .iter()
                .filter(|(_, own)| own.is_empty())
                .map(|(path, _)| *path)
                .collect();
            if done.is_empty() {
                break;
            }
            uses.retain(|path, _| !done.contains(path));
            for own in uses.values_mut() {
                own.retain(|path| !done.contains(path));
            }
        }
        let left: Vec<String> = uses.keys().map(|path| path.join("/")).collect();
        assert!(left.is_empty(), "{name}: a circle among {left:?}");
    }
}

/// The checksums of some images, which stand for their bytes.
fn checksums() -> Vec<u64> {
    let mut found = Vec::new();
    for seed in 0..100 {
        let bytes = Bytes::new(seed).take(20_000);
        let settings = Settings {
            statements: 12,
            ..Settings::default()
        };
        let world = world(&mut Unstructured::new(&bytes), &settings).unwrap();
        let arena = Bump::new();
        let sets = world.read(&arena).unwrap();
        for (debug, index) in [(true, true), (false, true), (false, false)] {
            let image = compile(&sets, Options { debug, index }).unwrap();
            found.push(Header::checksum_of(&image));
        }
    }
    found
}

/// Same policies, same bytes, also in another process, where everything lies elsewhere in memory and
/// hash tables of the standard library have other seeds.
#[test]
fn the_same_policies_give_the_same_bytes() {
    const CHILD: &str = "PORTCULLIS_PRINT_CHECKSUMS";
    let here = format!("checksums {:x?}", checksums());
    if std::env::var_os(CHILD).is_some() {
        println!("{here}");
        return;
    }
    let test = "invariants::the_same_policies_give_the_same_bytes";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", test])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let there = String::from_utf8(output.stdout).unwrap();
    assert!(there.contains(&here), "another process made other images");
}
