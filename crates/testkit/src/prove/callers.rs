//! Random policies about callers against sampled requests of every kind of caller, decided by the reference: what
//! `tiny` is for keys, this is for principals, for keys that follow from the caller, and for the standard domain.

use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{
    Answer, Callers, Options, Policy, PolicySets, Reason, Witness, compare, read,
};
use portcullis_model::{Caller, ContextEntry, Request};
use serde_json::{Value, json};

use crate::Bytes;

/// What came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Questions that were proved.
    pub proved: u64,
    /// Questions that were refuted.
    pub refuted: u64,
    /// Questions that stayed open.
    pub unknown: u64,
    /// Questions about strangers that were proved.
    pub not_public: u64,
    /// Requests that the reference decided.
    pub requests: u64,
}

const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OAI: &str = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1";
const STRANGER: &str = "arn:aws:iam::777788889999:user/ann";

/// The callers of the world, with their unique ids.
fn callers() -> Vec<(Caller<'static>, Option<&'static str>)> {
    let role = |role_arn, session_arn| Caller::Role {
        session_arn: Some(session_arn),
        role_arn,
        service_linked: false,
    };
    vec![
        (
            Caller::User {
                arn: "arn:aws:iam::111122223333:user/ann",
            },
            Some("AIDAX"),
        ),
        (
            Caller::User {
                arn: "arn:aws:iam::444455556666:user/team/bob",
            },
            Some("AIDAY"),
        ),
        (Caller::User { arn: STRANGER }, Some("AIDAZ")),
        (
            role(
                "arn:aws:iam::111122223333:role/R",
                "arn:aws:sts::111122223333:assumed-role/R/s",
            ),
            Some("AROAR:s"),
        ),
        (
            role(
                "arn:aws:iam::444455556666:role/p/R",
                "arn:aws:sts::444455556666:assumed-role/R/t",
            ),
            Some("AROAQ:t"),
        ),
        (
            Caller::Root {
                arn: "arn:aws:iam::111122223333:root",
            },
            Some("111122223333"),
        ),
        (
            Caller::Root {
                arn: "arn:aws:iam::777788889999:root",
            },
            Some("777788889999"),
        ),
        (
            Caller::FederatedUser {
                arn: "arn:aws:sts::111122223333:federated-user/ann",
                federated_by: Some("arn:aws:iam::111122223333:user/ann"),
            },
            Some("111122223333:ann"),
        ),
        (
            Caller::Service {
                name: "ec2.amazonaws.com",
            },
            None,
        ),
        (
            Caller::Service {
                name: "s3.amazonaws.com",
            },
            None,
        ),
        (Caller::Anonymous, None),
        (
            Caller::Federated {
                provider: "accounts.google.com",
            },
            None,
        ),
        (Caller::CanonicalUser { id: ID }, None),
        (Caller::OriginAccessIdentity { arn: OAI }, None),
    ]
}

struct Draw<'r>(&'r mut Bytes);

