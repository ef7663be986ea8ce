//! Documents as JSON that AWS accepts.

use portcullis_source::words::{below, equal, first};
use portcullis_syntax::ast::{
    Condition, Document, Entries, PrincipalEntry, PrincipalKind, Principals, Statement, Text,
};
use std::fmt::Write;

/// A document as JSON, indented by two blanks.
///
/// `Statement` is an array, lists of one are strings, tests stand by operator in order of
/// appearance.
pub fn print_json(document: &Document<'_>) -> String {
    let mut writer = Writer::new(true);
    writer.document(document);
    writer.out.push('\n');
    writer.out
}

/// A document as JSON without a blank outside strings.
///
/// Nothing of the document is changed; for fewer statements and shorter lists see
/// [`crate::minify`].
pub fn minify_json(document: &Document<'_>) -> String {
    let mut writer = Writer::new(false);
    writer.document(document);
    writer.out
}

struct Writer {
    out: String,
    pretty: bool,
    depth: usize,
    /// True if nothing stands yet in the array or object that was opened last.
    fresh: bool,
}

impl Writer {
    fn new(pretty: bool) -> Writer {
        Writer {
            out: String::new(),
            pretty,
            depth: 0,
            fresh: true,
        }
    }

    fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.depth += 1;
        self.fresh = true;
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        if !self.fresh {
            self.line();
        }
        self.out.push(bracket);
        self.fresh = false;
    }

    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            for _ in 0..self.depth {
                self.out.push_str("  ");
            }
        }
    }

    fn next(&mut self) {
        if !self.fresh {
            self.out.push(',');
        }
        self.fresh = false;
        self.line();
    }

    fn key(&mut self, name: &str) {
        self.next();
        self.string(name);
        self.out.push_str(if self.pretty { ": " } else { ":" });
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        // Most texts stand as they are.
        let is_escaped =
            |word| below(word, b' ') | equal(word, b'"') | equal(word, b'\\') | equal(word, 0x7f);
        let plain = first(text.as_bytes(), is_escaped).unwrap_or(text.len());
        let (plain, rest) = text.split_at(plain);
        self.out.push_str(plain);
        for c in rest.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if c < ' ' || c == '\u{7f}' => {
                    let _ = write!(self.out, "\\u{:04x}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
        self.fresh = false;
    }

    fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        if texts.len() == 1 {
            texts.for_each(|text| self.string(text));
            return;
        }
        self.open('[');
        for text in texts {
            self.next();
            self.string(text);
        }
        self.close(']');
    }

    fn document(&mut self, document: &Document<'_>) {
        self.open('{');
        for (name, text) in [("Version", document.version), ("Id", document.id)] {
            if let Some(text) = text {
                self.key(name);
                self.string(text.value);
            }
        }
        self.key("Statement");
        self.open('[');
        for statement in document.statements {
            self.next();
            self.statement(statement);
        }
        self.close(']');
        self.close('}');
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        self.open('{');
        if let Some(sid) = statement.sid {
            self.key("Sid");
            self.string(sid.value);
        }
        self.key("Effect");
        self.string(statement.effect.as_str());
        if let Some(principals) = statement.principal {
            self.principals(principals);
        }
        self.entries("Action", "NotAction", statement.action);
        if let Some(resource) = statement.resource {
            self.entries("Resource", "NotResource", resource);
        }
        if !statement.conditions.is_empty() {
            self.conditions(statement.conditions);
        }
        self.close('}');
    }

    fn entries(&mut self, plain: &str, negated: &str, entries: Entries<'_>) {
        self.key(if entries.negated { negated } else { plain });
        self.texts(entries.list.iter().map(|text| text.value));
    }

    fn principals(&mut self, principals: Principals<'_>) {
        self.key(if principals.negated {
            "NotPrincipal"
        } else {
            "Principal"
        });
        if let [
            PrincipalEntry {
                kind: PrincipalKind::Everyone,
                ..
            },
        ] = principals.list
        {
            self.string("*");
            return;
        }
        self.open('{');
        for (name, texts) in principal_members(principals.list) {
            self.key(name);
            self.texts(texts.iter().copied());
        }
        self.close('}');
    }

    fn conditions(&mut self, conditions: &[Condition<'_>]) {
        self.key("Condition");
        self.open('{');
        let mut operators = Vec::new();
        let mut groups: Vec<Vec<&Condition<'_>>> = Vec::new();
        for condition in conditions {
            let found = operators.iter().position(|o| *o == condition.operator);
            match found.and_then(|at| groups.get_mut(at)) {
                Some(group) => group.push(condition),
                None => {
                    operators.push(condition.operator);
                    groups.push(vec![condition]);
                }
            }
        }
        for (operator, group) in operators.iter().zip(groups) {
            self.key(&operator.to_string());
            self.open('{');
            for condition in group {
                self.key(condition.key.value);
                let values: &[Text<'_>] = condition.values;
                self.texts(values.iter().map(|text| text.value));
            }
            self.close('}');
        }
        self.close('}');
    }
}

/// The members of a `Principal` object in order of appearance.
fn principal_members<'a>(list: &[PrincipalEntry<'a>]) -> Vec<(&'static str, Vec<&'a str>)> {
    let mut members: Vec<(&'static str, Vec<&'a str>)> = Vec::new();
    for entry in list {
        let name = match entry.kind {
            PrincipalKind::Everyone | PrincipalKind::Aws => "AWS",
            PrincipalKind::Service => "Service",
            PrincipalKind::Federated => "Federated",
            PrincipalKind::CanonicalUser => "CanonicalUser",
        };
        match members.iter_mut().find(|(other, _)| *other == name) {
            Some((_, texts)) => texts.push(entry.value.value),
            None => members.push((name, vec![entry.value.value])),
        }
    }
    members
}
