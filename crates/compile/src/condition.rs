//! From a condition to an instruction (section 3 of the rules).

use portcullis_image::value::instant;
use portcullis_image::value::network::Network;
use portcullis_image::value::number::Number;
use portcullis_image::{
    ANY, ArnPattern, Leaf, ListKind, MAX_INLINE_NUMBER, NumberRecord, Op, ShortText, Str, flag,
    ordering, span,
};
use portcullis_model::{Family, Quantifier};
use portcullis_syntax::ast::{Condition, Text};
use portcullis_syntax::vars;
use smallvec::SmallVec;

use crate::fold::{fold_in, lower_in};
use crate::pattern::{Case, PatternBuilder, Reading};
use crate::program::Program;

type Numbers = SmallVec<[u32; 4]>;

impl<'a> Program<'a> {
    /// The instruction of a condition, without [`flag::END`].
    pub(crate) fn leaf(&mut self, condition: &Condition<'a>, variables: bool) -> Leaf {
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
        let y = match op.info().operands.is_list() {
            true => self.lists.digest(x as usize),
            false => y,
        };
        // The column ABSENT of table 3.2, for every form.
        let negated = operator.base.is_negated();
        let (quantifier, absent) = match operator.quantifier {
            Quantifier::One => (0, negated || operator.if_exists),
            Quantifier::Any => (flag::ANY, false),
            Quantifier::All => (flag::ALL, true),
        };
        Leaf {
            op: op as u8,
            flags: quantifier
                | if negated { flag::NEGATED } else { 0 }
                | if absent { flag::ABSENT } else { 0 },
            slot: self.slot(condition.key.value, op.info().class),
            x,
            y,
            z,
        }
    }

    /// `COND-14`, `COND-15`.
    fn null(&mut self, condition: &Condition<'a>) -> Leaf {
        let says = |truth: &str| {
            let mut values = condition.values.iter();
            values.any(|value| value.value.eq_ignore_ascii_case(truth))
        };
        let (op, x, absent) = match condition.operator.quantifier {
            Quantifier::One => (Op::Null, says("false"), says("true")),
            Quantifier::Any => (Op::Const, false, false),
            Quantifier::All => (Op::Const, true, false),
        };
        Leaf {
            op: op as u8,
            flags: if absent { flag::ABSENT } else { 0 },
            slot: self.slot(condition.key.value, op.info().class),
            x: u64::from(x),
            y: 0,
            z: 0,
        }
    }

