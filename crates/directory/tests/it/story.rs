//! Where the policies of a decision come from.

use crate::support::{Folder, all, dump, policy, role, user};
use bumpalo::Bump;
use portcullis_directory::{
    AccountStory, Attached, Directory, LayerStory, LoadOptions, Scene, Source,
};
use portcullis_model::Layer;
use portcullis_scenario::NoFiles;
use portcullis_scenario::lines;
use serde_json::{Value, json};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const APP: &str = "arn:aws:iam::111122223333:role/App";
const SHARED: &str = "arn:aws:iam::111122223333:policy/Shared";
const BUCKET: &str = "arn:aws:s3:::shop";

/// A user in two groups, a role, a bucket of another account, an endpoint, and an organization.
fn folder() -> Folder {
    let attached = json!([{"PolicyName": "Shared", "PolicyArn": SHARED}]);
    let inline = json!([{"PolicyName": "own", "PolicyDocument": all()}]);
    let mut ann = user(ANN, &[all()]);
    ann["GroupList"] = json!(["Admins", "readers"]);
    ann["AttachedManagedPolicies"] = attached.clone();
    ann["PermissionsBoundary"] = json!({"PermissionsBoundaryArn": SHARED});
    ann["Tags"] = json!([{"Key": "team", "Value": "blue"}]);
    let trust = json!({"Effect": "Allow", "Principal": {"AWS": ANN}, "Action": "sts:AssumeRole"});
    let app = role(APP, &[], &policy(&[trust]));
    let mut account = dump(&[ann], &[app]);
    account["GroupDetailList"] = json!([
        {"GroupName": "admins", "Arn": "arn:aws:iam::111122223333:group/team/admins",
            "GroupPolicyList": inline, "AttachedManagedPolicies": attached},
        {"GroupName": "Readers", "Arn": "arn:aws:iam::111122223333:group/Readers"},
    ]);
    account["Policies"] = json!([{"Arn": SHARED, "DefaultVersionId": "v1",
        "PolicyVersionList": [{"VersionId": "v1", "Document": all()}]}]);
    let scp = |ids: &[&str]| json!({"scp": ids, "rcp": []});
    let tree = json!({
        "organization": {"id": "o-1", "managementAccountId": "100000000001"},
        "root": {"id": "r-1", "policies": scp(&["p-FullAWSAccess"]), "children": [
            {"account": "100000000001", "policies": scp(&["p-FullAWSAccess"])},
            {"ou": "ou-1", "policies": scp(&["p-FullAWSAccess"]), "children": [
                {"account": "111122223333", "policies": scp(&["p-FullAWSAccess"])}]}]},
        "policies": {},
    });
    let open = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*",
        "Resource": [BUCKET, format!("{BUCKET}/*")]});
    let bucket = json!({"arn": BUCKET, "account": "444455556666", "policy": policy(&[open])});
    let endpoints = json!({"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "PolicyDocument": policy(&[
        json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})]).to_string()}]});
    let files = [
        ("account.json", account),
        ("tree.json", tree),
        ("bucket.jsonl", bucket),
        ("endpoints.json", endpoints),
    ];
    let texts: Vec<(&str, String)> = files.map(|(name, value)| (name, value.to_string())).into();
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    Folder::new(&files)
}

fn directory() -> Directory {
    let options = LoadOptions {
        debug: true,
        ..LoadOptions::default()
    };
    folder().load_with(options).unwrap().directory
}

fn told(directory: &Directory, request: &Value) -> Scene {
    let arena = Bump::new();
    let text = request.to_string();
    let source = portcullis_source::Source::new("request", text.as_str());
    let line = lines(&source, &NoFiles, &arena).unwrap().remove(0);
    let request = line.case.request.unwrap();
    let completed = directory.complete(&request, line.extra, &arena).unwrap();
    directory.provenance(&request, &completed).unwrap()
}

fn layer(story: &Scene, wanted: Layer) -> &LayerStory {
    let mut found = story.layers.iter().filter(|own| own.layer == wanted);
    let one = found.next().unwrap_or_else(|| panic!("no {wanted:?}"));
    assert!(found.next().is_none(), "{wanted:?} twice");
    one
}

/// Names of a set's policies, and how the caller came to have them.
fn policies(layer: &LayerStory) -> Vec<(&str, &[Attached])> {
    let mut own: Vec<(&str, &[Attached])> = layer
        .policies
        .iter()
        .flatten()
        .map(|own| (own.name.as_str(), own.attached.as_slice()))
        .collect();
    own.sort_by_key(|(name, _)| name.to_string());
    own
}

