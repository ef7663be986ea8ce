//! Deciding many requests: whoever asks is somewhere else in the memory than whoever asked before, so what some
//! requests will look at is read for all of them before the first is decided. They wait for it together.

use std::hint::black_box;

use portcullis_model::Request;
use portcullis_vm::{Entry, Outcome};
use smallvec::SmallVec;

use crate::Directory;
use crate::check::ResolvedRequest;
use crate::compiled::Compiled;
use crate::deed::Deed;
use crate::engine::{Engine, EngineError};
use crate::resolve::Refusal;

/// For how many requests is read ahead.
const AHEAD: usize = 16;

/// As many of something.
type Few<T> = SmallVec<[T; AHEAD]>;

impl Engine {
    /// Decides requests as [`Engine::check`], and calls back with the place and the outcome of each, in order.
    ///
    /// In a directory that is larger than the processor's caches a decision waits for memory most of the time; here
    /// sixteen requests wait together. Requests of prepared actions ([`Directory::prepare`]) gain the most.
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold. A request whose caller is not known has
    /// its own.
    pub fn check_all(
        &mut self,
        directory: &Directory,
        requests: &[Request<'_>],
        mut decided: impl FnMut(usize, Result<Outcome, Refusal>),
    ) -> Result<(), EngineError> {
        let tables = &directory.tables;
        let compiled = directory.store.compiled(tables)?;
        let mut place = 0;
        for chunk in requests.chunks(AHEAD) {
            let callers = chunk.iter();
            let callers = callers.map(|request| tables.read_caller(&request.principal.caller));
            let callers: Few<_> = callers.collect();
            let coming = chunk.iter().zip(&callers).filter_map(|(request, arn)| {
                Some(Coming {
                    principal: tables.likely_number(arn)? as usize,
                    deed: compiled.prepared.get(request.action),
                })
            });
            let coming: Few<_> = coming.collect();
            compiled.read_ahead(&coming);
            // Texts are compared with the names that the request gives.
            let names = coming
                .iter()
                .filter_map(|own| compiled.profile(own.principal));
            let seen = names.map(|own| tables.texts.get(own.name).len());
            black_box(seen.fold(0, |all, length| all ^ length));
            for (request, arn) in chunk.iter().zip(&callers) {
                decided(place, self.check_read((tables, compiled), request, arn));
                place += 1;
            }
        }
        Ok(())
    }

    /// Decides resolved requests as [`Engine::check_resolved`], and calls back with the place and the outcome of
    /// each, in order. As [`Engine::check_all`], it reads ahead.
    ///
    /// # Errors
    /// As [`Engine::check_resolved`].
    pub fn check_all_resolved(
        &mut self,
        directory: &Directory,
        requests: &[ResolvedRequest<'_>],
        mut decided: impl FnMut(usize, Outcome),
    ) -> Result<(), EngineError> {
        let compiled = directory.store.compiled(&directory.tables)?;
        let mut place = 0;
        for chunk in requests.chunks(AHEAD) {
            let coming = chunk.iter().map(|request| Coming {
                principal: request.principal,
                deed: Some(request.deed).filter(|deed| deed.of == compiled.id()),
            });
            compiled.read_ahead(&coming.collect::<Few<_>>());
            for request in chunk {
                decided(place, self.check_resolved(directory, request)?);
                place += 1;
            }
        }
        Ok(())
    }
}

/// A request that will be decided.
struct Coming<'c> {
    principal: usize,
    /// None if it is not known where it leads.
    deed: Option<&'c Deed>,
}

impl Compiled {
    /// Reads what decisions will look at, step by step for all of them: the processor waits for the memory of one
    /// step at once.
    fn read_ahead(&self, coming: &[Coming<'_>]) {
        let mut seen = 0;
        for own in coming {
            seen ^= self.profile(own.principal).map_or(0, |own| own.filter);
        }
        black_box(seen);
        let mut entries = SmallVec::<[(u32, &Entry); 4 * AHEAD]>::new();
        for Coming { principal, deed } in coming {
            let Some((own, deed)) = self.profile(*principal).zip(*deed) else {
                continue;
            };
            let known = deed.entries.as_ref();
            let Some(known) = known.filter(|_| own.filter & deed.action.filter() != 0) else {
                continue;
            };
            for (_, part) in own.parts() {
                match known.of(part) {
                    Some([first, ..]) if entries.len() < entries.inline_size() => {
                        entries.push((self.home(part).0, first));
                    }
                    _ => {}
                }
            }
        }
        let mut seen = 0;
        for (image, entry) in &entries {
            if let Some(image) = self.images().get(*image as usize) {
                seen ^= entry.read_ahead(image.view());
            }
        }
        black_box(seen);
    }
}
