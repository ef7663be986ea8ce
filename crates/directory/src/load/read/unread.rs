//! What no reader took, and what of it could hold a policy or a limit (`IN-4`, choice R25).
//!
//! This is the net under all readers. They take what they know; whatever else looks like a policy
//! document, an attached policy, or a boundary is an error, at any depth and under any name. False
//! alarms are wanted: a user who meets one excludes the file or asks for the form to be read, while
//! a policy that is passed over is never noticed.
//!
//! It goes over each value once, without recursion, so that its cost is linear and depth does not
//! matter.

use portcullis_source::json::{Member, Node, Value};
use portcullis_syntax::forms::recognize;

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::path::{JsonPath, Location};
use crate::load::problem::{LoadError, Skipped};

use crate::load::read::recognize::LEFT_OUT;

impl Loader {
    /// A value of no known form. It is skipped if nothing in it looks like a policy, or is called
    /// like one.
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
                // A log that lies in the folder may have any number of lines.
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

    /// Reports a member that may hold a policy in a form that is not read. The help is the form
    /// that is always read (`IN-48`).
    fn report_unknown_form(&mut self, location: Location, name: &str) {
        let message = format!(
            "unknown form, but its member `{name}` may contain a policy; \
             give resource policies as {{\"arn\", \"account\", \"policy\"}}"
        );
        self.error(location, codes::UNKNOWN_FORM, message);
    }

    /// Reports every node below this one that looks like a policy or a limit and was not consumed.
    /// `name` is that of the member which the value is in. True if there is any.
    ///
    /// Nodes inside a consumed node are not looked at: its reader answers for them.
    pub(super) fn report_unread_policies(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
    ) -> bool {
        let mut found = Vec::new();
        // A stack of its own: values may be nested as deeply as the parser lets them.
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
                // Elements have the name of their list, so that a list of boundaries is found as
                // one.
                Value::Array(elements) => open.extend(elements.iter().map(|own| (own, name))),
                _ => {}
            }
        }
        // The stack gives the last first, and messages come in the order of the file.
        found.reverse();
        let any = !found.is_empty();
        for (location, name) in found {
            self.report_unknown_form(location, &name);
        }
        any
    }
}

/// True for a policy document, as an object or as a text, for an attached policy, and for whatever
/// is called a boundary.
fn holds_policy(node: &Node<'_>, name: &str) -> bool {
    // `PermissionsBoundaryUsageCount` is a number, which limits nothing (`IN-14`).
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

/// True for a member of whose name a policy might be the value. Asked only of values that are not
/// recognized: in others readers know which members matter.
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
