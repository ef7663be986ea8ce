//! A document as checks look at it: what can be read is read, whatever else is wrong.

use crate::finding::{Location, Step};
use portcullis_model::{Effect, Operator, OperatorError};
use portcullis_source::json::{Member, Node, Value};
use portcullis_syntax::ast::{Span, Text};

/// A document.
pub(crate) struct Policy<'d> {
    pub(crate) span: Span,
    pub(crate) members: &'d [Member<'d>],
    pub(crate) statements: Vec<Statement<'d>>,
}

/// One statement.
pub(crate) struct Statement<'d> {
    pub(crate) span: Span,
    /// Its place in the list; none if it stands alone (`AA-5`).
    index: Option<usize>,
    pub(crate) members: &'d [Member<'d>],
    pub(crate) effect: Option<Effect>,
    pub(crate) action: Option<Element<'d>>,
    pub(crate) not_action: Option<Element<'d>>,
    pub(crate) resource: Option<Element<'d>>,
    pub(crate) not_resource: Option<Element<'d>>,
    pub(crate) principals: Vec<Principal<'d>>,
    pub(crate) conditions: Vec<Condition<'d>>,
}

/// A list of texts.
pub(crate) struct Element<'d> {
    pub(crate) member: &'d Member<'d>,
    pub(crate) entries: Vec<Entry<'d>>,
}

/// A text of a list, or one that stands alone.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'d> {
    pub(crate) text: Text<'d>,
    pub(crate) index: Option<usize>,
}

/// One principal.
pub(crate) struct Principal<'d> {
    /// `Principal` or `NotPrincipal`.
    pub(crate) element: &'d Member<'d>,
    /// The member of the object under which it stands; none for `"*"`.
    pub(crate) kind: Option<&'d str>,
    pub(crate) entry: Entry<'d>,
}

impl Principal<'_> {
    pub(crate) fn is_negated(&self) -> bool {
        self.element.key.value == "NotPrincipal"
    }

    pub(crate) fn is_everyone(&self) -> bool {
        self.entry.text.value == "*" && matches!(self.kind, None | Some("AWS"))
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind == Some(kind)
    }
}

/// One test.
pub(crate) struct Condition<'d> {
    pub(crate) name: Text<'d>,
    pub(crate) operator: Result<Operator, OperatorError>,
    pub(crate) key: Text<'d>,
    pub(crate) node: &'d Node<'d>,
    pub(crate) values: Vec<Entry<'d>>,
}

impl Condition<'_> {
    pub(crate) fn is_of(&self, key: &str) -> bool {
        self.key.value.eq_ignore_ascii_case(key)
    }

    /// A list of values without any.
    pub(crate) fn is_empty(&self) -> bool {
        self.node.as_array().is_some_and(<[_]>::is_empty)
    }

    /// It limits by its values: neither negated, nor true of an absent key, nor a question for presence.
    pub(crate) fn is_limit(&self) -> bool {
        self.operator.is_ok_and(|own| {
            !own.base.is_negated() && !own.if_exists && own.base != portcullis_model::Base::Null
        })
    }
}

impl<'d> Policy<'d> {
    pub(crate) fn read(members: &'d [Member<'d>], span: Span) -> Policy<'d> {
        let node = members
            .iter()
            .find(|member| member.key.value == "Statement");
        let statements = match node.map(|member| (&member.value, member.value.value)) {
            Some((_, Value::Array(nodes))) => {
                let nodes = nodes.iter().enumerate();
                nodes
                    .filter_map(|(index, node)| Statement::read(node, Some(index)))
                    .collect()
            }
            Some((node, _)) => Statement::read(node, None).into_iter().collect(),
            None => Vec::new(),
        };
        Policy {
            span,
            members,
            statements,
        }
    }

    /// The whole document (`AA-6`).
    pub(crate) fn whole(text: &str) -> Location<'d> {
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Location {
            path: Vec::new(),
            span: Span { start: 0, end },
        }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&'d Member<'d>> {
        self.members.iter().find(|member| member.key.value == name)
    }
}

/// A member of the document itself.
pub(crate) fn top<'d>(member: &'d Member<'d>) -> Location<'d> {
    Location {
        path: vec![Step::Value(member.key.value)],
        span: member.value.span,
    }
}