#[test]
fn each_set_says_what_it_is_attached_to() {
    let directory = directory();
    let story = told(
        &directory,
        &json!({"principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::shop/k",
            "context": {"AWS:SourceVpce": "vpce-1"}, "session": [all()]}),
    );
    assert_eq!(story.caller.entity.as_deref(), Some(ANN));
    assert_eq!(story.caller.id.as_deref(), Some("AIDAANN"));
    assert_eq!(
        story.caller.groups.as_ref().unwrap(),
        &["Admins", "readers"]
    );
    let account = story.caller.account.as_ref().unwrap();
    let expected = AccountStory {
        number: "111122223333".to_string(),
        path: Some("o-1/r-1/ou-1/".to_string()),
        is_management: false,
        is_dumped: true,
    };
    assert_eq!(*account, expected);
    let owner = story.target.owner.as_ref().unwrap();
    assert_eq!(
        (owner.number.as_str(), owner.is_dumped),
        ("444455556666", false)
    );
    assert_eq!(owner.path, None);
    assert!(!story.target.is_assumed);
    for (of, source) in [
        (Layer::Identity, Source::Entity(ANN.to_string())),
        (Layer::Boundary, Source::Entity(ANN.to_string())),
        (Layer::Session, Source::Request),
        (Layer::Resource, Source::Resource(BUCKET.to_string())),
        (Layer::VpcEndpoint, Source::Endpoint("vpce-1".to_string())),
        (Layer::Scp(0), Source::Root("r-1".to_string())),
        (Layer::Scp(1), Source::Unit("ou-1".to_string())),
        (Layer::Scp(2), Source::Account("111122223333".to_string())),
    ] {
        assert_eq!(layer(&story, of).source, source, "{of:?}");
    }
    let group = |name: &str| name.to_string();
    let identity = layer(&story, Layer::Identity);
    let [(shared, ways), (first, own), (second, by_group)] = policies(identity)[..] else {
        panic!("{identity:?}");
    };
    assert_eq!(shared, SHARED);
    assert_eq!(
        ways,
        [Attached::Managed, Attached::GroupManaged(group("Admins"))]
    );
    let mut inline = [(first, own), (second, by_group)];
    inline.sort_by_key(|(_, ways)| format!("{ways:?}"));
    assert_eq!(inline[0].1, [Attached::GroupInline(group("Admins"))]);
    assert_eq!(inline[1].1, [Attached::Inline]);
    // How the caller came to have a policy says nothing of what else it is.
    assert_eq!(
        policies(layer(&story, Layer::Boundary)),
        [(SHARED, &[][..])]
    );
    let places = layer(&story, Layer::Resource).policies.as_ref().unwrap();
    assert_eq!(places[0].place, "bucket.jsonl#/policy");
}

#[test]
fn the_keys_that_follow_are_told() {
    let directory = directory();
    let request = json!({"principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::shop/k",
        "context": {"AWS:username": "eve"}});
    let story = told(&directory, &request);
    let key = |name: &str| {
        let found = story.added.iter().find(|(own, _)| own == name);
        found.map(|(_, values)| values.clone())
    };
    assert_eq!(key("aws:PrincipalTag/team").unwrap(), ["blue"]);
    assert_eq!(key("aws:PrincipalOrgID").unwrap(), ["o-1"]);
    assert_eq!(key("aws:username"), None, "the request has it");
    assert_eq!(key("AWS:username"), None);
}

#[test]
fn the_trust_policy_of_a_role_is_told_as_such() {
    let directory = directory();
    let story = told(
        &directory,
        &json!({"principal": ANN, "action": "sts:AssumeRole", "resource": APP}),
    );
    let trust = layer(&story, Layer::Resource);
    assert_eq!(trust.source, Source::Trust(APP.to_string()));
    assert_eq!(trust.policies.as_ref().unwrap().len(), 1);
    assert_eq!(story.target.owner, story.caller.account);
}

#[test]
fn callers_from_elsewhere_bring_their_policies() {
    let directory = directory();
    let story = told(
        &directory,
        &json!({"principal": "arn:aws:iam::777788889999:user/eve", "identity": [all()],
            "action": "s3:GetObject", "resource": "arn:aws:s3:::shop/k"}),
    );
    assert_eq!(story.caller.entity, None);
    assert_eq!(story.caller.id, None);
    assert_eq!(story.caller.account, None);
    assert_eq!(story.caller.groups, None);
    assert_eq!(layer(&story, Layer::Identity).source, Source::Request);
    // Nothing says whose this is.
    let story = told(
        &directory,
        &json!({"principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::nowhere/k"}),
    );
    assert!(story.target.is_assumed);
}

/// A directory as a file knows the sets, and not their policies.
#[test]
fn a_file_tells_what_it_has() {
    let bytes = directory().to_bytes().unwrap();
    let again = Directory::from_bytes(&bytes).unwrap();
    let request =
        json!({"principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::shop/k"});
    let (own, file) = (told(&directory(), &request), told(&again, &request));
    assert_eq!(file.caller.entity, own.caller.entity);
    assert_eq!(file.caller.groups, None);
    assert_eq!(file.added, own.added);
    let sets = |story: &Scene| {
        let sets = story.layers.iter();
        let mut sets: Vec<String> = sets
            .map(|set| format!("{:?} {:?}", set.layer, set.source))
            .collect();
        sets.sort();
        sets
    };
    assert_eq!(sets(&file), sets(&own));
    assert!(file.layers.iter().all(|set| set.policies.is_none()));
    assert!(
        again
            .group_policies("arn:aws:iam::111122223333:group/Readers", &Bump::new())
            .is_none()
    );
}

#[test]
fn the_policies_of_a_group() {
    let directory = directory();
    let arena = Bump::new();
    let told = |arn: &str| {
        let found = directory.group_policies(arn, &arena)?;
        let kinds = found.into_iter().map(|(attached, _)| attached);
        Some(kinds.collect::<Vec<_>>())
    };
    let group = "arn:aws:iam::111122223333:group/team/ADMINS";
    let name = "admins".to_string();
    let expected = [
        Attached::GroupInline(name.clone()),
        Attached::GroupManaged(name),
    ];
    assert_eq!(told(group).unwrap(), expected);
    assert_eq!(told("arn:aws:iam::111122223333:group/Readers").unwrap(), []);
    assert_eq!(told("arn:aws:iam::111122223333:group/gone"), None);
    assert_eq!(told("arn:aws:iam::111122223333:user/admins"), None);
    let plain = folder().load().unwrap().directory;
    assert!(plain.group_policies(group, &arena).is_none());
}
