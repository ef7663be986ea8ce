//! What was taken for granted when a request was read.

use std::fmt;

use bumpalo::Bump;
use portcullis_model::{Caller, ContextEntry, GuessedRole, PrincipalError};

/// Something that a request does not say and that was assumed: whoever passes an answer on must say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note<'a> {
    /// The role's ARN of a session was made of the session's, which does not hold the role's path.
    GuessedRole {
        /// The ARN that the role is taken to have.
        role_arn: &'a str,
        /// It is a role of IAM Identity Center, whose region may be a part of its path (`SSO-1`).
        of_identity_center: bool,
    },
}

impl fmt::Display for Note<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Note::GuessedRole {
            role_arn,
            of_identity_center,
        } = self;
        write!(
            f,
            "the path of the session's role is not known: assuming the role is {role_arn}"
        )?;
        if *of_identity_center {
            let text = ", without the region, which is part of the path outside us-east-1";
            f.write_str(text)?;
        }
        Ok(())
    }
}

/// The caller of a role session by the session's ARN alone. The role is that of `aws:PrincipalArn` in the
/// context, if it is the ARN of a role; otherwise its ARN is guessed, and the note says so.
///
/// # Errors
/// [`PrincipalError`] if the text is not the ARN of a session.
pub fn session_caller<'a>(
    arn: &'a str,
    context: &[ContextEntry<'a>],
    arena: &'a Bump,
) -> Result<(Caller<'a>, Option<Note<'a>>), PrincipalError> {
    // The key may also hold what is no role's ARN.
    let known = principal_arn(context).and_then(|role| Caller::session(arn, role).ok());
    if let Some(caller) = known {
        return Ok((caller, None));
    }
    let guess = GuessedRole::of_session(arn).ok_or(PrincipalError::NotAPrincipal)?;
    let role_arn = arena.alloc_str(&guess.parts().concat());
    let caller = Caller::session(arn, role_arn)?;
    let note = Note::GuessedRole {
        role_arn,
        of_identity_center: guess.is_of_identity_center(),
    };
    Ok((caller, Some(note)))
}

/// The only value of `aws:PrincipalArn`.
fn principal_arn<'a>(context: &[ContextEntry<'a>]) -> Option<&'a str> {
    let mut values = context
        .iter()
        .filter(|entry| entry.key.eq_ignore_ascii_case("aws:PrincipalArn"))
        .flat_map(|entry| entry.values);
    values.next().copied().filter(|_| values.next().is_none())
}
