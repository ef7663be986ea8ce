//! Operators against the keys that they test (`COND-20` to `COND-22`, `COND-53`, `COND-63`, `COND-85`).

use super::Linter;
use super::keys::{Known, Type, is_sensitive, known};
use super::templates::is_foreign_key;
use crate::ast::{Condition, Statement, Text};
use crate::codes;
use crate::policy::without_prefix;
use crate::vars::{Piece, has_opening, pieces};
use portcullis_model::{Base, Effect, Family, Operator, PolicyKind, Quantifier};
use portcullis_source::is_unseen;
use portcullis_source::{Severity, quoted};

impl Linter<'_, '_> {
    pub(super) fn condition(&mut self, condition: &Condition<'_>, statement: &Statement<'_>) {
        self.key(condition.key);
        self.lookalike(condition.key, |_| true);
        self.qualifier(condition, statement.effect);
        if let Some(known) = known(condition.key.value) {
            self.operator(condition, known, statement.effect);
        }
        for &value in condition.values {
            self.placeholder(value);
            if condition.operator.base.expands_variables() {
                self.variables(value);
            }
            self.lookalike(value, is_unseen);
            self.exact_wildcard(value, condition.operator);
            self.sensitive(value, condition);
        }
        self.values(condition, statement.effect);
    }

    /// A key that none can be (`COND-47`). Of a global key without prefix the reader has said so.
    fn key(&mut self, key: Text<'_>) {
        let has_brackets = self.placeholder(key);
        if has_brackets || !is_foreign_key(key.value) || without_prefix(key.value).is_some() {
            return;
        }
        let message = format!(
            "{} is not a condition key: it looks like a placeholder of another tool, or lacks a service",
            quoted(key.value)
        );
        let help = "a key has the form `service:Name`; an unresolved placeholder is always absent";
        self.say_with_help(
            Severity::Warning,
            codes::FOREIGN_TEMPLATE,
            key,
            message,
            help,
        );
    }

    /// `COND-15`, `COND-21`, `COND-22`.
    fn qualifier(&mut self, condition: &Condition<'_>, effect: Effect) {
        let Operator {
            quantifier, base, ..
        } = condition.operator;
        let key = condition.key;
        let is_many = known(key.value).map(|known| known.is_many);
        match (quantifier, base) {
            (Quantifier::One, Base::Null) => {}
            (Quantifier::All | Quantifier::Any, Base::Null) => {
                let always = match quantifier {
                    Quantifier::All => "always",
                    _ => "never",
                };
                let message = format!("`{}` {always} holds", condition.operator);
                let help = "use `Null` without a qualifier";
                let name = condition.operator_text;
                self.say_with_help(
                    Severity::Warning,
                    codes::NULL_WITH_QUALIFIER,
                    name,
                    message,
                    help,
                );
            }
            (Quantifier::One, _) if is_many == Some(true) => {
                let consequence = match effect {
                    Effect::Deny => "and nothing is denied",
                    Effect::Allow => "and nothing is allowed",
                };
                let message = format!(
                    "the key {} is multivalued, and `{}` compares a single value: with two or more values the condition is false, {consequence}",
                    quoted(key.value),
                    condition.operator
                );
                let other = match base.is_negated() {
                    true => "ForAllValues",
                    false => "ForAnyValue",
                };
                let help = format!("write `{other}:{}`", condition.operator);
                self.say_with_help(
                    Severity::LintError,
                    codes::MISSING_QUALIFIER,
                    key,
                    message,
                    help,
                );
            }
            (Quantifier::All, _) if is_many == Some(false) && effect == Effect::Allow => {
                let message = format!(
                    "the key {} has a single value, and `{}` is also true if the key is absent",
                    quoted(key.value),
                    condition.operator
                );
                let help = "remove `ForAllValues:`";
                let code = codes::FORALLVALUES_WITH_SINGLE_VALUED_KEY;
                self.say_with_help(Severity::Warning, code, key, message, help);
            }
            _ => {}
        }
    }

