//! `lsp` in a real editor: a Neovim without a screen opens a policy, is told what is wrong with it, hovers, completes, applies a
//! quick fix, and formats. Skipped where there is no `nvim`.

use std::process::Command;

use crate::support::{Folder, root};

#[test]
fn neovim_shows_what_the_server_finds() {
    let has_nvim = Command::new("nvim").arg("--version").output().is_ok();
    if !has_nvim {
        eprintln!("skipped: there is no nvim");
        return;
    }
    let folder = Folder::new();
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\n    \"Effect\": \"Allow\",\n    \
        \"Action\": [\"s3:Get*\", \"s3:GetObject\", \"iam:PassRole\"],\n    \"Resource\": \"*\"\n  }]\n}\n";
    folder.write("policy.json", text);
    let scripts = root().join("docs/editors/nvim");
    let output = Command::new("nvim")
        .current_dir(&folder.0)
        .env("PORTCULLIS", env!("CARGO_BIN_EXE_portcullis"))
        .env("XDG_STATE_HOME", &folder.0)
        .args(["--headless", "--clean", "-S"])
        .arg(scripts.join("portcullis.lua"))
        .arg("-S")
        .arg(scripts.join("try.lua"))
        .args(["--", "policy.json"])
        .output()
        .unwrap();
    let seen = String::from_utf8(output.stdout).unwrap();
    let want = [
        r#"problems ["5:16 REDUNDANT_ACTION","5:43 PASS_ROLE_WITH_STAR_IN_RESOURCE"]"#,
        r#"hover "**s3:GetObject**""#,
        "completions true",
        r#"fixes ["remove actions covered by others (safe)"]"#,
        r#"problems ["5:27 PASS_ROLE_WITH_STAR_IN_RESOURCE"]"#,
    ];
    let lines: Vec<&str> = seen.lines().collect();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(lines.get(..5), Some(&want[..]), "{seen}{told}");
    let action = r#""      \"Action\": [\"s3:Get*\", \"iam:PassRole\"],""#;
    assert!(seen.contains(action), "{seen}");
    // It was not written.
    assert_eq!(folder.read("policy.json"), text.as_bytes());
}
