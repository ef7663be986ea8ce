//! From the elements of a statement to tests of parts of a request.
//!
//! Written from the rules of sections 2 and 3, beside the compiler and the reference, and with neither: its answers are
//! confirmed by the one and compared with the other.

use portcullis_image::value::fold::folded;
use portcullis_image::value::instant;
use portcullis_image::value::network::Network;
use portcullis_image::value::number::Number;
use portcullis_model::{Base, Family, Quantifier};
use portcullis_syntax::ast::{Condition, Document, Entries};
use portcullis_syntax::lint::shapes::is_base64;
use portcullis_syntax::vars::{Piece, Variable as Written, arn_parts, pieces};

use crate::algebra::{Algebra, Flavor, Variable};
use crate::key::{Asked, Test};
use crate::language::{Entry, Language};
use crate::pattern::{Class, Pattern, Token, glob, matches, may_meet, push, text, with_room_for};
use crate::typed::Orders;
use crate::value::Values;

/// A name as it is compared (`COND-40`).
pub(crate) fn fold(name: &str) -> String {
    let mut own = String::with_capacity(name.len());
    own.extend(folded(name));
    own
}

/// Puts tokens behind a pattern.
fn extend(pattern: &mut Pattern, tokens: impl IntoIterator<Item = Token>) {
    for token in tokens {
        push(pattern, token);
    }
}

/// True for `*`, `**` and so on.
fn is_star_run(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

/// True if a text has a wildcard.
fn has_wildcard(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'*' | b'?'))
}

/// The actions of a list, whether it is one of `Action` or `NotAction` (`MATCH-10` to `MATCH-13`).
pub(crate) fn actions(entries: &Entries<'_>) -> Test {
    let entries = entries.list.iter().filter_map(|entry| {
        let entry = entry.value.to_ascii_lowercase();
        let (prefix, name) = match entry.split_once(':') {
            Some(parts) => parts,
            None if is_star_run(&entry) => ("*", "*"),
            None => return None,
        };
        if !has_wildcard(&entry) {
            return Some(Entry::Text(entry));
        }
        let mut pattern = with_room_for(&entry);
        extend(&mut pattern, glob(prefix, Class::Action));
        pattern.push(Token::one(Class::Char(':')));
        extend(&mut pattern, glob(name, Class::Action));
        Some(Entry::Pattern(pattern))
    });
    Test::texts(Language::of(entries))
}

/// The resources of a list, whether it is one of `Resource` or `NotResource` (`MATCH-20` to `MATCH-25`, `VAR-3`).
pub(crate) fn resources<A: Algebra>(
    entries: &Entries<'_>,
    document: &Document<'_>,
    algebra: &mut A,
) -> Test {
    let variables = document.has_variables();
    let completes = document.kind.completes_short_arns();
    let entries = entries.list.iter().map(|entry| {
        let entry = entry.value;
        let parts = arn_parts(entry, variables);
        let is_complete = !completes || parts.len() >= 6;
        if is_complete && !has_wildcard(entry) && !(variables && entry.contains('$')) {
            return Entry::Text(entry.to_owned());
        }
        let mut pattern = with_room_for(entry);
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                pattern.push(Token::one(Class::Char(':')));
            }
            // Before the fifth colon a variable is the text that it is written with.
            if at == 5 && variables {
                written(part, Wild::Any, Flavor::Text, &mut pattern, algebra);
            } else {
                extend(&mut pattern, glob(part, Class::Any));
            }
        }
        if completes && !is_star_run(entry) {
            for _ in parts.len()..6 {
                pattern.push(Token::one(Class::Char(':')));
                push(&mut pattern, Token::many(Class::Any));
            }
        }
        Entry::Pattern(pattern)
    });
    Test::texts(Language::of(entries))
}

/// What `*` and `?` are in a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wild {
    /// Characters.
    None,
    /// Wildcards over everything.
    Any,
    /// Wildcards that stop at a colon.
    Part,
}

impl Wild {
    /// Puts the tokens of a text behind a pattern.
    fn extend(self, pattern: &mut Pattern, text: &str) {
        let class = match self {
            Wild::None => {
                return pattern.extend(text.chars().map(|own| Token::one(Class::Char(own))));
            }
            Wild::Any => Class::Any,
            Wild::Part => Class::NotColon,
        };
        extend(pattern, glob(text, class));
    }
}

