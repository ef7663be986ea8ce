//! Values that compare to nothing, or otherwise than they seem to (`COND-14`, `COND-56`, `COND-61`, `COND-65` to `COND-79`).

use super::keys::is_account;
use super::shapes::{Block, DateShape, date, is_base64, is_bool, is_number};
use super::{Linter, consequence};
use crate::ast::{Condition, Text};
use crate::codes;
use crate::vars::{arn_parts, has_opening};
use portcullis_model::{Effect, Family, PolicyKind};
use portcullis_source::{Code, Severity, quoted};

impl Linter<'_, '_> {
    pub(super) fn values(&mut self, condition: &Condition<'_>, effect: Effect) {
        use Family as F;
        let operator = condition.operator;
        let unusable = consequence(effect, operator.base.is_negated());
        match operator.base.family() {
            F::NumericEquals
            | F::NumericLessThan
            | F::NumericLessThanEquals
            | F::NumericGreaterThan
            | F::NumericGreaterThanEquals => {
                self.each(
                    condition,
                    is_number,
                    codes::TYPE_MISMATCH_NUMBER,
                    "a number",
                    unusable,
                );
            }
            F::DateEquals
            | F::DateLessThan
            | F::DateLessThanEquals
            | F::DateGreaterThan
            | F::DateGreaterThanEquals => {
                let is_date = |text: &str| date(text).is_some();
                self.each(
                    condition,
                    is_date,
                    codes::TYPE_MISMATCH_DATE,
                    "a date",
                    unusable,
                );
                self.odd_dates(condition);
            }
            F::Bool => {
                let code = codes::TYPE_MISMATCH_BOOLEAN;
                self.each(condition, is_bool, code, "`true` or `false`", unusable);
                if let [_, second, ..] = condition.values {
                    let message = "`Bool` takes one value: of several, any one may match";
                    let code = codes::INVALID_CONDITION_MULTIPLE_BOOLEAN;
                    self.say(Severity::LintError, code, *second, message);
                }
            }
            F::Null => {
                let code = codes::TYPE_MISMATCH_BOOLEAN;
                self.each(condition, is_bool, code, "`true` or `false`", unusable);
            }
            F::BinaryEquals => {
                let code = codes::TYPE_MISMATCH_STRING;
                self.each(
                    condition,
                    is_base64,
                    code,
                    "base64 as it must be written",
                    unusable,
                );
            }
            F::IpAddress => {
                let is_block = |text: &str| Block::parse(text).is_some();
                let code = codes::TYPE_MISMATCH_IP_RANGE;
                self.each(
                    condition,
                    is_block,
                    code,
                    "an IP address or a block of them",
                    unusable,
                );
                self.blocks(condition);
            }
            F::Arn => self.arns(condition, unusable),
            F::StringEquals | F::StringEqualsIgnoreCase | F::StringLike => {}
        }
        if is_account(condition.key.value) {
            for &value in condition.values {
                self.account(value);
            }
        }
    }

    /// Reports the values that are not of the shape that the operator compares. What is said of variables is said
    /// elsewhere.
    fn each(
        &mut self,
        condition: &Condition<'_>,
        fits: impl Fn(&str) -> bool,
        code: Code,
        what: &str,
        unusable: &str,
    ) {
        for &value in condition.values {
            if !fits(value.value) && !has_opening(value.value) {
                let message = format!("{} is not {what}: {unusable}", quoted(value.value));
                self.say(Severity::Warning, code, value, message);
            }
        }
    }

    /// Dates that are read, but are not written as documented (`COND-65`, `COND-66`).
    fn odd_dates(&mut self, condition: &Condition<'_>) {
        for &value in condition.values {
            if let Some(DateShape::Odd(why)) = date(value.value) {
                let message = format!("{} is not a well-formed date: {why}", quoted(value.value));
                let help = "write it like `2026-01-31T12:00:00Z`";
                let code = codes::INVALID_DATE_VALUE;
                self.say_with_help(Severity::Suggestion, code, value, message, help);
            }
        }
    }

    /// `COND-77`, `COND-79`.
    fn blocks(&mut self, condition: &Condition<'_>) {
        let blocks = || {
            let values = condition.values.iter();
            values.filter_map(|value| Some((*value, Block::parse(value.value)?)))
        };
        for (value, block) in blocks().filter(|(_, block)| block.has_host_bits()) {
            let message = format!(
                "{} has bits after its prefix, which are ignored",
                quoted(value.value)
            );
            let help = format!("write `{}`", block.canonical());
            let code = codes::IMPROVE_IP_RANGE;
            self.say_with_help(Severity::Suggestion, code, value, message, help);
        }
        if !condition.key.value.eq_ignore_ascii_case("aws:SourceIp") {
            return;
        }
        let all = !condition.values.is_empty() && blocks().count() == condition.values.len();
        let all = all && blocks().all(|(_, block)| block.is_private());
        let (severity, code) = match (all, condition.operator.base.is_negated()) {
            (true, false) => (Severity::LintError, codes::PRIVATE_IP_ADDRESS),
            (true, true) => (Severity::LintError, codes::PRIVATE_NOT_IP_ADDRESS),
            (false, false) => (Severity::Suggestion, codes::PRIVATE_IP_ADDRESS_SUBSET),
            (false, true) => (Severity::Suggestion, codes::PRIVATE_NOT_IP_ADDRESS_SUBSET),
        };
        let private = blocks().find(|(_, block)| block.is_private());
        if let Some((value, _)) = private {
            let message = format!(
                "{} is a private address: `aws:SourceIp` is public, and absent for requests through a VPC endpoint",
                quoted(value.value)
            );
            let help = "test `aws:VpcSourceIp` together with `aws:SourceVpc`";
            self.say_with_help(severity, code, value, message, help);
        }
    }

    /// `COND-61`, and of endpoint policies `VPCE-4`.
    fn arns(&mut self, condition: &Condition<'_>, unusable: &str) {
        for &value in condition.values {
            if value.value == "*" {
                let message =
                    "`*` matches any ARN: the test only checks whether the key is present";
                let help = "use `\"Null\": {\"key\": \"false\"}` if that is intended";
                let code = codes::EQUIVALENT_TO_NULL_FALSE;
                self.say_with_help(Severity::Suggestion, code, value, message, help);
                continue;
            }
            let parts = arn_parts(value.value, self.document.has_variables());
            let scheme = parts.first().copied().unwrap_or_default();
            let can_be_arn = scheme == "arn" || scheme.contains(['*', '?']);
            if parts.len() < 6 || !can_be_arn {
                let message = format!(
                    "{} is not an ARN of six parts: {unusable}",
                    quoted(value.value)
                );
                let help = "write `arn:partition:service:region:account:resource`";
                self.say_with_help(
                    Severity::Warning,
                    codes::TYPE_MISMATCH,
                    value,
                    message,
                    help,
                );
            } else if self.document.kind == PolicyKind::VpcEndpoint {
                self.account_of_endpoint(value, parts.get(4).copied().unwrap_or_default());
            }
        }
    }

    /// An account id that was written as a number has lost its leading zeros (`GRAM-20`).
    fn account(&mut self, value: Text<'_>) {
        let text = value.value;
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && text.len() != 12 {
            let message = format!("{} is not a 12-digit account ID", quoted(text));
            let help = "write it in quotes, with its leading zeros";
            self.say_with_help(
                Severity::Warning,
                codes::TYPE_MISMATCH,
                value,
                message,
                help,
            );
        }
    }
}
