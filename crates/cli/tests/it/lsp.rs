//! `lsp`: a recorded conversation, spoken again by a client without a screen. `UPDATE_DOCS=1` writes it down anew.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Client {
    fn start() -> Client {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Client {
            child,
            input,
            output,
        }
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(
                self.output.read_line(&mut line).unwrap() > 0,
                "the server left"
            );
            let line = line.trim();
            if line.is_empty() {
                break;
            }
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.parse().unwrap();
            }
        }
        let mut bytes = vec![0; length];
        self.output.read_exact(&mut bytes).unwrap();
        let mut message: Value = serde_json::from_slice(&bytes).unwrap();
        message.as_object_mut().unwrap().remove("jsonrpc");
        message
    }

    /// What the server says to a message: the answer to a request, and what is found in a document that changed.
    fn reply(&mut self, message: &Value) -> Option<Value> {
        self.send(message);
        let is_told = message["method"]
            .as_str()
            .is_some_and(|method| method.starts_with("textDocument/did"));
        (message.get("id").is_some() || is_told).then(|| self.receive())
    }
}

fn conversation() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lsp/conversation.jsonl")
}

/// Lines of `{"client": …}`, and behind each what the server says to it, `{"server": …}`.
#[test]
fn the_recorded_conversation_goes_as_it_went() {
    let file = conversation();
    let text = std::fs::read_to_string(&file)
        .unwrap()
        .replace("\r\n", "\n");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut client = Client::start();
    let mut heard = String::new();
    for message in lines.iter().filter_map(|line| line.get("client")) {
        heard.push_str(&format!("{}\n", json!({"client": message})));
        if let Some(mut reply) = client.reply(message) {
            // Which version it is, is not what was recorded.
            if let Some(version) = reply.pointer_mut("/result/serverInfo/version") {
                *version = "0".into();
            }
            heard.push_str(&format!("{}\n", json!({"server": reply})));
        }
    }
    assert!(client.child.wait().unwrap().success());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &heard).unwrap();
    }
    let stale = "the conversation is another one; if that is meant: UPDATE_DOCS=1 cargo test -p portcullis-cli lsp";
    assert!(
        heard
            == std::fs::read_to_string(&file)
                .unwrap()
                .replace("\r\n", "\n"),
        "{stale}\n{heard}"
    );
}

/// Each thing that the conversation is there to show is in it.
#[test]
fn the_conversation_shows_each_feature() {
    let text = std::fs::read_to_string(conversation()).unwrap();
    for part in [
        "PASS_ROLE_WITH_STAR_IN_RESOURCE",
        "REDUNDANT_ACTION",
        "(safe)",
        "# allow(",
        "Does not match requests without the key.",
        "\"textDocument/formatting\"",
        "\"newText\":\"iam:PassRole\"",
        "Replaced with the request's value",
        "\"diagnostics\":[]",
        "is not supported",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

/// Whatever an editor sends, the server answers or ends with a word: it neither breaks down nor stands still.
#[test]
fn hostile_messages_end_in_words() {
    let mut client = Client::start();
    client.reply(&json!({"id": 1, "method": "initialize", "params": {"capabilities": {"general": {"positionEncodings": 3}}}}));
    client.send(&json!({"method": "initialized", "params": []}));
    let open = |text: &Value| json!({"method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///p.json", "version": 1, "text": text}}});
    for text in [
        json!("{\"Statement\": [{"),
        json!(null),
        json!(["x"]),
        json!("\u{0}\u{ffff}𝄞\r\n\r"),
    ] {
        client.reply(&open(&text));
    }
    let document = json!({"uri": "file:///p.json", "version": {"x": 1}});
    let far = json!({"line": 4_294_967_295_u64, "character": -1});
    for changes in [
        json!([{"range": {"start": far, "end": {"line": 0, "character": 0}}, "text": "𝄞"}]),
        json!([{"range": {"start": 1, "end": []}, "text": 7}]),
        json!([{"text": "[".repeat(100_000)}, {"range": {"start": {"line": 0, "character": 1}, "end": far}, "text": ""}]),
        json!({"text": "x"}),
    ] {
        client.reply(&json!({"method": "textDocument/didChange", "params": {"textDocument": document, "contentChanges": changes}}));
    }
    for method in [
        "hover",
        "completion",
        "definition",
        "formatting",
        "codeAction",
        "nothing",
    ] {
        for params in [
            json!(null),
            json!({"textDocument": document, "position": far, "range": {"start": far, "end": far}, "context": 1}),
            json!({"textDocument": {"uri": 1}, "position": {"line": 0, "character": 0}}),
            json!({"textDocument": {"uri": "file:///other.json"}, "range": [], "position": "x"}),
        ] {
            let asked =
                json!({"id": method, "method": format!("textDocument/{method}"), "params": params});
            let answer = client.reply(&asked).unwrap();
            assert_eq!(answer["id"], method, "{answer}");
        }
    }
    // One that says that it has more bytes than there can be.
    write!(client.input, "Content-Length: 99999999999\r\n\r\n{{}}").unwrap();
    client.input.flush().unwrap();
    assert_eq!(client.child.wait().unwrap().code(), Some(1));
}

