//! What is proposed for a resource, as its file says it.

use std::path::Path;

use bumpalo::Bump;
use portcullis_directory::Directory;
use portcullis_dsl::print_json;
use portcullis_model::PolicyKind;
use portcullis_scenario::is_language;

use crate::failure::Failure;
use crate::output::read_text;
use crate::policies::read_policies;

/// The content of a file with what is proposed, in a form that directories read. One in the policy language holds a policy.
pub(super) fn content(path: &Path, resource: &str, arena: &Bump) -> Result<Vec<u8>, Failure> {
    if !is_language(path) {
        return read_text(path);
    }
    let kind = match resource.contains(":role/") {
        true => PolicyKind::Trust,
        false => PolicyKind::Resource,
    };
    let policies = read_policies([path], kind, arena)?;
    let [policy] = policies.as_slice() else {
        return Err(Failure::new("the file has to hold one policy"));
    };
    Ok(print_json(&policy.document).into_bytes())
}

/// What the directory calls a resource for which something is proposed; none if it does not know it.
///
/// # Errors
/// The resource is a part of another, which has the policy.
pub(super) fn known(directory: &Directory, resource: &str) -> Result<Option<String>, Failure> {
    match directory.known_target(resource) {
        Some(whole) if whole != resource => Err(Failure::new(format_args!(
            "`{resource}` is part of `{whole}`: preview what is proposed for that"
        ))),
        known => Ok(known),
    }
}
