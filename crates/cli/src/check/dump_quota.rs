//! How much an account has of everything, against what AWS allows without a raised quota (`QUO-2`, `QUO-5`, `QUO-6`, `QUO-20`,
//! `QUO-23`). Whether a quota was raised no dump says, so that all of it is advice.

use std::collections::BTreeMap;

use portcullis_directory::codes::EXCEEDS_ACCOUNT_QUOTA;
use portcullis_source::json::Node;
use portcullis_source::{Diagnostic, Span, quoted};
use portcullis_syntax::forms;

/// A kind of entity: its list, what it is called, and its quotas.
struct Kind {
    list: &'static str,
    name: &'static str,
    inline: &'static str,
    /// Characters of all inline policies, without blanks.
    characters: usize,
    /// Managed policies.
    attached: &'static str,
    /// Entities of an account.
    entities: &'static str,
    most: usize,
}

const KINDS: [Kind; 3] = [
    Kind {
        list: "UserDetailList",
        name: "user",
        inline: "UserPolicyList",
        characters: 2_048,
        attached: "10, or up to 20 on request",
        entities: "5,000 users",
        most: 5_000,
    },
    Kind {
        list: "GroupDetailList",
        name: "group",
        inline: "GroupPolicyList",
        characters: 5_120,
        attached: "10",
        entities: "300 groups, or up to 500 on request",
        most: 300,
    },
    Kind {
        list: "RoleDetailList",
        name: "role",
        inline: "RolePolicyList",
        characters: 10_240,
        attached: "10, or up to 20 on request",
        entities: "1,000 roles, or up to 5,000 on request",
        most: 1_000,
    },
];

/// What an account dump has more of than AWS allows.
pub(super) fn check(root: &Node<'_>, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut say = |node: &Node<'_>, message: String| {
        let span = Span {
            start: node.span.start,
            end: node.span.start.saturating_add(1),
        };
        found.push(Diagnostic::warning(EXCEEDS_ACCOUNT_QUOTA, span, message));
    };
    for kind in &KINDS {
        let all = list(root, kind.list);
        entities(all, kind.most, |node, account, count| {
            let Kind { name, entities, .. } = kind;
            say(
                node,
                format!("account {account} has {count} {name}s; an account may have {entities}"),
            );
        });
        for own in all {
            let who = format!("the {} {}", kind.name, quoted(arn(own)));
            let count = list(own, "AttachedManagedPolicies").len();
            if count > 10 {
                let most = kind.attached;
                say(
                    own,
                    format!("{who} has {count} managed policies; it may have {most}"),
                );
            }
            let count = list(own, "GroupList").len();
            if count > 10 {
                say(
                    own,
                    format!("{who} is in {count} groups; a user may be in 10"),
                );
            }
            let count = list(own, "Tags").len();
            if count > 50 {
                say(own, format!("{who} has {count} tags; it may have 50"));
            }
            let inline = list(own, kind.inline).iter();
            let documents = inline.filter_map(|policy| policy.get("PolicyDocument"));
            let count: usize = documents.map(|document| characters(document, text)).sum();
            if count > kind.characters {
                let most = kind.characters;
                say(
                    own,
                    format!(
                        "the inline policies of {who} have {count} characters together, not counting whitespace; they may have {most}"
                    ),
                );
            }
        }
    }
    let of_customers: Vec<Node<'_>> = list(root, "Policies")
        .iter()
        .filter(|own| !arn(own).contains(":iam::aws:"))
        .copied()
        .collect();
    entities(&of_customers, 1_500, |node, account, count| {
        say(
            node,
            format!(
                "account {account} has {count} managed policies of its own; an account may have 1,500, or up to 5,000 on request"
            ),
        );
    });
    for own in &of_customers {
        let count = list(own, "PolicyVersionList").len();
        if count > 5 {
            let who = quoted(arn(own));
            say(
                own,
                format!("the managed policy {who} has {count} versions; it may have 5"),
            );
        }
    }
    found
}

fn list<'n>(node: &Node<'n>, name: &str) -> &'n [Node<'n>] {
    node.get(name).and_then(Node::as_array).unwrap_or_default()
}

fn arn<'n>(node: &Node<'n>) -> &'n str {
    node.get("Arn").and_then(Node::as_str).unwrap_or_default()
}

/// Calls back with the first entity of each account that has more than so many, and how many it has.
fn entities(all: &[Node<'_>], most: usize, mut found: impl FnMut(&Node<'_>, &str, usize)) {
    let mut counts: BTreeMap<&str, (usize, &Node<'_>)> = BTreeMap::new();
    for own in all {
        let account = arn(own).split(':').nth(4).unwrap_or_default();
        counts.entry(account).or_insert((0, own)).0 += 1;
    }
    for (account, (count, first)) in counts {
        if count > most {
            found(first, account, count);
        }
    }
}

/// The characters of a document as its quota counts them (`QUO-24`).
fn characters(document: &Node<'_>, text: &str) -> usize {
    let text = forms::undress(document, text).unwrap_or_default();
    let is_blank = |c: &char| matches!(c, ' ' | '\t' | '\r' | '\n');
    text.chars().filter(|c| !is_blank(c)).count()
}
