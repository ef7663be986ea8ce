//! Managed policies, found by the ARN that an attachment names (`IN-15`).
//!
//! The dump of an account holds the managed policies that are attached in it, unless it was made with
//! `--filter`; those of AWS may come from a pack instead. The dump wins: it says what was attached,
//! while a pack is of some other day.
//!
//! A pack holds over a thousand policies of which a folder uses a few, so that a policy of a pack is
//! checked here, when something refers to it, and not where it is read.

use portcullis_model::PolicyKind;
use portcullis_source::Severity;

use crate::codes;

use crate::load::loader::Loader;
use crate::load::path::Location;
use crate::load::raw::SourceLoc;
use crate::store::ids::{PolicyId, Symbol};

/// Finds the managed policy with an ARN, and checks one of a pack when it is first referred to.
///
/// None if no file contains it, which is reported as missing, or if it is invalid, which is an
/// error. `from` gives the location of the reference; it is a function because most references are
/// found and need none.
pub(super) fn managed_policy(
    loader: &mut Loader,
    arn: Symbol,
    from: &dyn Fn(&Loader) -> Location,
) -> Option<PolicyId> {
    // Policies of dumps were checked when they were read.
    if let Some(found) = loader.raw.managed.get(&arn) {
        return Some(found.policy);
    }
    let Some(bundled) = loader.raw.bundled.get(&arn).copied() else {
        let arn = loader.strings.get(arn);
        // The usual reason is a dump that was made with `--filter`, so that the message says what
        // to do.
        let help = match arn.contains(":iam::aws:policy/") {
            true => {
                "; dumps made without `--filter` have the AWS managed policies that are attached; others come from a pack \
                 (`--managed-policies FILE`) or a line {\"name\", \"arn\", \"document\"} of what \
                 `aws iam get-policy-version` prints"
            }
            false => "",
        };
        let message = format!("refers to the managed policy `{arn}`, which no file contains{help}");
        let location = from(loader);
        loader.missing(location, message);
        return None;
    };
    let policy = bundled.policy;
    let (kind, scratch) = (PolicyKind::Identity, &loader.scratch);
    let invalid = loader.documents.check(policy, None, kind, true, scratch);
    loader.scratch.reset();
    if let Some(invalid) = invalid {
        let arn = loader.strings.get(arn);
        let message = format!("`{arn}`: {}", invalid.message(PolicyKind::Identity));
        let location = loader.location(bundled.loc);
        let problem = location.diagnostic(Severity::Error, codes::INVALID_POLICY, message);
        let problem = problem.with_note(invalid.position());
        loader
            .errors
            .push(problem.with_help_if(invalid.help).in_policy());
        return None;
    }
    Some(policy)
}

/// Adds the managed policies that are attached to a user, role or group. One that is missing is
/// left out here and makes the directory incomplete: nothing stands for it, since nobody knows
/// whether it allows or denies.
pub(super) fn add_attached(
    loader: &mut Loader,
    arns: &[Symbol],
    loc: SourceLoc,
    policies: &mut Vec<PolicyId>,
) {
    for (index, arn) in arns.iter().enumerate() {
        let from = |loader: &Loader| {
            let path = format!("AttachedManagedPolicies/{index}/PolicyArn");
            loader.location(loc).inside(&path)
        };
        policies.extend(managed_policy(loader, *arn, &from));
    }
}
