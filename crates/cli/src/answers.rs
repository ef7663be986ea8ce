//! Answers to questions over a whole directory: a table for people, or an object on each line and one that sums up, with
//! what was asked, of how many, and what was not given or not loaded.

use std::process::ExitCode;

use portcullis_directory::{Directory, PermissionSetRole};
use portcullis_model::ContextEntry;
use serde_json::{Map, Value, json};

use crate::decide::Format;
use crate::directory::Opened;
use crate::failure::{Failure, complain};
use crate::output::{Output, VERSION, printable};
use crate::table::Table;

/// What is asked.
pub(crate) struct Asked<'a> {
    /// The command.
    pub(crate) question: &'static str,
    /// What it asks for, in words, such as `s3:GetObject on *`.
    pub(crate) words: String,
    /// The same for programs.
    pub(crate) members: Value,
    /// The context that was given.
    pub(crate) context: &'a [ContextEntry<'a>],
    /// Of how many users and roles it is asked, if of all or of some of them.
    pub(crate) principals: Option<usize>,
}

/// An answer in the making: lines of JSON are printed at once, rows of a table together.
pub(crate) struct Answers<'c> {
    format: Format,
    wide: bool,
    opened: &'c Opened,
    asked: Asked<'c>,
    pub(crate) output: Output,
    table: Table,
    /// The first failure of printing.
    printed: Result<(), Failure>,
    /// How much was found; what is printed may be more.
    pub(crate) found: usize,
    /// How many answers depend on what was not given, or are not known.
    pub(crate) open: usize,
    lines: usize,
    /// What else is told at the end.
    pub(crate) notes: Vec<String>,
    /// Roles of Identity Center among the answers that are not provisioned, and those nobody is assigned to.
    stand_ins: usize,
    unassigned: usize,
}

