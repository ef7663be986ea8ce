//! Sections 5.3, 5.4 and 5.8: same account, other accounts, keys.

use portcullis_model::Layer::{Boundary, Identity, Resource, Session};
use portcullis_model::{Caller, Layer, PolicyKind};
use portcullis_reference::Verdict;

use crate::build::*;

const QUEUE: Str = "arn:aws:sqs:eu-west-1:111122223333:q";
const KEY: Str = "arn:aws:kms:eu-west-1:111122223333:key/1";

fn yes() -> [Stm; 1] {
    [allow("*")]
}

/// A set that is present and does not cover the request.
fn no() -> [Stm; 1] {
    [allow("ec2:*")]
}

fn named(entry: Str) -> [Stm; 1] {
    [allow("*").to(&[aws(entry)])]
}

fn to_everyone() -> [Stm; 1] {
    [allow("*").to(&[everyone()])]
}

fn user() -> Ask {
    ask(ann(), "sqs:SendMessage", QUEUE)
}

fn role() -> Ask {
    ask(session(), "sqs:SendMessage", QUEUE)
}

#[test]
fn ex_5a() {
    user().is_allowed(&sets().identity(&yes()));
}

#[test]
fn ex_5b() {
    user().is_allowed(&sets().resource(&named(ANN)));
}

#[test]
fn ex_5c() {
    user().is_allowed(&sets().boundary(&no()).resource(&named(ANN)));
}

#[test]
fn ex_5d() {
    role().is_refused(&sets().boundary(&no()).resource(&named(ROLE)), Boundary);
}

#[test]
fn ex_5e() {
    let sets = sets()
        .boundary(&no())
        .session(&no())
        .resource(&named(SESSION));
    role().is_allowed(&sets);
}

#[test]
fn ex_5f() {
    let sets = sets().identity(&yes()).boundary(&yes()).session(&no());
    role().is_refused(&sets.resource(&named(ROLE)), Session);
}

#[test]
fn ex_5g() {
    let sets = sets().boundary(&yes()).session(&yes());
    role().is_allowed(&sets.resource(&named(ROLE)));
}

#[test]
fn ex_5h() {
    user().is_refused(&sets().resource(&named(A)), Identity);
    user().is_refused(&sets().resource(&named(ROOT_A)), Identity);
}

#[test]
fn ex_5i() {
    user().is_allowed(&sets().boundary(&no()).resource(&to_everyone()));
}

#[test]
fn ex_5j() {
    let sets = sets().identity(&yes()).boundary(&yes());
    role().is_denied(&sets.resource(&[deny("*").to(&[aws(ROLE)])]), &[Resource]);
}

#[test]
fn ex_5k() {
    user().is_refused(&sets().identity(&yes()).boundary(&no()), Boundary);
}

#[test]
fn ex_5l() {
    let request = ask(fay(Some(ANN)), "sqs:SendMessage", QUEUE);
    request.is_refused(&sets().identity(&yes()), Session);
    request.is_allowed(&sets().identity(&yes()).session(&yes()));
}

#[test]
fn ex_5m() {
    ask(fay(None), "sqs:SendMessage", QUEUE).is_allowed(&sets().resource(&named(FED)));
}

#[test]
fn ex_5n() {
    let sets = sets().boundary(&[deny("*")]).resource(&named(SESSION));
    role().is_denied(&sets, &[Boundary]);
}

#[test]
fn ex_5o() {
    let sets = sets().identity(&yes()).identity(&[deny("sqs:*")]);
    user().is_denied(&sets, &[Identity]);
}

#[test]
fn ex_5p_to_5s() {
    let user = user().owned_by(B);
    let role = role().owned_by(B);
    user.is_allowed(&sets().identity(&yes()).resource(&named(A)));
    user.is_refused(&sets().resource(&named(ANN)), Identity);
    let nothing = sets().identity(&yes()).resource(&[]);
    user.is_refused(&nothing, Resource);
    user.is_refused(&sets().identity(&yes()), Resource); // XACC-5
    let limited = sets().identity(&yes()).boundary(&no());
    role.is_refused(&limited.clone().resource(&named(SESSION)), Boundary);
    role.is_refused(&limited.resource(&to_everyone()), Boundary);
    let limited = sets().identity(&yes()).session(&no());
    role.is_refused(&limited.resource(&named(SESSION)), Session);
}

