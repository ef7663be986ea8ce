//! What no reader took, and what of it could hold a policy (`IN-4`).

use portcullis_source::json::{Member, Node, Value};
use portcullis_syntax::forms::recognize;

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::path::{JsonPath, Location};
use crate::load::problem::{LoadError, Skipped};

use crate::load::read::recognize::LEFT_OUT;

impl Loader {
    /// A value of no known form. It is left out if nothing in it looks like a policy.
    pub(super) fn unrecognized(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> &'static str {
        if let Some(foreign) = recognize(node) {
            let location = record.at(node, at);
            let message = format!(
                "this is {}, which may contain policies: {}",
                foreign.what, foreign.help
            );
            self.error(location, codes::UNKNOWN_FORM, message);
            return LEFT_OUT;
        }
        if self.report_unread_policies(record, node, at, "") {
            return LEFT_OUT;
        }
        let members = node.as_object().unwrap_or_default();
        let inside = members.iter().flat_map(|member| member.value.as_object());
        let mut all = members.iter().chain(inside.flatten());
        match all.find(|member| is_called_like_policy(member)) {
            Some(member) => self.report_unknown_form(record.at(node, at), member.key.value),
            None => {
                // A file of another kind may have any number of lines.
                if self.report.skipped.len() < LoadError::LIMIT {
                    self.report.skipped.push(Skipped {
                        place: record.at(node, at).to_string(),
                        reason: "it describes no accounts, resources or organizations",
                        is_json: true,
                    });
                }
            }
        }
        LEFT_OUT
    }

    fn report_unknown_form(&mut self, location: Location, name: &str) {
        let message = format!(
            "unknown form, but its member `{name}` may contain a policy; \
             give resource policies as {{\"arn\", \"account\", \"policy\"}}"
        );
        self.error(location, codes::UNKNOWN_FORM, message);
    }

    /// Nothing that holds a policy or a limit is passed over in silence (`IN-4`): what was not read is a form that is
    /// not known, at any depth. `name` is that of the member which the value is in. True if there is any.
    pub(super) fn report_unread_policies(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
    ) -> bool {
        let mut found = Vec::new();
        let mut open: Vec<(&Node<'_>, &str)> = vec![(node, name)];
        while let Some((node, name)) = open.pop() {
            if self.consumed.contains(&node.span.start) {
                continue;
            }
            if holds_policy(node, name) {
                found.push((record.at(node, at), name.to_string()));
                continue;
            }
            match node.value {
                Value::Object(members) => {
                    open.extend(members.iter().map(|own| (&own.value, own.key.value)));
                }
                Value::Array(elements) => open.extend(elements.iter().map(|own| (own, name))),
                _ => {}
            }
        }
        found.reverse();
        let any = !found.is_empty();
        for (location, name) in found {
            self.report_unknown_form(location, &name);
        }
        any
    }
}

/// True for a policy document, as an object or as a text, for an attached policy, and for the limit of a user or role,
/// whatever it is called.
fn holds_policy(node: &Node<'_>, name: &str) -> bool {
    // How often a policy is used as a limit is a number.
    let is_something = matches!(node.value, Value::Object(_) | Value::String(_));
    if is_something && name.to_ascii_lowercase().contains("boundary") {
        return true;
    }
    match node.value {
        Value::Object(_) => {
            let statements = node.get("Statement").map(|own| own.value);
            matches!(statements, Some(Value::Object(_) | Value::Array(_)))
                || node.get("PolicyArn").is_some()
        }
        Value::String(text) => text.contains("Statement") && text.contains("Effect"),
        _ => false,
    }
}

/// True for a member of whose name a policy might be the value.
fn is_called_like_policy(member: &Member<'_>) -> bool {
    const ENDINGS: [&str; 5] = [
        "policy",
        "policies",
        "policydocument",
        "policytext",
        "policyinjson",
    ];
    let name = member.key.value.to_ascii_lowercase();
    name == "statement" || ENDINGS.iter().any(|ending| name.ends_with(ending))
}
