//! How much there may be of a document, by its type (section 1.6 of the rules), where Access Analyzer has no code: it does not
//! know what a document is attached to.

use crate::checks::Context;
use crate::finding::{Findings, Location};
use crate::rules::{self, Rule};
use crate::view::Policy;
use portcullis_model::PolicyKind;
use portcullis_syntax::ast::Span;

/// A quota: its rule, how many characters there may be, whether blanks count (`QUO-24`), and of what.
type Limit = (&'static Rule, usize, bool, &'static str);

fn limit(kind: PolicyKind) -> Option<(Limit, Option<usize>)> {
    // The quota, and from where on Access Analyzer speaks.
    Some(match kind {
        PolicyKind::Identity | PolicyKind::Boundary => (
            (
                &rules::EXCEEDS_MANAGED_POLICY_QUOTA,
                6_144,
                false,
                "A managed policy",
            ),
            Some(10_240),
        ),
        PolicyKind::Session => (
            (
                &rules::EXCEEDS_SESSION_POLICY_QUOTA,
                2_048,
                true,
                "A session policy",
            ),
            None,
        ),
        PolicyKind::VpcEndpoint => (
            (
                &rules::EXCEEDS_ENDPOINT_POLICY_QUOTA,
                20_480,
                true,
                "An endpoint policy",
            ),
            None,
        ),
        PolicyKind::Resource => (
            (
                &rules::EXCEEDS_BUCKET_POLICY_QUOTA,
                20_480,
                true,
                "The policy of a bucket, a table or a secret",
            ),
            Some(32_768),
        ),
        PolicyKind::Trust | PolicyKind::Scp | PolicyKind::Rcp => return None,
    })
}

pub(super) fn document<'d>(
    cx: &Context<'d>,
    policy: &Policy<'d>,
    own: Option<&str>,
    out: &mut Findings<'d>,
) {
    if let Some(own) = own {
        size(cx, policy.span, own, out);
    }
    if cx.kind == PolicyKind::Resource {
        queue(policy, out);
    }
}

fn size<'d>(cx: &Context<'d>, span: Span, own: &str, out: &mut Findings<'d>) {
    let Some(((rule, most, has_blanks, what), next)) = limit(cx.kind) else {
        return;
    };
    if own.len() <= most {
        return;
    }
    let is_blank = |c: &char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let all = own.chars();
    let length = match has_blanks {
        true => all.count(),
        false => all.filter(|c| !is_blank(c)).count(),
    };
    let is_said = next.is_some_and(|next| length >= next);
    if length > most && !is_said {
        let blanks = if has_blanks {
            ""
        } else {
            ", not counting whitespace"
        };
        let details =
            format!("{what} may have {most} characters{blanks}; this document has {length}.");
        // The document is marked where it begins: all of it would hide what is in it.
        let span = Span {
            start: span.start,
            end: span.start.saturating_add(1),
        };
        out.add(
            rule,
            details,
            [Location {
                path: Vec::new(),
                span,
            }],
        );
    }
}

/// What the policy of a queue may have (`QUO-15`).
fn queue<'d>(policy: &Policy<'d>, out: &mut Findings<'d>) {
    let is_of_sqs = |text: &str| {
        text.get(..4)
            .is_some_and(|own| own.eq_ignore_ascii_case("sqs:"))
    };
    let mut all = policy.statements.iter().flat_map(|one| one.actions());
    let is_queue = !policy.statements.is_empty()
        && all.all(|element| {
            element
                .entries
                .iter()
                .all(|entry| is_of_sqs(entry.text.value))
        });
    if !is_queue {
        return;
    }
    let mut say = |count: usize, most: usize, what: &str, place: Location<'d>| {
        if count > most {
            let details = format!("A queue policy may have {most} {what}; this one has {count}.");
            out.add(&rules::EXCEEDS_QUEUE_POLICY_QUOTA, details, [place]);
        }
    };
    if let Some(member) = policy.member("Statement") {
        say(
            policy.statements.len(),
            20,
            "statements",
            crate::view::top(member),
        );
    }
    for statement in &policy.statements {
        if let Some(element) = &statement.action {
            say(
                element.entries.len(),
                7,
                "actions in a statement",
                statement.value(element.member),
            );
        }
        if let Some(member) = statement.member("Principal") {
            say(
                statement.principals.len(),
                50,
                "principals",
                statement.value(member),
            );
        }
        if let Some(member) = statement.member("Condition") {
            say(
                statement.conditions.len(),
                10,
                "conditions",
                statement.value(member),
            );
        }
    }
}
