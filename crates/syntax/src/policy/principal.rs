//! Principals (`GRAM-30` to `GRAM-53`).

use super::Reader;
use crate::ast::{PrincipalEntry, PrincipalKind, Principals, Text};
use crate::forms::{RESOLVE, is_function};
use crate::glob::has_wildcard;
use crate::{cases, codes};
use portcullis_model::{Effect, PolicyKind, is_account_id};
use portcullis_source::json::tree::{Member, Node, Value};
use portcullis_source::suggest::did_you_mean;
use portcullis_source::{Diagnostic, quoted};
use smallvec::SmallVec;

/// The types of principals that are listed by name.
pub const MEMBERS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];

type Slot<'a, 'n> = Option<&'n Member<'a, 'n>>;

impl<'a, 'n> Reader<'a> {
    /// The principals of a statement, as far as the type of the document has them (table 1.4).
    pub(super) fn principals(
        &mut self,
        statement: Node<'a, 'n>,
        principal: Slot<'a, 'n>,
        not_principal: Slot<'a, 'n>,
        effect: Option<Effect>,
    ) -> Option<Principals<'a>> {
        let kind = self.kind();
        if !kind.has_principal() {
            let code = match kind {
                PolicyKind::Scp => codes::SCP_SYNTAX_ERROR_PRINCIPAL,
                _ => codes::UNSUPPORTED_PRINCIPAL,
            };
            for member in [principal, not_principal].into_iter().flatten() {
                let message = format!("a policy of type {kind} has no `{}`", member.key.value);
                self.sink.push(
                    Diagnostic::error(code, member.key.span, message)
                        .with_case(cases::NO_PRINCIPAL_ELEMENT),
                );
            }
            return None;
        }
        if let Some(member) = not_principal {
            let message = format!("a policy of type {kind} has no `NotPrincipal`");
            match kind {
                PolicyKind::Trust => {
                    self.error(codes::ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL, member.key.span, message);
                }
                PolicyKind::Rcp => self.error(codes::RCP_SYNTAX_ERROR_PRINCIPAL, member.key.span, message),
                _ if effect == Some(Effect::Allow) => self.sink.push(
                    Diagnostic::warning(
                        codes::ALLOW_WITH_NOT_PRINCIPAL,
                        member.key.span,
                        "`NotPrincipal` with `Allow` grants access to everyone else, including anonymous callers",
                    )
                    .with_help("list the allowed principals in `Principal`"),
                ),
                _ => {}
            }
        }
        let Some((negated, member)) = self.one_of(principal, not_principal) else {
            let message = "the statement has no `Principal`";
            self.error(codes::MISSING_PRINCIPAL, statement.span, message);
            return None;
        };
        let node = member.value;
        if kind == PolicyKind::Rcp && !negated && node.as_str() != Some("*") {
            let message = "the `Principal` of a resource control policy must be `\"*\"`";
            self.error(codes::RCP_SYNTAX_ERROR_PRINCIPAL, node.span, message);
            return None;
        }
        Some(Principals {
            negated,
            list: self.principal_list(member.key.value, node),
            span: node.span,
        })
    }

    fn principal_list(&mut self, name: &str, node: Node<'a, 'n>) -> &'a [PrincipalEntry<'a>] {
        let mut list: SmallVec<[PrincipalEntry<'a>; 8]> = SmallVec::new();
        match node.value {
            Value::String("*") => {
                let value = Text {
                    value: "*",
                    span: node.span,
                };
                self.everyone(value, &mut list);
            }
            Value::String(text) => {
                self.sink.push(
                    Diagnostic::error(
                        codes::INVALID_PRINCIPAL_FORMAT,
                        node.span,
                        format!("`{name}` cannot be the string {}", quoted(text)),
                    )
                    .with_help("write `\"*\"`, or an object such as `{\"AWS\": \"111122223333\"}`"),
                );
                // For advice on the text: the document is not used.
                list.push(PrincipalEntry {
                    kind: PrincipalKind::Aws,
                    value: Text {
                        value: text,
                        span: node.span,
                    },
                });
            }
            Value::Object(members) => {
                if members.is_empty() {
                    let message = format!("`{name}` is empty: it matches no one");
                    self.suggestion(codes::EMPTY_OBJECT_PRINCIPAL, node.span, message);
                }
                for member in members {
                    self.principal_member(member, &mut list);
                }
            }
            _ => {
                let found = node.value.describe();
                let message = format!("`{name}` must be `\"*\"` or an object, this is {found}");
                self.error(codes::DATA_TYPE_MISMATCH, node.span, message);
            }
        }
        self.arena.alloc_slice_copy(&list)
    }

    fn principal_member(
        &mut self,
        member: &'n Member<'a, 'n>,
        list: &mut SmallVec<[PrincipalEntry<'a>; 8]>,
    ) {
        let name = member.key.value;
        let kind = match name {
            "AWS" => PrincipalKind::Aws,
            "Service" => PrincipalKind::Service,
            "Federated" => PrincipalKind::Federated,
            "CanonicalUser" => PrincipalKind::CanonicalUser,
            _ => {
                let message = format!("{} is not a kind of principal", quoted(name));
                self.sink.push(
                    Diagnostic::error(codes::INVALID_PRINCIPAL_KEY, member.key.span, message)
                        .with_help(
                            "the kinds are `AWS`, `Service`, `Federated` and `CanonicalUser`",
                        )
                        .with_help_if(did_you_mean(name, MEMBERS))
                        .with_help_if(is_function(name).then(|| RESOLVE.to_owned())),
                );
                return;
            }
        };
        if member.value.as_array().is_some_and(<[_]>::is_empty) {
            let message = format!("`{name}` is empty: it matches no one");
            self.suggestion(codes::EMPTY_ARRAY_PRINCIPAL, member.value.span, message);
        }
        for &value in self.strings(name, member.value) {
            if kind == PrincipalKind::Aws && value.value == "*" {
                self.everyone(value, list);
                continue;
            }
            if has_wildcard(value.value) {
                let message = match (kind, value.value) {
                    (PrincipalKind::Aws, _) => format!(
                        "principal {} has a wildcard: only a lone `*` is allowed",
                        quoted(value.value)
                    ),
                    _ => format!("`{name}` does not allow wildcards"),
                };
                self.error(
                    codes::UNSUPPORTED_WILDCARD_IN_PRINCIPAL,
                    value.span,
                    message,
                );
            } else {
                match kind {
                    PrincipalKind::Aws => self.check_aws_principal(value),
                    PrincipalKind::Service => self.check_service_principal(value),
                    PrincipalKind::CanonicalUser => self.check_canonical_user(value),
                    PrincipalKind::Federated | PrincipalKind::Everyone => {}
                }
            }
            list.push(PrincipalEntry { kind, value });
        }
    }

    /// `"*"` or `{"AWS": "*"}` (`GRAM-41`, `GRAM-62`).
    fn everyone(&mut self, value: Text<'a>, list: &mut SmallVec<[PrincipalEntry<'a>; 8]>) {
        if self.kind() == PolicyKind::Trust {
            let message = "this lets everyone assume the role, unless conditions limit it";
            self.warning(
                codes::ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL,
                value.span,
                message,
            );
        }
        list.push(PrincipalEntry {
            kind: PrincipalKind::Everyone,
            value,
        });
    }

    /// `GRAM-33` to `GRAM-40`, `GRAM-45`.
    fn check_aws_principal(&mut self, value: Text<'a>) {
        let text = value.value;
        match aws_principal(text) {
            AwsPrincipal::Valid => {}
            AwsPrincipal::Group => {
                let message = format!(
                    "{} is a group, and groups cannot be principals",
                    quoted(text)
                );
                self.error(codes::UNSUPPORTED_PRINCIPAL, value.span, message);
            }
            AwsPrincipal::Invalid => {
                let is_provider =
                    text.contains(":saml-provider/") || text.contains(":oidc-provider/");
                let (case, help) = if is_provider {
                    (
                        cases::IDENTITY_PROVIDER,
                        "write identity providers under `Federated`",
                    )
                } else if text.ends_with(".amazonaws.com") {
                    (cases::SERVICE, "write services under `Service`")
                } else {
                    (
                        "",
                        "write `*`, a 12-digit account ID, or the ARN of an account, user, role or session",
                    )
                };
                let message = format!("{} is not an AWS principal", quoted(text));
                self.sink.push(
                    Diagnostic::error(codes::INVALID_PRINCIPAL_FORMAT, value.span, message)
                        .with_case(case)
                        .with_help(help),
                );
            }
        }
    }

    /// `GRAM-42`.
    fn check_service_principal(&mut self, value: Text<'a>) {
        if !is_service_principal(value.value) {
            let message = format!(
                "{} does not look like a service principal",
                quoted(value.value)
            );
            self.sink.push(
                Diagnostic::warning(codes::INVALID_SERVICE_PRINCIPAL_FORMAT, value.span, message)
                    .with_help("the form is `service.amazonaws.com`, in lowercase"),
            );
        }
    }

    /// `GRAM-44`, `GRAM-45`.
    fn check_canonical_user(&mut self, value: Text<'a>) {
        let text = value.value;
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let message = format!(
                "{} is not a canonical user ID of 64 hexadecimal digits",
                quoted(text)
            );
            self.warning(codes::INVALID_PRINCIPAL_FORMAT, value.span, message);
        }
    }
}

