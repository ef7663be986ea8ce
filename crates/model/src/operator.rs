//! The condition operators (`COND-3`, `COND-4`).

use core::fmt;

/// A base operator of the policy language (`COND-4`), without set qualifier and `IfExists`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the policy language")]
pub enum Base {
    StringEquals,
    StringNotEquals,
    StringEqualsIgnoreCase,
    StringNotEqualsIgnoreCase,
    StringLike,
    StringNotLike,
    NumericEquals,
    NumericNotEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateNotEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    NotIpAddress,
    ArnEquals,
    ArnLike,
    ArnNotEquals,
    ArnNotLike,
    Null,
}

/// What a base operator compares: the part of an operator that is left when negation is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the policy language")]
pub enum Family {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    NumericEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    Arn,
    Null,
}

impl Base {
    /// Every base operator, in the order of `COND-4`.
    pub const ALL: [Base; 27] = {
        use Base::*;
        [
            StringEquals,
            StringNotEquals,
            StringEqualsIgnoreCase,
            StringNotEqualsIgnoreCase,
            StringLike,
            StringNotLike,
            NumericEquals,
            NumericNotEquals,
            NumericLessThan,
            NumericLessThanEquals,
            NumericGreaterThan,
            NumericGreaterThanEquals,
            DateEquals,
            DateNotEquals,
            DateLessThan,
            DateLessThanEquals,
            DateGreaterThan,
            DateGreaterThanEquals,
            Bool,
            BinaryEquals,
            IpAddress,
            NotIpAddress,
            ArnEquals,
            ArnLike,
            ArnNotEquals,
            ArnNotLike,
            Null,
        ]
    };

    /// The documented spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Base::StringEquals => "StringEquals",
            Base::StringNotEquals => "StringNotEquals",
            Base::StringEqualsIgnoreCase => "StringEqualsIgnoreCase",
            Base::StringNotEqualsIgnoreCase => "StringNotEqualsIgnoreCase",
            Base::StringLike => "StringLike",
            Base::StringNotLike => "StringNotLike",
            Base::NumericEquals => "NumericEquals",
            Base::NumericNotEquals => "NumericNotEquals",
            Base::NumericLessThan => "NumericLessThan",
            Base::NumericLessThanEquals => "NumericLessThanEquals",
            Base::NumericGreaterThan => "NumericGreaterThan",
            Base::NumericGreaterThanEquals => "NumericGreaterThanEquals",
            Base::DateEquals => "DateEquals",
            Base::DateNotEquals => "DateNotEquals",
            Base::DateLessThan => "DateLessThan",
            Base::DateLessThanEquals => "DateLessThanEquals",
            Base::DateGreaterThan => "DateGreaterThan",
            Base::DateGreaterThanEquals => "DateGreaterThanEquals",
            Base::Bool => "Bool",
            Base::BinaryEquals => "BinaryEquals",
            Base::IpAddress => "IpAddress",
            Base::NotIpAddress => "NotIpAddress",
            Base::ArnEquals => "ArnEquals",
            Base::ArnLike => "ArnLike",
            Base::ArnNotEquals => "ArnNotEquals",
            Base::ArnNotLike => "ArnNotLike",
            Base::Null => "Null",
        }
    }

    /// True for the operators whose name holds `Not` (`COND-5`).
    pub fn is_negated(self) -> bool {
        matches!(
            self,
            Base::StringNotEquals
                | Base::StringNotEqualsIgnoreCase
                | Base::StringNotLike
                | Base::NumericNotEquals
                | Base::DateNotEquals
                | Base::NotIpAddress
                | Base::ArnNotEquals
                | Base::ArnNotLike
        )
    }

    /// The comparison that is left when negation is taken off. `ArnEquals` and `ArnLike` are the
    /// same comparison (`COND-60`).
    pub fn family(self) -> Family {
        match self {
            Base::StringEquals | Base::StringNotEquals => Family::StringEquals,
            Base::StringEqualsIgnoreCase | Base::StringNotEqualsIgnoreCase => {
                Family::StringEqualsIgnoreCase
            }
            Base::StringLike | Base::StringNotLike => Family::StringLike,
            Base::NumericEquals | Base::NumericNotEquals => Family::NumericEquals,
            Base::NumericLessThan => Family::NumericLessThan,
            Base::NumericLessThanEquals => Family::NumericLessThanEquals,
            Base::NumericGreaterThan => Family::NumericGreaterThan,
            Base::NumericGreaterThanEquals => Family::NumericGreaterThanEquals,
            Base::DateEquals | Base::DateNotEquals => Family::DateEquals,
            Base::DateLessThan => Family::DateLessThan,
            Base::DateLessThanEquals => Family::DateLessThanEquals,
            Base::DateGreaterThan => Family::DateGreaterThan,
            Base::DateGreaterThanEquals => Family::DateGreaterThanEquals,
            Base::Bool => Family::Bool,
            Base::BinaryEquals => Family::BinaryEquals,
            Base::IpAddress | Base::NotIpAddress => Family::IpAddress,
            Base::ArnEquals | Base::ArnLike | Base::ArnNotEquals | Base::ArnNotLike => Family::Arn,
            Base::Null => Family::Null,
        }
    }

    /// True if policy variables in the operator's values are expanded (`VAR-3`, `VAR-4`).
    pub fn expands_variables(self) -> bool {
        matches!(
            self.family(),
            Family::StringEquals
                | Family::StringEqualsIgnoreCase
                | Family::StringLike
                | Family::Arn
                | Family::Bool
        )
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The set qualifier of an operator (`COND-3`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quantifier {
    /// No qualifier: the key is expected to have one value (`COND-20`).
    One,
    /// `ForAnyValue:` (`COND-13`).
    Any,
    /// `ForAllValues:` (`COND-12`).
    All,
}

impl Quantifier {
    /// The prefix of the policy language, empty for [`Quantifier::One`].
    pub fn prefix(self) -> &'static str {
        match self {
            Quantifier::One => "",
            Quantifier::Any => "ForAnyValue:",
            Quantifier::All => "ForAllValues:",
        }
    }
}

/// A whole operator: `[ForAllValues:|ForAnyValue:]Base[IfExists]` (`COND-3`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operator {
    /// The set qualifier.
    pub quantifier: Quantifier,
    /// The comparison.
    pub base: Base,
    /// True if the name ends in `IfExists`. Never with [`Base::Null`] (`COND-11`).
    pub if_exists: bool,
}

