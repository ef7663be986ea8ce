//! Findings of external access: small directories in which it is plain what they are, and sampled requests, none of which may be
//! allowed without a finding (`AA-453`).

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use bumpalo::Bump;
use portcullis_directory::{Directory, LoadOptions};
use portcullis_findings::{Finding, Questions, Restriction, Source, Zone};
use serde_json::{Value, json};

pub(crate) struct Folder(pub(crate) PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    /// A folder with these resources, one of the roles of an account, and an organization of two accounts.
    pub(crate) fn new(resources: &[Value], roles: &[Value], rcp: Option<Value>) -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-external-{}-{number}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        let write = |name: &str, text: String| fs::write(folder.0.join(name), text).unwrap();
        let lines: Vec<String> = resources.iter().map(Value::to_string).collect();
        write("resources.jsonl", lines.join("\n"));
        let dump = json!({"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles, "Policies": [], "IsTruncated": false});
        if !roles.is_empty() {
            write("dump.json", dump.to_string());
        }
        let rcps: Vec<&str> = rcp.iter().map(|_| "p-rcp").collect();
        let account = |id: &str| json!({"account": id, "policies": {"scp": ["p-FullAWSAccess"]}});
        let mut policies = json!({});
        if let Some(content) = rcp {
            policies["p-rcp"] = json!({"type": "rcp", "name": "Perimeter", "content": content});
        }
        let tree = json!({
            "organization": {"id": "o-example1", "managementAccountId": "100000000001"},
            "root": {"id": "r-ex01", "policies": {"scp": ["p-FullAWSAccess"], "rcp": rcps},
                "children": [account("100000000001"), account("111122223333"), account("444455556666")]},
            "policies": policies,
        });
        write("organization.json", tree.to_string());
        folder
    }

    fn load(&self) -> Directory {
        let loaded = Directory::load(&self.0, LoadOptions::default(), &mut |_| ());
        loaded
            .unwrap_or_else(|error| {
                let problems: Vec<String> =
                    error.problems.iter().map(ToString::to_string).collect();
                panic!("{problems:?}")
            })
            .directory
    }
}

pub(crate) fn find(directory: &Directory, zone: Zone) -> Vec<Finding> {
    let arena = Bump::new();
    let mut questions = Questions::new(directory, &[], &arena);
    let mut all = Vec::new();
    questions.external_findings(zone, &mut |one| all.push(one));
    all
}

fn bucket(statements: Value) -> Value {
    json!({"arn": "arn:aws:s3:::b", "account": "111122223333",
        "policy": {"Version": "2012-10-17", "Statement": statements}})
}

/// An Allow of the objects of the bucket.
fn get(principal: Value, condition: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*", "Condition": condition})
}

pub(crate) fn role(trust: Value) -> Value {
    json!({"Path": "/", "RoleName": "R", "RoleId": "AROAR", "Arn": "arn:aws:iam::111122223333:role/R",
        "CreateDate": "2026-01-01T00:00:00Z", "RolePolicyList": [], "AttachedManagedPolicies": [],
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}})
}

/// What a finding says, in a line.
pub(crate) fn line(own: &Finding) -> String {
    let actions: Vec<String> = own
        .actions
        .iter()
        .map(|one| {
            let list = one.patterns.join(" ");
            if one.negated {
                format!("not {list}")
            } else {
                list
            }
        })
        .collect();
    let only_if: Vec<String> = own
        .condition
        .iter()
        .map(|one| format!("{} {} {}", one.operator, one.key, one.values.join(" ")))
        .collect();
    let public = match own.is_public {
        Some(true) => "public",
        Some(false) => "not public",
        None => "unknown",
    };
    let end = match own.request {
        Some(_) => String::new(),
        None => format!(" unknown: {}", own.reasons.join("; ")),
    };
    format!(
        "{} | {public} | {} | {}{end}",
        own.principal.value,
        actions.join(", "),
        only_if.join(" and ")
    )
}

/// The findings of one bucket or role, in lines.
fn lines(resources: &[Value], roles: &[Value], rcp: Option<Value>, zone: Zone) -> Vec<String> {
    let folder = Folder::new(resources, roles, rcp);
    find(&folder.load(), zone).iter().map(line).collect()
}

fn of_bucket(statements: Value, zone: Zone) -> Vec<String> {
    lines(&[bucket(statements)], &[], None, zone)
}

