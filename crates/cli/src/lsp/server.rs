//! What the server knows, and what it says to each message. It neither reads nor writes messages itself.

use std::collections::HashMap;
use std::path::PathBuf;

use bumpalo::Bump;
use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use portcullis_catalog::Catalog;
use portcullis_lint::Memory;
use portcullis_scenario::is_language;
use portcullis_syntax::ast::Span;
use serde_json::{Value, json};

use super::define::{definition, path_of};
use super::findings::{actions, checked, diagnostic};
use super::text::Text;
use super::{complete, hover, pretty};
use crate::check::found::Linter;
use crate::check::settings::Configurations;
use crate::lint_catalog::FromPack;

/// A document that is open.
pub(super) struct Document {
    pub(super) path: PathBuf,
    pub(super) text: Text,
    version: Value,
}

/// How far a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The editor has not said what it can do.
    Before,
    Open,
    /// It was shut down: only the end is left.
    After,
}

/// What follows a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    /// The end; true if it came as the protocol says.
    End(bool),
}

pub(super) struct Server<'s> {
    linter: Linter<'s>,
    configurations: Configurations,
    phase: Phase,
    is_utf8: bool,
    documents: HashMap<String, Document>,
    /// Documents that changed since their findings were told.
    stale: Vec<String>,
    /// What is to be sent.
    said: Vec<Message>,
}

impl<'s> Server<'s> {
    pub(super) fn new(facts: &'s Catalog, catalog: &'s FromPack<'s>, memory: &'s Memory) -> Self {
        Server {
            linter: Linter {
                facts,
                catalog,
                account: None,
                memory: Some(memory),
                proofs: None,
            },
            configurations: Configurations::default(),
            phase: Phase::Before,
            is_utf8: false,
            documents: HashMap::new(),
            stale: Vec::new(),
            said: Vec::new(),
        }
    }

    /// What has been said since this was asked last.
    pub(super) fn said(&mut self) -> impl Iterator<Item = Message> + use<> {
        core::mem::take(&mut self.said).into_iter()
    }

    /// Takes in a message. A request has one answer when this is done.
    pub(super) fn take(&mut self, message: Message) -> Next {
        match message {
            Message::Request(request) => {
                let response = self.answer(&request);
                self.said.push(response.into());
            }
            Message::Notification(note) if note.method == "exit" => {
                return Next::End(self.phase == Phase::After);
            }
            Message::Notification(note) if self.phase == Phase::Open => self.note(&note),
            Message::Notification(_) | Message::Response(_) => {}
        }
        Next::Go
    }

    /// Tells what is found in documents that changed.
    pub(super) fn rest(&mut self) {
        for uri in core::mem::take(&mut self.stale) {
            self.tell(&uri);
        }
    }

