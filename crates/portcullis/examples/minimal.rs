//! Policies in, decision out, and why.
//!
//! ```sh
//! cargo run -p portcullis --example minimal
//! ```

use portcullis::{Authorizer, PolicySet, Principal, Query, Value};

const POLICY: &str = r#"{
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "ReadOwnFolder",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::reports/${aws:username}/*",
        "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } }
    }
}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let image = PolicySet::new().identity("reader", POLICY).compile()?;
    let authorizer = Authorizer::new([image]);
    let ann = Principal::from_arn("arn:aws:iam::111122223333:user/ann")?;

    for address in ["203.0.113.9", "198.51.100.1"] {
        let context = [("aws:SourceIp", Value::Ip(address.parse()?))];
        let object = "arn:aws:s3:::reports/ann/2026.csv";
        let query = Query::new(&ann, "s3:GetObject", object).context(&context);
        let outcome = authorizer.decide(&query);
        println!("from {address}: {}", outcome.decision());
        if !outcome.is_allow() {
            println!("{}", authorizer.explain(&query));
        }
    }
    Ok(())
}
