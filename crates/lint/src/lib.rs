//! What IAM Access Analyzer's ValidatePolicy finds in a policy document, without asking it.
//!
//! A [`Finding`] has AWS's code and level, its text, and the places that it is about. Whether a document *loads* is another
//! question: that [`portcullis_syntax::policy::read_policy`] answers, and a document with findings of level error may load.
//! Checks of this project's own are [`portcullis_syntax::lint`]; they have codes of their own, which are never printed here.
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
mod guess;
mod page;
pub mod rules;
mod target;
mod tree;
mod view;

pub use catalog::{Answer, ArnFacts, ByHand, Catalog, KeyFacts, Part};
pub use finding::{Finding, Location, Report, Step};
pub use guess::guess;
pub use page::{document, page};
pub use rules::{Document, Evidence, Level, Rule};
pub use target::{PolicyType, ResourceType, Target};
pub use tree::tree;

use bumpalo::Bump;
use portcullis_source::json::{self, Node};

/// What a document is checked as.
#[derive(Clone, Copy)]
pub struct Options<'c> {
    /// The type of the document.
    pub target: Target,
    /// What is known of services.
    pub catalog: &'c dyn Catalog,
    /// Service control policies are held against the rules from before September 2025 (`GRAM-55`, `AA-132`).
    pub has_old_scp_rules: bool,
}

impl Options<'static> {
    /// What is known by hand, and today's rules.
    ///
    /// ```
    /// use portcullis_lint::{Options, PolicyType};
    /// assert!(!Options::new(PolicyType::ServiceControl).has_old_scp_rules);
    /// ```
    pub fn new(target: impl Into<Target>) -> Options<'static> {
        Options {
            target: target.into(),
            catalog: &ByHand,
            has_old_scp_rules: false,
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
        (Some(node), _) => checks::all(node, text, options, true),
        (None, problems) => checks::syntax_error(text, &problems),
    })
}

/// Checks a tree whose places are those of a text of another notation ([`tree()`]). The quotas are left out: they count the
/// characters of JSON, which the text is not.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_lint::{Options, PolicyType, lint_tree};
/// use portcullis_source::json;
///
/// let arena = Bump::new();
/// let text = r#"{"Version": "2012-10-17"}"#;
/// let node = json::parse(text, &arena).unwrap();
/// let report = lint_tree(node, text, &Options::new(PolicyType::Identity));
/// assert_eq!(report.findings[0].rule.code, "MISSING_STATEMENT");
/// ```
pub fn lint_tree<'d>(document: Node<'d>, text: &'d str, options: &Options<'d>) -> Report<'d> {
    checks::all(document, text, options, false)
}
