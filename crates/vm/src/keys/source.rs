//! Where the values of slots come from: the context of a query, texts that were put together, or a host that is asked.
//!
//! A host that would have to work for its keys, as a directory does for tags, is asked for one when a condition first
//! looks at it ([`KeySource`]). What it says is believed, and must not change during a decision. Asking costs a call through a
//! table of functions; a type parameter instead would compile the whole evaluation again for each host.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use portcullis_image::Reserved;
use portcullis_image::wire::index;

use crate::request::context::Context;
use crate::request::derived;
use crate::request::principal::PrincipalHandle;
use crate::request::query::Query;
use crate::stack::plan::{Plan, StackSlot};

/// One of several values that were stored for a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored {
    /// The slot, among those of all images.
    pub(crate) slot: StackSlot,
    /// Where the text is among those that are stored.
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

/// Texts that are not where the request has them.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// All stored texts, one after the other.
    pub(crate) text: String,
    /// Values of slots that have several.
    pub(crate) several: Vec<Stored>,
    /// `aws:userid` where it is put together (`VAR-13`): where it is.
    pub(crate) user_id: Option<(u32, u32)>,
}

impl Store {
    /// Holds nothing.
    pub(crate) const fn new() -> Store {
        Store {
            text: String::new(),
            several: Vec::new(),
            user_id: None,
        }
    }

    /// Forgets what it holds.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.several.clear();
        self.user_id = None;
    }

    /// A stored text; empty if there is none at the offset.
    pub(crate) fn get(&self, offset: u32, len: u32) -> &str {
        let start = index(offset);
        let text = self.text.get(start..start + index(len));
        text.unwrap_or("")
    }
}

/// Where the values of slots come from, in one decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValueSource<'a> {
    /// The classes of slots, and which of them follow from the request.
    pub(crate) plan: &'a Plan,
    pub(crate) store: &'a Store,
    /// Who has the values that are not stored.
    pub(crate) origin: KeyOrigin<'a>,
}

/// What gives keys, and what others follow from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyOrigin<'a> {
    /// A request, and what was resolved for its caller.
    Query(&'a Query<'a>, Option<&'a PrincipalHandle>),
    /// A host that knows the keys itself.
    Host(&'a (dyn KeySource + 'a)),
}

/// The keys of a request as a host knows them: it is asked when a condition first looks at one, and for nothing else, so
/// that what no condition comes to need not be found out.
///
/// What it says does not change during a decision, and is believed. It neither fails nor blocks: a key that it cannot find out
/// is one that it does not have.
pub trait KeySource {
    /// What it has for a key, by its slot in the stack: of the request, or what follows from it (`KEY-5`).
    fn find(&self, slot: StackSlot) -> FoundKey<'_>;

    /// The `nth` of the values that were found at a position; none if there are fewer. It is asked for each value, so that it
    /// should not search.
    fn value(&self, position: u32, nth: u32) -> Option<&str>;
}

impl fmt::Debug for dyn KeySource + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySource")
    }
}

/// What a host has for a key.
///
/// ```
/// use portcullis_vm::{FoundKey, KeySource, StackSlot};
///
/// /// Has one value for every key.
/// struct Constant(&'static str);
///
/// impl KeySource for Constant {
///     fn find(&self, _: StackSlot) -> FoundKey<'_> {
///         FoundKey::One(0, self.0)
///     }
///     fn value(&self, position: u32, nth: u32) -> Option<&str> {
///         (position, nth).eq(&(0, 0)).then_some(self.0)
///     }
/// }
/// assert_eq!(Constant("eu-west-1").find(StackSlot(3)), FoundKey::One(0, "eu-west-1"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundKey<'a> {
    /// No value: the key is absent.
    Nothing,
    /// One value, and the position by which it is asked for again: a number of the host's, counted from zero.
    One(u32, &'a str),
    /// Several values (`COND-20`), and their position.
    Several(u32),
}

impl<'a> ValueSource<'a> {
    /// The context of the query; without keys for a host that is asked.
    #[inline(always)]
    pub(super) fn context(&self) -> Context<'a> {
        match self.origin {
            KeyOrigin::Query(query, _) => query.context,
            KeyOrigin::Host(_) => Context::NONE,
        }
    }

    /// The text of a value at a position of the context, or of the host.
    #[inline(always)]
    pub(super) fn text(&self, position: u32, nth: u32) -> &'a str {
        match self.origin {
            KeyOrigin::Host(host) => host.value(position, nth).unwrap_or_default(),
            _ => self.context().text(index(position), index(nth)),
        }
    }

    /// The value of a key that follows from the request, by its reserved slot.
    #[inline(never)]
    pub(super) fn derived(&self, key: Reserved) -> Option<&'a str> {
        if let (Reserved::UserId, Some((offset, len))) = (key, self.store.user_id) {
            return Some(self.store.get(offset, len));
        }
        match self.origin {
            KeyOrigin::Host(_) => None,
            KeyOrigin::Query(query, handle) => {
                let principal = &query.principal;
                let home = query.home(handle);
                derived::derived(principal, home, || query.known_owner(), key)
            }
        }
    }
}
