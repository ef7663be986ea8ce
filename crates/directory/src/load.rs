//! From a folder of dumps to the tables of a directory.
//!
//! Reading takes every file apart and keeps what it says, with its location ([`read`], [`raw`]); linking turns references
//! into ids ([`link`]). The two are apart because files come in any order: a user may stand before its group, and an
//! account before the organization that it is in.
//!
//! All problems are found in one go, and a directory that was read in part is never handed on (`GRAM-12`): what is missing
//! may deny. Nothing that decides looks in here. What reading leaves behind is tables, documents and a report.
//!
//! Memory while loading is what the files say plus the tables that are made of it; records are read one by one, so that
//! the size of a file does not matter. Time is linear in the folder.

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

/// Reads a folder, and the folders in it, and packs. With `debug` it keeps how policies came to apply.
///
/// # Errors
/// Every problem that was found, and what is referred to and not there unless that is allowed.
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
        let message = "the folder contains no dump of an account, an organization or a resource";
        let place = Location::of_file(&sources.folder.display().to_string());
        loader.error(place, codes::EMPTY, message);
    }
    if loader.errors.count > 0 {
        // What is missing may stand in what could not be read.
        return Err(loader.errors);
    }
    read_packs(&mut loader, &sources.packs);
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
