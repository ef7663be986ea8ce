//! `compile`, `inspect`, `disasm`, and deciding by images.
use std::process::Stdio;

use crate::support::{ALL, ask, command, decide, folder, value};
use serde_json::{Value, json};

#[test]
fn images() {
    let folder = folder();
    let compile = |output: &str, more: &[&str]| {
        let arguments = [
            &["compile", "--identity", "reader.json", "-o", output],
            more,
        ]
        .concat();
        let run = folder.run(&arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run
    };
    let run = compile("a.pcl", &[]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    compile("b.pcl", &[]);
    assert_eq!(folder.read("a.pcl"), folder.read("b.pcl"));
    let run = compile("small.pcl", &["--strip", "-v"]);
    assert!(run.stderr.starts_with("small.pcl: "), "{}", run.stderr);
    assert!(folder.read("small.pcl").len() < folder.read("a.pcl").len());

    let inside = ["--image", "a.pcl", "--context", "aws:SourceIp=10.0.0.1"];
    assert_eq!(decide(&folder, "s3:GetObject", &inside).0, 0);
    let stack = [
        &inside[..],
        &["--boundary", "all.json", "--scp", "everything.json"],
    ]
    .concat();
    assert_eq!(decide(&folder, "s3:GetObject", &stack).0, 1);
    folder.run(&["compile", "--scp", "all.json", "-o", "scp.pcl"]);
    let stack = [
        "--image",
        "a.pcl",
        "scp.pcl",
        "--boundary",
        "all.json",
        "--context",
        "aws:SourceIp=10.0.0.1",
    ];
    assert_eq!(decide(&folder, "s3:GetObject", &stack).0, 0);
    let run = ask(&folder, "explain", "s3:DeleteObject", &["--image", "a.pcl"]);
    assert!(run.stdout.contains("denies: reader.json:11:5 statement 1"));
    let run = ask(
        &folder,
        "explain",
        "s3:DeleteObject",
        &["--image", "small.pcl"],
    );
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.contains("  denies: statement "),
        "{}",
        run.stdout
    );

    let run = folder.run(&["inspect", "--keys", "a.pcl"]);
    assert!(run.stdout.contains("statements  2\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains("  aws:sourceip (address)\n"),
        "{}",
        run.stdout
    );
    let found = value(&folder.run(&["inspect", "--keys", "--format", "json", "a.pcl"]));
    assert_eq!(found["bytes"], folder.read("a.pcl").len());
    assert_eq!(found["layers"], json!(["identity"]));
    assert_eq!(
        found["requiredKeys"],
        json!([{"name": "aws:sourceip", "class": "address"}])
    );
    let run = folder.run(&["disasm", "a.pcl"]);
    assert!(
        run.stdout.contains("aws:sourceip 10.0.0.0/8"),
        "{}",
        run.stdout
    );

    let whole = folder.read("a.pcl");
    for cut in [0, 1, 63, 64, whole.len() / 2, whole.len() - 1] {
        folder.write("cut.pcl", &whole[..cut]);
        for arguments in [["inspect", "cut.pcl"], ["disasm", "cut.pcl"]] {
            let run = folder.run(&arguments);
            assert_eq!(run.code, 1);
            assert!(
                run.stderr.starts_with("error: cut.pcl: not a usable image"),
                "{}",
                run.stderr
            );
        }
    }
}

#[test]
fn images_go_through_pipes() {
    let folder = folder();
    let output = command(&folder.0, &["compile", "--identity", "all.json", "-o", "-"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let run = folder.run_with(&["disasm", "-"], &output.stdout);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("action *"), "{}", run.stdout);
    let run = folder.run(&[
        "compile",
        "--identity",
        "all.json",
        "-o",
        "/no/such/folder/a.pcl",
    ]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr
            .contains("cannot write /no/such/folder/a.pcl: no such file")
    );
    assert_eq!(
        folder
            .run(&["compile", "--identity", "all.json", "-o", "/dev/null"])
            .code,
        0
    );
    assert_eq!(
        folder
            .run(&["compile", "--identity", "invalid.json", "-o", "x.pcl"])
            .code,
        3
    );
    assert_eq!(folder.run(&["compile", "-o", "x.pcl"]).code, 1);
    assert!(!folder.0.join("x.pcl").exists());
}

#[test]
fn an_image_of_a_scenario_knows_its_lines() {
    let folder = folder();
    let policies = json!({"identity": [serde_json::from_str::<Value>(ALL).unwrap()]});
    let line = |name: &str| json!({"name": name, "policies": policies}).to_string();
    folder.write("s.jsonl", format!("{}\n\n{}\n", line("a"), line("b")));
    let run = folder.run(&[
        "compile",
        "--scenario",
        "s.jsonl",
        "--case",
        "b",
        "-o",
        "b.pcl",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = ask(&folder, "explain", "a:b", &["--image", "b.pcl"]);
    assert!(run.stdout.contains("allows: s.jsonl:3:"), "{}", run.stdout);
    let run = folder.run(&["compile", "--scenario", "s.jsonl", "-o", "b.pcl"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("2 scenarios in the file"),
        "{}",
        run.stderr
    );
}
