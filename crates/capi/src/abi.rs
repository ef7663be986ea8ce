//! The functions.
//!
//! Each is one call of `border`, which keeps panics inside and tells failures. What a host must promise is said once, in
//! `raw` and at the top of the header, in place of a section in each.
#![allow(
    clippy::missing_safety_doc,
    reason = "the header says for all of them what hosts must promise"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use bumpalo::Bump;

use crate::error::{Error, Result};
use crate::flat::Reader;
use crate::handles::{Authorizer, Image, OwnedText, Principal, Site, known, told};
use crate::raw::{handle, items, request as read, text, texts};
use crate::request::{Asked, CHUNK, with_memory};
use crate::types::*;

/// What is decided where something fails.
const DENIED: Decision = Decision {
    code: PC_IMPLICIT_DENY,
};

/// Calls a function whose panic ends here, and writes its failure, or null, where the host wants to know it.
///
/// # Safety
/// `failure` is null, or may be written.
#[inline]
pub(crate) unsafe fn border<T>(
    failure: *mut *mut Error,
    otherwise: T,
    call: impl FnOnce() -> Result<T>,
) -> T {
    let (result, error) = match inside(call) {
        Ok(result) => (result, None),
        Err(error) => (otherwise, Some(error)),
    };
    if !failure.is_null() && failure.is_aligned() {
        let error = error.map_or(ptr::null_mut(), Box::into_raw);
        // SAFETY: neither null nor unaligned; that it may be written is the caller's promise.
        unsafe { failure.write(error) };
    }
    result
}

/// Calls a function whose panic is a failure.
///
/// That it unwinds through what the function uses is safe to assert: handles do not change, the memory of the thread is
/// dropped by a panic, and everything else is the function's own.
#[inline]
fn inside<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let error = Error::internal(&*panic);
        // Dropping it could panic again.
        std::mem::forget(panic);
        Err(error)
    })
}

/// A new handle.
#[inline]
fn made<T>(own: T) -> *mut T {
    Box::into_raw(Box::new(own))
}

/// Frees a handle.
///
/// # Safety
/// It is null, or came from [`made`] and was not freed; nobody uses it any more.
unsafe fn freed<T>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    // SAFETY: the caller promises that it came from a box, which nobody else has.
    let own = unsafe { Box::from_raw(handle) };
    // A panic while dropping leaves nothing to be done.
    let _ = inside(|| {
        drop(own);
        Ok(())
    });
}

/// A text that is handed out, which lives as long as what it is of.
fn given(text: &str) -> Text {
    Text {
        data: text.as_ptr().cast(),
        length: text.len(),
    }
}

/// The version of this interface that the library has: `PC_ABI_VERSION` of the header that belongs to it.
#[unsafe(no_mangle)]
pub extern "C" fn pc_abi_version() -> u32 {
    PC_ABI_VERSION
}

/// What kind of failure it is, one of `PC_ERROR_...`; 0 of a null pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_error_code(error: *const Error) -> u32 {
    // SAFETY: the host's promise, as the module says.
    unsafe { handle(error, "error") }.map_or(0, |error| error.code)
}

/// What failed, for people: of documents every problem with its place, `file:line:column`, and the line that it is in. It
/// lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_error_text(error: *const Error) -> Text {
    // SAFETY: the host's promise, as the module says.
    let error = unsafe { handle(error, "error") };
    given(error.map_or("", |error| &error.text))
}

/// How many problems the documents have: none, unless the code is `PC_ERROR_POLICY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_error_problems(error: *const Error) -> usize {
    // SAFETY: the host's promise, as the module says.
    unsafe { handle(error, "error") }.map_or(0, |error| error.problems.len())
}

