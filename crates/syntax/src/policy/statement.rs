//! Statements (`GRAM-15` to `GRAM-22`).

use super::Reader;
use crate::ast::{Entries, Statement, Text};
use crate::{cases, codes};
use portcullis_model::{Effect, PolicyKind};
use portcullis_source::json::tree::{Member, Node};
use portcullis_source::suggest::did_you_mean;
use portcullis_source::{Diagnostic, quoted};
use std::collections::hash_map::Entry;

/// The members that a statement can have.
pub const MEMBERS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

type Slot<'a, 'n> = Option<&'n Member<'a, 'n>>;

impl<'a, 'n> Reader<'a> {
    /// Reads a statement. After an error the result may be absent or incomplete; the document is
    /// not used then.
    pub(super) fn statement(&mut self, node: Node<'a, 'n>) -> Option<Statement<'a>> {
        let members = self.object(node, "a statement")?;
        let [
            sid,
            effect,
            principal,
            not_principal,
            action,
            not_action,
            resource,
            not_resource,
            condition,
        ] = self.slots(members, MEMBERS, "a statement");
        let sid = self.sid(sid);
        let effect = self.effect(effect, node);
        let principal = self.principals(node, principal, not_principal, effect);
        let action = self.actions(node, action, not_action);
        let resource = self.resources(node, resource, not_resource, action, effect);
        let conditions = self.conditions(condition);
        Some(Statement {
            sid,
            effect: effect?,
            principal,
            action: action?,
            resource,
            conditions,
            span: node.span,
        })
    }

    /// The one of an element and its negation that is there; both are an error (`GRAM-16`).
    pub(super) fn one_of(
        &mut self,
        plain: Slot<'a, 'n>,
        negated: Slot<'a, 'n>,
    ) -> Option<(bool, &'n Member<'a, 'n>)> {
        if let (Some(plain), Some(negated)) = (plain, negated) {
            let (first, second) = if plain.key.span.start < negated.key.span.start {
                (plain.key, negated.key)
            } else {
                (negated.key, plain.key)
            };
            let message = format!(
                "a statement cannot have both `{}` and `{}`",
                plain.key.value, negated.key.value
            );
            self.sink.push(
                Diagnostic::error(codes::UNSUPPORTED_ELEMENT_COMBINATION, second.span, message)
                    .with_related(first.span, "the other one is here"),
            );
        }
        let plain = plain.map(|member| (false, member));
        plain.or(negated.map(|member| (true, member)))
    }

    /// `GRAM-17`: never an error but for the type.
    fn sid(&mut self, member: Slot<'a, 'n>) -> Option<Text<'a>> {
        use PolicyKind::{Boundary, Identity, Rcp, Scp, Session, Trust};
        let text = self.string("Sid", member?.value)?;
        if text.value.is_empty() {
            self.suggestion(codes::EMPTY_SID_VALUE, text.span, "the `Sid` is empty");
            return Some(text);
        }
        let kind = self.kind();
        let is_iam = matches!(kind, Identity | Boundary | Session | Trust);
        let is_plain = text.value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain && is_iam {
            let message = format!("{} is not a valid `Sid`", quoted(text.value));
            self.sink.push(
                Diagnostic::warning(codes::UNSUPPORTED_SID, text.span, message)
                    .with_help("use only the letters A-Z and a-z and digits"),
            );
        } else if !is_plain && matches!(kind, Scp | Rcp) {
            let message = format!(
                "{} has characters other than letters and digits",
                quoted(text.value)
            );
            self.suggestion(codes::UNSUPPORTED_SID, text.span, message);
        }
        let first = match self.sids.entry(text.value) {
            Entry::Occupied(first) => *first.get(),
            Entry::Vacant(free) => {
                free.insert(text.span);
                return Some(text);
            }
        };
        let code = if is_iam {
            codes::UNIQUE_SIDS_REQUIRED
        } else {
            codes::UNIQUE_SIDS_RECOMMENDED
        };
        let message = format!("`Sid` {} is used twice", quoted(text.value));
        self.sink.push(
            Diagnostic::warning(code, text.span, message).with_related(first, "first used here"),
        );
        Some(text)
    }

    /// `GRAM-15`, and the effect of `GRAM-60`.
    fn effect(&mut self, member: Slot<'a, 'n>, statement: Node<'a, 'n>) -> Option<Effect> {
        let Some(member) = member else {
            if !self.is_meant(&["Effect"]) {
                self.error(
                    codes::MISSING_EFFECT,
                    statement.span,
                    "the statement has no `Effect`",
                );
            }
            return None;
        };
        let text = self.string("Effect", member.value)?;
        let effect = [Effect::Allow, Effect::Deny]
            .into_iter()
            .find(|effect| effect.as_str() == text.value);
        if effect.is_none() {
            let message = format!("{} is not an effect", quoted(text.value));
            let help = did_you_mean(text.value, ["Allow", "Deny"]);
            self.sink.push(
                Diagnostic::error(codes::INVALID_EFFECT, text.span, message)
                    .with_help("the effects are `Allow` and `Deny`, in exactly this case")
                    .with_help_if(help),
            );
        }
        if effect == Some(Effect::Allow) && self.kind() == PolicyKind::Rcp {
            let message = "a resource control policy can only deny";
            self.error(codes::RCP_SYNTAX_ERROR_ALLOW, text.span, message);
        }
        effect
    }

    /// The entries of `Action` or `NotAction` (`GRAM-16`, `GRAM-18`).
    fn actions(
        &mut self,
        statement: Node<'a, 'n>,
        action: Slot<'a, 'n>,
        not_action: Slot<'a, 'n>,
    ) -> Option<Entries<'a>> {
        if let (PolicyKind::Rcp, Some(member)) = (self.kind(), not_action) {
            let message = "a resource control policy cannot have `NotAction`";
            self.error(codes::RCP_SYNTAX_ERROR_NOTACTION, member.key.span, message);
        }
        let Some((negated, member)) = self.one_of(action, not_action) else {
            if !self.is_meant(&["Action", "NotAction"]) {
                let message = "the statement has neither `Action` nor `NotAction`";
                self.error(codes::MISSING_ACTION, statement.span, message);
            }
            return None;
        };
        let entries = self.entries(negated, member);
        for &entry in entries.list {
            self.check_action(entry, negated);
        }
        Some(entries)
    }

    /// The entries of `Resource` or `NotResource` (`GRAM-16`, `GRAM-19`, `GRAM-54`).
    fn resources(
        &mut self,
        statement: Node<'a, 'n>,
        resource: Slot<'a, 'n>,
        not_resource: Slot<'a, 'n>,
        action: Option<Entries<'a>>,
        effect: Option<Effect>,
    ) -> Option<Entries<'a>> {
        let kind = self.kind();
        if kind == PolicyKind::Trust {
            for member in [resource, not_resource].into_iter().flatten() {
                let message = format!(
                    "a trust policy has no `{}`: its resource is the role",
                    member.key.value
                );
                self.error(
                    codes::ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE,
                    member.key.span,
                    message,
                );
            }
            return None;
        }
        let Some((negated, member)) = self.one_of(resource, not_resource) else {
            let may_be_absent = kind == PolicyKind::Resource
                && (self.options.allow_missing_resource
                    || action.is_some_and(is_of_services_without_resource));
            if !(may_be_absent || self.is_meant(&["Resource", "NotResource"])) {
                let message = "the statement has neither `Resource` nor `NotResource`";
                self.error(codes::MISSING_RESOURCE, statement.span, message);
            }
            return None;
        };
        let entries = self.entries(negated, member);
        for &entry in entries.list {
            self.check_resource(entry, effect);
        }
        Some(entries)
    }

    /// The entries of a list element; an empty list matches nothing.
    fn entries(&mut self, negated: bool, member: &'n Member<'a, 'n>) -> Entries<'a> {
        let name = member.key.value;
        let list = self.strings(name, member.value);
        if member.value.as_array().is_some_and(<[_]>::is_empty) {
            let code = match name {
                "Action" | "NotAction" => codes::EMPTY_ARRAY_ACTION,
                _ => codes::EMPTY_ARRAY_RESOURCE,
            };
            if negated {
                let message = format!("`{name}` is empty, so the statement matches everything");
                self.sink.push(
                    Diagnostic::warning(code, member.value.span, message)
                        .with_case(cases::EMPTY_NEGATED_LIST),
                );
            } else {
                let message = format!("`{name}` is empty, so the statement matches nothing");
                self.suggestion(code, member.value.span, message);
            }
        }
        Entries {
            negated,
            list,
            span: member.value.span,
        }
    }
}

/// Services whose resource policies leave `Resource` out (`GRAM-54`), by the prefix of their actions.
pub const SERVICES_WITHOUT_RESOURCE: [&str; 4] = ["ecr", "ecr-public", "elasticfilesystem", "sts"];

/// True if the resource goes without saying: all actions are of such services (`GRAM-54`).
fn is_of_services_without_resource(action: Entries<'_>) -> bool {
    let is_of_one = |entry: &Text<'_>| {
        let prefix = entry.value.split(':').next().unwrap_or_default();
        entry.value.contains(':')
            && SERVICES_WITHOUT_RESOURCE
                .iter()
                .any(|service| service.eq_ignore_ascii_case(prefix))
    };
    !action.negated && !action.list.is_empty() && action.list.iter().all(is_of_one)
}
