//! Decides requests against AWS IAM policies, exactly as AWS does, in nanoseconds.
//!
//! # In one minute
//!
//! Policies are compiled once to an [`Image`]; an [`Authorizer`] decides requests against it.
//!
//! ```
//! use portcullis::{Authorizer, Decision, PolicySet};
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
//! let outcome = authorizer.check(
//!     "arn:aws:iam::111122223333:user/ann",
//!     "s3:GetObject",
//!     "arn:aws:s3:::reports/ann/2026.csv",
//!     &[("aws:SourceIp", "203.0.113.9")],
//! )?;
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
//! # Fast: resolve names once
//!
//! [`Authorizer::check`] is convenient and looks every name up again. A host that authorizes many
//! requests resolves actions, condition keys and principals once, and keeps one [`Request`] for each
//! thread. After the first few requests nothing allocates any more; [`Request::decide`] never does.
//!
//! ```
//! # use portcullis::{Authorizer, PolicySet, Principal, Target};
//! # let image = PolicySet::new().identity("p", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
//! #   "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*",
//! #   "Condition": {"Bool": {"aws:SecureTransport": true}}}}"#).compile()?;
//! # let authorizer = Authorizer::new([image]);
//! let get_object = authorizer.action("s3:GetObject");
//! let secure_transport = authorizer.key("aws:SecureTransport");
//! let ann = authorizer.principal(Principal::from_arn("arn:aws:iam::111122223333:user/ann")?);
//!
//! let mut request = authorizer.request();
//! for (object, expected) in [("reports/a", true), ("secrets/b", false)] {
//!     let target = format!("arn:aws:s3:::{object}");
//!     request
//!         .begin(&get_object)
//!         .set(&secure_transport, &["true"])
//!         .finish(&ann, &Target::new(&target));
//!     assert_eq!(request.decide().is_allow(), expected);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Keys that no policy looks at need not be found out at all: [`Authorizer::is_unused`].
//!
//! What was resolved knows the policies that it was resolved for. An [`Action`], a [`Key`] or a
//! [`ResolvedPrincipal`] of one authorizer may be given to another: it is looked up again there, each time, and
//! decides what its name decides. A [`Request`] belongs to its authorizer; one that is not finished, or was
//! changed since, is an implicit deny.
//!
//! # Why: explanations
//!
//! ```
//! # use portcullis::{Authorizer, Miss, PolicySet};
//! # let image = PolicySet::new().identity("p", r#"{"Version": "2012-10-17", "Statement": {"Sid": "Office", "Effect": "Allow",
//! #   "Action": "s3:GetObject", "Resource": "*",
//! #   "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}}"#).compile()?;
//! # let authorizer = Authorizer::new([image]);
//! let explanation = authorizer.explain(
//!     "arn:aws:iam::111122223333:user/ann", "s3:GetObject", "arn:aws:s3:::b/k", &[],
//! )?;
//! assert_eq!(explanation.missing_keys, ["aws:SourceIp"]);
//! let near_miss = &explanation.layers[0].statements[0];
//! assert_eq!(near_miss.sid, "Office");
//! let [Miss::Condition(condition)] = &near_miss.misses[..] else { panic!() };
//! assert_eq!((&*condition.operator, &*condition.key), ("IpAddress", "aws:SourceIp"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Several images, one decision
//!
//! A decision may read policies that are compiled apart and change at different times: the account's,
//! the bucket's, those of a session. Put their images into one [`Authorizer`]; each fills other
//! layers, or adds to the same.
//!
//! ```
//! # use portcullis::{Authorizer, PolicySet};
//! let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
//! let account = PolicySet::new().identity("admin", everything).compile()?;
//! let session = PolicySet::new()
//!     .session("read only", r#"{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#)
//!     .compile()?;
//! let authorizer = Authorizer::new([account, session]);
//! let role = "arn:aws:sts::111122223333:assumed-role/App/i-1";
//! assert!(authorizer.check(role, "s3:GetObject", "arn:aws:s3:::b/k", &[])?.is_allow());
//! assert!(!authorizer.check(role, "s3:PutObject", "arn:aws:s3:::b/k", &[])?.is_allow());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
//! To change policies while requests are decided, make a new [`Authorizer`] and swap it in, behind an
//! `Arc` for example; requests that are under way finish with the old one. What was resolved for the old one stays
//! right with the new one and costs its look-up each time: resolve it anew. Ask [`Authorizer::is_unused`] anew, too.
//!
//! # What is decided
//!
//! Identity and resource policies, permissions boundaries, session policies, service and resource
//! control policies, VPC endpoint policies, role trust policies and KMS key policies, for every kind
//! of caller. What is present is up to you: a set that is not given does not limit. The time, the
//! region and everything else that is not about caller and target is only what the request says.

mod authorizer;
#[cfg(feature = "compile")]
mod policies;
mod principal;

pub use authorizer::{Authorizer, Request, ResolvedPrincipal};
#[cfg(feature = "compile")]
pub use policies::{PolicyErrors, PolicySet};
pub use portcullis_image::{Image, ImageError};
pub use portcullis_model::{
    ActionError, Decision, Effect, Layer, PolicyKind, PrincipalError, check_action,
};
pub use portcullis_vm::{
    Action, ConditionReport, EntryMiss, EntryReport, Explanation, Identity, Key, KeyReport,
    LayerReport, Miss, NotListed, Outcome, PrincipalEntry, PrincipalMiss, Resource, ResourceRef,
    StatementReport, Target,
};
pub use principal::Principal;
