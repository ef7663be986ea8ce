//! Large account dumps, element by element: memory holds a few users or roles at a time.
//!
//! Only what is flawless as JSON is read so. Anything else, and whatever is wrong beside the lists,
//! has locations that only the whole record gives: what was read is rolled back, and the record is
//! read again in one piece. Being wrong is rare and then slow, which is the right way around.
//!
//! Reading all records so was rejected: only the lists of an account dump are long, and other forms
//! are recognized by members that may come last.

use std::io::{self, BufRead};

use portcullis_source::json::{self, Node};
use portcullis_source::{Pieces, Source, Start};
use portcullis_syntax::policy::is_plain;

use crate::ahead::Ahead;
use crate::load::loader::{Loader, Record};
use crate::load::path::JsonPath;
use crate::load::problem::LoadError;
use crate::load::raw::SourceLoc;
use crate::load::read::account::LISTS;
use crate::load::read::elements::{Element, Next, elements};
use crate::load::read::open_file::OpenFile;

/// How far everything was that a record adds to, but for what does not matter if it is added twice.
struct Checkpoint {
    /// All of them: problems that are kept are few.
    errors: LoadError,
    /// Of principals, groups, missing references, warnings and notes, in this order.
    lengths: [usize; 5],
}

impl Loader {
    /// Reads a dump in pieces. False if it has to be read as a whole; then the records are as they
    /// were.
    pub(super) fn pieces<R: BufRead + Send>(
        &mut self,
        pieces: &mut Pieces<'_, R>,
        reading: &mut OpenFile<'_>,
    ) -> io::Result<bool> {
        let checkpoint = self.checkpoint();
        let start = pieces.start();
        let loc = reading.loc(start);
        let mut ahead = Ahead::new();
        loop {
            let take = |element: &Element<'_>| self.element(reading.name, loc, element);
            match elements(pieces, &mut ahead, take)? {
                Next::Elements => continue,
                Next::Rest => {
                    let kind = self.rest(reading, loc, pieces.rest(), start);
                    reading.arena.reset();
                    if let Some(kind) = kind {
                        *reading.counts.entry(kind).or_default() += 1;
                        return Ok(true);
                    }
                }
                Next::Odd => {}
            }
            self.roll_back(checkpoint);
            return Ok(false);
        }
    }

    /// Reads an element of a list. Whatever in it no reader took is reported right away, since the
    /// next element has other nodes at the same offsets.
    fn element(&mut self, file: &str, loc: SourceLoc, element: &Element<'_>) {
        let Element {
            list,
            index,
            start,
            text,
            is_plain,
            node,
            sound,
        } = element;
        let record = Record {
            source: &Source::at(file, text, *start),
            file,
            loc,
            is_plain: *is_plain,
            sound,
        };
        let root = JsonPath::root();
        let inside = root.member(list);
        let at = inside.index(*index);
        self.consumed.clear();
        self.detail(&record, node, at, (list, *index));
        self.report_unread_policies(&record, node, at, list);
    }

    /// Reads the record without its elements, and returns its form. None if anything is wrong,
    /// which is then found again, with its right location, in the whole record.
    fn rest(
        &mut self,
        reading: &OpenFile<'_>,
        loc: SourceLoc,
        text: &[u8],
        start: Start,
    ) -> Option<&'static str> {
        let source = Source::decode(reading.name, text, start).ok()?;
        let node = json::parse(source.text(), &reading.arena).ok()?;
        // A list whose name is written with escapes was not recognized by the splitter, which
        // compares bytes.
        let is_empty = |list| {
            let elements = node.get(list).and_then(Node::as_array);
            elements.is_none_or(<[Node<'_>]>::is_empty)
        };
        if !LISTS.into_iter().all(is_empty) {
            return None;
        }
        let record = Record {
            source: &source,
            file: reading.name,
            loc,
            is_plain: is_plain(source.text()),
            sound: &[],
        };
        let errors = self.errors.count;
        let kind = self.value(&record, &node, JsonPath::root());
        (self.errors.count == errors).then_some(kind)
    }

    /// Where to roll back to.
    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            errors: self.errors.clone(),
            lengths: [
                self.raw.principals.len(),
                self.raw.groups.len(),
                self.report.missing.len(),
                self.report.warnings.len(),
                self.report.notes.len(),
            ],
        }
    }

    /// Removes the records and reports since a checkpoint. Managed policies, documents, strings and
    /// numbers of accounts stay: the record is read again and has the same.
    fn roll_back(&mut self, checkpoint: Checkpoint) {
        let [principals, groups, missing, warnings, notes] = checkpoint.lengths;
        self.errors = checkpoint.errors;
        self.raw.principals.truncate(principals);
        self.raw.groups.truncate(groups);
        self.report.missing.truncate(missing);
        self.report.warnings.truncate(warnings);
        self.report.notes.truncate(notes);
        self.seen.clear();
    }
}
