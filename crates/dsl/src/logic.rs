//! Conditions filled in and taken apart: `or` and `unless` become what statements of IAM can say.
//!
//! A statement with `C1 or C2` decides as two statements, one with each; `unless U` is `and not U`,
//! and a test is negated only where IAM has exactly that, for every request (`COND-10` to `COND-32`).

use crate::codes;
use crate::fill::{Filler, Site};
use crate::limits::{MAX_ALTERNATIVES, MAX_DEPTH, MAX_ITEMS};
use crate::tree::{AtomKind, Clause, Condition, ConditionTest};
use portcullis_model::{Base, Family, Operator, Quantifier};
use portcullis_source::{Diagnostic, quoted};
use portcullis_syntax::ast::{Span, Text};
use std::collections::HashMap;

/// A test with all names filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flat<'a> {
    pub(crate) operator: Operator,
    pub(crate) operator_span: Span,
    pub(crate) key: Text<'a>,
    pub(crate) values: &'a [Text<'a>],
    pub(crate) span: Span,
}

/// A test list: all must hold.
pub(crate) type All<'a> = Vec<Flat<'a>>;

/// What a statement's `when` and `unless` come to: one must hold. `None` after an error.
pub(crate) fn alternatives<'a>(
    filler: &mut Filler<'a, '_>,
    site: Site<'a, '_>,
    when: Option<Clause<'a>>,
    unless: Option<Clause<'a>>,
    is_single: &dyn Fn(&str) -> bool,
) -> Option<Vec<All<'a>>> {
    let mut logic = Logic { filler, is_single };
    let mut parts = vec![Vec::new()];
    for (clause, negated) in [(when, false), (unless, true)] {
        if let Some(clause) = clause {
            let found = logic.condition(site, clause.condition, negated, 0);
            parts = logic.product(site, clause.span, &parts, &found?)?;
        }
    }
    let mut whole = Vec::with_capacity(parts.len());
    for part in parts {
        whole.push(logic.joined(site, part)?);
    }
    Some(merged(&mut logic, whole))
}

struct Logic<'l, 'a, 'm> {
    filler: &'l mut Filler<'a, 'm>,
    is_single: &'l dyn Fn(&str) -> bool,
}

