//! Reading a folder: every file is taken apart into values, and each is recognized by its content.
//!
//! Names of files decide nothing but order and, where a value does not say it itself, a bucket, a
//! key, a region or an account. A value is recognized by the members that only its form has. What
//! holds a policy or a limit and is not recognized is an error (`IN-4`): a policy that is passed
//! over may be the one that denies.
//!
//! To make sure of that, readers mark the nodes that they took ([`Loader::consumed`]), and what
//! looks like a policy and was not marked is found afterwards, at any depth. Listing the members
//! that each reader knows was rejected: the list forgets the next member that AWS adds.
//!
//! | file | what it reads |
//! |---|---|
//! | [`files`], `inflate` | which files there are, and what is in them |
//! | `file`, `open_file`, `pieces` | one file: records, and elements of large account dumps |
//! | `recognize`, `unread` | which form a value has, and what no reader took |
//! | `account`, `managed`, `entity_dump`, `lists` | answers of IAM |
//! | `organization`, [`tree`] | answers of Organizations, and our own file |
//! | [`identity_center`] | permission sets and who has them |
//! | `resource`, `service`, [`unnamed`], [`acl`] | resource policies and settings |
//! | `propose` | what is proposed in place of what the files say |
//! | [`fields`] | members of objects, with locations of what is wrong |
//!
//! Readers are methods of [`Loader`], since each adds strings, documents, records and problems.

mod account;
pub(crate) mod acl;
mod elements;
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
mod propose;
mod recognize;
mod resource;
mod service;
pub(crate) mod tree;
pub(crate) mod unnamed;
mod unread;

use std::path::PathBuf;

use crate::load::loader::Loader;
use crate::load::sources::Sources;

/// How far a load is, for a host that shows it. A load of many gigabytes takes minutes.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'p> {
    /// The file that is read next, by its path from the folder.
    pub file: &'p str,
    /// Files that were read, of how many.
    pub files: (usize, usize),
    /// Users and roles so far.
    pub principals: usize,
}

/// Reads everything in a folder, in the order of the names, so that the same folder gives the same
/// directory on every machine. `progress` is called before each file.
pub(crate) fn read_folder(
    loader: &mut Loader,
    sources: &Sources<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) {
    loader.folder(sources, progress);
}

/// Reads packs of managed policies, which lie outside of the folder. A pack is a file like any
/// other: what else it holds is read too, and counts.
pub(crate) fn read_packs(loader: &mut Loader, packs: &[PathBuf]) {
    for path in packs {
        let path = path.clone();
        let name = files::name_outside(&path);
        loader.file(&files::FoundFile { path, name });
    }
}
impl Loader {
    /// Lists first and reads afterwards, so that limits and files that are not regular are found
    /// before hours of reading.
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
