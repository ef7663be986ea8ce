//! The language server.

use arbitrary::{Result, Unstructured};
use bumpalo::Bump;
use serde_json::{Value, json};

/// Any bytes as what an editor sends, and as choices for a conversation: no panic, what the server says is messages, every
/// request has one answer, in order, and a document that was changed step by step is told of as one that was opened with its text.
pub fn lsp(data: &[u8]) {
    match data.split_first() {
        Some((0, wire)) => any_bytes(wire),
        Some((_, choices)) => {
            // Choices that run out are zeros.
            let _ = conversation(&mut Unstructured::new(choices));
        }
        None => {}
    }
}

/// What the server says to these bytes, and how it ended.
fn served(wire: &[u8]) -> (Vec<Value>, core::result::Result<(), String>) {
    let mut said = Vec::new();
    let ended = portcullis_cli::serve(&mut &*wire, &mut said);
    let messages = messages(&said);
    let (messages, rest) = messages;
    assert!(rest.is_empty(), "{:?}", String::from_utf8_lossy(rest));
    (messages, ended)
}

/// The messages that bytes begin with, and what follows them.
fn messages(mut bytes: &[u8]) -> (Vec<Value>, &[u8]) {
    let mut all = Vec::new();
    while let Some((message, rest)) = message(bytes) {
        all.push(message);
        bytes = rest;
    }
    (all, bytes)
}

/// The message that bytes begin with, if it is written as most are.
fn message(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let rest = bytes.strip_prefix(b"Content-Length: ")?;
    let end = rest.windows(4).position(|four| four == b"\r\n\r\n")?;
    let digits = &rest[..end];
    let is_number = digits.iter().all(u8::is_ascii_digit) && (1..9).contains(&digits.len());
    let length: usize = core::str::from_utf8(digits).ok()?.parse().ok()?;
    let behind = rest.get(end + 4..)?;
    let (body, rest) = behind.split_at_checked(length).filter(|_| is_number)?;
    // A member that is there twice is read in another way by whoever looks at it: ours ends there.
    portcullis_source::json::parse_bytes(body, &Bump::new()).ok()?;
    Some((serde_json::from_slice(body).ok()?, rest))
}

/// What has no number of a request is read as something else.
fn is_request(message: &Value) -> bool {
    let is_number = |id: &Value| id.as_i64().is_some_and(|id| i32::try_from(id).is_ok());
    let id = message.get("id");
    message["method"].is_string() && id.is_some_and(|id| id.is_string() || is_number(id))
}

fn any_bytes(wire: &[u8]) {
    let (said, ended) = served(wire);
    let answers = said.iter().filter_map(|one| one.get("id"));
    // Where ours stops reading, the server may go on: it knows more ways to write a message.
    let (heard, _) = messages(wire);
    let is_exit = |one: &Value| one["method"] == "exit" && !is_request(one);
    let end = heard.iter().position(is_exit).unwrap_or(heard.len());
    let requests = heard[..end].iter().filter(|one| is_request(one));
    let mut requests = requests.map(|one| &one["id"]);
    for answer in answers {
        match requests.next() {
            Some(request) => assert_eq!(answer, request),
            None => break,
        }
    }
    assert!(ended.is_err() || requests.next().is_none(), "{heard:?}");
}

/// A document as the editor has it.
struct Model {
    uri: String,
    text: Vec<char>,
}

impl Model {
    /// The place of a position, counted letter by letter.
    fn offset(&self, position: &Value, is_utf8: bool) -> usize {
        let number = |name: &str| position.get(name).and_then(Value::as_u64).unwrap_or(0);
        let is_end = |c: char| c == '\n' || c == '\r';
        let mut at = 0;
        for _ in 0..number("line") {
            match self.text[at..].iter().position(|c| is_end(*c)) {
                Some(more) => at += more,
                None => return self.text.len(),
            }
            at += match self.text[at..] {
                ['\r', '\n', ..] => 2,
                _ => 1,
            };
        }
        let mut left = number("character");
        while let Some(c) = self.text.get(at).filter(|c| !is_end(**c)) {
            let width = if is_utf8 { c.len_utf8() } else { c.len_utf16() } as u64;
            if left < width {
                break;
            }
            left -= width;
            at += 1;
        }
        at
    }

