//! Policies and a request as a directory that has just these: what is decided by finding the policies must be what is
//! decided with them at hand.

use std::fs;
use std::path::Path;

use bumpalo::Bump;
use portcullis_directory::{
    CheckError, ContextValue, Directory, Engine, LoadOptions, RequestPolicies, ResolvedRequest,
};
use portcullis_dsl::print_json;
use portcullis_model::{Caller, ContextEntry, Request, access_point, is_account_id, split_arn};
use portcullis_syntax::{Policy, PolicySets};
use portcullis_vm::Outcome;
use serde_json::{Value, json};

use crate::oracle::Answer;

/// Keys that follow from a place in an organization, which policies at hand do not have.
const OF_PLACES: [&str; 4] = [
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
];
const MANAGEMENT: &str = "999999999999";

/// What a directory of these policies says of a request, in every way that it can be asked; none if a folder of dumps
/// cannot say the same: for one thing a boundary of two policies, for another a caller who is nobody's.
///
/// # Errors
/// Two ways that do not agree, or a directory that cannot be written as a file and read again.
pub fn answer(
    sets: &PolicySets<'_>,
    request: &Request<'_>,
    folder: &Path,
) -> Result<Option<Answer>, String> {
    let Some(files) = files(sets, request) else {
        return Ok(None);
    };
    // A directory says what an access point's ARN says; a scenario leaves that to the request.
    let names = ["s3:DataAccessPointArn", "s3:DataAccessPointAccount"];
    let is_given = |name: &&str| {
        let mut given = request.context.iter();
        given.any(|entry| entry.key.eq_ignore_ascii_case(name))
    };
    let own = names.into_iter().filter(|name| !is_given(name));
    let own = own.map(|key| ContextEntry { key, values: &[] });
    let context: Vec<ContextEntry<'_>> = match access_point(request.resource) {
        Some(_) => request.context.iter().copied().chain(own).collect(),
        None => request.context.to_vec(),
    };
    let request = &Request {
        context: &context,
        ..*request
    };
    for (name, content) in ["account", "resources", "tree"].iter().zip(&files) {
        let path = folder.join(format!("{name}.jsonl"));
        fs::write(path, content).map_err(|error| error.to_string())?;
    }
    // Documents that stand alone may be such as no dump may hold.
    let Ok(loaded) = Directory::load(folder, LoadOptions::default(), &mut |_| ()) else {
        return Ok(None);
    };
    let bytes = loaded.directory.to_bytes();
    let bytes = bytes.map_err(|error| error.to_string())?;
    let opened = Directory::from_bytes(&bytes).map_err(|error| error.to_string())?;
    let mut outcomes = Vec::new();
    for directory in [&loaded.directory, &opened] {
        let Some(found) = ask(directory, sets, request)? else {
            return Ok(None);
        };
        outcomes.extend(found);
    }
    match outcomes.as_slice() {
        [first, rest @ ..] if rest.iter().all(|own| own == first) => Ok(Some(Answer {
            decision: first.decision(),
            by: first.layers().collect(),
        })),
        all => Err(format!("the ways do not agree: {all:?}")),
    }
}

/// Asks by texts, with everything resolved before where that can be said, and as a question.
fn ask(
    directory: &Directory,
    sets: &PolicySets<'_>,
    request: &Request<'_>,
) -> Result<Option<Vec<Outcome>>, String> {
    let arena = Bump::new();
    let mut context = request.context.to_vec();
    for key in OF_PLACES {
        if !context.iter().any(|own| own.key.eq_ignore_ascii_case(key)) {
            context.push(ContextEntry { key, values: &[] });
        }
    }
    let asked = Request {
        context: &context,
        ..*request
    };
    let extra = RequestPolicies {
        session: sets.session.clone(),
        identity: None,
    };
    let is_alone = extra.session.is_none();
    let mut engine = Engine::new();
    let completed = match directory.complete(&asked, extra, &arena) {
        Ok(completed) => completed,
        Err(_) => return Ok(None),
    };
    let decided = engine.decide(directory, &completed);
    let mut outcomes = vec![decided.map_err(|error| error.to_string())?];
    let explained = engine.explain(directory, &completed);
    outcomes.push(explained.map_err(|error| error.to_string())?.outcome);
    if !is_alone {
        return Ok(Some(outcomes));
    }
    let checked: Result<Outcome, CheckError> = engine.check(directory, &asked);
    outcomes.push(checked.map_err(|error| error.to_string())?);
    let (arn, is_itself) = match asked.principal.caller {
        Caller::User { arn } => (arn, true),
        Caller::Role {
            session_arn: None,
            role_arn,
            ..
        } => (role_arn, true),
        _ => ("", false),
    };
    let says_more = asked.principal.user_id.is_some()
        || asked.principal.session_token
        || asked.restrict_public_buckets
        || asked.external_grant;
    if let (Some(principal), true, false) = (directory.principal_number(arn), is_itself, says_more)
    {
        let deed = directory.action(asked.action);
        let deed = deed.map_err(|error| error.to_string())?;
        let object = directory.resource(asked.resource, asked.resource_account);
        let keys = context.iter().map(|entry| directory.key(entry.key));
        let keys: Result<Vec<_>, _> = keys.collect();
        let keys = keys.map_err(|error| error.to_string())?;
        let given = context.iter().zip(&keys);
        let given: Vec<ContextValue<'_>> = given
            .map(|(entry, key)| ContextValue::keyed(key, entry.values))
            .collect();
        let resolved = ResolvedRequest {
            principal,
            action: &deed,
            resource: &object,
            context: &given,
        };
        let outcome = engine.check_resolved(directory, &resolved);
        outcomes.push(outcome.map_err(|error| error.to_string())?);
    }
    Ok(Some(outcomes))
}

