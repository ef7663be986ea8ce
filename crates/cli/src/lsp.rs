//! `lsp`: a language server for policies, in JSON and in the policy language, over standard input and output.
//!
//! It knows the documents that an editor has open and reports what `check` finds in them as they are edited. Facts come from the
//! catalog, and definitions from the files that a file imports; nothing else is consulted.

mod complete;
mod hover;
mod pretty;
mod text;
mod transport;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bumpalo::Bump;
use clap::Args;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use portcullis_lint::{Level, fixes};
use portcullis_scenario::is_language;
use portcullis_source::Severity;
use portcullis_syntax::ast::Span;
use serde_json::{Value, json};

use self::text::Text;
use crate::catalog::DataArgs;
use crate::check::chosen;
use crate::check::found::{Checked, Found, Linter, is_of};
use crate::check::settings::Configurations;
use crate::failure::Failure;
use crate::lint_catalog::FromPack;

#[derive(Args, Debug)]
pub(crate) struct LspArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Use standard input and output, which is the default
    #[arg(long)]
    stdio: bool,
}

/// Runs until the editor ends it.
pub(crate) fn run(args: &LspArgs) -> Result<ExitCode, Failure> {
    let data = args.data.open()?;
    let (connection, threads) = transport::stdio();
    let failed = |error: &dyn core::fmt::Display| match threads.wrong() {
        Some(error) => Failure::new(format_args!("the editor's message: {error}")),
        None => Failure::new(format_args!("the connection to the editor failed: {error}")),
    };
    let (id, params) = connection
        .initialize_start()
        .map_err(|error| failed(&error))?;
    // Columns of UTF-8 where the editor knows them, of UTF-16 otherwise, as the protocol says.
    let encodings = params.pointer("/capabilities/general/positionEncodings");
    let is_utf8 = encodings
        .and_then(Value::as_array)
        .is_some_and(|list| list.iter().any(|one| one == "utf-8"));
    let answer = json!({
        "capabilities": {
            "positionEncoding": if is_utf8 { "utf-8" } else { "utf-16" },
            "textDocumentSync": {"openClose": true, "change": 2},
            "hoverProvider": true,
            "definitionProvider": true,
            "documentFormattingProvider": true,
            "codeActionProvider": {"codeActionKinds": ["quickfix"]},
            "completionProvider": {"triggerCharacters": [":", "\"", "{"]},
        },
        "serverInfo": {"name": "portcullis", "version": env!("CARGO_PKG_VERSION")},
    });
    connection
        .initialize_finish(id, answer)
        .map_err(|error| failed(&error))?;
    let catalog = FromPack::new(&data);
    let mut server = Server {
        connection: &connection,
        linter: Linter {
            facts: &data,
            catalog: &catalog,
            account: None,
        },
        configurations: Configurations::new(None, false)?,
        is_utf8,
        documents: HashMap::new(),
        stale: Vec::new(),
    };
    let ended = server.run();
    drop(server);
    drop(connection);
    if !ended {
        return Err(failed(&"it was closed without `exit`"));
    }
    match threads.written() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Failure::new(format_args!(
            "the connection to the editor failed: {error}"
        ))),
    }
}

/// A document that is open.
struct Document {
    path: PathBuf,
    text: Text,
    version: Value,
}

struct Server<'s> {
    connection: &'s Connection,
    linter: Linter<'s>,
    configurations: Configurations,
    is_utf8: bool,
    documents: HashMap<String, Document>,
    /// Documents that changed since their findings were told.
    stale: Vec<String>,
}

