//! The syntax tree of a file: what was written, names and templates not yet filled in.
//!
//! It lives in an arena and is `Copy` throughout, so that nothing of it is dropped piece by piece.
//! Only conditions nest, and no deeper than [`crate::limits::MAX_DEPTH`] parentheses.

use portcullis_model::{Effect, Operator, PolicyKind};
use portcullis_syntax::ast::{PrincipalKind, Span, Text};

/// An item of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    Policy(Policy<'a>),
    Let(Let<'a>),
    Use(Use<'a>),
    Template(Template<'a>),
    Test(Test<'a>),
    /// Something that could not be read; it has been reported.
    Bad,
}

impl Item<'_> {
    pub(crate) fn span(&self) -> Span {
        match self {
            Item::Policy(policy) => policy.span,
            Item::Let(item) => item.span,
            Item::Use(item) => item.span,
            Item::Template(template) => template.span,
            Item::Test(test) => test.span,
            Item::Bad => Span::default(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy<'a> {
    pub(crate) kind: Option<PolicyKind>,
    pub(crate) name: Text<'a>,
    pub(crate) metas: &'a [Meta<'a>],
    pub(crate) body: &'a [Statement<'a>],
    pub(crate) open: Span,
    pub(crate) span: Span,
}

/// `version V` or `id V`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta<'a> {
    pub(crate) is_version: bool,
    pub(crate) value: Atom<'a>,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Let<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) value: LetValue<'a>,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum LetValue<'a> {
    List(List<'a>),
    Principals(Principals<'a>),
    Condition(Condition<'a>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Use<'a> {
    pub(crate) names: &'a [Text<'a>],
    pub(crate) path: Text<'a>,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Template<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) parameters: &'a [Text<'a>],
    pub(crate) body: &'a [Statement<'a>],
    pub(crate) open: Span,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Statement<'a> {
    Rule(&'a Rule<'a>),
    Apply(&'a Apply<'a>),
    /// Something that could not be read; it has been reported.
    Bad,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule<'a> {
    pub(crate) label: Option<Text<'a>>,
    pub(crate) effect: Effect,
    pub(crate) effect_span: Span,
    pub(crate) actions: Elements<'a>,
    pub(crate) on: Option<Elements<'a>>,
    pub(crate) to: Option<Principals<'a>>,
    pub(crate) when: Option<Clause<'a>>,
    pub(crate) unless: Option<Clause<'a>>,
    pub(crate) span: Span,
}

/// `when` or `unless` with what follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause<'a> {
    pub(crate) condition: Condition<'a>,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Apply<'a> {
    pub(crate) label: Option<Text<'a>>,
    pub(crate) name: Text<'a>,
    pub(crate) arguments: &'a [Argument<'a>],
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) values: List<'a>,
}

/// Actions or resources; the span has the clause word in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements<'a> {
    pub(crate) negated: bool,
    pub(crate) list: &'a [Atom<'a>],
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Principals<'a> {
    pub(crate) negated: bool,
    pub(crate) list: &'a [Principal<'a>],
    pub(crate) span: Span,
}

/// One or more principals of a kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Principal<'a> {
    /// Never [`PrincipalKind::Everyone`], which is the word `*`.
    pub(crate) kind: PrincipalKind,
    pub(crate) values: List<'a>,
}

/// A list, or one value without brackets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<'a> {
    pub(crate) items: &'a [Atom<'a>],
    pub(crate) bracketed: bool,
    pub(crate) span: Span,
}

/// A place where a text stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Atom<'a> {
    pub(crate) kind: AtomKind,
    /// The text without quotes; the name without angle brackets.
    pub(crate) text: Text<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtomKind {
    /// A text as it stands.
    Text,
    /// A word with holes in it.
    Holes,
    /// `<name>` alone.
    Reference,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition<'a> {
    /// All must hold; two or more, none of them `All`.
    All(&'a [Condition<'a>]),
    /// One must hold; two or more, none of them `Any`.
    Any(&'a [Condition<'a>]),
    Test(&'a ConditionTest<'a>),
    /// A named condition.
    Reference(Text<'a>),
}

impl Condition<'_> {
    /// The places of the first and the last test in it.
    pub(crate) fn span(&self) -> Span {
        match self {
            Condition::All(parts) | Condition::Any(parts) => match (parts.first(), parts.last()) {
                (Some(first), Some(last)) => first.span().to(last.span()),
                _ => Span::default(),
            },
            Condition::Test(test) => test.span,
            Condition::Reference(name) => name.span,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ConditionTest<'a> {
    pub(crate) operator: Operator,
    /// The operator's words, for messages.
    pub(crate) operator_span: Span,
    /// The key; a reference is not possible here.
    pub(crate) key: Atom<'a>,
    pub(crate) values: List<'a>,
    /// True for `=` and `!=`, which take one value.
    pub(crate) single: bool,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Test<'a> {
    /// The policy that is tested.
    pub(crate) name: Text<'a>,
    pub(crate) expectations: &'a [Expectation<'a>],
    pub(crate) open: Span,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Expectation<'a> {
    pub(crate) outcome: Option<Effect>,
    pub(crate) action: Atom<'a>,
    pub(crate) resource: Option<Atom<'a>>,
    pub(crate) principal: Option<(PrincipalKind, Atom<'a>)>,
    pub(crate) context: &'a [(Atom<'a>, List<'a>)],
    pub(crate) by: Option<Atom<'a>>,
    pub(crate) span: Span,
    /// Could not be read; it has been reported.
    pub(crate) bad: bool,
}

/// The word for a policy type.
pub(crate) fn kind_word(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::VpcEndpoint => "endpoint",
        kind => kind.as_str(),
    }
}
