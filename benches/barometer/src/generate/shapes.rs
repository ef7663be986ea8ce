//! The shapes of workloads: one generator each.

use std::fmt::Write;

use portcullis_testkit::Bytes;
use serde_json::json;

use super::{ACCOUNT, Asked, CALLER, ROLE, Rule, Scenario, Stack, asked, request, usual_context};
use crate::definitions::Workload;

const FILE: &str = "arn:aws:s3:::app-data-prod/team-a/reports/2026/q1-final.parquet";

/// W1.
pub(super) fn folder() -> (Stack, Vec<Asked>) {
    let own = ["arn:aws:s3:::app-data-prod/team-a/*"];
    let when = json!({
        "StringEquals": {"aws:PrincipalTag/team": "team-a"},
        "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]},
    });
    let rules = vec![
        Rule::new(false, &["s3:GetObject", "s3:PutObject"], &own).when(when, true),
        Rule::new(false, &["s3:ListBucket"], &["arn:aws:s3:::app-data-prod"]),
        Rule::new(
            true,
            &["s3:DeleteObject"],
            &["arn:aws:s3:::app-data-prod/*"],
        ),
    ];
    let stack = Stack {
        identity: vec![rules],
        ..Stack::default()
    };
    (stack, vec![asked("s3:GetObject", FILE)])
}

const SERVICES: [&str; 10] = [
    "s3",
    "dynamodb",
    "sqs",
    "sns",
    "lambda",
    "ec2",
    "events",
    "logs",
    "iam",
    "secretsmanager",
];
const VERBS: [&str; 5] = ["Get", "Put", "List", "Describe", "Delete"];
const NOUNS: [&str; 6] = ["Object", "Item", "Stream", "Policy", "Config", "Attributes"];

fn pick<'t>(bytes: &mut Bytes, list: &[&'t str]) -> &'t str {
    list.get(bytes.below(list.len())).copied().unwrap_or("")
}

