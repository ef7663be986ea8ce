//! Calls of STS by the directory in the corpus: what is refused, what is asked, what comes out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod support;

use std::path::Path;

use bumpalo::Bump;
use portcullis_directory::{Call, CallKind, Directory, Engine, Extra, LoadOptions, Session};
use portcullis_model::{Caller, ContextEntry, Principal};

fn directory() -> Directory {
    directory_of("organization")
}

fn directory_of(name: &str) -> Directory {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../corpus/directory")
        .join(name)
        .join("data");
    support::load(&root, LoadOptions::default())
        .unwrap()
        .directory
}

const ADMIN: &str = "arn:aws:iam::111122223333:user/admin";
const BARE: &str = "arn:aws:iam::111122223333:role/Bare";

fn user(arn: &str) -> Caller<'_> {
    Caller::from_arn(arn).unwrap()
}

fn call<'a>(kind: CallKind, caller: Caller<'a>, target: &'a str) -> Call<'a> {
    Call {
        kind,
        caller: Principal {
            caller,
            user_id: None,
            management_account: false,
        },
        context: &[],
        has_session_token: false,
        inherited_keys: Vec::new(),
        target,
        session_name: "night",
        seconds: None,
        tags: Vec::new(),
        transitive_keys: Vec::new(),
        source_identity: None,
        external_id: None,
        mfa: false,
        task_policy: None,
        has_policies: false,
    }
}

/// The actions that are denied, and the session.
fn made(directory: &Directory, call: &Call<'_>) -> (Vec<String>, Session) {
    let arena = Bump::new();
    let made = directory.call(call, &arena).unwrap();
    let mut denied = Vec::new();
    for request in &made.requests {
        let question = directory
            .question(request, Extra::default(), &arena)
            .unwrap();
        let outcome = Engine::new().decide(directory, &question).unwrap();
        let sets = directory.policies(&question, &arena).unwrap();
        let reference = portcullis_reference::decide(&sets, &question.request);
        assert_eq!(outcome.decision(), reference.decision);
        if !outcome.is_allow() {
            denied.push(request.action.to_string());
        }
    }
    (denied, made.session)
}

fn refused(directory: &Directory, call: &Call<'_>) -> String {
    let arena = Bump::new();
    directory.call(call, &arena).unwrap_err().to_string()
}

fn values<'s>(session: &'s Session, key: &str) -> Option<&'s [String]> {
    let found = session.context.iter().find(|(own, _)| own == key);
    found.map(|(_, values)| values.as_slice())
}

#[test]
fn sts_1_a_role_is_assumed() {
    let directory = directory();
    let (denied, session) = made(&directory, &call(CallKind::AssumeRole, user(ADMIN), BARE));
    assert!(denied.is_empty());
    assert_eq!(
        session.arn,
        "arn:aws:sts::111122223333:assumed-role/Bare/night"
    );
    assert_eq!(session.role_arn.as_deref(), Some(BARE));
    assert_eq!(session.user_id.as_deref(), Some("AROABARE0000000001:night"));
    assert_eq!(session.seconds, 3600);
    assert_eq!(
        values(&session, "aws:MultiFactorAuthPresent").unwrap(),
        ["false"]
    );
    // A path is not part of a session's ARN.
    let app = "arn:aws:iam::111122223333:role/service/App";
    let ec2 = Caller::Service {
        name: "ec2.amazonaws.com",
    };
    let (denied, session) = made(&directory, &call(CallKind::AssumeRole, ec2, app));
    assert!(denied.is_empty());
    assert_eq!(
        session.arn,
        "arn:aws:sts::111122223333:assumed-role/App/night"
    );
    let (denied, _) = made(&directory, &call(CallKind::AssumeRole, user(ADMIN), app));
    assert_eq!(denied, ["sts:AssumeRole"]);
}

#[test]
fn trust_6_tags_and_source_identity_are_asked_for() {
    let directory = directory();
    let mut tagged = call(CallKind::AssumeRole, user(ADMIN), BARE);
    tagged.tags = vec![("team", "blue")];
    let (denied, session) = made(&directory, &tagged);
    assert!(denied.is_empty());
    assert_eq!(values(&session, "aws:PrincipalTag/team").unwrap(), ["blue"]);
    let limited = "arn:aws:iam::111122223333:role/Limited";
    tagged.target = limited;
    assert_eq!(made(&directory, &tagged).0, ["sts:TagSession"]);
    tagged.tags.clear();
    tagged.source_identity = Some("ann");
    let (denied, session) = made(&directory, &tagged);
    assert_eq!(denied, ["sts:SetSourceIdentity"]);
    assert_eq!(values(&session, "aws:SourceIdentity").unwrap(), ["ann"]);
}

