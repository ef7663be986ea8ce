//! From a condition to an instruction (section 3 of the rules).
//!
//! Each operator has a general instruction, over a list, and where it pays special ones for the usual single value:
//!
//! | operators | in general | special |
//! |---|---|---|
//! | `StringEquals`, `BinaryEquals` | `text.in` a list | `text.is` one short text, `text.among` short ones, `span` one long text |
//! | `StringEqualsIgnoreCase` | `fold.in` a list | `fold.is` one short text |
//! | `StringLike` | `like` a list of patterns | `text.starts`, `span`: one pattern of at most two literals |
//! | with variables | `like`, `fold.like`, `bool.like` | |
//! | `Numeric…` | `number` a list | `number.is` one number |
//! | `Date…` | `date` a list | `date.is` one instant |
//! | `Bool` | `bool` a set of truth values | |
//! | `IpAddress` | `address` a list | `address.v4` up to three IPv4 blocks |
//! | `ArnEquals`, `ArnLike` | `arn` a list of six patterns each | `like`, `span`: if one pattern over the whole text does the same |
//! | `Null` | `null` | `const` with a quantifier (`COND-15`) |
//!
//! Negation, `IfExists` and quantifiers are flags of the instruction, the same for every operator (table 3.2). Values are read
//! here, so that a decision reads none: what is no number compares to nothing and is left out (`COND-55`).
//!
//! One condition becomes one instruction, in time linear in its values. Which operations an operator may become is a table
//! ([`families`]): an operation that is added does not compile until it has a line there, and tests hold the table against
//! what conditions do become.

use std::borrow::Cow;

use portcullis_image::value::instant;
use portcullis_image::value::network::Network;
use portcullis_image::value::number::Number;
use portcullis_image::wire::{halves_of, join};
use portcullis_image::{
    ArnParts, ArnPattern, Id, Insn, InstantRecord, Item, ListId, ListOf, MAX_INLINE_NUMBER,
    NetworkRecord, NumberRecord, Op, Operand, Pattern, ShortText, Str, flag, ordering, span,
};
use portcullis_model::{Family, Quantifier};
use portcullis_syntax::ast::{Condition, Text};
use portcullis_syntax::lint::shapes::is_base64;
use portcullis_syntax::vars;
use smallvec::SmallVec;

use crate::fold::{fold, lower};
use crate::pattern::{Case, PatternBuilder, Reading};
use crate::program::Program;

/// An operation and its operands `x`, `y` and `z`.
type Code = (Op, Operand, Operand, Operand);

/// An operand that the operation does not use.
const ZERO: Operand = Operand::ZERO;

impl Program {
    /// The instruction of a condition, without [`flag::END`]. `variables` says whether the document's version has variables
    /// (`VAR-1`); operators that do not expand them take them as text.
    ///
    /// The operation and its operands come from the operator's family; presence, negation and quantifier are the same few lines
    /// for all of them. A list has its digest in `y`, so that a list of one item is never read at run time.
    pub(crate) fn insn(&mut self, condition: &Condition<'_>, variables: bool) -> Insn {
        let operator = condition.operator;
        let variables = variables && operator.base.expands_variables();
        let (op, x, y, z) = match operator.base.family() {
            Family::Null => return self.null(condition),
            Family::StringEquals => self.equals(condition.values, variables),
            Family::StringEqualsIgnoreCase => {
                self.equals_ignoring_case(condition.values, variables)
            }
            Family::StringLike => self.like(condition.values, variables),
            Family::NumericEquals => self.numbers(condition.values, ordering::EQUAL),
            Family::NumericLessThan => self.numbers(condition.values, ordering::LESS),
            Family::NumericLessThanEquals => {
                self.numbers(condition.values, ordering::LESS | ordering::EQUAL)
            }
            Family::NumericGreaterThan => self.numbers(condition.values, ordering::GREATER),
            Family::NumericGreaterThanEquals => {
                self.numbers(condition.values, ordering::GREATER | ordering::EQUAL)
            }
            Family::DateEquals => self.dates(condition.values, ordering::EQUAL),
            Family::DateLessThan => self.dates(condition.values, ordering::LESS),
            Family::DateLessThanEquals => {
                self.dates(condition.values, ordering::LESS | ordering::EQUAL)
            }
            Family::DateGreaterThan => self.dates(condition.values, ordering::GREATER),
            Family::DateGreaterThanEquals => {
                self.dates(condition.values, ordering::GREATER | ordering::EQUAL)
            }
            Family::Bool => self.truths(condition.values, variables),
            Family::BinaryEquals => self.binary(condition.values),
            Family::IpAddress => self.addresses(condition.values),
            Family::Arn => self.arns(condition.values, variables),
        };
        debug_assert!(
            families(op).contains(&operator.base.family()),
            "{op:?} is not an operation of {operator}"
        );
        let y = match op.info().operands.is_list() {
            true => self.lists.digest::<ListOf<()>>(x.list()).into(),
            false => y,
        };
        // The column ABSENT of table 3.2, for every form.
        let negated = operator.base.is_negated();
        let (quantifier, absent) = match operator.quantifier {
            Quantifier::One => (0, negated || operator.if_exists),
            Quantifier::Any => (flag::ANY, false),
            Quantifier::All => (flag::ALL, true),
        };
        Insn {
            op,
            flags: quantifier
                | if negated { flag::NEGATED } else { 0 }
                | if absent { flag::ABSENT } else { 0 },
            slot: self.slot(condition.key.value, op.info().class),
            x,
            y,
            z,
        }
    }