/// `AA-453`: a policy is about what it names, also where a service has its actions apart from its resources.
#[test]
fn aa_453_actions_of_other_names_than_their_resources() {
    for (resource, action) in [
        (
            "kafka:eu-west-1:111122223333:cluster/c/1",
            "kafka-cluster:*",
        ),
        (
            "vpc-lattice:eu-west-1:111122223333:service/svc-1",
            "vpc-lattice-svcs:Invoke",
        ),
        (
            "cloudtrail:eu-west-1:111122223333:channel/1",
            "cloudtrail-data:PutAuditEvents",
        ),
    ] {
        let statement =
            json!({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"});
        let resource = json!({"arn": format!("arn:aws:{resource}"), "account": "111122223333",
            "policy": {"Version": "2012-10-17", "Statement": [statement]}});
        let own = lines(&[resource], &[], None, Zone::Account);
        assert_eq!(own, [format!("* | public | {action} | ")]);
    }
}

/// `S3-5`, `KEY-42`, `MATCH-1`: what does not say who a stranger is keeps nothing from being public.
#[test]
fn aa_453_what_does_not_name_anybody() {
    let private = json!({"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}});
    let paths = json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-?*/*"}});
    let source = json!({"StringLike": {"aws:SourceArn": "arn:aws:lambda:*:444455556666:*"}});
    for condition in [private, paths, source] {
        let own = of_bucket(json!([get(json!("*"), condition)]), Zone::Account);
        assert!(own[0].starts_with("* | public | "), "{own:?}");
    }
}

#[test]
fn aa_453_everyone() {
    let own = of_bucket(json!([get(json!("*"), json!({}))]), Zone::Account);
    assert_eq!(own, ["* | public | s3:GetObject | "]);
    let address = json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}});
    let own = of_bucket(json!([get(json!("*"), address)]), Zone::Account);
    assert_eq!(
        own,
        ["* | not public | s3:GetObject | IpAddress aws:SourceIp 203.0.113.0/24"]
    );
    // `AA-454`: a key that Access Analyzer does not look at restricts nobody.
    let secure = json!({"Bool": {"aws:SecureTransport": "true"}});
    let own = of_bucket(json!([get(json!("*"), secure)]), Zone::Account);
    assert_eq!(own, ["* | public | s3:GetObject | "]);
    let mut but = get(json!("*"), json!({}));
    but.as_object_mut().unwrap().remove("Principal");
    but["NotPrincipal"] = json!({"AWS": "arn:aws:iam::999999999999:root"});
    let own = of_bucket(json!([but]), Zone::Account);
    assert_eq!(own, ["* | public | s3:GetObject | "]);
}

#[test]
fn aa_453_named() {
    let named = json!({"AWS": ["999999999999", "arn:aws:iam::111122223333:root"]});
    let own = of_bucket(json!([get(named, json!({}))]), Zone::Account);
    assert_eq!(own, ["999999999999 | not public | s3:GetObject | "]);
    let member = || json!({"AWS": "arn:aws:iam::444455556666:role/X"});
    let own = of_bucket(json!([get(member(), json!({}))]), Zone::Account);
    assert_eq!(
        own,
        ["arn:aws:iam::444455556666:role/X | not public | s3:GetObject | "]
    );
    let own = of_bucket(json!([get(member(), json!({}))]), Zone::Organization);
    assert_eq!(own, Vec::<String>::new());
    // Services are not told of, and a user of an account that is told of is superfluous.
    let all = json!({"AWS": ["arn:aws:iam::999999999999:user/u", "999999999999"], "Service": "ec2.amazonaws.com"});
    let own = of_bucket(json!([get(all, json!({}))]), Zone::Account);
    assert_eq!(own, ["999999999999 | not public | s3:GetObject | "]);
    let all = json!({"AWS": "AIDAQQQQQQQQQQQQQQQQQ"});
    let own = of_bucket(json!([get(all, json!({}))]), Zone::Account);
    assert_eq!(
        own,
        [
            "AIDAQQQQQQQQQQQQQQQQQ | not public | s3:GetObject |  unknown: it is not known who AIDAQQQQQQQQQQQQQQQQQ is"
        ]
    );
}

/// `GRAM-40`: a unique id is that of whoever the directory knows by it.
#[test]
fn aa_453_unique_ids() {
    let id = "AROAQQQQQQQQQQQQQQQQQ";
    let mut known = role(
        json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}),
    );
    known["RoleId"] = json!(id);
    let statement = || get(json!({"AWS": id}), json!({}));
    let own = lines(
        &[bucket(json!([statement()]))],
        std::slice::from_ref(&known),
        None,
        Zone::Account,
    );
    assert_eq!(own, Vec::<String>::new());
    let mut of_member = bucket(json!([statement()]));
    of_member["account"] = json!("444455556666");
    let own = lines(
        std::slice::from_ref(&of_member),
        std::slice::from_ref(&known),
        None,
        Zone::Account,
    );
    assert_eq!(own, [format!("{id} | not public | s3:GetObject | ")]);
    let own = lines(&[of_member], &[known], None, Zone::Organization);
    assert_eq!(own, Vec::<String>::new());
}

#[test]
fn aa_453_organization() {
    let inside = || json!({"StringEquals": {"aws:PrincipalOrgID": "o-example1"}});
    let own = of_bucket(json!([get(json!("*"), inside())]), Zone::Organization);
    assert_eq!(own, Vec::<String>::new());
    let own = of_bucket(json!([get(json!("*"), inside())]), Zone::Account);
    assert_eq!(
        own,
        ["* | not public | s3:GetObject | StringEquals aws:PrincipalOrgID o-example1"]
    );
    let other = json!({"StringEquals": {"aws:PrincipalOrgID": "o-another1"}});
    let own = of_bucket(json!([get(json!("*"), other)]), Zone::Organization);
    assert_eq!(
        own,
        ["* | not public | s3:GetObject | StringEquals aws:PrincipalOrgID o-another1"]
    );
    // Only an account outside can have such an ARN, and which one is open.
    let ci = json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ci-*"}});
    let own = of_bucket(json!([get(json!("*"), ci)]), Zone::Organization);
    assert_eq!(
        own,
        ["* | public | s3:GetObject | ArnLike aws:PrincipalArn arn:aws:iam::*:role/ci-*"]
    );
    let own_only = json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}});
    let own = of_bucket(json!([get(json!("*"), own_only)]), Zone::Account);
    assert_eq!(own, Vec::<String>::new());
    // What services do for the owner comes from inside.
    let source = json!({"StringEquals": {"aws:SourceAccount": "111122223333"}});
    let own = of_bucket(json!([get(json!("*"), source)]), Zone::Account);
    assert_eq!(own, Vec::<String>::new());
}

/// Accounts of the zone that no policy names are met by wildcards, and kept away then.
#[test]
fn aa_453_wildcards_over_accounts() {
    let like = |pattern: &str| {
        let condition = json!({"ArnLike": {"aws:PrincipalArn": pattern}});
        let bucket = bucket(json!([get(json!("*"), condition)]));
        let folder = Folder::new(&[bucket], &[], None);
        find(&folder.load(), Zone::Organization)
    };
    let found = like("arn:aws:iam::44445555666?:role/x");
    assert_eq!(found.len(), 1);
    let witness = found[0].request.as_ref().unwrap();
    let account = witness.with(|request| request.principal.caller.account().map(str::to_owned));
    assert_ne!(account.as_deref(), Some("444455556666"));
    assert_eq!(like("arn:aws:iam::444455556666:role/*"), []);
    let keys = json!({"StringLike": {"kms:CallerAccount": "44445555666*"}});
    let own = of_bucket(json!([get(json!("*"), keys)]), Zone::Organization);
    assert_eq!(
        own,
        ["* | public | s3:GetObject | StringLike kms:CallerAccount 44445555666*"]
    );
}

#[test]
fn aa_453_deny() {
    let deny = |condition: Value| json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], "Condition": condition});
    let but = |key: &str, value: &str| deny(json!({"StringNotEquals": {key: value}}));
    let all = || get(json!("*"), json!({}));
    let own = of_bucket(json!([all(), deny(json!({}))]), Zone::Account);
    assert_eq!(own, Vec::<String>::new());
    let own = of_bucket(
        json!([all(), but("aws:SourceVpce", "vpce-1a2b3c4d")]),
        Zone::Account,
    );
    assert_eq!(
        own,
        ["* | not public | s3:GetObject | StringEquals aws:SourceVpce vpce-1a2b3c4d"]
    );
    let own = of_bucket(
        json!([all(), but("aws:PrincipalOrgID", "o-example1")]),
        Zone::Organization,
    );
    assert_eq!(own, Vec::<String>::new());
    // What is left of a list of actions.
    let mut both = get(json!({"AWS": "999999999999"}), json!({}));
    both["Action"] = json!(["s3:GetObject", "s3:PutObject", "ec2:RunInstances"]);
    let mut no_put = deny(json!({}));
    no_put["Action"] = json!("s3:Put*");
    let own = of_bucket(json!([both, no_put]), Zone::Account);
    assert_eq!(own, ["999999999999 | not public | s3:GetObject | "]);
}

/// One finding for each principal with its conditions, and none that others cover.
#[test]
fn aa_453_as_few_as_tell_everything() {
    let named = |action: &str, condition: Value| {
        let mut own = get(json!({"AWS": "999999999999"}), condition);
        own["Action"] = json!(action);
        own
    };
    let address = || json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}});
    let own = of_bucket(
        json!([
            named("s3:GetObject", json!({})),
            named("s3:PutObject", json!({})),
            named("s3:DeleteObject", address()),
            named("s3:GetObject", address()),
        ]),
        Zone::Account,
    );
    assert_eq!(
        own,
        [
            "999999999999 | not public | s3:GetObject, s3:PutObject | ",
            "999999999999 | not public | s3:DeleteObject, s3:GetObject | IpAddress aws:SourceIp 203.0.113.0/24",
        ]
    );
    let own = of_bucket(
        json!([
            get(json!("*"), json!({})),
            get(json!("*"), address()),
            named("s3:GetObject", json!({})),
            named("s3:PutObject", json!({})),
        ]),
        Zone::Account,
    );
    assert_eq!(
        own,
        [
            "* | public | s3:GetObject | ",
            "999999999999 | not public | s3:GetObject, s3:PutObject | ",
        ]
    );
}

#[test]
fn s3_4_blocks_of_public_access() {
    let block = |own: &str| {
        let mut bucket = bucket(json!([
            get(json!("*"), json!({})),
            get(json!({"AWS": "999999999999"}), json!({}))
        ]));
        bucket["publicAccessBlock"] = json!({own: true});
        lines(&[bucket], &[], None, Zone::Account)
    };
    // It refuses to set such a policy, and says nothing of one that is there.
    assert_eq!(block("BlockPublicPolicy"), ["* | public | s3:GetObject | "]);
    assert_eq!(block("RestrictPublicBuckets"), Vec::<String>::new());
    let mut narrow = bucket(json!([get(json!({"AWS": "999999999999"}), json!({}))]));
    narrow["publicAccessBlock"] = json!({"RestrictPublicBuckets": true});
    assert_eq!(
        lines(&[narrow], &[], None, Zone::Account),
        ["999999999999 | not public | s3:GetObject | "]
    );
}

#[test]
fn rcp_1_control_policies() {
    let perimeter = |key: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
            "Condition": {"StringNotEqualsIfExists": {key: "o-example1"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}]})
    };
    let open = || bucket(json!([get(json!("*"), json!({}))]));
    let rcp = Some(perimeter("aws:PrincipalOrgID"));
    let own = lines(&[open()], &[], rcp.clone(), Zone::Organization);
    assert_eq!(own, Vec::<String>::new());
    let folder = Folder::new(&[open()], &[], rcp);
    let found = find(&folder.load(), Zone::Account);
    assert_eq!(
        found.iter().map(line).collect::<Vec<_>>(),
        ["* | not public | s3:GetObject | StringEquals aws:PrincipalOrgID o-example1"]
    );
    assert_eq!(found[0].restriction, Restriction::Applied);
    let folder = Folder::new(&[open()], &[], None);
    let found = find(&folder.load(), Zone::Account);
    assert_eq!(found[0].restriction, Restriction::NotApplicable);
}

#[test]
fn trust_1_roles() {
    let of_role = |trust: Value| lines(&[], &[role(trust)], None, Zone::Account);
    let trust = |principal: Value, action: &str, condition: Value| json!({"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition});
    let own = of_role(trust(
        json!({"AWS": "999999999999"}),
        "sts:AssumeRole",
        json!({"StringEquals": {"sts:ExternalId": "e-17"}}),
    ));
    assert_eq!(own, ["999999999999 | not public | sts:AssumeRole | "]);
    let audience = json!({"StringEquals": {"accounts.google.com:aud": "client"}});
    let own = of_role(trust(
        json!({"Federated": "accounts.google.com"}),
        "sts:AssumeRoleWithWebIdentity",
        audience,
    ));
    assert_eq!(
        own,
        [
            "accounts.google.com | not public | sts:AssumeRoleWithWebIdentity | StringEquals accounts.google.com:aud client"
        ]
    );
    let own = of_role(trust(
        json!({"Service": "ec2.amazonaws.com"}),
        "sts:AssumeRole",
        json!({}),
    ));
    assert_eq!(own, Vec::<String>::new());
    let own = of_role(trust(json!({"AWS": "*"}), "sts:AssumeRole", json!({})));
    assert_eq!(own, ["* | public | sts:AssumeRole | "]);
}

#[test]
fn kms_8_keys_and_grants() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*",
            "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333"}}}]});
    let own = lines(
        &[json!({"arn": key, "policy": policy})],
        &[],
        None,
        Zone::Account,
    );
    assert_eq!(own, Vec::<String>::new());
    let grants = json!([{"KeyId": key, "GrantId": "g1", "GranteePrincipal": "arn:aws:iam::999999999999:role/R",
        "Operations": ["Decrypt"], "Constraints": {"EncryptionContextSubset": {"team": "blue"}}},
        {"KeyId": key, "GrantId": "g2", "GranteePrincipal": "rds.amazonaws.com", "Operations": ["Decrypt"]}]);
    let folder = Folder::new(
        &[json!({"arn": key, "policy": policy, "grants": grants})],
        &[],
        None,
    );
    let found = find(&folder.load(), Zone::Account);
    assert_eq!(
        found.iter().map(line).collect::<Vec<_>>(),
        ["arn:aws:iam::999999999999:role/R | not public | kms:Decrypt | "]
    );
    assert_eq!(found[0].sources, [Source::KmsGrant]);
}

#[test]
fn s3_2_lists() {
    let id = |own: &str| own.repeat(64);
    let user = |own: &str, permission: &str| json!({"Grantee": {"Type": "CanonicalUser", "ID": id(own)}, "Permission": permission});
    let group = |name: &str, permission: &str| {
        json!({"Grantee": {"Type": "Group",
        "URI": format!("http://acs.amazonaws.com/groups/global/{name}")}, "Permission": permission})
    };
    let bucket = json!({"arn": "arn:aws:s3:::b", "account": "111122223333"});
    let of_list = |grants: Value, rules: &str| {
        let folder = Folder::new(std::slice::from_ref(&bucket), &[], None);
        let write =
            |name: &str, own: Value| fs::write(folder.0.join(name), own.to_string()).unwrap();
        write(
            "b.acl.json",
            json!({"Owner": {"ID": id("a")}, "Grants": grants}),
        );
        let rules = json!({"OwnershipControls": {"Rules": [{"ObjectOwnership": rules}]}});
        write("b.ownership-controls.json", rules);
        find(&folder.load(), Zone::Account)
    };
    // The owner is nobody outside, by its canonical id either (`GRAM-44`).
    let own = of_list(json!([user("a", "FULL_CONTROL")]), "ObjectWriter");
    assert_eq!(own, []);
    let own = of_list(
        json!([
            user("a", "FULL_CONTROL"),
            user("c", "READ"),
            group("AllUsers", "READ"),
            group("AuthenticatedUsers", "READ_ACP")
        ]),
        "ObjectWriter",
    );
    let told: Vec<String> = own.iter().map(line).collect();
    let public: Vec<&String> = told
        .iter()
        .filter(|own| own.starts_with("* | public"))
        .collect();
    assert_eq!(public.len(), 1, "{told:?}");
    assert!(
        public[0].contains("s3:ListBucket") && public[0].contains("s3:GetBucketAcl"),
        "{told:?}"
    );
    assert!(
        own.iter()
            .all(|one| one.sources == [Source::BucketAcl] && one.request.is_some())
    );
    // Anonymous callers read the bucket, and those who have an account its list too.
    let own = of_list(json!([group("AllUsers", "READ")]), "BucketOwnerEnforced");
    assert_eq!(own, []);
}

/// `AA-455`: what was not seen is told.
#[test]
fn aa_455_unreadable() {
    let bucket = json!({"arn": "arn:aws:s3:::nobodys", "policy": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::nobodys/*"}]}});
    let own = lines(&[bucket], &[], None, Zone::Account);
    assert_eq!(
        own,
        [
            "* | unknown |  |  unknown: no file says which account owns it, so that it is not known who is inside"
        ]
    );
}
