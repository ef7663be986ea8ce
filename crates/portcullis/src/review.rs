//! What the statements of one document add, by proof: those that change nothing, those that callers get around, and a
//! resource policy that nobody can change any more.
//!
//! ```
//! use bumpalo::Bump;
//! use portcullis::PolicyKind;
//! use portcullis::prove::read;
//! use portcullis::review::{Options, What, review};
//!
//! let arena = Bump::new();
//! let text = r#"{"Version": "2012-10-17", "Statement": [
//!   {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::reports/*"},
//!   {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/2026/*"}]}"#;
//! let policy = read("policy", text, PolicyKind::Identity, &arena)?;
//! let review = review(&policy, &Options::default());
//! assert_eq!(review.found[0].what, What::Shadowed);
//! assert_eq!((review.found[0].statement, review.found[0].by.as_slice()), (Some(1), &[0][..]));
//! # Ok::<(), Vec<portcullis_source::Diagnostic>>(())
//! ```

mod around;
mod control;

use portcullis_model::Effect;
use portcullis_prove::{Answer, Options as ProofOptions, Reason, Statements, Witness};
use portcullis_syntax::Policy;

/// How a document is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// How proofs are made.
    pub proof: ProofOptions,
    /// The work that all questions about one document may cost, beside that of the proof options for each.
    pub whole: u64,
    /// The account that owns the resource of a resource policy, if it is known.
    pub account: Option<&'o str>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            proof: ProofOptions::default(),
            whole: 600_000_000,
            account: None,
        }
    }
}

/// What was proved of a statement, or of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Without the statement the document decides every request as with it.
    Shadowed,
    /// No request matches the statement.
    NeverMatches,
    /// An Allow whose requests are all denied by the same document.
    AlwaysDenied,
    /// A Deny that callers get around by a header of their choice: a request shows it.
    GotAround,
    /// Nobody of the account that owns the resource can change the resource's policy.
    OutOfControl,
    /// Nobody but its root user can.
    RootOnly,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub what: What,
    /// The statement, by index; none for the document.
    pub statement: Option<usize>,
    /// The statements that make it so, by index: none of them can be left out.
    pub by: Vec<usize>,
    /// A request that shows it, which the machine has confirmed.
    pub witness: Option<Witness>,
}

/// What is known of a document.
#[derive(Clone, Debug, Default)]
pub struct Review {
    /// What was found, in the order of the statements; what is said of the document is last. Whoever removes all statements
    /// that are shadowed, never match or are always denied changes no decision.
    pub found: Vec<Found>,
    /// What is not known, and why: the statement by index, or none for the document.
    pub unknown: Vec<(Option<usize>, Vec<Reason>)>,
}

/// What the statements of a document add to each other, whatever other policies say.
///
/// Of requests the axioms of the domain are taken for granted ([`AXIOMS`](crate::prove::AXIOMS)). What is not known is not
/// found, and said to be unknown.
pub fn review(policy: &Policy<'_>, options: &Options<'_>) -> Review {
    let mut review = Review::default();
    let count = policy.document.statements.len();
    let mut statements = Statements::of(policy, &options.proof, options.whole);
    let mut kept: Vec<usize> = (0..count).collect();
    // Of two that cover each other the later one adds nothing.
    for statement in (0..count).rev() {
        match adds(policy, &mut statements, statement, &kept) {
            Ok(None) => {}
            Ok(Some(found)) => {
                kept.retain(|own| *own != statement);
                review.found.push(found);
            }
            Err(reasons) => review.unknown.push((Some(statement), reasons)),
        }
    }
    around::check(policy, options, &kept, &mut review);
    control::check(policy, options, &mut review);
    let place = |statement: Option<usize>| statement.unwrap_or(usize::MAX);
    review.found.sort_by_key(|own| place(own.statement));
    review.unknown.sort_by_key(|(own, _)| place(*own));
    review
}

/// What there is to say of a statement beside those that are kept.
fn adds(
    policy: &Policy<'_>,
    statements: &mut Statements<'_>,
    statement: usize,
    kept: &[usize],
) -> Result<Option<Found>, Vec<Reason>> {
    let all = policy.document.statements;
    let effect = |index: usize| all.get(index).map(|own| own.effect);
    let others: Vec<usize> = kept
        .iter()
        .copied()
        .filter(|own| *own != statement)
        .collect();
    let denies = others.iter().copied();
    let denies: Vec<usize> = denies
        .filter(|own| effect(*own) == Some(Effect::Deny))
        .collect();
    let (others, is_allow) = match effect(statement) {
        Some(Effect::Allow) => (others, true),
        _ => (denies.clone(), false),
    };
    let mut ask = |others: &[usize]| match statements.covered(statement, others) {
        Answer::Proved(_) => Ok(true),
        Answer::Refuted(_) => Ok(false),
        Answer::Unknown(reasons) => Err(reasons),
    };
    // What is not covered by all is not by fewer.
    if !ask(&others)? {
        return Ok(None);
    }
    // From here on something is known; what cannot be told more exactly is told less so.
    let mut proved = |others: &[usize]| ask(others).unwrap_or(false);
    let (what, by) = if others.is_empty() || proved(&[]) {
        (What::NeverMatches, Vec::new())
    } else if is_allow && !denies.is_empty() && proved(&denies) {
        (What::AlwaysDenied, least(denies, &mut proved))
    } else {
        (What::Shadowed, least(others, &mut proved))
    };
    Ok(Some(Found {
        what,
        statement: Some(statement),
        by,
        witness: None,
    }))
}

/// A part of what covers a statement that still does, of which nothing can be left out.
fn least(all: Vec<usize>, proved: &mut dyn FnMut(&[usize]) -> bool) -> Vec<usize> {
    if let Some(one) = all.iter().find(|own| proved(&[**own])) {
        return vec![*one];
    }
    // Halves first, so that few of many are found in few questions.
    let mut left = all;
    let mut size = left.len().div_ceil(2);
    loop {
        let mut start = 0;
        while start < left.len() {
            let end = (start + size).min(left.len());
            let mut without = left.clone();
            without.drain(start..end);
            if proved(&without) {
                left = without;
            } else {
                start = end;
            }
        }
        if size <= 1 {
            return left;
        }
        size = size.div_ceil(2);
    }
}
