//! Every command's text, JSON and exit code, as files in `golden` hold them: what changes there is seen in a review.
//!
//! `UPDATE_DOCS=1 cargo test -p portcullis-cli golden` writes them anew.

use std::fs;

use crate::support;

const DATA: &str = "corpus/example-organization/data";
const ANALYST: &str = "arn:aws:iam::222222222222:role/Analyst";
const ORDERS: &str = "arn:aws:s3:::shop-orders/1";

/// Names of files, and the commands whose answers they hold. Run in the root of the repository.
fn commands() -> Vec<(&'static str, Vec<&'static str>)> {
    let request = [
        "--principal",
        ANALYST,
        "--action",
        "s3:GetObject",
        "--resource",
        ORDERS,
    ];
    let denied = [
        "--principal",
        ANALYST,
        "--action",
        "s3:PutObject",
        "--resource",
        ORDERS,
    ];
    let by = |command: &'static str, rest: &[&'static str]| {
        let mut all = vec![command, "--directory", DATA];
        all.extend(rest);
        all
    };
    let policy = "crates/cli/tests/it/golden/reader.json";
    let language = "crates/cli/tests/it/golden/reader.iam";
    let failing = "crates/cli/tests/it/golden/failing.json";
    let image = "corpus/images/v1/example.pcl";
    let on = [
        "--principal",
        support::ANN,
        "--action",
        "s3:GetObject",
        "--resource",
        "arn:aws:s3:::b/k",
        "--identity",
        policy,
    ];
    let json = ["--format", "json"];
    let both = |start: Vec<&'static str>| [start.clone(), [&start[..], &json].concat()];
    let mut all = Vec::new();
    let mut add = |names: [&'static str; 2], start: Vec<&'static str>| {
        all.extend(names.into_iter().zip(both(start)));
    };
    add(
        ["check-proofs", "check-proofs-json"],
        vec![
            "check",
            "--proofs",
            "--no-config",
            "crates/cli/tests/it/golden/proofs.json",
        ],
    );
    add(["decide", "decide-json"], by("decide", &request));
    add(["explain", "explain-json"], by("explain", &denied));
    add(
        ["decide-policy", "decide-policy-json"],
        [&["decide"][..], &on].concat(),
    );
    add(
        ["explain-policy", "explain-policy-json"],
        [&["explain"][..], &on].concat(),
    );
    add(
        ["who-can", "who-can-json"],
        by(
            "who-can",
            &[
                "--action",
                "s3:GetObject",
                "--resource",
                ORDERS,
                "--hops",
                "2",
            ],
        ),
    );
    add(
        ["what-can", "what-can-json"],
        by("what-can", &["--principal", ANALYST, "--resource", ORDERS]),
    );
    add(
        ["matrix", "matrix-json"],
        by(
            "matrix",
            &[
                "--action",
                "s3:GetObject,s3:PutObject",
                "--resource",
                ORDERS,
                "--allowed",
            ],
        ),
    );
    add(["admins", "admins-json"], by("admins", &[]));
    add(["escalate", "escalate-json"], by("escalate", &[]));
    add(["findings", "findings-json"], by("findings", &[]));
    add(
        ["findings-preview", "findings-preview-json"],
        by(
            "findings",
            &[
                "--resource",
                "arn:aws:kms:eu-west-1:111111111111:key/orders",
                "--preview",
                "crates/cli/tests/it/golden/grants.json",
            ],
        ),
    );
    add(
        ["nobody", "nobody-json"],
        by(
            "who-can",
            &[
                "--action",
                "iam:DeleteAccountAlias",
                "--resource",
                "arn:aws:iam::999999999999:root",
            ],
        ),
    );
    add(
        ["assume", "assume-json"],
        by(
            "assume",
            &[
                "--principal",
                "arn:aws:iam::333333333333:user/maria",
                "--role",
                "arn:aws:iam::333333333333:role/Pipeline",
                "--session-name",
                "night",
            ],
        ),
    );
    add(
        ["actions", "actions-json"],
        vec!["actions", "s3:CopyObject"],
    );
    let wider = "crates/cli/tests/it/golden/wider.json";
    add(["compare", "compare-json"], vec!["compare", policy, wider]);
    add(
        ["prove", "prove-json"],
        vec!["prove", "--not-granted", "s3:Delete*", policy, wider],
    );
    let used = "crates/cli/tests/it/golden/used.jsonl";
    add(
        ["tighten", "tighten-json"],
        vec!["tighten", wider, "--requests", used],
    );
    let formats = |format| vec!["compare", "--format", format, policy, wider];
    all.extend([
        ("compare-sarif", formats("sarif")),
        ("compare-access-analyzer", formats("access-analyzer")),
        ("test", vec!["test", "--verbose", "--coverage", language]),
        ("test-failing", vec!["test", failing]),
        (
            "test-json",
            vec!["test", "--format", "json", failing, language],
        ),
        (
            "test-junit",
            vec!["test", "--format", "junit", failing, language],
        ),
        (
            "batch",
            vec!["batch", "--check", "crates/cli/tests/it/golden/ask.jsonl"],
        ),
        (
            "simulate",
            vec!["simulate", "crates/cli/tests/it/golden/simulate.json"],
        ),
        ("inspect", vec!["inspect", image]),
        ("inspect-json", vec!["inspect", "--format", "json", image]),
        ("disasm", vec!["disasm", image]),
        ("catalog", vec!["catalog", "--info"]),
        ("fmt", vec!["fmt", "--check", language]),
        ("convert", vec!["convert", "--to", "dsl", policy]),
        (
            "convert-json",
            vec!["convert", "--to", "json", "--minify", language],
        ),
        ("expand", vec!["expand", language]),
        (
            "explain-code",
            vec!["explain-code", "PASS_ROLE_WITH_STAR_IN_RESOURCE"],
        ),
        ("picture", by("picture", &["--of", "organization"])),
        ("picture-escalation", by("picture", &["--of", "escalation"])),
        ("help", vec!["help"]),
        ("help-who-can", vec!["who-can", "--help"]),
        ("help-collect", vec!["collect", "--help"]),
    ]);
    all
}

#[test]
fn answers_are_as_they_were() {
    let root = support::root();
    let folder = root.join("crates/cli/tests/it/golden");
    let is_blessed = std::env::var_os("UPDATE_DOCS").is_some();
    let mut different = Vec::new();
    for (name, arguments) in commands() {
        let run = support::run_in(&root, &arguments, b"");
        let told = format!(
            "$ portcullis {}\nexit {}\n--- standard output\n{}--- standard error\n{}",
            arguments.join(" "),
            run.code,
            run.stdout,
            run.stderr
        );
        let path = folder.join(format!("{name}.txt"));
        if is_blessed {
            fs::write(&path, &told).unwrap();
        } else if fs::read_to_string(&path).ok().as_deref() != Some(&told) {
            different.push(format!("{}\n{told}", path.display()));
        }
    }
    assert!(
        different.is_empty(),
        "other answers than before:\n{}",
        different.join("\n")
    );
}
