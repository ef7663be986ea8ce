//! Handles know their owner: what was resolved for other policies, other images or another generation of a directory
//! decides what its name decides, or is refused; never what its numbers mean here. A request that is not finished, or
//! was changed since, is denied implicitly.
//!
//! Each test goes through a kind of handle and everything that can be wrong with it.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::collections::BTreeSet;

use portcullis::{Authorizer, Image, PolicySet, Principal, Target};
use portcullis_model::{Caller, ContextEntry, Decision};
use portcullis_vm::{Action, Key, KeySlot, Known, Outcome, Request, Resource, decide, explain};
use serde_json::json;

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const OBJECT: &str = "arn:aws:s3:::b/k";
const KEYS: [&str; 4] = [
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:PrincipalTag/team",
    "x:y",
];
const ACTIONS: [&str; 3] = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"];

/// Policies whose numbers mean different things: each looks at one key, allows one action, and knows one caller.
fn documents() -> Vec<(String, String)> {
    let mut documents = Vec::new();
    for (index, key) in KEYS.into_iter().enumerate() {
        let action = ACTIONS[index % ACTIONS.len()];
        let other = ACTIONS[(index + 1) % ACTIONS.len()];
        let caller = if index % 2 == 0 { ANN } else { BOB };
        let identity = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": {"StringEquals": {key: "v"}}},
            {"Effect": "Deny", "Action": other, "Resource": "*", "Condition": {"StringNotEquals": {key: "v"}}},
        ]});
        let resource = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": other, "Resource": "*"},
        ]});
        documents.push((identity.to_string(), resource.to_string()));
    }
    documents
}

fn images() -> Vec<Image<Vec<u8>>> {
    let image = |(identity, resource): &(String, String)| {
        let set = PolicySet::new().identity("i", identity);
        set.resource("r", resource).compile().unwrap()
    };
    documents().iter().map(image).collect()
}

/// Some stacks of images: each alone, two in both orders, one twice, none.
fn stacks(images: &[Image<Vec<u8>>]) -> Vec<Vec<Image<Vec<u8>>>> {
    let of = |numbers: &[usize]| numbers.iter().map(|own| images[*own].clone()).collect();
    let stacks: [&[usize]; 10] = [
        &[0],
        &[1],
        &[2],
        &[3],
        &[0, 1],
        &[1, 0],
        &[0, 0],
        &[2, 3, 1],
        &[],
        &[1, 1, 0],
    ];
    stacks.into_iter().map(of).collect()
}

fn nothing_decided(outcome: Outcome) {
    assert_eq!(outcome.decision(), Decision::ImplicitDeny);
    assert_eq!(outcome.layers().count(), 0);
}

/// The wrong Allow that this began with: a key for `aws:SourceVpc` of one authorizer has the number of
/// `aws:SourceVpce` in the next.
#[test]
fn a_key_is_not_another_key() {
    let allow = |key: &str| {
        let text = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {key: "v"}}}});
        let set = PolicySet::new().identity("p", &text.to_string());
        Authorizer::new([set.compile().unwrap()])
    };
    let (old, new) = (allow("aws:SourceVpc"), allow("aws:SourceVpce"));
    let vpc = old.key("aws:SourceVpc");
    let ann = old.principal(Principal::from_arn(ANN).unwrap());
    let decide = |authorizer: &Authorizer| {
        let mut request = authorizer.request();
        request.begin(&old.action("s3:GetObject")).set(&vpc, &["v"]);
        request
            .finish(&ann, &Target::new(OBJECT))
            .decide()
            .decision()
    };
    assert_eq!(decide(&old), Decision::Allow);
    assert_eq!(decide(&new), Decision::ImplicitDeny);
    // Nor does it say for others that nobody need find out a value.
    assert!(!old.is_unused(&vpc) && new.is_unused(&vpc));
    assert!(!new.is_unused(&old.key("aws:SourceVpce")));
}