/// W2.
pub(super) fn services() -> (Stack, Vec<Asked>) {
    let mut bytes = Bytes::new(2);
    let mut identity = Vec::new();
    for service in SERVICES {
        let (list, describe) = (format!("{service}:List*"), format!("{service}:Describe*"));
        let mut rules = vec![Rule::new(false, &[&list, &describe], &["*"])];
        for number in 1..10 {
            let group = format!("{service}:{}*", pick(&mut bytes, &VERBS));
            let exact = format!(
                "{service}:{}{}",
                pick(&mut bytes, &VERBS),
                pick(&mut bytes, &NOUNS)
            );
            // A literal type part, as AWS' own resource types have.
            let own = format!("arn:aws:{service}:eu-west-1:{ACCOUNT}:table/app-{number}-*/sub/*");
            let shared = format!(
                "arn:aws:{service}:*:{ACCOUNT}:table/shared-{}/*",
                bytes.below(20)
            );
            let rule = Rule::new(number == 9, &[&group, &exact], &[&own, &shared]);
            rules.push(match number {
                3 => rule.when(
                    json!({"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}),
                    true,
                ),
                7 => rule.when(json!({"StringLike": {"aws:RequestedRegion": "eu-*"}}), true),
                _ => rule,
            });
        }
        identity.push(rules);
    }
    let mut requests = Vec::new();
    for number in 0..16 {
        let mut at = bytes.below(SERVICES.len());
        let (verb, noun) = (pick(&mut bytes, &VERBS), pick(&mut bytes, &NOUNS));
        // Chance would seldom meet a Deny: two requests ask for what the tenth statement denies.
        let denied = number == 3 || number == 11;
        if denied {
            at = number % SERVICES.len();
        }
        let service = SERVICES.get(at).copied().unwrap_or("s3");
        let group = identity
            .get(at)
            .and_then(|rules: &Vec<Rule>| rules.last()?.actions.first());
        let action = match group.filter(|_| denied) {
            Some(group) => group.replace('*', noun),
            None => format!("{service}:{verb}{noun}"),
        };
        let path = match number % 5 {
            4 => format!("table/other-{}/none/obj-{number:04}", bytes.below(10)),
            _ => {
                let app = if denied { 9 } else { bytes.below(9) + 1 };
                format!(
                    "table/app-{app}-orders/sub/part-{:06}",
                    bytes.below(1_000_000)
                )
            }
        };
        let resource = format!("arn:aws:{service}:eu-west-1:{ACCOUNT}:{path}");
        requests.push(asked(&action, &resource));
    }
    (
        Stack {
            identity,
            ..Stack::default()
        },
        requests,
    )
}

/// W6.
pub(super) fn stack() -> (Stack, Vec<Asked>) {
    let (mut stack, mut requests) = services();
    for request in &mut requests {
        request.caller = ROLE;
    }
    let everything: Vec<String> = SERVICES
        .iter()
        .map(|service| format!("{service}:*"))
        .collect();
    let everything: Vec<&str> = everything.iter().map(String::as_str).collect();
    stack.boundary = Some(vec![vec![
        Rule::new(false, &everything, &["*"]),
        Rule::new(true, &["iam:Delete*"], &["arn:aws:iam:*:*:admin-*/*"]),
        Rule::new(true, &["events:Delete*"], &["*"]),
        Rule::new(false, &["s3:*"], &["arn:aws:s3:::*"]),
        Rule::new(true, &["logs:Delete*"], &["arn:aws:logs:*:*:audit-*"]),
    ]]);
    stack.session = Some(vec![vec![
        Rule::new(false, &everything, &["arn:aws:*:*:123456789012:*"]),
        Rule::new(true, &["s3:PutPolicy"], &["*"]),
        Rule::new(false, &["sns:List*"], &["*"]),
    ]]);
    let bob = json!({"AWS": "arn:aws:iam::123456789012:user/bob"});
    let ingest = json!({"AWS": "arn:aws:iam::210987654321:role/ingest"});
    stack.resource = Some(vec![vec![
        Rule::new(true, &["*"], &["*"])
            .when(json!({"Bool": {"aws:SecureTransport": "false"}}), false)
            .of(json!("*"), true),
        Rule::new(true, &["dynamodb:DeleteItem"], &["*"]).of(json!("*"), true),
        Rule::new(false, &["s3:Get*"], &["*"]).of(bob, false),
        Rule::new(false, &["sqs:*"], &["*"]).of(ingest, false),
    ]]);
    let regions = json!(["eu-west-1", "us-east-1", "eu-central-1"]);
    for level in 0..3 {
        let guard = format!("arn:aws:iam:*:123456789012:guard-{level}/*");
        stack.scps.push(vec![vec![
            Rule::new(false, &["*"], &["*"]),
            Rule::new(true, &["*"], &["*"]).when(
                json!({"StringNotEquals": {"aws:RequestedRegion": regions}}),
                false,
            ),
            Rule::new(true, &["iam:DeletePolicy", "iam:PutConfig"], &[&guard]),
        ]]);
    }
    (stack, requests)
}

/// W5.
pub(super) fn conditions() -> (Stack, Vec<Asked>) {
    let when = json!({
        "StringEquals": {"aws:PrincipalAccount": ACCOUNT},
        "StringNotEquals": {"aws:RequestedRegion": ["us-gov-west-1", "cn-north-1"]},
        "StringEqualsIgnoreCase": {"aws:username": "ALICE"},
        "StringLike": {"aws:userid": "AIDA*"},
        "StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin-*"},
        "NumericEquals": {"s3:max-keys": "100"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"},
        "NumericGreaterThanEquals": {"s3:signatureAge": "1"},
        "DateGreaterThan": {"aws:CurrentTime": "2024-01-01T00:00:00Z"},
        "DateLessThan": {"aws:TokenIssueTime": "2030-01-01T00:00:00Z"},
        "Bool": {"aws:SecureTransport": "true"},
        "BinaryEquals": {"s3:binkey": "QmluYXJ5"},
        "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]},
        "NotIpAddress": {"aws:VpcSourceIp": "172.16.0.0/12"},
        "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/*"},
        "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/bob*"},
        "Null": {"aws:SourceVpce": "true"},
        "StringEqualsIfExists": {"aws:PrincipalTag/team": "team-a"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["env", "team", "owner"]},
        "ForAnyValue:StringLike": {"aws:CalledVia": ["cloudformation.*", "athena.*"]},
    });
    let rule = Rule::new(false, &["s3:GetObject"], &["arn:aws:s3:::app-data-prod/*"]);
    let stack = Stack {
        identity: vec![vec![rule.when(when, true)]],
        ..Stack::default()
    };
    let mut request = asked("s3:GetObject", FILE);
    request.context = json!({
        "aws:SourceIp": "10.1.2.3",
        "aws:RequestedRegion": "eu-west-1",
        "aws:SecureTransport": "true",
        "aws:PrincipalAccount": ACCOUNT,
        "aws:username": "alice",
        "aws:userid": "AIDAEXAMPLE123456789",
        "aws:PrincipalArn": CALLER,
        "s3:max-keys": "100",
        "aws:MultiFactorAuthAge": "120",
        "s3:signatureAge": "5",
        "aws:CurrentTime": "2026-06-01T12:00:00Z",
        "aws:TokenIssueTime": "2026-06-01T11:00:00Z",
        "s3:binkey": "QmluYXJ5",
        "aws:VpcSourceIp": "10.9.8.7",
        "aws:TagKeys": ["env", "team"],
        "aws:CalledVia": ["athena.amazonaws.com"],
        "aws:PrincipalTag/team": "team-a",
    });
    (stack, vec![request])
}

