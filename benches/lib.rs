//! The workloads of the benchmarks, made up: a role with a few statements, a team's policies, an account
//! whose buckets each have a statement.
//!
//! Before anything is timed, the reference evaluator and the machine must agree on every request of a
//! workload, and some requests must be allowed.

#![allow(
    clippy::panic,
    reason = "a benchmark that cannot be set up cannot go on"
)]

use std::fmt::Write;

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_model::Decision;
use portcullis_testkit::oracle::{VMS, compare};
use portcullis_testkit::{Caller, Request, World};

/// Policies with requests against them.
#[derive(Debug)]
pub struct Workload {
    /// What it is called in results.
    pub name: &'static str,
    /// The policies.
    pub world: World,
    /// The requests, which are decided in turn.
    pub requests: Vec<Request>,
}

/// The workloads from the smallest to the largest.
pub fn workloads() -> [Workload; 3] {
    [
        workload("3 statements", 3),
        workload("100 statements", 100),
        workload("10000 statements", 10_000),
    ]
}

/// One workload: statements of an identity policy that each allow a team its folder, under a condition,
/// and one that denies what is not encrypted.
pub fn workload(name: &'static str, statements: usize) -> Workload {
    let workload = unproven(name, statements, 64);
    let answers = compare(&workload.world, &workload.requests, &VMS);
    let answers = answers.unwrap_or_else(|failure| panic!("{failure}"));
    let allowed = |decision| decision == Decision::Allow;
    let count = answers
        .iter()
        .filter(|answer| allowed(answer.decision))
        .count();
    assert!(
        count > 0 && count < answers.len(),
        "{name}: all requests are decided alike"
    );
    workload
}

/// A workload for which the reference evaluator would take too long.
pub fn unproven(name: &'static str, statements: usize, requests: usize) -> Workload {
    let mut document = String::from(
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"OnlyTls","Effect":"Deny","Action":"s3:*",
        "Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
    );
    for team in 1..statements {
        let _ = write!(
            document,
            r#",{{"Sid":"Team{team}","Effect":"Allow","Action":["s3:GetObject","s3:Put*"],
            "Resource":"arn:aws:s3:::data-{bucket}/team-{team}/*","Condition":{{
            "StringEquals":{{"aws:PrincipalTag/team":"team-{team}"}},
            "IpAddress":{{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}}}}}}"#,
            bucket = team % 97,
        );
    }
    document.push_str("]}");
    let world = World {
        identity: vec![document],
        ..World::default()
    };
    // Half of the requests are of the team, half of another.
    let requests = (0..requests).map(|number| {
        let team = 1 + number * 7_919 % (statements - 1);
        request(team, if number % 2 == 0 { team } else { team + 1 })
    });
    Workload {
        name,
        requests: requests.collect(),
        world,
    }
}

fn request(team: usize, own: usize) -> Request {
    let key = |name: &str, value: String| (name.to_string(), vec![value]);
    Request {
        caller: Caller::Role {
            session_arn: Some("arn:aws:sts::111122223333:assumed-role/app/run".into()),
            role_arn: "arn:aws:iam::111122223333:role/app".into(),
            service_linked: false,
        },
        user_id: None,
        management_account: false,
        session_token: false,
        action: "s3:GetObject".into(),
        resource: format!("arn:aws:s3:::data-{}/team-{team}/2026/q1.csv", team % 97),
        resource_account: Some("111122223333".into()),
        context: vec![
            key("aws:PrincipalTag/team", format!("team-{own}")),
            key("aws:SecureTransport", "true".into()),
            key("aws:SourceIp", "203.0.113.9".into()),
            key("aws:RequestedRegion", "eu-west-1".into()),
            key("aws:CurrentTime", "2026-01-01T00:00:00Z".into()),
        ],
        restrict_public_buckets: false,
        external_grant: false,
    }
}

impl Workload {
    /// The bytes of the workload's image.
    pub fn compile(&self, options: Options) -> Vec<u8> {
        let arena = Bump::new();
        let sets = self
            .world
            .read(&arena)
            .unwrap_or_else(|error| panic!("{error}"));
        compile(&sets, options).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The workload's image.
    pub fn image(&self, options: Options) -> Image<Vec<u8>> {
        Image::from_bytes(self.compile(options)).unwrap_or_else(|error| panic!("{error}"))
    }
}