impl<'a> Logic<'_, 'a, '_> {
    /// Disjunctive normal form of a condition or of its negation.
    fn condition(
        &mut self,
        site: Site<'a, '_>,
        condition: Condition<'a>,
        negated: bool,
        depth: usize,
    ) -> Option<Vec<All<'a>>> {
        if depth > 2 * MAX_DEPTH {
            let message = "the condition nests too deep when names are filled in".into();
            self.filler
                .error(site, codes::EXPANSION_LIMIT, condition.span(), message);
            return None;
        }
        match (condition, negated) {
            (Condition::Test(test), _) => {
                let flat = self.flat(site, test)?;
                let tests = if negated {
                    self.negated(site, flat)?
                } else {
                    vec![flat]
                };
                Some(vec![tests])
            }
            (Condition::Reference(name), _) => {
                let (inside, inner) = self.filler.condition(site, name)?;
                let found = self.condition(inside, inner, negated, depth + 1)?;
                let size = found.iter().map(Vec::len).sum();
                self.filler.spend(site, name.span, size).then_some(found)
            }
            (Condition::All(parts), false) | (Condition::Any(parts), true) => {
                let mut all = vec![Vec::new()];
                for part in parts {
                    let found = self.condition(site, *part, negated, depth + 1)?;
                    if let ([all], [more]) = (all.as_mut_slice(), found.as_slice()) {
                        all.extend_from_slice(more);
                        self.check_length(site, part.span(), all.len(), parts.len())?;
                    } else {
                        all = self.product(site, part.span(), &all, &found)?;
                    }
                }
                Some(all)
            }
            (Condition::Any(parts), false) | (Condition::All(parts), true) => {
                let mut any = Vec::new();
                for part in parts {
                    any.extend(self.condition(site, *part, negated, depth + 1)?);
                    // Alternatives that become one list are not counted.
                    any = merged(self, any);
                    self.check_alternatives(site, part.span(), any.len())?;
                }
                Some(any)
            }
        }
    }

    fn product(
        &mut self,
        site: Site<'a, '_>,
        span: Span,
        left: &[All<'a>],
        right: &[All<'a>],
    ) -> Option<Vec<All<'a>>> {
        self.check_alternatives(site, span, left.len() * right.len())?;
        let mut all = Vec::with_capacity(left.len() * right.len());
        for first in left {
            for second in right {
                let length = first.len() + second.len();
                if left.len() * right.len() > 1 && !self.filler.spend(site, span, length) {
                    return None;
                }
                all.push([first.as_slice(), second.as_slice()].concat());
            }
        }
        Some(all)
    }

    fn check_alternatives(&mut self, site: Site<'a, '_>, span: Span, count: usize) -> Option<()> {
        if count > MAX_ALTERNATIVES {
            let message =
                format!("`or` expands this statement to more than {MAX_ALTERNATIVES} statements");
            self.filler
                .error(site, codes::EXPANSION_LIMIT, span, message);
            return None;
        }
        Some(())
    }

    /// Names can multiply tests; written ones are as many as they are.
    fn check_length(
        &mut self,
        site: Site<'a, '_>,
        span: Span,
        count: usize,
        written: usize,
    ) -> Option<()> {
        if count > MAX_ITEMS && count > written {
            let message = format!("this condition has more than {MAX_ITEMS} tests");
            self.filler
                .error(site, codes::EXPANSION_LIMIT, span, message);
            return None;
        }
        Some(())
    }

    fn flat(&mut self, site: Site<'a, '_>, test: &ConditionTest<'a>) -> Option<Flat<'a>> {
        let key = self
            .filler
            .one(site, &test.key, "a test has one condition key")?;
        let values = self.filler.list(site, test.values)?;
        let plain = test
            .values
            .items
            .iter()
            .all(|atom| atom.kind == AtomKind::Text);
        if test.single && !plain && values.len() != 1 {
            let message = format!("`=` and `!=` take one value, these are {}", values.len());
            let help = if test.operator.base.is_negated() {
                "use `not in` for several values"
            } else {
                "use `in` for several values"
            };
            self.filler.report(
                site,
                Diagnostic::error(codes::SYNTAX_ERROR, test.values.span, message).with_help(help),
            );
            return None;
        }
        Some(Flat {
            operator: test.operator,
            operator_span: site.place(test.operator_span),
            key,
            values,
            span: site.place(test.span),
        })
    }

    /// The exact negation of a test, if there is one.
    fn negated(&mut self, site: Site<'a, '_>, test: Flat<'a>) -> Option<All<'a>> {
        let Operator {
            quantifier,
            base,
            if_exists,
        } = test.operator;
        let with = |quantifier, base| {
            let operator = Operator {
                quantifier,
                base,
                if_exists: false,
            };
            Flat { operator, ..test }
        };
        if base == Base::Null && quantifier == Quantifier::One {
            let flipped = match test.values {
                [one] if one.value == "true" => Some("false"),
                [one] if one.value == "false" => Some("true"),
                _ => None,
            };
            if let Some(value) = flipped {
                let value = Text {
                    value,
                    span: test.span,
                };
                let values = core::slice::from_ref(self.filler.arena.alloc(value));
                return Some(vec![Flat { values, ..test }]);
            }
        }
        let Some(opposite) = opposite(base) else {
            return self.inexact(site, test, None);
        };
        // An empty text in the request has `all` hold by exception (`COND-32`).
        let empty = test
            .values
            .iter()
            .any(|v| v.value.bytes().all(|b| b == b'*') || v.value.contains("${"));
        match (quantifier, base.is_negated(), if_exists) {
            (Quantifier::Any, false, _) | (Quantifier::All, true, _) if empty => {
                let why = "a value that matches or may match the empty text is compared specially";
                self.inexact(site, test, Some(why))
            }
            (Quantifier::Any, false, _) => Some(vec![with(Quantifier::All, opposite)]),
            (Quantifier::All, true, _) => Some(vec![with(Quantifier::Any, opposite)]),
            (Quantifier::Any, true, _) | (Quantifier::All, false, _) => {
                self.inexact(site, test, None)
            }
            (Quantifier::One, ..) if !(self.is_single)(test.key.value) => {
                let key = quoted(test.key.value);
                let message = format!(
                    "`unless` has no exact form for this test: {key} may have several values"
                );
                let help = if base.is_negated() {
                    "write the test that must hold after `when`".to_string()
                } else {
                    format!("`unless any {} ...` is exact", test.key.value)
                };
                self.filler.report(
                    site,
                    Diagnostic::error(codes::NO_EXACT_FORM, test.span, message).with_help(help),
                );
                None
            }
            (Quantifier::One, true, _) | (Quantifier::One, false, false) => {
                Some(vec![with(Quantifier::One, opposite)])
            }
            (Quantifier::One, false, true) => {
                let value = Text {
                    value: "false",
                    span: test.span,
                };
                let values = core::slice::from_ref(self.filler.arena.alloc(value));
                let present = Flat {
                    values,
                    ..with(Quantifier::One, Base::Null)
                };
                Some(vec![with(Quantifier::One, opposite), present])
            }
        }
    }

    fn inexact(
        &mut self,
        site: Site<'a, '_>,
        test: Flat<'a>,
        why: Option<&str>,
    ) -> Option<All<'a>> {
        let Operator {
            quantifier, base, ..
        } = test.operator;
        let key = test.key.value;
        let why = match (why, base.family()) {
            (Some(why), _) => why,
            (None, Family::Bool) => "Bool has no negated operator, and the key can be absent",
            (None, _) if quantifier != Quantifier::One => {
                "the tests differ where the request has one empty text"
            }
            _ => "no operator is its opposite for absent and malformed values",
        };
        let message = format!("`unless` has no exact form for this test: {why}");
        let help = match (base.family(), test.values) {
            (Family::Bool, [one]) if matches!(one.value, "true" | "false") => {
                let other = if one.value == "true" { "false" } else { "true" };
                format!(
                    "write `when {key} is {other} or absent` if it is to apply when the key is absent too, and `when {key} is {other}` if not"
                )
            }
            _ => "write what must hold after `when`, and add `or absent` if it is to apply when the key is absent too".into(),
        };
        self.filler.report(
            site,
            Diagnostic::error(codes::NO_EXACT_FORM, test.span, message).with_help(help),
        );
        None
    }

    /// Tests that JSON cannot hold twice become one, or are an error.
    fn joined(&mut self, site: Site<'a, '_>, tests: All<'a>) -> Option<All<'a>> {
        let mut places: HashMap<(Operator, &str), usize> = HashMap::with_capacity(tests.len());
        let mut out: All<'a> = Vec::with_capacity(tests.len());
        let mut joined: Vec<(usize, Vec<Text<'a>>)> = Vec::new();
        for test in tests {
            let next = out.len();
            let place = *places
                .entry((test.operator, test.key.value))
                .or_insert(next);
            let Some(first) = out.get(place) else {
                out.push(test);
                continue;
            };
            if first.values == test.values {
                continue;
            }
            let (quantifier, negated) = (test.operator.quantifier, test.operator.base.is_negated());
            if negated && quantifier != Quantifier::Any {
                match joined.iter_mut().find(|(at, _)| *at == place) {
                    Some((_, values)) => values.extend_from_slice(test.values),
                    None => joined.push((place, [first.values, test.values].concat())),
                }
                continue;
            }
            let message = format!(
                "{} is tested twice in the same way; a policy can have only one such test",
                quoted(test.key.value)
            );
            let help = "to accept either value, put both in one list; requiring both at once cannot be expressed";
            let first = first.span;
            self.filler.report(
                site,
                Diagnostic::error(codes::DUPLICATE_MEMBER, test.span, message)
                    .with_help(help)
                    .with_related(first, "first tested here"),
            );
            return None;
        }
        for (place, values) in joined {
            if let Some(test) = out.get_mut(place) {
                test.values = self.filler.arena.alloc_slice_copy(&union(&values));
            }
        }
        Some(out)
    }
}

fn union<'a>(values: &[Text<'a>]) -> Vec<Text<'a>> {
    let mut seen = std::collections::HashSet::with_capacity(values.len());
    let new = values.iter().filter(|text| seen.insert(text.value));
    new.copied().collect()
}