impl<'c> Answers<'c> {
    pub(crate) fn new(
        (format, wide): (Format, bool),
        opened: &'c Opened,
        asked: Asked<'c>,
        head: &[&str],
    ) -> Answers<'c> {
        Answers {
            format,
            wide,
            opened,
            asked,
            output: Output::new(),
            table: Table::new(head),
            printed: Ok(()),
            found: 0,
            open: 0,
            lines: 0,
            notes: Vec::new(),
            stand_ins: 0,
            unassigned: 0,
        }
    }

    pub(crate) fn directory(&self) -> &'c Directory {
        &self.opened.directory
    }

    /// Adds a line: an object, or the cells of a row.
    pub(crate) fn add(&mut self, mut object: Value, cells: &[&str]) {
        self.lines += 1;
        match self.format {
            Format::Human => self.table.row(cells),
            Format::Json => {
                let is_incomplete = self.directory().is_incomplete();
                if let (true, Some(object)) = (is_incomplete, object.as_object_mut()) {
                    object.insert("incomplete".to_string(), Value::Bool(true));
                }
                let outcome = self.output.line(&object.to_string());
                if self.printed.is_ok() {
                    self.printed = outcome;
                }
            }
        }
    }

    /// Adds a line about a user or role, with the people behind it if it is a role of Identity Center. The last of
    /// the cells is theirs, where the directory knows any.
    pub(crate) fn add_principal(&mut self, mut object: Value, arn: &str, cells: &[&str]) {
        let people = self.directory().people_of(arn);
        let mut told = String::new();
        if let Some(own) = people {
            self.stand_ins += usize::from(own.is_unprovisioned);
            self.unassigned += usize::from(own.assigned.is_empty());
            told = in_words(&own);
            if let Some(object) = object.as_object_mut() {
                object.insert("identityCenter".to_string(), for_programs(&own));
            }
        }
        let mut cells = cells.to_vec();
        if self.directory().has_people() {
            cells.push(&told);
        }
        self.add(object, &cells);
    }

    /// Ends the answer: the table, or the object that sums up; and on standard error what was asked, of how many, and
    /// what it does not rest on. 0 if something was found; 2 if nothing was, the directory is whole, and no answer is open; else 4.
    pub(crate) fn finish(mut self, nothing: &str) -> Result<ExitCode, Failure> {
        self.printed?;
        let directory = &self.opened.directory;
        let is_complete = !directory.is_incomplete();
        let not_given = directory
            .keys_not_given(self.asked.context)
            .map_err(Failure::new)?;
        let mut notes = std::mem::take(&mut self.notes);
        if self.stand_ins > 0 {
            notes.push(format!(
                "{} of the roles are not provisioned in the dumps: their permission sets decide in their place, and \
                 the zeros at the end of their names stand for digits that AWS chooses",
                self.stand_ins
            ));
        }
        if self.unassigned > 0 {
            notes.push(format!(
                "for {} of the roles, which are Identity Center's, no file says to whom they are assigned",
                self.unassigned
            ));
        }
        if let Some(first) = self.opened.others.first() {
            notes.push(format!(
                "{} files of the folder are not JSON and were left out, such as {first}",
                self.opened.others.len()
            ));
        }
        let excluded = self.opened.excluded.len();
        match self.format {
            Format::Human => {
                if self.lines > 0 {
                    self.table.print(&mut self.output, self.wide)?;
                }
                if !is_complete {
                    let note = "(incomplete: the directory refers to what is not there)";
                    self.output.line(note)?;
                }
                self.output.finish()?;
            }
            Format::Json => {
                let counts = match self.asked.principals {
                    Some(principals) => json!({
                        "principals": principals,
                        "found": self.found,
                        "open": self.open,
                        "lines": self.lines,
                    }),
                    None => json!({ "found": self.found, "open": self.open, "lines": self.lines }),
                };
                let summary = json!({
                    "version": VERSION,
                    "question": self.asked.question,
                    "asked": self.asked.members,
                    "context": context_of(self.asked.context),
                    "complete": is_complete,
                    "missing": self.opened.missing,
                    "notGiven": not_given,
                    "excluded": self.opened.excluded,
                    "counts": counts,
                    "notes": notes,
                });
                self.output.line(&summary.to_string())?;
                self.output.finish()?;
            }
        }
        let of = match self.asked.principals {
            Some(1) => " of 1 user or role".to_string(),
            Some(count) => format!(" of {count} users and roles"),
            None => String::new(),
        };
        let words = &self.asked.words;
        let open = match self.open {
            0 => String::new(),
            open => format!(", and {open} that depend on what was not given or is not known"),
        };
        let mut told = match (self.found, self.open) {
            (0, 0) => {
                format!("note: {nothing}: asked{of} for {words}, with the context that was given")
            }
            (found, _) => {
                format!("note: {found} found{open}{of}: {words}, with the context that was given")
            }
        };
        told += &match self.asked.context.len() {
            0 => " (none)".to_string(),
            _ => {
                let keys = self.asked.context.iter().map(|entry| entry.key);
                format!(" ({})", keys.collect::<Vec<_>>().join(", "))
            }
        };
        complain(&printable(&told));
        if let (false, Some(first)) = (is_complete, self.opened.missing.first()) {
            let count = self.opened.missing.len();
            let told = format!(
                "note: {count} things that the answer may rest on were not loaded, such as: {}",
                first
                    .get("message")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            );
            complain(&printable(&told));
        }
        if self.format == Format::Json && excluded > 0 {
            complain(&format!("note: {excluded} files and folders were excluded"));
        }
        for note in notes {
            complain(&format!("note: {}", printable(&note)));
        }
        Ok(ExitCode::from(
            match (self.found, is_complete && self.open == 0) {
                (1.., _) => 0,
                (0, true) => 2,
                (0, false) => 4,
            },
        ))
    }
}

fn context_of(context: &[ContextEntry<'_>]) -> Value {
    let entries = context
        .iter()
        .map(|entry| (entry.key.to_string(), json!(entry.values)));
    Value::Object(entries.collect::<Map<String, Value>>())
}

/// Who has a role of Identity Center, in a cell.
pub(crate) fn in_words(own: &PermissionSetRole) -> String {
    if own.assigned.is_empty() {
        return "(no assignment is known)".to_string();
    }
    let mut groups: Vec<(Option<&str>, Vec<&str>)> = Vec::new();
    for one in &own.assigned {
        let group = one.group.as_deref();
        let user = one.user.as_deref();
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, users)) => users.extend(user),
            None => groups.push((group, user.into_iter().collect())),
        }
    }
    let told = groups
        .into_iter()
        .map(|(group, users)| match (group, users.as_slice()) {
            (None, users) => users.join(", "),
            (Some(group), []) => format!("{group} (its members are in no file)"),
            (Some(group), users) => format!("{group} ({})", users.join(", ")),
        });
    told.collect::<Vec<_>>().join("; ")
}

/// The same for programs.
pub(crate) fn for_programs(own: &PermissionSetRole) -> Value {
    let assigned = own
        .assigned
        .iter()
        .map(|one| json!({ "user": one.user, "group": one.group }));
    json!({
        "permissionSet": own.permission_set,
        "provisioned": !own.is_unprovisioned,
        "assigned": assigned.collect::<Vec<_>>(),
    })
}
