//! The tree of an organization, and the chains of policies from its root to each account.
//!
//! Files give parents, children and attachments, in any mixture and order; here they become one
//! chain for each account (`SCP-2`, `RCP-2`). Chains are interned, so that accounts of one unit
//! share theirs. A level that has no policy is a level all the same: it allows nothing (`SCP-6`).
//! Whatever leaves a chain unknown is an error, since a level that is guessed away is a Deny that
//! is lost.
//!
//! A chain is one policy set with a layer for each level, and not a walk from account to parent: a
//! decision asks all levels at once, and the tree is not needed afterwards but for charts. Trees
//! have at most [`Layer::MAX_LEVELS`] levels, so that a chain takes bounded time; one walk for each
//! account makes it linear in accounts times depth.

use std::collections::{BTreeMap, HashMap, HashSet};

use portcullis_model::Layer;

use crate::arn::account_number;
use crate::codes;
use crate::load::loader::Loader;
use crate::load::path::Location;
use crate::load::raw::{ControlPolicyType, RCP_FULL_ACCESS, RawNode, SCP_FULL_ACCESS, SourceLoc};
use crate::store::ids::{PolicyId, SetsId, Symbol};

/// The content of [`SCP_FULL_ACCESS`], which AWS publishes and `describe-policy` prints
/// (`GRAM-57`). It is built in because `list-policies-for-target` names the policy and few
/// collectors fetch its content.
const FULL_ACCESS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// An account of the organization, with what limits it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    /// `o-…/r-…/ou-…/` (`IN-30`); none if the tree does not have the account.
    pub(crate) path: Option<Symbol>,
    /// The chain of its service control policies.
    pub(crate) scps: SetsId,
    /// The chain of its resource control policies.
    pub(crate) rcps: SetsId,
    /// Neither chain holds for it (`SCP-3`, `RCP-3`).
    pub(crate) is_management: bool,
}

/// What the tables need of the organization; empty if no file tells of one.
#[derive(Debug, Default)]
pub(crate) struct Organization {
    /// `o-…`, the value of `aws:PrincipalOrgID`.
    pub(crate) id: Option<Symbol>,
    /// By number, so that the same tree gives the same sets.
    pub(crate) members: BTreeMap<u64, Member>,
}

/// The policies attached to one node. One list for each type, since the types are different layers.
#[derive(Debug, Default)]
struct Attached {
    /// Several of one level are united (`SCP-2`).
    scps: Vec<PolicyId>,
    /// Without the one that AWS attaches everywhere (`GRAM-61`).
    rcps: Vec<PolicyId>,
}

