//! What an explanation consists of (`OUT-3`, `OUT-4`).
//!
//! Plain data with public fields, owned, so that an explanation outlives the request and its images. It holds facts and no
//! sentences but those of the rules; `portcullis-explain` renders it.

use alloc::string::String;
use alloc::vec::Vec;

use portcullis_model::{Decision, Effect, Layer};

use crate::combine::Outcome;

/// A whole explanation: the decision, what each layer said, and what the request lacked. [`crate::explain()`] makes it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The decision, which is the one that [`crate::decide()`] gives, and the sets that made it.
    pub outcome: Outcome,
    /// Every policy set that is present, in the order in which reasons are named (`EVAL-11`).
    pub layers: Vec<LayerReport>,
    /// Condition keys that a statement asked for whose principal, action and resource match, and
    /// that the request does not have (`OUT-4`). Keys of variables in resources are among them, if the
    /// resource might match with a value of theirs. As written in the policies; without regard to case
    /// each once, sorted.
    pub missing_keys: Vec<String>,
    /// The keys that the reported statements look at, with the values of the request; as
    /// [`Explanation::missing_keys`].
    pub keys: Vec<KeyReport>,
    /// Assumptions and exceptions that took part.
    pub notes: Vec<String>,
}

/// What one layer said, with the statements that matter to the request.
#[derive(Clone, Debug)]
pub struct LayerReport {
    /// The set.
    pub layer: Layer,
    /// False if the set never takes part in requests of this caller (`EVAL-70`).
    pub applies: bool,
    /// Why it does not take part; none if it does.
    pub reason: Option<&'static str>,
    /// What the set says; none if no statement matches (`EVAL-3`).
    pub verdict: Option<Effect>,
    /// The statements that matched, those whose action at least matched, and those that differ in the
    /// action alone and have an entry of its service.
    pub statements: Vec<StatementReport>,
}

/// What one statement did, and where it was written. The facts that an image does not have are filled in by whoever has the
/// documents.
#[derive(Clone, Debug)]
pub struct StatementReport {
    /// The policy's name; empty if the image has no debug sections.
    pub policy: String,
    /// The policy's file; empty if it had none.
    pub file: String,
    /// The path of the policy in the JSON value of its file, such as `/UserDetailList/0/UserPolicyList/0/PolicyDocument`;
    /// empty if it is the whole file, or not known.
    pub path: String,
    /// The byte of the file at which the statement begins, where whoever explains found it out.
    pub offset: Option<u64>,
    /// The statement as it is written, where whoever explains has it.
    pub text: Option<String>,
    /// The statement's index in its document, from 0.
    pub index: u32,
    /// The `Sid`; empty if it had none.
    pub sid: String,
    /// Allow or Deny.
    pub effect: Effect,
    /// Where the statement begins: line and column from 1; 0 if the image has no debug sections.
    pub start: (u32, u32),
    /// Where it ends.
    pub end: (u32, u32),
    /// Everything that kept the statement from matching: action, resource, principal, and every condition
    /// that does not hold, in this order. Empty if it matched.
    pub misses: Vec<Miss>,
    /// The conditions of a statement that matched, all of which held; empty for others.
    pub conditions: Vec<ConditionReport>,
    /// Of a statement with `NotPrincipal` that reaches the caller: what the list lacks to leave it out.
    pub not_listed: Option<NotListed>,
}

impl StatementReport {
    /// True if the statement matched.
    pub fn is_match(&self) -> bool {
        self.misses.is_empty()
    }
}

/// An element of a statement that did not match (`OUT-3`). A statement has one for each of its elements that is in the way.
#[derive(Clone, Debug)]
pub enum Miss {
    /// No entry matches the action, and everything else matches.
    Action(EntryMiss),
    /// No entry matches the resource.
    Resource(EntryMiss),
    /// The principals do not name the caller.
    Principal(PrincipalMiss),
    /// A condition does not hold.
    Condition(ConditionReport),
}

impl Miss {
    /// The element of the statement, in lower case.
    pub fn element(&self) -> &'static str {
        match self {
            Miss::Action(_) => "action",
            Miss::Resource(_) => "resource",
            Miss::Principal(_) => "principal",
            Miss::Condition(_) => "condition",
        }
    }
}

/// A list of principals that does not name the caller, or that leaves it out.
#[derive(Clone, Debug, Default)]
pub struct PrincipalMiss {
    /// The element is `NotPrincipal`, and all identities of the caller are listed (`GRAM-51`).
    pub negated: bool,
    /// The entries: all, or of `NotPrincipal` those that list the caller.
    pub entries: Vec<PrincipalEntry>,
}