/// What comes before `initialize` or after `shutdown` is refused, and `exit` without `shutdown` is an error.
#[test]
fn a_conversation_has_its_order() {
    let mut client = Client::start();
    let hover = |id: u32| json!({"id": id, "method": "textDocument/hover", "params": {}});
    let initialize = |id: u32| json!({"id": id, "method": "initialize", "params": {}});
    assert_eq!(client.reply(&hover(1)).unwrap()["error"]["code"], -32002);
    assert!(
        client
            .reply(&initialize(2))
            .unwrap()
            .get("result")
            .is_some()
    );
    assert_eq!(
        client.reply(&initialize(3)).unwrap()["error"]["code"],
        -32600
    );
    // Nobody waits for `initialized`.
    assert_eq!(client.reply(&hover(4)).unwrap()["result"], Value::Null);
    client.reply(&json!({"id": 5, "method": "shutdown"}));
    assert_eq!(client.reply(&hover(6)).unwrap()["error"]["code"], -32600);
    client.send(&json!({"method": "exit"}));
    assert!(client.child.wait().unwrap().success());
    let mut client = Client::start();
    client.reply(&initialize(1));
    client.send(&json!({"method": "exit"}));
    assert_eq!(client.child.wait().unwrap().code(), Some(1));
}

/// A configuration that is written while documents are open counts from the next time that something is saved.
#[test]
fn configurations_are_read_again() {
    let folder = std::env::temp_dir().join(format!("portcullis-lsp-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let uri = format!("file://{}/p.json", folder.display());
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}"#;
    let document = json!({"uri": uri, "version": 1, "text": text});
    let has = |told: &Value| told.to_string().contains("PASS_ROLE_WITH_STAR_IN_RESOURCE");
    let mut client = Client::start();
    client.reply(&json!({"id": 1, "method": "initialize", "params": {}}));
    let open = json!({"method": "textDocument/didOpen", "params": {"textDocument": document}});
    assert!(has(&client.reply(&open).unwrap()));
    let ignore = "[check]\nignore = [\"PASS_ROLE_WITH_STAR_IN_RESOURCE\"]\n";
    std::fs::write(folder.join("portcullis.toml"), ignore).unwrap();
    let save = json!({"method": "textDocument/didSave", "params": {"textDocument": {"uri": uri}}});
    assert!(!has(&client.reply(&save).unwrap()));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// An editor that leaves without a word ends the server too, and it says so.
#[test]
fn the_server_ends_with_the_editor() {
    let mut client = Client::start();
    client.reply(&json!({"id": 1, "method": "initialize", "params": {"capabilities": {}}}));
    client.send(&json!({"method": "initialized", "params": {}}));
    drop(client.input);
    assert_eq!(client.child.wait().unwrap().code(), Some(1));
}
