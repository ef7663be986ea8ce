//! From bytes to tables. Whatever a number refers to is there when this is done.

use core::cmp::Ordering;
use std::borrow::Cow;

use portcullis_source::words::compare_lower;

use super::{FORMAT, MAGIC, MAX_CONTENT, MAX_HEADER, PackError, checksum};
use crate::columns::{Column, Columns, Counts, FirstNames, GLOBAL, MULTIVALUED, NOT_SEEN, Rows};
use crate::tables::{Date, KeyType, Level, Source, Tables};

type Result<T> = core::result::Result<T, PackError>;

/// The tables of a pack in the program, which stays where it is.
pub(crate) fn read_static(pack: &'static [u8]) -> Result<Tables> {
    let (mut tables, text, bytes) = parts(pack)?;
    (tables.text, tables.bytes) = (Cow::Borrowed(text), Cow::Borrowed(bytes));
    Ok(tables)
}

/// The tables of another pack, which is copied once.
pub(crate) fn read(pack: &[u8]) -> Result<Tables> {
    let (mut tables, text, bytes) = parts(pack)?;
    tables.text = Cow::Owned(text.to_owned());
    tables.bytes = Cow::Owned(bytes.to_owned());
    Ok(tables)
}

/// The tables, and the text and the bytes that they refer to, all of it checked.
fn parts(pack: &[u8]) -> Result<(Tables, &str, &[u8])> {
    let rest = pack
        .strip_prefix(MAGIC.as_slice())
        .ok_or(PackError::NoPack)?;
    let (sum, rest) = rest.split_first_chunk().ok_or(PackError::Damaged)?;
    if checksum(rest) != u64::from_le_bytes(*sum) {
        return Err(PackError::Damaged);
    }
    let (format, rest) = fixed(rest)?;
    if format != FORMAT {
        return Err(PackError::Format(format));
    }
    let (header, rest) = fixed(rest)?;
    let (length, rest) = fixed(rest)?;
    let (header, length) = (header as usize, length as usize);
    if header > MAX_HEADER || length > MAX_CONTENT {
        return Err(PackError::TooLarge);
    }
    let (header, content) = rest.split_at_checked(header).ok_or(PackError::Damaged)?;
    if content.len() != length {
        return Err(PackError::Damaged);
    }
    let sources = sources(header)?;
    let is_last = |own: &Source| sources.iter().rfind(|one| one.name == own.name) == Some(own);
    const COUNTS: PackError = PackError::Content("the counts");
    let (counts, rest) = Counts::read(content).ok_or(COUNTS)?;
    let first = FirstNames::of(&counts).ok_or(COUNTS)?;
    let (columns, size) = Columns::of(&counts);
    let (text, bytes) = rest.split_at_checked(counts.text as usize).ok_or(COUNTS)?;
    if bytes.len() as u64 != size || first.texts > counts.names {
        return Err(COUNTS);
    }
    let text = core::str::from_utf8(text).map_err(|_| PackError::Content("the text"))?;
    let check = Check {
        sources: sources.len() as u32,
        counts: &counts,
        first,
        columns: &columns,
        text,
        bytes,
    };
    check.all()?;
    let key_patterns = check.key_patterns();
    let tables = Tables {
        is_newest: sources.iter().map(is_last).collect(),
        sources,
        text: Cow::Borrowed(""),
        bytes: Cow::Borrowed(&[]),
        counts,
        first,
        columns,
        key_patterns,
    };
    Ok((tables, text, bytes))
}

fn fixed(bytes: &[u8]) -> Result<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk().ok_or(PackError::Damaged)?;
    Ok((u32::from_le_bytes(*number), rest))
}

fn sources(header: &[u8]) -> Result<Vec<Source>> {
    const WRONG: PackError = PackError::Content("a source");
    let text = core::str::from_utf8(header).map_err(|_| WRONG)?;
    let source = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        let mut next = || fields.next().ok_or(WRONG);
        Ok(Source {
            is_reference: match next()?.as_str() {
                "reference" => true,
                "operations" => false,
                _ => return Err(WRONG),
            },
            name: next()?,
            version: next()?,
            date: Date::parse(&next()?).ok_or(WRONG)?,
            license: next()?,
        })
    };
    let sources: Vec<Source> = text.lines().map(source).collect::<Result<_>>()?;
    match sources.len() <= usize::from(u8::MAX) {
        true => Ok(sources),
        false => Err(WRONG),
    }
}

