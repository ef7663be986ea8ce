//! Entries of `Action` and `Resource` (`GRAM-18`, `GRAM-19`, `MATCH-20` to `MATCH-25`).

use super::{Reader, Variables};
use crate::ast::Text;
use crate::codes;
use crate::glob::{has_wildcard, matches_action};
use crate::vars::{arn_parts, has_opening};
use portcullis_model::{Effect, PolicyKind, is_rcp_service};
use portcullis_source::suggest::nearest;
use portcullis_source::words::{equal, first};
use portcullis_source::{Diagnostic, Severity, quoted};

/// The actions that do something in a trust policy (`GRAM-63`).
pub const TRUST_ACTIONS: [&str; 6] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:TagSession",
    "sts:SetSourceIdentity",
    "sts:SetContext",
];

impl<'a> Reader<'a> {
    /// Checks one entry of `Action` or `NotAction` (`GRAM-18`).
    pub(super) fn check_action(&mut self, entry: Text<'a>, negated: bool) {
        let kind = self.kind();
        if is_star_run(entry.value) {
            if kind == PolicyKind::Rcp {
                let message = "an action of a resource control policy must name a service";
                self.error(codes::RCP_SYNTAX_ERROR_ACTION, entry.span, message);
            }
            return;
        }
        let (prefix, name) = split_at_colon(entry.value);
        let wrong = match (prefix, name) {
            (_, None) => Some("has no service prefix"),
            ("", Some(_)) => Some("has an empty service prefix"),
            (_, Some("")) => Some("has no name after the service prefix"),
            (_, Some(name)) if name.bytes().any(|byte| byte == b':') => {
                Some("has more than one colon")
            }
            (_, Some(_)) => None,
        };
        if let Some(wrong) = wrong {
            let help = match entry.value.split_once('.') {
                Some((service, name)) if is_name(service) && is_name(name) => {
                    format!("did you mean `{service}:{name}`?")
                }
                _ if entry.value.contains([',', ';', ' ']) => {
                    "write each action as a separate string in the list".into()
                }
                _ => "an action is `*` or has the form `service:Name`".into(),
            };
            self.sink.push(
                Diagnostic::error(
                    codes::INVALID_ACTION,
                    entry.span,
                    format!("action {} {wrong}", quoted(entry.value)),
                )
                .with_help(help),
            );
            return;
        }
        let wild_prefix = has_wildcard(prefix);
        match kind {
            PolicyKind::Rcp if wild_prefix => {
                let message = format!(
                    "action {} has a wildcard in its service prefix, which a resource control policy cannot have",
                    quoted(entry.value)
                );
                self.error(codes::RCP_SYNTAX_ERROR_ACTION, entry.span, message);
            }
            PolicyKind::Rcp if !is_rcp_service(&prefix.to_ascii_lowercase()) => {
                let message = format!(
                    "service {} is not subject to resource control policies",
                    quoted(prefix)
                );
                self.warning(codes::UNSUPPORTED_ACTION_IN_POLICY, entry.span, message);
            }
            PolicyKind::Trust
                if !negated
                    && !TRUST_ACTIONS
                        .iter()
                        .any(|action| matches_action(entry.value, action)) =>
            {
                let message = format!(
                    "action {} does nothing in a trust policy",
                    quoted(entry.value)
                );
                let help = nearest(entry.value, TRUST_ACTIONS)
                    .map(|action| format!("did you mean `{action}`?"));
                self.sink.push(
                    Diagnostic::warning(codes::UNSUPPORTED_ACTION_IN_POLICY, entry.span, message)
                        .with_help_if(help),
                );
            }
            _ if wild_prefix => {
                let message = format!(
                    "action {} has a wildcard in its service prefix",
                    quoted(entry.value)
                );
                self.suggestion(codes::WILDCARD_IN_SERVICE_NAME, entry.span, message);
            }
            _ => {}
        }
    }

    /// Checks one entry of `Resource` or `NotResource` (`GRAM-19`, `MATCH-24`, `MATCH-25`, `VAR-3`).
    pub(super) fn check_resource(&mut self, entry: Text<'a>, effect: Option<Effect>) {
        if is_star_run(entry.value) {
            return;
        }
        // MATCH-36: of the API that has the policy.
        if self.kind() == PolicyKind::Resource && crate::api::is_short(entry.value) {
            return;
        }
        if !entry.value.starts_with("arn:") {
            let message = format!(
                "resource {} does not start with `arn:`",
                quoted(entry.value)
            );
            self.sink.push(
                Diagnostic::error(codes::INVALID_ARN_PREFIX, entry.span, message)
                    .with_help("a resource is `*` or an ARN, such as `arn:aws:s3:::bucket/key`"),
            );
            return;
        }
        let kind = self.kind();
        let has_opening = has_opening(entry.value);
        if !has_opening && kind.completes_short_arns() {
            return;
        }
        let variables = has_opening && self.variables == Variables::Expanded;
        let parts = arn_parts(entry.value, variables);
        if parts.len() < 6 && !kind.completes_short_arns() {
            let is_session = kind == PolicyKind::Session;
            let severity = if is_session {
                Severity::Error
            } else {
                Severity::Warning
            };
            let consequence = if is_session {
                ""
            } else {
                ", and is matched literally"
            };
            let message = format!(
                "resource {} has {} of the six parts of an ARN{consequence}",
                quoted(entry.value),
                parts.len()
            );
            self.sink.push(
                Diagnostic::new(severity, codes::MISSING_ARN_FIELD, entry.span, message)
                    .with_help("write `arn:partition:service:region:account:resource`"),
            );
        }
        if !has_opening {
            return;
        }
        // The sixth part is the end of the text, so this is where it starts.
        let sixth = match parts.get(5) {
            Some(last) => entry.value.len() - last.len(),
            None => entry.value.len(),
        };
        self.check_resource_variables(entry, sixth, effect);
    }
}

/// True for `*`, `**` and so on (`MATCH-3`).
fn is_star_run(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

/// What stands before the first colon, and what behind it.
fn split_at_colon(text: &str) -> (&str, Option<&str>) {
    match first(text.as_bytes(), |word| equal(word, b':')) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

/// True for what a service or an action can be called.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-*?".contains(&b))
}
