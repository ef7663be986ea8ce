//! Policy documents as written: one syntax tree and its readers.
//!
//! ```
//! use bumpalo::Bump;
//! use portcullis_model::{Effect, PolicyKind};
//! use portcullis_syntax::policy::{ReadOptions, parse_policy};
//!
//! let arena = Bump::new();
//! let text = r#"{
//!     "Version": "2012-10-17",
//!     "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
//! }"#;
//! let (document, problems) = parse_policy(text, ReadOptions::new(PolicyKind::Identity), &arena);
//! assert!(problems.is_empty());
//! assert_eq!(document.unwrap().statements[0].effect, Effect::Allow);
//! ```

mod api;
pub mod ast;
pub mod cases;
pub mod codes;
pub mod forms;
pub mod glob;
pub mod lint;
pub mod policy;
mod sets;
pub mod vars;

pub use api::{api_of, with_apis};
pub use sets::{Bucket, Policy, PolicySets, RequestPolicies};