    fn note(&mut self, note: &Notification) {
        let params = &note.params;
        // A configuration may have been written since it was read.
        if matches!(
            note.method.as_str(),
            "textDocument/didOpen" | "textDocument/didSave" | "workspace/didChangeWatchedFiles"
        ) {
            self.configurations.forget();
        }
        let Some(uri) = params.pointer("/textDocument/uri").and_then(Value::as_str) else {
            return;
        };
        let version = || {
            let version = params.pointer("/textDocument/version");
            version.cloned().unwrap_or_default()
        };
        match note.method.as_str() {
            "textDocument/didOpen" => {
                let text = params.pointer("/textDocument/text").and_then(Value::as_str);
                let document = Document {
                    path: path_of(uri),
                    text: Text::new(text.unwrap_or_default().to_owned(), self.is_utf8),
                    version: version(),
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
                document.version = version();
                self.changed(uri);
            }
            // Files that it imports may have been saved, or its configuration.
            "textDocument/didSave" => {
                let all: Vec<String> = self.documents.keys().cloned().collect();
                all.iter().for_each(|uri| self.changed(uri));
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

    fn publish(&mut self, uri: &str, version: &Value, diagnostics: Vec<Value>) {
        let mut params = json!({"uri": uri, "diagnostics": diagnostics});
        if let (Some(members), false) = (params.as_object_mut(), version.is_null()) {
            members.insert("version".to_owned(), version.clone());
        }
        let method = "textDocument/publishDiagnostics".to_owned();
        self.said.push(Notification { method, params }.into());
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
        let version = document.version.clone();
        drop(all);
        self.publish(uri, &version, values);
    }

    fn answer(&mut self, request: &Request) -> Response {
        let refused = |code: ErrorCode, message: &str| {
            Response::new_err(request.id.clone(), code as i32, message.to_owned())
        };
        let result = match (self.phase, request.method.as_str()) {
            (Phase::Before, "initialize") => Some(self.initialized(&request.params)),
            (Phase::Before, _) => {
                return refused(ErrorCode::ServerNotInitialized, "`initialize` comes first");
            }
            (Phase::Open, "initialize") => {
                return refused(ErrorCode::InvalidRequest, "`initialize` comes once");
            }
            (Phase::After, _) => {
                return refused(ErrorCode::InvalidRequest, "the server was shut down");
            }
            (Phase::Open, "shutdown") => {
                self.phase = Phase::After;
                Some(Value::Null)
            }
            (Phase::Open, _) => self.result(request),
        };
        match result {
            Some(value) => Response {
                id: request.id.clone(),
                response_result: Ok(value),
            },
            None => refused(
                ErrorCode::MethodNotFound,
                &format!("{} is not supported", request.method),
            ),
        }
    }

    /// What the server can do, said to an editor that says what it can do.
    fn initialized(&mut self, params: &Value) -> Value {
        self.phase = Phase::Open;
        // Columns of UTF-8 where the editor knows them, of UTF-16 otherwise, as the protocol says.
        let encodings = params.pointer("/capabilities/general/positionEncodings");
        self.is_utf8 = encodings
            .and_then(Value::as_array)
            .is_some_and(|list| list.iter().any(|one| one == "utf-8"));
        json!({
            "capabilities": {
                "positionEncoding": if self.is_utf8 { "utf-8" } else { "utf-16" },
                "textDocumentSync": {"openClose": true, "change": 2, "save": true},
                "hoverProvider": true,
                "definitionProvider": true,
                "documentFormattingProvider": true,
                "codeActionProvider": {"codeActionKinds": ["quickfix"]},
                "completionProvider": {"triggerCharacters": [":", "\"", "{"]},
            },
            "serverInfo": {"name": "portcullis", "version": env!("CARGO_PKG_VERSION")},
        })
    }

    /// The answer to a request; none if the method is not known.
    fn result(&mut self, request: &Request) -> Option<Value> {
        let params = &request.params;
        let uri = params
            .pointer("/textDocument/uri")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let document = self.documents.get(uri);
        let facts = self.linter.facts;
        let at = |document: &Document| {
            document
                .text
                .offset(params.get("position").unwrap_or(&Value::Null))
        };
        Some(match (request.method.as_str(), document) {
            ("textDocument/hover", Some(own)) => hovered(own, at(own), facts),
            ("textDocument/completion", Some(own)) => completed(own, at(own), facts),
            ("textDocument/formatting", Some(own)) => formatted(own),
            ("textDocument/definition", Some(own)) => definition(own, uri, at(own), self.is_utf8),
            ("textDocument/codeAction", Some(own)) => {
                let arena = Bump::new();
                let all = checked(own, &self.linter, &mut self.configurations, &arena);
                let range = params.get("range").map(|range| own.text.span(range));
                actions(own, uri, range.unwrap_or_default(), &all)
            }
            (
                "textDocument/hover" | "textDocument/formatting" | "textDocument/definition",
                None,
            ) => Value::Null,
            ("textDocument/completion" | "textDocument/codeAction", None) => json!([]),
            _ => return None,
        })
    }
}

fn hovered(own: &Document, at: u32, facts: &Catalog) -> Value {
    let found = hover::at(own.text.as_str(), at, is_language(&own.path), facts);
    found.map_or(Value::Null, |(span, text)| {
        json!({"contents": {"kind": "markdown", "value": text}, "range": own.text.range(span)})
    })
}

fn completed(own: &Document, at: u32, facts: &Catalog) -> Value {
    let (span, items) = complete::at(own.text.as_str(), at, is_language(&own.path), facts);
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

fn formatted(own: &Document) -> Value {
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