/// Alternatives that differ in the values of one positive test are one with both lists: exact in
/// every state of the request.
fn merged<'a>(logic: &mut Logic<'_, 'a, '_>, all: Vec<All<'a>>) -> Vec<All<'a>> {
    let mut out: Vec<All<'a>> = Vec::with_capacity(all.len());
    'next: for tests in all {
        for earlier in &mut out {
            if let Some(place) = single_difference(earlier, &tests) {
                let (Some(first), Some(second)) = (earlier.get_mut(place), tests.get(place)) else {
                    continue;
                };
                let values = union(&[first.values, second.values].concat());
                if values.len() <= MAX_ITEMS
                    && logic.filler.spend(Site::ROOT, second.span, values.len())
                {
                    first.values = logic.filler.arena.alloc_slice_copy(&values);
                    continue 'next;
                }
            }
        }
        out.push(tests);
    }
    out
}

fn single_difference(left: &[Flat<'_>], right: &[Flat<'_>]) -> Option<usize> {
    if left.len() != right.len() {
        return None;
    }
    let mut difference = None;
    for (place, (a, b)) in left.iter().zip(right).enumerate() {
        if (a.operator, a.key) != (b.operator, b.key) {
            return None;
        }
        if a.values != b.values {
            let positive = !a.operator.base.is_negated() && a.operator.base != Base::Null;
            if difference.is_some() || !positive || a.operator.quantifier == Quantifier::All {
                return None;
            }
            difference = Some(place);
        }
    }
    difference
}

/// The operator that holds exactly where this one does not, on one value.
fn opposite(base: Base) -> Option<Base> {
    const PAIRS: [(Base, Base); 8] = [
        (Base::StringEquals, Base::StringNotEquals),
        (
            Base::StringEqualsIgnoreCase,
            Base::StringNotEqualsIgnoreCase,
        ),
        (Base::StringLike, Base::StringNotLike),
        (Base::ArnLike, Base::ArnNotLike),
        (Base::ArnEquals, Base::ArnNotEquals),
        (Base::IpAddress, Base::NotIpAddress),
        (Base::NumericEquals, Base::NumericNotEquals),
        (Base::DateEquals, Base::DateNotEquals),
    ];
    PAIRS.iter().find_map(|(a, b)| {
        if *a == base {
            Some(*b)
        } else if *b == base {
            Some(*a)
        } else {
            None
        }
    })
}
