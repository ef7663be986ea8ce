//! Questions over a whole directory.

use crate::support;
use crate::support::{directory_of, dump, policy, role, user};
use portcullis_directory::{AccessQuery, ExternalAccess, Scope};
use portcullis_model::{Caller, ContextEntry, Decision, Principal};
use serde_json::{Value, json};

/// Who can assume a role with this statement in its trust policy.
fn outsiders(partition: &str, mut statement: Value) -> Vec<ExternalAccess> {
    statement["Action"] = json!("sts:*");
    let arn = format!("arn:{partition}:iam::111122223333:role/R");
    let directory = directory_of(&[(
        "dump.json",
        dump(&[], &[role(&arn, &[], &policy(&[statement]))]),
    )]);
    let mut found = Vec::new();
    directory
        .external_access(&[], &mut |one| found.push(one))
        .unwrap();
    assert!(found.iter().all(|one| one.role == arn));
    found
}

fn told(partition: &str, statement: Value) -> Vec<(String, Scope, Option<Decision>)> {
    let found = outsiders(partition, statement).into_iter();
    found
        .map(|one| (one.who, one.scope, one.decision))
        .collect()
}

#[test]
fn everyone_whom_a_trust_policy_names_from_outside() {
    for partition in ["aws", "aws-cn", "aws-us-gov"] {
        let other = |rest: &str| format!("arn:{partition}:iam::444455556666:{rest}");
        let session = format!("arn:{partition}:sts::444455556666:assumed-role/App/s");
        let own = format!("arn:{partition}:iam::111122223333:user/ann");
        let saml = format!("arn:{partition}:iam::111122223333:saml-provider/P");
        let oidc = format!("arn:{partition}:iam::111122223333:oidc-provider/token.example.com");
        let allow = Some(Decision::Allow);
        for (principal, expected) in [
            (json!("*"), vec![("*".to_string(), Scope::Everyone, allow)]),
            (
                json!({"AWS": "444455556666"}),
                vec![("444455556666".to_string(), Scope::Organization, allow)],
            ),
            (
                json!({"AWS": [other("root"), own, other("user/eve")]}),
                vec![
                    (other("root"), Scope::Organization, allow),
                    (other("user/eve"), Scope::Organization, allow),
                ],
            ),
            (
                json!({"AWS": session}),
                vec![(session, Scope::Organization, allow)],
            ),
            (
                json!({"Federated": saml}),
                vec![(saml, Scope::Federation, allow)],
            ),
            (
                json!({"Federated": oidc}),
                vec![(oidc, Scope::Federation, allow)],
            ),
            (
                json!({"AWS": "AROAEXAMPLE000000001"}),
                vec![(
                    "AROAEXAMPLE000000001".to_string(),
                    Scope::Organization,
                    None,
                )],
            ),
            (json!({"Service": "ec2.amazonaws.com"}), vec![]),
            (json!({"AWS": "111122223333"}), vec![]),
        ] {
            let mut found = told(
                partition,
                json!({"Effect": "Allow", "Principal": principal}),
            );
            found.sort_by(|one, other| one.0.cmp(&other.0));
            assert_eq!(found, expected, "{partition} {principal}");
        }
    }
}

/// Who is named there is the one who may not.
#[test]
fn all_but_a_few_are_everyone() {
    let but = json!({"AWS": "444455556666"});
    let found = told("aws", json!({"Effect": "Allow", "NotPrincipal": but}));
    assert_eq!(
        found,
        [("*".to_string(), Scope::Everyone, Some(Decision::Allow))]
    );
    assert_eq!(told("aws", json!({"Effect": "Deny", "Principal": but})), []);
}

#[test]
fn a_condition_is_told_by_its_key() {
    let condition = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
    let statement = json!({"Effect": "Allow", "Principal": "*", "Condition": condition});
    let found = outsiders("aws", statement);
    let [one] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(one.decision, Some(Decision::ImplicitDeny));
    assert_eq!(one.missing_keys, ["aws:principalorgid"]);
}

/// What the user may do to a bucket, and what is an exception to that.
fn what_can(statements: &[Value], resource: &str) -> Vec<(String, Decision, bool)> {
    let ann = "arn:aws:iam::111122223333:user/ann";
    let directory = directory_of(&[("dump.json", dump(&[user(ann, &[policy(statements)])], &[]))]);
    let caller = Principal {
        caller: Caller::from_arn(ann).unwrap(),
        user_id: None,
        management_account: false,
        session_token: false,
    };
    let query = AccessQuery {
        action: "",
        resource,
        resource_account: None,
        context: &[],
    };
    let found = directory.what_can(&caller, query, &[]).unwrap().into_iter();
    found
        .map(|one| (one.action, one.decision, one.is_exception))
        .collect()
}