    /// `COND-50`, equality. With a variable, all values are patterns without wildcards.
    fn equals(&mut self, values: &[Text<'a>], variables: bool) -> (Op, u64, u64, u64) {
        let reading = Reading {
            variables,
            wildcards: false,
            case: Case::Keep,
        };
        match self.plain_texts(values, reading) {
            Some(texts) => self.text_set(texts),
            None => (Op::Like, self.pattern_list(values, reading), 0, 0),
        }
    }

    fn text_set(&mut self, mut texts: SmallVec<[&'a str; 4]>) -> (Op, u64, u64, u64) {
        texts.sort_unstable_by_key(|text| (text.len(), *text));
        texts.dedup();
        if let [text] = texts.as_slice() {
            return self.span((text, "", 0));
        }
        let short: Option<SmallVec<[ShortText; 4]>> =
            texts.iter().map(|text| ShortText::new(text)).collect();
        if let Some(short) = short {
            let (start, _) = self.short_texts.intern(&short);
            let run = u64::from(start) | (short.len() as u64) << 32;
            return (Op::TextAmong, run, 0, 0);
        }
        (Op::TextIn, self.text_list(&texts), 0, 0)
    }

    fn equals_ignoring_case(
        &mut self,
        values: &[Text<'a>],
        variables: bool,
    ) -> (Op, u64, u64, u64) {
        let reading = Reading {
            variables,
            wildcards: false,
            case: Case::Fold,
        };
        match self.plain_texts(values, reading) {
            Some(mut texts) => {
                texts.sort_unstable_by_key(|text| (text.len(), *text));
                texts.dedup();
                if let [text] = texts.as_slice() {
                    if let Some(text) = ShortText::new(text) {
                        return inline(Op::FoldIs, text);
                    }
                }
                (Op::FoldIn, self.text_list(&texts), 0, 0)
            }
            None => (Op::FoldLike, self.pattern_list(values, reading), 0, 0),
        }
    }

    fn like(&mut self, values: &[Text<'a>], variables: bool) -> (Op, u64, u64, u64) {
        let reading = Reading {
            variables,
            wildcards: true,
            case: Case::Keep,
        };
        if let [value] = values {
            let mut builder = PatternBuilder::new(self.arena);
            builder.push(value.value, reading);
            if let Some(span) = builder.as_span() {
                return self.span(span);
            }
        }
        (Op::Like, self.pattern_list(values, reading), 0, 0)
    }

    /// `COND-70`. A value that is neither `true` nor `false` equals nothing.
    fn truths(&mut self, values: &[Text<'a>], variables: bool) -> (Op, u64, u64, u64) {
        let reading = Reading {
            variables,
            wildcards: false,
            case: Case::Lower,
        };
        let Some(texts) = self.plain_texts(values, reading) else {
            return (Op::BoolLike, self.pattern_list(values, reading), 0, 0);
        };
        let mut truths = 0;
        for text in texts {
            match text {
                "false" => truths |= 1,
                "true" => truths |= 2,
                _ => {}
            }
        }
        (Op::Bool, truths, 0, 0)
    }

    /// `COND-71`. Canonical base64 has one text for each sequence of bytes, so equal bytes are equal
    /// texts; a value that is not canonical base64 equals nothing.
    fn binary(&mut self, values: &[Text<'a>]) -> (Op, u64, u64, u64) {
        let texts = values
            .iter()
            .map(|value| value.value)
            .filter(|value| is_base64(value))
            .collect();
        self.text_set(texts)
    }

    /// `COND-55`, `COND-56`. A value that is no number compares to nothing.
    fn numbers(&mut self, values: &[Text<'a>], orders: u64) -> (Op, u64, u64, u64) {
        let mut list = Numbers::new();
        for value in values {
            if let Some(number) = Number::parse(value.value) {
                let record = NumberRecord {
                    millionths: number.millionths().unwrap_or(i64::MIN),
                    text: self.strings.intern(value.value),
                };
                list.push(self.numbers.intern(record));
            }
        }
        if let [number] = list.as_slice() {
            let record = self.numbers.items().get(*number as usize);
            let fits = |record: &&NumberRecord| {
                record.millionths != i64::MIN && record.text.len <= MAX_INLINE_NUMBER
            };
            if let Some(record) = record.filter(fits) {
                let millionths = record.millionths as u64;
                return (Op::NumberIs, millionths, record.text.pack(), orders);
            }
        }
        (Op::Number, self.set(ListKind::Numbers, list), 0, orders)
    }

    /// `COND-67`, `COND-68`.
    fn dates(&mut self, values: &[Text<'a>], orders: u64) -> (Op, u64, u64, u64) {
        let instants = values
            .iter()
            .filter_map(|value| instant::parse(value.value));
        let instants: SmallVec<[i128; 4]> = instants.collect();
        if let [instant] = instants.as_slice() {
            return (Op::DateIs, *instant as u64, (*instant >> 64) as u64, orders);
        }
        let numbers = instants
            .into_iter()
            .map(|instant| self.instants.intern(instant));
        let list = numbers.collect();
        (Op::Date, self.set(ListKind::Instants, list), 0, orders)
    }

    /// `COND-75` to `COND-77`.
    fn addresses(&mut self, values: &[Text<'a>]) -> (Op, u64, u64, u64) {
        let networks = values.iter().filter_map(|value| {
            let known = self.known_networks.entry(value.value);
            *known.or_insert_with_key(|text| Network::parse(text))
        });
        let networks: SmallVec<[Network; 4]> = networks.collect();
        let packed: Option<SmallVec<[u64; 4]>> = networks
            .iter()
            .map(|network| match network {
                Network::V4 { base, mask } => Some(u64::from(*base) | u64::from(*mask) << 32),
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
            .map(|network| self.networks.intern(network));
        let list = numbers.collect();
        (Op::Address, self.set(ListKind::Networks, list), 0, 0)
    }

    /// `COND-60`, `COND-61`. A value with fewer than six parts matches nothing.
    fn arns(&mut self, values: &[Text<'a>], variables: bool) -> (Op, u64, u64, u64) {
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
            let patterns = patterns.collect();
            return (Op::Like, self.set(ListKind::Patterns, patterns), 0, 0);
        }
        let mut list = Numbers::new();
        for value in values {
            let text = value.value;
            let parts = vars::arn_parts(text, variables);
            let any = !text.is_empty() && text.bytes().all(|byte| byte == b'*');
            let mut pattern = ArnPattern { parts: [ANY; 6] };
            if !any {
                if parts.len() < 6 {
                    continue;
                }
                for (place, part) in pattern.parts.iter_mut().zip(parts) {
                    let mut builder = PatternBuilder::new(self.arena);
                    builder.push(part, reading);
                    *place = builder.finish(self);
                }
            }
            list.push(self.arns.intern(pattern));
        }
        (Op::Arn, self.set(ListKind::Arns, list), 0, 0)
    }

    /// Patterns over whole texts that match as the ARN patterns do, if there are such: the colons and
    /// `arn` are literal, and the first five parts have no wildcard but stars.
    fn arns_as_patterns(
        &self,
        values: &[Text<'a>],
        reading: Reading,
    ) -> Option<SmallVec<[PatternBuilder<'a>; 2]>> {
        let mut builders: SmallVec<[PatternBuilder<'a>; 2]> = SmallVec::new();
        for value in values {
            let parts = vars::arn_parts(value.value, reading.variables);
            let [scheme @ "arn", fields @ .., last] = parts.as_slice() else {
                return None;
            };
            if fields.len() != 4 {
                return None;
            }
            let mut builder = PatternBuilder::new(self.arena);
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

    /// The instruction of a pattern of at most two literals.
    fn span(&mut self, (first, second, shape): (&str, &str, u64)) -> (Op, u64, u64, u64) {
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
        (Op::Span, first.pack(), second.pack(), shape)
    }

    /// The texts of all values, if none of them has a variable.
    fn plain_texts(&self, values: &[Text<'a>], reading: Reading) -> Option<SmallVec<[&'a str; 4]>> {
        let text = |value: &Text<'a>| {
            if !reading.variables || !vars::has_opening(value.value) {
                return match reading.case {
                    Case::Fold => Some(fold_in(self.arena, value.value)),
                    Case::Lower => Some(lower_in(self.arena, value.value)),
                    Case::Keep => Some(value.value),
                };
            }
            let mut builder = PatternBuilder::new(self.arena);
            builder.push(value.value, reading);
            builder.as_text()
        };
        values.iter().map(text).collect()
    }

    fn pattern_list(&mut self, values: &[Text<'a>], reading: Reading) -> u64 {
        let mut list = Numbers::new();
        for value in values {
            let mut builder = PatternBuilder::new(self.arena);
            builder.push(value.value, reading);
            list.push(builder.finish(self));
        }
        self.set(ListKind::Patterns, list)
    }

    fn text_list(&mut self, texts: &[&'a str]) -> u64 {
        let mut list = Numbers::new();
        for text in texts {
            let place = self.strings.intern(text);
            list.push(self.texts.intern(place));
        }
        u64::from(self.list(ListKind::Texts, &list))
    }

    /// A list whose order and doubles mean nothing (`GRAM-10`).
    fn set(&mut self, kind: ListKind, mut list: Numbers) -> u64 {
        list.sort_unstable();
        list.dedup();
        u64::from(self.list(kind, &list))
    }
}

/// An instruction whose operand is a short text.
fn inline(op: Op, text: ShortText) -> (Op, u64, u64, u64) {
    (op, text.low, text.high, text.len)
}

/// Canonical base64 of RFC 4648: the standard alphabet, padded, with zeros for the unused bits.
fn is_base64(text: &str) -> bool {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let padding = text
        .bytes()
        .rev()
        .take(2)
        .take_while(|byte| *byte == b'=')
        .count();
    let digits = text.len() - padding;
    let unused = match padding {
        0 => 0,
        1 => 0b11,
        _ => 0b1111,
    };
    let last = text
        .as_bytes()
        .get(..digits)
        .and_then(|text| text.last())
        .copied()
        .and_then(digit);
    text.len() % 4 == 0
        && text.bytes().take(digits).all(|byte| digit(byte).is_some())
        && last.is_none_or(|last| last & unused == 0)
}

#[cfg(test)]
mod tests {
    use super::is_base64;

    #[test]
    fn cond_71_canonical_base64() {
        for text in ["", "QQ==", "QUI=", "QUJD", "++//", "QUJDRA=="] {
            assert!(is_base64(text), "{text}");
        }
        for text in [
            "Q", "QQ", "QQ=", "QR==", "QUJ=", "=", "====", "QQ==QQ==", "QU-D", "QUJD\n", "QQ= =",
        ] {
            assert!(!is_base64(text), "{text}");
        }
    }
}