/// A pack whose numbers are being checked.
struct Check<'p> {
    sources: u32,
    counts: &'p Counts,
    first: FirstNames,
    columns: &'p Columns,
    text: &'p str,
    bytes: &'p [u8],
}

impl<'p> Check<'p> {
    fn all(&self) -> Result<()> {
        let (columns, counts) = (self.columns, self.counts);
        self.ends(columns.name_ends, counts.text, "where a name ends")?;
        self.ends(columns.key_set_ends, counts.key_items, "a set of keys")?;
        self.ends(
            columns.service_type_ends,
            counts.types,
            "types of a service",
        )?;
        self.ends(
            columns.service_action_ends,
            counts.actions,
            "actions of a service",
        )?;
        self.ends(
            columns.type_format_ends,
            counts.formats,
            "formats of a type",
        )?;
        self.ends(
            columns.action_resource_ends,
            counts.resources,
            "types of an action",
        )?;
        self.ends(
            columns.action_dependent_ends,
            counts.dependents,
            "dependents of an action",
        )?;
        self.ends(
            columns.client_operation_ends,
            counts.operations,
            "operations of a client",
        )?;
        self.ends(
            columns.operation_permission_ends,
            counts.permissions,
            "permissions of an operation",
        )?;
        self.names()?;
        self.keys()?;
        self.services()?;
        self.clients()
    }

    /// Every row of a column is so.
    fn each<const WIDTH: usize>(
        &self,
        column: Column<WIDTH>,
        what: &'static str,
        mut is_so: impl FnMut(u32) -> bool,
    ) -> Result<()> {
        // Without an early end, so that many are looked at together.
        let all = column
            .all(self.bytes)
            .fold(true, |all, cell| all & is_so(cell));
        all.then_some(()).ok_or(PackError::Content(what))
    }

    /// The rows of another table that belong to each follow one another, and are all there are.
    fn ends(&self, ends: Column<4>, total: u32, what: &'static str) -> Result<()> {
        let mut last = 0;
        self.each(ends, what, |end| core::mem::replace(&mut last, end) <= end)?;
        match last == total {
            true => Ok(()),
            false => Err(PackError::Content(what)),
        }
    }

    fn sources<const WIDTH: usize>(&self, column: Column<WIDTH>) -> Result<()> {
        self.each(column, "which source", |source| source < self.sources)
    }

    fn texts(&self, column: Column<4>) -> Result<()> {
        self.each(column, "which text", |name| name < self.counts.names)
    }

    fn key_sets(&self, column: Column<2>) -> Result<()> {
        self.each(column, "which set of keys", |set| {
            set < self.counts.key_sets
        })
    }

    fn flags(&self, column: Column<1>) -> Result<()> {
        self.each(column, "a flag", |flag| flag <= 1)
    }

    /// Every text has a prefix.
    fn actions(&self, column: Column<4>) -> Result<()> {
        self.texts(column)?;
        self.each(column, "an action without a prefix", |name| {
            self.name(name).contains(&b':')
        })
    }

