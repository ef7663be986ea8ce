//! Documents as sentences.

use crate::layout;
use crate::tree::{
    Atom, AtomKind, Clause, Condition, ConditionTest, Elements, Item, List, Meta, Policy,
    Principal, Principals, Rule, Statement,
};
use bumpalo::Bump;
use portcullis_model::{Base, PolicyKind};
use portcullis_syntax::ast::{self, Document, PrincipalEntry, PrincipalKind, Span, Text};
use std::collections::HashMap;

/// A document in the policy language, as a person would have written it and as [`crate::format`]
/// leaves it.
///
/// Tests of one condition key stand together, the test for presence first; nothing else changes its
/// place.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_dsl::print_dsl;
/// use portcullis_model::PolicyKind;
/// use portcullis_syntax::policy::{ReadOptions, parse_policy};
///
/// let arena = Bump::new();
/// let json = r#"{"Version": "2012-10-17", "Statement": {
///     "Sid": "Tls", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
///     "Condition": {"Bool": {"aws:SecureTransport": false}}}}"#;
/// let (document, _) = parse_policy(json, ReadOptions::new(PolicyKind::Identity), &arena);
/// assert_eq!(print_dsl(&document.unwrap(), "tls"), "\
/// policy tls {
///   Tls: deny s3:* on * when aws:SecureTransport is false
/// }
/// ");
/// ```
pub fn print_dsl(document: &Document<'_>, name: &str) -> String {
    let arena = Bump::new();
    let policy = Builder { arena: &arena }.policy(document, name);
    layout::file("", &[Item::Policy(policy)], &[])
}

struct Builder<'b> {
    arena: &'b Bump,
}

impl<'b> Builder<'b> {
    fn policy<'d: 'b>(&self, document: &Document<'d>, name: &'b str) -> Policy<'b> {
        let mut metas = Vec::new();
        let version = match document.version {
            None => Some("none"),
            Some(text) if text.value == "2012-10-17" => None,
            Some(text) => Some(text.value),
        };
        let mut meta = |is_version, value| {
            metas.push(Meta {
                is_version,
                value: atom(value),
                span: Span::default(),
            });
        };
        if let Some(version) = version {
            meta(true, version);
        }
        if let Some(id) = document.id {
            meta(false, id.value);
        }
        let body: Vec<_> = document
            .statements
            .iter()
            .map(|statement| Statement::Rule(self.arena.alloc(self.rule(statement))))
            .collect();
        Policy {
            kind: Some(document.kind).filter(|kind| *kind != PolicyKind::Identity),
            name: text(name),
            metas: self.arena.alloc_slice_copy(&metas),
            body: self.arena.alloc_slice_copy(&body),
            open: Span::default(),
            span: Span::default(),
        }
    }

    fn rule<'d: 'b>(&self, statement: &ast::Statement<'d>) -> Rule<'b> {
        Rule {
            label: statement.sid.map(|sid| text(sid.value)),
            effect: statement.effect,
            effect_span: Span::default(),
            actions: self.elements(&statement.action),
            on: statement.resource.map(|entries| self.elements(&entries)),
            to: statement.principal.map(|principals| Principals {
                negated: principals.negated,
                list: self.principals(principals.list),
                span: Span::default(),
            }),
            when: self.condition(statement.conditions),
            unless: None,
            span: Span::default(),
        }
    }

    fn atoms<'d: 'b>(&self, texts: impl Iterator<Item = &'d str>) -> &'b [Atom<'b>] {
        let atoms: Vec<_> = texts.map(atom).collect();
        self.arena.alloc_slice_copy(&atoms)
    }

    fn elements<'d: 'b>(&self, entries: &ast::Entries<'d>) -> Elements<'b> {
        Elements {
            negated: entries.negated,
            list: self.atoms(entries.list.iter().map(|text| text.value)),
            span: Span::default(),
        }
    }

    fn list<'d: 'b>(&self, texts: impl Iterator<Item = &'d str>) -> List<'b> {
        let items = self.atoms(texts);
        List {
            items,
            bracketed: items.len() != 1,
            span: Span::default(),
        }
    }

    /// Bare principals one by one; those of another kind in one list.
    fn principals<'d: 'b>(&self, entries: &[PrincipalEntry<'d>]) -> &'b [Principal<'b>] {
        let mut out = Vec::new();
        for run in entries.chunk_by(|a, b| a.kind == b.kind) {
            let kind = run.first().map_or(PrincipalKind::Aws, |entry| entry.kind);
            let texts = run.iter().map(|entry| entry.value.value);
            if matches!(kind, PrincipalKind::Aws | PrincipalKind::Everyone) {
                out.extend(texts.map(|text| Principal {
                    kind: PrincipalKind::Aws,
                    values: self.list(core::iter::once(text)),
                }));
            } else {
                let values = self.list(texts);
                out.push(Principal { kind, values });
            }
        }
        self.arena.alloc_slice_copy(&out)
    }

    /// Tests by key in order of appearance, presence first.
    fn condition<'d: 'b>(&self, tests: &[ast::Condition<'d>]) -> Option<Clause<'b>> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut order: Vec<(usize, bool, &ast::Condition<'d>)> = Vec::with_capacity(tests.len());
        for test in tests {
            let next = places.len();
            let place = *places
                .entry(test.key.value.to_ascii_lowercase())
                .or_insert(next);
            order.push((place, test.operator.base != Base::Null, test));
        }
        order.sort_by_key(|(place, other, _)| (*place, *other));
        let parts: Vec<_> = order
            .iter()
            .map(|(_, _, test)| Condition::Test(self.test(test)))
            .collect();
        let condition = match parts.as_slice() {
            [] => return None,
            [one] => *one,
            parts => Condition::All(self.arena.alloc_slice_copy(parts)),
        };
        Some(Clause {
            condition,
            span: Span::default(),
        })
    }

    fn test<'d: 'b>(&self, test: &ast::Condition<'d>) -> &'b ConditionTest<'b> {
        let values = self.list(test.values.iter().map(|text| text.value));
        self.arena.alloc(ConditionTest {
            operator: test.operator,
            operator_span: Span::default(),
            key: atom(test.key.value),
            values,
            single: false,
            span: Span::default(),
        })
    }
}

fn text(value: &str) -> Text<'_> {
    let span = Span::default();
    Text { value, span }
}

fn atom(value: &str) -> Atom<'_> {
    Atom {
        kind: AtomKind::Text,
        text: text(value),
    }
}
