//! The length of documents (`AA-33`, `AA-144`, `AA-257`).

use super::Context;
use crate::finding::Findings;
use crate::rules;
use crate::target::{PolicyType, ResourceType};
use crate::view::Policy;

pub(super) fn document<'d>(cx: &Context<'d>, text: &'d str, own: &str, out: &mut Findings<'d>) {
    let is_blank = |c: &char| matches!(c, ' ' | '\t' | '\r' | '\n');
    // AA-33: one more than there are.
    let visible = || own.chars().filter(|c| !is_blank(c)).count() + 1;
    let all = || own.chars().count();
    let (rule, limit, length, what) = match (cx.target.policy, cx.target.resource) {
        (PolicyType::Identity, _) => {
            let length = visible();
            if length > 10_240 {
                let details = format!(
                    "The {length} characters in the identity policy, excluding whitespace, exceed the 10240 character maximum for inline and managed policies. We recommend that you use multiple granular policies."
                );
                let rule = &rules::POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA;
                out.add(rule, details, [Policy::whole(text)]);
            }
            return;
        }
        (PolicyType::ServiceControl, _) => (
            &rules::POLICY_SIZE_EXCEEDS_SCP_QUOTA,
            10_240,
            all(),
            "service control policy",
        ),
        (PolicyType::ResourceControl, _) => (
            &rules::POLICY_SIZE_EXCEEDS_RCP_QUOTA,
            5_120,
            all(),
            "resource control policy",
        ),
        (PolicyType::Resource, _) if cx.is_trust => (
            &rules::POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA,
            2_048,
            visible(),
            "role trust policy",
        ),
        (PolicyType::Resource, resource) => {
            // Without the resource, the largest quota of all (`QUO-17`).
            let limit = match resource {
                Some(ResourceType::Bucket | ResourceType::Table) => 20_480,
                _ => 32_768,
            };
            (
                &rules::POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA,
                limit,
                all(),
                "resource policy",
            )
        }
    };
    if length > limit {
        let details = format!("The {what} has {length} characters and may have {limit}.");
        out.add(rule, details, [Policy::whole(text)]);
    }
}
