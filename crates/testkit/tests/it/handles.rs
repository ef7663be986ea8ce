//! Handles know their owner: what was resolved for other policies, other images or another generation of a directory
//! decides what its name decides, or is refused; never what its numbers mean here. A request is given whole, so that none
//! can be half finished; one whose values are not those of its keys is denied implicitly.
//!
//! Each test goes through a kind of handle and everything that can be wrong with it.

use std::collections::BTreeSet;

use portcullis::{Authorizer, Image, PolicySet, Principal, Query, Resource, Scratch, Value};
use portcullis_model::{Caller, ContextEntry, Decision};
use portcullis_vm::{Action, ActionRef, Outcome, Plan, PrincipalHandle, decide};
use serde_json::json;

pub const ANN: &str = "arn:aws:iam::111122223333:user/ann";
pub const BOB: &str = "arn:aws:iam::111122223333:user/bob";
pub const OBJECT: &str = "arn:aws:s3:::b/k";
pub const KEYS: [&str; 4] = [
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

pub fn nothing_decided(outcome: Outcome) {
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
    let site = old.prepare("s3:GetObject", &["aws:SourceVpc"]);
    let ann = old.resolve(Principal::from_arn(ANN).unwrap());
    let query = Query::at(&site, &[Value::Text("v")], &ann, OBJECT);
    assert_eq!(old.decide(&query).decision(), Decision::Allow);
    assert_eq!(new.decide(&query).decision(), Decision::ImplicitDeny);
    // Nor does what one uses say that nobody need find out a value for the other.
    assert!(old.uses_key("aws:SourceVpc") && !new.uses_key("aws:SourceVpc"));
}

/// Each kind of handle of the facade, from each authorizer, used with each other.
#[test]
fn handles_of_the_facade() {
    let images = images();
    let authorizers: Vec<Authorizer> = stacks(&images).into_iter().map(Authorizer::new).collect();
    let mut seen = BTreeSet::new();
    let mut compared = 0;
    // All share it, as the authorizers that a thread uses do.
    let mut scratch = Scratch::new();
    for here in &authorizers {
        for action in ACTIONS {
            for key in KEYS {
                for caller in [ANN, BOB] {
                    let principal = Principal::from_arn(caller).unwrap();
                    let (named, values) = ([(key, Value::Text("v"))], [Value::Text("v")]);
                    let query = Query::new(&principal, action, OBJECT).context(&named);
                    let fresh = here.decide_with(&mut Scratch::new(), &query);
                    assert_eq!(here.explain(&query).outcome, fresh);
                    seen.insert(fresh.decision().as_str());
                    let own = (
                        here.prepare(action, &[key]),
                        here.resolve(principal.clone()),
                    );
                    for there in &authorizers {
                        let foreign = (
                            there.prepare(action, &[key]),
                            there.resolve(principal.clone()),
                        );
                        for kind in 0..4 {
                            let pick =
                                |bit: u32| if kind >> bit & 1 == 1 { &foreign } else { &own };
                            let query = Query::at(&pick(0).0, &values, &pick(1).1, OBJECT);
                            let outcome = here.decide_with(&mut scratch, &query);
                            assert_eq!(outcome, fresh, "{action} {key} {caller} {kind}");
                            assert_eq!(here.explain(&query).outcome, fresh);
                            compared += 1;
                        }
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
    let site = authorizer.clone().prepare(ACTIONS[0], &[KEYS[0]]);
    let ann = authorizer.resolve(Principal::from_arn(ANN).unwrap());
    let query = Query::at(&site, &[Value::Text("v")], &ann, OBJECT);
    assert!(authorizer.decide(&query).is_allow());
    assert!(again.decide(&query).is_allow());
}

/// Keys that are given beside a call site do not take the place of its values: a Deny by one of these still bites.
#[test]
fn keys_beside_a_site_are_added() {
    let text = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"x:other": "v"}}},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"x:own": "v"}}},
    ]});
    let image = || {
        let set = PolicySet::new().identity("p", &text.to_string());
        set.compile().unwrap()
    };
    let (here, there) = (Authorizer::new([image()]), Authorizer::new([image()]));
    let ann = Principal::from_arn(ANN).unwrap();
    let others = [("X:Other", Value::Text("v"))];
    for owner in [&here, &there] {
        let site = owner.prepare("s3:GetObject", &["x:own"]);
        for (own, decision) in [("v", Decision::ExplicitDeny), ("w", Decision::Allow)] {
            let values = [Value::Text(own)];
            let query = Query::at(&site, &values, &ann, OBJECT);
            assert!(!here.decide(&query).is_allow());
            let both = query.context(&others);
            assert_eq!(here.decide(&both).decision(), decision, "{own}");
            assert_eq!(here.explain(&both).outcome.decision(), decision);
            // Given twice, they have the values of both.
            let again = [("x:own", Value::Text("v")), ("x:other", Value::Text("v"))];
            let pairs = [[("x:own", values[0])].as_slice(), &again].concat();
            let by_names = Query::new(&ann, "s3:GetObject", OBJECT).context(&pairs);
            assert_eq!(here.decide(&query.context(&again)), here.decide(&by_names));
        }
        let none = Query::at(&site, &[], &ann, OBJECT).context(&others);
        nothing_decided(here.decide(&none));
    }
}

