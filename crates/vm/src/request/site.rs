//! Where a program asks: an action and the names of condition keys, resolved together.
//!
//! At one place a program always asks with the same names; only values differ. With a call site the slots of all keys are
//! known, and filling them is a loop over values without a look-up: a request then takes 885 instructions where one from
//! texts takes 1,332 (`docs/benchmarks/targets.md`, W1).

use alloc::string::String;
use alloc::vec::Vec;

use portcullis_image::View;

use crate::request::action::Action;
use crate::request::key::KeySlot;
use crate::request::principal::is_name_of_caller;
use crate::stack::StackId;

/// The action and the condition keys of one place in a program, resolved for a stack of images: what a prepared
/// statement is to a database.
///
/// It owns its texts, and knows whose it is: for another stack it is resolved again, for each decision, until the host resolves
/// it anew.
///
/// ```
/// use portcullis_image::Image;
/// use portcullis_model::{Caller, Request};
/// use portcullis_vm::{ActionRef, CallSite, Context, Plan, Query, Scratch, Value, decide};
///
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// let image = Image::from_bytes(&file[..])?;
/// let images = || core::iter::once(image.view());
/// let plan = Plan::of(images());
/// let site = CallSite::resolve(images(), "s3:GetObject", &["aws:SecureTransport"]);
///
/// let role = Caller::from_arn("arn:aws:iam::111122223333:role/reports").unwrap();
/// let request = Request::new(role, site.action(), "arn:aws:s3:::example-team-data/finance/q1.csv");
/// let query = Query {
///     action: ActionRef::Site(&site),
///     context: Context::Site(&site, &[Value::Bool(false)], &[]),
///     ..Query::from(&request)
/// };
/// // The bucket's policy denies requests without TLS.
/// let outcome = decide(images(), &plan, &mut Scratch::new(), &query);
/// assert_eq!(outcome.decision().to_string(), "ExplicitDeny");
/// # Ok::<(), portcullis_image::ImageError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallSite {
    /// The images that it was resolved for.
    pub(crate) of: StackId,
    pub(crate) action: Action,
    /// The action, as it was given.
    name: String,
    /// The keys, as they were given.
    names: Vec<String>,
    /// The keys that some policy looks at, by slot.
    pub(crate) used: Vec<UsedKey>,
    /// No two of them are of one slot, as they are if a key comes twice.
    pub(crate) is_distinct: bool,
    /// A key says by which names policies may know the caller.
    pub(crate) names_caller: bool,
}

/// A key that some policy looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UsedKey {
    pub(crate) slot: KeySlot,
    /// Its index among the keys.
    pub(crate) key: u32,
}

impl UsedKey {
    /// Sorts keys by their slots. True if no two have the same.
    pub(crate) fn sort(used: &mut [UsedKey]) -> bool {
        used.sort_unstable_by_key(|used| used.slot.slot);
        let mut slots = used.iter().map(|used| used.slot.slot);
        let Some(mut last) = slots.next() else {
            return true;
        };
        slots.all(|slot| core::mem::replace(&mut last, slot) != slot)
    }
}

impl CallSite {
    /// Resolves an action, `service:Name` in any case (`MATCH-10`), and keys, in any case (`COND-40`). Values come in the order of
    /// the keys. Allocates, and takes time linear in the names.
    pub fn resolve<'i>(
        images: impl Iterator<Item = View<'i>> + Clone,
        action: &str,
        keys: &[&str],
    ) -> CallSite {
        let mut used = Vec::new();
        for (key, name) in (0..).zip(keys) {
            KeySlot::find_all(images.clone(), name, |slot| {
                used.push(UsedKey { slot, key })
            });
        }
        CallSite {
            of: StackId::of(images.clone()),
            action: Action::resolve(images, action),
            name: action.into(),
            names: keys.iter().map(|key| String::from(*key)).collect(),
            is_distinct: UsedKey::sort(&mut used),
            used,
            names_caller: keys.iter().any(|key| is_name_of_caller(key)),
        }
    }

    /// The action, as it was given.
    pub fn action(&self) -> &str {
        &self.name
    }

    /// The keys, as they were given.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The name of a key by its index.
    pub(crate) fn name(&self, key: usize) -> Option<&str> {
        self.names.get(key).map(String::as_str)
    }
}
