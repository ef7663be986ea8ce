//! One list of everything that there is to say of a document: what keeps it from loading, what Access Analyzer finds, and
//! checks of this project's own, each once.

use std::path::Path;

use bumpalo::Bump;
use portcullis_catalog::Catalog;
use portcullis_directory::codes::EXCEEDS_ACCOUNT_QUOTA;
use portcullis_dsl::{MinifyOptions, minified_size};
use portcullis_lint::{
    Answer, Catalog as _, Finding, Group, Level, Memory, Options, ResourceType, Rule, SAFE, fixes,
    guess, lint_tree, rules, tree,
};
use portcullis_model::PolicyKind;
use portcullis_source::json::Node;
use portcullis_source::{Code, Diagnostic, Severity, Step};
use portcullis_syntax::ast::{Document, Span};
use portcullis_syntax::codes::OPERATION_AS_ACTION;
use portcullis_syntax::forms::{self, Inner};
use portcullis_syntax::lint as advice;
use portcullis_syntax::policy::{ReadOptions, check_policy};
use serde_json::Value;

use super::join::join;
use super::places::Places;
use super::proofs::Proofs;
use crate::catalog::operation_note;
use crate::language;
use crate::lint_catalog::FromPack;

/// The group of what keeps a document from loading.
pub(crate) const LOAD: &str = "load";
/// The group of advice that is neither Access Analyzer's nor the linter's.
pub(crate) const ADVICE: &str = "advice";

/// What documents are checked against.
pub(crate) struct Linter<'c> {
    pub(crate) facts: &'c Catalog,
    pub(crate) catalog: &'c FromPack<'c>,
    /// The account whose the documents are.
    pub(crate) account: Option<&'c str>,
    /// What is remembered of documents that are checked again and again.
    pub(crate) memory: Option<&'c Memory>,
    /// What is proved of documents, if that is asked for.
    pub(crate) proofs: Option<&'c Proofs>,
}

/// Something that was found.
pub(crate) struct Found {
    pub(crate) diagnostic: Diagnostic,
    /// The rule of the linter; none for what only readers report.
    pub(crate) rule: Option<&'static Rule>,
    /// A request that shows it, for programs.
    pub(crate) request: Option<Value>,
}

impl Found {
    pub(crate) fn of(diagnostic: Diagnostic) -> Found {
        Found {
            diagnostic,
            rule: None,
            request: None,
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        self.diagnostic.code.as_str()
    }

    /// Its code and where it is.
    pub(crate) fn place(&self) -> (&'static str, Span) {
        (self.code(), self.diagnostic.span)
    }

    pub(crate) fn group(&self) -> &'static str {
        match self.rule {
            _ if self.diagnostic.is_error() => LOAD,
            Some(rule) => rule.group.as_str(),
            None if self.diagnostic.code == EXCEEDS_ACCOUNT_QUOTA => Group::Quota.as_str(),
            None if rules::find(self.code()).is_some() => Group::AccessAnalyzer.as_str(),
            None => ADVICE,
        }
    }

    /// AWS's level, if the code is AWS's.
    pub(crate) fn level(&self) -> Option<Level> {
        let rule = self.rule.or_else(|| rules::find(self.code()));
        rule.map(|rule| rule.level)
    }
}

/// A document of a file, and what was found in it.
pub(crate) struct Checked<'a> {
    /// The type that it was read as.
    pub(crate) kind: Option<PolicyKind>,
    pub(crate) found: Vec<Found>,
    /// The document's own text, if it stood in a string of the file.
    pub(crate) inner: Option<Inner<'a>>,
    /// The way to the document in the file, as a JSON pointer, if it is in another document.
    pub(crate) within: Option<String>,
    /// The document, as JSON or what it stands for; none if there is none.
    pub(crate) document: Option<Node<'a>>,
    /// Not everything was looked at.
    pub(crate) is_incomplete: bool,
}

impl<'a> Checked<'a> {
    /// A text of which only this is known.
    pub(crate) fn of(kind: Option<PolicyKind>, diagnostics: Vec<Diagnostic>) -> Checked<'a> {
        Checked {
            kind,
            found: diagnostics.into_iter().map(Found::of).collect(),
            inner: None,
            within: None,
            document: None,
            is_incomplete: false,
        }
    }
}

/// What a text of JSON is checked as.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) kind: Option<PolicyKind>,
    pub(crate) resource: Option<ResourceType>,
    /// Parts of it stand for what is not known, and its text is not that of the document.
    pub(crate) is_template: bool,
}

