//! Objects of the format: members by name, values by type.

use std::rc::Rc;

use portcullis_syntax::ast::Span;
use portcullis_syntax::diag::quoted;
use portcullis_syntax::json::{Member, Node, Value};

use crate::problem::{Code, Problem, Source};

/// What reads a text and notes its problems.
///
/// The one way to read an object that is input: a member that is not known, or has another type than it must
/// have, is a problem with its place, and a member that is there twice was refused by the reader of JSON. What
/// is read is fit for use only if there are no problems.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The text that is read.
    pub source: Rc<Source<'a>>,
    /// What was found wrong so far.
    pub problems: Vec<Problem<'a>>,
}

impl<'a> Reader<'a> {
    /// A reader of a text.
    pub fn new(source: &Rc<Source<'a>>) -> Reader<'a> {
        Reader {
            source: Rc::clone(source),
            problems: Vec::new(),
        }
    }

    /// Notes a problem.
    pub fn problem(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.problems
            .push(Problem::new(&self.source, code, span, message));
    }

    /// Notes a problem, and what to do about it.
    pub fn problem_with_help(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let problem = Problem::new(&self.source, code, span, message);
        self.problems.push(problem.with_help(help));
    }

    /// A value has the wrong type.
    pub fn mismatch(&mut self, node: &Node<'a>, name: &str, wanted: &str) {
        let found = node.value.describe();
        let message = format!("{name} must be {wanted}, this is {found}");
        self.problem(Code::DataTypeMismatch, node.span, message);
    }

    /// The members of an object by name, null counting as absent; unknown ones are problems.
    pub fn members<const N: usize>(
        &mut self,
        node: &Node<'a>,
        what: &str,
        names: [&'static str; N],
    ) -> Option<[Option<&'a Member<'a>>; N]> {
        let Some(members) = node.as_object() else {
            self.mismatch(node, what, "an object");
            return None;
        };
        let mut slots = [None; N];
        for member in members {
            let name = member.key.value;
            let slot = names.iter().zip(&mut slots).find(|(own, _)| **own == name);
            match slot {
                Some((_, slot)) => *slot = Some(member),
                None => self.unknown(member, what, &names),
            }
        }
        Some(slots)
    }

    fn unknown(&mut self, member: &Member<'a>, what: &str, names: &[&str]) {
        let name = member.key.value;
        let message = format!("{what} has no member {}", quoted(name));
        let help = match names.iter().find(|own| own.eq_ignore_ascii_case(name)) {
            Some(own) => format!("letter case matters here: write `{own}`"),
            None => format!("its members are `{}`", names.join("`, `")),
        };
        self.problem_with_help(Code::UnknownMember, member.key.span, message, help);
    }

    /// The text of a member, if it is there and not null.
    pub fn text(&mut self, member: Option<&'a Member<'a>>) -> Option<&'a str> {
        let member = present(member)?;
        let text = member.value.as_str();
        if text.is_none() {
            self.mismatch(&member.value, &quoted(member.key.value), "a string");
        }
        text
    }

    /// The elements of a member that is a list of something; none if it is absent or null, or is no list.
    pub fn list(&mut self, member: Option<&'a Member<'a>>, wanted: &str) -> Option<&'a [Node<'a>]> {
        let member = present(member)?;
        let elements = member.value.as_array();
        if elements.is_none() {
            self.mismatch(&member.value, &quoted(member.key.value), wanted);
        }
        elements
    }

    /// The texts of a member that is a list of strings; none if it is absent or null.
    pub fn texts(&mut self, member: Option<&'a Member<'a>>) -> Option<Vec<&'a str>> {
        let wanted = "a list of strings";
        let elements = self.list(member, wanted)?;
        let name = member.map_or("", |member| member.key.value);
        let mut texts = Vec::with_capacity(elements.len());
        for element in elements {
            match element.as_str() {
                Some(text) => texts.push(text),
                None => self.mismatch(element, &quoted(name), wanted),
            }
        }
        Some(texts)
    }

    /// The truth of a member; false if it is absent or null.
    pub fn flag(&mut self, member: Option<&'a Member<'a>>) -> bool {
        match present(member).map(|member| (member, member.value.value)) {
            None => false,
            Some((_, Value::Bool(flag))) => flag,
            Some((member, _)) => {
                self.mismatch(&member.value, &quoted(member.key.value), "a boolean");
                false
            }
        }
    }

    /// A member that must be there.
    pub fn required(
        &mut self,
        member: Option<&'a Member<'a>>,
        owner: Span,
        what: &str,
        name: &str,
    ) -> Option<&'a Member<'a>> {
        if member.is_none() {
            let start = Span {
                start: owner.start,
                end: owner.start.saturating_add(1),
            };
            self.problem(
                Code::MissingMember,
                start,
                format!("{what} has no `{name}`"),
            );
        }
        member
    }
}

/// A member that is not null.
pub fn present<'a>(member: Option<&'a Member<'a>>) -> Option<&'a Member<'a>> {
    member.filter(|member| !matches!(member.value.value, Value::Null))
}
