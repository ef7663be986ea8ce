//! What the images of a stack know of the last callers.
//!
//! Remembered as names are ([`crate::stack::cache`]), by the caller's first text; what else a caller has is compared too,
//! since two roles may have sessions of one name. What a context says of a caller is not among it: it comes with each
//! request anew. Remembering took the requests of W6 from 2,963 instructions to 2,064
//! (`docs/benchmarks/targets.md`).

use alloc::string::String;

use portcullis_image::View;
use portcullis_model::{Caller, Principal};

use crate::bytes::equal;
use crate::combine::caller::CallerKind;
use crate::request::principal::PrincipalHandle;
use crate::stack::StackId;
use crate::stack::cache::{Cache, MAX_TEXT};

/// Remembers what policies know of callers by themselves. What a context says of a caller is not among it.
#[derive(Debug)]
pub(crate) struct Callers(Cache<CachedCaller>);

/// A caller beside the text that it is found by.
#[derive(Debug, Default)]
struct CachedCaller {
    /// Two callers may have one ARN and be of different kinds.
    kind: CallerKind,
    /// The role of a session, or who made a federated user.
    second: String,
    user_id: Option<String>,
    /// What was found of it.
    handle: PrincipalHandle,
}

impl Callers {
    /// Remembers nobody.
    pub(crate) const fn new() -> Callers {
        Callers(Cache::new())
    }

    /// The number of what is known of a caller. None of one who has no name, and of one with very long names.
    #[inline(always)]
    pub(crate) fn number_of<'i>(
        &mut self,
        images: &(impl Iterator<Item = View<'i>> + Clone),
        stack: StackId,
        principal: &Principal<'_>,
    ) -> Option<usize> {
        let (first, second) = match principal.caller {
            Caller::Anonymous => return None,
            Caller::Root { arn } | Caller::User { arn } => (arn, ""),
            Caller::OriginAccessIdentity { arn } => (arn, ""),
            Caller::Role {
                session_arn: Some(session),
                role_arn,
                ..
            } => (session, role_arn),
            Caller::Role { role_arn, .. } => (role_arn, ""),
            Caller::FederatedUser { arn, federated_by } => (arn, federated_by.unwrap_or("")),
            Caller::Service { name } => (name, ""),
            Caller::Federated { provider } => (provider, ""),
            Caller::CanonicalUser { id } => (id, ""),
        };
        let kind = CallerKind::of(&principal.caller);
        let fill = |own: &mut CachedCaller| own.fill(images.clone(), stack, principal, second);
        let number = self.0.number_of(stack, first, fill);
        let own = self.0.get(number)?;
        let is_it = own.kind == kind
            && equal(own.second.as_bytes(), second.as_bytes())
            && match (&own.user_id, principal.user_id) {
                (Some(own), Some(id)) => equal(own.as_bytes(), id.as_bytes()),
                (own, id) => own.is_none() && id.is_none(),
            }
            && own.handle.of.is_same(stack);
        match is_it {
            true => Some(number),
            false => self.again(images, stack, principal, (number, second)),
        }
    }

    /// The text is known of another caller, who is forgotten.
    #[cold]
    fn again<'i>(
        &mut self,
        images: &(impl Iterator<Item = View<'i>> + Clone),
        stack: StackId,
        principal: &Principal<'_>,
        (number, second): (usize, &str),
    ) -> Option<usize> {
        let own = self.0.get_mut(number)?;
        let is_sound = own.fill(images.clone(), stack, principal, second);
        is_sound.then_some(number)
    }

    /// What has a number that was just asked for.
    #[inline(always)]
    pub(crate) fn get(&self, number: usize) -> Option<&PrincipalHandle> {
        self.0.get(number).map(|own| &own.handle)
    }
}

impl CachedCaller {
    /// Becomes that of a caller. False if it has very long names, or if the images are not those of the stack.
    fn fill<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>>,
        stack: StackId,
        principal: &Principal<'_>,
        second: &str,
    ) -> bool {
        let user_id = principal.user_id.unwrap_or("");
        if second.len() > MAX_TEXT || user_id.len() > MAX_TEXT {
            self.handle.of = StackId::NONE;
            return false;
        }
        self.kind = CallerKind::of(&principal.caller);
        self.second.clear();
        self.second.push_str(second);
        let own_id = self.user_id.take();
        self.user_id = principal.user_id.map(|id| {
            let mut own = own_id.unwrap_or_default();
            own.clear();
            own.push_str(id);
            own
        });
        self.handle.set(images, principal);
        self.handle.of.is_same(stack)
    }
}
