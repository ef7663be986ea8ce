//! Policy documents from JSON.
//!
//! A document is read against the grammar of its type (table 1.4 of the rules). All problems are
//! reported at once, and one error makes the whole document unusable (`GRAM-12`, `GRAM-13`).

mod condition;
mod entries;
mod keys;
mod known;
mod principal;
mod service_keys;
mod statement;
mod variables;

use crate::ast::{Document, Span, Statement, Text};
use crate::codes;
use crate::forms;
use crate::lint;
use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use known::Known;
use portcullis_model::{Operator, PolicyKind};
use portcullis_source::json;
use portcullis_source::json::tree::{Member, Node, Value};
use portcullis_source::suggest::{did_you_mean, nearest};
use portcullis_source::{Code, Diagnostic, Severity, Sink, quoted, slots};
use smallvec::SmallVec;
use std::collections::HashMap;

pub use entries::TRUST_ACTIONS;
pub use keys::is_global as is_global_key;
pub(crate) use keys::{key_problem, without_prefix};
pub use principal::MEMBERS as PRINCIPAL_MEMBERS;
pub use principal::{AwsPrincipal, aws_principal, is_service_principal, is_unique_id};
pub use statement::{MEMBERS as STATEMENT_MEMBERS, SERVICES_WITHOUT_RESOURCE};
pub(crate) use variables::inside;

/// How a document is read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// The type of the document.
    pub kind: PolicyKind,
    /// True if statements of a resource-based policy may leave `Resource` out (`GRAM-54`). Without
    /// it they may if all their actions are of [`SERVICES_WITHOUT_RESOURCE`].
    pub allow_missing_resource: bool,
}

impl ReadOptions {
    /// The strict reading of a type.
    pub fn new(kind: PolicyKind) -> ReadOptions {
        ReadOptions {
            kind,
            allow_missing_resource: false,
        }
    }
}

/// Reads the text of a policy document.
///
/// The document is there exactly if no diagnostic is an error.
pub fn parse_policy<'a>(
    text: &'a str,
    options: ReadOptions,
    arena: &'a Bump,
) -> (Option<Document<'a>>, Vec<Diagnostic>) {
    let is_plain = is_plain(text);
    // Of the tree only texts are kept: the next document's tree takes its memory.
    let nodes = Bump::with_capacity(text.len().saturating_mul(3).min(TREE));
    match json::read_open(text, arena, &nodes) {
        (Some(node), sink) => read_into(node, options, is_plain, arena, sink),
        (None, sink) => (None, sink.finish()),
    }
}

/// True if no JSON in a text can have a character that IAM does not take (`GRAM-7`): in ASCII, only an escape can write one.
pub fn is_plain(text: &str) -> bool {
    let is_strange = |byte: u8| byte == b'\\' || byte >= 0x80;
    // Without a way out, several bytes are looked at in one step.
    !text
        .bytes()
        .fold(false, |found, byte| found | is_strange(byte))
}

/// [`read_policy`] for the tree of a text that [`is_plain`], or of a part of it: without a look at each character.
pub fn read_plain_policy<'a>(
    node: json::Node<'a>,
    options: ReadOptions,
    arena: &'a Bump,
) -> (Option<Document<'a>>, Vec<Diagnostic>) {
    read_into(node, options, true, arena, Sink::default())
}

/// Reads a policy document from a JSON tree without duplicate members.
///
/// The document is there exactly if no diagnostic is an error.
pub fn read_policy<'a>(
    node: json::Node<'a>,
    options: ReadOptions,
    arena: &'a Bump,
) -> (Option<Document<'a>>, Vec<Diagnostic>) {
    read_into(node, options, false, arena, Sink::default())
}

/// Reads a policy document and looks for all that can be said of it: what [`read_policy`] reports, and the advice of
/// [`lint`], also on a document with errors as far as it could be read.
///
/// The document is there exactly if no diagnostic is an error that keeps it from being used.
pub fn check_policy<'a>(
    node: json::Node<'a>,
    options: ReadOptions,
    arena: &'a Bump,
) -> (Option<Document<'a>>, Vec<Diagnostic>) {
    let (document, mut sink) = read_partly(node, options, false, arena, Sink::default());
    if let Some(document) = &document {
        lint::lint_into(document, &mut sink);
    }
    let usable = !sink.has_errors();
    (document.filter(|_| usable), sink.finish())
}

fn read_into<'a>(
    node: Node<'a, '_>,
    options: ReadOptions,
    is_plain: bool,
    arena: &'a Bump,
    sink: Sink,
) -> (Option<Document<'a>>, Vec<Diagnostic>) {
    let (document, sink) = read_partly(node, options, is_plain, arena, sink);
    let usable = !sink.has_errors();
    (document.filter(|_| usable), sink.finish())
}

