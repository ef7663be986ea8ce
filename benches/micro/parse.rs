//! Reading policies in both notations, and formatting.

use std::fmt::Write;
use std::hint::black_box;

use bumpalo::Bump;
use criterion::{Criterion, Throughput};
use portcullis_dsl::{NoImports, format, parse, print_dsl, print_json};
use portcullis_model::PolicyKind;
use portcullis_syntax::policy::{ReadOptions, parse_policy};

/// A document of about this many bytes of indented JSON.
const SIZE: usize = 1 << 20;

/// Statements of the usual kinds: lists of actions, resources with variables, conditions.
fn document() -> String {
    let mut text = String::from(r#"{"Version":"2012-10-17","Statement":["#);
    let mut team = 0;
    // The indented form is about half as long again.
    while text.len() < SIZE * 2 / 3 {
        let comma = if team == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"Sid":"Team{team}","Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:List*"],
            "Resource":["arn:aws:s3:::data-{bucket}","arn:aws:s3:::data-{bucket}/${{aws:PrincipalTag/team}}/*"],
            "Condition":{{"StringEquals":{{"aws:PrincipalTag/team":["team-{team}","lead"]}},
            "IpAddress":{{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}},
            "Bool":{{"aws:SecureTransport":"true"}}}}}},
            {{"Effect":"Deny","Action":"s3:Delete*","Resource":"arn:aws:s3:::data-{bucket}/*",
            "Condition":{{"ArnNotLike":{{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/admin-{team}"}}}}}}"#,
            bucket = team % 97,
        );
        team += 1;
    }
    text.push_str("]}");
    text
}

fn notations(criterion: &mut Criterion) {
    let options = ReadOptions::new(PolicyKind::Identity);
    let arena = Bump::new();
    let raw = document();
    let (Some(document), _) = parse_policy(&raw, options, &arena) else {
        return;
    };
    let json = print_json(&document);
    let dsl = print_dsl(&document, "policy");
    let mut group = criterion.benchmark_group("notations");
    group.sample_size(10);

    group.throughput(Throughput::Bytes(json.len() as u64));
    group.bench_function("read JSON", |bencher| {
        bencher.iter(|| {
            let arena = Bump::new();
            black_box(parse_policy(black_box(&json), options, &arena).0.is_some())
        });
    });
    group.throughput(Throughput::Bytes(dsl.len() as u64));
    group.bench_function("read the policy language", |bencher| {
        bencher.iter(|| {
            let arena = Bump::new();
            let parsed = parse(black_box(&dsl), &arena, &NoImports);
            black_box(parsed.documents.len())
        });
    });
    group.bench_function("format", |bencher| {
        bencher.iter(|| black_box(format(black_box(&dsl)).is_ok()));
    });
    group.finish();
    // Which bytes the figures are of.
    eprintln!(
        "{} bytes of JSON are {} bytes of the policy language",
        json.len(),
        dsl.len()
    );
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    notations(&mut criterion);
    criterion.final_summary();
}