/// The dump of the caller's account, the resources, and the organization.
fn files(sets: &PolicySets<'_>, request: &Request<'_>) -> Option<[String; 3]> {
    let caller = &request.principal.caller;
    if request.principal.management_account {
        return None;
    }
    let (entity, account) = match *caller {
        Caller::User { arn } => (Some(arn), caller.account()?),
        Caller::Role {
            role_arn,
            service_linked: false,
            ..
        } => (Some(role_arn), caller.account()?),
        Caller::Root { .. } => (None, caller.account()?),
        Caller::Anonymous | Caller::Service { .. } => (None, ""),
        _ => return None,
    };
    if !(account.is_empty() || is_account_id(account)) || account == MANAGEMENT {
        return None;
    }
    let parts = split_arn(request.resource);
    let of_arn = parts.map_or("", |[.., account, _]| account);
    let owner = request.resource_account.unwrap_or(match of_arn {
        "" => account,
        own => own,
    });
    let account_dump = match account {
        "" => String::new(),
        account => dump(sets, account, entity)?,
    };
    Some([
        account_dump,
        resources(sets, request)?,
        tree(sets, account, owner)?,
    ])
}

fn document(policy: &Policy<'_>) -> Option<Value> {
    serde_json::from_str(&print_json(&policy.document)).ok()
}

fn documents(policies: &[Policy<'_>]) -> Option<Vec<Value>> {
    policies.iter().map(document).collect()
}

fn dump(sets: &PolicySets<'_>, account: &str, entity: Option<&str>) -> Option<String> {
    let identity = documents(&sets.identity)?;
    let boundary = match &sets.boundary {
        None => None,
        Some(policies) => match policies.as_slice() {
            [policy] => Some(document(policy)?),
            _ => return None,
        },
    };
    let Some(arn) = entity else {
        let is_bare = identity.is_empty() && boundary.is_none();
        // Somebody is there, so that the account is known.
        let user = json!({"Arn": format!("arn:aws:iam::{account}:user/nobody")});
        return is_bare.then(|| json!({ "UserDetailList": [user] }).to_string());
    };
    let [_, partition, "iam", "", own, rest] = split_arn(arn)? else {
        return None;
    };
    let (kind, path) = rest.split_once('/')?;
    let is_name = |part: &str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
        !part.is_empty() && part.chars().all(is_letter)
    };
    let is_plain = path.split('/').all(is_name) && !path.starts_with("aws-service-role/");
    if own != account || partition != "aws" || !is_plain {
        return None;
    }
    let inline = identity.iter().enumerate().map(|(number, document)| {
        json!({"PolicyName": format!("p{number}"), "PolicyDocument": document})
    });
    let inline: Vec<Value> = inline.collect();
    let managed = format!("arn:aws:iam::{account}:policy/limit");
    let mut one = json!({"Arn": arn});
    let mut policies = Vec::new();
    if let (Some(boundary), Some(object)) = (boundary, one.as_object_mut()) {
        let reference = json!({"PermissionsBoundaryArn": managed});
        object.insert("PermissionsBoundary".to_string(), reference);
        let version = json!({"VersionId": "v1", "Document": boundary});
        policies.push(
            json!({"Arn": managed, "DefaultVersionId": "v1", "PolicyVersionList": [version]}),
        );
    }
    let (list, member) = match kind {
        "user" => ("UserDetailList", "UserPolicyList"),
        "role" => ("RoleDetailList", "RolePolicyList"),
        _ => return None,
    };
    if let Some(object) = one.as_object_mut() {
        object.insert(member.to_string(), Value::Array(inline));
        if kind == "role" {
            let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}});
            object.insert("AssumeRolePolicyDocument".to_string(), trust);
        }
    }
    Some(json!({list: [one], "Policies": policies}).to_string())
}

