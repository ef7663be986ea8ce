//! Makes a failure small: leaves things out as long as it fails.

use serde_json::Value;

use crate::{Request, World};

/// How often a failure is tried again at most.
const MOST_TRIES: usize = 5_000;

/// The smallest world and request that were found for which `fails` still says true, by leaving out
/// documents, statements, entries, conditions, and what the request carries.
///
/// `fails` must be true of the arguments, and false of what cannot be read.
pub fn minimise(
    world: &World,
    request: &Request,
    fails: &dyn Fn(&World, &Request) -> bool,
) -> (World, Request) {
    let mut best = (world.clone(), request.clone());
    let mut tries = 0;
    loop {
        let mut smaller = None;
        for candidate in candidates(&best.0, &best.1) {
            tries += 1;
            if tries > MOST_TRIES {
                return best;
            }
            if fails(&candidate.0, &candidate.1) {
                smaller = Some(candidate);
                break;
            }
        }
        match smaller {
            Some(found) => best = found,
            None => return best,
        }
    }
}

/// Everything with one thing less, large things first.
fn candidates(world: &World, request: &Request) -> Vec<(World, Request)> {
    let mut found = Vec::new();
    let mut policies = |change: &dyn Fn(&mut World)| {
        let mut smaller = world.clone();
        change(&mut smaller);
        found.push((smaller, request.clone()));
    };
    // Whole sets.
    if !world.identity.is_empty() {
        policies(&|world| world.identity.clear());
    }
    if world.boundary.is_some() {
        policies(&|world| world.boundary = None);
    }
    if world.session.is_some() {
        policies(&|world| world.session = None);
    }
    if world.resource.is_some() {
        policies(&|world| world.resource = None);
    }
    if world.vpc_endpoint.is_some() {
        policies(&|world| world.vpc_endpoint = None);
    }
    for level in 0..world.scps.len() {
        policies(&|world| drop(world.scps.remove(level)));
    }
    for level in 0..world.rcps.len() {
        policies(&|world| drop(world.rcps.remove(level)));
    }
    // Documents of sets.
    for (set, documents) in world.clone().sets_mut().iter().enumerate() {
        for document in 0..documents.len() {
            policies(&|world| {
                if let Some(set) = world.sets_mut().get_mut(set) {
                    set.remove(document);
                }
            });
        }
    }
    // Parts of documents.
    for (index, (_, text)) in world.clone().documents_mut().into_iter().enumerate() {
        for part in smaller(text) {
            policies(&|world| {
                if let Some((_, text)) = world.documents_mut().into_iter().nth(index) {
                    text.clone_from(&part);
                }
            });
        }
    }
    // What the request carries.
    let mut requests = |change: &dyn Fn(&mut Request)| {
        let mut smaller = request.clone();
        change(&mut smaller);
        found.push((world.clone(), smaller));
    };
    for (key, (_, values)) in request.context.iter().enumerate() {
        requests(&|request| drop(request.context.remove(key)));
        for value in 0..values.len() {
            requests(&|request| {
                if let Some((_, values)) = request.context.get_mut(key) {
                    values.remove(value);
                }
            });
        }
    }
    if request.user_id.is_some() {
        requests(&|request| request.user_id = None);
    }
    if request.resource_account.is_some() {
        requests(&|request| request.resource_account = None);
    }
    let flags: [fn(&mut Request) -> &mut bool; 4] = [
        |request| &mut request.management_account,
        |request| &mut request.session_token,
        |request| &mut request.restrict_public_buckets,
        |request| &mut request.external_grant,
    ];
    for flag in flags {
        if *flag(&mut request.clone()) {
            requests(&|request| *flag(request) = false);
        }
    }
    found
}

/// The document without one element of one array, or without one condition.
fn smaller(text: &str) -> Vec<String> {
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut count = 0;
    while let Some(part) = without(&document, count) {
        found.push(part.to_string());
        count += 1;
    }
    found
}

/// The document without its removable thing of this number, counted from the outside in.
fn without(document: &Value, number: usize) -> Option<Value> {
    let mut document = document.clone();
    let mut level: Vec<&mut Value> = vec![&mut document];
    let mut left = number;
    loop {
        let mut next = Vec::new();
        for value in level {
            match value {
                Value::Array(list) => {
                    if left < list.len() {
                        list.remove(left);
                        return Some(document);
                    }
                    left -= list.len();
                    next.extend(list);
                }
                Value::Object(members) => {
                    // Elements are needed; of the members that are not, `Condition` holds the rest.
                    if members.contains_key("Condition") {
                        if left == 0 {
                            members.remove("Condition");
                            return Some(document);
                        }
                        left -= 1;
                    }
                    let optional = !members.contains_key("Statement")
                        && !members.contains_key("Effect")
                        && members.len() > 1;
                    if optional {
                        if left < members.len() {
                            let name = members.keys().nth(left).cloned()?;
                            members.shift_remove(&name);
                            return Some(document);
                        }
                        left -= members.len();
                    }
                    next.extend(members.values_mut());
                }
                _ => {}
            }
        }
        if next.is_empty() {
            return None;
        }
        level = next;
    }
}