impl Server<'_> {
    /// True if the editor ended it as the protocol says.
    fn run(&mut self) -> bool {
        loop {
            // What changed is told once nothing else is waiting: who types fast is not held up.
            if self.connection.receiver.is_empty() {
                for uri in core::mem::take(&mut self.stale) {
                    self.tell(&uri);
                }
            }
            let Ok(message) = self.connection.receiver.recv() else {
                return false;
            };
            match message {
                Message::Request(request) => match self.connection.handle_shutdown(&request) {
                    Ok(true) => return true,
                    Ok(false) => self.answer(&request),
                    Err(_) => return false,
                },
                Message::Notification(notification) => self.note(&notification),
                Message::Response(_) => {}
            }
        }
    }

    fn send(&self, message: impl Into<Message>) {
        // If nobody listens any more, the next message says so.
        let _ = self.connection.sender.send(message.into());
    }

    fn note(&mut self, note: &Notification) {
        let params = &note.params;
        let Some(uri) = params.pointer("/textDocument/uri").and_then(Value::as_str) else {
            return;
        };
        match note.method.as_str() {
            "textDocument/didOpen" => {
                let text = params.pointer("/textDocument/text").and_then(Value::as_str);
                let document = Document {
                    path: path_of(uri),
                    text: Text::new(text.unwrap_or_default().to_owned(), self.is_utf8),
                    version: params
                        .pointer("/textDocument/version")
                        .cloned()
                        .unwrap_or_default(),
                };
                self.documents.insert(uri.to_owned(), document);
                self.changed(uri);
            }
            "textDocument/didChange" => {
                let Some(document) = self.documents.get_mut(uri) else {
                    return;
                };
                let changes = params.get("contentChanges").and_then(Value::as_array);
                for change in changes.into_iter().flatten() {
                    document.text.change(change);
                }
                document.version = params
                    .pointer("/textDocument/version")
                    .cloned()
                    .unwrap_or_default();
                self.changed(uri);
            }
            "textDocument/didClose" => {
                self.documents.remove(uri);
                self.publish(uri, &Value::Null, Vec::new());
            }
            _ => {}
        }
    }

    fn changed(&mut self, uri: &str) {
        if !self.stale.iter().any(|own| own == uri) {
            self.stale.push(uri.to_owned());
        }
    }

    fn publish(&self, uri: &str, version: &Value, diagnostics: Vec<Value>) {
        let mut params = json!({"uri": uri, "diagnostics": diagnostics});
        if let (Some(members), false) = (params.as_object_mut(), version.is_null()) {
            members.insert("version".to_owned(), version.clone());
        }
        self.send(Notification::new(
            "textDocument/publishDiagnostics".to_owned(),
            params,
        ));
    }

    /// Tells what is found in a document.
    fn tell(&mut self, uri: &str) {
        let Some(document) = self.documents.get(uri) else {
            return;
        };
        let arena = Bump::new();
        let all = checked(document, &self.linter, &mut self.configurations, &arena);
        let found = all.iter().flat_map(|checked| &checked.found);
        let values: Vec<Value> = found
            .map(|found| diagnostic(found, &document.text, uri))
            .collect();
        self.publish(uri, &document.version, values);
    }

    fn answer(&mut self, request: &Request) {
        let id = request.id.clone();
        let result = self.result(request);
        let response = match result {
            Some(value) => Response::new_ok(id, value),
            None => unknown(id, &request.method),
        };
        self.send(response);
    }

    /// The answer to a request; none if the method is not known.
    fn result(&mut self, request: &Request) -> Option<Value> {
        let params = &request.params;
        let uri = params
            .pointer("/textDocument/uri")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let document = self.documents.get(uri);
        let at = |document: &Document| {
            document
                .text
                .offset(params.get("position").unwrap_or(&Value::Null))
        };
        Some(match (request.method.as_str(), document) {
            ("textDocument/hover", Some(own)) => {
                hover::at(own.text.as_str(), at(own), is_language(&own.path), self.linter.facts)
                    .map_or(Value::Null, |(span, text)| {
                        json!({"contents": {"kind": "markdown", "value": text}, "range": own.text.range(span)})
                    })
            }
            ("textDocument/completion", Some(own)) => {
                let (span, items) = complete::at(own.text.as_str(), at(own), is_language(&own.path), self.linter.facts);
                let range = own.text.range(span);
                let items: Vec<Value> = items
                    .into_iter()
                    .map(|item| {
                        json!({
                            "label": item.label,
                            "kind": item.kind,
                            "detail": item.detail,
                            "filterText": item.label,
                            "textEdit": {"range": range, "newText": item.label},
                        })
                    })
                    .collect();
                json!({"isIncomplete": items.len() >= complete::MOST, "items": items})
            }
            ("textDocument/formatting", Some(own)) => {
                let text = own.text.as_str();
                let new = match is_language(&own.path) {
                    true => portcullis_dsl::format(text).ok(),
                    false => pretty::json(text),
                };
                match new {
                    Some(new) if new != text => {
                        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
                        json!([{"range": own.text.range(Span { start: 0, end }), "newText": new}])
                    }
                    Some(_) => json!([]),
                    None => Value::Null,
                }
            }
            ("textDocument/definition", Some(own)) => definition(own, uri, at(own), self.is_utf8),
            ("textDocument/codeAction", Some(own)) => {
                let arena = Bump::new();
                let all = checked(own, &self.linter, &mut self.configurations, &arena);
                let range = params.get("range").map(|range| own.text.span(range)).unwrap_or_default();
                actions(own, uri, range, &all)
            }
            ("textDocument/hover" | "textDocument/formatting" | "textDocument/definition", None) => Value::Null,
            ("textDocument/completion" | "textDocument/codeAction", None) => json!([]),
            _ => return None,
        })
    }
}

