//! The keys that a request gives, by name or resolved beforehand.
//!
//! A key by its name is compared with the slot's folded name; one that was resolved is compared by number, if it is of this
//! stack. There is no table of a request's keys: requests have few, and most decisions look at none.
//!
//! Names of keys may be in any case, and a key may come twice (`COND-40`, `COND-41`).

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use portcullis_image::Reserved;
use portcullis_image::value::fold::eq_folded;
use portcullis_model::ContextEntry;
use portcullis_vm::{ContextNames, Key, Plan, StackSlot, is_name_of_caller};

use crate::decide::context::only;

/// A context key with its values, of which the name may have been resolved before.
///
/// ```
/// use portcullis_directory::{ContextValue, Directory, LoadOptions};
///
/// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
/// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
/// let by_name = ContextValue::named("aws:SourceIp", &["203.0.113.9"]);
/// let key = directory.key("aws:SourceIp")?;
/// let by_key = ContextValue::keyed(&key, &["203.0.113.9"]);
/// // Without a value the key is switched off: it is not derived either.
/// let absent = ContextValue::named("aws:PrincipalTag/team", &[]);
/// # let _ = (by_name, by_key, absent);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ContextValue<'a> {
    /// The name of the key, in any case.
    name: &'a str,
    /// The same key; none if it was not resolved.
    key: Option<&'a Key>,
    /// As texts; none at all switches the key off (`KEY-2`).
    pub(crate) values: &'a [&'a str],
}

impl<'a> ContextValue<'a> {
    /// A key by its name, in any case (`COND-40`), and its values as text; none at all switches the key off
    /// (`KEY-2`).
    pub fn named(name: &'a str, values: &'a [&'a str]) -> ContextValue<'a> {
        ContextValue {
            name,
            key: None,
            values,
        }
    }

    /// The same with a key as [`Directory::key`] resolves it. One of another directory, or of this one before
    /// [`Directory::update`], is looked up by its name.
    ///
    /// [`Directory::key`]: crate::Directory::key
    /// [`Directory::update`]: crate::Directory::update
    pub fn keyed(key: &'a Key, values: &'a [&'a str]) -> ContextValue<'a> {
        ContextValue {
            name: key.name(),
            key: Some(key),
            values,
        }
    }

    /// True if it is the key of a slot of the stack, whose name is folded.
    pub(crate) fn is_of(&self, plan: &Plan, slot: StackSlot, name: &str) -> bool {
        let by_key = self.key.and_then(|key| key.is_at(plan, slot));
        by_key.unwrap_or_else(|| eq_folded(self.name, name.as_bytes()))
    }
}

impl<'a> From<&ContextEntry<'a>> for ContextValue<'a> {
    fn from(entry: &ContextEntry<'a>) -> ContextValue<'a> {
        ContextValue::named(entry.key, entry.values)
    }
}

/// The keys that a request gives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GivenKeys<'a> {
    /// Keys by their names.
    Entries(&'a [ContextEntry<'a>]),
    /// Keys that may have been resolved.
    Resolved(&'a [ContextValue<'a>]),
}

impl<'a> GivenKeys<'a> {
    /// The keys, in their order.
    pub(crate) fn keys(self) -> impl Iterator<Item = ContextValue<'a>> + Clone {
        let (entries, given): (&[ContextEntry<'a>], &[ContextValue<'a>]) = match self {
            GivenKeys::Entries(entries) => (entries, &[]),
            GivenKeys::Resolved(given) => (&[], given),
        };
        entries
            .iter()
            .map(ContextValue::from)
            .chain(given.iter().copied())
    }

    /// Names and values of the keys.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'a str, &'a [&'a str])> + Clone {
        self.keys().map(|given| (given.name, given.values))
    }

    /// True if it may say names of the caller.
    pub(crate) fn names_caller(self) -> bool {
        self.keys().any(|given| is_name_of_caller(given.name))
    }

    /// The names of the caller that it says.
    pub(crate) fn names<'k>(self, arena: &'k Bump) -> ContextNames<'k>
    where
        'a: 'k,
    {
        let own = Reserved::ServiceNames.name().as_bytes();
        let services = self.entries().filter(|(key, _)| eq_folded(key, own));
        let services = services.flat_map(|(_, values)| values.iter().copied());
        ContextNames {
            user_id: only(self.entries(), Reserved::UserId.name()),
            provider: only(self.entries(), Reserved::FederatedProvider.name()),
            services: BumpVec::from_iter_in(services, arena).into_bump_slice(),
        }
    }
}
