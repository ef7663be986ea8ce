//! Paths that come from data are data: they lead to regular files below the folder of the file that names them, and
//! nothing of a file that is no policy is printed.

#![cfg(unix)]
use crate::support;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{ALL, ANN, Folder, REQUEST, Run, folder};

/// What must never be printed.
const SECRET: &str = "squeamish ossifrage";

/// A folder with a folder `in`, where scenarios lie, and things beside it that they may not reach.
fn places() -> Folder {
    let folder = folder();
    fs::create_dir_all(folder.0.join("in/sub")).unwrap();
    folder.write("secret", format!("{SECRET}\n"));
    folder.write("in/secret.json", format!("\"{SECRET}\"\n"));
    folder.write("in/member.json", format!("{{\"{SECRET}\": \"{SECRET}\"}}"));
    folder.write("in/bytes.json", [SECRET.as_bytes(), b"\xff"].concat());
    folder.write("in/secret.iam", format!("{SECRET}\n"));
    folder.write("in/sub/all.json", ALL);
    folder.write("in/sub/all.iam", "policy p { A: allow * on * }\n");
    let link = |from: &str, to: &str| symlink(from, folder.0.join(to)).unwrap();
    link("../secret", "in/out.json");
    link("../all.json", "in/out-to-a-policy.json");
    link("..", "in/up");
    link("sub/all.json", "in/inside.json");
    link("sub", "in/beside");
    let pipe = Command::new("mkfifo")
        .arg(folder.0.join("in/pipe.json"))
        .status();
    assert!(pipe.unwrap().success());
    folder
}

/// Every path that is refused, with the code.
const REFUSED: [(&str, &str); 17] = [
    ("/etc/hostname", "PATH_OUTSIDE"),
    ("../secret", "PATH_OUTSIDE"),
    ("../../secret", "PATH_OUTSIDE"),
    ("../all.json", "PATH_OUTSIDE"),
    ("sub/../sub/all.json", "PATH_OUTSIDE"),
    ("out.json", "PATH_OUTSIDE"),
    ("out-to-a-policy.json", "PATH_OUTSIDE"),
    ("up/all.json", "PATH_OUTSIDE"),
    ("up/in/sub/all.json/../../../secret", "PATH_OUTSIDE"),
    ("nowhere.json", "UNREADABLE_FILE"),
    ("pipe.json", "UNREADABLE_FILE"),
    ("sub", "UNREADABLE_FILE"),
    ("", "UNREADABLE_FILE"),
    ("secret.json", "DATA_TYPE_MISMATCH"),
    ("member.json", "MISSING_STATEMENT"),
    ("bytes.json", "INVALID_ENCODING"),
    ("secret.iam", "UNSUPPORTED_FILE"),
];

const READ: [&str; 6] = [
    "sub/all.json",
    "./sub/./all.json",
    "inside.json",
    "beside/all.json",
    "sub/all.iam",
    // Leads up and down again, to a file below: what counts is where it ends.
    "up/in/sub/all.json",
];

fn request(more: &str) -> String {
    format!(
        r#"{{"principal": "{ANN}", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"{more}}}"#
    )
}

