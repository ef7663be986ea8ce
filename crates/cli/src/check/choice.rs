//! Which findings count, and how much: by code and by group.

use portcullis_lint::{Group, Level, rules};
use portcullis_source::Severity;
use portcullis_source::suggest::nearest;

use super::found::{ADVICE, Found, LOAD};
use crate::values::OneOf;

/// A code, a group of codes, or all of one of AWS's levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    /// # Errors
    /// What it could have been, if it is none.
    pub(crate) fn parse(text: &str) -> Result<Name, String> {
        let groups = || Group::ALL.into_iter().map(Group::as_str).chain([ADVICE]);
        if let Some(group) = groups().find(|group| *group == text) {
            return Ok(Name(group.to_owned()));
        }
        if text == LOAD {
            return Err("problems of the group `load` are always errors".to_owned());
        }
        let upper = text.to_ascii_uppercase();
        if Level::ALL.iter().any(|level| level.as_str() == text) {
            return Ok(Name(upper));
        }
        if super::codes().any(|code| code == upper) || upper == super::UNUSED_ALLOW {
            return Ok(Name(upper));
        }
        Err(match nearest(&upper, super::codes()) {
            Some(code) => format!("unknown code or group; did you mean {code}?"),
            None => format!(
                "unknown code or group; the groups are {}",
                groups().collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// What parses names.
    pub(crate) fn parser() -> OneOf<Name> {
        let names = || {
            let groups = Group::ALL.into_iter().map(Group::as_str).chain([ADVICE]);
            let levels = Level::ALL.iter().map(|level| level.as_str());
            groups.chain(levels).chain(super::codes()).collect()
        };
        OneOf::new(Name::parse, names)
    }

    pub(crate) fn is_of(&self, found: &Found) -> bool {
        self.0 == found.code() || self.is_of_group(found)
    }

    /// The group of what takes proofs, or a code of it.
    pub(crate) fn is_of_proofs(&self) -> bool {
        let group = rules::find(&self.0).map(|rule| rule.group);
        group == Some(Group::Proof) || self.0 == Group::Proof.as_str()
    }

    fn is_of_group(&self, found: &Found) -> bool {
        self.0 == found.group() || found.level().is_some_and(|level| level.as_str() == self.0)
    }
}

impl core::fmt::Display for Name {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one place, such as the command line, says of codes and groups.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    /// Only these.
    pub(crate) select: Vec<Name>,
    /// Not these.
    pub(crate) ignore: Vec<Name>,
    /// These are warnings.
    pub(crate) warn: Vec<Name>,
    /// These are errors.
    pub(crate) deny: Vec<Name>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Keep,
    Drop,
    Set(Severity),
}

impl Choice {
    /// What is said of a finding: of its code before its group, and of what is worse first.
    fn act(&self, found: &Found) -> Option<Act> {
        let lists = [
            (&self.deny, Act::Set(Severity::LintError)),
            (&self.warn, Act::Set(Severity::Warning)),
            (&self.ignore, Act::Drop),
            (&self.select, Act::Keep),
        ];
        let says = |is_named: &dyn Fn(&Name) -> bool| {
            let mut lists = lists.iter();
            lists
                .find(|(names, _)| names.iter().any(is_named))
                .map(|(_, act)| *act)
        };
        let of_code = says(&|name| name.0 == found.code());
        let of_group = || says(&|name| name.is_of_group(found));
        let rest = || (!self.select.is_empty()).then_some(Act::Drop);
        of_code.or_else(of_group).or_else(rest)
    }
}

/// Puts what was chosen into effect, the first choice before the others. What keeps a document from loading stays as it is.
pub(crate) fn apply(choices: &[&Choice], all: &mut Vec<Found>) {
    all.retain_mut(|found| {
        if found.diagnostic.is_error() {
            return true;
        }
        let is_optional = found.rule.is_some_and(|rule| rule.is_optional);
        match choices.iter().find_map(|choice| choice.act(found)) {
            Some(Act::Drop) => false,
            Some(Act::Keep) => true,
            Some(Act::Set(severity)) => {
                found.diagnostic.severity = severity;
                true
            }
            None => !is_optional,
        }
    });
}
