//! From bytes to tables. Whatever a number refers to is there when this is done.

use core::cmp::Ordering;
use std::borrow::Cow;

use super::{FORMAT, MAGIC, MAX_CONTENT, MAX_HEADER, PackError, checksum};
use crate::tables::{
    ActionRow, ClientRow, Date, KeyRow, KeyType, Level, Need, OperationRow, PermissionRow,
    ResourceRow, Rows, ServiceRow, Source, Tables, Text, TypeRow,
};

type Result<T> = core::result::Result<T, PackError>;

pub(crate) fn read(bytes: Cow<'static, [u8]>) -> Result<Tables> {
    let (mut tables, text) = match &bytes {
        Cow::Borrowed(bytes) => {
            let (tables, text) = parts(bytes)?;
            (tables, Cow::Borrowed(text))
        }
        Cow::Owned(bytes) => {
            let (tables, text) = parts(bytes)?;
            (tables, Cow::Owned(text.to_owned()))
        }
    };
    tables.text = text;
    Ok(tables)
}

/// The tables, and the text that they refer to.
fn parts(bytes: &[u8]) -> Result<(Tables, &str)> {
    let rest = bytes
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
    let sources = sources(header)?;
    let is_last = |own: &Source| sources.iter().rfind(|one| one.name == own.name) == Some(own);
    let mut tables = Tables {
        is_newest: sources.iter().map(is_last).collect(),
        sources,
        ..Tables::default()
    };
    if content.len() != length {
        return Err(PackError::Damaged);
    }
    let mut reader = Reader {
        rest: content,
        tables: &mut tables,
        pool: Vec::new(),
        text: "",
        at: 0,
    };
    reader.all()?;
    let text = reader.text;
    Ok((tables, text))
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

/// Without regard to case.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    for (a, b) in a.iter().zip(b) {
        // Mostly they are the same as they are.
        if a != b {
            let order = a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase());
            if order != Ordering::Equal {
                return order;
            }
        }
    }
    a.len().cmp(&b.len())
}

struct Reader<'b, 't> {
    rest: &'b [u8],
    tables: &'t mut Tables,
    /// Texts that more than one row has.
    pool: Vec<Text>,
    /// All names, one behind the other.
    text: &'b str,
    /// Where the next one begins.
    at: usize,
}

