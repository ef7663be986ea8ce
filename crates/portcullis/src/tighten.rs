//! Least privilege by proof: a policy narrowed to the requests that have to stay allowed.
//!
//! What comes out is checked in both directions before anybody sees it: the prover shows that the new policy allows nothing
//! that the old one did not, and the machine decides that every request is still allowed.
//!
//! ```
//! use bumpalo::Bump;
//! use portcullis::prove::read;
//! use portcullis::tighten::{Options, Request, tighten};
//! use portcullis::{Caller, PolicyKind};
//!
//! let arena = Bump::new();
//! let text = r#"{"Version": "2012-10-17", "Statement": [
//!   {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::reports/*"},
//!   {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}"#;
//! let policy = read("policy", text, PolicyKind::Identity, &arena)?;
//! let ann = Caller::from_arn("arn:aws:iam::111122223333:user/ann").unwrap();
//! let requests = [Request::new(ann, "s3:GetObject", "arn:aws:s3:::reports/q1.csv")];
//!
//! let tight = tighten(&policy, &requests, &Options::default(), &arena).unwrap();
//! let [statement] = tight.document.statements else { panic!() };
//! assert_eq!(statement.action.list[0].value, "s3:GetObject");
//! assert_eq!(statement.resource.unwrap().list[0].value, "arn:aws:s3:::reports/q1.csv");
//! assert_eq!(tight.dropped, [1]);
//! # Ok::<(), Vec<portcullis::Diagnostic>>(())
//! ```

mod alone;
mod narrow;

use core::fmt;

use bumpalo::Bump;
pub use portcullis_model::{ContextEntry, Request};
use portcullis_model::{Effect, PolicyKind, check_action};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{Document, Statement};

use self::alone::Alone;
use self::narrow::Narrow;
use crate::prove::{Answer, Options as ProofOptions, Proof, compare};

/// How a policy is narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// How many resources a statement may list that one entry of the old policy covers. What would be more is written as
    /// their common beginning and a `*`, if the prover shows that the old entry covers it. None: every resource is listed,
    /// and nothing is allowed on others.
    pub most: Option<usize>,
    /// How the proof is made.
    pub proof: ProofOptions,
}

/// A policy that allows no more than the old one, and every request that the old one allowed.
#[derive(Clone, Debug)]
pub struct Tightened<'a> {
    /// The new document.
    pub document: Document<'a>,
    /// That it allows nothing that the old one did not.
    pub proof: Proof,
    /// For each statement of the new document, the one of the old document that it comes from.
    pub origins: Vec<usize>,
    /// The Allow statements of the old document that no request needs, by index.
    pub dropped: Vec<usize>,
    /// The requests that the old policy did not allow, by index. Nor does the new one.
    pub not_allowed: Vec<usize>,
    /// The requests that are allowed whatever the policy says, by index: those of the root user, and for actions that need
    /// no permission (`EVAL-90`).
    pub not_needed: Vec<usize>,
}

/// Why there is no narrower policy. Whatever it is, the old policy is not replaced by anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TightenError {
    /// No requests were given: a policy for them would allow nothing.
    NoRequests,
    /// The old policy allows none of the requests by itself, so that a policy for them would allow nothing.
    NothingAllowed,
    /// Policies with principals are not narrowed.
    Principals(PolicyKind),
    /// The action of a request is none: the number of the request.
    NoAction(usize),
    /// It was not proved that the new policy allows nothing more.
    NotProved(Box<Answer>),
    /// A request is not decided as it has to be: the number of the request. A mistake of this program, to be reported.
    Lost(usize),
    /// A document that was made cannot be compiled.
    Compile(String),
}

impl fmt::Display for TightenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TightenError::NoRequests => {
                f.write_str("there are no requests: a policy for none would allow nothing")
            }
            TightenError::NothingAllowed => f.write_str(
                "the policy allows none of the requests by itself: a policy for them would allow nothing",
            ),
            TightenError::Principals(kind) => write!(
                f,
                "a policy of type {kind} has principals; only policies without them are narrowed"
            ),
            TightenError::NoAction(number) => {
                write!(f, "request {}: its action is none", number + 1)
            }
            TightenError::NotProved(answer) => match **answer {
                Answer::Unknown(_) => f.write_str(
                    "it is not known whether the narrowed policy allows nothing that the old one did not",
                ),
                _ => f.write_str(
                    "the narrowed policy would allow what the old one did not, which is a mistake of this program; please \
                     report the policy and the requests",
                ),
            },
            TightenError::Lost(number) => write!(
                f,
                "request {}: the statements do not decide it as the policy does, which is a mistake of this program; please \
                 report the policy and the request",
                number + 1
            ),
            TightenError::Compile(error) => f.write_str(error),
        }
    }
}

impl core::error::Error for TightenError {}

