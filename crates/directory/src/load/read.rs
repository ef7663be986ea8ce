//! Reading a folder: every file is taken apart into values, and each is recognized by its content.
//!
//! Names of files tell nothing but order and, where a value does not say it itself, a bucket, a key or an account. A value
//! is recognized by the members that only its kind has. What holds a policy or a limit and is not recognized is an error
//! (`IN-4`): a policy that is passed over may be the one that denies.
//!
//! To make sure of that, readers mark the nodes that they took ([`Loader::taken`]), and what looks like a policy and was not
//! marked is found afterwards, at any depth. Listing the members that each reader knows would forget the next one that AWS
//! adds.

mod account;
pub(crate) mod acl;
pub(crate) mod fields;
pub(crate) mod files;
pub(crate) mod identity_center;
mod inflate;
mod lists;
mod organization;
mod pieces;
mod resource;
mod service;
pub(crate) mod tree;
pub(crate) mod unnamed;

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::path::PathBuf;

use bumpalo::Bump;
use portcullis_source::json::{self, Member, Node, Value};
use portcullis_source::{Records, Severity, Source, Start};
use portcullis_syntax::forms::recognize;

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::path::{At, Location};
use crate::load::problem::{LoadError, Skipped};
use crate::load::raw::Spot;
use crate::load::read::account::{LISTS, TELLING};
use crate::load::read::fields::has_next_page;
use crate::load::sources::Sources;
use crate::store::ids::Symbol;

const ACCOUNT_DUMP: &str = "account dump";
const LEFT_OUT: &str = "left out";

/// An account dump that is larger is read user by user and role by role.
const LARGE: usize = 1 << 20;

/// A file that is being read.
pub(crate) struct Reading<'f> {
    file: Symbol,
    name: &'f str,
    counts: BTreeMap<&'static str, u64>,
    /// The record that is being read, and its tree: one after the other in the same memory.
    bytes: Vec<u8>,
    arena: Bump,
    /// How many records were read.
    records: usize,
}

impl Reading<'_> {
    fn spot(&self, start: Start) -> Spot {
        Spot {
            file: self.file,
            line: u32::try_from(start.line).unwrap_or(u32::MAX),
            column: 1,
            list: "",
            index: 0,
        }
    }
}

/// How far a long load is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'p> {
    /// The file that is being read.
    pub file: &'p str,
    /// Files that were read, of how many.
    pub files: (usize, usize),
    /// Users and roles so far.
    pub principals: usize,
}

/// Reads everything in a folder, in the order of the names. `progress` is called before each file.
pub(crate) fn read_folder(
    loader: &mut Loader,
    sources: &Sources<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) {
    loader.folder(sources, progress);
}

/// Reads files with managed policies that the dumps do not hold.
pub(crate) fn read_packs(loader: &mut Loader, packs: &[PathBuf]) {
    for path in packs {
        let path = path.clone();
        let name = files::name_outside(&path);
        loader.file(&files::Found { path, name });
    }
}