#[test]
fn what_is_not_named_is_allowed_by_not_action() {
    let but =
        |effect: &str, not: &[&str]| json!({"Effect": effect, "NotAction": not, "Resource": "*"});
    let allow = |action: &str| (action.to_string(), Decision::Allow, false);
    let refused = |action: &str, decision: Decision| (action.to_string(), decision, true);
    let bucket = "arn:aws:s3:::b";
    assert_eq!(
        what_can(&[but("Allow", &["iam:*"])], bucket),
        [allow("s3:*")]
    );
    assert_eq!(
        what_can(&[but("Allow", &["iam:*", "s3:PutObject"])], bucket),
        [
            allow("s3:*"),
            refused("s3:PutObject", Decision::ImplicitDeny)
        ]
    );
    assert_eq!(
        what_can(&[but("Allow", &["iam:*"])], "*"),
        [allow("*:*"), refused("iam:*", Decision::ImplicitDeny)]
    );
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    assert_eq!(
        what_can(&[all, but("Deny", &["s3:Get*"])], bucket),
        [
            ("s3:*".to_string(), Decision::ExplicitDeny, false),
            allow("s3:Get*")
        ]
    );
}

/// Each provider has a call of its own.
#[test]
fn providers_are_asked_for_with_their_call() {
    let decided = |action: &str, provider: &str| {
        let provider = format!("arn:aws:iam::111122223333:{provider}");
        let statement =
            json!({"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action});
        let role = role(
            "arn:aws:iam::111122223333:role/R",
            &[],
            &policy(&[statement]),
        );
        let directory = directory_of(&[("dump.json", dump(&[], &[role]))]);
        let mut found = Vec::new();
        let mut add = |one: ExternalAccess| found.push(one.decision.unwrap());
        directory.external_access(&[], &mut add).unwrap();
        found
    };
    for (action, is_saml) in [
        ("sts:AssumeRoleWithSAML", true),
        ("sts:AssumeRoleWithWebIdentity", false),
    ] {
        let decision = |is_its: bool| match is_its {
            true => [Decision::Allow],
            false => [Decision::ImplicitDeny],
        };
        assert_eq!(decided(action, "saml-provider/P"), decision(is_saml));
        assert_eq!(
            decided(action, "oidc-provider/p.example.com"),
            decision(!is_saml)
        );
    }
}

/// Accounts of the organization are less far outside than others.
#[test]
fn accounts_of_the_organization_are_told_apart() {
    let trust = json!({"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": ["444455556666", "777788889999"]}});
    let scopes = |members: &[&str]| {
        let full = json!({"scp": ["p-FullAWSAccess"], "rcp": []});
        let child = |account: &&str| json!({"account": account, "policies": full});
        let children: Vec<Value> = members.iter().map(child).collect();
        let tree = json!({
            "organization": {"id": "o-1", "managementAccountId": members[0]},
            "root": {"id": "r-1", "policies": full, "children": children},
            "policies": {},
        });
        let role = role(
            "arn:aws:iam::111122223333:role/R",
            &[],
            &policy(std::slice::from_ref(&trust)),
        );
        let directory = directory_of(&[("dump.json", dump(&[], &[role])), ("tree.json", tree)]);
        let mut found = Vec::new();
        directory
            .external_access(&[], &mut |one| found.push((one.who, one.scope)))
            .unwrap();
        found.sort();
        found
            .into_iter()
            .map(|(_, scope)| scope)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        scopes(&["111122223333", "444455556666"]),
        [Scope::Account, Scope::Organization]
    );
    assert_eq!(
        scopes(&["444455556666", "777788889999"]),
        [Scope::Organization; 2]
    );
}

#[test]
fn who_may_do_everything_or_give_itself_policies() {
    let user_arn = |name: &str| format!("arn:aws:iam::111122223333:user/{name}");
    let role_arn = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    let allow = |action: &str, resource: &str| {
        policy(&[json!({"Effect": "Allow", "Action": action, "Resource": resource})])
    };
    let own_user = |name: &str, action: &str, resource: &str| {
        user(&user_arn(name), &[allow(action, resource)])
    };
    let trust = policy(&[json!({"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"}})]);
    let but = policy(&[json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})]);
    let users = [
        own_user("admin", "*", "*"),
        own_user("clever", "iam:PutUserPolicy", &user_arn("clever")),
        own_user("other", "iam:PutUserPolicy", &user_arn("clever")),
        own_user("wrong", "iam:PutRolePolicy", "*"),
        user(&user_arn("power"), &[but]),
    ];
    let roles = [
        role(&role_arn("Clever"), &[allow("iam:Attach*", "*")], &trust),
        role(&role_arn("Wrong"), &[allow("iam:*User*", "*")], &trust),
    ];
    let directory = directory_of(&[("dump.json", dump(&users, &roles))]);
    let mut found = Vec::new();
    let mut add =
        |one: portcullis_directory::Admin| found.push((one.arn, one.everything, one.escalations));
    directory.admins(&[], 2, &mut add).unwrap();
    found.sort();
    let all = vec![
        "iam:AttachUserPolicy",
        "iam:PutUserPolicy",
        "iam:AddUserToGroup",
    ];
    let expected = [
        (role_arn("Clever"), false, vec!["iam:AttachRolePolicy"]),
        (user_arn("admin"), true, all),
        (user_arn("clever"), false, vec!["iam:PutUserPolicy"]),
        (user_arn("power"), true, vec![]),
    ];
    assert_eq!(found, expected);
}

