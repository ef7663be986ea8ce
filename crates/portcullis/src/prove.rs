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
use portcullis_model::{ContextEntry, Decision, Effect, PolicyKind};
use portcullis_source::{Diagnostic, Source, printable};
use portcullis_syntax::codes;
use portcullis_syntax::policy::ReadOptions;
pub use portcullis_syntax::{Policy, PolicySets};
use portcullis_vm::{Plan, Query, Scratch, decide};

use crate::policies::read_document;

pub use portcullis_prove::{
    AXIOMS, Answer, Axiom, Caller, Callers, Confirm, Domain, Finding, Options, Proof, Reason,
    Refutation, StatementPlace, Witness, allows, needs_no_permission,
};

/// Reads a policy document.
///
/// ```
/// # use bumpalo::Bump;
/// # use portcullis::{PolicyKind, prove::read};
/// let arena = Bump::new();
/// let problems = read("new", "{\n}", PolicyKind::Identity, &arena).unwrap_err();
/// assert_eq!((problems[0].file(), problems[0].position()), ("new", (1, 1)));
/// ```
///
/// # Errors
/// Its problems with their places, if it has errors.
pub fn read<'a>(
    name: &'a str,
    text: &'a str,
    kind: PolicyKind,
    arena: &'a Bump,
) -> Result<Policy<'a>, Vec<Diagnostic>> {
    let (document, problems) = read_document(text, ReadOptions::new(kind), arena);
    let document = document.ok_or_else(|| {
        let source = Source::new(name, text);
        let errors = problems.into_iter().filter(Diagnostic::is_error);
        let located = errors.map(|one| source.locate(one).in_policy());
        located.collect::<Vec<_>>()
    })?;
    Ok(Policy {
        name,
        file: "",
        text,
        document,
    })
}

/// Whether new policies allow nothing that the old ones did not: [`portcullis_prove::compare`], whose requests this crate's
/// machine confirms.
pub fn compare(old: &[Policy<'_>], new: &[Policy<'_>], options: &Options) -> Answer {
    let scratch = Scratch::new();
    let mut machine = Machine { old, new, scratch };
    portcullis_prove::compare(old, new, options, &mut machine)
}

/// Policies with what always stands beside them: resource control policies with `RCPFullAWSAccess` (`GRAM-61`), service
/// control policies that only deny with `FullAWSAccess` (`GRAM-57`). To be asked of both sides of a comparison.
///
/// ```
/// # use bumpalo::Bump;
/// # use portcullis::{PolicyKind, prove::{read, with_attached}};
/// let arena = Bump::new();
/// let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}"#;
/// let scp = read("scp", text, PolicyKind::Scp, &arena)?;
/// assert_eq!(with_attached(vec![scp], &arena)?[1].name, "FullAWSAccess");
/// let identity = read("identity", text, PolicyKind::Identity, &arena)?;
/// assert_eq!(with_attached(vec![identity], &arena)?.len(), 1);
/// # Ok::<(), Vec<portcullis::Diagnostic>>(())
/// ```
///
/// # Errors
/// None that can happen: the policies that are added can be read.
pub fn with_attached<'a>(
    mut policies: Vec<Policy<'a>>,
    arena: &'a Bump,
) -> Result<Vec<Policy<'a>>, Vec<Diagnostic>> {
    let kind = policies.first().map(|own| own.document.kind);
    let allows = policies.iter().any(|policy| {
        let mut statements = policy.document.statements.iter();
        statements.any(|own| own.effect == Effect::Allow)
    });
    let (name, text, kind) = match kind {
        Some(PolicyKind::Rcp) => (
            "RCPFullAWSAccess",
            r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#,
            PolicyKind::Resource,
        ),
        Some(PolicyKind::Scp) if !allows => ("FullAWSAccess", EVERYTHING, PolicyKind::Scp),
        _ => return Ok(policies),
    };
    policies.push(read(name, text, kind, arena)?);
    Ok(policies)
}