fn unknown(id: RequestId, method: &str) -> Response {
    let message = format!("{method} is not supported");
    Response::new_err(id, ErrorCode::MethodNotFound as i32, message)
}

/// The file of an URI, or what its name would be.
fn path_of(uri: &str) -> PathBuf {
    let path = uri.strip_prefix("file://").unwrap_or(uri);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let mut ahead = rest.clone();
        match (byte, digit(ahead.next()), digit(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // `/C:/…` of Windows.
    let is_drive = text.as_bytes().get(2) == Some(&b':') && text.starts_with('/');
    PathBuf::from(text.get(usize::from(is_drive)..).unwrap_or(&text))
}

/// What is found in a document; nothing in JSON that is no policy.
fn checked<'a>(
    document: &'a Document,
    linter: &Linter<'_>,
    configurations: &mut Configurations,
    arena: &'a Bump,
) -> Vec<Checked<'a>> {
    let text = document.text.as_str();
    let is_policy = is_language(&document.path) || text.contains("Statement");
    if !is_policy {
        return Vec::new();
    }
    // What is wrong with a configuration, `check` says.
    let settings = configurations.of(&document.path).unwrap_or_default();
    let wanted = settings.wanted(&document.path);
    let own = Linter {
        facts: linter.facts,
        catalog: linter.catalog,
        account: settings.account.as_deref(),
    };
    chosen(
        &document.path,
        text,
        wanted,
        &[&settings.choice],
        &settings,
        &own,
        arena,
    )
}

fn diagnostic(found: &Found, text: &Text, uri: &str) -> Value {
    let own = &found.diagnostic;
    let severity = match (own.severity, found.level()) {
        (Severity::Error | Severity::LintError, _) => 1,
        (Severity::Warning, _) => 2,
        (Severity::Suggestion, Some(Level::SecurityWarning)) => 2,
        (Severity::Suggestion, _) => 3,
    };
    let mut message = own.message.clone();
    if let Some(help) = &own.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    let mut value = json!({
        "range": text.range(own.span),
        "severity": severity,
        "code": found.code(),
        "source": "portcullis",
        "message": message,
    });
    let related: Vec<Value> = own
        .related
        .iter()
        .map(|one| {
            json!({"location": {"uri": uri, "range": text.range(one.span)}, "message": one.message})
        })
        .collect();
    if let Some(members) = value.as_object_mut() {
        if !related.is_empty() {
            members.insert("relatedInformation".to_owned(), related.into());
        }
        let rule = found
            .rule
            .filter(|rule| rule.group == portcullis_lint::Group::AccessAnalyzer);
        if let Some(rule) = rule {
            members.insert("codeDescription".to_owned(), json!({"href": rule.link()}));
        }
    }
    value
}