/// Narrows a policy without principals to the requests that it has to go on allowing.
///
/// A request counts as allowed if the policy by itself allows it, whatever the policies of resources, boundaries, and
/// organizations say. Each that is allowed is kept by one of the Allow statements that allow it: the one with the most
/// conditions, of these the one that allows the most requests, of these the first. Such a statement keeps its conditions, and is
/// narrowed to the actions and resources of its requests, one statement for all actions that are used on the same resources. An
/// entry of `Resource` with policy variables is kept as it is, and so is one that covers a resource that has no ARN (`*`) or in
/// whose name a character is a wildcard. Allow statements that no request needs are dropped. Deny statements stay.
///
/// # Errors
/// [`TightenError`]: nothing is returned that was not proved and decided.
pub fn tighten<'a>(
    policy: &Policy<'a>,
    requests: &[Request<'_>],
    options: &Options,
    arena: &'a Bump,
) -> Result<Tightened<'a>, TightenError> {
    let old = policy.document;
    if old.kind.has_principal() {
        return Err(TightenError::Principals(old.kind));
    }
    if requests.is_empty() {
        return Err(TightenError::NoRequests);
    }
    if let Some(wrong) = requests
        .iter()
        .position(|own| check_action(own.action).is_err())
    {
        return Err(TightenError::NoAction(wrong));
    }
    let accounts = alone::accounts(requests);
    let of = |document: &Document<'a>| Alone::of(document, &accounts);
    let (whole, none) = (of(&old)?, of(&with(&old, &[]))?);
    let (mut needed, mut not_allowed, mut not_needed) = (Vec::new(), Vec::new(), Vec::new());
    for (number, request) in requests.iter().enumerate() {
        let list = match (whole.allows(request), none.allows(request)) {
            (false, _) => &mut not_allowed,
            (true, true) => &mut not_needed,
            (true, false) => &mut needed,
        };
        list.push(number);
    }
    if needed.is_empty() {
        return Err(TightenError::NothingAllowed);
    }
    let chosen = chosen(&old, &needed, requests, &of)?;

    let mut narrow = Narrow::new(&old, options, &of, arena);
    let (mut statements, mut origins, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
    for (index, statement) in old.statements.iter().enumerate() {
        let made = match statement.effect {
            Effect::Deny => vec![*statement],
            Effect::Allow => {
                let own = chosen.iter().filter(|(_, at)| *at == index);
                let own = own.filter_map(|(number, _)| requests.get(*number));
                narrow.statement(statement, &own.collect::<Vec<_>>())?
            }
        };
        if made.is_empty() {
            dropped.push(index);
        }
        origins.extend(made.iter().map(|_| index));
        statements.extend(made);
    }
    let document = with(&old, arena.alloc_slice_copy(&statements));

    let new = Policy {
        document,
        ..*policy
    };
    let proof = match compare(&[*policy], &[new], &options.proof) {
        Answer::Proved(proof) => proof,
        answer => return Err(TightenError::NotProved(Box::new(answer))),
    };
    let tight = of(&document)?;
    for (number, request) in requests.iter().enumerate() {
        // Also what was not allowed stays so: that follows from the proof, and costs nothing to see.
        if tight.allows(request) == not_allowed.binary_search(&number).is_ok() {
            return Err(TightenError::Lost(number));
        }
    }
    Ok(Tightened {
        document,
        proof,
        origins,
        dropped,
        not_allowed,
        not_needed,
    })
}

/// The document with other statements.
fn with<'a>(document: &Document<'a>, statements: &'a [Statement<'a>]) -> Document<'a> {
    Document {
        statements,
        ..*document
    }
}

/// For each request that is needed, by number, the statement that keeps it.
fn chosen<'a>(
    old: &Document<'a>,
    needed: &[usize],
    requests: &[Request<'_>],
    of: &dyn Fn(&Document<'a>) -> Result<Alone, TightenError>,
) -> Result<Vec<(usize, usize)>, TightenError> {
    // The numbers of the requests that each Allow statement allows, without the others.
    let mut allowing: Vec<(usize, &Statement<'a>, Vec<usize>)> = Vec::new();
    for (index, statement) in old.statements.iter().enumerate() {
        if statement.effect == Effect::Allow {
            let single = of(&with(old, core::slice::from_ref(statement)))?;
            let allows = |number: &usize| requests.get(*number).is_some_and(|r| single.allows(r));
            let own = needed.iter().copied().filter(allows).collect();
            allowing.push((index, statement, own));
        }
    }
    // The best first; a stable order keeps that of the document.
    allowing.sort_by_key(|(_, statement, own)| {
        core::cmp::Reverse((statement.conditions.len(), own.len()))
    });
    let keep = |number: &usize| {
        let best = allowing
            .iter()
            .find(|(_, _, own)| own.binary_search(number).is_ok());
        best.map(|(index, ..)| (*number, *index))
            .ok_or(TightenError::Lost(*number))
    };
    needed.iter().map(keep).collect()
}