/// Reads what can be read; with errors, the document is not to be used.
fn read_partly<'a>(
    node: Node<'a, '_>,
    options: ReadOptions,
    is_plain: bool,
    arena: &'a Bump,
    sink: Sink,
) -> (Option<Document<'a>>, Sink) {
    let mut reader = Reader {
        options,
        is_plain,
        arena,
        sink,
        variables: Variables::Expanded,
        sids: HashMap::new(),
        operators: Known::default(),
        keys: Known::default(),
        meant: Vec::new(),
        guesses: GUESSES,
    };
    let document = reader.document(node);
    (document, reader.sink)
}

/// What the document's version says of variables (`VAR-2`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variables {
    Expanded,
    Literal,
}

struct Reader<'a> {
    options: ReadOptions,
    /// All texts are known to hold only characters that IAM takes.
    is_plain: bool,
    arena: &'a Bump,
    sink: Sink,
    variables: Variables,
    /// The Sids so far and where they stand.
    sids: HashMap<&'a str, Span>,
    /// Operators written as they should be.
    operators: Known<'a, Operator>,
    /// Condition keys of which there is nothing to say.
    keys: Known<'a, ()>,
    /// What the unknown members of the object that is being read were meant to be: that these are not there follows.
    meant: Vec<&'static str>,
    /// How many more condition keys are compared with those that could be meant.
    guesses: usize,
}

/// Bytes of memory for a document's tree that are asked for at once.
const TREE: usize = 1 << 16;

/// Condition keys of a document that are compared with those that could be meant.
const GUESSES: usize = 1000;

const TOP_LEVEL: [&str; 3] = ["Version", "Id", "Statement"];