impl Linter<'_> {
    /// Everything that is found in a text that holds a policy document.
    pub(crate) fn json<'a>(&self, text: &'a str, wanted: Wanted, arena: &'a Bump) -> Checked<'a> {
        let (found, diagnostics) = forms::read(text, wanted.kind, arena);
        match found {
            Some(found) => self.document(text, found, diagnostics, wanted, arena),
            None => Checked::of(wanted.kind, diagnostics),
        }
    }

    /// Everything that is found in a document of a text.
    pub(crate) fn document<'a>(
        &self,
        text: &'a str,
        found: forms::Found<'a>,
        mut diagnostics: Vec<Diagnostic>,
        wanted: Wanted,
        arena: &'a Bump,
    ) -> Checked<'a> {
        let kind = wanted
            .kind
            .or(found.kind)
            .unwrap_or_else(|| guess(&found.document));
        let (document, others) = check_policy(found.document, ReadOptions::new(kind), arena);
        diagnostics.extend(others);
        diagnostics.extend(document.iter().flat_map(|one| self.operations(one)));
        let span = found.document.span;
        let own = match found.inner {
            Some(inner) => inner.text(),
            None => text.get(span.range()).unwrap_or_default(),
        };
        let mut checked = Checked {
            kind: Some(kind),
            found: Vec::new(),
            inner: found.inner,
            within: None,
            document: Some(found.document),
            is_incomplete: false,
        };
        let whole = own;
        let own = Some(own).filter(|_| !wanted.is_template);
        self.lint(&mut checked, text, own, diagnostics, wanted, arena);
        // What functions of a template stand for is not known, so nothing is known of all requests.
        if let (Some(document), Some(proofs), false) = (&document, self.proofs, wanted.is_template)
        {
            proofs.check(document, whole, self.account, &mut checked);
        }
        let is_mendable = |found: &Found| SAFE.iter().any(|(code, _)| *code == found.code());
        if found.inner.is_none() && !wanted.is_template && checked.found.iter().any(is_mendable) {
            mend(&mut checked.found, &fixes(&found.document, text));
        }
        let mut long = checked
            .found
            .iter_mut()
            .filter(|found| is_too_long(found))
            .peekable();
        if let (Some(document), Some(_)) = (&document, long.peek()) {
            let after = minified_size(document, MinifyOptions::default(), arena);
            for found in long {
                let help = format!(
                    "`portcullis convert --to json --minify` writes it in {after} characters"
                );
                found.diagnostic.help = Some(help);
            }
        }
        checked
    }

    /// Everything that is found in a text of the policy language; one list for each of its policies, and one for what is
    /// wrong with the text.
    pub(crate) fn language<'a>(
        &self,
        path: &Path,
        text: &'a str,
        wanted: Wanted,
        arena: &'a Bump,
    ) -> Vec<Checked<'a>> {
        let parsed = language::parse(path, text, wanted.kind, arena);
        let mut all = vec![Checked::of(wanted.kind, parsed.diagnostics)];
        // What imports bring has its places in other files.
        let is_own = |span: Span| text.get(span.range()).is_some();
        for one in &parsed.documents {
            let mut diagnostics = advice::lint(&one.document);
            diagnostics.extend(self.operations(&one.document));
            diagnostics.retain(|one| is_own(one.span));
            let mut checked = Checked {
                kind: Some(one.document.kind),
                found: Vec::new(),
                inner: None,
                within: None,
                document: Some(tree(&one.document, arena)),
                is_incomplete: false,
            };
            let wanted = Wanted {
                kind: Some(one.document.kind),
                ..wanted
            };
            self.lint(&mut checked, text, None, diagnostics, wanted, arena);
            if let Some(proofs) = self.proofs {
                proofs.check(&one.document, text, self.account, &mut checked);
            }
            checked.found.retain(|found| is_own(found.diagnostic.span));
            for found in &mut checked.found {
                // The way is one in JSON.
                found.diagnostic.path = None;
                found.diagnostic.related.retain(|one| is_own(one.span));
            }
            all.push(checked);
        }
        all
    }

    /// Actions that are called like operations (`MATCH-14`).
    fn operations(&self, document: &Document<'_>) -> Vec<Diagnostic> {
        let actions = document.statements.iter().flat_map(|one| one.action.list);
        let found = actions.filter_map(|action| {
            // Nearly all exist.
            if self.catalog.action(action.value) == Answer::Yes {
                return None;
            }
            let help = operation_note(self.facts, action.value)?;
            let message = format!("there is no action `{}`", action.value);
            let code = OPERATION_AS_ACTION;
            Some(Diagnostic::warning(code, action.span, message).with_help(help))
        });
        found.collect()
    }

    fn lint<'a>(
        &self,
        checked: &mut Checked<'a>,
        text: &'a str,
        own: Option<&'a str>,
        diagnostics: Vec<Diagnostic>,
        wanted: Wanted,
        arena: &'a Bump,
    ) {
        let (Some(node), Some(kind)) = (checked.document, checked.kind) else {
            return;
        };
        let base = Options::new(kind);
        let mut target = base.target;
        target.resource = wanted.resource.or(target.resource);
        let account = self.account.map(|account| &*arena.alloc_str(account));
        let options = Options {
            target,
            kind,
            account,
            has_own_checks: true,
            has_unknown_parts: wanted.is_template,
            catalog: self.catalog,
            memory: self.memory,
            ..base
        };
        let report = lint_tree(node, text, own, &options);
        checked.is_incomplete = report.is_incomplete;
        checked.found = join(diagnostics, &report);
        self.propose(&mut checked.found, text);
    }

    /// What may have been meant by actions and services that do not exist.
    fn propose(&self, found: &mut [Found], text: &str) {
        // Whoever has more of them than this has no use for it.
        const PROPOSALS: usize = 20;
        let unknown = found.iter_mut().filter(|one| {
            let is_name = matches!(one.code(), "INVALID_ACTION" | "INVALID_SERVICE_IN_ACTION");
            is_name && one.diagnostic.help.is_none()
        });
        for one in unknown.take(PROPOSALS) {
            let marked = text.get(one.diagnostic.span.range()).unwrap_or_default();
            let action = marked.trim_matches('"');
            if let Some(nearest) = self.facts.nearest_actions(action).first() {
                one.diagnostic.help = Some(format!("did you mean `{nearest}`?"));
            }
        }
    }
}

