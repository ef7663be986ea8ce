//! How much an account or an organization has of everything, against what AWS allows without a raised quota (`QUO-2`, `QUO-5`,
//! `QUO-6`, `QUO-9` to `QUO-12`, `QUO-20`, `QUO-23`). Whether a quota was raised no dump says, so that all of it is advice.

use std::collections::{BTreeMap, BTreeSet};

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
pub(super) fn account(root: &Node<'_>, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut say = |node: &Node<'_>, message: String| found.push(exceeds(node, message));
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

/// What an organization has more of than AWS allows: of its tree, its permission sets, and its own policy, or lines of these.
pub(super) fn organization(root: &Node<'_>, text: &str) -> Vec<Diagnostic> {
    let values = root.as_array().unwrap_or(core::slice::from_ref(root));
    let mut found = Vec::new();
    for value in values {
        let mut say = |node: &Node<'_>, message: String| found.push(exceeds(node, message));
        if let (Some(_), Some(top)) = (value.get("organization"), value.get("root")) {
            tree(value, top, &mut say);
        }
        permission_set(value, text, &mut say);
        let delegation = value.get("ResourcePolicy");
        if let Some(content) = delegation.and_then(|own| own.get("Content")) {
            let own = forms::undress(content, text).unwrap_or_default();
            let count = own.chars().count();
            if count > 40_000 {
                let what = "the resource policy of an organization may have 40,000 characters";
                say(content, format!("{what}; this one has {count}"));
            }
        }
    }
    found
}

/// What is attached in the tree, and how large it is (`QUO-9` to `QUO-11`).
fn tree(organization: &Node<'_>, top: &Node<'_>, say: &mut impl FnMut(&Node<'_>, String)) {
    const DEFAULT: &str = "p-RCPFullAWSAccess";
    // SCPs are switched on if something has one.
    let mut has_scps = false;
    let mut without: Vec<(Node<'_>, String)> = Vec::new();
    let mut units = 0;
    let mut open = vec![(*top, 0)];
    while let Some((node, depth)) = open.pop() {
        let id = ["id", "ou", "account"];
        let id = id.into_iter().find_map(|name| node.get(name)?.as_str());
        let who = quoted(id.unwrap_or_default());
        let attached = |kind| {
            let all = node.get("policies")?.get(kind)?.as_array()?;
            Some(all.iter().filter_map(Node::as_str).collect::<BTreeSet<_>>())
        };
        if let Some(scps) = attached("scp") {
            has_scps |= !scps.is_empty();
            if scps.is_empty() {
                without.push((node, who.clone()));
            }
            let count = scps.len();
            if count > 10 {
                let what = "service control policies are attached";
                say(&node, format!("{count} {what} to {who}; there may be 10"));
            }
        }
        if let Some(mut rcps) = attached("rcp") {
            rcps.insert(DEFAULT);
            let count = rcps.len();
            if count > 5 {
                let what = "resource control policies, with RCPFullAWSAccess, are attached";
                say(&node, format!("{count} {what} to {who}; there may be 5"));
            }
        }
        if node.get("ou").is_some() {
            units += 1;
            if depth == 6 {
                let what = "is 6 levels below the root; there may be 5";
                say(&node, format!("the unit {who} {what}"));
            }
        }
        let children = list(&node, "children").iter().rev();
        open.extend(children.map(|child| (*child, depth + 1)));
    }
    for (node, who) in without.iter().filter(|_| has_scps) {
        let what = "no service control policy is attached, which denies everything; AWS keeps one";
        say(node, format!("to {who} {what}"));
    }
    if units > 2_000 {
        let what = "units; an organization may have 2,000";
        say(top, format!("the organization has {units} {what}"));
    }
    let policies = organization.get("policies").and_then(Node::as_object);
    for (kinds, name, most) in [
        (["SERVICE_CONTROL_POLICY", "scp"], "service", 10_000),
        (["RESOURCE_CONTROL_POLICY", "rcp"], "resource", 2_000),
    ] {
        let all = policies.unwrap_or_default().iter();
        let kind = all.filter_map(|own| own.value.get("type").and_then(Node::as_str));
        let count = kind.filter(|own| kinds.contains(own)).count();
        if count > most {
            let what = format!("{name} control policies; an organization may have {most}");
            say(top, format!("the organization has {count} {what}"));
        }
    }
}

/// What a permission set has (`QUO-12`).
fn permission_set(value: &Node<'_>, text: &str, say: &mut impl FnMut(&Node<'_>, String)) {
    if let Some(inline) = value
        .get("InlinePolicy")
        .filter(|own| own.as_str().is_some())
    {
        let bytes = forms::undress(inline, text).unwrap_or_default().len();
        let count = characters(inline, text);
        if bytes > 32_768 {
            let what = "the inline policy of a permission set may have 32,768 bytes";
            say(inline, format!("{what}; this one has {bytes}"));
        } else if count > 10_240 {
            let what = "the inline policy of a permission set may have 10,240 characters";
            say(
                inline,
                format!("{what}, not counting whitespace; this one has {count}"),
            );
        }
    }
    // Of roles and the like the members are called otherwise.
    let managed = list(value, "AttachedManagedPolicies").iter();
    let managed = managed.filter(|own| own.get("Arn").is_some()).count();
    let count = managed + list(value, "CustomerManagedPolicyReferences").len();
    if count > 10 {
        let what = "managed policies; it may have 25, and a role that is made of it 10, or up to 20 on request";
        say(value, format!("the permission set has {count} {what}"));
    }
}

fn exceeds(node: &Node<'_>, message: String) -> Diagnostic {
    let span = Span {
        start: node.span.start,
        end: node.span.start.saturating_add(1),
    };
    Diagnostic::warning(EXCEEDS_ACCOUNT_QUOTA, span, message)
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