impl<'a, 'n> Reader<'a> {
    fn kind(&self) -> PolicyKind {
        self.options.kind
    }

    fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.sink.push(Diagnostic::error(code, span, message));
    }

    fn warning(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.sink.push(Diagnostic::warning(code, span, message));
    }

    fn suggestion(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.sink.push(Diagnostic::suggestion(code, span, message));
    }

    /// `GRAM-1` to `GRAM-6`.
    fn document(&mut self, node: Node<'a, 'n>) -> Option<Document<'a>> {
        let members = self.object(node, "a policy")?;
        self.check_characters(node);
        let [version, id, statement] = self.slots(members, TOP_LEVEL, "a policy");
        let version = self.version(version, node.span);
        let id = self.id(id);
        let Some(statement) = statement else {
            if !self.is_meant(&["Statement"]) {
                self.error(
                    codes::MISSING_STATEMENT,
                    node.span,
                    "the policy has no `Statement`",
                );
            }
            return None;
        };
        Some(Document {
            kind: self.kind(),
            version,
            id,
            statements: self.statements(statement.value),
            span: node.span,
        })
    }

    /// True if an unknown member of the object, which is an error already, was meant to be one of these.
    fn is_meant(&self, names: &[&str]) -> bool {
        self.meant.iter().any(|own| names.contains(own))
    }

    /// The members of an object, or an error.
    fn object(&mut self, node: Node<'a, 'n>, what: &str) -> Option<&'n [Member<'a, 'n>]> {
        let members = node.as_object();
        if members.is_none() {
            let problem = Diagnostic::mismatch(what, "an object", &node);
            self.sink.push(problem);
        }
        members
    }

    /// Sorts members by name; unknown ones are errors (`GRAM-1`, `GRAM-22`).
    fn slots<const N: usize>(
        &mut self,
        members: &'n [Member<'a, 'n>],
        names: [&'static str; N],
        what: &str,
    ) -> [Option<&'n Member<'a, 'n>>; N] {
        let found = slots(members, &names);
        self.meant.clear();
        for member in found.unknown {
            let code = codes::INVALID_POLICY_ELEMENT;
            let problem = Diagnostic::unknown_member(code, what, member, &names);
            let name = member.key.value;
            self.meant.extend(nearest(name, names));
            let help = match problem.help {
                Some(_) => None,
                None if forms::is_function(name) => Some(forms::RESOLVE.to_owned()),
                None => did_you_mean(name, names),
            };
            self.sink.push(problem.with_help_if(help));
        }
        found.known
    }

    /// The text of a value that must be a string (`GRAM-21`).
    fn string(&mut self, name: &str, node: Node<'a, 'n>) -> Option<Text<'a>> {
        let text = node.as_text();
        if text.is_none() {
            self.mismatch(&format!("`{name}`"), "a string", node);
        }
        text
    }

    /// The texts of a value that must be a string or a list of strings (`GRAM-10`, `GRAM-21`).
    fn strings(&mut self, name: &str, node: Node<'a, 'n>) -> &'a [Text<'a>] {
        if let Some(text) = node.as_text() {
            return core::slice::from_ref(self.arena.alloc(text));
        }
        let Some(elements) = node.as_array() else {
            self.mismatch(&format!("`{name}`"), "a string or a list of strings", node);
            return &[];
        };
        let mut texts: SmallVec<[Text<'a>; 16]> = SmallVec::new();
        for element in elements {
            match element.as_text() {
                Some(text) => texts.push(text),
                None => self.mismatch(&format!("an entry of `{name}`"), "a string", *element),
            }
        }
        self.arena.alloc_slice_copy(&texts)
    }

    /// A value of the wrong JSON type (`GRAM-20`, `GRAM-21`), with what it most likely is.
    fn mismatch(&mut self, what: &str, wanted: &str, node: Node<'a, 'n>) {
        let mut problem = Diagnostic::mismatch(what, wanted, &node);
        match (forms::function(&node.value), node.value) {
            (Some(function), _) => {
                let found = quoted(function);
                problem.message = format!("{what} must be {wanted}, this is {found}, an object");
                problem.help = Some(forms::RESOLVE.to_owned());
            }
            (None, Value::Number(_)) if what.contains("`AWS`") => {
                let help = "write it in quotes: an account ID has 12 digits, and a number loses its leading zeros";
                problem.help = Some(help.to_owned());
            }
            _ => {}
        }
        self.sink.push(problem);
    }

    /// `GRAM-3`, `GRAM-4` and the version of `GRAM-60`.
    fn version(&mut self, member: Option<&'n Member<'a, 'n>>, document: Span) -> Option<Text<'a>> {
        let is_rcp = self.kind() == PolicyKind::Rcp;
        let Some(member) = member else {
            self.variables = Variables::Literal;
            let (severity, message) = if is_rcp {
                let message = "a resource control policy must have the `Version` `2012-10-17`";
                (Severity::Error, message)
            } else {
                let message = "without `Version` the document defaults to version 2008-10-17, where policy variables are literal text";
                (Severity::Warning, message)
            };
            // The place is where the member would stand, so that the whole document is not marked.
            let start = Span {
                start: document.start,
                end: document.start.saturating_add(1),
            };
            self.sink.push(
                Diagnostic::new(severity, codes::MISSING_VERSION, start, message)
                    .with_help("add `\"Version\": \"2012-10-17\"`"),
            );
            return None;
        };
        let text = self.string("Version", member.value)?;
        match text.value {
            "2012-10-17" => {}
            "2008-10-17" if is_rcp => {
                let message = "a resource control policy must have the `Version` `2012-10-17`";
                self.error(codes::INVALID_VERSION, text.span, message);
            }
            "2008-10-17" => self.variables = Variables::Literal,
            other => {
                let message = format!("{} is not a version of the policy language", quoted(other));
                self.sink.push(
                    Diagnostic::error(codes::INVALID_VERSION, text.span, message)
                        .with_help("the versions are `2012-10-17` and `2008-10-17`"),
                );
            }
        }
        Some(text)
    }

    /// `GRAM-6`.
    fn id(&mut self, member: Option<&'n Member<'a, 'n>>) -> Option<Text<'a>> {
        let member = member?;
        let text = self.string("Id", member.value)?;
        let kind = self.kind();
        if matches!(
            kind,
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session
        ) {
            let message = format!("a policy of type {kind} has no `Id`; it is ignored");
            self.warning(codes::UNSUPPORTED_ID, member.key.span, message);
        }
        Some(text)
    }

    /// `GRAM-2`.
    fn statements(&mut self, node: Node<'a, 'n>) -> &'a [Statement<'a>] {
        let nodes = match node.value {
            Value::Array(nodes) => nodes,
            Value::Object(_) => core::slice::from_ref(&node),
            _ => {
                let wanted = "an object or a list of objects";
                self.mismatch("`Statement`", wanted, node);
                return &[];
            }
        };
        let mut statements = BumpVec::with_capacity_in(nodes.len(), self.arena);
        for node in nodes {
            statements.extend(self.statement(*node));
        }
        statements.into_bump_slice()
    }

    /// Reports the first text with a character that IAM does not take (`GRAM-7`).
    fn check_characters(&mut self, root: Node<'a, 'n>) {
        use PolicyKind::{Boundary, Identity, Session, Trust};
        if self.is_plain || !matches!(self.kind(), Identity | Boundary | Session | Trust) {
            return;
        }
        // Nesting is bounded, so this stack of what is left to look at grows with the document's
        // breadth, and stays at most as large as the document.
        let mut nodes = vec![root];
        let mut first: Option<(Text<'a>, char)> = None;
        let mut look = |text: Text<'a>| {
            let strange = text.value.chars().find(|&c| !is_iam_character(c));
            if let Some(c) = strange {
                if first.is_none_or(|(earlier, _)| text.span.start < earlier.span.start) {
                    first = Some((text, c));
                }
            }
        };
        while let Some(node) = nodes.pop() {
            match node.value {
                Value::String(_) => node.as_text().into_iter().for_each(&mut look),
                Value::Array(elements) => nodes.extend_from_slice(elements),
                Value::Object(members) => {
                    for member in members {
                        look(member.key);
                        nodes.push(member.value);
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        if let Some((text, c)) = first {
            let code = u32::from(c);
            let message = format!("IAM does not accept the character U+{code:04X} in a policy");
            self.sink.push(
                Diagnostic::new(Severity::LintError, codes::UNSUPPORTED_CHARACTER, text.span, message)
                    .with_help("characters up to U+00FF are accepted; of control characters, only tab, line feed and carriage return"),
            );
        }
    }
}

fn is_iam_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}')
}
