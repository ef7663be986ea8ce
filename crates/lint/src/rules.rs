//! The 153 codes of ValidatePolicy (section 7.3 of the rules), one table: what is checked, tested and explained.

mod errors;
mod principals;
mod security;
mod suggestions;
mod warnings;

pub use errors::*;
pub use principals::*;
pub use security::*;
pub use suggestions::*;
pub use warnings::*;

use crate::target::Target;

/// AWS's level of a finding (`AA-2`), the worst last. It says nothing of whether the document loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `SUGGESTION`.
    Suggestion,
    /// `WARNING`.
    Warning,
    /// `SECURITY_WARNING`.
    SecurityWarning,
    /// `ERROR`.
    Error,
}

impl Level {
    /// Every level, the worst first.
    pub const ALL: [Level; 4] = [
        Level::Error,
        Level::SecurityWarning,
        Level::Warning,
        Level::Suggestion,
    ];

    /// AWS's name: `findingType`.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "ERROR",
            Level::SecurityWarning => "SECURITY_WARNING",
            Level::Warning => "WARNING",
            Level::Suggestion => "SUGGESTION",
        }
    }
}

/// What the behavior of a check is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Results that AWS really gave (section 7.2 of the rules).
    Results,
    /// Documentation alone.
    Documentation,
}

/// A document of the table, see [`crate::document`].
#[derive(Clone, Copy, Debug)]
pub enum Document {
    /// As it is.
    Whole(&'static str),
    /// The members of its one statement.
    Statement(&'static str),
    /// The members of its one statement, which allows.
    Allow(&'static str),
    /// The members of its one condition.
    Condition(&'static str),
    /// It has a text of this length in it.
    OfLength(usize),
}

/// One code.
#[derive(Debug)]
pub struct Rule {
    /// The code: `issueCode`.
    pub code: &'static str,
    /// How much it matters.
    pub level: Level,
    /// The number of the rule that it follows.
    pub id: &'static str,
    /// What its behavior is known from.
    pub evidence: Evidence,
    /// What it means.
    pub what: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// What the two documents are checked as.
    pub target: Target,
    /// A document that has it.
    pub has: Document,
    /// One that has not.
    pub has_not: Document,
    /// What is not found without a catalog, if there is anything.
    pub waits: Option<&'static str>,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Rule) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

impl Rule {
    /// The page of AWS's documentation (`AA-8`).
    ///
    /// ```
    /// let rule = portcullis_lint::rules::find("MISSING_VERSION").unwrap();
    /// assert!(rule.link().ends_with("#access-analyzer-reference-policy-checks-general-warning-missing-version"));
    /// ```
    pub fn link(&self) -> String {
        let level = match self.level {
            Level::Error => "error",
            Level::SecurityWarning => "security-warning",
            Level::Warning => "general-warning",
            Level::Suggestion => "suggestion",
        };
        let code = self.code.to_ascii_lowercase().replace('_', "-");
        format!(
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-{level}-{code}"
        )
    }
}

/// Every rule, in the order of the rules' own table.
///
/// ```
/// assert_eq!(portcullis_lint::rules::all().count(), 153);
/// ```
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let lists = [
        errors::ALL,
        principals::ALL,
        security::ALL,
        warnings::ALL,
        suggestions::ALL,
    ];
    lists.into_iter().flatten().copied()
}

/// The rule of a code, in any letter case.
///
/// ```
/// assert!(portcullis_lint::rules::find("invalid_action").is_some());
/// ```
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

/// A table of rules: code, number, evidence, type of the documents; what, why, fix; the document that has it, the one
/// that has not; what waits for a catalog.
macro_rules! rules {
    ($level:ident; $($code:ident $id:literal $evidence:ident $target:ident
        $what:literal $why:literal $fix:literal
        $has:ident($with:expr) $has_not:ident($without:expr) $(waits $waits:literal)?;)*) => {
        $(
            #[doc = $what]
            pub static $code: Rule = Rule {
                code: stringify!($code),
                level: Level::$level,
                id: $id,
                evidence: Evidence::$evidence,
                what: $what,
                why: $why,
                fix: $fix,
                target: targets::$target,
                has: Document::$has($with),
                has_not: Document::$has_not($without),
                waits: waits!($($waits)?),
            };
        )*
        pub(super) static ALL: &[&Rule] = &[$(&$code,)*];
    };
}

macro_rules! waits {
    () => {
        None
    };
    ($text:literal) => {
        Some($text)
    };
}

pub(crate) use {rules, waits};

/// The types of the documents of the tables.
pub(crate) mod targets {
    use crate::target::{PolicyType, ResourceType, Target};

    const fn of(policy: PolicyType, resource: Option<ResourceType>) -> Target {
        Target { policy, resource }
    }

    pub(crate) const IDENTITY: Target = of(PolicyType::Identity, None);
    pub(crate) const RESOURCE: Target = of(PolicyType::Resource, None);
    pub(crate) const TRUST: Target = of(
        PolicyType::Resource,
        Some(ResourceType::AssumeRolePolicyDocument),
    );
    pub(crate) const BUCKET: Target = of(PolicyType::Resource, Some(ResourceType::Bucket));
    pub(crate) const SCP: Target = of(PolicyType::ServiceControl, None);
    pub(crate) const RCP: Target = of(PolicyType::ResourceControl, None);
}