    /// `COND-14`, `COND-15`: whether the key is present, which of a set of values is decided beforehand.
    fn null(&mut self, condition: &Condition<'_>) -> Insn {
        let says = |truth: &str| {
            let mut values = condition.values.iter();
            values.any(|value| value.value.eq_ignore_ascii_case(truth))
        };
        let (op, x, absent) = match condition.operator.quantifier {
            Quantifier::One => (Op::Null, says("false"), says("true")),
            Quantifier::Any => (Op::Const, false, false),
            Quantifier::All => (Op::Const, true, false),
        };
        Insn {
            op,
            flags: if absent { flag::ABSENT } else { 0 },
            slot: self.slot(condition.key.value, op.info().class),
            x: Operand(u64::from(x)),
            y: ZERO,
            z: ZERO,
        }
    }

    /// `COND-50`, equality. With a variable, all values are patterns without wildcards: one list of one kind keeps the
    /// instruction one, and `VAR-3` says that a star of a value is a plain character there.
    fn equals(&mut self, values: &[Text<'_>], variables: bool) -> Code {
        let reading = Reading {
            variables,
            wildcards: false,
            case: Case::Keep,
        };
        match self.plain_texts(values, reading) {
            Some(texts) => self.text_set(texts),
            None => (Op::Like, self.pattern_list(values, reading), ZERO, ZERO),
        }
    }

    /// Equality with one of some texts, whose order and doubles mean nothing: one text is compared alone, short ones without a
    /// look elsewhere, and others in a list. They are sorted by length first, since unequal lengths are found out before bytes.
    fn text_set(&mut self, mut texts: SmallVec<[Cow<'_, str>; 4]>) -> Code {
        in_order(&mut texts);
        if let [text] = texts.as_slice() {
            return self.span((text, "", 0));
        }
        let short: Option<SmallVec<[ShortText; 4]>> =
            texts.iter().map(|text| ShortText::new(text)).collect();
        if let Some(short) = short {
            let (run, _) = self.short_texts.intern(&short);
            return (Op::TextAmong, run.into(), ZERO, ZERO);
        }
        (Op::TextIn, self.text_list(&texts), ZERO, ZERO)
    }

    /// `COND-50`, equality but for case. Policy values are folded here, those of requests when they are compared.
    fn equals_ignoring_case(&mut self, values: &[Text<'_>], variables: bool) -> Code {
        let reading = Reading {
            variables,
            wildcards: false,
            case: Case::Fold,
        };
        match self.plain_texts(values, reading) {
            Some(mut texts) => {
                in_order(&mut texts);
                if let [text] = texts.as_slice() {
                    if let Some(text) = ShortText::new(text) {
                        return inline(Op::FoldIs, text);
                    }
                }
                (Op::FoldIn, self.text_list(&texts), ZERO, ZERO)
            }
            None => (Op::FoldLike, self.pattern_list(values, reading), ZERO, ZERO),
        }
    }

    /// `COND-50`, wildcards. One pattern of at most two literals needs no record.
    fn like(&mut self, values: &[Text<'_>], variables: bool) -> Code {
        let reading = Reading {
            variables,
            wildcards: true,
            case: Case::Keep,
        };
        if let [value] = values {
            let mut builder = PatternBuilder::new();
            builder.push(value.value, reading);
            if let Some(span) = builder.as_span() {
                return self.span(span);
            }
        }
        (Op::Like, self.pattern_list(values, reading), ZERO, ZERO)
    }

    /// `COND-70`. A value that is neither `true` nor `false` equals nothing, so that what is left is a set of two bits. With a
    /// variable the values are patterns, which are compared with the request's truth value as a text (`VAR-4`).
    fn truths(&mut self, values: &[Text<'_>], variables: bool) -> Code {
        let reading = Reading {
            variables,
            wildcards: false,
            case: Case::Lower,
        };
        let Some(texts) = self.plain_texts(values, reading) else {
            return (Op::BoolLike, self.pattern_list(values, reading), ZERO, ZERO);
        };
        let mut truths = 0;
        for text in texts {
            match &*text {
                "false" => truths |= 1,
                "true" => truths |= 2,
                _ => {}
            }
        }
        (Op::Bool, Operand(truths), ZERO, ZERO)
    }

    /// `COND-71`. Canonical base64 has one text for each sequence of bytes, so equal bytes are equal
    /// texts; a value that is not canonical base64 equals nothing. Decoding both sides would need memory for each request.
    fn binary(&mut self, values: &[Text<'_>]) -> Code {
        let texts = values
            .iter()
            .map(|value| value.value)
            .filter(|value| is_base64(value))
            .map(Cow::from)
            .collect();
        self.text_set(texts)
    }

    /// `COND-55`, `COND-56`. A value that is no number compares to nothing. `orders` are those in which the request's value must
    /// stand to one of the policy's.
    fn numbers(&mut self, values: &[Text<'_>], orders: u64) -> Code {
        let orders = Operand(orders);
        let mut list: SmallVec<[Id<NumberRecord>; 4]> = SmallVec::new();
        for value in values {
            if let Some(number) = Number::parse(value.value) {
                let record = NumberRecord {
                    millionths: number.millionths(),
                    text: self.strings.intern(value.value),
                };
                list.push(self.numbers.intern(record));
            }
        }
        if let [number] = list.as_slice() {
            let record = self.numbers.items().get(number.index());
            if let Some(NumberRecord {
                millionths: Some(millionths),
                text,
            }) = record.filter(|record| record.text.len <= MAX_INLINE_NUMBER)
            {
                return (Op::NumberIs, (*millionths).into(), (*text).into(), orders);
            }
        }
        (Op::Number, self.set(&mut list), ZERO, orders)
    }

    /// `COND-67`, `COND-68`. A value that is no date compares to nothing. One instant fits into two operands; more are records of
    /// a list, each once.
    fn dates(&mut self, values: &[Text<'_>], orders: u64) -> Code {
        let orders = Operand(orders);
        let instants = values
            .iter()
            .filter_map(|value| instant::parse(value.value));
        let instants: SmallVec<[i128; 4]> = instants.collect();
        if let [instant] = instants.as_slice() {
            let (low, high) = halves_of(*instant);
            return (Op::DateIs, Operand(low), Operand(high), orders);
        }
        let numbers = instants
            .into_iter()
            .map(|instant| self.instants.intern(InstantRecord { instant }));
        let mut list: SmallVec<[Id<InstantRecord>; 4]> = numbers.collect();
        (Op::Date, self.set(&mut list), ZERO, orders)
    }

    /// `COND-75` to `COND-77`. Up to three IPv4 blocks are operands, of which one that is not needed repeats another, so that the
    /// machine compares three without asking how many there are. What is no block contains no address. Texts of blocks repeat
    /// themselves across policies and are read once.
    fn addresses(&mut self, values: &[Text<'_>]) -> Code {
        let networks = values.iter().filter_map(|value| {
            let known = self.known_networks.entry_ref(value.value);
            *known.or_insert_with(|| Network::parse(value.value))
        });
        let networks: SmallVec<[Network; 4]> = networks.collect();
        let packed: Option<SmallVec<[Operand; 4]>> = networks
            .iter()
            .map(|network| match network {
                Network::V4 { base, mask } => Some(Operand(join(*base, *mask))),
                Network::V6 { .. } => None,
            })
            .collect();
        match packed.as_deref() {
            Some([x]) => return (Op::AddressV4, *x, *x, *x),
            Some([x, y]) => return (Op::AddressV4, *x, *y, *y),
            Some([x, y, z]) => return (Op::AddressV4, *x, *y, *z),
            _ => {}
        }
        let numbers = networks
            .into_iter()
            .map(|network| self.networks.intern(NetworkRecord { network }));
        let mut list: SmallVec<[Id<NetworkRecord>; 4]> = numbers.collect();
        (Op::Address, self.set(&mut list), ZERO, ZERO)
    }

    /// `COND-60`, `COND-61`. A value with fewer than six parts matches nothing; one of stars alone matches every ARN.
    ///
    /// Where one pattern over the whole text matches the same ARNs it is used instead of six ([`Program::arns_as_patterns`]): the
    /// machine then need not split the request's value.
    fn arns(&mut self, values: &[Text<'_>], variables: bool) -> Code {
        let reading = Reading {
            variables,
            wildcards: true,
            case: Case::Keep,
        };
        if let Some(builders) = self.arns_as_patterns(values, reading) {
            if let [builder] = builders.as_slice() {
                if let Some(span) = builder.as_span() {
                    return self.span(span);
                }
            }
            let patterns = builders.into_iter().map(|builder| builder.finish(self));
            let mut patterns: SmallVec<[Id<Pattern>; 4]> = patterns.collect();
            return (Op::Like, self.set(&mut patterns), ZERO, ZERO);
        }
        let mut list: SmallVec<[Id<ArnPattern>; 4]> = SmallVec::new();
        for value in values {
            let text = value.value;
            let parts = vars::arn_parts(text, variables);
            let any = !text.is_empty() && text.bytes().all(|byte| byte == b'*');
            let parts = match any {
                true => ArnParts::Any,
                false => {
                    let mut six = [Id::FIRST; 6];
                    if parts.len() < six.len() {
                        continue;
                    }
                    for (id, part) in six.iter_mut().zip(parts) {
                        let mut builder = PatternBuilder::new();
                        builder.push(part, reading);
                        *id = builder.finish(self);
                    }
                    ArnParts::Six(six)
                }
            };
            list.push(self.arns.intern(ArnPattern { parts }));
        }
        (Op::Arn, self.set(&mut list), ZERO, ZERO)
    }

    /// Patterns over whole texts that match as the ARN patterns do, if there are such: the colons and
    /// `arn` are literal, and the first five parts have no wildcard but stars. These become stars that do not match colons, so that
    /// none reaches into the next part. None if some value is of another shape: then all are compared part by part.
    fn arns_as_patterns<'t>(
        &self,
        values: &[Text<'t>],
        reading: Reading,
    ) -> Option<SmallVec<[PatternBuilder<'t>; 2]>> {
        let mut builders: SmallVec<[PatternBuilder<'t>; 2]> = SmallVec::new();
        for value in values {
            let parts = vars::arn_parts(value.value, reading.variables);
            let [scheme @ "arn", fields @ .., last] = parts.as_slice() else {
                return None;
            };
            if fields.len() != 4 {
                return None;
            }
            let mut builder = PatternBuilder::new();
            builder.push(scheme, reading);
            for field in fields {
                builder.push(":", reading);
                if !builder.push_field(field, reading) {
                    return None;
                }
            }
            builder.push(":", reading);
            builder.push(last, reading);
            builders.push(builder);
        }
        Some(builders)
    }

    /// The instruction of a pattern of at most two literals: without a star between them and short enough, the text lies in the
    /// operands; else both literals lie in the strings.
    fn span(&mut self, (first, second, shape): (&str, &str, u64)) -> Code {
        let op = match shape {
            0 => Some(Op::TextIs),
            span::OPEN => Some(Op::TextStarts),
            _ => None,
        };
        if let (Some(op), Some(text)) = (op, ShortText::new(first)) {
            return inline(op, text);
        }
        let first = self.strings.intern(first);
        let second = match second {
            "" => Str::default(),
            second => self.strings.intern(second),
        };
        (Op::Span, first.into(), second.into(), Operand(shape))
    }

    /// The texts of all values, in the case that the operator compares in, if none of them has a variable. Most have no `${` at
    /// all and are taken as they are.
    fn plain_texts<'t>(
        &self,
        values: &[Text<'t>],
        reading: Reading,
    ) -> Option<SmallVec<[Cow<'t, str>; 4]>> {
        let text = |value: &Text<'t>| {
            if !reading.variables || !vars::has_opening(value.value) {
                return match reading.case {
                    Case::Fold => Some(fold(value.value)),
                    Case::Lower => Some(lower(value.value)),
                    Case::Keep => Some(value.value.into()),
                };
            }
            let mut builder = PatternBuilder::new();
            builder.push(value.value, reading);
            builder.into_text()
        };
        values.iter().map(text).collect()
    }

    /// The list of the patterns of all values.
    fn pattern_list(&mut self, values: &[Text<'_>], reading: Reading) -> Operand {
        let mut list: SmallVec<[Id<Pattern>; 4]> = SmallVec::new();
        for value in values {
            let mut builder = PatternBuilder::new();
            builder.push(value.value, reading);
            list.push(builder.finish(self));
        }
        self.set(&mut list)
    }

    /// The list of some texts, in the order in which they come.
    fn text_list(&mut self, texts: &[Cow<'_, str>]) -> Operand {
        let list: SmallVec<[_; 4]> = texts.iter().map(|text| self.text(text)).collect();
        self.list(&list).into()
    }

    /// A list whose order and doubles mean nothing (`GRAM-10`). It is sorted, so that equal sets are one list.
    fn set<T: Item>(&mut self, list: &mut SmallVec<[Id<T>; 4]>) -> Operand {
        list.sort_unstable();
        list.dedup();
        let list: ListId<T> = self.list(list);
        list.into()
    }
}

/// Each text once, in the order of an image.
fn in_order(texts: &mut SmallVec<[Cow<'_, str>; 4]>) {
    texts.sort_unstable_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
    texts.dedup();
}

/// An instruction whose operand is a short text: its halves in `x` and `y`, its length in `z`, so that one comparison of words
/// decides.
fn inline(op: Op, text: ShortText) -> Code {
    (op, Operand(text.low), Operand(text.high), Operand(text.len))
}

/// The families of operators whose conditions become an operation. An operation that is added does not compile until
/// it says here whose it is, which tests hold against what conditions become.
///
/// It is the other direction of [`Program::insn`], and only compared with it in debug builds: `text.is` for a condition on a
/// date would be a mistake that no validator can see.
const fn families(op: Op) -> &'static [Family] {
    use Family::{
        Arn, BinaryEquals, Bool, DateEquals, DateGreaterThan, DateGreaterThanEquals, DateLessThan,
        DateLessThanEquals, IpAddress, Null, NumericEquals, NumericGreaterThan,
        NumericGreaterThanEquals, NumericLessThan, NumericLessThanEquals, StringEquals,
        StringEqualsIgnoreCase, StringLike,
    };
    match op {
        Op::Fault => &[],
        Op::Const | Op::Null => &[Null],
        Op::TextIs | Op::Span => &[StringEquals, StringLike, BinaryEquals, Arn],
        Op::TextStarts => &[StringLike, Arn],
        Op::TextAmong | Op::TextIn => &[StringEquals, BinaryEquals],
        Op::Like => &[StringEquals, StringLike, Arn],
        Op::FoldIs | Op::FoldIn | Op::FoldLike => &[StringEqualsIgnoreCase],
        Op::Number | Op::NumberIs => &[
            NumericEquals,
            NumericLessThan,
            NumericLessThanEquals,
            NumericGreaterThan,
            NumericGreaterThanEquals,
        ],
        Op::Date | Op::DateIs => &[
            DateEquals,
            DateLessThan,
            DateLessThanEquals,
            DateGreaterThan,
            DateGreaterThanEquals,
        ],
        Op::Bool | Op::BoolLike => &[Bool],
        Op::Address | Op::AddressV4 => &[IpAddress],
        Op::Arn => &[Arn],
    }
}
