//! The first help: commands by the job that somebody has, with examples to copy.

use std::fmt::Write as _;

use clap::Command;

/// Commands by job. What is in none of them comes last.
const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Decide requests",
        &["decide", "explain", "batch", "simulate", "assume"],
    ),
    (
        "Ask whole accounts and organizations",
        &[
            "collect", "who-can", "what-can", "matrix", "admins", "escalate", "findings", "picture",
        ],
    ),
    (
        "Write policies",
        &[
            "check",
            "compare",
            "prove",
            "tighten",
            "explain-code",
            "lsp",
            "test",
            "fmt",
            "convert",
            "expand",
            "actions",
            "catalog",
        ],
    ),
    (
        "Make and look into images",
        &["compile", "inspect", "disasm", "bench"],
    ),
    ("Shell", &["completions"]),
];

const EXAMPLES: &str = "\
Examples:
  portcullis decide --identity policy.json --principal arn:aws:iam::111122223333:user/ann \\
      --action s3:GetObject --resource arn:aws:s3:::reports/q1
  portcullis check policy.json
  portcullis collect --print > collect.sh
  sh collect.sh dumps && portcullis admins --directory dumps

`portcullis COMMAND --help` has the options of a command, with examples.";

/// The command with its commands listed by job, and the paragraphs of their help as wide as the terminal.
pub(crate) fn grouped(command: Command) -> Command {
    let command = command.mut_subcommands(|own| {
        let text = own.get_after_help().map(|text| flowing(&text.to_string()));
        match text {
            Some(text) => own.after_help(text),
            None => own,
        }
    });
    let all: Vec<(String, String)> = command
        .get_subcommands()
        .filter(|own| !own.is_hide_set())
        .map(|own| {
            let about = own.get_about().map(ToString::to_string);
            (own.get_name().to_string(), about.unwrap_or_default())
        })
        .collect();
    let width = all.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |name: &str, about: &str| format!("  {name:<width$}  {about}\n");
    let mut text = String::new();
    for (title, names) in GROUPS {
        let _ = writeln!(text, "{title}:");
        for name in names {
            if let Some((name, about)) = all.iter().find(|(own, _)| own == name) {
                text += &line(name, about);
            }
        }
        text.push('\n');
    }
    let is_grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let mut others = all.iter().filter(|(name, _)| !is_grouped(name)).peekable();
    if others.peek().is_some() {
        text += "More:\n";
        others.for_each(|(name, about)| text += &line(name, about));
        text.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{text}Options:\n{{options}}\n\n{EXAMPLES}\n"
    );
    command.help_template(template)
}

/// A text whose paragraphs are a line each, for whoever breaks lines by the width that there is. Examples are indented, and stay
/// as they are.
fn flowing(text: &str) -> String {
    let is_open = |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
    let mut flowing = String::with_capacity(text.len());
    let mut before = "";
    for (number, line) in text.lines().enumerate() {
        let goes_on = is_open(before) && !line.is_empty() && !line.starts_with(' ');
        match (number, goes_on) {
            (0, _) => {}
            (_, true) => flowing.push(' '),
            (_, false) => flowing.push('\n'),
        }
        flowing.push_str(line);
        before = line;
    }
    flowing
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn paragraphs_flow_and_examples_stay() {
        let text = "Examples:\n  a \\\n    b\n\nOne\nparagraph.\nMore.\n\nLast";
        let expected = "Examples:\n  a \\\n    b\n\nOne paragraph. More.\n\nLast";
        assert_eq!(flowing(text), expected);
    }

    #[test]
    fn every_command_has_its_job() {
        let command = crate::Cli::command();
        let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        let grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        for name in &names {
            let count = grouped.iter().filter(|own| *own == name).count();
            assert_eq!(count, 1, "{name}");
        }
        assert!(
            grouped.iter().all(|name| names.contains(name)),
            "{grouped:?}"
        );
    }
}
