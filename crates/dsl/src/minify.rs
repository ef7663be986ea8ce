//! Documents with the same meaning in fewer characters.
//!
//! Every step leaves the decision on every request as it was, whatever the catalogue of actions says:
//! nothing is replaced by a wildcard that could grant more than was written.

use crate::json::minify_json;
use bumpalo::Bump;
use portcullis_model::{Effect, PolicyKind};
use portcullis_source::hash::{Map, Set};
use portcullis_syntax::ast::{
    Condition, Document, Entries, PrincipalEntry, Principals, Span, Statement, Text,
};

/// What may be done to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinifyOptions {
    /// Leaves every `Sid` out. Nothing is decided by it, but explanations and logs name it.
    pub drop_sids: bool,
    /// Leaves entries out that another entry of the list covers: `s3:GetObject` beside `s3:Get*`.
    pub drop_covered: bool,
    /// Makes one statement of several that are alike but for one list.
    pub merge_statements: bool,
}

impl Default for MinifyOptions {
    fn default() -> Self {
        MinifyOptions {
            drop_sids: false,
            drop_covered: true,
            merge_statements: true,
        }
    }
}

/// A document made smaller, and what that saved.
#[derive(Clone, Debug)]
pub struct Minified<'a> {
    /// The smaller document.
    pub document: Document<'a>,
    /// Characters of the document before, as JSON without blanks, counted as its quota counts.
    pub before: usize,
    /// Characters now.
    pub after: usize,
    /// Entries that were left out because they stood there twice, or were covered by others.
    pub dropped_entries: usize,
    /// Statements that were joined with others.
    pub merged_statements: usize,
    /// `Sid`s that were left out.
    pub dropped_sids: usize,
    /// The quota of the document's type, if it has one that does not depend on where it is attached.
    pub quota: Option<Quota>,
}

impl Minified<'_> {
    /// True if the document is within its quota, or has none.
    pub fn fits(&self) -> bool {
        self.quota.is_none_or(|quota| self.after <= quota.limit)
    }
}

/// How large a document may be (`QUO-1` to `QUO-14`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The largest number of characters.
    pub limit: usize,
    /// True if blanks and line breaks count.
    pub counts_blanks: bool,
    /// The rule.
    pub rule: &'static str,
}

/// The quota of a type; resource-based policies have one for each service, and so none here.
pub fn quota(kind: PolicyKind) -> Option<Quota> {
    let (limit, counts_blanks, rule) = match kind {
        PolicyKind::Identity | PolicyKind::Boundary => (6_144, false, "QUO-1"),
        PolicyKind::Trust => (2_048, false, "QUO-3"),
        PolicyKind::Session => (2_048, true, "QUO-4"),
        PolicyKind::Scp => (10_240, true, "QUO-7"),
        PolicyKind::Rcp => (5_120, true, "QUO-8"),
        PolicyKind::VpcEndpoint => (20_480, true, "QUO-13"),
        PolicyKind::Resource => return None,
    };
    Some(Quota {
        limit,
        counts_blanks,
        rule,
    })
}

/// The size of a document as JSON without blanks outside strings, as its quota counts (`QUO-24`).
pub fn size(document: &Document<'_>) -> usize {
    let counts_blanks = quota(document.kind).is_none_or(|quota| quota.counts_blanks);
    let text = minify_json(document);
    // Of each character one byte is its first.
    let is_first = |byte: &u8| byte & 0xc0 != 0x80;
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let bytes = text.bytes().filter(is_first);
    bytes
        .filter(|byte| counts_blanks || !is_blank(byte))
        .count()
}

/// A document that decides every request alike in fewer characters.
///
/// Entries that stand twice are left out, and statements that are alike but for their actions, or
/// but for their resources, become one. Lists keep their order.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_dsl::{MinifyOptions, NoImports, minify, parse, print_dsl};
///
/// let arena = Bump::new();
/// let text = "policy p {
///   allow s3:Get*, s3:GetObject on arn:aws:s3:::a
///   allow s3:Get* on arn:aws:s3:::b
/// }";
/// let parsed = parse(text, &arena, &NoImports);
/// let small = minify(&parsed.documents[0].document, MinifyOptions::default(), &arena);
/// assert_eq!(print_dsl(&small.document, "p"), "\
/// policy p {
///   allow s3:Get* on arn:aws:s3:::a, arn:aws:s3:::b
/// }
/// ");
/// assert!(small.fits() && small.after < small.before);
/// ```
pub fn minify<'a>(
    document: &Document<'a>,
    options: MinifyOptions,
    arena: &'a Bump,
) -> Minified<'a> {
    let smaller = smaller(document, options, arena);
    Minified {
        before: size(document),
        after: size(&smaller.document),
        ..smaller
    }
}

/// How large a document is after [`minify`].
pub fn minified_size<'a>(
    document: &Document<'a>,
    options: MinifyOptions,
    arena: &'a Bump,
) -> usize {
    size(&smaller(document, options, arena).document)
}