    fn change(&mut self, change: &Value, is_utf8: bool) {
        let new = change.get("text").and_then(Value::as_str).unwrap_or("");
        let Some(range) = change.get("range") else {
            self.text = new.chars().collect();
            return;
        };
        let at = |name: &str| self.offset(range.get(name).unwrap_or(&Value::Null), is_utf8);
        let (start, end) = (at("start"), at("end"));
        self.text.splice(start..end.max(start), new.chars());
    }
}

const URIS: [&str; 7] = [
    "file:///nowhere/p.json",
    "file:///nowhere/q.iam",
    "file:///nowhere/t.yaml",
    "file:///nowhere/l.jsonl",
    "untitled:Untitled-1",
    "file:///C%3A/%zz%2Fx%00.json",
    "",
];

const PIECES: [&str; 34] = [
    "{\"Version\": \"2012-10-17\", \"Statement\": [",
    "{\"Effect\": \"Allow\", \"Action\": [\"s3:GetObject\", \"s3:Get*\"], \"Resource\": \"*\"}",
    "{\"Effect\": \"Allow\", \"Action\": \"iam:PassRole\", \"Resource\": \"*\"}",
    "]}",
    "\"Condition\": {\"StringEquals\": {\"aws:username\": \"${aws:username}\"}}",
    "policy p {\n  allow s3:GetObject, s3:Get*\n    on *\n}\n",
    "let names = [\"a\", \"b\"]\n",
    "use a from \"b.iam\"\n",
    "template t(x) {\n",
    "Resources:\n  R:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyDocument:\n        Statement:\n",
    "          - Effect: Allow\n            Action: '*'\n            Resource: !Sub '${x}'\n",
    "s3:",
    "arn:aws:s3:::b/*",
    "${",
    "}",
    "{",
    "[",
    "]",
    "\"",
    ",",
    ":",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\\u0000",
    "𝄞",
    "ü",
    "\u{0}",
    "\u{feff}",
    "&a [*a, *a]",
    "# allow(REDUNDANT_ACTION): x",
    "Statement",
];

fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let mut text = String::new();
    for _ in 0..u.int_in_range(0..=9)? {
        text.push_str(u.choose(&PIECES)?);
    }
    Ok(text)
}

fn number(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u.int_in_range(0..=15)? {
        0 => json!(u64::MAX),
        1 => json!(-1),
        2 => json!(1.5),
        3 => json!("1"),
        4 => Value::Null,
        5 => json!(u32::MAX),
        6 => json!(u.int_in_range(0..=300)?),
        _ => json!(u.int_in_range(0..=12)?),
    })
}

fn position(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u.int_in_range(0..=15)? {
        0 => json!([0, 0]),
        1 => json!(7),
        _ => json!({"line": number(u)?, "character": number(u)?}),
    })
}

fn range(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u.int_in_range(0..=15)? {
        0 => Value::Null,
        _ => json!({"start": position(u)?, "end": position(u)?}),
    })
}

fn changes(u: &mut Unstructured<'_>) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for _ in 0..u.int_in_range(0..=3)? {
        all.push(match u.int_in_range(0..=9)? {
            0 => json!({"text": text(u)?}),
            1 => json!({"range": range(u)?, "text": 7}),
            2 => json!("x"),
            _ => json!({"range": range(u)?, "text": text(u)?}),
        });
    }
    Ok(all)
}

fn request(u: &mut Unstructured<'_>, uri: &str) -> Result<(&'static str, Value)> {
    const METHODS: [&str; 9] = [
        "textDocument/hover",
        "textDocument/completion",
        "textDocument/definition",
        "textDocument/formatting",
        "textDocument/codeAction",
        "textDocument/rename",
        "textDocument/didOpen",
        "initialize",
        "",
    ];
    let method = u.choose(&METHODS)?;
    let params = match u.int_in_range(0..=9)? {
        0 => Value::Null,
        1 => json!([uri]),
        2 => json!({"textDocument": uri, "position": 1}),
        _ => {
            json!({"textDocument": {"uri": uri}, "position": position(u)?, "range": range(u)?, "context": {"diagnostics": 3}})
        }
    };
    Ok((method, params))
}

/// What an editor says, and what should come of it.
#[derive(Default)]
struct Editor {
    wire: Vec<u8>,
    /// The numbers of requests that were sent.
    sent: Vec<Value>,
    models: Vec<Model>,
    is_open: bool,
    is_utf8: bool,
}