/// True for a text of the form of a service principal (`GRAM-42`).
///
/// ```
/// use portcullis_syntax::policy::is_service_principal;
/// assert!(is_service_principal("ec2.amazonaws.com") && !is_service_principal("EC2.amazonaws.com"));
/// ```
pub fn is_service_principal(text: &str) -> bool {
    let name = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"]
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix));
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(is_plain))
}

/// What a text under `AWS` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsPrincipal {
    /// One of the accepted forms.
    Valid,
    /// A group, which can be no principal (`GRAM-33`).
    Group,
    /// None of the forms.
    Invalid,
}

/// The accepted forms of `GRAM-45`; `*` is dealt with before.
///
/// ```
/// use portcullis_syntax::policy::{AwsPrincipal, aws_principal};
/// assert_eq!(aws_principal("111122223333"), AwsPrincipal::Valid);
/// assert_eq!(aws_principal("arn:aws:iam::111122223333:group/g"), AwsPrincipal::Group);
/// assert_eq!(aws_principal("ann"), AwsPrincipal::Invalid);
/// ```
pub fn aws_principal(text: &str) -> AwsPrincipal {
    let valid = |valid: bool| {
        if valid {
            AwsPrincipal::Valid
        } else {
            AwsPrincipal::Invalid
        }
    };
    if is_account_id(text) || is_unique_id(text) {
        return AwsPrincipal::Valid;
    }
    let parts: SmallVec<[&str; 6]> = text.splitn(6, ':').collect();
    let [scheme, partition, service, region, account, resource] = parts.as_slice() else {
        return AwsPrincipal::Invalid;
    };
    if *scheme != "arn" || partition.is_empty() || !region.is_empty() {
        return AwsPrincipal::Invalid;
    }
    if *service == "iam" && *account == "cloudfront" {
        return valid(is_path(resource, "user/"));
    }
    if !is_account_id(account) {
        return AwsPrincipal::Invalid;
    }
    match *service {
        "iam" if resource.starts_with("group/") => AwsPrincipal::Group,
        "iam" => {
            valid(*resource == "root" || is_path(resource, "user/") || is_path(resource, "role/"))
        }
        "sts" => {
            let is_session = resource.strip_prefix("assumed-role/").is_some_and(|names| {
                // No path: exactly a role name and a session name (`GRAM-37`).
                names.split_once('/').is_some_and(|(role, session)| {
                    !role.is_empty() && !session.is_empty() && !session.contains('/')
                })
            });
            valid(is_session || is_path(resource, "federated-user/"))
        }
        _ => AwsPrincipal::Invalid,
    }
}

fn is_path(resource: &str, prefix: &str) -> bool {
    resource
        .strip_prefix(prefix)
        .is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
}

/// `AIDA…`, `AROA…` and so on (`GRAM-40`, `GRAM-45`).
///
/// ```
/// use portcullis_syntax::policy::is_unique_id;
/// assert!(is_unique_id("AROAEXAMPLE") && !is_unique_id("111122223333"));
/// ```
pub fn is_unique_id(text: &str) -> bool {
    text.strip_prefix('A').is_some_and(|rest| {
        (3..=127).contains(&rest.len())
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}
