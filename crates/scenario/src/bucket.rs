//! The bucket behind an access point (`S3-6`): its policy is given, its name is in it.

use bumpalo::Bump;
use portcullis_model::split_arn;
use portcullis_syntax::ast::{Document, Text};

/// The ARN of the bucket that a policy is about, which S3 demands to be one. Entries that name none by all its
/// letters, such as `*` or `arn:aws:s3:::team-*`, are about it too, so that any name that fits them will do.
///
/// # Errors
/// The first entry that is about another bucket than those before it.
pub(crate) fn bucket_arn<'a>(
    document: &Document<'a>,
    arena: &'a Bump,
) -> Result<&'a str, (Text<'a>, &'a str)> {
    let mut named: Option<&'a str> = None;
    let mut pattern: Option<&'a str> = None;
    let statements = document.statements.iter();
    let entries = statements.flat_map(|statement| statement.resource.iter());
    for entry in entries.flat_map(|entries| entries.list) {
        let Some(bucket) = bucket_part(entry.value) else {
            continue;
        };
        if bucket.contains(['*', '?', '$']) {
            pattern.get_or_insert(bucket);
            continue;
        }
        match named {
            None => named = Some(bucket),
            Some(other) if other == bucket => {}
            Some(other) => return Err((*entry, other)),
        }
    }
    if let Some(bucket) = named {
        return Ok(bucket);
    }
    let fitting = pattern.unwrap_or("arn:aws:s3:::bucket");
    let fitting: String = fitting
        .replace("arn:*:", "arn:aws:")
        .chars()
        .filter(|c| *c != '*')
        .map(|c| if c == '?' { 'x' } else { c })
        .collect();
    Ok(arena.alloc_str(&fitting))
}

/// The part of an entry that names a bucket: in the ARN of an object what stands before the key.
fn bucket_part(entry: &str) -> Option<&str> {
    let [scheme, _, service, _, _, rest] = split_arn(entry)?;
    let name = match (scheme, service) {
        ("arn", "s3") => rest.split('/').next()?.len(),
        ("arn", "s3express" | "s3-outposts") => {
            let start = rest.find("bucket/")? + "bucket/".len();
            start + rest.get(start..)?.split('/').next()?.len()
        }
        _ => return None,
    };
    entry.get(..entry.len() - rest.len() + name)
}