/// Threads take them in blocks; the answers come in order.
#[test]
fn every_principal_is_asked_once_and_in_order() {
    let user_arn = |number: usize| format!("arn:aws:iam::111122223333:user/u{number:04}");
    let may = |number: usize| number % 3 == 0 || number > 1500;
    let users: Vec<Value> = (0..2500)
        .map(|number| match may(number) {
            true => user(&user_arn(number), &[support::all()]),
            false => user(&user_arn(number), &[]),
        })
        .collect();
    let directory = directory_of(&[("dump.json", dump(&users, &[]))]);
    let query = AccessQuery {
        action: "s3:ListAllMyBuckets",
        resource: "*",
        resource_account: None,
        context: &[],
    };
    for threads in [0, 1, 3] {
        let mut found = Vec::new();
        let mut add =
            |number: usize, decisions: &[Decision]| found.push((number, decisions[0].is_allow()));
        directory.matrix(&[query], threads, &mut add).unwrap();
        let expected: Vec<(usize, bool)> = (0..2500).map(|number| (number, may(number))).collect();
        assert_eq!(found, expected, "{threads} threads");
        let mut found = Vec::new();
        directory
            .who_can(query, 1, threads, &mut |way| found.push(way.arn))
            .unwrap();
        let expected: Vec<String> = (0..2500)
            .filter(|number| may(*number))
            .map(user_arn)
            .collect();
        assert_eq!(found, expected, "{threads} threads");
    }
}

/// Roles are asked about with the actions of STS too, and nothing with those of other services.
#[test]
fn what_can_be_done_to_a_role() {
    let allow = |action: &str| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    let statements = [allow("iam:Get*"), allow("sts:AssumeRole"), allow("s3:*")];
    let names = |resource: &str| {
        let found = what_can(&statements, resource).into_iter();
        found.map(|(action, ..)| action).collect::<Vec<_>>()
    };
    let of = |kind: &str| format!("arn:aws:iam::111122223333:{kind}/x");
    assert_eq!(names(&of("role")), ["iam:Get*", "sts:AssumeRole"]);
    assert_eq!(names(&of("user")), ["iam:Get*"]);
    assert_eq!(names("arn:aws:s3:::b"), ["s3:*"]);
    assert_eq!(names("*"), ["iam:Get*", "s3:*", "sts:AssumeRole"]);
}

/// `STS-21`, `STS-22`, `TRUST-6`: what goes on from role to role is asked for at every hop.
#[test]
fn hops_ask_for_what_goes_on() {
    let arn = |rest: &str| format!("arn:aws:iam::111122223333:{rest}");
    let trust = |action: Value| {
        policy(&[
            json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": action}),
        ])
    };
    let may =
        |action: &str| policy(&[json!({"Effect": "Allow", "Action": action, "Resource": "*"})]);
    let reached = |trusted: Value, context: &[ContextEntry<'_>]| {
        let roles = [
            role(&arn("role/Reader"), &[may("s3:GetObject")], &trust(trusted)),
            role(
                &arn("role/Between"),
                &[may("sts:*")],
                &trust(json!("sts:*")),
            ),
        ];
        let users = [user(&arn("user/ann"), &[may("sts:*")])];
        let directory = directory_of(&[("dump.json", dump(&users, &roles))]);
        let query = AccessQuery {
            action: "s3:GetObject",
            resource: "arn:aws:s3:::b/k",
            resource_account: None,
            context,
        };
        let mut found = Vec::new();
        directory
            .who_can(query, 2, 1, &mut |way| found.push(way.arn))
            .unwrap();
        found.len()
    };
    let entry = |key| ContextEntry {
        key,
        values: &["team"],
    };
    let assume = || json!("sts:AssumeRole");
    assert_eq!(reached(assume(), &[]), 3);
    for (key, action) in [
        ("STS:TransitiveTagKeys", "sts:TagSession"),
        ("aws:TagKeys", "sts:TagSession"),
        ("aws:RequestTag/team", "sts:TagSession"),
        ("aws:SourceIdentity", "sts:SetSourceIdentity"),
    ] {
        assert_eq!(reached(assume(), &[entry(key)]), 1, "{key}");
        let both = json!(["sts:AssumeRole", action]);
        assert_eq!(reached(both, &[entry(key)]), 3, "{key}");
    }
}