impl Draw<'_> {
    fn one<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.0.below(from.len())]
    }

    fn principal(&mut self) -> Value {
        let aws = [
            "111122223333",
            "arn:aws:iam::444455556666:root",
            "arn:aws:iam::111122223333:user/ann",
            "arn:aws:iam::111122223333:role/R",
            "arn:aws:iam::444455556666:role/p/R",
            "arn:aws:sts::111122223333:assumed-role/R/s",
            "arn:aws:sts::444455556666:assumed-role/R/t",
            "arn:aws:sts::111122223333:federated-user/ann",
            "AIDAX",
            "AROAR",
            OAI,
        ];
        match self.0.below(9) {
            0 | 1 => json!("*"),
            2 => json!({"Service": ["ec2.amazonaws.com"]}),
            3 => json!({"Federated": "accounts.google.com"}),
            4 => json!({"CanonicalUser": ID}),
            5 => json!({"AWS": [self.one(&aws), self.one(&aws)], "Service": "s3.amazonaws.com"}),
            _ => {
                let count = 1 + self.0.below(4);
                let list: Vec<&str> = (0..count).map(|_| self.one(&aws)).collect();
                json!({"AWS": list})
            }
        }
    }

    fn condition(&mut self) -> Value {
        let all = [
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-aaaaaaaaaa"}}),
            json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-aaaaaaaaaa"}}),
            json!({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ["o-aaaaaaaaaa", "o-bbbbbbbbbb"]}}),
            json!({"Null": {"aws:PrincipalOrgID": "true"}}),
            json!({"StringEquals": {"aws:PrincipalAccount": ["111122223333", "anonymous"]}}),
            json!({"StringLike": {"aws:PrincipalAccount": "1*"}}),
            json!({"StringNotLike": {"aws:PrincipalAccount": "?11122223333"}}),
            json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}),
            json!({"StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}),
            json!({"StringEqualsIfExists": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}),
            json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
            json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:*"}}),
            json!({"ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::111122223333:user/ann", "arn:aws:iam::444455556666:role/p/R"]}}),
            json!({"StringEquals": {"aws:PrincipalType": ["User", "Account"]}}),
            json!({"StringNotEquals": {"aws:PrincipalType": "Anonymous"}}),
            json!({"StringLike": {"aws:username": "a*"}}),
            json!({"StringNotEquals": {"aws:username": "bob"}}),
            json!({"Bool": {"aws:PrincipalIsAWSService": "false"}}),
            json!({"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}}),
            json!({"StringEquals": {"aws:PrincipalServiceName": "ec2.amazonaws.com"}}),
            json!({"StringLike": {"aws:userid": ["AROAR:*", "AIDAX"]}}),
            json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
            json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            json!({"ForAnyValue:StringEquals": {"t:a": "a"}}),
            json!({"ForAllValues:StringLike": {"t:a": ["a", "b*"]}}),
            json!({"StringLike": {"t:a": "${aws:username}"}}),
            json!({"StringEquals": {"t:a": ["a", "${aws:PrincipalAccount}"]}}),
            json!({}),
        ];
        all[self.0.below(all.len())].clone()
    }

    fn statement(&mut self, has_principal: bool) -> Value {
        let is_deny = self.0.below(3) == 0;
        let mut statement = json!({
            "Effect": if is_deny { "Deny" } else { "Allow" },
            "Action": self.one(&["t:a", "t:b", "t:*", "*"]),
            "Resource": self.one(&["arn:aws:t:::a", "arn:aws:t:::*", "*", "arn:aws:t:::${aws:username}"]),
            "Condition": self.condition(),
        });
        if has_principal {
            let member = if is_deny && self.0.below(3) == 0 {
                "NotPrincipal"
            } else {
                "Principal"
            };
            statement[member] = self.principal();
        }
        statement
    }

    fn document(&mut self, has_principal: bool) -> Value {
        let count = 1 + self.0.below(3);
        let statements: Vec<Value> = (0..count).map(|_| self.statement(has_principal)).collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }
}

const EVERYTHING: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// What the reference says of one policy alone.
struct Alone<'a> {
    policy: Policy<'a>,
    has_principal: bool,
    everything: [Policy<'a>; 2],
    arena: &'a Bump,
}

impl Alone<'_> {
    fn allows(&self, request: &Request<'_>) -> bool {
        let [identity, session] = self.everything;
        let is_federated = matches!(request.principal.caller, Caller::FederatedUser { .. });
        let session = is_federated.then(|| vec![session]);
        let sets = match self.has_principal {
            true => PolicySets {
                identity: vec![identity],
                resource: Some(vec![self.policy]),
                session,
                ..Default::default()
            },
            false => {
                let account = request.principal.caller.account().unwrap_or_default();
                let text = self.arena.alloc_str(&format!(
                    r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{account}"}}, "Action": "*", "Resource": "*"}}}}"#
                ));
                let delegation = read("delegation", text, PolicyKind::Resource, self.arena);
                PolicySets {
                    identity: vec![self.policy],
                    resource: delegation.ok().map(|own| vec![own]),
                    session,
                    ..Default::default()
                }
            }
        };
        portcullis_reference::decide(&sets, request)
            .decision
            .is_allow()
    }
}