impl Editor {
    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let header = format!("Content-Length: {}\r\n\r\n", body.len());
        self.wire.extend(header.bytes().chain(body.bytes()));
    }

    fn ask(&mut self, method: &str, params: &Value) {
        let number = self.sent.len();
        let id = match number % 2 {
            0 => json!(number),
            _ => json!(format!("n{number}")),
        };
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        self.sent.push(id);
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "json", "version": 0, "text": text});
        self.tell("textDocument/didOpen", &json!({"textDocument": document}));
        if self.is_open {
            self.models.retain(|own| own.uri != uri);
            let (uri, text) = (uri.to_owned(), text.chars().collect());
            self.models.push(Model { uri, text });
        }
    }

    fn initialize(&mut self, is_utf8: bool) {
        let encodings = if is_utf8 { json!(["utf-8"]) } else { json!(1) };
        let capabilities = json!({"general": {"positionEncodings": encodings}});
        self.ask("initialize", &json!({"capabilities": capabilities}));
        self.tell("initialized", &json!({}));
        (self.is_open, self.is_utf8) = (true, is_utf8);
    }

    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let uri = *u.choose(&URIS)?;
        match u.int_in_range(0..=9)? {
            0 | 1 => {
                let text = text(u)?;
                self.open(uri, &text);
            }
            2..=5 => {
                let changes = changes(u)?;
                let document = json!({"uri": uri, "version": number(u)?});
                let params = json!({"textDocument": document, "contentChanges": changes});
                self.tell("textDocument/didChange", &params);
                let is_utf8 = self.is_utf8;
                let own = self.models.iter_mut().find(|own| own.uri == uri);
                if let Some(own) = own {
                    changes.iter().for_each(|one| own.change(one, is_utf8));
                }
            }
            6 => {
                self.models.retain(|own| own.uri != uri);
                self.tell(
                    "textDocument/didClose",
                    &json!({"textDocument": {"uri": uri}}),
                );
            }
            7 => match u.int_in_range(0..=3)? {
                0 => self.tell(
                    "textDocument/didSave",
                    &json!({"textDocument": {"uri": uri}}),
                ),
                1 => self.tell("textDocument/didChange", &json!({"contentChanges": {}})),
                2 => self.send(&json!({"jsonrpc": "2.0", "id": 99_999, "result": null})),
                _ => self.tell("$/cancelRequest", &json!({"id": 0})),
            },
            _ => {
                let (method, params) = request(u, uri)?;
                // The server takes the first one.
                if method != "initialize" || self.is_open {
                    self.ask(method, &params);
                }
            }
        }
        Ok(())
    }
}

fn conversation(u: &mut Unstructured<'_>) -> Result<()> {
    let mut editor = Editor::default();
    while !u.is_empty() && u.ratio(1, 8)? {
        editor.step(u)?;
    }
    if !u.ratio(1, 30)? {
        let is_utf8 = u.arbitrary()?;
        editor.initialize(is_utf8);
    }
    let mut steps = 0;
    while !u.is_empty() && steps < 40 {
        steps += 1;
        editor.step(u)?;
    }
    // What is told last of each, beside what is told of its text when it is opened.
    let models = core::mem::take(&mut editor.models);
    for own in &models {
        let text: String = own.text.iter().collect();
        let change = json!({"textDocument": {"uri": own.uri}, "contentChanges": []});
        editor.tell("textDocument/didChange", &change);
        editor.open(&own.uri, &text);
    }
    let is_open = editor.is_open;
    editor.ask("shutdown", &Value::Null);
    editor.ask("textDocument/hover", &json!({}));
    editor.tell("exit", &Value::Null);
    let (said, ended) = served(&editor.wire);
    assert_eq!(ended.is_ok(), is_open, "{ended:?}");
    let answers: Vec<&Value> = said.iter().filter_map(|one| one.get("id")).collect();
    let sent: Vec<&Value> = editor.sent.iter().collect();
    assert_eq!(answers, sent);
    // Each pair of what is told stands at the end, in the order of the models.
    let told: Vec<&Value> = said.iter().filter(|one| one.get("id").is_none()).collect();
    let last = &told[told.len() - 2 * models.len()..];
    for (pair, own) in last.chunks(2).zip(&models) {
        let found = |one: &Value| one["params"]["diagnostics"].clone();
        assert_eq!(pair[0]["params"]["uri"], own.uri, "{told:?}");
        assert_eq!(found(pair[0]), found(pair[1]), "{:?}", own.text);
    }
    Ok(())
}
