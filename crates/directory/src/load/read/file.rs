//! One file: opened, split into records, and each parsed.
//!
//! A record is a JSON value with its lines (`IN-8`), and one broken record does not spoil the next.
//! Records are parsed one at a time into the same arena. A large account dump is one record of a
//! hundred megabytes, whose tree would be several times that, so that it is read element by element
//! ([`super::pieces`]).

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use bumpalo::Bump;
use portcullis_source::json::{self, Value};
use portcullis_source::{Records, Source, Start};
use portcullis_syntax::policy::is_plain;

use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::path::{JsonPath, Location};
use crate::load::problem::Skipped;
use crate::load::raw::SourceLoc;
use crate::load::read::account::{DISTINCTIVE, LISTS};

use crate::load::read::files;
use crate::load::read::open_file::OpenFile;

/// An account dump of more bytes is read element by element. Below, reading it twice if something
/// is odd would cost more than the memory that it saves.
const LARGE: usize = 1 << 20;

impl Loader {
    /// Reads one file to the end, whatever is wrong with it.
    pub(super) fn file(&mut self, file: &files::FoundFile) {
        let name = file.name.as_str();
        let Some(mut input) = self.opened(file) else {
            return;
        };
        let mut reading = OpenFile {
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
            // Something in it was odd, and its location is known only from the whole record. Packed
            // input cannot be rewound, so that the file is opened again and what was read already
            // is passed over.
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

    /// Opens a file that may be JSON. One that is not is reported: as an error if it may hold
    /// policies of a form that is not read (choice R26), otherwise as skipped.
    fn opened(&mut self, file: &files::FoundFile) -> Option<Box<dyn BufRead + Send>> {
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

    /// Reads the records of a file that were not read yet. False if one of them has to be read as a
    /// whole.
    fn records(
        &mut self,
        records: &mut Records<&mut Box<dyn BufRead + Send>>,
        reading: &mut OpenFile<'_>,
        is_in_pieces: bool,
    ) -> io::Result<bool> {
        // The first `records` were read already, if this is the second time.
        for _ in 0..reading.records {
            records.next_into(&mut reading.bytes)?;
        }
        loop {
            if is_in_pieces {
                if let Some(mut pieces) = records.pieces((&LISTS, DISTINCTIVE), LARGE)? {
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
            let loc = reading.loc(start);
            let OpenFile {
                name,
                bytes,
                arena,
                counts,
                ..
            } = reading;
            // Buffer and arena are parts of `reading` that the next record uses again.
            self.text(name, bytes, start, loc, arena, counts);
            arena.reset();
            reading.records += 1;
        }
    }

    /// Parses one record and reads the values in it: a list at the top is as many values, as `jq
    /// -s` writes it.
    fn text(
        &mut self,
        file: &str,
        bytes: &[u8],
        start: Start,
        loc: SourceLoc,
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
            loc,
            is_plain: is_plain(source.text()),
            sound: &[],
        };
        let root = JsonPath::root();
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
}
