//! Reading a folder: every file is taken apart into values, and each is recognized by its content.
//!
//! Names of files tell nothing but order and, where a value does not say it itself, a bucket, a key or an account. A value
//! is recognized by the members that only its kind has. What holds a policy or a limit and is not recognized is an error
//! (`IN-4`): a policy that is passed over may be the one that denies.
//!
//! To make sure of that, readers mark the nodes that they took ([`Loader::taken`]), and what looks like a policy and was not
//! marked is found afterwards, at any depth. Listing the members that each reader knows would forget the next one that AWS
//! adds.

mod account;
pub(crate) mod acl;
mod entity_dump;
pub(crate) mod fields;
mod file;
pub(crate) mod files;
pub(crate) mod identity_center;
mod inflate;
mod lists;
mod managed;
mod open_file;
mod organization;
mod pieces;
mod recognize;
mod resource;
mod service;
pub(crate) mod tree;
pub(crate) mod unnamed;
mod unread;

use std::path::PathBuf;

use crate::load::loader::Loader;
use crate::load::sources::Sources;

/// How far a long load is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'p> {
    /// The file that is being read.
    pub file: &'p str,
    /// Files that were read, of how many.
    pub files: (usize, usize),
    /// Users and roles so far.
    pub principals: usize,
}

/// Reads everything in a folder, in the order of the names. `progress` is called before each file.
pub(crate) fn read_folder(
    loader: &mut Loader,
    sources: &Sources<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) {
    loader.folder(sources, progress);
}

/// Reads files with managed policies that the dumps do not hold.
pub(crate) fn read_packs(loader: &mut Loader, packs: &[PathBuf]) {
    for path in packs {
        let path = path.clone();
        let name = files::name_outside(&path);
        loader.file(&files::FoundFile { path, name });
    }
}
impl Loader {
    /// Reads everything in a folder, in the order of the names.
    fn folder(&mut self, sources: &Sources<'_>, progress: &mut dyn FnMut(Progress<'_>)) {
        let is_excluded = |path: &str| sources.excludes(path);
        let (files, excluded, problems) = files::list(sources.folder, files::LIMITS, &is_excluded);
        self.report.excluded = excluded;
        for problem in problems {
            self.errors.push(problem);
        }
        for (index, file) in files.iter().enumerate() {
            progress(Progress {
                file: &file.name,
                files: (index, files.len()),
                principals: self.raw.principals.len(),
            });
            self.file(file);
        }
    }
}
