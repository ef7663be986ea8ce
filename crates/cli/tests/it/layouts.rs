//! One JSON document in any layout, one answer (`IN-5`, `GRAM-7`).
use crate::support::{Folder, root};
use serde_json::{Value, json};

/// A text with a line break and an indent wherever a rule wants one.
fn laid_out(value: &Value, before_open: &str, behind_comma: &str) -> String {
    let list = |items: Vec<String>| items.join(&format!(",{behind_comma}"));
    match value {
        Value::Array(items) => {
            let items = items.iter();
            let items = items.map(|item| laid_out(item, before_open, behind_comma));
            format!("[{}]", list(items.collect()))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let value = laid_out(value, before_open, behind_comma);
                format!("{}:{value}", Value::from(name.as_str()))
            });
            format!("{before_open}{{{}}}", list(members.collect()))
        }
        other => other.to_string(),
    }
}

/// Each token on a line of its own.
fn one_token_a_line(value: &Value) -> String {
    let text = value.to_string();
    let mut out = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        let is_mark = !in_string && "{}[],:".contains(c);
        if is_mark {
            out.push('\n');
        }
        out.push(c);
        if is_mark {
            out.push('\n');
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    // No mark, no blank line: JSON Lines never look like this, so that nothing helps to guess.
    let lines = out.lines().filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn pretty(value: &Value, indent: &str) -> String {
    let text = serde_json::to_string_pretty(value).unwrap();
    let line = |line: &str| {
        let content = line.trim_start();
        indent.repeat((line.len() - content.len()) / 2) + content
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn utf16(text: &str, mark: bool, little: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    let units = mark.encode_utf16().chain(text.encode_utf16());
    let bytes = |unit: u16| match little {
        true => unit.to_le_bytes(),
        false => unit.to_be_bytes(),
    };
    units.flat_map(bytes).collect()
}

/// One value in many layouts.
fn layouts(value: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let compact = value.to_string();
    let two = pretty(value, "  ");
    let texts = [
        ("compact", compact.clone()),
        ("two blanks", two.clone()),
        ("four blanks", pretty(value, "    ")),
        ("tabs", pretty(value, "\t")),
        ("no indent", pretty(value, "")),
        ("objects at the start of lines", laid_out(value, "\n", "")),
        ("commas end lines", laid_out(value, "", "\n")),
        ("both", laid_out(value, "\n", "\n")),
        ("one token a line", one_token_a_line(value)),
        ("carriage returns", two.replace('\n', "\r\n")),
        ("byte order mark", format!("\u{feff}{two}")),
        ("blank lines", two.replace('\n', "\n\n \n")),
        ("blanks around", format!("\n \n{two}  \n\t\n\n")),
        ("trailing blanks", two.replace('\n', "  \t\n")),
    ];
    let mut all: Vec<_> = texts.map(|(name, text)| (name, text.into_bytes())).into();
    all.push(("UTF-16", utf16(&two, true, true)));
    all.push(("UTF-16, the high byte first", utf16(&two, true, false)));
    all.push(("UTF-16 without mark", utf16(&compact, false, true)));
    all
}

fn policy(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [action], "Resource": ["*"]}]})
}

/// A page of an account dump with one user.
fn page(name: &str, action: &str) -> Value {
    json!({
        "UserDetailList": [{
            "Path": "/", "UserName": name, "UserId": format!("AIDA{}", name.to_uppercase()),
            "Arn": format!("arn:aws:iam::111122223333:user/{name}"),
            "UserPolicyList": [{"PolicyName": "p \"}{\" \u{e9}", "PolicyDocument": policy(action)}],
            "GroupList": [], "AttachedManagedPolicies": [], "Tags": [{"Key": "k", "Value": ""}],
        }],
        "GroupDetailList": [], "RoleDetailList": [], "Policies": [],
    })
}

fn requests() -> String {
    let line = |name: &str, action: &str| {
        let principal = format!("arn:aws:iam::111122223333:user/{name}");
        let resource = "arn:aws:s3:::b/k";
        format!(
            "{}\n",
            json!({"principal": principal, "action": action, "resource": resource, "resourceAccount": "111122223333"})
        )
    };
    ["ann", "bob"]
        .iter()
        .flat_map(|name| ["s3:GetObject", "s3:PutObject"].map(|action| line(name, action)))
        .collect()
}

/// What a directory of these files decides.
fn decisions(files: &[(&str, Vec<u8>)]) -> Vec<String> {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("data")).unwrap();
    for (name, content) in files {
        folder.write(&format!("data/{name}"), content);
    }
    let run = folder.run_with(&["batch", "--directory", "data"], requests().as_bytes());
    assert_eq!(run.code, 0, "{run:?}");
    let lines = run.stdout.lines();
    lines
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["decision"].as_str().unwrap().to_string()
        })
        .collect()
}

