//! Managed policies, from account dumps (`IN-14`, `IN-15`) and from packs.
//!
//! Policies of AWS are in every dump that has them attached, so that one folder may hold a hundred
//! copies, perhaps in several versions. Copies that say the same are one. Versions that differ are
//! told by their number, which AWS only counts up: the newest is in force everywhere at once
//! (choice R8). A customer's own policy is in one account, so that two texts of it mean that one
//! dump is old; nobody can tell which, and that is an error.

use portcullis_model::{PolicyKind, split_arn};
use portcullis_source::json::{Node, Value};

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::raw::{RawManaged, SourceLoc};
use crate::load::read::fields::{JsonPath, arn_of, present};
use crate::store::ids::Symbol;

impl Loader {
    /// Reads an element of `Policies`: the default version is the policy (`IN-15`).
    ///
    /// ```json
    /// {"Arn": "arn:aws:iam::111122223333:policy/Own", "DefaultVersionId": "v2",
    ///  "PolicyVersionList": [{"VersionId": "v2", "IsDefaultVersion": true, "Document": {…}}, {"VersionId": "v1", …}]}
    /// ```
    pub(super) fn managed(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        loc: SourceLoc,
    ) {
        let Some(arn) = self.required_str(record, node, at, "Arn") else {
            return;
        };
        if let Some((_, account, _)) = arn_of(arn, "iam") {
            self.raw.dumped.insert(account);
            self.seen.insert(account);
        }
        let default = self.optional_str(record, node, at, "DefaultVersionId");
        let versions = self.list(record, node, at, "PolicyVersionList");
        // They are consumed without being read: a version that is not the default decides nothing,
        // and may be invalid.
        let documents = versions.iter().filter_map(|own| present(own, "Document"));
        self.consumed
            .extend(documents.map(|document| document.span.start));
        let chosen = versions.iter().position(|version| match default {
            Some(default) => version.get("VersionId").and_then(Node::as_str) == Some(default),
            None => matches!(
                version.get("IsDefaultVersion").map(|node| node.value),
                Some(Value::Bool(true))
            ),
        });
        // A policy without its text counts as not supplied. Whether that matters depends on whether
        // something refers to it.
        let Some((index, version)) = chosen.and_then(|index| Some((index, versions.get(index)?)))
        else {
            return;
        };
        let Some(document) = present(version, "Document") else {
            return;
        };
        let list = at.member("PolicyVersionList");
        let element = list.index(index);
        let at = element.member("Document");
        let policy = self.policy(record, document, at, arn, PolicyKind::Identity, true);
        let number = version.get("VersionId").and_then(Node::as_str);
        let number = number.and_then(|id| id.strip_prefix('v')?.parse().ok());
        if let Some(policy) = policy {
            let arn = self.strings.intern(arn);
            let managed = RawManaged {
                loc,
                version: number.unwrap_or(0),
                policy,
            };
            self.add_managed(arn, managed);
        }
    }

    /// Adds a managed policy that may be there already, from this dump or another.
    fn add_managed(&mut self, arn: Symbol, new: RawManaged) {
        let Some(old) = self.raw.managed.get(&arn).copied() else {
            self.raw.managed.insert(arn, new);
            return;
        };
        let kind = PolicyKind::Identity;
        if self.documents.are_equal(old.policy, new.policy, kind) {
            return;
        }
        let text = self.strings.get(arn).to_string();
        let (here, there) = (self.location(new.loc), self.location(old.loc));
        let is_of_aws = text.contains(":iam::aws:policy/");
        if !is_of_aws || old.version == new.version {
            let message = format!("`{text}` is not the same policy as at {there}");
            return self.error(here, codes::CONTRADICTION, message);
        }
        let newest = old.version.max(new.version);
        let message = format!("`{text}` has a different version at {there}; v{newest} is used");
        self.warn(here, codes::CONTRADICTION, message);
        if new.version > old.version {
            self.raw.managed.insert(arn, new);
        }
    }

    /// Reads a line `{"name", "arn", "document"}` of a pack. Whether it is a valid policy is asked
    /// only if something refers to it: a pack has over a thousand, and a load would spend most of
    /// its time with them.
    pub(crate) fn bundled(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: JsonPath<'_>) {
        let arn = self.required_str(record, node, at, "arn");
        let (Some(arn), Some(document)) = (arn, node.get("document")) else {
            return;
        };
        let is_managed = split_arn(arn).is_some_and(|[_, _, service, _, _, rest]| {
            service == "iam" && rest.starts_with("policy/")
        });
        if !is_managed {
            let message = format!(
                "`{arn}` is not the ARN of a managed policy; the policy of a resource is its `policy`"
            );
            let location = record.at(node, at.member("arn"));
            return self.error(location, codes::INVALID_MEMBER, message);
        }
        let Some(policy) = self.document(record, document, at.member("document"), arn) else {
            return;
        };
        let name = self.strings.intern(arn);
        let new = RawManaged {
            loc: record.loc,
            version: 0,
            policy,
        };
        match self.raw.bundled.get(&name).copied() {
            None => {
                self.raw.bundled.insert(name, new);
            }
            Some(old)
                if self
                    .documents
                    .are_equal(old.policy, policy, PolicyKind::Identity) => {}
            Some(old) => {
                let message = format!(
                    "`{arn}` is not the same policy as at {}",
                    self.location(old.loc)
                );
                self.error(record.at(node, at), codes::CONTRADICTION, message);
            }
        }
    }
}
