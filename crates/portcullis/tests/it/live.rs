//! Policies that are replaced while threads decide: no decision mixes two revisions, and what fails changes nothing.
#![cfg(feature = "compile")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use portcullis::{
    Authorizer, CallSite, Decision, Live, PolicySet, PolicySetError, Principal, Query, Scratch,
    Value,
};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";

/// What a host keeps: policies that allow a number alone, and deny every other one.
struct Policies {
    authorizer: Authorizer,
    site: CallSite,
    number: u64,
}

fn policies(number: u64) -> Result<Policies, PolicySetError> {
    // The numbers of slots, patterns and actions differ from one revision to the next.
    let others: Vec<String> = (0..number % 5)
        .map(|other| {
            format!(
                r#"{{"Effect": "Deny", "Action": "a{other}:*", "Resource": "*",
                    "Condition": {{"StringEquals": {{"b{other}:key": "v"}}}}}}"#
            )
        })
        .chain([
            r#"{"Effect": "Allow", "Action": "app:*", "Resource": "*"}"#.to_string(),
            format!(
                r#"{{"Effect": "Deny", "Action": "app:Ask", "Resource": "*",
                    "Condition": {{"NumericNotEquals": {{"app:revision": "{number}"}}}}}}"#
            ),
        ])
        .collect();
    let document = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#,
        others.join(",")
    );
    let image = PolicySet::new().identity("p", &document).compile()?;
    let authorizer = Authorizer::new([image]);
    let site = authorizer.prepare("app:Ask", &["app:revision"]);
    Ok(Policies {
        authorizer,
        site,
        number,
    })
}

#[test]
fn no_decision_mixes_two_revisions() {
    let live = Live::new(policies(1).unwrap());
    let is_done = AtomicBool::new(false);
    let counts: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let ann = Principal::from_arn(ANN).unwrap();
                    let mut scratch = Scratch::new();
                    let (mut last, mut count) = (0, 0);
                    let first = live.current();
                    while !is_done.load(Ordering::Relaxed) || count < 100 {
                        let own = live.current();
                        assert_eq!(own.revision(), own.number);
                        assert!(own.revision() >= last, "an older revision came back");
                        last = own.revision();
                        let values = [Value::Number(own.number as i64)];
                        // Its own site, and that of the first revision, which is resolved again.
                        for site in [&own.site, &first.site] {
                            let query = Query::at(site, &values, &ann, "*");
                            let outcome = own.authorizer.decide_with(&mut scratch, &query);
                            assert!(outcome.is_allow(), "{own:?}");
                            let wrong = [Value::Number(own.number as i64 + 1)];
                            let query = Query::at(site, &wrong, &ann, "*");
                            let outcome = own.authorizer.decide_with(&mut scratch, &query);
                            assert_eq!(outcome.decision(), Decision::ExplicitDeny);
                        }
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        for number in 2..=300 {
            assert_eq!(live.replace(policies(number).unwrap()), number);
            thread::yield_now();
        }
        is_done.store(true, Ordering::Relaxed);
        threads.into_iter().map(|own| own.join().unwrap()).collect()
    });
    assert_eq!(live.current().revision(), 300);
    println!("{counts:?} rounds of four decisions");
}

#[test]
fn the_last_good_revision_stays() {
    let live = Live::new(policies(1).unwrap());
    let made = live.try_replace(|old| policies(old.number + 2));
    assert_eq!(made.unwrap(), 2);
    let failed: Result<u64, String> = live.try_replace(|_| Err("a file is missing".into()));
    assert_eq!(failed.unwrap_err(), "a file is missing");
    assert_eq!((live.current().revision(), live.current().number), (2, 3));
    // Whoever holds an old one keeps it.
    let held = live.current();
    live.replace(policies(9).unwrap());
    assert_eq!((held.number, live.current().number), (3, 9));
}