/// A call site has one value for each key: with more or fewer nobody can say which is whose.
#[test]
fn values_are_those_of_their_keys() {
    let everything = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}});
    let set = PolicySet::new().resource("r", &everything.to_string());
    let authorizer = Authorizer::new([set.compile().unwrap()]);
    let other = Authorizer::new(images());
    let ann = Principal::from_arn(ANN).unwrap();
    for owner in [&authorizer, &other] {
        let site = owner.prepare("s3:GetObject", &KEYS);
        for count in 0..KEYS.len() + 3 {
            let values = vec![Value::Absent; count];
            let query = Query::at(&site, &values, &ann, OBJECT);
            let outcome = authorizer.decide(&query);
            match count == KEYS.len() {
                true => assert!(outcome.is_allow()),
                false => nothing_decided(outcome),
            }
            assert_eq!(authorizer.explain(&query).outcome, outcome);
        }
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

/// The handles of the machine, of each stack of images, used with each other; also requests that were looked up for
/// another stack.
#[test]
fn handles_of_the_machine() {
    let images = images();
    let stacks = stacks(&images);
    let mut seen = BTreeSet::new();
    let mut scratch = portcullis_vm::Scratch::new();
    for (here, own) in stacks.iter().enumerate() {
        let plan = Plan::of(views(own));
        for key in KEYS {
            let context = [ContextEntry {
                key,
                values: &["v"],
            }];
            let asked = asked(ANN, ACTIONS[here % 3], &context);
            let by_names = portcullis_vm::Query::from(&asked);
            let fresh = decide(views(own), &plan, &mut scratch, &by_names);
            seen.insert(fresh.decision().as_str());
            for (there, other) in stacks.iter().enumerate() {
                let action = Action::resolve(views(other), asked.action);
                let known = PrincipalHandle::resolve(views(other), &asked.principal);
                let query = portcullis_vm::Query {
                    principal_handle: Some(&known),
                    action: ActionRef::Resolved(&action),
                    ..by_names
                };
                let request = scratch.ready(views(own), &plan, &query);
                assert_eq!(request.decide(views(own)), fresh, "{here} {there}");
                // The request for one stack, and another.
                let outcome = request.decide(views(other));
                let told = request.explain(views(other)).outcome;
                match here == there {
                    true => {
                        assert_eq!((outcome, told), (fresh, fresh));
                        assert_eq!(request.decide(views(&own.clone())), fresh);
                        let open =
                            |image: &Image<Vec<u8>>| Image::from_bytes(image.as_bytes().to_vec());
                        let again: Vec<_> = own.iter().map(|image| open(image).unwrap()).collect();
                        if !again.is_empty() {
                            nothing_decided(request.decide(views(&again)));
                        }
                    }
                    false => {
                        nothing_decided(outcome);
                        nothing_decided(told);
                        // What follows from other images is no help either.
                        let foreign = Plan::of(views(other));
                        nothing_decided(decide(views(own), &foreign, &mut scratch, &by_names));
                    }
                }
            }
        }
    }
    assert!(seen.contains("Allow"), "{seen:?}");
}

/// A resource that was read once is of no images, and is the same for all.
#[test]
fn resources_are_of_no_images() {
    let images = images();
    for stack in stacks(&images) {
        let authorizer = Authorizer::new(stack);
        let ann = Principal::from_arn(ANN).unwrap();
        let read = Resource::read(OBJECT);
        let by_text = authorizer.decide(&Query::new(&ann, ACTIONS[1], OBJECT));
        assert_eq!(
            authorizer.decide(&Query::new(&ann, ACTIONS[1], &read)),
            by_text
        );
    }
}
