//! Folders and requests of tests.
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use bumpalo::Bump;
use portcullis_directory::{CheckError, Directory, Engine, LoadOptions, Loaded, ResolvedRequest};
use portcullis_model::Request;
use portcullis_scenario::NoFiles;
use portcullis_scenario::lines;
use portcullis_source::Source;
use serde_json::{Value, json};

/// A folder of its own for each test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(files: &[(&str, &str)]) -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-directory-{}-{number}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        for (name, content) in files {
            let path = folder.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    /// The directory in the folder, or its problems as lines.
    pub fn load(&self) -> Result<Loaded, Vec<String>> {
        self.load_with(LoadOptions::default())
    }

    pub fn load_with(&self, options: LoadOptions) -> Result<Loaded, Vec<String>> {
        load(&self.0, options)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn load(folder: &Path, options: LoadOptions) -> Result<Loaded, Vec<String>> {
    Directory::load(folder, options, &mut |_| ()).map_err(|error| {
        let problems = error.problems.iter();
        // In one line, and as it is shown.
        problems.map(|one| format!("{one}\n{one:#}")).collect()
    })
}

/// A user of a dump, with policies of its own by their documents. Its id follows from its name.
pub fn user(arn: &str, policies: &[Value]) -> Value {
    let name = arn.rsplit('/').next().unwrap();
    json!({
        "Path": "/",
        "UserName": name,
        "UserId": format!("AIDA{}", name.to_uppercase()),
        "Arn": arn,
        "CreateDate": "2026-01-01T00:00:00Z",
        "UserPolicyList": inline(policies),
        "GroupList": [],
        "AttachedManagedPolicies": [],
    })
}

/// A role of a dump in the same way.
pub fn role(arn: &str, policies: &[Value], trust: &Value) -> Value {
    let name = arn.rsplit('/').next().unwrap();
    json!({
        "Path": "/",
        "RoleName": name,
        "RoleId": format!("AROA{}", name.to_uppercase()),
        "Arn": arn,
        "CreateDate": "2026-01-01T00:00:00Z",
        "RolePolicyList": inline(policies),
        "AttachedManagedPolicies": [],
        "AssumeRolePolicyDocument": trust,
    })
}

fn inline(policies: &[Value]) -> Vec<Value> {
    let numbered = policies.iter().enumerate();
    let named = numbered.map(|(number, document)| {
        json!({"PolicyName": format!("p{number}"), "PolicyDocument": document})
    });
    named.collect()
}

/// A dump of an account.
pub fn dump(users: &[Value], roles: &[Value]) -> Value {
    json!({
        "UserDetailList": users,
        "GroupDetailList": [],
        "RoleDetailList": roles,
        "Policies": [],
        "IsTruncated": false,
    })
}

/// An account with a user who may do everything, and a role that may do nothing.
pub fn account() -> String {
    let trust = policy(&[
        json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"}),
    ]);
    let user = user("arn:aws:iam::111122223333:user/ann", &[all()]);
    let role = role("arn:aws:iam::111122223333:role/App", &[], &trust);
    dump(&[user], &[role]).to_string()
}

/// A policy of these statements.
pub fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Allows everything.
pub fn all() -> Value {
    policy(&[json!({"Effect": "Allow", "Action": "*", "Resource": "*"})])
}

/// A directory of files with these values.
pub fn directory_of(files: &[(&str, Value)]) -> Directory {
    let texts: Vec<String> = files.iter().map(|(_, value)| value.to_string()).collect();
    let files = files.iter().zip(&texts);
    let files: Vec<(&str, &str)> = files
        .map(|((name, _), text)| (*name, text.as_str()))
        .collect();
    Folder::new(&files).load().unwrap().directory
}

/// Requests from their lines, without the policies that come with them.
pub fn requests<'a>(texts: &'a [String], arena: &'a Bump) -> Vec<Request<'a>> {
    let requests = texts.iter().map(|text| {
        let source = Source::new("", text.as_str());
        let line = lines(&source, &NoFiles, arena).unwrap().remove(0);
        line.case.request.unwrap()
    });
    requests.collect()
}

thread_local! {
    /// One engine for all directories of a test: what it remembers of one must not be taken for another's.
    static ENGINE: RefCell<Engine> = RefCell::default();
}

/// What both engines say of a request, or why it is refused.
pub fn ask(directory: &Directory, request: &str) -> String {
    ask_both(directory, request, true)
}

/// What the virtual machine says, where the reference engine has no words for it.
pub fn ask_vm(directory: &Directory, request: &str) -> String {
    ask_both(directory, request, false)
}

fn ask_both(directory: &Directory, request: &str, is_compared: bool) -> String {
    let arena = Bump::new();
    let source = Source::new("request", request);
    let mut found = lines(&source, &NoFiles, &arena).unwrap();
    let line = found.remove(0);
    assert!(line.case.problems.is_empty(), "{}", line.case.problems[0]);
    let request_alone = line.case.request.unwrap();
    let is_alone = line.extra.session.is_none() && line.extra.identity.is_none();
    let check = |engine: &RefCell<Engine>| engine.borrow_mut().check(directory, &request_alone);
    let checked = is_alone.then(|| ENGINE.with(check));
    let completed = match directory.complete(&request_alone, line.extra, &arena) {
        Ok(completed) => completed,
        Err(refusal) => {
            let same = Err(CheckError::Refused(refusal.clone()));
            assert!(checked.is_none_or(|checked| checked == same), "{request}");
            return refusal.to_string();
        }
    };
    let decide = |engine: &RefCell<Engine>| engine.borrow_mut().decide(directory, &completed);
    let outcome = ENGINE.with(decide).unwrap();
    let is_same = checked.is_none_or(|checked| checked == Ok(outcome));
    assert!(is_same, "checked otherwise: {request}");
    let sets = directory.policies(&completed, &arena);
    let is_compared = is_compared && !completed.is_undecidable();
    if let Some(sets) = sets.filter(|_| is_compared) {
        let reference = portcullis_reference::decide(&sets, &completed.request);
        let by: Vec<_> = outcome.layers().collect();
        assert_eq!(
            (outcome.decision(), by),
            (reference.decision, reference.by),
            "{request}"
        );
    }
    outcome.decision().to_string()
}

/// The same for an action of a user or role on a resource of an account, also resolved.
pub fn ask_resolved(
    directory: &Directory,
    caller: &str,
    action: &str,
    (resource, account): (&str, &str),
) -> String {
    let request = json!({
        "principal": caller,
        "action": action,
        "resource": resource,
        "resourceAccount": account,
    });
    let decision = ask(directory, &request.to_string());
    let number = directory.principal_number(caller).unwrap();
    let deed = directory.action(action).unwrap();
    let object = directory.resource(resource, Some(account));
    let resolve = |engine: &RefCell<Engine>| {
        let mut engine = engine.borrow_mut();
        engine.check_resolved(
            directory,
            &ResolvedRequest {
                principal: number,
                action: &deed,
                resource: &object,
                context: &[],
            },
        )
    };
    let resolved = ENGINE.with(resolve).unwrap().decision().to_string();
    assert_eq!(resolved, decision, "{request}, resolved");
    decision
}
