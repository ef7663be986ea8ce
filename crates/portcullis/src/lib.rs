//! Decides requests against AWS IAM policies, in nanoseconds, as AWS documents their evaluation. (`docs/trust.md` in the
//! repository says against what that was tested, and that AWS itself was not among it.)
//!
//! # In one minute
//!
//! Policies are compiled once to an [`Image`]; an [`Authorizer`] decides each [`Query`] against it.
//!
//! ```
//! use portcullis::{Authorizer, Decision, PolicySet, Principal, Query, Value};
//!
//! let image = PolicySet::new()
//!     .identity("reader", r#"{
//!         "Version": "2012-10-17",
//!         "Statement": {
//!             "Sid": "ReadOwnFolder",
//!             "Effect": "Allow",
//!             "Action": "s3:GetObject",
//!             "Resource": "arn:aws:s3:::reports/${aws:username}/*",
//!             "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } }
//!         }
//!     }"#)
//!     .compile()?;
//! let authorizer = Authorizer::new([image]);
//!
//! let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?;
//! let context = [("aws:SourceIp", Value::Text("203.0.113.9"))];
//! let query = Query::new(&ann, "s3:GetObject", "arn:aws:s3:::reports/ann/2026.csv").context(&context);
//! let outcome = authorizer.decide(&query);
//! assert!(outcome.is_allow());
//! assert_eq!(outcome.decision(), Decision::Allow);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A document that cannot be understood does not compile, and every problem is named with its place;
//! no statement is ever skipped.
//!
//! ```
//! # use portcullis::PolicySet;
//! let error = PolicySet::new()
//!     .identity("typo", r#"{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resorce": "*"}}"#)
//!     .compile()
//!     .unwrap_err();
//! assert!(error.to_string().contains("did you mean `Resource`"), "{error}");
//! ```
//!
//! # Fast: prepare what does not change
//!
//! Texts are looked up for each request, which takes as long again as the decision. What a program asks at one place is
//! always the same action with the same condition keys: a [`CallSite`], to be [prepared](Authorizer::prepare) once. The
//! caller is the same for a session: a [`ResolvedPrincipal`]. And values need not be written as text only to be read
//! again: [`Value`].
//!
//! ```
//! # use portcullis::{Authorizer, PolicySet, Principal, Query, Scratch, Value};
//! # let image = PolicySet::new().identity("p", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
//! #   "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*",
//! #   "Condition": {"Bool": {"aws:SecureTransport": true}}}}"#).compile()?;
//! # let authorizer = Authorizer::new([image]);
//! let get_object = authorizer.prepare("s3:GetObject", &["aws:SecureTransport"]);
//! let ann = authorizer.resolve(Principal::from_arn("arn:aws:iam::111122223333:user/ann")?);
//!
//! let mut scratch = Scratch::new(); // memory, one for each thread
//! for (object, expected) in [("reports/a", true), ("secrets/b", false)] {
//!     let resource = format!("arn:aws:s3:::{object}");
//!     let values = [Value::Bool(true)];
//!     let query = Query::at(&get_object, &values, &ann, &resource);
//!     assert_eq!(authorizer.decide_with(&mut scratch, &query).is_allow(), expected);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Keys that no policy looks at need not be found out at all: [`Authorizer::uses_key`].
//!
//! No call on this way allocates once the scratch has seen its largest request. [`Authorizer::decide`] uses one of the
//! thread.
//!
//! What was resolved owns what it holds, and knows the policies that it was resolved for. It may be given to another
//! authorizer: it is looked up again there, for each decision, and decides what its names decide.
//!
//! # Why: explanations
//!
//! An [`Explanation`] displays itself, with what would have to change; as reports it has everything for programs.
//!
//! ```
//! # use portcullis::{Authorizer, Miss, PolicySet, Principal, Query};
//! # let image = PolicySet::new().identity("p", r#"{"Version": "2012-10-17", "Statement": {"Sid": "Office", "Effect": "Allow",
//! #   "Action": "s3:GetObject", "Resource": "*",
//! #   "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}}"#).compile()?;
//! # let authorizer = Authorizer::new([image]);
//! let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?;
//! let query = Query::new(&ann, "s3:GetObject", "arn:aws:s3:::b/k");
//! let explanation = authorizer.explain(&query);
//! assert_eq!(explanation.missing_keys, ["aws:SourceIp"]);
//! let near_miss = &explanation.layers[0].statements[0];
//! assert_eq!(near_miss.sid, "Office");
//! let [Miss::Condition(condition)] = &near_miss.misses[..] else { panic!() };
//! assert_eq!((&*condition.operator, &*condition.key), ("IpAddress", "aws:SourceIp"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`PolicySet::explain`] has the documents, and tries what would have to change for a request to be allowed.
//!
//! # Several images, one decision
//!
//! A decision may read policies that are compiled apart and change at different times: the account's,
//! the bucket's, those of a session. Put their images into one [`Authorizer`]; each fills other
//! layers, or adds to the same.
//!
//! ```
//! # use portcullis::{Authorizer, PolicySet, Principal, Query};
//! let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
//! let account = PolicySet::new().identity("admin", everything).compile()?;
//! let session = PolicySet::new()
//!     .session("read only", r#"{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#)
//!     .compile()?;
//! let authorizer = Authorizer::new([account, session]);
//! let role = Principal::from_arn("arn:aws:sts::111122223333:assumed-role/App/i-1")?;
//! let is_allowed = |action| authorizer.decide(&Query::new(&role, action, "arn:aws:s3:::b/k")).is_allow();
//! assert!(is_allowed("s3:GetObject"));
//! assert!(!is_allowed("s3:PutObject"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | what it brings |
//! |---|---|
//! | `compile` (default) | [`PolicySet`]: documents are read and compiled. Without it the crate only loads images |
//! | `live` (default) | [`Live`]: policies that are replaced while requests are decided |
//! | `serde` | explanations serialize, in the form of `portcullis explain --format json` |
//! | `files` | `PolicySet::file`: policies from files, also in the policy language. Needs Rust 1.86 |
//! | `prove` | the modules `prove`: questions about all requests, with proofs and confirmed requests; and `tighten`: least privilege by proof |
//! | `directory` | the module `directory`: whole accounts and organizations, from their dumps. Needs Rust 1.86 |
//!
//! # Images as files
//!
//! An image is position independent and can be used where it lies. [`Image::from_bytes`] checks it
//! once, whatever it holds; then it can be shared by any number of threads.
//!
//! ```
//! # use portcullis::{Authorizer, Image, PolicySet};
//! # let image = PolicySet::new().compile()?;
//! let bytes: Vec<u8> = image.as_bytes().to_vec(); // or a file that was read, or a memory map
//! let again = Image::from_bytes(&bytes[..])?;
//! let authorizer = Authorizer::new([again]);
//! # let _ = authorizer;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # New policies
//!
//! An authorizer never changes. To change policies while requests are decided, put it behind a [`Live`] value, together
//! with the call sites that were prepared for it, and replace both at once: requests that are under way finish with the
//! old ones, readers never wait, and each answer knows its revision. What was resolved for an old authorizer stays
//! right with a new one and costs its look-up each time. Ask [`Authorizer::uses_key`] anew.
//!
//! # What cannot be written
//!
//! A query is whole or does not exist: there is no order of calls to keep, and nothing to forget.
//!
//! ```compile_fail,E0061
//! # use portcullis::{Principal, Query};
//! let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann").unwrap();
//! let query = Query::new(&ann, "s3:GetObject"); // of which resource?
//! ```
//!
//! An outcome is no `bool`: it has to be asked, so that an implicit deny is not mistaken for consent.
//!
//! ```compile_fail,E0308
//! # use portcullis::{Authorizer, Query};
//! # fn handle(authorizer: &Authorizer, query: &Query<'_>) {
//! if authorizer.decide(query) {}
//! # }
//! ```
//!
//! A decision that is dropped is a warning, and an error where warnings are.
//!
//! ```compile_fail
//! #![deny(unused_must_use)]
//! # use portcullis::{Authorizer, Query};
//! # pub fn handle(authorizer: &Authorizer, query: &Query<'_>) {
//! authorizer.decide(query);
//! # }
//! ```
//!
//! What a handle was made for need not be remembered: authorizers, call sites, resolved principals and scratches borrow
//! nothing, go to any thread, and a handle of another authorizer is looked up again.
//!
//! ```
//! # use portcullis::{Authorizer, CallSite, ResolvedPrincipal, Scratch};
//! fn is_owned<T: Send + 'static>() {}
//! is_owned::<Authorizer>();
//! is_owned::<CallSite>();
//! is_owned::<ResolvedPrincipal>();
//! is_owned::<Scratch>();
//! ```
//!
//! # What is decided
//!
//! Identity and resource policies, permissions boundaries, session policies, service and resource
//! control policies, VPC endpoint policies, role trust policies and KMS key policies, for every kind
//! of caller. What is present is up to you: a set that is not given does not limit. The time, the
//! region and everything else that is not about caller and target is only what the request says.