/// Makes chains and paths of all accounts in the tree. Without an organization there are none: the
/// accounts are then decided for as accounts outside of any.
pub(crate) fn link_organization(loader: &mut Loader) -> Organization {
    let mut organization = Organization::default();
    let (id, management) = match organization_id(loader) {
        Some(found) => found,
        None => return organization,
    };
    organization.id = Some(id);
    let nodes = unique_nodes(loader);
    let scps_apply = scps_apply(loader);
    let rcps_apply = loader.raw.organization.rcp_enabled != Some(false);
    report_unattached(loader, &nodes, |control| match control {
        ControlPolicyType::Scp => scps_apply,
        ControlPolicyType::Rcp => rcps_apply,
    });
    let mut attached = attachments(loader, &nodes);
    // In the order of their numbers, so that the same tree gives the same sets. Units without
    // accounts decide nothing, but their way to the root is checked too: a broken tree is broken
    // whether or not somebody lives there.
    let mut all: Vec<(Option<u64>, Symbol)> = nodes
        .keys()
        .map(|id| (account_number(loader.strings.get(*id)), *id))
        .collect();
    all.sort_unstable();
    for (account, node) in all {
        let (Some(chain), Some(account)) = (chain(loader, node, &nodes), account) else {
            continue;
        };
        let is_management = Some(account) == management;
        let mut path = format!("{}/", loader.strings.get(id));
        // The account itself is not part of the path.
        for node in chain.iter().take(chain.len().saturating_sub(1)) {
            path += loader.strings.get(*node);
            path.push('/');
        }
        // SCP-3, RCP-3: nothing holds for the management account.
        let levels = |applies: bool,
                      of: fn(&Attached) -> &Vec<PolicyId>,
                      layer: fn(u8) -> Layer| {
            let chain = chain.iter().filter(|_| applies && !is_management);
            let sets = chain.map(|node| attached.get(node).map(of).cloned().unwrap_or_default());
            (0..).map(layer).zip(sets).collect::<Vec<_>>()
        };
        let scps = levels(scps_apply, |attached| &attached.scps, Layer::Scp);
        let rcps = levels(rcps_apply, |attached| &attached.rcps, Layer::Rcp);
        let mut part = |sets: Vec<(Layer, Vec<PolicyId>)>| match sets.is_empty() {
            true => SetsId::NONE,
            false => loader.documents.intern_sets(sets),
        };
        let member = Member {
            path: None,
            scps: part(scps),
            rcps: part(rcps),
            is_management,
        };
        let path = Some(loader.strings.intern(&path));
        organization
            .members
            .insert(account, Member { path, ..member });
    }
    attached.clear();
    if let Some(account) = management.filter(|own| !organization.members.contains_key(own)) {
        let message = format!("the management account {account:012} is not in the tree");
        loader.warn(Location::default(), codes::INVALID_TREE, message);
        organization.members.insert(
            account,
            Member {
                path: None,
                scps: SetsId::NONE,
                rcps: SetsId::NONE,
                is_management: true,
            },
        );
    }
    organization
}

/// The id and the management account, which all files must agree on. None if no file says the id.
/// That is an error if anything else of an organization was read, because its control policies
/// would be lost.
fn organization_id(loader: &mut Loader) -> Option<(Symbol, Option<u64>)> {
    let ids = std::mem::take(&mut loader.raw.organization.ids);
    let Some((id, management, loc)) = ids.first().copied() else {
        let organization = &loader.raw.organization;
        let nodes = organization.nodes.iter().map(|node| node.loc);
        let controls = organization.controls.values().map(|own| own.loc);
        let listed = organization.listed.values().map(|(_, loc)| *loc);
        let attached = organization.attachments.iter().map(|own| own.loc);
        let said = nodes.chain(controls).chain(listed).chain(attached);
        if let Some(loc) = said.min() {
            let location = loader.location(loc);
            let message = "no file gives the id of the organization (`describe-organization`)";
            loader.error(location, codes::DANGLING_REFERENCE, message);
        }
        return None;
    };
    for (other, other_management, other_spot) in ids.iter().skip(1) {
        if (*other, *other_management) != (id, management) {
            let location = loader.location(*other_spot);
            let first = loader.location(loc);
            let message = format!("describes a different organization than {first}");
            loader.error(location, codes::CONTRADICTION, message);
        }
    }
    if management.is_none() {
        let message = "does not give the management account, so no account counts as it";
        loader.warn(loader.location(loc), codes::MISSING_MEMBER, message);
    }
    Some((id, management))
}

/// The nodes by id. A node that two files describe must have one parent, and there is one root.
fn unique_nodes(loader: &mut Loader) -> HashMap<Symbol, RawNode> {
    let mut nodes: HashMap<Symbol, RawNode> = HashMap::new();
    let mut roots: Vec<Symbol> = Vec::new();
    for node in std::mem::take(&mut loader.raw.organization.nodes) {
        if node.parent.is_none() && !roots.contains(&node.id) {
            roots.push(node.id);
        }
        let Some(old) = nodes.get(&node.id) else {
            nodes.insert(node.id, node);
            continue;
        };
        // Lists and `list-parents` may say the same of a child.
        let is_tree = |node: &RawNode| loader.strings.get(node.path).contains("/root");
        let says_the_same = old.parent == node.parent && !is_tree(&node) && !is_tree(old);
        if !says_the_same {
            let id = loader.strings.get(node.id).to_string();
            let there = node_location(loader, old);
            let message = format!("`{id}` appears twice in the organization, also at {there}");
            loader.error(node_location(loader, &node), codes::INVALID_TREE, message);
        }
    }
    if roots.len() > 1 {
        let location = roots.get(1).and_then(|root| nodes.get(root));
        let location = location.map_or_else(Location::default, |node| node_location(loader, node));
        loader.error(
            location,
            codes::INVALID_TREE,
            "an organization has one root",
        );
    }
    for (id, loc) in std::mem::take(&mut loader.raw.organization.accounts) {
        if !nodes.contains_key(&id) {
            let message = format!(
                "`{}` is in the organization, but no file gives its parent",
                loader.strings.get(id)
            );
            loader.error(loader.location(loc), codes::INVALID_TREE, message);
        }
    }
    nodes
}