/// Writes one of the problems, counted from 0 in the order of the documents. False, and nothing written, if there is no
/// such problem.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_error_problem(
    error: *const Error,
    number: usize,
    problem: *mut ProblemView,
) -> bool {
    // SAFETY: the host's promise, as the module says.
    let error = unsafe { handle(error, "error") };
    let found = error.ok().and_then(|error| error.problems.get(number));
    let fits = !problem.is_null() && problem.is_aligned();
    let Some(found) = found.filter(|_| fits) else {
        return false;
    };
    let found = ProblemView {
        code: given(&found.code),
        message: given(&found.message),
        help: given(&found.help),
        file: given(&found.file),
        line: found.line,
        column: found.column,
    };
    // SAFETY: neither null nor unaligned; that it may be written is the host's promise.
    unsafe { problem.write(found) };
    true
}

/// Frees an error, and with it its texts. Null is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_error_free(error: *mut Error) {
    // SAFETY: the host's promise, as the module says.
    unsafe { freed(error) };
}

/// What a text of the library is. It lives as long as the string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_string_text(string: *const OwnedText) -> Text {
    // SAFETY: the host's promise, as the module says.
    let string = unsafe { handle(string, "string") };
    given(string.map_or("", |string| &string.0))
}

/// Frees a string. Null is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_string_free(string: *mut OwnedText) {
    // SAFETY: the host's promise, as the module says.
    unsafe { freed(string) };
}

/// Reads documents and compiles them to an image, or returns null. Every problem of every document is in the error; there is
/// no image of some of the documents, and nothing in one is skipped. Takes tens of microseconds for a small policy.
#[cfg(feature = "full")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_compile(
    documents: *const Document,
    count: usize,
    error: *mut *mut Error,
) -> *mut Image {
    let compile = || {
        let mut set = engine::PolicySet::new();
        // SAFETY: the host's promise, as the module says.
        for (place, one) in (0..).zip(unsafe { items(documents, count, "documents")? }) {
            // SAFETY: the host's promise, as the module says.
            let name = unsafe { text(one.name, "the name of a document") };
            // SAFETY: the host's promise, as the module says.
            let content = unsafe { text(one.content, "the content of a document") };
            let added = match (name, content) {
                (Ok(name), Ok(content)) => crate::handles::added(set, one, name, content),
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
            set = added.map_err(|error| error.at("document", place))?;
        }
        Ok(made(Image::of(set.compile()?)?))
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { border(error, ptr::null_mut(), compile) }
}

/// Opens an image that `pc_image_bytes` gave, here or elsewhere, or returns null. The bytes are copied and checked, whatever
/// they are, in time linear in their number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_image_open(bytes: Bytes, error: *mut *mut Error) -> *mut Image {
    let open = || {
        // SAFETY: the host's promise, as the module says.
        let bytes = unsafe { items(bytes.data, bytes.length, "an image")? };
        let own = engine::Image::from_bytes(Arc::from(bytes)).map_err(Error::image)?;
        Ok(made(Image(own)))
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { border(error, ptr::null_mut(), open) }
}

/// The bytes of an image, to be kept in a file: the same documents give the same bytes on every machine. They live as long as
/// the image. None of a null pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_image_bytes(image: *const Image) -> Bytes {
    // SAFETY: the host's promise, as the module says.
    let image = unsafe { handle(image, "image") };
    let bytes = image.map_or(&[][..], |image| image.0.as_bytes());
    Bytes {
        data: bytes.as_ptr(),
        length: bytes.len(),
    }
}

/// Frees an image. Authorizers that were made of it stay. Null is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_image_free(image: *mut Image) {
    // SAFETY: the host's promise, as the module says.
    unsafe { freed(image) };
}

/// Makes an authorizer over images, of which each fills other layers or adds to the same, or returns null. It shares their
/// bytes. Takes time linear in the condition keys that the policies look at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_authorizer_new(
    images: *const *const Image,
    count: usize,
    error: *mut *mut Error,
) -> *mut Authorizer {
    let new = || {
        let mut own = Vec::new();
        // SAFETY: the host's promise, as the module says.
        for image in unsafe { items(images, count, "images")? } {
            // SAFETY: the host's promise, as the module says.
            own.push(unsafe { handle(*image, "image")? }.0.clone());
        }
        Ok(made(Authorizer(engine::Authorizer::new(own))))
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { border(error, ptr::null_mut(), new) }
}

/// Frees an authorizer. Sites and principals that were made with it stay. Null is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_authorizer_free(authorizer: *mut Authorizer) {
    // SAFETY: the host's promise, as the module says.
    unsafe { freed(authorizer) };
}