impl Loader {
    /// Reads everything in a folder, in the order of the names.
    fn folder(&mut self, sources: &Sources<'_>, progress: &mut dyn FnMut(Progress<'_>)) {
        let is_excluded = |path: &str| sources.excludes(path);
        let (files, excluded, problems) = files::list(sources.folder, files::LIMITS, &is_excluded);
        self.report.excluded = excluded;
        for problem in problems {
            self.errors.push(problem);
        }
        for (index, file) in files.iter().enumerate() {
            progress(Progress {
                file: &file.name,
                files: (index, files.len()),
                principals: self.raw.principals.len(),
            });
            self.file(file);
        }
    }

    fn file(&mut self, file: &files::Found) {
        let name = file.name.as_str();
        let Some(mut input) = self.opened(file) else {
            return;
        };
        let mut reading = Reading {
            file: self.strings.intern(name),
            name,
            counts: BTreeMap::new(),
            bytes: Vec::new(),
            arena: Bump::new(),
            records: 0,
        };
        let mut is_in_pieces = true;
        loop {
            let mut records = Records::new(&mut input);
            match self.records(&mut records, &mut reading, is_in_pieces) {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => {
                    let message = format!("cannot be read: {error}");
                    return self.error(Location::of_file(name), codes::UNREADABLE_FILE, message);
                }
            }
            // From the beginning again, without pieces.
            is_in_pieces = false;
            match self.opened(file) {
                Some(again) => input = again,
                None => return,
            }
        }
        if !reading.counts.is_empty() {
            let found = reading.counts.into_iter().collect();
            self.report.read.push((name.to_string(), found));
        }
    }

    /// Opens a file that is to be read; otherwise says what it is.
    fn opened(&mut self, file: &files::Found) -> Option<Box<dyn BufRead>> {
        let name = file.name.as_str();
        use files::Content;
        match files::open(file) {
            Ok(Content::Json(input)) => return Some(input),
            Ok(Content::Foreign(foreign)) => {
                let message = format!(
                    "is {}, which is not read and may contain policies; {}",
                    foreign.what, foreign.help
                );
                self.error(Location::of_file(name), codes::UNKNOWN_FORM, message);
            }
            Ok(Content::Other) => self.report.skipped.push(Skipped {
                place: name.to_string(),
                reason: "it is not JSON",
                is_json: false,
            }),
            Err(reason) => {
                let message = format!("cannot be read: {reason}");
                self.error(Location::of_file(name), codes::UNREADABLE_FILE, message);
            }
        }
        None
    }

    /// Reads the records of a file that were not read yet. False if one of them has to be read as a whole.
    fn records(
        &mut self,
        records: &mut Records<&mut Box<dyn BufRead>>,
        reading: &mut Reading<'_>,
        is_in_pieces: bool,
    ) -> io::Result<bool> {
        for _ in 0..reading.records {
            records.next_into(&mut reading.bytes)?;
        }
        loop {
            if is_in_pieces {
                if let Some(mut pieces) = records.pieces((&LISTS, TELLING), LARGE)? {
                    if !self.pieces(&mut pieces, reading)? {
                        return Ok(false);
                    }
                    reading.records += 1;
                    continue;
                }
            }
            let Some(start) = records.next_into(&mut reading.bytes)? else {
                return Ok(true);
            };
            let spot = reading.spot(start);
            let Reading {
                name,
                bytes,
                arena,
                counts,
                ..
            } = reading;
            self.text(name, bytes, start, spot, arena, counts);
            arena.reset();
            reading.records += 1;
        }
    }

    /// Reads one JSON text of a file.
    fn text(
        &mut self,
        file: &str,
        bytes: &[u8],
        start: Start,
        spot: Spot,
        arena: &Bump,
        counts: &mut BTreeMap<&'static str, u64>,
    ) {
        let source = match Source::decode(file, bytes, start) {
            Ok(source) => source,
            Err(mut problem) => {
                problem.code = codes::INVALID_JSON;
                return self.errors.push(*problem);
            }
        };
        let node = match json::parse(source.text(), arena) {
            Ok(node) => node,
            Err(diagnostics) => {
                for mut found in source.locate_all(diagnostics) {
                    found.code = codes::INVALID_JSON;
                    self.errors.push(found);
                }
                return;
            }
        };
        let record = Record {
            source: &source,
            file,
            spot,
        };
        let root = At::root();
        match node.value {
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    let kind = self.value(&record, element, root.index(index));
                    *counts.entry(kind).or_default() += 1;
                }
            }
            _ => *counts.entry(self.value(&record, &node, root)).or_default() += 1,
        }
    }

    /// Reads one value, and says what it is.
    fn value(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) -> &'static str {
        self.taken.clear();
        let kind = self.form(record, node, at);
        if kind != LEFT_OUT {
            self.unread_is_unknown(record, node, at, "");
        }
        // The next page, if there is one, comes later and says otherwise.
        let answer = (kind, record.spot.file);
        if kind != ACCOUNT_DUMP && kind != LEFT_OUT && has_next_page(node) {
            self.raw.unfinished.insert(answer, record.spot);
        } else {
            self.raw.unfinished.remove(&answer);
        }
        kind
    }

    fn form(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) -> &'static str {
        let has = |name| node.get(name).is_some();
        if node.as_object().is_none() {
            return self.unknown(record, node, at);
        }
        if has("UserDetailList") || has("GroupDetailList") || has("RoleDetailList") {
            self.account_dump(record, node, at);
            return ACCOUNT_DUMP;
        }
        if has("root") && (has("organization") || has("policies")) {
            self.tree_file(record, node, at);
            return "organization tree";
        }
        if has("arn") && has("document") {
            self.bundled(record, node, at);
            return "managed policy";
        }
        if let (Some(pack), Some(date)) = (node.get("pack"), node.get("date")) {
            let told = pack.as_str().zip(date.as_str());
            let (pack, date) = told.unwrap_or(("a pack", "an unknown day"));
            self.note(&self.place(record.spot), format!("{pack}, as of {date}"));
            return "pack of managed policies";
        }
        if let Some(command) = node.get("notCollected").and_then(Node::as_str) {
            // What `collect` could not get may hold a policy that denies.
            let reason = node.get("reason").and_then(Node::as_str);
            let reason = reason.unwrap_or("it failed");
            let message = format!("`{command}` was not collected: {reason}");
            let location = record.at(node, at);
            let problem = location.diagnostic(Severity::Error, codes::INCOMPLETE, message);
            self.report.missing.push(problem);
            return "command that was not collected";
        }
        if has("arn") || (has("account") && has("publicAccessBlock")) {
            self.wrapper(record, node, at);
            return "resource";
        }
        if let Some(kind) = self.identity_center_dump(record, node, at) {
            return kind;
        }
        if let Some(kind) = self.iam_list(record, node, at) {
            return kind;
        }
        if let Some(kind) = self.organization_dump(record, node, at) {
            return kind;
        }
        if let Some(kind) = self.service_dump(record, node, at) {
            return kind;
        }
        if has("Policies") {
            // A page of an account dump that holds managed policies only.
            self.account_dump(record, node, at);
            return ACCOUNT_DUMP;
        }
        self.unknown(record, node, at)
    }

    /// A value of no known form. It is left out if nothing in it looks like a policy.
    fn unknown(&mut self, record: &Record<'_, '_>, node: &Node<'_>, at: At<'_>) -> &'static str {
        if let Some(foreign) = recognize(node) {
            let place = record.at(node, at);
            let message = format!(
                "this is {}, which may contain policies: {}",
                foreign.what, foreign.help
            );
            self.error(place, codes::UNKNOWN_FORM, message);
            return LEFT_OUT;
        }
        if self.unread_is_unknown(record, node, at, "") {
            return LEFT_OUT;
        }
        let members = node.as_object().unwrap_or_default();
        let inside = members.iter().flat_map(|member| member.value.as_object());
        let mut all = members.iter().chain(inside.flatten());
        match all.find(|member| is_called_like_policy(member)) {
            Some(member) => self.unknown_form(record.at(node, at), member.key.value),
            None => {
                // A file of another kind may have any number of lines.
                if self.report.skipped.len() < LoadError::LIMIT {
                    self.report.skipped.push(Skipped {
                        place: record.at(node, at).to_string(),
                        reason: "it describes no accounts, resources or organizations",
                        is_json: true,
                    });
                }
            }
        }
        LEFT_OUT
    }

    fn unknown_form(&mut self, place: Location, name: &str) {
        let message = format!(
            "unknown form, but its member `{name}` may contain a policy; \
             give resource policies as {{\"arn\", \"account\", \"policy\"}}"
        );
        self.error(place, codes::UNKNOWN_FORM, message);
    }

    /// Nothing that holds a policy or a limit is passed over in silence (`IN-4`): what was not read is a form that is
    /// not known, at any depth. `name` is that of the member which the value is in. True if there is any.
    fn unread_is_unknown(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: At<'_>,
        name: &str,
    ) -> bool {
        let mut found = Vec::new();
        let mut open: Vec<(&Node<'_>, &str)> = vec![(node, name)];
        while let Some((node, name)) = open.pop() {
            if self.taken.contains(&node.span.start) {
                continue;
            }
            if holds_policy(node, name) {
                found.push((record.at(node, at), name.to_string()));
                continue;
            }
            match node.value {
                Value::Object(members) => {
                    open.extend(members.iter().map(|own| (&own.value, own.key.value)));
                }
                Value::Array(elements) => open.extend(elements.iter().map(|own| (own, name))),
                _ => {}
            }
        }
        found.reverse();
        let any = !found.is_empty();
        for (place, name) in found {
            self.unknown_form(place, &name);
        }
        any
    }
}

/// True for a policy document, as an object or as a text, for an attached policy, and for the limit of a user or role,
/// whatever it is called.
fn holds_policy(node: &Node<'_>, name: &str) -> bool {
    // How often a policy is used as a limit is a number.
    let is_something = matches!(node.value, Value::Object(_) | Value::String(_));
    if is_something && name.to_ascii_lowercase().contains("boundary") {
        return true;
    }
    match node.value {
        Value::Object(_) => {
            let statements = node.get("Statement").map(|own| own.value);
            matches!(statements, Some(Value::Object(_) | Value::Array(_)))
                || node.get("PolicyArn").is_some()
        }
        Value::String(text) => text.contains("Statement") && text.contains("Effect"),
        _ => false,
    }
}

/// True for a member of whose name a policy might be the value.
fn is_called_like_policy(member: &Member<'_>) -> bool {
    const ENDINGS: [&str; 5] = [
        "policy",
        "policies",
        "policydocument",
        "policytext",
        "policyinjson",
    ];
    let name = member.key.value.to_ascii_lowercase();
    name == "statement" || ENDINGS.iter().any(|ending| name.ends_with(ending))
}
