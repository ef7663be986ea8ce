//! Access control lists of buckets (`S3-1`, `S3-2`), as `get-bucket-acl` prints them, and the settings
//! that switch them on and off.

use portcullis_source::json::{Node, Value};

use crate::load::loader::{Loader, Record};
use crate::load::raw::RawAcl;
use crate::load::read::fields::{JsonPath, present};

const READ: &[&str] = &[
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListBucketMultipartUploads",
];
const WRITE: &[&str] = &["s3:PutObject", "s3:DeleteObject"];
const READ_ACP: &[&str] = &["s3:GetBucketAcl"];
const WRITE_ACP: &[&str] = &["s3:PutBucketAcl"];

/// What a permission on a bucket allows (`S3-2`).
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
    /// `{"Owner", "Grants"}` in a file that is called as its bucket.
    pub(crate) fn acl(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        bucket: &str,
    ) {
        let owner = present(node, "Owner")
            .and_then(|owner| self.optional_str(record, owner, at.member("Owner"), "ID"))
            .map(|id| self.strings.intern(id));
        let inside = at.member("Grants");
        let mut grants = Vec::new();
        for (index, grant) in self.list(record, node, at, "Grants").iter().enumerate() {
            let at = inside.index(index);
            let permission = self.required_str(record, grant, at, "Permission");
            let Some(grantee) = present(grant, "Grantee") else {
                continue;
            };
            let at = at.member("Grantee");
            let id = self.optional_str(record, grantee, at, "ID");
            let id = id.or_else(|| self.optional_str(record, grantee, at, "URI"));
            // Grants to an address of electronic mail are turned into ids by S3.
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

    /// `OwnershipControls`: lists decide only where the owner of the bucket does not own all objects.
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

/// `IgnorePublicAcls` of a configuration (`S3-4`).
pub(crate) fn ignores_public_acls(block: &Node<'_>) -> bool {
    let own = present(block, "IgnorePublicAcls").or_else(|| present(block, "ignorePublicAcls"));
    matches!(own.map(|own| own.value), Some(Value::Bool(true)))
}
