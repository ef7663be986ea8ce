//! Policies in the policy language, where a scenario or a command names a file of it.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_dsl::{ImportError, Imported, Loader, NamedDocument, parse_with};
use portcullis_model::PolicyKind;
use portcullis_syntax::Policy;
use portcullis_syntax::policy::ReadOptions;

use crate::codes;
use crate::files::{Files, UnreadableError, locate};
use portcullis_source::{Diagnostic, Source};

/// True if a file's name says that it is in the policy language.
pub fn is_language(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "iam")
}

/// True if a text begins as files of the policy language do, behind comments. Such a text may be quoted in
/// messages.
pub(crate) fn may_be_language(text: &str) -> bool {
    const WORDS: [&str; 5] = ["policy", "let", "use", "template", "test"];
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().map(str::trim_start);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_none_or(|line| {
        let word = line
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
            .next()
            .unwrap_or_default();
        WORDS.contains(&word) || PolicyKind::parse(word).is_some()
    })
}

/// Imports of a file in the policy language. They come from where the file itself came from.
pub struct Imports<'f> {
    files: &'f dyn Files,
    /// The file that imports.
    file: &'f Path,
}

impl<'f> Imports<'f> {
    /// The imports of `file`.
    pub fn new(files: &'f dyn Files, file: &'f Path) -> Imports<'f> {
        Imports { files, file }
    }
}

impl fmt::Debug for Imports<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Imports").field(&self.file).finish()
    }
}

impl Loader for Imports<'_> {
    fn load(&self, from: Option<&str>, path: &str) -> Result<Imported, ImportError> {
        let from = from.map_or(self.file, Path::new);
        let found = locate(from, path, self.files).and_then(|(folder, path)| {
            let bytes = self.files.read(&folder, &path)?;
            Ok((plain(&folder.join(path)), bytes))
        });
        let (path, bytes) = found.map_err(|why| match why {
            UnreadableError::Outside => ImportError {
                code: codes::PATH_OUTSIDE,
                reason: why.to_string(),
            },
            UnreadableError::Because(reason) => ImportError::new(reason),
        })?;
        let text = String::from_utf8(bytes).map_err(|_| ImportError::new("it is not UTF-8"))?;
        // Its problems would quote it, whatever it is.
        if !may_be_language(&text) {
            return Err(ImportError::new("it is not in the policy language"));
        }
        Ok(Imported {
            name: path.to_string_lossy().into_owned(),
            text,
        })
    }
}

/// A path without `.` and without going into a folder and out again, so that a file has one name.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        let last = plain.components().next_back();
        match (part, last) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                plain.pop();
            }
            _ => plain.push(part),
        }
    }
    plain
}

/// Reads all policies of a file, for those that have no type as one of this type. The problems are
/// the errors alone, and there are policies only if there are none.
pub fn language_documents<'a>(
    source: &Rc<Source<'a>>,
    options: ReadOptions,
    files: &dyn Files,
    arena: &'a Bump,
) -> (Vec<NamedDocument<'a>>, Vec<Diagnostic>) {
    let imports = Imports::new(files, Path::new(source.file()));
    let options = portcullis_dsl::Options {
        default_kind: options.kind,
        allow_missing_resource: options.allow_missing_resource,
        ..portcullis_dsl::Options::default()
    };
    let parsed = parse_with(source.text(), arena, &imports, &options);
    let problems: Vec<Diagnostic> = parsed
        .diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| source.locate(diagnostic.in_policy()))
        .collect();
    match problems.is_empty() {
        true => (parsed.documents, problems),
        false => (Vec::new(), problems),
    }
}

/// Reads the one policy of a file that is to be of this type.
pub fn language_policy<'a>(
    source: &Rc<Source<'a>>,
    options: ReadOptions,
    name: Option<&'a str>,
    files: &dyn Files,
    arena: &'a Bump,
) -> (Option<Policy<'a>>, Vec<Diagnostic>) {
    let (documents, mut problems) = language_documents(source, options, files, arena);
    if !problems.is_empty() {
        return (None, problems);
    }
    let wanted = options.kind;
    let [document] = documents.as_slice() else {
        let message = format!("expected one policy, the file contains {}", documents.len());
        let span = documents
            .get(1)
            .map(|second| second.name.span)
            .unwrap_or_default();
        problems.push(
            source
                .error(codes::UNSUPPORTED_FILE, span, message)
                .in_policy(),
        );
        return (None, problems);
    };
    // A trust policy is the resource policy of its role.
    let trust = (document.kind, wanted) == (PolicyKind::Trust, PolicyKind::Resource);
    if document.kind != wanted && !trust {
        let message = format!(
            "expected a policy of type {wanted}, found one of type {}",
            document.kind
        );
        let span = document.name.span;
        problems.push(
            source
                .error(codes::UNSUPPORTED_FILE, span, message)
                .in_policy(),
        );
        return (None, problems);
    }
    let policy = Policy {
        name: name.unwrap_or(document.name.value),
        file: source.file(),
        text: source.text(),
        document: document.document,
    };
    (Some(policy), problems)
}