fn scenario(path: &str) -> String {
    let request = request("");
    format!(r#"{{"policies": {{"identity": [{{"file": "{path}"}}]}}, "request": {request}}}"#)
}

/// A request of a stranger to a directory, whose policies are in a file.
fn line(path: &str, member: &str) -> String {
    let stranger = "arn:aws:iam::444455556666:user/eve";
    let policy = format!(r#", "identity": [{{"file": "{path}"}}]"#);
    let policy = match member {
        "identity" => policy,
        _ => format!(r#", "identity": [{ALL}], "session": [{{"file": "{path}"}}]"#),
    };
    request(&policy).replace(ANN, stranger)
}

type Runs<'f> = &'f dyn Fn(&[&str]) -> Run;
type Makes<'f> = &'f dyn Fn(&Path);
type Way = (&'static str, fn(&Folder, &str, &[&str]) -> Run);

/// Every way by which a path of data comes to a command; the folder of what names the file is `in`.
const WAYS: [Way; 9] = [
    ("a scenario", |folder, path, more| {
        folder.write("in/s.json", scenario(path));
        folder.run(&[&["decide", "--scenario", "in/s.json"], more].concat())
    }),
    ("a scenario on standard input", |folder, path, more| {
        let arguments = [&["decide", "--scenario", "-"], more].concat();
        support::run_in(&folder.0.join("in"), &arguments, scenario(path).as_bytes())
    }),
    ("scenarios to test", |folder, path, more| {
        let text = scenario(path).replace("\"request\"", "\"expect\": \"Allow\", \"request\"");
        folder.write("in/s.json", text);
        folder.run(&[&["test", "in/s.json"], more].concat())
    }),
    ("a stream of scenarios", |folder, path, more| {
        let text = scenario(path);
        support::run_in(
            &folder.0.join("in"),
            &[&["batch"], more].concat(),
            text.as_bytes(),
        )
    }),
    ("a stream of requests, `session`", |folder, path, more| {
        let arguments = [&["batch", "--directory", "../dumps"], more].concat();
        support::run_in(
            &folder.0.join("in"),
            &arguments,
            line(path, "session").as_bytes(),
        )
    }),
    ("a stream of requests, `identity`", |folder, path, more| {
        let arguments = [&["batch", "--directory", "../dumps"], more].concat();
        support::run_in(
            &folder.0.join("in"),
            &arguments,
            line(path, "identity").as_bytes(),
        )
    }),
    ("a request", |folder, path, more| {
        folder.write("in/r.json", line(path, "session"));
        let arguments = ["decide", "--directory", "dumps", "--request", "in/r.json"];
        folder.run(&[&arguments, more].concat())
    }),
    ("a session", |folder, path, more| {
        let session = format!(
            r#"{{"principal": "arn:aws:iam::444455556666:user/eve", "identity": [{ALL}], "session": [{{"file": "{path}"}}]}}"#
        );
        folder.write("in/session.json", session);
        let role = "arn:aws:iam::111122223333:role/R";
        let arguments = [
            "assume",
            "--directory",
            "dumps",
            "--as",
            "in/session.json",
            "--role",
            role,
        ];
        folder.run(&[&arguments, more].concat())
    }),
    ("a scenario to compile", |folder, path, more| {
        folder.write("in/s.json", scenario(path));
        folder.run(
            &[
                &["compile", "--scenario", "in/s.json", "-o", "out.pcl"],
                more,
            ]
            .concat(),
        )
    }),
];

fn dumps(folder: &Folder) {
    fs::create_dir(folder.0.join("dumps")).unwrap();
    let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}"#;
    let dump = format!(
        r#"{{"UserDetailList": [{{"Arn": "{ANN}"}}], "RoleDetailList": [{{"Arn": "arn:aws:iam::111122223333:role/R",
            "AssumeRolePolicyDocument": {trust}}}]}}"#
    );
    folder.write("dumps/account.json", dump);
    let open = r#"{"arn": "arn:aws:s3:::b", "account": "111122223333", "policy": {"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}}}"#;
    folder.write("dumps/bucket.json", open.replace('\n', ""));
}

fn all_printed(run: &Run) -> String {
    run.stdout.clone() + &run.stderr
}

#[test]
fn every_way_of_a_path() {
    let folder = places();
    dumps(&folder);
    let start = Instant::now();
    for (way, run) in WAYS {
        for path in READ {
            let run = run(&folder, path, &[]);
            assert_eq!(run.code, 0, "{way}, {path}: {run:?}");
        }
        for (path, code) in REFUSED {
            let run = run(&folder, path, &[]);
            let printed = all_printed(&run);
            assert!(run.code == 1 || run.code == 3, "{way}, {path}: {run:?}");
            assert!(printed.contains(code), "{way}, {path}: {printed}");
            for word in SECRET.split(' ') {
                assert!(!printed.contains(word), "{way}, {path}: {printed}");
            }
        }
        // What is not regular is not read even so, and nothing that is no policy is printed.
        for path in ["../all.json", "out-to-a-policy.json", "up/all.json"] {
            let run = run(&folder, path, &["--allow-outside"]);
            assert_eq!(run.code, 0, "{way}, {path}: {run:?}");
        }
        for path in ["pipe.json", "../secret", "out.json", "secret.iam"] {
            let run = run(&folder, path, &["--allow-outside"]);
            assert!(run.code == 1 || run.code == 3, "{way}, {path}: {run:?}");
            assert!(
                !all_printed(&run).contains("ossifrage"),
                "{way}, {path}: {run:?}"
            );
        }
    }
    assert!(
        start.elapsed() < Duration::from_secs(120),
        "something waited"
    );
}