/// What is decided of a request that is shown. As in the samples, the resource is of another account than the caller, whose
/// own policies would decide else; the key says whose it is.
fn shown(witness: &Witness, decided: impl FnOnce(&Request<'_>) -> bool) -> bool {
    witness.with(|request| {
        let mut request = *request;
        let mut context = request.context.to_vec();
        let owner = [witness.owner.as_deref().unwrap_or_default()];
        if witness.owner.is_some() {
            let other = match request.principal.caller.account() {
                Some("000000000000") => "000000000001",
                _ => "000000000000",
            };
            request.resource_account = Some(other);
            let key = "aws:ResourceAccount";
            if !context.iter().any(|own| own.key.eq_ignore_ascii_case(key)) {
                context.push(ContextEntry {
                    key,
                    values: &owner,
                });
            }
            request.context = &context;
        }
        decided(&request)
    })
}

/// Samples requests of the standard domain; whether each may be a stranger's.
fn sample(
    random: &mut Bytes,
    has_principal: bool,
    count: usize,
    mut visit: impl FnMut(&Request<'_>, bool),
) {
    let callers = callers();
    for _ in 0..count {
        let (caller, id) = callers[random.below(callers.len())];
        if !has_principal
            && !matches!(
                caller,
                Caller::User { .. } | Caller::Role { .. } | Caller::FederatedUser { .. }
            )
        {
            continue;
        }
        let organization = [
            None,
            Some("o-aaaaaaaaaa"),
            Some("o-bbbbbbbbbb"),
            Some("o-cccccccccc"),
        ][random.below(4)];
        let address = [
            None,
            Some("10.0.0.1"),
            Some("203.0.113.7"),
            Some("192.0.2.1"),
        ][random.below(4)];
        let owner = ["111122223333", "444455556666", "999000111000"][random.below(3)];
        let lists: [&[&str]; 7] = [
            &[],
            &["a"],
            &["b"],
            &["ann"],
            &["a", "b"],
            &["bx", "c"],
            &["111122223333"],
        ];
        let list = lists[random.below(lists.len())];
        let organization: Vec<&str> = organization.into_iter().collect();
        let address: Vec<&str> = address.into_iter().collect();
        let id: Vec<&str> = id.into_iter().collect();
        let owners = [owner];
        let mut context = vec![
            ContextEntry {
                key: "aws:ResourceAccount",
                values: &owners,
            },
            ContextEntry {
                key: "t:a",
                values: list,
            },
        ];
        for (key, values) in [
            ("aws:PrincipalOrgID", &organization),
            ("aws:SourceIp", &address),
            ("aws:userid", &id),
        ] {
            if !values.is_empty() {
                context.push(ContextEntry { key, values });
            }
        }
        let is_strange = matches!(caller, Caller::Anonymous)
            || caller.account() == Some("777788889999")
                && organization.iter().all(|own| *own == "o-cccccccccc");
        let is_strange = is_strange
            && owner == "999000111000"
            && address.iter().all(|own| *own == "192.0.2.1")
            && organization.iter().all(|own| *own == "o-cccccccccc");
        let account = if has_principal {
            Some("000000000000")
        } else {
            caller.account()
        };
        let request = Request {
            resource_account: account,
            context: &context,
            ..Request::new(
                caller,
                ["t:a", "t:b", "u:c"][random.below(3)],
                ["arn:aws:t:::a", "arn:aws:t:::b", "arn:aws:t:::ann"][random.below(3)],
            )
        };
        visit(&request, is_strange);
    }
}

/// Asks about many pairs.
///
/// # Errors
/// The first that is wrong.
pub fn run(seed: u64, pairs: usize, requests: usize) -> Result<Report, String> {
    let mut random = Bytes::new(seed);
    let mut report = Report::default();
    for round in 0..pairs {
        let has_principal = round % 3 != 0;
        let mut draw = Draw(&mut random);
        let old = draw.document(has_principal);
        let mut new = old.clone();
        let more = draw.statement(has_principal);
        let at = draw
            .0
            .below(old["Statement"].as_array().map_or(1, Vec::len));
        match draw.0.below(3) {
            0 => new["Statement"][at] = more,
            1 => new["Statement"][at]["Condition"] = more["Condition"].clone(),
            _ => {
                if let Some(all) = new["Statement"].as_array_mut() {
                    all.push(more);
                }
            }
        }
        let (old, new) = match draw.0.below(2) {
            0 => (old.to_string(), new.to_string()),
            _ => (new.to_string(), old.to_string()),
        };
        check(
            &old,
            &new,
            has_principal,
            requests,
            &mut random,
            &mut report,
        )?;
    }
    Ok(report)
}

fn check(
    old: &str,
    new: &str,
    has_principal: bool,
    requests: usize,
    random: &mut Bytes,
    report: &mut Report,
) -> Result<(), String> {
    let arena = Bump::new();
    let kind = if has_principal {
        PolicyKind::Resource
    } else {
        PolicyKind::Identity
    };
    let one = |text, kind| {
        read("p", text, kind, &arena).map_err(|problems| format!("{problems:?}\n{text}"))
    };
    let everything = [
        one(EVERYTHING, PolicyKind::Identity)?,
        one(EVERYTHING, PolicyKind::Session)?,
    ];
    let alone = |policy| Alone {
        policy,
        has_principal,
        everything,
        arena: &arena,
    };
    let (before, after) = (alone(one(old, kind)?), alone(one(new, kind)?));
    let (mut counterexample, mut stranger) = (None, None);
    sample(random, has_principal, requests, |request, is_strange| {
        report.requests += 1;
        if after.allows(request) {
            if is_strange {
                stranger.get_or_insert_with(|| format!("{request:?}"));
            }
            if counterexample.is_none() && !before.allows(request) {
                counterexample = Some(format!("{request:?}"));
            }
        }
    });
    let at = || format!("old {old}\nnew {new}");
    match compare(&[before.policy], &[after.policy], &Options::default()) {
        Answer::Proved(_) => {
            report.proved += 1;
            if let Some(request) = counterexample {
                return Err(format!("proved, but {request}\n{}", at()));
            }
        }
        Answer::Refuted(refuted) => {
            report.refuted += 1;
            for finding in &refuted.findings {
                let is_new =
                    |request: &Request<'_>| after.allows(request) && !before.allows(request);
                if !shown(&finding.witness, is_new) {
                    return Err(format!(
                        "the reference refuses {:?}\n{}",
                        finding.witness,
                        at()
                    ));
                }
            }
        }
        Answer::Unknown(reasons) => {
            report.unknown += 1;
            if reasons
                .iter()
                .any(|own| matches!(own, Reason::Disagreement { .. }))
            {
                return Err(format!("{reasons:?}\n{}", at()));
            }
        }
    }
    if !has_principal {
        return Ok(());
    }
    let strangers = Options {
        callers: Callers::Strangers,
        ..Options::default()
    };
    match compare(&[], &[after.policy], &strangers) {
        Answer::Proved(_) => {
            report.not_public += 1;
            match stranger {
                Some(request) => Err(format!("not public, but {request}\n{new}")),
                None => Ok(()),
            }
        }
        Answer::Refuted(refuted) => {
            let refused = refuted
                .findings
                .iter()
                .find(|own| !shown(&own.witness, |request| after.allows(request)));
            match refused {
                Some(own) => Err(format!("the reference refuses {:?}\n{new}", own.witness)),
                None => Ok(()),
            }
        }
        Answer::Unknown(reasons)
            if reasons
                .iter()
                .any(|own| matches!(own, Reason::Disagreement { .. })) =>
        {
            Err(format!("{reasons:?}\n{new}"))
        }
        _ => Ok(()),
    }
}
