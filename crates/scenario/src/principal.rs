//! The principal of a request.

use std::cell::Cell;

use bumpalo::Bump;
use portcullis_model::{Caller, ContextEntry, Principal, PrincipalError, is_account_id};
use portcullis_source::json::{Member, Node, Value};
use portcullis_source::quoted;
use portcullis_syntax::ast::{Span, Text};

use crate::codes;
use crate::note::{Note, session_caller};
use portcullis_source::{Reader, present};

/// What else of the request tells about its principal.
pub(crate) struct Surroundings<'a> {
    pub(crate) resource: Option<&'a str>,
    pub(crate) context: &'a [ContextEntry<'a>],
    /// What was taken for granted in reading it.
    pub(crate) note: Cell<Option<Note<'a>>>,
}

/// Reads a principal in any of its forms.
pub(crate) fn principal<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node<'a>,
    around: &Surroundings<'a>,
    arena: &'a Bump,
) -> Option<Principal<'a>> {
    let caller = match node.value {
        Value::Null => Caller::Anonymous,
        Value::String("anonymous") => Caller::Anonymous,
        Value::String(value) => {
            let text = Text {
                value,
                span: node.span,
            };
            from_text(reader, text, None, around, arena)?
        }
        Value::Object(members) => return from_object(reader, node, members, around, arena),
        _ => {
            reader.mismatch(node, "`principal`", "a string, an object or null");
            return None;
        }
    };
    Some(plain(caller))
}

fn plain(caller: Caller<'_>) -> Principal<'_> {
    Principal {
        caller,
        user_id: None,
        management_account: false,
        session_token: false,
    }
}

fn invalid(reader: &mut Reader<'_>, span: Span, message: impl Into<String>) {
    reader.problem(codes::INVALID_PRINCIPAL, span, message);
}

/// An account id or an ARN, of a role session with its role's ARN if that is known.
fn from_text<'a>(
    reader: &mut Reader<'a>,
    text: Text<'a>,
    role_arn: Option<Text<'a>>,
    around: &Surroundings<'a>,
    arena: &'a Bump,
) -> Option<Caller<'a>> {
    let arn = text.value;
    if is_account_id(arn) {
        let partition = around
            .resource
            .and_then(|resource| resource.strip_prefix("arn:")?.split(':').next())
            .filter(|partition| !partition.is_empty())
            .unwrap_or("aws");
        let arn = arena.alloc_str(&format!("arn:{partition}:iam::{arn}:root"));
        return no_role(reader, Caller::Root { arn }, role_arn);
    }
    match Caller::from_arn(arn) {
        Ok(caller @ Caller::Role { .. }) => match role_arn {
            Some(role) if role.value != arn => {
                invalid(
                    reader,
                    role.span,
                    "`arn` and `roleArn` name different roles",
                );
                None
            }
            _ => Some(caller),
        },
        Ok(caller) => no_role(reader, caller, role_arn),
        Err(PrincipalError::SessionNeedsRole) => session(reader, text, role_arn, around, arena),
        Err(error) => {
            let message = format!("{} is not a principal: it is {error}", quoted(arn));
            let mut help =
                "a principal is an ARN, a 12-digit account ID, `anonymous`, null or an object";
            if error == PrincipalError::SessionWithPath {
                help = "pass the role with its path as `roleArn` next to the session's `arn`";
            } else if arn.contains(".amazon") {
                help = "write a service as `{\"Service\": \"name.amazonaws.com\"}`";
            }
            reader.problem_with_help(codes::INVALID_PRINCIPAL, text.span, message, help);
            None
        }
    }
}

fn no_role<'a>(
    reader: &mut Reader<'a>,
    caller: Caller<'a>,
    role_arn: Option<Text<'a>>,
) -> Option<Caller<'a>> {
    if let Some(role) = role_arn {
        invalid(reader, role.span, "only a role session has a `roleArn`");
        return None;
    }
    Some(caller)
}

