//! The checker speaks of JSON members; here its messages get the words of this notation.

use portcullis_model::PolicyKind;
use portcullis_source::Diagnostic;
use portcullis_syntax::ast::Span;
use portcullis_syntax::{cases, codes};

/// The same problem in the words of this notation.
pub(crate) fn reworded(mut problem: Diagnostic, name: Span, kind: PolicyKind) -> Diagnostic {
    let (message, help) = match problem.code {
        codes::MISSING_VERSION => {
            problem.span = name;
            (
                None,
                Some("remove `version none`: the version is then `2012-10-17`"),
            )
        }
        codes::INVALID_VERSION => (
            None,
            Some("the versions are `2012-10-17` (the default), `2008-10-17` and `none`"),
        ),
        codes::MISSING_RESOURCE => (
            Some("the statement names no resources"),
            Some("write `on` and the resources; `on *` for every resource"),
        ),
        codes::MISSING_PRINCIPAL => (
            Some("the statement names no principals"),
            Some("write `to` and the principals; `to *` for everyone"),
        ),
        codes::VARIABLE_UNSUPPORTED_IN_VERSION => {
            (None, Some("variables need the version `2012-10-17`"))
        }
        codes::UNSUPPORTED_PRINCIPAL | codes::SCP_SYNTAX_ERROR_PRINCIPAL
            if problem.case == cases::NO_PRINCIPAL_ELEMENT =>
        {
            problem.message =
                format!("a policy of type {kind} has no principals: `to` is not allowed here");
            (
                None,
                Some("write `resource policy`, `trust policy` or `endpoint policy` if it is one"),
            )
        }
        codes::RCP_SYNTAX_ERROR_PRINCIPAL => (
            Some("a resource control policy applies to everyone: its statements end in `to *`"),
            None,
        ),
        codes::RCP_SYNTAX_ERROR_NOTACTION => (
            Some("a resource control policy cannot deny `all except` some actions"),
            None,
        ),
        codes::ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE => (
            Some("a trust policy has no `on`: its resource is the role"),
            None,
        ),
        codes::ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL => (
            Some("a trust policy cannot name `all except` some principals"),
            None,
        ),
        codes::ALLOW_WITH_NOT_PRINCIPAL => (
            Some(
                "`allow` with `to all except` grants access to everyone else, including anonymous callers",
            ),
            Some("name those who are allowed"),
        ),
        codes::INVALID_PRINCIPAL_FORMAT => {
            let help = match problem.case {
                cases::IDENTITY_PROVIDER => Some("identity providers are written `federated ...`"),
                cases::SERVICE => Some("services are written `service ...`"),
                _ => None,
            };
            (None, help)
        }
        codes::UNSUPPORTED_WILDCARD_IN_PRINCIPAL => (
            None,
            Some("only a lone `*` is allowed; use a condition on `aws:PrincipalArn` for patterns"),
        ),
        codes::EMPTY_OBJECT_PRINCIPAL | codes::EMPTY_ARRAY_PRINCIPAL => (
            Some("the list of principals is empty: it matches no one"),
            None,
        ),
        codes::EMPTY_ARRAY_ACTION | codes::EMPTY_ARRAY_RESOURCE => {
            let what = if problem.code == codes::EMPTY_ARRAY_ACTION {
                "actions"
            } else {
                "resources"
            };
            let effect = if problem.case == cases::EMPTY_NEGATED_LIST {
                "everything"
            } else {
                "nothing"
            };
            problem.message =
                format!("the list of {what} is empty, so the statement matches {effect}");
            (None, None)
        }
        codes::UNSUPPORTED_SID
        | codes::UNIQUE_SIDS_REQUIRED
        | codes::UNIQUE_SIDS_RECOMMENDED
        | codes::EMPTY_SID_VALUE => {
            problem
                .notes
                .push("the label of a statement is its `Sid`".to_owned());
            (None, None)
        }
        _ => (None, None),
    };
    if let Some(message) = message {
        problem.message = message.into();
    }
    if let Some(help) = help {
        problem.help = Some(help.into());
    }
    problem
}
