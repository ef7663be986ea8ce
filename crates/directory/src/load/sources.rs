//! What a directory is read from: a folder without what is excluded, and packs of managed policies.
//!
//! Exclusion is by the caller's own words alone. There is no list of names that are left out by
//! default, since a file that is left out may hold a policy that denies; only names that begin with
//! a dot are, as every tool does.

use std::path::{Path, PathBuf};

use portcullis_source::Diagnostic;

use crate::load::read::files::{LIMITS, list};

/// A folder, or one file, and what belongs to it.
///
/// ```no_run
/// # use std::path::Path;
/// # use portcullis_directory::{Directory, LoadOptions, Sources};
/// let mut sources = Sources::new(Path::new("dumps"));
/// sources.exclude.push("logs/**".to_string());
/// let loaded = Directory::load_from(&sources, LoadOptions::default(), &mut |_| ())?;
/// # Ok::<(), portcullis_directory::LoadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sources<'s> {
    /// The folder, read with the folders in it; or one file, which is read whatever its name is.
    pub folder: &'s Path,
    /// Patterns of files and folders that are not read. `*` and `?` stand for characters of one name, `**` also for
    /// slashes. A pattern with a slash is matched with the path from the folder, any other with each name in it.
    pub exclude: Vec<String>,
    /// Files with lines of `{"name", "arn", "document"}`: managed policies that dumps refer to and do not hold, such
    /// as those of AWS. A line `{"pack": NAME, "date": DAY}` says what it is and of when.
    pub packs: Vec<PathBuf>,
    /// What is proposed in place of what the folder says of a resource.
    pub proposal: Option<Proposal<'s>>,
}

/// A policy, grants of a key, or the access control list of a bucket, which a resource does not have yet. The directory is
/// then the one that the folder would give if it had.
///
/// A policy is in any form in which AWS's commands print one; grants and lists are as `list-grants` and `get-bucket-acl` print
/// them, and take the place of all that there are. A policy may be that of a resource or role that the folder does not know;
/// grants and lists may not, since the resource's policy and settings count too.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'p> {
    /// The ARN of the resource, as the folder spells it.
    pub resource: &'p str,
    /// The account that owns it, if neither the folder nor the ARN says so.
    pub owner: Option<&'p str>,
    /// What its file is called in messages.
    pub file: &'p str,
    /// The content of the file.
    pub content: &'p [u8],
}

/// What a folder holds.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The files by their paths from the folder.
    pub files: Vec<String>,
    /// Files and folders that are excluded.
    pub excluded: Vec<String>,
    /// What cannot be read, leads out of the folder, or is too much.
    pub problems: Vec<Diagnostic>,
}

impl<'s> Sources<'s> {
    /// Everything in a folder, and nothing else.
    pub fn new(folder: &'s Path) -> Sources<'s> {
        Sources {
            folder,
            exclude: Vec::new(),
            packs: Vec::new(),
            proposal: None,
        }
    }

    /// The files of the folder and of the folders in it, sorted by name. Links are followed as long as they stay in the
    /// folder; names that begin with a dot are left out.
    pub fn files(&self) -> Listing {
        let is_excluded = |path: &str| self.excludes(path);
        let (found, excluded, problems) = list(self.folder, LIMITS, &is_excluded);
        let files = found.into_iter().map(|file| file.name).collect();
        Listing {
            files,
            excluded,
            problems,
        }
    }

    /// True if a file or folder with this path from the folder is not to be read. A folder that is
    /// excluded is not entered.
    pub(crate) fn excludes(&self, path: &str) -> bool {
        self.exclude.iter().any(|pattern| {
            let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
            match pattern.contains('/') {
                true => is_like(pattern, path),
                false => path.split('/').any(|name| is_like(pattern, name)),
            }
        })
    }
}

/// Whether a path matches a pattern, in at most the product of their lengths.
///
/// A set of positions is moved along the pattern, as an automaton would be. Trying each `*` at each
/// position was rejected, because `*a*a*a*b` takes exponential time then, and a crate for globs
/// because four kinds of wildcard are forty lines.
fn is_like(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let path: Vec<char> = path.chars().collect();
    // `fits[n]`: the pattern so far matches the first `n` characters.
    let mut fits = vec![false; path.len() + 1];
    if let Some(first) = fits.first_mut() {
        *first = true;
    }
    let mut rest = pattern.as_slice();
    while let Some((own, more)) = rest.split_first() {
        rest = more;
        let is_deep = *own == '*' && rest.first() == Some(&'*');
        if is_deep {
            rest = rest.get(1..).unwrap_or_default();
            // `a/**/b` matches `a/b` too, so that the slash behind `**` is taken with it.
            if let (Some('/'), true) = (rest.first(), at_start(&pattern, rest.len() + 2)) {
                let ends = std::iter::once(true).chain(path.iter().map(|c| *c == '/'));
                let mut any = false;
                for (fit, is_end) in fits.iter_mut().zip(ends) {
                    any |= *fit;
                    *fit = any && is_end;
                }
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
        }
        let mut next = vec![false; fits.len()];
        let mut before = false;
        for (index, slot) in next.iter_mut().enumerate() {
            let is_here = fits.get(index) == Some(&true);
            let was = index.checked_sub(1);
            let c = was.and_then(|was| path.get(was));
            let came = was.is_some_and(|was| fits.get(was) == Some(&true));
            *slot = match own {
                '*' => is_here || before && (is_deep || c != Some(&'/')),
                '?' => came && c.is_some_and(|c| *c != '/'),
                own => came && c == Some(own),
            };
            before = *slot;
        }
        fits = next;
    }
    fits.last() == Some(&true)
}

/// True if the rest of a pattern begins a name, which is where `**/` may stand for no folder at
/// all.
fn at_start(pattern: &[char], left: usize) -> bool {
    let before = pattern.len().checked_sub(left + 1);
    before.is_none_or(|before| pattern.get(before) == Some(&'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_files() {
        for (pattern, path, expected) in [
            ("*.csv", "a/report.csv", true),
            ("*.csv", "a/report.json", false),
            ("logs", "a/logs/one.json", true),
            ("a/*.json", "a/one.json", true),
            ("a/*.json", "a/b/one.json", false),
            ("a/**", "a/b/one.json", true),
            ("a/**", "b/a/one.json", false),
            ("a/**/one.json", "a/one.json", true),
            ("a/**/one.json", "a/b/c/one.json", true),
            ("a/**/one.json", "a/bone.json", false),
            ("**/x", "x", true),
            ("**/x", "a/b/x", true),
            ("**/x", "a/bx", false),
            ("?.json", "1.json", true),
            ("?.json", "11.json", false),
            ("./a/", "a", true),
            ("logs/", "logs", true),
            ("ä*", "äb", true),
            ("", "a", false),
        ] {
            let mut sources = Sources::new(Path::new("."));
            sources.exclude.push(pattern.to_string());
            assert_eq!(sources.excludes(path), expected, "{pattern} {path}");
        }
    }
}