#[test]
fn a_dump_is_the_same_in_every_layout() {
    let (ann, bob) = (page("ann", "s3:GetObject"), page("bob", "s3:PutObject"));
    let wanted = ["Allow", "ImplicitDeny", "ImplicitDeny", "Allow"];
    for (ann, bob) in layouts(&ann).into_iter().zip(layouts(&bob)) {
        let name = ann.0;
        assert_eq!(
            decisions(&[("ann.json", ann.1), ("bob.json", bob.1)]),
            wanted,
            "{name}"
        );
    }
    // Both pages in one file: as lines, as values one behind the other, as a list.
    for (layout, ann_text) in layouts(&ann).into_iter().take(10) {
        let bob_text = layouts(&bob)
            .into_iter()
            .find(|(name, _)| *name == layout)
            .unwrap()
            .1;
        let both = [ann_text, b"\n".to_vec(), bob_text].concat();
        assert_eq!(decisions(&[("both.jsonl", both)]), wanted, "{layout}");
    }
    for (layout, both) in layouts(&json!([ann, bob])) {
        assert_eq!(decisions(&[("both.json", both)]), wanted, "{layout}");
    }
}

#[test]
fn a_scenario_is_the_same_in_every_layout() {
    let scenario = json!({
        "name": "one {\"x\": [1]}",
        "policies": {"identity": [policy("s3:GetObject"), {"name": "n", "document": policy("s3:Get*")}], "scps": []},
        "requests": [
            {"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "context": {}},
            {"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:PutObject", "resource": "arn:aws:s3:::b/k", "context": {"a:b": ["}", "{", "\\\""]}},
        ],
    });
    let folder = Folder::new();
    for (layout, text) in layouts(&scenario) {
        folder.write("scenario.json", &text);
        let twice = [&text[..], b"\n", &text[..]].concat();
        let mut runs = vec![
            (2, folder.run(&["batch", "scenario.json"])),
            (2, folder.run_with(&["batch"], &text)),
        ];
        if !layout.starts_with("UTF-16") {
            runs.push((4, folder.run_with(&["batch"], &twice)));
        }
        for (count, run) in runs {
            let lines: Vec<&str> = run.stdout.lines().collect();
            assert_eq!((run.code, lines.len()), (0, count), "{layout}: {run:?}");
            for two in lines.chunks(2) {
                assert!(
                    two[0].contains("\"decision\":\"Allow\""),
                    "{layout}: {run:?}"
                );
                assert!(
                    two[1].contains("\"decision\":\"ImplicitDeny\""),
                    "{layout}: {run:?}"
                );
            }
        }
    }
}

/// A broken line spoils itself alone, and a broken document over several lines is one error.
#[test]
fn what_is_broken_is_broken_alone() {
    let line = |name: &str| {
        json!({"name": name, "policies": {"identity": [policy("s3:*")]}, "request": {"principal": "111122223333", "action": "s3:GetObject", "resource": "*"}})
            .to_string()
    };
    let (one, two, three) = (line("one"), line("two"), line("three"));
    let folder = Folder::new();
    // Wherever the second line was broken off.
    for end in 1..two.len() {
        let Some(broken) = two.get(..end) else {
            continue;
        };
        let text = format!("{one}\n{broken}\n{three}\n{one}\n");
        if end % 7 != 0 && end != two.len() - 1 {
            continue;
        }
        let run = folder.run_with(&["batch"], text.as_bytes());
        let lines: Vec<Value> = run
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let names: Vec<_> = lines.iter().map(|line| line["name"].as_str()).collect();
        assert_eq!(
            names,
            [Some("one"), None, Some("three"), Some("one")],
            "{broken}"
        );
        assert!(lines[1]["error"].is_string(), "{broken}");
    }
    let value: Value = serde_json::from_str(&one).unwrap();
    let broken = pretty(&value, "  ").replacen("\"Effect\":", "\"Effect\"", 1);
    let run = folder.run_with(&["batch"], format!("{broken}\n{two}\n").as_bytes());
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{run:?}");
    assert!(lines[0].contains("error") && lines[1].contains("\"two\""));
}

/// The dumps of other people, whatever else is said of them: no line of them is taken for broken.
#[test]
fn shared_dumps_are_whole() {
    let accounts = root().join("../shared/data/accounts");
    let Ok(files) = std::fs::read_dir(&accounts) else {
        eprintln!("skipped: no {}", accounts.display());
        return;
    };
    let mut seen = 0;
    for file in files {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        seen += 1;
        let folder = Folder::new();
        std::fs::create_dir(folder.0.join("data")).unwrap();
        std::fs::copy(&path, folder.0.join("data/dump.json")).unwrap();
        let run = folder.run(&[
            "what-can",
            "--directory",
            "data",
            "--principal",
            "arn:aws:iam::111122223333:user/nobody",
        ]);
        assert!(
            !run.stderr.contains("INVALID_JSON"),
            "{}: {}",
            path.display(),
            run.stderr
        );
    }
    assert_eq!(seen, 3);
}