/// Puts a text with variables behind a pattern (`VAR-6` to `VAR-8`).
fn written<A: Algebra>(
    source: &str,
    wild: Wild,
    flavor: Flavor,
    pattern: &mut Pattern,
    algebra: &mut A,
) {
    for (range, piece) in pieces(source) {
        match piece {
            Piece::Variable(Written::Literal(own)) => pattern.push(Token::one(Class::Char(own))),
            Piece::Variable(Written::Key { key, default }) => {
                let id = algebra.variable(Variable {
                    key: fold(key),
                    default: default.map(str::to_owned),
                    flavor,
                });
                pattern.push(Token::one(Class::Variable(id)));
            }
            Piece::Text(_) | Piece::Malformed(_) => {
                let own = source.get(range).unwrap_or_default();
                wild.extend(pattern, own);
            }
        }
    }
}

/// A text with variables as a pattern, in which none is expanded unless the document has variables (`VAR-2`).
fn value<A: Algebra>(
    source: &str,
    wild: Wild,
    flavor: Flavor,
    variables: bool,
    algebra: &mut A,
) -> Pattern {
    let mut pattern = with_room_for(source);
    match variables {
        true => written(source, wild, flavor, &mut pattern, algebra),
        false => wild.extend(&mut pattern, source),
    }
    pattern
}

/// Texts of which nothing is known: a variable that nobody can resolve.
fn opaque<A: Algebra>(algebra: &mut A) -> Pattern {
    let id = algebra.variable(Variable {
        key: OPAQUE.to_owned(),
        default: None,
        flavor: Flavor::Text,
    });
    vec![Token::one(Class::Variable(id))]
}

/// The key of [`opaque`] texts, which no request has.
pub(crate) const OPAQUE: &str = "\0";

/// The other key of a condition that compares its key with the value of another and nothing else.
pub(crate) fn compared_with(condition: &Condition<'_>, variables: bool) -> Option<String> {
    use Base::{StringEquals, StringLike, StringNotEquals, StringNotLike};
    let operator = condition.operator;
    let is_plain = operator.quantifier == Quantifier::One;
    let bases = [StringEquals, StringLike, StringNotEquals, StringNotLike];
    let [value] = condition.values else {
        return None;
    };
    if !variables || !is_plain || !bases.contains(&operator.base) {
        return None;
    }
    let mut all = pieces(value.value);
    let (Some((_, Piece::Variable(Written::Key { key, default: None }))), None) =
        (all.next(), all.next())
    else {
        return None;
    };
    Some(fold(key))
}

/// The test that a key has one value and that it is that of another.
pub(crate) fn equal_to<A: Algebra>(key: String, algebra: &mut A) -> Test {
    let id = algebra.variable(Variable {
        key,
        default: None,
        flavor: Flavor::Text,
    });
    Test::texts(Language::from_iter([vec![Token::one(Class::Variable(id))]]))
}

/// What a condition asks of its key.
pub(crate) fn condition<A: Algebra>(
    condition: &Condition<'_>,
    variables: bool,
    algebra: &mut A,
) -> Test {
    let operator = condition.operator;
    let texts = || condition.values.iter().map(|value| value.value);
    let orders = |less, equal, greater| Orders {
        less,
        equal,
        greater,
    };
    let numbers = |orders| {
        let mut own: Vec<String> = texts()
            .filter(|text| Number::parse(text).is_some())
            .map(str::to_owned)
            .collect();
        own.sort_unstable();
        own.dedup();
        Values::Number(orders, own)
    };
    let dates = |orders| {
        let mut own: Vec<i128> = texts().filter_map(instant::parse).collect();
        own.sort_unstable();
        own.dedup();
        Values::Date(orders, own)
    };
    let values = match operator.base.family() {
        Family::Null => return presence(condition),
        Family::StringEquals => Values::Text(
            texts()
                .map(|text| value(text, Wild::None, Flavor::Text, variables, algebra))
                .collect(),
        ),
        Family::StringLike => Values::Text(
            texts()
                .map(|text| value(text, Wild::Any, Flavor::Text, variables, algebra))
                .collect(),
        ),
        Family::StringEqualsIgnoreCase => {
            let folded = |text| {
                let mut pattern = value(text, Wild::None, Flavor::Folded, variables, algebra);
                for token in &mut pattern {
                    if let Class::Char(own) = token.class {
                        token.class = Class::folded(own);
                    }
                }
                pattern
            };
            Values::Text(texts().map(folded).collect())
        }
        Family::Arn => {
            let has_odd_scheme = |text: &str| {
                let parts = arn_parts(text, true);
                let scheme = parts.first().copied().unwrap_or_default();
                pieces(scheme).any(is_variable)
            };
            let arns = texts().filter_map(|text| match variables && has_odd_scheme(text) {
                true => Some(opaque(algebra)),
                false => arn(text, variables, algebra),
            });
            Values::Text(arns.collect())
        }
        Family::Bool => {
            let truths = texts().filter_map(|text| match variables {
                true if pieces(text).any(is_variable) => {
                    // `VAR-4`: expanded, and then it must be one of the two.
                    let own = value(text, Wild::None, Flavor::Truth, true, algebra);
                    may_be_truth(&own).then_some(own)
                }
                _ => truth(text),
            });
            Values::Text(truths.collect())
        }
        Family::BinaryEquals => {
            Values::Text(texts().filter(|own| is_base64(own)).map(text).collect())
        }
        Family::NumericEquals => numbers(orders(false, true, false)),
        Family::NumericLessThan => numbers(orders(true, false, false)),
        Family::NumericLessThanEquals => numbers(orders(true, true, false)),
        Family::NumericGreaterThan => numbers(orders(false, false, true)),
        Family::NumericGreaterThanEquals => numbers(orders(false, true, true)),
        Family::DateEquals => dates(orders(false, true, false)),
        Family::DateLessThan => dates(orders(true, false, false)),
        Family::DateLessThanEquals => dates(orders(true, true, false)),
        Family::DateGreaterThan => dates(orders(false, false, true)),
        Family::DateGreaterThanEquals => dates(orders(false, true, true)),
        Family::IpAddress => {
            let mut own: Vec<Network> = texts().filter_map(Network::parse).collect();
            own.sort_unstable();
            own.dedup();
            Values::Address(own)
        }
    };
    Test {
        quantifier: operator.quantifier,
        negated: operator.base.is_negated(),
        if_exists: operator.if_exists && operator.quantifier == Quantifier::One,
        asked: Asked::Values(values.or_no_text()),
    }
}

