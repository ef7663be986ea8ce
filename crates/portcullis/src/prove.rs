//! Questions about all requests, whose findings the machine of this crate confirms.
//!
//! ```
//! use bumpalo::Bump;
//! use portcullis::PolicyKind;
//! use portcullis::prove::{Answer, Options, compare, read};
//!
//! let arena = Bump::new();
//! let document = |actions: &str| {
//!     let text = format!(r#"{{"Statement": {{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}}}"#);
//!     read("policy", arena.alloc_str(&text), PolicyKind::Identity, &arena)
//! };
//! let old = [document(r#""s3:Get*""#)?];
//! let new = [document(r#"["s3:GetObject", "s3:PutObject"]"#)?];
//! let Answer::Refuted(refuted) = compare(&old, &new, &Options::default()) else { panic!() };
//! assert_eq!(refuted.findings[0].witness.action, "s3:PutObject");
//! let Answer::Proved(_) = compare(&new, &new, &Options::default()) else { panic!() };
//! # Ok::<(), Vec<portcullis::Diagnostic>>(())
//! ```

use bumpalo::Bump;
use portcullis_compile::{Options as CompileOptions, compile};
use portcullis_image::Image;
use portcullis_model::{Decision, PolicyKind};
use portcullis_source::Diagnostic;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
pub use portcullis_syntax::{Policy, PolicySets};
use portcullis_vm::{Plan, Query, Scratch, decide};

pub use portcullis_prove::{
    AXIOMS, Answer, Axiom, Caller, Confirm, Domain, Finding, Options, Proof, Reason, Refutation,
    StatementPlace, Witness,
};

/// Reads a policy document.
///
/// # Errors
/// Its problems, if it has errors.
pub fn read<'a>(
    name: &'a str,
    text: &'a str,
    kind: PolicyKind,
    arena: &'a Bump,
) -> Result<Policy<'a>, Vec<Diagnostic>> {
    let (document, problems) = parse_policy(text, ReadOptions::new(kind), arena);
    let document = document.ok_or(problems)?;
    Ok(Policy {
        name,
        file: "",
        text,
        document,
    })
}

/// Whether new policies of one caller, together, allow nothing that the old ones did not. Each policy is taken as one
/// that allows by itself; how a limit (a boundary, a service control policy) differs is asked in the same way.
pub fn compare(old: &[Policy<'_>], new: &[Policy<'_>], options: &Options) -> Answer {
    let mut machine = Machine { old, new };
    portcullis_prove::compare(old, new, options, &mut machine)
}

/// Confirms that new policies allow a request and old ones do not.
struct Machine<'p> {
    old: &'p [Policy<'p>],
    new: &'p [Policy<'p>],
}

/// A limit that does not limit.
const EVERYTHING: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

impl Confirm for Machine<'_> {
    fn confirm(&mut self, witness: &Witness) -> Result<(), String> {
        let after = decided(self.new, witness)?;
        let before = decided(self.old, witness)?;
        if after.is_allow() && !before.is_allow() {
            return Ok(());
        }
        Err(format!("new: {after}, old: {before}"))
    }
}

/// What policies of a caller decide. So that they alone do, the resource's policy leaves its account's callers to them,
/// and the session has a policy that limits nothing.
fn decided(policies: &[Policy<'_>], witness: &Witness) -> Result<Decision, String> {
    let arena = Bump::new();
    let one = |text: &str, kind| {
        let text = arena.alloc_str(text);
        read("", text, kind, &arena).map_err(|_| format!("cannot read {text}"))
    };
    let account = witness.with(|request| request.principal.caller.account().map(str::to_owned));
    let delegation = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{}"}}, "Action": "*", "Resource": "*"}}}}"#,
        account.unwrap_or_default()
    );
    let is_federated = matches!(witness.caller, Caller::FederatedUser { .. });
    let session = match is_federated {
        true => Some(vec![one(EVERYTHING, PolicyKind::Session)?]),
        false => None,
    };
    let sets = PolicySets {
        identity: policies.to_vec(),
        resource: Some(vec![one(&delegation, PolicyKind::Resource)?]),
        session,
        ..PolicySets::default()
    };
    let options = CompileOptions {
        debug: false,
        index: true,
    };
    let bytes = compile(&sets, options).map_err(|error| error.to_string())?;
    let image = Image::from_bytes(bytes).map_err(|error| error.to_string())?;
    let plan = Plan::of(std::iter::once(image.view()));
    let outcome = witness.with(|request| {
        let views = std::iter::once(image.view());
        decide(views, &plan, &mut Scratch::new(), &Query::from(request))
    });
    Ok(outcome.decision())
}