/// Where a node is described, with the path in the record: a whole tree is one record.
fn node_location(loader: &Loader, node: &RawNode) -> Location {
    let path = loader.strings.get(node.path);
    loader.location(node.loc).inside(path)
}

/// The nodes from the root down to this one, in the order of the layers. None if the way up does
/// not end in a root: a parent is missing, a node is below itself, or there are more levels than
/// layers. The problem is reported.
fn chain(
    loader: &mut Loader,
    node: Symbol,
    nodes: &HashMap<Symbol, RawNode>,
) -> Option<Vec<Symbol>> {
    let mut chain = vec![node];
    let mut at = nodes.get(&node)?;
    while let Some(parent) = at.parent {
        // A level that is not described may have policies that deny.
        let Some(next) = nodes.get(&parent) else {
            let message = format!(
                "`{}` has the parent `{}`, which no file describes",
                loader.strings.get(at.id),
                loader.strings.get(parent)
            );
            loader.error(
                node_location(loader, at),
                codes::DANGLING_REFERENCE,
                message,
            );
            return None;
        };
        // Chains are short, so that a list is searched faster than a set. It also ends the walk for
        // trees that are circles.
        if chain.contains(&parent) {
            let message = format!("`{}` is below itself", loader.strings.get(parent));
            loader.error(node_location(loader, next), codes::INVALID_TREE, message);
            return None;
        }
        chain.push(parent);
        if chain.len() > usize::from(Layer::MAX_LEVELS) {
            let message = format!(
                "`{}` is more than {} levels deep",
                loader.strings.get(node),
                Layer::MAX_LEVELS
            );
            loader.error(node_location(loader, at), codes::TOO_LARGE, message);
            return None;
        }
        at = next;
    }
    chain.reverse();
    Some(chain)
}

/// Whether service control policies are in use (`SCP-6`). A file may say so (`list-roots`).
/// Otherwise a tree that never mentions one does not use them, with a warning; one that mentions
/// them somewhere and leaves a level empty allows nothing there.
fn scps_apply(loader: &mut Loader) -> bool {
    if let Some(enabled) = loader.raw.organization.scp_enabled {
        return enabled;
    }
    let organization = &loader.raw.organization;
    let is_scp = |control: &ControlPolicyType| *control == ControlPolicyType::Scp;
    // A policy of the type, a list with one, or the default policy attached somewhere.
    let speaks = organization
        .controls
        .values()
        .any(|own| is_scp(&own.control))
        || organization.listed.values().any(|(own, _)| is_scp(own))
        || organization
            .attachments
            .iter()
            .any(|own| loader.strings.get(own.policy) == SCP_FULL_ACCESS);
    if !speaks {
        let message = "no file mentions service control policies, so they count as not in use";
        loader.warn(Location::default(), codes::INCOMPLETE, message);
    }
    speaks
}

