//! The vocabulary that every other crate of portcullis shares: what kinds of policy there are, which
//! operators exist, what a request says and what a decision can be.
//!
//! Nothing here evaluates anything. The reference evaluator and the virtual machine both speak this
//! vocabulary and share nothing else, so that one can be the oracle of the other.
//!
//! Rule ids such as `EVAL-3` in the documentation of this workspace name the numbered rules that
//! `docs/spec` holds; `corpus/rules.jsonl` says which of them cases show.
#![no_std]

mod action;
mod kind;
mod operator;
mod request;
mod service;

pub use action::{ActionError, check_action};
pub use kind::{Decision, Effect, Layer, PolicyKind};
pub use operator::{Base, Family, Operator, OperatorError, Quantifier};
pub use request::{
    Caller, ContextEntry, GuessedRole, Principal, PrincipalError, Request, access_point,
    access_point_of, arn_account, is_account_id, is_resource, session_names, session_role_name,
    split_arn,
};
pub use service::{RCP_SERVICES, is_rcp_service};