fn resources(sets: &PolicySets<'_>, request: &Request<'_>) -> Option<String> {
    let mut lines = String::new();
    let mut add = |arn: &str, policies: &[Policy<'_>]| {
        let [policy] = policies else {
            return None;
        };
        let line =
            json!({"arn": arn, "account": request.resource_account, "policy": document(policy)?});
        lines.push_str(&line.to_string());
        lines.push('\n');
        Some(())
    };
    if let Some(policies) = &sets.resource {
        let [_, _, service, region, account, rest] = split_arn(request.resource)?;
        // A role's is its trust policy, which stands elsewhere.
        if service == "iam" || service == "sts" || request.action.starts_with("sts:") {
            return None;
        }
        let is_object = (service, region, account) == ("s3", "", "");
        match rest.split_once('/').filter(|_| is_object) {
            Some((_, key)) => {
                let whole = request.resource.len() - key.len() - 1;
                add(request.resource.get(..whole)?, policies)?;
            }
            None => {
                let point = access_point(request.resource).map(|(point, _)| point);
                add(point.unwrap_or(request.resource), policies)?;
            }
        }
    }
    if let Some(policies) = &sets.vpc_endpoint {
        let mut entries = request.context.iter();
        let entry = entries.find(|own| own.key.eq_ignore_ascii_case("aws:SourceVpce"))?;
        let [id] = entry.values else {
            return None;
        };
        add(
            &format!("arn:aws:ec2:eu-west-1:{MANAGEMENT}:vpc-endpoint/{id}"),
            policies,
        )?;
    }
    if request.resource.contains(":alias/") {
        // A directory answers nothing about a key that is asked for by an alias.
        return None;
    }
    if access_point(request.resource).is_some() {
        // A directory must know what is behind it.
        let bucket = sets.bucket.as_ref()?;
        let (point, _) = access_point(request.resource)?;
        lines.push_str(&json!({"arn": point, "bucket": bucket.arn}).to_string());
        lines.push('\n');
        let of_point = split_arn(point)?[4];
        let owner = bucket
            .account
            .or(request.resource_account)
            .unwrap_or(of_point);
        let [policy] = bucket.policy.as_deref()? else {
            return None;
        };
        let line = json!({"arn": bucket.arn, "account": owner, "policy": document(policy)?});
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    Some(lines)
}

/// An organization in which the caller's account has these service control policies, and the owner's these resource
/// control policies; empty if there are none.
fn tree(sets: &PolicySets<'_>, account: &str, owner: &str) -> Option<String> {
    let (scps, rcps) = (&sets.scps, &sets.rcps);
    if scps.is_empty() && rcps.is_empty() {
        return Some(String::new());
    }
    let levels = scps.len().max(rcps.len());
    let is_even = |len: usize| len == 0 || len == levels;
    // A root and an account are two.
    if levels < 2 || !is_even(scps.len()) || !is_even(rcps.len()) {
        return None;
    }
    let is_member = |id: &str| is_account_id(id) && id != MANAGEMENT;
    if !(scps.is_empty() || is_member(account)) || !(rcps.is_empty() || is_member(owner)) {
        return None;
    }
    let mut policies = serde_json::Map::new();
    let mut attached = |kind: &str, levels: &[Vec<Policy<'_>>], level: usize| {
        let Some(own) = levels.get(level) else {
            return Some(match kind {
                "scp" => vec!["p-FullAWSAccess".to_string()],
                _ => Vec::new(),
            });
        };
        let mut names = Vec::new();
        for document in documents(own)? {
            let name = format!("p-{kind}{level}x{}", names.len());
            let policy = json!({"type": kind, "name": name, "content": document});
            policies.insert(name.clone(), policy);
            names.push(name);
        }
        Some(names)
    };
    let last = levels - 1;
    let full = json!({"scp": ["p-FullAWSAccess"], "rcp": []});
    let (of_caller, of_owner) = (attached("scp", scps, last)?, attached("rcp", rcps, last)?);
    let members = match account == owner {
        true => vec![json!({"account": account, "policies": {"scp": of_caller, "rcp": of_owner}})],
        false => {
            let mut members = Vec::new();
            if !scps.is_empty() {
                members
                    .push(json!({"account": account, "policies": {"scp": of_caller, "rcp": []}}));
            }
            if !rcps.is_empty() {
                members.push(
                    json!({"account": owner, "policies": {"scp": ["p-FullAWSAccess"], "rcp": of_owner}}),
                );
            }
            // Who is elsewhere would get the policies of the units that both are in.
            if !scps.is_empty() && !rcps.is_empty() {
                return None;
            }
            members
        }
    };
    let mut children = members;
    for level in (1..last).rev() {
        let own =
            json!({"scp": attached("scp", scps, level)?, "rcp": attached("rcp", rcps, level)?});
        children = vec![
            json!({"ou": format!("ou-ex01-{level:08}"), "policies": own, "children": children}),
        ];
    }
    children.push(json!({"account": MANAGEMENT, "policies": full}));
    let root = json!({"id": "r-ex01",
        "policies": {"scp": attached("scp", scps, 0)?, "rcp": attached("rcp", rcps, 0)?}, "children": children});
    let organization = json!({"id": "o-example001", "managementAccountId": MANAGEMENT});
    Some(json!({"organization": organization, "root": root, "policies": policies}).to_string())
}