/// Why a text is not an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorError {
    /// No operator has this name, in any case.
    Unknown,
    /// `NullIfExists` (`COND-11`).
    NullIfExists,
}

impl Operator {
    /// Reads an operator name in any ASCII case (`COND-3`).
    ///
    /// ```
    /// use portcullis_model::{Base, Operator, Quantifier};
    /// let operator = Operator::parse("forAnyValue:StringLikeIfExists").unwrap();
    /// assert_eq!(operator.base, Base::StringLike);
    /// assert_eq!(operator.quantifier, Quantifier::Any);
    /// assert!(operator.if_exists);
    /// assert!(Operator::parse("StringMatches").is_err());
    /// ```
    ///
    /// # Errors
    /// [`OperatorError`] says whether the name is unknown or the forbidden `NullIfExists`.
    pub fn parse(text: &str) -> Result<Operator, OperatorError> {
        let mut quantifier = Quantifier::One;
        let mut rest = text;
        for candidate in [Quantifier::Any, Quantifier::All] {
            if let Some(after) = strip_prefix_ignore_case(text, candidate.prefix()) {
                quantifier = candidate;
                rest = after;
            }
        }
        let (name, if_exists) = match strip_suffix_ignore_case(rest, "IfExists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let base = Base::ALL
            .into_iter()
            .find(|base| base.as_str().eq_ignore_ascii_case(name))
            .ok_or(OperatorError::Unknown)?;
        if base == Base::Null && if_exists {
            return Err(OperatorError::NullIfExists);
        }
        Ok(Operator {
            quantifier,
            base,
            if_exists,
        })
    }

    /// True if a text is the operator's name in its documented spelling, as it is displayed.
    ///
    /// ```
    /// use portcullis_model::Operator;
    /// let name = "ForAnyValue:StringLikeIfExists";
    /// let operator = Operator::parse(name).unwrap();
    /// assert!(operator.is_spelled(name));
    /// assert!(!operator.is_spelled("forAnyValue:StringLikeIfExists"));
    /// ```
    pub fn is_spelled(self, text: &str) -> bool {
        let ending = if self.if_exists { "IfExists" } else { "" };
        text.strip_prefix(self.quantifier.prefix())
            .and_then(|rest| rest.strip_prefix(self.base.as_str()))
            == Some(ending)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.quantifier.prefix())?;
        f.write_str(self.base.as_str())?;
        if self.if_exists {
            f.write_str("IfExists")?;
        }
        Ok(())
    }
}

fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

fn strip_suffix_ignore_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    tail.eq_ignore_ascii_case(suffix).then_some(head)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_form_is_read_back_from_its_own_name() {
        for base in Base::ALL {
            for quantifier in [Quantifier::One, Quantifier::Any, Quantifier::All] {
                for if_exists in [false, true] {
                    let operator = Operator {
                        quantifier,
                        base,
                        if_exists,
                    };
                    let expected = if base == Base::Null && if_exists {
                        Err(OperatorError::NullIfExists)
                    } else {
                        Ok(operator)
                    };
                    let name = operator.to_string();
                    assert_eq!(Operator::parse(&name), expected, "{name}");
                    assert_eq!(Operator::parse(&name.to_uppercase()), expected, "{name}");
                    assert!(operator.is_spelled(&name), "{name}");
                    assert!(!operator.is_spelled(&name.to_uppercase()), "{name}");
                    assert!(!operator.is_spelled(&std::format!("{name}s")), "{name}");
                }
            }
        }
    }

    #[test]
    fn names_that_are_not_operators() {
        for name in [
            "",
            "IfExists",
            "ForAnyValue:",
            "BoolNot",
            "ForAnyValue:ForAnyValue:Bool",
            "StringEquals ",
            "StringEqualsIfExistsIfExists",
            "é",
        ] {
            assert_eq!(Operator::parse(name), Err(OperatorError::Unknown), "{name}");
        }
    }
}