#[test]
fn xacc_3_root_of_the_trusted_account() {
    let root = ask(root(), "sqs:SendMessage", QUEUE).owned_by(B);
    root.is_allowed(&sets().resource(&named(A)));
    root.is_refused(&sets().resource(&named(B)), Resource);
}

#[test]
fn xacc_6_partitions() {
    let sets = sets().identity(&yes()).resource(&to_everyone());
    let mut request = ask(ann(), "s3:GetObject", "arn:aws-cn:s3:::b/k").owned_by(B);
    request.is_refused(&sets, Resource);
    request.resource = "arn:aws:s3:::b/k";
    request.is_allowed(&sets);
    // In the caller's own account the partition is not looked at.
    request.resource = "arn:aws-cn:s3:::b/k";
    request.owned_by(A).is_allowed(&sets);
}

#[test]
fn eval_12_and_13_owner() {
    let granted = sets().identity(&yes());
    ask(ann(), "s3:GetObject", "arn:aws:s3:::b/k").is_allowed(&granted);
    ask(ann(), "s3:ListAllMyBuckets", "*")
        .owned_by(B)
        .is_allowed(&granted);
    ask(ann(), "iam:GetPolicy", "arn:aws:iam::aws:policy/X").is_allowed(&granted);
    let foreign = "arn:aws:sqs:eu-west-1:444455556666:q";
    ask(ann(), "sqs:SendMessage", foreign).is_refused(&granted, Resource);
    ask(ann(), "sqs:SendMessage", foreign)
        .owned_by(A)
        .is_allowed(&granted);
    ask(ann(), "sqs:SendMessage", QUEUE)
        .owned_by(B)
        .is_refused(&granted, Resource);
}

#[test]
fn matrix_eval_20_to_29() {
    let provider = "arn:aws:iam::111122223333:saml-provider/P";
    let by_provider = [allow("*").to(&[federated(provider)])];
    let not_principal = [allow("*").to_all_but(&[aws(B)])];
    let all = [
        // caller, policy, needs identity, limited by the boundary
        (user(), named(ANN), false, false),
        (
            user().user_id("AIDAEXAMPLE"),
            named("AIDAEXAMPLE"),
            false,
            false,
        ),
        (
            user().with("aws:userid", &["AIDAEXAMPLE"]),
            named("AIDAEXAMPLE"),
            false,
            false,
        ),
        (role(), named(ROLE), false, true),
        (
            role().user_id("AROAEXAMPLE:s"),
            named("AROAEXAMPLE"),
            false,
            true,
        ),
        (role(), named(SESSION), false, false),
        (
            ask(fay(None), "sqs:SendMessage", QUEUE),
            named(FED),
            false,
            false,
        ),
        (user(), named(A), true, true),
        (role(), named(ROOT_A), true, true),
        (
            ask(fay(Some(ANN)), "sqs:SendMessage", QUEUE),
            named(ANN),
            false,
            true,
        ),
        (user(), to_everyone(), false, false),
        (role(), not_principal, false, false),
        (
            role().with("aws:FederatedProvider", &[provider]),
            by_provider,
            false,
            false,
        ),
    ];
    for (request, policy, needs_identity, limited) in all {
        for has_identity in [false, true] {
            for has_boundary in [false, true] {
                let mut sets = sets().resource(&policy).session(&yes());
                if has_identity {
                    sets = sets.identity(&yes());
                }
                if has_boundary {
                    sets = sets.boundary(&no());
                }
                let expected = (has_identity || !needs_identity) && !(has_boundary && limited);
                let outcome = request.run(&sets);
                assert_eq!(
                    outcome.decision.is_allow(),
                    expected,
                    "{request:?} {outcome:?}"
                );
            }
        }
    }
}

#[test]
fn eval_25_needs_the_users_own_arn() {
    // The session of a root user: the root ARN names the account, no more.
    let request = ask(fay(Some(ROOT_A)), "sqs:SendMessage", QUEUE);
    let sets = sets().session(&yes()).resource(&named(ROOT_A));
    request.is_refused(&sets, Identity);
}

#[test]
fn eval_31_the_most_favourable_entry() {
    let both = [
        allow("*").to(&[aws(A), aws(ROLE)]),
        allow("*").to(&[aws(SESSION)]),
    ];
    role().is_allowed(&sets().boundary(&no()).resource(&both));
}