/// Each kind of handle of the facade, from each authorizer, used with each other.
#[test]
fn handles_of_the_facade() {
    let images = images();
    let authorizers: Vec<Authorizer> = stacks(&images).into_iter().map(Authorizer::new).collect();
    let mut seen = BTreeSet::new();
    let mut compared = 0;
    for here in &authorizers {
        let mut request = here.request();
        for action in ACTIONS {
            for key in KEYS {
                for caller in [ANN, BOB] {
                    let principal = || Principal::from_arn(caller).unwrap();
                    let target = Target::new(OBJECT);
                    let fresh = request
                        .fill(&principal(), action, &target, &[(key, "v")])
                        .decide();
                    let told = request.explain().outcome;
                    assert_eq!(told, fresh);
                    seen.insert(fresh.decision().as_str());
                    let own = (
                        here.action(action),
                        here.key(key),
                        here.principal(principal()),
                    );
                    for there in &authorizers {
                        let foreign = (
                            there.action(action),
                            there.key(key),
                            there.principal(principal()),
                        );
                        for kind in 0..8 {
                            let pick =
                                |bit: u32| if kind >> bit & 1 == 1 { &foreign } else { &own };
                            request.begin(&pick(0).0).set(&pick(1).1, &["v"]);
                            request.finish(&pick(2).2, &target);
                            assert_eq!(request.decide(), fresh, "{action} {key} {caller} {kind}");
                            assert_eq!(request.explain().outcome, fresh);
                            compared += 1;
                        }
                        assert_eq!(here.is_unused(&foreign.1), here.is_unused(&own.1), "{key}");
                    }
                }
            }
        }
    }
    println!("{compared} compared");
    assert_eq!(seen.len(), 3, "{seen:?}");
}

/// A clone of an authorizer has the same numbers; the same bytes opened again are another image, which costs look-ups
/// and changes nothing.
#[test]
fn clones_and_the_same_bytes() {
    let image = images().remove(0);
    let bytes = image.as_bytes().to_vec();
    let authorizer = Authorizer::new([image]);
    let again = Authorizer::new([Image::from_bytes(&bytes[..]).unwrap()]);
    let key = authorizer.clone().key(KEYS[0]);
    let mut request = again.request();
    let ann = authorizer.principal(Principal::from_arn(ANN).unwrap());
    request
        .begin(&authorizer.action(ACTIONS[0]))
        .set(&key, &["v"]);
    assert!(
        request
            .finish(&ann, &Target::new(OBJECT))
            .decide()
            .is_allow()
    );
}

/// A request of the facade that is not finished, or was changed since.
#[test]
fn requests_of_the_facade_that_are_not_ready() {
    let everything = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}});
    let set = PolicySet::new().resource("r", &everything.to_string());
    let authorizer = Authorizer::new([set.compile().unwrap()]);
    let ann = authorizer.principal(Principal::from_arn(ANN).unwrap());
    let (action, key) = (authorizer.action("s3:GetObject"), authorizer.key("x:y"));
    let target = Target::new(OBJECT);
    type Step<'s> = &'s dyn Fn(&mut portcullis::Request<'_>);
    let finished: Step<'_> = &|request| {
        request.begin(&action).finish(&ann, &target);
    };
    let changes: [(&str, Step<'_>); 5] = [
        ("begin", &|request| {
            request.begin(&action);
        }),
        ("set", &|request| {
            request.set(&key, &["v"]);
        }),
        ("set nothing", &|request| {
            request.set(&key, &[]);
        }),
        ("set_by_name", &|request| {
            request.set_by_name("aws:SourceIp", &["10.0.0.1"]);
        }),
        ("a clone of one that is changed", &|request| {
            request.set_by_name("x:z", &["v"]);
            *request = request.clone();
        }),
    ];
    let mut request = authorizer.request();
    nothing_decided(request.decide());
    request.finish(&ann, &target);
    nothing_decided(request.decide());
    for (what, change) in changes {
        let mut request = authorizer.request();
        change(&mut request);
        nothing_decided(request.decide());
        finished(&mut request);
        assert!(request.decide().is_allow(), "{what}");
        change(&mut request);
        nothing_decided(request.decide());
        let told = request.explain();
        nothing_decided(told.outcome);
        assert_eq!((told.layers.len(), told.notes.len()), (0, 1), "{what}");
        // Finished again it is as good as new.
        request.finish(&ann, &target);
        assert!(request.decide().is_allow(), "{what}");
    }
}