/// An entry of a list of principals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalEntry {
    /// `AWS`, `Service`, `Federated` or `CanonicalUser`.
    pub kind: &'static str,
    /// The entry as written.
    pub value: String,
}

/// A list of actions or resources that does not match.
#[derive(Clone, Debug, Default)]
pub struct EntryMiss {
    /// The element is `NotAction` or `NotResource`: what it lists is left out.
    pub negated: bool,
    /// The entries that came nearest, the nearest first; of a negated list those that match.
    pub entries: Vec<EntryReport>,
    /// How many different entries the list has.
    pub count: usize,
}

/// An entry of a list of actions or resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryReport {
    /// As written; without debug sections as the image has it.
    pub written: String,
    /// The same with the values of its variables, in which those without value stand as they are. None if
    /// it has no variables.
    pub expanded: Option<String>,
    /// The keys of its variables that have no value, or several (`VAR-9`).
    pub missing_keys: Vec<String>,
}

/// What a `NotPrincipal` lacks to leave out the caller (`GRAM-51` to `GRAM-53`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotListed {
    /// The identities of the caller that are not listed.
    pub identities: Vec<Identity>,
    /// Why listing them would not help, if it would not.
    pub note: Option<&'static str>,
}

/// What a caller is named by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Its account.
    Account,
    /// The user, the role, or the federated user.
    Entity,
    /// The session of a role.
    Session,
    /// The caller itself, which has no account.
    Itself,
}

/// A condition, beside what the request has: why it did not hold, or that it did. `policy_values` is empty if the image was
/// compiled without what explanations print.
#[derive(Clone, Debug)]
pub struct ConditionReport {
    /// The operator as written.
    pub operator: String,
    /// The key as written.
    pub key: String,
    /// The values of the policy as written.
    pub policy_values: Vec<String>,
    /// The values of the policy with the values of their variables; none if no value has variables. One
    /// whose variable has no value is left as it is written.
    pub expanded_values: Option<Vec<String>>,
    /// The values of the request; empty if the key is absent.
    pub request_values: Vec<String>,
    /// What is special about it, if anything.
    pub note: Option<&'static str>,
}

/// A key that statements look at, and what the request has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// The key as written.
    pub key: String,
    /// The values of the request; empty if the key is absent.
    pub values: Vec<String>,
}

impl Explanation {
    /// Of a request that cannot be decided ([`Outcome::undecided`]): no layers, and a note that says so.
    pub fn undecided() -> Explanation {
        Explanation {
            outcome: Outcome::undecided(),
            layers: Vec::new(),
            missing_keys: Vec::new(),
            keys: Vec::new(),
            notes: [String::from(UNREADY)].into(),
        }
    }

    /// The sentence that AWS would print for a denial (section 6.2), without the caller's and the
    /// resource's names if they are not given; none for an allow.
    ///
    /// `trust` says that the resource policy is a role's trust policy (`OUT-16`, `OUT-25`). The first layer that made the decision
    /// gives the reason, as AWS does.
    pub fn message(
        &self,
        caller: Option<&str>,
        action: &str,
        resource: &str,
        trust: bool,
    ) -> Option<String> {
        let layer = self.outcome.layers().next();
        let name = |layer| match layer {
            Layer::Rcp(_) => "resource control policy",
            Layer::Scp(_) => "service control policy",
            Layer::VpcEndpoint => "VPC endpoint policy",
            Layer::Resource if trust => "role trust policy",
            Layer::Resource => "resource-based policy",
            Layer::Identity => "identity-based policy",
            Layer::Boundary => "permissions boundary",
            Layer::Session => "session policy",
        };
        let reason = match (self.outcome.decision(), layer) {
            (Decision::Allow, _) | (_, None) => return None,
            (Decision::ExplicitDeny, Some(layer)) => {
                let article = match layer {
                    Layer::Resource if trust => "the",
                    Layer::Identity => "an",
                    _ => "a",
                };
                alloc::format!("with an explicit deny in {article} {}", name(layer))
            }
            (Decision::ImplicitDeny, Some(layer)) => {
                alloc::format!("because no {} allows the {action} action", name(layer))
            }
        };
        let caller = caller.unwrap_or("anonymous");
        let on = if resource == "*" {
            String::new()
        } else {
            alloc::format!(" on resource: {resource}")
        };
        Some(alloc::format!(
            "User: {caller} is not authorized to perform: {action}{on} {reason}"
        ))
    }
}

/// The note on a request that cannot be decided.
const UNREADY: &str = "the request is for other policies, its action or resource is none, or its values are not those of its call site's keys";