/// Policies with wildcards in the middle of the resource, one statement each.
pub(super) fn keto(workload: &Workload) -> (Stack, Vec<Asked>) {
    let mut bytes = Bytes::new(30);
    let team = |number: usize| format!("team-{:08x}", (number as u32).wrapping_mul(0x9e37_79b1));
    let mut identity = Vec::with_capacity(workload.size);
    for number in 0..workload.size {
        let service = SERVICES
            .get(number % SERVICES.len())
            .copied()
            .unwrap_or("s3");
        let actions = [format!("{service}:Get*"), format!("{service}:List*")];
        let resource = format!("arn:aws:{service}:*:{ACCOUNT}:project/*/{}/*", team(number));
        let rule = Rule::new(number % 50 == 49, &[&actions[0], &actions[1]], &[&resource]);
        identity.push(vec![rule]);
    }
    let requests = (0..workload.requests).map(|number| {
        let tenant = bytes.below(workload.size);
        let service = SERVICES
            .get(tenant % SERVICES.len())
            .copied()
            .unwrap_or("s3");
        let near = if number % 4 == 3 { "x" } else { "" };
        let resource = format!(
            "arn:aws:{service}:eu-west-1:{ACCOUNT}:project/p-{}/{}{near}/doc-{number}",
            bytes.below(1000),
            team(tenant),
        );
        asked(&format!("{service}:GetItem"), &resource)
    });
    let requests = requests.collect();
    (
        Stack {
            identity,
            ..Stack::default()
        },
        requests,
    )
}

/// Patterns that no literal prefix tells apart.
pub(super) fn hostile(workload: &Workload) -> (Stack, Vec<Asked>) {
    const LETTERS: &[u8] = b"abcdefgh";
    let mut bytes = Bytes::new(66);
    let mut word = |length: usize| -> String {
        let letter = |_| {
            LETTERS
                .get(bytes.below(LETTERS.len()))
                .map_or('a', |byte| *byte as char)
        };
        (0..length).map(letter).collect()
    };
    let mut rules = Vec::with_capacity(workload.size);
    for number in 0..workload.size {
        let resource = format!("arn:aws:s3:::*{}*{}*", word(3), word(4));
        rules.push(Rule::new(
            number % 50 == 49,
            &["s3:GetObject"],
            &[&resource],
        ));
    }
    let mut requests = Vec::new();
    for _ in 0..workload.requests {
        let resource = format!("arn:aws:s3:::{}/{}", word(12), word(40));
        requests.push(asked("s3:GetObject", &resource));
    }
    (
        Stack {
            identity: vec![rules],
            ..Stack::default()
        },
        requests,
    )
}

/// How many statements a document of [`tenants`] holds.
const DOCUMENT: usize = 1000;

fn bucket(tenant: usize) -> String {
    // A bijection on 32 bits, so that no two tenants share a bucket and neighbours look unlike.
    let name = (tenant as u32).wrapping_mul(0x9e37_79b1) ^ 0x00ab_cdef;
    format!(
        "arn:aws:s3:::tenant-{name:08x}-data/prefix-{:02}",
        tenant % 37
    )
}

