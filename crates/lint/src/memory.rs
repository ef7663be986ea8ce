//! Statements in which nothing was found: who checks a document again and again, as an editor does, need not look at them again.

use core::hash::{BuildHasher, Hash, Hasher};
use portcullis_model::PolicyKind;
use portcullis_source::json::{Node, Value};
use std::cell::RefCell;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;

use crate::checks::Context;
use crate::view::Statement;

/// How many statements are remembered before all are forgotten.
const REMEMBERED: usize = 1 << 16;

/// Which statements had no finding of their own, by what they say and what they were checked as. It belongs to one
/// [catalog](crate::Catalog). At most half a megabyte; what a document costs beyond its size is not counted for them, so that a
/// document of which not everything is looked at may be looked at further with it.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_lint::{Memory, Options, PolicyType, lint_tree};
/// use portcullis_source::json;
///
/// let memory = Memory::default();
/// let options = Options { memory: Some(&memory), ..Options::new(PolicyType::Identity) };
/// let arena = Bump::new();
/// for (action, found) in [("s3:GetObject", 0), ("s3:GetObject", 0), ("iam:PassRole", 1), ("iam:PassRole", 1)] {
///     let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}]}}"#);
///     let text = arena.alloc_str(&text);
///     let node = json::parse(text, &arena).unwrap();
///     assert_eq!(lint_tree(node, text, Some(text), &options).findings.len(), found);
/// }
/// ```
#[derive(Debug, Default)]
pub struct Memory {
    hashed: RandomState,
    clean: RefCell<HashSet<u64>>,
}

/// The number of a statement, or none if nothing is remembered.
pub(crate) type Number = Option<u64>;

impl Memory {
    /// The number of a statement as it is checked.
    pub(crate) fn number(&self, cx: &Context<'_>, own: &Statement<'_>) -> Number {
        let mut hasher = self.hashed.build_hasher();
        own_options(cx, &mut hasher);
        let mut left: Vec<&Node<'_>> = Vec::new();
        let members = |members: &'_ [portcullis_source::json::Member<'_>], hasher: &mut _| {
            members.len().hash(hasher);
            members.iter().for_each(|one| one.key.value.hash(hasher));
        };
        members(own.members, &mut hasher);
        left.extend(own.members.iter().map(|one| &one.value));
        while let Some(node) = left.pop() {
            core::mem::discriminant(&node.value).hash(&mut hasher);
            match node.value {
                Value::Null => {}
                Value::Bool(own) => own.hash(&mut hasher),
                Value::Number(text) | Value::String(text) => text.hash(&mut hasher),
                Value::Array(nodes) => {
                    nodes.len().hash(&mut hasher);
                    left.extend(nodes);
                }
                Value::Object(own) => {
                    members(own, &mut hasher);
                    left.extend(own.iter().map(|one| &one.value));
                }
            }
        }
        Some(hasher.finish())
    }

    pub(crate) fn is_clean(&self, number: Number) -> bool {
        number.is_some_and(|number| self.clean.borrow().contains(&number))
    }

    pub(crate) fn add(&self, number: Number) {
        let mut clean = self.clean.borrow_mut();
        if clean.len() >= REMEMBERED {
            clean.clear();
        }
        clean.extend(number);
    }
}

/// What else the findings of a statement depend on.
fn own_options(cx: &Context<'_>, hasher: &mut impl Hasher) {
    let flags = [
        cx.is_trust,
        cx.has_variables,
        cx.has_old_scp_rules,
        cx.has_own_checks,
    ];
    let kind: PolicyKind = cx.kind;
    (kind, cx.target, cx.account, flags).hash(hasher);
}
