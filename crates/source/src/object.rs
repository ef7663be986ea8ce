//! Objects: members by name, values by type.

use std::fmt;
use std::rc::Rc;

use crate::json::{Member, Node, Value, tree};
use crate::{Code, Diagnostic, Source, Span, codes, quoted};

/// The members of an object, told apart by name.
#[derive(Clone, Debug)]
pub struct Slots<'t, 'n, const N: usize> {
    /// The member of each name that was asked for, in that order.
    pub known: [Option<&'n tree::Member<'t, 'n>>; N],
    /// All others.
    pub unknown: Vec<&'n tree::Member<'t, 'n>>,
}

/// Tells the members of an object apart by name. Of two with one name, which the reader of JSON has refused, the first
/// counts.
pub fn slots<'t, 'n, const N: usize>(
    members: &'n [tree::Member<'t, 'n>],
    names: &[&'static str; N],
) -> Slots<'t, 'n, N> {
    let mut known = [None; N];
    let mut unknown = Vec::new();
    for member in members {
        let name = member.key.value;
        let place = names.iter().position(|own| *own == name);
        match place.and_then(|place| known.get_mut(place)) {
            Some(slot) => {
                slot.get_or_insert(member);
            }
            None => unknown.push(member),
        }
    }
    Slots { known, unknown }
}

/// A member of an object that may have any others, as the answers of other programs do; null counts as absent.
pub fn field<'t, 'n>(node: &tree::Node<'t, 'n>, name: &str) -> Option<&'n tree::Node<'t, 'n>> {
    node.get(name)
        .filter(|member| !matches!(member.value, Value::Null))
}

/// The text of a value that must be a string: `owner` is the value in words, such as `` `action` ``, which are only asked for
/// if it is none.
///
/// # Errors
/// The mismatch, not located.
pub fn text<'t>(
    owner: impl fmt::Display,
    node: &tree::Node<'t, '_>,
) -> Result<&'t str, Box<Diagnostic>> {
    node.as_str().ok_or_else(|| {
        let owner = owner.to_string();
        Box::new(Diagnostic::mismatch(&owner, "a string", node))
    })
}

/// The elements of a value that must be a list, `wanted` in words, such as `a list of policies`.
///
/// # Errors
/// The mismatch, not located.
pub fn list<'t, 'n>(
    owner: impl fmt::Display,
    wanted: &str,
    node: &tree::Node<'t, 'n>,
) -> Result<&'n [tree::Node<'t, 'n>], Box<Diagnostic>> {
    node.as_array()
        .ok_or_else(|| Box::new(Diagnostic::mismatch(&owner.to_string(), wanted, node)))
}

impl Diagnostic {
    /// A value has the wrong type: `owner`, such as `` `Version` `` or `an entry`, must be `wanted`, such as `a string`.
    pub fn mismatch(owner: &str, wanted: &str, node: &tree::Node<'_, '_>) -> Diagnostic {
        let found = node.value.describe();
        let message = format!("{owner} must be {wanted}, this is {found}");
        Diagnostic::error(codes::DATA_TYPE_MISMATCH, node.span, message)
    }

    /// An object has a member that it may not have: `owner` is the object in words, such as `a policy`. The help is there
    /// only for a name that differs in letter case from one of those that there are.
    pub fn unknown_member(
        code: Code,
        owner: &str,
        member: &tree::Member<'_, '_>,
        names: &[&str],
    ) -> Diagnostic {
        let name = member.key.value;
        let message = format!("{owner} has no member {}", quoted(name));
        let same = names.iter().find(|own| own.eq_ignore_ascii_case(name));
        Diagnostic::error(code, member.key.span, message)
            .with_help_if(same.map(|own| format!("letter case matters here: write `{own}`")))
    }
}

/// What reads the values of a text and collects their problems.
///
/// The one way to read an object that is input: a member that is not known, or has another type than it must
/// have, is a problem with its place, and a member that is there twice was refused by the reader of JSON. What
/// is read is fit for use only if there are no problems.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The text that is read.
    pub source: Rc<Source<'a>>,
    /// The problems so far, located.
    pub problems: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    /// A reader of a text.
    pub fn new(source: &Rc<Source<'a>>) -> Reader<'a> {
        Reader {
            source: Rc::clone(source),
            problems: Vec::new(),
        }
    }

    /// Adds a problem of the text.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.problems.push(self.source.locate(diagnostic));
    }

    /// Adds an error.
    pub fn problem(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message));
    }

    /// Adds an error, and what to do about it.
    pub fn problem_with_help(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::error(code, span, message).with_help(help));
    }

    /// A value has the wrong type: `owner`, such as `` `action` ``, must be `wanted`, such as `a string`.
    pub fn mismatch(&mut self, node: &Node<'a>, owner: &str, wanted: &str) {
        let problem = Diagnostic::mismatch(owner, wanted, node);
        let is_account = matches!(node.value, Value::Number(_)) && owner.contains("ccount");
        let help = "write it in quotes: a number loses its leading zeros";
        self.push(problem.with_help_if(is_account.then(|| help.to_owned())));
    }

    /// The members of an object by name, null counting as a member; unknown ones are problems. `owner` is the object in
    /// words, such as `a scenario`.
    pub fn members<const N: usize>(
        &mut self,
        node: &Node<'a>,
        owner: &str,
        names: [&'static str; N],
    ) -> Option<[Option<&'a Member<'a>>; N]> {
        let Some(members) = node.as_object() else {
            self.mismatch(node, owner, "an object");
            return None;
        };
        let found = slots(members, &names);
        for member in found.unknown {
            let problem = Diagnostic::unknown_member(codes::UNKNOWN_MEMBER, owner, member, &names);
            let list = format!("its members are `{}`", names.join("`, `"));
            let help = problem.help.clone().unwrap_or(list);
            self.push(problem.with_help(help));
        }
        Some(found.known)
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

    /// A member that must be there: `owner` is the object in words, such as `the request`.
    pub fn required(
        &mut self,
        member: Option<&'a Member<'a>>,
        object: Span,
        owner: &str,
        name: &str,
    ) -> Option<&'a Member<'a>> {
        if member.is_none() {
            let message = format!("{owner} has no `{name}`");
            self.problem(codes::MISSING_MEMBER, object.first_byte(), message);
        }
        member
    }
}

/// A member that is not null.
pub fn present<'a>(member: Option<&'a Member<'a>>) -> Option<&'a Member<'a>> {
    member.filter(|member| !matches!(member.value.value, Value::Null))
}