    fn name(&self, name: u32) -> &'p [u8] {
        let range = self.columns.name_ends.range(self.bytes, name);
        let name = self
            .text
            .as_bytes()
            .get(range.start as usize..range.end as usize);
        name.unwrap_or_default()
    }

    /// Names are whole characters; those that are looked up are of ASCII, and in order wherever they are.
    fn names(&self) -> Result<()> {
        const WRONG: PackError = PackError::Content("a name");
        let (columns, first) = (self.columns, &self.first);
        self.each(columns.name_ends, "a name", |end| {
            self.text.is_char_boundary(end as usize)
        })?;
        let looked_up = columns.name_ends.range(self.bytes, first.texts).start;
        let looked_up = self.text.get(..looked_up as usize).ok_or(WRONG)?;
        if !looked_up.is_ascii() {
            return Err(WRONG);
        }
        let groups = |ends: Column<4>, first: u32| ends.all(self.bytes).map(move |end| first + end);
        let types = groups(columns.service_type_ends, first.types);
        let actions = groups(columns.service_action_ends, first.actions);
        let mut names = 0;
        for end in [first.services, first.types]
            .into_iter()
            .chain(types)
            .chain(actions)
            .chain([first.own])
        {
            self.ascending(names..end, |name| name)?;
            names = end;
        }
        Ok(())
    }

    /// The names of some rows follow one another as they are looked up, and none is empty.
    fn ascending(&self, rows: Rows, name: impl Fn(u32) -> u32) -> Result<()> {
        let mut before: &[u8] = b"";
        for row in rows {
            let own = self.name(name(row));
            if compare_lower(before, own) != Ordering::Less {
                return Err(PackError::Content("the order of names"));
            }
            before = own;
        }
        Ok(())
    }

    fn keys(&self) -> Result<()> {
        let columns = self.columns;
        self.each(columns.key_traits, "the type of a key", |traits| {
            let kind = traits & !(MULTIVALUED | GLOBAL);
            (kind as usize) < KeyType::ALL.len()
        })?;
        self.sources(columns.key_seen)?;
        self.each(columns.key_items, "which key", |key| key < self.counts.keys)?;
        for set in 0..self.counts.key_sets {
            let range = columns.key_set_ends.range(self.bytes, set);
            if !columns
                .key_items
                .some(self.bytes, range)
                .is_sorted_by(|a, b| a < b)
            {
                return Err(PackError::Content("the order of keys"));
            }
        }
        Ok(())
    }

    fn services(&self) -> Result<()> {
        let (columns, counts) = (self.columns, self.counts);
        self.texts(columns.service_titles)?;
        self.each(columns.service_seen, "which source", |source| {
            source < self.sources || source == NOT_SEEN
        })?;
        self.flags(columns.service_has_rcp)?;
        self.texts(columns.formats)?;
        self.key_sets(columns.type_keys)?;
        self.sources(columns.type_seen)?;
        self.each(columns.action_levels, "the level of an action", |level| {
            (level as usize) < Level::ALL.len()
        })?;
        self.sources(columns.action_seen)?;
        self.key_sets(columns.action_keys)?;
        self.key_sets(columns.resource_keys)?;
        self.actions(columns.dependents)?;
        for service in 0..counts.services {
            let types = columns.service_type_ends.range(self.bytes, service);
            let actions = columns.service_action_ends.range(self.bytes, service);
            // Behind those of the action before, up to those of the last one.
            let start = columns
                .action_resource_ends
                .range(self.bytes, actions.start)
                .start;
            let end = columns
                .action_resource_ends
                .range(self.bytes, actions.end)
                .start;
            let mut resources = columns.resources.some(self.bytes, start..end);
            if !resources.all(|resource| types.contains(&(resource >> 1))) {
                return Err(PackError::Content("which resource type"));
            }
        }
        Ok(())
    }

    fn clients(&self) -> Result<()> {
        let (columns, counts) = (self.columns, self.counts);
        self.texts(columns.aliases)?;
        self.texts(columns.alias_prefixes)?;
        self.texts(columns.client_prefixes)?;
        self.each(columns.operations, "the name of an operation", |name| {
            name < self.first.texts
        })?;
        for client in 0..counts.clients {
            let operations = columns.client_operation_ends.range(self.bytes, client);
            self.ascending(operations, |row| columns.operations.get(self.bytes, row))?;
        }
        self.sources(columns.operation_sources)?;
        self.flags(columns.operation_has_own_name)?;
        self.actions(columns.permissions)?;
        let texts = u64::from(counts.names);
        self.each(columns.permission_needs, "which text", |need| {
            u64::from(need) < texts + 2
        })?;
        self.each(columns.permission_resources, "which text", |text| {
            u64::from(text) < texts + 1
        })?;
        self.flags(columns.permission_is_undocumented)
    }

    /// The keys whose names have a variable.
    fn key_patterns(&self) -> Vec<u32> {
        let has_variable = |key: &u32| self.name(*key).windows(2).any(|pair| pair == b"${");
        (0..self.counts.keys).filter(has_variable).collect()
    }
}