/// Whether some policy looks at a condition key, in any case (`COND-40`): if not, its value need not be found out. True if
/// that cannot be said, which is an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_uses_key(
    authorizer: *const Authorizer,
    key: Text,
    error: *mut *mut Error,
) -> bool {
    let uses = || {
        // SAFETY: the host's promise, as the module says.
        let authorizer = unsafe { handle(authorizer, "authorizer")? };
        // SAFETY: the host's promise, as the module says.
        let key = unsafe { text(key, "a condition key")? };
        Ok(authorizer.0.uses_key(key))
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { border(error, true, uses) }
}

/// Looks up an action and condition keys for the requests of one place in a program, or returns null. Takes memory for each
/// pattern of a policy that matches the action.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_site_new(
    authorizer: *const Authorizer,
    action: Text,
    keys: Texts,
    error: *mut *mut Error,
) -> *mut Site {
    let new = || {
        // SAFETY: the host's promise, as the module says.
        let authorizer = unsafe { handle(authorizer, "authorizer")? };
        // SAFETY: the host's promise, as the module says.
        let action = unsafe { text(action, "action")? };
        engine::check_action(action).map_err(Error::request)?;
        let arena = Bump::new();
        // SAFETY: the host's promise, as the module says.
        let keys = unsafe { texts(keys, "condition keys", &arena)? };
        Ok(made(Site {
            own: authorizer.0.prepare(action, keys),
            keys: keys.len(),
        }))
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { border(error, ptr::null_mut(), new) }
}

/// Frees a site. Null is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_site_free(site: *mut Site) {
    // SAFETY: the host's promise, as the module says.
    unsafe { freed(site) };
}

/// Looks up a caller, or returns null. It is worth it for a session of some requests, and the only way for callers without
/// an ARN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_principal_new(
    authorizer: *const Authorizer,
    caller: *const Caller,
    error: *mut *mut Error,
) -> *mut Principal {
    let new = || {
        // SAFETY: the host's promise, as the module says.
        let authorizer = unsafe { handle(authorizer, "authorizer")? };
        // SAFETY: the host's promise, as the module says: a structure is promised like a handle.
        let caller = unsafe { handle(caller, "caller")? };
        // SAFETY: the host's promise, as the module says.
        let name = unsafe { text(caller.name, "the name of a caller")? };
        // SAFETY: the host's promise, as the module says.
        let of = unsafe { text(caller.of, "of whom a caller is")? };
        // SAFETY: the host's promise, as the module says.
        let id = unsafe { text(caller.user_id, "the user id of a caller")? };
        let own = told(known(caller.kind, name, of)?, caller.flags, id)?;
        Ok(made(Principal(authorizer.0.resolve(own))))
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { border(error, ptr::null_mut(), new) }
}

/// Frees a principal. Null is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_principal_free(principal: *mut Principal) {
    // SAFETY: the host's promise, as the module says.
    unsafe { freed(principal) };
}

