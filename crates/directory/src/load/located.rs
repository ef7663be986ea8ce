//! Leads the positions in an explanation back from policy documents to the files that they were
//! read from (`IN-2`).
//!
//! A document may be a string in JSON, or URL-encoded, so that its lines are not those of the file.
//! What decides keeps no positions in files: the few that an explanation shows are found again by
//! reading the records that hold them, which takes time linear in these files. Keeping a map of
//! positions for each document was rejected, because it would be as large as the documents and is
//! asked for a few statements.
//!
//! A file that has changed since is noticed, because the document in it is not the one that was
//! compiled; its policies then keep the reference by which they are called.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use bumpalo::Bump;
use portcullis_explain::{Changes, Need, Scene, between, byte_at};
use portcullis_source::json::{self, Node};
use portcullis_source::{Records, Source, Start};
use portcullis_syntax::forms::undress_placed;
use portcullis_vm::{Explanation, StatementReport};

use crate::load::read::files::{self, Content, FoundFile};
use crate::store::documents::Documents;

/// Line and column, counted from 1, columns in code points (`IN-2`).
type LineColumn = (u32, u32);

/// Positions in a document, and what each is in the file: line, column, and byte.
type PositionMap = HashMap<LineColumn, (u32, u32, u64)>;

/// The positions that are wanted of one document.
struct WantedDocument {
    /// How the document is called, `file:line#/path`.
    reference: String,
    /// The JSON pointer in the record.
    path: String,
    /// In the document by itself.
    positions: Vec<LineColumn>,
}

/// Takes a reference `file:line#/path` apart; the line is that of a record that is not the file's
/// first. None if it is not a reference, as that of a policy which is built in.
fn parse_reference(reference: &str) -> Option<(&str, usize, &str)> {
    let at = reference
        .find("#/")
        .or_else(|| reference.ends_with('#').then(|| reference.len() - 1))?;
    let (file, path) = (reference.get(..at)?, reference.get(at + 1..)?);
    let numbered = file.rsplit_once(':');
    let numbered = numbered.and_then(|(file, line)| Some((file, line.parse().ok()?)));
    let (file, line) = numbered.unwrap_or((file, 1));
    Some((file, line, path))
}

/// The node that a path of names and numbers leads to. Names in a reference are not escaped, so
/// that a name may hold slashes: the longest that is a member is taken.
fn follow<'n, 'a>(root: &'n Node<'a>, path: &str) -> Option<&'n Node<'a>> {
    let mut node = root;
    let mut rest = path.strip_prefix('/');
    while let Some(open) = rest {
        if let Some(elements) = node.as_array() {
            let (index, more) = open
                .split_once('/')
                .map_or((open, None), |(own, more)| (own, Some(more)));
            node = elements.get(index.parse::<usize>().ok()?)?;
            rest = more;
            continue;
        }
        // Names of members may hold slashes: the longest that fits.
        let ends = open
            .char_indices()
            .filter(|(_, c)| *c == '/')
            .map(|(at, _)| at);
        let ends: Vec<usize> = ends.chain([open.len()]).collect();
        let found = ends
            .iter()
            .rev()
            .find_map(|end| Some((end, node.get(open.get(..*end)?)?)));
        let (end, member) = found?;
        node = member;
        rest = open.get(end + 1..);
    }
    Some(node)
}

/// Where documents are found by the references that explanations call them by.
pub(crate) struct Locator<'d> {
    /// Every policy with its reference and text.
    pub(crate) documents: &'d Documents,
}