/// A policy with an error is quoted as ever: who names it may read it.
#[test]
fn policies_are_quoted() {
    let folder = places();
    folder.write("in/wrong.json", ALL.replace("Action", "Acton"));
    folder.write("in/s.json", scenario("wrong.json"));
    let run = folder.run(&["decide", "--scenario", "in/s.json"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(
        run.stderr.contains("Acton") && run.stderr.contains("^"),
        "{run:?}"
    );
    folder.write("in/wrong.iam", "policy p { A: alow * on * }\n");
    folder.write("in/s.json", scenario("wrong.iam"));
    let run = folder.run(&["decide", "--scenario", "in/s.json"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("alow"), "{run:?}");
}

#[test]
fn imports_of_the_policy_language() {
    let folder = places();
    folder.write("lib.iam", "let read = [s3:GetObject]\n");
    folder.write("in/sub/lib.iam", "let read = [s3:GetObject]\n");
    symlink("../lib.iam", folder.0.join("in/link.iam")).unwrap();
    symlink("sub/lib.iam", folder.0.join("in/inside.iam")).unwrap();
    let policy =
        |path: &str| format!("use read from \"{path}\"\npolicy p {{ A: allow <read> on * }}\n");
    let ways: [(&str, Runs<'_>); 4] = [
        ("check", &|more| {
            folder.run(&[&["check", "in/p.iam"], more].concat())
        }),
        ("expand", &|more| {
            folder.run(&[&["expand", "in/p.iam"], more].concat())
        }),
        ("decide", &|more| {
            folder.run(&[&["decide", "--identity", "in/p.iam"], &REQUEST[..], more].concat())
        }),
        ("a scenario", &|more| {
            folder.write("in/s.json", scenario("p.iam"));
            folder.run(&[&["decide", "--scenario", "in/s.json"], more].concat())
        }),
    ];
    for (way, run) in ways {
        for path in [
            "sub/lib.iam",
            "./sub/lib.iam",
            "inside.iam",
            "beside/lib.iam",
        ] {
            folder.write("in/p.iam", policy(path));
            let run = run(&[]);
            assert_eq!(run.code, 0, "{way}, {path}: {run:?}");
        }
        let wrong = [
            "/etc/hostname",
            "../lib.iam",
            "../secret",
            "link.iam",
            "out.json",
            "up/lib.iam",
            "pipe.json",
            "secret.iam",
        ];
        for path in wrong {
            folder.write("in/p.iam", policy(path));
            let run = run(&[]);
            let printed = all_printed(&run);
            assert_eq!(run.code, 3, "{way}, {path}: {run:?}");
            assert!(!printed.contains("ossifrage"), "{way}, {path}: {printed}");
            let leads_out = !["pipe.json", "secret.iam"].contains(&path);
            assert_eq!(
                printed.contains("leads out of the folder"),
                leads_out,
                "{way}, {path}: {printed}"
            );
        }
        folder.write("in/p.iam", policy("../lib.iam"));
        assert_eq!(run(&["--allow-outside"]).code, 0, "{way}");
    }
}

/// Directories read regular files that lie in them. What else lies there may stand for a policy that denies.
#[test]
fn files_of_a_directory() {
    let folder = places();
    dumps(&folder);
    let decide = |folder: &Folder| {
        folder.run(&[
            "decide",
            "--directory",
            "dumps",
            "--principal",
            ANN,
            "--action",
            "s3:GetObject",
            "--resource",
            "arn:aws:s3:::b/k",
        ])
    };
    assert_eq!(decide(&folder).code, 0);
    let hold = |name: &str| folder.0.join("dumps").join(name);
    let refused: [(&str, &str, Makes<'_>); 5] = [
        ("a link out", "PATH_OUTSIDE", &|path| {
            symlink("../secret", path).unwrap()
        }),
        ("a folder that is a link out", "PATH_OUTSIDE", &|path| {
            symlink("../in", path).unwrap()
        }),
        ("a link to an absolute path", "PATH_OUTSIDE", &|path| {
            symlink("/etc/hostname", path).unwrap()
        }),
        ("a link to nothing", "UNREADABLE_FILE", &|path| {
            symlink("nowhere", path).unwrap()
        }),
        ("a pipe", "UNREADABLE_FILE", &|path| {
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
    ];
    for (what, code, make) in refused {
        let path = hold("odd.json");
        make(&path);
        let run = decide(&folder);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{what}: {run:?}");
        let told = format!("[{code}]");
        assert!(
            run.stderr.contains("odd.json") && run.stderr.contains(&told),
            "{what}: {run:?}"
        );
        assert!(!run.stderr.contains("ossifrage"), "{what}: {run:?}");
        fs::remove_file(path).unwrap();
    }
    // Links that stay inside, as some deployments lay folders out, and circles of them.
    fs::create_dir(hold(".data")).unwrap();
    fs::rename(hold("bucket.json"), hold(".data/bucket.json")).unwrap();
    symlink(".data/bucket.json", hold("bucket.json")).unwrap();
    assert_eq!(decide(&folder).code, 0);
    symlink(".", hold("circle")).unwrap();
    let run = decide(&folder);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("[TOO_LARGE]"), "{run:?}");
}

/// Every command that writes a file that is there: links stay links, and files keep their permissions.
#[test]
fn files_are_written_where_they_are() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:GetObject"],"Resource":"*"}]}"#;
    folder.write("policy.json", policy);
    let commands: [(&str, &str, &[&str]); 4] = [
        ("own.json", policy, &["check", "link", "--fix"]),
        (
            "own.iam",
            "policy p{allow s3:GetObject on *}",
            &["fmt", "link"],
        ),
        (
            "own.iam",
            "",
            &["convert", "policy.json", "--to", "dsl", "--output", "link"],
        ),
        (
            "own.image",
            "",
            &["compile", "--identity", "policy.json", "--output", "link"],
        ),
    ];
    for (name, old, command) in commands {
        let link = format!("link.{}", name.rsplit('.').next().unwrap());
        folder.write(name, old);
        let (own, linked) = (folder.0.join(name), folder.0.join(&link));
        fs::set_permissions(&own, fs::Permissions::from_mode(0o640)).unwrap();
        let _ = fs::remove_file(&linked);
        symlink(name, &linked).unwrap();
        let command = command.iter().map(|word| match *word {
            "link" => link.as_str(),
            word => word,
        });
        let command: Vec<&str> = command.collect();
        let run = folder.run(&command);
        assert_eq!(run.code, 0, "{command:?}: {}", run.stderr);
        assert!(linked.is_symlink(), "{command:?}");
        assert_ne!(fs::read(&own).unwrap(), old.as_bytes(), "{command:?}");
        let mode = fs::metadata(&own).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{command:?}");
    }
    let left = fs::read_dir(&folder.0).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().ends_with(".tmp")),
        "{left:?}"
    );
}

/// Of what leads out of a folder only what is called like a policy keeps `check` from it; the rest is told.
#[test]
fn folders_that_are_checked() {
    let folder = places();
    let link = |from: &str, to: &str| symlink(from, folder.0.join(to)).unwrap();
    link("../../secret", "in/sub/tool");
    let run = folder.run(&["check", "in/sub"]);
    let told = "note: in/sub: 1 file or folder not looked at, such as tool: the link leads out of the folder";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert!(run.stdout.contains("in 2 files"), "{}", run.stdout);
    for (to, name) in [("../../all.json", "policy.json"), ("../..", "more")] {
        let path = format!("in/sub/{name}");
        link(to, &path);
        let run = folder.run(&["check", "in/sub"]);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""));
        let told =
            format!("error: the link leads out of the folder [PATH_OUTSIDE]\n --> {path}:1:1");
        assert!(run.stderr.contains(&told), "{}", run.stderr);
        let run = folder.run(&["check", "in/sub", "--exclude", name]);
        assert!(run.stdout.contains("in 2 files"), "{}", run.stderr);
        fs::remove_file(folder.0.join(&path)).unwrap();
    }
}
