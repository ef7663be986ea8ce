//! From a folder of dumps to the tables of a directory.
//!
//! Two stages, because files come in any order: a user may be read before its group, and an account
//! before the organization above it.
//!
//! 1. Reading ([`read`]) takes every file apart and keeps its records ([`raw`]), each with its
//!    source location. References stay as they are written.
//! 2. Linking ([`mod@link`]) resolves references to ids, merges records about one thing, and makes the
//!    tables.
//!
//! All problems are found in one go, so that a folder is repaired in one round, and a directory
//! that was read in part is never handed on (`GRAM-12`): the part that is missing may deny. Nothing
//! that decides depends on this room. What it leaves behind is tables, documents, and a report.
//!
//! # What it may assume, and what it must not
//!
//! Files are hostile or accidental: truncated, nested deeply, contradicting each other. No input
//! may panic, recurse with its depth, or take more than linear time. The file system is assumed not
//! to change while a folder is read; a file that does change is read as whatever it was at that
//! moment, and is still checked like any other.
//!
//! # Cost
//!
//! Memory while loading is the records plus the tables made of them. Records are read one by one,
//! and large account dumps element by element ([`read::read_folder`]), so that the size of a file
//! does not matter. Time is linear in the folder; 352 MB of dumps took 2.8 s
//! (`docs/benchmarks/directories.md`).
//!
//! # Rejected
//!
//! Deserializing with derived types was rejected. It drops members that no field names, and a
//! policy in a member that AWS added last week is a Deny that is lost (`IN-4`). It also gives no
//! location for what is wrong, and cannot tell a member that is absent from one that is `null`.

pub(crate) mod link;
pub(crate) mod loader;
pub(crate) mod located;
pub(crate) mod path;
pub(crate) mod problem;
pub(crate) mod raw;
pub(crate) mod read;
pub(crate) mod sources;

use crate::codes;
use crate::load::link::link;
use crate::load::loader::Loader;
use crate::load::path::Location;
use crate::load::problem::{LoadError, Report};
use crate::load::read::{Progress, read_folder, read_packs};
use crate::load::sources::Sources;
use crate::store::documents::Documents;
use crate::store::provenance::Attachments;
use crate::store::tables::Tables;

/// Reads a folder, the folders in it, and packs of managed policies.
///
/// `debug` keeps how each policy came to apply, which explanations print and decisions do not need.
///
/// The order of the checks matters. What seems to be missing may be in a file that could not be
/// read, so that dangling references are looked for only if every file was read. Packs come after
/// the folder because dumps win over them, and because a broken pack is no reason to leave out the
/// problems of the dumps.
///
/// # Errors
/// Every problem that was found, the first [`LoadError::LIMIT`] one by one; also whatever is
/// referred to and not there, unless `allow_missing` says that an incomplete directory will do.
pub(crate) fn load(
    sources: &Sources<'_>,
    allow_missing: bool,
    debug: bool,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(Tables, Documents, Report), LoadError> {
    let mut loader = Loader::default();
    loader.documents.attachments = debug.then(Attachments::default);
    read_folder(&mut loader, sources, progress);
    if loader.errors.count == 0 && loader.report.read.is_empty() {
        let message = "there is no dump of an account, an organization or a resource in it";
        let place = Location::of_file(&sources.folder.display().to_string());
        loader.error(place, codes::EMPTY, message);
    }
    if loader.errors.count > 0 {
        // A reference may lead into a file that could not be read. Reporting it as dangling would
        // send the user the wrong way.
        return Err(loader.errors);
    }
    read_packs(&mut loader, &sources.packs);
    if let Some(proposal) = &sources.proposal {
        loader.propose(proposal);
    }
    if loader.errors.count > 0 {
        return Err(loader.errors);
    }
    let tables = link(&mut loader);
    if !allow_missing {
        let missing = std::mem::take(&mut loader.report.missing);
        missing
            .into_iter()
            .for_each(|problem| loader.errors.push(problem));
    }
    if loader.errors.count > 0 {
        return Err(loader.errors);
    }
    Ok((tables, loader.documents, loader.report))
}
