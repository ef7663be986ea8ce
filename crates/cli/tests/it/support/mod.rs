//! Runs the built binary.
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

pub const ANN: &str = "arn:aws:iam::111122223333:user/ann";

/// A request that [`READER`] allows from its network.
pub const REQUEST: [&str; 6] = [
    "--principal",
    ANN,
    "--action",
    "s3:GetObject",
    "--resource",
    "arn:aws:s3:::b/k",
];

/// Allows reading the bucket `b` from one network, and denies deleting from it.
pub const READER: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Read",
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::b/*",
      "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    },
    {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
  ]
}
"#;

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A folder of its own for each test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, b"")
    }

    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Run {
        run_in(&self.0, arguments, input)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.current_dir(folder).args(arguments);
    command
}

/// The exit status of a command whose output nobody reads.
pub fn unread(folder: &Path, arguments: &[&str]) -> Option<i32> {
    let mut child = command(folder, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty());
    output.status.code()
}

pub fn run_in(folder: &Path, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = command(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // Beside the reading, so that neither waits for the other; a run may not want its input.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).expect("the output is text");
    let run = Run {
        code: output.status.code().expect("no signal"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    // A panic ends with 101.
    assert!(run.code <= 4, "{arguments:?}: {run:?}");
    if run.code == 1 && run.stdout.is_empty() {
        assert!(run.stderr.starts_with("error:"), "{arguments:?}: {run:?}");
    }
    run
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub const ALL: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
pub const EVERYONE: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}"#;

pub fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("reader.json", READER);
    folder.write("all.json", ALL);
    folder.write("everyone.json", EVERYONE);
    folder.write(
        "named.json",
        format!(r#"{{"name": "guard", "document": {ALL}}}"#),
    );
    folder.write("invalid.json", r#"{"Version": "2012-10-17", "Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}"#);
    folder
}

/// The request of ann with these policies.
pub fn ask(folder: &Folder, command: &str, action: &str, more: &[&str]) -> Run {
    let request = [
        "--principal",
        ANN,
        "--action",
        action,
        "--resource",
        "arn:aws:s3:::b/k",
    ];
    folder.run(&[&[command][..], more, &request].concat())
}

/// The exit code and the first line, which is the decision; notes stand behind it.
pub fn decide(folder: &Folder, action: &str, more: &[&str]) -> (i32, String) {
    let run = ask(folder, "decide", action, more);
    let decision = run.stdout.lines().next().unwrap_or_default();
    (run.code, decision.to_string())
}

pub fn value(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).expect("JSON")
}