/// Decides a request. What fails is `PC_IMPLICIT_DENY`, and why is in the error.
///
/// Uses memory of the thread, which is freed with it, and takes none of the heap once that has seen the thread's largest
/// request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_decide(
    authorizer: *const Authorizer,
    request: *const Request,
    error: *mut *mut Error,
) -> Decision {
    let decide = || {
        // SAFETY: the host's promise, as the module says.
        let authorizer = unsafe { handle(authorizer, "authorizer")? };
        // SAFETY: the host's promise, as the module says: a structure is promised like a handle.
        let asked = unsafe { handle(request, "request")? };
        with_memory(|memory| {
            // SAFETY: the host's promise, as the module says.
            let (asked, resource) = unsafe { read(asked, &memory.arena)? };
            Ok(authorizer.decide(&mut memory.scratch, &asked, resource))
        })
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { border(error, DENIED, decide) }
}

/// Fills an array of decisions: with denials first, which they all are again if the function fails.
///
/// # Safety
/// `decisions` is null, or so many may be written, and nobody else does so.
#[inline]
unsafe fn filled(
    decisions: *mut Decision,
    count: usize,
    error: *mut *mut Error,
    fill: impl FnOnce(&mut [Decision]) -> Result<()>,
) -> bool {
    let fits = !decisions.is_null() && count <= isize::MAX as usize;
    let own: &mut [Decision] = match (count, fits) {
        (0, _) => &mut [],
        (_, true) => {
            // SAFETY: not null, and the caller promises that so many may be written.
            unsafe { decisions.write_bytes(PC_IMPLICIT_DENY, count) };
            // SAFETY: they have just been written, and are this call's alone.
            unsafe { std::slice::from_raw_parts_mut(decisions, count) }
        }
        (_, false) => {
            let refused = || Err(Error::argument("decisions: there is no such array"));
            // SAFETY: the caller's promise.
            return unsafe { border(error, false, refused) };
        }
    };
    let fill = || match inside(|| fill(own)) {
        Ok(()) => Ok(true),
        Err(error) => {
            own.fill(DENIED);
            Err(error)
        }
    };
    // SAFETY: the caller's promise.
    unsafe { border(error, false, fill) }
}

/// Decides several requests, and writes as many decisions. If one is none, false is returned, the error says which, and all
/// decisions are `PC_IMPLICIT_DENY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_decide_many(
    authorizer: *const Authorizer,
    requests: *const Request,
    count: usize,
    decisions: *mut Decision,
    error: *mut *mut Error,
) -> bool {
    let decide = |decisions: &mut [Decision]| {
        // SAFETY: the host's promise, as the module says.
        let authorizer = unsafe { handle(authorizer, "authorizer")? };
        // SAFETY: the host's promise, as the module says.
        let requests = unsafe { items(requests, count, "requests")? };
        let chunks = requests.chunks(CHUNK).zip(decisions.chunks_mut(CHUNK));
        with_memory(|memory| {
            for (number, (requests, decisions)) in chunks.enumerate() {
                let mut asked = Vec::with_capacity(requests.len());
                for (place, one) in (number * CHUNK..).zip(requests) {
                    // SAFETY: the host's promise, as the module says.
                    let found = unsafe { read(one, &memory.arena) };
                    asked.push(found.map_err(|error| error.at("request", place))?);
                }
                authorizer.decide_many(&mut memory.scratch, &asked, decisions);
                drop(asked);
                memory.arena.reset();
            }
            Ok(())
        })
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { filled(decisions, count, error, decide) }
}

/// Decides a request for each of some resources, in place of its own, and writes as many decisions. Fails as
/// `pc_decide_many`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_decide_resources(
    authorizer: *const Authorizer,
    request: *const Request,
    resources: Texts,
    decisions: *mut Decision,
    error: *mut *mut Error,
) -> bool {
    let decide = |decisions: &mut [Decision]| {
        // SAFETY: the host's promise, as the module says.
        let all = unsafe { items(resources.data, resources.count, "resources")? };
        let names = all.iter().map(|one| {
            // SAFETY: the host's promise, as the module says.
            unsafe { text(*one, "resource") }
        });
        // SAFETY: the host's promise, as the module says.
        unsafe { each_resource(authorizer, request, names, decisions) }
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { filled(decisions, resources.count, error, decide) }
}

/// Decides a request for each of some resources.
///
/// # Safety
/// As `raw` says of the handle and the request.
unsafe fn each_resource<'a>(
    authorizer: *const Authorizer,
    request: *const Request,
    resources: impl Iterator<Item = Result<&'a str>>,
    decisions: &mut [Decision],
) -> Result<()> {
    // SAFETY: the host's promise, as the module says.
    let authorizer = unsafe { handle(authorizer, "authorizer")? };
    // SAFETY: the host's promise, as the module says: a structure is promised like a handle.
    let asked = unsafe { handle(request, "request")? };
    with_memory(|memory| {
        // SAFETY: the host's promise, as the module says.
        let (asked, _) = unsafe { read(asked, &memory.arena)? };
        authorizer.decide_resources(&mut memory.scratch, &asked, resources, decisions)
    })
}