#[test]
fn eval_36_which_limit_is_named() {
    let sets = sets().boundary(&no()).session(&no());
    role().is_refused(&sets, Identity);
    role().is_refused(&sets.clone().identity(&yes()), Boundary);
    role().is_refused(&sets.resource(&named(ROLE)), Boundary);
}

#[test]
fn eval_11_all_denying_layers_in_order() {
    let no = [deny("*")];
    let to_all = [deny("*").to(&[everyone()])];
    let sets = sets()
        .session(&no)
        .boundary(&no)
        .identity(&no)
        .resource(&to_all)
        .endpoint(&to_all)
        .scp(&[&[allow("*")]])
        .scp(&[&no])
        .rcp(&to_all);
    use portcullis_model::Layer::{Rcp, Scp, VpcEndpoint};
    let order = [
        Rcp(0),
        Scp(1),
        VpcEndpoint,
        Resource,
        Identity,
        Boundary,
        Session,
    ];
    role().is_denied(&sets, &order);
    let verdicts = role().run(&sets).verdicts;
    assert_eq!(verdicts.len(), 8);
    assert_eq!(verdicts[1], (Scp(0), Verdict::Allow));
}

#[test]
fn sts_9_the_users_policies_and_the_session_policy() {
    let request = ask(fay(Some(ANN)), "sqs:SendMessage", QUEUE);
    request.is_refused(&sets().identity(&yes()).session(&no()), Session);
    request.is_refused(&sets().session(&yes()), Identity);
    // Q37: the user's boundary.
    let sets = sets().identity(&yes()).session(&yes()).boundary(&no());
    request.is_refused(&sets, Boundary);
}

#[test]
fn q36_session_policies_are_one_set() {
    let sets = sets().identity(&yes()).session(&no()).session(&yes());
    role().is_allowed(&sets);
    role().is_denied(&sets.session(&[deny("sqs:*")]), &[Session]);
}

#[test]
fn eval_4_absent_is_not_empty() {
    let granted = sets().identity(&yes());
    role().is_allowed(&granted);
    role().is_refused(&granted.clone().boundary(&[]), Boundary);
    role().is_refused(&granted.clone().session(&[]), Session);
    role().is_allowed(&granted.resource(&[]));
}

#[test]
fn ex_5aa_to_5ad() {
    let decrypt = ask(ann(), "kms:Decrypt", KEY);
    let delegation = [allow("kms:*").to(&[aws(ROOT_A)])];
    let with = |policy: &[Stm]| sets().identity(&[allow("kms:*")]).resource(policy);
    decrypt.is_allowed(&with(&delegation));
    decrypt.is_refused(&sets().resource(&delegation), Identity);
    decrypt.is_refused(&with(&named(ROLE)), Resource);
    ask(session(), "kms:Decrypt", KEY).is_allowed(&sets().resource(&named(ROLE)));
    let describing = [allow("kms:Describe*").to(&[aws(ROOT_A)])];
    decrypt.is_refused(&with(&describing), Resource);
    // An absent key policy delegates nothing; aliases and `*` are ordinary.
    decrypt.is_refused(&sets().identity(&[allow("kms:*")]), Resource);
    for resource in ["arn:aws:kms:eu-west-1:111122223333:alias/a", "*"] {
        ask(ann(), "kms:Decrypt", resource).is_allowed(&sets().identity(&[allow("kms:*")]));
    }
    // EVAL-50: a root user too needs the key policy, and delegation is enough for it.
    ask(root(), "kms:Decrypt", KEY).is_refused(&sets().resource(&named(ANN)), Resource);
    ask(root(), "kms:Decrypt", KEY).is_allowed(&sets().resource(&delegation));
}

#[test]
fn kms_role_like_but_limited_falls_back_to_the_identity_path() {
    let request = ask(session(), "kms:Decrypt", KEY);
    let sets = sets().resource(&named(ROLE)).boundary(&no());
    request.is_refused(&sets, Boundary);
    request.is_refused(&sets.identity(&yes()), Boundary);
}

#[test]
fn eval_72_and_74_conditions_belong_to_the_match() {
    let request = user();
    let policy = [
        allow("*")
            .to(&[everyone()])
            .when("StringEquals", "x", &["y"]),
        allow("*").to(&[aws(A)]),
    ];
    request.is_refused(&sets().resource(&policy), Identity);
    request
        .with("x", &["y"])
        .is_allowed(&sets().resource(&policy));
}

