//! Which form a value has, by the members that only this form has.
//!
//! The order is part of the meaning. Some members are in several forms: `Policies` is in account
//! dumps, in lists of control policies and in answers of SES, `arn` in our own lines and in many of
//! AWS. So forms with the most telling members come first, and what is known by `Policies` alone
//! comes last. A test holds each form to a dump in which its policy denies
//! (`crates/directory/tests`).
//!
//! A type for each form, chosen by what parses, was rejected: of two that parse the first would win
//! without a word.

use portcullis_source::Severity;
use portcullis_source::json::Node;

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::path::JsonPath;
use crate::load::read::fields::has_next_page;

const ACCOUNT_DUMP: &str = "account dump";
/// What a value counts as that describes nothing; it is in the report by itself, or an error.
pub(super) const LEFT_OUT: &str = "left out";

impl Loader {
    /// Reads one value, then reports what in it might hold a policy and was not taken (`IN-4`).
    /// Returns its form.
    pub(super) fn value(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> &'static str {
        self.consumed.clear();
        let kind = self.recognize_value(record, node, at);
        if kind != LEFT_OUT {
            self.report_unread_policies(record, node, at, "");
        }
        // Pages come in the order of their files: the last one that was read says whether there are
        // more (`IN-5`).
        let answer = (kind, record.loc.file);
        if kind != ACCOUNT_DUMP && kind != LEFT_OUT && has_next_page(node) {
            self.raw.unfinished.insert(answer, record.loc);
        } else {
            self.raw.unfinished.remove(&answer);
        }
        kind
    }

    /// Hands a value to the reader of its form.
    fn recognize_value(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> &'static str {
        let has = |name| node.get(name).is_some();
        if node.as_object().is_none() {
            return self.unrecognized(record, node, at);
        }
        if has("UserDetailList") || has("GroupDetailList") || has("RoleDetailList") {
            self.account_dump(record, node, at);
            return ACCOUNT_DUMP;
        }
        if has("root") && (has("organization") || has("policies")) {
            self.tree_file(record, node, at);
            return "organization tree";
        }
        if has("arn") && has("document") {
            self.bundled(record, node, at);
            return "managed policy";
        }
        if let (Some(pack), Some(date)) = (node.get("pack"), node.get("date")) {
            let told = pack.as_str().zip(date.as_str());
            let (pack, date) = told.unwrap_or(("a pack", "an unknown day"));
            self.note(&self.location(record.loc), format!("{pack}, as of {date}"));
            return "pack of managed policies";
        }
        if let Some(command) = node.get("notCollected").and_then(Node::as_str) {
            // `portcullis collect` writes such a line for each command that failed. What it could
            // not get may hold a policy that denies.
            let reason = node.get("reason").and_then(Node::as_str);
            let reason = reason.unwrap_or("it failed");
            let message = format!("`{command}` was not collected: {reason}");
            let location = record.at(node, at);
            let problem = location.diagnostic(Severity::Error, codes::INCOMPLETE, message);
            self.report.missing.push(problem);
            return "command that was not collected";
        }
        if has("arn") || (has("account") && has("publicAccessBlock")) {
            self.wrapper(record, node, at);
            return "resource";
        }
        if let Some(kind) = self.identity_center_dump(record, node, at) {
            return kind;
        }
        if let Some(kind) = self.iam_list(record, node, at) {
            return kind;
        }
        if let Some(kind) = self.organization_dump(record, node, at) {
            return kind;
        }
        if let Some(kind) = self.service_dump(record, node, at) {
            return kind;
        }
        if has("Policies") {
            // A page of an account dump that holds managed policies only.
            self.account_dump(record, node, at);
            return ACCOUNT_DUMP;
        }
        self.unrecognized(record, node, at)
    }
}