/// A key that is set after a request was finished stands beside those that were set before, and derived ones do not
/// stay.
#[test]
fn finishing_again_counts_what_was_added() {
    let denies = |key: &str, value: &str| {
        let text = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {key: value}}},
        ]});
        let set = PolicySet::new().identity("p", &text.to_string());
        Authorizer::new([set.compile().unwrap()])
    };
    // A key that is derived unless it is given.
    for (value, given) in [("ann", None), ("eve", Some("eve"))] {
        let authorizer = denies("aws:username", value);
        let ann = authorizer.principal(Principal::from_arn(ANN).unwrap());
        let mut request = authorizer.request();
        request
            .begin(&authorizer.action("s3:GetObject"))
            .finish(&ann, &Target::new(OBJECT));
        assert_eq!(request.decide().is_allow(), given.is_some());
        if let Some(given) = given {
            request.set(&authorizer.key("aws:username"), &[given]);
        }
        request.finish(&ann, &Target::new(OBJECT));
        assert_eq!(
            request.decide().decision(),
            Decision::ExplicitDeny,
            "{value}"
        );
    }
}

type View<'i> = portcullis_image::View<'i>;

fn asked<'a>(
    caller: &'a str,
    action: &'a str,
    context: &'a [ContextEntry<'a>],
) -> portcullis_model::Request<'a> {
    portcullis_model::Request {
        context,
        ..portcullis_model::Request::new(Caller::from_arn(caller).unwrap(), action, OBJECT)
    }
}

fn views(stack: &[Image<Vec<u8>>]) -> impl Iterator<Item = View<'_>> + Clone {
    stack.iter().map(Image::view)
}

/// The handles of the machine, of each stack of images, used with each other; also requests themselves.
#[test]
fn handles_of_the_machine() {
    let images = images();
    let stacks = stacks(&images);
    let target = portcullis_vm::Target::new(OBJECT);
    let mut seen = BTreeSet::new();
    for (here, own) in stacks.iter().enumerate() {
        for key in KEYS {
            let context = [ContextEntry {
                key,
                values: &["v"],
            }];
            let asked = asked(ANN, ACTIONS[here % 3], &context);
            let mut request = Request::new();
            request.fill(views(own), &asked);
            let fresh = decide(views(own), &request);
            seen.insert(fresh.decision().as_str());
            for (there, other) in stacks.iter().enumerate() {
                let action = Action::resolve(views(other), asked.action);
                let key = Key::resolve(views(other), key);
                let known = Known::resolve(views(other), &asked.principal);
                let mut request = Request::new();
                request.begin(views(own));
                request.add_key(views(own), &key, &["v"]);
                request.set_action(views(own), &action);
                request.finish(views(own), &asked.principal, Some(&known), &target);
                assert_eq!(decide(views(own), &request), fresh, "{here} {there}");
                // The request for one stack, and another.
                let outcome = decide(views(other), &request);
                let told = explain(views(other), &request).outcome;
                match here == there {
                    true => {
                        assert_eq!((outcome, told), (fresh, fresh));
                        assert_eq!(decide(views(&own.clone()), &request), fresh);
                        let open =
                            |image: &Image<Vec<u8>>| Image::from_bytes(image.as_bytes().to_vec());
                        let again: Vec<_> = own.iter().map(|image| open(image).unwrap()).collect();
                        if !again.is_empty() {
                            nothing_decided(decide(views(&again), &request));
                        }
                    }
                    false => {
                        nothing_decided(outcome);
                        nothing_decided(told);
                        let mut outcomes = Vec::new();
                        let requests = std::slice::from_ref(&request);
                        portcullis_vm::decide_all(views(other), requests, |_, own| {
                            outcomes.push(own)
                        });
                        outcomes.into_iter().for_each(nothing_decided);
                    }
                }
            }
        }
    }
    assert!(seen.contains("Allow"), "{seen:?}");
}