    /// The type of the key against that of the operator (`COND-53`, `COND-63`, `COND-85`).
    fn operator(&mut self, condition: &Condition<'_>, known: Known, effect: Effect) {
        let family = condition.operator.base.family();
        let key = condition.key;
        if (known.kind, family) == (Type::Arn, Family::StringLike) {
            let message = format!(
                "the key {} is an ARN, and the wildcards of `{}` match across colons",
                quoted(key.value),
                condition.operator
            );
            let help = "use `ArnLike` or `ArnNotLike`, which compare ARNs part by part";
            let code = codes::STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS;
            self.say_with_help(Severity::Warning, code, key, message, help);
            return;
        }
        let fits = match family {
            Family::Null | Family::BinaryEquals => true,
            // A tag may hold anything.
            _ if known.is_family => true,
            Family::StringEquals | Family::StringEqualsIgnoreCase | Family::StringLike => {
                matches!(known.kind, Type::Text | Type::Arn)
            }
            Family::Bool => known.kind == Type::Bool,
            Family::IpAddress => known.kind == Type::Address,
            Family::Arn => known.kind == Type::Arn,
            Family::DateEquals
            | Family::DateLessThan
            | Family::DateLessThanEquals
            | Family::DateGreaterThan
            | Family::DateGreaterThanEquals => {
                matches!(known.kind, Type::Date | Type::DateOrNumber)
            }
            Family::NumericEquals
            | Family::NumericLessThan
            | Family::NumericLessThanEquals
            | Family::NumericGreaterThan
            | Family::NumericGreaterThanEquals => {
                matches!(known.kind, Type::Number | Type::DateOrNumber)
            }
        };
        if fits {
            return;
        }
        let loud = match effect {
            Effect::Deny => ", so this Deny may not apply",
            Effect::Allow => "",
        };
        let message = format!(
            "the key {} is {}, which `{}` cannot compare{loud}",
            quoted(key.value),
            known.kind.describe(),
            condition.operator
        );
        let help = format!("use a matching operator: {}", known.kind.operators());
        self.say_with_help(Severity::Warning, codes::TYPE_MISMATCH, key, message, help);
    }

    /// A wildcard under an operator that has none (`COND-50`).
    fn exact_wildcard(&mut self, value: Text<'_>, operator: Operator) {
        let like = match operator.base {
            Base::StringEquals | Base::StringEqualsIgnoreCase => "StringLike",
            Base::StringNotEquals | Base::StringNotEqualsIgnoreCase => "StringNotLike",
            _ => return,
        };
        if !self.has_wildcard(value.value) {
            return;
        }
        let message = format!(
            "{} has a wildcard, which `{operator}` treats as a literal character",
            quoted(value.value)
        );
        let help = format!(
            "use `{}{like}`, or write `${{*}}` and `${{?}}` for literal characters",
            operator.quantifier.prefix()
        );
        let code = codes::WILDCARD_WITHOUT_LIKE_OPERATOR;
        self.say_with_help(Severity::Warning, code, value, message, help);
    }

    /// True if a text has a wildcard outside of its variables.
    pub(super) fn has_wildcard(&self, text: &str) -> bool {
        let has = |text: &str| text.contains(['*', '?']);
        if !self.document.has_variables() || !has_opening(text) {
            return has(text);
        }
        pieces(text).any(|(_, piece)| matches!(piece, Piece::Text(text) if has(text)))
    }

    /// Keys of which no value may be left open (`KEY-76`), and what an endpoint policy may leave open (`VPCE-4`).
    fn sensitive(&mut self, value: Text<'_>, condition: &Condition<'_>) {
        let kind = self.document.kind;
        let key = condition.key.value;
        let is_like = condition.operator.base.family() == Family::StringLike;
        let is_open = is_like && self.has_wildcard(value.value);
        if is_sensitive(key) {
            let is_variable = condition.operator.base.expands_variables()
                && self.document.has_variables()
                && pieces(value.value).any(|(_, piece)| matches!(piece, Piece::Variable(_)));
            let (code, what) = match (is_open, is_variable) {
                (true, _) => (codes::WILDCARD_USAGE_TOO_PERMISSIVE, "a wildcard"),
                // The caller's own, where it says that both must be one: that is how it is done there.
                (false, true) if kind.has_principal() && kind != PolicyKind::Rcp => {
                    (codes::VARIABLE_USAGE_TOO_PERMISSIVE, "a variable")
                }
                _ => return,
            };
            let message = format!(
                "{} has {what}, and the key {} decides who or what is trusted",
                quoted(value.value),
                quoted(key)
            );
            let help = "write the complete value, or a list of them";
            self.say_with_help(Severity::Warning, code, value, message, help);
        } else if kind == PolicyKind::VpcEndpoint && is_open {
            let mut runs = value.value.split(['*', '?']);
            if !runs.any(|run| run.chars().count() >= 6) {
                let message = format!(
                    "{} has fewer than six consecutive characters next to its wildcard, which endpoint policies require",
                    quoted(value.value)
                );
                let code = codes::WILDCARD_USAGE_TOO_PERMISSIVE;
                self.say(Severity::Warning, code, value, message);
            }
        }
    }

    /// Keys that are only safe with another (`KEY-42`).
    pub(super) fn pairs(&mut self, statement: &Statement<'_>) {
        const OTHERS: [&str; 3] = ["aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce"];
        let find = |names: &[&str]| {
            statement.conditions.iter().find(|condition| {
                let key = condition.key.value;
                names.iter().any(|name| name.eq_ignore_ascii_case(key))
            })
        };
        if let (Some(found), None) = (find(&["aws:VpcSourceIp"]), find(&OTHERS)) {
            let message = "private addresses repeat across networks: `aws:VpcSourceIp` is meaningless without the VPC";
            let help = "test `aws:SourceVpc` in the same statement";
            let code = codes::MISSING_PAIRED_CONDITION_KEYS;
            self.say_with_help(Severity::Warning, code, found.key, message, help);
        }
    }
}
