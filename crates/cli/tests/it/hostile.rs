//! Input and surroundings that mean no good, and help.
use crate::support::{ANN, Folder, folder, unread};

#[test]
fn hostile_input_is_an_error_and_nothing_else() {
    let folder = folder();
    let deep = "[".repeat(200_000);
    let inputs: [&[u8]; 9] = [
        b"",
        b"\xff\xfe{}",
        b"{\"a\": \"\xc3\x28\"}",
        b"\0",
        b"{\"Statement\": [{\"Effect\": \"Allow\"",
        b"\x1b[31m",
        b"nul",
        b"{\"policies\": {\"identity\": [{\"file\": \"/dev/null\"}]}, \"requests\": [{}]}",
        deep.as_bytes(),
    ];
    for input in inputs {
        folder.write("bad.json", input);
        let start = String::from_utf8_lossy(&input[..input.len().min(20)]).into_owned();
        for arguments in [
            &["check", "bad.json"][..],
            &["test", "bad.json"],
            &["bench", "bad.json"],
            &["batch", "bad.json"],
            &["inspect", "bad.json"],
            &["disasm", "bad.json"],
            &["compile", "--scenario", "bad.json", "-o", "x.pcl"],
            &[
                "decide",
                "--identity",
                "bad.json",
                "--principal",
                ANN,
                "--action",
                "a:b",
            ],
            &["explain", "--scenario", "bad.json"],
            &["decide", "--identity", "all.json", "--request", "bad.json"],
        ] {
            let run = folder.run(arguments);
            // Nothing to answer is no error of a stream.
            let fine = input.is_empty() && arguments[0] == "batch";
            assert_eq!(run.code == 0, fine, "{start:?} {arguments:?}: {run:?}");
            assert_ne!(run.code, 2, "{start:?} {arguments:?}: {run:?}");
            assert!(!run.stderr.contains('\x1b') && !run.stdout.contains('\x1b'));
        }
    }
}

#[test]
fn help_and_completions() {
    let folder = Folder::new();
    let commands = [
        "test", "batch", "decide", "explain", "compile", "inspect", "disasm", "check", "bench",
    ];
    let run = folder.run(&["--help"]);
    assert_eq!(run.code, 0);
    for name in commands {
        assert!(run.stdout.contains(&format!("  {name} ")), "{name}");
        let run = folder.run(&[name, "--help"]);
        assert_eq!(run.code, 0);
        assert!(
            run.stdout.contains("Examples:\n  portcullis"),
            "{name}: {}",
            run.stdout
        );
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = folder.run(&["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("portcullis"));
    }
    assert_eq!(folder.run(&["--version"]).code, 0);
    assert_eq!(folder.run(&[]).code, 1);
}

#[test]
fn a_denial_that_nobody_reads_is_still_a_denial() {
    let folder = folder();
    let arguments = [
        "decide",
        "--identity",
        "all.json",
        "--principal",
        "anonymous",
        "--action",
        "s3:Get",
    ];
    assert_eq!(unread(&folder.0, &arguments), Some(2));
}

#[test]
fn texts_cannot_garble_a_terminal() {
    let folder = folder();
    let strange = r"\u001b[31m\u202e";
    let policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Sid": "S", "Effect": "Allow", "Action": "a:b",
        "Resource": "*", "Condition": {{"StringEquals": {{"k{strange}": "v{strange}"}}}}}}}}"#
    );
    let scenario = format!(
        r#"{{"name": "n{strange}", "policies": {{"identity": [{{"name": "p{strange}", "document": {policy}}}]}},
        "request": {{"principal": null, "action": "a:b{strange}", "resource": "arn:{strange}"}}, "expect": "Allow"}}"#
    );
    folder.write("s.json", &scenario);
    folder.run(&["compile", "--scenario", "s.json", "-o", "s.pcl"]);
    for arguments in [
        &["test", "s.json"][..],
        &["explain", "--scenario", "s.json"],
        &["explain", "--scenario", "s.json", "--case", "x"],
        &["disasm", "s.pcl"],
        &["inspect", "--keys", "s.pcl"],
        &["batch", "s.json"],
        &["check", "s.json"],
    ] {
        let run = folder.run(arguments);
        let all = run.stdout + &run.stderr;
        assert!(!all.contains('\u{1b}'), "{arguments:?}: {all:?}");
        let is_json = arguments[0] == "batch";
        assert!(
            is_json || !all.contains('\u{202e}'),
            "{arguments:?}: {all:?}"
        );
    }
}