impl<'b> Reader<'b, '_> {
    fn all(&mut self) -> Result<()> {
        let length = self.count()? as usize;
        let (text, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        let text = core::str::from_utf8(text).map_err(|_| PackError::Content("the text"))?;
        (self.text, self.rest) = (text, rest);
        self.texts()?;
        self.keys()?;
        self.key_sets()?;
        self.services()?;
        self.clients()?;
        match self.rest.is_empty() && self.at == self.text.len() {
            true => Ok(()),
            false => Err(PackError::Content("more than there should be")),
        }
    }

    fn byte(&mut self) -> Result<u8> {
        let (byte, rest) = self
            .rest
            .split_first()
            .ok_or(PackError::Content("an end before the end"))?;
        self.rest = rest;
        Ok(*byte)
    }

    fn number(&mut self) -> Result<u32> {
        // Nearly all are small.
        if let [byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u32::from(*byte));
        }
        let mut number = 0;
        for shift in (0..28).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(PackError::Content("a number"))
    }

    /// How many of something follow, each of which has at least a byte.
    fn count(&mut self) -> Result<u32> {
        let count = self.number()?;
        match count as usize <= self.rest.len() {
            true => Ok(count),
            false => Err(PackError::Content("a count")),
        }
    }

    /// A number that is less than a length.
    fn below(&mut self, length: usize, what: &'static str) -> Result<u32> {
        let number = self.number()?;
        match (number as usize) < length {
            true => Ok(number),
            false => Err(PackError::Content(what)),
        }
    }

    fn source(&mut self) -> Result<u8> {
        let index = self.byte()?;
        match usize::from(index) < self.tables.sources.len() {
            true => Ok(index),
            false => Err(PackError::Content("which source")),
        }
    }

    fn pool_text(&self, index: usize) -> Result<Text> {
        let text = self.pool.get(index);
        text.copied().ok_or(PackError::Content("which text"))
    }

    fn pooled(&mut self) -> Result<Text> {
        let index = self.number()? as usize;
        self.pool_text(index)
    }

    /// A text or none.
    fn perhaps_pooled(&mut self) -> Result<Option<Text>> {
        match self.number()?.checked_sub(1) {
            None => Ok(None),
            Some(index) => self.pool_text(index as usize).map(Some),
        }
    }

    fn bytes(&self, text: Text) -> &'b [u8] {
        let range = text.start as usize..text.end as usize;
        self.text.as_bytes().get(range).unwrap_or_default()
    }

    /// The next name.
    fn name(&mut self) -> Result<(Text, &'b str)> {
        let length = self.number()? as usize;
        let start = self.at;
        let text = self.text.get(start..start + length);
        let text = text.ok_or(PackError::Content("a name"))?;
        self.at = start + length;
        let place = Text {
            start: start as u32,
            end: self.at as u32,
        };
        Ok((place, text))
    }

    /// Names that are looked up: of ASCII, and in order.
    fn names(&mut self, count: u32) -> Result<Vec<Text>> {
        let mut names: Vec<Text> = Vec::with_capacity(count as usize);
        // A name that is not empty comes behind this one.
        let mut before = "";
        for _ in 0..count {
            let (place, name) = self.name()?;
            let follows = order(before.as_bytes(), name.as_bytes()) == Ordering::Less;
            if !name.is_ascii() || !follows {
                return Err(PackError::Content("the order of names"));
            }
            names.push(place);
            before = name;
        }
        Ok(names)
    }

    fn texts(&mut self) -> Result<()> {
        let count = self.count()?;
        self.pool.reserve(count as usize);
        for _ in 0..count {
            let (place, _) = self.name()?;
            self.pool.push(place);
        }
        Ok(())
    }

    fn keys(&mut self) -> Result<()> {
        let count = self.count()?;
        for name in self.names(count)? {
            let traits = self.byte()?;
            let kind = KeyType::ALL.get(usize::from(traits & 0x0f));
            let row = KeyRow {
                name,
                kind: *kind.ok_or(PackError::Content("the type of a key"))?,
                is_multivalued: traits & 0x10 != 0,
                is_global: traits & 0x20 != 0,
                seen: self.source()?,
            };
            if self.bytes(name).windows(2).any(|pair| pair == b"${") {
                let index = self.tables.keys.len() as u32;
                self.tables.key_patterns.push(index);
            }
            self.tables.keys.push(row);
        }
        Ok(())
    }

    fn key_sets(&mut self) -> Result<()> {
        for _ in 0..self.count()? {
            let start = self.tables.key_items.len() as u32;
            let mut next = 0;
            for _ in 0..self.count()? {
                // Each tells how many keys are left out before it.
                let key = next + self.number()?;
                if key as usize >= self.tables.keys.len() {
                    return Err(PackError::Content("which key"));
                }
                self.tables.key_items.push(key);
                next = key + 1;
            }
            let end = self.tables.key_items.len() as u32;
            self.tables.key_sets.push(start..end);
        }
        Ok(())
    }

    fn key_set(&mut self) -> Result<u32> {
        self.below(self.tables.key_sets.len(), "which set of keys")
    }

    fn services(&mut self) -> Result<()> {
        let count = self.count()?;
        for prefix in self.names(count)? {
            let title = self.pooled()?;
            let traits = self.byte()?;
            let seen = match traits & 1 {
                0 => None,
                _ => Some(self.source()?),
            };
            let service = self.tables.services.len() as u32;
            let first_type = self.tables.types.len();
            let types = self.types(service)?;
            let actions = self.actions(service, first_type)?;
            self.tables.services.push(ServiceRow {
                prefix,
                title,
                seen,
                has_rcp: traits & 2 != 0,
                types,
                actions,
            });
        }
        Ok(())
    }

    fn types(&mut self, service: u32) -> Result<Rows> {
        let start = self.tables.types.len() as u32;
        let count = self.count()?;
        for name in self.names(count)? {
            let formats = self.tables.formats.len() as u32;
            for _ in 0..self.count()? {
                let format = self.pooled()?;
                self.tables.formats.push(format);
            }
            let row = TypeRow {
                name,
                service,
                formats: formats..self.tables.formats.len() as u32,
                keys: self.key_set()?,
                seen: self.source()?,
            };
            self.tables.types.push(row);
        }
        Ok(start..self.tables.types.len() as u32)
    }

    fn actions(&mut self, service: u32, first_type: usize) -> Result<Rows> {
        let start = self.tables.actions.len() as u32;
        let count = self.count()?;
        for name in self.names(count)? {
            self.tables.actions.push(ActionRow {
                name,
                service,
                level: Level::List,
                keys: 0,
                seen: 0,
                resources: 0..0,
                dependents: 0..0,
            });
        }
        let end = self.tables.actions.len() as u32;
        self.column(start, |reader, row| {
            let level = Level::ALL.get(usize::from(reader.byte()?));
            row.level = *level.ok_or(PackError::Content("the level of an action"))?;
            Ok(())
        })?;
        self.column(start, |reader, row| {
            row.seen = reader.source()?;
            Ok(())
        })?;
        self.column(start, |reader, row| {
            row.keys = reader.key_set()?;
            Ok(())
        })?;
        self.column(start, |reader, row| {
            let resources = reader.tables.resources.len() as u32;
            let types = reader.tables.types.len() - first_type;
            for _ in 0..reader.count()? {
                let kind = reader.number()?;
                if (kind >> 1) as usize >= types {
                    return Err(PackError::Content("which resource type"));
                }
                let row = ResourceRow {
                    kind: first_type as u32 + (kind >> 1),
                    is_required: kind & 1 != 0,
                    keys: reader.key_set()?,
                };
                reader.tables.resources.push(row);
            }
            row.resources = resources..reader.tables.resources.len() as u32;
            Ok(())
        })?;
        self.column(start, |reader, row| {
            let dependents = reader.tables.dependents.len() as u32;
            for _ in 0..reader.count()? {
                let action = reader.pooled_action()?;
                reader.tables.dependents.push(action);
            }
            row.dependents = dependents..reader.tables.dependents.len() as u32;
            Ok(())
        })?;
        Ok(start..end)
    }

    /// Reads one thing of each action from this one on.
    fn column(
        &mut self,
        start: u32,
        read: impl Fn(&mut Self, &mut ActionRow) -> Result<()>,
    ) -> Result<()> {
        let mut actions = core::mem::take(&mut self.tables.actions);
        let rows = actions.get_mut(start as usize..).unwrap_or_default();
        let all = rows.iter_mut().try_for_each(|row| read(self, row));
        self.tables.actions = actions;
        all
    }

    /// The text of an action: with its prefix.
    fn pooled_action(&mut self) -> Result<Text> {
        let text = self.pooled()?;
        match self.bytes(text).contains(&b':') {
            true => Ok(text),
            false => Err(PackError::Content("an action without a prefix")),
        }
    }

    fn clients(&mut self) -> Result<()> {
        for _ in 0..self.count()? {
            let alias = (self.pooled()?, self.pooled()?);
            self.tables.aliases.push(alias);
        }
        let count = self.count()?;
        for name in self.names(count)? {
            let prefix = self.pooled()?;
            let start = self.tables.operations.len() as u32;
            self.operations(prefix)?;
            let operations = start..self.tables.operations.len() as u32;
            self.tables.clients.push(ClientRow {
                name,
                prefix,
                operations,
            });
        }
        Ok(())
    }

    /// The operations of a client: first those that are called like an action of its service.
    fn operations(&mut self, prefix: Text) -> Result<()> {
        const WRONG: PackError = PackError::Content("which action");
        let start = self.tables.operations.len();
        let count = self.count()?;
        if count > 0 {
            let prefix = self.bytes(prefix);
            let services = &self.tables.services;
            let service = services
                .binary_search_by(|row| order(self.bytes(row.prefix), prefix))
                .ok()
                .and_then(|index| services.get(index));
            let actions = service.ok_or(WRONG)?.actions.clone();
            let mut next = actions.start;
            for _ in 0..count {
                let place = next + self.number()?;
                let action = self.tables.actions.get(place as usize);
                let name = action.filter(|_| place < actions.end).ok_or(WRONG)?.name;
                self.tables.operations.push(OperationRow {
                    name,
                    source: 0,
                    permissions: None,
                });
                next = place + 1;
            }
            for index in start..start + count as usize {
                let source = self.source()?;
                if let Some(row) = self.tables.operations.get_mut(index) {
                    row.source = source;
                }
            }
        }
        let middle = self.tables.operations.len();
        let count = self.count()?;
        for name in self.names(count)? {
            let source = self.source()?;
            let permissions = match self.number()?.checked_sub(1) {
                None => None,
                Some(count) => Some(self.permissions(count)?),
            };
            self.tables.operations.push(OperationRow {
                name,
                source,
                permissions,
            });
        }
        self.merge(start, middle)
    }

    /// Puts operations from `middle` on, which are in order, in their places among those from `start` on, which are too.
    fn merge(&mut self, start: usize, middle: usize) -> Result<()> {
        let others = self.tables.operations.split_off(middle);
        if others.is_empty() || start == middle {
            self.tables.operations.extend(others);
            return Ok(());
        }
        let mut alike = self
            .tables
            .operations
            .split_off(start)
            .into_iter()
            .peekable();
        for other in others {
            while let Some(one) = alike.peek() {
                match order(self.bytes(one.name), self.bytes(other.name)) {
                    Ordering::Less => self.tables.operations.extend(alike.next()),
                    Ordering::Equal => {
                        return Err(PackError::Content("an operation that is there twice"));
                    }
                    Ordering::Greater => break,
                }
            }
            self.tables.operations.push(other);
        }
        self.tables.operations.extend(alike);
        Ok(())
    }

    fn permissions(&mut self, count: u32) -> Result<Rows> {
        let start = self.tables.permissions.len() as u32;
        for _ in 0..count {
            let row = PermissionRow {
                action: self.pooled_action()?,
                need: match self.number()? {
                    0 => Need::Always,
                    1 => Need::Sometimes,
                    number => Need::When(self.pool_text(number as usize - 2)?),
                },
                resource: self.perhaps_pooled()?,
                is_documented: self.byte()? == 0,
            };
            self.tables.permissions.push(row);
        }
        Ok(start..self.tables.permissions.len() as u32)
    }
}