/// A finding of the linter in the form of all problems.
pub(super) fn of_finding(finding: &Finding<'_>) -> Found {
    // What keeps a document from loading, and what the rules call an error, the reader says. Whatever else AWS calls one loads and
    // decides: it is a warning here, and its level says what AWS calls it.
    let severity = match finding.rule.level {
        Level::Error | Level::SecurityWarning | Level::Warning => Severity::Warning,
        Level::Suggestion => Severity::Suggestion,
    };
    let mut spans = finding.locations.iter().map(|place| place.span);
    let span = spans.next().unwrap_or_default();
    let (message, help) = said(&finding.details);
    let code = Code::new(finding.rule.code);
    let mut diagnostic = Diagnostic::new(severity, code, span, message).with_help_if(help);
    // Many places of one kind are told by the first of them.
    const SHOWN: usize = 3;
    for span in spans.filter(|other| *other != span).take(SHOWN) {
        diagnostic = diagnostic.with_related(span, "it is about this too");
    }
    diagnostic.path = path(finding);
    Found {
        diagnostic,
        rule: Some(finding.rule),
        request: None,
    }
}

/// A finding's text as a message and what to do, as all messages here are written.
fn said(details: &str) -> (String, Option<String>) {
    let text = details.strip_suffix('.').unwrap_or(details);
    match text.rsplit_once(". ") {
        Some((message, help)) => (lowered(message), Some(lowered(help))),
        None => (lowered(text), None),
    }
}

/// The text with a small first letter, if its first word is a plain one.
fn lowered(text: &str) -> String {
    let word = text.split([' ', ',']).next().unwrap_or_default();
    let is_name = matches!(word, "Bool" | "Null" | "Allow" | "Deny" | "GitHub");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !is_name && word.chars().skip(1).all(|c| c.is_ascii_lowercase()) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// The way to a finding's first place.
pub(super) fn path(finding: &Finding<'_>) -> Option<Vec<Step>> {
    let steps = finding.locations.first()?.path.iter();
    let steps = steps.map(|step| match step {
        portcullis_lint::Step::Value(name) => Step::Member((*name).to_owned()),
        portcullis_lint::Step::Index(index) => Step::Index(*index),
        portcullis_lint::Step::Key(name) => Step::Name((*name).to_owned()),
    });
    Some(steps.collect())
}

/// Gives findings the changes that mend them and change no decision.
fn mend(all: &mut [Found], known: &[portcullis_lint::Fix]) {
    let places = Places::of(all.iter().map(Found::place));
    for fix in known.iter().filter(|fix| fix.is_safe) {
        let is_open = |number: &usize| {
            all.get(*number)
                .is_some_and(|found| found.diagnostic.fix.is_none())
        };
        let own = places.at(fix.code, fix.place).find(is_open);
        if let Some(found) = own.and_then(|number| all.get_mut(number)) {
            let diagnostic = found.diagnostic.clone();
            found.diagnostic = diagnostic.with_fix(fix.what, fix.edits.iter().cloned());
        }
    }
}

/// Something about the length of a document.
fn is_too_long(found: &Found) -> bool {
    let code = found.code();
    code.starts_with("POLICY_SIZE_EXCEEDS_")
        || (code.starts_with("EXCEEDS_") && code != "EXCEEDS_QUEUE_POLICY_QUOTA")
}
