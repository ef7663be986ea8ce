//! Why a request was decided as it was, and what would have to change.

use std::fmt;
use std::ops::Deref;

use portcullis_explain::{Changes, Story};
use portcullis_model::{ContextEntry, Request};

use crate::{Principal, Query};

/// A decision with its reasons: what every policy set says, which statements matched or came near and what they lack, what
/// was assumed, and what would have to change for the request to be allowed.
///
/// [`Display`](fmt::Display) tells it to people, as `portcullis explain` does; with the feature `serde`, `json` and
/// `Serialize` give it to programs in the form of `--format json`; [`Explanation::svg`] draws it. The reports themselves
/// are the fields of [`Reports`](crate::Reports), which it stands for.
///
/// ```
/// use portcullis::{PolicySet, Principal, Query};
/// let set = PolicySet::new().identity("readers", r#"{"Version": "2012-10-17", "Statement": {
///     "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
///     "Condition": {"Bool": {"aws:SecureTransport": "true"}}}}"#);
/// let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?;
/// let query = Query::new(&ann, "s3:GetObject", "arn:aws:s3:::b/k");
/// let explanation = set.explain(&query)?;
/// assert_eq!(explanation.missing_keys, ["aws:SecureTransport"]);
/// let text = explanation.to_string();
/// assert!(text.contains("would allow, but for the condition"), "{text}");
/// assert!(text.contains("to be allowed, all of this would have to change:"), "{text}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    reports: portcullis_vm::Explanation,
    asked: Asked,
    changes: Changes,
    /// Of a directory's decision.
    #[cfg(feature = "directory")]
    known: Option<Box<Known>>,
}

/// What a directory knows of a decision.
#[cfg(feature = "directory")]
#[derive(Clone, Debug)]
struct Known {
    scene: portcullis_explain::Scene,
    is_incomplete: bool,
}

/// What was asked, kept to be told.
#[derive(Clone, Debug)]
struct Asked {
    principal: Principal,
    action: String,
    resource: String,
    account: Option<String>,
    context: Vec<(String, Vec<String>)>,
}

impl Asked {
    /// Calls a function with the request.
    fn with<T>(&self, call: impl FnOnce(&Request<'_>) -> T) -> T {
        let texts = self.context.iter();
        let texts: Vec<(&str, Vec<&str>)> = texts
            .map(|(key, values)| (key.as_str(), values.iter().map(String::as_str).collect()))
            .collect();
        let context: Vec<ContextEntry<'_>> = texts
            .iter()
            .map(|(key, values)| ContextEntry { key, values })
            .collect();
        let principal = self.principal.borrow();
        call(&Request {
            principal,
            context: &context,
            resource_account: self.account.as_deref(),
            ..Request::new(principal.caller, &self.action, &self.resource)
        })
    }
}

impl Explanation {
    pub(crate) fn new(
        mut reports: portcullis_vm::Explanation,
        query: &Query<'_>,
        notes: Vec<String>,
    ) -> Explanation {
        for note in notes {
            if !reports.notes.contains(&note) {
                reports.notes.push(note);
            }
        }
        let query = &query.inner;
        let asked = Asked {
            principal: query.principal.into(),
            action: query.action_name().into(),
            resource: query.resource.text().into(),
            account: query.account.map(String::from),
            context: query.context.to_texts(),
        };
        Explanation {
            changes: asked.with(|request| Changes::of_explanation(&reports, request)),
            reports,
            asked,
            #[cfg(feature = "directory")]
            known: None,
        }
    }

