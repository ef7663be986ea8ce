//! What the grammar's productions do.

use crate::codes;
use crate::hints;
use crate::lexer::Token;
use crate::limits::MAX_ERRORS;
use crate::quote;
use crate::tokens::{Placed, span};
use crate::tree::{
    Apply, Argument, Atom, AtomKind, Clause, Condition, ConditionTest, Elements, Expectation, Item,
    List, Meta, Policy, Principal, Principals, Rule, Statement,
};
use bumpalo::Bump;
use lalrpop_util::{ErrorRecovery, ParseError};
use portcullis_model::{Base, Effect, Operator, PolicyKind, Quantifier};
use portcullis_source::Diagnostic;
use portcullis_syntax::ast::{PrincipalKind, Span, Text};
use std::cell::RefCell;

/// What `allow`, `deny` and `nothing` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Allow,
    Deny,
    Nothing,
}

impl Outcome {
    fn effect(self) -> Option<Effect> {
        match self {
            Outcome::Allow => Some(Effect::Allow),
            Outcome::Deny => Some(Effect::Deny),
            Outcome::Nothing => None,
        }
    }
}

/// An operator with its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op<'a> {
    base: Base,
    values: List<'a>,
    single: bool,
}

impl<'a> Op<'a> {
    pub(crate) fn new(base: Base, values: List<'a>) -> Op<'a> {
        Op {
            base,
            values,
            single: false,
        }
    }

    pub(crate) fn single(base: Base, values: List<'a>) -> Op<'a> {
        Op {
            base,
            values,
            single: true,
        }
    }

    pub(crate) fn matching(word: &str, negated: bool) -> Base {
        match (word, negated) {
            ("matches", false) => Base::ArnLike,
            ("matches", true) => Base::ArnNotLike,
            ("within", false) => Base::IpAddress,
            ("within", true) => Base::NotIpAddress,
            (_, false) => Base::StringLike,
            (_, true) => Base::StringNotLike,
        }
    }

    /// The words of an operator, before one value or before a list.
    pub(crate) fn word(base: Base, single: bool) -> &'static str {
        match (base, single) {
            (Base::StringEquals | Base::StringEqualsIgnoreCase, true) => "=",
            (Base::StringEquals | Base::StringEqualsIgnoreCase, false) => "in",
            (Base::StringNotEquals | Base::StringNotEqualsIgnoreCase, true) => "!=",
            (Base::StringNotEquals | Base::StringNotEqualsIgnoreCase, false) => "not in",
            (Base::StringLike, _) => "like",
            (Base::StringNotLike, _) => "not like",
            (Base::ArnLike, _) => "matches",
            (Base::ArnNotLike, _) => "not matches",
            (Base::IpAddress, _) => "within",
            (Base::NotIpAddress, _) => "not within",
            (Base::Bool, _) => "is",
            (Base::NumericLessThan, _) => "<",
            (Base::NumericLessThanEquals, _) => "<=",
            (Base::NumericGreaterThan, _) => ">",
            (Base::NumericGreaterThanEquals, _) => ">=",
            (Base::DateLessThan, _) => "before",
            (Base::DateLessThanEquals, _) => "at or before",
            (Base::DateGreaterThan, _) => "after",
            (Base::DateGreaterThanEquals, _) => "at or after",
            (kept, _) => kept.as_str(),
        }
    }

    pub(crate) fn compare(word: &str) -> Base {
        match word {
            "<" => Base::NumericLessThan,
            "<=" => Base::NumericLessThanEquals,
            ">" => Base::NumericGreaterThan,
            _ => Base::NumericGreaterThanEquals,
        }
    }

    pub(crate) fn kept(word: &str) -> Base {
        Base::ALL
            .into_iter()
            .find(|base| base.as_str() == word)
            .unwrap_or(Base::Null)
    }
}

/// The arena, the tokens and the problems of one parse.
pub(crate) struct Build<'s> {
    pub(crate) arena: &'s Bump,
    pub(crate) text: &'s str,
    pub(crate) tokens: &'s [Placed<'s>],
    pub(crate) problems: RefCell<Vec<Diagnostic>>,
}

