//! Policies in the policy language, where a scenario or a command names a file of it.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_dsl::{Loader, NamedDocument, parse_with};
use portcullis_model::PolicyKind;
use portcullis_syntax::Policy;
use portcullis_syntax::policy::ReadOptions;

use crate::policies::Files;
use crate::problem::{Code, Problem, Source};

/// True if a file's name says that it is in the policy language.
pub fn is_language(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "iam")
}

/// Imports come from where the file itself came from.
struct Imports<'f> {
    files: &'f dyn Files,
    /// The file that imports.
    file: PathBuf,
}

impl Loader for Imports<'_> {
    fn load(&self, from: Option<&str>, path: &str) -> Result<portcullis_dsl::Source, String> {
        let from = from.map_or(self.file.as_path(), Path::new);
        let path = from
            .parent()
            .map_or_else(|| path.into(), |folder| folder.join(path));
        let bytes = self.files.read(&path)?;
        let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_string())?;
        Ok(portcullis_dsl::Source {
            name: path.to_string_lossy().into_owned(),
            text,
        })
    }
}

/// Reads all policies of a file, for those that have no type as one of this type. The problems are
/// the errors alone, and there are policies only if there are none.
pub fn language_documents<'a>(
    source: &Rc<Source<'a>>,
    options: ReadOptions,
    files: &dyn Files,
    arena: &'a Bump,
) -> (Vec<NamedDocument<'a>>, Vec<Problem<'a>>) {
    let imports = Imports {
        files,
        file: source.file().into(),
    };
    let options = portcullis_dsl::Options {
        default_kind: options.kind,
        allow_missing_resource: options.allow_missing_resource,
        ..portcullis_dsl::Options::default()
    };
    let parsed = parse_with(source.text(), arena, &imports, &options);
    let problems: Vec<Problem<'a>> = parsed
        .diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| Problem::of_policy(source, diagnostic))
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
) -> (Option<Policy<'a>>, Vec<Problem<'a>>) {
    let (documents, mut problems) = language_documents(source, options, files, arena);
    if !problems.is_empty() {
        return (None, problems);
    }
    let wanted = options.kind;
    let [document] = documents.as_slice() else {
        let message = format!("the file holds {} policies, one is wanted", documents.len());
        let span = documents
            .get(1)
            .map(|second| second.name.span)
            .unwrap_or_default();
        problems.push(Problem::new(source, Code::UnsupportedFile, span, message).in_policy());
        return (None, problems);
    };
    // A trust policy is the resource policy of its role.
    let trust = (document.kind, wanted) == (PolicyKind::Trust, PolicyKind::Resource);
    if document.kind != wanted && !trust {
        let message = format!(
            "this is a policy of type {}, one of type {wanted} is wanted",
            document.kind
        );
        let span = document.name.span;
        problems.push(Problem::new(source, Code::UnsupportedFile, span, message).in_policy());
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