mod authorizer;
mod bucket;
mod explanation;
#[cfg(feature = "files")]
mod files;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "compile")]
mod policies;
mod principal;
#[cfg(feature = "prove")]
pub mod prove;
mod query;
#[cfg(feature = "prove")]
pub mod review;
mod scratch;
#[cfg(feature = "prove")]
pub mod tighten;

/// Whole accounts and organizations: dumps become tables, and a request finds the policies that apply to its caller and
/// its resource.
#[cfg(feature = "directory")]
pub mod directory {
    pub use crate::explanation::explain;
    pub use bumpalo::Bump;
    pub use portcullis_directory::*;
    pub use portcullis_model::{ContextEntry, Principal, Request};
}

pub use authorizer::{Authorizer, Ready, ResolvedPrincipal};
pub use bucket::Bucket;
pub use explanation::Explanation;
#[cfg(feature = "live")]
pub use live::{Current, Live};
#[cfg(feature = "compile")]
pub use policies::{PolicySet, PolicySetError};
pub use portcullis_explain::{Changes, Need, layer_name};
pub use portcullis_image::{Image, ImageError};
pub use portcullis_model::{
    ActionError, Caller, Decision, Effect, Layer, PolicyKind, PrincipalError, check_action,
};
#[cfg(feature = "compile")]
pub use portcullis_source::{Code, Diagnostic, Place, Pointer, Severity};
pub use portcullis_vm::{
    CallSite, ConditionReport, EntryMiss, EntryReport, Explanation as Reports, Identity, KeyReport,
    LayerReport, Miss, NotListed, Outcome, PrincipalEntry, PrincipalMiss, Resource, ResourceRef,
    StatementReport, Value,
};
pub use principal::Principal;
pub use query::{CallerRef, Query, context_texts};
pub use scratch::Scratch;