fn is_variable((_, piece): (core::ops::Range<usize>, Piece<'_>)) -> bool {
    matches!(piece, Piece::Variable(_))
}

/// `COND-14`, `COND-15`.
fn presence(condition: &Condition<'_>) -> Test {
    let says = |truth: &str| {
        let mut values = condition.values.iter();
        values.any(|value| value.value.eq_ignore_ascii_case(truth))
    };
    let (absent, present) = match condition.operator.quantifier {
        Quantifier::One => (says("true"), says("false")),
        Quantifier::Any => (false, false),
        Quantifier::All => (true, true),
    };
    Test {
        quantifier: Quantifier::One,
        negated: false,
        if_exists: false,
        asked: Asked::Presence(absent, present),
    }
}

/// The ARNs of a value of an `Arn…` operator; none if it matches nothing (`COND-60`, `COND-61`).
fn arn<A: Algebra>(source: &str, variables: bool, algebra: &mut A) -> Option<Pattern> {
    let mut pattern = text("arn:");
    let any_part = [Token::many(Class::NotColon), Token::one(Class::Char(':'))];
    if is_star_run(source) {
        for _ in 0..4 {
            pattern.extend(any_part);
        }
        pattern.push(Token::many(Class::Any));
        return Some(pattern);
    }
    let parts = arn_parts(source, variables);
    let [scheme, middle @ .., last] = parts.as_slice() else {
        return None;
    };
    if middle.len() != 4 {
        return None;
    }
    // The first part of a request's ARN is `arn`, whatever pattern it is held against.
    let scheme: Pattern = glob(scheme, Class::NotColon).collect();
    if !matches(&scheme, "arn") {
        return None;
    }
    for part in middle {
        let tokens = value(part, Wild::Part, Flavor::ArnPart, variables, algebra);
        extend(&mut pattern, tokens);
        pattern.push(Token::one(Class::Char(':')));
    }
    let tokens = value(last, Wild::Any, Flavor::Text, variables, algebra);
    extend(&mut pattern, tokens);
    Some(pattern)
}

/// True unless no values of its variables make a pattern `true` or `false`.
fn may_be_truth(pattern: &Pattern) -> bool {
    let lower = |token: &Token| match token.class {
        Class::Char(own) => Token::one(Class::Char(own.to_ascii_lowercase())),
        _ => *token,
    };
    let pattern: Pattern = pattern.iter().map(lower).collect();
    let meets = |truth| may_meet(&pattern, &text(truth));
    ["true", "false"].into_iter().any(meets)
}

/// `true` or `false` in any case; none for other texts (`COND-70`).
fn truth(source: &str) -> Option<Pattern> {
    let is_truth = ["true", "false"]
        .iter()
        .any(|truth| truth.eq_ignore_ascii_case(source));
    is_truth.then(|| {
        let lower = source.to_ascii_lowercase();
        lower
            .chars()
            .map(|own| Token::one(Class::Ascii(own)))
            .collect()
    })
}
