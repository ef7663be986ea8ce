//! A question with its answer, whatever it is printed as.

use portcullis::prove::{
    Answer, Callers, Domain, Finding, Options, Policy, Reason, Refutation, compare,
};
use portcullis_syntax::ast::Statement;
use serde_json::Value;

use super::Requests;
use super::{Common, Verdict};

/// A question in words, for people and programs.
pub(super) struct Question<'q> {
    pub(super) name: &'static str,
    /// What is proved, if it is.
    pub(super) claim: String,
    /// What is shown, if it is not.
    pub(super) contrary: String,
    /// The file that is asked about: the new one of two.
    pub(super) file: String,
    /// All files, by what they are to the question.
    pub(super) files: Value,
    pub(super) common: &'q Common,
    pub(super) callers: Callers,
}

/// A question with its answer.
pub(super) struct Answered<'q, 'p> {
    pub(super) question: Question<'q>,
    pub(super) answer: Answer,
    pub(super) policies: &'p [Policy<'p>],
}

/// The statement that allows a request, and the policy that it is of.
#[derive(Clone, Copy)]
pub(super) struct Allowing<'p> {
    pub(super) policy: &'p Policy<'p>,
    pub(super) statement: &'p Statement<'p>,
    /// Which one of its document, from 0.
    pub(super) index: usize,
}

impl<'q> Question<'q> {
    pub(super) fn ask<'p>(self, old: &[Policy<'_>], new: &'p [Policy<'p>]) -> Answered<'q, 'p> {
        let statements = new.iter().map(|own| own.document.statements.len());
        let options = Options {
            domain: match self.common.domain {
                Requests::Standard => Domain::Standard,
                Requests::Free => Domain::Free,
            },
            callers: self.callers,
            // Each finding is of another statement, and whoever mends one wants to know of all: the work limits them.
            findings: statements.sum::<usize>().max(1),
            ..Options::default()
        };
        let mut answer = compare(old, new, &options);
        if let Answer::Refuted(refuted) = &mut answer {
            // In the order of the document, and not in the one of the search.
            refuted.findings.sort_by_key(|own| own.statement);
        }
        Answered {
            answer,
            question: self,
            policies: new,
        }
    }
}

impl<'p> Answered<'_, 'p> {
    pub(super) fn verdict(&self) -> Verdict {
        Verdict::of(&self.answer)
    }

    pub(super) fn findings(&self) -> &[Finding] {
        match &self.answer {
            Answer::Refuted(refuted) => &refuted.findings,
            _ => &[],
        }
    }

    /// Why the answer is unknown, or why there may be more findings.
    pub(super) fn reasons(&self) -> &[Reason] {
        match &self.answer {
            Answer::Proved(_) => &[],
            Answer::Refuted(Refutation { unfinished, .. }) => unfinished,
            Answer::Unknown(reasons) => reasons,
        }
    }

    pub(super) fn is_standard(&self) -> bool {
        self.question.common.domain == Requests::Standard
    }

    pub(super) fn allowing(&self, finding: &Finding) -> Option<Allowing<'p>> {
        let policy = self.policies.get(finding.statement.policy)?;
        let index = finding.statement.statement;
        let statement = policy.document.statements.get(index)?;
        Some(Allowing {
            policy,
            statement,
            index,
        })
    }
}

impl<'p> Allowing<'p> {
    /// True for a statement of the policy that AWS attaches beside a limit, which is in no file.
    pub(super) fn is_attached(&self) -> bool {
        self.policy.file.is_empty()
    }

    /// The statement's id. An empty one is none, as AWS has it.
    pub(super) fn sid(&self) -> Option<&'p str> {
        let sid = self.statement.sid.map(|sid| sid.value);
        sid.filter(|sid| !sid.is_empty())
    }

    /// The file; for what is in none, what it is called.
    pub(super) fn file(&self) -> &'p str {
        match self.is_attached() {
            true => self.policy.name,
            false => self.policy.file,
        }
    }

    /// The statement's text, if it is in this file and not in one that this one imports.
    pub(super) fn is_here(&self) -> bool {
        let range = self.statement.span.range();
        !self.is_attached() && self.policy.text.get(range).is_some()
    }
}