/// The smaller document, whose size nobody has counted yet.
fn smaller<'a>(document: &Document<'a>, options: MinifyOptions, arena: &'a Bump) -> Minified<'a> {
    let mut minifier = Minifier {
        options,
        arena,
        dropped_entries: 0,
        dropped_sids: 0,
    };
    let mut statements: Vec<Statement<'a>> = document
        .statements
        .iter()
        .map(|statement| minifier.statement(statement))
        .collect();
    let count = statements.len();
    if options.merge_statements {
        loop {
            let before = statements.len();
            for part in [Part::Nothing, Part::Resource, Part::Action] {
                statements = minifier.merge(statements, part);
            }
            if statements.len() == before {
                break;
            }
        }
    }
    let merged_statements = count - statements.len();
    let smaller = Document {
        statements: arena.alloc_slice_copy(&statements),
        ..*document
    };
    Minified {
        document: smaller,
        before: 0,
        after: 0,
        dropped_entries: minifier.dropped_entries,
        merged_statements,
        dropped_sids: minifier.dropped_sids,
        quota: quota(document.kind),
    }
}

/// The part in which statements may differ and still become one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Action,
    Resource,
}

/// What is equal of statements whose [keys](Minifier::key) are: the name, and how many entries there are of what stays.
type Amount<'a> = (Option<&'a str>, Effect, [usize; 4]);

fn amount<'a>(statement: &Statement<'a>, part: Part) -> Amount<'a> {
    let actions = statement.action.list.len();
    let resources = statement.resource.map_or(0, |own| own.list.len());
    let counts = [
        if part == Part::Action { 0 } else { actions },
        if part == Part::Resource { 0 } else { resources },
        statement.principal.map_or(0, |own| own.list.len()),
        statement.conditions.len(),
    ];
    (statement.sid.map(|sid| sid.value), statement.effect, counts)
}

struct Minifier<'a> {
    options: MinifyOptions,
    arena: &'a Bump,
    dropped_entries: usize,
    dropped_sids: usize,
}