/// Reports control policies of which no file says where they are attached: they may deny anywhere
/// (choice R19).
///
/// Files say it of a policy (`list-targets-for-policy`), or of all nodes
/// (`list-policies-for-target`, our tree). Where each node's policies of a type are listed, a
/// policy in none of the lists is attached nowhere.
fn report_unattached(
    loader: &mut Loader,
    nodes: &HashMap<Symbol, RawNode>,
    in_use: impl Fn(ControlPolicyType) -> bool,
) {
    let organization = &loader.raw.organization;
    let attached = organization.attachments.iter().map(|own| own.policy);
    let attached: HashSet<Symbol> = attached.collect();
    let is_open = |control: &ControlPolicyType| {
        // A type whose policies are listed for every node is settled: what is in no list is
        // attached nowhere.
        let has_told = |node| organization.with_policies.contains(&(node, *control));
        in_use(*control) && !nodes.keys().all(|node| has_told(*node))
    };
    let open: Vec<ControlPolicyType> = [ControlPolicyType::Scp, ControlPolicyType::Rcp]
        .into_iter()
        .filter(is_open)
        .collect();
    let controls = organization.controls.iter();
    let controls = controls.map(|(id, own)| (*id, own.control, own.loc));
    let listed = organization.listed.iter();
    let listed = listed.map(|(id, (control, loc))| (*id, *control, *loc));
    let unknown: BTreeMap<Symbol, SourceLoc> = controls
        .chain(listed)
        .filter(|(id, control, _)| {
            open.contains(control)
                && !attached.contains(id)
                && !organization.with_targets.contains(id)
                && !organization.full_rcps.contains(id)
                // AWS's own policies are known, and deny nothing.
                && ![RCP_FULL_ACCESS, SCP_FULL_ACCESS].contains(&loader.strings.get(*id))
        })
        .map(|(id, _, loc)| (id, loc))
        .collect();
    for (id, loc) in unknown {
        let message = format!(
            "no file lists the targets of `{}` (`list-targets-for-policy`)",
            loader.strings.get(id)
        );
        loader.missing(loader.location(loc), message);
    }
}

/// Which policies are attached to each node. `FullAWSAccess` is known and counts where it is
/// attached; its like among resource control policies denies nothing and is left out.
fn attachments(loader: &mut Loader, nodes: &HashMap<Symbol, RawNode>) -> HashMap<Symbol, Attached> {
    let full = loader.strings.intern(SCP_FULL_ACCESS);
    let full_name = loader.strings.intern("FullAWSAccess");
    let full_policy = loader.documents.add(full_name, "(built in)", FULL_ACCESS);
    let mut attached: HashMap<Symbol, Attached> = HashMap::new();
    for raw in std::mem::take(&mut loader.raw.organization.attachments) {
        let text = loader.strings.get(raw.policy).to_string();
        let is_full =
            text == RCP_FULL_ACCESS || loader.raw.organization.full_rcps.contains(&raw.policy);
        if is_full && raw.control != Some(ControlPolicyType::Scp) {
            continue;
        }
        if !nodes.contains_key(&raw.node) {
            let message = format!(
                "`{text}` is attached to `{}`, which is not in the organization",
                loader.strings.get(raw.node)
            );
            loader.error(loader.location(raw.loc), codes::DANGLING_REFERENCE, message);
            continue;
        }
        let known = loader.raw.organization.controls.get(&raw.policy).copied();
        let found = match known {
            Some(known) => Some((known.control, known.policy)),
            None if raw.policy == full => Some((ControlPolicyType::Scp, full_policy)),
            None => None,
        };
        let node = attached.entry(raw.node).or_default();
        let Some((control, policy)) = found else {
            // A missing policy may deny. What can be said of its level is that it has one.
            let message = format!(
                "`{text}` is attached to `{}`, but no file has its content",
                loader.strings.get(raw.node)
            );
            loader.missing(loader.location(raw.loc), message);
            continue;
        };
        if raw.control.is_some_and(|wanted| wanted != control) {
            let message = format!("`{text}` is in the list of the other type");
            loader.error(loader.location(raw.loc), codes::CONTRADICTION, message);
            continue;
        }
        match control {
            ControlPolicyType::Scp => node.scps.push(policy),
            ControlPolicyType::Rcp => node.rcps.push(policy),
        }
    }
    attached
}