    /// Calls a function with the request.
    #[cfg(feature = "compile")]
    pub(crate) fn asked<T>(&self, call: impl FnOnce(&Request<'_>) -> T) -> T {
        self.asked.with(call)
    }

    /// With what would have to change where that was tried.
    #[cfg(feature = "compile")]
    pub(crate) fn with_changes(self, changes: Changes) -> Explanation {
        Explanation { changes, ..self }
    }

    /// What would have to change for the request to be allowed. [`PolicySet::explain`](crate::PolicySet::explain) tries it;
    /// an authorizer has no documents to try it on, and knows the first of what is needed.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The sentence in which AWS says that a request is denied (section 6.2 of the rules); none for an allow.
    pub fn message(&self) -> Option<String> {
        self.told(|story| story.message())
    }

    /// As JSON: what `portcullis explain --format json` prints.
    #[cfg(feature = "serde")]
    pub fn json(&self) -> serde_json::Value {
        self.told(|story| story.json())
    }

    /// As a picture, in a file of its own.
    pub fn svg(&self) -> String {
        self.told(|story| story.svg())
    }

    /// As a page with the picture and the text, which loads and runs nothing.
    pub fn html(&self) -> String {
        self.told(|story| story.html())
    }

    fn told<T>(&self, tell: impl FnOnce(&Story<'_>) -> T) -> T {
        #[cfg(feature = "directory")]
        let known = self.known.as_deref();
        #[cfg(feature = "directory")]
        let (scene, is_incomplete) = (
            known.map(|known| &known.scene),
            known.is_some_and(|known| known.is_incomplete),
        );
        #[cfg(not(feature = "directory"))]
        let (scene, is_incomplete) = (None, false);
        self.asked.with(|request| {
            tell(&Story {
                explanation: &self.reports,
                request,
                scene,
                changes: Some(&self.changes),
                notes: Vec::new(),
                is_incomplete,
            })
        })
    }
}

/// Explains a request that a directory decides: which policies take part and by which attachment, and what each says. With
/// the folder that the directory was read from, places are those of its files ([`Directory::locate`]).
///
/// ```
/// use portcullis::Caller;
/// use portcullis::directory::{Directory, Engine, LoadOptions, Request, explain};
///
/// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
/// # let folder: &std::path::Path = folder.as_ref();
/// let options = LoadOptions { debug: true, ..LoadOptions::default() };
/// let directory = Directory::load(folder, options, &mut |_| ())?.directory;
/// let noor = Caller::from_arn("arn:aws:iam::222222222222:user/noor")?;
/// let request = Request::new(noor, "s3:DeleteObject", "arn:aws:s3:::shop-orders/2026/1.json");
/// let why = explain(&directory, &mut Engine::new(), &request, Some(folder))?;
/// assert!(!why.outcome.is_allow() && why.to_string().contains("noor"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CheckError`] if the caller is not known, if the action is none, or if the policies are no image.
///
/// [`CheckError`]: portcullis_directory::CheckError
/// [`Directory::locate`]: portcullis_directory::Directory::locate
#[cfg(feature = "directory")]
pub fn explain(
    directory: &portcullis_directory::Directory,
    engine: &mut portcullis_directory::Engine,
    request: &Request<'_>,
    folder: Option<&std::path::Path>,
) -> Result<Explanation, portcullis_directory::CheckError> {
    let arena = bumpalo::Bump::new();
    let extra = portcullis_directory::RequestPolicies::default();
    let completed = directory.complete(request, extra, &arena)?;
    let mut reports = engine.explain(directory, &completed)?;
    let mut scene = directory.provenance(request, &completed)?;
    let mut changes = Changes::of_explanation(&reports, &completed.request);
    if let Some(folder) = folder {
        directory.locate(folder, &mut reports, &mut scene, &mut changes);
    }
    let is_incomplete = directory.is_incomplete() || completed.is_undecidable();
    let query = Query::from(&completed.request);
    let explanation = Explanation::new(reports, &query, directory.notes(&completed));
    Ok(Explanation {
        changes,
        known: Some(Box::new(Known {
            scene,
            is_incomplete,
        })),
        ..explanation
    })
}

impl Deref for Explanation {
    type Target = portcullis_vm::Explanation;

    fn deref(&self) -> &portcullis_vm::Explanation {
        &self.reports
    }
}

impl From<Explanation> for portcullis_vm::Explanation {
    fn from(explanation: Explanation) -> portcullis_vm::Explanation {
        explanation.reports
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(|story| story.text(false)))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Explanation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().serialize(serializer)
    }
}
