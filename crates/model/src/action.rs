//! What the action of a request looks like.

use core::fmt;

/// Why a text is not the action of a request.
///
/// Policies hold patterns, of which many match a text that no action has: a request with such a text
/// would be decided, and the answer would be about nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionError {
    /// Not `prefix:name`, with something on both sides of one colon (`GRAM-18`).
    NotPrefixed,
    /// A wildcard, which only a policy can hold: a request asks for one action.
    Wildcard,
    /// A character that no action has.
    Character(char),
}

impl ActionError {
    /// What to do about it; none where the error says it.
    pub fn help(self) -> Option<&'static str> {
        match self {
            ActionError::NotPrefixed => None,
            ActionError::Wildcard => {
                Some("ask for each action separately; patterns are for policies only")
            }
            ActionError::Character(_) => {
                Some("service and action names consist of letters, digits, `-` and `_`")
            }
        }
    }
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActionError::NotPrefixed => f.write_str("an action is `prefix:name`"),
            ActionError::Wildcard => f.write_str("a request cannot contain a wildcard"),
            ActionError::Character(character) if character.is_whitespace() => {
                write!(
                    f,
                    "it contains whitespace (U+{:04X})",
                    u32::from(*character)
                )
            }
            ActionError::Character(character) => {
                write!(f, "no action has the character {character:?}")
            }
        }
    }
}

impl core::error::Error for ActionError {}

/// Checks the action of a request: `prefix:name`, without wildcards and in the characters that actions
/// have (`GRAM-18`, `MATCH-10`).
///
/// ```
/// use portcullis_model::{ActionError, check_action};
/// assert_eq!(check_action("s3:GetObject"), Ok(()));
/// assert_eq!(check_action("s3:Get*"), Err(ActionError::Wildcard));
/// assert_eq!(check_action("s3: GetObject"), Err(ActionError::Character(' ')));
/// ```
///
/// # Errors
/// [`ActionError`] for the first thing that is wrong.
pub fn check_action(text: &str) -> Result<(), ActionError> {
    let parts = text.split_once(':');
    let Some((prefix, name)) =
        parts.filter(|(prefix, name)| !prefix.is_empty() && !name.is_empty())
    else {
        return Err(ActionError::NotPrefixed);
    };
    let is_fine =
        |character: &char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let odd = prefix.chars().chain(name.chars()).find(|own| !is_fine(own));
    match odd {
        None => Ok(()),
        Some('*' | '?') => Err(ActionError::Wildcard),
        Some(':') => Err(ActionError::NotPrefixed),
        Some(other) => Err(ActionError::Character(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_hold_what_actions_have() {
        for fine in [
            "s3:GetObject",
            "S3:getobject",
            "ecr-public:GetAuthorizationToken",
            "execute-api:Invoke",
            "iot1click:a_b-c9",
        ] {
            assert_eq!(check_action(fine), Ok(()), "{fine}");
        }
        for (wrong, error) in [
            ("", ActionError::NotPrefixed),
            ("s3", ActionError::NotPrefixed),
            (":x", ActionError::NotPrefixed),
            ("s3:", ActionError::NotPrefixed),
            ("s3:Get:Object", ActionError::NotPrefixed),
            ("*", ActionError::NotPrefixed),
            ("*:*", ActionError::Wildcard),
            ("s3:Get*", ActionError::Wildcard),
            ("s3:GetObjec?", ActionError::Wildcard),
            ("s3:Get Object", ActionError::Character(' ')),
            ("s3:GetObject ", ActionError::Character(' ')),
            (" s3:GetObject", ActionError::Character(' ')),
            ("s3:GetObject\n", ActionError::Character('\n')),
            ("s3:GetObject\u{a0}", ActionError::Character('\u{a0}')),
            ("s3:GetObject,", ActionError::Character(',')),
            ("s3:${aws:username}", ActionError::Character('$')),
            ("s3:\u{212a}ey", ActionError::Character('\u{212a}')),
        ] {
            assert_eq!(check_action(wrong), Err(error), "{wrong:?}");
        }
    }
}