#[test]
fn sts_20_to_22_what_goes_on_in_a_chain() {
    let directory = directory();
    let session = "arn:aws:sts::444455556666:assumed-role/Builder/s";
    let builder = "arn:aws:iam::444455556666:role/Builder";
    let deployer = "arn:aws:iam::111122223333:role/Deployer";
    let own = [
        ContextEntry {
            key: "aws:PrincipalTag/Cost",
            values: &["17"],
        },
        ContextEntry {
            key: "aws:PrincipalTag/team",
            values: &["blue"],
        },
        ContextEntry {
            key: "aws:SourceIdentity",
            values: &["ann"],
        },
    ];
    let caller = Caller::session(session, builder).unwrap();
    let mut chained = call(CallKind::AssumeRole, caller, deployer);
    chained.context = &own;
    chained.inherited_keys = vec!["cost"];
    chained.external_id = Some("e-17");
    let (denied, session) = made(&directory, &chained);
    // The source identity goes on, and must be allowed to.
    assert_eq!(denied, ["sts:SetSourceIdentity"]);
    assert_eq!(values(&session, "aws:PrincipalTag/Cost").unwrap(), ["17"]);
    assert_eq!(values(&session, "aws:PrincipalTag/team"), None);
    assert_eq!(session.transitive_keys, ["cost"]);
    // STS-10.
    chained.seconds = Some(3601);
    assert!(refused(&directory, &chained).contains("an hour"));
    chained.seconds = None;
    chained.tags = vec![("COST", "18")];
    assert!(refused(&directory, &chained).contains("transitive"));
    chained.tags.clear();
    chained.source_identity = Some("bob");
    assert!(refused(&directory, &chained).contains("cannot become"));
}

#[test]
fn sts_4_and_5_sessions_of_users() {
    let directory = directory();
    let mut token = call(CallKind::GetSessionToken, user(ADMIN), "");
    token.mfa = true;
    let (denied, session) = made(&directory, &token);
    assert!(denied.is_empty());
    assert_eq!((session.arn.as_str(), session.seconds), (ADMIN, 43_200));
    assert_eq!(
        values(&session, "aws:MultiFactorAuthPresent").unwrap(),
        ["true"]
    );
    token.has_policies = true;
    assert!(refused(&directory, &token).contains("no session policies"));
    token.has_policies = false;
    token.has_session_token = true;
    assert!(refused(&directory, &token).contains("long-term"));
    let root = user("arn:aws:iam::111122223333:root");
    let mut token = call(CallKind::GetSessionToken, root, "");
    token.seconds = Some(3601);
    assert!(refused(&directory, &token).contains("900 to 3600"));

    let federation = call(CallKind::GetFederationToken, user(ADMIN), "");
    let (denied, session) = made(&directory, &federation);
    assert!(denied.is_empty());
    assert_eq!(
        session.arn,
        "arn:aws:sts::111122223333:federated-user/night"
    );
    assert_eq!(session.user_id.as_deref(), Some("111122223333:night"));
    assert_eq!(session.federated_by.as_deref(), Some(ADMIN));
    let dan = call(
        CallKind::GetFederationToken,
        user("arn:aws:iam::111122223333:user/dan"),
        "",
    );
    assert_eq!(made(&directory, &dan).0, ["sts:GetFederationToken"]);
}

