//! Whom a question is about.

use bumpalo::Bump;
use portcullis_directory::Directory;
use portcullis_findings::Asker;
use portcullis_source::suggest::nearest_few;

use crate::failure::Failure;

/// The user or role of an option.
pub(super) fn known<'a>(
    directory: &Directory,
    arn: &str,
    arena: &'a Bump,
) -> Result<Asker<'a>, Failure> {
    Asker::known(directory, arn, arena).ok_or_else(|| {
        let refusal = format!("the directory has no user or role `{arn}`");
        unknown(directory, arn, &refusal)
    })
}

/// That somebody is unknown, and whose names are near.
pub(super) fn unknown(directory: &Directory, arn: &str, refusal: &str) -> Failure {
    const PROPOSED: usize = 3;
    let name_of = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_string();
    let numbers = 0..directory.principal_count();
    let arns: Vec<String> = numbers
        .filter_map(|own| directory.principal_arn(own))
        .collect();
    let names: Vec<String> = arns.iter().map(|arn| name_of(arn)).collect();
    let near = nearest_few(&name_of(arn), PROPOSED, names.iter().map(String::as_str));
    let proposed = near.iter().flat_map(|near| {
        let all = arns.iter().zip(&names);
        all.filter(move |(_, name)| name == near)
            .map(|(arn, _)| format!("`{arn}`"))
    });
    let proposed: Vec<String> = proposed.take(PROPOSED).collect();
    match proposed.is_empty() {
        true => Failure::new(refusal),
        false => Failure::new(format_args!(
            "{refusal}\nhelp: the nearest are {}",
            proposed.join(", ")
        )),
    }
}
