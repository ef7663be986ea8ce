//! Access control lists of buckets (`S3-1`, `S3-2`), as `get-bucket-acl` prints them, and the
//! settings that switch them on and off.
//!
//! None of these answers names its bucket, so that the file has to be called like it. Permissions
//! are translated to actions here, once. Permissions of objects are not read: lists of single
//! objects are in no dump.

use portcullis_source::json::{Node, Value};

use crate::load::loader::{Loader, Record};
use crate::load::raw::RawAcl;
use crate::load::read::fields::{JsonPath, present};

/// What `READ` on a bucket allows (`S3-2`).
const READ: &[&str] = &[
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListBucketMultipartUploads",
];
/// What `WRITE` on a bucket allows.
const WRITE: &[&str] = &["s3:PutObject", "s3:DeleteObject"];
/// What `READ_ACP` on a bucket allows.
const READ_ACP: &[&str] = &["s3:GetBucketAcl"];
/// What `WRITE_ACP` on a bucket allows.
const WRITE_ACP: &[&str] = &["s3:PutBucketAcl"];

/// The actions that a permission on a bucket stands for (`S3-2`); none for a permission that S3
/// does not have, which closes access.
fn actions_of(permission: &str) -> &'static [&'static [&'static str]] {
    match permission {
        "READ" => &[READ],
        "WRITE" => &[WRITE],
        "READ_ACP" => &[READ_ACP],
        "WRITE_ACP" => &[WRITE_ACP],
        "FULL_CONTROL" => &[READ, WRITE, READ_ACP, WRITE_ACP],
        _ => &[],
    }
}

impl Loader {
    /// Reads `{"Owner", "Grants"}` of the bucket with this name.
    ///
    /// ```json
    /// {"Owner": {"ID": "79a5…"},
    ///  "Grants": [{"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
    ///              "Permission": "READ"}]}
    /// ```
    pub(crate) fn acl(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        bucket: &str,
    ) {
        let owner = self
            .object(record, node, at, "Owner")
            .and_then(|owner| self.optional_str(record, owner, at.member("Owner"), "ID"))
            .map(|id| self.strings.intern(id));
        let inside = at.member("Grants");
        let mut grants = Vec::new();
        for (index, grant) in self.list(record, node, at, "Grants").iter().enumerate() {
            let at = inside.index(index);
            let permission = self.required_str(record, grant, at, "Permission");
            let Some(grantee) = self.object(record, grant, at, "Grantee") else {
                continue;
            };
            let at = at.member("Grantee");
            let id = self.optional_str(record, grantee, at, "ID");
            let id = id.or_else(|| self.optional_str(record, grantee, at, "URI"));
            // A grantee is a canonical id or a group. S3 replaces the address of a grant by mail
            // with an id when it is made.
            if let (Some(permission), Some(id)) = (permission, id) {
                let actions = actions_of(permission).iter().copied().flatten();
                let actions = actions.map(|action| self.strings.intern(action)).collect();
                grants.push((self.strings.intern(id), actions));
            }
        }
        let bucket = self.strings.intern(&format!("arn:aws:s3:::{bucket}"));
        self.raw.acls.push(RawAcl {
            loc: record.loc,
            bucket,
            owner,
            grants,
        });
    }

    /// A member that is an object if it is there.
    fn object<'n, 'a>(
        &mut self,
        record: &Record<'_, '_>,
        node: &'n Node<'a>,
        at: JsonPath<'_>,
        name: &str,
    ) -> Option<&'n Node<'a>> {
        let member = present(node, name)?;
        if member.as_object().is_none() {
            self.mismatch(record, member, at.member(name), "an object");
            return None;
        }
        Some(member)
    }

    /// Reads `OwnershipControls`: lists are in force only where the owner of the bucket does not
    /// own all objects (`S3-1`).
    ///
    /// ```json
    /// {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}
    /// ```
    pub(crate) fn ownership(&mut self, node: &Node<'_>, bucket: &str) {
        let rules = present(node, "OwnershipControls").and_then(|own| own.get("Rules"));
        let mut rules = rules.and_then(Node::as_array).unwrap_or_default().iter();
        let is_on = rules.any(|rule| {
            let ownership = rule.get("ObjectOwnership").and_then(Node::as_str);
            matches!(ownership, Some("ObjectWriter" | "BucketOwnerPreferred"))
        });
        if is_on {
            let bucket = self.strings.intern(&format!("arn:aws:s3:::{bucket}"));
            self.raw.buckets_with_acls.insert(bucket);
        }
    }
}

/// `IgnorePublicAcls` of a configuration (`S3-4`), in the spelling of AWS or of our own lines.
pub(crate) fn ignores_public_acls(block: &Node<'_>) -> bool {
    let own = present(block, "IgnorePublicAcls").or_else(|| present(block, "ignorePublicAcls"));
    matches!(own.map(|own| own.value), Some(Value::Bool(true)))
}
