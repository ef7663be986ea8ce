//! Callers, requests and reasons in words.

use std::fmt;

use portcullis_source::printable;

use crate::question::Reason;
use crate::request::{Caller, Witness};

/// The caller as answers name it: the ARN where it has one. Control characters of policies are left as they are.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caller::User { arn }
            | Caller::Root { arn }
            | Caller::FederatedUser { arn, .. }
            | Caller::OriginAccessIdentity { arn } => f.write_str(arn),
            Caller::Role { session_arn, .. } => f.write_str(session_arn),
            Caller::Service { name } => write!(f, "service {name}"),
            Caller::Anonymous => f.write_str("anonymous"),
            Caller::Federated { provider } => write!(f, "whoever {provider} vouches for"),
            Caller::Canonical { id } => write!(f, "canonical user {id}"),
        }
    }
}

/// The request on one line, harmless on a terminal: who, what, and the keys that are there.
impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (caller, action, resource) = (&self.caller, &self.action, &self.resource);
        let mut text = format!("{caller} asks for {action} on {resource}");
        let given = self.context.iter().filter(|(_, all)| !all.is_empty());
        for (number, (key, values)) in given.enumerate() {
            let before = if number == 0 { "with" } else { "and" };
            let shown = values
                .iter()
                .map(|own| if own.is_empty() { "\"\"" } else { own });
            let values = shown.collect::<Vec<_>>().join(", ");
            text.push_str(&format!(" {before} {key} = {values}"));
        }
        f.write_str(&printable(&text))
    }
}

/// The reason as the end of a sentence that begins with "because", on one line and harmless on a terminal: it may name keys
/// as policies write them.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Reason::Work => "the question takes more work than one may".to_owned(),
            Reason::Undecided(parts) => {
                let parts = parts.join(", ");
                format!("it was not decided how tests go together of {parts}")
            }
            Reason::Refused { example, said } => format!(
                "the machine does not confirm {} on {}: {said}",
                example.action, example.resource
            ),
            Reason::Disagreement { witness, said } => format!(
                "the machine decides otherwise ({said}) what was found, which is a mistake of this program; please report \
                 the policies and that {witness}"
            ),
        };
        f.write_str(&printable(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_on_one_line() {
        let witness = Witness {
            caller: Caller::Anonymous,
            action: "s3:GetObject".to_owned(),
            resource: "arn:aws:s3:::b/\u{1b}[2J".to_owned(),
            owner: None,
            context: vec![
                (
                    "aws:Referer".to_owned(),
                    vec!["a\nb".to_owned(), String::new()],
                ),
                ("aws:UserAgent".to_owned(), Vec::new()),
            ],
        };
        let text = "anonymous asks for s3:GetObject on arn:aws:s3:::b/\\u{1b}[2J with aws:Referer = a\\u{a}b, \"\"";
        assert_eq!(witness.to_string(), text);
        let reason = Reason::Disagreement {
            witness: Box::new(witness),
            said: "no\r".to_owned(),
        };
        assert!(!reason.to_string().contains(char::is_control));
    }
}