impl<'d> Statement<'d> {
    fn read(node: &'d Node<'d>, index: Option<usize>) -> Option<Statement<'d>> {
        let members = node.as_object()?;
        let find = |name: &str| members.iter().find(|member| member.key.value == name);
        let element = |name: &str| {
            let member = find(name)?;
            Some(Element {
                member,
                entries: entries(&member.value),
            })
        };
        let effect = find("Effect").and_then(|member| match member.value.as_str() {
            Some("Allow") => Some(Effect::Allow),
            Some("Deny") => Some(Effect::Deny),
            _ => None,
        });
        let both = ["Principal", "NotPrincipal"].into_iter().filter_map(find);
        let principals = both.flat_map(principals).collect();
        Some(Statement {
            span: node.span,
            index,
            members,
            effect,
            action: element("Action"),
            not_action: element("NotAction"),
            resource: element("Resource"),
            not_resource: element("NotResource"),
            principals,
            conditions: find("Condition").map(conditions).unwrap_or_default(),
        })
    }

    pub(crate) fn member(&self, name: &str) -> Option<&'d Member<'d>> {
        self.members.iter().find(|member| member.key.value == name)
    }

    pub(crate) fn is_allow(&self) -> bool {
        self.effect == Some(Effect::Allow)
    }

    /// `Action` and `NotAction`, whichever are there.
    pub(crate) fn actions(&self) -> impl Iterator<Item = &Element<'d>> {
        self.action.iter().chain(&self.not_action)
    }

    /// `Resource` and `NotResource`, whichever are there.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &Element<'d>> {
        self.resource.iter().chain(&self.not_resource)
    }

    /// A place below the statement.
    pub(crate) fn at(&self, steps: &[Step<'d>], span: Span) -> Location<'d> {
        let mut path = vec![Step::Value("Statement")];
        path.extend(self.index.map(Step::Index));
        path.extend_from_slice(steps);
        Location { path, span }
    }

    pub(crate) fn here(&self) -> Location<'d> {
        self.at(&[], self.span)
    }

    /// The value of a member.
    pub(crate) fn value(&self, member: &'d Member<'d>) -> Location<'d> {
        self.at(&[Step::Value(member.key.value)], member.value.span)
    }

    /// The name of a member.
    pub(crate) fn key(&self, member: &'d Member<'d>) -> Location<'d> {
        self.at(&[Step::Key(member.key.value)], member.key.span)
    }

    pub(crate) fn entry(&self, element: &Element<'d>, entry: &Entry<'d>) -> Location<'d> {
        self.below(&[Step::Value(element.member.key.value)], entry)
    }

    pub(crate) fn principal(&self, one: &Principal<'d>) -> Location<'d> {
        let mut steps = vec![Step::Value(one.element.key.value)];
        steps.extend(one.kind.map(Step::Value));
        self.below(&steps, &one.entry)
    }

    /// The name of an operator.
    pub(crate) fn operator(&self, name: Text<'d>) -> Location<'d> {
        self.at(
            &[Step::Value("Condition"), Step::Key(name.value)],
            name.span,
        )
    }

    /// The key of a condition.
    pub(crate) fn condition_key(&self, condition: &Condition<'d>) -> Location<'d> {
        let [element, operator] = steps(condition);
        self.at(
            &[element, operator, Step::Key(condition.key.value)],
            condition.key.span,
        )
    }

    /// All values of a condition.
    pub(crate) fn condition_values(&self, condition: &Condition<'d>) -> Location<'d> {
        let [element, operator] = steps(condition);
        self.at(
            &[element, operator, Step::Value(condition.key.value)],
            condition.node.span,
        )
    }

    /// One value of a condition.
    pub(crate) fn condition_value(
        &self,
        condition: &Condition<'d>,
        value: &Entry<'d>,
    ) -> Location<'d> {
        let [element, operator] = steps(condition);
        self.below(
            &[element, operator, Step::Value(condition.key.value)],
            value,
        )
    }

    fn below(&self, steps: &[Step<'d>], entry: &Entry<'d>) -> Location<'d> {
        let mut location = self.at(steps, entry.text.span);
        location.path.extend(entry.index.map(Step::Index));
        location
    }
}

fn steps<'d>(condition: &Condition<'d>) -> [Step<'d>; 2] {
    [Step::Value("Condition"), Step::Value(condition.name.value)]
}

/// The texts of a value that is one or a list of them.
fn entries<'d>(node: &'d Node<'d>) -> Vec<Entry<'d>> {
    each(node, Node::as_text)
}

fn each<'d>(node: &'d Node<'d>, read: impl Fn(&'d Node<'d>) -> Option<Text<'d>>) -> Vec<Entry<'d>> {
    match node.value {
        Value::Array(nodes) => {
            let nodes = nodes.iter().enumerate();
            let entry = |(index, node)| {
                Some(Entry {
                    text: read(node)?,
                    index: Some(index),
                })
            };
            nodes.filter_map(entry).collect()
        }
        _ => read(node)
            .map(|text| Entry { text, index: None })
            .into_iter()
            .collect(),
    }
}

fn principals<'d>(element: &'d Member<'d>) -> Vec<Principal<'d>> {
    let one = |kind| {
        move |entry| Principal {
            element,
            kind,
            entry,
        }
    };
    match element.value.value {
        Value::Object(members) => {
            let of = |member: &'d Member<'d>| {
                entries(&member.value)
                    .into_iter()
                    .map(one(Some(member.key.value)))
            };
            members.iter().flat_map(of).collect()
        }
        Value::String(_) => entries(&element.value).into_iter().map(one(None)).collect(),
        _ => Vec::new(),
    }
}

fn conditions<'d>(member: &'d Member<'d>) -> Vec<Condition<'d>> {
    let mut all = Vec::new();
    for operator in member.value.as_object().unwrap_or_default() {
        let read = Operator::parse(operator.key.value);
        for key in operator.value.as_object().unwrap_or_default() {
            all.push(Condition {
                name: operator.key,
                operator: read,
                key: key.key,
                node: &key.value,
                values: each(&key.value, scalar),
            });
        }
    }
    all
}

/// A condition value as text (`GRAM-20`).
fn scalar<'d>(node: &'d Node<'d>) -> Option<Text<'d>> {
    let value = match node.value {
        Value::String(text) | Value::Number(text) => text,
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(Text {
        value,
        span: node.span,
    })
}
