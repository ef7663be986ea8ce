//! Errors of principals, and of trust, service control and resource control policies.

use super::{Document, Evidence, Level, Rule, rules, targets, waits};

rules! { Error;
    INVALID_PRINCIPAL_FORMAT "AA-118" Documentation RESOURCE
        "A principal has no form that is known."
        "The document does not load."
        "Write an account, the ARN of a user, role or session, or an object of them."
        Allow(r#""Principal": {"AWS": "ann"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": "arn:aws:iam::111122223333:user/ann"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    INVALID_PRINCIPAL_KEY "AA-119" Documentation RESOURCE
        "`Principal` has no such member."
        "The document does not load."
        "Write `AWS`, `Service`, `Federated` or `CanonicalUser`."
        Allow(r#""Principal": {"User": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    SCP_SYNTAX_ERROR_ACTION_WILDCARD "AA-132" Documentation SCP
        "A wildcard is not at the end of an action of a service control policy."
        "Before September 2025 such policies were refused; today they are not, and this is only found if asked for."
        "Put the wildcard at the end."
        Statement(r#""Effect": "Deny", "Action": "s3:*Object", "Resource": "*""#)
        Statement(r#""Effect": "Deny", "Action": "s3:Get*", "Resource": "*""#);
    SCP_SYNTAX_ERROR_PRINCIPAL "AA-133" Documentation SCP
        "A service control policy names a principal."
        "The document does not load."
        "Leave the element out, and test `aws:PrincipalArn`."
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*""#)
        Statement(r#""Effect": "Deny", "Action": "s3:GetObject", "Resource": "*""#);
    UNSUPPORTED_PRINCIPAL "AA-138" Documentation IDENTITY
        "The type of the document has no principals, or the principal is a group."
        "The document does not load."
        "Leave the element out, or name users and roles."
        Allow(r#""Principal": "*", "Action": "s3:GetObject", "Resource": "*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    UNSUPPORTED_WILDCARD_IN_PRINCIPAL "AA-141" Documentation RESOURCE
        "A wildcard is part of a principal, or stands under another member than `AWS`."
        "The document does not load: only `*` as a whole can be one."
        "Write the whole principal, and test `aws:PrincipalArn` in a condition."
        Allow(r#""Principal": {"AWS": "arn:aws:iam::111122223333:role/app-*"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    INVALID_SERVICE_PRINCIPAL_FORMAT "AA-145" Results IDENTITY
        "The name of a service principal has not the form of one."
        "No service has such a name."
        "Write `service.amazonaws.com`, in lower case."
        Condition(r#""ForAnyValue:StringEquals": {"aws:CalledVia": "athena.example.com"}"#)
        Condition(r#""ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}"#);
    FEDERATED_PRINCIPAL_NOT_SUPPORTED "AA-148" Documentation RESOURCE
        "An identity provider is a principal outside of a trust policy."
        "Requests come from roles, not from providers: the entry matches nothing."
        "Name the role that the provider's users assume."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/p"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL "AA-150" Documentation RESOURCE
        "A statement for a service tests a key that requests of services do not have."
        "The condition never holds for the service."
        "Test `aws:SourceArn`, `aws:SourceAccount` or `aws:SourceOrgID`."
        Allow(r#""Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}"#)
        Allow(r#""Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}"#);
    ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL "AA-151" Documentation TRUST
        "A trust policy has `NotPrincipal`."
        "The document does not load."
        "Write `Principal`."
        Statement(r#""Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole""#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole""#);
    ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE "AA-151" Documentation TRUST
        "A trust policy has `Resource` or `NotResource`."
        "The document does not load: it is about the role that has it."
        "Leave the element out."
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Resource": "*""#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole""#);
    ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL "AA-151" Documentation TRUST
        "A trust policy trusts everyone."
        "Whoever meets its conditions can assume the role."
        "Name accounts, users or roles."
        Allow(r#""Principal": {"AWS": "*"}, "Action": "sts:AssumeRole""#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole""#);
    MISSING_ACTION_FOR_CONDITION_KEY "AA-153" Documentation TRUST
        "A trust policy tests a key that comes with an action which it does not allow."
        "The condition holds for no request that succeeds."
        "Allow the action as well."
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:SourceIdentity": "ann"}}"#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"], "Condition": {"StringEquals": {"sts:SourceIdentity": "ann"}}"#);
    INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY "AA-154" Documentation TRUST
        "A federated principal is neither a built-in provider nor the ARN of one."
        "Nobody signs in through it."
        "Write the ARN of the provider, or the name of a built-in one."
        Allow(r#""Principal": {"Federated": "my provider"}, "Action": "sts:AssumeRoleWithSAML""#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/p"}, "Action": "sts:AssumeRoleWithSAML""#);
    MISMATCHED_ACTION_FOR_PRINCIPAL "AA-155" Results TRUST
        "The action is for another kind of identity provider than the principal."
        "The statement allows nothing."
        "Use `sts:AssumeRoleWithSAML` for SAML, `sts:AssumeRoleWithWebIdentity` for OIDC."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/p"}, "Action": "sts:AssumeRoleWithWebIdentity""#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/p"}, "Action": "sts:AssumeRoleWithSAML""#);
    MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY "AA-156" Documentation TRUST
        "IAM Roles Anywhere is trusted without one of the three actions that it needs."
        "It cannot make a session."
        "Allow `sts:AssumeRole`, `sts:TagSession` and `sts:SetSourceIdentity`."
        Allow(r#""Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": "sts:AssumeRole""#)
        Allow(r#""Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]"#);
    RCP_SYNTAX_ERROR_PRINCIPAL "AA-157" Documentation RCP
        "A resource control policy names another principal than `*`."
        "The document does not load."
        "Write `\"Principal\": \"*\"`, and test `aws:PrincipalArn`."
        Statement(r#""Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "*""#)
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*""#);
    RCP_SYNTAX_ERROR_ALLOW "AA-157" Documentation RCP
        "A resource control policy allows."
        "The document does not load: such policies only take away."
        "Write `Deny`."
        Statement(r#""Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*""#)
        Statement(r#""Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*""#);
    RCP_SYNTAX_ERROR_NOTACTION "AA-157" Documentation RCP
        "A resource control policy has `NotAction`."
        "The document does not load."
        "Write `Action`."
        Statement(r#""Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": "*""#)
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*""#);
    RCP_SYNTAX_ERROR_ACTION "AA-157" Documentation RCP
        "An action of a resource control policy does not name a service."
        "The document does not load."
        "Write the prefix of a service without wildcards."
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*""#)
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*""#);
}