#[test]
fn eval_75_grants_outside_the_language() {
    user().granted_outside().is_allowed(&sets());
    user().granted_outside().is_allowed(&sets().boundary(&no()));
    let foreign = user().owned_by(B).granted_outside();
    foreign.is_allowed(&sets().identity(&yes()));
    foreign.is_refused(&sets(), Identity);
    ask(ann(), "kms:Decrypt", KEY)
        .granted_outside()
        .is_allowed(&sets());
    let anonymous = ask(Caller::Anonymous, "s3:GetObject", "arn:aws:s3:::b/k");
    anonymous.is_refused(&sets(), Resource);
    anonymous.granted_outside().is_allowed(&sets());
    user()
        .granted_outside()
        .is_denied(&sets().identity(&[deny("*")]), &[Identity]);
}

#[test]
fn eval_90_actions_that_need_no_permission() {
    let denied = sets().identity(&[deny("*")]).scp(&[&[deny("*")]]);
    for action in ["sts:GetCallerIdentity", "STS:getsessiontoken"] {
        for caller in [ann(), root(), session(), fay(None)] {
            ask(caller, action, "*").is_allowed(&denied);
        }
        ask(Caller::Anonymous, action, "*").is_refused(&denied, Resource);
        let provider = "accounts.google.com";
        ask(Caller::Federated { provider }, action, "*").is_refused(&denied, Resource);
    }
    ask(ann(), "sts:GetFederationToken", "*").is_refused(&sets(), Identity);
}

#[test]
fn trust_policies_are_of_their_own_kind() {
    let role = "arn:aws:iam::111122223333:role/T";
    let mut sets = sets().identity(&yes());
    let statement = allow("sts:AssumeRole").to(&[aws(A)]).without_resource();
    sets.0.resource = Some(vec![doc(PolicyKind::Trust, &[statement])]);
    ask(ann(), "sts:AssumeRole", role).is_allowed(&sets);
    ask(ann(), "STS:TagSession", role).is_refused(&sets, Resource);
    // Only the actions of sts need it.
    ask(ann(), "iam:GetRole", role).is_allowed(&sets);
    // XACC-4: a policy of the other side may still deny.
    ask(ann(), "sts:AssumeRole", "*").is_allowed(&sets);
}

/// STS-4, STS-5: the service refuses, whatever the policies say; a Deny is still one.
#[test]
fn sts_4_and_5_calls_that_credentials_cannot_make() {
    let open = || {
        let sets = sets().identity(&yes());
        sets.session(&yes())
    };
    let mfa = "aws:MultiFactorAuthPresent";
    // Of a federated user, of a session token, and of one with a multi-factor device.
    let cases = [
        ("iam:ListUsers", [false, false, true]),
        ("IAM:createuser", [false, false, true]),
        ("iam:PassRole", [true, true, true]),
        ("sts:AssumeRole", [false, true, true]),
        ("sts:GetFederationToken", [false, false, false]),
        ("sts:DecodeAuthorizationMessage", [false, false, false]),
        ("STS:GetAccessKeyInfo", [false, false, false]),
        ("sts:GetCallerIdentity", [true, true, true]),
        ("sts:TagSession", [true, true, true]),
        ("sts:SetSourceIdentity", [true, true, true]),
        ("sts:GetServiceBearerToken", [true, true, true]),
        ("s3:ListAllMyBuckets", [true, true, true]),
        ("iamx:ListUsers", [true, true, true]),
    ];
    for (action, allowed) in cases {
        let token = |caller| ask(caller, action, "*").by_session_token();
        let asked = [
            ask(fay(None), action, "*"),
            token(ann()),
            token(ann()).with("AWS:multifactorauthpresent", &["True"]),
        ];
        for (ask, allowed) in asked.into_iter().zip(allowed) {
            match allowed {
                true => ask.is_allowed(&open()),
                false => ask.is_refused_by_the_service(&open()),
            }
            if action != "sts:GetCallerIdentity" {
                ask.is_denied(&open().scp(&[&[deny("*")]]), &[Layer::Scp(0)]);
            }
        }
        for values in [&["false"][..], &["true", "true"], &[], &["yes"]] {
            let ask = token(root()).with(mfa, values);
            match allowed[1] {
                true => ask.is_allowed(&open()),
                false => ask.is_refused_by_the_service(&open()),
            }
        }
        // Long-term credentials, and those of a role.
        ask(ann(), action, "*").is_allowed(&open());
        ask(session(), action, "*").is_allowed(&open());
    }
}