/// Each setter of the machine, given other images than the request was begun with, or called after the end.
#[test]
fn requests_of_the_machine_that_are_not_ready() {
    let images = images();
    let stacks = stacks(&images);
    let user = asked(ANN, ACTIONS[0], &[]).principal;
    type Step<'s> = &'s dyn Fn(&mut Request, &[Image<Vec<u8>>]);
    let steps: [(&str, Step<'_>); 6] = [
        ("add", &|request, stack| {
            request.add(views(stack), "x:y", &["v"])
        }),
        ("add_key", &|request, stack| {
            let key = Key::resolve(views(stack), "aws:SourceVpc");
            request.add_key(views(stack), &key, &["v"]);
        }),
        ("set_action", &|request, stack| {
            let action = Action::resolve(views(stack), ACTIONS[0]);
            request.set_action(views(stack), &action);
        }),
        ("set_action_name", &|request, stack| {
            request.set_action_name(views(stack), ACTIONS[0])
        }),
        ("begin_keys", &|request, stack| {
            request.begin_keys(views(stack))
        }),
        ("begin", &|request, stack| request.begin(views(stack))),
    ];
    let finish = |request: &mut Request, stack: &[Image<Vec<u8>>]| {
        request.finish(
            views(stack),
            &user,
            None,
            &portcullis_vm::Target::new(OBJECT),
        );
    };
    let mut seen = BTreeSet::new();
    for own in &stacks {
        let whole = || {
            let mut request = Request::new();
            request.begin(views(own));
            request.add(views(own), "aws:SourceVpc", &["v"]);
            request.set_action_name(views(own), ACTIONS[0]);
            request
        };
        let mut sound = whole();
        finish(&mut sound, own);
        // A part of it is missing.
        nothing_decided(decide(views(own), &Request::new()));
        nothing_decided(decide(views(own), &whole()));
        let mut without_action = Request::new();
        without_action.begin(views(own));
        finish(&mut without_action, own);
        nothing_decided(decide(views(own), &without_action));
        let mut never_begun = Request::new();
        never_begun.set_action_name(views(own), ACTIONS[0]);
        finish(&mut never_begun, own);
        nothing_decided(decide(views(own), &never_begun));
        // It was changed since; finished again it is as one that was so from the start.
        for (what, step) in steps {
            let mut request = sound.clone();
            step(&mut request, own);
            println!("{what}");
            nothing_decided(decide(views(own), &request));
            if !what.starts_with("begin") {
                let mut fresh = whole();
                step(&mut fresh, own);
                for request in [&mut request, &mut fresh] {
                    finish(request, own);
                }
                let expected = decide(views(own), &fresh);
                seen.insert(expected.decision().as_str());
                assert_eq!(decide(views(own), &request), expected, "{what}");
            }
        }
        let mut request = sound.clone();
        request.add_slot(KeySlot::of(0, 0, 0), "v");
        nothing_decided(decide(views(own), &request));
        // Other images come in on the way: it stays undecidable for all, whatever comes after.
        for other in stacks.iter().filter(|other| !same(other, own)) {
            for (what, step) in &steps[..4] {
                let mut request = whole();
                step(&mut request, other);
                for _ in 0..2 {
                    finish(&mut request, own);
                    println!("{what}");
                    nothing_decided(decide(views(own), &request));
                    nothing_decided(decide(views(other), &request));
                }
            }
            let mut request = whole();
            finish(&mut request, other);
            nothing_decided(decide(views(own), &request));
            nothing_decided(decide(views(other), &request));
        }
    }
    assert!(seen.contains("Allow"), "{seen:?}");
}

fn same(one: &[Image<Vec<u8>>], other: &[Image<Vec<u8>>]) -> bool {
    let bytes =
        |stack: &[Image<Vec<u8>>]| Vec::from_iter(stack.iter().map(|own| own.as_bytes().to_vec()));
    bytes(one) == bytes(other)
}

/// A resource that was read once is of no images, and is the same for all.
#[test]
fn resources_are_of_no_images() {
    let images = images();
    for stack in stacks(&images) {
        let authorizer = Authorizer::new(stack);
        let ann = authorizer.principal(Principal::from_arn(ANN).unwrap());
        let read = Resource::read(OBJECT);
        let mut request = authorizer.request();
        let mut decide = |target: &Target<'_>| {
            request
                .begin(&authorizer.action(ACTIONS[1]))
                .finish(&ann, target)
                .decide()
        };
        assert_eq!(decide(&Target::new(&read)), decide(&Target::new(OBJECT)));
    }
}