/// Decides the requests of a flat list, which is `count` long, and writes as many decisions. Fails as `pc_decide_many`, and
/// also if bytes are missing or left over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_decide_flat(
    authorizer: *const Authorizer,
    requests: Bytes,
    count: usize,
    decisions: *mut Decision,
    error: *mut *mut Error,
) -> bool {
    let decide = |decisions: &mut [Decision]| {
        // SAFETY: the host's promise, as the module says.
        let authorizer = unsafe { handle(authorizer, "authorizer")? };
        // SAFETY: the host's promise, as the module says.
        let bytes = unsafe { items(requests.data, requests.length, "requests")? };
        let mut reader = Reader::new(bytes);
        reader.length(count, "requests")?;
        with_memory(|memory| {
            for (number, decisions) in decisions.chunks_mut(CHUNK).enumerate() {
                let mut asked = Vec::with_capacity(decisions.len());
                for place in (number * CHUNK..).take(decisions.len()) {
                    let found = Asked::flat(&mut reader, &memory.arena);
                    asked.push(found.map_err(|error| error.at("request", place))?);
                }
                authorizer.decide_many(&mut memory.scratch, &asked, decisions);
                drop(asked);
                memory.arena.reset();
            }
            Ok(())
        })
        .and_then(|()| reader.end())
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { filled(decisions, count, error, decide) }
}

/// Decides a request for each resource of a flat list of texts, which is `count` long. Otherwise as `pc_decide_resources`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_decide_flat_resources(
    authorizer: *const Authorizer,
    request: *const Request,
    resources: Bytes,
    count: usize,
    decisions: *mut Decision,
    error: *mut *mut Error,
) -> bool {
    let decide = |decisions: &mut [Decision]| {
        // SAFETY: the host's promise, as the module says.
        let bytes = unsafe { items(resources.data, resources.length, "resources")? };
        let mut reader = Reader::new(bytes);
        reader.length(count, "resources")?;
        let names = (0..count).map(|_| reader.text("resource"));
        // SAFETY: the host's promise, as the module says.
        unsafe { each_resource(authorizer, request, names, decisions)? };
        reader.end()
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { filled(decisions, count, error, decide) }
}

/// Explains a request, in a form, one of `PC_FORM_...`, or returns null: the decision, what every policy says to it, and the
/// first of what would have to change. Takes time linear in the statements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pc_explain(
    authorizer: *const Authorizer,
    request: *const Request,
    form: u32,
    error: *mut *mut Error,
) -> *mut OwnedText {
    let explain = || {
        // SAFETY: the host's promise, as the module says.
        let authorizer = unsafe { handle(authorizer, "authorizer")? };
        // SAFETY: the host's promise, as the module says: a structure is promised like a handle.
        let asked = unsafe { handle(request, "request")? };
        let arena = Bump::new();
        // SAFETY: the host's promise, as the module says.
        let (asked, resource) = unsafe { read(asked, &arena)? };
        let explanation = authorizer.0.explain(&asked.query(resource));
        let text = match form {
            PC_FORM_TEXT => explanation.to_string(),
            #[cfg(feature = "full")]
            PC_FORM_JSON => explanation.json().to_string(),
            _ => return Err(Error::argument(format!("there is no form {form} here"))),
        };
        Ok(made(OwnedText(text)))
    };
    // SAFETY: the host's promise, as the module says.
    unsafe { border(error, ptr::null_mut(), explain) }
}