#[test]
fn sts_2_an_assertion_of_a_saml_provider() {
    let directory = directory_of("rules");
    let provider = "arn:aws:iam::111111111111:saml-provider/AWSSSO_00112233445566aa_DO_NOT_DELETE";
    let ops = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_00112233445566aa";
    let caller = Caller::Federated { provider };
    let mut saml = call(CallKind::AssumeRoleWithSaml, caller, ops);
    saml.session_name = "eve@example.com";
    // Attributes of the assertion are session tags.
    saml.tags = vec![("team", "ops")];
    let (denied, session) = made(&directory, &saml);
    assert!(denied.is_empty(), "{denied:?}");
    assert_eq!(
        session.arn,
        "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Ops_00112233445566aa/eve@example.com"
    );
    assert_eq!(session.role_arn.as_deref(), Some(ops));
    assert_eq!(values(&session, "aws:PrincipalTag/team").unwrap(), ["ops"]);
    assert_eq!(session.seconds, 3600);
    saml.caller.caller = Caller::Federated {
        provider: "arn:aws:iam::111111111111:saml-provider/Other",
    };
    let (denied, _) = made(&directory, &saml);
    assert_eq!(denied, ["sts:AssumeRoleWithSAML", "sts:TagSession"]);
}

#[test]
fn sts_23_a_second_factor() {
    let directory = directory();
    let mut role = call(CallKind::AssumeRole, user(ADMIN), BARE);
    let own = [ContextEntry {
        key: "aws:MultiFactorAuthPresent",
        values: &["true"],
    }];
    // The caller's own session had one: the call sees it, the role's session does not.
    role.context = &own;
    let key = "aws:MultiFactorAuthPresent";
    let (_, session) = made(&directory, &role);
    assert_eq!(values(&session, key).unwrap(), ["false"]);
    role.mfa = true;
    let (_, session) = made(&directory, &role);
    assert_eq!(values(&session, key).unwrap(), ["true"]);
}

#[test]
fn sts_3_a_web_identity() {
    let directory = directory();
    let provider = "arn:aws:iam::111122223333:oidc-provider/token.example.com";
    let web = "arn:aws:iam::111122223333:role/Web";
    let claims = [
        ContextEntry {
            key: "token.example.com:aud",
            values: &["shop"],
        },
        ContextEntry {
            key: "token.example.com:email",
            values: &["a@b"],
        },
    ];
    let caller = Caller::Federated { provider };
    let mut call = call(CallKind::AssumeRoleWithWebIdentity, caller, web);
    call.context = &claims;
    let (denied, session) = made(&directory, &call);
    assert!(denied.is_empty());
    // KEY-100: the address does not stay.
    let keys: Vec<&str> = session
        .context
        .iter()
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(keys, ["aws:FederatedProvider", "token.example.com:aud"]);
    call.kind = CallKind::AssumeRoleWithSaml;
    assert!(refused(&directory, &call).contains("other kind"));
}

#[test]
fn sts_6_the_root_user_of_a_member() {
    let directory = directory();
    let boss = "arn:aws:iam::100000000001:user/boss";
    let mut root = call(CallKind::AssumeRoot, user(boss), "111122223333");
    assert!(refused(&directory, &root).contains("task policy"));
    root.task_policy = Some("arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy");
    let (denied, session) = made(&directory, &root);
    assert!(denied.is_empty());
    assert_eq!(
        (session.arn.as_str(), session.seconds),
        ("arn:aws:iam::111122223333:root", 900)
    );
    root.target = "777788889999";
    assert!(refused(&directory, &root).contains("no member"));
    root.target = "111122223333";
    root.caller.caller = user(ADMIN);
    assert!(refused(&directory, &root).contains("management account"));
}

#[test]
fn what_sts_refuses_by_itself() {
    let directory = directory();
    let root = user("arn:aws:iam::111122223333:root");
    assert!(refused(&directory, &call(CallKind::AssumeRole, root, BARE)).contains("root user"));
    let gone = "arn:aws:iam::111122223333:role/Gone";
    assert!(
        refused(&directory, &call(CallKind::AssumeRole, user(ADMIN), gone)).contains("no role")
    );
    let mut wrong = call(CallKind::AssumeRole, user(ADMIN), BARE);
    wrong.session_name = "x";
    assert!(refused(&directory, &wrong).contains("no name"));
    wrong.session_name = "night";
    wrong.seconds = Some(899);
    assert!(refused(&directory, &wrong).contains("900 to 3600"));
    wrong.seconds = None;
    wrong.tags = vec![("a", "1"), ("A", "2")];
    assert!(refused(&directory, &wrong).contains("twice"));
    wrong.tags.truncate(1);
    wrong.transitive_keys = vec!["b"];
    assert!(refused(&directory, &wrong).contains("none of the tags"));
}