/// A policy that denies actions on resources: whoever is granted none of these allows the same beside it. Without actions
/// any is meant, without resources every one.
///
/// ```
/// # use bumpalo::Bump;
/// # use portcullis::{PolicyKind, prove::{Answer, Options, compare, denial, read}};
/// let arena = Bump::new();
/// let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#;
/// let policy = read("readers", text, PolicyKind::Identity, &arena)?;
/// let put = denial(&["s3:Put*".to_owned()], &[], PolicyKind::Identity, &arena)?;
/// let answer = compare(&[policy, put], &[policy], &Options::default());
/// assert!(matches!(answer, Answer::Proved(_)));
/// # Ok::<(), Vec<portcullis::Diagnostic>>(())
/// ```
///
/// # Errors
/// What is wrong with an action or a resource; an action that no policy can deny (`EVAL-90`).
pub fn denial<'a>(
    actions: &[String],
    resources: &[String],
    kind: PolicyKind,
    arena: &'a Bump,
) -> Result<Policy<'a>, Vec<Diagnostic>> {
    if let Some(action) = actions.iter().find(|own| needs_no_permission(own)) {
        let message = format!(
            "{}: this needs no permission, so that it is allowed whatever policies say (EVAL-90)",
            printable(action)
        );
        let span = portcullis_source::Span::default();
        return Err(vec![Diagnostic::error(
            codes::INVALID_ACTION,
            span,
            message,
        )]);
    }
    let everything = ["*".to_owned()];
    let or_all = |list: &'_ [String]| match list {
        [] => serde_json::json!(everything),
        list => serde_json::json!(list),
    };
    let mut statement = serde_json::json!({
        "Effect": "Deny", "Action": or_all(actions), "Resource": or_all(resources),
    });
    let kind = match kind.has_principal() {
        true => {
            statement["Principal"] = serde_json::json!("*");
            PolicyKind::Resource
        }
        false => PolicyKind::Identity,
    };
    let document = serde_json::json!({"Version": "2008-10-17", "Statement": statement});
    read(
        "the access",
        arena.alloc_str(&document.to_string()),
        kind,
        arena,
    )
}

/// Confirms that new policies allow a request and old ones do not.
struct Machine<'p> {
    old: &'p [Policy<'p>],
    new: &'p [Policy<'p>],
    /// For both, since to make it costs as much as to decide.
    scratch: Scratch,
}

/// A limit that does not limit.
const EVERYTHING: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

impl Confirm for Machine<'_> {
    fn confirm(&mut self, witness: &Witness) -> Result<(), String> {
        let after = decided(self.new, witness, &mut self.scratch)?;
        let before = decided(self.old, witness, &mut self.scratch)?;
        if after.is_allow() && !before.is_allow() {
            return Ok(());
        }
        Err(format!("new: {after}, old: {before}"))
    }
}

/// What policies decide, and nothing else.
fn decided(
    policies: &[Policy<'_>],
    witness: &Witness,
    scratch: &mut Scratch,
) -> Result<Decision, String> {
    let arena = Bump::new();
    let one = |text: &str, kind| {
        let text = arena.alloc_str(text);
        read("", text, kind, &arena).map_err(|_| format!("cannot read {text}"))
    };
    let is_federated = matches!(witness.caller, Caller::FederatedUser { .. });
    let session = match is_federated {
        true => Some(vec![one(EVERYTHING, PolicyKind::Session)?]),
        false => None,
    };
    let account = witness.with(|request| request.principal.caller.account().map(str::to_owned));
    let sets = match &witness.owner {
        // The caller's own policies: the resource's policy leaves the callers of its account to them.
        None => {
            let delegation = format!(
                r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{}"}}, "Action": "*", "Resource": "*"}}}}"#,
                account.clone().unwrap_or_default()
            );
            // Control policies bind root users too, whom their own policies do not (`SCP-1`).
            let is_control = |own: &Policy<'_>| own.document.kind == PolicyKind::Scp;
            let (identity, scps) = match policies.iter().any(is_control) {
                true => (
                    vec![one(EVERYTHING, PolicyKind::Identity)?],
                    vec![policies.to_vec()],
                ),
                false => (policies.to_vec(), Vec::new()),
            };
            PolicySets {
                identity,
                scps,
                resource: Some(vec![one(&delegation, PolicyKind::Resource)?]),
                session,
                ..PolicySets::default()
            }
        }
        // The resource's policy: the caller's own allow everything.
        Some(_) => PolicySets {
            identity: vec![one(EVERYTHING, PolicyKind::Identity)?],
            resource: Some(policies.to_vec()),
            session,
            ..PolicySets::default()
        },
    };
    // To make an index costs more than it saves one request.
    let options = CompileOptions {
        debug: false,
        index: false,
    };
    let bytes = compile(&sets, options).map_err(|error| error.to_string())?;
    let image = Image::from_bytes(bytes).map_err(|error| error.to_string())?;
    let plan = Plan::of(std::iter::once(image.view()));
    let outcome = witness.with(|request| {
        let views = std::iter::once(image.view());
        let mut context = request.context.to_vec();
        let mut request = *request;
        let owner = [witness.owner.as_deref().unwrap_or_default()];
        if witness.owner.is_some() {
            // A caller of the owner's account is taken for one of another, since its own policies would decide else; what
            // the key says stays.
            let other = match account.as_deref() {
                Some("000000000000") => "000000000001",
                _ => "000000000000",
            };
            request.resource_account = Some(other);
            let key = "aws:ResourceAccount";
            if !context.iter().any(|own| own.key.eq_ignore_ascii_case(key)) {
                context.push(ContextEntry {
                    key,
                    values: &owner,
                });
            }
            request.context = &context;
        }
        decide(views, &plan, scratch, &Query::from(&request))
    });
    Ok(outcome.decision())
}