impl<'a> Minifier<'a> {
    fn statement(&mut self, statement: &Statement<'a>) -> Statement<'a> {
        let mut sid = statement.sid;
        if self.options.drop_sids && sid.is_some() {
            self.dropped_sids += 1;
            sid = None;
        }
        let principal = statement.principal.map(|principals| Principals {
            list: self.unique(principals.list, |entry| (entry.kind, entry.value.value)),
            ..principals
        });
        let conditions = statement.conditions.iter().map(|test| Condition {
            values: self.unique(test.values, |text| text.value),
            ..*test
        });
        let conditions: Vec<_> = conditions.collect();
        Statement {
            sid,
            principal,
            action: self.entries(statement.action, true),
            resource: statement
                .resource
                .map(|entries| self.entries(entries, false)),
            conditions: self.arena.alloc_slice_copy(&conditions),
            ..*statement
        }
    }

    /// A list without doubles (`GRAM-10`).
    fn unique<T: Copy, K: Eq + core::hash::Hash>(
        &mut self,
        list: &'a [T],
        key: impl Fn(&'a T) -> K,
    ) -> &'a [T] {
        if list.len() < 2 {
            return list;
        }
        let mut seen = Set::default();
        let kept: Vec<T> = list
            .iter()
            .filter(|item| seen.insert(key(item)))
            .copied()
            .collect();
        if kept.len() == list.len() {
            return list;
        }
        self.dropped_entries += list.len() - kept.len();
        self.arena.alloc_slice_copy(&kept)
    }

    fn entries(&mut self, entries: Entries<'a>, is_action: bool) -> Entries<'a> {
        let mut list = self.unique(entries.list, |text| text.value);
        if self.options.drop_covered {
            let kept = self.uncovered(list, is_action);
            if kept.len() < list.len() {
                self.dropped_entries += list.len() - kept.len();
                list = self.arena.alloc_slice_copy(&kept);
            }
        }
        Entries { list, ..entries }
    }

    /// The entries that no other one covers. Only entries that end in their one wildcard are taken
    /// to cover others, so that the test is a comparison of texts.
    fn uncovered(&self, list: &[Text<'a>], is_action: bool) -> Vec<Text<'a>> {
        // Equal entries are gone already; those of actions may differ in case.
        let covers = |text: &Text<'a>| text.value.ends_with('*');
        if list.len() < 2 || !(is_action || list.iter().any(covers)) {
            return list.to_vec();
        }
        let fold = |text: &str| match is_action {
            // Actions are compared without case (`MATCH-10`).
            true => text.to_ascii_lowercase(),
            false => text.to_owned(),
        };
        let folded: Vec<String> = list.iter().map(|text| fold(text.value)).collect();
        // The text before the star. A prefix without a colon reaches into no name (`MATCH-12`), and
        // short ARNs are completed part by part (`MATCH-23`), so both must go past the last colon
        // that is counted.
        let colons = if is_action { 1 } else { 5 };
        let is_general =
            |start: &str| !start.contains(['*', '?', '$']) && start.matches(':').count() >= colons;
        let starts = folded.iter().filter_map(|text| text.strip_suffix('*'));
        let mut starts: Vec<&str> = starts.filter(|start| is_general(start)).collect();
        starts.sort_unstable();
        // None of those that stay begins with another: so the one that a text begins with is the last one that is not behind it.
        let mut last: Option<&str> = None;
        starts.retain(|start| {
            let is_kept = last.is_none_or(|last| !start.starts_with(last));
            last = if is_kept { Some(start) } else { last };
            is_kept
        });
        let start_of = |text: &str| {
            let behind = starts.partition_point(|start| *start <= text);
            let start = starts.get(behind.checked_sub(1)?)?;
            text.starts_with(start).then_some(*start)
        };
        let all = folded.iter().any(|text| text == "*");
        let mut seen: Set<&str> = Set::default();
        list.iter()
            .zip(&folded)
            .filter(|(_, text)| {
                if !seen.insert(text.as_str()) {
                    return false;
                }
                // An entry with a variable may match nothing, and is then covered all the same; but
                // one that is covered must not be the one that covers.
                let own = text.strip_suffix('*');
                let is_covered = start_of(text).is_some_and(|start| Some(start) != own);
                let by_all = all && text.as_str() != "*";
                !(is_covered || by_all)
            })
            .map(|(text, _)| *text)
            .collect()
    }

    /// Joins statements that are alike but for a part. Lists of the part are joined; the rest, the
    /// effect and the absence of a `Not` element are equal, so that a request matches the joined
    /// statement exactly if it matches one of them.
    fn merge(&mut self, statements: Vec<Statement<'a>>, part: Part) -> Vec<Statement<'a>> {
        // Most statements differ in what costs little to compare.
        let mut alike: Map<Amount<'a>, usize> = Map::default();
        for statement in &statements {
            *alike.entry(amount(statement, part)).or_default() += 1;
        }
        let is_single = |own: &Statement<'a>| alike.get(&amount(own, part)) == Some(&1);
        let mut places: Map<String, usize> = Map::default();
        let mut out: Vec<Statement<'a>> = Vec::with_capacity(statements.len());
        for statement in statements {
            let key = match is_single(&statement) {
                true => None,
                false => self.key(&statement, part),
            };
            let Some(key) = key else {
                out.push(statement);
                continue;
            };
            let next = out.len();
            let place = *places.entry(key).or_insert(next);
            let Some(first) = out.get_mut(place) else {
                out.push(statement);
                continue;
            };
            match part {
                Part::Nothing => {}
                Part::Action => {
                    let list = [first.action.list, statement.action.list].concat();
                    let action = Entries {
                        list: self.arena.alloc_slice_copy(&list),
                        ..first.action
                    };
                    first.action = self.entries(action, true);
                }
                Part::Resource => {
                    if let (Some(a), Some(b)) = (first.resource, statement.resource) {
                        let list = [a.list, b.list].concat();
                        let resource = Entries {
                            list: self.arena.alloc_slice_copy(&list),
                            ..a
                        };
                        first.resource = Some(self.entries(resource, false));
                    }
                }
            }
            // Two names cannot be kept; the first one stays.
            first.sid = first.sid.or(statement.sid);
            first.span = Span {
                start: first.span.start.min(statement.span.start),
                end: first.span.end.max(statement.span.end),
            };
        }
        out
    }

    /// What must be equal for two statements to become one; nothing if this one cannot.
    fn key(&self, statement: &Statement<'a>, part: Part) -> Option<String> {
        // A statement with a name of its own stays on its own.
        if statement.sid.is_some() && part != Part::Nothing {
            return None;
        }
        let is_open = match part {
            Part::Nothing => false,
            Part::Action => statement.action.negated || statement.action.list.is_empty(),
            Part::Resource => statement
                .resource
                .is_none_or(|entries| entries.negated || entries.list.is_empty()),
        };
        if is_open {
            return None;
        }
        let sorted = |list: &[Text<'_>]| {
            let mut texts: Vec<&str> = list.iter().map(|text| text.value).collect();
            texts.sort_unstable();
            format!("{texts:?}")
        };
        let mut key = format!("{:?}", statement.sid.map(|sid| sid.value));
        key.push_str(statement.effect.as_str());
        if let Some(principals) = statement.principal {
            let mut list: Vec<_> = principals
                .list
                .iter()
                .map(|entry: &PrincipalEntry<'_>| (entry.kind, entry.value.value))
                .collect();
            list.sort_unstable();
            key.push_str(&format!("{}{list:?}", principals.negated));
        }
        if part != Part::Action {
            key.push_str(&format!(
                "A{}{}",
                statement.action.negated,
                sorted(statement.action.list)
            ));
        }
        if let (true, Some(resource)) = (part != Part::Resource, statement.resource) {
            key.push_str(&format!("R{}{}", resource.negated, sorted(resource.list)));
        }
        let mut tests: Vec<String> = statement
            .conditions
            .iter()
            .map(|test| {
                let (operator, name) = (test.operator, test.key.value.to_lowercase());
                format!("{operator} {name:?} {}", sorted(test.values))
            })
            .collect();
        tests.sort_unstable();
        key.push_str(&tests.concat());
        Some(key)
    }
}
