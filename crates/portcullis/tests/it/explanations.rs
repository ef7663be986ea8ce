//! What the library tells of a decision is what the command line tells.

use portcullis::{Authorizer, Bucket, Layer, Need, PolicySet, Principal, Query, Value};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const POINT: &str = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports/object/q1.csv";

fn allow(action: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Sid": "A", "Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}"#
    )
}

fn everyone(effect: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "{effect}", "Principal": "*", "Action": "s3:*", "Resource": "*"}}}}"#
    )
}

#[test]
fn all_that_would_have_to_change_is_tried() {
    let deny = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "Plain", "Effect": "Deny", "Action": "*", "Resource": "*",
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}"#;
    let set = PolicySet::new()
        .identity("ann", &allow("s3:ListBucket"))
        .boundary("limit", &allow("s3:PutObject"))
        .scp(0, "root", deny);
    let ann = Principal::from_arn(ANN).unwrap();
    let context = [("aws:SecureTransport", Value::Bool(false))];
    let query = Query::new(&ann, "s3:GetObject", "arn:aws:s3:::b/k").context(&context);
    let told = set.explain(&query).unwrap();
    let changes = told.changes();
    assert!(changes.was_tried && changes.suffices);
    let layers: Vec<Layer> = changes.needs.iter().map(|(layer, _)| *layer).collect();
    assert_eq!(layers, [Layer::Scp(0), Layer::Identity, Layer::Boundary]);
    assert!(matches!(&changes.needs[0].1, Need::NoDeny(all) if all[0].sid == "Plain"));
    assert!(matches!(
        changes.needs[1].1,
        Need::Allow { or_resource: true }
    ));
    let text = told.to_string();
    for part in [
        "ExplicitDeny\n",
        "with an explicit deny in a service control policy",
        "must not deny",
        "statement 1 \"Plain\" of root",
        "permissions boundary: must allow s3:GetObject on arn:aws:s3:::b/k",
        "the resource's owner is not known",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(told.message().unwrap().starts_with("User: arn:aws:iam"));
    assert!(told.svg().starts_with("<svg") && told.html().contains("<svg"));

    // An authorizer has images alone.
    let told = Authorizer::new([set.compile().unwrap()]).explain(&query);
    assert!(!told.changes().was_tried);
    assert_eq!(told.changes().needs.len(), 1);
}

/// What a call site gives is told as names and texts.
#[test]
fn prepared_requests_are_explained_alike() {
    let set = PolicySet::new().identity("ann", &allow("s3:ListBucket"));
    let authorizer = Authorizer::new([set.compile().unwrap()]);
    let ann = Principal::from_arn(ANN).unwrap();
    let site = authorizer.prepare("s3:GetObject", &["aws:SourceIp", "s3:max-keys"]);
    let values = [Value::Ip("203.0.113.9".parse().unwrap()), Value::Number(7)];
    let resolved = authorizer.resolve(ann.clone());
    let by_site = Query::at(&site, &values, &resolved, "arn:aws:s3:::b/k");
    let context = [
        ("aws:SourceIp", Value::Text("203.0.113.9")),
        ("s3:max-keys", Value::Text("7")),
    ];
    let by_name = Query::new(&ann, "s3:GetObject", "arn:aws:s3:::b/k").context(&context);
    let [by_site, by_name] = [by_site, by_name].map(|query| authorizer.explain(&query).to_string());
    assert_eq!(by_site, by_name);
}

/// `S3-6`.
#[test]
fn the_bucket_behind_an_access_point_has_a_say() {
    let image = |set: PolicySet| set.compile().unwrap();
    let of_caller = image(PolicySet::new().identity("ann", &allow("s3:*")));
    let point = image(PolicySet::new().resource("point", &everyone("Allow")));
    let ann = Principal::from_arn(ANN).unwrap();
    let unseen = Authorizer::new([of_caller.clone(), point]);
    let query = Query::new(&ann, "s3:GetObject", POINT);
    let told = unseen.explain(&query);
    assert!(told.outcome.is_allow());
    let note = "the policy of the bucket behind";
    assert!(told.notes.iter().any(|own| own.contains(note)));
    for (effect, allowed) in [("Allow", true), ("Deny", false)] {
        let of_bucket = image(PolicySet::new().resource("bucket", &everyone(effect)));
        let bucket = Bucket::new("arn:aws:s3:::team-data", [of_caller.clone(), of_bucket]);
        let authorizer = unseen.clone().with_bucket(bucket);
        assert_eq!(authorizer.decide(&query).is_allow(), allowed);
        let told = authorizer.explain(&query);
        assert_eq!(told.outcome.is_allow(), allowed);
        assert!(!told.notes.iter().any(|own| own.contains(note)));
        // It is for access points, and for nothing else.
        let other = Query::new(&ann, "s3:GetObject", "arn:aws:s3:::team-data/q1.csv");
        let outcome = authorizer.decide(&other);
        assert!(!outcome.is_allow() && outcome.layers().next().is_none());
    }
}