/// A role session. Its ARN does not hold the role's path, so the role's ARN is looked for elsewhere, and
/// guessed if it is nowhere.
fn session<'a>(
    reader: &mut Reader<'a>,
    text: Text<'a>,
    role_arn: Option<Text<'a>>,
    around: &Surroundings<'a>,
    arena: &'a Bump,
) -> Option<Caller<'a>> {
    let arn = text.value;
    if let Some(role) = role_arn {
        let caller = Caller::session(arn, role.value);
        if caller.is_err() {
            let message = format!("{} is not the ARN of a role", quoted(role.value));
            invalid(reader, role.span, message);
        }
        return caller.ok();
    }
    let (caller, note) = session_caller(arn, around.context, arena).ok()?;
    around.note.set(note);
    Some(caller)
}

fn from_object<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node<'a>,
    members: &'a [Member<'a>],
    around: &Surroundings<'a>,
    arena: &'a Bump,
) -> Option<Principal<'a>> {
    let single = ["Service", "Federated", "CanonicalUser"];
    if let Some(member) = members
        .iter()
        .find(|member| single.contains(&member.key.value))
    {
        return of_another_kind(reader, node, member);
    }
    let names = [
        "arn",
        "roleArn",
        "userId",
        "serviceLinkedRole",
        "managementAccount",
        "federatedBy",
        "credentials",
    ];
    let [arn, role_arn, user_id, linked, management, by, credentials] =
        reader.members(node, "`principal`", names)?;
    let before = reader.problems.len();
    let mut text = |member| {
        reader.text(member)?;
        present(member)?.value.as_text()
    };
    let (arn, role_arn, by) = (text(arn), text(role_arn), text(by));
    let credentials = text(credentials);
    let user_id = reader.text(user_id);
    let is_linked = reader.flag(linked);
    let management_account = reader.flag(management);
    if reader.problems.len() > before {
        return None;
    }
    // A role without a session's name is a session whose name is unknown.
    let Some(text) = arn.or(role_arn) else {
        let message = "`principal` has neither `arn` nor `roleArn`";
        invalid(reader, node.span, message);
        return None;
    };
    let mut caller = from_text(reader, text, role_arn, around, arena)?;
    match (&mut caller, by, linked) {
        (Caller::FederatedUser { federated_by, .. }, Some(by), _) => {
            let account = text.value.split(':').nth(4);
            match Caller::from_arn(by.value) {
                Ok(Caller::User { .. } | Caller::Root { .. })
                    if by.value.split(':').nth(4) == account =>
                {
                    *federated_by = Some(by.value);
                }
                _ => {
                    let message = format!(
                        "{} is not the ARN of a user or root user of the same account",
                        quoted(by.value)
                    );
                    invalid(reader, by.span, message);
                    return None;
                }
            }
        }
        (_, Some(by), _) => {
            invalid(reader, by.span, "only a federated user has a `federatedBy`");
            return None;
        }
        (Caller::Role { service_linked, .. }, None, _) => *service_linked = is_linked,
        _ => {}
    }
    if is_linked && !matches!(caller, Caller::Role { .. }) {
        let span = linked.map_or(node.span, |member| member.key.span);
        invalid(reader, span, "only a role can be a `serviceLinkedRole`");
        return None;
    }
    if let Some(credentials) = credentials {
        let is_users = matches!(caller, Caller::User { .. } | Caller::Root { .. });
        if credentials.value != "GetSessionToken" || !is_users {
            // Those of others are known by the ARN.
            let message =
                "`credentials` is either omitted or `GetSessionToken` of a user or root user";
            invalid(reader, credentials.span, message);
            return None;
        }
    }
    Some(Principal {
        caller,
        user_id,
        management_account,
        session_token: credentials.is_some(),
    })
}

/// A service, an unsigned federated caller, or a canonical user.
fn of_another_kind<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node<'a>,
    member: &'a Member<'a>,
) -> Option<Principal<'a>> {
    let name = match member.key.value {
        "Service" => "Service",
        "Federated" => "Federated",
        _ => "CanonicalUser",
    };
    let before = reader.problems.len();
    reader.members(node, "this `principal`", [name])?;
    let text = member.value.as_str();
    match text {
        None => reader.mismatch(&member.value, &quoted(name), "a string"),
        Some("") => invalid(reader, member.value.span, format!("`{name}` is empty")),
        Some(_) => {}
    }
    if reader.problems.len() > before {
        return None;
    }
    let text = text?;
    Some(plain(match name {
        "Service" => Caller::Service { name: text },
        "Federated" => Caller::Federated { provider: text },
        _ => Caller::CanonicalUser { id: text },
    }))
}