/// W3, W4 and growth: a prefix in a bucket for each tenant. Every fiftieth statement is a Deny for a
/// part of the prefix of the tenant before it. Text is written at once: a tree of a million statements
/// would need more memory than some machines have.
pub(super) fn tenants(workload: &Workload) -> Scenario {
    let size = workload.size.max(2);
    let is_deny = |number: usize| number % 50 == 49 || (size < 50 && number == size - 1);
    let mut text = format!(
        "{{\"name\":\"{}\",\"policies\":{{\"identity\":[",
        workload.name
    );
    for number in 0..size {
        if number % DOCUMENT == 0 {
            let end = if number == 0 { "" } else { "]}," };
            let _ = write!(text, "{end}{{\"Version\":\"2012-10-17\",\"Statement\":[");
        } else {
            text.push(',');
        }
        let _ = match is_deny(number) {
            true => write!(
                text,
                "{{\"Effect\":\"Deny\",\"Action\":[\"s3:DeleteObject\",\"s3:PutObject\"],\
                 \"Resource\":[\"{}/locked/*\"]}}",
                bucket(number - 1)
            ),
            false => write!(
                text,
                "{{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\"],\
                 \"Resource\":[\"{}/*\"]}}",
                bucket(number)
            ),
        };
    }
    text += "]}]},\"requests\":[";
    let mut bytes = Bytes::new(size as u64);
    let mut expect = Vec::with_capacity(workload.requests);
    for number in 0..workload.requests {
        let mut tenant = bytes.below(size);
        if is_deny(tenant) {
            tenant -= 1;
        }
        // The tenant whose prefix the next Deny locks a part of.
        let last = (tenant..size)
            .find(|next| is_deny(*next))
            .map_or(tenant, |deny| deny - 1);
        let (action, resource, decision) = match number % 8 {
            3 => (
                "s3:GetObject",
                format!("{}x/2026/part-{number:04}.pq", bucket(tenant)),
                "ImplicitDeny",
            ),
            7 => (
                "s3:PutObject",
                format!("{}/locked/part-{number:04}.pq", bucket(last)),
                match is_deny(last + 1) {
                    true => "ExplicitDeny",
                    false => "Allow",
                },
            ),
            _ => (
                "s3:GetObject",
                format!("{}/2026/part-{number:04}.pq", bucket(tenant)),
                "Allow",
            ),
        };
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}{}",
            request(CALLER, action, &resource, &usual_context(), decision)
        );
        expect.push(decision);
    }
    text += "]}";
    Scenario {
        text,
        expect,
        statements: size,
    }
}

/// One object and one action a statement, exactly: what a table of access rules is.
pub(super) fn rules(workload: &Workload) -> Scenario {
    const ACTIONS: [&str; 4] = [
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:GetObjectTagging",
    ];
    // Of each five objects' twenty rules one is left out.
    const GROUP: usize = ACTIONS.len() * 5;
    let size = workload.size.max(GROUP);
    let action = |rule: usize| ACTIONS.get(rule % ACTIONS.len()).copied().unwrap_or("");
    // Four rules in a row are of one object.
    let object = |rule: usize| {
        let name = ((rule / ACTIONS.len()) as u32).wrapping_mul(0x9e37_79b1);
        format!("arn:aws:s3:::documents/{:04x}/{name:08x}", name >> 20)
    };
    let is_left_out = |rule: usize| rule % GROUP == ACTIONS.len() - 1;
    let whole = size / (GROUP - 1) * GROUP;
    let mut text = format!(
        "{{\"name\":\"{}\",\"policies\":{{\"identity\":[",
        workload.name
    );
    let rules = (0..).filter(|rule| !is_left_out(*rule));
    for (number, rule) in rules.take(size).enumerate() {
        if number % DOCUMENT == 0 {
            let end = if number == 0 { "" } else { "]}," };
            let _ = write!(text, "{end}{{\"Version\":\"2012-10-17\",\"Statement\":[");
        } else {
            text.push(',');
        }
        let _ = write!(
            text,
            "{{\"Effect\":\"Allow\",\"Action\":\"{}\",\"Resource\":\"{}\"}}",
            action(rule),
            object(rule)
        );
    }
    text += "]}]},\"requests\":[";
    let mut bytes = Bytes::new(size as u64);
    let mut expect = Vec::with_capacity(workload.requests);
    for number in 0..workload.requests {
        // Every fourth asks for what was left out.
        let rule = match number % 4 {
            3 => bytes.below(whole) / GROUP * GROUP + ACTIONS.len() - 1,
            _ => bytes.below(whole),
        };
        let decision = match is_left_out(rule) {
            true => "ImplicitDeny",
            false => "Allow",
        };
        let comma = if number == 0 { "" } else { "," };
        let one = request(CALLER, action(rule), &object(rule), &json!({}), decision);
        let _ = write!(text, "{comma}{one}");
        expect.push(decision);
    }
    text += "]}";
    Scenario {
        text,
        expect,
        statements: size,
    }
}
