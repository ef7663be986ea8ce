//! Actions, resources and principals.

use super::Linter;
use crate::ast::Text;
use crate::codes;
use crate::vars::{arn_parts, has_opening};
use portcullis_model::{Effect, PolicyKind};
use portcullis_source::{Severity, quoted};

impl Linter<'_, '_> {
    pub(super) fn principal(&mut self, entry: Text<'_>) {
        if !self.placeholder(entry) {
            self.literal_variable(entry, "a principal");
        }
        self.lookalike(entry, |_| true);
    }

    /// Characters that no action has (`GRAM-18`, `MATCH-15`): the entry matches none.
    pub(super) fn action(&mut self, entry: Text<'_>, effect: Effect) {
        if self.placeholder(entry) {
            return;
        }
        if has_opening(entry.value) {
            return self.literal_variable(entry, "an action");
        }
        // Of what is no action by its form the reader has said so.
        if entry.value.matches(':').count() != 1 {
            return;
        }
        let is_of_action = |c: &char| c.is_ascii_alphanumeric() || "-_:*?".contains(*c);
        let Some(odd) = entry.value.chars().find(|c| !is_of_action(c)) else {
            return;
        };
        let code = u32::from(odd);
        let what = match odd {
            ' ' => "a blank".to_owned(),
            ',' => "a comma".to_owned(),
            c if c.is_ascii_graphic() => format!("`{c}`"),
            c => match portcullis_source::lookalike(c) {
                Some(name) => format!("U+{code:04X}, {name}"),
                None => format!("U+{code:04X}"),
            },
        };
        let effect = match effect {
            Effect::Allow => "allows",
            Effect::Deny => "denies",
        };
        let message = format!(
            "action {} has {what}, which no action has: the entry {effect} nothing",
            quoted(entry.value)
        );
        let plain: String = entry.value.chars().filter(is_of_action).collect();
        let help = format!("did you mean {}?", quoted(&plain));
        self.say_with_help(
            Severity::LintError,
            codes::INVALID_ACTION,
            entry,
            message,
            help,
        );
    }

    /// `MATCH-23`, `MATCH-27`, and letter case of the parts of an ARN (choice D11).
    pub(super) fn resource(&mut self, entry: Text<'_>) {
        self.placeholder(entry);
        self.variables(entry);
        self.lookalike(entry, |_| true);
        if !entry.value.starts_with("arn:") {
            return;
        }
        let parts = arn_parts(entry.value, self.document.has_variables());
        let kind = self.document.kind;
        if parts.len() < 6 && kind.completes_short_arns() {
            let completed = format!("{}{}", entry.value, ":*".repeat(6 - parts.len()));
            let message = format!(
                "resource {} has {} of the six parts of an ARN, and is taken for {}",
                quoted(entry.value),
                parts.len(),
                quoted(&completed)
            );
            let help = match parts.get(2) {
                Some(&"s3") if parts.len() == 5 => {
                    let name = parts.get(4).copied().unwrap_or_default();
                    format!(
                        "a bucket ARN has neither region nor account: write `arn:aws:s3:::{name}`"
                    )
                }
                _ => "write `arn:partition:service:region:account:resource`".to_owned(),
            };
            self.say_with_help(
                Severity::Warning,
                codes::MISSING_ARN_FIELD,
                entry,
                message,
                help,
            );
        }
        let [_, partition, service, region, ..] = parts.as_slice() else {
            return;
        };
        for (part, name, code) in [
            (partition, "partition", codes::INVALID_PARTITION),
            (service, "service", codes::INVALID_ARN_SERVICE_CASE),
            (region, "region", codes::INVALID_REGION),
        ] {
            let is_plain = !has_opening(part);
            if is_plain && part.bytes().any(|byte| byte.is_ascii_uppercase()) {
                let message = format!(
                    "the {name} {} has uppercase letters, which no real ARN has: the entry matches nothing",
                    quoted(part)
                );
                let help = format!("write {}", quoted(&part.to_ascii_lowercase()));
                self.say_with_help(Severity::Warning, code, entry, message, help);
            }
        }
        if service.contains(['*', '?']) && **service != *"*" {
            let message = format!("the service {} of the ARN has a wildcard", quoted(service));
            self.say(Severity::Suggestion, codes::INVALID_SERVICE, entry, message);
        }
        if kind == PolicyKind::VpcEndpoint {
            self.account_of_endpoint(entry, parts.get(4).copied().unwrap_or_default());
        }
    }

    /// `VPCE-4`: the account is a whole id or a wildcard, not a mix.
    pub(super) fn account_of_endpoint(&mut self, entry: Text<'_>, account: &str) {
        let has_digits = account.bytes().any(|byte| byte.is_ascii_digit());
        if has_digits && account.contains(['*', '?']) {
            let message = format!(
                "the account {} mixes digits and wildcards, which endpoint policies do not allow",
                quoted(account)
            );
            self.say(
                Severity::Warning,
                codes::INVALID_ARN_ACCOUNT,
                entry,
                message,
            );
        }
    }
}