impl<'s> Build<'s> {
    /// True if so much is wrong that the rest is not worth reading.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.problems.borrow().len() >= MAX_ERRORS
    }

    pub(crate) fn problem(&self, diagnostic: Diagnostic) {
        if !self.is_hopeless() {
            self.problems.borrow_mut().push(diagnostic);
        }
    }

    pub(crate) fn recover(&self, error: ErrorRecovery<usize, Token<'s>, ()>) {
        self.parse_error(&error.error);
    }

    pub(crate) fn parse_error(&self, error: &ParseError<usize, Token<'s>, ()>) {
        let (at, expected) = match error {
            ParseError::UnrecognizedToken {
                token: (start, ..),
                expected,
            } => (Some(*start), expected.as_slice()),
            ParseError::UnrecognizedEof { expected, .. } => (None, expected.as_slice()),
            ParseError::ExtraToken { token: (start, ..) } => (Some(*start), [].as_slice()),
            ParseError::InvalidToken { location } => (Some(*location), [].as_slice()),
            ParseError::User { .. } => return,
        };
        // Nothing is missing at the end of a text that was not read to its end.
        if at.is_none() && self.is_hopeless() {
            return;
        }
        let index = at.map_or(self.tokens.len(), |at| {
            self.tokens.partition_point(|(start, ..)| *start < at)
        });
        self.problem(hints::explain(self.text, self.tokens, index, expected));
    }

    /// The span of a production. One that ends in an empty part is said to end where the next token
    /// begins; its last token ends it here.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        let next = self.tokens.partition_point(|(begin, ..)| *begin < end);
        let last = next.checked_sub(1).and_then(|last| self.tokens.get(last));
        let end = last.map_or(end, |(.., last)| end.min(*last));
        span(start, end.max(start))
    }

    pub(crate) fn slice<T: Copy>(&self, list: Vec<T>) -> &'s [T] {
        self.arena.alloc_slice_copy(&list)
    }

    pub(crate) fn item(&self, item: Item<'s>) -> &'s Item<'s> {
        self.arena.alloc(item)
    }

    pub(crate) fn word(&self, start: usize, text: &'s str, end: usize) -> Atom<'s> {
        let kind = if text.contains('<') {
            AtomKind::Holes
        } else {
            AtomKind::Text
        };
        let span = span(start, end);
        let text = Text { value: text, span };
        Atom { kind, text }
    }

    pub(crate) fn reference(&self, start: usize, text: &'s str, end: usize) -> Atom<'s> {
        let value = text.get(1..text.len() - 1).unwrap_or_default();
        let span = span(start, end);
        let text = Text { value, span };
        Atom {
            kind: AtomKind::Reference,
            text,
        }
    }

    pub(crate) fn string(&self, start: usize, text: &'s str, end: usize) -> Atom<'s> {
        let raw = text.get(1..text.len() - 1).unwrap_or_default();
        let value = match quote::unescape(raw, self.arena) {
            Ok(value) => value,
            Err((range, message)) => {
                let place = span(start + 1 + range.start, start + 1 + range.end);
                self.problem(Diagnostic::error(codes::SYNTAX_ERROR, place, message));
                ""
            }
        };
        let span = span(start, end);
        let text = Text { value, span };
        Atom {
            kind: AtomKind::Text,
            text,
        }
    }

    pub(crate) fn name(&self, atom: Atom<'s>) -> Text<'s> {
        if atom.kind == AtomKind::Holes {
            let message = "a name cannot contain a placeholder";
            self.problem(Diagnostic::error(
                codes::SYNTAX_ERROR,
                atom.text.span,
                message,
            ));
        }
        atom.text
    }

    pub(crate) fn label(&self, start: usize, text: &'s str, end: usize) -> Text<'s> {
        let inner = text.get(..text.len() - 1).unwrap_or_default();
        if inner.starts_with('"') {
            self.string(start, inner, end - 1).text
        } else {
            self.word(start, inner, end - 1).text
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a production")]
    pub(crate) fn policy(
        &self,
        start: usize,
        kind: Option<&str>,
        name: Text<'s>,
        open: usize,
        metas: Vec<Meta<'s>>,
        body: Vec<Statement<'s>>,
        end: usize,
    ) -> &'s Item<'s> {
        let kind = kind.and_then(|word| match word {
            "endpoint" => Some(PolicyKind::VpcEndpoint),
            word => PolicyKind::parse(word),
        });
        let mut seen = [None; 2];
        for meta in &metas {
            if let Some(slot) = seen.get_mut(usize::from(meta.is_version)) {
                if let Some(first) = *slot {
                    let word = if meta.is_version { "version" } else { "id" };
                    self.problem(
                        Diagnostic::error(
                            codes::DUPLICATE_MEMBER,
                            meta.span,
                            format!("`{word}` is given twice"),
                        )
                        .with_related(first, "first given here"),
                    );
                }
                *slot = slot.or(Some(meta.span));
            }
        }
        self.item(Item::Policy(Policy {
            kind,
            name,
            metas: self.slice(metas),
            body: self.slice(body),
            open: span(open, open + 1),
            span: span(start, end),
        }))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a production")]
    pub(crate) fn rule(
        &self,
        start: usize,
        label: Option<Text<'s>>,
        effect_span: Span,
        effect: Outcome,
        actions: Elements<'s>,
        on: Option<Elements<'s>>,
        to: Option<Principals<'s>>,
        when: Option<Clause<'s>>,
        unless: Option<Clause<'s>>,
    ) -> Statement<'s> {
        let ends = [
            Some(actions.span),
            on.map(|on| on.span),
            to.map(|to| to.span),
            when.map(|when| when.span),
            unless.map(|unless| unless.span),
        ];
        let end = ends.into_iter().flatten().next_back();
        let begin = label.map_or(effect_span, |_| span(start, start));
        Statement::Rule(self.arena.alloc(Rule {
            label,
            effect: effect.effect().unwrap_or(Effect::Deny),
            effect_span,
            actions,
            on,
            to,
            when,
            unless,
            span: begin.to(end.unwrap_or(effect_span)),
        }))
    }

    pub(crate) fn apply(
        &self,
        span: Span,
        label: Option<Text<'s>>,
        name: Text<'s>,
        arguments: Vec<Argument<'s>>,
    ) -> Statement<'s> {
        Statement::Apply(self.arena.alloc(Apply {
            label,
            name,
            arguments: self.slice(arguments),
            span,
        }))
    }

    pub(crate) fn widen(&self, start: usize, elements: Elements<'s>) -> Elements<'s> {
        Elements {
            span: elements.span.to(span(start, start)),
            ..elements
        }
    }

    pub(crate) fn clause(&self, start: usize, list: Vec<Condition<'s>>, end: usize) -> Clause<'s> {
        Clause {
            condition: self.any(list),
            span: self.span(start, end),
        }
    }

    pub(crate) fn elements(
        &self,
        start: usize,
        negated: bool,
        list: Vec<Atom<'s>>,
        end: usize,
    ) -> Elements<'s> {
        // A comma at the end is not part of the list: the formatter drops it.
        let mut span = self.span(start, end);
        span.end = list.last().map_or(span.end, |atom| atom.text.span.end);
        Elements {
            negated,
            list: self.slice(list),
            span,
        }
    }

    pub(crate) fn principals(
        &self,
        start: usize,
        negated: bool,
        list: Vec<Principal<'s>>,
        end: usize,
    ) -> Principals<'s> {
        let mut span = self.span(start, end);
        span.end = list.last().map_or(span.end, |one| one.values.span.end);
        Principals {
            negated,
            list: self.slice(list),
            span,
        }
    }

    pub(crate) fn principal_kind(&self, word: &str) -> PrincipalKind {
        match word {
            "service" => PrincipalKind::Service,
            "federated" => PrincipalKind::Federated,
            _ => PrincipalKind::CanonicalUser,
        }
    }

    /// One of several; parentheses that change nothing leave no trace.
    pub(crate) fn any(&self, list: Vec<Condition<'s>>) -> Condition<'s> {
        if let [one] = list.as_slice() {
            return *one;
        }
        let mut flat = Vec::with_capacity(list.len());
        for part in list {
            match part {
                Condition::Any(parts) => flat.extend_from_slice(parts),
                part => flat.push(part),
            }
        }
        Condition::Any(self.slice(flat))
    }

    /// All of several.
    pub(crate) fn all(&self, list: Vec<Condition<'s>>) -> Condition<'s> {
        if let [one] = list.as_slice() {
            return *one;
        }
        let mut flat = Vec::with_capacity(list.len());
        for part in list {
            match part {
                Condition::All(parts) => flat.extend_from_slice(parts),
                part => flat.push(part),
            }
        }
        Condition::All(self.slice(flat))
    }

    pub(crate) fn test(
        &self,
        span: Span,
        quantifier: Quantifier,
        key: Atom<'s>,
        operator_span: Span,
        op: Op<'s>,
        if_exists: bool,
    ) -> Condition<'s> {
        if if_exists && op.base == Base::Null {
            let message = "a test for presence cannot end in `or absent`";
            self.problem(
                Diagnostic::error(portcullis_syntax::codes::NULL_WITH_IF_EXISTS, span, message)
                    .with_help("`is absent` and `is present` are complete tests"),
            );
        }
        let operator = Operator {
            quantifier,
            base: op.base,
            if_exists: if_exists && op.base != Base::Null,
        };
        Condition::Test(self.arena.alloc(ConditionTest {
            operator,
            operator_span,
            key,
            values: op.values,
            single: op.single,
            span,
        }))
    }

    pub(crate) fn presence(&self, start: usize, value: &'static str, end: usize) -> List<'s> {
        self.one(self.word(start, value, end))
    }

    pub(crate) fn one(&self, atom: Atom<'s>) -> List<'s> {
        List {
            items: core::slice::from_ref(self.arena.alloc(atom)),
            bracketed: false,
            span: atom.text.span,
        }
    }

    pub(crate) fn list(&self, start: usize, items: Vec<Atom<'s>>, end: usize) -> List<'s> {
        List {
            items: self.slice(items),
            bracketed: true,
            span: span(start, end),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a production")]
    pub(crate) fn expectation(
        &self,
        span: Span,
        outcome: Outcome,
        action: Atom<'s>,
        resource: Option<Atom<'s>>,
        principal: Option<(PrincipalKind, Atom<'s>)>,
        context: Vec<(Atom<'s>, List<'s>)>,
        by: Option<Atom<'s>>,
    ) -> &'s Expectation<'s> {
        self.arena.alloc(Expectation {
            outcome: outcome.effect(),
            action,
            resource,
            principal,
            context: self.slice(context),
            by,
            span,
            bad: false,
        })
    }

    pub(crate) fn bad_expectation(&self, start: usize, end: usize) -> &'s Expectation<'s> {
        let span = self.span(start, end);
        self.arena.alloc(Expectation {
            outcome: None,
            action: self.word(start, "", end),
            resource: None,
            principal: None,
            context: &[],
            by: None,
            span,
            bad: true,
        })
    }
}