/// Quick fixes of what is found in a range: changes of the text, and in the policy language a comment that lets it be.
fn actions(document: &Document, uri: &str, range: Span, all: &[Checked<'_>]) -> Value {
    let text = document.text.as_str();
    let meets = |span: Span| span.start <= range.end && range.start <= span.end;
    let mut actions = Vec::new();
    for checked in all {
        let here: Vec<&Found> = checked
            .found
            .iter()
            .filter(|found| meets(found.diagnostic.span))
            .collect();
        let is_text =
            !is_language(&document.path) && checked.inner.is_none() && checked.within.is_none();
        if let Some(node) = checked.document.filter(|_| is_text && !here.is_empty()) {
            for fix in fixes(&node, text) {
                let found = here.iter().find(|found| is_of(&fix, found));
                let Some(found) = found else {
                    continue;
                };
                let edits: Vec<Value> = fix
                    .edits
                    .iter()
                    .map(|(span, new)| json!({"range": document.text.range(*span), "newText": new}))
                    .collect();
                let title = match fix.is_safe {
                    true => format!("{} (safe)", fix.what),
                    false => format!("{} (may change decisions)", fix.what),
                };
                actions.push(json!({
                    "title": title,
                    "kind": "quickfix",
                    "isPreferred": fix.is_safe,
                    "diagnostics": [diagnostic(found, &document.text, uri)],
                    "edit": {"changes": {uri: edits}},
                }));
            }
        }
        if is_language(&document.path) {
            for found in here.iter().filter(|found| !found.diagnostic.is_error()) {
                let start = found.diagnostic.span.start as usize;
                let line = text
                    .get(..start)
                    .and_then(|before| before.rfind('\n'))
                    .map_or(0, |at| at + 1);
                let rest = text.get(line..).unwrap_or_default();
                let indent = rest
                    .get(..rest.len() - rest.trim_start().len())
                    .unwrap_or_default();
                let at = u32::try_from(line).unwrap_or_default();
                let comment = format!("{indent}# allow({}): TODO: explain\n", found.code());
                actions.push(json!({
                    "title": format!("suppress {} with a comment", found.code()),
                    "kind": "quickfix",
                    "isPreferred": false,
                    "diagnostics": [diagnostic(found, &document.text, uri)],
                    "edit": {"changes": {uri: [{"range": document.text.range(Span { start: at, end: at }), "newText": comment}]}},
                }));
            }
        }
    }
    actions.into()
}

/// Where a name of `let` or `template` is defined: in the file, or in one that it imports.
fn definition(document: &Document, uri: &str, at: u32, is_utf8: bool) -> Value {
    if !is_language(&document.path) {
        return Value::Null;
    }
    let text = document.text.as_str();
    let Some((_, name)) = text::word(text, at, |c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    else {
        return Value::Null;
    };
    if let Some(span) = defined(text, name) {
        return json!({"uri": uri, "range": document.text.range(span)});
    }
    // As many files as an import may bring, and no more.
    const MOST: usize = 256;
    let mut left: Vec<PathBuf> = imports(text, &document.path);
    let mut seen: Vec<PathBuf> = Vec::new();
    while let Some(path) = left.pop() {
        if seen.contains(&path) || seen.len() >= MOST {
            continue;
        }
        seen.push(path.clone());
        let Ok(bytes) = crate::output::read_text(&path) else {
            continue;
        };
        let Ok(other) = String::from_utf8(bytes) else {
            continue;
        };
        if let Some(span) = defined(&other, name) {
            let folder = uri.rsplit_once('/').map_or("", |(folder, _)| folder);
            let base = document.path.parent().unwrap_or(Path::new("."));
            let relative = path
                .strip_prefix(base)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            let other = Text::new(other, is_utf8);
            return json!({"uri": format!("{folder}/{relative}"), "range": other.range(span)});
        }
        left.extend(imports(&other, &path));
    }
    Value::Null
}

/// The place of a name behind `let` or `template` at the start of a line.
fn defined(text: &str, name: &str) -> Option<Span> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start();
        for word in ["let ", "template "] {
            let Some(behind) = rest.strip_prefix(word) else {
                continue;
            };
            let own = behind.trim_start();
            let end = own
                .find(|c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c))
                .unwrap_or(own.len());
            if own.get(..end) == Some(name) {
                let at = start + line.len() - own.len();
                let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                return Some(Span {
                    start: number(at),
                    end: number(at + end),
                });
            }
        }
        start += line.len();
    }
    None
}

/// The files that a file imports: `use a, b from "path.iam"`, below its own folder.
fn imports(text: &str, path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let of_line = |line: &str| {
        let line = line.trim_start().strip_prefix("use ")?;
        let (_, name) = line.split_once(" from ")?;
        let name = name.trim().strip_prefix('"')?.split('"').next()?;
        let is_below = !name.starts_with('/') && !name.split(['/', '\\']).any(|part| part == "..");
        is_below.then(|| folder.join(name))
    };
    text.lines().filter_map(of_line).collect()
}
