//! What IAM Access Analyzer's ValidatePolicy finds in a policy document, without asking it.
//!
//! A [`Finding`] has AWS's code and level, its text, and the places that it is about. Whether a document *loads* is another
//! question: that [`portcullis_syntax::policy::read_policy`] answers, and a document with findings of level error may load.
//! Checks of this project's own ([`Options::has_own_checks`]) have codes of their own, in other [groups](Group), and
//! [`Report::to_json`] never prints them.
//!
//! The codes are one table ([`rules`]): each with what it means, why it matters, a document that has it and one that has
//! not. Facts of services come from a [`Catalog`]; without one, [`ByHand`] knows what the rules name.
//!
//! Places count characters as Unicode code points, as everywhere in this project (`AA-3`), not as UTF-16 code units. The two
//! differ only behind characters beyond U+FFFF.
//!
//! ```
//! use portcullis_lint::{Options, PolicyType, lint};
//!
//! let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}"#;
//! let report = lint(text, &Options::new(PolicyType::Identity), |report| report.to_json());
//! assert_eq!(report["findings"][0]["issueCode"], "PASS_ROLE_WITH_STAR_IN_RESOURCE");
//! assert_eq!(report["findings"][0]["findingType"], "SECURITY_WARNING");
//! ```

mod catalog;
mod checks;
mod finding;
mod fingerprint;
mod fix;
mod guess;
mod memory;
mod own;
mod page;
pub mod rules;
mod target;
mod tree;
mod view;

pub use catalog::{Answer, ArnFacts, ByHand, Catalog, KeyFacts, KeyUse, Meeting, Part};
pub use finding::{Finding, Location, Report, Step};
pub use fingerprint::{fingerprint, statement_at};
pub use fix::{Fix, SAFE, fixed, fixes};
pub use guess::guess;
pub use memory::Memory;
pub use page::{document, page};
pub use rules::{Document, Evidence, Group, Level, Rule};
pub use target::{PolicyType, ResourceType, Target};
pub use tree::tree;

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_source::json::{self, Node};

/// What a document is checked as.
#[derive(Clone, Copy)]
pub struct Options<'c> {
    /// The type of the document.
    pub target: Target,
    /// What is known of services.
    pub catalog: &'c dyn Catalog,
    /// The type in the words of this project, which tell more of them apart: for the checks of its own.
    pub kind: PolicyKind,
    /// The account whose the document is, if it is known: for the checks of this project's own.
    pub account: Option<&'c str>,
    /// Variables stand for parts that are not known, also in a document of a version that has none.
    pub has_unknown_parts: bool,
    /// Checks of this project's own are made too.
    pub has_own_checks: bool,
    /// Service control policies are held against the rules from before September 2025 (`GRAM-55`, `AA-132`).
    pub has_old_scp_rules: bool,
    /// What is remembered of statements that were checked before.
    pub memory: Option<&'c Memory>,
}

impl Options<'static> {
    /// What is known by hand, and today's rules.
    ///
    /// ```
    /// use portcullis_lint::{Options, PolicyType};
    /// assert!(!Options::new(PolicyType::ServiceControl).has_old_scp_rules);
    /// ```
    pub fn new(target: impl Into<Target>) -> Options<'static> {
        let target = target.into();
        Options {
            target,
            catalog: &ByHand,
            kind: target.kind(),
            account: None,
            has_unknown_parts: false,
            has_own_checks: false,
            has_old_scp_rules: false,
            memory: None,
        }
    }
}

/// Checks a text, and hands what was found to `then`, because it borrows from the tree of the text.
///
/// ```
/// use portcullis_lint::{Options, PolicyType, lint};
/// let codes = lint("{", &Options::new(PolicyType::Identity), |report| {
///     report.findings.iter().map(|found| found.rule.code).collect::<Vec<_>>()
/// });
/// assert_eq!(codes, ["JSON_SYNTAX_ERROR"]);
/// ```
pub fn lint<R>(text: &str, options: &Options<'_>, then: impl FnOnce(Report<'_>) -> R) -> R {
    let text = text.trim_start_matches('\u{feff}');
    let arena = Bump::new();
    then(match json::read(text, &arena) {
        (Some(node), _) => {
            let own = text.get(node.span.range()).unwrap_or(text);
            checks::all(node, text, Some(own), options)
        }
        (None, problems) => checks::syntax_error(text, &problems),
    })
}

/// Checks a tree whose places are those of this text. `own` is the document's own text, if that is JSON: the quotas count its
/// characters. A text of another notation ([`tree()`]) has none.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_lint::{Options, PolicyType, lint_tree};
/// use portcullis_source::json;
///
/// let arena = Bump::new();
/// let text = r#"{"Version": "2012-10-17"}"#;
/// let node = json::parse(text, &arena).unwrap();
/// let report = lint_tree(node, text, Some(text), &Options::new(PolicyType::Identity));
/// assert_eq!(report.findings[0].rule.code, "MISSING_STATEMENT");
/// ```
pub fn lint_tree<'d>(
    document: Node<'d>,
    text: &'d str,
    own: Option<&'d str>,
    options: &Options<'d>,
) -> Report<'d> {
    checks::all(document, text, own, options)
}
