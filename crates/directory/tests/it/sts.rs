//! Calls of STS by the directory in the corpus: what is refused, what is asked, what comes out.

use crate::support;
use std::path::Path;

use bumpalo::Bump;
use portcullis_directory::{
    Directory, Engine, LoadOptions, RequestPolicies, Session, StsCall, StsCallKind,
};
use portcullis_model::{Caller, ContextEntry, Principal};
use serde_json::json;

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

fn call<'a>(kind: StsCallKind, caller: Caller<'a>, target: &'a str) -> StsCall<'a> {
    StsCall {
        kind,
        caller: Principal {
            caller,
            user_id: None,
            management_account: false,
            session_token: false,
        },
        context: &[],
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
fn made(directory: &Directory, call: &StsCall<'_>) -> (Vec<String>, Session) {
    let arena = Bump::new();
    let made = directory.call(call, &arena).unwrap();
    let mut denied = Vec::new();
    for request in &made.requests {
        let question = directory
            .complete(request, RequestPolicies::default(), &arena)
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

fn refused(directory: &Directory, call: &StsCall<'_>) -> String {
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
    let (denied, session) = made(
        &directory,
        &call(StsCallKind::AssumeRole, user(ADMIN), BARE),
    );
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
    let (denied, session) = made(&directory, &call(StsCallKind::AssumeRole, ec2, app));
    assert!(denied.is_empty());
    assert_eq!(
        session.arn,
        "arn:aws:sts::111122223333:assumed-role/App/night"
    );
    let (denied, _) = made(&directory, &call(StsCallKind::AssumeRole, user(ADMIN), app));
    assert_eq!(denied, ["sts:AssumeRole"]);
}

#[test]
fn trust_6_tags_and_source_identity_are_asked_for() {
    let directory = directory();
    let mut tagged = call(StsCallKind::AssumeRole, user(ADMIN), BARE);
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
    let mut chained = call(StsCallKind::AssumeRole, caller, deployer);
    chained.context = &own;
    chained.inherited_keys = vec!["cost"];
    chained.external_id = Some("e-17");
    let (denied, session) = made(&directory, &chained);
    // The tag and the source identity go on, and must be allowed to.
    assert_eq!(denied, ["sts:TagSession", "sts:SetSourceIdentity"]);
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
    let two = ContextEntry {
        key: "aws:sourceidentity",
        values: &["ann", "bob"],
    };
    for context in [&[two][..], &[own[2], own[2]]] {
        let mut wrong = chained.clone();
        wrong.context = context;
        assert!(refused(&directory, &wrong).contains("more than one source identity"));
    }
    chained.source_identity = Some("ann");
    let (denied, session) = made(&directory, &chained);
    assert_eq!(denied, ["sts:TagSession", "sts:SetSourceIdentity"]);
    assert_eq!(values(&session, "aws:SourceIdentity").unwrap(), ["ann"]);
    // Without what goes on, neither is asked for.
    chained.inherited_keys.clear();
    chained.context = &own[..2];
    chained.source_identity = None;
    let (denied, _) = made(&directory, &chained);
    assert!(denied.is_empty(), "{denied:?}");
}

/// Each text as long as it may be, and one character longer.
#[test]
fn names_and_tags_have_limits() {
    let directory = directory();
    let (longest, keys): (String, Vec<String>) = (
        "é".repeat(256),
        (0..51).map(|key| key.to_string()).collect(),
    );
    let too_long = format!("{longest}x");
    let key = |len: usize| &longest[..2 * len];
    let mut tagged = call(StsCallKind::AssumeRole, user(ADMIN), BARE);
    for (tag, is_fine) in [
        ((key(128), ""), true),
        ((key(129), ""), false),
        (("", "blue"), false),
        (("team", longest.as_str()), true),
        (("team", too_long.as_str()), false),
    ] {
        tagged.tags = vec![tag];
        let arena = Bump::new();
        let made = directory.call(&tagged, &arena);
        assert_eq!(made.is_ok(), is_fine, "{tag:?}");
    }
    // Those that go on count too.
    for (own, inherited, is_fine) in [(50, 0, true), (51, 0, false), (49, 1, true), (49, 2, false)]
    {
        tagged.tags = keys[..own].iter().map(|key| (key.as_str(), "")).collect();
        tagged.inherited_keys = ["a", "b"][..inherited].to_vec();
        let arena = Bump::new();
        let made = directory.call(&tagged, &arena);
        assert_eq!(made.is_ok(), is_fine, "{own} {inherited}");
    }
    let letters = "a".repeat(1225);
    let is_made = |call: &StsCall<'_>| directory.call(call, &Bump::new()).is_ok();
    type Set = for<'c, 'a> fn(&'c mut StsCall<'a>, &'a str);
    let texts: [(StsCallKind, Set, usize); 4] = [
        (
            StsCallKind::AssumeRole,
            |call, text| call.session_name = text,
            64,
        ),
        (
            StsCallKind::GetFederationToken,
            |call, text| call.session_name = text,
            32,
        ),
        (
            StsCallKind::AssumeRole,
            |call, text| call.source_identity = Some(text),
            64,
        ),
        (
            StsCallKind::AssumeRole,
            |call, text| call.external_id = Some(text),
            1224,
        ),
    ];
    for (kind, set, longest) in texts {
        let target = match kind {
            StsCallKind::AssumeRole => BARE,
            _ => "",
        };
        let mut one = call(kind, user(ADMIN), target);
        for (len, is_fine) in [(1, false), (2, true), (longest, true), (longest + 1, false)] {
            set(&mut one, &letters[..len]);
            assert_eq!(is_made(&one), is_fine, "{kind:?} {len}");
        }
        set(&mut one, "a b");
        assert!(!is_made(&one), "{kind:?} with a space");
    }
}

/// `STS-1`, `STS-10`: as long as the role says, which account dumps do not and `get-role` does.
#[test]
fn sts_10_a_session_lasts_as_long_as_its_role_says() {
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}});
    let hop = "arn:aws:iam::111122223333:role/Hop";
    let directory = support::directory_of(&[
        (
            "dump.json",
            support::dump(
                &[support::user(ADMIN, &[])],
                &[
                    support::role(BARE, &[], &trust),
                    support::role(hop, &[], &trust),
                ],
            ),
        ),
        (
            "bare.json",
            json!({"Role": {"RoleName": "Bare", "Arn": BARE, "MaxSessionDuration": 7200}}),
        ),
        ("hop.json", json!({"Role": {"RoleName": "Hop", "Arn": hop}})),
    ]);
    let session = Caller::session("arn:aws:sts::111122223333:assumed-role/Hop/s", hop).unwrap();
    for (caller, role, longest) in [
        (user(ADMIN), BARE, 7200),
        (user(ADMIN), hop, 3600),
        (session, BARE, 3600),
    ] {
        let mut call = call(StsCallKind::AssumeRole, caller, role);
        let arena = Bump::new();
        assert_eq!(directory.call(&call, &arena).unwrap().session.seconds, 3600);
        for (seconds, is_fine) in [
            (899, false),
            (900, true),
            (longest, true),
            (longest + 1, false),
        ] {
            call.seconds = Some(seconds);
            let arena = Bump::new();
            let made = directory.call(&call, &arena);
            assert_eq!(made.is_ok(), is_fine, "{role} {seconds}");
            assert!(made.is_err() || made.unwrap().session.seconds == seconds);
        }
    }
}

#[test]
fn sts_4_and_5_sessions_of_users() {
    let directory = directory();
    let mut token = call(StsCallKind::GetSessionToken, user(ADMIN), "");
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
    token.caller.session_token = true;
    assert!(refused(&directory, &token).contains("long-term"));
    let root = user("arn:aws:iam::111122223333:root");
    let mut token = call(StsCallKind::GetSessionToken, root, "");
    token.seconds = Some(3601);
    assert!(refused(&directory, &token).contains("900 to 3600"));

    let federation = call(StsCallKind::GetFederationToken, user(ADMIN), "");
    let (denied, session) = made(&directory, &federation);
    assert!(denied.is_empty());
    assert_eq!(
        session.arn,
        "arn:aws:sts::111122223333:federated-user/night"
    );
    assert_eq!(session.user_id.as_deref(), Some("111122223333:night"));
    assert_eq!(session.federated_by.as_deref(), Some(ADMIN));
    let dan = call(
        StsCallKind::GetFederationToken,
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
    let mut saml = call(StsCallKind::AssumeRoleWithSaml, caller, ops);
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
    // KEY-102: of the assertion, these stay in the session.
    let claims = [
        "saml:aud",
        "saml:sub",
        "SAML:namequalifier",
        "saml:sub_type",
        "saml:cn",
    ]
    .map(|key| ContextEntry {
        key,
        values: &["x"],
    });
    saml.context = &claims;
    let (_, session) = made(&directory, &saml);
    let kept: Vec<&str> = session
        .context
        .iter()
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(
        kept,
        [
            "aws:PrincipalTag/team",
            "saml:sub",
            "SAML:namequalifier",
            "saml:sub_type"
        ]
    );
    saml.context = &[];
    saml.caller.caller = Caller::Federated {
        provider: "arn:aws:iam::111111111111:saml-provider/Other",
    };
    let (denied, _) = made(&directory, &saml);
    assert_eq!(denied, ["sts:AssumeRoleWithSAML", "sts:TagSession"]);
}

#[test]
fn sts_23_a_second_factor() {
    let directory = directory();
    let mut role = call(StsCallKind::AssumeRole, user(ADMIN), BARE);
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
    let builder = "arn:aws:iam::444455556666:role/Builder";
    let session = "arn:aws:sts::444455556666:assumed-role/Builder/s";
    role.caller.caller = Caller::session(session, builder).unwrap();
    assert!(refused(&directory, &role).contains("only users"));
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
    let mut call = call(StsCallKind::AssumeRoleWithWebIdentity, caller, web);
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
    call.kind = StsCallKind::AssumeRoleWithSaml;
    assert!(refused(&directory, &call).contains("wrong kind"));
}

#[test]
fn sts_6_the_root_user_of_a_member() {
    let directory = directory();
    let boss = "arn:aws:iam::100000000001:user/boss";
    let mut root = call(StsCallKind::AssumeRoot, user(boss), "111122223333");
    assert!(refused(&directory, &root).contains("task policy"));
    root.task_policy = Some("arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy");
    let (denied, session) = made(&directory, &root);
    assert!(denied.is_empty());
    assert_eq!(
        (session.arn.as_str(), session.seconds),
        ("arn:aws:iam::111122223333:root", 900)
    );
    root.task_policy = Some("arn:aws:iam::aws:policy/AdministratorAccess");
    assert!(refused(&directory, &root).contains("task policy"));
    root.task_policy = Some("arn:aws:iam::111122223333:policy/root-task/Own");
    assert!(refused(&directory, &root).contains("task policy"));
    root.task_policy = Some("arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy");
    root.caller.session_token = true;
    assert!(refused(&directory, &root).contains("a user or a role session"));
    root.caller.session_token = false;
    root.target = "777788889999";
    assert!(refused(&directory, &root).contains("not a member"));
    root.target = "111122223333";
    root.caller.caller = user(ADMIN);
    assert!(refused(&directory, &root).contains("management account"));
}

/// What comes out is what was asked for, though the context says something else.
#[test]
fn trust_7_the_call_says_its_own_tags_and_names() {
    let directory = directory();
    let claimed = [
        "aws:RequestTag/Team",
        "aws:TagKeys",
        "sts:ExternalId",
        "sts:RoleSessionName",
        "sts:SourceIdentity",
        "sts:TransitiveTagKeys",
    ]
    .map(|key| ContextEntry {
        key,
        values: &["claimed"],
    });
    let mut tagged = call(StsCallKind::AssumeRole, user(ADMIN), BARE);
    tagged.context = &claimed;
    tagged.tags = vec![("team", "blue")];
    tagged.transitive_keys = vec!["team"];
    tagged.source_identity = Some("ann");
    tagged.external_id = Some("e-17");
    let arena = Bump::new();
    for request in directory.call(&tagged, &arena).unwrap().requests {
        let mut told: Vec<(&str, &[&str])> = request
            .context
            .iter()
            .map(|entry| (entry.key, entry.values))
            .collect();
        told.sort_unstable();
        let expected: [(&str, &[&str]); 6] = [
            ("aws:RequestTag/team", &["blue"]),
            ("aws:TagKeys", &["team"]),
            ("sts:ExternalId", &["e-17"]),
            ("sts:RoleSessionName", &["night"]),
            ("sts:SourceIdentity", &["ann"]),
            ("sts:TransitiveTagKeys", &["team"]),
        ];
        assert_eq!(told, expected, "{}", request.action);
    }
}

/// What is not passed is not in the requests, and each call is about its own resource.
#[test]
fn trust_7_the_requests_of_a_call() {
    let directory = directory();
    let federated = "arn:aws:sts::111122223333:federated-user/night";
    let root = "arn:aws:iam::111122223333:root";
    let boss = "arn:aws:iam::100000000001:user/boss";
    for (kind, caller, target, resource, keys) in [
        (
            StsCallKind::AssumeRole,
            ADMIN,
            BARE,
            BARE,
            &["sts:RoleSessionName"][..],
        ),
        (StsCallKind::GetSessionToken, ADMIN, "", "*", &[]),
        (StsCallKind::GetFederationToken, ADMIN, "", federated, &[]),
        (
            StsCallKind::AssumeRoot,
            boss,
            "111122223333",
            root,
            &["sts:TaskPolicyArn"],
        ),
    ] {
        let mut call = call(kind, user(caller), target);
        if kind == StsCallKind::AssumeRoot {
            call.task_policy = Some("arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy");
        }
        let arena = Bump::new();
        let made = directory.call(&call, &arena).unwrap();
        let [request] = made.requests.as_slice() else {
            panic!("{kind:?}: {:?}", made.requests);
        };
        assert_eq!(request.action, format!("sts:{}", kind.as_str()));
        assert_eq!(request.resource, resource);
        let told: Vec<&str> = request.context.iter().map(|entry| entry.key).collect();
        assert_eq!(told, keys, "{kind:?}");
    }
}

#[test]
fn what_sts_refuses_by_itself() {
    let directory = directory();
    let root = user("arn:aws:iam::111122223333:root");
    assert!(refused(&directory, &call(StsCallKind::AssumeRole, root, BARE)).contains("root user"));
    let gone = "arn:aws:iam::111122223333:role/Gone";
    assert!(
        refused(
            &directory,
            &call(StsCallKind::AssumeRole, user(ADMIN), gone)
        )
        .contains("no role")
    );
    let mut wrong = call(StsCallKind::AssumeRole, user(ADMIN), BARE);
    wrong.session_name = "x";
    assert!(refused(&directory, &wrong).contains("invalid session name"));
    wrong.session_name = "night";
    wrong.seconds = Some(899);
    assert!(refused(&directory, &wrong).contains("900 to 3600"));
    wrong.seconds = None;
    wrong.tags = vec![("a", "1"), ("A", "2")];
    assert!(refused(&directory, &wrong).contains("twice"));
    wrong.tags.truncate(1);
    wrong.transitive_keys = vec!["b"];
    assert!(refused(&directory, &wrong).contains("not one of the tags"));
    for kind in [
        StsCallKind::GetSessionToken,
        StsCallKind::GetFederationToken,
    ] {
        let mut wrong = call(kind, user(ADMIN), "");
        wrong.source_identity = Some("ann");
        assert!(refused(&directory, &wrong).contains("takes no source identity"));
    }
    let mut wrong = call(StsCallKind::GetSessionToken, user(ADMIN), "");
    wrong.session_name = "";
    assert!(made(&directory, &wrong).0.is_empty(), "it needs no name");
    wrong.tags = vec![("team", "blue")];
    assert!(refused(&directory, &wrong).contains("GetSessionToken takes no tags"));
}
