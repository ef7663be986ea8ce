//! Scenario files: policies, requests and the decisions expected of them.
//!
//! A scenario is a JSON object with the policy sets of a decision and one or more requests. A file
//! holds one, a list of them, or one on each line; [`portcullis_source::Records`] takes a stream apart and
//! [`scenarios`] reads what it yields. Everything lives in an arena, and every problem knows its
//! place.
//!
//! ```
//! use bumpalo::Bump;
//! use portcullis_scenario::{NoFiles, Options, scenarios};
//! use portcullis_source::Source;
//!
//! let arena = Bump::new();
//! let text = r#"{
//!     "name": "ann may read",
//!     "policies": {"identity": [{"Version": "2012-10-17", "Statement": {
//!         "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}]},
//!     "request": {"principal": "arn:aws:iam::111122223333:user/ann",
//!         "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"},
//!     "expect": "Allow"
//! }"#;
//! let source = Source::new("ann.json", text);
//! let found = scenarios(source, Options::default(), &NoFiles, &arena).unwrap();
//! assert!(found[0].problems.is_empty());
//! assert_eq!(found[0].cases[0].request.unwrap().action, "s3:GetObject");
//! ```

mod bucket;
pub mod codes;
mod files;
mod language;
mod note;
mod policies;
mod principal;
mod read;
mod request;
mod request_line;

pub use files::{Disk, Files, NoFiles, UnreadableError};
pub use language::{Imports, is_language, language_documents, language_policy};
pub use note::{Note, session_caller};
pub use policies::{missing_resource, policy_document, policy_list, policy_text};
pub use read::{Case, Options, Scenario, missing_resource_problem, scenarios};
pub use request::{RequestForm, request};
pub use request_line::{Line, line, lines};
