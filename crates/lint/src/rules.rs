//! The codes of findings, one table: what is checked, tested and explained. 153 are ValidatePolicy's (section 7.3 of the rules);
//! the others are this project's own.

mod errors;
mod own;
mod principals;
mod security;
mod suggestions;
mod warnings;

pub use errors::*;
pub use own::*;
pub use principals::*;
pub use security::*;
pub use suggestions::*;
pub use warnings::*;

use crate::target::Target;
use portcullis_model::PolicyKind;

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
    /// The rules of this project: what decisions do.
    Rules,
}

/// What codes belong together, to be chosen or left out at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// ValidatePolicy's codes.
    AccessAnalyzer,
    /// What conditions do, and for which requests.
    Semantics,
    /// What actions, resources and keys have to do with each other.
    Scope,
    /// Who is let in.
    Trust,
    /// How much there may be of something.
    Quota,
    /// What was proved of all requests. This crate has the codes and finds none of them: whoever has a prover does.
    Proof,
}

impl Group {
    /// Every group.
    pub const ALL: [Group; 6] = [
        Group::AccessAnalyzer,
        Group::Semantics,
        Group::Scope,
        Group::Trust,
        Group::Quota,
        Group::Proof,
    ];

    /// Its name in configuration and output.
    ///
    /// ```
    /// assert_eq!(portcullis_lint::Group::AccessAnalyzer.as_str(), "access-analyzer");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Group::AccessAnalyzer => "access-analyzer",
            Group::Semantics => "semantics",
            Group::Scope => "scope",
            Group::Trust => "trust",
            Group::Quota => "quota",
            Group::Proof => "proof",
        }
    }
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
    /// What it belongs to. Only those of [`Group::AccessAnalyzer`] are AWS's.
    pub group: Group,
    /// It is looked for only if it is asked for by its name: what it finds is seldom a mistake.
    pub is_optional: bool,
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
    /// The same, in the words of this project.
    pub kind: PolicyKind,
    /// A document that has it.
    pub has: Document,
    /// One that has not.
    pub has_not: Document,
    /// Documents that do not have it and come near, each with what is so about it; often other tools see it there.
    pub near: &'static [(&'static str, Document)],
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
    /// The page of AWS's documentation (`AA-8`), for a code of [`Group::AccessAnalyzer`].
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

/// Every rule of this project's own.
///
/// ```
/// use portcullis_lint::{Group, rules};
/// assert!(rules::own().all(|rule| rule.group != Group::AccessAnalyzer));
/// ```
pub fn own() -> impl Iterator<Item = &'static Rule> {
    own::ALL.iter().copied()
}

/// Every rule, AWS's first.
pub fn every() -> impl Iterator<Item = &'static Rule> {
    all().chain(own())
}

/// Every rule of ValidatePolicy, in the order of the rules' own table.
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
    every().find(|rule| rule.code.eq_ignore_ascii_case(code))
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
                group: crate::rules::Group::AccessAnalyzer,
                is_optional: false,
                level: Level::$level,
                id: $id,
                evidence: Evidence::$evidence,
                what: $what,
                why: $why,
                fix: $fix,
                target: targets::$target.0,
                kind: targets::$target.1,
                has: Document::$has($with),
                has_not: Document::$has_not($without),
                near: &[],
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
    use portcullis_model::PolicyKind;

    pub(crate) type Types = (Target, PolicyKind);

    const fn of(policy: PolicyType, resource: Option<ResourceType>, kind: PolicyKind) -> Types {
        (Target { policy, resource }, kind)
    }

    pub(crate) const IDENTITY: Types = of(PolicyType::Identity, None, PolicyKind::Identity);
    pub(crate) const SESSION: Types = of(PolicyType::Identity, None, PolicyKind::Session);
    pub(crate) const RESOURCE: Types = of(PolicyType::Resource, None, PolicyKind::Resource);
    pub(crate) const ENDPOINT: Types = of(PolicyType::Resource, None, PolicyKind::VpcEndpoint);
    pub(crate) const TRUST: Types = of(
        PolicyType::Resource,
        Some(ResourceType::AssumeRolePolicyDocument),
        PolicyKind::Trust,
    );
    pub(crate) const BUCKET: Types = of(
        PolicyType::Resource,
        Some(ResourceType::Bucket),
        PolicyKind::Resource,
    );
    pub(crate) const SCP: Types = of(PolicyType::ServiceControl, None, PolicyKind::Scp);
    pub(crate) const RCP: Types = of(PolicyType::ResourceControl, None, PolicyKind::Rcp);
}