impl Locator<'_> {
    /// Leads the positions in an explanation of this directory's decision, and in what would have
    /// to change, back to the files of the folder that it was read from: their names begin with the
    /// folder's then, and line and column are those of the file. What cannot be found there as it
    /// was keeps its name and its position in the document.
    pub(crate) fn locate(
        &self,
        folder: &Path,
        explanation: &mut Explanation,
        scene: &mut Scene,
        changes: &mut Changes,
    ) {
        // All positions first, so that each file is read once however many statements of it are
        // shown.
        let mut wanted: BTreeMap<String, Vec<LineColumn>> = BTreeMap::new();
        for report in reports(explanation, changes) {
            let positions = wanted.entry(report.file.clone()).or_default();
            positions.extend([report.start, report.end]);
        }
        for applied in scene
            .layers
            .iter()
            .flat_map(|layer| layer.policies.iter().flatten())
        {
            wanted
                .entry(applied.place.clone())
                .or_default()
                .push((1, 1));
        }
        let found = self.find_positions(folder, wanted);
        let named = |reference: &str| {
            let (file, _, path) = parse_reference(reference)?;
            let file = files::path_of(folder, file).display().to_string();
            Some((file, path.to_string()))
        };
        for report in reports(explanation, changes) {
            // The excerpt is cut from the document, whose text it is whether or not its file is
            // still there.
            let text = self.documents.text_at(&report.file);
            let own = text.and_then(|text| between(text, report.start, report.end));
            report.text = own.map(str::to_string);
            let Some(positions) = found.get(&report.file) else {
                continue;
            };
            let ends = positions.get(&report.start).zip(positions.get(&report.end));
            let Some(((start, end), (file, path))) = ends.zip(named(&report.file)) else {
                continue;
            };
            report.start = (start.0, start.1);
            report.end = (end.0, end.1);
            report.offset = Some(start.2);
            report.file = file;
            report.path = path;
        }
        let layers = scene.layers.iter_mut();
        for applied in layers.flat_map(|layer| layer.policies.iter_mut().flatten()) {
            let positions = found.get(&applied.place);
            let start = positions.and_then(|positions| positions.get(&(1, 1)));
            if let Some(((line, column, _), (file, path))) = start.zip(named(&applied.place)) {
                applied.place = format!("{file}:{line}:{column}");
                applied.path = path;
            }
        }
    }

    /// Reads the files that hold the documents, each once and up to the last record that is wanted.
    fn find_positions(
        &self,
        folder: &Path,
        wanted: BTreeMap<String, Vec<LineColumn>>,
    ) -> HashMap<String, PositionMap> {
        let mut by_file: BTreeMap<String, BTreeMap<usize, Vec<WantedDocument>>> = BTreeMap::new();
        for (reference, positions) in wanted {
            let Some((file, line, path)) = parse_reference(&reference) else {
                continue;
            };
            let records = by_file.entry(file.to_string()).or_default();
            let path = path.to_string();
            records.entry(line).or_default().push(WantedDocument {
                reference,
                path,
                positions,
            });
        }
        let mut found = HashMap::new();
        for (name, records) in by_file {
            let path = files::path_of(folder, &name);
            let Ok(Content::Json(mut input)) = files::open(&FoundFile { path, name }) else {
                continue;
            };
            let mut stream = Records::new(&mut input);
            let mut bytes = Vec::new();
            let mut open = records.len();
            // Records are found by their first line. Behind the last that is wanted nothing is
            // read.
            while open > 0 {
                let Ok(Some(start)) = stream.next_into(&mut bytes) else {
                    break;
                };
                if let Some(all) = records.get(&start.line) {
                    open -= 1;
                    self.find_in_record(&bytes, start, all, &mut found);
                }
            }
        }
        found
    }

    /// Finds the positions of all documents that are wanted of one record. A document that is not
    /// the text that was loaded is left out: its file has changed, and a position in it would point
    /// at something else.
    fn find_in_record(
        &self,
        bytes: &[u8],
        start: Start,
        wanted: &[WantedDocument],
        found: &mut HashMap<String, PositionMap>,
    ) {
        let arena = Bump::new();
        let Ok(source) = Source::decode("", bytes, start) else {
            return;
        };
        let Ok(root) = json::parse(source.text(), &arena) else {
            return;
        };
        for own in wanted {
            let node = follow(&root, &own.path);
            let inner = node.and_then(|node| undress_placed(node, source.text(), &arena).ok());
            let text = self.documents.text_at(&own.reference);
            let Some((inner, text)) = inner.zip(text) else {
                continue;
            };
            // The file has changed since it was loaded: a position in it would point at something
            // that did not decide.
            if inner.text() != text {
                continue;
            }
            let positions = own.positions.iter().filter_map(|position| {
                // Through the escapes of JSON strings and URL-encoding, back to the file (`IN-2`).
                let offset = inner.outer(u32::try_from(byte_at(text, *position)?).ok()?);
                let (line, column) = source.position(offset);
                let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
                Some((
                    *position,
                    (
                        number(line),
                        number(column),
                        start.offset + u64::from(offset),
                    ),
                ))
            });
            found
                .entry(own.reference.clone())
                .or_default()
                .extend(positions);
        }
    }
}

/// All statements that an explanation shows, wherever it does.
fn reports<'r>(
    explanation: &'r mut Explanation,
    changes: &'r mut Changes,
) -> impl Iterator<Item = &'r mut StatementReport> {
    let layers = explanation.layers.iter_mut();
    let told = layers.flat_map(|layer| layer.statements.iter_mut());
    let needs = changes.needs.iter_mut().filter_map(|(_, need)| match need {
        Need::NoDeny(statements) => Some(statements),
        _ => None,
    });
    told.chain(needs.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_apart() {
        assert_eq!(parse_reference("a.json#/b/0"), Some(("a.json", 1, "/b/0")));
        assert_eq!(
            parse_reference("d/a.jsonl:12#/policy"),
            Some(("d/a.jsonl", 12, "/policy"))
        );
        assert_eq!(parse_reference("a.json#"), Some(("a.json", 1, "")));
        assert_eq!(parse_reference("a.json"), None);
    }
}
